//! `datafog policy suggest`: the smallest set of exceptions that would have let recorded calls pass.
//!
//! It prints and never applies.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use datafog_audit::Moment;
use datafog_core::{
    Event, Facts, Flow, HostName, Operand, OperandKind, RuleMatch, Severity, Verdict,
};
use datafog_gate::{Draft as _, Ground, Replay, Replayed};
use datafog_policy::{Policy, Suggestion, Suggestions, suggested_rules};
use serde::Serialize;

use super::recorded::{Leniency, Soundness};
use super::subject::Subject;
use crate::cli::foreign;
use crate::cli::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `policy suggest`.
#[derive(Args, Debug)]
pub(crate) struct Suggest {
    /// How far to go back: a time, a day, or how long ago (2h, 7d)
    #[arg(long, value_name = "WHEN", default_value = "7d", value_parser = super::moment)]
    since: Moment,
    /// Suggest for this policy, as if it had been in force; without it, for the installed one
    #[arg(long = "for", value_name = "FILE")]
    draft: Option<PathBuf>,
    /// Leave out what was seen less often than this
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    at_least: u64,
    #[command(flatten)]
    leniency: Leniency,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document {
    ledger: Soundness,
    stopped: u64,
    passing: u64,
    unclear: u64,
    toml: String,
}

impl Suggest {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let subject = match &self.draft {
            Some(path) => Subject::at(path, session)?,
            None => Subject::installed(session)?,
        };
        let replay = super::replay(session)?;
        let (mut seen, mut unclear, mut stopped) = (Suggestions::default(), 0_u64, Vec::new());
        let (ledger, mut receipts) = Soundness::check(session, self.since, self.leniency)?;
        for entry in receipts.iter_mut().flatten() {
            let event = entry?.receipt.event.into_owned();
            match observe(&event, &replay, &subject) {
                Seen::Passes => {}
                Seen::Unclear => unclear = add(unclear),
                Seen::Stopped(parts) => {
                    parts.into_iter().for_each(|part| seen.note(part));
                    stopped.push(event);
                }
            }
        }
        unclear = unclear.saturating_add(receipts.map_or(0, |receipts| receipts.unreadable()));
        let rules = suggested_rules(&seen.finish(self.at_least));
        let passing = self.passing(session, &rules, &stopped, &replay);
        let count = u64::try_from(stopped.len()).unwrap_or(u64::MAX);
        if self.json {
            let document = Document { ledger, stopped: count, passing, unclear, toml: rules };
            session.out.json(&document)?;
        } else {
            session.out.print(text(&ledger, &rules, (count, passing, unclear)))?;
        }
        Ok(ExitCode::Success)
    }

    /// How many of the stopped calls would pass with these rules; what is commented out does not
    /// count.
    fn passing(&self, session: &Session, rules: &str, stopped: &[Event], replay: &Replay) -> u64 {
        let path = self.draft.clone().unwrap_or_else(|| session.layout.policy());
        let head = "[policy]\nid = \"own\"\nversion = \"1\"\n";
        let own = foreign::read_text(&path).unwrap_or_else(|_| head.to_owned());
        let ground = Ground::of(&session.layout);
        let laid = ground.and_then(|it| it.compile(&format!("{own}\n{rules}"), &path));
        let Ok(policy) = laid else { return 0 };
        let passes = |event: &&Event| is_allowed(event, replay, &policy);
        u64::try_from(stopped.iter().filter(passes).count()).unwrap_or(u64::MAX)
    }
}

fn is_allowed(event: &Event, replay: &Replay, policy: &Policy) -> bool {
    replay.facts(event).is_ok_and(|facts| facts.range(policy).most == Verdict::Allow)
}

enum Seen {
    Passes,
    /// What an exception would have to name, for each of its parts that was stopped.
    Stopped(Vec<Suggestion>),
    /// It cannot be judged again.
    Unclear,
}

/// What the policy says to a recorded call, and what exceptions for it would have to name.
fn observe(event: &Event, replay: &Replay, subject: &Subject) -> Seen {
    let Ok(facts) = replay.facts(event) else { return Seen::Unclear };
    match subject.verdict(&facts) {
        Err(_) => return Seen::Unclear,
        Ok(Verdict::Allow) => return Seen::Passes,
        Ok(_) => {}
    }
    let decision = subject.decide(&facts, facts.world());
    let stops = |rule: &&RuleMatch| rule.verdict != Verdict::Allow;
    let stopping: Vec<&RuleMatch> = decision.matched.iter().filter(stops).collect();
    let parts = facts.all();
    let mut numbers: BTreeSet<usize> = stopping.iter().map(|rule| rule.part).collect();
    match (numbers.is_empty(), parts.len()) {
        (true, 1) => numbers.extend([0]),
        // The default stops a line for any of its commands.
        (true, _) => return Seen::Unclear,
        (false, _) => {}
    }
    let one = |number: usize| {
        let stopping = stopping.iter().filter(|rule| rule.part == number).copied();
        covering(event, parts.get(number)?, &stopping.collect::<Vec<_>>())
    };
    let all: Option<Vec<Suggestion>> = numbers.into_iter().map(one).collect();
    all.map_or(Seen::Unclear, Seen::Stopped)
}

