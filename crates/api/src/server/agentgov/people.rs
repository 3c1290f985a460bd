//! What waits for a person, and what they say, in both of AgentGov's forms (its contract §1, §4).
//!
//! Who answers is the credential; a name in the body counts for nothing. Arguments are shown by their
//! names: their values are nowhere in the store.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use datafog_approval::{Moment, Record};
use datafog_core::ApprovalState;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Parameters, Reply};
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::{self, Said, end, listed, moment};

/// Most requests of one answer.
const MOST: u32 = 1000;

/// Which requests.
#[derive(Debug, Deserialize)]
pub(crate) struct Which {
    #[serde(default)]
    status: Option<String>,
}

/// What is said in the first form.
#[derive(Debug, Deserialize)]
pub(crate) struct Decide {
    approved: bool,
    #[serde(default)]
    reason: Option<String>,
}

/// What is said in the second form.
#[derive(Debug, Default, Deserialize)]
pub(crate) struct Comment {
    #[serde(default)]
    comment: Option<String>,
}

/// Answers `GET /pending`.
pub(crate) async fn pending(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
) -> Reply<Value> {
    let (all, total) = waiting(&app, &caller).await?;
    let items: Vec<Value> = all.iter().map(item).collect();
    Ok(Json(json!({ "total": total, "pending": items })))
}

/// Answers `GET /approvals` and `GET /approvals/pending`.
pub(crate) async fn approvals(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(Which { status }): Parameters<Which>,
) -> Reply<Value> {
    if status.is_some_and(|status| status != "pending") {
        return Err(Problem::new(Kind::Invalid, "status is pending"));
    }
    let (all, total) = waiting(&app, &caller).await?;
    let views: Vec<Value> = all.iter().map(view).collect();
    Ok(Json(json!({ "total": total, "approvals": views })))
}

/// What waits, oldest first, and how much there is of it.
pub(super) async fn waiting(app: &App, caller: &Caller) -> Result<(Vec<Record>, u64), Problem> {
    let mut all = listed(app, caller, Some(ApprovalState::Pending.name()), MOST).await?;
    all.reverse();
    let now = i64::try_from(Moment::now().wall).unwrap_or(i64::MAX);
    let total = app.store.waiting(&caller.tenant, now).await;
    Ok((all, total.map_err(|error| Problem::unread(&error))?))
}

/// Answers `GET /approvals/{id}`: how a ticket stands, for whoever has it.
pub(crate) async fn approval(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Reply<Value> {
    let found = app.store.approval(&caller.tenant, &id).await;
    let none = || Problem::new(Kind::NotFound, "there is no such request");
    let record = found.map_err(|error| Problem::unread(&error))?.ok_or_else(none)?;
    let state = record.state(&Moment::now());
    Ok(Json(
        json!({ "approval_id": id, "status": status(state), "expires_at": end(record.asked()) }),
    ))
}

/// Answers `POST /approve/{id}` and `POST /approval/{id}`.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Asked(Decide { approved, reason }): Asked<Decide>,
) -> Reply<Value> {
    let status = said(&app, &caller, &id, (approved, reason)).await?;
    Ok(Json(json!({ "id": id, "approved": approved, "status": status })))
}

/// Answers `POST /approvals/{id}/approve`.
pub(crate) async fn approve(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Asked(Comment { comment }): Asked<Comment>,
) -> Reply<Value> {
    let status = said(&app, &caller, &id, (true, comment)).await?;
    Ok(Json(json!({ "success": true, "id": id, "status": status })))
}

/// Answers `POST /approvals/{id}/deny`.
pub(crate) async fn deny(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Asked(Comment { comment }): Asked<Comment>,
) -> Reply<Value> {
    let status = said(&app, &caller, &id, (false, comment)).await?;
    Ok(Json(json!({ "success": true, "id": id, "status": status })))
}

/// Says yes or no; a no needs a comment.
async fn said(
    app: &App,
    caller: &Caller,
    id: &str,
    (is_yes, comment): (bool, Option<String>),
) -> Result<&'static str, Problem> {
    let comment = comment.map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
    if !is_yes && comment.is_none() {
        return Err(Problem::new(Kind::Invalid, "a reason is required to deny"));
    }
    let record = spoken::decide(app, caller, id, (Said::once(is_yes), comment)).await?;
    Ok(status(record.state(&Moment::now())))
}

/// Its word for a state.
pub(crate) const fn status(state: ApprovalState) -> &'static str {
    match state {
        ApprovalState::Approved | ApprovalState::Used => "approved",
        ApprovalState::Denied | ApprovalState::Revoked => "denied",
        ApprovalState::Expired => "timeout",
        ApprovalState::Pending => "pending",
    }
}

/// A request in the first form.
pub(super) fn item(record: &Record) -> Value {
    let event = record.event();
    json!({
        "id": record.id().to_string(),
        "tool_name": event.tool,
        "args": arguments(record),
        "reason": event.reason,
        "created_at": moment(record.asked().from.wall),
        "expires_at": end(record.asked()),
        "status": status(record.state(&Moment::now())),
    })
}

/// A request in the second form.
fn view(record: &Record) -> Value {
    let event = record.event();
    json!({
        "approval_id": record.id().to_string(),
        "created_at": moment(record.asked().from.wall),
        "expires_at": end(record.asked()),
        "reason": event.reason,
        "request": {
            "tool": event.tool,
            "action": event.action_type,
            "parameters": arguments(record),
        },
        "status": status(record.state(&Moment::now())),
    })
}

/// The arguments by name; of what is no call of a tool the command as receipts show it.
fn arguments(record: &Record) -> Value {
    let event = record.event();
    let names = event.command.strip_prefix(&format!("tool:{}", event.tool));
    let Some(names) = names else { return json!({ "command": event.command }) };
    let hidden = |name: &str| (name.to_owned(), json!("[hidden]"));
    Value::Object(names.split_whitespace().map(hidden).collect::<Map<_, _>>())
}
