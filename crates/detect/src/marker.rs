//! What a redaction leaves in the place of a value, so that it is known again.
//!
//! A marker is no secret: it is neither reported nor redacted once more, and a text that holds one
//! must not be written over the original. The shapes are those of the wire contracts; the digits are
//! those of the finding's keyed fingerprint.

use core::ops::Range;

use datafog_core::{Key, KeyedDigest};

use crate::bytes::run;

/// Digits of a fingerprint that a short marker holds.
pub const DIGITS: usize = 8;

/// Longest name of an entity type in a marker.
const LONGEST_NAME: usize = 64;

/// Most letters that stay to be seen behind three asterisks for the whole to be known again.
const MOST_SHOWN: usize = 8;

/// Bytes of a long digest that come from the fingerprint; the last four tell that it is ours.
const OWN: usize = 28;

/// Whether the whole of `value` is a marker, also one whose value's last letters are shown.
#[must_use]
pub fn is_marker(value: &[u8]) -> bool {
    let shown = value.strip_prefix(b"***").is_some_and(|rest| rest.len() <= MOST_SHOWN);
    shown || at_start(value) == Some(value.len())
}

/// Where the first marker in `text` stands that nobody writes by chance: with digits of a
/// fingerprint, or the plain `[REDACTED]`.
#[must_use]
pub fn find(text: &[u8]) -> Option<Range<usize>> {
    let begins = |byte: &u8| matches!(byte, b'[' | b'T' | b'a');
    let places = text.iter().enumerate().filter(|(_, byte)| begins(byte));
    places.map(|(at, _)| at).find_map(|at| {
        let length = at_start(text.get(at..)?)?;
        Some(at..at.saturating_add(length))
    })
}

/// How many bytes the marker at the start of `text` has.
fn at_start(text: &[u8]) -> Option<usize> {
    let length = |rest: &[u8]| text.len().checked_sub(rest.len());
    if let Some(rest) = text.strip_prefix(b"TOK-").or_else(|| text.strip_prefix(b"anon-")) {
        return length(digits(rest)?);
    }
    let inner = text.strip_prefix(b"[")?;
    if let Some(rest) = inner.strip_prefix(b"REDACTED") {
        let rest = rest.strip_prefix(b":").map_or(Some(rest), digits)?;
        return length(rest.strip_prefix(b"]")?);
    }
    let upper = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
    let name = inner.get(..inner.len().min(LONGEST_NAME))?;
    // The name takes everything up to the first byte of another kind, upper-case digits included.
    let name = name.get(..run(name, upper))?;
    let name = name.get(..=name.iter().rposition(|byte| *byte == b'_')?)?;
    let rest = inner.get(name.len()..).filter(|_| name.len() > 1)?;
    length(digits(rest)?.strip_prefix(b"]")?)
}

/// What follows exactly [`DIGITS`] lower-case hex digits.
fn digits(text: &[u8]) -> Option<&[u8]> {
    let (head, rest) = text.split_at_checked(DIGITS)?;
    let hex = |byte: &u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    (head.iter().all(hex) && !rest.first().is_some_and(hex)).then_some(rest)
}

/// The digest of 64 digits that stands for a value: 56 of its fingerprint, and eight by which this
/// installation knows it again.
#[must_use]
pub fn hash(key: &Key, fingerprint: &KeyedDigest) -> String {
    let mut text = fingerprint.to_string();
    text.truncate(OWN.saturating_mul(2));
    let seal = seal(key, text.as_bytes());
    text.extend(seal.chars().take(DIGITS));
    text
}

/// Whether `value` is a digest made by [`hash()`] with this key.
#[must_use]
pub fn is_hash(key: &Key, value: &[u8]) -> bool {
    let Some((own, told)) = value.split_at_checked(OWN.saturating_mul(2)) else { return false };
    told.len() == DIGITS
        && value.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && seal(key, own).as_bytes().get(..DIGITS) == Some(told)
}

fn seal(key: &Key, digits: &[u8]) -> String {
    key.digest("redaction-seal", [digits]).to_string()
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "texts of the tests are ASCII")]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_known_and_nothing_like_it() {
        for marker in [
            "[REDACTED]",
            "[REDACTED:0123abcd]",
            "[EMAIL_0123abcd]",
            "[SECRET_GITHUB_PAT_0123abcd]",
            "TOK-0123abcd",
            "anon-0123abcd",
            "***",
            "***wxyz",
        ] {
            assert!(is_marker(marker.as_bytes()), "{marker}");
        }
        for other in [
            "",
            "[",
            "[REDACTED",
            "[REDACTED:0123abc]",
            "[REDACTED:0123abcde]",
            "[REDACTED:0123ABCD]",
            "[_0123abcd]",
            "[email_0123abcd]",
            "TOK-0123abcdef",
            "TOK-0123abc",
            "anon-0123abcg",
            "***hunter2hunter2",
            "x[REDACTED]",
        ] {
            assert!(!is_marker(other.as_bytes()), "{other}");
        }
    }

    #[test]
    fn the_first_marker_of_a_text_is_found() {
        let found = |text: &str| find(text.as_bytes()).map(|range| text[range].to_owned());
        assert_eq!(found("a = TOK-0123abcd; b = [REDACTED]").as_deref(), Some("TOK-0123abcd"));
        assert_eq!(found("k: [[REDACTED]]").as_deref(), Some("[REDACTED]"));
        assert_eq!(found("[REDACTION] TOK-1 anon- *** [A_B]"), None);
    }

    #[test]
    fn a_digest_is_known_again_by_its_own_key_alone() {
        let (key, other) = (Key::new(&[7; 32]), Key::new(&[8; 32]));
        let text = hash(&key, &key.digest("finding", [b"value".as_slice()]));
        assert_eq!(text.len(), 64);
        assert!(is_hash(&key, text.as_bytes()) && !is_hash(&other, text.as_bytes()));
        assert!(!is_hash(&key, &text.as_bytes()[1..]) && !is_hash(&key, &[b'0'; 64]));
        assert!(!is_hash(&key, text.to_uppercase().as_bytes()));
    }
}
