//! Tells a WebSocket what happens, in whatever form its clients read.

use std::time::Duration;

use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use serde_json::Value;
use tokio::time::{Instant, interval_at, timeout};

use super::{BEAT, Listener, Moved};
use crate::server::problem::{Kind, Problem};

/// Largest message of a client's, in bytes; what it says is not read.
const MOST: usize = 4096;

/// How long a client may take to read a message.
const SLOW: Duration = Duration::from_secs(10);

/// How long a client may be silent: it answers pings.
const SILENT: Duration = Duration::from_secs(60);

/// Something changed at this machine's desk: only the dashboard's pages are told.
const DESK: &str = r#"{"kind":"desk"}"#;

/// The upgrade that was asked for, with its limits.
pub(crate) fn bounded(
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
) -> Result<WebSocketUpgrade, Problem> {
    let wrong = |_| Problem::new(Kind::Invalid, "this is for WebSockets (RFC 6455)");
    let upgrade = upgrade.map_err(wrong)?;
    Ok(upgrade.max_message_size(MOST).max_frame_size(MOST).read_buffer_size(MOST))
}

/// What a client is told.
#[derive(Debug)]
pub(crate) struct Told {
    /// At the beginning.
    pub(crate) first: Value,
    /// Of each thing that happens.
    pub(crate) of: fn(&Moved) -> Option<Value>,
    /// While nothing does, where the client cannot see pings; it answers with a message of any kind.
    pub(crate) beat: Option<&'static str>,
}

/// Tells what happens until either side ends it.
pub(crate) async fn talk(mut socket: WebSocket, mut listener: Listener, told: Told) {
    let Told { first, of, beat: shown } = told;
    let mut desk = listener.desk.take();
    let mut heard = Instant::now();
    let mut beat = interval_at(heard.checked_add(BEAT).unwrap_or(heard), BEAT);
    let mut next = Some(Message::Text(first.to_string().into()));
    loop {
        if let Some(message) = next.take() {
            let Ok(Ok(())) = timeout(SLOW, socket.send(message)).await else { return };
        }
        next = tokio::select! {
            moved = listener.next() => match moved {
                Some(moved) => of(&moved).map(|told| Message::Text(told.to_string().into())),
                None => return,
            },
            () = Listener::desk_moved(&mut desk) => {
                Some(Message::Text(DESK.into()))
            }
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
                Some(match shown {
                    Some(text) => Message::Text(text.into()),
                    None => Message::Ping(Vec::new().into()),
                })
            }
        };
    }
}
