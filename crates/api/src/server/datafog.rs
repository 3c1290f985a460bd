//! DataFog's dialect: the routes, shapes and codes of its service (contract §3), without its
//! defects.
//!
//! What differs on purpose: findings that are sent along never switch scanning off, and their places
//! are checked; no receipt holds a value; lists are newest first; a bad parameter is an error; a
//! verdict that is not stored is not told (503); `require_approval`, which the original does not know
//! and its clients block on, is told as it is.

mod again;
mod ask;
mod body;
mod decide;
mod list;
mod scan;
mod transform;
mod words;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use datafog_gate::{Error, Judge};
use serde::Serialize;

use super::App;
use super::asked::Reply;
use super::guard::{caller, is_without_credential};

pub(crate) use ask::{FOLDER, NOBODY};
pub(crate) use decide::decide;
pub(crate) use list::{events, moment, receipt, receipts};
pub(crate) use scan::scan;
pub(crate) use transform::{anonymize, transform};

/// A policy, by name.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PolicyName {
    policy_id: String,
    policy_version: String,
}

/// How the server is, and what is in force.
#[derive(Serialize)]
pub(crate) struct Health {
    status: &'static str,
    #[serde(flatten)]
    policy: PolicyName,
    started_at: String,
    /// Why what is in force is not what the files say.
    #[serde(skip_serializing_if = "Option::is_none")]
    stale: Option<&'static str>,
}

impl PolicyName {
    /// That of the policy of that name; the installation's for none.
    fn of(judge: &Judge<'_>, policy: Option<&str>) -> Result<Self, Error> {
        let policy = judge.policy_for(policy)?;
        let (policy_id, policy_version) = (policy.id().to_owned(), policy.version().to_owned());
        Ok(Self { policy_id, policy_version })
    }
}

/// `GET /health`: for everybody, as clients of the original expect it, so it tells no more than that.
/// Who shows a credential that does not hold is told so, as the original tells them.
pub(crate) async fn health(State(app): State<Arc<App>>, headers: HeaderMap) -> Reply<Health> {
    if !is_without_credential(&headers) {
        caller(&app, &headers).await?;
    }
    // A store that does not answer is `/ready`'s to tell.
    let names = app.keyring.policies().await.unwrap_or_default();
    let asked = app.judges.ask(move |judge| {
        let is_missing = names.iter().any(|name| !judge.has_policy(name));
        let is_stale = judge.stale().or_else(|| judge.stale_by_name()).is_some();
        PolicyName::of(judge, None).map(|policy| (policy, is_stale, is_missing))
    });
    let (policy, is_stale, is_missing) = asked.await??;
    let is_stale = is_stale || app.outdated.load(Ordering::Relaxed);
    let stale = match (is_stale, is_missing) {
        (_, true) => Some("a key has a policy that is not there, and gets no answer"),
        (true, false) => Some("the policy's files cannot be loaded; the last good set is in force"),
        (false, false) => None,
    };
    let started_at = format!("{:.0}", app.started);
    Ok(Json(Health { status: "ok", policy, started_at, stale }))
}

/// `GET /v1/policy/version`.
pub(crate) async fn version(State(app): State<Arc<App>>) -> Reply<PolicyName> {
    Ok(Json(app.judges.ask(|judge| PolicyName::of(judge, None)).await??))
}

/// `GET /metrics`: JSON, or Prometheus' text for who asks for text.
pub(crate) async fn metrics(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    let accept = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    if accept.is_some_and(|accept| accept.contains("text/plain") || accept.contains("openmetrics"))
    {
        let form = [(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")];
        return (form, app.metrics.prometheus()).into_response();
    }
    Json(app.metrics.json(app.started)).into_response()
}
