//! `POST /v1/transform` and `POST /v1/anonymize` (contract §3.4, §5): a text with what was found in
//! it replaced. They leave no receipt.
//!
//! What is found here, by the detectors of the credential's policy, counts beside what is sent along. Findings that overlap are one place, so that
//! no byte of either survives. A request that names no mode is an error and never the text as it was.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, State};
use datafog_core::{Channel, Finding, KeyedDigest, Transform};
use datafog_gate::Judge;
use datafog_redact::replacement;
use serde::Serialize;

use super::body;
use super::{PolicyName, again, words};
use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Reply};
use crate::server::context;
use crate::server::guard::RequestId;
use crate::server::problem::{Kind, Problem};

/// DataFog's modes (contract §5).
const MODES: [(&str, Transform); 6] = [
    ("anonymize", Transform::Anonymize),
    ("hash", Transform::Hash),
    ("mask", Transform::Mask),
    ("redact", Transform::Redact),
    ("replace", Transform::Replace),
    ("tokenize", Transform::Tokenize),
];

/// What is answered.
#[derive(Debug, Serialize)]
pub(crate) struct Transformed {
    request_id: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    trace_id: String,
    output: String,
    #[serde(flatten)]
    policy: PolicyName,
    stats: Stats,
}

#[derive(Debug, Serialize)]
struct Stats {
    entities_transformed: usize,
    modes_applied: String,
}

/// A mode by its name.
type Mode = (&'static str, Transform);

/// What is replaced, and how.
#[derive(Clone, Debug)]
enum Plan {
    /// Everything alike.
    All(Mode),
    /// These kinds, by DataFog's name or by ours.
    Kinds(BTreeMap<String, Mode>),
}

/// A part of the text that is replaced.
struct Place {
    range: Range<usize>,
    kind: String,
    mode: Mode,
    fingerprint: KeyedDigest,
}

/// Answers `POST /v1/transform`.
pub(crate) async fn transform(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<body::Transform>,
) -> Reply<Transformed> {
    let plan = Plan::of(&asked)?;
    transformed(&app, ("transform", &caller), (asked, plan), &id.0).await.map(Json)
}

/// Answers `POST /v1/anonymize`.
pub(crate) async fn anonymize(
    State(app): State<Arc<App>>,
    Extension(id): Extension<RequestId>,
    Extension(caller): Extension<Caller>,
    Asked(asked): Asked<body::Transform>,
) -> Reply<Transformed> {
    let plan = Plan::All(("anonymize", Transform::Anonymize));
    transformed(&app, ("anonymize", &caller), (asked, plan), &id.0).await.map(Json)
}

async fn transformed(
    app: &App,
    who: (&str, &Caller),
    (asked, plan): (body::Transform, Plan),
    id: &str,
) -> Result<Transformed, Problem> {
    let body::Transform { text, findings, mode, entity_modes, names } = asked;
    if text.is_empty() {
        return Err(Problem::new(Kind::Invalid, "text is required"));
    }
    let findings = findings.into_iter().map(|finding| finding.checked(&text));
    let findings = findings.collect::<Result<Vec<_>, _>>()?;
    let own = who.1.bounds.policy.clone();
    let work = move |judge: &Judge<'_>| -> Result<_, Problem> {
        let same = serde_json::to_vec(&(&text, &findings, &mode, &entity_modes))?;
        let question = context::digest(judge, &same);
        let channel = Channel::Field(String::from("text"));
        let found = judge.scan_for(own.as_deref(), text.as_bytes(), &channel)?;
        let (output, stats) = replaced(judge, (&text, &findings), (found, &plan));
        Ok((output, stats, PolicyName::of(judge, own.as_deref())?, question))
    };
    let (output, stats, policy, question) = app.judges.ask(work).await??;
    let again::Kept { request_id, trace_id } =
        again::kept(app, who, (&names, id), question).await?;
    Ok(Transformed { request_id, trace_id, output, policy, stats })
}

