//! A scan of a text that comes in pieces, in bounded memory.
//!
//! INVARIANT: segments begin at the same absolute offsets, and see the same bytes around each
//! trigger, as in [`Scanner::scan`] of the whole; so both find the same.

use std::ops::Range;

use datafog_core::{Channel, Finding};

use crate::class::BLOCK;
use crate::engine::Engine;
use crate::kept::Kept;
use crate::scanner::{Scanner, Tally};
use crate::watch::Watch;

/// A running scan; made by [`Scanner::stream`].
///
/// Keeps at most [`Scanner::AHEAD`] bytes that are not scanned yet, what findings still reach back
/// to, and one segment of 32 KiB; everything when made by [`Stream::keeping`].
pub struct Stream<'k> {
    scanner: Scanner<'k>,
    channel: Channel,
    engine: Engine,
    kept: Kept,
    buffer: Vec<u8>,
    /// Absolute offset of the first byte of the buffer, a multiple of [`BLOCK`].
    base: usize,
    /// Everything before this absolute offset is scanned.
    done: usize,
    /// Whether text is dropped only where [`Stream::forget`] says so.
    keeps: bool,
}

impl<'k> Stream<'k> {
    pub(crate) const fn new(scanner: Scanner<'k>, channel: Channel) -> Self {
        Self {
            scanner,
            channel,
            engine: Engine::new(scanner.floor),
            kept: Kept::NONE,
            buffer: Vec::new(),
            base: 0,
            done: 0,
            keeps: false,
        }
    }

    /// The same, which keeps its text until [`Stream::forget`] is called.
    #[must_use]
    pub fn keeping(self) -> Self {
        Self { keeps: true, ..self }
    }

    /// The same, which looks out for words of others.
    #[must_use]
    pub fn watching(self, watch: &'static Watch) -> Self {
        Self { engine: self.engine.watching(watch), ..self }
    }

    /// Where these may begin or stand, as ranges of offsets in order, as far as that was not told
    /// before; and the offset up to which the text was searched for them.
    pub fn watched(&mut self) -> (Vec<Range<usize>>, usize) {
        (self.engine.watched(), self.done)
    }

    /// The end of the text so far, and the offset of its first byte.
    #[must_use]
    pub fn text(&self) -> (&[u8], usize) {
        (&self.buffer, self.base)
    }

    /// Takes the next piece and appends what is certain by now to `out`. Offsets count from the
    /// start of the whole text.
    pub fn push(&mut self, piece: &[u8], out: &mut Vec<Finding>) {
        for part in piece.chunks(Scanner::SEGMENT) {
            self.buffer.extend_from_slice(part);
            while self.waiting() >= Scanner::SEGMENT.saturating_add(Scanner::AHEAD) {
                self.segment(Scanner::SEGMENT, false, out);
            }
        }
    }

    /// Ends the text and appends the rest of what is found to `out`.
    ///
    /// What is kept of the text can still be read; nothing may be pushed any more.
    pub fn finish(&mut self, out: &mut Vec<Finding>) -> Tally {
        while self.waiting() > Scanner::SEGMENT {
            self.segment(Scanner::SEGMENT, false, out);
        }
        self.segment(self.waiting(), true, out);
        self.kept.tally
    }

    /// Bytes that are not scanned yet.
    const fn waiting(&self) -> usize {
        self.base.saturating_add(self.buffer.len()).saturating_sub(self.done)
    }

    /// The offset before which nothing is found any more: what was found there was told.
    #[must_use]
    pub fn settled(&self) -> usize {
        let open = self.engine.open(self.done.saturating_sub(Scanner::BEHIND));
        self.engine.pending.first().map_or(open, |first| first.min(open))
    }

    fn segment(&mut self, length: usize, last: bool, out: &mut Vec<Finding>) {
        let from = self.done.saturating_sub(self.base);
        let to = from.saturating_add(length);
        self.engine.segment(&self.buffer, self.base, from, to);
        self.done = self.done.saturating_add(length);
        let open = if last {
            self.engine.finish();
            usize::MAX
        } else {
            self.engine.open(self.done.saturating_sub(Scanner::BEHIND))
        };
        let Self { scanner, engine, buffer, base, channel, kept, .. } = self;
        scanner.settle(engine, open, (buffer, *base), channel, kept, out);
        if !self.keeps {
            let spare = self.spare(usize::MAX);
            if spare.saturating_sub(self.base) >= Scanner::SEGMENT / 2 {
                self.forget(spare);
            }
        }
    }

    /// Up to which offset, `before` at most, neither a later trigger nor a waiting finding needs the
    /// text.
    #[must_use]
    pub fn spare(&self, before: usize) -> usize {
        let behind = self.done.saturating_sub(Scanner::BEHIND);
        let needed = self.engine.pending.first_needed().map_or(behind, |start| start.min(behind));
        let blocks = needed.min(before).saturating_sub(self.base) / BLOCK;
        self.base.saturating_add(blocks.saturating_mul(BLOCK))
    }

    /// Drops the text before an offset that [`Stream::spare`] has told.
    pub fn forget(&mut self, before: usize) {
        let before = self.spare(before);
        self.buffer.drain(..before.saturating_sub(self.base).min(self.buffer.len()));
        self.base = before;
    }
}

impl core::fmt::Debug for Stream<'_> {
    /// Shows how far the scan is, never the text.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Stream")
            .field("channel", &self.channel)
            .field("done", &self.done)
            .field("tally", &self.kept.tally)
            .finish_non_exhaustive()
    }
}
