//! What was decided, in full, for somebody who only asked.

use datafog_core::{Decision, Event, Rewritten, Value};
use datafog_policy::Explanation;

use crate::case::Case;
use crate::clock::Clock;
use crate::event;
use crate::foreign::Asked;
use crate::request::Purpose;
use crate::rewriting::{self, Safe};
use crate::state::State;
use crate::veil::{self, Veil};

/// A decision with everything that led to it.
#[derive(Debug)]
pub struct Report {
    /// The decision.
    pub decision: Decision,
    /// What was written into the ledger.
    pub event: Event,
    /// The command in normal form, several lines.
    pub normal_form: String,
    /// Every rule with its conditions; `None` when nobody asked for them
    /// ([`Purpose::Explain`]), or no policy could be loaded.
    pub explanation: Option<Explanation>,
    /// What each policy said, ours first; nothing when only ours was asked.
    pub asked: Vec<Asked>,
    /// Why settings or policy could not be loaded, if so.
    pub fault: Option<String>,
    /// For each finding, whether it would only go where it belongs.
    pub going_home: Vec<bool>,
    /// The command that decided, without values, where that is one of several that the action
    /// starts.
    pub part: Option<String>,
    /// What would run in the place of it, where the policy wants it rewritten.
    pub rewritten: Option<Rewritten>,
    /// The arguments that the tool is to get in the place of its own. They are raw: whoever hands
    /// them on shows them to nobody.
    pub arguments: Option<Value>,
    /// How long the steps took.
    pub clock: Clock,
}

impl Report {
    pub(crate) fn new(
        state: &State,
        purpose: Purpose,
        case: &Case<'_>,
        (mut decision, asked, safe): (Decision, Vec<Asked>, Option<Box<Safe>>),
        event: Event,
        veil: &Veil<'_>,
        clock: Clock,
    ) -> Self {
        // Describing every rule for every command of a line costs ten times what deciding costs.
        let explains = purpose == Purpose::Explain && state.fault.is_none();
        let decider = decision.decider().map(|rule| rule.part).filter(|part| *part > 0);
        let decider = decider.and_then(|part| case.all().nth(part));
        case.close();
        let fault = state.fault.as_ref().map(|error| veil.over(&error.in_full()));
        if fault.is_some() {
            decision.reason = veil.over(&decision.reason).into();
        }
        let masks: Vec<_> = veil::masks(case).collect();
        let form = datafog_shim::normal_form(&case.action.invocation, &masks);
        Self {
            normal_form: veil.command(&form),
            explanation: explains.then(|| explained(state, case, veil)),
            asked,
            fault,
            going_home: case.all().flat_map(Case::homes).collect(),
            part: decider.map(|one| veil.over(&event::command(one))),
            decision,
            event,
            arguments: safe.as_ref().and_then(|safe| rewriting::arguments(&safe.request)),
            rewritten: safe.map(|safe| safe.rewritten),
            clock,
        }
    }
}

/// Every rule, with what its conditions saw as it may be shown.
fn explained(state: &State, case: &Case<'_>, veil: &Veil<'_>) -> Explanation {
    let mut explanation = state.policy.explain(case);
    for part in &mut explanation.parts {
        part.program = veil.command(&part.program);
        for condition in part.rules.iter_mut().flat_map(|rule| &mut rule.conditions) {
            condition.seen = veil.over(&condition.seen);
        }
    }
    explanation
}
