//! A call elsewhere that waits for a person.

use datafog_approval::{Binding, Bound, Eyes};
use datafog_core::{ApprovalScope, HostName, Verdict};

use super::{Judge, Judged};
use crate::hold;

/// What an answer to a held call would count for, and what would follow a yes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    /// What an answer counts for.
    pub binding: Binding,
    /// The widest scope that every rule permits.
    pub widest: ApprovalScope,
    /// Who has to say yes, as the rules say it.
    pub eyes: Eyes,
    /// How long an answer is waited for, in seconds, as the rules say it.
    pub seconds: u32,
    /// What the decision is once a person said yes: what other rules take out stays obliged.
    pub then: Verdict,
}

impl Judge<'_> {
    /// What a person is asked about a call that was judged; `None` when nobody is. An answer counts
    /// for who asked (`caller`) with the same arguments, folder, session and content (`text`), under
    /// the same policy; of a tool that nothing was found in, for other arguments, too.
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
        // What was found, or could not be looked at, may stand in the next call or something worse.
        let is_plain = event.findings.is_empty() && event.faults.is_empty() && text.is_none();
        let tool = event.command.starts_with("tool:").then_some(event.tool.as_bytes());
        // Two hosts that cannot be told are not the same one.
        let unknown = HostName::Unknown.to_string();
        let is_told = !event.destinations.iter().any(|place| place.contains(&unknown));
        let target = event.destinations.join("\u{1f}");
        let bound = Bound {
            user: event.principal.uid,
            action: event.action_digest.as_bytes(),
            program: caller.as_bytes(),
            policy: event.policy_digest.as_bytes(),
            contents: content.iter().map(|it| it.as_bytes().to_vec()).collect(),
            session: event.principal.session.as_deref().map(str::as_bytes),
            target: Some(target.as_bytes()).filter(|target| is_told && !target.is_empty()),
            tool: tool.filter(|_| is_plain),
            rules: holding.map(|rule| rule.id.as_str()).collect(),
            ..Bound::default()
        };
        let binding = Binding::of(bound, self.key());
        let (eyes, then) = (hold::eyes(decision), hold::lifted(decision).verdict);
        Some(Waiting { binding, widest, eyes, seconds, then })
    }
}
