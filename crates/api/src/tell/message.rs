//! What is told, in one form for programs and one for people.
//!
//! It is made of the receipt: which kind of action, by which program, what was decided and why. Of the
//! call itself only the program's name is taken, and only where it looks like one: a line for a shell may
//! begin with anything.

use datafog_approval::{Record, visible};
use datafog_core::{ActionKind, Event};
use jiff::Timestamp;
use serde::Serialize;

use super::occasion::Occasion;
use crate::server::context::Stored;
use crate::server::spoken::end;

/// Most letters of a reason.
const MOST: usize = 500;

/// Something to be told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Message {
    version: u32,
    /// The same when it is tried again.
    pub(crate) delivery: String,
    #[serde(rename = "event")]
    pub(crate) occasion: Occasion,
    /// When it happened.
    at: String,
    tenant: String,
    receipt_id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<String>,
    action_type: String,
    program: String,
    decision: String,
    reason: String,
    rules: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<u32>,
    /// Who answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    by: Option<String>,
    /// Until when it can be answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    answerable_until: Option<String>,
    /// Where to look, and to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) link: Option<String>,
}

impl Message {
    /// What a line of the chain means. `asked` is the request that it is about, where it is still there.
    pub(crate) fn of(
        delivery: &str,
        occasion: Occasion,
        Stored { event, server, .. }: &Stored,
        (asked, public): (Option<&Record>, Option<&str>),
    ) -> Self {
        let note = event.approval.as_deref();
        let page = match note {
            Some(note) => format!("/ui/approvals/server/{}", note.id),
            None => {
                let about = event.follows.unwrap_or(event.receipt_id);
                format!("/ui/decisions/server/{about}")
            }
        };
        let asked = asked.filter(|_| occasion == Occasion::Held);
        Self {
            version: 1,
            delivery: delivery.to_owned(),
            occasion,
            at: event.timestamp.clone(),
            tenant: server.tenant.clone(),
            receipt_id: event.receipt_id.to_string(),
            approval_id: note.map(|note| note.id.to_string()),
            action_type: event.action_type.name().to_owned(),
            program: program(event),
            decision: event.decision.name().to_owned(),
            reason: visible(&event.reason, MOST),
            rules: event.matched_rules.clone(),
            risk: event.risk.as_ref().map(|risk| risk.score),
            by: note.and_then(|note| note.by.as_ref()).map(|by| visible(by, MOST)),
            answerable_until: asked.map(|record| end(record.asked())),
            link: public.map(|public| format!("{public}{page}")),
        }
    }

    /// What is told to see whether a channel works.
    pub(crate) fn test(delivery: &str, tenant: &str, public: Option<&str>) -> Self {
        Self {
            version: 1,
            delivery: delivery.to_owned(),
            occasion: Occasion::Test,
            at: format!("{:.6}", Timestamp::now()),
            tenant: tenant.to_owned(),
            receipt_id: String::new(),
            approval_id: None,
            action_type: String::new(),
            program: String::new(),
            decision: String::new(),
            reason: String::from("somebody wants to see whether this channel works"),
            rules: Vec::new(),
            risk: None,
            by: None,
            answerable_until: None,
            link: public.map(|public| format!("{public}/ui/settings")),
        }
    }

    /// What happened, on one line.
    pub(crate) fn title(&self) -> String {
        let program = &self.program;
        match self.occasion {
            Occasion::Alert => format!("{program} was run although it had not been allowed"),
            Occasion::Approved => format!("{program} was approved"),
            Occasion::Blocked => format!("{program} was blocked"),
            Occasion::Denied => format!("{program} was denied"),
            Occasion::Expired => format!("nobody answered about {program} in time"),
            Occasion::Held => format!("{program} waits for an answer"),
            Occasion::Revoked => format!("an answer about {program} was taken back"),
            Occasion::Test => String::from("a test of this channel"),
        }
    }

    /// The rest, line by line.
    pub(crate) fn lines(&self) -> Vec<String> {
        let rules = (!self.rules.is_empty()).then(|| self.rules.join(", "));
        let kind = (!self.action_type.is_empty()).then(|| self.action_type.clone());
        let tenant = (!self.tenant.is_empty()).then(|| self.tenant.clone());
        let rows = [
            ("why", Some(self.reason.clone())),
            ("kind", kind),
            ("rule", rules),
            ("risk", self.risk.map(|risk| format!("{risk} of 100"))),
            ("by", self.by.clone()),
            ("at", Some(self.at.clone())),
            ("until", self.answerable_until.clone()),
            ("tenant", tenant),
            ("look", self.link.clone()),
        ];
        let told = |(name, value): (&str, Option<String>)| {
            value.map(|value| format!("{name}: {}", visible(&value, MOST)))
        };
        rows.into_iter().filter_map(told).collect()
    }

    /// Title and lines.
    pub(crate) fn text(&self) -> String {
        format!("datafog: {}\n\n{}\n", self.title(), self.lines().join("\n"))
    }
}

/// The name of the program or tool, where it looks like one; else the family of it.
fn program(event: &Event) -> String {
    let is_named = matches!(
        event.action_type,
        ActionKind::CommandExec | ActionKind::ShellExec | ActionKind::ToolCall
    );
    let first = event.command.split_whitespace().next().unwrap_or_default();
    let first = first.strip_prefix("tool:").unwrap_or(first);
    let name = first.rsplit('/').next().unwrap_or_default();
    let is_plain = |letter: char| letter.is_ascii_alphanumeric() || "._+-:@".contains(letter);
    let is_name = name.len() <= 64 && !name.is_empty() && name.chars().all(is_plain);
    match (is_named && is_name, event.tool.is_empty()) {
        (true, _) => name.to_owned(),
        (false, false) => visible(&event.tool, 64),
        (false, true) => String::from("a call"),
    }
}
