//! What the policy decided, and why.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{ApprovalScope, Risk, RuleOrigin, Severity, Transform, Verdict};

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
    pub reason: Cow<'static, str>,
    /// What to do instead, when the deciding rule knows.
    pub instead: Option<String>,
    /// How risky the policy takes it to be, where a rule about that matched.
    pub risk: Option<Risk>,
}

impl Decision {
    /// A verdict that no rule gave, for this reason.
    pub fn without_rule(verdict: Verdict, reason: impl Into<Cow<'static, str>>) -> Self {
        let (obligations, matched) = (Vec::new(), Vec::new());
        Self { verdict, obligations, matched, reason: reason.into(), instead: None, risk: None }
    }

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
    /// Indexes into the findings that made it match, those of the whole action first, then those of
    /// each thing that it starts ([`crate::Facts::started`]), outer before inner; empty when findings
    /// played no part.
    pub findings: Vec<usize>,
    /// What it matched: 0 is the action as a whole, others count what it starts in the same order.
    pub part: usize,
}

/// Something that must be carried out for a verdict to stand.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Obligation {
    /// A person must approve.
    Approve,
    /// So many different persons must, beside [`Obligation::Approve`]. Of several the most hold.
    ApproveBy {
        /// How many.
        persons: u32,
    },
    /// What an approval may cover and how long it is waited for; beside [`Obligation::Approve`]. Of
    /// several the narrowest holds.
    ApproveWithin {
        /// The widest that a person may grant.
        scope: ApprovalScope,
        /// How long an answer is waited for, in seconds; with 0 nobody waits.
        seconds: u32,
    },
    /// These must be told; names as the installation's settings know them.
    Notify(Vec<String>),
    /// Findings of these entity types (globs) must be removed from what flows.
    Redact(Vec<String>),
    /// The command must be rewritten by the rewrite of that name.
    Rewrite(String),
    /// Findings of these entity types must be replaced in what flows.
    Transform {
        /// Entity types, as globs.
        entities: Vec<String>,
        /// By what.
        with: Transform,
    },
}

impl Obligation {
    /// The name of the rewrite that it asks for.
    #[must_use]
    pub fn rewrite(&self) -> Option<&str> {
        match self {
            Self::Rewrite(name) => Some(name),
            Self::Approve
            | Self::ApproveBy { .. }
            | Self::ApproveWithin { .. }
            | Self::Notify(_)
            | Self::Redact(_)
            | Self::Transform { .. } => None,
        }
    }
}

impl fmt::Display for Obligation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Approve => f.write_str("a person approves"),
            Self::ApproveBy { persons } => write!(f, "{persons} different persons approve"),
            Self::ApproveWithin { scope, seconds } => {
                write!(
                    f,
                    "the approval covers at most `{}` and comes within {seconds} s",
                    scope.name()
                )
            }
            Self::Notify(names) => write!(f, "{} are told", names.join(", ")),
            Self::Redact(entities) => write!(f, "{} is taken out", entities.join(", ")),
            Self::Rewrite(name) => write!(f, "it is rewritten by `{name}`"),
            Self::Transform { entities, with } => {
                write!(f, "{} is replaced ({})", entities.join(", "), with.name())
            }
        }
    }
}
