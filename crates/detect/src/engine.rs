//! One pass over a part of a text: from triggers to raw findings.
//!
//! A segment is gone through three times while it lies in the cache, each time for another kind
//! of trigger: keywords, the character `@`, groups of digits. What a trigger leads to depends only
//! on the bytes within fixed bounds around it, never on how the text was cut into segments.

use std::ops::Range;

use datafog_core::Confidence;

use crate::assignment::{self, Assignment, Form, LONGEST_VALUE, Word};
use crate::boundary;
use crate::bytes::{before_next, is_host, run_back};
use crate::candidate::{Candidate, Judgement, Known};
use crate::column::{Aligned, Column};
use crate::full::Full;
use crate::layer::Layers;
use crate::layer::spelled::{self, Kind};
use crate::named::Named;
use crate::number::{self, Group};
use crate::overlap::Pending;
use crate::pattern::{self, Match, Mismatch};
use crate::prefilter::{self, Bitmaps};
use crate::refused::Refused;
use crate::repeat::{self, Copies, Repetition};
use crate::rule::{Boundary, Keyword, Rule, Trigger};
use crate::scanner::Scanner;
use crate::sign;
use crate::tables::{AT_RULES, NUMBER_RULES, RULES, USERINFO_RULES};
use crate::told::Told;
use crate::url;
use crate::validator::LEAST_PASSWORD;
use crate::walks::{Walks, in_set};
use crate::watch::{Watch, Watching};

/// How many words of names may lead to one value; more are a text made to cost time.
const MOST_NAMES: u8 = 4;

/// Findings that wait, of which it costs less to ask all than to match a pattern.
const FEW: usize = 16;

/// The state of a scan between its segments.
#[derive(Debug)]
pub(crate) struct Engine {
    pub(crate) walks: Walks,
    pub(crate) pending: Pending,
    /// Rules that are left out.
    pub(crate) full: Full,
    /// End of the last assigned value and how many names led to it.
    judged: (usize, u8),
    /// End of a value that is too long: names before it are part of that value.
    barren: usize,
    /// The last assignment in which nothing was found.
    refused: Refused,
    /// The last assignment, and by which rules it was judged.
    told: Told,
    /// The last name, and what it promises.
    named: Named,
    /// End of the last run of dots and digits: after its first dot no address can begin in it.
    dotted: usize,
    /// How many layers of disguise were undone to get at this text.
    pub(crate) depth: u8,
    pub(crate) layers: Layers,
    /// What copies of a unit hold while the text repeats it.
    pub(crate) copies: Option<Box<Copies>>,
    /// What words of others are noticed.
    pub(crate) watching: Option<Watching>,
}

/// The part of a text that one trigger may see.
#[derive(Clone, Copy)]
pub(crate) struct View<'t> {
    pub(crate) text: &'t [u8],
    /// Absolute offset of the first byte.
    pub(crate) base: usize,
    /// Where the trigger lies within the text.
    pub(crate) at: usize,
}

impl<'t> View<'t> {
    pub(crate) fn new(text: &'t [u8], base: usize, at: usize) -> Self {
        let start = at.saturating_sub(Scanner::BEHIND);
        let end = at.saturating_add(Scanner::AHEAD).min(text.len());
        let text = text.get(start..end).unwrap_or_default();
        Self { text, base: base.saturating_add(start), at: at.saturating_sub(start) }
    }

    /// The same view of a trigger that lies `bytes` earlier.
    fn starting(self, bytes: usize) -> Self {
        Self { at: self.at.saturating_sub(bytes), ..self }
    }

    fn candidate(&self, start: usize, end: usize) -> Candidate<'t> {
        Candidate::of(self.text, (start, end))
    }
}

impl Engine {
    /// An engine at the start of a text, for findings of at least this confidence.
    pub(crate) const fn new(floor: Confidence) -> Self {
        Self::at_depth(0, floor)
    }

    /// An engine at the start of a text that stands so many layers deep in another.
    pub(crate) const fn at_depth(depth: u8, floor: Confidence) -> Self {
        Self {
            walks: Walks::new(),
            pending: Pending::new(),
            full: Full::above(floor),
            judged: (0, 0),
            barren: 0,
            refused: Refused::NONE,
            told: Told::NONE,
            named: Named::NONE,
            dotted: 0,
            depth,
            layers: Layers::new(),
            copies: None,
            watching: None,
        }
    }

    /// The same, which looks out for words of others.
    pub(crate) fn watching(self, watch: &'static Watch) -> Self {
        Self { watching: Some(Watching::new(watch)), ..self }
    }

