//! Which words may begin a command: a bit for the first four bytes of each, so that nearly every
//! line of a text is known to hold none after one look. It may say yes to a word that begins none,
//! never no to one that does. And what a whole word is, by one look too.

use crate::profile::{NAMES, PREFIXES, Profile, UNWRAPPED};

/// The program of that name in the tables: a wrapped one, or one whose command line alone is known.
pub(crate) fn program(name: &[u8]) -> Option<&'static Profile> {
    numbers(name).find_map(|number| {
        let unwrapped = || UNWRAPPED.get(number.checked_sub(NAMES.len())?);
        let (known, profile) = NAMES.get(number).or_else(unwrapped)?;
        (known.as_bytes() == name).then_some(*profile)
    })
}

/// Whether a word is one of those that stand before a command in the text around it.
pub(crate) fn is_prefix(word: &[u8]) -> bool {
    numbers(word).any(|number| {
        number.checked_sub(PROGRAMS).and_then(|number| PREFIXES.get(number)) == Some(&word)
    })
}

/// How many names of programs there are.
const PROGRAMS: usize = NAMES.len() + UNWRAPPED.len();

/// How many words in all: names of wrapped programs, of others, prefixes, numbered in this order.
const WORDS: usize = PROGRAMS + PREFIXES.len();

/// The numbers of words that may be this one.
fn numbers(word: &[u8]) -> impl Iterator<Item = usize> {
    // Of a longer one enough is looked at for it to be none of them.
    let first = slot(word.get(..LONGEST).unwrap_or(word));
    let slots = (0..SLOT_COUNT).map(move |step| first.wrapping_add(step) & (SLOT_COUNT - 1));
    slots.map_while(|slot| usize::from(*SLOTS.get(slot)?).checked_sub(1))
}

/// More bytes than any of the words has.
const LONGEST: usize = 64;

/// A power of two, more than twice as many as there are words.
const SLOT_COUNT: usize = (WORDS * 2).next_power_of_two();

/// What is left of 32 bits for a slot.
const SLOT_SHIFT: u32 = u32::BITS - SLOT_COUNT.ilog2();

/// One more than the number of a word, at its slot or in the first free one behind it; zero for none
/// (Knuth, The Art of Computer Programming, volume 3, section 6.4, linear probing).
static SLOTS: [u16; SLOT_COUNT] = slots();

/// Where the look for a name begins.
const fn slot(name: &[u8]) -> usize {
    let mut hash = 0_u32;
    let mut rest = name;
    while let [first, behind @ ..] = rest {
        hash = (hash ^ *first as u32).wrapping_mul(0x9E37_79B1);
        rest = behind;
    }
    (hash >> SLOT_SHIFT) as usize
}

#[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
#[expect(clippy::arithmetic_side_effects, reason = "worked out while compiling")]
#[expect(clippy::cast_possible_truncation, reason = "far fewer words than that")]
const fn slots() -> [u16; SLOT_COUNT] {
    let mut slots = [0; SLOT_COUNT];
    let mut number = 0;
    while number < WORDS {
        let word = if number < NAMES.len() {
            NAMES[number].0.as_bytes()
        } else if number < PROGRAMS {
            UNWRAPPED[number - NAMES.len()].0.as_bytes()
        } else {
            PREFIXES[number - PROGRAMS]
        };
        assert!(word.len() < LONGEST, "a word that is too long");
        let mut at = slot(word);
        while slots[at] != 0 {
            at = (at + 1) & (SLOT_COUNT - 1);
        }
        number += 1;
        slots[at] = number as u16;
    }
    slots
}

/// A small set of words without the words.
pub(crate) struct Heads([u64; Self::WORDS]);

impl Heads {
    /// Four KiB, so that one word in a hundred passes by chance.
    const WORDS: usize = 512;

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

    const fn place(word: &[u8]) -> (usize, usize) {
        let bytes = match word {
            [a, b, c, d, ..] => [*a, *b, *c, *d],
            [a, b, c] => [*a, *b, *c, 0],
            [a, b] => [*a, *b, 0, 0],
            [a] => [*a, 0, 0, 0],
            [] => [0; 4],
        };
        Self::place_of(u32::from_le_bytes(bytes))
    }

