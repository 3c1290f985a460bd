//! Which of several overlapping findings stands: the longest, then the most specific.
//!
//! Raw findings wait here until nothing that is still to come can overlap them.

use crate::rule::Rule;
use crate::tables::RULES;

/// A finding before its value is named and masked; offsets are absolute.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Raw {
    pub(crate) start: usize,
    pub(crate) end: usize,
    /// Place in the table of rules.
    pub(crate) rule: u16,
    /// Per cent.
    pub(crate) confidence: u8,
    pub(crate) rank: u8,
    /// The value when it does not stand in the text as it is: what a layer of disguise held.
    pub(crate) value: Option<Box<[u8]>>,
}

impl Raw {
    /// Whether its rule knows no more than that something is a secret, and takes a value as it stands.
    pub(crate) fn is_untelling(&self) -> bool {
        RULES.get(usize::from(self.rule)).is_some_and(Rule::is_untelling)
    }

    /// The same finding so many bytes later.
    pub(crate) fn later(&self, distance: usize) -> Self {
        let (start, end) = (self.start.saturating_add(distance), self.end.saturating_add(distance));
        Self { start, end, ..self.clone() }
    }
}

impl core::fmt::Debug for Raw {
    /// Shows where it is, never the value.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Raw")
            .field("start", &self.start)
            .field("end", &self.end)
            .field("rule", &self.rule)
            .finish_non_exhaustive()
    }
}

/// A cluster of overlapping findings longer than this is settled although more could join it, so
/// that memory stays bounded.
const LONGEST_CLUSTER: usize = 64 * 1024;

/// Raw findings that are not settled yet.
#[derive(Debug)]
pub(crate) struct Pending {
    raws: Vec<Raw>,
    /// Everything before is settled.
    settled: usize,
    offered: u64,
}

impl Pending {
    /// Nothing waits.
    pub(crate) const fn new() -> Self {
        Self { raws: Vec::new(), settled: 0, offered: 0 }
    }

    /// How many findings were ever offered.
    pub(crate) const fn offered(&self) -> u64 {
        self.offered
    }

    /// Whether a finding of this rule that waits ends at `end`.
    pub(crate) fn ends(&self, rule: u16, end: usize) -> bool {
        self.raws.iter().rev().any(|raw| raw.rule == rule && raw.end == end)
    }

    /// Whether the last finding stands where this rule's would and outdoes it, whatever its
    /// validator says of the value at `place`, counted from `base`. Only of rules that know no more
    /// than that something is a secret, which take a value as it stands.
    pub(crate) fn beats(
        &self,
        number: u16,
        rule: &Rule,
        base: usize,
        place: (usize, usize),
    ) -> bool {
        let surest = rule.confidence.max(rule.shape.unwrap_or(0));
        self.raws.last().is_some_and(|raw| {
            rule.is_untelling()
                && raw.rank == UNTELLING
                && raw.value.is_none()
                && raw.start.checked_sub(base).zip(raw.end.checked_sub(base)) == Some(place)
                && (raw.confidence, number) > (surest, raw.rule)
        })
    }

    /// Adds a finding.
    pub(crate) fn push(&mut self, raw: Raw) {
        self.offered = self.offered.saturating_add(1);
        if raw.start < raw.end && raw.start >= self.settled {
            self.raws.push(raw);
        }
    }

    /// The findings that wait, in the order in which they were made.
    pub(crate) fn waiting(&self) -> &[Raw] {
        &self.raws
    }

    /// First byte of the text that a waiting finding needs.
    pub(crate) fn first_needed(&self) -> Option<usize> {
        self.raws.iter().filter(|raw| raw.value.is_none()).map(|raw| raw.start).min()
    }

    /// First byte of any finding that waits.
    pub(crate) fn first(&self) -> Option<usize> {
        self.raws.iter().map(|raw| raw.start).min()
    }

