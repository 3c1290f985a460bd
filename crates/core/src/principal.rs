//! Who asks.

use serde::{Deserialize, Serialize};

/// Who asks for an action: a person, or an agent acting with a person's rights.
///
/// What the environment says is attribution by courtesy: a governed process can unset a variable.
/// So an unclear case counts as an agent wherever that is stricter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// Person or agent.
    pub kind: PrincipalKind,
    /// Numeric id of the user the process runs as.
    #[serde(deserialize_with = "crate::whole")]
    pub uid: u32,
    /// Name of the agent, for example `claude-code`, when known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<String>,
    /// The agent's own session id, when it gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
    /// Names of the parent processes, nearest first; empty when nobody needed to know.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parents: Vec<String>,
    /// Whether the process has a controlling terminal on standard input.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub terminal: bool,
}

/// Whether a person or an agent asks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PrincipalKind {
    /// A coding agent or another program that decides by itself.
    Agent,
    /// A person at a terminal.
    Human,
    /// Neither is certain; treated as an agent by every rule.
    #[default]
    Unknown,
}

impl PrincipalKind {
    /// The name used in policies and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Human => "human",
            Self::Unknown => "unknown",
        }
    }
}