    /// Which bit stands for the word that begins with these bytes: those up to a blank or a quote,
    /// spread by Knuth's multiplier for 32 bits.
    #[inline]
    const fn place_of(head: u32) -> (usize, usize) {
        // All bits of the bytes before the lowest that ends the word.
        let kept = match ends(head).trailing_zeros() {
            32 => u32::MAX,
            bit => (1_u32 << (bit & !7)).wrapping_sub(1),
        };
        let bit = ((head & kept).wrapping_mul(0x9E37_79B1) >> Self::SHIFT) as usize;
        (bit / 64, bit % 64)
    }

    /// Whether the word at the start of `text`, which a blank or a quote may end, may be in the set.
    #[inline]
    pub(crate) fn has(&self, text: &[u8]) -> bool {
        let (place, bit) = Self::place(text);
        self.0.get(place).is_some_and(|bits| bits >> bit & 1 == 1)
    }
}

/// The highest bit of the lowest byte that ends a word: a control character, a blank, a quote. Bits
/// of higher bytes may be set, too (Warren, Hacker's Delight, section 6-1).
#[inline]
const fn ends(bytes: u32) -> u32 {
    const ONES: u32 = 0x0101_0101;
    let double = bytes ^ u32::from_le_bytes([b'"'; 4]);
    let single = bytes ^ u32::from_le_bytes([b'\''; 4]);
    let low = bytes.wrapping_sub(0x2121_2121) & !bytes;
    let quote = (double.wrapping_sub(ONES) & !double) | (single.wrapping_sub(ONES) & !single);
    (low | quote) & (ONES << 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    static HEADS: Heads = Heads::of(&[b"RUN"]);

    #[test]
    fn no_name_is_missed_whatever_follows() {
        let names = NAMES.iter().chain(UNWRAPPED).map(|(name, _)| name.as_bytes());
        for name in names.chain([b"RUN".as_slice()]) {
            for end in [&b""[..], b" -p", b"\t", b"\n", b"\"", b"' x", b"\0"] {
                assert!(HEADS.has(&[name, end].concat()), "{}", name.escape_ascii());
            }
        }
    }

    #[test]
    fn programs_and_prefixes_are_found_by_the_whole_word() {
        for (name, profile) in UNWRAPPED.iter().chain(NAMES) {
            let wrapped = crate::profile::profile(name).unwrap_or(profile);
            assert!(std::ptr::eq(program(name.as_bytes()).unwrap(), wrapped), "{name}");
            assert!(program(&[name.as_bytes(), b"\xff"].concat()).is_none(), "{name}");
        }
        assert!(program(&[b'x'; 9000]).is_none() && !is_prefix(&[b'x'; 9000]));
        assert!(program(b"").is_none() && program(b"git ").is_none());
        assert!(PREFIXES.iter().all(|word| is_prefix(word)));
        assert!(!is_prefix(b"") && !is_prefix(b"mysql") && program(b"mysql").is_some());
    }

    #[test]
    fn most_words_are_told_apart() {
        let words =
            ["let x", "pub fn", "return", "use", "import", "self.", "the", "function", "var", "}"];
        let passed = words.iter().filter(|word| HEADS.has(word.as_bytes())).count();
        assert!(passed < 3, "{passed}");
    }

    #[test]
    fn a_word_ends_with_the_lowest_byte_that_ends_one() {
        let end = |text: &[u8; 4]| ends(u32::from_le_bytes(*text)).trailing_zeros() / 8;
        let ends = [(b"ab c", 2), (b"\"abc", 0), (b"abc'", 3), (b"a\tb ", 1), (b"ab!#", 4)];
        for (text, at) in ends {
            assert_eq!(end(text), at, "{}", text.escape_ascii());
        }
        for byte in 0..=u8::MAX {
            let expected = if byte <= b' ' || byte == b'"' || byte == b'\'' { 1 } else { 4 };
            assert_eq!(end(&[b'a', byte, b'b', b'c']), expected, "{byte}");
        }
    }
}
