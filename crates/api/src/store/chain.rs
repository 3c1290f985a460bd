//! Whether a store's entries are what was written: hashes, numbers, columns and the head.

use core::fmt;

use datafog_core::Digest;
use serde::Deserialize;

use super::entry::Columns;

/// The last line, by number and hash; zero of both when there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) seq: u64,
    pub(super) hash: Digest,
}

impl Head {
    /// Of an empty chain.
    pub(super) const EMPTY: Self = Self { seq: 0, hash: Digest::ZERO };

    /// The number of the line that comes next.
    pub(super) const fn next(&self) -> u64 {
        self.seq.saturating_add(1)
    }
}

/// A row as a verifier reads it.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) seq: u64,
    pub(super) columns: Columns,
    pub(super) line: String,
    pub(super) hash: Vec<u8>,
}

/// What a reading of the whole chain found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Verified {
    /// How many entries there are.
    pub entries: u64,
    /// The first thing that is not as it was written.
    pub flaw: Option<Flaw>,
}

/// Something that is not as it was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flaw {
    /// A column of the row says something else than its line.
    Columns(u64),
    /// The line was changed, or the one before it was.
    Line(u64),
    /// A number is missing or stands twice; the one that was expected.
    Missing(u64),
    /// The head names another last line: entries were cut off, or added by something else.
    Head(u64),
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Columns(seq) => write!(f, "the columns of entry {seq} differ from its line"),
            Self::Line(seq) => write!(f, "entry {seq}, or the one before it, was changed"),
            Self::Missing(seq) => write!(f, "entry {seq} is missing"),
            Self::Head(seq) => write!(f, "the head does not name entry {seq}, which is the last"),
        }
    }
}

/// What a line says of its place.
#[derive(Deserialize)]
struct Place {
    seq: u64,
    prev: Digest,
}

/// Reads rows in order.
#[derive(Debug)]
pub(super) struct Verifier {
    last: Head,
    flaw: Option<Flaw>,
}

impl Verifier {
    pub(super) const fn new() -> Self {
        Self { last: Head::EMPTY, flaw: None }
    }

    /// Takes the next row, in order of number.
    pub(super) fn push(&mut self, row: &Row) {
        let (expected, hash) = (self.last.next(), Digest::of(row.line.as_bytes()));
        let flaw = if row.seq != expected {
            Some(Flaw::Missing(expected))
        } else if !self.stands(row) || row.hash != hash.as_bytes() {
            Some(Flaw::Line(row.seq))
        } else if Columns::of(&row.line).ok().as_ref() != Some(&row.columns) {
            Some(Flaw::Columns(row.seq))
        } else {
            None
        };
        self.flaw = self.flaw.take().or(flaw);
        self.last = Head { seq: row.seq, hash };
    }

    /// Whether the line says that it belongs where it is.
    fn stands(&self, row: &Row) -> bool {
        let place: Result<Place, _> = serde_json::from_str(&row.line);
        place.is_ok_and(|place| place.seq == row.seq && place.prev == self.last.hash)
    }

    /// The result, once all rows were taken and the head is known.
    pub(super) fn finish(self, head: &Head) -> Verified {
        let cut = (*head != self.last).then_some(Flaw::Head(self.last.seq));
        Verified { entries: self.last.seq, flaw: self.flaw.or(cut) }
    }
}
