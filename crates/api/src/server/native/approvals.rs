//! `/v1/approvals`: what waits for a person, what was said, and saying it.
//!
//! Who answers is told by the credential, never by the request. Of many answers the first counts and
//! the others are a conflict; each has its line in the chain before it counts.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Extension, Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use datafog_approval::{Deadline, Moment, Record, Word};
use datafog_core::{ApprovalScope, ApprovalState, ApprovalWay, Event, Id, ReceiptKind};
use jiff::Timestamp;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::time::Instant;

use super::or_answer;
use crate::identity::{Caller, Permission};
use crate::server::App;
use crate::server::context::{Context, Line};
use crate::server::datafog::body;
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};
use crate::store::{Error, NewEntry, Within, Write, within};

/// Most requests of one answer.
const MOST: u32 = 1000;

/// Longest that an answer is waited for, in seconds: shorter than a request may take.
const LONGEST: u64 = 10;

/// How often who waits looks without being told: another server may have changed it.
const AGAIN: Duration = Duration::from_secs(1);

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
    wait: Option<u64>,
}

/// What a person says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Said {
    decision: Decision,
    /// How widely a yes holds.
    scope: Option<ApprovalScope>,
    /// How long a yes holds, in seconds.
    seconds: Option<u32>,
    note: Option<String>,
}

#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Decision {
    Approve,
    Deny,
}

/// What a person says beside taking an answer back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TakenBack {
    note: Option<String>,
}

/// A change of a request at a moment.
pub(crate) type Change =
    Box<dyn FnMut(&mut Record, &Moment) -> Result<(), datafog_approval::Error> + Send>;

/// Answers `GET /v1/approvals`, newest first.
pub(crate) async fn approvals(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    which: Result<Query<Which>, QueryRejection>,
) -> Response {
    let told = async {
        let wrong = |_| Problem::new(Kind::Invalid, "a parameter that cannot be read");
        let Query(Which { state, limit }) = which.map_err(wrong)?;
        let limit = limit.unwrap_or(100);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Kind::Invalid, "limit is 1 to 1000"));
        }
        let found = app.store.approvals(&caller.tenant, state.as_deref(), limit).await;
        let (found, now) = (found.map_err(|error| Problem::ours(&error))?, Moment::now());
        // What is over may still stand as it did: who asks for what waits is not shown it.
        let fits = |record: &&Record| {
            state.as_deref().is_none_or(|state| record.state(&now).name() == state)
        };
        let shown: Vec<Value> = found.iter().filter(fits).map(|it| whole(it, &now)).collect();
        Ok(json!({ "approvals": shown }))
    };
    or_answer(told.await, &id.0)
}

/// Answers `GET /v1/approvals/{id}`, with `?wait=10` once it is answered or the time is over. Who may
/// not read what was recorded is told how it stands and no more.
pub(crate) async fn approval(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    patience: Result<Query<Patience>, QueryRejection>,
) -> Response {
    let told = async {
        let wrong = |_| Problem::new(Kind::Invalid, "a parameter that cannot be read");
        let Query(Patience { wait }) = patience.map_err(wrong)?;
        let wait = Duration::from_secs(wait.unwrap_or(0).min(LONGEST));
        let record = waited(&app, (&caller.tenant, &approval), wait).await?;
        let now = Moment::now();
        Ok(match Permission::Read.is_given_to(caller.role) {
            true => whole(&record, &now),
            false => brief(&record, &now),
        })
    };
    or_answer(told.await, &id.0)
}

/// Answers `POST /v1/approvals/{id}/decision`.
pub(crate) async fn decision(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let told = async {
        let Said { decision, scope, seconds, note } = body::read(&headers, body).await?;
        let word = Word { by: Some(caller.name()), way: ApprovalWay::Api, note };
        let scope = scope.unwrap_or(ApprovalScope::Once);
        let answer: Change = Box::new(move |record, now| {
            let answered = match decision {
                Decision::Approve => record.approve(word.clone(), scope, seconds, now),
                Decision::Deny => record.deny(word.clone(), now),
            };
            Ok(answered?)
        });
        changed(&app, &caller, &approval, answer).await
    };
    or_answer(told.await, &id.0)
}

/// Answers `POST /v1/approvals/{id}/revocation`.
pub(crate) async fn revocation(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    headers: HeaderMap,
    body: Body,
) -> Response {
    let told = async {
        let TakenBack { note } = body::read(&headers, body).await?;
        let word = Word { by: Some(caller.name()), way: ApprovalWay::Api, note };
        let revoke: Change =
            Box::new(move |record, now| record.revoke(word.clone(), now).map_err(Into::into));
        changed(&app, &caller, &approval, revoke).await
    };
    or_answer(told.await, &id.0)
}

