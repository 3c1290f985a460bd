//! What people say to requests for approval, whatever the form that they say it in.
//!
//! Who answers is told by the credential, never by the request. Of many answers the first counts and
//! the others are a conflict; each has its line in the chain before it counts.

use std::sync::Arc;
use std::time::Duration;

use datafog_approval::{Deadline, Moment, Record, Terms, Word};
use datafog_core::{ApprovalScope, ApprovalState, ApprovalWay, Id};
use jiff::Timestamp;
use tokio::time::Instant;

use super::App;
use super::context::{Context, Line, without_secret};
use super::follow::follow_up;
use super::live::{Waiter, waiter};
use super::problem::{Kind, Problem};
use crate::identity::Caller;
use crate::store::{Error, NewEntry, Within, Write, within};

/// How often who waits looks without being told.
const AGAIN: Duration = Duration::from_secs(15);

/// What a person says.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Said {
    No,
    Yes(Terms),
}

impl Said {
    /// A yes to one call, or a no.
    pub(crate) fn once(is_yes: bool) -> Self {
        if is_yes { Self::Yes((ApprovalScope::Once, None).into()) } else { Self::No }
    }
}

/// A change of a request at a moment.
pub(crate) type Change =
    Box<dyn FnMut(&mut Record, &Moment) -> Result<(), datafog_approval::Error> + Send>;

/// Requests of the caller's tenant, newest first. What is over may still stand in the store as it did:
/// who asks for a state is not shown it.
pub(crate) async fn listed(
    app: &App,
    caller: &Caller,
    state: Option<&str>,
    limit: u32,
) -> Result<Vec<Record>, Problem> {
    let found = app.store.approvals(&caller.tenant, state, limit).await;
    let (mut found, now) = (found.map_err(|error| Problem::unread(&error))?, Moment::now());
    found.retain(|record| state.is_none_or(|state| record.state(&now).name() == state));
    Ok(found)
}

/// Says yes or no, with a note beside it.
pub(crate) async fn decide(
    app: &App,
    caller: &Caller,
    approval: &str,
    (said, note): (Said, Option<String>),
) -> Result<Record, Problem> {
    let (word, eyes) = (word(caller, kept(app, note).await?), app.eyes);
    let answer: Change = Box::new(move |record, now| {
        // It may have been asked before the settings said so.
        record.demand(eyes);
        Ok(match said {
            Said::No => record.deny(word.clone(), now),
            Said::Yes(terms) => record.approve(word.clone(), terms, now),
        }?)
    });
    let done = change(app, (&caller.tenant, &caller.name()), id(approval)?, answer).await;
    done.map_err(|error| Problem::unstored(&error))
}

/// Takes an answer back, a yes or a no.
pub(crate) async fn revoke(
    app: &App,
    caller: &Caller,
    approval: &str,
    note: Option<String>,
) -> Result<Record, Problem> {
    let word = word(caller, kept(app, note).await?);
    let revoke: Change =
        Box::new(move |record, now| record.revoke(word.clone(), now).map_err(Into::into));
    let done = change(app, (&caller.tenant, &caller.name()), id(approval)?, revoke).await;
    done.map_err(|error| Problem::unstored(&error))
}

/// A note as it may be kept.
async fn kept(app: &App, note: Option<String>) -> Result<Option<String>, Problem> {
    let Some(note) = note else { return Ok(None) };
    Ok(Some(app.judges.ask(move |judge| without_secret(judge, note)).await?))
}

/// What a caller says, and by which way.
pub(crate) fn word(caller: &Caller, note: Option<String>) -> Word {
    let way = if caller.visit.is_some() { ApprovalWay::Dashboard } else { ApprovalWay::Api };
    Word { by: Some(caller.name()), way, note, who: caller.party() }
}

/// The id of a request; what is none is the id of no request.
pub(crate) fn id(approval: &str) -> Result<Id, Problem> {
    approval.parse().map_err(|_| unknown())
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
            let mut event = follow_up(record.event())?;
            event.approval = Some(Box::new(record.note(record.state(&now))));
            let entry = NewEntry::of(&Line::of(&event, &context));
            let write = Write { entry: Some(entry.map_err(std::io::Error::other)?), answer: None };
            inside.write(&write).map(drop).map_err(std::io::Error::other)
        };
        Ok(inside.change(id, &mut apply, &mut witness)?)
    };
    within(&*app.store, tenant, work).await
}

/// The request as it stands once it is answered, or the patience is over, or the server goes down.
pub(crate) async fn waited(
    app: &Arc<App>,
    (tenant, approval): (&str, &str),
    patience: Duration,
) -> Result<Record, Problem> {
    let (start, mut ending) = (Instant::now(), app.ending.subscribe());
    let waiter = match patience.is_zero() {
        true => None,
        false => Some(waiter(app, id(approval)?).await?),
    };
    loop {
        let woken = waiter.as_ref().map(Waiter::woken);
        let found = app.store.approval(tenant, approval).await;
        let record = found.map_err(|error| Problem::unread(&error))?.ok_or_else(unknown)?;
        let left = patience.saturating_sub(start.elapsed());
        let is_over = left.is_zero() || *ending.borrow();
        let (Some(woken), false) = (woken, is_over) else { return Ok(record) };
        if record.state(&Moment::now()) != ApprovalState::Pending {
            return Ok(record);
        }
        // Whether it was told or looks by itself, it looks.
        tokio::select! {
            () = woken => {}
            () = tokio::time::sleep(left.min(AGAIN)) => {}
            _ending = ending.wait_for(|is_ending| *is_ending) => {}
        }
    }
}

fn unknown() -> Problem {
    Problem::new(Kind::NotFound, "there is no such request")
}

/// A deadline as RFC 3339.
pub(crate) fn end(deadline: &Deadline) -> String {
    let length = u64::from(deadline.seconds).saturating_mul(1000);
    moment(deadline.from.wall.saturating_add(length))
}

/// Milliseconds since 1970 as RFC 3339.
pub(crate) fn moment(wall: u64) -> String {
    let moment = i64::try_from(wall).ok().and_then(|wall| Timestamp::from_millisecond(wall).ok());
    moment.map(|moment| format!("{moment:.3}")).unwrap_or_default()
}
