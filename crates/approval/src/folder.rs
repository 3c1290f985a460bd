//! Records as files of their own in one folder: `<id>` each, 0600, in a folder 0700.
//!
//! A change happens under the lock of the folder itself, which nobody can take away without taking
//! the records away, too, and is made by writing beside the file and renaming over it. A reader takes
//! no lock: it sees the old bytes or the new ones. What is not ours, readable by others, damaged or
//! not made with our key is no record; it never answers for a call, and `doctor` names it.

use std::fs::{self, DirBuilder, File, Metadata, OpenOptions, TryLockError};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use datafog_core::{ApprovalState, Id, Key};
use nix::libc::{O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK};

use crate::record::Request;
use crate::sealed::{MOST_BYTES, decode, encode};
use crate::{Error, Moment, Record, Spoken, Store, Witness};

/// Most requests that may wait at once: a person reads no more, and an agent must not fill the disk.
const MOST_WAITING: usize = 64;

/// Most records that are kept.
const MOST_KEPT: usize = 1024;

/// How long a record is kept once nothing can come of it any more, in seconds: thirty days. A no
/// holds as long.
const KEPT: u32 = 30 * 24 * 60 * 60;

/// How long the lock is waited for: longer than a receipt's, which is written under it.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(2);

/// Ends the name of a record that is being written.
const DRAFT: &str = ".new";

/// A folder of records.
#[derive(Debug)]
pub struct FolderStore<'k> {
    folder: PathBuf,
    key: &'k Key,
    user: u32,
}

/// What stands in a folder.
#[derive(Debug, Default)]
pub struct Listing {
    /// The records, oldest first.
    pub records: Vec<Record>,
    /// Files that are no records of ours.
    pub strange: Vec<PathBuf>,
}

impl<'k> FolderStore<'k> {
    /// The store in `folder`, which is made (0700) when something is first asked.
    #[must_use]
    pub const fn new(folder: PathBuf, key: &'k Key, user: u32) -> Self {
        Self { folder, key, user }
    }

    /// Everything that stands there; nothing when there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read, or is not ours alone.
    pub fn list(&self) -> Result<Listing, Error> {
        match self.opened() {
            Ok(_) => {}
            Err(Error::Io { source, .. }) if source.kind() == io::ErrorKind::NotFound => {
                return Ok(Listing::default());
            }
            Err(error) => return Err(error),
        }
        let failed = || Error::io("read", &self.folder);
        let mut listing = Listing::default();
        for entry in fs::read_dir(&self.folder).map_err(failed())? {
            let name = entry.map_err(failed())?.file_name();
            let text = name.to_str().unwrap_or_default();
            if text.ends_with(DRAFT) {
                continue;
            }
            match text.parse().ok().map(|id| self.read(id)) {
                Some(Ok(record)) => listing.records.push(record),
                // It was removed meanwhile.
                Some(Err(Error::Unknown(_))) => {}
                Some(Err(_)) | None => listing.strange.push(self.folder.join(name)),
            }
        }
        listing.records.sort_by_key(Record::id);
        listing.strange.sort();
        Ok(listing)
    }

    fn path(&self, id: Id) -> PathBuf {
        self.folder.join(id.to_string())
    }

