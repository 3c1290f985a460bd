//! The rows of one tenant, in order of time.

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use datafog_core::Id;

use super::fate::Fates;
use super::{Cursor, Filter, Place, Row};

/// Most rows of a tenant; the oldest are dropped.
pub const MOST: usize = 200_000;

/// So many new rows at once are sorted in rather than put in one by one.
const MANY: usize = 32;

/// Rows, oldest first.
#[derive(Debug, Default)]
pub struct Shelf {
    rows: VecDeque<Arc<Row>>,
    /// What became of requests for approval.
    fates: Fates,
    /// How many were dropped because they were too many.
    dropped: u64,
}

impl Shelf {
    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// How many older ones were dropped.
    #[must_use]
    pub const fn dropped(&self) -> u64 {
        self.dropped
    }

    /// The row of that id. Ids begin with their time, so near it is looked first.
    #[must_use]
    pub fn find(&self, id: Id) -> Option<Arc<Row>> {
        self.rows.iter().rev().find(|row| row.id == id).map(Arc::clone)
    }

    /// What else was recorded of the receipt of that id and of the request that it is about, oldest
    /// first.
    #[must_use]
    pub fn follow_ups(&self, id: Id, request: Id) -> Vec<Arc<Row>> {
        let is_of = |row: &&Arc<Row>| {
            let of_request = row.approval.as_deref().is_some_and(|noted| noted.id == request);
            row.id != id && (row.follows == Some(id) || of_request)
        };
        self.rows.iter().filter(is_of).map(Arc::clone).collect()
    }

    /// How many decisions each rule matched.
    #[must_use]
    pub fn hits(&self) -> HashMap<Arc<str>, u64> {
        let mut hits = HashMap::new();
        for row in self.rows.iter().filter(|row| row.is_decision()) {
            for rule in &row.rules {
                match hits.get_mut(rule) {
                    Some(count) => *count = u64::saturating_add(*count, 1),
                    None => drop(hits.insert(Arc::clone(rule), 1)),
                }
            }
        }
        hits
    }

    /// All rows, oldest first.
    pub(super) fn rows(&self) -> impl DoubleEndedIterator<Item = &Arc<Row>> {
        self.rows.iter()
    }

    /// Rows from behind a place on, newest first.
    pub(super) fn older(&self, after: Option<Cursor>) -> impl Iterator<Item = &Arc<Row>> {
        let end = after.map_or(self.rows.len(), |after| {
            self.rows.partition_point(|row| Cursor::of(row) < after)
        });
        self.rows.range(..end).rev()
    }

    /// The rows that fit, newest first.
    pub(super) fn newest<'a>(
        &'a self,
        filter: &'a Filter,
        now: i64,
    ) -> impl Iterator<Item = &'a Arc<Row>> {
        let edge = |when: Option<super::when::When>, default: usize| {
            when.map_or(default, |when| self.rows.partition_point(|row| row.at < when.micros(now)))
        };
        let (from, to) = (edge(filter.from, 0), edge(filter.to, self.rows.len()));
        let within = self.rows.range(from.min(to)..to);
        within.rev().filter(move |row| filter.takes(row, now))
    }

    pub(super) const fn fates(&self) -> &Fates {
        &self.fates
    }

    /// Adds rows; how many were dropped.
    pub(super) fn add(&mut self, rows: Vec<Row>) -> usize {
        rows.iter().for_each(|row| self.fates.take(row));
        if rows.len() > MANY {
            self.rows.extend(rows.into_iter().map(Arc::new));
            // What was in order before is found so in one go.
            self.rows.make_contiguous().sort_by_key(|row| row.order());
        } else {
            for row in rows {
                let at = self.rows.partition_point(|there| there.order() <= row.order());
                self.rows.insert(at, Arc::new(row));
            }
        }
        let over = self.rows.len().saturating_sub(MOST);
        for row in self.rows.drain(..over) {
            self.fates.forget_row(&row);
        }
        self.dropped = self.dropped.saturating_add(u64::try_from(over).unwrap_or(u64::MAX));
        over
    }

    /// Forgets what came from one chain.
    pub(super) fn forget(&mut self, place: Place) {
        self.rows.retain(|row| row.place != place);
        self.fates.forget(place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    #[test]
    fn rows_come_newest_first_however_they_arrived() {
        let mut shelf = Shelf::default();
        shelf.add((0..50).map(|number| sample::row(number * 2)).collect());
        shelf.add(vec![sample::row(51), sample::row(7)]);
        let all = Filter::default();
        let times: Vec<i64> = shelf.newest(&all, 0).map(|row| row.at).collect();
        assert_eq!(times.len(), 52);
        assert!(times.is_sorted_by(|one, two| one >= two));
        assert_eq!(shelf.find(sample::row(7).id).unwrap().seq, 7);
        shelf.forget(Place::Local);
        assert!(shelf.is_empty());
    }

    #[test]
    fn the_oldest_are_dropped() {
        let mut shelf = Shelf::default();
        let more = u64::try_from(MOST).unwrap() + 5;
        assert_eq!(shelf.add((0..more).map(sample::row).collect()), 5);
        assert_eq!((shelf.len(), shelf.dropped()), (MOST, 5));
        assert!(shelf.find(sample::row(4).id).is_none() && shelf.find(sample::row(5).id).is_some());
    }
}
