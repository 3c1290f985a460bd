//! Judges an action by a compiled policy.
//!
//! All matching rules count and the strictest verdict wins. Rules are asked in the order of what
//! they cost; most are never asked at all, because they are filed under another command or need a
//! flow or a finding that is not there.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use datafog_core::{
    Account, Action, ActionKind, Automation, Decision, Destination, Facts, Finding, Flows,
    LocalTime, Mode, Obligation, Principal, Remote, Repository, Risk, RuleMatch, ToolCall, Verdict,
};

use crate::Truth;
use crate::bytes::Damaged;
use crate::compiled::{Entry, Head, RuleText};
use crate::condition::{Trial, possible_flows};
use crate::node;

/// The decision on an action and all its parts.
pub(crate) fn judge(head: &Head<'_>, facts: &dyn Facts) -> Result<Decision, Damaged> {
    if facts.action().parts.is_empty() {
        let hits = matches(head, facts)?;
        let verdict = verdict(head, &hits);
        return conclude(head, verdict, hits);
    }
    let mut all: Vec<Hit<'_>> = Vec::new();
    let mut strictest = Verdict::Allow;
    for action in parts(facts.action()) {
        let hits = matches(head, &Part { facts, action })?;
        strictest = strictest.max(verdict(head, &hits));
        for hit in hits {
            merge(&mut all, hit);
        }
    }
    conclude(head, strictest, all)
}

/// The decision when the compiled policy cannot be read: nobody knows what it says, so nothing
/// runs.
pub(crate) fn damaged() -> Decision {
    Decision {
        verdict: Verdict::Deny,
        obligations: Vec::new(),
        matched: Vec::new(),
        reason: Cow::Borrowed("the compiled policy is damaged"),
        instead: Some(String::from("compile it again with `datafog policy lint`")),
        risk: None,
    }
}

/// The action and everything nested in it. A shell line is only its parts; a wrapper (`env`,
/// `ssh`) is a command of its own beside the one it starts.
pub(crate) fn parts(action: &Action) -> Vec<&Action> {
    let mut all = Vec::new();
    let mut left = vec![action];
    while let Some(action) = left.pop() {
        left.extend(action.parts.iter().rev());
        if action.kind != ActionKind::ShellExec || action.parts.is_empty() {
            all.push(action);
        }
    }
    all
}

/// A rule that matched.
#[derive(Clone, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) rule: u16,
    pub(crate) text: RuleText<'a>,
    pub(crate) truth: Truth,
    pub(crate) findings: Vec<usize>,
    /// The score, when a condition of the rule asked for it.
    pub(crate) risk: Option<Risk>,
}

/// The rules that match one action and are not overridden.
fn matches<'a>(head: &Head<'a>, facts: &dyn Facts) -> Result<Vec<Hit<'a>>, Damaged> {
    let invocation = &facts.action().invocation;
    let flows = possible_flows(invocation);
    let mut hits = Vec::new();
    let tool = facts.tool().map(|tool| tool.name.as_str());
    for rule in head.candidates(&invocation.program, &invocation.family, tool) {
        let entry = head.entry(rule)?;
        if can_match(entry, flows, facts) {
            hits.extend(ask(head, rule, entry, facts)?);
        }
    }
    remove_overridden(&mut hits);
    Ok(hits)
}

/// What the table alone tells, before any condition is read.
fn can_match(entry: Entry, flows: u8, facts: &dyn Facts) -> bool {
    (entry.flows == 0 || entry.flows & flows != 0)
        && !(entry.needs_finding() && facts.findings().is_empty())
        && !(entry.needs_unscanned() && facts.unscanned().is_empty())
}

fn ask<'a>(
    head: &Head<'a>,
    rule: u16,
    entry: Entry,
    facts: &dyn Facts,
) -> Result<Option<Hit<'a>>, Damaged> {
    let mut trial = Trial::new(facts);
    let truth = node::test(head.when(entry)?, &mut trial)?;
    if truth == Truth::False {
        return Ok(None);
    }
    let text = head.text(entry)?;
    let risk = trial.risk;
    let mut findings = trial.findings;
    findings.sort_unstable();
    findings.dedup();
    Ok(truth.counts_for(text.effect).then_some(Hit { rule, text, truth, findings, risk }))
}

/// Takes out every rule that a matching rule overrides. Only certainty overrides, and a rule that
/// is itself overridden does not.
pub(crate) fn remove_overridden(hits: &mut Vec<Hit<'_>>) {
    if hits.iter().all(|hit| hit.text.overrides.is_empty()) {
        return;
    }
    hits.sort_by_key(|hit| hit.text.order);
    let mut gone: Vec<u16> = Vec::new();
    for hit in hits.iter() {
        if hit.truth == Truth::True && !gone.contains(&hit.rule) {
            gone.extend(&hit.text.overrides);
        }
    }
    hits.retain(|hit| !gone.contains(&hit.rule));
}

/// The strictest verdict. The default gives way only to a rule that certainly matches and that
/// may loosen; whatever else matches is added to it.
fn verdict(head: &Head<'_>, hits: &[Hit<'_>]) -> Verdict {
    let settles = |hit: &Hit<'_>| hit.truth == Truth::True && !hit.text.only_tightens;
    let start = if hits.iter().any(settles) { Verdict::Allow } else { head.default };
    hits.iter().map(|hit| hit.text.effect).fold(start, Verdict::max)
}

