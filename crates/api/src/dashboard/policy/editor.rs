//! `/ui/policy/edit`: the text of the policy file, with what is wrong in it while it is typed.

use axum::Json;
use axum::extract::RawQuery;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use datafog_gate::Judge;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{PATH, TITLE, may_edit, tabs};
use crate::dashboard::decision::{named, test_of};
use crate::dashboard::parts::{self, Tone};
use crate::dashboard::rows;
use crate::dashboard::{Posted, Viewer, see};
use crate::server::native::{check_tests, current, current_tests, replace_tests, replaced};
use crate::server::noted::Noted;
use crate::server::problem::{Kind, Problem};

const HERE: &str = "/ui/policy/edit";

/// What the editor shows.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    /// The tests beside it.
    tests: String,
    note: String,
    /// Whether a test was added that is not saved.
    is_added: bool,
    /// The digest of the text that whoever edits has seen; empty where there was none.
    seen: String,
    /// Why it was not saved: in words, and by line.
    wrong: Option<(String, Vec<Value>)>,
}

/// Answers `GET /ui/policy/edit`; with `test=PLACE.ID` a test made of that decision is added to the draft.
pub(in super::super) async fn edit(
    viewer: Viewer,
    RawQuery(query): RawQuery,
) -> Result<Response, Problem> {
    require(&viewer)?;
    let found = current(&viewer.app).await?;
    let (text, seen) = found.unwrap_or_default();
    let (mut tests, mut is_added) = (current_tests(&viewer.app).await?, false);
    if let Some(decision) = rows::field(query.as_deref(), "test") {
        let line = named(&viewer, &decision).await?;
        let gap = if tests.is_empty() || tests.ends_with("\n\n") { "" } else { "\n" };
        tests = format!("{tests}{gap}{}", test_of(&line));
        is_added = true;
    }
    show(&viewer, Draft { text, tests, seen, is_added, ..Draft::default() }).await
}

