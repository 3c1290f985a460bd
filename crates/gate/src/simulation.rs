//! What a draft of a policy would have said to recorded calls.
//!
//! The command line and the dashboard judge receipts again by this and nothing else. What cannot be
//! judged again is counted with the reason, never guessed.

use std::collections::BTreeMap;

use datafog_core::{Decision, Digest, Event, Id, Verdict};
use datafog_policy::Policy;

use crate::{Replay, Replayed, Unreplayable};

/// A policy that is tried out.
pub trait Draft {
    /// What it says to a recorded call, as far as its receipt tells.
    ///
    /// # Errors
    /// Why that cannot be told.
    fn verdict(&self, call: &Replayed<'_>) -> Result<Verdict, Unreplayable>;

    /// The decision behind a verdict that it gave.
    fn decide(&self, call: &Replayed<'_>) -> Decision;

    /// Its digest, where it stands alone.
    fn digest(&self) -> Option<Digest>;

    /// Whether a rule of its own has that id.
    fn has_rule(&self, id: &str) -> bool;
}

impl Draft for Policy {
    fn verdict(&self, call: &Replayed<'_>) -> Result<Verdict, Unreplayable> {
        let range = call.range(self);
        if range.least == range.most {
            return Ok(range.most);
        }
        let names = range.open.iter().map(|name| format!("`{name}`"));
        Err(Unreplayable::Open(names.collect::<Vec<_>>().join(", ")))
    }

    fn decide(&self, call: &Replayed<'_>) -> Decision {
        Self::decide(self, call)
    }

    fn digest(&self) -> Option<Digest> {
        Some(Self::digest(self))
    }

    fn has_rule(&self, id: &str) -> bool {
        self.rules().iter().any(|rule| rule.id == id)
    }
}

/// Whether the policy that is installed shows that a receipt does not hold what decided it: it is the
/// same and says something else now, or it still has the rule that decided, and is milder all the same.
fn is_unfaithful(event: &Event, installed: &dyn Draft, facts: &Replayed<'_>) -> bool {
    let Ok(again) = installed.verdict(facts) else { return false };
    if installed.digest() == Some(event.policy_digest) {
        return again != event.decision;
    }
    let decider = event.matched_rules.first();
    again < event.decision && decider.is_some_and(|id| installed.has_rule(id))
}

/// What became of all receipts.
#[derive(Debug, Default)]
pub struct Simulation {
    /// How many decisions were looked at.
    pub receipts: u64,
    /// How many, by recorded and by new verdict.
    pub matrix: BTreeMap<(Verdict, Verdict), u64>,
    /// What is decided otherwise.
    pub changed: BTreeMap<Change, Changed>,
    /// What could not be judged again, and why.
    pub not_replayed: BTreeMap<Unreplayable, u64>,
}

/// Calls that look alike and are decided alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// What was said then.
    pub old: Verdict,
    /// What the draft says.
    pub new: Verdict,
    /// The rule that decides now; empty for the default.
    pub rule: String,
    /// The command line without values.
    pub command: String,
}

/// How often, and the newest of them.
#[derive(Debug)]
pub struct Changed {
    /// How many.
    pub count: u64,
    /// The newest of them.
    pub receipt: Id,
    /// Why the draft says so.
    pub reason: String,
}

impl Simulation {
    /// Judges a receipt again. Newest first, so that [`Changed::receipt`] is the newest.
    pub fn add(
        &mut self,
        event: &Event,
        replay: &Replay,
        (installed, draft): (&dyn Draft, &dyn Draft),
    ) {
        let facts = match replay.facts(event) {
            // What was no decision does not count as one that is missing.
            Err(Unreplayable::NoDecision) => return,
            Err(why) => return self.leave_out(why),
            Ok(facts) => facts,
        };
        let old = event.decision;
        if is_unfaithful(event, installed, &facts) {
            return self.leave_out(Unreplayable::Unfaithful);
        }
        let new = match draft.verdict(&facts) {
            Err(why) => return self.leave_out(why),
            Ok(new) => new,
        };
        self.receipts = self.receipts.saturating_add(1);
        count(self.matrix.entry((old, new)).or_default());
        if old == new {
            return;
        }
        let decision = draft.decide(&facts);
        let rule = decision.decider().map(|rule| rule.id.clone()).unwrap_or_default();
        let change = Change { old, new, rule, command: event.command.clone() };
        let first =
            Changed { count: 0, receipt: event.receipt_id, reason: decision.reason.into_owned() };
        count(&mut self.changed.entry(change).or_insert(first).count);
    }

    /// Lines that a newer version of datafog wrote, or, unverified, anybody.
    pub fn leave_out_unreadable(&mut self, lines: u64) {
        if lines > 0 {
            self.receipts = self.receipts.saturating_add(lines);
            self.not_replayed.insert(Unreplayable::Unreadable, lines);
        }
    }

    /// How many were judged again.
    #[must_use]
    pub fn replayed(&self) -> u64 {
        self.matrix.values().sum()
    }

    /// How many are decided otherwise.
    #[must_use]
    pub fn changes(&self) -> u64 {
        self.changed.values().map(|changed| changed.count).sum()
    }

    /// The kinds of changes, the commonest first.
    #[must_use]
    pub fn ranked(&self, limit: usize) -> Vec<(&Change, &Changed)> {
        let mut all: Vec<_> = self.changed.iter().collect();
        all.sort_by_key(|(change, changed)| (core::cmp::Reverse(changed.count), *change));
        all.truncate(limit);
        all
    }

    /// The recorded and the new verdicts that there are, each the mildest first.
    #[must_use]
    pub fn verdicts(&self) -> (Vec<Verdict>, Vec<Verdict>) {
        let verdicts = |which: fn(&(Verdict, Verdict)) -> Verdict| {
            let mut all: Vec<Verdict> = self.matrix.keys().map(which).collect();
            all.sort();
            all.dedup();
            all
        };
        (verdicts(|pair| pair.0), verdicts(|pair| pair.1))
    }

    fn leave_out(&mut self, why: Unreplayable) {
        self.receipts = self.receipts.saturating_add(1);
        count(self.not_replayed.entry(why).or_default());
    }
}

const fn count(number: &mut u64) {
    *number = number.saturating_add(1);
}
