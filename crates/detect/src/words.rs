//! Lists of words that are looked for in a short text, in any case of letters.

/// Words in lower case, with the set of their first bytes.
#[derive(Debug)]
pub(crate) struct Words {
    words: &'static [&'static [u8]],
    /// Bit `n` stands for a first byte whose low five bits are `n`.
    heads: u32,
    /// The same of last bytes.
    tails: u32,
    /// Bit `n` stands for two first bytes with that sum of low bits.
    pairs: u64,
}

impl Words {
    /// A list; every word is lower case and not empty.
    pub(crate) const fn new(words: &'static [&'static [u8]]) -> Self {
        let mut heads = 0;
        let mut tails = 0;
        let mut pairs = 0;
        let mut rest = words;
        while let [word, tail @ ..] = rest {
            if let ([head, ..], [.., tail]) = (*word, *word) {
                heads |= 1 << (*head & 31);
                tails |= 1 << (*tail & 31);
                pairs |= if let [_, second, ..] = word { pair(*head, *second) } else { u64::MAX };
            }
            rest = tail;
        }
        Self { words, heads, tails, pairs }
    }

    /// Whether one of the words stands anywhere in `text`.
    pub(crate) fn stand_in(&self, text: &[u8]) -> bool {
        (0..text.len()).any(|at| self.begin(text.get(at..).unwrap_or_default()))
    }

    /// Whether one of the words stands in the last `near` bytes of `text` and begins a word there.
    pub(crate) fn stand_near_end(&self, text: &[u8], near: usize) -> bool {
        let text = text.get(text.len().saturating_sub(near)..).unwrap_or_default();
        let mut before = b' ';
        text.iter().enumerate().any(|(at, byte)| {
            let hump = before.is_ascii_lowercase() && byte.is_ascii_uppercase();
            let starts = !before.is_ascii_alphabetic() || hump;
            before = *byte;
            starts && self.begin(text.get(at..).unwrap_or_default())
        })
    }

    /// Whether `text` begins with one of the words.
    pub(crate) fn begin(&self, text: &[u8]) -> bool {
        let (head, likely) = match text {
            [head, second, ..] => (*head, self.pairs & pair(*head, *second) != 0),
            [head] => (*head, true),
            [] => return false,
        };
        let folded = head.to_ascii_lowercase();
        likely
            && has(self.heads, head)
            && self.words.iter().any(|word| {
                word.first() == Some(&folded)
                    && text.get(..word.len()).is_some_and(|it| it.eq_ignore_ascii_case(word))
            })
    }

    /// Whether `text` ends with one of the words.
    pub(crate) fn end(&self, text: &[u8]) -> bool {
        text.last().is_some_and(|last| has(self.tails, *last))
            && self.words.iter().any(|word| {
                let cut = text.len().checked_sub(word.len());
                cut.and_then(|cut| text.get(cut..))
                    .is_some_and(|tail| tail.eq_ignore_ascii_case(word))
            })
    }

    /// Whether `text` is one of the words.
    pub(crate) fn contain(&self, text: &[u8]) -> bool {
        text.first().is_some_and(|head| has(self.heads, *head))
            && text.last().is_some_and(|last| has(self.tails, *last))
            && self.words.iter().any(|word| word.eq_ignore_ascii_case(text))
    }
}

/// Whether the set holds the byte; both cases of a letter are the same.
const fn has(set: u32, byte: u8) -> bool {
    (set >> (byte & 31)) & 1 == 1
}

const fn pair(first: u8, second: u8) -> u64 {
    1 << ((first & 31).wrapping_mul(7).wrapping_add(second & 31) & 63)
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