/// Answers `POST /ui/policy/edit`.
pub(in super::super) async fn save(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    require(&viewer)?;
    let text = posted.whole("text").unwrap_or_default();
    let note = posted.text("note").unwrap_or_default().to_owned();
    let seen = posted.text("seen").unwrap_or_default().to_owned();
    let is_seen = |now: Option<&str>| match now.unwrap_or_default() == seen {
        true => Ok(()),
        false => Err(Problem::new(Kind::Changed, CHANGED)),
    };
    let tests = posted.whole("tests");
    match saved(&viewer, is_seen, (&text, tests.as_deref(), &note)).await {
        Ok(()) => Ok(see(&format!("{PATH}?done=saved"))),
        Err(problem) if problem.status().is_client_error() => {
            let (status, wrong) = (problem.status(), problem.message().to_owned());
            let wrong = Some((wrong, problem.errors().to_vec()));
            let tests = tests.unwrap_or_default();
            let draft = Draft { text, tests, note, seen, wrong, is_added: false };
            let page = show(&viewer, draft).await?;
            Ok((status, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// Saves what of both texts is new: the tests first, which nothing is judged by.
async fn saved(
    viewer: &Viewer,
    is_seen: impl Fn(Option<&str>) -> Result<(), Problem>,
    (text, tests, note): (&str, Option<&str>, &str),
) -> Result<(), Problem> {
    let before = current(&viewer.app).await?.unwrap_or_default();
    let is_same = before.0 == text && is_seen(Some(&before.1)).is_ok();
    let are_new = match tests {
        Some(tests) => current_tests(&viewer.app).await? != tests,
        None => false,
    };
    if let Some(tests) = tests.filter(|_| are_new) {
        let tests = tests.to_owned();
        check_tests(&viewer.app, tests.clone()).await?;
        let what = String::from("replace the tests of the policy");
        viewer.permitted(Noted::of(&viewer.caller, what, note.to_owned())).await?;
        replace_tests(&viewer.app, tests).await?;
    }
    if is_same && are_new {
        return Ok(());
    }
    let draft = (text.to_owned(), note.to_owned());
    replaced(&viewer.app, &viewer.caller, is_seen, draft).await.map(drop)
}

/// What somebody is told whose text is not the newest.
const CHANGED: &str = "somebody else changed the policy meanwhile, so nothing was saved: keep your text \
                       somewhere, reload this page, and put your change into what is there now";

/// Answers `POST /ui/policy/lint`: what there is to say about a text, errors and warnings.
pub(in super::super) async fn lint(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    require(&viewer)?;
    let text = posted.whole("text").unwrap_or_default();
    let tests = posted.whole("tests").unwrap_or_default();
    let told = move |judge: &Judge<'_>| {
        let (policy, found) = judge.lint_policy_file(&text)?;
        let is_usable = policy.is_some() && !found.iter().any(|one| one.is_error());
        let found: Vec<Value> = found
            .iter()
            .map(|one| {
                json!({ "level": one.level.name(), "line": one.line, "column": one.column,
                "message": one.message, "fix": one.help })
            })
            .collect();
        let examples = policy.map_or(0, |policy| policy.examples().len());
        let trial = if is_usable { Some(judge.try_policy(&text, &tests)?) } else { None };
        let tried = trial.as_ref().map(|trial| {
            let wrong = trial.wrong.iter().map(|one| (one.line, String::new(), Some(&one.message)));
            let tests = trial.tests.iter().map(|it| (it.line, it.name.clone(), it.fault.as_ref()));
            let told = |(line, name, fault)| json!({ "line": line, "name": name, "fault": fault });
            wrong.chain(tests).map(told).collect::<Vec<Value>>()
        });
        Ok::<_, Problem>(json!({ "usable": is_usable, "examples": examples, "found": found,
            "tests": tried.unwrap_or_default() }))
    };
    let told = viewer.app.judges.ask(told).await??;
    Ok((StatusCode::OK, Json(told)).into_response())
}

fn require(viewer: &Viewer) -> Result<(), Problem> {
    let message = "the policy is the installation's; whoever belongs to a tenant changes none";
    if may_edit(viewer) { Ok(()) } else { Err(Problem::new(Kind::Forbidden, message)) }
}

async fn show(viewer: &Viewer, draft: Draft) -> Result<Response, Problem> {
    let content = html! {
        div.head { h1 { (TITLE) } }
        (tabs(viewer, HERE))
        @if let Some((why, errors)) = &draft.wrong { (wrong(why, errors)) }
        p.quiet {
            "These rules stand over the built-in ones, and each may carry examples that are tried before it counts. "
            "A text with a mistake is not saved."
        }
        (viewer.form(HERE, &form(&draft)))
    };
    viewer.page(TITLE, PATH, content).await
}

fn form(draft: &Draft) -> Markup {
    html! {
        input type="hidden" name="seen" value=(draft.seen);
        label.stacked { "policy.toml"
            textarea #policy.code name="text" rows="26" spellcheck="false" autocomplete="off" autocapitalize="off" data-lint="/ui/policy/lint" aria-describedby="lint" {
                // A browser drops one line break at the beginning.
                "\n" (draft.text)
            }
        }
        div #lint.lint role="status" {}
        @if draft.is_added { (parts::notice(Tone::Plain, &html! { p { "A test made of the decision stands at the end of the tests below. It is not saved yet." } })) }
        details open[draft.is_added || !draft.tests.is_empty()] {
            summary { "Tests of this draft" }
            label.stacked { "policy.test.toml, beside the policy; run while you type"
                textarea #policy-tests.code name="tests" rows="12" spellcheck="false" autocomplete="off" autocapitalize="off" aria-describedby="tried" {
                    "\n" (draft.tests)
                }
            }
            div #tried.lint role="status" {}
        }
        label.stacked { "What changes, and why" input name="note" maxlength="500" autocomplete="off" value=(draft.note); }
        p.actions { button type="submit" { "Save" } a.button.plain href=(PATH) { "Cancel" } }
    }
}

/// What is wrong, by line.
fn wrong(why: &str, errors: &[Value]) -> Markup {
    let text = |error: &Value, name: &str| error[name].as_str().unwrap_or_default().to_owned();
    parts::notice(
        Tone::Bad,
        &html! {
            p { b { (parts::words(why)) } }
            @if !errors.is_empty() {
                ul.lines { @for error in errors {
                    li {
                        "policy.toml:" (error["line"]) " " (parts::words(&text(error, "message")))
                        @if error["fix"].is_string() { span.note { (parts::words(&text(error, "fix"))) } }
                    }
                } }
            }
        },
    )
}