    fn read(&self, id: Id) -> Result<Record, Error> {
        let path = self.path(id);
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK);
        let file = match options.open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err(Error::Unknown(id));
            }
            Err(error) => return Err(Error::io("open", path)(error)),
        };
        let metadata = file.metadata().map_err(Error::io("look at", &path))?;
        let refused = |reason| Err(Error::Untrusted { path: path.clone(), reason });
        if !metadata.is_file() || metadata.len() > MOST_BYTES {
            return refused("is no record of an approval");
        }
        if let Some(reason) = self.distrusted(&metadata) {
            return refused(reason);
        }
        let mut bytes = Vec::new();
        file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(Error::io("read", &path))?;
        match decode(&bytes, id, self.key, self.user) {
            Some(record) => Ok(record),
            None => refused("is not as it was written"),
        }
    }

    /// Why a file or folder could be somebody else's work, if so.
    fn distrusted(&self, metadata: &Metadata) -> Option<&'static str> {
        if metadata.uid() != self.user {
            Some("belongs to somebody else")
        } else if metadata.mode() & 0o077 != 0 {
            Some("can be read or written by others")
        } else {
            None
        }
    }

    /// The folder, opened and found to be ours alone.
    fn opened(&self) -> Result<File, Error> {
        let mut options = OpenOptions::new();
        options.read(true).custom_flags(O_NOFOLLOW | O_DIRECTORY);
        let folder = options.open(&self.folder).map_err(Error::io("open", &self.folder))?;
        let metadata = folder.metadata().map_err(Error::io("look at", &self.folder))?;
        match self.distrusted(&metadata) {
            None => Ok(folder),
            Some(reason) => Err(Error::Untrusted { path: self.folder.clone(), reason }),
        }
    }

    /// The folder under its lock, which ends with the file.
    fn locked(&self) -> Result<File, Error> {
        let start = Instant::now();
        loop {
            let folder = self.opened()?;
            match folder.try_lock() {
                // The lock of a folder that was renamed meanwhile keeps nobody out.
                Ok(()) if is_at(&folder, &self.folder) => return Ok(folder),
                Ok(()) | Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(error)) => {
                    return Err(Error::io("lock", &self.folder)(error));
                }
            }
            if start.elapsed() >= PATIENCE {
                return Err(Error::Locked(self.folder.clone()));
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn make_folder(&self) -> Result<(), Error> {
        match DirBuilder::new().mode(0o700).create(&self.folder) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                Err(Error::io("make", &self.folder)(error))
            }
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Puts a record in its place. `folder` is locked, so the draft is nobody else's.
    fn write(&self, record: &Record, folder: &File) -> Result<(), Error> {
        let path = self.path(record.id());
        let draft = path.with_extension(DRAFT.trim_start_matches('.'));
        let bytes = encode(record, self.key, self.user).ok_or_else(|| Error::Untrusted {
            path: path.clone(),
            reason: "would be larger than a record may be",
        })?;
        remove(&draft)?;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true).mode(0o600).custom_flags(O_NOFOLLOW);
        let mut file = options.open(&draft).map_err(Error::io("make", &draft))?;
        file.write_all(&bytes).map_err(Error::io("write to", &draft))?;
        file.sync_all().map_err(Error::io("sync", &draft))?;
        fs::rename(&draft, &path).map_err(Error::io("make", &path))?;
        folder.sync_all().map_err(Error::io("sync", &self.folder))
    }

    /// Removes what nothing can come of any more: old records, and the oldest of too many.
    fn prune(&self, records: &[Record], now: &Moment) -> Result<(), Error> {
        let over = |record: &&Record| match record.state(now) {
            ApprovalState::Approved | ApprovalState::Pending => false,
            ApprovalState::Denied
            | ApprovalState::Expired
            | ApprovalState::Revoked
            | ApprovalState::Used => true,
        };
        let is_old = |record: &Record| {
            let last = record.answer().map_or_else(|| &record.asked().from, |answer| &answer.at);
            now.wall.saturating_sub(last.wall) > u64::from(KEPT).saturating_mul(1000)
        };
        let too_many = records.len().saturating_sub(MOST_KEPT);
        for (number, record) in records.iter().filter(over).enumerate() {
            if number < too_many || is_old(record) {
                remove(&self.path(record.id()))?;
            }
        }
        Ok(())
    }
}

impl Store for FolderStore<'_> {
    fn request(&self, request: Request, now: &Moment) -> Result<Spoken, Error> {
        self.make_folder()?;
        let folder = self.locked()?;
        let records = self.list()?.records;
        let binding = request.binding;
        let before = |state: ApprovalState| {
            let speaks = |it: &&Record| it.state(now) == state && it.speaks_for(&binding, now);
            records.iter().rev().find(speaks)
        };
        let order = [ApprovalState::Denied, ApprovalState::Approved, ApprovalState::Pending];
        if let Some(record) = order.into_iter().find_map(before) {
            return Ok(Spoken::Before(Box::new(record.clone())));
        }
        self.prune(&records, now)?;
        let waits = |record: &&Record| record.state(now) == ApprovalState::Pending;
        let waiting = records.iter().filter(waits).count();
        if waiting >= MOST_WAITING {
            return Err(Error::Crowded { waiting });
        }
        let record = Record::new(request, now);
        self.write(&record, &folder)?;
        Ok(Spoken::New(Box::new(record)))
    }

    fn record(&self, id: Id) -> Result<Record, Error> {
        self.opened()?;
        self.read(id)
    }

    fn change(
        &self,
        id: Id,
        change: &mut dyn FnMut(&mut Record) -> Result<(), Error>,
        witness: Witness<'_>,
    ) -> Result<Record, Error> {
        let folder = self.locked()?;
        let mut record = self.read(id)?;
        change(&mut record)?;
        witness(&record).map_err(Error::Unrecorded)?;
        self.write(&record, &folder)?;
        Ok(record)
    }
}

fn remove(path: &Path) -> Result<(), Error> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(Error::io("remove", path)(error))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_at(folder: &File, path: &Path) -> bool {
    let (opened, named) = (folder.metadata(), fs::symlink_metadata(path));
    opened.is_ok_and(|opened| {
        named.is_ok_and(|named| (named.dev(), named.ino()) == (opened.dev(), opened.ino()))
    })
}

#[cfg(test)]
#[path = "folder/tests.rs"]
mod tests;
