//! Globs over short texts: entity types, option values, one component of a path.
//!
//! `*` is any run of bytes, `?` one character, `[a-z]` and `[!a-z]` one ASCII character of a set,
//! `\` takes the next character as it is. Everything else is itself. There are no alternatives
//! (`{a,b}`): write a list. Matching takes at most pattern × text steps and no memory.

use core::ops::Range;

/// Whether the whole of `text` fits `pattern`. A pattern that [`check`] refuses matches less.
pub(crate) fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut pattern, mut text) = (pattern, text);
    // Where to go on after the last star when the present attempt fails. Only the last star needs
    // to be tried again: a longer run for an earlier one can never reach further.
    let mut retry: Option<(&[u8], &[u8])> = None;
    loop {
        if let Some((b'*', rest)) = pattern.split_first() {
            pattern = rest;
            retry = Some((rest, text));
        } else if text.is_empty() && pattern.is_empty() {
            return true;
        } else if let Some((after_pattern, after_text)) = step(pattern, text) {
            (pattern, text) = (after_pattern, after_text);
        } else {
            let Some((after_star, from)) = retry else { return false };
            let Some((_, shorter)) = from.split_first() else { return false };
            retry = Some((after_star, shorter));
            (pattern, text) = (after_star, shorter);
        }
    }
}

/// Consumes one item of the pattern, not a star, and what it stands for.
fn step<'p, 't>(pattern: &'p [u8], text: &'t [u8]) -> Option<(&'p [u8], &'t [u8])> {
    let (&byte, rest) = text.split_first()?;
    match pattern.split_first()? {
        (b'?', after) => Some((after, rest.trim_prefix_while(|next| next & 0xc0 == 0x80))),
        (b'[', after) => {
            let end = class_end(after)?;
            let (set, after) = after.split_at_checked(end)?;
            in_class(set, byte).then_some((after.split_first()?.1, rest))
        }
        (b'\\', after) => {
            let (&literal, after) = after.split_first()?;
            (literal == byte).then_some((after, rest))
        }
        (&literal, after) => (literal == byte).then_some((after, rest)),
    }
}

trait TrimPrefixWhile {
    fn trim_prefix_while(&self, test: impl Fn(u8) -> bool) -> &Self;
}

impl TrimPrefixWhile for [u8] {
    fn trim_prefix_while(&self, test: impl Fn(u8) -> bool) -> &Self {
        let cut = self.iter().position(|&byte| !test(byte)).unwrap_or(self.len());
        self.get(cut..).unwrap_or_default()
    }
}

/// Index of the `]` that ends a set whose first byte is at 0; a `]` in first place is a member.
fn class_end(set: &[u8]) -> Option<usize> {
    let negation = usize::from(set.first() == Some(&b'!'));
    let first = negation.checked_add(1)?;
    set.iter().skip(first).position(|&byte| byte == b']')?.checked_add(first)
}

fn in_class(set: &[u8], byte: u8) -> bool {
    let (negated, mut members) = match set.split_first() {
        Some((b'!', members)) => (true, members),
        _ => (false, set),
    };
    let mut found = false;
    while let Some((&low, rest)) = members.split_first() {
        if let [b'-', high, after @ ..] = rest {
            found |= (low..=*high).contains(&byte);
            members = after;
        } else {
            found |= low == byte;
            members = rest;
        }
    }
    found != negated
}

/// What is wrong with a pattern, and where in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Fault {
    pub(crate) message: &'static str,
    pub(crate) help: &'static str,
    /// Bytes of the pattern.
    pub(crate) at: Range<usize>,
}

/// Refuses what would silently mean something else than its author thinks.
pub(crate) fn check(pattern: &str) -> Result<(), Fault> {
    let bytes = pattern.as_bytes();
    let mut at = 0_usize;
    let fault =
        |message, help, at: usize| Err(Fault { message, help, at: at..at.saturating_add(1) });
    while let Some(&byte) = bytes.get(at) {
        let rest = bytes.get(at.saturating_add(1)..).unwrap_or_default();
        let width = match byte {
            b'{' | b'}' => {
                return fault("braces are not alternatives here", "write a list of patterns", at);
            }
            b'\\' if rest.is_empty() => {
                return fault("nothing follows the backslash", "write `\\\\` for a backslash", at);
            }
            b'\\' => 2,
            b'[' => match class_end(rest) {
                None => return fault("the set is not closed", "close it with `]`", at),
                Some(end) if !class_is_sound(rest.get(..end).unwrap_or_default()) => {
                    let help = "use ASCII characters, ranges from low to high";
                    return fault("the set cannot be read", help, at);
                }
                Some(end) => end.saturating_add(2),
            },
            _ => 1,
        };
        at = at.saturating_add(width);
    }
    Ok(())
}

fn class_is_sound(set: &[u8]) -> bool {
    let members = set.strip_prefix(b"!").unwrap_or(set);
    members.is_ascii()
        && !members.contains(&b'/')
        && members.windows(3).all(|window| match window {
            [low, b'-', high] => low <= high,
            _ => true,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(pattern: &str, text: &str) -> bool {
        matches(pattern.as_bytes(), text.as_bytes())
    }

    #[test]
    fn stars_questions_and_sets() {
        for (pattern, text) in [
            ("", ""),
            ("*", ""),
            ("*", "anything"),
            ("secret.*", "secret.github.pat"),
            ("id_*", "id_rsa"),
            ("*.pem", "a.b.pem"),
            ("a*b*c", "a__b_b__c"),
            ("?", "é"),
            ("[a-c]x", "bx"),
            ("[!a-c]x", "dx"),
            ("[]]", "]"),
            ("[a-]", "-"),
            (r"\*", "*"),
        ] {
            assert!(fits(pattern, text), "{pattern} {text}");
        }
        for (pattern, text) in [
            ("", "a"),
            ("?", ""),
            ("secret.*", "secrets"),
            ("*.pem", "pem"),
            ("a*b", "a"),
            ("[a-c]", "d"),
            ("[!a]", "a"),
            (r"\*", "x"),
            ("[", "["),
        ] {
            assert!(!fits(pattern, text), "{pattern} {text}");
        }
    }

    #[test]
    fn hostile_stars_take_no_time() {
        let text = "a".repeat(20_000);
        assert!(!fits(&format!("{}b", "*a".repeat(50)), &text));
    }

    #[test]
    fn doubtful_patterns_are_refused() {
        for (pattern, at) in
            [("{a,b}", 0), ("x[ab", 1), (r"ab\", 2), ("[z-a]", 0), ("[é]", 0), ("a/[x/y]", 2)]
        {
            assert_eq!(check(pattern).unwrap_err().at.start, at, "{pattern}");
        }
        for pattern in ["*", "a[!b-d]?", r"\{", "[]]"] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
    }
}
