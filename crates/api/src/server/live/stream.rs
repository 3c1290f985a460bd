//! `GET /v1/events/stream`: what happens as server-sent events (WHATWG HTML §9.2): `snapshot` first, then
//! one event each, whose id is its number in the chain.

use core::convert::Infallible;
use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Extension, State};
use axum::response::{IntoResponse as _, Response};
use datafog_approval::Moment;
use datafog_core::ApprovalState;
use futures_util::stream::unfold;
use serde_json::{Value, json};

use super::{BEAT, Listener, Moved, Transition};
use crate::identity::Caller;
use crate::server::App;
use crate::server::native::whole;
use crate::server::problem::Problem;
use crate::server::spoken::listed;

/// Most requests of a snapshot; the newest.
const MOST: u32 = 1000;

/// Answers `GET /v1/events/stream`.
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Result<Response, Problem> {
    let listener = Listener::new(app, caller).await?;
    let snapshot = snapshot(&listener).await?;
    let waiting = VecDeque::from([snapshot]);
    let events = unfold((listener, waiting), async |(mut listener, mut waiting)| {
        let text = match waiting.pop_front() {
            Some(text) => text,
            None => next(&mut listener).await?,
        };
        Some((Ok::<_, Infallible>(text), (listener, waiting)))
    });
    let form = [("content-type", "text/event-stream"), ("x-accel-buffering", "no")];
    Ok((form, Body::from_stream(events)).into_response())
}

/// The next event, or a comment that shows that the line is alive. `None` ends the stream.
async fn next(listener: &mut Listener) -> Option<String> {
    match tokio::time::timeout(BEAT, listener.next()).await {
        Ok(moved) => moved.map(|moved| event(&moved)),
        Err(_) if listener.holds().await => Some(String::from(":\n\n")),
        Err(_) => None,
    }
}

async fn snapshot(listener: &Listener) -> Result<String, Problem> {
    let (app, caller) = listener.caller();
    let found = listed(app, caller, Some(ApprovalState::Pending.name()), MOST).await?;
    let now = Moment::now();
    let pending: Vec<Value> = found.iter().rev().map(|record| whole(record, &now)).collect();
    Ok(text("snapshot", listener.head, &json!({ "pending": pending })))
}

fn event(moved: &Moved) -> String {
    let name = match moved.transition() {
        Transition::Held(_) => "held",
        Transition::Answered(note) => note.state.name(),
        Transition::Decided => "decided",
        Transition::Done => "done",
    };
    let event = &moved.line.event;
    let approval = event.approval.as_ref().map(
        |note| json!({ "id": note.id.to_string(), "state": note.state.name(), "by": note.by }),
    );
    let data = json!({
        "id": event.receipt_id.to_string(),
        "follows": event.follows.map(|id| id.to_string()),
        "at": event.timestamp,
        "action_type": event.action_type,
        "tool": event.tool,
        "command": event.command,
        "decision": event.decision.name(),
        "rules": event.matched_rules,
        "reason": event.reason,
        "session": event.principal.session,
        "approval": approval,
        "outcome": moved.line.outcome,
    });
    text(name, moved.seq, &data)
}

/// One event. JSON has no line breaks of its own.
fn text(name: &str, seq: u64, data: &Value) -> String {
    format!("event: {name}\nid: {seq}\ndata: {data}\n\n")
}
