//! Which policy files of projects the user has looked at: `<root>/trust.toml`.
//!
//! A project's `.datafog.toml` is written by whoever writes the repository. It is read only when its path
//! and the digest of its bytes stand here, and even then it only tightens. A changed file is another
//! file: it has to be trusted anew.

use std::path::{Path, PathBuf};

use datafog_core::Digest;
use serde::{Deserialize, Serialize};

use crate::Error;
use crate::settings::{by_name, line_at};

/// The trusted files, sorted by path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// One entry for each file.
    #[serde(default, rename = "project", skip_serializing_if = "Vec::is_empty")]
    projects: Vec<Trusted>,
}

/// One trusted file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trusted {
    /// The file, absolute, links resolved.
    pub path: PathBuf,
    /// SHA-256 of its bytes when it was looked at.
    pub digest: Digest,
}

impl Trust {
    /// Reads the text of a trust file; `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Settings`] with the line of the first mistake.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let mistake = |offset: usize, message: String| Error::Settings {
            path: path.to_owned(),
            line: line_at(text, offset),
            message,
        };
        let trust: Self = by_name(text).map_err(|error| {
            mistake(error.span().map_or(0, |span| span.start), error.message().to_owned())
        })?;
        match trust.projects.iter().find(|one| !one.path.is_absolute()) {
            Some(one) => {
                let shown = one.path.display().to_string();
                let at = text.find(&shown).unwrap_or(0);
                Err(mistake(at, format!("`{shown}` is not an absolute path")))
            }
            None => Ok(trust),
        }
    }

    /// Every trusted file.
    #[must_use]
    pub fn projects(&self) -> &[Trusted] {
        &self.projects
    }

    /// Whether the file at `path`, absolute and without links, is trusted as it is now.
    #[must_use]
    pub fn holds(&self, path: &Path, bytes: &[u8]) -> bool {
        let digest = Digest::of(bytes);
        self.projects.iter().any(|one| one.path == path && one.digest == digest)
    }

    /// Trusts a file, in place of an earlier version of it.
    pub fn add(&mut self, path: PathBuf, bytes: &[u8]) {
        self.remove(&path);
        self.projects.push(Trusted { path, digest: Digest::of(bytes) });
        self.projects.sort();
    }

    /// Trusts a file no longer; whether it was.
    pub fn remove(&mut self, path: &Path) -> bool {
        let before = self.projects.len();
        self.projects.retain(|one| one.path != path);
        self.projects.len() < before
    }

    /// The file's text.
    #[must_use]
    pub fn to_toml(&self) -> String {
        const HEAD: &str = "# Policy files of projects that you have looked at: `datafog policy trust` adds one,\n\
                            # `datafog policy trust --revoke` takes it back. A changed file is not the same file.\n";
        match self.projects.as_slice() {
            [] => HEAD.to_owned(),
            _ => format!("{HEAD}\n{}", toml::to_string(self).unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Trust, Error> {
        Trust::parse(text, Path::new("trust.toml"))
    }

    #[test]
    fn a_changed_file_is_not_trusted() {
        let mut trust = Trust::default();
        trust.add("/p/.datafog.toml".into(), b"one");
        trust.add("/a/.datafog.toml".into(), b"two");
        assert!(trust.holds(Path::new("/p/.datafog.toml"), b"one"));
        assert!(!trust.holds(Path::new("/p/.datafog.toml"), b"One"));
        assert!(!trust.holds(Path::new("/q/.datafog.toml"), b"one"));
        trust.add("/p/.datafog.toml".into(), b"new");
        assert_eq!(trust.projects().len(), 2, "one entry for each file");
        assert_eq!(read(&trust.to_toml()).unwrap(), trust);
        assert!(
            trust.remove(Path::new("/a/.datafog.toml"))
                && trust.remove(Path::new("/p/.datafog.toml"))
        );
        assert!(!trust.remove(Path::new("/p/.datafog.toml")));
        assert_eq!(read(&trust.to_toml()).unwrap(), Trust::default());
    }

    #[test]
    fn mistakes_have_lines() {
        let digest = "0".repeat(64);
        for (text, said) in [
            ("\n[[projct]]\npath = \"/x\"\n", "line 2"),
            ("[[project]]\npath = \"/x\"\ndigest = \"12\"\n", "line 3"),
            (&format!("[[project]]\npath = \"x\"\ndigest = \"{digest}\"\n"), "absolute"),
        ] {
            let told = read(text).unwrap_err().to_string();
            assert!(told.contains(said), "{told}");
        }
    }
}
