//! The ledger as its writers see it.

use std::os::fd::IntoRawFd;
use std::path::Path;
use std::time::Duration;

use datafog_core::Event;
use nix::unistd::Uid;

use crate::folder::Folder;
use crate::line::Draft;
use crate::locked::Locked;
use crate::{Error, Recorded, disk};

/// How long a writer waits for the lock unless told otherwise.
const DEFAULT_WAIT: Duration = Duration::from_secs(2);

/// Size in bytes from which a ledger file is not written to any more, unless told otherwise.
const DEFAULT_ROTATION: u64 = 64 * 1024 * 1024;

/// Whether a receipt must have reached the disk before the call returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Durability {
    /// The system writes it when it likes: it survives the process, not a power failure.
    Lazy,
    /// It is on the disk: what survives a power failure. Synced after the lock is released.
    Synced,
}

/// What a writer is bound by.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    /// How long to wait for the lock.
    pub(crate) wait: Duration,
    /// Size from which a file is full.
    pub(crate) rotation: u64,
}

/// A folder of receipts that can be appended to, by any number of processes at once.
///
/// A `SIGXFSZ` (a line beyond `ulimit -f`) ends the process unless it is ignored; that fails
/// closed, because what was not recorded is not run.
#[derive(Debug)]
pub struct Ledger {
    folder: Folder,
    limits: Limits,
}

impl Ledger {
    /// Opens the folder `dir`, and makes it (0700) when only its last component is missing. Nothing
    /// is read or locked yet.
    ///
    /// # Errors
    /// When it cannot be opened or made, is a link or no folder, belongs to another user (except
    /// root), or is writable by its group or by everybody.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        let limits = Limits { wait: DEFAULT_WAIT, rotation: DEFAULT_ROTATION };
        Ok(Self { folder: Folder::open(dir)?, limits })
    }

    /// The same for a process that knows its effective user id, `user`.
    ///
    /// # Errors
    /// As [`Ledger::open`].
    pub fn open_as(dir: &Path, user: u32) -> Result<Self, Error> {
        let limits = Limits { wait: DEFAULT_WAIT, rotation: DEFAULT_ROTATION };
        Ok(Self { folder: Folder::open_as(dir, Uid::from_raw(user))?, limits })
    }

    /// The same ledger with another longest wait for the lock (2 seconds unless set).
    #[must_use]
    pub fn with_wait(mut self, wait: Duration) -> Self {
        self.limits.wait = wait;
        self
    }

    /// The same ledger with another size in bytes from which a new file is begun (64 MiB unless
    /// set). A file may exceed it by one line.
    #[must_use]
    pub fn with_rotation(mut self, bytes: u64) -> Self {
        self.limits.rotation = bytes.max(1);
        self
    }

    /// Records `event` and, once it stands in the ledger, hands `value` back as proof.
    ///
    /// # Errors
    /// `value` itself and why its receipt could not be written (see [`Ledger::append`]).
    pub fn record<T>(
        &self,
        value: T,
        event: &Event,
        durability: Durability,
    ) -> Result<Recorded<T>, (T, Error)> {
        match self.append(event, durability) {
            Ok(()) => Ok(Recorded::new(value, event.receipt_id)),
            Err(error) => Err((value, error)),
        }
    }

    /// Records `event` lazily for a process that becomes another program next: the lock is let go,
    /// and the other descriptors, all of them close-on-exec, are left for exec to close.
    ///
    /// # Errors
    /// `value` itself and why its receipt could not be written (see [`Ledger::append`]).
    pub fn record_before_exec<T>(self, value: T, event: &Event) -> Result<Recorded<T>, (T, Error)> {
        let written = Draft::of(event).and_then(|mut draft| {
            let mut locked = Locked::enter(&self.folder, &self.limits, event)?;
            locked.append(&mut draft)?;
            let Locked { ledger, head_file, .. } = locked;
            drop(head_file);
            Ok(ledger)
        });
        match written {
            Ok(ledger) => {
                let _left = ledger.into_raw_fd();
                self.folder.leave();
                Ok(Recorded::new(value, event.receipt_id))
            }
            Err(error) => Err((value, error)),
        }
    }

    /// Appends `event`. One that would take more than 64 KiB is cut, which its faults then say.
    ///
    /// # Errors
    /// When the lock is not free in time, a file is not safe to use, or a system call fails. The
    /// ledger is then as before; only after a failed sync the line stands in it, but may be lost
    /// in a power failure.
    pub fn append(&self, event: &Event, durability: Durability) -> Result<(), Error> {
        let mut draft = Draft::of(event)?;
        let mut locked = Locked::enter(&self.folder, &self.limits, event)?;
        locked.append(&mut draft)?;
        match durability {
            Durability::Lazy => Ok(()),
            Durability::Synced => self.sync(locked),
        }
    }

    /// Releases the lock, then waits for the disk.
    #[cold]
    fn sync(&self, locked: Locked<'_>) -> Result<(), Error> {
        let Locked { ledger, made, head, head_file, .. } = locked;
        drop(head_file);
        let failed = |source| {
            let name = crate::folder::ledger_name(head.file);
            Error::io("sync", self.folder.path(&name), source)
        };
        disk::sync(&ledger).map_err(failed)?;
        // A new file is only found after a power failure when the folder is on the disk too.
        if made { disk::sync(&self.folder.handle()?).map_err(failed) } else { Ok(()) }
    }
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "a test may panic")]
mod tests;
