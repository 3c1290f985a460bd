//! What several tests share.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use datafog_core::Surroundings;

/// A world with nothing in it.
pub(crate) struct Nowhere;

impl Surroundings for Nowhere {
    fn variable(&self, _: &str) -> Option<&OsStr> {
        None
    }

    fn cwd(&self) -> &Path {
        Path::new("/")
    }

    fn home(&self) -> Option<&Path> {
        None
    }

    fn read(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn output_of(&self, _: &str, _: &[OsString]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}
