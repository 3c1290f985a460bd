//! A receipt in short.

use std::sync::Arc;

use datafog_core::{
    Event, Finding, Id, KeyedDigest, Mode, PrincipalKind, ReceiptKind, Severity, Verdict,
};
use jiff::Timestamp;

use super::Surface;
use super::fate::Noted;
use super::names::Names;
use crate::server::context::Context;

/// In which chain a receipt stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the ledger of this machine.
    Local,
    /// In the server's store.
    Server,
}

impl Place {
    /// The name in addresses.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Server => "server",
        }
    }

    /// That of the name.
    #[must_use]
    pub fn of(name: &str) -> Option<Self> {
        [Self::Local, Self::Server].into_iter().find(|place| place.name() == name)
    }
}

/// Where a line begins in the ledger: file and offset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file's name.
    pub file: Arc<str>,
    /// The line's first byte.
    pub offset: u64,
}

/// Something that was found, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// What it is, for example `pii.email`.
    pub entity: Arc<str>,
    /// Who found it.
    pub detector: Arc<str>,
    /// Where in the action it stood.
    pub channel: Arc<str>,
    /// Its masked form.
    pub preview: Arc<str>,
    /// Equal values have equal ones on one installation.
    pub fingerprint: KeyedDigest,
    /// How bad it is if it leaves.
    pub severity: Severity,
}

/// A receipt in short. It holds what the receipt holds: no value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// When, in microseconds since 1970.
    pub at: i64,
    /// In which chain.
    pub place: Place,
    /// Its number there.
    pub seq: u64,
    /// Its id.
    pub id: Id,
    /// The receipt that it adds to.
    pub follows: Option<Id>,
    /// What kind of receipt it is.
    pub kind: ReceiptKind,
    /// Through which door it came.
    pub surface: Surface,
    /// Whether decisions were carried out.
    pub mode: Mode,
    /// What the policy said.
    pub verdict: Verdict,
    /// What was done.
    pub enforcement: Arc<str>,
    /// The program or the tool.
    pub program: Arc<str>,
    /// The command line without values.
    pub command: Arc<str>,
    /// Who asked, as far as it is known.
    pub agent: Arc<str>,
    /// In which session; empty when none was named.
    pub session: Arc<str>,
    /// In which folder.
    pub folder: Arc<str>,
    /// The rules that matched, the deciding one first.
    pub rules: Box<[Arc<str>]>,
    /// What was found.
    pub found: Box<[Seen]>,
    /// How many findings were taken out.
    pub redactions: u32,
    /// Points of risk, where the policy gave any.
    pub risk: Option<u32>,
    /// What came of asking a person.
    pub approval: Option<Box<Noted>>,
    /// Digest of the policy that was in force, as it is shown.
    pub policy: Arc<str>,
    /// How long judging took, in microseconds.
    pub micros: u64,
    /// Where its line is, in the ledger.
    pub spot: Option<Spot>,
}

/// What a receipt does not say of itself.
#[derive(Debug)]
pub(super) struct Placed<'a> {
    pub(super) place: Place,
    pub(super) seq: u64,
    pub(super) spot: Option<(&'a str, u64)>,
    /// What the server knows besides.
    pub(super) context: Option<&'a Context>,
}

impl Row {
    /// Of an event; `None` when its time is none.
    pub(super) fn of(event: &Event, placed: &Placed<'_>, names: &mut Names) -> Option<Self> {
        let at = event.timestamp.parse::<Timestamp>().ok()?.as_microsecond();
        let Placed { place, seq, spot, context } = placed;
        let said = |text: fn(&Context) -> &String| {
            context.map(text).filter(|text| !text.is_empty()).map(String::as_str)
        };
        let session = event.principal.session.as_deref().or_else(|| said(|it| &it.session_id));
        let redacts = event.decision == Verdict::Redact || event.enforcement == "filter";
        let redactions = if redacts { event.findings.len() } else { 0 };
        Some(Self {
            at,
            place: *place,
            seq: *seq,
            id: event.receipt_id,
            follows: event.follows,
            kind: event.kind,
            surface: Surface::of(*place, event.action_type, &event.tool),
            mode: event.mode,
            verdict: event.decision,
            enforcement: names.of(&event.enforcement),
            program: names.of(program(event)),
            command: names.of(&event.command),
            agent: names.of(&agent(event, *context)),
            session: names.of(session.unwrap_or_default()),
            folder: names.of(&event.cwd),
            rules: event.matched_rules.iter().map(|rule| names.of(rule)).collect(),
            found: event.findings.iter().map(|finding| seen(finding, names)).collect(),
            redactions: u32::try_from(redactions).unwrap_or(u32::MAX),
            risk: event.risk.as_ref().map(|risk| risk.score),
            approval: Noted::of(event, names).map(Box::new),
            policy: names.of(&event.policy_digest.to_string()),
            micros: event.duration_us,
            spot: spot.map(|(file, offset)| Spot { file: names.of(file), offset }),
        })
    }

