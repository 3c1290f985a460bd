//! `POST /v1/approvals` and `…/withdrawal`: a call that is held on another machine, whose person may
//! answer here.
//!
//! The machine that holds it keeps its own request, by the same id, and carries the answer out; here a
//! person is shown it and says something. The same question sent again is the same request, and gets what
//! was said, signed over the very text that was sent: a text that shows the person another call than the
//! one that is held gets a signature that counts for nothing there. What is said to it lets nothing
//! through on this server.

use std::sync::Arc;
use std::time::Duration;

use axum::Json;
use axum::extract::{Extension, Path, State};
use datafog_approval::{
    Binding, Error as Refused, Eyes, Moment, Question, Record, Refusal, Request, Word,
};
use datafog_core::{ApprovalScope, ApprovalState, ApprovalWay, Channel, Id};
use datafog_gate::Judge;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::approvals::{LONGEST, Patience, brief};
use crate::answer::{Answer, Standing};
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Parameters, Reply, Written};
use crate::server::context::{Context, Line};
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::{self, Change, change, waited};
use crate::store::{Error, NewEntry, Within, Write, Written as Stored, within};

/// No question is longer, in bytes.
const MOST: usize = 64 << 10;

/// Longest that a request may stand open, in seconds: what a rule may say at most.
const LONGEST_OPEN: u32 = 7 * 24 * 60 * 60;

/// What became of a request where it was made.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Became {
    state: ApprovalState,
}

/// Answers `POST /v1/approvals`, with `?wait=10` once it is answered or the time is over.
pub(crate) async fn ask(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(Patience { wait }): Parameters<Patience>,
    Written(text): Written,
) -> Reply<Standing> {
    let wait = Duration::from_secs(u64::from(wait.unwrap_or(0).min(LONGEST)));
    let id = requested(&app, &caller, &text).await?;
    let record = waited(&app, (&caller.tenant, &id.to_string()), wait).await?;
    let state = record.state(&Moment::now());
    let answer = match Answer::of(&record, state, text.as_bytes()) {
        None => None,
        Some(answer) => {
            let signing = move |judge: &Judge<'_>| answer.signed(judge.key());
            let unsigned = || Problem::new(Kind::Internal, "the answer cannot be signed");
            Some(app.judges.ask(signing).await?.ok_or_else(unsigned)?)
        }
    };
    Ok(Json(Standing { id, state, answer }))
}

/// The id of the request that a question is, which is made where there is none.
async fn requested(app: &App, caller: &Caller, text: &str) -> Result<Id, Problem> {
    let question = read(text)?;
    let (id, sent, tenant) = (question.id, text.to_owned(), caller.tenant.clone());
    let binding = move |judge: &Judge<'_>| {
        refuse_secrets(judge, &sent)?;
        Ok::<_, Problem>(bind(judge, (&tenant, &sent), question.scopes()))
    };
    let binding = app.judges.ask(binding).await??;
    let question = read(text)?;
    let (context, asker, eyes) = (Context::of(caller, "native"), caller.party(), app.eyes);
    let work = move |inside: &dyn Within| match inside.record(id) {
        Ok(record) => Ok(record.binding().call == binding.call),
        Err(Refused::Unknown(_)) => {
            make(inside, (&question, binding), (asker, eyes), &context).map(|_| true)
        }
        Err(error) => Err(error.into()),
    };
    let done = within(&*app.store, &caller.tenant, work).await;
    let taken = || Problem::new(Kind::Settled, "something else has this id");
    match done {
        Ok(true) => Ok(id),
        // A request of another text, or a line of the chain.
        Ok(false) | Err(Error::Exists(_)) => Err(taken()),
        Err(error) => Err(Problem::unstored(&error)),
    }
}

fn read(text: &str) -> Result<Question, Problem> {
    if text.len() > MOST {
        return Err(Problem::new(Kind::TooLarge, "a question has 64 KiB at most"));
    }
    let wrong = |what: String| Problem::new(Kind::Invalid, "this is no question").with(what);
    let question: Question = serde_json::from_str(text)
        .map_err(|error| wrong(format!("line {}, column {}", error.line(), error.column())))?;
    match question.is_known() {
        true => Ok(question),
        false => Err(wrong(String::from("its version or its scopes"))),
    }
}

