//! Who has to say yes: another one than whoever asked, or several.
//!
//! Somebody is known by names: those of their key, of the key that it was made of, of the person who
//! logged in. Two who share a name are one.

use serde::{Deserialize, Serialize};

use crate::record::Terms;

/// Somebody, by every name that they are known by.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Party(Vec<String>);

impl Party {
    /// Who goes by these names.
    #[must_use]
    pub const fn new(names: Vec<String>) -> Self {
        Self(names)
    }

    /// Whether they are somebody else for certain. Nobody is known of who has no name.
    #[must_use]
    pub fn is_other_than(&self, other: &Self) -> bool {
        let is_known = !self.0.is_empty() && !other.0.is_empty();
        is_known && !self.0.iter().any(|name| other.0.contains(name))
    }

    pub(crate) const fn is_nobody(&self) -> bool {
        self.0.is_empty()
    }
}

/// Who has to say yes before it counts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eyes {
    /// Whether it has to be another one than whoever asked.
    pub others: bool,
    /// How many have to, each of them somebody else; none and one are the same.
    pub count: u32,
}

impl Eyes {
    /// No more have to say yes.
    pub const MOST: u32 = 5;

    pub(crate) fn is_anybody(&self) -> bool {
        *self == Self::default()
    }

    /// What both ask for.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        let (others, count) = (self.others || other.others, self.count.max(other.count));
        Self { others, count }
    }
}

/// A yes that does not count yet, because others have to say it, too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Agreed {
    /// Who said it, as they are told.
    pub by: String,
    pub(crate) who: Party,
    pub(crate) terms: Terms,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn party(names: &[&str]) -> Party {
        Party::new(names.iter().map(|name| (*name).to_owned()).collect())
    }

    #[test]
    fn who_shares_a_name_is_the_same_and_who_has_none_is_nobody_else() {
        let (key, ann) = (party(&["key 1"]), party(&["key 1", "user ann"]));
        let (bob, nobody) = (party(&["user bob"]), Party::default());
        assert!(!key.is_other_than(&ann) && !ann.is_other_than(&key) && !ann.is_other_than(&ann));
        assert!(bob.is_other_than(&ann) && ann.is_other_than(&bob));
        assert!(!bob.is_other_than(&nobody) && !nobody.is_other_than(&bob));
        assert!(!nobody.is_other_than(&nobody));
    }
}
