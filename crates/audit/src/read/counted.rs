//! What the ledger knows of a counter: which calls a rule counted.
//!
//! Counters are kept in files of their own, which are quick to ask and easy to lose. Every receipt
//! names the rules that counted its call, so a counter can be made anew, and one that was put back
//! to an earlier state is found out.

use std::borrow::Cow;
use std::path::Path;

use datafog_core::{Digest, Id};
use serde::Deserialize;

use super::backward::Backward;
use crate::Error;
use crate::line::VERSION;
use crate::scan::{Line, open};
use crate::snapshot::Snapshot;

/// How much further than asked is read, in milliseconds: a day, so that no ordinary disorder of
/// clocks hides a call.
const DISORDER: u64 = 24 * 60 * 60 * 1000;

/// A place in the chain: the number of a line, and its hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mark {
    /// Number of the line; 0 before the first.
    pub seq: u64,
    /// Hash of the line; zeros before the first.
    pub hash: Digest,
}

impl Mark {
    /// Before the first line.
    pub const START: Self = Self { seq: 0, hash: Digest::ZERO };
}

/// The calls that a counter counted, as far as the ledger was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// Ids of the calls, newest first. An id holds its moment.
    pub calls: Vec<Id>,
    /// Where the chain ends.
    pub end: Mark,
    /// Whether no call can be missing: every line that was read follows from the next one, none of
    /// them mended a break, and they go back to where the caller wanted.
    pub whole: bool,
    /// The moment of the first line of all, in milliseconds since 1970; the end of time where there
    /// is none. `None` where it was not looked for: what came before was not wanted.
    pub begins: Option<u64>,
}

/// Calls in the ledger at `dir` that the rule `counter` counted since the line `known`, or, where
/// the chain has no such line, since the moment `since` (milliseconds since 1970). A ledger that is
/// not there yet has counted nothing.
///
/// # Errors
/// When a file cannot be read, or a writer keeps the lock for more than two seconds.
pub fn counted(
    dir: &Path,
    counter: &str,
    known: Option<Mark>,
    since: u64,
) -> Result<Counted, Error> {
    let snapshot = match Snapshot::take(dir) {
        Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            let (calls, end, begins) = (Vec::new(), Mark::START, Some(u64::MAX));
            return Ok(Counted { calls, end, whole: true, begins });
        }
        taken => taken?,
    };
    let files: Vec<(u32, u64)> = snapshot.headed().collect();
    let head = snapshot.head.map(|head| Mark { seq: head.seq, hash: head.last });
    // Without a head nobody knows where the chain ends, unless nothing was ever written.
    let whole = head.is_some() || files.is_empty();
    let end = head.unwrap_or(Mark::START);
    let mut walk = Walk {
        counter,
        since: since.saturating_sub(DISORDER),
        next: end,
        found: Counted { calls: Vec::new(), end, whole, begins: None },
        oldest: u64::MAX,
    };
    for (file, size) in files.into_iter().rev() {
        let path = snapshot.path(file);
        let mut lines = Backward::new(open(&path)?, size);
        loop {
            if known == Some(walk.next) {
                return Ok(walk.found);
            }
            let line = lines.read().map_err(|source| Error::io("read", &path, source))?;
            let Some(line) = line else { break };
            if walk.is_over_at(&line) {
                return Ok(walk.found);
            }
        }
    }
    walk.found.whole &= walk.next == Mark::START;
    walk.found.begins = Some(walk.oldest);
    Ok(walk.found)
}

/// A way through the ledger from its end.
struct Walk<'a> {
    counter: &'a str,
    /// Lines before this moment are not wanted.
    since: u64,
    /// What the line after says that the one to be read is.
    next: Mark,
    found: Counted,
    /// The moment of the earliest line that was read.
    oldest: u64,
}

/// What is wanted of a line; everything else is only checked to be JSON.
#[derive(Deserialize)]
struct Counting<'a> {
    version: u32,
    seq: u64,
    prev: Digest,
    receipt_id: Id,
    #[serde(borrow)]
    kind: Cow<'a, str>,
    #[serde(default, borrow)]
    counted: Vec<Cow<'a, str>>,
}

