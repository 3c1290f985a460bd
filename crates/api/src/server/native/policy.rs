//! `GET /v1/policy`: what is in force.

use std::sync::Arc;

use axum::extract::{Extension, State};
use axum::response::Response;
use datafog_gate::Judge;
use serde::Serialize;

use super::or_answer;
use crate::server::App;
use crate::server::guard::RequestId;
use crate::server::problem::Problem;

/// A policy in force.
#[derive(Debug, Serialize)]
struct InForce {
    id: String,
    version: String,
    digest: String,
    /// Why it is not what the files say.
    stale: Option<String>,
}

/// Answers `GET /v1/policy`.
pub(crate) async fn policy(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
) -> Response {
    let of = |judge: &Judge<'_>| {
        let policy = judge.policy();
        InForce {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_string(),
            stale: judge.stale().map(str::to_owned),
        }
    };
    or_answer(app.judges.ask(of).await.map_err(|error| Problem::ours(&error)), &id.0)
}
