//! What can go wrong with the ledger.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A failure to write or read the ledger. What it means for the command is decided by the gate.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The event could not be written as JSON.
    #[error("the receipt cannot be written as JSON")]
    Encode(#[source] serde_json::Error),
    /// The last file number is used up.
    #[error("`{}` has no file number left", .0.display())]
    Full(PathBuf),
    /// The operating system refused.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried, as a verb: `open`, `write to`.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process kept the lock for too long.
    #[error("the lock of `{}` was not free within {waited:?}", path.display())]
    Locked {
        /// The head file, which carries the lock.
        path: PathBuf,
        /// How long was waited.
        waited: Duration,
    },
    /// A file or folder of the ledger is not safe to use.
    #[error("`{}` {reason}", path.display())]
    Untrusted {
        /// The file or folder.
        path: PathBuf,
        /// Why, as the rest of a sentence that starts with the path.
        reason: &'static str,
    },
}

impl Error {
    pub(crate) fn io(
        operation: &'static str,
        path: impl Into<PathBuf>,
        source: impl Into<io::Error>,
    ) -> Self {
        Self::Io { operation, path: path.into(), source: source.into() }
    }

    pub(crate) fn untrusted(path: &Path, reason: &'static str) -> Self {
        Self::Untrusted { path: path.to_owned(), reason }
    }

    /// What the user can do about it.
    #[must_use]
    pub fn hint(&self) -> String {
        match self {
            Self::Encode(_) => "this is a fault of datafog; please report it".into(),
            Self::Full(_) => "move the older ledger files away".into(),
            Self::Io { source, path, .. } => hint_for(source.kind(), path),
            Self::Locked { path, .. } => {
                format!("see which process holds it: fuser -v '{}'", path.display())
            }
            Self::Untrusted { path, .. } => format!(
                "look at `{}`; it must be yours and writable by nobody else (chmod go-w)",
                path.display()
            ),
        }
    }
}

/// What helps against a refusal of the system.
fn hint_for(kind: io::ErrorKind, path: &Path) -> String {
    if matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded) {
        "free some space on that disk".into()
    } else if kind == io::ErrorKind::FileTooLarge {
        "raise the limit `ulimit -f`".into()
    } else if kind == io::ErrorKind::ReadOnlyFilesystem {
        "make that file system writable".into()
    } else {
        format!("check who owns `{}` and what its mode is", path.display())
    }
}
