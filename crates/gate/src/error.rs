//! What can keep the gate from doing its work.

use std::borrow::Cow;
use std::path::PathBuf;

use datafog_policy::Diagnostic;

/// A failure of ours. What it means for the command is decided in `on_error` alone.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The installation or its settings.
    #[error(transparent)]
    Config(#[from] datafog_config::Error),
    /// A policy file does not hold.
    #[error("the policy `{}` cannot be loaded", .path.display())]
    Policy {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// The ledger.
    #[error("the receipt cannot be written")]
    Ledger(#[from] datafog_audit::Error),
    /// A file cannot be read.
    #[error("cannot read `{}`", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's answer.
        #[source]
        source: std::io::Error,
    },
    /// The command comes back to the gate again and again.
    #[error("`{program}` starts itself again through the gate")]
    Loop {
        /// Its name.
        program: String,
    },
    /// A fault in this program itself.
    #[error("datafog failed")]
    Panic,
    /// No random bytes for an id.
    #[error("the system gives no random bytes")]
    Random,
}

impl Error {
    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Config(error) => error.hint().into(),
            Self::Policy { .. } => "run `datafog policy lint`, mend the file, and try again".into(),
            Self::Ledger(error) => error.hint().into(),
            Self::Read { .. } | Self::Panic | Self::Random => "run `datafog doctor`".into(),
            Self::Loop { program } => {
                format!("name the real one: `datafog hooks install {program} --target PATH`").into()
            }
        }
    }
}
