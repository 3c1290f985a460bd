//! Which rules ask for nothing that another one does not ask for, too.
//!
//! A rule is wider than another when each of its conditions is one of the other's, word for word. Any
//! two of thousands of rules would be compared in seconds; so each is filed under the one of its
//! conditions that the fewest rules have, and is found where another rule has that condition.

use std::collections::HashMap;

use crate::compiled::RuleData;
use crate::node::{Piece, covers, pieces};

/// Rules by a condition that they have.
#[derive(Debug)]
pub(crate) struct Wider<'r> {
    rules: &'r [RuleData],
    filed: HashMap<Piece<'r>, Vec<usize>>,
}

impl<'r> Wider<'r> {
    /// Files every rule. Damaged conditions are under none: they cover nothing.
    pub(crate) fn of(rules: &'r [RuleData]) -> Self {
        let asked: Vec<Vec<Piece<'r>>> =
            rules.iter().map(|rule| pieces(&rule.when).unwrap_or_default()).collect();
        let mut common: HashMap<Piece<'r>, usize> = HashMap::new();
        for piece in asked.iter().flatten() {
            let count = common.entry(*piece).or_default();
            *count = count.saturating_add(1);
        }
        let mut filed: HashMap<Piece<'r>, Vec<usize>> = HashMap::new();
        for (number, pieces) in asked.iter().enumerate() {
            let rarest = pieces.iter().min_by_key(|piece| common.get(*piece));
            if let Some(piece) = rarest {
                filed.entry(*piece).or_default().push(number);
            }
        }
        Self { rules, filed }
    }

    /// The rules that match whenever `rule` does, with their numbers, in order; `rule` itself is
    /// among them.
    pub(crate) fn than(
        &self,
        rule: &'r RuleData,
    ) -> impl Iterator<Item = (usize, &'r RuleData)> + Clone {
        let asked = pieces(&rule.when).unwrap_or_default();
        let mut numbers: Vec<usize> =
            asked.iter().filter_map(|piece| self.filed.get(piece)).flatten().copied().collect();
        numbers.sort_unstable();
        numbers.dedup();
        let rules = self.rules;
        let known =
            numbers.into_iter().filter_map(move |number| Some((number, rules.get(number)?)));
        known.filter(move |(_, one)| covers(&one.when, &rule.when))
    }
}
