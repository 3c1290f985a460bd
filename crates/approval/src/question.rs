//! What a server is told of a call that is held elsewhere, so that a person may answer it there.
//!
//! It holds what a person needs to answer and no more: of what was found the kind, the place and the
//! keyed fingerprint, no masked form; of the call its line as a receipt shows it, and the digest that
//! an answer counts for. It is made of the record alone, so the same request is the same text however
//! often it is sent, and an answer can be signed over that text.

use datafog_core::{
    ActionKind, ApprovalScope, Channel, Confidence, Event, Finding, Id, KeyedDigest, Principal,
    Severity, Span, Verdict,
};
use serde::{Deserialize, Serialize};

use crate::{Eyes, Moment, Record};

/// Version of the form.
const VERSION: u32 = 1;

/// A held call as another is asked about it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Question {
    #[serde(deserialize_with = "datafog_core::whole")]
    schema_version: u32,
    /// Id of the request, on both sides.
    pub id: Id,
    /// Digest of the call, by the key of the installation that holds it, in hex.
    call: String,
    /// When it was asked, in milliseconds since 1970.
    #[serde(deserialize_with = "datafog_core::whole")]
    asked_at: u64,
    /// Until when it can be answered, in milliseconds since 1970.
    #[serde(deserialize_with = "datafog_core::whole")]
    until: u64,
    action_type: ActionKind,
    tool: String,
    command: String,
    cwd: String,
    destinations: Vec<String>,
    findings: Vec<Found>,
    faults: Vec<String>,
    rules: Vec<String>,
    reason: String,
    /// The name of the safer form that would run instead.
    rewrite: Option<String>,
    principal: Principal,
    /// How widely a yes may hold.
    scopes: Vec<ApprovalScope>,
    /// How many different persons have to say yes, where it is more than one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    persons: Option<u32>,
    policy_id: String,
    policy_version: String,
}

/// Something that was found, by kind and place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Found {
    detector: String,
    entity_type: String,
    channel: Channel,
    severity: Severity,
    fingerprint: KeyedDigest,
}

