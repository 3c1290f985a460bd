//! Compressed data in gzip members (RFC 1952), undone bit by bit as it comes.
//!
//! INVARIANT: what is undone is at most [`MOST`] times what was read, so that a small text cannot
//! cost much; data that grows more is left there.

use miniz_oxide::DataFormat;
use miniz_oxide::MZFlush;
use miniz_oxide::inflate::stream::{InflateState, MinReset, inflate};

use super::OVERLAP;
pub(crate) use super::deflate::Undone;
use super::deflate::{self, Start};

/// The first bytes of a member: the two of the format, and the only method there is.
pub(crate) const MAGIC: &[u8] = &[0x1f, 0x8b, 8];

/// How many times larger than itself compressed data may get.
const MOST: usize = 32;

/// Bytes undone before they are scanned.
const WINDOW: usize = 32 * 1024;

/// Compressed bytes that are undone at once; findings are known as exactly as this.
const STEP: usize = 16;

/// Decoded bytes taken at once.
const PIECE: usize = 4096;

/// Compressed data of which a part is undone.
pub(crate) struct Gzip {
    state: Box<InflateState>,
    /// Where a step is undone to: clearing room for each one would cost more than undoing it.
    piece: Box<[u8; PIECE]>,
    /// What is undone and not scanned yet, after what the last window saw already.
    window: Vec<u8>,
    /// Whether the window begins in the middle of the data.
    open: bool,
    /// Where in the window each step began, and where in the text.
    steps: Vec<(usize, usize)>,
    /// Absolute offset of the next compressed byte.
    next: usize,
    read: usize,
    written: usize,
}

/// What feeding came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fed {
    /// The window is full and wants to be scanned.
    Full,
    /// All that was there is read.
    More,
    /// The data ended, is damaged or grows too much; the window holds the last of it.
    Over,
}

impl Gzip {
    /// A member whose compressed data begins at absolute offset `at`. The memory of an earlier one is used
    /// again: to clear it costs more than most texts do that only look like a member. What damaged data
    /// copies from before its own beginning is some of what was undone earlier, unless that is seen when it
    /// begins.
    pub(crate) fn begin(at: usize, spare: &mut Option<Box<Self>>) -> Box<Self> {
        let mut member = spare.take().unwrap_or_else(Self::new);
        member.state.reset_as(MinReset);
        member.window.clear();
        member.steps.clear();
        member.open = false;
        member.next = at;
        member.read = 0;
        member.written = 0;
        member
    }

    fn new() -> Box<Self> {
        Box::new(Self {
            state: InflateState::new_boxed(DataFormat::Raw),
            piece: Box::new([0; PIECE]),
            window: Vec::new(),
            open: false,
            steps: Vec::new(),
            next: 0,
            read: 0,
            written: 0,
        })
    }

    /// Reads on in `text`, whose first byte has absolute offset `base`, up to `to`.
    pub(crate) fn feed(&mut self, text: &[u8], base: usize, to: usize) -> Fed {
        while self.next < base.saturating_add(to) {
            if self.window.len() >= WINDOW {
                return Fed::Full;
            }
            let from = self.next.saturating_sub(base);
            let step = text.get(from..from.saturating_add(STEP).min(to)).unwrap_or_default();
            self.steps.push((self.window.len(), self.next));
            if !self.step(step) {
                return Fed::Over;
            }
        }
        Fed::More
    }

    /// Reads one step; false when it was the last.
    fn step(&mut self, mut input: &[u8]) -> bool {
        loop {
            let result = inflate(&mut self.state, input, &mut *self.piece, MZFlush::None);
            let written = self.piece.get(..result.bytes_written).unwrap_or_default();
            self.window.extend_from_slice(written);
            input = input.get(result.bytes_consumed..).unwrap_or_default();
            self.next = self.next.saturating_add(result.bytes_consumed);
            self.read = self.read.saturating_add(result.bytes_consumed);
            self.written = self.written.saturating_add(result.bytes_written);
            let ended = !matches!(
                result.status,
                Ok(miniz_oxide::MZStatus::Ok) | Err(miniz_oxide::MZError::Buf)
            );
            if ended || self.written > self.read.saturating_mul(MOST) {
                return false;
            }
            if input.is_empty() && result.bytes_written < PIECE {
                return true;
            }
            if result.bytes_consumed == 0 && result.bytes_written == 0 {
                return false;
            }
        }
    }

