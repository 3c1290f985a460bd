//! What people can be told of.

use datafog_core::{ApprovalState, Mode, Verdict};
use serde::{Deserialize, Serialize};

use crate::server::live::{Moved, Transition};

/// What happened, as far as anybody wants to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Occasion {
    /// Something was done although it had not been allowed.
    Alert,
    /// A person said yes.
    Approved,
    /// A rule denied a call, and nobody is asked.
    Blocked,
    /// A person said no.
    Denied,
    /// Nobody answered in time.
    Expired,
    /// A person is asked.
    Held,
    /// A person took an answer back.
    Revoked,
    /// Somebody wants to see whether a channel works.
    Test,
}

impl Occasion {
    /// What a channel can be told of, in order of name.
    pub(crate) const ALL: [Self; 7] = [
        Self::Alert,
        Self::Approved,
        Self::Blocked,
        Self::Denied,
        Self::Expired,
        Self::Held,
        Self::Revoked,
    ];

    /// What a line of the chain means; `None` for what nobody is told of.
    pub(crate) fn of(moved: &Moved) -> Option<Self> {
        match moved.transition() {
            Transition::Held(_) => Some(Self::Held),
            Transition::Answered(note) => match note.state {
                ApprovalState::Approved => Some(Self::Approved),
                ApprovalState::Denied => Some(Self::Denied),
                ApprovalState::Expired => Some(Self::Expired),
                ApprovalState::Revoked => Some(Self::Revoked),
                // One of several said yes, or a yes was used.
                ApprovalState::Pending | ApprovalState::Used => None,
            },
            // Who asks again after a no, or while it waits, is no news.
            Transition::Decided if moved.line.event.approval.is_some() => None,
            // Nothing was stopped.
            Transition::Decided if moved.line.event.mode == Mode::Observe => None,
            Transition::Decided => match moved.line.event.decision {
                Verdict::Deny => Some(Self::Blocked),
                Verdict::Allow | Verdict::Redact | Verdict::Rewrite | Verdict::RequireApproval => {
                    None
                }
            },
            Transition::Done => {
                let outcome = moved.line.outcome.as_ref();
                outcome.is_some_and(|outcome| outcome.alert).then_some(Self::Alert)
            }
        }
    }

    /// The name over the API, in the store and in messages.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Alert => "alert",
            Self::Approved => "approved",
            Self::Blocked => "blocked",
            Self::Denied => "denied",
            Self::Expired => "expired",
            Self::Held => "held",
            Self::Revoked => "revoked",
            Self::Test => "test",
        }
    }

    /// The one of that name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|occasion| occasion.name() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_json_and_sorted() {
        assert!(Occasion::ALL.is_sorted_by_key(|occasion| occasion.name()));
        for occasion in Occasion::ALL {
            assert_eq!(serde_json::to_string(&occasion).unwrap(), format!("{:?}", occasion.name()));
            assert_eq!(Occasion::named(occasion.name()), Some(occasion));
        }
        assert_eq!(Occasion::named("test"), None, "nobody is told of every test");
    }
}
