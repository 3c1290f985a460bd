//! What the policy decided, and why.

use serde::{Deserialize, Serialize};

use crate::{RuleOrigin, Severity, Verdict};

/// The policy's answer to one action.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Decision {
    /// The strictest verdict of all matching rules, or the default.
    pub verdict: Verdict,
    /// What must be carried out for the verdict to stand; of all matching rules.
    pub obligations: Vec<Obligation>,
    /// Every rule that matched, the deciding one first.
    pub matched: Vec<RuleMatch>,
    /// Why, in one sentence.
    pub reason: String,
    /// What to do instead, when the deciding rule knows.
    pub instead: Option<String>,
}

impl Decision {
    /// The rule that gave the verdict; `None` when the default did.
    #[must_use]
    pub fn decider(&self) -> Option<&RuleMatch> {
        self.matched.first().filter(|rule| rule.verdict == self.verdict)
    }
}

/// A rule that matched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleMatch {
    /// The rule's id.
    pub id: String,
    /// What it asked for.
    pub verdict: Verdict,
    /// How bad it is.
    pub severity: Severity,
    /// Where the rule stands.
    pub origin: RuleOrigin,
    /// Indexes into the findings that made it match; empty when findings played no part.
    pub findings: Vec<usize>,
}

/// Something that must be carried out for a verdict to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// A person must approve.
    Approve,
    /// Findings of these entity types (globs) must be removed from what flows.
    Redact(Vec<String>),
    /// The command must be rewritten by the rewrite of that name.
    Rewrite(String),
}
