//! What was recorded: `GET /v1/receipts`, `GET /v1/receipts/{id}`, `GET /v1/events` (contract §3.4,
//! §6, §2.8). Newest first, of the caller's tenant alone, and without any value.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use datafog_core::{Finding, Mode, Verdict};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::words;
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Parameters, Reply};
use crate::server::context::Context;
use crate::server::problem::{Kind, Problem};
use crate::store::{Entry, Query};

/// Most entries of one answer.
const MOST: u32 = 1000;

/// What a list can be narrowed by.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    limit: Option<u32>,
    after: Option<String>,
    before: Option<String>,
    decision: Option<String>,
    action_type: Option<String>,
    adapter: Option<String>,
}

/// The members of a line that are told.
#[derive(Debug, Deserialize)]
struct Line {
    receipt_id: String,
    timestamp: String,
    mode: Mode,
    action_type: String,
    action_digest: String,
    command: String,
    tool: String,
    decision: Verdict,
    matched_rules: Vec<String>,
    findings: Vec<Finding>,
    reason: String,
    policy_id: String,
    policy_version: String,
    #[serde(default)]
    server: Context,
}

/// Answers `GET /v1/receipts`.
pub(crate) async fn receipts(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(asked): Parameters<Asked>,
) -> Reply<Value> {
    let (receipts, total) = listed(&app, &caller, asked, Line::receipt).await?;
    Ok(Json(json!({ "receipts": receipts, "total": total })))
}

/// Answers `GET /v1/events`.
pub(crate) async fn events(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(asked): Parameters<Asked>,
) -> Reply<Value> {
    let (events, _) = listed(&app, &caller, asked, Line::event).await?;
    Ok(Json(json!({ "total": events.len(), "events": events })))
}

/// Answers `GET /v1/receipts/{id}`. Of another tenant's receipt nothing is told, not even that it
/// is there.
pub(crate) async fn receipt(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(receipt): Path<String>,
) -> Reply<Value> {
    let found = app.store.entry(Some(&caller.tenant), &receipt).await;
    let none = || Problem::new(Kind::NotFound, "receipt not found");
    let entry = found.map_err(|error| Problem::unread(&error))?.ok_or_else(none)?;
    Ok(Json(Line::of(&entry)?.receipt()))
}

async fn listed(
    app: &App,
    caller: &Caller,
    asked: Asked,
    tell: fn(&Line) -> Value,
) -> Result<(Vec<Value>, u64), Problem> {
    let page = app.store.entries(&asked.query(caller)?).await;
    let page = page.map_err(|error| Problem::unread(&error))?;
    let lines: Vec<Value> = page
        .entries
        .iter()
        .map(|entry| Line::of(entry).map(|line| tell(&line)))
        .collect::<Result<_, _>>()?;
    Ok((lines, page.total))
}

impl Asked {
    fn query(self, caller: &Caller) -> Result<Query, Problem> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Kind::Invalid, "limit is 1 to 1000"));
        }
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        let family = |name: String| {
            let name = name.trim().to_lowercase();
            let profile = datafog_shim::profile(&name);
            profile.map_or(name, |profile| profile.family.to_owned())
        };
        Ok(Query {
            tenant: Some(caller.tenant.clone()),
            decision: given(self.decision).map(|decision| decision.trim().to_lowercase()),
            action_type: given(self.action_type),
            tool: given(self.adapter).map(family),
            after: moment(given(self.after))?,
            before: moment(given(self.before))?,
            limit,
            ..Query::default()
        })
    }
}

/// A moment of RFC 3339.
pub(crate) fn moment(text: Option<String>) -> Result<Option<i64>, Problem> {
    let read = |text: String| {
        let read = text.parse::<Timestamp>().map(Timestamp::as_microsecond);
        read.map_err(|_| Problem::new(Kind::Invalid, "a moment is written as RFC 3339 has it"))
    };
    text.map(read).transpose()
}

impl Line {
    fn of(entry: &Entry) -> Result<Self, Problem> {
        Ok(serde_json::from_str(&entry.line)?)
    }

    /// The kind of action in the caller's words, else in ours.
    fn kind(&self) -> &str {
        let said = self.server.action_type.as_str();
        if said.is_empty() { &self.action_type } else { said }
    }

    fn tool(&self) -> &str {
        if self.server.tool.is_empty() { &self.tool } else { &self.server.tool }
    }

    /// Findings by kind and place; the value stays where it was sent from.
    fn findings(&self) -> Vec<Value> {
        let told = |finding: &Finding| {
            json!({
                "entity_type": words::theirs(&finding.entity),
                "channel": finding.channel.to_string(),
                "start": finding.span.start(),
                "end": finding.span.end(),
                "confidence": f64::from(finding.confidence.as_percent()) / 100.0,
                "preview": finding.preview,
            })
        };
        self.findings.iter().map(told).collect()
    }

    fn receipt(&self) -> Value {
        let server = &self.server;
        json!({
            "receipt_id": self.receipt_id,
            "timestamp": self.timestamp,
            "request_id": server.request_id,
            "trace_id": server.trace_id,
            "tenant_id": server.tenant_id,
            "actor_id": server.actor_id,
            "session_id": server.session_id,
            "policy_version": self.policy_version,
            "policy_id": self.policy_id,
            "action_hash": self.action_digest,
            "input_hash": server.input_hash,
            "decision": self.decision.name(),
            "action": {
                "type": self.kind(),
                "tool": self.tool(),
                "command": self.command,
                "sensitive": server.sensitive,
            },
            "matched_rules": self.matched_rules,
            "findings": self.findings(),
            "reason": self.reason,
        })
    }

    fn event(&self) -> Value {
        let server = &self.server;
        json!({
            "timestamp": self.timestamp,
            "mode": self.mode.name(),
            "action_type": self.kind(),
            "tool": self.tool(),
            "command": self.command,
            "sensitive": server.sensitive,
            "decision": self.decision.name(),
            "allowed": matches!(self.decision, Verdict::Allow | Verdict::Redact),
            "receipt_id": self.receipt_id,
            "matched_rules": self.matched_rules,
            "reason": self.reason,
            "request_id": server.request_id,
            "trace_id": server.trace_id,
        })
    }
}
