//! The ledger while we hold its lock: where it ends, and how it grows.

use std::fs::{File, TryLockError};
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use datafog_core::Event;
use nix::fcntl::OFlag;

use crate::folder::{Folder, HEAD, ledger_name};
use crate::head::{HEAD_BYTES, Head, LAST_FILE};
use crate::ledger::Limits;
use crate::line::Draft;
use crate::{Error, disk, mend};

/// The first pause between two tries for the lock; each later one is twice as long.
const FIRST_PAUSE: Duration = Duration::from_micros(50);

/// The longest pause between two tries for the lock.
const LONGEST_PAUSE: Duration = Duration::from_millis(4);

/// How often a head that was removed while we waited for it is looked up anew.
const HEAD_TRIES: u32 = 8;

/// The ledger under its lock, which ends when this is dropped.
///
/// INVARIANT: after [`Locked::enter`] the file that is written to ends where the head says.
#[derive(Debug)]
pub(crate) struct Locked<'a> {
    pub(crate) folder: &'a Folder,
    pub(crate) head_file: File,
    pub(crate) ledger: File,
    pub(crate) head: Head,
    /// Whether the ledger file was made just now.
    pub(crate) made: bool,
}

impl<'a> Locked<'a> {
    /// Waits for the lock, and mends what an earlier process may have left; `event` is what will
    /// be appended next, and lends its time and place to a recovery's receipt.
    pub(crate) fn enter(folder: &'a Folder, limits: &Limits, event: &Event) -> Result<Self, Error> {
        let head_file = lock(folder, limits.wait)?;
        let (head, note) = match read_head(&head_file) {
            Ok(Some(head)) => (head, None),
            Ok(None) => mend::rebuild(folder, &head_file)?,
            Err(source) => return Err(Error::io("read", folder.path(HEAD), source)),
        };
        let (ledger, size, made) = open_ledger(folder, head.file)?;
        let mut locked = Self { folder, head_file, ledger, head, made };
        if size != head.size || head.owed {
            mend::mend(&mut locked, size, note, event)?;
        }
        if locked.head.size >= limits.rotation {
            locked.rotate(event)?;
        }
        Ok(locked)
    }

    /// Appends the line, then moves the head. When either fails, both are as before.
    pub(crate) fn append(&mut self, draft: &mut Draft) -> Result<(), Error> {
        let seq = self.head.seq.saturating_add(1);
        let (line, last) = draft.finish(seq, self.head.last);
        let size = self.head.size.saturating_add(line.len() as u64);
        let file = self.head.file;
        if let Err(source) = disk::append(&self.ledger, line) {
            self.undo();
            return Err(Error::io("write to", self.folder.path(&ledger_name(file)), source));
        }
        self.move_head(Head { file, size, seq, owed: false, last }).inspect_err(|_| self.undo())
    }

    /// Writes a new head. When that fails, the old one is written again.
    pub(crate) fn move_head(&mut self, head: Head) -> Result<(), Error> {
        if let Err(source) = disk::overwrite(&self.head_file, &head.encode()) {
            // What cannot be put back is found by the next process, which rebuilds the head.
            drop(disk::overwrite(&self.head_file, &self.head.encode()));
            return Err(Error::io("write to", self.folder.path(HEAD), source));
        }
        self.head = head;
        Ok(())
    }

    /// Cuts off what was written beyond the head.
    fn undo(&self) {
        // What cannot be cut off is found by the next process, which mends it.
        drop(disk::truncate(&self.ledger, self.head.size));
    }

    /// Goes on to the next file.
    fn rotate(&mut self, event: &Event) -> Result<(), Error> {
        let file = self.head.file.saturating_add(1);
        if file > LAST_FILE {
            return Err(Error::Full(self.folder.path(&ledger_name(self.head.file))));
        }
        let (ledger, size, made) = open_ledger(self.folder, file)?;
        self.ledger = ledger;
        self.made = made;
        // The head goes first: a file gets its first byte only when the head names it.
        self.move_head(Head { file, size: 0, ..self.head })?;
        if size > 0 { mend::mend(self, size, None, event) } else { Ok(()) }
    }
}

/// Opens the head and takes its lock; makes it when it is missing.
fn lock(folder: &Folder, wait: Duration) -> Result<File, Error> {
    for _ in 0..HEAD_TRIES {
        let Some(head) = folder.open_file(HEAD, OFlag::empty())? else {
            folder.make_file(HEAD)?;
            continue;
        };
        wait_for(wait, || head.try_lock())
            .map_err(|failure| failure.of(folder.path(HEAD), wait))?;
        // The lock of a file without a name keeps nobody out: somebody removed it meanwhile.
        if !folder.examine(&head, HEAD)?.removed {
            return Ok(head);
        }
    }
    Err(Error::untrusted(&folder.path(HEAD), "is being removed again and again"))
}

/// Why a lock was not had.
pub(crate) enum NoLock {
    /// The system refused.
    Io(io::Error),
    /// Somebody else kept it.
    Late,
}

impl NoLock {
    /// The error for the lock of the file `path`.
    pub(crate) fn of(self, path: PathBuf, waited: Duration) -> Error {
        match self {
            Self::Io(source) => Error::io("lock", path, source),
            Self::Late => Error::Locked { path, waited },
        }
    }
}

/// Tries for a lock until `wait` is over. A free one costs one system call and no look at a clock.
pub(crate) fn wait_for(
    wait: Duration,
    mut try_lock: impl FnMut() -> Result<(), TryLockError>,
) -> Result<(), NoLock> {
    let mut start = None;
    let mut pause = FIRST_PAUSE;
    loop {
        match try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::Error(error)) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(TryLockError::Error(error)) => return Err(NoLock::Io(error)),
            Err(TryLockError::WouldBlock) => {
                if start.get_or_insert_with(Instant::now).elapsed() >= wait {
                    return Err(NoLock::Late);
                }
                std::thread::sleep(pause);
                pause = pause.saturating_mul(2).min(LONGEST_PAUSE);
            }
        }
    }
}

/// Reads the head; `None` when it is empty or damaged.
pub(crate) fn read_head(file: &File) -> io::Result<Option<Head>> {
    // One byte more, so that a longer file is no head.
    let mut text = [0_u8; HEAD_BYTES + 1];
    let read = loop {
        match file.read_at(&mut text, 0) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => break result?,
        }
    };
    Ok(text.get(..read).and_then(Head::decode))
}

/// Opens a ledger file, made when it is missing: the file, its size, whether it was made.
fn open_ledger(folder: &Folder, file: u32) -> Result<(File, u64, bool), Error> {
    let name = ledger_name(file);
    let mut made = false;
    let ledger = match folder.open_file(&name, OFlag::O_APPEND)? {
        Some(ledger) => ledger,
        None => {
            made = true;
            folder.make_file(&name)?;
            let again = folder.open_file(&name, OFlag::O_APPEND)?;
            again.ok_or_else(|| Error::io("open", folder.path(&name), io::ErrorKind::NotFound))?
        }
    };
    let known = folder.examine(&ledger, &name)?;
    Ok((ledger, known.size, made))
}
