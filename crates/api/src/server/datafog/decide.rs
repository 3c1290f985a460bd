//! `POST /v1/decide` (contract §3.4): judged, stored, told.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_core::Verdict;
use datafog_gate::Judge;
use serde::{Deserialize, Serialize};

use super::body::{self, Finding, Names};
use super::{again, ask, words};
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Reply};
use crate::server::context::{self, Context};
use crate::server::problem::{Kind, Problem};
use crate::server::settle::{Outcome, Question, Told, settle};
use crate::store;

/// What is answered.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) struct Decided {
    #[serde(default, skip_serializing_if = "String::is_empty")]
    request_id: String,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    trace_id: String,
    decision: String,
    receipt_id: String,
    policy_version: String,
    policy_id: String,
    /// `null` when nothing matched.
    matched_rules: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    transform_plan: Vec<Step>,
    /// `null` when there was neither text nor a finding.
    findings: Option<Vec<Finding>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    reason: String,
    /// The request for approval, where a person is or was asked.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    approval_id: String,
}

/// What is to be done with one kind of finding.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
struct Step {
    entity_type: String,
    mode: String,
}

/// What a judge makes of a request.
struct Prepared {
    question: Question,
    /// What it must be equal in to be the same.
    digest: [u8; 32],
    findings: Option<Vec<Finding>>,
}

/// Answers `POST /v1/decide`.
pub(crate) async fn decide(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<body::Decide>,
) -> Reply<Decided> {
    decided(&app, &caller, asked).await.map(Json)
}

async fn decided(app: &App, caller: &Caller, mut asked: body::Decide) -> Result<Decided, Problem> {
    if asked.action.kind.trim().is_empty() {
        return Err(Problem::new(Kind::Invalid, "action.type is required"));
    }
    let checked = |all: Vec<Finding>| -> Result<Vec<Finding>, Problem> {
        all.into_iter().map(|finding| finding.checked(&asked.text)).collect()
    };
    asked.findings = asked.findings.take().map(checked).transpose()?;
    let asked = Arc::new(asked);
    let (request, context) = (Arc::clone(&asked), context_of(caller, &asked));
    let asks = caller.clone();
    let prepared = app.judges.ask(move |judge| prepare(judge, &request, (&asks, context))).await;
    let Prepared { question, digest, findings } = prepared??;
    let names = asked.names.clone();
    let repeat = again::repeat("decide", caller, &names, digest).map(|repeat| {
        // What is kept of the names is what the chain keeps of them.
        let Context { request_id, trace_id, .. } = question.context.clone();
        let (names, findings) = (Names { request_id, trace_id, ..names.clone() }, findings.clone());
        let body = move |outcome: &Outcome| {
            let kept = Decided::of(outcome, &names, findings.clone()).without_values();
            serde_json::to_vec(&kept).map_err(|error| store::Error::Form(error.to_string()))
        };
        (repeat, Box::new(body) as _)
    });
    match settle(app, &caller.tenant, question, repeat).await? {
        Told::Now(outcome) => Ok(Decided::of(&outcome, &names, findings)),
        Told::Again(body) => {
            let earlier: Decided = serde_json::from_slice(&body)?;
            Ok(earlier.with_values(findings))
        }
    }
}

/// What the server keeps of the request.
fn context_of(caller: &Caller, asked: &body::Decide) -> Context {
    let body::Decide { names, action, .. } = asked;
    Context {
        request_id: names.request_id.clone(),
        trace_id: names.trace_id.clone(),
        tenant_id: names.tenant_id.clone(),
        actor_id: names.actor_id.clone(),
        session_id: names.session_id.clone(),
        action_type: action.kind.trim().to_lowercase(),
        tool: action.tool.clone(),
        sensitive: action.sensitive,
        ..Context::of(caller, "datafog")
    }
}

