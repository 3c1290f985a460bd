//! Which policy was in force when, and what was done to datafog itself, as far as receipts tell.

use std::collections::BTreeMap;
use std::sync::Arc;

use datafog_core::ReceiptKind;

use super::{Filter, Place, Row, Shelf};

/// A time in which one policy decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reign {
    /// In which chain.
    pub place: Place,
    /// The policy's digest.
    pub policy: Arc<str>,
    /// The first decision by it, in microseconds since 1970.
    pub first: i64,
    /// The last.
    pub last: i64,
    /// How many.
    pub count: u64,
}

/// What datafog's own command is called, and its file where it is changed over a server.
const OWN: [&str; 2] = ["datafog", "policy.toml"];

impl Shelf {
    /// The policies in force, the newest first; no more than `limit` of each chain.
    #[must_use]
    pub fn reigns(&self, filter: &Filter, now: i64, limit: usize) -> Vec<Reign> {
        let mut chains: BTreeMap<Place, Vec<Reign>> = BTreeMap::new();
        for row in self.newest(filter, now) {
            let reigns = chains.entry(row.place).or_default();
            match reigns.last_mut() {
                Some(reign) if reign.policy == row.policy => {
                    reign.first = row.at;
                    reign.count = reign.count.saturating_add(1);
                }
                Some(_) | None => reigns.push(Reign {
                    place: row.place,
                    policy: Arc::clone(&row.policy),
                    first: row.at,
                    last: row.at,
                    count: 1,
                }),
            }
        }
        let newest = |mut reigns: Vec<Reign>| {
            reigns.truncate(limit);
            reigns
        };
        let mut all: Vec<Reign> = chains.into_values().flat_map(newest).collect();
        all.sort_by_key(|reign| core::cmp::Reverse(reign.last));
        all
    }

    /// Calls of datafog itself (its mode, its wrappers, its policy), and breaks of the ledger that were
    /// mended; the newest.
    #[must_use]
    pub fn own(&self, limit: usize) -> Vec<Arc<Row>> {
        let is_own = |row: &&Arc<Row>| {
            row.kind == ReceiptKind::Recovery
                || (row.is_decision() && OWN.contains(&&*row.program))
                || (row.is_of_server() && !row.is_visit())
        };
        self.rows().rev().filter(is_own).take(limit).map(Arc::clone).collect()
    }

    /// Who came in, who went, and who did not come in; the newest.
    #[must_use]
    pub fn visits(&self, limit: usize) -> Vec<Arc<Row>> {
        let is_visit = |row: &&Arc<Row>| row.is_of_server() && row.is_visit();
        self.rows().rev().filter(is_visit).take(limit).map(Arc::clone).collect()
    }
}

impl Row {
    /// Whether it is about the server itself: no decision, and no more of one.
    fn is_of_server(&self) -> bool {
        self.kind == ReceiptKind::Outcome && self.follows.is_none() && &*self.program == "server"
    }

    fn is_visit(&self) -> bool {
        ["tool:server log-in", "tool:server log-out"].contains(&&*self.command)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    #[test]
    fn each_change_of_policy_is_told() {
        let mut shelf = Shelf::default();
        let with = |number: u64, policy: &str| Row { policy: policy.into(), ..sample::row(number) };
        let rows = (0..9).map(|number| with(number, if number < 4 { "a" } else { "b" }));
        shelf.add(rows.chain([with(9, "a")]).collect());
        let reigns = shelf.reigns(&Filter::default(), 0, 10);
        let told: Vec<(&str, u64)> = reigns.iter().map(|it| (&*it.policy, it.count)).collect();
        assert_eq!(told, [("a", 1), ("b", 5), ("a", 4)]);
        assert_eq!(shelf.reigns(&Filter::default(), 0, 1).len(), 1);
    }

    #[test]
    fn what_is_done_to_datafog_is_picked_out() {
        let mut shelf = Shelf::default();
        let own = Row { program: "datafog".into(), ..sample::row(3) };
        let mended = Row { kind: ReceiptKind::Recovery, ..sample::row(4) };
        shelf.add(vec![sample::row(1), own, mended]);
        assert_eq!(shelf.own(10).iter().map(|row| row.seq).collect::<Vec<_>>(), [4, 3]);
    }
}
