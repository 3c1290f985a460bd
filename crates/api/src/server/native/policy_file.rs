//! `/v1/policy/text` and `/v1/policy/versions`: the user's policy file of this installation, read, replaced
//! and put back.
//!
//! The file is what is in force, whoever writes it; this is one more way to write it. Each text has a
//! version in the store and a line in the chain before it takes the file's place, and what somebody wrote
//! into the file by hand gets one when versions are listed or the next one is made. Policies are the installation's, so who belongs to a
//! tenant changes none.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use datafog_core::{Channel, Digest, Verdict};
use datafog_gate::{Diagnostic, Judge};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};
use tokio::sync::MutexGuard;

use crate::identity::Caller;
use crate::server::App;
use crate::server::asked::{Asked, Reply};
use crate::server::context::{Context, Line, plain};
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::moment;
use crate::store::{NewEntry, NewPolicy, PolicyVersion, Write};

/// Most versions of one list.
const MOST: u32 = 100;

/// Whoever wrote into the file itself.
const BY_HAND: &str = "the file";

/// A text with the tag that says which it is.
type Tagged = ([(HeaderName, HeaderValue); 1], Json<Value>);

/// A new text.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct New {
    text: String,
    #[serde(default)]
    note: String,
}

/// What is said beside putting a version back.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Beside {
    note: Option<String>,
}

/// Answers `GET /v1/policy/text`.
pub(crate) async fn text(State(app): State<Arc<App>>) -> Result<Tagged, Problem> {
    let text = app.judges.ask(|judge| judge.policy_file()).await??;
    let none = || Problem::new(Kind::NotFound, "there is no policy file: the starter policy holds");
    tagged(&text.ok_or_else(none)?, &json!({}))
}

/// Answers `PUT /v1/policy/text`, for whoever says which text they saw.
pub(crate) async fn put(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    Asked(New { text, note }): Asked<New>,
) -> Result<Tagged, Problem> {
    let is_seen = |now: Option<&str>| require_seen(&headers, now);
    let number = replaced(&app, &caller, is_seen, (text.clone(), note)).await?;
    tagged(&text, &json!({ "version": number }))
}

/// Answers `GET /v1/policy/versions`, newest first.
pub(crate) async fn versions(State(app): State<Arc<App>>) -> Reply<Value> {
    let told: Vec<Value> =
        told_versions(&app).await?.iter().map(|version| told(version, false)).collect();
    Ok(Json(json!({ "versions": told })))
}

/// Answers `GET /v1/policy/versions/{number}`.
pub(crate) async fn version(
    State(app): State<Arc<App>>,
    Path(number): Path<String>,
) -> Reply<Value> {
    Ok(Json(told(&version_at(&app, &number).await?, true)))
}

/// Answers `POST /v1/policy/versions/{number}/restoration`: its text becomes the newest version.
pub(crate) async fn restore(
    State(app): State<Arc<App>>,
    Extension(caller): Extension<Caller>,
    Path(number): Path<String>,
    headers: HeaderMap,
    Asked(Beside { note }): Asked<Beside>,
) -> Result<Tagged, Problem> {
    let is_seen = |now: Option<&str>| require_seen(&headers, now);
    let (text, number) = put_back(&app, &caller, is_seen, (&number, note)).await?;
    tagged(&text, &json!({ "version": number }))
}

/// Puts the text of a version into the file; the text, and the number that it has now.
pub(crate) async fn put_back(
    app: &App,
    caller: &Caller,
    is_seen: impl Fn(Option<&str>) -> Result<(), Problem>,
    (number, note): (&str, Option<String>),
) -> Result<(String, u64), Problem> {
    let PolicyVersion { number, about } = version_at(app, number).await?;
    let none = || Problem::new(Kind::Invalid, "the text of this version was not kept");
    let text = about.text.ok_or_else(none)?;
    let note = note.unwrap_or_else(|| format!("version {number} put back"));
    let number = replaced(app, caller, is_seen, (text.clone(), note)).await?;
    Ok((text, number))
}

/// The text of the file and its digest, where there is one.
pub(crate) async fn current(app: &App) -> Result<Option<(String, String)>, Problem> {
    let text = app.judges.ask(|judge| judge.policy_file()).await??;
    Ok(text.map(|text| {
        let digest = digest(&text);
        (text, digest)
    }))
}

/// The tests beside the file; nothing where there are none.
pub(crate) async fn current_tests(app: &App) -> Result<String, Problem> {
    Ok(app.judges.ask(|judge| judge.policy_tests()).await??.unwrap_or_default())
}

