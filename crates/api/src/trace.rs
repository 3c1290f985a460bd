//! What the server does, told while it does it: `datafog serve --debug-listen 127.0.0.1:6060`.
//!
//! For whoever looks for why a server is slow or fails. A listener of its own, on this machine alone,
//! streams what the server tells `tracing`; nothing is kept, and nothing is written while nobody
//! listens. Routes, statuses, times and kinds of failures are told; no argument, no value, no name and no
//! address of a request is. What was decided is not told here: that is the chain of the store.

mod lines;

use core::convert::Infallible;
use core::time::Duration;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::Body;
use axum::extract::{MatchedPath, Query, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use futures_util::stream;
use serde::Deserialize;
use serde_json::json;
use tokio::runtime::Handle;
use tokio::sync::broadcast::error::RecvError;
use tracing::Level;

use crate::listen::{self, Address, Listener, Patience};
use crate::server::is_local_name;
use lines::Line;
pub(crate) use lines::Lines;

/// A listener for those who look for what is wrong, and what it tells them.
pub(crate) struct Debug {
    listener: Listener,
    lines: Lines,
    started: Instant,
}

/// What may be asked for.
#[derive(Deserialize)]
struct Wanted {
    /// The least severe level that is told: `error`, `warn`, `info`, `debug` (when missing) or `trace`.
    level: Option<String>,
}

impl Debug {
    /// Listens at `address`, of this machine, and has what is traced told there from now on.
    pub(crate) async fn listen(address: SocketAddr) -> Result<Self, listen::Error> {
        let listener = Listener::bind(&Address::Tcp(address), false).await?;
        let lines = Lines::new();
        lines.take_all();
        Ok(Self { listener, lines, started: Instant::now() })
    }

    /// Where it listens.
    pub(crate) fn address(&self) -> Option<SocketAddr> {
        self.listener.address()
    }

    /// Answers until it is ended.
    pub(crate) async fn serve(self) {
        let Self { listener, lines, started } = self;
        let router = router(Arc::new((lines, started)));
        let patience = Patience { drain: Duration::ZERO, ..Patience::default() };
        let ended = listener.serve(router, (patience, None), core::future::pending()).await;
        if let Err(error) = ended {
            tracing::error!(kind = ?error.kind(), "the debug listener ended");
        }
    }
}

type Told = Arc<(Lines, Instant)>;

fn router(told: Told) -> Router {
    Router::new()
        .route("/debug/events", get(events))
        .route("/debug/state", get(state))
        .layer(from_fn(guard))
        .with_state(told)
}

/// A page that a browser shows must not read along, by whatever name it calls this machine.
async fn guard(headers: HeaderMap, request: Request, next: Next) -> Response {
    let mut hosts = headers.get_all(header::HOST).iter();
    let host = hosts.next().and_then(|host| host.to_str().ok());
    let is_ours = host.is_some_and(is_local_name) && hosts.next().is_none();
    if !is_ours || headers.contains_key(header::ORIGIN) {
        return (StatusCode::FORBIDDEN, "this listener is for programs of this machine\n")
            .into_response();
    }
    next.run(request).await
}

/// Lines as they come, from now on.
async fn events(State(told): State<Told>, Query(wanted): Query<Wanted>) -> Response {
    let Ok(level) = wanted.level.as_deref().unwrap_or("debug").parse::<Level>() else {
        let known = "`level` is error, warn, info, debug or trace\n";
        return (StatusCode::BAD_REQUEST, known).into_response();
    };
    let lines = told.0.listen();
    let next = move |mut lines: lines::Receiver| async move {
        loop {
            let line = match lines.recv().await {
                Ok(Line { level: its, .. }) if its > level => continue,
                Ok(Line { text, .. }) => text,
                Err(RecvError::Lagged(count)) => format!("({count} lines were left out)\n").into(),
                Err(RecvError::Closed) => return None,
            };
            return Some((Ok::<_, Infallible>(line), lines));
        }
    };
    let mut answer = Response::new(Body::from_stream(stream::unfold(lines, next)));
    let kind = HeaderValue::from_static("text/plain; charset=utf-8");
    answer.headers_mut().insert(header::CONTENT_TYPE, kind);
    answer
}

/// How the runtime fares.
async fn state(State(told): State<Told>) -> Response {
    let metrics = Handle::current().metrics();
    let state = json!({
        "uptime_seconds": told.1.elapsed().as_secs(),
        "workers": metrics.num_workers(),
        "tasks": metrics.num_alive_tasks(),
        "queued_tasks": metrics.global_queue_depth(),
        "listening": told.0.listening(),
    });
    Json(state).into_response()
}

/// Tells how a request was answered and how long it took.
pub(crate) async fn request(route: Option<MatchedPath>, request: Request, next: Next) -> Response {
    let (method, start) = (request.method().clone(), Instant::now());
    let answer = next.run(request).await;
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, micros) = (answer.status().as_u16(), start.elapsed().as_micros());
    if answer.status().is_server_error() {
        tracing::warn!(%method, route, status, micros, "request");
    } else {
        tracing::debug!(%method, route, status, micros, "request");
    }
    answer
}

#[cfg(test)]
mod tests {
    use axum::http::Request;
    use tower::ServiceExt as _;

    use super::*;

    async fn asked(host: &str, path: &str, origin: Option<&str>) -> StatusCode {
        let mut request = Request::get(path).header("host", host);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        let told = Arc::new((Lines::new(), Instant::now()));
        router(told).oneshot(request.body(Body::empty()).unwrap()).await.unwrap().status()
    }

    #[tokio::test]
    async fn programs_of_this_machine_are_answered_and_pages_are_not() {
        for (host, path, origin, status) in [
            ("127.0.0.1:6060", "/debug/state", None, 200),
            ("localhost:6060", "/debug/events", None, 200),
            ("[::1]:6060", "/debug/events?level=trace", None, 200),
            ("localhost", "/debug/events?level=loud", None, 400),
            ("rebound.example:6060", "/debug/state", None, 403),
            ("localhost:6060", "/debug/state", Some("http://localhost:6060"), 403),
            ("localhost:6060", "/v1/actions", None, 404),
        ] {
            assert_eq!(asked(host, path, origin).await.as_u16(), status, "{host} {path}");
        }
    }
}
