//! How long every file of the ledger was at one moment, for readers.

use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::Error;
use crate::folder::{HEAD, ledger_files, ledger_name};
use crate::head::Head;
use crate::locked::{read_head, wait_for};
use crate::scan::open;

/// How long a reader waits for writers.
const WAIT: Duration = Duration::from_secs(2);

/// The ledger's extent, taken under the lock, so that no line in it is half written by a living
/// process.
#[derive(Debug)]
pub(crate) struct Snapshot {
    dir: PathBuf,
    /// The head; `None` when it is missing or damaged.
    pub(crate) head: Option<Head>,
    /// Size of the head file in bytes; 0 when it is missing.
    pub(crate) head_size: u64,
    /// Number and size in bytes of every ledger file, ascending.
    pub(crate) files: Vec<(u32, u64)>,
}

impl Snapshot {
    /// Takes the lock for a moment, shared with other readers.
    pub(crate) fn take(dir: &Path) -> Result<Self, Error> {
        let mut snapshot =
            Self { dir: dir.to_owned(), head: None, head_size: 0, files: Vec::new() };
        let path = dir.join(HEAD);
        let head = match open(&path) {
            Err(Error::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => None,
            opened => Some(opened?),
        };
        if let Some(head) = &head {
            wait_for(WAIT, || head.try_lock_shared()).map_err(|no| no.of(path.clone(), WAIT))?;
            let failed = |source| Error::io("read", &path, source);
            snapshot.head = read_head(head).map_err(failed)?;
            snapshot.head_size = head.metadata().map_err(failed)?.len();
        }
        let numbers = ledger_files(dir).map_err(|source| Error::io("list", dir, source))?;
        for number in numbers {
            let path = dir.join(ledger_name(number));
            let about = std::fs::symlink_metadata(&path)
                .map_err(|source| Error::io("examine", path, source))?;
            snapshot.files.push((number, about.len()));
        }
        Ok(snapshot)
    }

    /// The path of a ledger file.
    pub(crate) fn path(&self, file: u32) -> PathBuf {
        self.dir.join(ledger_name(file))
    }

    /// Whether the last line of the chain, by the head, may end at byte `end` of `file`.
    ///
    /// A head that names an empty file is that of a writer that went on to it and was killed before
    /// its first line was headed: the last line is then the end of the last file before it that
    /// has a byte.
    pub(crate) fn head_stands_at(&self, file: u32, end: u64) -> bool {
        let Some(head) = self.head else { return false };
        if head.size > 0 {
            return (file, end) == (head.file, head.size);
        }
        let earlier = self.files.iter().rev().filter(|(number, _)| *number < head.file);
        earlier.filter(|(_, size)| *size > 0).take(1).any(|last| *last == (file, end))
    }

    /// Each file with how many of its bytes the head vouches for: all of the files before the
    /// head's, none of those after it. Without a head, all bytes of all files.
    pub(crate) fn headed(&self) -> impl DoubleEndedIterator<Item = (u32, u64)> + '_ {
        self.files.iter().map(|&(file, size)| match self.head {
            Some(head) if file == head.file => (file, size.min(head.size)),
            Some(head) if file > head.file => (file, 0),
            _ => (file, size),
        })
    }
}