/// Judges, and says it in DataFog's words.
fn prepare(
    judge: &Judge<'_>,
    asked: &body::Decide,
    (caller, context): (&Caller, Context),
) -> Result<Prepared, Problem> {
    let supplied = asked.findings.as_deref().unwrap_or_default();
    let stated = supplied.iter().filter_map(|finding| words::stated(judge, finding)).collect();
    let mut question = ask::question(&asked.action, (&asked.text, stated), &asked.names);
    let session = question.principal.session.take();
    question.principal.session = session.map(|name| context::distinct(judge, &name));
    let judged = judge.judge_for(question, caller.bounds.holder())?;
    let digest = digest(judge, asked)?;
    let context = Context { input_hash: context::hex(digest), ..context.plain(judge) };
    let text = Some(asked.text.as_str()).filter(|text| !text.is_empty());
    let waiting = judge.waiting(&judged, (&caller.name(), text));
    let findings = findings(judge, (caller, asked), supplied)?;
    let question = Question { judged, waiting, context, asker: caller.party() };
    Ok(Prepared { question, digest, findings })
}

/// What a request must be equal in to be the same: all but its own names.
fn digest(judge: &Judge<'_>, asked: &body::Decide) -> Result<[u8; 32], Problem> {
    let Names { tenant_id, actor_id, session_id, .. } = &asked.names;
    let same = (&asked.action, &asked.text, &asked.findings, tenant_id, actor_id, session_id);
    let same = serde_json::to_vec(&same)?;
    Ok(context::digest(judge, &same))
}

/// What was found and what was stated, each place once; `None` when there was nothing to look at.
fn findings(
    judge: &Judge<'_>,
    (caller, asked): (&Caller, &body::Decide),
    supplied: &[Finding],
) -> Result<Option<Vec<Finding>>, datafog_gate::Error> {
    if asked.text.is_empty() && supplied.is_empty() {
        return Ok(None);
    }
    let mut all = words::found(judge, caller.bounds.policy.as_deref(), (&asked.text, &[]))?;
    for one in supplied {
        let same = |known: &Finding| {
            (&known.entity_type, known.start, known.end) == (&one.entity_type, one.start, one.end)
        };
        if !all.iter().any(same) {
            all.push(one.clone());
        }
    }
    Ok(Some(all))
}

/// Every kind that was found is taken out: more than a rule asks for is never less than it asks.
fn plan(findings: &[Finding]) -> Vec<Step> {
    let mut kinds: Vec<&str> = findings.iter().map(|finding| &*finding.entity_type).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let step = |kind: &str| Step { entity_type: kind.to_owned(), mode: String::from("redact") };
    kinds.into_iter().map(step).collect()
}

impl Decided {
    /// What is told of an outcome.
    fn of(outcome: &Outcome, names: &Names, findings: Option<Vec<Finding>>) -> Self {
        let Outcome { event, verdict, approval } = outcome;
        let matched: Vec<String> = event.matched_rules.clone();
        let transform_plan = match verdict {
            Verdict::Redact | Verdict::Rewrite => plan(findings.as_deref().unwrap_or_default()),
            Verdict::Allow | Verdict::RequireApproval | Verdict::Deny => Vec::new(),
        };
        Self {
            request_id: names.request_id.clone(),
            trace_id: names.trace_id.clone(),
            decision: verdict.name().to_owned(),
            receipt_id: event.receipt_id.to_string(),
            policy_version: event.policy_version.clone(),
            policy_id: event.policy_id.clone(),
            matched_rules: Some(matched).filter(|rules| !rules.is_empty()),
            transform_plan,
            findings,
            reason: event.reason.clone(),
            approval_id: approval.as_ref().map(|it| it.id().to_string()).unwrap_or_default(),
        }
    }

    /// The same without what was found: it must not be in the store.
    fn without_values(&self) -> Self {
        let bare = |finding: &Finding| Finding { value: String::new(), ..finding.clone() };
        let findings = self.findings.as_ref().map(|all| all.iter().map(bare).collect());
        Self { findings, ..self.clone() }
    }

    /// The same with the values that the same request shows now.
    fn with_values(mut self, shown: Option<Vec<Finding>>) -> Self {
        let shown = shown.unwrap_or_default();
        for finding in self.findings.iter_mut().flatten() {
            let same = |other: &&Finding| {
                (other.start, other.end, &other.entity_type)
                    == (finding.start, finding.end, &finding.entity_type)
            };
            finding.value = shown.iter().find(same).map(|it| it.value.clone()).unwrap_or_default();
        }
        self
    }
}
