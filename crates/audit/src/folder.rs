//! The ledger's folder: opened once, checked, and never left.
//!
//! Every file is opened relative to the folder's handle, without following a link, closed on exec,
//! and refused when another user could have written it.

use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, IntoRawFd, OwnedFd};
use std::path::{Path, PathBuf};

use nix::errno::Errno;
use nix::fcntl::{OFlag, open, openat, renameat};
use nix::sys::stat::{FileStat, Mode, SFlag, fchmod, fstat};
use nix::unistd::{Uid, geteuid, mkdir};

use crate::{Error, disk};

/// Name of the head file.
pub(crate) const HEAD: &str = "head";

/// Ending of a ledger file's name.
const LEDGER_SUFFIX: &str = ".jsonl";

/// Digits of a ledger file's name.
const LEDGER_DIGITS: usize = 8;

/// Smallest descriptor that we use: the first three belong to the governed command.
const FIRST_DESCRIPTOR: i32 = 3;

/// An open folder that belongs to us or root and that nobody else can write to.
#[derive(Debug)]
pub(crate) struct Folder {
    handle: OwnedFd,
    path: PathBuf,
    owner: Uid,
}

impl Folder {
    /// Opens the folder; makes it when it is missing (its parent must exist).
    pub(crate) fn open(path: &Path) -> Result<Self, Error> {
        Self::open_as(path, geteuid())
    }

    /// The same for a caller who knows who runs this process.
    pub(crate) fn open_as(path: &Path, owner: Uid) -> Result<Self, Error> {
        let handle = match open(path, FOLDER_FLAGS, Mode::empty()) {
            Err(Errno::ENOENT) => make_folder(path)?,
            opened => opened.map_err(|errno| refused(errno, path))?,
        };
        let folder = Self { handle: raised(handle, path)?, path: path.to_owned(), owner };
        let stat = fstat(&folder.handle).map_err(|errno| Error::io("examine", path, errno))?;
        match folder.distrust(&stat, SFlag::S_IFDIR) {
            Some(reason) => Err(Error::untrusted(path, reason)),
            None => Ok(folder),
        }
    }

    /// Opens or makes a folder inside this one.
    pub(crate) fn subfolder(&self, name: &str) -> Result<Self, Error> {
        Self::open_as(&self.path(name), self.owner)
    }

    /// Leaves the handle to be closed by exec.
    pub(crate) fn leave(self) {
        let _left = self.handle.into_raw_fd();
    }

    /// The path of the entry `name`.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    /// The folder as a file, to be synced.
    pub(crate) fn handle(&self) -> Result<File, Error> {
        let copy = self.handle.try_clone();
        copy.map(File::from).map_err(|source| Error::io("open", &self.path, source))
    }

    /// Opens `name` for reading and writing, without looking at it; `None` when there is none.
    pub(crate) fn open_file(&self, name: &str, flags: OFlag) -> Result<Option<File>, Error> {
        match openat(&self.handle, name, FILE_FLAGS | flags, Mode::empty()) {
            Err(Errno::ENOENT) => Ok(None),
            Err(errno) => Err(refused(errno, &self.path(name))),
            Ok(file) => raised(file, &self.path).map(|file| Some(File::from(file))),
        }
    }

    /// What is known of the open file `name`; refused unless it is a regular file of ours.
    pub(crate) fn examine(&self, file: &File, name: &str) -> Result<Known, Error> {
        let stat = fstat(file).map_err(|errno| Error::io("examine", self.path(name), errno))?;
        match self.distrust(&stat, SFlag::S_IFREG) {
            Some(reason) => Err(Error::untrusted(&self.path(name), reason)),
            None => Ok(Known {
                size: u64::try_from(stat.st_size).unwrap_or_default(),
                removed: stat.st_nlink == 0,
            }),
        }
    }

    /// Makes `name` as a file of mode 0600, whatever the umask says; harmless when it exists.
    pub(crate) fn make_file(&self, name: &str) -> Result<(), Error> {
        let flags = FILE_FLAGS | OFlag::O_CREAT | OFlag::O_EXCL;
        let made = disk::change(|| match openat(&self.handle, name, flags, FILE_MODE) {
            Err(Errno::EEXIST) => Ok(()),
            Err(errno) => Err(io::Error::from(errno)),
            Ok(file) => fchmod(&file, FILE_MODE).map_err(io::Error::from),
        });
        made.map_err(|source| Error::io("make", self.path(name), source))
    }

    /// Gives the entry `from` the name `to`, in place of any other of that name.
    pub(crate) fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        let handle = &self.handle;
        let renamed = disk::change(|| renameat(handle, from, handle, to).map_err(io::Error::from));
        renamed.map_err(|source| Error::io("rename", self.path(from), source))
    }

    /// The numbers of all ledger files, ascending.
    pub(crate) fn ledger_files(&self) -> Result<Vec<u32>, Error> {
        ledger_files(&self.path).map_err(|source| Error::io("list", &self.path, source))
    }

    /// Why an entry with these facts cannot be trusted; `None` when it can.
    fn distrust(&self, stat: &FileStat, kind: SFlag) -> Option<&'static str> {
        let owner = Uid::from_raw(stat.st_uid);
        let found = SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT;
        let mode = Mode::from_bits_truncate(stat.st_mode);
        if found != kind {
            Some("is no regular file")
        } else if owner != self.owner && !owner.is_root() {
            Some("belongs to another user")
        } else if mode.intersects(Mode::S_IWGRP | Mode::S_IWOTH) {
            Some("is writable by its group or by everybody")
        } else {
            None
        }
    }
}

