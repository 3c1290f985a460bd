//! Requests that come again under the same key (contract §3.5).
//!
//! A key is unique within its route, the tenant and the credential. Another request under it is a
//! conflict; the same one gets what was answered. No value that was found may be in the store, so
//! what is kept of an answer is without them, and they are taken from the repeated request itself.

use datafog_gate::Judge;
use serde::{Deserialize, Serialize};

use super::body::Names;
use crate::identity::Caller;
use crate::server::App;
use crate::server::context::plain;
use crate::server::problem::{Kind, Problem};
use crate::server::settle::Repeat;
use crate::store::{Answer, NewAnswer, Write, Written};

/// What is kept of an answer that leaves no receipt: the names of the first time. The rest is worked
/// out again.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(super) struct Kept {
    pub(super) request_id: String,
    pub(super) trace_id: String,
}

/// The names to answer by: the request's own, or those of the first time. `id` is the request's
/// where its body has none; `question` what it must be equal in to be the same.
pub(super) async fn kept(
    app: &App,
    (route, caller): (&str, &Caller),
    (names, id): (&Names, &str),
    question: [u8; 32],
) -> Result<Kept, Problem> {
    let own = if names.request_id.is_empty() { id } else { &names.request_id };
    let kept = Kept { request_id: own.to_owned(), trace_id: names.trace_id.clone() };
    let Some(repeat) = repeat(route, caller, names, question) else { return Ok(kept) };
    let Kept { request_id, trace_id } = kept.clone();
    let keep = move |judge: &Judge<'_>| Kept {
        request_id: plain(judge, &request_id),
        trace_id: plain(judge, &trace_id),
    };
    let body = serde_json::to_vec(&app.judges.ask(keep).await?)?;
    let Repeat { scope, key, question, replaces, at } = repeat;
    let answer = NewAnswer { scope, key, answer: Answer { question, body }, replaces, at };
    let write = Write { entry: None, answer: Some(answer) };
    match app.store.write(write).await.map_err(|error| Problem::unread(&error))? {
        Written::Stored(_) => Ok(kept),
        Written::Earlier(earlier) if earlier.question == question => {
            Ok(serde_json::from_slice(&earlier.body)?)
        }
        Written::Earlier(_) => {
            Err(Problem::new(Kind::Conflict, "the idempotency key was used for another request"))
        }
    }
}

/// The name of an answer under the caller's key; `None` without one.
pub(super) fn repeat(
    route: &str,
    caller: &Caller,
    names: &Names,
    question: [u8; 32],
) -> Option<Repeat> {
    let key = names.idempotency_key.trim();
    (!key.is_empty()).then(|| Repeat::of(&format!("datafog {route}"), caller, (key, question)))
}