impl Question {
    /// The question that a record is about.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let (event, asked) = (record.event(), record.asked());
        let found = |finding: &Finding| Found {
            detector: finding.detector.to_string(),
            entity_type: finding.entity.to_string(),
            channel: finding.channel.clone(),
            severity: finding.severity,
            fingerprint: finding.fingerprint,
        };
        let length = u64::from(asked.seconds).saturating_mul(1000);
        Self {
            schema_version: VERSION,
            id: record.id(),
            call: record.binding().call.to_string(),
            asked_at: asked.from.wall,
            until: asked.from.wall.saturating_add(length),
            action_type: event.action_type,
            tool: event.tool.clone(),
            command: event.command.clone(),
            cwd: event.cwd.clone(),
            destinations: event.destinations.clone(),
            findings: event.findings.iter().map(found).collect(),
            faults: event.faults.clone(),
            rules: event.matched_rules.clone(),
            reason: event.reason.clone(),
            rewrite: record.rewrite().map(str::to_owned),
            principal: event.principal.clone(),
            scopes: record.scopes().collect(),
            persons: Some(record.needed()).filter(|needed| *needed > 1),
            policy_id: event.policy_id.clone(),
            policy_version: event.policy_version.clone(),
        }
    }

    /// Whether it has the form that is known here.
    #[must_use]
    pub fn is_known(&self) -> bool {
        let fits = self.persons.is_none_or(|persons| (2..=Eyes::MOST).contains(&persons));
        self.schema_version == VERSION && !self.scopes.is_empty() && fits
    }

    /// How many seconds are left to answer it; none when its time is over.
    #[must_use]
    pub fn seconds_left(&self, now: &Moment) -> u32 {
        let left = self.until.saturating_sub(now.wall).div_ceil(1000);
        u32::try_from(left).unwrap_or(u32::MAX)
    }

    /// How widely a yes may hold.
    #[must_use]
    pub fn scopes(&self) -> &[ApprovalScope] {
        &self.scopes
    }

    /// Who has to say yes, as whoever holds the call asks for it.
    #[must_use]
    pub fn eyes(&self) -> Eyes {
        Eyes { others: false, count: self.persons.unwrap_or_default() }
    }

    /// The name of the safer form that would run instead.
    #[must_use]
    pub fn rewrite(&self) -> Option<&str> {
        self.rewrite.as_deref()
    }

    /// What it says as an event of who was asked; `call` is what the call is named by there, and
    /// `timestamp` is now.
    #[must_use]
    pub fn event(&self, timestamp: String, call: KeyedDigest) -> Event {
        let finding = |found: &Found| Finding {
            detector: found.detector.clone().into(),
            entity: found.entity_type.clone().into(),
            channel: found.channel.clone(),
            span: Span::at(0, 0),
            confidence: Confidence::CERTAIN,
            severity: found.severity,
            fingerprint: found.fingerprint,
            preview: String::new(),
        };
        Event {
            principal: self.principal.clone(),
            action_type: self.action_type,
            tool: self.tool.clone(),
            command: self.command.clone(),
            cwd: self.cwd.clone(),
            destinations: self.destinations.clone(),
            faults: self.faults.clone(),
            findings: self.findings.iter().map(finding).collect(),
            matched_rules: self.rules.clone(),
            reason: self.reason.clone(),
            policy_id: self.policy_id.clone(),
            policy_version: self.policy_version.clone(),
            ..Event::bare(self.id, timestamp, call, Verdict::RequireApproval)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{at, binding, key, request};

    fn record() -> Record {
        let mut asked = request(1, "git push --force");
        asked.event.findings.push(Finding {
            detector: "github-pat".into(),
            entity: "secret.github.pat".into(),
            channel: Channel::Argument(2),
            span: Span::at(3, 40),
            confidence: Confidence::CERTAIN,
            severity: Severity::High,
            fingerprint: key().digest("value", [b"x".as_slice()]),
            preview: "ghp_… (40)".into(),
        });
        Record::new(asked, &at(0))
    }

    #[test]
    fn it_tells_what_a_person_needs_and_nothing_of_a_value() {
        let question = Question::of(&record());
        let json = serde_json::to_string(&question).unwrap();
        assert!(json.contains("git push --force") && json.contains("secret.github.pat"), "{json}");
        assert!(!json.contains("ghp_"), "{json}");
        assert_eq!(serde_json::from_str::<Question>(&json).unwrap(), question);
        assert_eq!(serde_json::to_string(&Question::of(&record())).unwrap(), json, "the same text");
    }

    #[test]
    fn whoever_is_asked_sees_the_same_call() {
        let (question, call) = (Question::of(&record()), binding("there").call);
        let event = question.event("2026-01-01T00:00:00.000000Z".into(), call);
        let (there, here) = (Record::new(request(1, "git push --force"), &at(0)), record());
        assert_eq!((event.receipt_id, &event.command), (there.id(), &there.event().command));
        assert_eq!(event.findings.len(), 1);
        assert_eq!(question.scopes(), here.scopes().collect::<Vec<_>>());
        assert_eq!((question.seconds_left(&at(0)), question.seconds_left(&at(60))), (60, 0));
        assert!(question.is_known());
        let written = serde_json::to_string(&question).unwrap();
        let pointed = written.replace("\"schema_version\":1,", "\"schema_version\":1.0,");
        assert!(pointed != written);
        assert_eq!(serde_json::from_str::<Question>(&pointed).unwrap(), question, "one number");
        assert!(!written.contains("persons"), "who asks for one says nothing of it");
        let mut several = request(1, "git push --force");
        several.eyes.count = 3;
        let several = Question::of(&Record::new(several, &at(0)));
        assert!(several.is_known() && several.eyes().count == 3);
        assert!(!Question { persons: Some(Eyes::MOST + 1), ..several }.is_known());
        assert!(!Question { schema_version: 2, ..question.clone() }.is_known());
        assert!(!Question { scopes: Vec::new(), ..question }.is_known());
    }
}