/// Nothing that a detector takes for a secret is kept; who asks has taken out what its own found.
fn refuse_secrets(judge: &Judge<'_>, text: &str) -> Result<(), Problem> {
    let found = judge.scan(text.as_bytes(), &Channel::Field(String::from("question")));
    match found.iter().any(|finding| finding.entity.starts_with("secret.")) {
        true => Err(Problem::new(Kind::Invalid, "what looks like a secret stands in the question")),
        false => Ok(()),
    }
}

/// What the request is bound to: this text alone, whatever is said to it.
fn bind(judge: &Judge<'_>, (tenant, text): (&str, &str), scopes: &[ApprovalScope]) -> Binding {
    let parts = || [tenant.as_bytes(), text.as_bytes()];
    let named = |scope: ApprovalScope, name: &str| {
        scopes.contains(&scope).then(|| judge.key().digest(name, parts()))
    };
    Binding {
        call: judge.key().digest("held elsewhere", parts()),
        session: named(ApprovalScope::Session, "held elsewhere: session"),
        place: named(ApprovalScope::Repository, "held elsewhere: place"),
        target: named(ApprovalScope::Target, "held elsewhere: target"),
        tool: named(ApprovalScope::Tool, "held elsewhere: tool"),
    }
}

/// Makes the request, with its line in the chain.
fn make(
    inside: &dyn Within,
    (question, binding): (&Question, Binding),
    (asker, eyes): (datafog_approval::Party, Eyes),
    context: &Context,
) -> Result<Record, Error> {
    let (now, timestamp) = (Moment::now(), format!("{:.6}", Timestamp::now()));
    let seconds = question.seconds_left(&now).min(LONGEST_OPEN);
    let event = question.event(timestamp, binding.call);
    let widest = question.scopes().iter().max().copied().unwrap_or(ApprovalScope::Once);
    let rewrite = question.rewrite().map(str::to_owned);
    let asked = event.clone();
    let eyes = eyes.and(question.eyes());
    let request = Request { event: asked, binding, widest, rewrite, seconds, asker, eyes };
    let record = inside.request(request, &now)?.into_record();
    let mut event = event;
    event.approval = Some(Box::new(record.note(record.state(&now))));
    let entry = NewEntry::of(&Line::of(&event, context))?;
    match inside.write(&Write { entry: Some(entry), answer: None })? {
        Stored::Stored(_) => Ok(record),
        // It is no repeated request.
        Stored::Earlier(_) => Err(Error::Exists(record.id().to_string())),
    }
}

/// Answers `POST /v1/approvals/{id}/withdrawal`: it was answered where it was made, or is over there. Only
/// who asked may say so, and it lets nothing through: a yes that was used there is used up here, what
/// else still stands is taken back, and a no stays.
pub(crate) async fn withdraw(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(approval): Path<String>,
    Asked(Became { state }): Asked<Became>,
) -> Reply<Value> {
    if state == ApprovalState::Pending {
        return Err(Problem::new(Kind::Invalid, "it still waits there; nothing became of it"));
    }
    let (who, by) = (caller.party(), caller.name());
    let note = Some(format!("it was settled where it is held: {}", state.name()));
    let word = Word { by: Some(by), way: ApprovalWay::Api, note, who: who.clone() };
    let how: Change = Box::new(move |record, now| {
        if who.is_other_than(record.asker()) {
            return Err(Refused::Unknown(record.id()));
        }
        let binding = *record.binding();
        let stands = record.state(now);
        Ok(match (stands, state) {
            (ApprovalState::Approved, ApprovalState::Used) => record.consume(&binding, now),
            (ApprovalState::Approved | ApprovalState::Pending, _) => {
                record.revoke(word.clone(), now)
            }
            (
                ApprovalState::Denied
                | ApprovalState::Expired
                | ApprovalState::Revoked
                | ApprovalState::Used,
                _,
            ) => Err(Refusal::Settled(stands)),
        }?)
    });
    let id = spoken::id(&approval)?;
    let done = change(&app, (&caller.tenant, &caller.name()), id, how).await;
    let record = done.map_err(|error| Problem::unstored(&error))?;
    Ok(Json(brief(&record, &Moment::now())))
}
