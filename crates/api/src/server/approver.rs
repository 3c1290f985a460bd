//! pi-governance's webhook for approvals (its contract §5): `POST /v1/governance/approve`.
//!
//! Its client asks once, with the call and who made it, and waits for `{"approved": …}`; it comes because its
//! own policy wants a person. So a person is asked here, too, of whatever our policy does not deny: once, for
//! these very arguments. Nobody answering in time is a no. It sends no credential, so it is for a server
//! that answers without one, or with something in front that adds one.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use serde::{Deserialize, Serialize};

use super::App;
use super::arguments::Arguments;
use super::asked::{Asked, Reply};
use super::awaited::{Settled, settled};
use super::context::Context;
use super::guard::RequestId;
use super::problem::{Kind, Problem};
use super::spoken::end;
use super::tools::ToolCall;
use crate::identity::Caller;

/// What is asked. Unknown members are no error.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Wanted {
    tool_call: Call,
    #[serde(default)]
    context: By,
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Call {
    tool_name: String,
    #[serde(default)]
    input: Arguments,
}

/// Who asks, as they say; it counts for nothing.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct By {
    user_id: Option<String>,
}

/// What is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Said {
    approved: bool,
    reason: String,
}

/// Answers `POST /v1/governance/approve`.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(Wanted { tool_call, context: by }): Asked<Wanted>,
) -> Reply<Said> {
    let name = tool_call.tool_name.trim().to_owned();
    if name.is_empty() {
        return Err(Problem::new(Kind::Invalid, "toolCall.toolName is required"));
    }
    let context = Context {
        request_id: id.0,
        tool: name.clone(),
        actor_id: by.user_id.unwrap_or_default(),
        ..Context::of(&caller, "pi-governance")
    };
    let arguments = tool_call.input;
    let call = ToolCall { name, arguments, session: None, via: None, of_person: true };
    let settled = settled(&app, &caller, (&call, None, app.tool_wait), &context).await?;
    Ok(Json(match settled {
        Settled::Allowed(event) => Said { approved: true, reason: event.reason },
        Settled::Refused(reason) => no(reason),
        Settled::Waiting(record) => {
            no(format!("nobody answered yet; it can be answered until {}", end(record.asked())))
        }
    }))
}

const fn no(reason: String) -> Said {
    Said { approved: false, reason }
}