/// Whether a text may be the tests of the file: it is one, and holds no secret. That a test fails is no
/// mistake of the file.
pub(crate) async fn check_tests(app: &App, text: String) -> Result<(), Problem> {
    let checked = move |judge: &Judge<'_>| {
        refuse_secrets(judge, &text)?;
        if text.trim().is_empty() {
            return Ok(());
        }
        datafog_gate::read_tests(&text, &judge.policy_tests_path()).map(drop).map_err(|wrong| {
            let message = "the tests cannot be read; nothing is changed";
            Problem::new(Kind::Invalid, message).naming(by_line(&wrong))
        })
    };
    app.judges.ask(checked).await?
}

/// Puts a text beside the file.
pub(crate) async fn replace_tests(app: &App, text: String) -> Result<(), Problem> {
    Ok(app.judges.ask(move |judge| judge.replace_policy_tests(&text)).await??)
}

/// Versions, newest first, with what somebody wrote into the file by hand.
pub(crate) async fn told_versions(app: &App) -> Result<Vec<PolicyVersion>, Problem> {
    newest_versions(app, MOST).await
}

/// The newest of them.
pub(crate) async fn newest_version(app: &App) -> Result<Option<PolicyVersion>, Problem> {
    Ok(newest_versions(app, 1).await?.pop())
}

async fn newest_versions(app: &App, most: u32) -> Result<Vec<PolicyVersion>, Problem> {
    noted(app, &mut app.policy_file.lock().await).await?;
    app.store.policies(most).await.map_err(|error| Problem::ours(&error))
}

/// The version of that number.
pub(crate) async fn version_at(app: &App, number: &str) -> Result<PolicyVersion, Problem> {
    let none = || Problem::new(Kind::NotFound, "there is no such version");
    let number: u64 = number.parse().map_err(|_| none())?;
    let found = app.store.policy(number).await.map_err(|error| Problem::ours(&error))?;
    found.ok_or_else(none)
}

/// Puts a text into the file: tried first, then stored with its line, then written. `is_seen` says whether
/// the text of that digest is the one that the caller saw. The number of the version.
pub(crate) async fn replaced(
    app: &App,
    caller: &Caller,
    is_seen: impl Fn(Option<&str>) -> Result<(), Problem>,
    (text, note): (String, String),
) -> Result<u64, Problem> {
    if !caller.tenant.is_empty() {
        let message = "the policy is the installation's; whoever belongs to a tenant changes none";
        return Err(Problem::new(Kind::Forbidden, message));
    }
    let mut known = app.policy_file.lock().await;
    noted(app, &mut known).await?;
    is_seen(known.as_deref())?;
    let (candidate, before) = (text.clone(), known.clone());
    let checked = move |judge: &Judge<'_>| {
        refuse_secrets(judge, &candidate)?;
        judge.try_policy_file(&candidate).map_err(broken)?;
        let old = before.as_deref().unwrap_or("none");
        let reason = format!("the policy file is replaced: {old} by {}", digest(&candidate));
        let event = judge.ask_to_replace_policy_file(&candidate, reason)?;
        Ok::<_, Problem>((event, plain(judge, &note)))
    };
    let (event, note) = app.judges.ask(checked).await??;
    let context = Context { actor_id: caller.name(), ..Context::of(caller, "native") };
    let entry =
        NewEntry::of(&Line::of(&event, &context)).map_err(|error| Problem::unstored(&error))?;
    if event.decision != Verdict::Allow {
        let write = Write { entry: Some(entry), answer: None };
        app.store.write(write).await.map(drop).map_err(|error| Problem::unstored(&error))?;
        let message =
            format!("the policy in force does not let it be replaced from here: {}", event.reason);
        return Err(Problem::new(Kind::Forbidden, message));
    }
    let version = new(caller.name(), note, &text, true);
    let stored = app.store.add_policy(version, entry).await;
    let number = stored.map_err(|error| Problem::unstored(&error))?;
    // Were it not written now, what stands there is looked at anew.
    *known = None;
    let written = text.clone();
    app.judges.ask(move |judge| judge.replace_policy_file(&written).map_err(broken)).await??;
    *known = Some(digest(&text));
    Ok(number)
}

