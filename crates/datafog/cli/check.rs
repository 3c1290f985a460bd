//! `datafog check`: what would be decided about a command. Nothing runs.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::{Finding, Obligation, Rewritten, Risk, Verdict};
use datafog_gate::{Outcome, Purpose, Report, Request};
use serde::Serialize;

use super::command_line::{Question, unanswered};
use super::output::{Cell, Tone};
use super::session::Session;
use super::status::place;
use crate::exit_code::ExitCode;

/// Arguments of `check`.
#[derive(Args, Debug)]
#[command(after_help = "\
Standard input is not read. A receipt of kind `check` is written.

Exit codes: 0 allowed as it is or in a safer form, 1 denied, 3 needs approval, 4 policy or settings not valid, 5 I/O.

Examples:
  datafog check -- git push origin main
  datafog check --policy draft.toml -- git push origin main
  datafog check -c 'cd build && rm -rf *'
  datafog check --tool WebFetch --args '{\"url\":\"https://example.com/\"}'
  datafog check --json -- curl -d @notes.txt https://example.com/ | jq -r .decision")]
pub(super) struct Check {
    /// Print JSON
    #[arg(long)]
    json: bool,
    /// Ask this policy, too, ours or another system's; the stricter answer holds
    #[arg(long, value_name = "FILE")]
    policy: Option<PathBuf>,
    #[command(flatten)]
    asked: Question,
}

/// A decision as `check --json` prints it. No field holds a raw value.
#[derive(Serialize)]
struct Document<'a> {
    decision: Verdict,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule: Option<&'a str>,
    matched_rules: Vec<&'a str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    obligations: &'a [Obligation],
    reason: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    risk: Option<&'a Risk>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<&'a str>,
    command: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rewritten: Option<&'a Rewritten>,
    #[serde(skip_serializing_if = "Option::is_none")]
    part: Option<&'a str>,
    destinations: &'a [String],
    findings: &'a [Finding],
    mode: datafog_core::Mode,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<&'a str>,
    receipt_id: datafog_core::Id,
    duration_us: u64,
}

impl Check {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let request = self.asked.request(Purpose::Check)?;
        let request = Request { policy: self.policy.clone(), ..request };
        let report = match session.judging()?.run(&request) {
            Outcome::Decided(report) => report,
            Outcome::Blocked(notice) => return Err(unanswered(&notice)),
            // Neither can come of a question; were they to, the answer is not a yes.
            Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => return Ok(ExitCode::Io),
        };
        if self.json {
            session.out.json(&document(&report))?;
        } else {
            session.out.print(text(session, &report))?;
        }
        Ok(exit_code(&report))
    }
}

/// What a decision means for somebody who only asked.
pub(super) fn exit_code(report: &Report) -> ExitCode {
    if report.fault.is_some() {
        return ExitCode::Invalid;
    }
    match report.decision.verdict {
        Verdict::Allow => ExitCode::Success,
        Verdict::RequireApproval => ExitCode::NeedsApproval,
        // What runs in the place of it was found, or the verdict would be another.
        Verdict::Rewrite => ExitCode::Success,
        // Not carried out yet, so what asks for it does not run.
        Verdict::Redact | Verdict::Deny => ExitCode::Negative,
    }
}

/// The word for a verdict, in its tone.
pub(super) fn verdict(verdict: Verdict) -> Cell {
    match verdict {
        Verdict::Allow => Cell::toned(Tone::Good, verdict),
        Verdict::Redact | Verdict::Rewrite | Verdict::RequireApproval => {
            Cell::toned(Tone::Warning, verdict)
        }
        Verdict::Deny => Cell::toned(Tone::Bad, verdict),
    }
}

/// Decision, rule, reason and remedy as rows of a table.
pub(super) fn rows(report: &Report) -> Vec<Vec<Cell>> {
    let decision = &report.decision;
    let head = |text: &str| Cell::toned(Tone::Bold, text);
    let mut rows = vec![vec![head("decision"), verdict(decision.verdict)]];
    if let Some(rule) = decision.decider() {
        let text = format!("{} ({})", rule.id, place(&rule.origin));
        rows.push(vec![head("rule"), Cell::new(text)]);
    }
    rows.extend(report.part.iter().map(|text| vec![head("command"), Cell::new(text)]));
    if !decision.reason.is_empty() {
        rows.push(vec![head("why"), Cell::new(&*decision.reason)]);
    }
    for signal in decision.risk.iter().flat_map(|risk| &risk.signals) {
        let doubt = if signal.certain { "" } else { ", which cannot be told" };
        let text = format!("{} {}: {}{doubt}", signal.id, signal.points, signal.source);
        rows.push(vec![head("risk"), Cell::new(text)]);
    }
    if let Some(rewritten) = &report.rewritten {
        rows.push(vec![head("runs as"), Cell::new(&rewritten.command)]);
    }
    let needs = decision.obligations.iter().filter(|_| decision.verdict < Verdict::Deny);
    rows.extend(needs.map(|one| vec![head("needs"), Cell::new(one)]));
    rows.extend(decision.instead.iter().map(|text| vec![head("instead"), Cell::new(text)]));
    rows.extend(report.fault.iter().map(|text| vec![head("problem"), Cell::new(text)]));
    rows.push(vec![head("receipt"), Cell::new(report.event.receipt_id)]);
    rows
}

fn text(session: &Session, report: &Report) -> String {
    session.out.table(&rows(report))
}

fn document(report: &Report) -> Document<'_> {
    let (decision, event) = (&report.decision, &report.event);
    Document {
        decision: decision.verdict,
        rule: decision.decider().map(|rule| rule.id.as_str()),
        matched_rules: decision.matched.iter().map(|rule| rule.id.as_str()).collect(),
        obligations: &decision.obligations,
        reason: &decision.reason,
        risk: decision.risk.as_ref(),
        instead: decision.instead.as_deref(),
        command: &event.command,
        rewritten: report.rewritten.as_ref(),
        part: report.part.as_deref(),
        destinations: &event.destinations,
        findings: &event.findings,
        mode: event.mode,
        fault: report.fault.as_deref(),
        receipt_id: event.receipt_id,
        duration_us: event.duration_us,
    }
}
