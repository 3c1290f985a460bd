//! What became of calls that were held for a person, as later lines of the chain say it.

use std::collections::HashMap;
use std::sync::Arc;

use datafog_core::{ApprovalNote, ApprovalState, Event, Id};

use super::names::Names;
use super::{Place, Row, Shelf};

/// What was done with a call that waits for a person.
const HOLDS: &str = "hold";

/// What a receipt says of a request for approval.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted {
    /// The request: the id of the receipt that first said it was held.
    pub id: Id,
    /// Where it stood by then.
    pub state: ApprovalState,
    /// Who had answered.
    pub by: Option<Arc<str>>,
}

/// What became of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fate {
    /// Where it stands.
    pub state: ApprovalState,
    /// Who answered; `None` where nobody did.
    pub by: Option<Arc<str>>,
    /// Since when, in microseconds since 1970.
    pub at: i64,
    place: Place,
}

/// What became of all requests that anything is known of.
#[derive(Debug, Default)]
pub(super) struct Fates(HashMap<Id, Fate>);

impl Noted {
    /// What a receipt says of a request. That of a wrapped command that was just held names none: it is
    /// the request.
    pub(super) fn of(event: &Event, names: &mut Names) -> Option<Self> {
        let note = asked(event)?;
        let by = note.by.as_deref().map(|by| names.of(by));
        Some(Self { id: note.id, state: note.state, by })
    }
}

/// What a receipt says of a request for approval, where there is one.
#[must_use]
pub fn asked(event: &Event) -> Option<ApprovalNote> {
    let is_first = event.approval.is_none() && event.enforcement == HOLDS;
    let first = || {
        let (id, state) = (event.receipt_id, ApprovalState::Pending);
        ApprovalNote { id, state, by: None, way: None, scope: None, note: None }
    };
    event.approval.as_deref().cloned().or_else(|| is_first.then(first))
}

impl Fates {
    /// Takes what a row says. Rows come in any order; the newest one counts, and of those that say the
    /// same the first.
    pub(super) fn take(&mut self, row: &Row) {
        let Some(noted) = row.approval.as_deref() else { return };
        if noted.state == ApprovalState::Pending {
            return;
        }
        let Noted { id, state, ref by } = *noted;
        let fate = Fate { state, by: by.clone(), at: row.at, place: row.place };
        let known = self.0.entry(id).or_insert_with(|| fate.clone());
        let is_same = known.state == state;
        if (is_same && row.at < known.at) || (!is_same && row.at >= known.at) {
            *known = fate;
        }
    }

    /// Forgets those whose first receipt is no longer held.
    pub(super) fn forget_row(&mut self, row: &Row) {
        self.0.remove(&row.id);
    }

    /// Forgets what came from one chain.
    pub(super) fn forget(&mut self, place: Place) {
        self.0.retain(|_, fate| fate.place != place);
    }

    pub(super) fn of(&self, id: Id) -> Option<&Fate> {
        self.0.get(&id)
    }
}

impl Row {
    /// The request that it says is still to be answered, where it does. What became of that, later lines
    /// say ([`Shelf::fate`]).
    #[must_use]
    pub fn asks(&self) -> Option<Id> {
        let noted = self.approval.as_deref()?;
        (noted.state == ApprovalState::Pending).then_some(noted.id)
    }
}

impl Shelf {
    /// What became of a request, where the chains say anything of it.
    #[must_use]
    pub fn fate(&self, id: Id) -> Option<&Fate> {
        self.fates().of(id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    fn said(number: u64, of: u64, state: ApprovalState) -> Row {
        let id = sample::row(of).id;
        let by = (state != ApprovalState::Expired).then(|| Arc::from("ann"));
        let approval = Some(Box::new(Noted { id, state, by }));
        Row { approval, ..sample::row(number) }
    }

    #[test]
    fn a_wrapped_command_that_was_just_held_is_the_request_itself() {
        let event = sample::event(1);
        assert_eq!(asked(&event), None);
        let held = Event { enforcement: "hold".into(), ..event };
        let noted = Noted::of(&held, &mut Names::default()).unwrap();
        assert_eq!((noted.id, noted.state), (held.receipt_id, ApprovalState::Pending));
    }

    #[test]
    fn the_newest_word_counts_in_whatever_order_it_comes() {
        use ApprovalState::{Approved, Expired, Pending, Used};
        let rows = || {
            vec![
                said(1, 1, Pending),
                said(2, 1, Approved),
                said(3, 1, Used),
                said(4, 4, Pending),
                said(6, 6, Pending),
                said(7, 6, Expired),
                said(9, 6, Expired),
            ]
        };
        for backwards in [false, true] {
            let mut shelf = Shelf::default();
            let mut rows = rows();
            if backwards {
                rows.reverse();
            }
            rows.into_iter().for_each(|row| {
                shelf.add(vec![row]);
            });
            let fate = |number| shelf.fate(sample::row(number).id);
            assert_eq!(fate(1).map(|it| (it.state, it.by.as_deref())), Some((Used, Some("ann"))));
            assert_eq!(fate(4), None);
            let expired = fate(6).unwrap();
            assert_eq!((expired.state, expired.at), (Expired, sample::row(7).at));
            shelf.forget(Place::Local);
            assert_eq!(shelf.fate(sample::row(1).id), None);
        }
    }
}
