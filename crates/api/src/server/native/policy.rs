//! `GET /v1/policy`: what is in force.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use datafog_gate::Judge;
use serde::Serialize;

use crate::server::App;
use crate::server::asked::Reply;

/// A policy in force.
#[derive(Debug, Serialize)]
pub(crate) struct InForce {
    id: String,
    version: String,
    digest: String,
    /// Why it is not what the files say.
    stale: Option<String>,
}

/// Answers `GET /v1/policy`.
pub(crate) async fn policy(State(app): State<Arc<App>>) -> Reply<InForce> {
    let of = |judge: &Judge<'_>| {
        let policy = judge.policy();
        InForce {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_string(),
            stale: judge.stale().map(str::to_owned),
        }
    };
    Ok(Json(app.judges.ask(of).await?))
}
