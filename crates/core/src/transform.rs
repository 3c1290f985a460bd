//! By what a finding is replaced.

use serde::{Deserialize, Serialize};

/// By what a finding is replaced.
///
/// Digests are keyed: without the installation's key nobody finds a card number or a name by trying
/// them all. What each makes is in the crate `redact`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Transform {
    /// `anon-` and eight digits of a keyed digest: equal values stay equal.
    Anonymize,
    /// Three asterisks.
    Full,
    /// All 64 digits of a keyed digest: equal values stay equal.
    Hash,
    /// All but the last four letters are covered.
    LastFour,
    /// Every byte is covered, the length stays.
    Mask,
    /// Three asterisks and the last letters.
    Partial {
        /// How many letters are shown; never all of a value.
        show: u8,
    },
    /// A fixed marker.
    Redact,
    /// A marker with the entity type and eight digits of a keyed digest.
    Replace,
    /// A marker with eight digits of a keyed digest.
    ShortHash,
    /// `TOK-` and eight digits of a keyed digest; a vault turns it back.
    Tokenize,
}

impl Transform {
    /// How many letters a partial form shows unless somebody says otherwise.
    pub const SHOWN: u8 = 4;

    /// Every transform, in order of name; the partial one in its usual form.
    pub const ALL: [Self; 10] = [
        Self::Anonymize,
        Self::Full,
        Self::Hash,
        Self::LastFour,
        Self::Mask,
        Self::Partial { show: Self::SHOWN },
        Self::Redact,
        Self::Replace,
        Self::ShortHash,
        Self::Tokenize,
    ];

    /// The name used in policies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Anonymize => "anonymize",
            Self::Full => "full",
            Self::Hash => "hash",
            Self::LastFour => "last_four",
            Self::Mask => "mask",
            Self::Partial { .. } => "partial",
            Self::Redact => "redact",
            Self::Replace => "replace",
            Self::ShortHash => "short_hash",
            Self::Tokenize => "tokenize",
        }
    }

    /// The one of that name, in its usual form.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|transform| transform.name() == name)
    }

    /// Of two that are asked for, the one that tells less of the value.
    #[must_use]
    pub fn stricter(self, other: Self) -> Self {
        if (other.tells(), other) < (self.tells(), self) { other } else { self }
    }

    /// How much of a value is left: nothing, that it equals another, its length, some letters.
    const fn tells(self) -> u16 {
        match self {
            Self::Full | Self::Redact => 0,
            Self::Anonymize | Self::Hash | Self::Replace | Self::ShortHash | Self::Tokenize => 1,
            Self::Mask => 2,
            Self::LastFour => 7,
            Self::Partial { show } => (show as u16).saturating_add(3),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_lead_back() {
        assert!(Transform::ALL.is_sorted_by_key(|transform| transform.name()));
        for transform in Transform::ALL {
            assert_eq!(Transform::named(transform.name()), Some(transform));
        }
        assert_eq!(Transform::named("none"), None);
    }

    #[test]
    fn the_stricter_one_tells_less_whichever_comes_first() {
        let ladder = [
            Transform::Redact,
            Transform::Hash,
            Transform::Mask,
            Transform::Partial { show: 2 },
            Transform::Partial { show: 9 },
        ];
        for (index, stricter) in ladder.into_iter().enumerate() {
            for other in ladder.into_iter().skip(index) {
                assert_eq!(stricter.stricter(other), stricter);
                assert_eq!(other.stricter(stricter), stricter);
            }
        }
    }
}
