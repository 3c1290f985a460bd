//! A world that nobody has to have.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use crate::Surroundings;

/// A machine in memory, on which only what is written down is there: examples of policies, receipts
/// that are judged again, and tests look at it instead of the real one.
#[derive(Clone, Debug)]
pub struct Invented {
    /// The user's home folder.
    pub home: PathBuf,
    /// The working directory.
    pub cwd: PathBuf,
    /// Environment variables by name.
    pub variables: BTreeMap<String, OsString>,
    /// What files hold.
    pub files: BTreeMap<PathBuf, Vec<u8>>,
    /// What programs write, by command line, words parted by blanks.
    pub outputs: BTreeMap<String, String>,
    /// Nothing comes in on standard input.
    pub quiet: bool,
}

impl Default for Invented {
    /// Nothing but a home, `/home/u`, and a working directory in it, `work`.
    fn default() -> Self {
        Self::at("/home/u", "/home/u/work")
    }
}

impl Invented {
    /// Nothing but a home and a working directory.
    pub fn at(home: impl Into<PathBuf>, cwd: impl Into<PathBuf>) -> Self {
        Self {
            home: home.into(),
            cwd: cwd.into(),
            variables: BTreeMap::new(),
            files: BTreeMap::new(),
            outputs: BTreeMap::new(),
            quiet: false,
        }
    }
}

impl Surroundings for Invented {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn home(&self) -> Option<&Path> {
        Some(&self.home)
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(bytes.clone())
    }

    fn stdin_carries(&self) -> bool {
        !self.quiet
    }

    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>> {
        let words = arguments.iter().map(|word| word.to_string_lossy().into_owned());
        let line = std::iter::once(program.to_owned()).chain(words).collect::<Vec<_>>().join(" ");
        let answer = self.outputs.get(&line).ok_or(io::ErrorKind::NotFound)?;
        Ok(answer.clone().into_bytes())
    }
}
