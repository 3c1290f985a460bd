//! A call of a tool whose caller waits for a person, where one is asked.

use std::sync::Arc;
use std::time::Duration;

use datafog_approval::{Moment, Record};
use datafog_core::{ApprovalState, Event, Verdict};
use tokio::time::Instant;

use super::App;
use super::context::Context;
use super::problem::{Kind, Problem};
use super::spoken::waited;
use super::tools::{self, ToolCall};
use crate::identity::Caller;

/// What became of a call.
#[derive(Debug)]
pub(super) enum Settled {
    /// It may be made; the event that says so is stored.
    Allowed(Box<Event>),
    /// It may not, for this reason.
    Refused(String),
    /// Nobody has answered yet.
    Waiting(Box<Record>),
}

/// Judges a call, and waits for a person as long as `patience` is. `ticket` is that of a call that was held
/// before.
pub(super) async fn settled(
    app: &Arc<App>,
    caller: &Caller,
    (call, ticket, patience): (&ToolCall, Option<&str>, Duration),
    context: &Context,
) -> Result<Settled, Problem> {
    let start = Instant::now();
    let wait = async |id: &str| {
        let left = patience.saturating_sub(start.elapsed());
        waited(app, (&caller.tenant, id), left).await
    };
    if let Some(ticket) = ticket
        && let Some(settled) = unless_approved(wait(ticket).await?)
    {
        return Ok(settled);
    }
    loop {
        let outcome = tools::ask(app, caller, (call.clone(), None), context.clone()).await?;
        let held = match (outcome.verdict, outcome.approval) {
            (Verdict::Allow, _) => return Ok(Settled::Allowed(Box::new(outcome.event))),
            (Verdict::RequireApproval, Some(record)) => record,
            (Verdict::Deny, Some(record)) => return Ok(Settled::Refused(refusal(&record))),
            (verdict, _) => return Ok(Settled::Refused(refused(verdict, &outcome.event))),
        };
        let id = held.id().to_string();
        if ticket.is_some_and(|ticket| ticket != id) {
            return Err(Problem::new(Kind::Settled, "the ticket is for another call"));
        }
        // After a yes it is asked anew: that uses the yes up, once, whoever else waits for it.
        if let Some(settled) = unless_approved(wait(&id).await?) {
            return Ok(settled);
        }
    }
}

/// What a request says that has no yes.
fn unless_approved(record: Record) -> Option<Settled> {
    match record.state(&Moment::now()) {
        ApprovalState::Approved => None,
        ApprovalState::Pending => Some(Settled::Waiting(Box::new(record))),
        ApprovalState::Denied
        | ApprovalState::Expired
        | ApprovalState::Revoked
        | ApprovalState::Used => Some(Settled::Refused(refusal(&record))),
    }
}

/// Why a request lets nothing through.
fn refusal(record: &Record) -> String {
    let answer = record.answer();
    let by = answer.and_then(|answer| answer.by.as_deref()).unwrap_or("a person");
    let note = answer.and_then(|answer| answer.note.as_deref());
    match record.state(&Moment::now()) {
        ApprovalState::Denied => match note {
            Some(note) => format!("denied by {by}: {note}"),
            None => format!("denied by {by}"),
        },
        ApprovalState::Expired => String::from("timeout: nobody answered, or used a yes, in time"),
        ApprovalState::Revoked => String::from("the answer was taken back"),
        ApprovalState::Used => String::from("the approval was used already"),
        ApprovalState::Approved | ApprovalState::Pending => record.event().reason.clone(),
    }
}

fn refused(verdict: Verdict, event: &Event) -> String {
    match verdict {
        Verdict::Redact | Verdict::Rewrite => {
            format!("it would have to be changed first: {}", event.reason)
        }
        Verdict::Allow | Verdict::RequireApproval | Verdict::Deny => event.reason.clone(),
    }
}
