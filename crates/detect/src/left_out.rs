//! Words that were reported already and are left out from then on: to judge them again finds nothing new.
//!
//! A text of a million passwords of which a few hundred differ would else cost what judging a million
//! costs, only to count them. Only words of letters alone are remembered, in which nothing else can be
//! found, and only of findings that are less than sound: a sound one is wanted whatever was reported.

use std::hash::{DefaultHasher, Hasher};

/// How many words are remembered; of two that take the same place the later one is.
const PLACES: usize = 2048;

/// Longest word that is remembered.
const LONGEST: usize = 32;

/// The words, each by a hash of it and of the rule by which it was reported.
#[derive(Debug)]
pub(crate) struct LeftOut {
    /// What nobody outside foresees: so nobody makes words that look the same here.
    seed: DefaultHasher,
    places: [u64; PLACES],
}

impl LeftOut {
    /// Remembers nothing yet.
    pub(crate) fn new(seed: &DefaultHasher) -> Box<Self> {
        Box::new(Self { seed: seed.clone(), places: [0; PLACES] })
    }

    /// Remembers a value that was left out, when it is such a word.
    pub(crate) fn add(&mut self, rule: u16, value: &[u8]) {
        if let Some(hash) = self.hash(rule, value)
            && let Some(place) = self.places.get_mut(place(hash))
        {
            *place = hash;
        }
    }

    /// Whether a value is one of these words.
    pub(crate) fn holds(&self, rule: u16, value: &[u8]) -> bool {
        self.hash(rule, value).is_some_and(|hash| self.places.get(place(hash)) == Some(&hash))
    }

    fn hash(&self, rule: u16, value: &[u8]) -> Option<u64> {
        let word = value.len() <= LONGEST && value.iter().all(u8::is_ascii_alphabetic);
        word.then(|| {
            let mut hasher = self.seed.clone();
            hasher.write(value);
            // Zero is the empty place.
            (hasher.finish() ^ u64::from(rule) << 32) | 1 << 63
        })
    }
}

const fn place(hash: u64) -> usize {
    hash as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_again_by_its_rule_alone() {
        let mut words = LeftOut::new(&DefaultHasher::new());
        assert!(!words.holds(3, b"kestrel") && !words.holds(3, b""));
        words.add(3, b"kestrel");
        assert!(words.holds(3, b"kestrel"));
        assert!(!words.holds(4, b"kestrel") && !words.holds(3, b"Kestrel"));
        words.add(3, b"kestrel7");
        assert!(!words.holds(3, b"kestrel7"));
    }
}
