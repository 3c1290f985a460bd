//! `POST /v1/guardian/report-outcome`: what was done after a decision.
//!
//! A proposal is known by the name that its caller gave it, for a day, or by the id of its decision.
//! What the tool answered is kept as a keyed digest.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use datafog_core::{ApprovalState, Digest, Event, Id, Mode, ReceiptKind, Verdict};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::Asked;
use crate::server::context::Context;
use crate::server::follow::{Reported, report};
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};
use crate::server::settle::Repeat;

/// What is reported. Unknown members are no error.
#[derive(Debug, Deserialize)]
pub(crate) struct Done {
    proposal_id: String,
    #[serde(default)]
    tool_name: Option<String>,
    success: bool,
    #[serde(default)]
    response_data: Option<Value>,
    #[serde(default, alias = "error_message")]
    error: Option<String>,
    #[serde(default)]
    execution_duration_ms: Option<f64>,
}

/// Where a proposal's newest decision is found by its caller's name for it.
pub(super) fn named(tenant: &str, proposal: &str) -> Repeat {
    // A name is free text; its digest is not.
    let name = Digest::of(proposal.as_bytes()).to_string();
    Repeat::named(format!("dataguard proposal\u{1f}{tenant}"), name)
}

/// Answers `POST /v1/guardian/report-outcome`.
pub(crate) async fn report_outcome(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(done): Asked<Done>,
) -> Result<(StatusCode, Json<Value>), Problem> {
    let duration_ms = done.execution_duration_ms.map(duration).transpose()?;
    let decision = decision(&app, &caller, &done.proposal_id).await?;
    let response = done.response_data.as_ref().map(serde_json::to_vec).transpose()?;
    let alert = !was_allowed(&decision);
    let reported = Reported {
        success: done.success,
        duration_ms,
        status: None,
        error: done.error,
        response: None,
        alert,
    };
    let context = Context {
        request_id: id.0,
        proposal_id: done.proposal_id.clone(),
        tool: done.tool_name.unwrap_or_default(),
        ..Context::of(&caller, "dataguard")
    };
    let plain = move |judge: &datafog_gate::Judge<'_>| {
        (reported.plain(judge, response.as_deref()), context.plain(judge))
    };
    let (reported, context) = app.judges.ask(plain).await?;
    report(&app, &context, &decision, &reported).await?;
    let told = json!({ "status": "recorded", "proposal_id": done.proposal_id,
        "decision_id": decision.receipt_id.to_string(), "alert": alert });
    Ok((StatusCode::ACCEPTED, Json(told)))
}

/// Whole milliseconds.
fn duration(given: f64) -> Result<u64, Problem> {
    // A year is longer than any call.
    if !(0.0..=31_536_000_000.0).contains(&given) {
        let message = "execution_duration_ms is a number of milliseconds";
        return Err(Problem::new(Kind::Invalid, message));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it was checked")]
    Ok(given as u64)
}

/// The newest decision about a proposal.
async fn decision(app: &App, caller: &Caller, proposal: &str) -> Result<Event, Problem> {
    let Repeat { scope, key, .. } = named(&caller.tenant, proposal);
    let named = app.store.answer(&scope, &key).await.map_err(|error| Problem::unread(&error))?;
    let named = named.and_then(|answer| String::from_utf8(answer.body).ok());
    let unknown = || Problem::new(Kind::NotFound, "there is no such proposal");
    let id: Id = named.as_deref().unwrap_or(proposal).parse().map_err(|_| unknown())?;
    let entry = app.store.entry(Some(&caller.tenant), &id.to_string()).await;
    let entry = entry.map_err(|error| Problem::unread(&error))?.ok_or_else(unknown)?;
    let event: Event = serde_json::from_str(&entry.line)?;
    match event.kind {
        ReceiptKind::Check | ReceiptKind::Action => Ok(event),
        ReceiptKind::Outcome | ReceiptKind::Recovery => Err(unknown()),
    }
}

/// Whether the caller was told that it may be done.
fn was_allowed(event: &Event) -> bool {
    if event.mode == Mode::Observe {
        return true;
    }
    let said = event.approval.as_ref().map(|note| note.state);
    match event.decision {
        Verdict::Allow => true,
        Verdict::RequireApproval => {
            said == Some(ApprovalState::Used) || said == Some(ApprovalState::Approved)
        }
        Verdict::Redact | Verdict::Rewrite | Verdict::Deny => false,
    }
}
