//! Receipts from the newest to the oldest.

use std::path::Path;

use datafog_core::IdPrefix;

use super::backward::Backward;
use super::entry::Named;
use super::{Entry, Filter};
use crate::Error;
use crate::scan::open;
use crate::snapshot::Snapshot;

/// Most receipts that a person can mean by one id.
const MOST_FOUND: usize = 16;

/// The receipts of the ledger in `dir` that `filter` takes, newest first. Those that are written
/// meanwhile are not among them.
///
/// Files are read backwards, and only as far as the caller asks. With `since`, reading ends at the
/// first receipt that is more than a day older.
///
/// # Errors
/// When a file cannot be read, or a writer keeps the lock for more than two seconds.
pub fn list(dir: &Path, filter: Filter) -> Result<Newest, Error> {
    let snapshot = Snapshot::take(dir)?;
    let files = snapshot.headed().collect();
    let left = filter.limit.unwrap_or(usize::MAX);
    let hints = filter.hints();
    Ok(Newest { snapshot, files, lines: None, filter, hints, left, unreadable: 0 })
}

/// The receipts that `id` names, newest first; more than one when it is ambiguous, but no more
/// than 16.
///
/// # Errors
/// See [`list`].
pub fn find(dir: &Path, id: &IdPrefix) -> Result<Vec<Entry>, Error> {
    let mut newest = list(dir, Filter::default())?;
    let mut found = Vec::new();
    while found.len() < MOST_FOUND {
        let wanted = |bytes: &[u8]| {
            serde_json::from_slice(bytes).is_ok_and(|named: Named| id.matches(&named.receipt_id))
        };
        let Some(entry) = newest.step(wanted)? else { break };
        found.push(entry);
    }
    Ok(found)
}

/// An iterator over receipts, newest first.
#[derive(Debug)]
pub struct Newest {
    snapshot: Snapshot,
    /// Files that are still to be read and how much of each, the next one last.
    files: Vec<(u32, u64)>,
    /// The file that is being read.
    lines: Option<(u32, Backward)>,
    filter: Filter,
    /// What the line of every wanted receipt contains.
    hints: Vec<String>,
    left: usize,
    unreadable: u64,
}

impl Newest {
    /// How many lines were passed over so far because they are no receipts. Lines that could not
    /// be wanted are not looked at, and not counted.
    #[must_use]
    pub const fn unreadable(&self) -> u64 {
        self.unreadable
    }

    /// The next receipt whose line is `wanted`.
    fn step(&mut self, wanted: impl Fn(&[u8]) -> bool) -> Result<Option<Entry>, Error> {
        loop {
            let Some((file, lines)) = &mut self.lines else {
                let Some((file, size)) = self.files.pop() else { return Ok(None) };
                let content = open(&self.snapshot.path(file))?;
                self.lines = Some((file, Backward::new(content, size)));
                continue;
            };
            let file = *file;
            let failed = |source| Error::io("read", self.snapshot.path(file), source);
            let Some(line) = lines.read().map_err(failed)? else {
                self.lines = None;
                continue;
            };
            if !line.overlong && !wanted(line.bytes) {
                continue;
            }
            match Entry::read(&line, file) {
                Some(entry) => return Ok(Some(entry)),
                None => self.unreadable = self.unreadable.saturating_add(1),
            }
        }
    }

    /// The next receipt that the hints do not rule out.
    fn step_hinted(&mut self) -> Result<Option<Entry>, Error> {
        let hints = core::mem::take(&mut self.hints);
        let wanted = |line: &[u8]| {
            hints.iter().all(|hint| memchr::memmem::find(line, hint.as_bytes()).is_some())
        };
        let entry = self.step(wanted);
        self.hints = hints;
        entry
    }

    /// Gives nothing out any more.
    fn end(&mut self) {
        self.left = 0;
        self.files.clear();
        self.lines = None;
    }
}

impl Iterator for Newest {
    type Item = Result<Entry, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        while self.left > 0 {
            match self.step_hinted().transpose()? {
                Ok(entry) if self.filter.takes(&entry.receipt.event) => {
                    self.left = self.left.saturating_sub(1);
                    return Some(Ok(entry));
                }
                Ok(entry) if self.filter.ends_at(&entry.receipt.event) => self.end(),
                Ok(_) => {}
                Err(error) => {
                    self.end();
                    return Some(Err(error));
                }
            }
        }
        None
    }
}
