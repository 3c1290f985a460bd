//! What came of asking a person: the words that receipts and stores of approvals share.

use core::fmt;

use serde::{Deserialize, Serialize};

use crate::Id;

/// How long an answer is waited for where no rule says otherwise, in seconds.
pub const PATIENCE: u32 = 60;

/// What one approval covers, from the narrowest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalScope {
    /// This very call, once.
    Once,
    /// The same call, as often as it comes within minutes.
    Exact,
    /// The same call, as often as it comes in the same session.
    Session,
    /// Every call that the same rules hold, by the same program in the same repository.
    Repository,
    /// Every call of the same tool that the same rules hold, to the same hosts.
    Target,
    /// Every call of the same tool that the same rules hold.
    Tool,
}

impl ApprovalScope {
    /// Every scope, from the narrowest.
    pub const ALL: [Self; 6] =
        [Self::Once, Self::Exact, Self::Session, Self::Repository, Self::Target, Self::Tool];

    /// The widest: what a person may choose up to where no rule says otherwise.
    pub const WIDEST: Self = Self::Tool;

    /// The name used in policies, on the command line and in receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Once => "once",
            Self::Exact => "exact",
            Self::Session => "session",
            Self::Repository => "repository",
            Self::Target => "target",
            Self::Tool => "tool",
        }
    }
}

/// Where a request for approval stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalState {
    /// A person said yes, and the yes still holds.
    Approved,
    /// A person said no.
    Denied,
    /// Nobody answered in time, or the yes was not used in time.
    Expired,
    /// Nobody has answered yet.
    Pending,
    /// A person took the answer back.
    Revoked,
    /// It was approved for one call, and that call has been let through.
    Used,
}

impl ApprovalState {
    /// The name in receipts and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Approved => "approved",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Pending => "pending",
            Self::Revoked => "revoked",
            Self::Used => "used",
        }
    }
}

impl fmt::Display for ApprovalState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// By which way an answer came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ApprovalWay {
    /// Over the server.
    Api,
    /// By `datafog approvals`.
    Command,
    /// In the dashboard.
    Dashboard,
    /// Nobody answered: the time was over.
    Deadline,
    /// At the terminal where the command was typed.
    Prompt,
    /// On the server that the settings name, and signed by it.
    Server,
}

impl ApprovalWay {
    /// The name in receipts and JSON.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Command => "command",
            Self::Dashboard => "dashboard",
            Self::Deadline => "deadline",
            Self::Prompt => "prompt",
            Self::Server => "server",
        }
    }
}

/// What a receipt says of an approval.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ApprovalNote {
    /// Id of the request, which is that of the receipt that first said it was held.
    pub id: Id,
    /// What became of it with this receipt.
    pub state: ApprovalState,
    /// Who answered; `None` when nobody did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub by: Option<String>,
    /// By which way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub way: Option<ApprovalWay>,
    /// What the yes covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scope: Option<ApprovalScope>,
    /// What whoever answered wrote beside it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json_and_scopes_widen() {
        assert!(ApprovalScope::ALL.is_sorted());
        for scope in ApprovalScope::ALL {
            assert_eq!(serde_json::to_string(&scope).unwrap(), format!("\"{}\"", scope.name()));
        }
        use ApprovalState::{Approved, Denied, Expired, Pending, Revoked, Used};
        for state in [Approved, Denied, Expired, Pending, Revoked, Used] {
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{state}\""));
        }
        for way in [
            ApprovalWay::Api,
            ApprovalWay::Command,
            ApprovalWay::Dashboard,
            ApprovalWay::Deadline,
            ApprovalWay::Prompt,
        ] {
            assert_eq!(serde_json::to_string(&way).unwrap(), format!("\"{}\"", way.name()));
        }
    }
}