/// The same rule may match several parts.
fn merge<'a>(all: &mut Vec<Hit<'a>>, hit: Hit<'a>) {
    let Some(known) = all.iter_mut().find(|known| known.rule == hit.rule) else {
        all.push(hit);
        return;
    };
    known.findings.extend(hit.findings);
    known.findings.sort_unstable();
    known.findings.dedup();
    if hit.truth == Truth::True {
        known.truth = Truth::True;
    }
}

fn conclude(
    head: &Head<'_>,
    verdict: Verdict,
    mut hits: Vec<Hit<'_>>,
) -> Result<Decision, Damaged> {
    hits.sort_by(|one, other| rank(other).cmp(&rank(one)).then(one.rule.cmp(&other.rule)));
    let decider = hits.first().filter(|hit| hit.text.effect == verdict);
    let (reason, instead) = match decider {
        None => (Cow::Borrowed(by_default(head.default)), None),
        Some(hit) => (Cow::Owned(reason(hit)), hit.text.instead.map(str::to_owned)),
    };
    let mut obligations: Vec<Obligation> = Vec::new();
    for obligation in hits.iter().flat_map(|hit| &hit.text.obligations) {
        if !obligations.contains(obligation) {
            obligations.push(obligation.clone());
        }
    }
    let risk = hits.iter().filter_map(|hit| hit.risk.as_ref()).max_by_key(|risk| risk.score);
    let risk = risk.cloned();
    let matched: Result<_, Damaged> = hits.into_iter().map(|hit| rule_match(head, hit)).collect();
    Ok(Decision { verdict, obligations, matched: matched?, reason, instead, risk })
}

/// What makes one matching rule speak for the decision rather than another.
fn rank(hit: &Hit<'_>) -> (Verdict, bool, datafog_core::Severity) {
    (hit.text.effect, hit.truth == Truth::True, hit.text.severity)
}

/// Borrowed, since most decisions are this one.
const fn by_default(default: Verdict) -> &'static str {
    match default {
        Verdict::Allow => "no rule matched; the default is allow",
        Verdict::Redact => "no rule matched; the default is allow_with_redaction",
        Verdict::Rewrite => "no rule matched; the default is transform",
        Verdict::RequireApproval => "no rule matched; the default is require_approval",
        Verdict::Deny => "no rule matched; the default is deny",
    }
}

fn reason(hit: &Hit<'_>) -> String {
    if let Some(risk) = &hit.risk {
        return format!("{} ({risk})", hit.text.reason);
    }
    match hit.truth {
        Truth::Unknown => {
            format!("{} (whether this applies cannot be told, so it does)", hit.text.reason)
        }
        Truth::False | Truth::True => hit.text.reason.to_owned(),
    }
}

fn rule_match(head: &Head<'_>, hit: Hit<'_>) -> Result<RuleMatch, Damaged> {
    Ok(RuleMatch {
        id: hit.text.id.to_owned(),
        verdict: hit.text.effect,
        severity: hit.text.severity,
        origin: head.origin(&hit.text)?,
        findings: hit.findings,
    })
}

/// The facts of a whole action, seen by one of its parts.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    pub(crate) facts: &'a dyn Facts,
    pub(crate) action: &'a Action,
}

impl Facts for Part<'_> {
    fn action(&self) -> &Action {
        self.action
    }

    fn tool(&self) -> Option<&ToolCall> {
        self.facts.tool()
    }

    fn flows(&self) -> Flows {
        self.facts.flows()
    }

    fn destinations(&self) -> &[Destination] {
        self.facts.destinations()
    }

    fn findings(&self) -> &[Finding] {
        self.facts.findings()
    }

    fn going_home(&self, finding: &Finding) -> bool {
        self.facts.going_home(finding)
    }

    fn unscanned(&self) -> &[String] {
        self.facts.unscanned()
    }

    fn mode(&self) -> Mode {
        self.facts.mode()
    }

    fn principal(&self) -> &Principal {
        self.facts.principal()
    }

    fn account(&self) -> Option<&Account> {
        self.facts.account()
    }

    fn repository(&self, folder: &Path) -> Option<Option<Repository>> {
        self.facts.repository(folder)
    }

    fn remotes(&self, folder: &Path) -> Option<Vec<Option<Remote>>> {
        self.facts.remotes(folder)
    }

    fn local_time(&self, zone: &str) -> Option<LocalTime> {
        self.facts.local_time(zone)
    }

    fn automation(&self) -> Automation {
        self.facts.automation()
    }

    fn calls(&self, counter: &str, seconds: u32, most: u32) -> Option<u32> {
        self.facts.calls(counter, seconds, most)
    }

    fn home(&self) -> Option<&Path> {
        self.facts.home()
    }

    fn named_home(&self) -> Option<&Path> {
        self.facts.named_home()
    }

    fn root(&self) -> &Path {
        self.facts.root()
    }

    fn entries(&self, folder: &Path) -> Option<usize> {
        self.facts.entries(folder)
    }

    fn canonical(&self, path: &Path) -> Option<PathBuf> {
        self.facts.canonical(path)
    }
}
