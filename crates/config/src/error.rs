//! What can go wrong with an installation.

use std::io;
use std::path::PathBuf;

/// A fault in the installation itself.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The program runs from a place that is no installation.
    #[error("`{}` is not the `bin/datafog` of an installation", .path.display())]
    NotInstalled {
        /// Where it runs from.
        path: PathBuf,
    },
    /// A file or folder could be changed by somebody else.
    #[error("`{}` {why}", .path.display())]
    Untrusted {
        /// Which one.
        path: PathBuf,
        /// In which way, as the rest of a sentence.
        why: &'static str,
    },
    /// The process runs with two identities.
    #[error("real and effective user or group differ")]
    TwoIdentities,
    /// A settings file does not read.
    #[error("`{}` line {line}: {message}", .path.display())]
    Settings {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// The key does not have the length of a key.
    #[error("`{}` is not a key of 32 bytes", .path.display())]
    Key {
        /// The file.
        path: PathBuf,
    },
    /// A file is no longer as it was when a change to it was planned.
    #[error("`{}` was changed by somebody else meanwhile", .path.display())]
    Changed {
        /// The file.
        path: PathBuf,
    },
    /// The root cannot stand on PATH or in a shell's file.
    #[error("`{}` cannot be a root: it {why}", .path.display())]
    Root {
        /// The root.
        path: PathBuf,
        /// In which way, as the rest of a sentence.
        why: &'static str,
    },
    /// Nobody knows where the user's files are.
    #[error("the home folder is unknown: HOME is not set and the password file names none")]
    NoHome,
    /// The operating system refused.
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        /// What was tried, as in "read".
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Its answer.
        #[source]
        source: io::Error,
    },
}

impl Error {
    /// What a person can do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::NotInstalled { .. } => {
                "copy the binary to `<root>/bin/datafog` and run `<root>/bin/datafog init`"
            }
            Self::Untrusted { .. } => {
                "make it yours alone: `chown` it to you and `chmod go-w` it, or run `datafog doctor --fix`"
            }
            Self::TwoIdentities => "do not install the binary set-user-id or set-group-id",
            Self::Settings { .. } => "mend the line; `datafog status` reads the file again",
            Self::Key { .. } => {
                "move the file away; a new key is made, and old fingerprints no longer match"
            }
            Self::Changed { .. } => "run the command again; it reads the file anew",
            Self::Root { .. } => "choose an absolute folder without a colon or a line break",
            Self::NoHome => "set HOME, or use `--no-path` and put the shims on PATH yourself",
            Self::Io { .. } => "run `datafog doctor`",
        }
    }

    /// An [`Error::Io`] for use with `map_err`.
    pub(crate) fn io(
        doing: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { doing, path, source }
    }
}
