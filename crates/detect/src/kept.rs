//! Which findings of a scan are kept when there are very many.
//!
//! The first ones are, and behind them every value that is new to its detector and confidence, as long as
//! of those there are not too many, too. What decides about findings asks what there is and how many
//! different values, so nothing that it would see is lost behind a thousand copies of something else.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};

use datafog_core::{Key, KeyedDigest, KeyedHasher};

use crate::full::Full;
use crate::overlap::Raw;
use crate::scanner::Tally;
use crate::tables::RULES;

/// What fingerprints of findings are for, see [`Key::digest`].
pub(crate) const PURPOSE: &str = "finding";

/// A rule and a confidence in per cent.
type Class = (u16, u8);

/// What was kept so far.
#[derive(Debug)]
pub(crate) struct Kept {
    pub(crate) tally: Tally,
    /// Begins with the fingerprint of the first finding, which nobody outside foresees: so nobody
    /// makes values that look the same here.
    seed: Option<DefaultHasher>,
    /// What all fingerprints begin with.
    fingerprints: Option<KeyedHasher>,
    values: BTreeSet<(Class, u64)>,
    /// How many different values of each class.
    counts: BTreeMap<Class, usize>,
}

impl Kept {
    /// Nothing was found yet.
    pub(crate) const NONE: Self = Self {
        tally: Tally { reported: 0, beyond: 0 },
        seed: None,
        fingerprints: None,
        values: BTreeSet::new(),
        counts: BTreeMap::new(),
    };

    /// Whether a finding with this value is to be kept.
    pub(crate) fn has_room(&self, raw: &Raw, value: &[u8], most: usize) -> bool {
        let class = class(raw);
        self.tally.reported < most
            || self.counts.get(&class).is_none_or(|count| {
                *count < most && !self.values.contains(&(class, self.hash(value)))
            })
    }

    /// The fingerprint of a value.
    pub(crate) fn fingerprint(&mut self, key: &Key, value: &[u8]) -> KeyedDigest {
        let mut hasher = self.fingerprints.get_or_insert_with(|| key.hasher(PURPOSE)).clone();
        hasher.part(value);
        hasher.finish()
    }

    /// Keeps a finding, and remembers its value by a hash, unless all are kept anyway.
    pub(crate) fn keep(&mut self, raw: &Raw, value: &[u8], fingerprint: &KeyedDigest, most: usize) {
        self.tally.reported = self.tally.reported.saturating_add(1);
        if most == usize::MAX {
            return;
        }
        self.seed.get_or_insert_with(|| {
            let mut seed = DefaultHasher::new();
            seed.write(fingerprint.as_bytes());
            seed
        });
        let class = class(raw);
        if self.values.insert((class, self.hash(value))) {
            let count = self.counts.entry(class).or_default();
            *count = count.saturating_add(1);
        }
    }

    /// Whether a finding is one of the surest that its rule tells.
    pub(crate) fn is_surest(raw: &Raw) -> bool {
        RULES.get(usize::from(raw.rule)).is_some_and(|it| raw.confidence >= it.confidence)
    }

    /// Whether as many different values were kept of the finding's rule and confidence as may be.
    pub(crate) fn is_full(&self, raw: &Raw, most: usize) -> bool {
        self.tally.reported >= most
            && self.counts.get(&class(raw)).is_some_and(|count| *count >= most)
    }

    /// Counts places that were not judged.
    pub(crate) const fn pass_over(&mut self, places: usize) {
        self.tally.beyond = self.tally.beyond.saturating_add(places);
    }

    /// Counts a finding that is not kept, because as many or the same are; of a word the same is not
    /// looked for again.
    pub(crate) fn leave_out(&mut self, raw: &Raw, value: &[u8], full: &mut Full) {
        self.tally.beyond = self.tally.beyond.saturating_add(1);
        if raw.value.is_none() && raw.is_untelling() && !Self::is_surest(raw) {
            full.add_word(raw.rule, value);
        }
    }

    fn hash(&self, value: &[u8]) -> u64 {
        let mut hasher = self.seed.clone().unwrap_or_default();
        hasher.write(value);
        hasher.finish()
    }
}

const fn class(raw: &Raw) -> Class {
    (raw.rule, raw.confidence)
}
