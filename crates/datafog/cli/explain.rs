//! `datafog explain`: why a decision was, or would be, as it is.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::{Finding, IdPrefix};
use datafog_gate::{Asked, Outcome, Purpose, Report, Request};
use datafog_policy::{PartTrace, RuleOutcome, RuleTrace, Truth};
use serde::Serialize;

use super::command_line::{Other, request, unanswered};
use super::output::{Cell, Tone, plain};
use super::session::Session;
use super::{check, receipts, status};
use crate::exit_code::ExitCode;

/// Most characters that are shown of what a condition wants or sees.
const LONGEST: usize = 120;

/// Arguments of `explain`.
#[derive(Args, Debug)]
#[command(after_help = "\
With a command: how it is read, what is found in it, what every rule says to it and why, and how
long each step takes. Nothing runs. With an id, or nothing: what the receipt says.

Examples:
  datafog explain                             the newest receipt
  datafog explain 9f0a1b2c                    a receipt by the last digits of its id
  datafog explain -- git push --force         a command
  datafog explain --all -- git push --force   the rules that do not match, too")]
pub(super) struct Explain {
    /// Id of a receipt: 8 or more of its last digits
    #[arg(conflicts_with_all = ["last", "command", "tool", "line"])]
    id: Option<IdPrefix>,
    /// The newest receipt (the same as no argument)
    #[arg(long, conflicts_with_all = ["command", "tool", "line"])]
    last: bool,
    /// Ask this policy, too, ours or another system's; the stricter answer holds
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    /// Show the conditions of rules that do not match, too
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    other: Other,
    /// The command and its arguments
    #[arg(last = true, conflicts_with_all = ["tool", "line"])]
    command: Vec<OsString>,
}

impl Explain {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        if self.command.is_empty() && !self.other.is_given() {
            return receipts::show(session, self.id.as_ref(), self.json);
        }
        let request = match self.other.request(Purpose::Explain)? {
            Some(request) => request,
            None => request(&self.command, Purpose::Explain, None)?,
        };
        let request = Request { policy: self.policy.clone(), ..request };
        let report = match session.judging()?.run(&request) {
            Outcome::Decided(report) => report,
            Outcome::Blocked(notice) => return Err(unanswered(&notice)),
            Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => return Ok(ExitCode::Io),
        };
        if self.json {
            session.out.json(&Document::of(&report))?;
        } else {
            session.out.print(self.text(session, &report))?;
        }
        Ok(check::exit_code(&report))
    }

    fn text(&self, session: &Session, report: &Report) -> String {
        let head = |text: &str| session.out.tone(Tone::Bold, text);
        let mut text = format!("{}\n", head("normal form"));
        for line in report.normal_form.lines() {
            text.push_str(&format!("  {}\n", plain(line)));
        }
        text.push_str(&format!("{}\n", head("findings")));
        text.push_str(&findings(session, report));
        text.push_str(&format!("{}\n", head("rules")));
        for part in report.explanation.iter().flat_map(|explanation| &explanation.parts) {
            text.push_str(&self.rules(session, part));
        }
        if !report.asked.is_empty() {
            text.push_str(&format!("{}\n", head("policies")));
            text.push_str(&asked(session, &report.asked));
        }
        text.push_str(&session.out.table(&check::rows(report)));
        let times =
            report.clock.steps().map(|(name, time)| format!("{name} {} µs", time.as_micros()));
        text.push_str(&format!("{}  {}\n", head("times   "), times.join(", ")));
        text
    }

    fn rules(&self, session: &Session, part: &PartTrace) -> String {
        let mut rows = Vec::new();
        let mut misses = 0_usize;
        for trace in &part.rules {
            let missed = trace.outcome == RuleOutcome::Miss;
            if missed && !self.all {
                misses = misses.saturating_add(1);
                continue;
            }
            rows.push(rule_row(trace));
            rows.extend(trace.conditions.iter().map(|condition| {
                let blanks = "  ".repeat(condition.depth);
                let detail = match (condition.wanted.as_str(), condition.seen.as_str()) {
                    ("", "") => String::new(),
                    (wanted, seen) => {
                        format!("wants {}; there is {}", shortened(wanted), shortened(seen))
                    }
                };
                let name = Cell::new(format_args!("    {blanks}{}", condition.name));
                vec![name, truth(condition.truth), Cell::toned(Tone::Dim, detail)]
            }));
        }
        let mut text = session.out.table(&rows);
        if misses > 0 {
            let note = format!("{misses} more do not match (--all shows them)");
            text.push_str(&format!("  {}\n", session.out.tone(Tone::Dim, note)));
        }
        text
    }
}

/// What each policy says by itself, with the rules that matched.
fn asked(session: &Session, policies: &[Asked]) -> String {
    let mut rows = Vec::new();
    for policy in policies {
        let name = format!("  {} {}", policy.id, policy.version);
        let reason = Cell::new(&policy.decision.reason);
        rows.push(vec![Cell::new(name), check::verdict(policy.decision.verdict), reason]);
        rows.extend(policy.decision.matched.iter().map(|rule| {
            let place = Cell::toned(Tone::Dim, status::place(&rule.origin));
            vec![Cell::new(format_args!("    {}", rule.id)), check::verdict(rule.verdict), place]
        }));
    }
    session.out.table(&rows)
}

