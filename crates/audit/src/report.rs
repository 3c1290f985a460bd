//! What a verification found.

use core::fmt;

use datafog_core::{Digest, Id};
use serde::Serialize;

/// The result of [`verify`](fn@crate::verify).
///
/// An intact chain means that no line was changed, removed, added or moved *after* it was written
/// by somebody who did not also rewrite everything that follows, the head included. Against that,
/// only a witness elsewhere helps: keep [`Report::last`] where the user of the ledger cannot write.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Ledger files that were read.
    pub files: u64,
    /// Lines that were read, good or bad.
    pub lines: u64,
    /// Bytes that were read.
    pub bytes: u64,
    /// The first bad line; `None` when the chain is intact.
    pub first_bad: Option<Bad>,
    /// How often the chain is broken in all. One bad line can break it twice.
    pub breaks: u64,
    /// Number and hash of the last line that the chain reaches.
    pub last: Option<(u64, Digest)>,
    /// Good lines beyond the head: their writer was killed before it moved the head. The next
    /// append takes them in.
    pub unheaded: u64,
    /// Whether a recovery was begun whose receipt is not written yet; the next append writes it.
    pub owed: bool,
    /// Recoveries that the ledger records: the first [`Report::LISTED`].
    pub recoveries: Vec<Recovery>,
    /// How many recoveries there are in all.
    pub recovery_count: u64,
    /// How many of them made a lost head anew: whether lines were removed with it, nothing tells.
    pub heads_lost: u64,
    /// Files in the quarantine, by name: the first [`Report::LISTED`].
    pub quarantined: Vec<String>,
    /// How many files there are in the quarantine in all.
    pub quarantine_count: u64,
    /// Lines whose time is malformed, or earlier than that of the line before by more than
    /// five minutes. A clock that was set back does that, so it is no break.
    pub odd_times: u64,
}

impl Report {
    /// Most recoveries and quarantined files that are listed.
    pub const LISTED: usize = 1000;

    /// Whether every line is as it was written.
    #[must_use]
    pub const fn is_intact(&self) -> bool {
        self.first_bad.is_none()
    }

    /// Whether moreover no line can have been removed unnoticed.
    #[must_use]
    pub const fn is_proven(&self) -> bool {
        self.is_intact() && self.heads_lost == 0
    }
}

/// A bad line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Bad {
    /// Where it stands.
    #[serde(flatten)]
    pub place: Place,
    /// What is wrong.
    pub flaw: Flaw,
}

impl fmt::Display for Bad {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.flaw)
    }
}

/// A place in the ledger.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Place {
    /// Name of the file inside the ledger's folder.
    pub file: String,
    /// Number of the line, from 1.
    pub line: u64,
    /// Offset of its first byte in the file.
    pub offset: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{} (byte {})", self.file, self.line, self.offset)
    }
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Flaw {
    /// Its bytes are not those that the next line, or the head, has the hash of; or it is no
    /// receipt.
    Edited,
    /// The head is missing, damaged or of another chain. The place is that of the head file, or,
    /// when the head can be read, where it says that the chain ends.
    Head,
    /// It does not belong there: the line after it continues the one before it.
    Inserted,
    /// Lines `first..=last` should stand before it.
    Missing {
        /// Number of the first missing line.
        first: u64,
        /// Number of the last missing line.
        last: u64,
    },
    /// It, or the line that should stand there, stands somewhere else.
    Reordered,
    /// It has no end, and stands beyond the head: a writer was killed. The next append sets it
    /// aside.
    Torn,
    /// Lines `first..=last` should stand from here on, by the head or by the receipt of a
    /// recovery that found them missing.
    Truncated {
        /// Number of the first missing line.
        first: u64,
        /// Number of the last missing line.
        last: u64,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Edited => f.write_str("edited: not the bytes that were recorded"),
            Self::Head => f.write_str("the head is missing, damaged or of another chain"),
            Self::Inserted => f.write_str("inserted: the chain goes on without it"),
            Self::Missing { first, last } => {
                write!(f, "missing before it: {}", Lines(*first, *last))
            }
            Self::Reordered => f.write_str("reordered: not in the place where it was recorded"),
            Self::Torn => f.write_str("torn: an unfinished line beyond the head"),
            Self::Truncated { first, last } => {
                write!(f, "truncated: {} cut off here", Lines(*first, *last))
            }
        }
    }
}

/// `line 3` or `lines 3 to 5`.
struct Lines(u64, u64);

impl fmt::Display for Lines {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0 == self.1 {
            write!(f, "line {}", self.0)
        } else {
            write!(f, "lines {} to {}", self.0, self.1)
        }
    }
}

/// A break that a writer found and recorded.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Recovery {
    /// Where its receipt stands.
    #[serde(flatten)]
    pub place: Place,
    /// Id of its receipt.
    pub receipt_id: Id,
    /// When it was found.
    pub timestamp: String,
    /// What was found and done.
    pub reason: String,
}