    /// Where such words may stand, as far as the scan has come since this was asked last.
    pub(crate) fn watched(&mut self) -> Vec<Range<usize>> {
        self.watching.as_mut().map(Watching::take).unwrap_or_default()
    }

    /// Looks at every trigger in `from..to` of `text`, whose first byte has absolute offset
    /// `base`. Both `base` and `from` are multiples of [`crate::class::BLOCK`].
    pub(crate) fn segment(&mut self, text: &[u8], base: usize, from: usize, to: usize) {
        let long = to.saturating_sub(from) >= repeat::LEAST;
        match long.then(|| Repetition::find(text, from, to)).flatten() {
            Some(repetition) => {
                if let Some(watching) = &mut self.watching {
                    watching.unsearched(base.saturating_add(from), base.saturating_add(to));
                }
                self.repeated(repetition, text, base, from, to);
            }
            None => self.part(text, base, from, to),
        }
    }

    /// The same, whether the text repeats itself or not.
    pub(crate) fn part(&mut self, text: &[u8], base: usize, from: usize, to: usize) {
        self.triggers(text, base, from, to);
        self.runs(text, base, from, to);
    }

    /// Looks at all triggers but runs of digits and units, whose windows depend on where the run
    /// began.
    pub(crate) fn triggers(&mut self, text: &[u8], base: usize, from: usize, to: usize) {
        if let Some(mut watching) = self.watching.take() {
            watching.places(text, base, (from, to), |at| self.keywords(text, base, at));
            self.watching = Some(watching);
        } else {
            prefilter::places(Bitmaps::OWN, text, (from, to), |at| self.keywords(text, base, at));
        }
        self.unzip(text, base, to);
        sign::signs(text, (from, to), |at| {
            self.sign(text, base, at);
            self.undone(2).saturating_sub(base)
        });
        number::groups(text, from, to, |group| self.number(text, base, group));
    }

    fn keywords(&mut self, text: &[u8], base: usize, at: usize) {
        if self.leads_nowhere(text, base, at) {
            return;
        }
        for (start, keyword) in prefilter::keywords(text, at) {
            self.walks.work = self.walks.work.saturating_add(1);
            match keyword.layer {
                Some(layer) => self.layer(layer, text, base, start),
                None => {
                    let view = View::new(text, base, at).starting(at.saturating_sub(start));
                    self.keyword(keyword, view);
                }
            }
        }
    }

    /// Asks the rules of a keyword about what it leads to.
    #[inline]
    fn keyword(&mut self, keyword: &'static Keyword, view: View<'_>) {
        let mut assigned = None;
        let mut judged = false;
        let offered = self.pending.offered();
        for number in keyword.rules {
            let Some(rule) = RULES.get(usize::from(*number)) else { continue };
            if self.full.passes_over(*number, rule) {
                continue;
            }
            match rule.trigger {
                Trigger::Token => self.token(*number, rule, view, keyword.text.len()),
                Trigger::Assignment => {
                    let found = assigned.get_or_insert_with(|| self.assigned(keyword, view));
                    if let Some(found) = found {
                        judged |= self.assignment(*number, rule, view, found);
                    }
                }
                Trigger::Column => self.column(*number, rule, view, keyword.text.len()),
                Trigger::At | Trigger::Number | Trigger::Userinfo => {}
            }
        }
        if let Some(Some(found)) = assigned
            && judged
            && self.pending.offered() == offered
        {
            self.refused.keep(keyword, view.text, view.at, &found);
        }
    }

    /// Whether no keyword stands at the window at `at` that could lead to anything, as its first bytes tell.
    #[inline]
    fn leads_nowhere(&mut self, text: &[u8], base: usize, at: usize) -> bool {
        match text.get(at) {
            Some(b'.') => self.is_dotted(text, base, at),
            Some(b'\\' | b'&') => self.is_spent(text, base, at),
            // What puts two literals together is an escape, too.
            Some(b'"' | b'\'') => {
                matches!(text.get(at..), Some([_, b' ', b'+', ..]))
                    && self.is_undone(0, base.saturating_add(at))
            }
            _ => false,
        }
    }