/// What an exception for a command would have to name; `None` when nobody can name it.
fn covering(event: &Event, facts: &Replayed<'_>, stopping: &[&RuleMatch]) -> Option<Suggestion> {
    let invocation = &facts.action().invocation;
    let hosts = hosts(facts)?;
    // Rules take the name of a tool for a glob.
    if facts.tool().is_some_and(|tool| tool.name.contains(['*', '?', '['])) {
        return None;
    }
    // What a shell opens by itself runs no program that a rule could name.
    if facts.action().argv.is_empty() && facts.tool().is_none() {
        return None;
    }
    let concerned = stopping.iter().flat_map(|rule| &rule.findings);
    let entities =
        concerned.filter_map(|index| Some(event.findings.get(*index)?.entity.to_string()));
    let entities: BTreeSet<String> = entities.collect();
    let words = match entities.is_empty() && !stopping.is_empty() {
        true => Words::of(facts, hosts.is_empty())?,
        false => Words::default(),
    };
    Some(Suggestion {
        rules: stopping.iter().map(|rule| rule.id.clone()).collect(),
        critical: stopping.iter().any(|rule| rule.severity == Severity::Critical),
        tools: facts.tool().map(|tool| tool.name.clone()).into_iter().collect(),
        // A tool that runs no command stands for itself.
        programs: [&invocation.program]
            .into_iter()
            .filter(|_| !facts.action().argv.is_empty())
            .cloned()
            .collect(),
        subcommands: invocation.subcommand.first().cloned().into_iter().collect(),
        hosts,
        options: words.options,
        paths: words.paths,
        texts: words.texts,
        entities,
        count: 1,
        receipt: event.receipt_id,
        command: event.command.clone(),
    })
}

/// The hosts that a call reaches. An exception for one that nobody can name would be one for every
/// host: `None`.
fn hosts(facts: &Replayed<'_>) -> Option<BTreeSet<String>> {
    let leaves = facts.flows().has(Flow::Leaves) || facts.flows().has(Flow::Enters);
    let named = facts.destinations().iter().map(|one| match &one.host {
        HostName::Ip(ip) => Some(ip.to_string()),
        HostName::Name(name) => Some(name.clone()),
        HostName::Deferred(_) | HostName::Unknown => None,
    });
    let named: Vec<Option<String>> = named.collect();
    if leaves && (named.is_empty() || named.contains(&None)) {
        return None;
    }
    Some(named.into_iter().flatten().collect())
}

/// What an exception names of the words of a call, where neither what was found in it nor the hosts
/// that it reaches say enough.
#[derive(Default)]
struct Words {
    options: BTreeSet<String>,
    paths: BTreeSet<String>,
    texts: BTreeSet<String>,
}

impl Words {
    /// Options, and of a call that reaches nobody the operands; `None` when the receipt does not
    /// hold one of these.
    fn of(facts: &Replayed<'_>, local: bool) -> Option<Self> {
        let invocation = &facts.action().invocation;
        let options: BTreeSet<String> =
            invocation.options.iter().map(|option| option.name.clone()).collect();
        let operands: &[Operand] = if local { &invocation.operands } else { &[] };
        let path = |operand: &Operand| {
            let is_path = operand.kind == OperandKind::Path;
            facts.canonical(Path::new(&operand.text)).filter(|_| is_path)?.to_str().map(quoted)
        };
        let paths: Option<BTreeSet<String>> = operands.iter().map(path).collect();
        let text = |operand: &Operand| operand.text.to_str().map(quoted);
        let texts: BTreeSet<String> = operands.iter().map(text).collect::<Option<_>>()?;
        // A value that was taken out would stand for every value.
        if texts.iter().any(|text| text.contains(MARK)) {
            return None;
        }
        Some(match paths {
            Some(paths) => Self { options, paths, texts: BTreeSet::new() },
            None => Self { options, paths: BTreeSet::new(), texts },
        })
    }
}

/// How the mark begins that receipts have in place of a value.
const MARK: char = '‹';

/// A pattern that fits this text alone.
fn quoted(text: &str) -> String {
    text.chars().fold(String::new(), |mut quoted, letter| {
        match letter {
            '*' | '?' | '[' | '{' | '}' => quoted.extend(['[', letter, ']']),
            other => quoted.push(other),
        }
        quoted
    })
}

fn text(ledger: &Soundness, rules: &str, (stopped, passing, unclear): (u64, u64, u64)) -> String {
    let warnings = ledger.to_string();
    let mut text: String = warnings.lines().map(|line| format!("# {line}\n")).collect();
    text.push_str(&match stopped {
        0 => String::from(
            "# Nothing was stopped that could be judged again: there is nothing to suggest.\n",
        ),
        _ => format!(
            "# {passing} of {stopped} stopped calls would pass with the rules that are not commented.\n\
             # Nothing was changed: copy what you mean into your policy, then `datafog policy lint`.\n"
        ),
    });
    if unclear > 0 {
        text.push_str(&format!("# {unclear} receipts cannot be judged again or name no host.\n"));
    }
    if !rules.is_empty() {
        text.push_str(&format!("\n{rules}"));
    }
    text
}

const fn add(number: u64) -> u64 {
    number.saturating_add(1)
}
