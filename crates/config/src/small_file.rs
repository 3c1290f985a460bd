//! Small files, read without ever waiting or filling the memory.
//!
//! What stands at a path that we expect a file of ours at may be anything: a pipe nobody writes to,
//! a device, gigabytes. It is opened without waiting and looked at by its handle before a byte is
//! read.

use std::fs::{File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::sys::stat::{Mode, SFlag, fstat};

use crate::Error;
use crate::identity::require_trusted;

/// What an open file is.
///
/// Asked through the C library: what the standard library asks with is an empty text that lies among
/// all others of the program, and the kernel reads a page of them for this alone.
pub(crate) struct Seen {
    pub(crate) owner: u32,
    pub(crate) size: u64,
    kind: SFlag,
    mode: Mode,
}

impl Seen {
    pub(crate) fn of(file: &File) -> io::Result<Self> {
        let stat = fstat(file)?;
        Ok(Self {
            owner: stat.st_uid,
            size: u64::try_from(stat.st_size).unwrap_or(u64::MAX),
            kind: SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT,
            mode: Mode::from_bits_truncate(stat.st_mode),
        })
    }

    pub(crate) const fn others_write(&self) -> bool {
        self.mode.intersects(Mode::S_IWGRP.union(Mode::S_IWOTH))
    }

    pub(crate) const fn others_may_anything(&self) -> bool {
        self.mode.intersects(Mode::S_IRWXG.union(Mode::S_IRWXO))
    }
}

/// A regular file of at most `limit` bytes, open for reading, and its length at this moment.
///
/// # Errors
/// [`io::ErrorKind::InvalidInput`] when it is no regular file, [`io::ErrorKind::FileTooLarge`] when
/// it is larger, and whatever the system answers.
pub fn open_small(path: &Path, limit: u64) -> io::Result<(File, u64)> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
    let seen = Seen::of(&file)?;
    if seen.kind != SFlag::S_IFREG {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if seen.size > limit {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than expected"));
    }
    Ok((file, seen.size))
}

/// The bytes of a regular file of at most `limit` bytes.
///
/// # Errors
/// As [`open_small`].
pub fn read_small(path: &Path, limit: u64) -> io::Result<Vec<u8>> {
    let (file, length) = open_small(path, limit)?;
    let mut bytes = Vec::with_capacity(usize::try_from(length).unwrap_or(0));
    // What it holds at this moment: it may grow, and a look for its end would be one call more.
    file.take(length).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// The bytes of a secret's file, of at most `limit` bytes, which `user` or root owns and nobody else may
/// read or write. The opened file is what is judged, not what stands at the path a moment before.
///
/// # Errors
/// [`Error::Untrusted`] with the reason, and whatever [`open_small`] gives.
pub fn read_private(path: &Path, limit: u64, user: u32) -> Result<Vec<u8>, Error> {
    let (file, length) = open_small(path, limit).map_err(Error::io("read", path))?;
    let seen = Seen::of(&file).map_err(Error::io("look at", path))?;
    require_trusted(path, user, (seen.owner, seen.others_write()))?;
    if seen.others_may_anything() {
        let why = "can be read by others; `chmod 600` it";
        return Err(Error::Untrusted { path: path.to_owned(), why });
    }
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt as _;

    #[test]
    fn a_secret_that_others_may_read_is_not_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "12345").unwrap();
        let user = nix::unistd::geteuid().as_raw();
        for (mode, may) in [(0o600, true), (0o640, false), (0o604, false), (0o620, false)] {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(read_private(&file, 5, user).is_ok(), may, "{mode:o}");
        }
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(read_private(&file, 4, user).is_err());
    }

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "12345").unwrap();
        let pipe = folder.path().join("p");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        let kind = |path: &Path, limit| read_small(path, limit).unwrap_err().kind();
        assert_eq!(read_small(&file, 5).unwrap(), b"12345");
        assert_eq!(kind(&file, 4), io::ErrorKind::FileTooLarge);
        assert_eq!(kind(&pipe, 4), io::ErrorKind::InvalidInput);
        assert_eq!(kind(folder.path(), 4), io::ErrorKind::InvalidInput);
        assert_eq!(kind(&folder.path().join("none"), 4), io::ErrorKind::NotFound);
        let huge = fs::File::create(&file).unwrap();
        huge.set_len(1 << 40).unwrap();
        assert_eq!(kind(&file, 1 << 20), io::ErrorKind::FileTooLarge, "nothing is read");
    }
}
