//! `GET /v1/events/stream`: what happens as server-sent events (WHATWG HTML §9.2): `snapshot` first, then
//! one event each, whose id is its number in the chain. Who comes again and says which was the last
//! (`Last-Event-ID`) is told what came after it, and no snapshot.

use core::convert::Infallible;
use std::collections::VecDeque;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Extension, State};
use axum::http::HeaderMap;
use axum::response::{IntoResponse as _, Response};
use datafog_approval::Moment;
use datafog_core::ApprovalState;
use futures_util::stream::unfold;
use serde_json::{Value, json};

use super::{BEAT, Listener, Moved, Transition};
use crate::identity::Caller;
use crate::server::App;
use crate::server::context::Stored;
use crate::server::native::whole;
use crate::server::problem::Problem;
use crate::server::spoken::listed;

/// Most requests of a snapshot; the newest.
const MOST: u32 = 1000;

/// Most lines of the chain that are read again for who comes back; who missed more gets a snapshot.
const MOST_MISSED: u64 = 10_000;

/// Answers `GET /v1/events/stream`.
pub(crate) async fn stream(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let listener = Listener::new(app, caller).await?;
    let head = listener.head;
    let told = match last_seen(&headers, head) {
        Some(after) => Told { listener, after, ready: VecDeque::from([alive()]) },
        None => {
            let ready = VecDeque::from([snapshot(&listener).await?]);
            Told { listener, after: head, ready }
        }
    };
    let events = unfold(told, async |mut told| {
        let text = told.next().await?;
        Some((Ok::<_, Infallible>(text), told))
    });
    let form = [("content-type", "text/event-stream"), ("x-accel-buffering", "no")];
    Ok((form, Body::from_stream(events)).into_response())
}

/// The number of the last event that the caller says it has, where it can be gone on from.
fn last_seen(headers: &HeaderMap, head: u64) -> Option<u64> {
    let last: u64 = headers.get("last-event-id")?.to_str().ok()?.trim().parse().ok()?;
    let missed = head.checked_sub(last)?;
    (missed <= MOST_MISSED).then_some(last)
}

/// What one listener has yet to be told.
struct Told {
    listener: Listener,
    /// Up to here it was told; what follows is read from the store, up to where it began to listen.
    after: u64,
    ready: VecDeque<Bytes>,
}

impl Told {
    /// The next event. `None` ends the stream; whoever comes back goes on where it ended.
    async fn next(&mut self) -> Option<Bytes> {
        loop {
            if let Some(text) = self.ready.pop_front() {
                return Some(text);
            }
            if self.after >= self.listener.head {
                return next(&mut self.listener).await;
            }
            self.read().await?;
        }
    }

    /// Reads the next of what was missed.
    async fn read(&mut self) -> Option<()> {
        let (app, caller) = self.listener.caller();
        let added = app.store.tail(self.after).await.ok()?;
        let head = self.listener.head;
        let missed = added.into_iter().filter(|(_, entry)| entry.seq <= head);
        self.after = head;
        for (tenant, entry) in missed {
            if tenant == caller.tenant
                && let Ok(line) = Stored::of(&entry)
            {
                self.ready.push_back(event(&Moved::new(tenant, entry.seq, line)));
            }
            self.after = entry.seq;
        }
        Some(())
    }
}

/// A comment, which shows that the line is alive.
const fn alive() -> Bytes {
    Bytes::from_static(b":\n\n")
}

/// The next event, or a comment that shows that the line is alive. `None` ends the stream.
async fn next(listener: &mut Listener) -> Option<Bytes> {
    match tokio::time::timeout(BEAT, listener.next()).await {
        Ok(moved) => moved.map(|moved| moved.event.get_or_init(|| event(&moved)).clone()),
        Err(_) if listener.holds().await => Some(alive()),
        Err(_) => None,
    }
}

async fn snapshot(listener: &Listener) -> Result<Bytes, Problem> {
    let (app, caller) = listener.caller();
    let found = listed(app, caller, Some(ApprovalState::Pending.name()), MOST).await?;
    let now = Moment::now();
    let pending: Vec<Value> = found.iter().rev().map(|record| whole(record, &now)).collect();
    Ok(text("snapshot", listener.head, &json!({ "pending": pending })))
}

fn event(moved: &Moved) -> Bytes {
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
fn text(name: &str, seq: u64, data: &Value) -> Bytes {
    format!("event: {name}\nid: {seq}\ndata: {data}\n\n").into()
}