impl Walk<'_> {
    /// Takes the line before; whether it is from before the time that is wanted.
    fn is_over_at(&mut self, line: &Line<'_>) -> bool {
        let readable = !line.overlong && line.whole;
        let read = || serde_json::from_slice::<Counting<'_>>(line.bytes).ok();
        let Some(counting) = read().filter(|it| readable && it.version == VERSION) else {
            self.found.whole = false;
            return false;
        };
        let this = Mark { seq: counting.seq, hash: Digest::of(line.bytes) };
        self.found.whole &= this == self.next;
        let before = this.seq.saturating_sub(1);
        self.next = Mark { seq: before, hash: counting.prev };
        self.oldest = self.oldest.min(counting.receipt_id.unix_milliseconds());
        if counting.receipt_id.unix_milliseconds() < self.since {
            return true;
        }
        // What was set aside then may have counted, too.
        self.found.whole &= counting.kind != "recovery";
        if counting.kind == "action" && counting.counted.iter().any(|one| one == self.counter) {
            self.found.calls.push(counting.receipt_id);
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use datafog_core::ReceiptKind;

    use super::*;
    use crate::read::tests::append_changed;
    use crate::sample;

    /// A ledger of several files; every third of its calls was counted.
    fn ledger(count: u64) -> (tempfile::TempDir, PathBuf) {
        let home = tempfile::tempdir().unwrap();
        let dir = home.path().join("receipts");
        append(&dir, 0..count);
        (home, dir)
    }

    fn append(dir: &Path, numbers: impl Iterator<Item = u64>) {
        append_changed(dir, numbers, |number, event| {
            if number % 3 == 0 {
                event.counted = vec!["other".into(), "mails".into()];
            }
            if number % 4 == 1 {
                event.kind = ReceiptKind::Outcome;
            }
        });
    }

    fn ids(numbers: &[u64]) -> Vec<Id> {
        numbers.iter().map(|number| sample::event(*number).unwrap().receipt_id).collect()
    }

    #[test]
    fn calls_are_found_newest_first_through_all_files() {
        let (_home, dir) = ledger(20);
        let all = counted(&dir, "mails", None, 0).unwrap();
        assert_eq!((all.calls.clone(), all.whole), (ids(&[18, 15, 12, 6, 3, 0]), true));
        assert_eq!(all.end.seq, 20);
        assert_eq!(all.begins, Some(ids(&[0])[0].unix_milliseconds()));
        assert!(counted(&dir, "mail", None, 0).unwrap().calls.is_empty());
        append(&dir, 20..26);
        let since = counted(&dir, "mails", Some(all.end), 0).unwrap();
        assert_eq!((since.calls, since.whole, since.end.seq), (ids(&[24]), true, 26));
        let strange = Mark { hash: Digest::of(b"x"), ..all.end };
        let again = counted(&dir, "mails", Some(strange), 0).unwrap();
        assert_eq!((again.calls.len(), again.whole), (7, true), "a line that is not of this chain");
    }

    #[test]
    fn reading_ends_a_day_before_the_moment() {
        let (_home, dir) = ledger(20);
        let last = ids(&[19])[0].unix_milliseconds();
        assert_eq!(counted(&dir, "mails", None, last).unwrap().calls.len(), 6);
        let later = counted(&dir, "mails", None, last + DISORDER).unwrap();
        assert_eq!((later.calls.len(), later.whole, later.begins), (0, true, None));
    }

    #[test]
    fn a_ledger_that_is_not_there_has_counted_nothing() {
        let home = tempfile::tempdir().unwrap();
        let none = counted(&home.path().join("none"), "mails", None, 0).unwrap();
        let begins = Some(u64::MAX);
        assert_eq!(none, Counted { calls: Vec::new(), end: Mark::START, whole: true, begins });
        let empty = counted(home.path(), "mails", None, 0).unwrap();
        assert!(empty.whole && empty.calls.is_empty());
    }

    #[test]
    fn what_may_be_missing_is_said() {
        type Harm = fn(&Path);
        let harms: [Harm; 5] = [
            |dir| fs::remove_file(dir.join("head")).unwrap(),
            |dir| fs::remove_file(dir.join("00000001.jsonl")).unwrap(),
            |dir| fs::remove_file(dir.join("00000002.jsonl")).unwrap(),
            |dir| {
                let path = dir.join("00000002.jsonl");
                let text = fs::read_to_string(&path).unwrap().replacen("mails", "snail", 1);
                fs::write(path, text).unwrap();
            },
            |dir| {
                let last = fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().path());
                let last = last.filter(|path| path.extension().is_some()).max().unwrap();
                let text = fs::read(&last).unwrap();
                fs::write(last, &text[..text.len() / 2]).unwrap();
            },
        ];
        for (number, harm) in harms.into_iter().enumerate() {
            let (_home, dir) = ledger(20);
            harm(&dir);
            assert!(!counted(&dir, "mails", None, 0).unwrap().whole, "{number}");
        }
        // The next receipt mends the end, and says so.
        let (_home, dir) = ledger(20);
        harms[4](&dir);
        append(&dir, 20..21);
        let mended = counted(&dir, "mails", None, 0).unwrap();
        assert!(!mended.whole);
        append(&dir, 21..25);
        let since = counted(&dir, "mails", Some(mended.end), 0).unwrap();
        assert_eq!((since.calls, since.whole), (ids(&[24]), true));
    }
}
