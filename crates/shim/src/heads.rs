//! Which words may begin a command: a bit for the ends and the length of each, so that nearly every
//! line of a text is known to hold none after one look. It may say yes to a word that begins none,
//! never no to one that does.

use crate::profile::{NAMES, UNWRAPPED};

/// A small set of words without the words.
pub(crate) struct Heads([u64; Self::WORDS]);

impl Heads {
    /// Two KiB, so that one word in forty passes by chance.
    const WORDS: usize = 256;

    /// What is left of 32 bits for a place in the table.
    const SHIFT: u32 = 32 - (Self::WORDS * 64).ilog2();

    /// The names of all programs in the tables, and `others`.
    #[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
    #[expect(clippy::arithmetic_side_effects, reason = "worked out while compiling")]
    pub(crate) const fn of(others: &[&[u8]]) -> Self {
        let mut set = Self([0; Self::WORDS]);
        let mut at = 0;
        while at < NAMES.len() {
            set = set.with(NAMES[at].0.as_bytes());
            at += 1;
        }
        at = 0;
        while at < UNWRAPPED.len() {
            set = set.with(UNWRAPPED[at].0.as_bytes());
            at += 1;
        }
        at = 0;
        while at < others.len() {
            set = set.with(others[at]);
            at += 1;
        }
        set
    }

    #[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
    const fn with(mut self, word: &[u8]) -> Self {
        let (place, bit) = Self::place(word);
        self.0[place] |= 1 << bit;
        self
    }

    /// Which bit stands for a word: by its first two bytes, its last one and its length, spread by
    /// Knuth's multiplier for 32 bits.
    const fn place(word: &[u8]) -> (usize, usize) {
        let (first, second, last) = match word {
            [first, second, .., last] => (*first, *second, *last),
            [first, last] => (*first, 0, *last),
            [only] => (*only, 0, 0),
            [] => (0, 0, 0),
        };
        let key = u32::from_le_bytes([first, second, last, word.len() as u8]);
        let bit = (key.wrapping_mul(0x9E37_79B1) >> Self::SHIFT) as usize;
        (bit / 64, bit % 64)
    }

    /// Whether `word`, with or without a quote behind it, may be in the set.
    pub(crate) fn has(&self, word: &[u8]) -> bool {
        let bare = word.strip_suffix(b"\"").or_else(|| word.strip_suffix(b"'")).unwrap_or(word);
        let (place, bit) = Self::place(bare);
        self.0.get(place).is_some_and(|bits| bits >> bit & 1 == 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_name_is_missed_and_most_words_are_told_apart() {
        static HEADS: Heads = Heads::of(&[b"RUN"]);
        let names = NAMES.iter().chain(UNWRAPPED).map(|(name, _)| name.as_bytes());
        for name in names.chain([b"RUN".as_slice()]) {
            assert!(HEADS.has(name) && HEADS.has(&[name, b"\""].concat()));
        }
        let words =
            ["let", "pub", "return", "use", "import", "self", "the", "if", "function", "var"];
        let passed = words.iter().filter(|word| HEADS.has(word.as_bytes())).count();
        assert!(passed < 4, "{passed}");
    }
}
