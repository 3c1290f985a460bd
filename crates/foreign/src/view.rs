//! One action as a policy of another system may see it: as the call it is, and as each command that
//! it starts.
//!
//! Their hosts know one call at a time. `bash` with `{"command": "git push --force"}` is a tool call
//! to them, and `git` under a wrapper is a command; a policy that speaks of one would not see the
//! other. So each command that the gate read out of a call, a line or a wrapper is a look of its own
//! beside the call's, and can only make the answer stricter: what lets the call through does not
//! count for it, nor what a policy says by default about commands that no rule of it names.

use datafog_core::{Category, Decision, Facts, Finding, ToolCall};

use crate::call::Call;
use crate::command::{Commands, Interpret};
use crate::names::{self, Class};

/// A command within the action.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) call: Call,
    /// Its number, as [`datafog_core::RuleMatch::part`] counts.
    number: usize,
    /// How many findings of the whole action come before its own.
    skipped: usize,
}

/// The call that an action is.
pub(crate) fn whole(facts: &dyn Facts, tables: &dyn Interpret) -> Call {
    let mut call = match facts.tool() {
        Some(tool) => Call::called(facts, tool, tables),
        None => Call::command(facts, tables),
    };
    let all = all_of(facts);
    call.findings = all.iter().flat_map(|one| one.findings().iter().cloned()).collect();
    if !runs(facts.tool(), &call) {
        return call;
    }
    // What could not be read is there, and nobody knows what it is.
    call.unclear |= all.iter().skip(1).any(|one| is_unread(*one));
    if call.commands.is_empty() {
        let lines = all.iter().filter(|one| !one.action().argv.is_empty());
        for one in lines.take(crate::words::MOST) {
            let words = one.action().argv.iter().map(|word| word.to_string_lossy().into_owned());
            let commands = Commands::of_words(words.collect(), tables);
            call.commands.extend(commands.list);
            call.unclear |= commands.unclear;
        }
    }
    call
}

/// Every command within the action beside the call that it is.
pub(crate) fn parts(facts: &dyn Facts, whole: &Call, tables: &dyn Interpret) -> Vec<Part> {
    if !runs(facts.tool(), whole) {
        return Vec::new();
    }
    let (mut parts, mut skipped) = (Vec::new(), 0_usize);
    for (number, one) in all_of(facts).into_iter().enumerate() {
        let findings: Vec<Finding> =
            all_of(one).into_iter().flat_map(|inner| inner.findings().iter().cloned()).collect();
        // A wrapped command is itself the whole.
        let is_told = number == 0 && facts.tool().is_none();
        if !one.action().argv.is_empty() && !is_told {
            let command = Call { findings, ..Call::run(one.action(), tables) };
            let within = facts.tool().map(|tool| tool.name.trim().to_owned()).unwrap_or_default();
            let call = Call { within, ..whole.starting(command) };
            parts.push(Part { call, number, skipped });
        }
        skipped = skipped.saturating_add(one.findings().len());
    }
    parts
}

/// Whether the call runs commands: one that only deletes a file is told in the words of `rm`, too,
/// and is none.
fn runs(tool: Option<&ToolCall>, call: &Call) -> bool {
    tool.is_none_or(|tool| tool.categories.contains(&Category::CodeExecution))
        || names::likely(&call.tool) == Some(Class::Shell)
}

/// It and all that it starts, outer before inner.
fn all_of(facts: &dyn Facts) -> Vec<&dyn Facts> {
    let (mut all, mut left) = (Vec::new(), vec![facts]);
    while let Some(one) = left.pop() {
        all.push(one);
        left.extend(one.started().into_iter().rev());
    }
    all
}

/// Whether it stands for what could not be read.
fn is_unread(facts: &dyn Facts) -> bool {
    facts.action().argv.is_empty() && facts.action().invocation.program == "shell:opaque"
}

impl Part {
    /// What was decided about it, in the numbers of the whole action.
    pub(crate) fn placed(&self, mut decision: Decision) -> Decision {
        for rule in &mut decision.matched {
            rule.part = self.number;
            for finding in &mut rule.findings {
                *finding = finding.saturating_add(self.skipped);
            }
        }
        decision
    }
}

/// Two decisions about one action as one: the stricter speaks, of equally strict ones the first, and
/// what either obliges to stays obliged. A rule is told of once for each part.
pub(crate) fn stricter(first: Decision, second: Decision) -> Decision {
    let (mut speaks, listens) =
        if second.verdict > first.verdict { (second, first) } else { (first, second) };
    for rule in listens.matched {
        if !speaks.matched.iter().any(|known| (&known.id, known.part) == (&rule.id, rule.part)) {
            speaks.matched.push(rule);
        }
    }
    for obligation in listens.obligations {
        if !speaks.obligations.contains(&obligation) {
            speaks.obligations.push(obligation);
        }
    }
    speaks
}
