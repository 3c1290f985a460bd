//! How an error of ours reads: `error:`, what caused it, and once what to do about it.

use std::io::{self, Write};

use datafog_approval::Error as ApprovalError;
use datafog_config::Error as ConfigError;
use datafog_gate::Error as GateError;
use datafog_scan::Error as ScanError;
use datafog_shim::{InvalidName, LinkError};

use crate::exit_code::ExitCode;

/// An error that carries its own advice and exit code, for faults that arise in the command line
/// itself.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub(crate) struct Advised {
    /// What is wrong, as a lower-case fragment.
    pub(crate) message: String,
    /// What to do about it.
    pub(crate) hint: String,
    /// What to exit with.
    pub(crate) code: ExitCode,
}

impl Advised {
    /// A mistake on the command line.
    pub(crate) fn usage(message: impl Into<String>, hint: impl Into<String>) -> anyhow::Error {
        let (message, hint, code) = (message.into(), hint.into(), ExitCode::Usage);
        Self { message, hint, code }.into()
    }
}

/// Tells the error on standard error and says what to exit with. A closed pipe is success: who
/// has seen enough is not owed a complaint.
pub(crate) fn report(error: &anyhow::Error) -> ExitCode {
    if is_broken_pipe(error) {
        return ExitCode::Success;
    }
    let mut text = format!("error: {}\n", one_line(&error.to_string()));
    let mut last = error.to_string();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // A transparent wrapper says what its source says; once is enough.
        if cause != last {
            text.push_str(&format!("  because: {}\n", one_line(&cause)));
        }
        last = cause;
    }
    for line in details(error) {
        text.push_str(&line);
        text.push('\n');
    }
    if let Some(hint) = error.chain().find_map(hint) {
        text.push_str(&format!("hint: {hint}\n"));
    }
    // Nobody left to tell: the exit code still does.
    let _told: io::Result<()> = io::stderr().write_all(text.as_bytes());
    code(error)
}

/// What to exit with for an error.
fn code(error: &anyhow::Error) -> ExitCode {
    error.chain().find_map(code_of).unwrap_or(ExitCode::Io)
}

fn code_of(error: &(dyn core::error::Error + 'static)) -> Option<ExitCode> {
    if let Some(advised) = error.downcast_ref::<Advised>() {
        return Some(advised.code);
    }
    if error.is::<InvalidName>() {
        return Some(ExitCode::Usage);
    }
    match error.downcast_ref::<ScanError>() {
        Some(ScanError::BaselineForm { .. }) => return Some(ExitCode::Invalid),
        Some(ScanError::GitRefused { .. }) => return Some(ExitCode::Usage),
        Some(ScanError::Baseline { .. } | ScanError::Git { .. }) | None => {}
    }
    match error.downcast_ref::<ConfigError>() {
        Some(
            ConfigError::Settings { .. } | ConfigError::Key { .. } | ConfigError::Untrusted { .. },
        ) => return Some(ExitCode::Invalid),
        Some(ConfigError::Root { .. }) => return Some(ExitCode::Usage),
        Some(_) | None => {}
    }
    let error = error.downcast_ref::<GateError>()?;
    if let GateError::Approval(error) = error {
        return is_an_answer(error).then_some(ExitCode::Negative);
    }
    matches!(error, GateError::NoPolicy { .. } | GateError::Policy { .. })
        .then_some(ExitCode::Invalid)
}

/// Whether an approval was answered with no, rather than that something failed.
const fn is_an_answer(error: &ApprovalError) -> bool {
    matches!(
        error,
        ApprovalError::Crowded { .. } | ApprovalError::Refused(_) | ApprovalError::Unknown(_)
    )
}

/// The advice that an error of ours carries.
fn hint(error: &(dyn core::error::Error + 'static)) -> Option<String> {
    if let Some(advised) = error.downcast_ref::<Advised>() {
        return Some(advised.hint.clone());
    }
    if let Some(error) = error.downcast_ref::<ConfigError>() {
        return Some(error.hint().to_owned());
    }
    if let Some(error) = error.downcast_ref::<GateError>() {
        return Some(error.hint().into_owned());
    }
    if let Some(error) = error.downcast_ref::<datafog_audit::Error>() {
        return Some(error.hint());
    }
    if let Some(error) = error.downcast_ref::<ScanError>() {
        return Some(error.hint().to_owned());
    }
    error.downcast_ref::<LinkError>().map(|error| error.hint().to_owned())
}

/// What a policy's diagnostics say, ready to print.
fn details(error: &anyhow::Error) -> Vec<String> {
    let policy = error.chain().find_map(|error| {
        let GateError::Policy { diagnostics, .. } = error.downcast_ref()? else { return None };
        Some(diagnostics)
    });
    policy.into_iter().flatten().map(ToString::to_string).collect()
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let kind = error.chain().find_map(|error| Some(error.downcast_ref::<io::Error>()?.kind()));
    kind == Some(io::ErrorKind::BrokenPipe)
}

/// Names of files and commands may hold anything; on a terminal they must not act.
fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
}
