//! Every exit code of datafog, in one table.
//!
//! The reference page `docs/reference/exit-codes.md` and the help text are made from it; a test
//! compares them.

/// What datafog ends with. A command that ran ends with its own code instead, untouched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum ExitCode {
    /// Done; allowed; nothing found.
    Success = 0,
    /// Denied; something was found; a check failed.
    Negative = 1,
    /// The command line was not understood.
    Usage = 2,
    /// A person would have to approve.
    NeedsApproval = 3,
    /// A policy or settings file is not valid.
    Invalid = 4,
    /// The system refused to read or write something.
    Io = 5,
    /// Datafog itself failed, so the command was not run.
    Failed = 125,
    /// The policy did not let the command run.
    Blocked = 126,
    /// There is no such command.
    Missing = 127,
}

/// One row of the table: the code, who ends with it, and what it means.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row {
    /// The code.
    pub(crate) code: ExitCode,
    /// Which commands use it.
    pub(crate) used_by: &'static str,
    /// What it means.
    pub(crate) meaning: &'static str,
}

impl ExitCode {
    /// Every code, in order.
    pub(crate) const ALL: &'static [Row] = &[
        row(Self::Success, MANAGEMENT, "done; allowed; nothing found"),
        row(Self::Negative, MANAGEMENT, "denied; something was found; a check failed"),
        row(Self::Usage, MANAGEMENT, "the command line was not understood"),
        row(Self::NeedsApproval, "`check`", "a person would have to approve"),
        row(Self::Invalid, MANAGEMENT, "a policy or settings file is not valid"),
        row(Self::Io, MANAGEMENT, "something could not be read or written"),
        row(Self::Failed, GATED, "datafog itself failed, so the command was not run"),
        row(Self::Blocked, GATED, "the policy did not let the command run"),
        row(Self::Missing, GATED, "there is no such command"),
    ];
}

/// The commands of `datafog` itself.
const MANAGEMENT: &str = "management commands";

/// Commands that go through the gate.
const GATED: &str = "wrapped commands, `run`";

const fn row(code: ExitCode, used_by: &'static str, meaning: &'static str) -> Row {
    Row { code, used_by, meaning }
}

impl From<ExitCode> for u8 {
    fn from(code: ExitCode) -> Self {
        code as Self
    }
}
