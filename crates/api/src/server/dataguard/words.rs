//! DataGuard's words: what is proposed, and what is decided.

use datafog_approval::{Moment, Record};
use datafog_core::{ApprovalState, Event, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::server::arguments::Arguments;
use crate::server::problem::{Kind, Problem};
use crate::server::settle::Outcome;

/// Longest name of a tool.
const LONGEST: usize = 256;

/// `evaluate`. Unknown members are no error.
#[derive(Debug, Deserialize)]
pub(super) struct Evaluate {
    pub(super) proposal: Proposal,
    pub(super) context: Asking,
}

#[derive(Debug, Deserialize)]
pub(super) struct Proposal {
    pub(super) proposal_id: Option<String>,
    pub(super) tool_name: String,
    #[serde(default)]
    pub(super) tool_args: Arguments,
}

/// Who asks, as they say.
#[derive(Debug, Deserialize)]
pub(super) struct Asking {
    pub(super) agent_id: String,
    #[serde(default)]
    pub(super) session_id: String,
    #[serde(default)]
    pub(super) tenant_id: String,
}

impl Evaluate {
    /// Reads a proposal.
    pub(super) fn read(value: Value) -> Result<Self, Problem> {
        let wrong = |message: &str| Problem::new(Kind::Invalid, message);
        let read: Result<Self, _> = serde_json::from_value(value);
        let mut asked = read.map_err(|_| {
            wrong("expected proposal.tool_name, context.agent_id and members of their types")
        })?;
        // As the original does, but nothing is empty after it.
        asked.proposal.tool_name = asked.proposal.tool_name.trim().to_lowercase();
        match asked.proposal.tool_name.len() {
            1..=LONGEST => Ok(asked),
            _ => Err(wrong("proposal.tool_name has 1 to 256 letters")),
        }
    }
}

/// A decision.
#[derive(Debug, Serialize)]
pub(crate) struct Decided {
    decision_id: String,
    proposal_id: String,
    verdict: &'static str,
    risk_score: Score,
    matched_rule_id: Option<String>,
    reason: String,
    /// Always nothing: see the dialect's own words.
    rewritten_call: Option<Value>,
    requires_human: bool,
    timestamp: String,
}

/// Points from 0 to 100.
#[derive(Debug, Serialize)]
struct Score {
    deterministic_score: u32,
    llm_score: Option<u32>,
    final_score: u32,
    explanation: String,
}

impl Decided {
    /// Of an outcome. The id is that of the request for approval, where there is one, since that is
    /// what is approved.
    pub(super) fn of(outcome: &Outcome, proposal_id: Option<String>) -> Self {
        let Outcome { event, verdict, approval } = outcome;
        let told = self::verdict(verdict.name());
        let id = approval.as_ref().map_or(event.receipt_id, Record::id);
        Self {
            decision_id: id.to_string(),
            proposal_id: proposal_id.unwrap_or_else(|| event.receipt_id.to_string()),
            requires_human: *verdict == Verdict::RequireApproval,
            ..Self::told(event, told)
        }
    }

    /// Of a request that a reviewer decided.
    pub(super) fn reviewed(record: &Record, approved: bool, by: &str) -> Self {
        let (event, id) = (record.event(), record.id().to_string());
        // Where several have to say yes, one of them lets nothing through.
        let verdict = match record.state(&Moment::now()) {
            ApprovalState::Approved | ApprovalState::Used => "allow",
            ApprovalState::Pending => "require_approval",
            ApprovalState::Denied | ApprovalState::Expired | ApprovalState::Revoked => "deny",
        };
        let requires_human = verdict == "require_approval";
        let done = if approved { "approved" } else { "rejected" };
        let reason = format!("{done} by {by}: {}", event.reason);
        let (decision_id, proposal_id) = (id.clone(), id);
        Self { decision_id, proposal_id, reason, requires_human, ..Self::told(event, verdict) }
    }

    fn told(event: &Event, verdict: &'static str) -> Self {
        let rule = event.matched_rules.first().cloned();
        let explanation = rule.as_ref().map(|rule| format!("Matched rule: {rule}"));
        Self {
            decision_id: String::new(),
            proposal_id: String::new(),
            verdict,
            risk_score: Score {
                deterministic_score: points(verdict),
                llm_score: None,
                final_score: score(event, verdict),
                explanation: explanation.unwrap_or_else(|| String::from("No rule matched")),
            },
            matched_rule_id: rule,
            reason: event.reason.clone(),
            rewritten_call: None,
            requires_human: false,
            timestamp: event.timestamp.clone(),
        }
    }
}

/// Its word for one of our verdicts. What would have to be changed first is not done here.
pub(super) fn verdict(name: &str) -> &'static str {
    if name == Verdict::Allow.name() {
        "allow"
    } else if name == Verdict::RequireApproval.name() {
        "require_approval"
    } else {
        "deny"
    }
}

/// The points that the original gives what rules decide.
pub(super) fn points(verdict: &str) -> u32 {
    match verdict {
        "deny" => 100,
        "require_approval" => 80,
        _ => 0,
    }
}

/// The points of a decision: those that the policy gave it, else those of its verdict.
pub(super) fn score(event: &Event, verdict: &str) -> u32 {
    event.risk.as_ref().map_or_else(|| points(verdict), |risk| risk.score)
}
