//! By which rules the last assignment was judged: several words of one name lead to the same value,
//! and to judge it twice finds nothing new.

use crate::assignment::Assignment;

/// Rules that are remembered; an assignment that more rules judge is judged by the others again.
const MOST: usize = 8;

/// An assignment, in absolute offsets, and the rules.
#[derive(Debug)]
pub(crate) struct Told {
    assignment: Option<Assignment>,
    rules: [u16; MOST],
    count: usize,
}

impl Told {
    /// Nothing was judged yet.
    pub(crate) const NONE: Self = Self { assignment: None, rules: [0; MOST], count: 0 };

    /// Whether the rule judged this assignment already, whose offsets count from `base`; else it is
    /// remembered as one that did.
    pub(crate) fn again(&mut self, rule: u16, base: usize, found: Assignment) -> bool {
        let found = Some(found.later(base));
        if self.assignment != found {
            self.assignment = found;
            self.count = 0;
        }
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
    use crate::assignment::Form;

    #[test]
    fn only_the_same_rule_has_judged_only_the_same_assignment() {
        let one = Assignment { name: (1, 6), value: (8, 12), quoted: false, form: Form::Operator };
        let mut told = Told::NONE;
        assert!(!told.again(0, 100, one) && !told.again(7, 100, one));
        assert!(told.again(0, 100, one) && told.again(7, 99, one.later(1)));
        assert!(!told.again(0, 101, one) && !told.again(0, 100, one));
        let other = Assignment { value: (8, 13), ..one };
        assert!(!told.again(0, 100, other) && !told.again(0, 100, one));
    }

    #[test]
    fn more_rules_than_are_remembered_judge_again() {
        let one = Assignment { name: (1, 6), value: (8, 12), quoted: true, form: Form::Call };
        let mut told = Told::NONE;
        assert!((0..20).all(|rule| !told.again(rule, 0, one)));
        assert!(told.again(7, 0, one) && !told.again(8, 0, one));
    }
}
