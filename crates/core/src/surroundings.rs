//! What the outside world says, asked for by those who may not look themselves.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

/// The outside of one action: environment, folders, small configuration files.
///
/// The gate implements it for real; tests implement it with made-up worlds. Profiles and resolvers
/// in the `shim` crate see the world only through it.
pub trait Surroundings {
    /// The value of an environment variable of the governed command.
    fn variable(&self, name: &str) -> Option<&OsStr>;

    /// The command's working directory, absolute.
    fn cwd(&self) -> &Path;

    /// The user's home folder by the password file, not by `$HOME`.
    fn home(&self) -> Option<&Path>;

    /// Reads a small file (a configuration); fails when it is larger than `limit` bytes, is no
    /// regular file, or cannot be read. A missing file is [`io::ErrorKind::NotFound`].
    ///
    /// # Errors
    /// Any failure to read.
    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>>;

    /// Whether there is anything at `path`. Opens nothing: a pipe would notice.
    fn is_there(&self, path: &Path) -> bool {
        let missing = [io::ErrorKind::NotFound, io::ErrorKind::NotADirectory];
        !self.read(path, 0).is_err_and(|error| missing.contains(&error.kind()))
    }

    /// The names of the entries of a folder, in no order: what a shell asks for when it expands a
    /// pattern.
    ///
    /// # Errors
    /// When the folder cannot be read, holds more than 100,000 entries, or nobody may ask.
    fn names(&self, _folder: &Path) -> io::Result<Vec<OsString>> {
        Err(io::ErrorKind::Unsupported.into())
    }

    /// Whether standard input may bring data: a pipe or a file, no terminal and not nothing. Where
    /// nobody can tell, it may.
    fn stdin_carries(&self) -> bool {
        true
    }

    /// The environment of the governed command, as `env` prints it. Empty where nobody may ask.
    fn environment(&self) -> Vec<u8> {
        Vec::new()
    }

    /// Runs the *real* program of that name (never a shim) with `arguments` in the working
    /// directory, standard input empty, and returns what it wrote to standard output.
    ///
    /// # Errors
    /// When it cannot be found or started, ends with another status than 0, takes too long, or
    /// writes more than a megabyte.
    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>>;

    /// Runs the *real* program of that name with `arguments`, `input` on its standard input, and
    /// hands what it writes to `take`, piece by piece; `take` says whether it wants more. The
    /// variables that would make it start programs of somebody's choice are not set for it.
    ///
    /// # Errors
    /// When nobody may ask, it cannot be found or started, ends with another status than 0, or
    /// takes too long, and when `take` wants no more.
    fn pour(
        &self,
        _program: &str,
        _arguments: &[OsString],
        _input: &[u8],
        _take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
}