/// Puts down what somebody wrote into the file, if anybody did since it was last looked at.
async fn noted(app: &App, known: &mut MutexGuard<'_, Option<String>>) -> Result<(), Problem> {
    let Some(text) = app.judges.ask(|judge| judge.policy_file()).await?? else {
        **known = None;
        return Ok(());
    };
    let digest = digest(&text);
    if known.as_ref() == Some(&digest) {
        return Ok(());
    }
    let newest = app.store.policies(1).await.map_err(|error| Problem::ours(&error))?;
    if newest.first().is_none_or(|newest| newest.about.digest != digest) {
        let seen = text.clone();
        let told = move |judge: &Judge<'_>| {
            let reason = String::from("the policy file was changed by hand");
            let is_plain = refuse_secrets(judge, &seen).is_ok();
            judge.policy_change(&seen, reason).map(|event| (event, is_plain))
        };
        let (event, is_plain) = app.judges.ask(told).await??;
        let context =
            Context { dialect: "native".into(), actor_id: BY_HAND.into(), ..Context::default() };
        let entry = NewEntry::of(&Line::of(&event, &context));
        let entry = entry.map_err(|error| Problem::unstored(&error))?;
        let version = new(BY_HAND.to_owned(), String::new(), &text, is_plain);
        app.store.add_policy(version, entry).await.map_err(|error| Problem::unstored(&error))?;
    }
    **known = Some(digest);
    Ok(())
}

fn new(author: String, note: String, text: &str, is_plain: bool) -> NewPolicy {
    let at = Timestamp::now().as_microsecond();
    let digest = digest(text);
    NewPolicy { at, author, note, digest, text: is_plain.then(|| text.to_owned()) }
}

/// Whoever changes a text names the one that they saw (RFC 9110 §13.1); where there is none, they say so.
pub(crate) fn require_seen(headers: &HeaderMap, now: Option<&str>) -> Result<(), Problem> {
    let value = |name| headers.get(name).and_then(|value: &HeaderValue| value.to_str().ok());
    let fits = match (value(header::IF_MATCH), value(header::IF_NONE_MATCH), now) {
        (Some(tags), None, Some(now)) => {
            tags.split(',').any(|tag| tag.trim().trim_matches('"') == now)
        }
        (Some(_), None, None) => false,
        (None, Some("*"), now) => now.is_none(),
        _ => {
            let message =
                "say by `If-Match` which text you saw, or by `If-None-Match: *` that there is none";
            return Err(Problem::new(Kind::Unconditional, message));
        }
    };
    match fits {
        true => Ok(()),
        false => {
            Err(Problem::new(Kind::Changed, "the policy file is not what you saw; read it again"))
        }
    }
}

/// No version is kept of what looks like a secret, and none is handed out.
pub(crate) fn refuse_secrets(judge: &Judge<'_>, text: &str) -> Result<(), Problem> {
    let found = judge.scan(text.as_bytes(), &Channel::Field(String::from("policy")));
    let errors: Vec<Value> = found
        .iter()
        .filter(|finding| finding.entity.starts_with("secret."))
        .map(|finding| {
            let before = text.as_bytes().get(..finding.span.start()).unwrap_or_default();
            let line = before.iter().filter(|byte| **byte == b'\n').count().saturating_add(1);
            let message = format!("what looks like a secret ({}) stands here", finding.entity);
            json!({ "line": line, "message": message,
                "fix": "take it out; an example is written in two pieces" })
        })
        .collect();
    match errors.is_empty() {
        true => Ok(()),
        false => Err(Problem::new(Kind::Invalid, "the policy holds a secret").naming(errors)),
    }
}

/// Everything that keeps a text from loading, by line.
pub(crate) fn broken(error: datafog_gate::Error) -> Problem {
    let datafog_gate::Error::Policy { diagnostics, .. } = error else {
        return Problem::ours(&error);
    };
    let message = "the policy does not load; nothing is changed";
    Problem::new(Kind::Invalid, message).naming(by_line(&diagnostics))
}

fn by_line(diagnostics: &[Diagnostic]) -> Vec<Value> {
    let errors = diagnostics.iter().filter(|it| it.is_error()).map(
        |it| json!({ "line": it.line, "column": it.column, "message": it.message, "fix": it.help }),
    );
    errors.collect()
}

fn digest(text: &str) -> String {
    Digest::of(text.as_bytes()).to_string()
}

fn tagged(text: &str, more: &Value) -> Result<Tagged, Problem> {
    let digest = digest(text);
    let tag =
        HeaderValue::from_str(&format!("\"{digest}\"")).map_err(|error| Problem::ours(&error))?;
    let mut body = json!({ "text": text, "digest": digest });
    if let (Some(body), Some(more)) = (body.as_object_mut(), more.as_object()) {
        body.extend(more.clone());
    }
    Ok(([(header::ETAG, tag)], Json(body)))
}

fn told(version: &PolicyVersion, whole: bool) -> Value {
    let PolicyVersion { number, about } = version;
    let at = moment(u64::try_from(about.at / 1000).unwrap_or(0));
    let mut told = json!({ "version": number, "at": at, "author": about.author, "note": about.note,
        "digest": about.digest });
    if let (true, Some(told)) = (whole, told.as_object_mut()) {
        told.insert(String::from("text"), json!(about.text));
    }
    told
}