    /// Calls `stands` with every finding that wins, in order, as far as nothing that begins at or
    /// after `open` can change it.
    pub(crate) fn settle(&mut self, open: usize, mut stands: impl FnMut(&Raw)) {
        if self.raws.is_empty() {
            return;
        }
        self.raws.sort_unstable_by_key(|raw| (raw.start, raw.end, raw.rule, raw.value.is_some()));
        let mut taken = 0_usize;
        while let Some(cluster) = self.raws.get(taken..).and_then(first_cluster) {
            let start = cluster.first().map_or(0, |raw| raw.start);
            let end = cluster.iter().map(|raw| raw.end).max().unwrap_or(start);
            if end > open && end.saturating_sub(start) <= LONGEST_CLUSTER {
                break;
            }
            match cluster {
                [only] => stands(only),
                _ => winners(cluster).into_iter().for_each(&mut stands),
            }
            taken = taken.saturating_add(cluster.len());
            self.settled = end;
        }
        self.raws.drain(..taken.min(self.raws.len()));
    }
}

/// The findings at the start of `raws` that hang together by overlaps; none when it is empty.
fn first_cluster(raws: &[Raw]) -> Option<&[Raw]> {
    let mut end = raws.first()?.end;
    let next = raws.iter().position(|raw| {
        let apart = raw.start >= end;
        end = end.max(raw.end);
        apart
    });
    raws.get(..next.unwrap_or(raws.len()))
}

/// The findings of one cluster that stand, in order and disjoint.
fn winners(cluster: &[Raw]) -> Vec<&Raw> {
    let first = cluster.first().map_or(0, |raw| raw.start);
    // Letters before a token do not make it a value of no known kind.
    let sure: Vec<&Raw> = cluster.iter().filter(|raw| is_sure(raw)).collect();
    let hides_one = |raw: &Raw| {
        raw.rank == UNTELLING && {
            let next = sure.partition_point(|token| token.start < raw.start);
            sure.get(next).is_some_and(|token| token.end <= raw.end)
        }
    };
    let plain = Plain::of(cluster);
    let told = cluster.iter().filter(|raw| !hides_one(raw) && !plain.hide(raw));
    let mut by_worth: Vec<(u128, &Raw)> = told.map(|raw| (worth(raw, first), raw)).collect();
    by_worth.sort_unstable_by_key(|(worth, _)| core::cmp::Reverse(*worth));
    let mut standing: Vec<&Raw> = Vec::new();
    for (_, raw) in by_worth {
        // Of equally long ones, which most are, the first comes first.
        match standing.last() {
            Some(last) if last.start <= raw.start && raw.start < last.end => continue,
            Some(last) if last.start > raw.start => {}
            _ => {
                standing.push(raw);
                continue;
            }
        }
        let place = standing.partition_point(|other| other.start < raw.start);
        let left = place.checked_sub(1).and_then(|left| standing.get(left));
        let free = left.is_none_or(|left| left.end <= raw.start)
            && standing.get(place).is_none_or(|right| raw.end <= right.start);
        if free {
            standing.insert(place, raw);
        }
    }
    standing
}

/// The secrets of a cluster that stand in the text as they are, and how far each and those before it
/// reach.
struct Plain(Vec<(usize, usize)>);

impl Plain {
    fn of(cluster: &[Raw]) -> Self {
        let mut far = 0_usize;
        let plain = cluster.iter().filter(|raw| raw.value.is_none() && is_secret(raw));
        Self(
            plain
                .map(|raw| {
                    far = far.max(raw.end);
                    (raw.start, far)
                })
                .collect(),
        )
    }

    /// Whether personal data comes out of an escape within one of them: a password in a URL is spelled
    /// with escapes so that none of its marks ends it.
    fn hide(&self, raw: &Raw) -> bool {
        let Self(plain) = self;
        let place = plain.partition_point(|(start, _)| *start < raw.end);
        let before = place.checked_sub(1).and_then(|last| plain.get(last));
        raw.value.is_some() && !is_secret(raw) && before.is_some_and(|(_, far)| *far > raw.start)
    }
}

fn is_secret(raw: &Raw) -> bool {
    RULES.get(usize::from(raw.rule)).is_some_and(|rule| rule.secret)
}

/// The rank of detectors that only know that something is a secret.
pub(crate) const UNTELLING: u8 = 0;

/// The rank of detectors that know a token by its beginning.
const TELLING: u8 = 3;

