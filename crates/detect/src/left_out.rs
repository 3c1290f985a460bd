//! Words that were reported already and are left out from then on: to judge them again finds nothing new.
//!
//! A text of a million passwords of which a few hundred differ would else cost what judging a million
//! costs, only to count them. Only words of letters of one case are remembered, in which nothing else can
//! be found, and only of rules that know no more than that something is a secret: such a word is never
//! sound to them.

/// How many words are remembered, in pairs; of three that take the same place the latest two are.
const PLACES: usize = 4096;

/// How many pairs of them, and the bits of a hash that tell which.
const PAIRS: usize = PLACES / 2;
const BITS: u32 = PAIRS.ilog2();

/// Longest word that is remembered.
const LONGEST: usize = size_of::<u128>();

/// Words and the rules by which they were reported.
#[derive(Debug)]
pub(crate) struct LeftOut {
    words: [[u128; 2]; PAIRS],
    rules: [[u16; 2]; PAIRS],
}

impl LeftOut {
    /// Remembers nothing yet.
    pub(crate) fn new() -> Box<Self> {
        Box::new(Self { words: [[0; 2]; PAIRS], rules: [[0; 2]; PAIRS] })
    }

    /// Remembers a value that was left out, when it is such a word.
    pub(crate) fn add(&mut self, rule: u16, value: &[u8]) {
        let Some(word) = word(value) else { return };
        let place = place(rule, word);
        if let (Some([first, second]), Some([of_first, of_second])) =
            (self.words.get_mut(place), self.rules.get_mut(place))
            && (*first, *of_first) != (word, rule)
        {
            (*second, *of_second) = (*first, *of_first);
            (*first, *of_first) = (word, rule);
        }
    }

    /// Whether a value is one of these words.
    #[inline(never)]
    pub(crate) fn holds(&self, rule: u16, value: &[u8]) -> bool {
        word(value).is_some_and(|word| {
            let place = place(rule, word);
            let (words, rules) = (self.words.get(place), self.rules.get(place));
            words.zip(rules).is_some_and(|([first, second], [of_first, of_second])| {
                (*first == word && *of_first == rule) || (*second == word && *of_second == rule)
            })
        })
    }
}

/// Whether a value is letters of one case, and some.
pub(crate) fn is_word(value: &[u8]) -> bool {
    value.first().is_some_and(|first| {
        value.iter().all(|byte| byte.is_ascii_alphabetic() && (byte ^ first) & 0x20 == 0)
    })
}

/// The letters of a word as a number.
#[inline]
fn word(value: &[u8]) -> Option<u128> {
    let first = value.first().filter(|_| value.len() <= LONGEST)? & 0x20;
    // One walk for both.
    let (word, fits) = value.iter().fold((0_u128, true), |(word, fits), byte| {
        let letter = byte.is_ascii_alphabetic() & (byte & 0x20 == first);
        (word << 8 | u128::from(*byte), fits & letter)
    });
    fits.then_some(word)
}

/// Where a word is kept: a multiplicative hash.
const fn place(rule: u16, word: u128) -> usize {
    let mixed = (word >> 64) as u64 ^ (word as u64).rotate_left(5) ^ rule as u64;
    (mixed.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> (u64::BITS - BITS)) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_known_again_by_its_rule_alone() {
        let mut words = LeftOut::new();
        assert!(!words.holds(3, b"kestrel") && !words.holds(3, b""));
        words.add(3, b"kestrel");
        assert!(words.holds(3, b"kestrel"));
        assert!(!words.holds(4, b"kestrel") && !words.holds(3, b"kestre"));
        for value in ["kestrel7", "Kestrel", "kestrelkestrelkestrel", ""] {
            words.add(3, value.as_bytes());
            assert!(!words.holds(3, value.as_bytes()), "{value}");
        }
    }
}
