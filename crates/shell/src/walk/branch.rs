//! What may not happen, and what variables hold behind it.
//!
//! Within a branch, what it sets is set. Behind it a variable holds what it held before or what the branch
//! made of it, and either counts: `x=/srv; a && x=b; rm -r "$x"` may remove `/srv`. A command behind `&&`
//! is only reached where all before it went well, one behind `||` where something failed. Where a line
//! asks whether a variable is empty (`[ -z "$x" ] && x=a`), it is not where the branch is not taken.

use rable::{CasePattern, ListOperator, Node, NodeKind};

use super::asking::{Asked, fits_empty, is_empty, parameter, presumed, text};
use super::{Walker, Written};
use crate::script::Input;
use crate::variables::{Variable, Variables};

/// How often the body of a loop is walked while it changes what variables may hold at its start.
const MOST_ROUNDS: usize = 8;

/// The same within another loop, and where it takes more steps than these.
const FEWER_ROUNDS: usize = 3;
const CHEAP: u32 = 600;

/// In how many loops a loop may stand for that; within more of them its body is walked once.
const MOST_LOOPS: u32 = 2;

/// Steps that it takes to tell what a variable holds behind a branch.
const JOINING: usize = 8;

/// More variables than scripts have.
const MANY: usize = 400;

/// Where something is kept.
type Place = for<'w> fn(&'w mut Walker) -> &'w mut Option<Variables>;

/// What variables hold where commands of a list were skipped, by how the last one that was not ended.
#[derive(Default)]
struct Skipped {
    failed: Option<Variables>,
    done: Option<Variables>,
    /// The last one that was not skipped ended the line.
    dead: bool,
    /// What would hold where nobody sees how it could be.
    unlikely: Option<Variables>,
}

impl Walker {
    /// Does what may not happen.
    pub(super) fn perhaps<T>(&mut self, work: impl FnOnce(&mut Self) -> T) -> T {
        let before = self.snapshot();
        let made = work(self);
        self.join(before);
        made
    }

    /// The same, several times over as long as what it sets may change what it does. `certain` says that
    /// it is done once at least, unless the body leaves it early.
    pub(super) fn repeatedly(&mut self, certain: bool, mut work: impl FnMut(&mut Self)) {
        let (left_early, around) = (self.left_early, self.at_break.take());
        self.loops = self.loops.saturating_add(1);
        let loop_calls = core::mem::replace(&mut self.loop_calls, self.calls);
        let (rounds, steps) = (if self.loops > MOST_LOOPS { 1 } else { MOST_ROUNDS }, self.steps);
        for round in 1..=rounds {
            let before = self.snapshot();
            work(self);
            let left = self.at_break.take();
            self.arrive(left);
            let far = self.at_far_break.clone();
            self.arrive(far);
            let done = certain && round == 1 && self.left_early == left_early;
            let same = self.variables == before;
            if !done {
                self.join(before.clone());
            }
            if same || (!done && self.variables == before) {
                break;
            }
            let dear = self.steps.saturating_sub(steps) > CHEAP;
            if round == rounds || (round >= FEWER_ROUNDS && (dear || self.loops > 1)) {
                self.variables.doubt_changed(&before);
                break;
            }
        }
        self.settle_folders();
        self.loops = self.loops.saturating_sub(1);
        self.loop_calls = loop_calls;
        self.at_break = around;
        if self.loops == 0 {
            self.at_far_break = None;
        }
    }

    /// `break`, `continue`, `exit` and `return`: what variables hold here, they may hold where the loop,
    /// the line or the function ends.
    pub(super) fn leaves_early(&mut self, name: &str, far: bool) {
        let end: Place = match name {
            "break" | "continue" if far => |walker| &mut walker.at_far_break,
            "break" | "continue" => |walker| &mut walker.at_break,
            "return" => |walker| &mut walker.at_return,
            // At the end of the line, only what `trap` names still runs.
            "exit" => |walker| &mut walker.at_exit,
            _ => return,
        };
        self.left_early = self.left_early.saturating_add(1);
        if name == "exit" && self.trapped.is_empty() {
            return;
        }
        let here = self.snapshot();
        let mut all = end(self).take();
        self.collect(&mut all, here);
        *end(self) = all;
    }

