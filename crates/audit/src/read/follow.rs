//! Receipts as they are written.

use std::path::{Path, PathBuf};

use super::Entry;
use crate::Error;
use crate::folder::{HEAD, ledger_name};
use crate::head::Head;
use crate::locked::read_head;
use crate::scan::{Lines, open};

/// Most receipts that one look gives out.
const MOST_AT_ONCE: usize = 10_000;

/// Follows the ledger in `dir` from its present end on.
///
/// # Errors
/// When its head cannot be read.
pub fn follow(dir: &Path) -> Result<Follow, Error> {
    let mut follow = Follow { dir: dir.to_owned(), file: 1, offset: 0 };
    if let Some(head) = follow.head()? {
        (follow.file, follow.offset) = (head.file, head.size);
    }
    Ok(follow)
}

/// A reader that stands at the end of the ledger and waits for more. It takes no lock.
#[derive(Debug)]
pub struct Follow {
    dir: PathBuf,
    file: u32,
    offset: u64,
}

impl Follow {
    /// The receipts that were written since the last look, oldest first; at most 10,000, the rest
    /// at the next look. Empty when there are none; the caller decides how long to sleep.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn look(&mut self) -> Result<Vec<Entry>, Error> {
        let mut entries = Vec::new();
        let Some(head) = self.head()? else { return Ok(entries) };
        if (head.file, head.size) < (self.file, self.offset) {
            // The ledger was cut off and goes on from there; verification tells.
            (self.file, self.offset) = (head.file, head.size);
        }
        while entries.len() < MOST_AT_ONCE && (self.file, self.offset) < (head.file, head.size) {
            self.read(&head, &mut entries)?;
        }
        Ok(entries)
    }

    /// Reads what is new in one file, and goes on to the next when it is done.
    fn read(&mut self, head: &Head, entries: &mut Vec<Entry>) -> Result<(), Error> {
        let path = self.dir.join(ledger_name(self.file));
        let failed = |source| Error::io("read", &path, source);
        let content = open(&path)?;
        let is_last = self.file == head.file;
        let size = content.metadata().map_err(failed)?.len();
        let end = if is_last { head.size.min(size) } else { size };
        let mut lines = Lines::between(&content, self.offset, end).map_err(failed)?;
        while let Some(line) = lines.read().map_err(failed)? {
            self.offset = line.end;
            entries.extend(Entry::read(&line, self.file));
            if entries.len() >= MOST_AT_ONCE {
                return Ok(());
            }
        }
        if is_last {
            // Also when the file is shorter than the head says: there is nothing more to wait for.
            self.offset = head.size;
        } else {
            (self.file, self.offset) = (self.file.saturating_add(1), 0);
        }
        Ok(())
    }

    /// The head; `None` when there is none yet, or it is being mended.
    fn head(&self) -> Result<Option<Head>, Error> {
        let path = self.dir.join(HEAD);
        let file = match open(&path) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
                return Ok(None);
            }
            opened => opened?,
        };
        read_head(&file).map_err(|source| Error::io("read", path, source))
    }
}
