//! Opening a file to be looked at, without waiting for anybody.
//!
//! Between telling what stands at a path and opening it, something else may have come there: a pipe would
//! be waited for, reading a device may do anything. What is open is asked again. A person may name a pipe
//! (`<(command)`): its writer is there already, or nothing comes out of it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::path::Path;

use nix::fcntl::{FcntlArg, OFlag, fcntl};

/// A file that can be read.
pub(crate) struct Opened {
    pub(crate) file: File,
    /// It is a pipe.
    pub(crate) pipe: bool,
}

impl Opened {
    /// Opens what stands at `path`. What nobody `named` has to be a file.
    pub(crate) fn at(path: &Path, named: bool) -> io::Result<Self> {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
        let file = OpenOptions::new().read(true).custom_flags(flags).open(path)?;
        let kind = file.metadata()?.file_type();
        if !named && !kind.is_file() {
            return Err(io::Error::other("it is no longer a file"));
        }
        if !kind.is_file() {
            let flags = OFlag::from_bits_retain(fcntl(&file, FcntlArg::F_GETFL)?);
            fcntl(&file, FcntlArg::F_SETFL(flags.difference(OFlag::O_NONBLOCK)))?;
        }
        Ok(Self { file, pipe: kind.is_fifo() })
    }
}

/// Whether a path leads to a file, to a folder, or nowhere.
pub(crate) fn is_file_or_nothing(path: &Path) -> bool {
    path.metadata().map_or(true, |found| found.is_file() || found.is_dir())
}

#[cfg(test)]
mod tests {
    use super::*;
    use nix::sys::stat::Mode;

    #[test]
    fn a_pipe_is_not_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, Mode::S_IRWXU).unwrap();
        assert!(Opened::at(&pipe, false).is_err());
        let Opened { mut file, pipe: is_pipe } = Opened::at(&pipe, true).unwrap();
        assert!(is_pipe && io::read_to_string(&mut file).unwrap().is_empty());
        assert!(!is_file_or_nothing(&pipe) && is_file_or_nothing(folder.path()));
        assert!(is_file_or_nothing(&folder.path().join("missing")));
    }
}
