//! `/ui/policy/versions`: texts that were in force, what each changed, and putting one back.

use axum::extract::Path;
use axum::response::Response;
use maud::{Markup, html};

use super::diff::{Line, diff};
use super::{PATH, TITLE, may_edit, tabs};
use crate::dashboard::parts;
use crate::dashboard::{Posted, Viewer, see};
use crate::server::native::{current, put_back, told_versions, version_at};
use crate::server::problem::{Kind, Problem};
use crate::store::PolicyVersion;

const HERE: &str = "/ui/policy/versions";

/// Lines around a change that are shown with it.
const AROUND: usize = 3;

/// Answers `GET /ui/policy/versions`.
pub(in super::super) async fn versions(viewer: Viewer) -> Result<Response, Problem> {
    let found = told_versions(&viewer.app).await?;
    let content = html! {
        div.head { h1 { (TITLE) } }
        (tabs(&viewer, HERE))
        @if found.is_empty() {
            (parts::empty("No version yet", &html! {
                p { "The starter policy holds. Each text that is saved, here, over the API or with an editor, becomes a version." }
            }))
        } @else {
            div.table tabindex="0" role="region" aria-label="Versions" { table {
                thead { tr { th scope="col" { "Version" } th scope="col" { "When" } th scope="col" { "Who" } th scope="col" { "Why" } th scope="col" { "Digest" } } }
                tbody { @for version in &found { (row(version)) } }
            } }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

fn row(PolicyVersion { number, about }: &PolicyVersion) -> Markup {
    html! {
        tr.entry tabindex="-1" {
            td { a.open href={ (HERE) "/" (number) } { "Version " (number) } }
            td { (parts::moment(u64::try_from(about.at / 1000).unwrap_or(0))) }
            td { (parts::words(&about.author)) }
            td { (parts::words(&about.note)) }
            td { code { (about.digest.get(..12).unwrap_or_default()) } }
        }
    }
}

/// Answers `GET /ui/policy/versions/{number}`: what it would change of the text in force.
pub(in super::super) async fn version(
    viewer: Viewer,
    Path(number): Path<String>,
) -> Result<Response, Problem> {
    let PolicyVersion { number, about } = version_at(&viewer.app, &number).await?;
    let (now, seen) = current(&viewer.app).await?.unwrap_or_default();
    let is_current = about.digest == seen;
    let back = viewer.form(
        &format!("{HERE}/{number}"),
        &html! {
            input type="hidden" name="seen" value=(seen);
            p.actions { button type="submit" { "Put this version back" } }
        },
    );
    let content = html! {
        div.head { h1 { "Version " (number) } @if is_current { (parts::badge(parts::Tone::Good, "in force")) } }
        (tabs(&viewer, HERE))
        (parts::facts([
            ("When", Some(parts::moment(u64::try_from(about.at / 1000).unwrap_or(0)))),
            ("Who", Some(parts::words(&about.author))),
            ("Why", (!about.note.is_empty()).then(|| parts::words(&about.note))),
            ("Digest", Some(parts::code(&about.digest))),
        ]))
        @match &about.text {
            None => p.notice { "Its text was not kept: something in it looks like a secret." },
            Some(text) => {
                @if !is_current {
                    h2 { "What putting it back would change" }
                    (shown(&diff(&now, text)))
                    @if may_edit(&viewer) { (back) }
                }
                details { summary { "The whole text" } pre.command tabindex="0" { (parts::whole(text)) } }
            }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

/// Answers `POST /ui/policy/versions/{number}`.
pub(in super::super) async fn restore(
    viewer: Viewer,
    Path(number): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let seen = posted.text("seen").unwrap_or_default().to_owned();
    let is_seen = |now: Option<&str>| match now.unwrap_or_default() == seen {
        true => Ok(()),
        false => {
            Err(Problem::new(Kind::Changed, "somebody changed the policy meanwhile; look again"))
        }
    };
    put_back(&viewer.app, &viewer.caller, is_seen, (&number, None)).await?;
    Ok(see(&format!("{PATH}?done=restored")))
}

/// Changes with a few lines around them.
fn shown(lines: &[Line<'_>]) -> Markup {
    let changes: Vec<usize> = lines
        .iter()
        .enumerate()
        .filter(|(_, line)| !matches!(line, Line::Kept(_)))
        .map(|(place, _)| place)
        .collect();
    let is_near = |place: usize| changes.iter().any(|change| change.abs_diff(place) <= AROUND);
    let mut near = lines.iter().enumerate().filter(|(place, _)| is_near(*place)).peekable();
    html! {
        @if near.peek().is_none() { p.quiet { "Nothing: the texts are the same." } }
        @else {
            pre.diff tabindex="0" role="group" aria-label="Changes" {
                @for (place, line) in near {
                    @if place > 0 && !is_near(place.saturating_sub(1)) { span.gap { "⋯\n" } }
                    @match line {
                        Line::Added(text) => ins { "+ " (parts::whole(text)) "\n" },
                        Line::Kept(text) => span { "  " (parts::whole(text)) "\n" },
                        Line::Removed(text) => del { "- " (parts::whole(text)) "\n" },
                    }
                }
            }
        }
    }
}
