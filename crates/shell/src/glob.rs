//! Pathname expansion: a word with `*`, `?` or `[…]` becomes the names that are there.

use std::path::{Path, PathBuf};

use crate::limits::MOST_FIELDS;
use crate::outside::Outside;

/// A letter of a word, and whether it may be part of a pattern: it stood in no quotes.
pub(crate) type Letter = (char, bool);

/// Whether the word holds a pattern at all.
pub(crate) fn is_pattern(word: &[Letter]) -> bool {
    word.iter().any(|(letter, active)| *active && matches!(letter, '*' | '?' | '['))
}

/// The names that fit, sorted; `None` when none does, and the word stays as it is.
pub(crate) fn expand(word: &[Letter], cwd: Option<&Path>, world: &Outside) -> Option<Vec<String>> {
    let absolute = word.first().is_some_and(|(letter, _)| *letter == '/');
    if !absolute && cwd.is_none() {
        return None;
    }
    let base = if absolute { Path::new("/") } else { cwd? };
    let mut found = vec![(base.to_owned(), if absolute { "/".to_owned() } else { String::new() })];
    let mut parts =
        word.split(|(letter, _)| *letter == '/').filter(|part| !part.is_empty()).peekable();
    while let Some(part) = parts.next() {
        let last = parts.peek().is_none();
        let mut next = Vec::new();
        for (folder, shown) in found {
            step(part, last, (&folder, &shown), world, &mut next)?;
        }
        found = next;
    }
    let mut names: Vec<String> = found.into_iter().map(|(_, shown)| shown).collect();
    names.sort_unstable();
    (!names.is_empty()).then_some(names)
}

/// What one component stands for in one folder.
fn step(
    part: &[Letter],
    last: bool,
    (folder, shown): (&Path, &str),
    world: &Outside,
    next: &mut Vec<(PathBuf, String)>,
) -> Option<()> {
    let slash = if last { "" } else { "/" };
    let plain: String = part.iter().map(|(letter, _)| *letter).collect();
    if !is_pattern(part) {
        let path = folder.join(&plain);
        if !last || world.is_there(&path) {
            next.push((path, format!("{shown}{plain}{slash}")));
        }
        return Some(());
    }
    for name in world.names(folder) {
        let Some(name) = name.to_str() else { continue };
        let hidden = name.starts_with('.') && !plain.starts_with('.');
        if !hidden && fits(part, &name.chars().collect::<Vec<_>>()) {
            next.push((folder.join(name), format!("{shown}{name}{slash}")));
        }
        if next.len() > MOST_FIELDS {
            return None;
        }
    }
    Some(())
}

/// Whether a name fits a pattern of one component. Linear in time by going back to the last `*`
/// only.
pub(crate) fn fits(pattern: &[Letter], name: &[char]) -> bool {
    let (mut at, mut from, mut star) = (0_usize, 0_usize, None);
    while from < name.len() {
        match (pattern.get(at), name.get(from)) {
            (Some(('*', true)), _) => {
                star = Some((at, from));
                at = at.saturating_add(1);
                continue;
            }
            (Some(one), Some(letter)) => {
                if let Some(length) = takes(one, pattern.get(at..).unwrap_or_default(), *letter) {
                    at = at.saturating_add(length);
                    from = from.saturating_add(1);
                    continue;
                }
            }
            (None, _) | (_, None) => {}
        }
        let Some((back, was)) = star else { return false };
        at = back.saturating_add(1);
        from = was.saturating_add(1);
        star = Some((back, from));
    }
    pattern.get(at..).unwrap_or_default().iter().all(|one| *one == ('*', true))
}

/// How many letters of the pattern stand for `letter`; `None` when they do not.
fn takes(one: &Letter, rest: &[Letter], letter: char) -> Option<usize> {
    match one {
        ('?', true) => Some(1),
        ('[', true) => match class(rest) {
            Some((members, length)) => members.fits(letter).then_some(length),
            None => (letter == '[').then_some(1),
        },
        (other, _) => (*other == letter).then_some(1),
    }
}

struct Class<'p> {
    members: &'p [Letter],
    negated: bool,
}

/// A bracket expression and its length.
fn class(rest: &[Letter]) -> Option<(Class<'_>, usize)> {
    let inside = rest.get(1..)?;
    let negated = inside.first().is_some_and(|(letter, _)| matches!(letter, '!' | '^'));
    let from = usize::from(negated);
    let body = inside.get(from..)?;
    // `]` right at the beginning is a member.
    let end = body.iter().skip(1).position(|(letter, _)| *letter == ']')?.saturating_add(1);
    let length = end.saturating_add(from).saturating_add(2);
    Some((Class { members: body.get(..end)?, negated }, length))
}

impl Class<'_> {
    fn fits(&self, letter: char) -> bool {
        let mut members = self.members.iter().map(|(letter, _)| *letter);
        let mut found = false;
        while let Some(first) = members.next() {
            let mut ahead = members.clone();
            match (ahead.next(), ahead.next()) {
                (Some('-'), Some(last)) => {
                    found |= (first..=last).contains(&letter);
                    members = ahead;
                }
                _ => found |= first == letter,
            }
        }
        found != self.negated
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, name: &str) -> bool {
        let pattern: Vec<Letter> = pattern.chars().map(|letter| (letter, true)).collect();
        fits(&pattern, &name.chars().collect::<Vec<_>>())
    }

    #[test]
    fn patterns_fit_as_shells_have_it() {
        for (pattern, name) in [
            ("*", "a"),
            ("a*c", "abbc"),
            ("?b", "ab"),
            ("[a-c]x", "bx"),
            ("[!a]", "b"),
            ("[", "["),
            ("*.rs", "x.rs"),
            ("[]x]", "]"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in
            [("?", ""), ("a*c", "ab"), ("[!a]", "a"), ("[a-c]", "d"), ("*.rs", "rs")]
        {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
        assert!(!matches(&"*a".repeat(500), &"b".repeat(5000)), "and in time");
    }
}
