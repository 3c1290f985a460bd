//! A part of a long list, and where the next one begins.

use core::fmt;
use core::str::FromStr;
use std::sync::Arc;

use super::{Filter, Place, Row, Shelf};

/// A place in the list: that of one row. What is older comes after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    at: i64,
    place: Place,
    seq: u64,
}

/// Rows, newest first.
#[derive(Debug)]
pub struct Page {
    /// The rows.
    pub rows: Vec<Arc<Row>>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
    /// How many fit, on all pages.
    pub total: usize,
}

impl Cursor {
    /// The place of a row.
    #[must_use]
    pub const fn of(row: &Row) -> Self {
        Self { at: row.at, place: row.place, seq: row.seq }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.at, self.place.name(), self.seq)
    }
}

impl FromStr for Cursor {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut parts = text.splitn(3, '.');
        let (at, place, seq) = (parts.next(), parts.next(), parts.next());
        Ok(Self {
            at: at.and_then(|at| at.parse().ok()).ok_or(())?,
            place: place.and_then(Place::of).ok_or(())?,
            seq: seq.and_then(|seq| seq.parse().ok()).ok_or(())?,
        })
    }
}

impl Shelf {
    /// So many rows that fit, from the newest or from behind a place on.
    #[must_use]
    pub fn page(&self, filter: &Filter, now: i64, after: Option<Cursor>, limit: usize) -> Page {
        let (mut rows, mut next, mut total) = (Vec::new(), None, 0_usize);
        for row in self.newest(filter, now) {
            total = total.saturating_add(1);
            if after.is_some_and(|after| Cursor::of(row) >= after) {
                continue;
            }
            if rows.len() < limit {
                rows.push(Arc::clone(row));
            } else if next.is_none() {
                next = rows.last().map(|last| Cursor::of(last));
            }
        }
        Page { rows, next, total }
    }

    /// The next rows that fit, from the newest or from behind a place on: no more than `limit`, and without
    /// counting all the others.
    #[must_use]
    pub fn next(
        &self,
        filter: &Filter,
        now: i64,
        after: Option<Cursor>,
        limit: usize,
    ) -> Vec<Arc<Row>> {
        let fitting = self.older(after).filter(|row| filter.takes(row, now));
        fitting.take(limit).map(Arc::clone).collect()
    }

    /// How many that fit are newer than a place.
    #[must_use]
    pub fn newer(&self, filter: &Filter, now: i64, than: Cursor) -> usize {
        self.newest(filter, now).take_while(|row| Cursor::of(row) > than).count()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::board::sample;

    fn shelf(parts: &[[u8; 8]]) -> Shelf {
        let mut shelf = Shelf::default();
        let rows = parts.iter().zip(0_u64..).map(|(parts, number)| sample::any(number, *parts));
        shelf.add(rows.collect());
        shelf
    }

    /// The same as [`Filter::takes`], said in the plainest way.
    fn naive(row: &Row, wanted: &[(&str, String)], now: i64) -> bool {
        let lower = |text: &str| text.to_ascii_lowercase();
        wanted.iter().all(|(name, value)| match *name {
            "agent" => &*row.agent == value,
            "program" => &*row.program == value,
            "session" => &*row.session == value,
            "verdict" => row.verdict.name() == value,
            "rule" => row.rules.iter().any(|rule| &**rule == value),
            "repository" => {
                format!("{}/", row.folder).starts_with(&format!("{}/", value.trim_end_matches('/')))
            }
            "entity" => row.found.iter().any(|seen| {
                seen.entity.split('.').zip(value.split('.')).all(|(one, two)| one == two)
            }),
            "from" => row.at >= value.parse::<super::super::when::When>().unwrap().micros(now),
            "to" => row.at < value.parse::<super::super::when::When>().unwrap().micros(now),
            "q" => {
                let texts = [&row.command, &row.folder, &row.agent, &row.session];
                let mut texts = texts.into_iter().chain(&row.rules);
                texts.any(|text| lower(text).contains(&lower(value)))
            }
            _ => panic!("{name}"),
        }) && row.is_decision()
    }

    fn wanted() -> impl Strategy<Value = Vec<(&'static str, String)>> {
        let moment = |number: u64| {
            let at = jiff::Timestamp::from_microsecond(sample::row(number).at).unwrap();
            at.to_string()
        };
        let one = prop_oneof![
            Just(("agent", String::from("codex"))),
            Just(("program", String::from("git"))),
            Just(("session", String::from("s1"))),
            Just(("verdict", String::from("deny"))),
            Just(("verdict", String::from("allow"))),
            Just(("rule", String::from("no-force-push"))),
            Just(("repository", String::from("/w/shop"))),
            Just(("entity", String::from("secret"))),
            Just(("q", String::from("PUSH"))),
            Just(("q", String::from("shop"))),
            (0_u64..80).prop_map(move |number| ("from", moment(number))),
            (0_u64..80).prop_map(move |number| ("to", moment(number))),
        ];
        let names = |wanted: Vec<(&'static str, String)>| {
            let mut seen = std::collections::BTreeSet::new();
            wanted.into_iter().filter(|(name, _)| seen.insert(*name)).collect()
        };
        proptest::collection::vec(one, 0..4).prop_map(names)
    }

    proptest! {
        #[test]
        fn pages_together_are_what_fits(
            parts in proptest::collection::vec(any::<[u8; 8]>(), 0..80),
            wanted in wanted(),
            limit in 1_usize..20,
        ) {
            let shelf = shelf(&parts);
            let mut query = url::form_urlencoded::Serializer::new(String::new());
            let query = query.extend_pairs(wanted.iter().map(|(name, value)| (*name, value)));
            let filter = Filter::parse(&query.finish()).unwrap();
            let mut expected: Vec<Row> = parts.iter().zip(0_u64..)
                .map(|(parts, number)| sample::any(number, *parts))
                .filter(|row| naive(row, &wanted, 0))
                .collect();
            expected.reverse();
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let page = shelf.page(&filter, 0, after, limit);
                prop_assert_eq!(page.total, expected.len());
                prop_assert!(page.rows.len() <= limit);
                found.extend(page.rows.iter().map(|row| Row::clone(row)));
                // An address carries it.
                after = page.next.map(|next| next.to_string().parse().unwrap());
                if after.is_none() {
                    break;
                }
            }
            prop_assert_eq!(&found, &expected);
            let (mut found, mut after) = (Vec::new(), None);
            loop {
                let part = shelf.next(&filter, 0, after, limit);
                prop_assert!(part.len() <= limit);
                let Some(last) = part.last() else { break };
                after = Some(Cursor::of(last));
                found.extend(part.iter().map(|row| Row::clone(row)));
            }
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn what_is_newer_is_what_comes_before(
            parts in proptest::collection::vec(any::<[u8; 8]>(), 1..40),
            number in 0_usize..40,
        ) {
            let (shelf, all) = (shelf(&parts), Filter::default());
            let rows = shelf.page(&all, 0, None, 100).rows;
            if let Some(row) = rows.get(number) {
                prop_assert_eq!(shelf.newer(&all, 0, Cursor::of(row)), number);
            }
        }

        #[test]
        fn no_cursor_is_too_strange(text in ".{0,60}") {
            let _read: Result<Cursor, ()> = text.parse();
        }
    }
}
