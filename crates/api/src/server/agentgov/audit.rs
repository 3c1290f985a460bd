//! `GET /audit`: what was recorded, in AgentGov's words (its contract §5), newest first.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use serde::Deserialize;
use serde_json::{Value, json};

use super::status;
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Parameters, Reply};
use crate::server::context::Stored;
use crate::server::datafog::moment;
use crate::server::problem::{Kind, Problem};
use crate::store::{Entry, Query};

/// Most entries of one answer.
const MOST: u32 = 1000;

/// Which entries.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct Wanted {
    limit: Option<u32>,
    offset: u32,
    decision: Option<String>,
    tool: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

/// Answers `GET /audit`. Every transition is an entry: decided, held, answered, completed.
pub(crate) async fn audit(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Parameters(wanted): Parameters<Wanted>,
) -> Reply<Value> {
    let page = app.store.entries(&wanted.query(&caller)?).await;
    let page = page.map_err(|error| Problem::unread(&error))?;
    let told: Vec<Value> = page.entries.iter().map(told).collect::<Result<_, _>>()?;
    Ok(Json(json!({ "total": page.total, "entries": told })))
}

impl Wanted {
    fn query(self, caller: &Caller) -> Result<Query, Problem> {
        let limit = self.limit.unwrap_or(100);
        if !(1..=MOST).contains(&limit) {
            return Err(Problem::new(Kind::Invalid, "limit is 1 to 1000"));
        }
        Ok(Query {
            tenant: Some(caller.tenant.clone()),
            decision: self.decision.map(|decision| decision.trim().to_lowercase()),
            tool: self.tool,
            after: moment(self.since)?,
            before: moment(self.until)?,
            limit,
            offset: self.offset,
            ..Query::default()
        })
    }
}

fn told(entry: &Entry) -> Result<Value, Problem> {
    let Stored { event, server, outcome } = Stored::of(entry)?;
    let approval = event.approval.as_ref().map(|note| {
        json!({ "approval_id": note.id.to_string(), "status": status(note.state), "by": note.by,
            "comment": note.note })
    });
    Ok(json!({
        "id": entry.seq,
        "receipt_id": event.receipt_id.to_string(),
        "follows": event.follows.map(|id| id.to_string()),
        "timestamp": event.timestamp,
        "kind": event.kind,
        "tool_name": if server.tool.is_empty() { event.tool } else { server.tool },
        "tool_input": event.command,
        "decision": event.decision.name(),
        "reason": event.reason,
        "matched_rules": event.matched_rules,
        "approval": approval,
        "outcome": outcome,
    }))
}
