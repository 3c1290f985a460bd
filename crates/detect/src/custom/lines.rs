//! A text that comes in pieces, line by line.
//!
//! INVARIANT: lines are cut at the same places however the pieces are.

use datafog_core::{Channel, Finding, Key};
use memchr::memchr;

use super::Custom;

/// Bytes of a line that are looked at in one part.
const LONGEST: usize = 64 << 10;

/// A running scan; made by [`Custom::stream`]. Keeps at most 64 KiB of the text.
#[derive(Debug)]
pub struct CustomStream<'c> {
    custom: &'c Custom,
    channel: Channel,
    key: &'c Key,
    /// The beginning of a line whose end has not come.
    begun: Vec<u8>,
    /// Offset of its first byte.
    base: usize,
}

impl<'c> CustomStream<'c> {
    pub(super) const fn new(custom: &'c Custom, channel: Channel, key: &'c Key) -> Self {
        Self { custom, channel, key, begun: Vec::new(), base: 0 }
    }

    /// Takes the next piece and appends what is certain by now to `out`.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<Finding>) {
        if self.begun.is_empty() {
            let left = self.lines(piece, out);
            self.begun.extend_from_slice(left);
            return;
        }
        let mut text = core::mem::take(&mut self.begun);
        text.extend_from_slice(piece);
        let left = self.lines(&text, out).len();
        text.drain(..text.len().saturating_sub(left));
        self.begun = text;
    }

    /// The offset before which nothing is found any more: where the present line begins, or the part
    /// of a long one.
    #[must_use]
    pub const fn settled(&self) -> usize {
        self.base
    }

    /// Ends the text and appends the rest of what is found to `out`.
    pub fn finish(mut self, out: &mut Vec<Finding>) {
        self.finish_with(&[], out);
    }

    /// Takes the last piece.
    pub(super) fn finish_with(&mut self, piece: &[u8], out: &mut Vec<Finding>) {
        self.push(piece, out);
        let rest = core::mem::take(&mut self.begun);
        self.custom.line(&rest, self.base, &self.channel, self.key, out);
    }

    /// Looks at every line that ends in `text`, and at parts of long ones; gives back the rest.
    fn lines<'t>(&mut self, mut text: &'t [u8], out: &mut Vec<Finding>) -> &'t [u8] {
        loop {
            let window = text.get(..LONGEST).unwrap_or(text);
            let (length, taken) = match memchr(b'\n', window) {
                Some(feed) => (feed, feed.saturating_add(1)),
                None if window.len() == LONGEST => (LONGEST, LONGEST),
                None => return text,
            };
            let line = text.get(..length).unwrap_or_default();
            self.custom.line(line, self.base, &self.channel, self.key, out);
            self.base = self.base.saturating_add(taken);
            text = text.get(taken..).unwrap_or_default();
        }
    }
}
