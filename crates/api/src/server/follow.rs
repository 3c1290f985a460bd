//! Lines that follow a receipt: what was learnt later of what was decided.

use std::io;

use datafog_core::{Digest, Event, Id, ReceiptKind};
use datafog_gate::Judge;
use jiff::Timestamp;
use rustix::rand::{GetRandomFlags, getrandom};
use serde::{Deserialize, Serialize};

use super::App;
use super::context::{self, Context, Line};
use super::problem::{Kind, Problem};
use crate::store::{Error, NewEntry, Write};

/// What was done, as far as it is known. It holds no text that was answered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Reported {
    pub(crate) success: bool,
    /// How long it took, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) duration_ms: Option<u64>,
    /// The status that an upstream answered with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<u16>,
    /// What went wrong, in words without secrets.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
    /// Keyed digest of what was answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) response: Option<String>,
    /// Whether it was done although it had not been allowed.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub(crate) alert: bool,
}

impl Reported {
    /// The same where no text can hold a secret. `response` is what was answered.
    pub(crate) fn plain(self, judge: &Judge<'_>, response: Option<&[u8]>) -> Self {
        let response = response.map(|response| judge.key().digest("outcome", [response]));
        Self {
            error: self.error.map(|error| context::plain(judge, &error)),
            response: response.map(|digest| digest.to_string()),
            ..self
        }
    }
}

/// An event that says more of an earlier one, now.
pub(crate) fn follow_up(event: &Event) -> io::Result<Event> {
    let mut random = [0_u8; 10];
    getrandom(&mut random, GetRandomFlags::empty())?;
    let now = Timestamp::now();
    let wall = u64::try_from(now.as_millisecond()).unwrap_or_default();
    Ok(Event {
        receipt_id: Id::new(wall, random),
        timestamp: format!("{now:.6}"),
        kind: ReceiptKind::Outcome,
        follows: Some(event.receipt_id),
        enforcement: String::from("none"),
        ..event.clone()
    })
}

/// The id of what was done after a decision. It follows from the decision's, so that it stands once
/// whoever reports it, and is found without a search.
pub(crate) fn outcome_id(decision: Id) -> Id {
    let digest = Digest::of(format!("outcome {decision}").as_bytes());
    let mut rest = [0_u8; 10];
    for (to, from) in rest.iter_mut().zip(digest.as_bytes()) {
        *to = *from;
    }
    Id::new(decision.unix_milliseconds(), rest)
}

/// Stores what was done after a decision: the first report stands.
pub(crate) async fn report(
    app: &App,
    context: &Context,
    decision: &Event,
    reported: &Reported,
) -> Result<(), Problem> {
    let event = follow_up(decision).map_err(|error| Problem::ours(&error))?;
    let event = Event { receipt_id: outcome_id(decision.receipt_id), ..event };
    let line = Line { outcome: Some(reported), ..Line::of(&event, context) };
    let entry = NewEntry::of(&line).map_err(|error| Problem::unstored(&error))?;
    match app.store.write(Write { entry: Some(entry), answer: None }).await {
        Ok(_) => Ok(()),
        Err(Error::Exists(_)) => {
            Err(Problem::new(Kind::Settled, "what was done was reported before"))
        }
        Err(error) => Err(Problem::unstored(&error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_one_id_near_its_decision() {
        let (one, other) = (Id::new(7, [1; 10]), Id::new(7, [2; 10]));
        assert_eq!(outcome_id(one), outcome_id(one));
        assert_ne!(outcome_id(one), outcome_id(other));
        assert_ne!(outcome_id(one), one);
        assert_eq!(outcome_id(one).unix_milliseconds(), 7);
    }
}
