//! `/v1/policies/active`: what is in force, in DataGuard's words, and a policy of its own in the place of the
//! user's policy file.
//!
//! A policy is translated first, as `policy import` does. One with a rule that cannot be said here is
//! refused whole. The translation stands over the starter policy: a policy of DataGuard knows nothing of
//! secrets that leave, and taking it must not give them up.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use axum::http::{HeaderMap, header};
use datafog_gate::Judge;
use serde_json::{Value, json};

use super::words;
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Reply, Written};
use crate::server::native::{broken, replaced, require_seen};
use crate::server::problem::Problem;

/// Answers `GET /v1/policies/active`.
pub(crate) async fn active(State(app): State<Arc<App>>) -> Reply<Value> {
    Ok(Json(app.judges.ask(told).await?))
}

/// Answers `PUT /v1/policies/active`. Who names the text that they saw changes no other one.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Written(text): Written,
) -> Reply<Value> {
    let made = move |judge: &Judge<'_>| {
        let translated = judge.translate_dataguard(&text).map_err(broken)?;
        let policy = judge.try_policy_file(&translated.toml).map_err(broken)?;
        let told = json!({
            "policy_id": policy.id(),
            "version": policy.version(),
            "digest": policy.digest().to_string(),
            "differs": translated.notices.iter().map(|it| json!({ "line": it.line,
                "message": it.message, "why": it.help })).collect::<Vec<_>>(),
        });
        Ok::<_, Problem>((translated.toml, told))
    };
    let (toml, mut told) = app.judges.ask(made).await??;
    let is_named =
        headers.contains_key(header::IF_MATCH) || headers.contains_key(header::IF_NONE_MATCH);
    let is_seen = |now: Option<&str>| if is_named { require_seen(&headers, now) } else { Ok(()) };
    let note = String::from("a policy of DataGuard");
    let number = replaced(&app, &caller, is_seen, (toml, note)).await?;
    if let Some(told) = told.as_object_mut() {
        told.insert(String::from("number"), json!(number));
    }
    Ok(Json(told))
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
