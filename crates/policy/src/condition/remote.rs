//! `remote`: where the remotes of the repository at hand are.

use datafog_core::{Facts, Remote};
use serde::{Deserialize, Serialize};

use super::{ConditionAbout, Cost, Kind, Leaf, Trial, anywhere, values};
use crate::Truth;
use crate::bytes::{Damaged, List, decode};
use crate::glob;
use crate::read::{Item, Reader, Sense};
use crate::truth::Which;

pub(super) static KIND: Kind = Kind {
    about: ConditionAbout {
        name: "remote",
        summary: "The working directory belongs to a repository with a remote at one of these \
                  places, by its own configuration. However a URL is spelled, \
                  `git@github.com:acme/app.git` is `github.com/acme/app`; a host alone is every \
                  path on it. Where a push really goes is asked by `host`.",
        form: "`host` or `host/path`, each a glob, or list of them; or `{ name, which }` where \
               `which` is `any` or `every`",
        example: r#"remote = ["github.com/acme/*", "*.corp.example"]"#,
        unknown: "when the configuration cannot be read, an `insteadOf` bends the URL, a variable \
                  or option sets more, or git is told to use another repository",
        cost: "a look for the repository's folder, and git's files of settings",
    },
    read,
    test,
    describe,
    seen,
    narrow: anywhere,
};

/// So many remotes are shown.
const MOST_SHOWN: usize = 4;

#[derive(Serialize, Deserialize)]
struct Wanted<'a> {
    #[serde(borrow)]
    places: List<'a>,
    which: Which,
    /// Hosts of code do not tell capitals from small letters, so a rule that stops something does
    /// not either; one that lets something through takes a path as it is written.
    exact: bool,
}

fn read(item: &Item<'_>, reader: &mut Reader<'_>, sense: Sense) -> Option<Leaf> {
    let (item, which) = values::named(item, reader, sense)?;
    let exact = sense.which() == Which::Every;
    let texts = reader.texts(item)?;
    let mut places = Vec::new();
    for text in texts {
        if let Err((message, help)) = check(text.get_ref()) {
            reader.error_with_help(text.span(), message, help);
            return None;
        }
        places.push(match text.get_ref().split_once('/') {
            Some((host, path)) if exact => format!("{}/{path}", host.to_ascii_lowercase()),
            Some(_) | None => text.get_ref().to_ascii_lowercase(),
        });
    }
    let named: Vec<&str> = places.iter().map(String::as_str).collect();
    values::warn_of_any(item, &named, "remote", reader);
    let places = places.iter().collect();
    Some(Leaf::new(&KIND, Cost::Files, &Wanted { places, which, exact }))
}

fn check(text: &str) -> Result<(), (&'static str, &'static str)> {
    let example = "write `host` or `host/path`: `github.com/acme/*`";
    if text.contains("://") || text.contains(['@', ':', ' ']) || text.starts_with('/') {
        return Err(("a place is meant, not a URL", example));
    }
    if text.ends_with(".git") || text.ends_with('/') {
        return Err(("no place ends like this", "leave it out: URLs are compared without"));
    }
    let (host, path) = parts(text);
    glob::check(host).and_then(|()| glob::check(path)).map_err(|fault| (fault.message, fault.help))
}

/// The patterns of host and path.
fn parts(place: &str) -> (&str, &str) {
    place.split_once('/').unwrap_or((place, "*"))
}

/// Remotes of the repository at hand; none when there is no repository.
fn of(facts: &dyn Facts) -> Option<Vec<Option<Remote>>> {
    let action = facts.action();
    let sets = |name: &str| name == "-c" || name == "--config-env";
    let invocation = &action.invocation;
    if invocation.program == "git" && invocation.options.iter().any(|option| sets(&option.name)) {
        return None;
    }
    match super::repository::of(facts)? {
        None => Some(Vec::new()),
        Some(_) => facts.remotes(&action.cwd),
    }
}

fn test(payload: &[u8], trial: &mut Trial<'_>) -> Result<Truth, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    let Some(remotes) = of(trial.facts) else { return Ok(Truth::Unknown) };
    Ok(wanted.which.join(remotes.iter().map(|remote| match remote {
        Some(remote) => Truth::of(wanted.fits(remote)),
        None => Truth::Unknown,
    })))
}

