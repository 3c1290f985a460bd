//! Findings that a user allows: by value, path, fingerprint or detector, until a day.

use datafog_core::{Channel, Finding, KeyedDigest};
use serde::{Deserialize, Serialize};

use super::pattern::{Pattern, StoredPattern};

/// An exception in the form that is kept. Everything that it names must hold.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredException {
    /// With `*` for any text.
    pub(super) detector: Option<String>,
    /// With `*` for any text; a folder or file at the end of a path also counts.
    pub(super) path: Option<String>,
    pub(super) fingerprint: Option<KeyedDigest>,
    pub(super) value: Option<StoredPattern>,
    /// The last day, in days since 1970.
    pub(super) expires: Option<i64>,
}

/// An exception that can be asked.
#[derive(Debug)]
pub(super) struct Exception {
    detector: Option<String>,
    path: Option<String>,
    fingerprint: Option<KeyedDigest>,
    value: Option<Pattern>,
}

impl StoredException {
    pub(super) fn holds(&self, today: i64) -> bool {
        self.expires.is_none_or(|last| today <= last)
    }
}

impl Exception {
    pub(super) fn load(stored: StoredException) -> Option<Self> {
        let StoredException { detector, path, fingerprint, value, .. } = stored;
        let value = match value {
            Some(value) => Some(Pattern::load(&value)?),
            None => None,
        };
        Some(Self { detector, path, fingerprint, value })
    }

    pub(super) fn covers(&self, finding: &Finding, value: &[u8]) -> bool {
        let fits = |pattern: &str, text: &str| fits(pattern.as_bytes(), text.as_bytes());
        let in_path = |pattern: &String| match &finding.channel {
            Channel::File(path) => fits(pattern, path) || fits(&format!("*/{pattern}"), path),
            Channel::Argument(_)
            | Channel::Arguments
            | Channel::Environment(_)
            | Channel::Field(_)
            | Channel::Output
            | Channel::Stdin => false,
        };
        self.detector.as_ref().is_none_or(|pattern| fits(pattern, &finding.detector))
            && self.path.as_ref().is_none_or(in_path)
            && self.fingerprint.is_none_or(|known| known == finding.fingerprint)
            && self.value.as_ref().is_none_or(|pattern| pattern.is_match(value))
    }
}

/// Whether `text` fits a pattern in which `*` stands for any text. Takes at most the product of
/// both lengths.
pub(super) fn fits(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at, mut from) = (0_usize, 0_usize);
    let mut star: Option<(usize, usize)> = None;
    while let Some(byte) = text.get(from) {
        match pattern.get(at) {
            Some(b'*') => {
                star = Some((at, from));
                at = at.saturating_add(1);
            }
            Some(wanted) if wanted == byte => {
                (at, from) = (at.saturating_add(1), from.saturating_add(1));
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken.saturating_add(1)));
                (at, from) = (back.saturating_add(1), taken.saturating_add(1));
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stars_stand_for_any_text() {
        for (pattern, text, expected) in [
            ("a*c", "abc", true),
            ("a*c", "abcd", false),
            ("*", "", true),
            ("*b*", "abbbbc", true),
            ("", "", true),
            ("", "x", false),
            ("**x", "yyx", true),
        ] {
            assert_eq!(fits(pattern.as_bytes(), text.as_bytes()), expected, "{pattern} {text}");
        }
    }
}
