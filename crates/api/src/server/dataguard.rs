//! DataGuard's guardian (its contract §1.2 and §1.7): evaluate, in ones and in batches, approve, report,
//! look things up, ready.
//!
//! The category and the intention that a proposal states are not believed; the name of the tool and its
//! arguments tell what it may do. Who reviews is told by the credential, not by the address. What would
//! have to be redacted or rewritten first is a `deny`: the changed call is not worked out here.

mod audit;
mod outcome;
mod policies;
mod words;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::arguments::Single;
use super::asked::{Asked, Parameters, Reply};
use super::context::Context;
use super::guard::RequestId;
use super::problem::{Kind, Problem};
use super::spoken::{Said, decide};
use super::tools::{self, ToolCall};
use crate::identity::Caller;
pub(crate) use audit::{audit, summary};
pub(crate) use outcome::report_outcome;
pub(crate) use policies::{active, put};
use words::{Decided, Evaluate};

/// Most proposals of one batch.
const MOST: usize = 1000;

/// How a reviewer decides. Who they say they are counts for nothing.
#[derive(Debug, Deserialize)]
pub(crate) struct Review {
    approved: bool,
}

/// Answers `POST /v1/guardian/evaluate`.
pub(crate) async fn evaluate(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Single>,
) -> Reply<Decided> {
    evaluated(&app, &caller, asked.0, &id.0).await.map(Json)
}

/// Answers `POST /v1/guardian/evaluate-batch`: one answer for each proposal, in their order; what
/// cannot be read or stored is an error in its place and no verdict.
pub(crate) async fn batch(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<Vec<Single>>,
) -> Reply<Vec<Value>> {
    if asked.len() > MOST {
        return Err(Problem::new(Kind::TooLarge, "a batch has at most 1000 proposals"));
    }
    let mut told = Vec::with_capacity(asked.len());
    for one in asked {
        let one = evaluated(&app, &caller, one.0, &id.0).await.map(|decided| json!(decided));
        told.push(one.unwrap_or_else(|problem| problem.as_value()));
    }
    Ok(Json(told))
}

async fn evaluated(app: &App, caller: &Caller, asked: Value, id: &str) -> Result<Decided, Problem> {
    let Evaluate { proposal, context } = Evaluate::read(asked)?;
    let kept = Context {
        request_id: id.to_owned(),
        tenant_id: context.tenant_id,
        actor_id: context.agent_id,
        session_id: context.session_id.clone(),
        proposal_id: proposal.proposal_id.clone().unwrap_or_default(),
        tool: proposal.tool_name.clone(),
        ..Context::of(caller, "dataguard")
    };
    let call = ToolCall {
        name: proposal.tool_name,
        arguments: proposal.tool_args,
        session: Some(context.session_id).filter(|session| !session.is_empty()),
        via: None,
        of_person: false,
    };
    let named = proposal.proposal_id.as_deref().filter(|id| !id.is_empty());
    let named = named.map(|id| outcome::named(&caller.tenant, id));
    let outcome = tools::ask(app, caller, (call, named), kept).await?;
    Ok(Decided::of(&outcome, proposal.proposal_id))
}

/// Answers `POST /v1/guardian/approve/{id}`.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(decision): Path<String>,
    Parameters(Review { approved }): Parameters<Review>,
) -> Reply<Decided> {
    let record = decide(&app, &caller, &decision, (Said::once(approved), None)).await?;
    Ok(Json(Decided::reviewed(&record, approved, &caller.name())))
}

/// Answers `GET /ready`: whether questions can be answered by what the files say. For everybody, so it
/// tells no more.
pub(crate) async fn ready(State(app): State<Arc<App>>) -> Response {
    let judges = app.judges.ask(|judge| judge.stale().is_none()).await;
    let store = app.store.answer("ready", "ready").await;
    let is_ready = judges.is_ok_and(|fresh| fresh) && store.is_ok();
    match is_ready {
        true => Json(json!({ "status": "ready" })).into_response(),
        false => (StatusCode::SERVICE_UNAVAILABLE, Json(json!({ "status": "not ready" })))
            .into_response(),
    }
}
