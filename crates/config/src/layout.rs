//! The installation's folders and files.

use std::io;
use std::path::{Path, PathBuf};

use crate::{Error, FileIdentity};

/// Name of the one binary below `bin`.
const BINARY: &str = "datafog";

/// Where everything of one installation is.
///
/// ```text
/// <root>/bin/datafog          the one binary
/// <root>/shims/<name>         symbolic links to it
/// <root>/config.toml          settings
/// <root>/policy.toml          the user's policy
/// <root>/key                  32 random bytes
/// <root>/cache/               what was compiled from settings and policy
/// <root>/receipts/            the ledger
/// <root>/env, env.fish, env.nu   lines that put the shims first on PATH
/// <root>/backups/             foreign files as they were before we added a line
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// The layout below `root`, whether it exists or not.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }

    /// The installation that the running binary belongs to, and the binary's identity.
    ///
    /// It is found from the kernel's name for the running file, never from a variable that a
    /// governed process could set.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] when the file is not a `bin/datafog`, [`Error::Untrusted`] when it or
    /// the root could be changed by anybody but `user` and root.
    pub fn of_running_binary(user: u32) -> Result<(Self, FileIdentity), Error> {
        let binary = running_binary()?;
        let root = root_of(&binary).ok_or_else(|| Error::NotInstalled { path: binary.clone() })?;
        let layout = Self::at(root);
        let identity = look_at(&binary)?;
        identity.require_trusted(&binary, user)?;
        look_at(&layout.root)?.require_trusted(&layout.root, user)?;
        Ok((layout, identity))
    }

    /// The root itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `<root>/bin/datafog`.
    #[must_use]
    pub fn binary(&self) -> PathBuf {
        self.root.join("bin").join(BINARY)
    }

    /// `<root>/shims`.
    #[must_use]
    pub fn shims(&self) -> PathBuf {
        self.root.join("shims")
    }

    /// `<root>/config.toml`.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `<root>/policy.toml`.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    /// `<root>/key`.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join("key")
    }

    /// `<root>/cache`.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// `<root>/receipts`.
    #[must_use]
    pub fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }

    /// `<root>/backups`.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// Every place by name, for `datafog paths`.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("root", self.root.clone()),
            ("binary", self.binary()),
            ("shims", self.shims()),
            ("settings", self.settings()),
            ("policy", self.policy()),
            ("key", self.key()),
            ("cache", self.cache()),
            ("receipts", self.receipts()),
            ("backups", self.backups()),
        ]
    }
}

/// The file this process runs, by the kernel's word.
fn running_binary() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(Error::io("find", "/proc/self/exe"))
}

fn root_of(binary: &Path) -> Option<&Path> {
    let folder = binary.parent()?;
    let fits = binary.file_name()? == BINARY && folder.file_name()? == "bin";
    folder.parent().filter(|_| fits)
}

fn look_at(path: &Path) -> Result<FileIdentity, Error> {
    let seen: io::Result<_> = path.metadata();
    seen.map(|metadata| FileIdentity::of(&metadata)).map_err(Error::io("look at", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bin_datafog_has_a_root() {
        assert_eq!(root_of(Path::new("/x/bin/datafog")), Some(Path::new("/x")));
        assert_eq!(root_of(Path::new("/x/bin/datafog2")), None);
        assert_eq!(root_of(Path::new("/x/target/datafog")), None);
        assert_eq!(root_of(Path::new("datafog")), None);
    }

    #[test]
    fn a_test_program_is_no_installation() {
        let user = nix::unistd::geteuid().as_raw();
        assert!(matches!(Layout::of_running_binary(user), Err(Error::NotInstalled { .. })));
    }
}
