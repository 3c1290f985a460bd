//! Lists of words that are looked for in a short text, in any case of letters.

/// Words in lower case, with the set of their first two bytes.
#[derive(Debug)]
pub(crate) struct Words {
    words: &'static [&'static [u8]],
    /// For the low five bits of a first byte, one bit for those of each second one: what no word
    /// begins with is known by one look, and random text seldom passes.
    pairs: [u32; 32],
    /// The same of a last byte and the one before it.
    endings: [u32; 32],
    /// Bit `n` stands for words of `n` bytes, the highest for all longer ones.
    lengths: u64,
    /// Whether every word begins with a letter of ASCII.
    lettered: bool,
}

impl Words {
    /// A list; every word is lower case and not empty.
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        let mut pairs = [0; 32];
        let mut endings = [0; 32];
        let mut lengths = 0;
        let mut lettered = true;
        let mut rest = words;
        while let [word, more @ ..] = rest {
            if let ([head, ..], [.., last]) = (*word, *word) {
                let seconds = if let [_, second, ..] = word { low(*second) } else { u32::MAX };
                include(&mut pairs, *head & 31, seconds);
                let befores = if let [.., before, _] = word { low(*before) } else { u32::MAX };
                include(&mut endings, *last & 31, befores);
                lengths |= length_bit(word.len());
                lettered &= head.is_ascii_alphabetic();
            }
            rest = more;
        }
        Self { words, pairs, endings, lengths, lettered }
    }

    /// Whether one of the words stands anywhere in `text`.
    pub(crate) fn stand_in(&self, text: &[u8]) -> bool {
        (0..text.len()).any(|at| text.get(at..).is_some_and(|rest| self.begin(rest)))
    }

    /// Whether one of the words stands in the last `near` bytes of `text` and begins a word there.
    pub(crate) fn stand_near_end(&self, text: &[u8], near: usize) -> bool {
        let text = text.get(text.len().saturating_sub(near)..).unwrap_or_default();
        // Tables of numbers have no letters, and to count them costs less than to look for words.
        if self.lettered && text.iter().fold(0, |some, byte| some | letter(*byte)) == 0 {
            return false;
        }
        let mut before = b' ';
        text.iter().enumerate().any(|(at, byte)| {
            let hump = before.is_ascii_lowercase() && byte.is_ascii_uppercase();
            let starts = !before.is_ascii_alphabetic() || hump;
            before = *byte;
            starts && self.begin(text.get(at..).unwrap_or_default())
        })
    }

    /// Whether `text` begins with one of the words.
    #[inline]
    pub(crate) fn begin(&self, text: &[u8]) -> bool {
        let Some(head) = text.first() else { return false };
        holds(&self.pairs, *head, text.get(1))
            && self.begins_with_one(head.to_ascii_lowercase(), text)
    }

    /// The same, word by word; `head` is the first byte in lower case.
    #[inline(never)]
    fn begins_with_one(&self, head: u8, text: &[u8]) -> bool {
        self.words.iter().any(|word| {
            word.first() == Some(&head)
                && text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
        })
    }

    /// Whether `text` ends with one of the words.
    pub(crate) fn end(&self, text: &[u8]) -> bool {
        let Some((last, rest)) = text.split_last() else { return false };
        holds(&self.endings, *last, rest.last())
            && self.words.iter().any(|word| {
                let cut = text.len().checked_sub(word.len());
                cut.and_then(|cut| text.get(cut..))
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(word))
            })
    }

    /// Whether `text` is one of the words.
    pub(crate) fn contain(&self, text: &[u8]) -> bool {
        let Some(head) = text.first() else { return false };
        length_bit(text.len()) & self.lengths != 0
            && holds(&self.pairs, *head, text.get(1))
            && self.hold(head.to_ascii_lowercase(), text)
    }

    /// The same, word by word; `head` is the first byte in lower case.
    fn hold(&self, head: u8, text: &[u8]) -> bool {
        self.words.iter().any(|word| {
            word.len() == text.len()
                && word.first() == Some(&head)
                && word.eq_ignore_ascii_case(text)
        })
    }
}

/// The bit of a byte's low five bits; both cases of a letter have the same.
const fn low(byte: u8) -> u32 {
    1 << (byte & 31)
}

/// 1 for a letter, else 0: a sum of these compiles to vector instructions.
fn letter(byte: u8) -> u8 {
    u8::from(byte.is_ascii_alphabetic())
}

/// The bit of a length.
const fn length_bit(length: usize) -> u64 {
    if length < 63 { 1 << length } else { 1 << 63 }
}

/// Whether the table has a pair of bytes; when one is missing, any may stand in its place.
#[inline]
fn holds(table: &[u32; 32], one: u8, other: Option<&u8>) -> bool {
    let others = other.map_or(u32::MAX, |byte| low(*byte));
    table.get(usize::from(one & 31)).is_some_and(|row| row & others != 0)
}

/// Sets bits in the row with this number.
const fn include(rows: &mut [u32; 32], number: u8, bits: u32) {
    let mut at = 0_u8;
    let mut rest = rows.as_mut_slice();
    while let [row, more @ ..] = rest {
        if at == number {
            *row |= bits;
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
    fn near_the_end_a_word_begins_where_it_stands() {
        assert!(WORDS.stand_near_end(b"phone is ", 20) && WORDS.stand_near_end(b"userPhone=", 20));
        assert!(!WORDS.stand_near_end(b"microphone ", 20));
        assert!(!WORDS.stand_near_end(b"phone                   ", 10));
    }
}
