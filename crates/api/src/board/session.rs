//! Rows of one run of an agent, together.

use std::collections::HashMap;
use std::sync::Arc;

use datafog_core::{ApprovalState, Id, Verdict};

use super::sums::Verdicts;
use super::{Filter, Place, Shelf};

/// What came of one session. Rows that name none are together by who asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Who asked.
    pub agent: Arc<str>,
    /// The session; empty for what named none.
    pub session: Arc<str>,
    /// The folder of the newest row.
    pub folder: Arc<str>,
    /// The first row, in microseconds since 1970.
    pub first: i64,
    /// The last row.
    pub last: i64,
    /// How many rows.
    pub count: u64,
    /// By verdict.
    pub verdicts: Verdicts,
    /// The strictest verdict.
    pub worst: Verdict,
    /// The highest points of risk.
    pub risk: Option<u32>,
    /// What became of those that were held, as far as the chains say it: how many, by where they stand.
    pub fates: Vec<(ApprovalState, u64)>,
    /// Those of which nothing is said yet, the newest.
    pub open: Vec<(Place, Id)>,
    /// Points of risk, oldest first, of the rows that have any; the newest hundred.
    pub risks: Vec<u32>,
}

/// Most points of a session's risk that are kept.
const MOST_RISKS: usize = 100;

/// Most requests of a session of which nothing is said yet.
const MOST_OPEN: usize = 20;

impl Shelf {
    /// The sessions of the rows that fit, those with the newest rows first.
    #[must_use]
    pub fn sessions(&self, filter: &Filter, now: i64, limit: usize) -> (Vec<Session>, usize) {
        let mut places: HashMap<(&Arc<str>, &Arc<str>), usize> = HashMap::new();
        let mut all: Vec<Session> = Vec::new();
        for row in self.newest(filter, now) {
            let place = *places.entry((&row.agent, &row.session)).or_insert_with(|| {
                all.push(Session {
                    agent: Arc::clone(&row.agent),
                    session: Arc::clone(&row.session),
                    folder: Arc::clone(&row.folder),
                    first: row.at,
                    last: row.at,
                    count: 0,
                    verdicts: Verdicts::default(),
                    worst: row.verdict,
                    risk: None,
                    fates: Vec::new(),
                    open: Vec::new(),
                    risks: Vec::new(),
                });
                all.len().saturating_sub(1)
            });
            let Some(session) = all.get_mut(place) else { continue };
            session.first = row.at;
            session.count = session.count.saturating_add(1);
            session.verdicts.add(row.verdict);
            session.worst = session.worst.max(row.verdict);
            session.risk = session.risk.max(row.risk);
            // Who asks again for the same is no new question.
            if let Some(id) = row.asks().filter(|id| *id == row.id) {
                match self.fate(id) {
                    Some(fate) => one_more(&mut session.fates, fate.state),
                    None if session.open.len() < MOST_OPEN => session.open.push((row.place, id)),
                    None => {}
                }
            }
            if session.risks.len() < MOST_RISKS {
                session.risks.extend(row.risk);
            }
        }
        let total = all.len();
        all.truncate(limit);
        all.iter_mut().for_each(|session| session.risks.reverse());
        (all, total)
    }
}

fn one_more(fates: &mut Vec<(ApprovalState, u64)>, state: ApprovalState) {
    match fates.iter_mut().find(|known| known.0 == state) {
        Some((_, count)) => *count = count.saturating_add(1),
        None => fates.push((state, 1)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    #[test]
    fn rows_of_one_session_are_together() {
        let mut shelf = Shelf::default();
        shelf.add((0..25).map(sample::row).collect());
        let (sessions, total) = shelf.sessions(&Filter::default(), 0, 2);
        assert_eq!((sessions.len(), total), (2, 3));
        let counts: Vec<u64> = sessions.iter().map(|session| session.count).collect();
        assert_eq!(counts, [5, 10]);
        let newest = &sessions[0];
        assert_eq!((&*newest.session, newest.worst), ("s2", Verdict::Deny));
        assert!(newest.first < newest.last && newest.verdicts.deny == 5);
    }
}
