//! What can keep the gate from doing its work.

use std::borrow::Cow;
use std::io;
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
    #[error("the policy cannot be loaded")]
    Policy {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong with it.
        diagnostics: Vec<Diagnostic>,
    },
    /// What a person was asked, or answered.
    #[error("no approval can be had")]
    Approval(#[from] datafog_approval::Error),
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
    /// A pipe was read and cannot be handed on whole.
    #[error("{channel} was read and cannot be handed on whole")]
    Lost {
        /// What the pipe is to the command.
        channel: String,
    },
    /// A shim was started under a name that is not wrapped.
    #[error("it was started through the wrapper `{link}` under a name that is not wrapped")]
    Misnamed {
        /// Name of the wrapper.
        link: String,
    },
    /// A fault in this program itself.
    #[error("datafog failed")]
    Panic,
    /// A project's policy was trusted, and can no longer be read as it was.
    #[error("the policy of the project `{}` cannot be used: {why}", .path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it, on one line.
        why: String,
    },
    /// The policy comes from a server that has not answered for too long.
    #[error("the policy of the server is too old, and it gives no other: {why}")]
    Remote {
        /// Why it gives none.
        why: String,
    },
    /// A server gives another policy, and the one in force does not let it take its place.
    #[error("the policy in force does not let it be replaced: {why}")]
    Kept {
        /// What it says.
        why: String,
    },
    /// A credential has a policy of its own, which is not there or never loaded.
    #[error("the policy `{name}` is not there, or does not load")]
    NoPolicy {
        /// What it is called.
        name: String,
    },
    /// What the session marks cannot be written down.
    #[error("what is made of a secret cannot be written down")]
    Taint(#[source] io::Error),
    /// No random bytes for an id.
    #[error("the system gives no random bytes")]
    Random,
}

impl Error {
    /// The failure and what caused it, on one line: for a notice and for a receipt.
    ///
    /// Of a policy the first mistake is told, with its file and line. The system's words for
    /// refused access are not used, since some agents take them for their own isolation failing
    /// and offer to run the command again outside of it.
    #[must_use]
    pub fn in_full(&self) -> String {
        let mut text = self.to_string();
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            match error.downcast_ref::<io::Error>() {
                Some(error) => text.push_str(&format!(": {}", in_plain_words(error))),
                None => text.push_str(&format!(": {error}")),
            }
            cause = error.source();
        }
        if let Self::Policy { diagnostics, .. } = self
            && let Some(first) = diagnostics.iter().find(|problem| problem.is_error())
        {
            let Diagnostic { path, line, message, help, .. } = first;
            text.push_str(&format!(": {path}:{line}: {message}"));
            text.extend(help.iter().map(|help| format!("; {help}")));
        }
        text
    }

    /// What a person can do about it.
    #[must_use]
    pub fn hint(&self) -> Cow<'static, str> {
        match self {
            Self::Config(error) => error.hint().into(),
            Self::Policy { .. } => "run `datafog policy lint`, mend the file, and try again".into(),
            Self::Approval(error) => error.hint().into(),
            Self::Ledger(error) => error.hint().into(),
            Self::Read { .. } | Self::Panic | Self::Random | Self::Taint(_) => {
                "run `datafog doctor`".into()
            }
            Self::Project { path, .. } => {
                format!("look at `{0}`, then run `datafog policy trust {0}`", path.display()).into()
            }
            Self::Remote { .. } => "run `datafog policy pull` to see why".into(),
            Self::Kept { .. } => "a person can replace it: `datafog policy pull --replace`".into(),
            Self::NoPolicy { .. } => "put it into `policies` of the installation as a file".into(),
            Self::Misnamed { link } => {
                format!("start `{link}` under its own name, or the other program by its path")
                    .into()
            }
            Self::Lost { .. } => {
                "give it as a file, or raise `stdin_bytes` under [limits] in `config.toml`".into()
            }
            Self::Loop { program } => {
                format!("name the real one: `datafog hooks install {program} --target PATH`").into()
            }
        }
    }
}

/// An answer of the system, without the words that could be taken for an isolation failing.
pub(crate) fn in_plain_words(error: &io::Error) -> Cow<'static, str> {
    let kind = error.kind();
    if kind == io::ErrorKind::PermissionDenied {
        "the system refuses access".into()
    } else if kind == io::ErrorKind::ReadOnlyFilesystem {
        "the disk takes no changes".into()
    } else {
        error.to_string().into()
    }
}
