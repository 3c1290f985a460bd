//! Calls of tools, in whatever form they come, as one question for the gate.
//!
//! The name and the arguments tell what a call may do; what the caller calls it besides (a category,
//! an intention) is not believed. A tool that takes a line for a shell is judged by that line.

use datafog_core::{ActionKind, Principal, PrincipalKind, Value};
use datafog_gate::{Holder, Inquiry, Judge, What};
use serde::Deserialize;
use serde_json::Value as Json;

use super::App;
use super::arguments::Arguments;
use super::context::{self, Context};
use super::datafog::{FOLDER, NOBODY};
use super::problem::{Kind, Problem};
use super::settle::{Body, Outcome, Question, Repeat, Told, settle};
use crate::identity::Caller;

/// The call of a tool.
#[derive(Clone, Debug)]
pub(crate) struct ToolCall {
    pub(crate) name: String,
    pub(crate) arguments: Arguments,
    pub(crate) session: Option<String>,
    /// Where it would be forwarded: an answer counts for there alone.
    pub(crate) via: Option<String>,
    /// Whether the caller wants a person to say it, whatever the policy lets pass.
    pub(crate) of_person: bool,
}

/// What was sent of a question, besides what is judged.
#[derive(Debug, Default)]
pub(crate) struct Given {
    /// What it must be equal in to be the same question.
    pub(crate) same: Vec<u8>,
    /// The arguments, of a tool.
    pub(crate) arguments: Option<Arguments>,
    /// Whether a person is asked whatever the policy lets pass.
    pub(crate) of_person: bool,
}

/// Somebody elsewhere, who counts as an agent.
pub(crate) fn somebody(session: Option<String>) -> Principal {
    Principal { kind: PrincipalKind::Unknown, uid: NOBODY, session, ..Principal::default() }
}

/// Arguments as the gate reads them.
pub(crate) fn arguments(arguments: Arguments) -> Result<Value, Problem> {
    Value::deserialize(Json::Object(arguments.0))
        .map_err(|_| Problem::new(Kind::Invalid, "a value that no tool could take"))
}

/// Judges a question, by what the caller's credential is for, too. An answer to it counts for the
/// caller, and for one upstream where there is one. The digest of what it must be equal in to be the same
/// comes back.
pub(crate) async fn judged(
    app: &App,
    (caller, via): (&Caller, Option<&str>),
    (inquiry, given): (Inquiry, Given),
    context: Context,
) -> Result<(Question, [u8; 32]), Problem> {
    let who = match via {
        Some(via) => format!("{} via {via}", caller.name()),
        None => caller.name(),
    };
    let (bounds, asker) = (caller.bounds.clone(), caller.party());
    let work = move |judge: &Judge<'_>| {
        let mut inquiry = inquiry;
        let session = inquiry.principal.session.take();
        inquiry.principal.session = session.map(|name| context::distinct(judge, &name));
        let text = inquiry.text.clone();
        let Given { same, arguments, of_person } = given;
        let judged = judge.judge_for(inquiry, Holder { of_person, ..bounds.holder() })?;
        let digest = context::digest(judge, &same);
        let args_hash = arguments.map(|it| it.digest(judge.key()).to_string());
        let (input_hash, args_hash) = (context::hex(digest), args_hash.unwrap_or_default());
        let context = Context { input_hash, args_hash, ..context.plain(judge) };
        let waiting = judge.waiting(&judged, (&who, text.as_deref()));
        let question = Question { judged, waiting, context, asker };
        Ok::<_, Problem>((question, digest))
    };
    app.judges.ask(work).await?
}

/// Judges a call of a tool, stores what came of it, and says what may be told. Its receipt is found
/// under the name, where there is one.
pub(crate) async fn ask(
    app: &App,
    caller: &Caller,
    (call, named): (ToolCall, Option<Repeat>),
    context: Context,
) -> Result<Outcome, Problem> {
    let ToolCall { name, arguments: sent, session, via, of_person } = call;
    let same = serde_json::to_vec(&(&name, &sent))?;
    let given = Given { same, arguments: Some(sent.clone()), of_person };
    let inquiry = Inquiry {
        what: What::Tool(name, arguments(sent)?),
        kind: ActionKind::ToolCall,
        text: None,
        stated: Vec::new(),
        cwd: FOLDER.into(),
        principal: somebody(session),
    };
    let asked = judged(app, (caller, via.as_deref()), (inquiry, given), context);
    let (question, _) = asked.await?;
    let id = |outcome: &Outcome| Ok(outcome.event.receipt_id.to_string().into_bytes());
    let named = named.map(|named| (named, Box::new(id) as Body));
    match settle(app, &caller.tenant, question, named).await? {
        Told::Now(outcome) => Ok(*outcome),
        // A name replaces the one before it.
        Told::Again(_) => Err(Problem::new(Kind::Internal, "an answer that nobody asked for")),
    }
}
