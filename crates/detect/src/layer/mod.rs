//! Layers of disguise: text that stands in another text in a spelling of its own.
//!
//! Base64, hex, UTF-16, escapes, quoted-printable, literals that code puts together, and gzip. A
//! layer is undone where it stands, into a buffer that remembers for each byte where it came from;
//! what is found in the buffer is reported where it stands in the outer text.
//!
//! What looks like a layer and does not decode to text is left alone after its first bytes: paths,
//! names, images, keys, signatures. Layers are undone two deep. A layer of bytes is undone in
//! windows that overlap, so that memory is bounded and a stream finds what a slice does; all of it
//! takes time linear in the outer text, compressed data up to a fixed multiple of it.

pub(crate) mod base64;
mod blocks;
mod decoded;
mod deflate;
mod dense;
pub(crate) mod gzip;
pub(crate) mod hex;
pub(crate) mod spelled;
pub(crate) mod wide;

pub(crate) use blocks::{Blocks, Letters, Marks};
pub(crate) use decoded::Decoded;

/// How many layers are undone on top of each other.
pub(crate) const DEEPEST: u8 = 2;

/// Fewest decoded bytes that can hold anything.
pub(crate) const FEWEST: usize = 8;

/// Outer bytes undone at once.
pub(crate) const WINDOW: usize = 8 * 1024;

/// Decoded bytes of a window that the next one sees again: what is longer and lies across the
/// border of two windows is found by its first part or not at all.
pub(crate) const OVERLAP: usize = 1536;

/// A spelling of bytes by runs of digits or units.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Spelling {
    Base64,
    Hex,
    Wide(wide::Order),
}

impl Spelling {
    /// Undoes the layer at the start of `text` into `out`; no more than a window of it.
    pub(crate) fn undo(self, text: &[u8], out: &mut Decoded) -> Stop {
        match self {
            Self::Base64 => base64::undo(text, out),
            Self::Hex => hex::undo(text, out),
            Self::Wide(order) => wide::undo(text, order, out),
        }
    }

    /// How many decoded bytes are made of whole digits or units of the outer text.
    pub(crate) const fn group(self) -> usize {
        match self {
            Self::Base64 => 3,
            Self::Hex | Self::Wide(_) => 1,
        }
    }
}

/// Where a window of a layer ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Stop {
    /// Outer bytes that were undone.
    pub(crate) length: usize,
    /// Whether the layer goes on after them.
    pub(crate) open: bool,
}

/// What a scan remembers about layers between its segments; absolute offsets.
#[derive(Debug)]
pub(crate) struct Layers {
    /// Runs of digits and units before this are done.
    pub(crate) runs: usize,
    /// Spelled parts before this are done: those that keywords lead to, those in quoted-printable,
    /// and those that begin with `%`.
    pub(crate) spelled: [usize; 3],
    /// Where the next window of a layer begins.
    pub(crate) resume: Option<(Spelling, usize)>,
    /// Compressed data that goes on.
    pub(crate) gzip: Option<Box<gzip::Gzip>>,
    /// Compressed data that ended; kept for its memory.
    pub(crate) spare: Option<Box<gzip::Gzip>>,
    /// Kept for its memory.
    pub(crate) buffer: Decoded,
}

impl Layers {
    /// Nothing seen yet.
    pub(crate) const fn new() -> Self {
        Self {
            runs: 0,
            spelled: [0; 3],
            resume: None,
            gzip: None,
            spare: None,
            buffer: Decoded::new(),
        }
    }

    /// Whether a layer goes on after `place`.
    pub(crate) fn go_on(&self, place: usize) -> bool {
        let spelled = self.spelled.iter().any(|done| *done > place);
        spelled || self.resume.is_some() || self.gzip.is_some()
    }

    /// Goes on with runs as if `distance` bytes, which repeat what was seen, were done, too.
    pub(crate) fn pass(&mut self, distance: usize) {
        if let Some((_, at)) = &mut self.resume {
            *at = at.saturating_add(distance);
            self.runs = self.runs.saturating_add(distance);
        }
    }
}

/// Whether a byte stands in text: printable ASCII, a tab or a line end.
pub(crate) const fn is_text(byte: u8) -> bool {
    // No branch for each: which of random bytes are text cannot be foretold.
    (byte.wrapping_sub(b' ') <= b'~' - b' ') | (byte == b'\t') | (byte == b'\n') | (byte == b'\r')
}

/// Whether a layer whose first bytes these are may be what [`is_promising`] is asked about.
const fn may_begin(head: [u8; 3]) -> bool {
    match head {
        [0x1f, 0x8b, 8] => true,
        [0, byte, 0] => is_text(byte),
        [first, second, third] => {
            is_text(first) && (second == 0 || is_text(second)) && (third == 0 || is_text(third))
        }
    }
}

/// Whether decoded bytes, the first ones of a layer, are text, or compressed, or text in UTF-16.
fn is_promising(head: &[u8]) -> bool {
    let wide = head.chunks_exact(2).all(|pair| matches!(pair, [byte, 0] if is_text(*byte)))
        || head.chunks_exact(2).all(|pair| matches!(pair, [0, byte] if is_text(*byte)));
    head.iter().all(|byte| is_text(*byte)) || wide || head.starts_with(gzip::MAGIC)
}
