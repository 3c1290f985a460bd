//! Rules that are left out of a scan: what they would find is not reported, or was reported often enough.
//!
//! A rule that is never as sure as a finding has to be is not asked at all. Nor does what it would have
//! found stand in the way of anything that overlaps it.
//!
//! A text of a million valid values would else cost what judging a million values costs, only to count
//! them. What decides about findings asks for at most so many different ones of a kind, and for those
//! that are sure enough; so a rule is left out only when that many of its surest were reported, and a
//! rule of another kind never is. When that many that are less sure were, only the surest are wanted.

use datafog_core::Confidence;

use crate::left_out::{self, LeftOut};
use crate::rule::Rule;
use crate::tables::RULES;

/// One bit for each rule.
const WORDS: usize = RULES.len().div_ceil(u64::BITS as usize);

/// Rules of which only what is sound may be wanted: few tell anything else and are met so often.
const SHAPES: usize = 4;

/// The rules that are full, and how often one of them was passed over.
#[derive(Debug)]
pub(crate) struct Full {
    /// The least confidence that is reported.
    floor: Confidence,
    rules: [u64; WORDS],
    some: bool,
    /// Rules of which as many findings that are less than sound are held.
    shapes: [u16; SHAPES],
    /// Words that were reported already.
    words: Option<Box<LeftOut>>,
    passed: usize,
}

impl Full {
    /// No rule is full, and only those are asked that may tell something with at least this confidence.
    pub(crate) const fn above(floor: Confidence) -> Self {
        let shapes = [u16::MAX; SHAPES];
        Self { floor, rules: [0; WORDS], some: false, shapes, words: None, passed: 0 }
    }

    /// The least confidence that is reported.
    pub(crate) const fn floor(&self) -> Confidence {
        self.floor
    }

    /// Leaves the rule out from now on.
    pub(crate) fn add(&mut self, rule: u16) {
        if let Some(word) = self.rules.get_mut(usize::from(rule >> 6)) {
            *word |= 1 << (rule & 63);
            self.some = true;
        }
    }

    /// Whether the rule, which has this number, is left out; counts that it was where it is full.
    #[inline]
    pub(crate) fn passes_over(&mut self, number: u16, rule: &Rule) -> bool {
        // No rule is surer of a shape than of what is sound.
        if Confidence::percent(rule.confidence) < self.floor {
            return true;
        }
        let full = self.some && self.holds(number);
        self.passed = self.passed.saturating_add(usize::from(full));
        full
    }

    /// From now on only what is sound is wanted of the rule, if there is room to remember that.
    pub(crate) fn add_shapes(&mut self, rule: u16) {
        if let Some(free) = self.shapes.iter_mut().find(|it| matches!(**it, u16::MAX)) {
            *free = rule;
        }
    }

    /// Leaves a word out from now on: it was reported, and no more than that can be said of it.
    pub(crate) fn add_word(&mut self, rule: u16, value: &[u8]) {
        self.words.get_or_insert_with(LeftOut::new).add(rule, value);
    }

    /// Whether some value may be left out.
    #[inline]
    pub(crate) const fn leaves_some_out(&self) -> bool {
        let [first, ..] = self.shapes;
        self.words.is_some() || first != u16::MAX
    }

    /// Whether a value is such a word, which is counted, or any of the kind when only what is sound is
    /// wanted of the rule.
    #[inline]
    pub(crate) fn leaves_out(&mut self, rule: u16, value: &[u8]) -> bool {
        // Such a word is less than sound.
        if self.shapes.contains(&rule) {
            return left_out::is_word(value);
        }
        let known = self.words.as_ref().is_some_and(|words| words.holds(rule, value));
        self.passed = self.passed.saturating_add(usize::from(known));
        known
    }

    /// Whether only what is sound is wanted of the rule.
    pub(crate) fn is_full_of_shapes(&self, rule: u16) -> bool {
        self.shapes.contains(&rule)
    }

    fn holds(&self, rule: u16) -> bool {
        self.rules.get(usize::from(rule >> 6)).is_some_and(|word| word >> (rule & 63) & 1 == 1)
    }

    /// How often a rule was passed over since this was asked last.
    pub(crate) fn take_passed(&mut self) -> usize {
        core::mem::take(&mut self.passed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passes_over(full: &mut Full, number: u16) -> bool {
        full.passes_over(number, &RULES[usize::from(number)])
    }

    #[test]
    fn a_rule_below_the_floor_is_passed_over_and_not_counted() {
        let unsure = RULES.iter().position(|rule| rule.confidence < 50).unwrap();
        let number = u16::try_from(unsure).unwrap();
        let sure = RULES[unsure].confidence;
        let mut full = Full::above(Confidence::percent(sure));
        assert!(!passes_over(&mut full, number));
        let mut full = Full::above(Confidence::percent(sure + 1));
        assert!(passes_over(&mut full, number));
        full.add(number);
        assert!(passes_over(&mut full, number));
        assert_eq!(full.take_passed(), 0);
    }

    #[test]
    fn only_what_was_added_is_passed_over_and_counted() {
        let mut full = Full::above(Confidence::percent(0));
        let last = u16::try_from(RULES.len() - 1).unwrap();
        let over = |full: &mut Full, number| passes_over(full, number);
        assert!(!over(&mut full, 0) && !over(&mut full, last));
        full.add(last);
        full.add(64);
        assert!(over(&mut full, last) && over(&mut full, 64) && !over(&mut full, 63));
        assert_eq!((full.take_passed(), full.take_passed()), (2, 0));
        full.add_shapes(64);
        assert!(full.is_full_of_shapes(64) && !full.is_full_of_shapes(last));
        full.add_word(last, b"kestrel");
        assert!(full.leaves_out(last, b"kestrel") && !full.leaves_out(last, b"merlin"));
        assert_eq!(full.take_passed(), 1);
        full.add(u16::MAX);
    }
}
