//! `/v1/approvals`: what waits for a person, what was said, and saying it.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Path, State};
use datafog_approval::{Moment, Record, Terms};
use datafog_core::{ApprovalScope, ApprovalState};
use serde::Deserialize;
use serde_json::{Value, json};

use crate::identity::{Caller, Permission};
use crate::server::App;
use crate::server::asked::{Asked, Parameters, Reply};
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::{self, decide, moment, waited};

/// Most requests of one answer.
const MOST: u32 = 1000;

/// Longest that an answer is waited for, in seconds: shorter than a request may take.
pub(super) const LONGEST: u32 = 10;

/// The states that can be asked for.
const STATES: [ApprovalState; 6] = [
    ApprovalState::Approved,
    ApprovalState::Denied,
    ApprovalState::Expired,
    ApprovalState::Pending,
    ApprovalState::Revoked,
    ApprovalState::Used,
];

/// Which requests.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Which {
    state: Option<String>,
    limit: Option<u32>,
}

/// How long to wait until it is answered, in seconds.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Patience {
    pub(super) wait: Option<u32>,
}

/// What a person says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Said {
    decision: Decision,
    /// How widely a yes holds.
    scope: Option<ApprovalScope>,
    /// How long a yes holds, in seconds.
    #[serde(default, deserialize_with = "datafog_core::whole_or_none")]
    seconds: Option<u32>,
    /// For how many calls a yes is, at most.
    #[serde(default, deserialize_with = "datafog_core::whole_or_none")]
    uses: Option<u32>,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Decision {
    Approve,
    Deny,
}

/// What a person says beside taking an answer back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TakenBack {
    note: Option<String>,
}

/// Answers `GET /v1/approvals`, newest first.
pub(crate) async fn approvals(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(Which { state, limit }): Parameters<Which>,
) -> Reply<Value> {
    let limit = limit.unwrap_or(100);
    if !(1..=MOST).contains(&limit) {
        return Err(Problem::new(Kind::Invalid, "limit is 1 to 1000"));
    }
    if state.as_ref().is_some_and(|state| !STATES.iter().any(|known| known.name() == state)) {
        let names = STATES.map(ApprovalState::name).join(", ");
        return Err(Problem::new(Kind::Invalid, format!("state is one of {names}")));
    }
    let (found, now) =
        (spoken::listed(&app, &caller, state.as_deref(), limit).await?, Moment::now());
    let shown: Vec<Value> = found.iter().map(|record| whole(record, &now)).collect();
    Ok(Json(json!({ "approvals": shown })))
}

/// Answers `GET /v1/approvals/{id}`, with `?wait=10` once it is answered or the time is over. Who may
/// not read what was recorded is told how it stands and no more.
pub(crate) async fn approval(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    Parameters(Patience { wait }): Parameters<Patience>,
) -> Reply<Value> {
    let wait = Duration::from_secs(u64::from(wait.unwrap_or(0).min(LONGEST)));
    let record = waited(&app, (&caller.tenant, &approval), wait).await?;
    let now = Moment::now();
    Ok(Json(match caller.may(Permission::Read) {
        true => whole(&record, &now),
        false => brief(&record, &now),
    }))
}

/// Answers `POST /v1/approvals/{id}/decision`.
pub(crate) async fn decision(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    Asked(Said { decision, scope, seconds, uses, note }): Asked<Said>,
) -> Reply<Value> {
    let scope = scope.unwrap_or(ApprovalScope::Once);
    let said = match decision {
        Decision::Approve => spoken::Said::Yes(Terms { scope, seconds, uses }),
        Decision::Deny => spoken::Said::No,
    };
    let record = decide(&app, &caller, &approval, (said, note)).await?;
    Ok(Json(whole(&record, &Moment::now())))
}

/// Answers `POST /v1/approvals/{id}/revocation`.
pub(crate) async fn revocation(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    Asked(TakenBack { note }): Asked<TakenBack>,
) -> Reply<Value> {
    let record = spoken::revoke(&app, &caller, &approval, note).await?;
    Ok(Json(whole(&record, &Moment::now())))
}

/// How a request stands, for who asked.
pub(super) fn brief(record: &Record, now: &Moment) -> Value {
    json!({
        "id": record.id().to_string(),
        "state": record.state(now).name(),
        "answerable_until": spoken::end(record.asked()),
    })
}

/// A request as a person reads it.
pub(crate) fn whole(record: &Record, now: &Moment) -> Value {
    let event = record.event();
    let answer = record.answer().map(|answer| {
        json!({
            "by": answer.by,
            "way": answer.way.name(),
            "at": moment(answer.at.wall),
            "scope": answer.grant.as_ref().map(|grant| grant.scope.name()),
            "until": answer.grant.as_ref().map(|grant| spoken::end(&grant.until)),
            "uses": answer.grant.as_ref().and_then(|grant| grant.uses),
            "note": answer.note,
        })
    });
    let scopes: Vec<&str> = record.scopes().map(ApprovalScope::name).collect();
    let findings: Vec<&str> = event.findings.iter().map(|finding| &*finding.entity).collect();
    json!({
        "id": record.id().to_string(),
        "state": record.state(now).name(),
        "asked_at": moment(record.asked().from.wall),
        "answerable_until": spoken::end(record.asked()),
        "action_type": event.action_type,
        "command": event.command,
        "cwd": event.cwd,
        "destinations": event.destinations,
        "findings": findings,
        "rules": event.matched_rules,
        "reason": event.reason,
        "session": event.principal.session,
        "scopes": scopes,
        "uses": record.uses(),
        "needed": record.needed(),
        "agreed": record.agreed().collect::<Vec<_>>(),
        "answer": answer,
    })
}