    /// Whether it says what was decided, and not what came of it later.
    #[must_use]
    pub const fn is_decision(&self) -> bool {
        matches!(self.kind, ReceiptKind::Action | ReceiptKind::Check)
    }

    /// Whether it would have been stopped or changed, had decisions been carried out.
    #[must_use]
    pub fn is_would_have(&self) -> bool {
        self.is_decision() && self.mode == Mode::Observe && self.verdict != Verdict::Allow
    }

    /// Where it stands among all rows of a tenant: oldest first.
    pub(super) const fn order(&self) -> (i64, Place, u64) {
        (self.at, self.place, self.seq)
    }
}

fn seen(finding: &Finding, names: &mut Names) -> Seen {
    Seen {
        entity: names.of(&finding.entity),
        detector: names.of(&finding.detector),
        channel: names.of(&finding.channel.to_string()),
        preview: names.of(&finding.preview),
        fingerprint: finding.fingerprint,
        severity: finding.severity,
    }
}

/// The last component of the command line's first word, or the tool's name.
fn program(event: &Event) -> &str {
    if event.command.starts_with("tool:") || event.command.is_empty() {
        return &event.tool;
    }
    let line = event.command.trim_start();
    let word = match line.strip_prefix('\'') {
        Some(rest) => rest.split('\'').next(),
        None => line.split(' ').next(),
    };
    let word = word.unwrap_or_default();
    word.rsplit('/').find(|part| !part.is_empty()).unwrap_or(word)
}

/// Who asked: by the name they gave, else what is known of them.
fn agent(event: &Event, context: Option<&Context>) -> String {
    let principal = &event.principal;
    if let Some(agent) = principal.agent.as_ref().filter(|agent| !agent.is_empty()) {
        return agent.clone();
    }
    if let Some(context) = context {
        if !context.actor_id.is_empty() {
            return context.actor_id.clone();
        }
        if !context.key.is_empty() {
            return format!("key {}", context.key);
        }
    }
    String::from(match principal.kind {
        PrincipalKind::Human => "person",
        PrincipalKind::Agent => "agent",
        PrincipalKind::Unknown => "unnamed",
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    fn row(event: &Event, context: Option<&Context>) -> Row {
        let placed = Placed { place: Place::Server, seq: 7, spot: None, context };
        Row::of(event, &placed, &mut Names::default()).unwrap()
    }

    #[test]
    fn a_row_says_what_the_receipt_says() {
        let event = sample::event(3);
        let row = row(&event, None);
        assert_eq!((row.seq, row.id, row.verdict), (7, event.receipt_id, event.decision));
        assert_eq!((&*row.program, &*row.agent), ("curl", "claude-code"));
        assert_eq!(row.found.len(), event.findings.len());
        assert!(row.is_decision() && !row.is_would_have());
    }

    #[test]
    fn a_program_is_the_last_component_of_the_first_word() {
        let named = |command: &str| {
            let event = Event { command: command.to_owned(), ..sample::event(1) };
            row(&event, None).program.to_string()
        };
        assert_eq!(named("/usr/bin/git push"), "git");
        assert_eq!(named("'/opt/my tools/x y' a"), "x y");
        assert_eq!(named("tool:Read file_path"), "http");
        assert_eq!(named("/"), "/");
        assert_eq!(named("''"), "");
    }

    #[test]
    fn who_asked_is_named_as_well_as_can_be() {
        let mut event = sample::event(1);
        event.principal.agent = None;
        let context = Context { key: "1a2b3c4d".into(), ..Context::default() };
        assert_eq!(&*row(&event, Some(&context)).agent, "key 1a2b3c4d");
        let context = Context { actor_id: "support-bot".into(), ..context };
        assert_eq!(&*row(&event, Some(&context)).agent, "support-bot");
        event.principal.kind = PrincipalKind::Human;
        assert_eq!(&*row(&event, None).agent, "person");
    }

    #[test]
    fn a_time_that_is_none_makes_no_row() {
        let event = Event { timestamp: "soon".into(), ..sample::event(1) };
        let placed = Placed { place: Place::Local, seq: 1, spot: None, context: None };
        assert!(Row::of(&event, &placed, &mut Names::default()).is_none());
    }
}