/// Whether a finding is a token of a known kind beyond doubt.
const fn is_sure(raw: &Raw) -> bool {
    raw.rank == TELLING && raw.confidence >= 95 && raw.value.is_none()
}

/// What a finding is worth among others of a cluster that begins at `first`: the longer the more,
/// then the more telling, the surer, the plainer, the earlier, the one of the earlier rule. One
/// number, because a text may hold thousands that overlap.
fn worth(raw: &Raw, first: usize) -> u128 {
    let length = raw.end.saturating_sub(raw.start) as u128;
    let place = u32::try_from(raw.start.saturating_sub(first)).unwrap_or(u32::MAX);
    [
        (u128::from(raw.rank), 8),
        (u128::from(raw.confidence), 8),
        (u128::from(raw.value.is_none()), 1),
        (u128::from(!place), 32),
        (u128::from(!raw.rule), 16),
    ]
    .into_iter()
    .fold(length, |worth, (part, bits)| worth.wrapping_shl(bits) | part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::RULES;

    fn raw(start: usize, end: usize, rule: u16, rank: u8) -> Raw {
        Raw { start, end, rule, confidence: 90, rank, value: None }
    }

    fn settle(raws: &[Raw], open: usize) -> Vec<(usize, usize, u16)> {
        let mut pending = Pending::new();
        raws.iter().for_each(|raw| pending.push(raw.clone()));
        let mut out = Vec::new();
        pending.settle(open, |raw| out.push((raw.start, raw.end, raw.rule)));
        out
    }

    #[test]
    fn a_sure_token_is_not_hidden_in_a_value_of_no_known_kind() {
        let token = |start, end| Raw { confidence: 99, ..raw(start, end, 2, TELLING) };
        assert_eq!(settle(&[raw(0, 10, 1, UNTELLING), token(1, 10)], 99), [(1, 10, 2)]);
        assert_eq!(settle(&[raw(0, 10, 1, UNTELLING), token(1, 12)], 99), [(1, 12, 2)]);
        assert_eq!(settle(&[raw(0, 10, 1, 1), token(1, 10)], 99), [(0, 10, 1)]);
        let doubtful = Raw { confidence: 90, ..token(1, 10) };
        assert_eq!(settle(&[raw(0, 10, 1, UNTELLING), doubtful], 99), [(0, 10, 1)]);
    }

    #[test]
    fn the_longest_wins_then_the_most_specific() {
        let raws = [raw(0, 10, 1, 0), raw(2, 8, 2, 3), raw(20, 30, 3, 0), raw(20, 30, 4, 2)];
        assert_eq!(settle(&raws, 100), [(0, 10, 1), (20, 30, 4)]);
    }

    #[test]
    fn what_a_loser_alone_would_have_covered_may_still_be_found() {
        let raws = [raw(0, 4, 1, 3), raw(3, 10, 2, 3), raw(10, 12, 3, 3)];
        assert_eq!(settle(&raws, 100), [(3, 10, 2), (10, 12, 3)]);
    }

    #[test]
    fn a_finding_of_a_surer_rule_in_the_same_place_is_not_outdone() {
        let rule = RULES.iter().position(|it| it.rank == UNTELLING && it.steps.is_empty()).unwrap();
        let (number, rule) = (rule as u16, &RULES[rule]);
        let surest = rule.confidence.max(rule.shape.unwrap_or(0));
        let beats = |raw: Raw| {
            let mut pending = Pending::new();
            pending.push(raw);
            pending.beats(number, rule, 100, (5, 9))
        };
        let sure = Raw { confidence: surest + 1, ..raw(105, 109, number + 1, UNTELLING) };
        assert!(beats(sure.clone()) && beats(Raw { confidence: surest, rule: 0, ..sure.clone() }));
        assert!(!beats(Raw { confidence: surest, ..sure.clone() }));
        assert!(!beats(Raw { end: 110, ..sure.clone() }) && !beats(Raw { rank: TELLING, ..sure }));
    }

    #[test]
    fn nothing_is_settled_while_something_may_overlap_it() {
        let raws = [raw(0, 10, 1, 3), raw(50, 60, 2, 3)];
        assert_eq!(settle(&raws, 55), [(0, 10, 1)]);
    }
}