/// The beginning of a long list of patterns; `--json` has the whole.
fn shortened(text: &str) -> String {
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn rule_row(trace: &RuleTrace) -> Vec<Cell> {
    let rule = &trace.rule;
    let outcome = match &trace.outcome {
        RuleOutcome::Match => Cell::toned(Tone::Bold, "matches"),
        RuleOutcome::Miss => Cell::toned(Tone::Dim, "no match"),
        RuleOutcome::Override(by) => {
            Cell::toned(Tone::Warning, format_args!("matches, overridden by {by}"))
        }
    };
    let detail = format!("{} ({})", rule.effect, status::place(&rule.origin));
    vec![Cell::new(format_args!("  {}", rule.id)), outcome, Cell::new(detail)]
}

fn truth(truth: Truth) -> Cell {
    match truth {
        Truth::True => Cell::toned(Tone::Good, "true"),
        Truth::False => Cell::toned(Tone::Dim, "false"),
        Truth::Unknown => Cell::toned(Tone::Warning, "unknown"),
    }
}

fn findings(session: &Session, report: &Report) -> String {
    if report.event.findings.is_empty() {
        return "  none\n".to_owned();
    }
    let row = |(finding, home): (&Finding, &bool)| {
        let span = finding.span;
        vec![
            Cell::new(format_args!("  {}", finding.entity)),
            Cell::new(format_args!("{} bytes {} to {}", finding.channel, span.start(), span.end())),
            Cell::new(&finding.preview),
            Cell::new(format_args!("{}, confidence {}", finding.severity, finding.confidence)),
            Cell::new(if *home { "going home" } else { "" }),
        ]
    };
    let pairs = report.event.findings.iter().zip(&report.going_home);
    session.out.table(&pairs.map(row).collect::<Vec<_>>())
}

/// What `explain --json` prints about a command.
#[derive(Serialize)]
struct Document<'a> {
    normal_form: &'a str,
    decision: datafog_core::Verdict,
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
    findings: Vec<FoundDocument<'a>>,
    rules: Vec<RuleDocument<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    policies: Vec<PolicyDocument<'a>>,
    microseconds: std::collections::BTreeMap<&'static str, u128>,
    receipt_id: datafog_core::Id,
}

#[derive(Serialize)]
struct FoundDocument<'a> {
    #[serde(flatten)]
    finding: &'a Finding,
    going_home: bool,
}

#[derive(Serialize)]
struct RuleDocument<'a> {
    program: &'a str,
    id: &'a str,
    effect: datafog_core::Verdict,
    place: String,
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    overridden_by: Option<&'a str>,
    conditions: Vec<ConditionDocument<'a>>,
}

#[derive(Serialize)]
struct PolicyDocument<'a> {
    id: &'a str,
    version: &'a str,
    digest: datafog_core::Digest,
    decision: datafog_core::Verdict,
    reason: &'a str,
    matched_rules: Vec<&'a str>,
}

#[derive(Serialize)]
struct ConditionDocument<'a> {
    name: &'a str,
    truth: &'static str,
    depth: usize,
    wanted: &'a str,
    seen: &'a str,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        let parts = report.explanation.iter().flat_map(|explanation| &explanation.parts);
        let rules = parts
            .flat_map(|part| part.rules.iter().map(|trace| RuleDocument::of(&part.program, trace)));
        let pairs = report.event.findings.iter().zip(&report.going_home);
        Self {
            normal_form: &report.normal_form,
            decision: report.decision.verdict,
            reason: &report.decision.reason,
            instead: report.decision.instead.as_deref(),
            fault: report.fault.as_deref(),
            findings: pairs
                .map(|(finding, home)| FoundDocument { finding, going_home: *home })
                .collect(),
            rules: rules.collect(),
            policies: report.asked.iter().map(PolicyDocument::of).collect(),
            microseconds: report.clock.steps().map(|(name, time)| (name, time.as_micros())).into(),
            receipt_id: report.event.receipt_id,
        }
    }
}

impl<'a> PolicyDocument<'a> {
    fn of(asked: &'a Asked) -> Self {
        Self {
            id: &asked.id,
            version: &asked.version,
            digest: asked.digest,
            decision: asked.decision.verdict,
            reason: &asked.decision.reason,
            matched_rules: asked.decision.matched.iter().map(|rule| rule.id.as_str()).collect(),
        }
    }
}

impl<'a> RuleDocument<'a> {
    fn of(program: &'a str, trace: &'a RuleTrace) -> Self {
        let (outcome, overridden_by) = match &trace.outcome {
            RuleOutcome::Match => ("match", None),
            RuleOutcome::Miss => ("miss", None),
            RuleOutcome::Override(by) => ("override", Some(by.as_str())),
        };
        let conditions = trace.conditions.iter().map(|condition| ConditionDocument {
            name: condition.name,
            truth: match condition.truth {
                Truth::True => "true",
                Truth::False => "false",
                Truth::Unknown => "unknown",
            },
            depth: condition.depth,
            wanted: &condition.wanted,
            seen: &condition.seen,
        });
        Self {
            program,
            id: &trace.rule.id,
            effect: trace.rule.effect,
            place: status::place(&trace.rule.origin),
            outcome,
            overridden_by,
            conditions: conditions.collect(),
        }
    }
}