    /// Adds to what may hold at one place.
    pub(super) fn collect(&mut self, all: &mut Option<Variables>, one: Variables) {
        match all {
            Some(all) => self.join_to(all, one),
            None => *all = Some(one),
        }
    }

    /// `! command`: what holds where it went well holds where it failed.
    pub(super) fn otherwise(&mut self, pipeline: &Node, input: &Input) -> Written {
        self.tested = self.tested.saturating_add(1);
        let written = self.walk(pipeline, input);
        self.tested = self.tested.saturating_sub(1);
        let turn = self.variables.folders.turn.take();
        self.variables.folders.turn = turn.map(|(went, stayed)| (stayed, went));
        written
    }

    /// A command that fails may end the line here.
    pub(crate) fn ends_here(&mut self) {
        if !self.trapped.is_empty() {
            let here = self.snapshot();
            let mut all = self.at_exit.take();
            self.collect(&mut all, here);
            self.at_exit = all;
        }
    }

    /// Where a list works if it went well as a whole, and if it did not.
    fn turn_behind(&self, skipped: &Skipped) -> Option<(Variable, Variable)> {
        let here = &self.variables.folders.here;
        let turn = self.variables.folders.turn.clone();
        if skipped.dead {
            return None;
        }
        if skipped.done.is_none() && skipped.failed.is_none() {
            return turn;
        }
        let (went, stayed) = turn.unwrap_or_else(|| (here.clone(), here.clone()));
        let with = |one: Variable, other: &Option<Variables>| match other {
            Some(other) => one.or(other.folders.here.clone()),
            None => one,
        };
        Some((with(went, &skipped.done), with(stayed, &skipped.failed)))
    }

    /// What variables hold now. Copies of many count as work; none is made when all of it is done.
    pub(crate) fn snapshot(&mut self) -> Variables {
        let cost = self.variables.cost();
        if self.step(cost.saturating_add(3)) {
            self.variables.clone()
        } else {
            Variables::default()
        }
    }

    /// Variables may also hold that from here on.
    fn join(&mut self, other: Variables) {
        let mut here = core::mem::take(&mut self.variables);
        self.join_to(&mut here, other);
        self.variables = here;
    }

    /// The same of those that are kept apart.
    fn join_to(&mut self, one: &mut Variables, other: Variables) {
        // Nobody writes so many; going through all of them is dear.
        let looked = match one.count() {
            _ if one.is_copy_of(&other) => 0,
            count if count > MANY => count,
            count => count / JOINING,
        };
        let differing = one.join(other, &self.world, self.place);
        self.step(differing.saturating_mul(JOINING).saturating_add(looked));
    }

    /// `if`: what stands behind it follows one branch or the other.
    pub(super) fn branches(
        &mut self,
        condition: &Node,
        (then, otherwise): (&Node, Option<&Node>),
        input: &Input,
    ) {
        self.tested = self.tested.saturating_add(1);
        self.walk(condition, input);
        self.tested = self.tested.saturating_sub(1);
        let turn = self.variables.folders.turn.take();
        let mut before = self.snapshot();
        if let Some((went, stayed)) = turn {
            (self.variables.folders.here, before.folders.here) = (went, stayed);
        }
        let other = match self.asked(condition) {
            Some(asked) if asked.empty => self.full(before.clone(), &asked),
            Some(asked) => {
                self.knows_full(&asked);
                Some(before.clone())
            }
            None => Some(before.clone()),
        };
        let may_be_other = other.is_some();
        self.walk(then, input);
        let taken = core::mem::replace(&mut self.variables, other.unwrap_or(before));
        if let Some(node) = otherwise {
            self.walk(node, input);
        }
        if !may_be_other || otherwise.is_some_and(|node| self.leaves(node, 0)) {
            self.variables = taken;
        } else if !self.leaves(then, 0) {
            self.join(taken);
        }
    }

    /// Goes on where that ends, too.
    pub(crate) fn arrive(&mut self, left: Option<Variables>) {
        if let Some(left) = left {
            self.join(left);
        }
    }