    /// What is undone and not scanned yet, and whether it begins in the middle of the data.
    pub(crate) fn window(&self) -> (&[u8], bool) {
        (&self.window, self.open)
    }

    /// The compressed bytes of `start..end` of the window, in absolute offsets.
    pub(crate) fn outer(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let first = self.steps.partition_point(|(place, _)| *place <= start).checked_sub(1)?;
        let last = self.steps.partition_point(|(place, _)| *place < end);
        let end = self.steps.get(last).map_or(self.next, |(_, at)| *at);
        Some((self.steps.get(first)?.1, end))
    }

    /// Absolute offset of the compressed bytes that the window begins with.
    pub(crate) fn place(&self) -> usize {
        self.steps.first().map_or(self.next, |(_, at)| *at)
    }

    /// Drops what is scanned, except what the next window sees again.
    pub(crate) fn forget(&mut self) {
        let drop = self.window.len().saturating_sub(OVERLAP);
        self.window.drain(..drop);
        let first = self.steps.partition_point(|(place, _)| *place <= drop).saturating_sub(1);
        self.steps.drain(..first);
        for (place, _) in &mut self.steps {
            *place = place.saturating_sub(drop);
        }
        self.open = true;
    }
}

impl core::fmt::Debug for Gzip {
    /// Shows how far it is, never the data.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Gzip")
            .field("next", &self.next)
            .field("written", &self.written)
            .finish_non_exhaustive()
    }
}

/// What a member is found to be when it begins.
pub(crate) struct Member {
    /// Bytes before its data.
    pub(crate) header: usize,
    /// Whether what was undone is all that it holds.
    pub(crate) is_over: bool,
}

/// The member at the start of `text`, if one may begin there; the first bytes that it holds are appended.
pub(crate) fn member(text: &[u8], undone: &mut Undone) -> Option<Member> {
    let header = header(text)?;
    match deflate::start(text.get(header..)?, undone) {
        Start::None => None,
        Start::Begun => Some(Member { header, is_over: false }),
        Start::Over => Some(Member { header, is_over: true }),
    }
}

/// Length of the header at the start of `text` (RFC 1952 §2.3).
fn header(text: &[u8]) -> Option<usize> {
    let [0x1f, 0x8b, 8, flags, ..] = text else { return None };
    if flags & 0xE0 != 0 {
        return None;
    }
    let mut at = 10_usize;
    if flags & 4 != 0 {
        let length = text.get(at..at.checked_add(2)?)?;
        let length = u16::from_le_bytes(length.try_into().ok()?);
        at = at.checked_add(2)?.checked_add(usize::from(length))?;
    }
    for flag in [8, 16] {
        if flags & flag != 0 {
            let end = text.get(at..)?.iter().position(|byte| *byte == 0)?;
            at = at.checked_add(end)?.checked_add(1)?;
        }
    }
    let at = if flags & 2 != 0 { at.checked_add(2)? } else { at };
    (at < text.len()).then_some(at)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_have_their_length() {
        assert_eq!(header(&[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 1]), Some(10));
        assert_eq!(header(b"\x1f\x8b\x08\x08\0\0\0\0\0\x03a.txt\0x"), Some(16));
        assert_eq!(header(b"\x1f\x8b\x08\xe0\0\0\0\0\0\x03x"), None);
        assert_eq!(header(b"\x1f\x8b\x07\0\0\0\0\0\0\x03x"), None);
    }
}
