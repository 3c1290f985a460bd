//! Shows how a decision came about: every rule, every condition, what it wanted and what was
//! there.

use datafog_core::{Decision, Facts, Verdict};

use crate::bytes::Damaged;
use crate::compiled::Head;
use crate::condition::Trial;
use crate::decide::{Hit, Part, judge, parts, remove_overridden};
use crate::node::trace;
use crate::policy::listed;
use crate::{Rule, Truth};

/// A decision with everything that led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The decision itself.
    pub decision: Decision,
    /// What happens when no rule matches.
    pub default: Verdict,
    /// The action and its nested parts, in order.
    pub parts: Vec<PartTrace>,
}

/// One command of an action, and what every rule says to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartTrace {
    /// Name of the command's profile.
    pub program: String,
    /// Every rule of the policy, in order.
    pub rules: Vec<RuleTrace>,
}

/// What one rule says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleTrace {
    /// The rule.
    pub rule: Rule,
    /// Whether its conditions hold together.
    pub truth: Truth,
    /// What became of it.
    pub outcome: RuleOutcome,
    /// Its conditions and groups, outer before inner.
    pub conditions: Vec<ConditionTrace>,
}

/// What became of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RuleOutcome {
    /// It counts for the decision.
    Match,
    /// It does not match.
    Miss,
    /// It matches, but the rule of that id overrides it.
    Override(String),
}

/// One condition or group of a rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConditionTrace {
    /// How many groups stand around it.
    pub depth: usize,
    /// Its key in the policy file.
    pub name: &'static str,
    /// What it says.
    pub truth: Truth,
    /// What it wants; empty for a group.
    pub wanted: String,
    /// What the action has; empty for a group. Holds no raw value.
    pub seen: String,
}

pub(crate) fn explain(head: &Head<'_>, facts: &dyn Facts) -> Result<Explanation, Damaged> {
    let decision = judge(head, facts)?;
    let parts: Result<Vec<PartTrace>, Damaged> =
        parts(facts).iter().map(|each| part(head, each)).collect();
    Ok(Explanation { decision, default: head.default, parts: parts? })
}

/// One rule with its conditions, asked about the action and each of its parts, in order.
pub(crate) fn one_rule(
    head: &Head<'_>,
    number: u16,
    facts: &dyn Facts,
) -> Result<Vec<RuleTrace>, Damaged> {
    parts(facts).iter().map(|each| asked(head, number, each)).collect()
}

fn asked(head: &Head<'_>, number: u16, facts: &Part<'_>) -> Result<RuleTrace, Damaged> {
    let entry = head.entry(number)?;
    let (mut trial, mut conditions) = (Trial::new(facts), Vec::new());
    let answers = trace(head.when(entry)?, &mut trial, 0, &mut conditions)?;
    let truth = answers.into_iter().fold(Truth::True, Truth::and);
    Ok(RuleTrace { rule: listed(head, number)?, truth, outcome: RuleOutcome::Miss, conditions })
}

fn part(head: &Head<'_>, facts: &Part<'_>) -> Result<PartTrace, Damaged> {
    let mut rules = Vec::new();
    let mut hits: Vec<Hit<'_>> = Vec::new();
    for number in 0..head.len() {
        let trace = asked(head, number, facts)?;
        let (truth, text) = (trace.truth, head.text(head.entry(number)?)?);
        if truth.counts_for(text.effect) {
            hits.push(Hit { rule: number, text, truth, findings: Vec::new(), risk: None, part: 0 });
        }
        rules.push(trace);
    }
    settle(&mut rules, hits);
    Ok(PartTrace { program: facts.action.invocation.program.clone(), rules })
}

/// Writes down which of the matching rules were left after overriding, and who overrode the rest.
fn settle(rules: &mut [RuleTrace], hits: Vec<Hit<'_>>) {
    let mut left = hits.clone();
    remove_overridden(&mut left);
    for hit in hits {
        let by = left.iter().find(|one| one.text.overrides.contains(&hit.rule));
        let counts = left.iter().any(|one| one.rule == hit.rule);
        let Some(rule) = rules.get_mut(usize::from(hit.rule)) else { continue };
        rule.outcome = match by {
            _ if counts => RuleOutcome::Match,
            Some(by) => RuleOutcome::Override(by.text.id.to_owned()),
            None => RuleOutcome::Miss,
        };
    }
}
