//! `POST /v1/audit/query` and `GET /v1/stats/summary`: what was decided, of the caller's tenant alone.
//!
//! Rows are read from the chain, so they hold digests in the place of arguments.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_approval::Moment;
use datafog_core::Id;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::words;
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Parameters, Reply};
use crate::server::context::Stored;
use crate::server::datafog::moment;
use crate::server::follow::{Reported, outcome_id};
use crate::server::problem::{Kind, Problem};
use crate::store::{Query, Tally};

/// Most rows of one answer.
const MOST: u32 = 500;

/// The kind of receipt that holds a decision of this server.
const DECISION: &str = "check";

/// What rows can be narrowed by. Unknown members are no error, but the tenant is the credential's.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    tenant_id: Option<String>,
    agent_id: Option<String>,
    session_id: Option<String>,
    verdict: Option<String>,
    tool_name: Option<String>,
    /// What it was judged as; what a proposal calls itself is not believed.
    #[serde(alias = "tool_category")]
    category: Option<String>,
    /// A rule that matched, whichever of several.
    #[serde(alias = "matched_rule_id", alias = "rule_id")]
    rule: Option<String>,
    /// What stands in the reason or the command.
    text: Option<String>,
    min_score: Option<u32>,
    max_score: Option<u32>,
    since: Option<String>,
    until: Option<String>,
    limit: Option<u32>,
    offset: u32,
}

/// How far back.
#[derive(Debug, Deserialize)]
pub(crate) struct Window {
    #[serde(default = "a_day")]
    hours: u32,
}

const fn a_day() -> u32 {
    24
}

/// Answers `POST /v1/audit/query`.
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Asked(wanted): Asked<Wanted>,
) -> Reply<Value> {
    let (offset, query) = (wanted.offset, wanted.query(&caller)?);
    let page = app.store.entries(&query).await.map_err(|error| Problem::unread(&error))?;
    let mut rows = Vec::with_capacity(page.entries.len());
    for entry in &page.entries {
        let line = Stored::of(entry)?;
        let done = done(&app, &caller, line.event.receipt_id).await?;
        rows.push(row(&line, done.as_ref()));
    }
    let next = u64::from(offset).saturating_add(rows.len() as u64);
    let next_offset = (next < page.total).then_some(next);
    Ok(Json(json!({ "entries": rows, "total": page.total, "next_offset": next_offset })))
}

/// What was reported of a decision, if it was.
async fn done(app: &App, caller: &Caller, decision: Id) -> Result<Option<Reported>, Problem> {
    let id = outcome_id(decision).to_string();
    let entry = app.store.entry(Some(&caller.tenant), &id).await;
    let entry = entry.map_err(|error| Problem::unread(&error))?;
    Ok(entry.as_ref().map(Stored::of).transpose()?.and_then(|line| line.outcome))
}

/// Answers `GET /v1/stats/summary`.
pub(crate) async fn summary(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(Window { hours }): Parameters<Window>,
) -> Reply<Value> {
    if !(1..=720).contains(&hours) {
        return Err(Problem::new(Kind::Invalid, "hours is 1 to 720"));
    }
    let back = i64::from(hours).saturating_mul(3_600_000_000);
    let after = Timestamp::now().as_microsecond().saturating_sub(back);
    let tallies = app.store.tally(&caller.tenant, DECISION, after).await;
    let now = i64::try_from(Moment::now().wall).unwrap_or(i64::MAX);
    let pending = app.store.waiting(&caller.tenant, now).await;
    let tallies = tallies.map_err(|error| Problem::unread(&error))?;
    let pending = pending.map_err(|error| Problem::unread(&error))?;
    Ok(Json(summed(&tallies, pending, hours)))
}

/// A decision that the policy gave no points has those of its verdict, as when it was told.
fn summed(tallies: &[Tally], pending: u64, hours: u32) -> Value {
    let (mut total, mut points) = (0_u64, 0_u64);
    let mut by_verdict = Map::new();
    for Tally { decision, count, scored, score } in tallies {
        let verdict = words::verdict(decision);
        let unscored = count.saturating_sub(*scored);
        let of_verdict = u64::from(words::points(verdict)).saturating_mul(unscored);
        total = total.saturating_add(*count);
        points = points.saturating_add(*score).saturating_add(of_verdict);
        let before = by_verdict.get(verdict).and_then(Value::as_u64).unwrap_or(0);
        by_verdict.insert(verdict.to_owned(), json!(before.saturating_add(*count)));
    }
    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    let mean = if total == 0 { 0.0 } else { points as f64 / total as f64 };
    json!({
        "total": total,
        "by_verdict": by_verdict,
        "pending_approvals": pending,
        "average_risk_score": mean,
        "period_hours": hours,
    })
}

impl Wanted {
    fn query(self, caller: &Caller) -> Result<Query, Problem> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Kind::Invalid, "limit is 1 to 500"));
        }
        let given = |text: Option<String>| text.filter(|text| !text.trim().is_empty());
        if given(self.tenant_id).is_some_and(|tenant| tenant != caller.tenant) {
            return Err(Problem::new(Kind::Forbidden, "the tenant is that of the credential"));
        }
        Ok(Query {
            tenant: Some(caller.tenant.clone()),
            decision: given(self.verdict).map(|verdict| verdict.trim().to_lowercase()),
            tool: given(self.tool_name),
            action_type: given(self.category),
            rule: given(self.rule),
            text: given(self.text),
            score: (self.min_score.map(i64::from), self.max_score.map(i64::from)),
            // `since` and `until` are counted in; the store's bounds are not.
            after: moment(given(self.since))?.map(|at| at.saturating_sub(1)),
            before: moment(given(self.until))?.map(|at| at.saturating_add(1)),
            agent: given(self.agent_id),
            session: given(self.session_id),
            kind: Some(DECISION.to_owned()),
            limit,
            offset: self.offset,
        })
    }
}

/// Equal for equal arguments; of what is no call of a tool, and of lines of before, the whole call's.
fn args_hash(line: &Stored) -> String {
    match &*line.server.args_hash {
        "" => line.event.action_digest.to_string(),
        known => known.to_owned(),
    }
}

/// A decision as a row, with what was reported of it.
fn row(line: &Stored, done: Option<&Reported>) -> Value {
    let (event, server) = (&line.event, &line.server);
    let verdict = words::verdict(event.decision.name());
    let (score, id) = (words::score(event, verdict), event.receipt_id.to_string());
    let (outcome, duration) = done.map_or((None, None), |done| {
        (Some(if done.success { "success" } else { "error" }), done.duration_ms)
    });
    json!({
        "decision_id": id,
        "proposal_id": Some(&server.proposal_id).filter(|id| !id.is_empty()).unwrap_or(&id),
        "agent_id": server.actor_id,
        "session_id": server.session_id,
        "tenant_id": server.tenant,
        "tool_name": if server.tool.is_empty() { &event.tool } else { &server.tool },
        "category": event.action_type,
        "call": event.command,
        "tool_args_hash": args_hash(line),
        "verdict": verdict,
        "decision": event.decision.name(),
        "final_score": score,
        "matched_rule_id": event.matched_rules.first(),
        "reason": event.reason,
        "requires_human": verdict == "require_approval",
        "approver": event.approval.as_ref().and_then(|note| note.by.clone()),
        "approval_state": event.approval.as_ref().map(|note| note.state.name()),
        "outcome": outcome,
        "outcome_error": done.and_then(|done| done.error.clone()),
        "execution_duration_ms": duration,
        "created_at": event.timestamp,
    })
}
