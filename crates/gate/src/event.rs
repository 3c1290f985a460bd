//! What goes into the ledger about one action.

use std::path::Path;

use datafog_core::{
    Decision, Destination, Event, Facts, Flows, Id, Reach, ReceiptKind, ToolCall, Value,
};
use datafog_policy::Policy;
use datafog_shim::Mask;
use jiff::Timestamp;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::Error;
use crate::case::Case;
use crate::veil::{self, Veil};

/// A new id for this moment.
pub(crate) fn new_id(now: Timestamp) -> Result<Id, Error> {
    let mut random = [0_u8; 10];
    // Up to 256 bytes come whole or not at all (getrandom(2)).
    getrandom(&mut random, GetRandomFlags::empty()).map_err(|_| Error::Random)?;
    Ok(Id::new(u64::try_from(now.as_millisecond()).unwrap_or(0), random))
}

/// The moment as it stands in a receipt: RFC 3339, UTC, microseconds.
pub(crate) fn shown(now: Timestamp) -> String {
    format!("{now:.6}")
}

/// What is known when an event is written.
#[derive(Debug)]
pub(crate) struct Draft<'a> {
    pub(crate) now: Timestamp,
    pub(crate) kind: ReceiptKind,
    pub(crate) case: &'a Case<'a>,
    pub(crate) decision: &'a Decision,
    pub(crate) enforcement: &'static str,
    /// Whether what flows in is judged when it comes.
    pub(crate) feeds: bool,
    pub(crate) policy: &'a Policy,
    pub(crate) fault: Option<&'a Error>,
    pub(crate) duration_us: u64,
    pub(crate) veil: Veil<'a>,
}

impl Draft<'_> {
    /// The event. It holds no raw value: the command is shown in its redacted form, and its
    /// arguments are named by a keyed digest.
    pub(crate) fn event(&self) -> Event {
        let (case, action) = (self.case, self.case.action);
        let mut event = Event {
            receipt_id: action.id,
            timestamp: shown(self.now),
            kind: self.kind,
            follows: None,
            mode: case.mode,
            principal: case.principal_so_far().clone(),
            action_type: action.kind,
            tool: action.tool.as_ref().map_or(&action.invocation.family, |tool| &tool.name).clone(),
            command: command(case),
            cwd: lossy(&action.cwd),
            action_digest: case.digest,
            flows: flows(case).iter().collect(),
            destinations: destinations(case),
            channels: case.all().flat_map(Case::channels).collect(),
            faults: self.faults(),
            findings: case.all().flat_map(Case::told_findings).collect(),
            decision: self.decision.verdict,
            matched_rules: self.decision.matched.iter().map(|rule| rule.id.clone()).collect(),
            counted: case.counted(),
            obligations: self.decision.obligations.clone(),
            rewritten: None,
            reason: self.decision.reason.clone().into_owned(),
            risk: self.decision.risk.clone(),
            enforcement: self.enforcement.to_owned(),
            approval: None,
            policy_id: self.policy.id().to_owned(),
            policy_version: self.policy.version().to_owned(),
            policy_digest: self.policy.digest(),
            policies: Vec::new(),
            duration_us: self.duration_us,
        };
        self.veil.cover(&mut event);
        event
    }

    /// What went wrong, and what was not looked at.
    fn faults(&self) -> Vec<String> {
        let mut faults: Vec<String> = self.fault.iter().map(|error| error.in_full()).collect();
        faults.extend(self.case.scorer_fault());
        for (part, seen) in self.case.all().map(|one| one.inspection).enumerate() {
            faults.extend(seen.unscanned.iter().chain(&seen.faults).cloned());
            if seen.streams && !(self.feeds && part == 0) {
                faults.push(String::from("standard input is a stream and was not scanned"));
            }
        }
        faults
    }
}

/// Which way data moves by any part.
pub(crate) fn flows(case: &Case<'_>) -> Flows {
    case.all().map(|one| one.flows()).fold(Flows::NONE, Flows::union)
}

/// Where anything goes, each place once.
pub(crate) fn destinations(case: &Case<'_>) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for place in case.all().flat_map(Case::destinations_so_far).map(destination) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

/// The command without values: what findings cover and what the profile calls content or a
/// credential is not shown.
pub(crate) fn command(case: &Case<'_>) -> String {
    if let Some(tool) = case.action.tool.as_ref().filter(|_| case.action.argv.is_empty()) {
        return tool_line(tool);
    }
    let covered = |argument: usize| -> Vec<Mask> {
        veil::masks(case).filter(|(index, _)| *index == argument).map(|(_, mask)| mask).collect()
    };
    datafog_shim::display(&case.action.argv, &case.action.invocation, &covered)
}

/// A tool's call that runs no command that could be read: its name and those of its arguments.
pub(crate) fn tool_line(tool: &ToolCall) -> String {
    let names = match &tool.arguments {
        Value::Table(members) => members.iter().map(|(name, _)| name.as_str()).collect(),
        Value::Bool(_)
        | Value::Float(_)
        | Value::Integer(_)
        | Value::List(_)
        | Value::Null
        | Value::Text(_) => Vec::new(),
    };
    let text = format!("tool:{} {}", tool.name, names.join(" "));
    text.trim_end().chars().map(|c| if c.is_control() { ' ' } else { c }).take(512).collect()
}

/// One place, as receipts name it.
pub(crate) fn destination(destination: &Destination) -> String {
    let port = destination.port.map(|port| format!(":{port}")).unwrap_or_default();
    let reach = match destination.reach {
        Reach::Loopback if !destination.host.is_loopback() => " (bent to this machine)",
        Reach::Loopback | Reach::Remote | Reach::Unknown => "",
    };
    format!("{}://{}{port}{reach}", destination.scheme, destination.host)
}

fn lossy(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