    /// `case`: what stands behind it follows one of the patterns, or none where none takes all.
    pub(super) fn clauses(&mut self, word: &Node, patterns: &[CasePattern], input: &Input) {
        let about = text(word).and_then(parameter).map(Asked::about);
        let mut was_empty = false;
        let before = self.snapshot();
        let all = |pattern: &Node| text(pattern) == Some("*");
        let mut behind = Some(before.clone());
        if patterns.iter().any(|clause| clause.patterns.iter().any(all)) {
            behind = None;
        }
        for clause in patterns {
            self.fields(&clause.patterns);
            let cost = self.variables.cost();
            if !self.step(cost) {
                break;
            }
            let goes_on = clause.terminator != ";;";
            if let Some(about) = &about
                && (was_empty || !clause.patterns.iter().any(fits_empty))
            {
                self.knows_full(about);
            }
            was_empty |= !goes_on && clause.patterns.iter().any(is_empty);
            if let Some(body) = &clause.body {
                self.walk(body, input);
            }
            let start = before.clone();
            let after = core::mem::replace(&mut self.variables, start);
            if goes_on {
                self.join(after.clone());
            }
            if clause.body.as_ref().is_some_and(|body| self.leaves(body, 0)) {
                continue;
            }
            self.collect(&mut behind, after);
        }
        self.variables = behind.unwrap_or(before);
    }

    /// One command after the other; a long list is a deep tree, which is taken apart in a loop.
    pub(super) fn list(&mut self, node: &Node, input: &Input) -> Written {
        let (mut open, mut before) = (vec![(node, None)], None);
        let mut all = Some(String::new());
        let (mut skipped, mut asks, mut began) = (Skipped::default(), None, None);
        let mut went = None;
        while let Some((node, after)) = open.pop().filter(|_| self.step(1)) {
            if let NodeKind::List { items } = &node.kind {
                let mut after = after;
                for item in items.iter().rev() {
                    open.push((&item.command, item.operator.or(after)));
                    after = None;
                }
                continue;
            }
            self.skip(before, asks.as_ref(), &mut skipped);
            let (may_not, goes_on) = (is_within(before), is_within(after));
            if goes_on && !may_not {
                began = Some(self.snapshot());
            }
            self.tested = self.tested.saturating_add(u32::from(goes_on));
            let one = if may_not {
                self.walk(node, input)
            } else if after == Some(ListOperator::Background) {
                self.apart(|walker| walker.walk(node, input))
            } else {
                self.walk(node, input)
            };
            self.tested = self.tested.saturating_sub(u32::from(goes_on));
            asks = self.asked(node);
            if !goes_on
                && let Some(began) = began.take()
                && after == Some(ListOperator::Background)
            {
                // All of `a && b &` is done in a process of its own.
                self.variables = began;
                skipped = Skipped::default();
            }
            // Where a failure ends the line, it went well.
            if !goes_on
                && !may_not
                && self.variables.folders.ends_on_error
                && self.tested == 0
                && let Some(asked) = asks.take_if(|asked| !asked.empty)
            {
                self.knows_full(&asked);
            }
            skipped.dead = may_not && self.leaves(node, 0);
            let how = self.ended_well(node, one.as_deref());
            all = match (before, went) {
                // It is not reached, or nobody knows.
                (Some(ListOperator::Or), Some(true)) | (Some(ListOperator::And), Some(false)) => {
                    all
                }
                (Some(ListOperator::Or), None) => None,
                _ => {
                    went = how;
                    all.zip(one).map(|(all, one)| all + &one)
                }
            };
            before = after;
        }
        let turn = self.turn_behind(&skipped);
        self.skip(None, None, &mut skipped);
        self.variables.folders.turn = turn;
        all
    }

    /// Whether a command ended well, where that can be told: a program that wrote what it is asked for did.
    fn ended_well(&self, node: &Node, written: Option<&str>) -> Option<bool> {
        let NodeKind::Command { assignments, words, .. } = &node.kind else { return None };
        let head = words.first().and_then(text).filter(|_| assignments.is_empty())?;
        let own = self.variables.function(head).is_none() && !self.aliases.contains_key(head);
        match (head, written) {
            _ if !own => None,
            ("true" | ":", _) => Some(true),
            ("false", _) | ("git", Some("")) => Some(false),
            (_, Some(text)) if !text.is_empty() => Some(true),
            _ => None,
        }
    }

