//! What was decided, in full, for somebody who only asked.

use datafog_core::{Decision, Event, Facts};
use datafog_policy::Explanation;

use crate::case::Case;
use crate::clock::Clock;
use crate::state::State;

/// A decision with everything that led to it.
#[derive(Debug)]
pub struct Report {
    /// The decision.
    pub decision: Decision,
    /// What was written into the ledger.
    pub event: Event,
    /// The command in normal form, several lines.
    pub normal_form: String,
    /// Every rule with its conditions; `None` when no policy could be loaded.
    pub explanation: Option<Explanation>,
    /// Why settings or policy could not be loaded, if so.
    pub fault: Option<String>,
    /// For each finding, whether it would only go where it belongs.
    pub going_home: Vec<bool>,
    /// How long the steps took.
    pub clock: Clock,
}

impl Report {
    pub(crate) fn new(
        state: &State,
        case: &Case<'_>,
        decision: Decision,
        event: Event,
        clock: Clock,
    ) -> Self {
        let loaded = state.fault.is_none();
        Self {
            normal_form: datafog_shim::normal_form(&case.action.invocation),
            explanation: loaded.then(|| state.policy.explain(case)),
            fault: state.fault.as_ref().map(ToString::to_string),
            going_home: case.findings().iter().map(|finding| case.going_home(finding)).collect(),
            decision,
            event,
            clock,
        }
    }
}
