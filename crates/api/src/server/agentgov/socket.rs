//! `GET /ws`: what waits and what is said of it, as AgentGov's clients read it (its contract §6): one
//! message `snapshot`, then `approval_update` for what is asked and `decision` for what is answered.
//!
//! A credential stands in a header, never in the address, and no page of another origin gets here.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::people::{item, status, waiting};
use crate::identity::Caller;
use crate::server::App;
use crate::server::live::{self, Listener, Moved, Transition};
use crate::server::problem::Problem;

/// Answers `GET /ws`.
pub(crate) async fn socket(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = live::socket::bounded(upgrade)?;
    let listener = Listener::new(app, caller).await?;
    let first = snapshot(&listener).await?;
    let told = live::socket::Told { first, of: told, beat: None };
    Ok(upgrade.on_upgrade(async move |socket| live::socket::talk(socket, listener, told).await))
}

async fn snapshot(listener: &Listener) -> Result<Value, Problem> {
    let (app, caller) = listener.caller();
    let (all, total) = waiting(app, caller).await?;
    let pending: Vec<Value> = all.iter().map(item).collect();
    let data = json!({ "total": total, "pending": pending });
    Ok(json!({ "type": "snapshot", "total": total, "pending": pending, "data": data }))
}

/// What a client is told; nothing of what no person is asked about.
fn told(moved: &Moved) -> Option<Value> {
    let (kind, note) = match moved.transition() {
        Transition::Held(note) => ("approval_update", note),
        Transition::Answered(note) => ("decision", note),
        Transition::Decided | Transition::Done => return None,
    };
    let event = &moved.line.event;
    Some(json!({
        "type": kind,
        "approval_id": note.id.to_string(),
        "status": status(note.state),
        "tool_name": event.tool,
        "reason": event.reason,
        "by": note.by,
        "comment": note.note,
        "timestamp": event.timestamp,
    }))
}