impl Wanted<'_> {
    fn fits(&self, remote: &Remote) -> bool {
        let path = if self.exact { remote.path.clone() } else { remote.path.to_ascii_lowercase() };
        !remote.host.is_empty()
            && self.places.iter().any(|place| {
                let (host, wanted) = parts(place);
                glob::matches(host.as_bytes(), remote.host.as_bytes())
                    && glob::matches(wanted.as_bytes(), path.as_bytes())
            })
    }
}

fn describe(payload: &[u8]) -> Result<String, Damaged> {
    let wanted: Wanted<'_> = decode(payload)?;
    Ok(format!("{} of {}", wanted.which.name(), wanted.places.shown()))
}

fn seen(facts: &dyn Facts) -> String {
    let Some(remotes) = of(facts) else { return String::from("unknown") };
    let shown = |remote: &Option<Remote>| match remote {
        Some(remote) => format!("`{remote}`"),
        None => String::from("one that cannot be told"),
    };
    let texts: Vec<String> = remotes.iter().take(MOST_SHOWN).map(shown).collect();
    if texts.is_empty() { String::from("none") } else { texts.join(", ") }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{refused, test, test_loosening};
    use super::*;
    use crate::Given;
    use datafog_core::{Opt, Repository};

    fn with(remotes: &[Option<(&str, &str)>]) -> Given {
        let mut facts = Given::command("git", "/srv/a");
        facts.repository = Some(Some(Repository { root: "/srv/a".into(), branch: None }));
        let remote = |(host, path): (&str, &str)| Remote { host: host.into(), path: path.into() };
        facts.remotes = Some(remotes.iter().map(|it| it.map(remote)).collect());
        facts
    }

    #[test]
    fn remotes_of_the_repository_at_hand() {
        let mine = Some(("github.com", "Acme/app"));
        let facts = with(&[mine]);
        for (place, answer) in [
            ("github.com", Truth::True),
            ("github.com/acme/*", Truth::True),
            ("GitHub.com/ACME/app", Truth::True),
            ("github.com/acme", Truth::False),
            ("*.github.com/acme/*", Truth::False),
            ("gitlab.com", Truth::False),
        ] {
            assert_eq!(test(&format!("remote = '{place}'"), &facts), answer, "{place}");
        }
        // A rule that lets something through reads closely, and wants every remote.
        assert_eq!(test_loosening("remote = 'github.com/acme/*'", &facts), Truth::False);
        assert_eq!(test_loosening("remote = 'github.com/Acme/*'", &facts), Truth::True);
        let two = with(&[mine, Some(("evil.example", "Acme/app"))]);
        assert_eq!(test("remote = 'github.com'", &two), Truth::True);
        assert_eq!(test_loosening("remote = 'github.com'", &two), Truth::False);
        let any = "remote = { name = 'github.com', which = 'any' }";
        assert_eq!(test_loosening(any, &two), Truth::True);
        assert_eq!(test("remote = 'github.com'", &with(&[])), Truth::False);
        assert_eq!(test_loosening("remote = 'github.com'", &with(&[])), Truth::False);
    }

    #[test]
    fn what_cannot_be_told_is_unknown() {
        let mine = Some(("github.com", "acme/app"));
        assert_eq!(test("remote = 'gitlab.com'", &with(&[mine, None])), Truth::Unknown);
        assert_eq!(test("remote = 'github.com'", &with(&[None, mine])), Truth::True);
        assert_eq!(test_loosening("remote = 'github.com'", &with(&[mine, None])), Truth::Unknown);
        let mut facts = with(&[mine]);
        let option = Opt { name: "-c".into(), value: Some("remote.x.url=y".into()), place: None };
        facts.invocation().options.push(option);
        assert_eq!(test("remote = 'github.com'", &facts), Truth::Unknown);
        let mut facts = with(&[Some(("", "/srv/github.com/acme"))]);
        assert_eq!(test("remote = '*/*'", &facts), Truth::False, "a folder is on no host");
        facts.remotes = None;
        assert_eq!(test("remote = '*/*'", &facts), Truth::Unknown);
        facts.repository = Some(None);
        assert_eq!(test("remote = '*/*'", &facts), Truth::False);
    }

    #[test]
    fn places_are_no_urls() {
        for (value, said) in [
            ("'https://github.com/a'", "not a URL"),
            ("'git@github.com:a/b'", "not a URL"),
            ("'github.com/a/b.git'", "ends like this"),
            ("'github.com/[a'", "not closed"),
            ("{ which = 'any' }", "`name` is missing"),
        ] {
            let answer = refused(&format!("remote = {value}"));
            assert!(answer.contains(said), "{value}: {answer}");
        }
    }
}
