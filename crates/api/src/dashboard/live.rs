//! `GET /ui/live`: says by WebSocket that something happened, so that pages look again.
//!
//! The first message is `here`; then there is one for each thing that happens: `kind` (`held`, `answered`,
//! `decided`, `done`), the receipt's `id`, and of a request for approval its `approval`; `desk` says that something changed at
//! this machine's own desk. What it was is
//! for the page to ask: nothing is told here that would have to be shown. `beat` shows that the line is
//! alive, and wants an answer of any kind.

use std::sync::Arc;

use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Extension, State};
use axum::response::Response;
use serde_json::{Value, json};

use super::house::house;
use crate::identity::{Caller, Permission};
use crate::server::App;
use crate::server::live::{Listener, Moved, Transition, socket};
use crate::server::problem::Problem;

/// Answers `GET /ui/live`.
pub(super) async fn socket(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<Response, Problem> {
    let upgrade = socket::bounded(upgrade)?;
    // That something changed there says nothing that receipts do not.
    let has_say = house(&app, &caller, Permission::Read).is_some();
    let listener = Listener::new(app, caller).await?;
    let listener = if has_say { listener.with_desk() } else { listener };
    let first = json!({ "kind": "here" });
    let told = socket::Told { first, of: told, beat: Some(r#"{"kind":"beat"}"#) };
    Ok(upgrade.on_upgrade(async move |socket| socket::talk(socket, listener, told).await))
}

fn told(moved: &Moved) -> Option<Value> {
    let (kind, note) = match moved.transition() {
        Transition::Held(note) => ("held", Some(note)),
        Transition::Answered(note) => ("answered", Some(note)),
        Transition::Decided => ("decided", None),
        Transition::Done => ("done", None),
    };
    let id = moved.line.event.receipt_id.to_string();
    Some(json!({ "kind": kind, "id": id, "approval": note.map(|note| note.id.to_string()) }))
}
