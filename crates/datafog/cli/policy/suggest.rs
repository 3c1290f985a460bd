//! `datafog policy suggest`: the smallest set of exceptions that would have let recorded calls pass.
//!
//! It prints and never applies. Each rule lets through what was seen and nothing beside it: calls are
//! put together only where they differ in one respect alone. What a critical rule stopped comes out
//! commented: a person has to look before such an exception stands.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_audit::Moment;
use datafog_core::{Event, Facts, Flow, HostName, Id, RuleMatch, Severity, Verdict};
use datafog_gate::{Ground, Replay};
use datafog_policy::Policy;
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

/// Calls that one exception would cover: every combination of what stands here was seen.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Group {
    /// The rules that stopped them; empty when the default did.
    rules: BTreeSet<String>,
    critical: bool,
    tools: BTreeSet<String>,
    programs: BTreeSet<String>,
    subcommands: BTreeSet<String>,
    hosts: BTreeSet<String>,
    entities: BTreeSet<String>,
    count: u64,
    /// The newest of them, and how it looked.
    receipt: Id,
    command: String,
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
        let (mut groups, mut unclear, mut stopped) = (BTreeMap::new(), 0_u64, Vec::new());
        let (ledger, mut receipts) = Soundness::check(session, self.since, self.leniency)?;
        for entry in receipts.iter_mut().flatten() {
            let event = entry?.receipt.event.into_owned();
            match observe(&event, &replay, &subject) {
                Seen::Passes => {}
                Seen::Unclear => unclear = add(unclear),
                Seen::Stopped(group) => {
                    note(&mut groups, *group);
                    stopped.push(event);
                }
            }
        }
        unclear = unclear.saturating_add(receipts.map_or(0, |receipts| receipts.unreadable()));
        let mut groups: Vec<Group> =
            groups.into_values().filter(|group: &Group| group.count >= self.at_least).collect();
        merge(&mut groups);
        groups.sort_by(|one, other| {
            other.count.cmp(&one.count).then(one.command.cmp(&other.command))
        });
        let rules = rules(&groups);
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
    Stopped(Box<Group>),
    /// It cannot be judged again.
    Unclear,
}

/// What the policy says to a recorded call, and what an exception for it would have to name.
fn observe(event: &Event, replay: &Replay, subject: &Subject) -> Seen {
    let Ok(facts) = replay.facts(event) else { return Seen::Unclear };
    match subject.verdict(&facts) {
        Err(_) => return Seen::Unclear,
        Ok(Verdict::Allow) => return Seen::Passes,
        Ok(_) => {}
    }
    let decision = subject.decide(&facts, facts.world());
    let invocation = &facts.action().invocation;
    let stops = |rule: &&RuleMatch| rule.verdict != Verdict::Allow;
    let stopping: Vec<&RuleMatch> = decision.matched.iter().filter(stops).collect();
    let leaves = facts.flows().has(Flow::Leaves) || facts.flows().has(Flow::Enters);
    let hosts: Vec<&HostName> = facts.destinations().iter().map(|one| &one.host).collect();
    let named = |host: &&HostName| match host {
        HostName::Ip(ip) => Some(ip.to_string()),
        HostName::Name(name) => Some(name.clone()),
        HostName::Deferred(_) | HostName::Unknown => None,
    };
    let known: BTreeSet<String> = hosts.iter().filter_map(named).collect();
    // Rules take the name of a tool for a glob.
    if facts.tool().is_some_and(|tool| tool.name.contains(['*', '?', '['])) {
        return Seen::Unclear;
    }
    // An exception for a host that nobody can name would be one for every host.
    if leaves && (hosts.is_empty() || hosts.iter().any(|host| named(host).is_none())) {
        return Seen::Unclear;
    }
    let concerned = stopping.iter().flat_map(|rule| &rule.findings);
    let entities =
        concerned.filter_map(|index| Some(event.findings.get(*index)?.entity.to_string()));
    Seen::Stopped(Box::new(Group {
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
        hosts: known,
        entities: entities.collect(),
        count: 1,
        receipt: event.receipt_id,
        command: event.command.clone(),
    }))
}

/// What tells groups apart.
type Key = [BTreeSet<String>; 6];

fn note(groups: &mut BTreeMap<Key, Group>, group: Group) {
    let Group { rules, tools, programs, subcommands, hosts, entities, .. } = &group;
    let key = [rules, tools, programs, subcommands, hosts, entities].map(Clone::clone);
    match groups.get_mut(&key) {
        Some(known) => known.count = add(known.count),
        None => {
            groups.insert(key, group);
        }
    }
}

/// Puts groups together that differ in one respect alone, until none do: then every combination
/// that the joined group names was seen in one of its halves.
fn merge(groups: &mut Vec<Group>) {
    while let Some((first, second, joined)) = pair(groups) {
        groups.remove(second);
        if let Some(slot) = groups.get_mut(first) {
            *slot = joined;
        }
    }
}

