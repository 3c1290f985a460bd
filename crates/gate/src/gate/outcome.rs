//! What came of a plan that was recorded, and what a redaction works with.

use datafog_audit::Recorded;
use datafog_config::Layout;
use datafog_core::{
    Action, Decision, Digest, Event, Key, Mode, Principal, PrincipalKind, ReceiptKind, Verdict,
};
use datafog_detect::Custom;
use jiff::Timestamp;

use super::Opened;
use crate::case::Case;
use crate::enforcement::{Enforcement, NotRun};
use crate::filter::Ended;
use crate::foreign::{self, Asked};
use crate::notice::Notice;
use crate::on_error::{Consequence, Failure, on_error};
use crate::request::Outcome;
use crate::started::Started;
use crate::veil::Veil;
use crate::world::World;
use crate::{Error, event, projects};

impl Opened {
    /// What a redaction works with.
    pub(super) const fn tools(&self) -> (&Key, Option<&Custom>) {
        (&self.key, self.state.custom.as_ref())
    }

    /// What the policies say, ours and others.
    pub(super) fn judge(&self, case: &Case<'_>) -> (Decision, Vec<Asked>) {
        let policy = &self.state.policy;
        let own = (policy, policy.decide(case));
        let beside = self.beside.iter().map(|policy| (policy, policy.decide(case))).collect();
        foreign::join(own, beside, &self.foreign, case)
    }

    /// Which policies are asked: an answer of a person counts for these alone.
    pub(super) fn judged_by(&self) -> Digest {
        let own = self.state.policy.digest();
        if self.beside.is_empty() && self.foreign.is_empty() {
            return own;
        }
        let beside = self.beside.iter().map(|policy| policy.digest());
        let others = self.foreign.iter().map(|policy| policy.digest());
        let all: Vec<Digest> = core::iter::once(own).chain(beside).chain(others).collect();
        Digest::of(&all.iter().flat_map(|one| *one.as_bytes()).collect::<Vec<u8>>())
    }

    /// The same where the call works in folders of further trusted projects: their rules hold, too.
    pub(super) fn working_in(
        mut self,
        (action, started): (&Action, &[Started]),
        world: &World<'_>,
    ) -> Self {
        if self.state.has_projects() {
            match self.state.beside(&projects::folders(action, started, world)) {
                Ok(policies) => self.beside = policies,
                Err(error) => _ = self.state.fault.get_or_insert(error),
            }
        }
        self
    }

    /// What was taken out of what a command wrote or read gets a second receipt that counts it; so
    /// does what it was ended for.
    pub(super) fn ended(
        &self,
        layout: &Layout,
        case: &Case<'_>,
        first: Event,
        ended: Ended,
    ) -> Outcome {
        if let Some(refused) = &ended.refused {
            return self.stopped(layout, case, first, refused);
        }
        let taken = [("output", &ended.tally), ("input", &ended.given)].map(|(of, tally)| {
            let parts = tally.replaced.iter();
            let parts =
                parts.map(|((entity, with), n)| format!("{n} × {entity} ({})", with.name()));
            let parts: Vec<String> = parts.collect();
            (!parts.is_empty()).then(|| format!("taken out of its {of}: {}", parts.join(", ")))
        });
        let taken: Vec<String> = taken.into_iter().flatten().collect();
        let Ok(id) = event::new_id(Timestamp::now()) else { return Outcome::Ended(ended) };
        if taken.is_empty() {
            return Outcome::Ended(ended);
        }
        let outcome = Event {
            follows: Some(first.receipt_id),
            receipt_id: id,
            timestamp: event::shown(Timestamp::now()),
            kind: ReceiptKind::Outcome,
            reason: taken.join("; "),
            counted: Vec::new(),
            ..first
        };
        // It ran, and what was decided is recorded; there is nothing left to fail closed on.
        let _recorded = self.record(layout, (), &outcome);
        Outcome::Ended(ended)
    }

    /// A recorded execution that did not happen gets a second receipt that says so.
    pub(super) fn did_not_run(
        &self,
        layout: &Layout,
        first: Event,
        mode: Mode,
        why: NotRun,
    ) -> Outcome {
        let Ok(id) = event::new_id(Timestamp::now()) else { return Outcome::NotRun(why) };
        let outcome = Event {
            follows: Some(first.receipt_id),
            receipt_id: id,
            timestamp: event::shown(Timestamp::now()),
            kind: ReceiptKind::Outcome,
            enforcement: why.name().to_owned(),
            faults: vec![Veil::plain(&self.key).over(&why.to_string())],
            counted: Vec::new(),
            ..first
        };
        // It did not run, recorded or not; there is nothing left to fail closed on.
        let recorded = self.record(layout, (), &outcome);
        match (why, recorded) {
            (NotRun::Changed(path), _) if mode == Mode::Enforced => {
                let path = Veil::plain(&self.key).over(&path.to_string_lossy());
                let notice = Notice::for_change(outcome.receipt_id, &outcome.command, &path);
                Outcome::Blocked(Box::new(notice))
            }
            (why, _) => Outcome::NotRun(why),
        }
    }
}

/// Whether this principal may make the installation guard less. No policy has a say in it: an agent
/// could be asked to write one.
pub(super) fn may_loosen(principal: &Principal, said: Option<&str>) -> Decision {
    let (verdict, reason, instead) = match principal.kind {
        PrincipalKind::Agent => (
            Verdict::Deny,
            "an agent would make datafog guard less, and only a person may",
            Some("a person must run it at a terminal of their own".to_owned()),
        ),
        PrincipalKind::Human | PrincipalKind::Unknown => {
            (Verdict::Allow, "no agent asks for it", None)
        }
    };
    let (obligations, matched) = (Vec::new(), Vec::new());
    let reason = said.map_or_else(|| reason.into(), |said| format!("{reason}: {said}").into());
    Decision { verdict, obligations, matched, reason, instead, risk: None }
}

/// What an unwritten receipt means: observing goes on, anything else stops.
pub(super) fn waive(
    plan: Enforcement,
    mode: Mode,
    error: datafog_audit::Error,
    action: &Action,
) -> Result<Recorded<Enforcement>, Box<Notice>> {
    let waived = match on_error(Failure::Unrecorded, mode) {
        Consequence::Run => Recorded::waived(plan, mode, &error),
        Consequence::Deny => None,
    };
    waived.ok_or_else(|| {
        let program = &action.invocation.program;
        Box::new(Notice::for_failure(None, program, &Error::Ledger(error)))
    })
}
