//! What a scorer outside of datafog is told about a call, and what it said.
//!
//! It is told what a receipt holds: names, ways, hosts, findings by kind, the command without
//! values. It runs where a rule asks and everything else of that rule holds, once for each call,
//! and its answer can only make a decision stricter: the condition that asks it lets nothing through.

use datafog_config::Scorer;
use datafog_core::{Facts, Finding, Key};
use serde::Serialize;

use crate::case::Case;
use crate::event;
use crate::foreign::ForeignPolicies;
use crate::veil::Veil;

/// Begins the fault that says why there was no answer.
pub(crate) const FAILED: &str = "the scorer gave no answer: ";

/// Most findings and hosts that it is told of.
const MOST_LISTED: usize = 100;

/// Who asks the scorer, and which it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scoring<'a> {
    /// Asks it; `None` where nobody can.
    pub(crate) way: Option<&'a dyn ForeignPolicies>,
    /// Which it is; `None` when none is set.
    pub(crate) scorer: Option<Scorer<'a>>,
    pub(crate) key: &'a Key,
}

/// The question, as JSON.
#[derive(Serialize)]
struct Question<'a> {
    version: u32,
    action: &'a str,
    program: String,
    command: String,
    tool: Option<String>,
    categories: Vec<&'a str>,
    flows: Vec<&'a str>,
    destinations: Vec<String>,
    findings: Vec<Found<'a>>,
    unscanned: usize,
    principal: &'a str,
    agent: Option<&'a str>,
    cwd: String,
}

/// A finding, without its value.
#[derive(Serialize)]
struct Found<'a> {
    entity: &'a str,
    severity: &'a str,
    channel: String,
    going_home: bool,
}

impl Scoring<'_> {
    /// The points that the scorer gives, of 100, or why it gives none.
    pub(crate) fn ask(&self, case: &Case<'_>) -> Result<u32, String> {
        let scorer = self.scorer.ok_or("none is set in config.toml")?;
        let way = self.way.ok_or("nobody can ask it here")?;
        let veil = Veil::of(case, self.key);
        let question = serde_json::to_vec(&question(case, &veil)).map_err(|it| it.to_string())?;
        let points = way.score(scorer, question)?;
        if points <= 100 { Ok(points) } else { Err(format!("{points} points are more than 100")) }
    }
}

fn question<'c>(case: &'c Case<'_>, veil: &Veil<'_>) -> Question<'c> {
    let action = case.action;
    let tool = action.tool.as_deref();
    let found = |(part, finding): (&'c Case<'_>, &'c Finding)| Found {
        entity: &finding.entity,
        severity: finding.severity.name(),
        channel: veil.channel(&part.told(&finding.channel)).to_string(),
        going_home: part.going_home(finding),
    };
    let findings = case.all().flat_map(|one| one.findings().iter().map(move |it| (one, it)));
    // Asked for first, so that they are resolved when they are told.
    let resolved: usize = case.all().map(|one| one.destinations().len()).sum();
    let destinations = event::destinations(case).into_iter().take(resolved.min(MOST_LISTED));
    let categories = tool.map(|tool| tool.categories.iter().map(|one| one.name()).collect());
    Question {
        version: 1,
        action: action.kind.name(),
        program: veil.over(&action.invocation.program),
        command: veil.command(&event::command(case)),
        tool: tool.map(|tool| veil.over(&tool.name)),
        categories: categories.unwrap_or_default(),
        flows: event::flows(case).iter().map(|flow| flow.name()).collect(),
        destinations: destinations.map(|one| veil.over(&one)).collect(),
        findings: findings.take(MOST_LISTED).map(found).collect(),
        unscanned: case.all().map(|one| one.unscanned().len()).sum(),
        principal: case.principal().kind.name(),
        agent: case.principal().agent.as_deref(),
        cwd: veil.over(&action.cwd.to_string_lossy()),
    }
}
