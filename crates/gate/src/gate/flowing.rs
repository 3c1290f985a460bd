//! What flows into a command that sends it on: whether it is judged, by what, and what ends it.

use datafog_config::Layout;
use datafog_core::{Decision, Event, Facts, Finding, Mode, ReceiptKind, Verdict};
use jiff::Timestamp;

use super::Opened;
use crate::case::Case;
use crate::event;
use crate::filter::Refused;
use crate::hold;
use crate::notice::Notice;
use crate::request::Outcome;
use crate::veil::Veil;

impl Opened {
    /// Whether what flows in is judged: it is sent on, and some rule could have a say in it.
    pub(super) fn feeds(&self, case: &Case<'_>) -> bool {
        if !case.inspection.streams || case.mode != Mode::Enforced {
            return false;
        }
        let invocation = &case.action.invocation;
        let asks = self.state.policy.may_ask_for_findings(invocation)
            || self.beside.iter().any(|policy| policy.may_ask_for_findings(invocation))
            || !self.foreign.is_empty();
        asks && !speaks_with_peer(case)
    }

    /// What is decided when more is found in what flows in. What a person let through stays so.
    pub(super) fn judging<'j>(
        &'j self,
        case: &'j Case<'j>,
        first: &'j Event,
    ) -> impl Fn(&[Finding]) -> Decision + 'j {
        move |found| {
            let seen = case.inspection.with_streamed(found);
            let decision = self.judge(&case.again(&seen)).0;
            let held = |rule: &datafog_core::RuleMatch| rule.verdict == Verdict::RequireApproval;
            let mut holds = decision.matched.iter().filter(|rule| held(rule));
            let known = holds.all(|rule| first.matched_rules.contains(&rule.id));
            let was_held = first.decision == Verdict::RequireApproval;
            if was_held && known { hold::lifted(&decision) } else { decision }
        }
    }

    /// A command that was ended for what it would have sent gets a second receipt that says so.
    pub(super) fn stopped(
        &self,
        layout: &Layout,
        case: &Case<'_>,
        first: Event,
        refused: &Refused,
    ) -> Outcome {
        let seen = case.inspection.with_streamed(&refused.findings);
        let (again, decision) = (case.again(&seen), &refused.decision);
        let mut notice = Notice::for_decision(&again, decision, &Veil::of(&again, &self.key));
        notice.what.push_str("; it was ended there, and what came before was sent");
        let now = Timestamp::now();
        let Ok(id) = event::new_id(now) else { return Outcome::Blocked(Box::new(notice)) };
        notice.receipt = Some(id);
        let outcome = Event {
            follows: Some(first.receipt_id),
            receipt_id: id,
            timestamp: event::shown(now),
            kind: ReceiptKind::Outcome,
            findings: again.all().flat_map(Case::told_findings).collect(),
            decision: decision.verdict,
            matched_rules: decision.matched.iter().map(|rule| rule.id.clone()).collect(),
            obligations: decision.obligations.clone(),
            reason: decision.reason.clone().into_owned(),
            enforcement: String::from("block"),
            counted: Vec::new(),
            ..first
        };
        // It ended, recorded or not; there is nothing left to fail closed on.
        let _recorded = self.record(layout, (), &outcome);
        Outcome::Blocked(Box::new(notice))
    }
}

/// Whether it is `ssh` as git, rsync and scp start it.
fn speaks_with_peer(case: &Case<'_>) -> bool {
    let mut behind = case.all().skip(1);
    let peer =
        behind.next().is_some_and(|one| datafog_shim::is_peer(&one.action().invocation.program));
    peer && behind.next().is_none()
}
