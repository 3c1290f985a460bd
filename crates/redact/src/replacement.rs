//! What stands in the place of a value.

use datafog_core::{Key, KeyedDigest, Transform};
use datafog_detect::marker;

/// What stands for a value that must not be seen at all.
const PLACEHOLDER: &str = "***";

/// How many letters [`Transform::LastFour`] shows.
const LAST: usize = 4;

/// What stands in the place of `value`, whose keyed fingerprint is `fingerprint`.
///
/// `value` is the text as it stood, disguised or not; the fingerprint is that of what it means.
/// Letters are shown whole: none is cut within its bytes, and never is the whole value shown.
#[must_use]
pub fn replacement(
    transform: Transform,
    entity: &str,
    value: &[u8],
    fingerprint: &KeyedDigest,
    key: &Key,
) -> Vec<u8> {
    let short = || {
        let mut digits = fingerprint.to_string();
        digits.truncate(marker::DIGITS);
        digits
    };
    match transform {
        Transform::Anonymize => format!("anon-{}", short()).into_bytes(),
        Transform::Full => PLACEHOLDER.into(),
        Transform::Hash => marker::hash(key, fingerprint).into_bytes(),
        Transform::LastFour => last_four(value),
        Transform::Mask => vec![b'*'; value.len()],
        Transform::Partial { show } => {
            [PLACEHOLDER.as_bytes(), last(value, usize::from(show))].concat()
        }
        Transform::Redact => b"[REDACTED]".into(),
        Transform::Replace => format!("[{}_{}]", shouted(entity), short()).into_bytes(),
        Transform::ShortHash => format!("[REDACTED:{}]", short()).into_bytes(),
        Transform::Tokenize => format!("TOK-{}", short()).into_bytes(),
    }
}

/// Asterisks for all but the last four letters; for all of a value that has fewer than eight, since
/// at least half of it stays covered.
fn last_four(value: &[u8]) -> Vec<u8> {
    let shown = if letters(value) >= LAST.saturating_mul(2) { last(value, LAST) } else { &[] };
    let covered = value.len().saturating_sub(shown.len());
    [vec![b'*'; covered], shown.to_vec()].concat()
}

/// The last `count` letters of `value`; nothing when that is all of it.
fn last(value: &[u8], count: usize) -> &[u8] {
    let mut starts = value.iter().enumerate().rev().filter(|(_, byte)| begins_letter(**byte));
    let place = count.checked_sub(1).and_then(|count| starts.nth(count)).map(|(at, _)| at);
    place.filter(|at| *at > 0).and_then(|at| value.get(at..)).unwrap_or_default()
}

fn letters(value: &[u8]) -> usize {
    value.iter().filter(|byte| begins_letter(**byte)).count()
}

/// Whether a byte is the first of a letter in UTF-8; in other bytes each that is not `10xxxxxx`.
const fn begins_letter(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}

/// An entity type in capitals: `pii.email` becomes `PII_EMAIL`.
fn shouted(entity: &str) -> String {
    let shout = |c: char| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' };
    entity.chars().map(shout).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made(transform: Transform, entity: &str, value: &str) -> String {
        let key = Key::new(&[7; 32]);
        let fingerprint = key.digest("finding", [value.as_bytes()]);
        let text = replacement(transform, entity, value.as_bytes(), &fingerprint, &key);
        String::from_utf8(text).unwrap()
    }

    /// A letter of `shape` that stands for a digit of a digest.
    const DIGIT: char = '#';

    fn fits(shape: &str, text: &str) -> bool {
        let hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        shape.chars().count() == text.chars().count()
            && shape.chars().zip(text.chars()).all(|(s, c)| s == c || s == DIGIT && hex(c))
    }

    #[test]
    fn shapes_are_those_of_the_contracts() {
        let hash = "#".repeat(64);
        let partial = |show| Transform::Partial { show };
        let cases = [
            // The first contract: mask, tokenize, anonymize, redact, replace, hash.
            (Transform::Mask, "email", "jane@example.org", "****************"),
            (Transform::Mask, "name", "Zoë", "****"),
            (Transform::Tokenize, "phone", "+1 212 555 0188", "TOK-########"),
            (Transform::Anonymize, "ssn", "536-22-8726", "anon-########"),
            (Transform::Redact, "api_key", "hunter2", "[REDACTED]"),
            (Transform::Replace, "email", "jane@example.org", "[EMAIL_########]"),
            (Transform::Replace, "secret.github.pat", "x", "[SECRET_GITHUB_PAT_########]"),
            (Transform::Hash, "email", "jane@example.org", hash.as_str()),
            // The second: partial, full, hash.
            (partial(4), "x", "hunter2", "***ter2"),
            (partial(2), "x", "hunter2", "***r2"),
            (partial(4), "x", "four", "***"),
            (partial(9), "x", "short", "***"),
            (partial(0), "x", "never the whole", "***"),
            (Transform::Full, "x", "hunter2", "***"),
            (Transform::ShortHash, "x", "hunter2", "[REDACTED:########]"),
            // Ours.
            (Transform::LastFour, "x", "4012888888881881", "************1881"),
            (Transform::LastFour, "x", "hunter2", "*******"),
        ];
        for (transform, entity, value, shape) in cases {
            let text = made(transform, entity, value);
            assert!(fits(shape, &text), "{transform:?} of {value}: {text}, not {shape}");
        }
    }

    #[test]
    fn no_value_is_ever_shown_whole_and_no_letter_is_cut() {
        for value in ["", "a", "ab", "Zoë", "ë", "ëë", "日本語", "hunter2", "日本語日本語日本"]
        {
            for show in 0..12 {
                let text = made(Transform::Partial { show }, "x", value);
                assert!(value.is_empty() || !text.contains(value), "{value} {show}: {text}");
            }
            let _whole_letters = made(Transform::LastFour, "x", value);
        }
        assert_eq!(made(Transform::Partial { show: 2 }, "x", "日本語"), "***本語");
    }

    #[test]
    fn equal_values_stay_equal_under_one_key_only() {
        let (one, other) = (Key::new(&[1; 32]), Key::new(&[2; 32]));
        let text = |key: &Key, value: &[u8]| {
            replacement(Transform::Tokenize, "x", value, &key.digest("finding", [value]), key)
        };
        assert_eq!(text(&one, b"a"), text(&one, b"a"));
        assert_ne!(text(&one, b"a"), text(&one, b"b"));
        assert_ne!(text(&one, b"a"), text(&other, b"a"));
    }

    #[test]
    fn what_is_left_is_known_again() {
        let key = Key::new(&[7; 32]);
        for transform in Transform::ALL {
            let text = made(transform, "pii.email", "4012888888881881");
            let known = marker::is_marker(text.as_bytes())
                || marker::is_hash(&key, text.as_bytes())
                || matches!(transform, Transform::Mask | Transform::LastFour);
            assert!(known, "{transform:?}: {text}");
        }
    }
}
