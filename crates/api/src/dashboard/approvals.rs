//! `/ui/approvals`: what waits for a person, and answering it.
//!
//! An answer is asked for twice: the list leads to a page that shows the request whole, where the scope
//! is chosen, and that page sends it.

mod item;

use axum::extract::Path;
use axum::response::Response;
use datafog_approval::{Moment, Terms};
use datafog_core::{ApprovalScope, ApprovalState};
use maud::{Markup, html};
use serde::Deserialize;

use super::parts::{self, Tone};
use super::{Posted, Viewer, frame, see};
use crate::house;
use crate::identity::Permission;
use crate::server::asked::Parameters;
use crate::server::problem::{Kind, Problem};
use crate::server::spoken::{self, Said};
use item::Item;

const TITLE: &str = "Approvals";
const PATH: &str = "/ui/approvals";

/// Most answered requests on the page, newest first.
const MOST_ANSWERED: u32 = 50;

/// Most waiting requests on the page.
const MOST_WAITING: u32 = 200;

/// What the list is asked for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    /// What was just done, so that it is said.
    done: Option<String>,
    /// Only what has this in its text.
    q: Option<String>,
}

/// What a request is shown for.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Shown {
    /// The answer that is about to be given.
    say: Option<String>,
}

/// Answers `GET /ui/approvals`.
pub(super) async fn list(
    viewer: Viewer,
    Parameters(which): Parameters<Which>,
) -> Result<Response, Problem> {
    let queue = queue(&viewer, which.q.as_deref()).await?;
    let content = html! {
        div.head {
            h1 { (TITLE) }
            form.filter role="search" method="get" action=(PATH) {
                label { span.unseen { "Filter" }
                    input #filter type="search" name="q" value=[which.q.as_deref()] placeholder="Filter: command, rule, folder";
                }
                button.plain type="submit" { "Filter" }
            }
        }
        @if let Some(done) = which.done.as_deref().and_then(told) { (done) }
        (queue)
    };
    viewer.page(TITLE, PATH, content).await
}

/// Answers `GET /ui/waiting/part`: how many wait, for every page.
pub(super) async fn count(viewer: Viewer) -> Result<Response, Problem> {
    let waiting = viewer.waiting().await?;
    Ok(Viewer::part(html! { (frame::badge(waiting)) (frame::waiting_tile(waiting)) }))
}

/// Answers `GET /ui/approvals/part`: the lists alone.
pub(super) async fn part(
    viewer: Viewer,
    Parameters(which): Parameters<Which>,
) -> Result<Response, Problem> {
    let queue = queue(&viewer, which.q.as_deref()).await?;
    Ok(Viewer::part(queue))
}

/// Answers `GET /ui/approvals/{place}/{id}`: one request, whole, and what may be said to it.
pub(super) async fn one(
    viewer: Viewer,
    Path((place, id)): Path<(String, String)>,
    Parameters(shown): Parameters<Shown>,
) -> Result<Response, Problem> {
    let item = found(&viewer, &place, &id).await?;
    let say = shown.say.as_deref().and_then(Answer::of);
    let content = item.whole(&viewer, say, &Moment::now());
    viewer.page("Approval", PATH, content).await
}

/// Answers `POST /ui/approvals/{place}/{id}`.
pub(super) async fn answer(
    viewer: Viewer,
    Path((place, id)): Path<(String, String)>,
    posted: Posted,
) -> Result<Response, Problem> {
    let item = found(&viewer, &place, &id).await?;
    let wrong = |message: &str| Problem::new(Kind::Invalid, message);
    let say = posted.text("say").and_then(Answer::of);
    let say = say.ok_or_else(|| wrong("say yes or no"))?;
    let note = posted.text("note").map(str::to_owned);
    let app = &viewer.app;
    if item.is_here() {
        let said = match say {
            Answer::Approve => house::Said::Yes(scope(&posted)?),
            Answer::Deny => house::Said::No,
            Answer::Revoke => house::Said::TakenBack,
        };
        viewer.say_here(item.number(), said, note).await?;
        return Ok(see(&format!("{PATH}?done={}", say.name())));
    }
    match say {
        Answer::Approve => {
            let terms = Terms { scope: scope(&posted)?, seconds: None, uses: None };
            spoken::decide(app, &viewer.caller, &item.id(), (Said::Yes(terms), note)).await?;
        }
        Answer::Deny => {
            spoken::decide(app, &viewer.caller, &item.id(), (Said::No, note)).await?;
        }
        Answer::Revoke => {
            spoken::revoke(app, &viewer.caller, &item.id(), note).await?;
        }
    }
    Ok(see(&format!("{PATH}?done={}", say.name())))
}

