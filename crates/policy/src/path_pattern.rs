//! Path patterns: matched component by component on canonical paths.
//!
//! `/etc` is that folder alone and never `/etcetera`; `/etc/**` is the folder and everything below
//! it; `~/.ssh/id_*` stays within one component. A pattern starts at a known place: `/`, `~` (the
//! user's home by the password file, and the folder that `$HOME` names), `<cwd>`, `<root>` (datafog's own folder), or `**` for anywhere. The places
//! `<cwd-ancestor>` and `<root-ancestor>` stand for the folder itself and every folder above it.

use std::path::Path;

use datafog_core::Facts;

use crate::Truth;
use crate::glob;

/// Whether `path` fits `pattern`. Unknown when the pattern starts at a home nobody knows, or fits
/// only by what `$HOME` says.
pub(crate) fn matches(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let Some((head, rest)) = split(pattern) else { return Truth::False };
    let folder = match head {
        Head::Anywhere | Head::Slash => return Truth::of(below(Path::new("/"), rest, path)),
        Head::Cwd => facts.action().cwd.as_path(),
        Head::CwdAncestor => return Truth::of(facts.action().cwd.starts_with(path)),
        Head::Home => return home_matches(rest, path, facts),
        Head::Root => facts.root(),
        Head::RootAncestor => return Truth::of(facts.root().starts_with(path)),
    };
    Truth::of(below(folder, rest, path))
}

/// Both homes count, but only that of the password file for certain: what lies in a home that the
/// caller may have named is stopped where the pattern stops something, and let through nowhere.
fn home_matches(pattern: &[u8], path: &Path, facts: &dyn Facts) -> Truth {
    let Some(home) = facts.home() else { return Truth::Unknown };
    let certain = below(home, pattern, path);
    let doubt = || facts.named_home().is_some_and(|home| below(home, pattern, path));
    Truth::unless_doubt(certain, !certain && doubt())
}

/// Whether `path` lies in `folder` and the components after it fit `pattern`.
fn below(folder: &Path, pattern: &[u8], path: &Path) -> bool {
    let Ok(rest) = path.strip_prefix(folder) else { return false };
    components_match(pattern, rest.as_os_str().as_encoded_bytes())
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
}

/// Every place a pattern may start at, the longer spelling first.
const HEADS: [(&str, Head); 5] = [
    ("<cwd-ancestor>", Head::CwdAncestor),
    ("<cwd>", Head::Cwd),
    ("<root-ancestor>", Head::RootAncestor),
    ("<root>", Head::Root),
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
            "start it with `/`, `~/`, `<cwd>/`, `<root>/`, or `**/` for anywhere",
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
