//! A call elsewhere that waits for a person.

use datafog_approval::{Binding, Bound};
use datafog_core::{ApprovalScope, Verdict};

use super::{Judge, Judged};
use crate::hold;

/// What an answer to a held call would count for, and what would follow a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What an answer counts for.
    pub binding: Binding,
    /// The widest scope that every rule permits.
    pub widest: ApprovalScope,
    /// How long an answer is waited for, in seconds, as the rules say it.
    pub seconds: u32,
    /// What the decision is once a person said yes: what other rules take out stays obliged.
    pub then: Verdict,
}

impl Judge<'_> {
    /// What a person is asked about a call that was judged; `None` when nobody is. An answer counts
    /// for who asked (`caller`) with the same arguments, folder, session and content (`text`), under
    /// the same policy.
    #[must_use]
    pub fn waiting(
        &self,
        judged: &Judged,
        (caller, text): (&str, Option<&str>),
    ) -> Option<Waiting> {
        let Judged { decision, event, .. } = judged;
        if decision.verdict != Verdict::RequireApproval {
            return None;
        }
        let (widest, seconds) = hold::terms(decision);
        let content = text.map(|text| self.key().digest("sent text", [text.as_bytes()]));
        let holding = decision.matched.iter().filter(|it| it.verdict == Verdict::RequireApproval);
        let bound = Bound {
            user: event.principal.uid,
            action: event.action_digest.as_bytes(),
            program: caller.as_bytes(),
            policy: event.policy_digest.as_bytes(),
            contents: content.iter().map(|it| it.as_bytes().to_vec()).collect(),
            session: event.principal.session.as_deref().map(str::as_bytes),
            rules: holding.map(|rule| rule.id.as_str()).collect(),
            ..Bound::default()
        };
        let binding = Binding::of(bound, self.key());
        Some(Waiting { binding, widest, seconds, then: hold::lifted(decision).verdict })
    }
}
