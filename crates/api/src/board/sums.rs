//! How often: what the first page tells of many rows at once.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use datafog_core::{Mode, Verdict};

use super::{Filter, Row, Shelf, Surface};

/// Most names of a list of the commonest.
const SHOWN: usize = 8;

/// No trend has more parts.
const MOST_BUCKETS: i64 = 400;

/// Counts by verdict, the mildest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Verdicts {
    /// Allowed as it was.
    pub allow: u64,
    /// Allowed without what was taken out.
    pub redact: u64,
    /// Something else was done in its place.
    pub rewrite: u64,
    /// A person was asked.
    pub approval: u64,
    /// Denied.
    pub deny: u64,
}

/// A part of a trend.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// When it begins, in microseconds since 1970.
    pub from: i64,
    /// What was decided in it.
    pub verdicts: Verdicts,
    /// How many findings were taken out.
    pub redactions: u64,
}

/// A name, how often it came, and how often not everything was allowed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// The name.
    pub name: Arc<str>,
    /// How often.
    pub count: u64,
    /// How often the verdict was another than to allow.
    pub stopped: u64,
}

/// What came through a door.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Door {
    /// Which.
    pub surface: Surface,
    /// What was decided.
    pub verdicts: Verdicts,
    /// How many would have been stopped or changed, had decisions been carried out.
    pub observed: u64,
    /// Whether decisions are carried out, as the newest row says.
    pub mode: Mode,
}

/// Sums of rows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// How many decisions.
    pub total: u64,
    /// By verdict.
    pub verdicts: Verdicts,
    /// How many of them in observe mode were not to allow.
    pub would_have: u64,
    /// In how many something was taken out.
    pub redacted: u64,
    /// How many findings were taken out.
    pub redactions: u64,
    /// By door.
    pub surfaces: Vec<Door>,
    /// In order of time, without gaps.
    pub trend: Vec<Bucket>,
    /// The rules that matched most.
    pub rules: Vec<Slice>,
    /// The commonest programs and tools.
    pub programs: Vec<Slice>,
    /// The commonest command lines of what was not allowed as it was.
    pub commands: Vec<Slice>,
    /// Who asked most.
    pub agents: Vec<Slice>,
    /// Half of all judgements took no longer, in microseconds.
    pub p50: Option<u64>,
    /// Of a hundred judgements one took longer.
    pub p99: Option<u64>,
}

impl Verdicts {
    /// One more.
    pub(super) const fn add(&mut self, verdict: Verdict) {
        let count = match verdict {
            Verdict::Allow => &mut self.allow,
            Verdict::Redact => &mut self.redact,
            Verdict::Rewrite => &mut self.rewrite,
            Verdict::RequireApproval => &mut self.approval,
            Verdict::Deny => &mut self.deny,
        };
        *count = count.saturating_add(1);
    }

    /// With their verdicts, the mildest first.
    pub const fn each(&self) -> [(Verdict, u64); 5] {
        [
            (Verdict::Allow, self.allow),
            (Verdict::Redact, self.redact),
            (Verdict::Rewrite, self.rewrite),
            (Verdict::RequireApproval, self.approval),
            (Verdict::Deny, self.deny),
        ]
    }

    /// All together.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.each().into_iter().fold(0, |sum, (_, count)| sum.saturating_add(count))
    }
}

/// Names that are counted.
#[derive(Debug, Default)]
struct Counts<'a>(HashMap<&'a Arc<str>, (u64, u64)>);

impl<'a> Counts<'a> {
    fn add(&mut self, name: &'a Arc<str>, verdict: Verdict) {
        let (count, stopped) = self.0.entry(name).or_default();
        *count = count.saturating_add(1);
        *stopped = stopped.saturating_add(u64::from(verdict != Verdict::Allow));
    }

    /// The commonest, by name where they are equally common.
    fn top(self) -> Vec<Slice> {
        let slice = |(name, (count, stopped)): (&Arc<str>, _)| Slice {
            name: Arc::clone(name),
            count,
            stopped,
        };
        let mut all: Vec<Slice> = self.0.into_iter().map(slice).collect();
        all.sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.name.cmp(&two.name)));
        all.truncate(SHOWN);
        all
    }
}

impl Shelf {
    /// Sums of the rows that fit, with a trend whose parts are so long, in microseconds.
    #[must_use]
    pub fn sums(&self, filter: &Filter, now: i64, step: i64) -> Sums {
        let mut sums = Sums::default();
        let mut doors: BTreeMap<Surface, Door> = BTreeMap::new();
        let (mut rules, mut programs) = (Counts::default(), Counts::default());
        let (mut commands, mut agents) = (Counts::default(), Counts::default());
        let mut trend = Trend::of(filter, now, step);
        let mut micros = Vec::new();
        for row in self.newest(filter, now) {
            sums.count(row);
            trend.add(row);
            let door = doors.entry(row.surface).or_insert_with(|| Door::of(row));
            door.verdicts.add(row.verdict);
            door.observed = door.observed.saturating_add(u64::from(row.is_would_have()));
            row.rules.iter().for_each(|rule| rules.add(rule, row.verdict));
            programs.add(&row.program, row.verdict);
            agents.add(&row.agent, row.verdict);
            if row.verdict != Verdict::Allow {
                commands.add(&row.command, row.verdict);
            }
            micros.push(row.micros);
        }
        sums.surfaces = doors.into_values().collect();
        sums.trend = trend.buckets;
        (sums.rules, sums.programs) = (rules.top(), programs.top());
        (sums.commands, sums.agents) = (commands.top(), agents.top());
        (sums.p50, sums.p99) = (quantile(&mut micros, 50), quantile(&mut micros, 99));
        sums
    }
}

