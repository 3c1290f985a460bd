//! `POST /v1/actions`: whether something may be done.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use datafog_approval::Moment;
use datafog_core::{ActionKind, Finding};
use datafog_gate::{Inquiry, What};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::approvals::brief;
use crate::identity::Caller;
use crate::server::App;
use crate::server::arguments::Arguments;
use crate::server::asked::{self, Reply};
use crate::server::context::Context;
use crate::server::datafog::FOLDER;
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};
use crate::server::settle::{Outcome, Repeat, Told, settle};
use crate::server::tools::{self, Given, judged, somebody};
use crate::store;

/// What is asked: one of the first three, and what is known besides.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Asked {
    /// A program and its arguments.
    command: Option<Vec<String>>,
    /// A line for a shell.
    line: Option<String>,
    /// The call of a tool.
    tool: Option<Tool>,
    /// Content that it moves.
    text: Option<String>,
    /// The folder it would be done in.
    cwd: Option<PathBuf>,
    /// The caller's session.
    session: Option<String>,
}

#[derive(Debug, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Tool {
    name: String,
    #[serde(default)]
    arguments: Arguments,
}

/// What is answered.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct Answered {
    id: String,
    decision: String,
    reason: String,
    rules: Vec<String>,
    findings: Vec<serde_json::Value>,
    policy: serde_json::Value,
    /// How the request for approval stands, where a person is or was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval: Option<serde_json::Value>,
}

/// Answers `POST /v1/actions`.
pub(crate) async fn actions(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    asked::Asked(asked): asked::Asked<Asked>,
) -> Reply<Answered> {
    answered(&app, &caller, asked, (&headers, &id.0)).await.map(Json)
}

async fn answered(
    app: &App,
    caller: &Caller,
    asked: Asked,
    (headers, id): (&HeaderMap, &str),
) -> Result<Answered, Problem> {
    let (inquiry, given) = asked.inquiry()?;
    let context = Context {
        request_id: id.to_owned(),
        session_id: inquiry.principal.session.clone().unwrap_or_default(),
        ..Context::of(caller, "native")
    };
    let (question, digest) = judged(app, (caller, None), (inquiry, given), context).await?;
    let repeat = idempotency_key(headers)?.map(|key| {
        let body = |outcome: &Outcome| {
            let body = serde_json::to_vec(&Answered::of(outcome));
            body.map_err(|error| store::Error::Form(error.to_string()))
        };
        (Repeat::of("native actions", caller, (&key, digest)), Box::new(body) as _)
    });
    match settle(app, &caller.tenant, question, repeat).await? {
        Told::Now(outcome) => Ok(Answered::of(&outcome)),
        Told::Again(body) => Ok(serde_json::from_slice(&body)?),
    }
}

/// The caller's name for the request, in quotes (draft-ietf-httpapi-idempotency-key-header) or
/// without.
fn idempotency_key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let Some(value) = headers.get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().unwrap_or_default().trim().trim_matches('"');
    match key.is_empty() || key.len() > 255 {
        true => Err(Problem::new(Kind::Invalid, "an idempotency key has 1 to 255 characters")),
        false => Ok(Some(key.to_owned())),
    }
}

impl Asked {
    /// The question for the gate, and what was sent.
    fn inquiry(self) -> Result<(Inquiry, Given), Problem> {
        let wrong = |message: &str| Problem::new(Kind::Invalid, message);
        let same = serde_json::to_vec(&self)?;
        let Self { command, line, tool, text, cwd, session } = self;
        let sent = tool.as_ref().map(|tool| tool.arguments.clone());
        let (kind, what) = match (command, line, tool) {
            (Some(words), None, None) if words.first().is_some_and(|word| !word.is_empty()) => {
                let words = words.into_iter().map(OsString::from).collect();
                (ActionKind::CommandExec, What::Command(words))
            }
            (None, Some(line), None) => {
                let words = ["sh", "-c", &line].map(OsString::from).to_vec();
                (ActionKind::ShellExec, What::Command(words))
            }
            (None, None, Some(Tool { name, arguments })) => {
                (ActionKind::ToolCall, What::Tool(name, tools::arguments(arguments)?))
            }
            _ => {
                return Err(wrong(
                    "one of `command` (with a program), `line` and `tool` is needed",
                ));
            }
        };
        let cwd = cwd.unwrap_or_else(|| PathBuf::from(FOLDER));
        if !cwd.is_absolute() {
            return Err(wrong("`cwd` begins with `/`"));
        }
        let principal = somebody(session);
        let text = text.filter(|text| !text.is_empty());
        let inquiry = Inquiry { what, kind, text, stated: Vec::new(), cwd, principal };
        Ok((inquiry, Given { same, arguments: sent, of_person: false }))
    }
}

impl Answered {
    fn of(outcome: &Outcome) -> Self {
        let Outcome { event, verdict, approval } = outcome;
        let told = |finding: &Finding| {
            json!({
                "entity": finding.entity,
                "channel": finding.channel.to_string(),
                "start": finding.span.start(),
                "end": finding.span.end(),
                "confidence": finding.confidence.as_percent(),
                "preview": finding.preview,
            })
        };
        Self {
            id: event.receipt_id.to_string(),
            decision: verdict.name().to_owned(),
            reason: event.reason.clone(),
            rules: event.matched_rules.clone(),
            findings: event.findings.iter().map(told).collect(),
            policy: json!({ "id": event.policy_id, "version": event.policy_version }),
            approval: approval.as_ref().map(|record| brief(record, &Moment::now())),
        }
    }
}