async fn changed(
    app: &App,
    caller: &Caller,
    approval: &str,
    how: Change,
) -> Result<Value, Problem> {
    let id = approval.parse().map_err(|_| unknown())?;
    let record = change(app, (&caller.tenant, &caller.name()), id, how).await;
    let record = record.map_err(|error| Problem::unstored(&error))?;
    Ok(whole(&record, &Moment::now()))
}

/// Makes a change, with its line in the chain, and tells whoever waits.
pub(crate) async fn change(
    app: &App,
    (tenant, who): (&str, &str),
    id: Id,
    mut how: Change,
) -> Result<Record, Error> {
    let context = Context {
        tenant: tenant.to_owned(),
        dialect: String::from("native"),
        actor_id: who.to_owned(),
        ..Context::default()
    };
    let work = move |inside: &dyn Within| {
        let now = Moment::now();
        let mut apply = |record: &mut Record| how(record, &now);
        let mut witness = |record: &Record| {
            let event = follow_up(record, &now)?;
            let entry = NewEntry::of(&Line { event: &event, server: &context });
            let write = Write { entry: Some(entry.map_err(std::io::Error::other)?), answer: None };
            inside.write(&write).map(drop).map_err(std::io::Error::other)
        };
        Ok(inside.change(id, &mut apply, &mut witness)?)
    };
    let record = within(&*app.store, tenant, work).await?;
    app.changed();
    Ok(record)
}

/// What happened to a request, as a line that follows its receipt.
fn follow_up(record: &Record, now: &Moment) -> std::io::Result<Event> {
    let mut random = [0_u8; 10];
    getrandom(&mut random, GetRandomFlags::empty())?;
    Ok(Event {
        receipt_id: Id::new(now.wall, random),
        timestamp: format!("{:.6}", Timestamp::now()),
        kind: ReceiptKind::Outcome,
        follows: Some(record.id()),
        enforcement: String::from("none"),
        approval: Some(Box::new(record.note(record.state(now)))),
        ..record.event().clone()
    })
}

/// The request as it stands once it is answered, or the patience is over.
async fn waited(
    app: &App,
    (tenant, id): (&str, &str),
    patience: Duration,
) -> Result<Record, Problem> {
    let (start, mut changes) = (Instant::now(), app.changes.subscribe());
    loop {
        changes.mark_unchanged();
        let found = app.store.approval(tenant, id).await.map_err(|error| Problem::ours(&error))?;
        let record = found.ok_or_else(unknown)?;
        let left = patience.saturating_sub(start.elapsed());
        if left.is_zero() || record.state(&Moment::now()) != ApprovalState::Pending {
            return Ok(record);
        }
        // Whether it was told or looks by itself, it looks.
        let _told_or_not: Result<_, _> =
            tokio::time::timeout(left.min(AGAIN), changes.changed()).await;
    }
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "there is no such request")
}

/// How a request stands, for who asked.
pub(super) fn brief(record: &Record, now: &Moment) -> Value {
    json!({
        "id": record.id().to_string(),
        "state": record.state(now).name(),
        "answerable_until": end(record.asked()),
    })
}

/// A request as a person reads it.
fn whole(record: &Record, now: &Moment) -> Value {
    let event = record.event();
    let answer = record.answer().map(|answer| {
        json!({
            "by": answer.by,
            "way": answer.way.name(),
            "at": moment(answer.at.wall),
            "scope": answer.grant.as_ref().map(|grant| grant.scope.name()),
            "until": answer.grant.as_ref().map(|grant| end(&grant.until)),
            "note": answer.note,
        })
    });
    let scopes: Vec<&str> = record.scopes().map(ApprovalScope::name).collect();
    let findings: Vec<&str> = event.findings.iter().map(|finding| &*finding.entity).collect();
    json!({
        "id": record.id().to_string(),
        "state": record.state(now).name(),
        "asked_at": moment(record.asked().from.wall),
        "answerable_until": end(record.asked()),
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
        "answer": answer,
    })
}

fn end(deadline: &Deadline) -> String {
    let length = u64::from(deadline.seconds).saturating_mul(1000);
    moment(deadline.from.wall.saturating_add(length))
}

/// Milliseconds since 1970 as RFC 3339.
fn moment(wall: u64) -> String {
    let moment = i64::try_from(wall).ok().and_then(|wall| Timestamp::from_millisecond(wall).ok());
    moment.map(|moment| format!("{moment:.3}")).unwrap_or_default()
}