impl Sums {
    fn count(&mut self, row: &Row) {
        self.total = self.total.saturating_add(1);
        self.verdicts.add(row.verdict);
        self.would_have = self.would_have.saturating_add(u64::from(row.is_would_have()));
        self.redacted = self.redacted.saturating_add(u64::from(row.redactions > 0));
        self.redactions = self.redactions.saturating_add(u64::from(row.redactions));
    }
}

impl Door {
    const fn of(row: &Row) -> Self {
        let verdicts = Verdicts { allow: 0, redact: 0, rewrite: 0, approval: 0, deny: 0 };
        Self { surface: row.surface, verdicts, observed: 0, mode: row.mode }
    }
}

/// A trend that is filled.
#[derive(Debug)]
struct Trend {
    from: i64,
    step: i64,
    buckets: Vec<Bucket>,
}

impl Trend {
    /// From the filter's beginning to its end, or as far back as there may be parts.
    fn of(filter: &Filter, now: i64, step: i64) -> Self {
        let step = step.max(1);
        let floor = |at: i64| at.saturating_sub(at.checked_rem_euclid(step).unwrap_or(0));
        let to = filter.to.map_or(now, |to| to.micros(now).saturating_sub(1));
        let earliest =
            floor(to).saturating_sub(step.saturating_mul(MOST_BUCKETS.saturating_sub(1)));
        let from = filter.from.map_or(earliest, |from| floor(from.micros(now)).max(earliest));
        let count = floor(to).saturating_sub(from).checked_div(step).unwrap_or(0).saturating_add(1);
        let begin = |number: i64| from.saturating_add(number.saturating_mul(step));
        let empty = |number| {
            let verdicts = Verdicts::default();
            Bucket { from: begin(number), verdicts, redactions: 0 }
        };
        Self { from, step, buckets: (0..count.max(0)).map(empty).collect() }
    }

    fn add(&mut self, row: &Row) {
        let number = row.at.saturating_sub(self.from).checked_div_euclid(self.step);
        let number = number.and_then(|number| usize::try_from(number).ok());
        if let Some(bucket) = number.and_then(|number| self.buckets.get_mut(number)) {
            bucket.verdicts.add(row.verdict);
            bucket.redactions = bucket.redactions.saturating_add(u64::from(row.redactions));
        }
    }
}

/// The number that so many of a hundred do not exceed.
fn quantile(numbers: &mut [u64], percent: usize) -> Option<u64> {
    let last = numbers.len().checked_sub(1)?;
    let rank = last.saturating_mul(percent).checked_div(100)?;
    Some(*numbers.select_nth_unstable(rank).1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::board::{Page, sample};

    const HOUR: i64 = 3_600_000_000;

    fn count(number: usize) -> u64 {
        u64::try_from(number).unwrap()
    }

    proptest! {
        /// Every number leads to a list of as many rows.
        #[test]
        fn a_sum_is_as_many_as_its_list_has(
            parts in proptest::collection::vec(any::<[u8; 8]>(), 0..120),
        ) {
            let mut shelf = Shelf::default();
            let rows = parts.iter().zip(0_u64..).map(|(it, number)| sample::any(number, *it));
            shelf.add(rows.collect());
            let now = sample::BEGINNING + 3 * HOUR;
            let sums = shelf.sums(&Filter::default(), now, HOUR);
            let total = |query: &str| -> u64 {
                let Page { total, .. } = shelf.page(&Filter::parse(query).unwrap(), now, None, 1);
                count(total)
            };
            prop_assert_eq!(sums.total, total(""));
            prop_assert_eq!(sums.redacted, total("redacted=1"));
            for (verdict, count) in sums.verdicts.each() {
                prop_assert_eq!(count, total(&format!("verdict={verdict}")));
            }
            prop_assert_eq!(sums.would_have, total("observed=1"));
            for door in &sums.surfaces {
                let query = format!("surface={}", door.surface);
                prop_assert_eq!(door.verdicts.total(), total(&query));
                prop_assert_eq!(door.observed, total(&format!("{query}&observed=1")));
            }
            let lists = [("rule", &sums.rules), ("program", &sums.programs), ("agent", &sums.agents)];
            for (field, slices) in lists {
                for slice in slices {
                    prop_assert_eq!(slice.count, total(&format!("{field}={}", slice.name)));
                }
            }
            let in_trend: u64 = sums.trend.iter().map(|bucket| bucket.verdicts.total()).sum();
            prop_assert_eq!(in_trend, sums.total);
            let stopped: u64 = sums.agents.iter().map(|slice| slice.stopped).sum();
            prop_assert_eq!(stopped.checked_add(sums.verdicts.allow), Some(sums.total));
        }
    }

    #[test]
    fn a_trend_has_no_gaps_and_an_end() {
        let filter = Filter::parse("from=24h").unwrap();
        let sums = Shelf::default().sums(&filter, sample::BEGINNING + 5, HOUR);
        assert_eq!(sums.trend.len(), 25);
        assert!(sums.trend.windows(2).all(|pair| pair[1].from - pair[0].from == HOUR));
        let all = Shelf::default().sums(&Filter::default(), i64::MAX, 1);
        assert_eq!(count(all.trend.len()), u64::try_from(MOST_BUCKETS).unwrap());
        let none = Filter::parse("from=2026-11-21&to=2026-11-20").unwrap();
        assert!(Shelf::default().sums(&none, 0, HOUR).trend.is_empty());
    }

    #[test]
    fn quantiles_are_numbers_that_were_there() {
        assert_eq!(quantile(&mut [], 50), None);
        assert_eq!(quantile(&mut [7], 99), Some(7));
        let mut numbers: Vec<u64> = (0..101).rev().collect();
        assert_eq!((quantile(&mut numbers, 50), quantile(&mut numbers, 99)), (Some(50), Some(99)));
    }
}
