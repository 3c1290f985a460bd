//! From what was judged to what is told: stored first, and held where a person is to say it.
//!
//! A call that is held becomes a request in the store. Whoever asks again for the same call gets what
//! was said meanwhile: a yes lets it through once (or as widely as the person chose), a no stands.
//! Request, use and line in the chain are one transaction, so nothing is let through twice and nothing
//! is told that was not stored.

use datafog_approval::{Eyes, Moment, Party, Record, Request};
use datafog_core::{ApprovalState, Digest, Event, Verdict};
use datafog_gate::{Judged, Waiting};
use jiff::Timestamp;

use super::App;
use super::context::{Context, Line};
use super::problem::{Kind, Problem};
use crate::identity::Caller;
use crate::store::{Answer, Error, NewAnswer, NewEntry, Within, Write, Written, within};

/// How long a request can be answered where the rules say nothing longer, in seconds.
const ANSWERABLE: u32 = 15 * 60;

/// What a judge made of a request.
#[derive(Debug)]
pub(crate) struct Question {
    pub(crate) judged: Judged,
    /// What a person is asked, where one is.
    pub(crate) waiting: Option<Waiting>,
    /// What the store keeps beside the event.
    pub(crate) context: Context,
    /// Who asks.
    pub(crate) asker: Party,
}

/// The name under which the same request gets the same answer.
#[derive(Clone, Debug)]
pub(crate) struct Repeat {
    pub(crate) scope: String,
    pub(crate) key: String,
    /// What it must be equal in to be the same.
    pub(crate) question: [u8; 32],
    /// Whether it is only a name for the newest answer, and nothing is answered from it.
    pub(crate) replaces: bool,
    /// Microseconds since 1970.
    pub(crate) at: i64,
}

impl Repeat {
    /// Under a caller's key: unique within the route, the tenant and the credential. The key is free text, and
    /// its digest is kept.
    pub(crate) fn of(route: &str, caller: &Caller, (key, question): (&str, [u8; 32])) -> Self {
        let scope = format!("{route}\u{1f}{}\u{1f}{}", caller.tenant, caller.name());
        let at = Timestamp::now().as_microsecond();
        let key = Digest::of(key.as_bytes()).to_string();
        Self { scope, key, question, replaces: false, at }
    }

    /// A name by which the newest answer can be found.
    pub(crate) fn named(scope: String, key: String) -> Self {
        let at = Timestamp::now().as_microsecond();
        Self { scope, key, question: [0; 32], replaces: true, at }
    }
}

/// What is told.
#[derive(Clone, Debug)]
pub(crate) struct Outcome {
    /// The event as it is stored.
    pub(crate) event: Event,
    /// What holds now: after a yes what is left of the decision.
    pub(crate) verdict: Verdict,
    /// The request for approval, where there is one.
    pub(crate) approval: Option<Record>,
}

/// What came of it.
#[derive(Debug)]
pub(crate) enum Told {
    /// The same request was answered before, with this body.
    Again(Vec<u8>),
    /// It is stored and may be told.
    Now(Box<Outcome>),
}

/// The body that is kept for who asks again.
pub(crate) type Body = Box<dyn Fn(&Outcome) -> Result<Vec<u8>, Error> + Send + Sync>;

/// Stores what was judged, asks a person where one is to be asked, and says what may be told.
pub(crate) async fn settle(
    app: &App,
    tenant: &str,
    question: Question,
    repeat: Option<(Repeat, Body)>,
) -> Result<Told, Problem> {
    let expected = repeat.as_ref().map(|(repeat, _)| repeat.question);
    let stored = match question.waiting.is_some() {
        true => {
            let eyes = app.eyes;
            let work = move |inside: &dyn Within| held(inside, (question, eyes), repeat.as_ref());
            within(&*app.store, tenant, work).await
        }
        false => plain(app, question, repeat.as_ref()).await,
    };
    match stored.map_err(|error| Problem::unstored(&error))? {
        Stored::Earlier(earlier) if Some(earlier.question) == expected => {
            Ok(Told::Again(earlier.body))
        }
        Stored::Earlier(_) => {
            Err(Problem::new(Kind::Conflict, "the idempotency key was used for another request"))
        }
        Stored::Now(outcome) => Ok(Told::Now(outcome)),
    }
}

