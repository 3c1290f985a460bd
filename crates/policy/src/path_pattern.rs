//! Path patterns: matched component by component on canonical paths.
//!
//! `/etc` is that folder alone and never `/etcetera`; `/etc/**` is the folder and everything below
//! it; `~/.ssh/id_*` stays within one component. A pattern starts at a known place: `/`, `~` (the
//! user's home by the password file, and the folder that `$HOME` names), `<cwd>`, `<root>` (datafog's
//! own folder), `<temporary>` (the folders for files that nobody misses), or `**` for anywhere. The places
//! `<cwd-ancestor>` and `<root-ancestor>` stand for the folder itself and every folder above it.

use std::path::Path;

use datafog_core::{Facts, behind_somewhere, in_temporary, in_temporary_home};

use crate::Truth;
use crate::glob;

/// Whether `path` fits `pattern`. Unknown when the pattern starts at a home nobody knows, fits only
/// by what `$HOME` says, or names what is known of a path whose folder only the run can tell.
pub(crate) fn matches(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let Some((head, rest)) = split(pattern) else { return Truth::False };
    let found = placed(head, rest, path, facts);
    match behind_somewhere(path) {
        Some(known) => somewhere(found, (head, rest), (path, &known), facts),
        None => found,
    }
}

/// Whether `path`, taken as it stands, fits.
fn placed(head: Head, rest: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let folder = match head {
        Head::Anywhere | Head::Slash => return Truth::of(fits(rest, path)),
        Head::Cwd => return in_folder(rest, path, facts),
        Head::CwdAncestor => return Truth::of(facts.action().cwd.starts_with(path)),
        Head::Home => return home_matches(rest, path, facts),
        Head::Root => facts.root(),
        Head::RootAncestor => return Truth::of(facts.root().starts_with(path)),
        Head::Temporary => return temporary(rest, path, facts),
    };
    // It stands as somebody wrote it.
    let inside = path.strip_prefix(folder);
    Truth::of(inside.is_ok_and(|behind| fits(rest, behind)))
}

/// Both folders count: the one that the command works in, and the one that the call was made in. A
/// line that goes elsewhere first does not make that place its own, nor leave the one that it came from.
fn in_folder(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let (here, called_in) = (facts.action().cwd.as_path(), facts.called_in());
    let certain = below(here, pattern, path);
    if here == called_in {
        return Truth::of(certain);
    }
    let called = below(called_in, pattern, path);
    if certain == called { Truth::of(certain) } else { Truth::Unknown }
}

/// The same for a path whose folder may be anywhere, by what is `known` of it. A pattern that takes
/// whatever lies in a folder says nothing about a name, so it is not met; seen from a folder that
/// nobody knows, what lies in it is where it says.
fn somewhere(
    found: Truth,
    (head, rest): (Head, &[u8]),
    (path, known): (&Path, &Path),
    facts: &dyn Facts,
) -> Truth {
    match (head, found) {
        (Head::Anywhere | Head::Cwd | Head::CwdAncestor, Truth::True) => return Truth::True,
        (_, Truth::True | Truth::Unknown) => return Truth::Unknown,
        (Head::CwdAncestor | Head::RootAncestor, Truth::False) => return Truth::False,
        (Head::Cwd, Truth::False) if path.starts_with(&facts.action().cwd) => return Truth::False,
        (
            Head::Anywhere | Head::Cwd | Head::Home | Head::Root | Head::Slash | Head::Temporary,
            Truth::False,
        ) => {}
    }
    let mut end = rest;
    while let Some((first, behind)) = first_component(end) {
        let says = first.iter().any(|byte| !b"*?[]".contains(byte));
        if says && components_match(end, known.as_os_str().as_encoded_bytes()) {
            return Truth::Unknown;
        }
        end = behind;
    }
    Truth::False
}

/// Both homes count, but only that of the password file for certain: what lies in a home that the
/// caller may have named is stopped where the pattern stops something, and let through nowhere.
fn home_matches(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let Some(home) = facts.home() else { return Truth::Unknown };
    let certain = below(home, pattern, path);
    let doubt = || facts.named_home().is_some_and(|home| below(home, pattern, path));
    Truth::unless_doubt(certain, !certain && doubt())
}

/// What lies in a home is not temporary wherever that home stands; whether it is one is in doubt where
/// the caller alone says so.
fn temporary(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let fits = in_temporary(path).is_some_and(|behind| fits(pattern, behind));
    let is_at = |home: Option<&Path>| home.is_some_and(|home| in_temporary_home(path, home));
    if !fits || is_at(facts.home()) {
        return Truth::False;
    }
    if is_at(facts.named_home()) { Truth::Unknown } else { Truth::True }
}

/// Whether `path` lies in `home` and the components after it fit `pattern`. Both are canonical, so
/// that bytes tell: most patterns of a policy are about homes, and each path is held against all.
fn below(home: &Path, pattern: &[u8], path: &Path) -> bool {
    let home = home.as_os_str().as_encoded_bytes();
    let home = home.strip_suffix(b"/").unwrap_or(home);
    let behind = path.as_os_str().as_encoded_bytes().strip_prefix(home);
    behind.is_some_and(|behind| {
        (behind.is_empty() || behind.starts_with(b"/")) && components_match(pattern, behind)
    })
}

