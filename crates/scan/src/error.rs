//! What keeps a scan from beginning.

use std::io;
use std::path::PathBuf;

/// Why a scan could not be done at all. What only keeps one file from being read is in
/// [`crate::Report::unread`].
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The baseline cannot be read or written.
    #[error("cannot {verb} the baseline `{}`", path.display())]
    Baseline {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// The baseline is not in the form that is written.
    #[error("`{}` is no baseline: {why}", path.display())]
    BaselineForm {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// Git could not be started, or broke off.
    #[error("cannot ask git about {about}")]
    Git {
        /// What was asked.
        about: &'static str,
        /// Why not.
        source: io::Error,
    },
    /// Git refused, in its own words.
    #[error("git cannot tell {about}: {said}")]
    GitRefused {
        /// What was asked.
        about: &'static str,
        /// The first line of what git said.
        said: String,
    },
}

impl Error {
    /// What to do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Baseline { .. } => "name a file that you can read and write",
            Self::BaselineForm { .. } => {
                "write it anew with `datafog scan --baseline FILE --write-baseline`"
            }
            Self::Git { .. } => "--staged, --since and --history need git on PATH",
            Self::GitRefused { .. } => {
                "run it inside a git repository, with a revision that exists"
            }
        }
    }
}