/// How widely a yes shall hold.
fn scope(posted: &Posted) -> Result<ApprovalScope, Problem> {
    let scope = posted.text("scope").unwrap_or(ApprovalScope::Once.name());
    let scope = ApprovalScope::ALL.into_iter().find(|known| known.name() == scope);
    scope.ok_or_else(|| Problem::new(Kind::Invalid, "there is no such scope"))
}

/// What a person may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Answer {
    Approve,
    Deny,
    Revoke,
}

impl Answer {
    const ALL: [Self; 3] = [Self::Approve, Self::Deny, Self::Revoke];

    const fn name(self) -> &'static str {
        match self {
            Self::Approve => "approve",
            Self::Deny => "deny",
            Self::Revoke => "revoke",
        }
    }

    fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|known| known.name() == name)
    }
}

/// What is said of what was just done.
fn told(done: &str) -> Option<Markup> {
    let (tone, said) = match Answer::of(done)? {
        Answer::Approve => {
            (Tone::Good, "Approved. It runs when it is asked again, or at once where it waits.")
        }
        Answer::Deny => {
            (Tone::Plain, "Denied. The same call stays denied until the answer is taken back.")
        }
        Answer::Revoke => (Tone::Plain, "Taken back. The next such call is asked about anew."),
    };
    Some(parts::notice(tone, &html! { p { (said) } }))
}

/// The request that is meant.
async fn found(viewer: &Viewer, place: &str, id: &str) -> Result<Item, Problem> {
    let none = || Problem::new(Kind::NotFound, "there is no such request");
    let id = spoken::id(id)?;
    if place == item::HERE {
        let all = viewer.requests().await?;
        return all.into_iter().find(|it| it.id() == id).map(Item::here).ok_or_else(none);
    }
    if place != item::SERVER {
        return Err(none());
    }
    let record = viewer.app.store.approval(&viewer.caller.tenant, &id.to_string()).await;
    let record = record.map_err(|error| Problem::unread(&error))?;
    Ok(Item::of(record.ok_or_else(none)?))
}

/// What waits, and what was answered lately.
async fn queue(viewer: &Viewer, filter: Option<&str>) -> Result<Markup, Problem> {
    let now = Moment::now();
    let (app, caller) = (&viewer.app, &viewer.caller);
    let pending = Some(ApprovalState::Pending.name());
    let waits = |item: &Item| item.waits(&now);
    let (mut waiting, mut answered): (Vec<Item>, Vec<Item>) =
        viewer.requests().await?.into_iter().map(Item::here).partition(waits);
    let held = spoken::listed(app, caller, pending, MOST_WAITING).await?;
    waiting.extend(held.into_iter().map(Item::of));
    let all = spoken::listed(app, caller, None, MOST_ANSWERED).await?;
    answered.extend(all.into_iter().map(Item::of).filter(|item| !item.waits(&now)));
    waiting.sort_by_key(Item::asked);
    answered.sort_by_key(|item| core::cmp::Reverse(item.settled()));
    answered.truncate(MOST_ANSWERED as usize);
    let (waiting, answered) = (fitting(waiting, filter), fitting(answered, filter));
    let address = match filter.filter(|filter| !filter.is_empty()) {
        Some(filter) => {
            let mut query = url::form_urlencoded::Serializer::new(format!("{PATH}/part?"));
            query.append_pair("q", filter).finish()
        }
        None => format!("{PATH}/part"),
    };
    Ok(html! {
        div #queue data-live=(address) data-kinds="held answered desk" {
            section aria-labelledby="waiting-title" {
                h2 #waiting-title { "Waiting " span.quiet { (waiting.len()) } }
                @if waiting.is_empty() { (nothing(filter)) }
                @for item in &waiting { (item.card(viewer.may(Permission::Decide), &now)) }
            }
            section aria-labelledby="answered-title" {
                h2 #answered-title { "Answered lately" }
                @if answered.is_empty() { p.quiet { "Nothing yet." } }
                @else { (item::history(&answered, &now)) }
            }
        }
    })
}

fn fitting(mut items: Vec<Item>, filter: Option<&str>) -> Vec<Item> {
    let filter = filter.unwrap_or_default().to_lowercase();
    items.retain(|item| item.has(&filter));
    items
}

fn nothing(filter: Option<&str>) -> Markup {
    if filter.is_some_and(|filter| !filter.is_empty()) {
        return parts::empty(
            "Nothing waits that fits the filter",
            &html! {
                p { a href=(PATH) { "Show everything" } }
            },
        );
    }
    parts::empty(
        "Nothing waits for you",
        &html! {
            p {
                "When a rule says " code { "require_approval" } ", the call is held and appears here by itself. "
                "Try it: " code { "datafog check -- git push --force" }
            }
        },
    )
}
