//! How much was replaced, without the values.

use std::collections::BTreeMap;

use datafog_core::Transform;

/// Counts of what was replaced.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Bytes taken in.
    pub bytes: u64,
    /// How often each entity type was replaced, and how.
    pub replaced: BTreeMap<(String, Transform), u64>,
}

impl Tally {
    pub(crate) fn count(&mut self, entity: &str, transform: Transform) {
        let count = self.replaced.entry((entity.to_owned(), transform)).or_default();
        *count = count.saturating_add(1);
    }

    /// How many replacements there were.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.replaced.values().fold(0, |total, count| total.saturating_add(*count))
    }

    /// The counts of both.
    #[must_use]
    pub fn with(mut self, other: Self) -> Self {
        self.bytes = self.bytes.saturating_add(other.bytes);
        for (what, count) in other.replaced {
            let sum = self.replaced.entry(what).or_default();
            *sum = sum.saturating_add(count);
        }
        self
    }

    /// Distinct `entity:transform`, in order, joined by commas; empty when nothing was replaced.
    #[must_use]
    pub fn modes(&self) -> String {
        let modes = self.replaced.keys().map(|(entity, with)| format!("{entity}:{}", with.name()));
        modes.collect::<Vec<_>>().join(",")
    }
}
