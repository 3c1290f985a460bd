//! Lists of words that are looked for in a short text, in any case of letters.

use crate::class::{self, BLOCK, Letter, Small};

/// Places that are asked about together.
const TOGETHER: usize = 8;

/// Words in lower case, with the set of those that begin or end with each byte.
///
/// A set has a bit for each word, by its place in the list modulo 64; the low five bits of a byte,
/// which are the same for both cases of a letter, say which set.
#[derive(Debug)]
pub(crate) struct Words {
    words: &'static [&'static [u8]],
    /// By the first byte, and by the second: what is in both may begin here. Random text seldom
    /// passes.
    heads: [u64; 32],
    seconds: [u64; 32],
    /// The same of the last byte and the one before it.
    lasts: [u64; 32],
    befores: [u64; 32],
    /// Bit `n` stands for words of `n` bytes, the highest for all longer ones.
    lengths: u64,
    /// Whether every word begins with a letter of ASCII.
    lettered: bool,
}

impl Words {
    /// A list; every word is lower case and not empty.
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        let mut out = Self {
            words,
            heads: [0; 32],
            seconds: [0; 32],
            lasts: [0; 32],
            befores: [0; 32],
            lengths: 0,
            lettered: true,
        };
        let mut bit = 1_u64;
        let mut rest = words;
        while let [word, more @ ..] = rest {
            if let ([head, ..], [.., last]) = (*word, *word) {
                include(&mut out.heads, Some(*head), bit);
                include(&mut out.lasts, Some(*last), bit);
                let second = if let [_, second, ..] = word { Some(*second) } else { None };
                include(&mut out.seconds, second, bit);
                let before = if let [.., before, _] = word { Some(*before) } else { None };
                include(&mut out.befores, before, bit);
                out.lengths |= length_bit(word.len());
                out.lettered &= head.is_ascii_alphabetic();
            }
            bit = bit.rotate_left(1);
            rest = more;
        }
        out
    }

    /// Whether one of the words stands anywhere in `text`.
    pub(crate) fn stand_in(&self, text: &[u8]) -> bool {
        let mut rest = text;
        // Of some places together it is asked whether a word may begin at any: most often none does.
        while let Some(some) = rest.first_chunk::<{ TOGETHER + 1 }>() {
            let any = some.array_windows().fold(0, |any, [one, other]| {
                any | both(&self.heads, &self.seconds, *one, Some(other))
            });
            if any != 0 && self.begin_within(rest, TOGETHER) {
                return true;
            }
            rest = rest.get(TOGETHER..).unwrap_or_default();
        }
        self.begin_within(rest, rest.len())
    }

    /// Whether one of the words begins at one of the first `places` of `text`.
    fn begin_within(&self, text: &[u8], places: usize) -> bool {
        (0..places).any(|at| text.get(at..).is_some_and(|rest| self.begin(rest)))
    }

    /// Whether one of the words stands in the last `near` bytes of `text` and begins a word there.
    pub(crate) fn stand_near_end(&self, text: &[u8], near: usize) -> bool {
        self.any_start(text, near, |rest| self.begin(rest))
    }

    /// The same of whole words: no small letter goes on behind it.
    pub(crate) fn stand_whole_near_end(&self, text: &[u8], near: usize) -> bool {
        self.any_start(text, near, |rest| {
            let some =
                rest.first().map_or(0, |head| both(&self.heads, &self.seconds, *head, rest.get(1)));
            self.any(some, |word| {
                rest.get(..word.len()).is_some_and(|it| is_same(it, word))
                    && !rest.get(word.len()).is_some_and(u8::is_ascii_lowercase)
            })
        })
    }

    /// Whether what follows some place in the last `near` bytes of `text` where a word of the list may
    /// begin passes the test: a word begins behind anything but a letter, and with a capital behind a
    /// small one.
    #[inline]
    fn any_start(&self, text: &[u8], near: usize, test: impl Fn(&[u8]) -> bool) -> bool {
        let mut rest = text.get(text.len().saturating_sub(near)..).unwrap_or_default();
        // Whether a letter, and a small one, stands before the block.
        let mut before = (0, 0);
        while !rest.is_empty() {
            let block = class::block(rest);
            let letters = class::bits(&block, Letter);
            // Tables of numbers have none.
            if letters == 0 && self.lettered {
                before = (0, 0);
                rest = rest.get(BLOCK..).unwrap_or_default();
                continue;
            }
            let small = letters & class::bits(&block, Small);
            let others = if self.lettered { letters } else { u64::MAX };
            let humps = letters & !small & (small << 1 | before.1);
            let mut starts = (others & !(letters << 1 | before.0)) | humps;
            starts &= u64::MAX.unbounded_shr(BLOCK.saturating_sub(rest.len()) as u32);
            while starts != 0 {
                let at = starts.trailing_zeros() as usize;
                starts &= starts.wrapping_sub(1);
                if rest.get(at..).is_some_and(&test) {
                    return true;
                }
            }
            before = (letters >> 63, small >> 63);
            rest = rest.get(BLOCK..).unwrap_or_default();
        }
        false
    }

    /// Whether `text` begins with one of the words.
    #[inline]
    pub(crate) fn begin(&self, text: &[u8]) -> bool {
        let Some(head) = text.first() else { return false };
        let some = both(&self.heads, &self.seconds, *head, text.get(1));
        some != 0 && self.begins_with_one(some, text)
    }

    /// The same of the words of a set.
    #[inline(never)]
    fn begins_with_one(&self, some: u64, text: &[u8]) -> bool {
        self.any(some, |word| text.get(..word.len()).is_some_and(|it| is_same(it, word)))
    }

    /// Whether `text` ends with one of the words.
    #[inline]
    pub(crate) fn end(&self, text: &[u8]) -> bool {
        let Some((last, rest)) = text.split_last() else { return false };
        let some = both(&self.lasts, &self.befores, *last, rest.last());
        some != 0 && self.ends_with_one(some, text)
    }

    /// The same of the words of a set.
    #[inline(never)]
    fn ends_with_one(&self, some: u64, text: &[u8]) -> bool {
        self.any(some, |word| {
            let cut = text.len().checked_sub(word.len());
            cut.and_then(|cut| text.get(cut..)).is_some_and(|tail| is_same(tail, word))
        })
    }

    /// Whether `text` is one of the words.
    #[inline]
    pub(crate) fn contain(&self, text: &[u8]) -> bool {
        let Some(head) = text.first() else { return false };
        if length_bit(text.len()) & self.lengths == 0 {
            return false;
        }
        let some = both(&self.heads, &self.seconds, *head, text.get(1));
        some != 0 && self.are_one(some, text)
    }

    /// The same of the words of a set.
    #[inline(never)]
    fn are_one(&self, some: u64, text: &[u8]) -> bool {
        self.any(some, |word| is_same(text, word))
    }

    /// Whether a word of a set passes the test.
    #[inline]
    fn any(&self, mut some: u64, test: impl Fn(&[u8]) -> bool) -> bool {
        while some != 0 {
            let mut place = some.trailing_zeros() as usize;
            some &= some.wrapping_sub(1);
            while let Some(word) = self.words.get(place) {
                if test(word) {
                    return true;
                }
                place = place.saturating_add(u64::BITS as usize);
            }
        }
        false
    }
}

