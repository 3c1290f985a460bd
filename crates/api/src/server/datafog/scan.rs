//! `POST /v1/scan` (contract §3.4): what stands in a text. It leaves no receipt.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::Response;
use datafog_gate::Judge;
use serde::Serialize;

use super::body::{self, Finding};
use super::{PolicyName, again, words};
use crate::identity::Caller;
use crate::server::App;
use crate::server::context;
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};

/// What is answered.
#[derive(Debug, Serialize)]
struct Scanned {
    request_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    trace_id: String,
    findings: Vec<Finding>,
    #[serde(flatten)]
    policy: PolicyName,
}

/// Answers `POST /v1/scan`.
pub(crate) async fn scan(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let told = match body::read(&headers, body).await {
        Ok(asked) => scanned(&app, &caller, asked, &id.0).await,
        Err(problem) => Err(problem),
    };
    Problem::or_answer(told, &id.0)
}

async fn scanned(
    app: &App,
    caller: &Caller,
    asked: body::Scan,
    id: &str,
) -> Result<Scanned, Problem> {
    let body::Scan { text, entity_types, names } = asked;
    if text.is_empty() {
        return Err(Problem::new(Kind::Invalid, "text is required"));
    }
    let look = move |judge: &Judge<'_>| -> serde_json::Result<_> {
        let question = context::digest(judge, &serde_json::to_vec(&(&text, &entity_types))?);
        Ok((words::found(judge, &text, &entity_types), PolicyName::of(judge), question))
    };
    let looked = app.judges.ask(look).await.map_err(|error| Problem::ours(&error))?;
    let (findings, policy, question) = looked.map_err(|error| Problem::ours(&error))?;
    let again::Kept { request_id, trace_id } =
        again::kept(app, ("scan", caller), (&names, id), question).await?;
    Ok(Scanned { request_id, trace_id, findings, policy })
}
