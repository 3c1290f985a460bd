//! `POST /v1/scan` (contract §3.4): what stands in a text, by the detectors of the credential's policy.
//! It leaves no receipt.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_gate::Judge;
use serde::Serialize;

use super::body::{self, Finding};
use super::{PolicyName, again, words};
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Reply};
use crate::server::context;
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};

/// What is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Scanned {
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
    Asked(asked): Asked<body::Scan>,
) -> Reply<Scanned> {
    scanned(&app, &caller, asked, &id.0).await.map(Json)
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
    let own = caller.bounds.policy.clone();
    let look = move |judge: &Judge<'_>| -> Result<_, Problem> {
        let question = context::digest(judge, &serde_json::to_vec(&(&text, &entity_types))?);
        let findings = words::found(judge, own.as_deref(), (&text, &entity_types))?;
        Ok((findings, PolicyName::of(judge, own.as_deref())?, question))
    };
    let (findings, policy, question) = app.judges.ask(look).await??;
    let again::Kept { request_id, trace_id } =
        again::kept(app, ("scan", caller), (&names, id), question).await?;
    Ok(Scanned { request_id, trace_id, findings, policy })
}
