//! By which rules the last assignment was judged: several words of one name lead to the same value,
//! and to judge it twice finds nothing new.

use crate::assignment::{Assignment, Form, LONGEST_NAME, Word};
use crate::validator::Promise;

/// Rules that are remembered; an assignment that more rules judge is judged by the others again.
const MOST: usize = 8;

/// An assignment, in absolute offsets, and the rules.
#[derive(Debug)]
pub(crate) struct Told {
    assignment: Option<Assignment>,
    rules: [u16; MOST],
    count: usize,
    /// What the name promises, when that was asked.
    pub(crate) promise: Option<Option<Promise>>,
}

impl Told {
    /// Nothing was judged yet.
    pub(crate) const NONE: Self =
        Self { assignment: None, rules: [0; MOST], count: 0, promise: None };

    /// The last assignment, counted from `base`, when a word counted from there stands in its name: it
    /// leads to the same value.
    pub(crate) fn of_name(
        &self,
        base: usize,
        Word { name: start, word: (from, to) }: Word,
    ) -> Option<Assignment> {
        let known = self.assignment.filter(|known| known.form != Form::Near)?.earlier(base)?;
        let (first, end) = known.name;
        (first == start && from >= first && to <= end && end.saturating_sub(first) < LONGEST_NAME)
            .then_some(known)
    }

    /// Goes on to an assignment, whose offsets count from `base`, unless it is the last one.
    pub(crate) fn meet(&mut self, base: usize, found: Assignment) {
        let found = Some(found.later(base));
        if self.assignment != found {
            self.assignment = found;
            self.count = 0;
            self.promise = None;
        }
    }

    /// Whether the rule judged the last assignment already; else it is remembered as one that did.
    pub(crate) fn again(&mut self, rule: u16) -> bool {
        let known = self.rules.get(..self.count).is_some_and(|rules| rules.contains(&rule));
        if !known && let Some(slot) = self.rules.get_mut(self.count) {
            *slot = rule;
            self.count = self.count.saturating_add(1);
        }
        known
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Meets the assignment and asks for the rule.
    fn again(told: &mut Told, rule: u16, base: usize, found: Assignment) -> bool {
        told.meet(base, found);
        told.again(rule)
    }

    #[test]
    fn only_the_same_rule_has_judged_only_the_same_assignment() {
        let one = Assignment { name: (1, 6), value: (8, 12), quoted: false, form: Form::Operator };
        let mut told = Told::NONE;
        assert!(!again(&mut told, 0, 100, one) && !again(&mut told, 7, 100, one));
        assert!(again(&mut told, 0, 100, one) && again(&mut told, 7, 99, one.later(1)));
        assert!(!again(&mut told, 0, 101, one) && !again(&mut told, 0, 100, one));
        let other = Assignment { value: (8, 13), ..one };
        assert!(!again(&mut told, 0, 100, other) && !again(&mut told, 0, 100, one));
    }

    #[test]
    fn another_word_of_the_same_name_leads_to_the_same_assignment() {
        let one = Assignment { name: (1, 9), value: (12, 16), quoted: false, form: Form::Operator };
        let mut told = Told::NONE;
        again(&mut told, 0, 100, one);
        assert_eq!(told.of_name(100, Word { name: 1, word: (4, 9) }), Some(one));
        assert_eq!(told.of_name(90, Word { name: 11, word: (14, 19) }), Some(one.later(10)));
        assert_eq!(told.of_name(102, Word { name: 0, word: (4, 7) }), None);
        assert_eq!(told.of_name(100, Word { name: 2, word: (4, 9) }), None);
        assert_eq!(told.of_name(100, Word { name: 1, word: (4, 10) }), None);
        again(&mut told, 0, 100, Assignment { form: Form::Near, ..one });
        assert_eq!(told.of_name(100, Word { name: 1, word: (4, 9) }), None);
    }

    #[test]
    fn more_rules_than_are_remembered_judge_again() {
        let one = Assignment { name: (1, 6), value: (8, 12), quoted: true, form: Form::Call };
        let mut told = Told::NONE;
        assert!((0..20).all(|rule| !again(&mut told, rule, 0, one)));
        assert!(again(&mut told, 7, 0, one) && !again(&mut told, 8, 0, one));
    }
}
