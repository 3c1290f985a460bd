//! Judges an action by a compiled policy.
//!
//! All matching rules count and the strictest verdict wins. Rules are asked in the order of what
//! they cost; most are never asked at all, because they are filed under another command or need a
//! flow or a finding that is not there.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use datafog_core::{
    Account, Action, ActionKind, Automation, Decision, Destination, Facts, Finding, Flows,
    Invocation, LocalTime, Mode, Obligation, Principal, Remote, Repository, Risk, RuleMatch,
    ToolCall, Verdict,
};

use crate::Truth;
use crate::bytes::Damaged;
use crate::compiled::{Entry, Head, RuleText};
use crate::condition::{Trial, possible_flows};
use crate::node;

/// The decision on an action and all its parts.
pub(crate) fn judge(head: &Head<'_>, facts: &dyn Facts) -> Result<Decision, Damaged> {
    if facts.action().parts.is_empty() && facts.started().is_empty() {
        let hits = matches(head, facts)?;
        let verdict = verdict(head.default, &hits);
        return conclude(head, verdict, hits);
    }
    let mut all: Vec<Hit<'_>> = Vec::new();
    let mut strictest = Verdict::Allow;
    for part in parts(facts) {
        let hits = matches(head, &part)?;
        let default = if part.speaks { head.default } else { Verdict::Allow };
        strictest = strictest.max(verdict(default, &hits));
        for mut hit in hits {
            hit.part = part.number;
            for finding in &mut hit.findings {
                *finding = finding.saturating_add(part.findings_before);
            }
            merge(&mut all, hit);
        }
    }
    conclude(head, strictest, all)
}

/// The decision when the compiled policy cannot be read: nobody knows what it says, so nothing
/// runs.
pub(crate) fn damaged() -> Decision {
    Decision {
        instead: Some(String::from("compile it again with `datafog policy lint`")),
        ..Decision::without_rule(Verdict::Deny, "the compiled policy is damaged")
    }
}

/// The action, everything nested in it and everything that it starts. A wrapper (`env`, `ssh`) is a
/// command of its own beside the one it starts; for a line for a shell, and for a tool that runs
/// one, its commands speak: no default is asked about it.
pub(crate) fn parts(whole: &dyn Facts) -> Vec<Part<'_>> {
    let (mut all, mut left) = (Vec::new(), vec![whole]);
    let (mut number, mut findings_before) = (0_usize, 0_usize);
    while let Some(own) = left.pop() {
        let started = own.started();
        let stands_for = matches!(own.action().kind, ActionKind::ShellExec | ActionKind::ToolCall);
        let speaks = !stands_for || started.is_empty();
        let mut nested = vec![own.action()];
        while let Some(action) = nested.pop() {
            nested.extend(action.parts.iter().rev());
            all.push(Part { whole, own, action, number, findings_before, speaks });
        }
        number = number.saturating_add(1);
        findings_before = findings_before.saturating_add(own.findings().len());
        left.extend(started.into_iter().rev());
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
    /// Which part matched; see [`RuleMatch::part`].
    pub(crate) part: usize,
}

/// The rules that match one action and are not overridden.
fn matches<'a>(head: &Head<'a>, facts: &dyn Facts) -> Result<Vec<Hit<'a>>, Damaged> {
    let invocation = &facts.action().invocation;
    let flows = possible_flows(invocation);
    let mut hits = Vec::new();
    let tool = facts.tool().map(|tool| tool.name.as_str());
    for rule in head.candidates(&invocation.program, &invocation.family, tool) {
        let rule = rule?;
        let entry = head.entry(rule)?;
        if can_match(entry, flows, facts) {
            hits.extend(ask(head, rule, entry, facts)?);
        }
    }
    remove_overridden(&mut hits);
    Ok(hits)
}

/// Whether a rule that asks for findings could match the call, by what the table alone tells.
pub(crate) fn may_ask_for_findings(head: &Head<'_>, invocation: &Invocation) -> bool {
    let flows = possible_flows(invocation);
    head.candidates(&invocation.program, &invocation.family, None).any(|rule| {
        rule.and_then(|rule| head.entry(rule)).is_ok_and(|entry| {
            entry.needs_finding() && (entry.flows == 0 || entry.flows & flows != 0)
        })
    })
}

/// What the table alone tells, before any condition is read.
pub(crate) fn can_match(entry: Entry, flows: u8, facts: &dyn Facts) -> bool {
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
    Ok(truth.counts_for(text.effect).then_some(Hit { rule, text, truth, findings, risk, part: 0 }))
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
fn verdict(default: Verdict, hits: &[Hit<'_>]) -> Verdict {
    let settles = |hit: &Hit<'_>| hit.truth == Truth::True && !hit.text.only_tightens;
    let start = if hits.iter().any(settles) { Verdict::Allow } else { default };
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
        part: hit.part,
    })
}

/// The facts of a whole action, seen by one of its parts.
#[derive(Clone, Copy)]
pub(crate) struct Part<'a> {
    /// Who asks, and around what.
    whole: &'a dyn Facts,
    /// What was seen of this part by itself.
    own: &'a dyn Facts,
    pub(crate) action: &'a Action,
    /// See [`RuleMatch::part`].
    number: usize,
    /// How many findings stand before those of this part.
    findings_before: usize,
    /// Whether the default is asked about it.
    pub(crate) speaks: bool,
}

impl Facts for Part<'_> {
    fn action(&self) -> &Action {
        self.action
    }

    fn called_in(&self) -> &Path {
        self.own.called_in()
    }

    fn tool(&self) -> Option<&ToolCall> {
        self.whole.tool()
    }

    fn flows(&self) -> Flows {
        self.own.flows()
    }

    fn destinations(&self) -> &[Destination] {
        self.own.destinations()
    }

    fn findings(&self) -> &[Finding] {
        self.own.findings()
    }

    fn going_home(&self, finding: &Finding) -> bool {
        self.own.going_home(finding)
    }

    fn unscanned(&self) -> &[String] {
        self.own.unscanned()
    }

    fn mode(&self) -> Mode {
        self.whole.mode()
    }

    fn principal(&self) -> &Principal {
        self.whole.principal()
    }

    fn account(&self) -> Option<&Account> {
        self.whole.account()
    }

    fn repository(&self, folder: &Path) -> Option<Option<Repository>> {
        self.whole.repository(folder)
    }

    fn remotes(&self, folder: &Path) -> Option<Vec<Option<Remote>>> {
        self.whole.remotes(folder)
    }

    fn uncommitted(&self, folder: &Path) -> Option<bool> {
        self.whole.uncommitted(folder)
    }

    fn discards(&self, is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
        self.own.discards(is_spared)
    }

    fn local_time(&self, zone: &str) -> Option<LocalTime> {
        self.whole.local_time(zone)
    }

    fn automation(&self) -> Automation {
        self.whole.automation()
    }

    fn calls(&self, counter: &str, seconds: u32, most: u32) -> Option<u32> {
        self.whole.calls(counter, seconds, most)
    }

    fn outside_score(&self) -> Option<u32> {
        self.whole.outside_score()
    }

    fn home(&self) -> Option<&Path> {
        self.own.home()
    }

    fn named_home(&self) -> Option<&Path> {
        self.own.named_home()
    }

    fn root(&self) -> &Path {
        self.whole.root()
    }

    fn entries(&self, folder: &Path) -> Option<usize> {
        self.whole.entries(folder)
    }

    fn canonical(&self, path: &Path) -> Option<PathBuf> {
        self.own.canonical(path)
    }
}
