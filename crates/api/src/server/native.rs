//! Our own form: actions, approvals, policy. `docs/openapi.json` describes it; errors are those of
//! RFC 9457.

mod actions;
mod approvals;
mod expiry;
mod policy;

use axum::Json;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;

use super::problem::Problem;

pub(crate) use actions::actions;
pub(crate) use approvals::{Change, approval, approvals, change, decision, revocation};
pub use expiry::expire_overdue;
pub(crate) use policy::policy;

/// What was made of the request of that id, or the problem that it had.
fn or_answer<T: Serialize>(told: Result<T, Problem>, request_id: &str) -> Response {
    match told {
        Ok(told) => Json(told).into_response(),
        Err(problem) => problem.native(request_id),
    }
}