    /// Whether the window at `at` is dots and digits that go on from an earlier dot: `1.1.1.1.1`.
    ///
    /// Only a dotted address has such a window, and it begins with its first dot; so each run is
    /// walked once and looked up once.
    fn is_dotted(&mut self, text: &[u8], base: usize, at: usize) -> bool {
        let Some([b'.', a, b, c, rest @ ..]) = text.get(at..) else { return false };
        let digital = |byte: &u8| byte.is_ascii_digit() || *byte == b'.';
        if ![a, b, c].into_iter().all(digital) {
            return false;
        }
        let place = base.saturating_add(at);
        if place < self.dotted {
            return true;
        }
        let length = rest.iter().take(Scanner::AHEAD).take_while(|byte| digital(byte)).count();
        self.dotted = place.saturating_add(4).saturating_add(length);
        false
    }

    /// Whether the window at `at` is that of an escape that leads to nothing: it stands in a part that is
    /// undone already, or is none. Nothing but escapes has such a window, so no keyword is looked up.
    fn is_spent(&self, text: &[u8], base: usize, at: usize) -> bool {
        matches!(text.get(at..), Some([b'\\', ..] | [b'&', b'#', ..]))
            && (self.is_undone(0, base.saturating_add(at))
                || spelled::escape(text, at, Kind::Escapes).is_none())
    }

    #[inline(never)]
    fn token(&mut self, number: u16, rule: &'static Rule, view: View<'_>, keyword: usize) {
        let start = rule.back.map_or(view.at, |(set, most)| {
            let head = view.text.get(..view.at).unwrap_or_default();
            let recent = head.get(head.len().saturating_sub(usize::from(most))..);
            view.at.saturating_sub(run_back(recent.unwrap_or_default(), |byte| in_set(set, byte)))
        });
        let place = view.base.saturating_add(start);
        let begins = match rule.boundary {
            Boundary::None | Boundary::Right => true,
            Boundary::Word => boundary::begins_distinct(view.text, start),
            Boundary::Whole => boundary::begins_token(view.text, start),
        };
        // Without a check that could be right by no chance, a token inside a word is none. Where many
        // findings wait, whether one ends here is asked only of what matches.
        let few = self.pending.waiting().len() <= FEW;
        if !begins && !rule.proves && few && !self.pending.ends(number, place) {
            return;
        }
        let Some(rest) = view.text.get(start..) else { return };
        let touching = if rule.back.is_none() { keyword } else { 0 };
        let Some((found, closed)) = self.matched(rule, rest, place, touching) else { return };
        let free = begins || self.pending.ends(number, place);
        // Nor is what goes on behind its end, or a piece of something encoded.
        if !rule.proves && (!free || !closed || boundary::in_base64(view.text, start)) {
            return;
        }
        let value = (start.saturating_add(found.start), start.saturating_add(found.end));
        let certain = if free && closed { Judgement::Shape } else { Judgement::Proven };
        self.judge(number, rule, view, &mut view.candidate(value.0, value.1), certain);
    }

    /// Where the rule's pattern matches at the start of `text`, and whether it ends where a value
    /// may. When the same keyword of `keyword` bytes begins another token before that, this one
    /// ends there: tokens may follow each other without a mark.
    fn matched(
        &mut self,
        rule: &Rule,
        text: &[u8],
        place: usize,
        keyword: usize,
    ) -> Option<(Match, bool)> {
        let found = pattern::run(rule.steps, text, place, &mut self.walks);
        let stop = match found {
            Ok(Match { stop, last, .. })
                if rule.boundary == Boundary::None || boundary::ends(text, stop, last) =>
            {
                return found.ok().zip(Some(true));
            }
            Ok(Match { stop, .. }) | Err(Mismatch::TooLong(stop)) => stop,
            Err(Mismatch::Other) => return None,
        };
        let first = before_next(text, stop, keyword);
        let first = first.and_then(|it| pattern::matches(rule.steps, it, place, &mut self.walks));
        first.zip(Some(true)).or_else(|| found.ok().zip(Some(false)))
    }

    /// The assignment that a word of a name leads to, unless its value was judged often enough.
    fn assigned(&mut self, keyword: &'static Keyword, view: View<'_>) -> Option<Assignment> {
        if self.refused.again(keyword, view.text, view.at) {
            return None;
        }
        let word = (view.at, view.at.checked_add(keyword.text.len())?);
        if view.base.checked_add(word.1)? < self.barren {
            return None;
        }
        let word = Word::at(view.text, word)?;
        let found = match self.told.of_name(view.base, word) {
            Some(known) => known,
            None => assignment::find(view.text, word, view.base, &mut self.walks)?,
        };
        let end = view.base.checked_add(found.value.1)?;
        if !found.quoted && found.value.1.checked_sub(found.value.0)? == LONGEST_VALUE {
            self.barren = end;
            return None;
        }
        let names = if self.judged.0 == end { self.judged.1.saturating_add(1) } else { 1 };
        self.judged = (end, names);
        if names > MOST_NAMES {
            return None;
        }
        self.told.meet(view.base, found);
        Some(found)
    }

