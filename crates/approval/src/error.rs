//! What can go wrong with a store of approvals.

use std::io;
use std::path::PathBuf;

use datafog_core::Id;

use crate::Refusal;

/// A request, an answer or a use that did not take place.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// As many requests wait as may wait.
    #[error("{waiting} requests wait for a person already")]
    Crowded {
        /// How many.
        waiting: usize,
    },
    /// The operating system refused.
    #[error("cannot {operation} `{}`", path.display())]
    Io {
        /// What was tried, as a verb.
        operation: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process kept the folder for too long.
    #[error("`{}` was locked by another process for too long", .0.display())]
    Locked(PathBuf),
    /// What was asked for does not fit the request as it stands.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// The database that keeps the records refused or failed.
    #[error("the store does not answer: {0}")]
    Store(String),
    /// There is no request of that id.
    #[error("there is no request `{}`", .0.short())]
    Unknown(Id),
    /// A file or folder is not as we left it.
    #[error("`{}` {reason}", path.display())]
    Untrusted {
        /// The file or folder.
        path: PathBuf,
        /// Why, as the rest of a sentence that starts with the path.
        reason: &'static str,
    },
    /// The receipt of it could not be written, so it did not take place.
    #[error("it could not be recorded, so it did not take place")]
    Unrecorded(#[source] io::Error),
}

impl Error {
    pub(crate) fn io(
        operation: &'static str,
        path: impl Into<PathBuf>,
    ) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { operation, path, source }
    }

    /// What a person can do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Crowded { .. } => "answer some of them: `datafog approvals list`",
            Self::Io { .. } | Self::Locked(_) | Self::Unrecorded(_) => "run `datafog doctor`",
            Self::Refused(refusal) => refusal.hint(),
            Self::Store(_) => {
                "check that the database runs, that its disk has room, and its address"
            }
            Self::Unknown(_) => "`datafog approvals list` shows those that there are",
            Self::Untrusted { .. } => "somebody changed it: look at it, then remove it",
        }
    }
}