fn pair(groups: &[Group]) -> Option<(usize, usize, Group)> {
    groups.iter().enumerate().find_map(|(first, one)| {
        let after = groups.iter().enumerate().skip(first.saturating_add(1));
        let mut joined =
            after.filter_map(|(second, other)| Some((first, second, join(one, other)?)));
        joined.next()
    })
}

fn join(one: &Group, other: &Group) -> Option<Group> {
    let pairs = [
        (&one.tools, &other.tools),
        (&one.programs, &other.programs),
        (&one.subcommands, &other.subcommands),
        (&one.hosts, &other.hosts),
        (&one.entities, &other.entities),
    ];
    let differ = pairs.iter().filter(|(one, other)| one != other).count();
    // Something beside nothing: the joined rule would ask for less than the one that names it.
    let loses = pairs.iter().any(|(one, other)| one.is_empty() != other.is_empty());
    if one.rules != other.rules || differ != 1 || loses {
        return None;
    }
    let [tools, programs, subcommands, hosts, entities] = pairs.map(|(one, other)| one | other);
    let count = one.count.saturating_add(other.count);
    Some(Group { tools, programs, subcommands, hosts, entities, count, ..one.clone() })
}

/// The rules as TOML, without a `[policy]` head.
fn rules(groups: &[Group]) -> String {
    let mut text = String::new();
    for (number, group) in (1_u32..).zip(groups) {
        let rule = rule(group, number);
        if group.critical {
            text.push_str(
                "# A critical rule stopped this: look twice before you take the marks off.\n",
            );
            for line in rule.lines() {
                text.push_str(&format!("# {line}\n"));
            }
        } else {
            text.push_str(&rule);
        }
        text.push('\n');
    }
    text
}

fn rule(group: &Group, number: u32) -> String {
    let Group { count, receipt, command, .. } = group;
    let times = if *count == 1 { String::from("once") } else { format!("{count} times") };
    let names = group.programs.first().or_else(|| group.tools.first());
    let program = names.map_or_else(String::new, |name| name.to_ascii_lowercase());
    let plain: String = program
        .chars()
        .filter(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || *c == '-')
        .collect();
    let mut text = format!("# Seen {times} (receipt {}): {}\n", receipt.short(), one_line(command));
    text.push_str(&format!("[[rule]]\nid = \"suggested-{plain}-{number}\"\neffect = \"allow\"\n"));
    if !group.rules.is_empty() {
        text.push_str(&format!("overrides = {}\n", listed(&group.rules)));
    }
    text.push_str(&format!("reason = \"seen {times} in recorded calls\"\n[rule.when]\n"));
    let keys = [
        ("tool", &group.tools),
        ("command", &group.programs),
        ("subcommand", &group.subcommands),
        ("host", &group.hosts),
    ];
    for (key, names) in keys {
        if !names.is_empty() {
            text.push_str(&format!("{key} = {}\n", listed(names)));
        }
    }
    if !group.entities.is_empty() {
        text.push_str(&format!("finding = {{ entity = {} }}\n", listed(&group.entities)));
    }
    text
}

/// A TOML list of strings; one alone stands by itself.
fn listed(names: &BTreeSet<String>) -> String {
    let quoted: Vec<String> =
        names.iter().map(|name| serde_json::Value::from(name.as_str()).to_string()).collect();
    match quoted.as_slice() {
        [one] if !names.is_empty() => one.clone(),
        many => format!("[{}]", many.join(", ")),
    }
}

fn one_line(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect()
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

#[cfg(test)]
mod tests {
    use super::*;

    fn group(programs: &[&str], hosts: &[&str], count: u64) -> Group {
        let set = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        Group {
            rules: set(&["r"]),
            critical: false,
            tools: BTreeSet::new(),
            programs: set(programs),
            subcommands: BTreeSet::new(),
            hosts: set(hosts),
            entities: BTreeSet::new(),
            count,
            receipt: Id::new(1, [0; 10]),
            command: String::from("curl h"),
        }
    }

    #[test]
    fn only_calls_that_differ_in_one_respect_are_put_together() {
        let mut all = vec![
            group(&["curl"], &["a"], 1),
            group(&["curl"], &["b"], 2),
            group(&["wget"], &["a", "b"], 3),
            group(&["ssh"], &["c"], 1),
        ];
        merge(&mut all);
        let shown: Vec<_> =
            all.iter().map(|one| (one.programs.len(), one.hosts.len(), one.count)).collect();
        assert_eq!(shown, [(2, 2, 6), (1, 1, 1)], "curl and wget to a and b; never ssh to a");
        assert_eq!(
            join(&group(&["curl"], &[], 1), &group(&["curl"], &["a"], 1)),
            None,
            "no host is no host more"
        );
    }

    #[test]
    fn rules_are_toml_and_critical_ones_are_commented() {
        let mut one = group(&["curl"], &["a\"b"], 1);
        assert!(rules(&[one.clone()]).contains("host = \"a\\\"b\"\n"));
        one.critical = true;
        let text = rules(&[one]);
        assert!(text.lines().all(|line| line.is_empty() || line.starts_with('#')), "{text}");
    }
}