    /// Asks a rule about an assignment, unless it wants no such value; says whether it was asked.
    fn assignment(
        &mut self,
        number: u16,
        rule: &'static Rule,
        view: View<'_>,
        found: &Assignment,
    ) -> bool {
        let length = found.length();
        if length < usize::from(rule.least)
            || (length < LEAST_PASSWORD && rule.is_untelling() && found.is_whole(view.text))
            || self.told.again(number)
            || self.pending.beats(number, rule, view.base, found.value)
            || (rule.is_untelling() && self.is_left_out(number, view.text, found))
        {
            return false;
        }
        self.ask(number, rule, view, found);
        true
    }

    /// Lets a rule judge the value of an assignment.
    fn ask(&mut self, number: u16, rule: &'static Rule, view: View<'_>, found: &Assignment) {
        let Some(name) = view.text.get(found.name.0..found.name.1) else { return };
        let mut candidate = Candidate {
            name,
            quoted: found.quoted,
            form: found.form,
            ..view.candidate(found.value.0, found.value.1)
        };
        if !rule.steps.is_empty() {
            let place = view.base.saturating_add(candidate.start);
            let value = candidate.value();
            let Some(shape) = pattern::matches(rule.steps, value, place, &mut self.walks) else {
                return;
            };
            if !boundary::ends(value, shape.stop, shape.last) {
                return;
            }
            candidate.end = candidate.start.saturating_add(shape.end);
            candidate.start = candidate.start.saturating_add(shape.start);
        }
        candidate.known = Known {
            promise: Some(*self.told.promise.get_or_insert_with(|| self.named.promise(name))),
            sound_only: self.full.is_full_of_shapes(number),
        };
        self.judge(number, rule, view, &mut candidate, Judgement::Shape);
    }

    /// Whether a value is a word that is not wanted again of the rule, which knows no more than that
    /// something is a secret.
    #[inline]
    fn is_left_out(&mut self, number: u16, text: &[u8], found: &Assignment) -> bool {
        self.full.leaves_some_out()
            && found.is_whole(text)
            && text
                .get(found.value.0..found.value.1)
                .is_some_and(|value| self.full.leaves_out(number, value))
    }

    /// The cells below a word of a name of `keyword` bytes, when it heads a column.
    #[inline]
    fn column(&mut self, number: u16, rule: &'static Rule, view: View<'_>, keyword: usize) {
        let end = view.at.saturating_add(keyword);
        let Some(word) = assignment::whole_word(view.text, (view.at, end)) else { return };
        // Most names have a value beside them and are no cell.
        if !matches!(view.text.get(word.1), Some(b'=' | b':')) {
            self.under(number, rule, view, word);
        }
    }

    /// The same of a word.
    #[inline(never)]
    fn under(&mut self, number: u16, rule: &'static Rule, view: View<'_>, word: (usize, usize)) {
        if let Some(column) = Column::under(view.text, word) {
            self.cells(number, rule, view, column.name, column.values());
        } else if let Some(column) = Aligned::under(view.text, word) {
            self.cells(number, rule, view, column.name, column.values());
        }
    }

    /// The cells below a name.
    fn cells(
        &mut self,
        number: u16,
        rule: &'static Rule,
        view: View<'_>,
        name: (usize, usize),
        values: impl Iterator<Item = (usize, usize)>,
    ) {
        let name = view.text.get(name.0..name.1).unwrap_or_default();
        for (start, end) in values {
            let mut candidate =
                Candidate { name, quoted: true, form: Form::Element, ..view.candidate(start, end) };
            self.judge(number, rule, view, &mut candidate, Judgement::Shape);
        }
    }

    /// An `@`, or a `%` that may begin an escape.
    fn sign(&mut self, text: &[u8], base: usize, at: usize) {
        match text.get(at..) {
            // Of bytes that are no text nothing is undone, and the next escape has a sign of its own.
            Some([b'%', a, b, ..]) => {
                let undone = self.is_undone(2, base.saturating_add(at));
                if !undone && spelled::is_escape([*a, *b]) {
                    self.spelled(Kind::Escapes, 2, text, base, at);
                }
            }
            Some([b'@', ..]) => self.at_sign(text, base, at),
            _ => {}
        }
    }

