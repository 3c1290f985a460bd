//! `GET /ws`: what waits and what is said of it, as AgentGov's clients read it (its contract §6): one
//! message `snapshot`, then `approval_update` for what is asked and `decision` for what is answered.
//!
//! A credential stands in a header, never in the address, and no page of another origin gets here.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::{Value, json};
use tokio::time::{Instant, interval_at, timeout};

use super::people::{item, status, waiting};
use crate::identity::Caller;
use crate::server::App;
use crate::server::live::{BEAT, Listener, Moved, Transition};
use crate::server::problem::{Kind, Problem};

/// Largest message of a client's, in bytes; what it says is not read.
const MOST: usize = 4096;

/// How long a client may take to read a message.
const SLOW: Duration = Duration::from_secs(10);

/// How long a client may be silent: it answers pings.
const SILENT: Duration = Duration::from_secs(60);

/// Answers `GET /ws`.
pub(crate) async fn socket(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "this is for WebSockets (RFC 6455)");
    let upgrade = upgrade.map_err(wrong)?;
    let listener = Listener::new(app, caller).await?;
    let first = snapshot(&listener).await?;
    let bounded = upgrade.max_message_size(MOST).max_frame_size(MOST).read_buffer_size(MOST);
    Ok(bounded.on_upgrade(async move |socket| talk(socket, listener, first).await))
}

async fn snapshot(listener: &Listener) -> Result<Value, Problem> {
    let (app, caller) = listener.caller();
    let (all, total) = waiting(app, caller).await?;
    let pending: Vec<Value> = all.iter().map(item).collect();
    let data = json!({ "total": total, "pending": pending });
    Ok(json!({ "type": "snapshot", "total": total, "pending": pending, "data": data }))
}

/// Tells what happens until either side ends it.
async fn talk(mut socket: WebSocket, mut listener: Listener, first: Value) {
    let mut heard = Instant::now();
    let mut beat = interval_at(heard.checked_add(BEAT).unwrap_or(heard), BEAT);
    let mut next = Some(Message::Text(first.to_string().into()));
    loop {
        if let Some(message) = next.take() {
            let Ok(Ok(())) = timeout(SLOW, socket.send(message)).await else { return };
        }
        next = tokio::select! {
            moved = listener.next() => match moved {
                Some(moved) => told(&moved).map(|told| Message::Text(told.to_string().into())),
                None => return,
            },
            received = socket.recv() => match received {
                Some(Ok(Message::Close(_)) | Err(_)) | None => return,
                Some(Ok(_)) => {
                    heard = Instant::now();
                    None
                }
            },
            _ = beat.tick() => {
                if heard.elapsed() > SILENT || !listener.holds().await {
                    return;
                }
                Some(Message::Ping(Vec::new().into()))
            }
        };
    }
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
