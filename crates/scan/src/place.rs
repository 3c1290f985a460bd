//! Lines and columns, worked out only where something was found.

use memchr::{memchr_iter, memrchr};

/// Where something stands; all counts begin at 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Place {
    /// Lines end with a line feed.
    pub(crate) line: usize,
    /// In bytes.
    pub(crate) column: usize,
    /// In characters; bytes that are no UTF-8 count with the character before them.
    pub(crate) character: usize,
}

/// A place that moves forward through a text.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Cursor {
    at: usize,
    /// Line feeds before `at`.
    lines: usize,
    /// Offset of the first byte of the line.
    line_start: usize,
    /// Characters between `line_start` and `at`.
    characters: usize,
}

impl Cursor {
    /// Moves on to the absolute offset `to` of a text whose byte at offset `base` is the first of
    /// `text`. Never moves back.
    pub(crate) fn advance(&mut self, text: &[u8], base: usize, to: usize) {
        let from = self.at.saturating_sub(base).min(text.len());
        let end = to.saturating_sub(base).min(text.len());
        let Some(passed) = text.get(from..end) else { return };
        self.lines = self.lines.saturating_add(memchr_iter(b'\n', passed).count());
        if let Some(feed) = memrchr(b'\n', passed) {
            let rest = feed.saturating_add(1);
            self.line_start = base.saturating_add(from).saturating_add(rest);
            self.characters = characters(passed.get(rest..).unwrap_or_default());
        } else {
            self.characters = self.characters.saturating_add(characters(passed));
        }
        self.at = base.saturating_add(end);
    }

    /// Moves on to where `other` is, unless it is there already. Both are of the same text.
    pub(crate) const fn no_earlier_than(&mut self, other: Self) {
        if self.at < other.at {
            *self = other;
        }
    }

    /// The place of the byte that comes next.
    pub(crate) const fn place(&self) -> Place {
        Place {
            line: self.lines.saturating_add(1),
            column: self.at.saturating_sub(self.line_start).saturating_add(1),
            character: self.characters.saturating_add(1),
        }
    }
}

/// Bytes that begin a character of UTF-8 (RFC 3629 §3: the others are `10xxxxxx`).
fn characters(text: &[u8]) -> usize {
    text.iter().filter(|byte| **byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_do_not_depend_on_the_steps() {
        let text = "ab\nä ü x\r\n\n  é".as_bytes();
        for to in 0..=text.len() {
            let mut whole = Cursor::default();
            whole.advance(text, 0, to);
            let mut steps = Cursor::default();
            for step in 0..=to {
                // Only what is still there of the text may be asked for.
                let base = step.saturating_sub(1);
                steps.advance(&text[base..], base, step);
            }
            assert_eq!(steps.place(), whole.place(), "{to}");
        }
    }

    #[test]
    fn columns_count_bytes_and_characters() {
        let text = "x\nä = y".as_bytes();
        let mut cursor = Cursor::default();
        cursor.advance(text, 0, 7);
        assert_eq!(cursor.place(), Place { line: 2, column: 6, character: 5 });
    }
}