    fn at_sign(&mut self, text: &[u8], base: usize, at: usize) {
        let end = at.saturating_add(1);
        let rules = match text.get(end..) {
            _ if url::user_part(text, at).is_some() => &USERINFO_RULES[..],
            // The shortest host with a dot has four bytes.
            Some([a, b, c, d, ..]) if [a, b, c, d].into_iter().all(|byte| is_host(*byte)) => {
                &AT_RULES[..]
            }
            _ => return,
        };
        let view = View::new(text, base, at);
        for number in rules {
            if let Some(rule) = RULES.get(usize::from(*number))
                && !self.full.passes_over(*number, rule)
            {
                let end = view.at.saturating_add(1);
                let mut candidate = view.candidate(view.at, end);
                self.judge(*number, rule, view, &mut candidate, Judgement::Shape);
            }
        }
    }

    fn number(&mut self, text: &[u8], base: usize, group: Group) {
        let view = View::new(text, base, group.start);
        let end = view.at.saturating_add(group.length);
        let start = view.at.saturating_sub(usize::from(group.letters));
        let mut judged = None;
        let following = group.follows.trailing_zeros() as usize;
        let wanted = NUMBER_RULES.get(group.length).and_then(|rules| rules.get(following));
        let mut candidate = view.candidate(start, end);
        for wanted in wanted.copied().unwrap_or_default() {
            let fits = wanted.letters == group.letters && (group.plus || !wanted.plus);
            if !fits || judged == Some(wanted.rule) {
                continue;
            }
            if let Some(rule) = RULES.get(usize::from(wanted.rule))
                && !self.full.passes_over(wanted.rule, rule)
            {
                (candidate.start, candidate.end) = (start, end);
                self.judge(wanted.rule, rule, view, &mut candidate, Judgement::Shape);
                judged = Some(wanted.rule);
            }
        }
    }
}

#[cfg(test)]
#[expect(
    dead_code,
    clippy::arithmetic_side_effects,
    clippy::string_slice,
    reason = "texts of the tests, some of which are for other tests"
)]
#[path = "../tests/shared/mod.rs"]
mod shared;

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "small numbers of the tests")]
mod tests {
    use super::shared::units::UNITS;
    use super::shared::varied;
    use super::*;
    use crate::tables::{KEYWORDS, WINDOWS};

    /// Bytes of a hostile text.
    const LENGTH: usize = 200_000;

    /// Work behind the prefilter, per byte of text, in hundredths.
    fn work(text: &[u8]) -> u64 {
        let mut engine = Engine::new(Confidence::percent(0));
        engine.part(text, 0, 0, text.len());
        engine.walks.work * 100 / text.len() as u64
    }

    fn repeated(unit: &str) -> Vec<u8> {
        unit.repeat(LENGTH / unit.len()).into_bytes()
    }

    #[test]
    fn no_text_makes_the_work_grow_faster_than_itself() {
        for unit in UNITS {
            let work = work(&repeated(unit));
            assert!(work < 2500, "{unit:?}: {work} hundredths of a step per byte");
        }
        for template in varied::TEMPLATES {
            let work = work(&varied::text(template, LENGTH));
            assert!(work < 2500, "{template:?}: {work} hundredths of a step per byte");
        }
    }

    #[test]
    fn backslashes_numbers_of_characters_and_joints_begin_escapes_only() {
        for window in &WINDOWS {
            let [first, second, third, ..] = window.window.to_le_bytes();
            let Some(keyword) = KEYWORDS.get(usize::from(window.keyword)) else { continue };
            let text = keyword.text.get(usize::from(keyword.offset)..).unwrap_or_default();
            let escape = text.first() == Some(&b'\\') || text.starts_with(b"&#");
            let joint = matches!([first, second, third], [b'"' | b'\'', b' ', b'+']);
            let window_of_one = first == b'\\' | 0x20 || [first, second] == *b"&#" || joint;
            if window_of_one && text.first() != Some(&b'|') {
                assert!((escape || joint) && keyword.offset == 0, "{keyword:?}");
                assert_eq!(keyword.layer, Some(crate::rule::Layer::Escapes), "{keyword:?}");
            }
        }
    }

    #[test]
    fn long_runs_are_walked_once() {
        for head in ["ya29.", "xoxb-", "glpat-", "eyJh", "hvb.", "password="] {
            let work = work(&repeated(&format!("{head}{} ", "a".repeat(5000))));
            assert!(work < 500, "{head}: {work}");
        }
    }
}