/// Whether a text is a word in any case of letters. Both ends are compared at once, which tells most texts.
#[inline]
fn is_same(text: &[u8], word: &[u8]) -> bool {
    let differ =
        match (text.first_chunk(), word.first_chunk(), text.last_chunk(), word.last_chunk()) {
            (Some(first), Some(head), Some(last), Some(tail)) => {
                differ(*first, *head) | differ(*last, *tail)
            }
            _ => EITHER_CASE,
        };
    if differ & !EITHER_CASE != 0 {
        return false;
    }
    (differ == 0 && word.len() <= 8 && text.len() == word.len()) || text.eq_ignore_ascii_case(word)
}

/// The bits by which four bytes differ.
const fn differ(some: [u8; 4], others: [u8; 4]) -> u32 {
    u32::from_le_bytes(some) ^ u32::from_le_bytes(others)
}

/// The bits by which letters of either case differ.
const EITHER_CASE: u32 = 0x2020_2020;

/// Whether a letter of ASCII stands in the last `near` bytes of `text`.
pub(crate) fn has_letters(text: &[u8], near: usize) -> bool {
    let text = text.get(text.len().saturating_sub(near)..).unwrap_or_default();
    text.iter().fold(0, |some, byte| some | letter(*byte)) != 0
}

/// 1 for a letter, else 0: a sum of these compiles to vector instructions.
fn letter(byte: u8) -> u8 {
    u8::from(byte.is_ascii_alphabetic())
}

