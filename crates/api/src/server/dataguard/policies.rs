//! `GET /v1/policies/active`: what is in force, in DataGuard's words.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use datafog_gate::Judge;
use serde_json::{Value, json};

use super::words;
use crate::server::App;
use crate::server::asked::Reply;

/// Answers `GET /v1/policies/active`.
pub(crate) async fn active(State(app): State<Arc<App>>) -> Reply<Value> {
    Ok(Json(app.judges.ask(told).await?))
}

/// Our policy with every rule. Conditions are told as sentences: its own language has no words for
/// most of them.
fn told(judge: &Judge<'_>) -> Value {
    let policy = judge.policy();
    let rules: Vec<Value> = policy
        .rules()
        .into_iter()
        .map(|rule| {
            json!({
                "rule_id": rule.id,
                "description": rule.reason,
                "action": words::verdict(rule.effect.name()),
                "effect": rule.effect.name(),
                "reason": rule.reason,
                "conditions": rule.conditions,
            })
        })
        .collect();
    json!({
        "policy_id": policy.id(),
        "version": policy.version(),
        "digest": policy.digest().to_string(),
        "stale": judge.stale(),
        "rules": rules,
    })
}