enum Stored {
    Earlier(Answer),
    Now(Box<Outcome>),
}

/// What nobody is asked about shares its commit with whatever else is stored just then.
async fn plain(
    app: &App,
    question: Question,
    repeat: Option<&(Repeat, Body)>,
) -> Result<Stored, Error> {
    let Question { judged, context, .. } = question;
    let outcome = Outcome { event: judged.event, verdict: judged.decision.verdict, approval: None };
    let write = write(&outcome, &context, repeat)?;
    Ok(match app.store.write(write).await? {
        Written::Earlier(answer) => Stored::Earlier(answer),
        Written::Stored(_) => Stored::Now(Box::new(outcome)),
    })
}

/// What a person is asked about, in one transaction.
fn held(
    inside: &dyn Within,
    (question, eyes): (Question, Eyes),
    repeat: Option<&(Repeat, Body)>,
) -> Result<Stored, Error> {
    if let Some((repeat, _)) = repeat
        && !repeat.replaces
        && let Some(earlier) = inside.answer(&repeat.scope, &repeat.key)?
    {
        return Ok(Stored::Earlier(earlier));
    }
    let Question { judged, waiting, context, asker } = question;
    let outcome = spoken(inside, judged, (waiting.as_ref(), asker, eyes))?;
    match inside.write(&write(&outcome, &context, repeat)?)? {
        // Nobody else writes meanwhile, and there was none.
        Written::Earlier(_) => Err(Error::Exists(outcome.event.receipt_id.to_string())),
        Written::Stored(_) => Ok(Stored::Now(Box::new(outcome))),
    }
}

/// What was said of the call, or that it was asked now.
fn spoken(
    inside: &dyn Within,
    judged: Judged,
    (waiting, asker, eyes): (Option<&Waiting>, Party, Eyes),
) -> Result<Outcome, Error> {
    let (mut event, verdict) = (judged.event, judged.decision.verdict);
    let Some(&Waiting { binding, widest, eyes: demanded, seconds, then }) = waiting else {
        return Ok(Outcome { event, verdict, approval: None });
    };
    let (now, seconds) = (Moment::now(), seconds.max(ANSWERABLE));
    let (event_asked, rewrite, eyes) = (event.clone(), None, eyes.and(demanded));
    let request = Request { event: event_asked, binding, widest, rewrite, seconds, asker, eyes };
    let mut record = inside.request(request, &now)?.into_record();
    let mut state = record.state(&now);
    let verdict = match state {
        ApprovalState::Approved => {
            // The line that follows in this transaction is the witness.
            record = inside.consume(record.id(), &binding, &now, &mut |_| Ok(()))?;
            state = ApprovalState::Used;
            then
        }
        ApprovalState::Denied => Verdict::Deny,
        ApprovalState::Expired
        | ApprovalState::Pending
        | ApprovalState::Revoked
        | ApprovalState::Used => verdict,
    };
    event.approval = Some(Box::new(record.note(state)));
    Ok(Outcome { event, verdict, approval: Some(record) })
}

fn write(
    outcome: &Outcome,
    context: &Context,
    repeat: Option<&(Repeat, Body)>,
) -> Result<Write, Error> {
    let entry = NewEntry::of(&Line::of(&outcome.event, context))?;
    let answer = repeat.map(|(repeat, body)| {
        let Repeat { scope, key, question, replaces, at } = repeat.clone();
        let answer = Answer { question, body: body(outcome)? };
        Ok::<_, Error>(NewAnswer { scope, key, answer, replaces, at })
    });
    Ok(Write { entry: Some(entry), answer: answer.transpose()? })
}
