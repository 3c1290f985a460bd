//! `/ui/policy/edit`: the text of the policy file, with what is wrong in it while it is typed.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use datafog_gate::Judge;
use maud::{Markup, html};
use serde_json::{Value, json};

use super::{PATH, TITLE, may_edit, tabs};
use crate::dashboard::parts::{self, Tone};
use crate::dashboard::{Posted, Viewer, see};
use crate::server::native::{current, replaced};
use crate::server::problem::{Kind, Problem};

const HERE: &str = "/ui/policy/edit";

/// What the editor shows.
#[derive(Debug, Default)]
struct Draft {
    text: String,
    note: String,
    /// The digest of the text that whoever edits has seen; empty where there was none.
    seen: String,
    /// Why it was not saved: in words, and by line.
    wrong: Option<(String, Vec<Value>)>,
}

/// Answers `GET /ui/policy/edit`.
pub(in super::super) async fn edit(viewer: Viewer) -> Result<Response, Problem> {
    require(&viewer)?;
    let found = current(&viewer.app).await?;
    let (text, seen) = found.unwrap_or_default();
    show(&viewer, Draft { text, seen, ..Draft::default() }).await
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
    let draft = (text.clone(), note.clone());
    match replaced(&viewer.app, &viewer.caller, is_seen, draft).await {
        Ok(_) => Ok(see(&format!("{PATH}?done=saved"))),
        Err(problem) if problem.status().is_client_error() => {
            let (status, wrong) = (problem.status(), problem.message().to_owned());
            let wrong = Some((wrong, problem.errors().to_vec()));
            let page = show(&viewer, Draft { text, note, seen, wrong }).await?;
            Ok((status, page).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// What somebody is told whose text is not the newest.
const CHANGED: &str = "somebody else changed the policy meanwhile, so nothing was saved: keep your text \
                       somewhere, reload this page, and put your change into what is there now";

/// Answers `POST /ui/policy/lint`: what there is to say about a text, errors and warnings.
pub(in super::super) async fn lint(viewer: Viewer, posted: Posted) -> Result<Response, Problem> {
    require(&viewer)?;
    let text = posted.whole("text").unwrap_or_default();
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
        Ok::<_, Problem>(json!({ "usable": is_usable, "examples": examples, "found": found }))
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
