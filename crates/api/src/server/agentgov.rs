//! AgentGov's tool-call proxy (its contract §1, §2, §16): a call is judged, held where a person is to say
//! it, and forwarded to a listed upstream.
//!
//! A held call waits, or gets a ticket. Whoever goes away while it waits is not served: the call is made
//! only for who still waits or comes again with the ticket. Once it is forwarded it is carried to its end
//! and recorded, whoever still listens. What would have to be redacted or rewritten first is refused.

mod audit;
mod people;
mod socket;

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use datafog_approval::Record;
use datafog_core::Event;
use datafog_gate::Judge;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use tokio::time::Instant;

use super::App;
use super::arguments::{Arguments, Single};
use super::asked::Asked;
use super::awaited::{Settled, settled};
use super::context::Context;
use super::follow::{Reported, report};
use super::guard::RequestId;
use super::problem::{Kind, Problem};
use super::spoken::end;
use super::tools::ToolCall;
use crate::Endpoint;
use crate::ask::NoAnswer;
use crate::identity::Caller;
use crate::upstream::Said;

pub(crate) use audit::audit;
use people::status;
pub(crate) use people::{approval, approvals, approve, decide, deny, pending};
pub(crate) use socket::socket;

/// A call. Unknown members are no error.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Call {
    #[serde(default)]
    tool_name: String,
    #[serde(default)]
    args: Single,
    upstream: Option<String>,
    /// Whether the answer waits until a person said something, where one is asked.
    #[serde(default = "yes")]
    wait: bool,
    /// The ticket of a call that was held before.
    approval_id: Option<String>,
}

const fn yes() -> bool {
    true
}

/// Answers `POST /tool/call` and the other spellings of it.
pub(crate) async fn call(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(mut call): Asked<Call>,
) -> Result<Response, Problem> {
    call.tool_name = call.tool_name.trim().to_owned();
    if call.tool_name.is_empty() {
        return Err(Problem::new(Kind::Invalid, "tool_name is required"));
    }
    let to = app.upstreams.choose(call.upstream.as_deref());
    let to = to.map_err(|why| Problem::new(Kind::Forbidden, why.to_string()))?;
    let context = Context {
        request_id: id.0,
        tool: call.tool_name.clone(),
        ..Context::of(&caller, "agentgov")
    };
    let patience = if call.wait { app.tool_wait } else { Duration::ZERO };
    let held = call.approval_id.as_deref();
    match settled(&app, &caller, (&call.tool(&to), held, patience), &context).await? {
        Settled::Allowed(event) => {
            let result = forwarded(app, (call, to), (*event, context)).await?;
            Ok(Json(json!({ "success": true, "result": result })).into_response())
        }
        Settled::Refused(reason) => Err(Problem::new(Kind::Forbidden, reason)),
        Settled::Waiting(record) => Ok(ticket(&record)),
    }
}

/// Whoever waits no longer comes back with this.
fn ticket(record: &Record) -> Response {
    let body = json!({
        "success": false,
        "status": "pending",
        "approval_id": record.id().to_string(),
        "reason": record.event().reason,
        "expires_at": end(record.asked()),
    });
    (StatusCode::ACCEPTED, Json(body)).into_response()
}

impl Call {
    /// The call as it is judged. An answer counts for the same upstream alone.
    fn tool(&self, to: &Endpoint) -> ToolCall {
        let arguments = match &self.args.0 {
            Value::Object(members) => members.clone(),
            Value::Null => Map::new(),
            other @ (Value::Array(_) | Value::Bool(_) | Value::Number(_) | Value::String(_)) => {
                Map::from_iter([(String::from("args"), other.clone())])
            }
        };
        let via = Some(to.url().to_string());
        let (name, arguments) = (self.tool_name.clone(), Arguments(arguments));
        ToolCall { name, arguments, session: None, via, of_person: false }
    }
}

/// Forwards a call, and records what came of it.
async fn forwarded(
    app: Arc<App>,
    (call, to): (Call, Endpoint),
    (event, context): (Event, Context),
) -> Result<Value, Problem> {
    let body = json!({ "tool_name": call.tool_name, "args": call.args.0 });
    let body = serde_json::to_vec(&body)?;
    let carried = tokio::spawn(async move {
        let start = Instant::now();
        let said = app.upstreams.forward(&to, body).await;
        // The call is made and cannot be taken back: what its record fails of does not unmake it.
        let _unrecorded: Result<(), Problem> =
            recorded(&app, (event, context), (said.clone(), start.elapsed())).await;
        said
    });
    let said = carried.await.map_err(|error| Problem::ours(&error))?;
    match said.map_err(|why| unanswered(&why))? {
        Said { status: 200..300, body } => Ok(result(&body)),
        Said { status, .. } => {
            let message = format!("the upstream answered with status {status}");
            Err(Problem::new(Kind::Upstream, message))
        }
    }
}

/// What was answered: JSON, or else the text.
fn result(body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let text = || Value::String(String::from_utf8_lossy(body).into_owned());
    serde_json::from_slice(body).unwrap_or_else(|_| text())
}

fn unanswered(why: &NoAnswer) -> Problem {
    match why {
        NoAnswer::TooSlow(_) => Problem::new(Kind::UpstreamSlow, "the upstream took too long"),
        NoAnswer::TooMuch(_) => Problem::new(Kind::Upstream, "the upstream says too much"),
        NoAnswer::Setup(_) | NoAnswer::Status(_) | NoAnswer::Unreached(_) => {
            Problem::new(Kind::Upstream, "the upstream cannot be reached")
        }
    }
}

async fn recorded(
    app: &App,
    (event, context): (Event, Context),
    (said, took): (Result<Said, NoAnswer>, Duration),
) -> Result<(), Problem> {
    let status = said.as_ref().ok().map(|said| said.status);
    let reported = Reported {
        success: status.is_some_and(|status| (200..300).contains(&status)),
        duration_ms: u64::try_from(took.as_millis()).ok(),
        status,
        error: said.as_ref().err().map(ToString::to_string),
        ..Reported::default()
    };
    let plain = move |judge: &Judge<'_>| {
        let body = said.as_ref().ok().map(|said| &*said.body);
        (reported.plain(judge, body), context.plain(judge))
    };
    let (reported, context) = app.judges.ask(plain).await?;
    report(app, &context, &event, &reported).await
}