impl Plan {
    /// `entity_modes` where any is named, else `mode` for all.
    fn of(asked: &body::Transform) -> Result<Self, Problem> {
        if asked.entity_modes.is_empty() {
            return Ok(Self::All(mode(&asked.mode)?));
        }
        let kinds = asked.entity_modes.iter().map(|(kind, name)| {
            let kind = kind.trim().to_lowercase();
            if kind.is_empty() {
                return Err(Problem::new(Kind::Invalid, "an entity_modes key is empty"));
            }
            Ok((kind, mode(name)?))
        });
        Ok(Self::Kinds(kinds.collect::<Result<_, _>>()?))
    }

    /// How a kind is replaced, if at all.
    fn mode(&self, entity: &str) -> Option<Mode> {
        match self {
            Self::All(mode) => Some(*mode),
            Self::Kinds(kinds) => {
                kinds.get(entity).or_else(|| kinds.get(&*words::theirs(entity))).copied()
            }
        }
    }
}

fn mode(name: &str) -> Result<Mode, Problem> {
    let name = name.trim().to_lowercase();
    let known = MODES.into_iter().find(|(known, _)| *known == name);
    known.ok_or_else(|| {
        let names = MODES.map(|(name, _)| name).join(", ");
        Problem::new(Kind::Invalid, format!("mode is one of {names}"))
    })
}

/// The text with everything replaced that the plan names.
fn replaced(
    judge: &Judge<'_>,
    (text, stated): (&str, &[body::Finding]),
    (mut found, plan): (Vec<Finding>, &Plan),
) -> (String, Stats) {
    for finding in stated {
        let value = text.get(finding.start..finding.end).unwrap_or_default().to_owned();
        found.extend(words::stated(judge, &body::Finding { value, ..finding.clone() }));
    }
    let places = places(judge, (text, &found), plan);
    let (mut output, mut from) = (String::new(), 0);
    let mut applied = BTreeSet::new();
    for Place { range, kind, mode: (name, transform), fingerprint } in &places {
        output.push_str(text.get(from..range.start).unwrap_or_default());
        let value = text.get(range.clone()).unwrap_or_default().as_bytes();
        let instead = replacement(*transform, kind, value, fingerprint, judge.key());
        output.push_str(&String::from_utf8_lossy(&instead));
        applied.insert(format!("{kind}:{name}"));
        from = range.end;
    }
    output.push_str(text.get(from..).unwrap_or_default());
    let modes_applied = applied.into_iter().collect::<Vec<_>>().join(",");
    (output, Stats { entities_transformed: places.len(), modes_applied })
}

/// What is replaced, in order and disjoint: findings that overlap are one place, which is replaced
/// as the first of them. None is cut within a letter.
fn places(judge: &Judge<'_>, (text, found): (&str, &[Finding]), plan: &Plan) -> Vec<Place> {
    let mut planned: Vec<Place> = found
        .iter()
        .filter(|finding| !finding.span.is_empty())
        .filter_map(|finding| {
            let range = whole_letters(text, finding.span.start()..finding.span.end());
            let kind = words::theirs(&finding.entity).into_owned();
            let mode = plan.mode(&finding.entity)?;
            Some(Place { range, kind, mode, fingerprint: finding.fingerprint })
        })
        .collect();
    planned.sort_by_key(|place| (place.range.start, core::cmp::Reverse(place.range.end)));
    let mut places: Vec<Place> = Vec::new();
    for next in planned {
        match places.last_mut() {
            Some(last) if next.range.start < last.range.end => {
                if next.range.end > last.range.end {
                    last.range.end = next.range.end;
                    let value = text.get(last.range.clone()).unwrap_or_default();
                    last.fingerprint = judge.key().digest("finding", [value.as_bytes()]);
                }
            }
            Some(_) | None => places.push(next),
        }
    }
    places
}

/// The range, widened to whole letters and within the text.
fn whole_letters(text: &str, range: Range<usize>) -> Range<usize> {
    text.floor_char_boundary(range.start)..text.ceil_char_boundary(range.end)
}