fn fits(pattern: &[u8], path: &Path) -> bool {
    components_match(pattern, path.as_os_str().as_encoded_bytes())
}

/// The same walk as in [`glob::matches`], with components for bytes and `**` for `*`.
fn components_match(pattern: &[u8], path: &[u8]) -> bool {
    let (mut pattern, mut path) = (pattern, path);
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        let wanted = first_component(pattern);
        let given = first_component(path);
        match (wanted, given) {
            (None, None) => return true,
            (Some((b"**", rest)), _) => {
                pattern = rest;
                retry = Some((rest, path));
                continue;
            }
            (Some((glob, after_pattern)), Some((name, after_path)))
                if glob::matches(glob, name) =>
            {
                (pattern, path) = (after_pattern, after_path);
                continue;
            }
            _ => {}
        }
        let Some((after_stars, from)) = retry else { return false };
        let Some((_, shorter)) = first_component(from) else { return false };
        retry = Some((after_stars, shorter));
        (pattern, path) = (after_stars, shorter);
    }
}

fn first_component(path: &[u8]) -> Option<(&[u8], &[u8])> {
    let start = path.iter().position(|&byte| byte != b'/')?;
    let path = path.get(start..)?;
    let end = path.iter().position(|&byte| byte == b'/').unwrap_or(path.len());
    path.split_at_checked(end)
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Head {
    Anywhere,
    Cwd,
    CwdAncestor,
    Home,
    Root,
    RootAncestor,
    Slash,
    Temporary,
}

/// Every place a pattern may start at, the longer spelling first.
const HEADS: [(&str, Head); 6] = [
    ("<cwd-ancestor>", Head::CwdAncestor),
    ("<cwd>", Head::Cwd),
    ("<root-ancestor>", Head::RootAncestor),
    ("<root>", Head::Root),
    ("<temporary>", Head::Temporary),
    ("~", Head::Home),
];

fn split(pattern: &[u8]) -> Option<(Head, &[u8])> {
    if pattern.starts_with(b"/") {
        return Some((Head::Slash, pattern));
    }
    if pattern == b"**" || pattern.starts_with(b"**/") {
        return Some((Head::Anywhere, pattern));
    }
    let (rest, head) = HEADS
        .iter()
        .find_map(|(text, head)| Some((pattern.strip_prefix(text.as_bytes())?, *head)))?;
    (rest.is_empty() || rest.starts_with(b"/")).then_some((head, rest))
}

/// What is wrong with a pattern, or nothing.
pub(crate) fn check(pattern: &str) -> Result<(), glob::Fault> {
    let fault = |message, help| Err(glob::Fault { message, help, at: 0..pattern.len() });
    let parts =
        split(pattern.as_bytes()).and_then(|(head, rest)| Some((head, str::from_utf8(rest).ok()?)));
    let Some((head, rest)) = parts else {
        return fault(
            "the path pattern does not say where it starts",
            "start it with `/`, `~/`, `<cwd>/`, `<root>/`, `<temporary>/`, or `**/` for anywhere",
        );
    };
    if matches!(head, Head::CwdAncestor | Head::RootAncestor) && !rest.is_empty() {
        return fault("nothing may follow this place", "write the place alone");
    }
    let odd = |part: &str| matches!(part, "." | "..") || (part.contains("**") && part != "**");
    if rest.split('/').any(odd) {
        return fault(
            "`.`, `..` and `**` beside other characters never match",
            "paths are matched in canonical form, and `**` must be a component of its own",
        );
    }
    let offset = pattern.len().saturating_sub(rest.len());
    glob::check(rest).map_err(|fault| glob::Fault {
        at: fault.at.start.saturating_add(offset)..fault.at.end.saturating_add(offset),
        ..fault
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Given;

    fn given() -> Given {
        Given::command("rm", "/home/ann/work/project").home("/home/ann").root("/home/ann/.datafog")
    }

    #[test]
    fn of_a_path_whose_folder_nobody_knows_the_rest_counts() {
        let facts = Given::command("rm", "/home/ann/work/(unknown)").home("/home/ann");
        for (pattern, path, expected) in [
            ("~/.ssh/id_*", "/home/ann/work/(unknown)/id_rsa", Truth::Unknown),
            ("~/.ssh/**", "/home/ann/work/(unknown)/.ssh/x", Truth::Unknown),
            ("~/.ssh/**", "/home/ann/work/(unknown)/x", Truth::False),
            ("/etc", "/home/ann/work/(unknown)/build", Truth::False),
            ("/home/ann/work/**", "/home/ann/work/(unknown)/x", Truth::Unknown),
            ("**/.env", "/home/ann/work/(unknown)/.env", Truth::True),
            ("<cwd>/**", "/home/ann/work/(unknown)/x", Truth::True),
            ("<cwd>/y", "/home/ann/work/(unknown)/x", Truth::False),
            ("<cwd-ancestor>", "/home/ann/work/(unknown)", Truth::True),
            ("/etc/*", "/etc/(unknown)", Truth::Unknown),
            ("/etc/passwd", "/etc/passwd", Truth::True),
        ] {
            let found = matches(pattern.as_bytes(), Path::new(path), &facts);
            assert_eq!(found, expected, "{pattern} {path}");
        }
    }

    #[test]
    fn components_never_match_by_prefix() {
        let facts = given();
        let hit = |pattern: &str, path: &str| {
            assert_eq!(
                matches(pattern.as_bytes(), Path::new(path), &facts),
                Truth::True,
                "{pattern} {path}"
            );
        };
        let miss = |pattern: &str, path: &str| {
            assert_eq!(
                matches(pattern.as_bytes(), Path::new(path), &facts),
                Truth::False,
                "{pattern} {path}"
            );
        };
        hit("/", "/");
        miss("/", "/etc");
        hit("/etc", "/etc");
        miss("/etc", "/etcetera");
        hit("/etc/**", "/etc");
        hit("/etc/**", "/etc/ssh/sshd_config");
        miss("/etc/**", "/etcetera/x");
        hit("~", "/home/ann");
        miss("~", "/home/anna");
        hit("~/.ssh/id_*", "/home/ann/.ssh/id_rsa");
        miss("~/.ssh/id_*", "/home/ann/.ssh/keys/id_rsa");
        hit("**/*.pem", "/srv/tls/key.pem");
        hit("**/.env", "/.env");
        hit("/a/**/z", "/a/z");
        hit("/a/**/b/**/z", "/a/x/b/y/b/z");
        miss("/a/**/z", "/a/z/y");
        hit("<cwd>/**", "/home/ann/work/project/src");
        miss("<cwd>/**", "/home/ann/work");
        for above in ["/", "/home", "/home/ann", "/home/ann/work/project"] {
            hit("<cwd-ancestor>", above);
        }
        miss("<cwd-ancestor>", "/home/ann/work/project/target");
        miss("<cwd-ancestor>", "/home/ann/wor");
        hit("<root>/**", "/home/ann/.datafog/policy.toml");
        hit("<root-ancestor>", "/home/ann/.datafog");
        hit("<root-ancestor>", "/home");
    }

    #[test]
    fn a_home_in_a_temporary_folder_is_not_temporary() {
        let mut facts = Given::command("rm", "/srv/app").home("/tmp/ann").root("/tmp/ann/.datafog");
        facts.named_home = Some("/var/tmp/build/home".into());
        for (pattern, path, expected) in [
            ("<temporary>/**", "/tmp/x1/y", Truth::True),
            ("<temporary>/**", "/dev/shm/y", Truth::True),
            ("<temporary>/*/**", "/tmp", Truth::False),
            ("<temporary>/*.log", "/var/tmp/a.log", Truth::True),
            ("<temporary>/*.log", "/var/tmp/a/b.log", Truth::False),
            ("<temporary>/**", "/tmp/ann/work", Truth::False),
            ("<temporary>/**", "/var/tmp/build/home/work", Truth::Unknown),
            ("<temporary>/**", "/var/tmp/build/out", Truth::True),
            ("<temporary>/**", "/srv/tmp", Truth::False),
        ] {
            let found = matches(pattern.as_bytes(), Path::new(path), &facts);
            assert_eq!(found, expected, "{pattern} {path}");
        }
    }

    #[test]
    fn a_home_nobody_knows_is_unknown() {
        let mut facts = given();
        facts.home = None;
        assert_eq!(matches(b"~/.ssh", Path::new("/x"), &facts), Truth::Unknown);
        assert_eq!(matches(b"/x", Path::new("/x"), &facts), Truth::True);
    }

    #[test]
    fn a_home_that_the_caller_names_is_never_certain() {
        let mut facts = given();
        facts.named_home = Some("/build/home".into());
        let at = |pattern: &str, path: &str| matches(pattern.as_bytes(), Path::new(path), &facts);
        assert_eq!(at("~", "/build/home"), Truth::Unknown);
        assert_eq!(at("~/.ssh/**", "/build/home/.ssh/id_rsa"), Truth::Unknown);
        assert_eq!(at("~/.ssh/**", "/home/ann/.ssh/id_rsa"), Truth::True);
        assert_eq!(at("~/.ssh/**", "/build/.ssh/id_rsa"), Truth::False);
        assert_eq!(at("/build/*", "/build/home"), Truth::True);
    }

    #[test]
    fn patterns_say_where_they_start() {
        for pattern in
            ["etc", "", "~ann/x", "<cwd>x", "<home>", "/a/../b", "/a**", "<cwd-ancestor>/x"]
        {
            assert!(check(pattern).is_err(), "{pattern}");
        }
        for pattern in ["/", "~", "/a/*/b", "**", "**/x", "<root>/**", "<cwd-ancestor>"] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
        assert_eq!(check("~/x[").unwrap_err().at, 3..4);
    }
}