/// What is known of an open file.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Known {
    /// Its size in bytes.
    pub(crate) size: u64,
    /// Whether it has no name any more.
    pub(crate) removed: bool,
}

/// The name of the ledger file with that number, for example `00000001.jsonl`.
pub(crate) fn ledger_name(file: u32) -> String {
    format!("{file:08}{LEDGER_SUFFIX}")
}

/// The numbers of all ledger files in the folder `path`, ascending.
pub(crate) fn ledger_files(path: &Path) -> io::Result<Vec<u32>> {
    let mut numbers = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let name = entry?.file_name();
        let digits = name.to_str().and_then(|name| name.strip_suffix(LEDGER_SUFFIX));
        let digits = digits.filter(|digits| digits.len() == LEDGER_DIGITS);
        let number = digits.and_then(|digits| digits.parse::<u32>().ok());
        numbers.extend(number.filter(|number| *number > 0));
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// Opens a folder that is not there yet, made with mode 0700 whatever the umask says.
fn make_folder(path: &Path) -> Result<OwnedFd, Error> {
    let made = disk::change(|| match mkdir(path, Mode::S_IRWXU) {
        // Another process was quicker: its folder is checked like any other.
        Err(Errno::EEXIST) => Ok(false),
        result => result.map(|()| true).map_err(io::Error::from),
    });
    let made = made.map_err(|source| Error::io("make", path, source))?;
    let handle = open(path, FOLDER_FLAGS, Mode::empty()).map_err(|errno| refused(errno, path))?;
    if made {
        fchmod(&handle, Mode::S_IRWXU)
            .map_err(|errno| Error::io("set the mode of", path, errno))?;
    }
    Ok(handle)
}

/// Moves a descriptor away from the first three, which a caller may have closed: a file of ours
/// must never be taken for the command's standard output.
fn raised(descriptor: OwnedFd, path: &Path) -> Result<OwnedFd, Error> {
    if descriptor.as_raw_fd() >= FIRST_DESCRIPTOR {
        return Ok(descriptor);
    }
    // The copy is closed on exec and is never one of the first three (std's own promise).
    descriptor.try_clone().map_err(|source| Error::io("open", path, source))
}

/// What it means that an entry could not be opened. `ELOOP` and `ENOTDIR` are what a link gets.
fn refused(errno: Errno, path: &Path) -> Error {
    let reason = if matches!(errno, Errno::ELOOP | Errno::EMLINK) {
        "is a symbolic link"
    } else if errno == Errno::ENOTDIR {
        "is no folder, or a link to one"
    } else if matches!(errno, Errno::EISDIR | Errno::ENXIO) {
        "is no regular file"
    } else {
        return Error::io("open", path, errno);
    };
    Error::untrusted(path, reason)
}

/// How a folder is opened.
const FOLDER_FLAGS: OFlag =
    OFlag::O_RDONLY.union(OFlag::O_DIRECTORY).union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC);

/// How every file is opened.
const FILE_FLAGS: OFlag =
    OFlag::O_RDWR.union(OFlag::O_NOFOLLOW).union(OFlag::O_CLOEXEC).union(OFlag::O_NOCTTY);

/// The mode of every file.
const FILE_MODE: Mode = Mode::S_IRUSR.union(Mode::S_IWUSR);

#[cfg(test)]
mod tests {
    use nix::fcntl::{FcntlArg, FdFlag, fcntl};

    use super::*;

    #[test]
    fn no_descriptor_survives_an_exec() {
        let dir = tempfile::tempdir().unwrap();
        let folder = Folder::open(dir.path()).unwrap();
        folder.make_file(HEAD).unwrap();
        let head = folder.open_file(HEAD, OFlag::empty()).unwrap().unwrap();
        let flags =
            |descriptor| fcntl(descriptor, FcntlArg::F_GETFD).map(FdFlag::from_bits_truncate);
        assert_eq!(flags(OwnedFd::from(head)), Ok(FdFlag::FD_CLOEXEC));
        assert_eq!(flags(folder.handle), Ok(FdFlag::FD_CLOEXEC));
    }

    #[test]
    fn ledger_files_are_told_by_their_names() {
        let dir = tempfile::tempdir().unwrap();
        let names = [
            "00000000.jsonl",
            "00000010.jsonl",
            "00000002.jsonl",
            "1.jsonl",
            "00000003.json",
            "x0000004.jsonl",
        ];
        for name in names {
            std::fs::write(dir.path().join(name), "").unwrap();
        }
        assert_eq!(ledger_files(dir.path()).unwrap(), [2, 10]);
        assert_eq!(ledger_name(10), "00000010.jsonl");
    }
}
