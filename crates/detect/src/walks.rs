//! Runs over a set of bytes, each byte of the text walked at most once per set in a row.
//!
//! A keyword repeated a million times could otherwise make a rule walk the same long run a
//! million times. The last run of a few sets is remembered: a start within it ends where it ends.

use crate::bytes::run;
use crate::tables::SETS;

/// How many runs are remembered.
const REMEMBERED: usize = 8;

/// Runs of fewer bytes are not remembered.
const SHORT: usize = 32;

/// Remembered runs and the work done so far.
#[derive(Debug)]
pub(crate) struct Walks {
    runs: [Walk; REMEMBERED],
    /// The place that is taken next for a set that is not remembered.
    oldest: usize,
    /// The last name to which nothing is assigned as languages write it: absolute offsets. They are enough
    /// to know it again: whether something is assigned is told by bounded text around the name, all of which
    /// is there whenever it is asked about.
    pub(crate) unassigned: (usize, usize),
    /// Bytes looked at behind the prefilter; what the linearity test counts.
    pub(crate) work: u64,
}

#[derive(Clone, Copy, Debug)]
struct Walk {
    set: u16,
    start: usize,
    end: usize,
    /// Whether the byte at `end` is known not to be in the set.
    closed: bool,
}

impl Walks {
    /// Nothing remembered.
    pub(crate) const fn new() -> Self {
        let none = Walk { set: u16::MAX, start: 0, end: 0, closed: false };
        Self { runs: [none; REMEMBERED], oldest: 0, unassigned: (0, 0), work: 0 }
    }

    /// Length of the run of `set` at the start of `text`, which lies at absolute offset `at`; no
    /// more than `limit` is counted.
    pub(crate) fn run(&mut self, set: u16, text: &[u8], at: usize, limit: usize) -> usize {
        let limit = limit.min(text.len());
        let Some((members, bit)) = members(set) else { return 0 };
        // To walk a short run again costs less than to remember it.
        let near = text.get(..limit.min(SHORT)).unwrap_or_default();
        let length = run(near, |byte| holds(members, bit, byte));
        if length < near.len() || length == limit {
            self.work = self.work.saturating_add(length as u64);
            return length;
        }
        let slot = self.runs.iter().position(|walk| walk.set == set);
        let slot = slot.unwrap_or(self.oldest);
        let Some(known) = self.runs.get(slot).copied() else { return 0 };
        let within = known.set == set && known.start <= at && at < known.end;
        // What was just walked is known, too.
        let sure = if within { known.end.saturating_sub(at).max(length) } else { length };
        if sure >= limit || (within && known.closed) {
            return sure.min(limit);
        }
        let rest = text.get(sure..limit).unwrap_or_default();
        let more = run(rest, |byte| holds(members, bit, byte));
        self.work = self.work.saturating_add(more as u64);
        let length = sure.saturating_add(more);
        if known.set != set {
            self.oldest = self.oldest.wrapping_add(1) % REMEMBERED;
        }
        if let Some(slot) = self.runs.get_mut(slot) {
            let start = if within { known.start } else { at };
            let end = at.saturating_add(length);
            *slot = Walk { set, start, end, closed: more < rest.len() };
        }
        length
    }
}

/// Whether `byte` is in the set with this number.
pub(crate) fn in_set(set: u16, byte: u8) -> bool {
    members(set).is_some_and(|(members, bit)| holds(members, bit, byte))
}

/// The table that tells for each byte in which of eight sets it is, and the bit of this one.
fn members(set: u16) -> Option<(&'static [u8; 256], u8)> {
    SETS.get(usize::from(set >> 3)).map(|members| (members, 1 << (set & 7)))
}

fn holds(members: &[u8; 256], bit: u8, byte: u8) -> bool {
    members.get(usize::from(byte)).is_some_and(|sets| sets & bit != 0)
}
