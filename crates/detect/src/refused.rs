//! The last assignment in which nothing was found, so that the same text again is not judged again.
//!
//! A text may repeat `password='` a million times; judging a value costs a hundred times what
//! comparing it does.

use crate::assignment::Assignment;
use crate::rule::Keyword;

/// Bytes that are remembered at most; longer assignments are judged each time.
const MOST: usize = 128;

/// Bytes after a value that finding or judging it may look at: a type annotation, or blanks before
/// the end of the line.
const AFTER: usize = 48;

/// A remembered text and where in it the keyword stands.
#[derive(Debug)]
pub(crate) struct Refused {
    text: [u8; MOST],
    length: usize,
    word: usize,
    keyword: Option<&'static Keyword>,
}

impl Refused {
    /// Nothing is remembered.
    pub(crate) const NONE: Self = Self { text: [0; MOST], length: 0, word: 0, keyword: None };

    /// Whether the keyword at `at` of `text` stands in the same text as the remembered one.
    pub(crate) fn again(&self, keyword: &'static Keyword, text: &[u8], at: usize) -> bool {
        let same = self.keyword.is_some_and(|known| core::ptr::eq(known, keyword));
        let known = self.text.get(..self.length).unwrap_or_default();
        same && at
            .checked_sub(self.word)
            .and_then(|start| text.get(start..)?.get(..known.len()))
            .is_some_and(|here| here == known)
    }

    /// Remembers the assignment to which the keyword at `at` of `text` led: from the byte before
    /// the name to all that may be looked at after the value.
    pub(crate) fn keep(
        &mut self,
        keyword: &'static Keyword,
        text: &[u8],
        at: usize,
        found: &Assignment,
    ) {
        self.keyword = None;
        let Some(start) = found.name.0.checked_sub(1) else { return };
        let end = found.value.1.saturating_add(AFTER);
        let Some(known) = text.get(start..end).filter(|known| known.len() <= MOST) else { return };
        let Some(place) = self.text.get_mut(..known.len()) else { return };
        place.copy_from_slice(known);
        self.length = known.len();
        self.word = at.saturating_sub(start);
        self.keyword = Some(keyword);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::Form;

    const fn keyword() -> Keyword {
        Keyword { text: b"token", head: 0, mask: 0, classes: 0, offset: 0, rules: &[], layer: None }
    }

    static KEYWORD: Keyword = keyword();
    static OTHER: Keyword = keyword();

    #[test]
    fn only_the_same_text_around_the_same_keyword_is_known() {
        let text = format!(" token: abcd{}", " ".repeat(AFTER)).into_bytes();
        let found =
            Assignment { name: (1, 6), value: (8, 12), quoted: false, form: Form::Operator };
        let mut refused = Refused::NONE;
        assert!(!refused.again(&KEYWORD, &text, 1));
        refused.keep(&KEYWORD, &text, 1, &found);
        assert!(refused.again(&KEYWORD, &text, 1) && !refused.again(&OTHER, &text, 1));
        for at in 0..text.len() {
            let mut changed = text.clone();
            changed[at] ^= 1;
            assert!(!refused.again(&KEYWORD, &changed, 1), "{at}");
        }
        assert!(!refused.again(&KEYWORD, &text[..text.len() - 1], 1));
    }

    #[test]
    fn what_is_too_long_is_not_remembered() {
        let text = format!(" token: {}", "a".repeat(MOST)).into_bytes();
        let found = Assignment {
            name: (1, 6),
            value: (8, 8 + MOST - AFTER),
            quoted: false,
            form: Form::Operator,
        };
        let mut refused = Refused::NONE;
        refused.keep(&KEYWORD, &text, 1, &found);
        assert!(!refused.again(&KEYWORD, &text, 1));
    }
}