/// The bit of a length.
const fn length_bit(length: usize) -> u64 {
    if length < 63 { 1 << length } else { 1 << 63 }
}

/// The words that have one byte in one place and another in the next; when there is none, any may
/// stand in its place.
#[inline]
fn both(ones: &[u64; 32], others: &[u64; 32], one: u8, other: Option<&u8>) -> u64 {
    let set = |sets: &[u64; 32], byte: u8| sets.get(usize::from(byte & 31)).copied().unwrap_or(0);
    set(ones, one) & other.map_or(u64::MAX, |other| set(others, *other))
}

/// Puts the word with this bit into the set of a byte, or into all when it has none there.
const fn include(sets: &mut [u64; 32], byte: Option<u8>, bit: u64) {
    let mut at = 0_u8;
    let mut rest = sets.as_mut_slice();
    while let [set, more @ ..] = rest {
        if match byte {
            Some(byte) => byte & 31 == at,
            None => true,
        } {
            *set |= bit;
        }
        at = at.wrapping_add(1);
        rest = more;
    }
}

/// A list of words from literals: `words! { "phone" "tel:" }`.
macro_rules! words {
    ($($word:literal)*) => { Words::new(&[$($word.as_bytes()),*]) };
}
pub(crate) use words;

#[cfg(test)]
mod tests {
    use super::*;

    const WORDS: Words = words! {
        "phone" "tel:" "****"
    };

    #[test]
    fn words_are_found_in_any_case() {
        assert!(
            WORDS.stand_in(b"my Phone") && WORDS.stand_in(b"a****b") && WORDS.stand_in(b"TEL:1")
        );
        assert!(!WORDS.stand_in(b"phon") && !WORDS.stand_in(b""));
        assert!(WORDS.begin(b"PHONES") && WORDS.end(b"my phone") && WORDS.contain(b"Phone"));
    }

    #[test]
    fn of_more_words_than_a_set_has_bits_all_are_found() {
        const MANY: Words = words! {
            "a0" "a1" "a2" "a3" "a4" "a5" "a6" "a7" "a8" "a9" "b0" "b1" "b2" "b3" "b4" "b5" "b6"
            "b7" "b8" "b9" "c0" "c1" "c2" "c3" "c4" "c5" "c6" "c7" "c8" "c9" "d0" "d1" "d2" "d3"
            "d4" "d5" "d6" "d7" "d8" "d9" "e0" "e1" "e2" "e3" "e4" "e5" "e6" "e7" "e8" "e9" "f0"
            "f1" "f2" "f3" "f4" "f5" "f6" "f7" "f8" "f9" "g0" "g1" "g2" "g3" "g4" "g5" "g6" "g7"
        };
        for letter in b'a'..=b'h' {
            for digit in b'0'..=b'9' {
                let known = letter < b'g' || (letter == b'g' && digit < b'8');
                assert_eq!(MANY.contain(&[letter, digit]), known);
                assert_eq!(MANY.end(&[b'x', letter, digit]), known);
                assert_eq!(MANY.stand_in(&[b'x', letter, digit]), known);
            }
        }
    }

    #[test]
    fn near_the_end_a_word_begins_where_it_stands() {
        assert!(WORDS.stand_near_end(b"phone is ", 20) && WORDS.stand_near_end(b"userPhone=", 20));
        assert!(!WORDS.stand_near_end(b"microphone ", 20));
        assert!(!WORDS.stand_near_end(b"phone                   ", 10));
    }
}
