//! Enforgate's verdict API (its contract §1.2): `POST /v1/check`.
//!
//! Its clients know three words and stop at everything but `allow`. So what would have to be redacted
//! or rewritten first is a `deny` with the reason: nobody on the other side would do it.

use std::sync::Arc;
use std::time::Instant;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_core::Verdict;
use serde::{Deserialize, Serialize};

use super::App;
use super::arguments::Arguments;
use super::asked::{Asked, Reply};
use super::context::Context;
use super::guard::RequestId;
use super::problem::{Kind, Problem};
use super::settle::Outcome;
use super::tools::{self, ToolCall};
use crate::identity::Caller;
use crate::store::KeyMode;

/// What is asked. Unknown members are no error.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Check {
    #[serde(default)]
    server_name: String,
    #[serde(default)]
    tool_name: String,
    args: Option<Arguments>,
}

/// What is answered.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Checked {
    decision: &'static str,
    reason: String,
    policy_id: String,
    tool_call_id: String,
    latency_ms: u64,
    /// How the key is answered, where its questions stop nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    enforcement_mode: Option<&'static str>,
    /// The request for approval, where a person is or was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    approval_id: Option<String>,
}

/// Answers `POST /v1/check`.
pub(crate) async fn check(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Check>,
) -> Reply<Checked> {
    let start = Instant::now();
    let Check { server_name, tool_name, args } = asked;
    let name = name(&server_name, &tool_name)?;
    let context =
        Context { request_id: id.0, tool: name.clone(), ..Context::of(&caller, "enforgate") };
    let arguments = args.unwrap_or_default();
    let call = ToolCall { name, arguments, session: None, via: None, of_person: false };
    let outcome = tools::ask(&app, &caller, (call, None), context).await?;
    let enforcement_mode = caller.bounds.mode.map(KeyMode::name);
    Ok(Json(Checked { enforcement_mode, ..Checked::of(outcome, start) }))
}

/// The tool with its server before it, as policies name it.
fn name(server: &str, tool: &str) -> Result<String, Problem> {
    let wrong = |message: &str| Err(Problem::new(Kind::Invalid, message));
    match (server.trim(), tool.trim()) {
        ("", _) | (_, "") => wrong("serverName and toolName are required"),
        (server, _) if server.contains("__") => wrong("serverName holds no `__`"),
        (server, tool) => Ok(format!("{server}__{tool}")),
    }
}

impl Checked {
    fn of(outcome: Outcome, start: Instant) -> Self {
        let Outcome { event, verdict, approval } = outcome;
        let reason = match verdict {
            Verdict::Allow | Verdict::RequireApproval | Verdict::Deny => event.reason,
            Verdict::Redact | Verdict::Rewrite => {
                format!("it would have to be changed first: {}", event.reason)
            }
        };
        Self {
            decision: match verdict {
                Verdict::Allow => "allow",
                Verdict::RequireApproval => "require_approval",
                Verdict::Redact | Verdict::Rewrite | Verdict::Deny => "deny",
            },
            reason,
            policy_id: event.policy_id,
            tool_call_id: event.receipt_id.to_string(),
            latency_ms: u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX),
            enforcement_mode: None,
            approval_id: approval.map(|record| record.id().to_string()),
        }
    }
}
