//! Judges a chain line by line and says what is wrong with the first bad one.
//!
//! A mismatch of two neighbours does not tell which of them is bad. The line after them does: who
//! is named by its successor is as it was written. So a pair is judged when its successor is
//! known, and the head counts as the successor of the last line.

use datafog_core::Digest;

use crate::{Bad, Flaw, Place};

/// One line as the chain sees it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Where it stands.
    pub(crate) place: Place,
    /// Hash of its bytes.
    pub(crate) hash: Digest,
    /// Its own number and the hash that it has of the line before; `None` when it is no receipt.
    pub(crate) link: Option<(u64, Digest)>,
    /// What it is.
    pub(crate) role: Role,
}

/// What a line is to the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Role {
    /// The head, which speaks as the line that would come next.
    Head,
    /// An ordinary line.
    Line,
    /// A line without an end.
    Open,
    /// The receipt of a recovery.
    Recovery,
}

/// The state of a judgement.
#[derive(Debug, Default)]
pub(crate) struct Chain {
    /// The line before `last`.
    before: Option<Seen>,
    /// The last line that was judged.
    last: Option<Seen>,
    /// The line that waits for its successor.
    held: Option<Seen>,
    /// Whether the first line may have any number, because earlier ones were not read.
    midway: bool,
    first_bad: Option<Bad>,
    /// Number and hash that a line would have that is missing at the first break.
    sought: Option<(u64, Digest)>,
    /// The line before an unreadable one that is the first bad one, until a readable line tells
    /// which of them is bad.
    doubted: Option<Seen>,
    breaks: u64,
}

impl Chain {
    /// A chain from its first line; or, `midway`, from any line, which is then taken as good.
    pub(crate) fn new(midway: bool) -> Self {
        Self { midway, ..Self::default() }
    }

    /// Takes the next line.
    pub(crate) fn push(&mut self, next: Seen) {
        self.reconsider(&next);
        if let Some(line) = self.held.replace(next) {
            self.judge(&line);
            self.before = self.last.replace(line);
        }
    }

    /// Corrects what was said of the first bad line by what a later one says.
    fn reconsider(&mut self, next: &Seen) {
        let (Some(bad), Some((seq, prev))) = (&mut self.first_bad, next.link) else { return };
        if self.sought.is_some() && next.link == self.sought && next.role != Role::Head {
            // What was missing stands further on.
            self.sought = None;
            bad.flaw = Flaw::Reordered;
        }
        if let Some(doubted) = self.doubted.take() {
            let (wanted, hash) = expected(Some(&doubted));
            if seq == wanted && prev == hash {
                bad.flaw = Flaw::Inserted;
            } else if seq == wanted {
                // Its successor knows another line of that number: the end of that line was made
                // into the unreadable one.
                *bad = Bad { place: doubted.place, flaw: Flaw::Edited };
            }
        }
    }

    /// Judges the last line, which has no successor; how often the chain broke, and the first
    /// bad line.
    pub(crate) fn finish(mut self) -> (u64, Option<Bad>) {
        if let Some(line) = self.held.take() {
            self.judge(&line);
        }
        (self.breaks, self.first_bad)
    }

    /// Compares `line` with the one before it; `self.held` is its successor.
    fn judge(&mut self, line: &Seen) {
        let taken_as_good = self.last.is_none() && self.midway && line.link.is_some();
        if taken_as_good || fits(line, self.last.as_ref()) {
            return;
        }
        self.breaks = self.breaks.saturating_add(1);
        if self.first_bad.is_some() {
            return;
        }
        let bad = self.blame(line);
        if matches!(bad.flaw, Flaw::Missing { .. }) {
            self.sought = Some(expected(self.last.as_ref()));
        } else if line.link.is_none() {
            self.doubted.clone_from(&self.last);
        }
        self.first_bad = Some(bad);
        if let Some(held) = self.held.take() {
            self.reconsider(&held);
            self.held = Some(held);
        }
    }

    /// Which of the two is bad, and how.
    fn blame(&self, line: &Seen) -> Bad {
        let last = self.last.as_ref();
        let bad = |flaw| Bad { place: line.place.clone(), flaw };
        let Some((seq, prev)) = line.link.filter(|_| line.role != Role::Open) else {
            return bad(self.blame_unreadable(line));
        };
        let (wanted, hash) = expected(last);
        let vouched = line.role == Role::Head || self.held_fits(line);
        if let Some(last) = last {
            let blame_last = |flaw| Bad { place: last.place.clone(), flaw };
            let stands_in_its_place = vouched && fits(line, self.before.as_ref());
            if last.hash == line.hash {
                return bad(Flaw::Inserted);
            } else if stands_in_its_place {
                return blame_last(Flaw::Inserted);
            } else if vouched && seq == wanted {
                return blame_last(Flaw::Edited);
            }
        }
        let (first, lacking) = (wanted, seq.saturating_sub(1));
        let ahead = seq > wanted;
        bad(if line.role == Role::Head {
            if ahead { Flaw::Truncated { first, last: lacking } } else { Flaw::Head }
        } else if self.successor_skips() {
            if ahead { Flaw::Reordered } else { Flaw::Inserted }
        } else if prev == hash || seq == wanted {
            Flaw::Edited
        } else if !ahead {
            Flaw::Inserted
        } else if line.role == Role::Recovery {
            Flaw::Truncated { first, last: lacking }
        } else {
            Flaw::Missing { first, last: lacking }
        })
    }

    /// What an unreadable line is.
    fn blame_unreadable(&self, line: &Seen) -> Flaw {
        if self.successor_skips() {
            Flaw::Inserted
        } else if line.role == Role::Open {
            let (first, _) = expected(self.last.as_ref());
            let head = self.held.as_ref().filter(|held| held.role == Role::Head);
            let last =
                head.and_then(|head| head.link).map_or(first, |(seq, _)| seq.saturating_sub(1));
            Flaw::Truncated { first, last: last.max(first) }
        } else {
            Flaw::Edited
        }
    }

    /// Whether the waiting line continues `line`.
    fn held_fits(&self, line: &Seen) -> bool {
        self.held.as_ref().is_some_and(|held| fits(held, Some(line)))
    }

    /// Whether the waiting line continues the last judged one, as if the one between were not
    /// there.
    fn successor_skips(&self) -> bool {
        self.held.as_ref().is_some_and(|held| fits(held, self.last.as_ref()))
    }
}

/// Number and hash that the line after `last` must have.
pub(crate) fn expected(last: Option<&Seen>) -> (u64, Digest) {
    match last {
        None => (1, Digest::ZERO),
        Some(last) => {
            let seq = last.link.map_or(0, |(seq, _)| seq);
            (seq.saturating_add(1), last.hash)
        }
    }
}

/// Whether `line` continues `last`.
fn fits(line: &Seen, last: Option<&Seen>) -> bool {
    line.role != Role::Open
        && line.link == Some(expected(last))
        && last.is_none_or(|last| last.link.is_some())
}