    /// Goes on behind an operator of a list: to what it lets through, with what it skips kept apart.
    fn skip(
        &mut self,
        operator: Option<ListOperator>,
        asked: Option<&Asked<'_>>,
        skipped: &mut Skipped,
    ) {
        let behind = match operator {
            Some(ListOperator::And) => (&mut skipped.failed, skipped.done.take()),
            Some(ListOperator::Or) => (&mut skipped.done, skipped.failed.take()),
            _ => {
                let unlikely = skipped.unlikely.take().filter(|_| skipped.dead);
                let known = [skipped.failed.take(), skipped.done.take()];
                let unlikely = unlikely.filter(|_| known.iter().all(Option::is_none));
                let mut others = known.into_iter().chain([unlikely]).flatten();
                if skipped.dead
                    && let Some(first) = others.next()
                {
                    self.variables = first;
                }
                others.for_each(|other| self.join(other));
                return;
            }
        };
        let (around, through) = behind;
        let turn = self.variables.folders.turn.take();
        let mut here = Some(self.snapshot());
        if let (Some((went, stayed)), Some(here)) = (turn, &mut here) {
            (self.variables.folders.here, here.folders.here) =
                if operator == Some(ListOperator::And) { (went, stayed) } else { (stayed, went) };
        }
        // It is skipped by `&&` where the command failed, by `||` where it did not.
        let skips_full = |asked: &&Asked<'_>| asked.empty == (operator == Some(ListOperator::And));
        if let Some(asked) = asked.filter(skips_full) {
            let there = here.clone();
            here = here.and_then(|it| self.full(it, asked));
            if here.is_none() {
                skipped.unlikely = there.map(|it| presumed(it, asked));
            }
        }
        if let Some(mut here) = here {
            if let Some(other) = around.take() {
                self.join_to(&mut here, other);
            }
            *around = Some(here);
        }
        if let Some(asked) = asked.filter(|asked| !skips_full(asked)) {
            self.knows_full(asked);
        }
        if let Some(other) = through {
            self.join(other);
        }
    }

    /// Whether nothing behind a branch is reached from it: it ends in a plain `exit`, `return` in a
    /// function, or a function that does.
    fn leaves(&self, node: &Node, depth: u32) -> bool {
        match &node.kind {
            NodeKind::Command { assignments, words, redirects } => {
                let texts: Vec<&str> = words.iter().filter_map(text).collect();
                let plain = assignments.is_empty() && redirects.is_empty();
                let [head, arguments @ ..] = texts.as_slice() else { return false };
                let number = |it: &&str| it.parse::<u8>().is_ok() || matches!(*it, "$?" | "\"$?\"");
                let ends = match *head {
                    "exit" => true,
                    "return" => self.calls > 0,
                    "break" | "continue" => self.loops > 0 && self.loop_calls == self.calls,
                    _ => false,
                };
                match self.variables.function(head) {
                    Some(function) => match function.bodies.as_slice() {
                        [body] if !function.missing && depth < 4 => {
                            exits(body) && self.leaves(body, depth.saturating_add(1))
                        }
                        _ => false,
                    },
                    None => {
                        plain
                            && ends
                            && arguments.len() <= 1
                            && arguments.iter().all(number)
                            && !self.aliases.contains_key(*head)
                    }
                }
            }
            NodeKind::List { items } => items.last().is_some_and(|item| {
                let sure = item.operator.is_none_or(|it| it == ListOperator::Semi);
                let before = items.iter().rev().nth(1).and_then(|it| it.operator);
                sure && !is_within(before) && self.leaves(&item.command, depth)
            }),
            NodeKind::BraceGroup { body, redirects } => {
                redirects.is_empty() && self.leaves(body, depth)
            }
            _ => false,
        }
    }
}

/// Whether what a function ends in is `exit`, and not `return`.
fn exits(node: &Node) -> bool {
    match &node.kind {
        NodeKind::Command { words, .. } => {
            !matches!(words.first().and_then(text), Some("return" | "break" | "continue"))
        }
        NodeKind::List { items } => items.last().is_some_and(|item| exits(&item.command)),
        NodeKind::BraceGroup { body, .. } => exits(body),
        _ => false,
    }
}

/// Whether a list goes on behind the operator by how the command before it ended.
const fn is_within(operator: Option<ListOperator>) -> bool {
    matches!(operator, Some(ListOperator::And | ListOperator::Or))
}
