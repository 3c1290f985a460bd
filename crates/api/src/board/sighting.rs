//! One value that was found, wherever it was: by its keyed fingerprint, never by itself.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use datafog_core::{KeyedDigest, Severity, Verdict};

use super::{Filter, Shelf};

/// Most places of one value that are named.
const MOST_PLACES: usize = 6;

/// A value that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// Equal values have equal ones.
    pub fingerprint: KeyedDigest,
    /// What it is.
    pub entity: Arc<str>,
    /// Who found it.
    pub detector: Arc<str>,
    /// Its masked form.
    pub preview: Arc<str>,
    /// How bad it is if it leaves.
    pub severity: Severity,
    /// When it was found first, in microseconds since 1970.
    pub first: i64,
    /// When it was found last.
    pub last: i64,
    /// In how many rows.
    pub count: u64,
    /// In how many of them it was let through as it was.
    pub let_through: u64,
    /// Folders and programs that it was found at, as far as they are named.
    pub places: Vec<(Arc<str>, Arc<str>)>,
    /// Who had it.
    pub agents: Vec<Arc<str>>,
}

impl Shelf {
    /// The values that were found in rows that fit, the worst first and of those the newest, and how
    /// many there are.
    #[must_use]
    pub fn sightings(&self, filter: &Filter, now: i64, limit: usize) -> (Vec<Sighting>, usize) {
        let mut places: HashMap<(KeyedDigest, &Arc<str>), usize> = HashMap::new();
        let mut all: Vec<Sighting> = Vec::new();
        for row in self.newest(filter, now) {
            let mut counted = BTreeSet::new();
            for seen in row.found.iter().filter(|seen| filter.wants(&seen.entity)) {
                let place = *places.entry((seen.fingerprint, &seen.entity)).or_insert_with(|| {
                    all.push(Sighting {
                        fingerprint: seen.fingerprint,
                        entity: Arc::clone(&seen.entity),
                        detector: Arc::clone(&seen.detector),
                        preview: Arc::clone(&seen.preview),
                        severity: seen.severity,
                        first: row.at,
                        last: row.at,
                        count: 0,
                        let_through: 0,
                        places: Vec::new(),
                        agents: Vec::new(),
                    });
                    all.len().saturating_sub(1)
                });
                let Some(sighting) = all.get_mut(place) else { continue };
                // A value may stand in a row more than once.
                if counted.insert(place) {
                    sighting.first = row.at;
                    sighting.count = sighting.count.saturating_add(1);
                    let passed = u64::from(row.verdict == Verdict::Allow);
                    sighting.let_through = sighting.let_through.saturating_add(passed);
                    note(&mut sighting.places, (&row.folder, &row.program));
                    if !sighting.agents.contains(&row.agent) && sighting.agents.len() < MOST_PLACES
                    {
                        sighting.agents.push(Arc::clone(&row.agent));
                    }
                }
            }
        }
        let total = all.len();
        all.sort_by_key(|it| (core::cmp::Reverse(it.severity), core::cmp::Reverse(it.last)));
        all.truncate(limit);
        (all, total)
    }
}

impl Shelf {
    /// When each of these values was seen last, in whatever row, in microseconds since 1970.
    #[must_use]
    pub fn last_seen(&self, wanted: &HashSet<KeyedDigest>) -> HashMap<KeyedDigest, i64> {
        let mut last = HashMap::new();
        for row in self.rows().filter(|row| row.is_decision()) {
            for seen in row.found.iter().filter(|seen| wanted.contains(&seen.fingerprint)) {
                last.insert(seen.fingerprint, row.at);
            }
        }
        last
    }
}

fn note(places: &mut Vec<(Arc<str>, Arc<str>)>, (folder, program): (&Arc<str>, &Arc<str>)) {
    let known = places.iter().any(|(one, two)| one == folder && two == program);
    if !known && places.len() < MOST_PLACES {
        places.push((Arc::clone(folder), Arc::clone(program)));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::board::sample;

    #[test]
    fn equal_values_are_one_sighting() {
        let mut shelf = Shelf::default();
        shelf.add((0..30).map(sample::row).collect());
        let (sightings, total) = shelf.sightings(&Filter::default(), 0, 10);
        assert_eq!(total, 3);
        assert!(sightings.iter().all(|it| it.count == 10 && it.let_through == 0));
        assert!(sightings.iter().all(|it| it.first < it.last && it.places.len() == 1));
        let none = Filter::parse("entity=pii").unwrap();
        assert_eq!(shelf.sightings(&none, 0, 10).1, 0);
    }
}
