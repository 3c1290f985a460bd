//! A made-up world for tests: environment, files and programs that answer by a table.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use datafog_core::Surroundings;

/// Home is `/home/u`, the working directory `/home/u/work`.
#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) variables: BTreeMap<String, OsString>,
    pub(crate) files: BTreeMap<PathBuf, Vec<u8>>,
    /// Answers by command line, words parted by blanks.
    pub(crate) outputs: BTreeMap<String, String>,
    /// Nothing comes in on standard input.
    pub(crate) quiet: bool,
}

impl World {
    /// A world with those variables, files (`~/` is home, else in the working directory) and
    /// answers.
    pub(crate) fn new(
        variables: &BTreeMap<String, String>,
        files: &BTreeMap<String, String>,
        outputs: &BTreeMap<String, String>,
    ) -> Self {
        let path = |name: &str| match name.strip_prefix("~/") {
            Some(rest) => Path::new("/home/u").join(rest),
            None => Path::new("/home/u/work").join(name),
        };
        Self {
            variables: variables.iter().map(|(name, it)| (name.clone(), it.into())).collect(),
            files: files.iter().map(|(name, it)| (path(name), it.clone().into_bytes())).collect(),
            outputs: outputs.clone(),
            quiet: false,
        }
    }
}

impl Surroundings for World {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    fn cwd(&self) -> &Path {
        Path::new("/home/u/work")
    }

    fn home(&self) -> Option<&Path> {
        Some(Path::new("/home/u"))
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        let bytes = self.files.get(path).ok_or(io::ErrorKind::NotFound)?;
        if bytes.len() > limit {
            Err(io::ErrorKind::FileTooLarge.into())
        } else {
            Ok(bytes.clone())
        }
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
