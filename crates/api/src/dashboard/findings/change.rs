//! Saying that a value that was found needs nothing, is dealt with, or is open after all.
//!
//! The gate is asked first, as for a key: whoever silences a finding has to be a person, as far as anybody
//! can tell. The word is kept by the value's fingerprint, together with its line in the chain.

use axum::extract::Path;
use axum::response::Response;
use datafog_core::KeyedDigest;
use datafog_gate::Judge;
use maud::{Markup, html};

use super::state::Wanted;
use crate::board::Filter;
use crate::dashboard::{Posted, Viewer, rows, see};
use crate::server::context::plain;
use crate::server::noted::Noted;
use crate::server::problem::{Kind, Problem};
use crate::settings::duration;
use crate::store::{Mark, MarkState};

/// Answers `POST /ui/findings/{fingerprint}`.
pub(in super::super) async fn change(
    viewer: Viewer,
    Path(fingerprint): Path<String>,
    posted: Posted,
) -> Result<Response, Problem> {
    let none = || Problem::new(Kind::NotFound, "no such value was found");
    let wrong = |why: String| Problem::new(Kind::Invalid, why);
    let value = KeyedDigest::from_hex(&fingerprint).ok_or_else(none)?;
    let state: MarkState = posted.text("say").unwrap_or_default().parse().map_err(wrong)?;
    let reason = posted.text("reason").unwrap_or_default().to_owned();
    if state == MarkState::Ignored && reason.is_empty() {
        return Err(wrong(String::from("say why it needs nothing")));
    }
    let lasting = posted.text("lasting").filter(|_| state == MarkState::Ignored);
    let lasting = lasting.map(duration).transpose().map_err(wrong)?;
    let back = back(&posted);
    let filter = Filter::default().with("finding", &fingerprint);
    let now = rows::now();
    let entity = rows::ask(&viewer, move |shelf| {
        let (found, _) = shelf.sightings(&filter, now, usize::MAX);
        found.into_iter().find(|it| it.fingerprint == value).map(|it| it.entity)
    });
    let entity = entity.await?.ok_or_else(none)?;
    let kept = viewer.app.judges.ask(move |judge: &Judge<'_>| plain(judge, &reason)).await?;
    let what = format!("finding {} {entity} {fingerprint}", state.name());
    let noted = Noted::of(&viewer.caller, what, kept.clone());
    viewer.asked(&noted).await?;
    let entry = noted.entry(&viewer.app).await?;
    let length = lasting.map(|it| i64::try_from(it.as_micros()).unwrap_or(i64::MAX));
    let mark = Mark {
        // As the index has it: an address may spell it in capitals.
        fingerprint: value.to_string(),
        state,
        reason: kept,
        author: viewer.caller.name(),
        at: now,
        until: length.map(|length| now.saturating_add(length)),
    };
    let stored = viewer.app.store.set_mark(&viewer.caller.tenant, mark, entry).await;
    stored.map_err(|error| Problem::unstored(&error))?;
    Ok(see(&back))
}

/// The page that the form stood on.
fn back(posted: &Posted) -> String {
    let filter = Filter::parse(posted.text("back").unwrap_or_default()).unwrap_or_default();
    let wanted = Wanted::of(posted.text("state"), &filter);
    wanted.unwrap_or(Wanted::State(MarkState::Open)).address(&filter)
}

/// What may be said of a value.
pub(super) fn form(
    viewer: &Viewer,
    fingerprint: &str,
    (filter, wanted): (&Filter, Wanted),
) -> Markup {
    let inner = html! {
        input type="hidden" name="back" value=(filter.query());
        input type="hidden" name="state" value=(wanted.name());
        div.fields {
            label.stacked { "Why" input name="reason" maxlength="200" autocomplete="off"; }
            label.stacked { "Ignored for, such as 90d; for ever where nothing stands" input name="lasting" autocomplete="off"; }
        }
        p.actions {
            button.plain type="submit" name="say" value="ignored" { "It needs nothing" }
            button.plain type="submit" name="say" value="fixed" { "It is fixed" }
            button.plain type="submit" name="say" value="open" { "It is open" }
        }
    };
    html! {
        details.say { summary { "Say what became of it…" }
            (viewer.form(&format!("/ui/findings/{fingerprint}"), &inner))
        }
    }
}
