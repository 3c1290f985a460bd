//! The ledger in numbers.

use std::collections::BTreeMap;
use std::path::Path;

use datafog_core::{Event, ReceiptKind};
use serde::Serialize;

use super::{Filter, list};
use crate::Error;

/// Most names that are counted each for itself; the others are counted together.
const MOST_NAMES: usize = 1000;

/// Name of what is counted together.
const OTHERS: &str = "(others)";

/// How many receipts there are of each name.
pub type Count = BTreeMap<String, u64>;

/// What receipts say, summed up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Stats {
    /// Receipts that were counted.
    pub receipts: u64,
    /// Lines that are no receipts.
    pub unreadable: u64,
    /// Time of the oldest one.
    pub oldest: Option<String>,
    /// Time of the newest one.
    pub newest: Option<String>,
    /// By kind.
    pub kinds: Count,
    /// By mode.
    pub modes: Count,
    /// By verdict, recoveries excepted.
    pub verdicts: Count,
    /// By each rule that matched.
    pub rules: Count,
    /// By family of the command.
    pub tools: Count,
    /// By kind of principal, or the agent's name.
    pub principals: Count,
    /// Findings by entity type.
    pub findings: Count,
    /// Time spent judging in microseconds: the largest of the quickest 50, 90, 99 and 100 per
    /// cent, each rounded up by at most an eighth.
    pub duration_us: [u64; 4],
}

/// Sums up the receipts of the ledger in `dir` that `filter` takes.
///
/// # Errors
/// See [`list`].
pub fn stats(dir: &Path, filter: Filter) -> Result<Stats, Error> {
    let mut stats = Stats::default();
    let mut durations = Durations::default();
    let mut newest = list(dir, filter)?;
    for entry in &mut newest {
        let event = entry?.receipt.event;
        stats.add(&event);
        if event.kind != ReceiptKind::Recovery {
            durations.add(event.duration_us);
        }
    }
    stats.unreadable = newest.unreadable();
    stats.duration_us = [50, 90, 99, 100].map(|percent| durations.quantile(percent));
    Ok(stats)
}

impl Stats {
    fn add(&mut self, event: &Event) {
        self.receipts = self.receipts.saturating_add(1);
        self.newest.get_or_insert_with(|| event.timestamp.clone());
        self.oldest = Some(event.timestamp.clone());
        let kind = match event.kind {
            ReceiptKind::Action => "action",
            ReceiptKind::Check => "check",
            ReceiptKind::Outcome => "outcome",
            ReceiptKind::Recovery => "recovery",
        };
        count(&mut self.kinds, kind);
        count(&mut self.modes, event.mode.name());
        if event.kind == ReceiptKind::Recovery {
            return;
        }
        count(&mut self.verdicts, event.decision.name());
        let principal = event.principal.agent.as_deref();
        count(&mut self.principals, principal.unwrap_or_else(|| event.principal.kind.name()));
        count(&mut self.tools, if event.tool.is_empty() { "(unknown)" } else { &event.tool });
        event.matched_rules.iter().for_each(|rule| count(&mut self.rules, rule));
        event.findings.iter().for_each(|finding| count(&mut self.findings, &finding.entity));
    }
}

fn count(counts: &mut Count, name: &str) {
    let known = counts.contains_key(name) || counts.len() < MOST_NAMES;
    let entry = counts.entry(if known { name } else { OTHERS }.to_owned()).or_default();
    *entry = entry.saturating_add(1);
}

/// Durations by size: eight steps for each power of two.
#[derive(Debug, Default)]
struct Durations(BTreeMap<u64, u64>);

impl Durations {
    fn add(&mut self, duration: u64) {
        let step = duration.max(1).ilog2().saturating_sub(3);
        let steps = (duration >> step).saturating_add(u64::from(step > 0));
        let bound = steps.saturating_mul(1 << step);
        let count = self.0.entry(bound).or_default();
        *count = count.saturating_add(1);
    }

    /// The largest of the smallest `percent` of all; 0 when there are none.
    fn quantile(&self, percent: u64) -> u64 {
        let all: u64 = self.0.values().sum();
        let wanted = all.saturating_mul(percent).div_ceil(100);
        let mut seen = 0_u64;
        for (bound, count) in &self.0 {
            seen = seen.saturating_add(*count);
            if seen >= wanted {
                return *bound;
            }
        }
        0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_rounded_up_by_at_most_an_eighth() {
        let mut durations = Durations::default();
        assert_eq!(durations.quantile(50), 0);
        for duration in 0..1000 {
            durations.add(duration);
        }
        for (percent, exact) in [(1, 9_u64), (50, 499), (90, 899), (99, 989), (100, 999)] {
            let found = durations.quantile(percent);
            assert!((exact..=exact + exact.div_ceil(8)).contains(&found), "{percent}: {found}");
        }
        durations.add(u64::MAX);
        assert_eq!(durations.quantile(100), u64::MAX);
    }

    #[test]
    fn names_beyond_the_bound_are_counted_together() {
        let mut counts = Count::new();
        for number in 0..MOST_NAMES + 5 {
            count(&mut counts, &number.to_string());
        }
        count(&mut counts, "7");
        assert_eq!((counts.len(), counts["7"], counts[OTHERS]), (MOST_NAMES + 1, 2, 5));
    }
}
