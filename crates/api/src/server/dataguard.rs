//! DataGuard's guardian (its contract §1.2 and §1.7): evaluate, in ones and in batches, approve, ready.
//!
//! The category and the intention that a proposal states are not believed; the name of the tool and its
//! arguments tell what it may do. Who reviews is told by the credential, not by the address. What would
//! have to be redacted or rewritten first is a `deny`: the changed call is not worked out here.

mod words;

use std::sync::Arc;

use axum::Json;
use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use datafog_approval::{Record, Word};
use datafog_core::{ApprovalScope, ApprovalWay};
use serde::Deserialize;
use serde_json::{Value, json};

use super::App;
use super::context::Context;
use super::datafog::body;
use super::guard::RequestId;
use super::native::{Change, change};
use super::problem::{Kind, Problem};
use super::tools::{self, ToolCall};
use crate::identity::Caller;
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
    headers: HeaderMap,
    body: Body,
) -> Response {
    let told = async {
        let asked: Value = body::read(&headers, body).await?;
        evaluated(&app, &caller, asked, &id.0).await
    };
    Problem::or_answer(told.await, &id.0)
}

/// Answers `POST /v1/guardian/evaluate-batch`: one answer for each proposal, in their order; what
/// cannot be read or stored is an error in its place and no verdict.
pub(crate) async fn batch(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let told = async {
        let asked: Vec<Value> = body::read(&headers, body).await?;
        if asked.len() > MOST {
            return Err(Problem::new(Kind::TooLarge, "a batch has at most 1000 proposals"));
        }
        let mut told = Vec::with_capacity(asked.len());
        for one in asked {
            let one = evaluated(&app, &caller, one, &id.0).await.map(|decided| json!(decided));
            told.push(one.unwrap_or_else(|problem| problem.as_value()));
        }
        Ok(told)
    };
    Problem::or_answer(told.await, &id.0)
}

async fn evaluated(app: &App, caller: &Caller, asked: Value, id: &str) -> Result<Decided, Problem> {
    let Evaluate { proposal, context } = Evaluate::read(asked)?;
    let kept = Context {
        request_id: id.to_owned(),
        tenant_id: context.tenant_id,
        actor_id: context.agent_id,
        session_id: context.session_id.clone(),
        tool: proposal.tool_name.clone(),
        ..Context::of(caller, "dataguard")
    };
    let call = ToolCall {
        name: proposal.tool_name,
        arguments: proposal.tool_args,
        session: Some(context.session_id).filter(|session| !session.is_empty()),
    };
    let outcome = tools::ask(app, caller, call, kept).await?;
    Ok(Decided::of(&outcome, proposal.proposal_id))
}

/// Answers `POST /v1/guardian/approve/{id}`.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Path(decision): Path<String>,
    review: Result<Query<Review>, QueryRejection>,
) -> Response {
    let told = async {
        let wrong = |_| Problem::new(Kind::Invalid, "approved is true or false");
        let Query(Review { approved }) = review.map_err(wrong)?;
        let none = |_| Problem::new(Kind::NotFound, "there is no such decision");
        let decision = decision.parse().map_err(none)?;
        let word = Word { by: Some(caller.name()), way: ApprovalWay::Api, note: None };
        let how: Change = Box::new(move |record: &mut Record, now| {
            let answered = match approved {
                true => record.approve(word.clone(), ApprovalScope::Once, None, now),
                false => record.deny(word.clone(), now),
            };
            Ok(answered?)
        });
        let record = change(&app, (&caller.tenant, &caller.name()), decision, how).await;
        let record = record.map_err(|error| Problem::unstored(&error))?;
        Ok(Decided::reviewed(&record, approved, &caller.name()))
    };
    Problem::or_answer(told.await, &id.0)
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
