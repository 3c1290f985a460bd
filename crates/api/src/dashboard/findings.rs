//! `/ui/findings`: which values were found, where, how often, and what to do about it.

mod change;
mod state;

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_core::Severity;
use maud::{Markup, html};

use super::Viewer;
use super::parts::{self, Tone};
use super::rows::{self, activity, number};
use crate::board::{Filter, Sighting};
use crate::identity::Permission;
use crate::server::problem::Problem;
use crate::store::MarkState;
pub(super) use change::change;
use state::{Wanted, Words};

const TITLE: &str = "Findings";
pub(super) const PATH: &str = "/ui/findings";

/// Most values on the page.
const MOST: usize = 200;

/// Answers `GET /ui/findings`.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.as_deref();
    let (filter, now) = (rows::filter(query)?, rows::now());
    let wanted = Wanted::of(rows::field(query, "state").as_deref(), &filter)?;
    let words = Words::of(&viewer, now).await?;
    let asked = filter.clone();
    let found = rows::ask(&viewer, move |shelf| shelf.sightings(&asked, now, usize::MAX).0);
    let all = found.await?;
    let counts = MarkState::ALL
        .map(|state| (state, all.iter().filter(|it| words.state(it.fingerprint) == state).count()));
    let all: Vec<_> =
        all.into_iter().filter(|it| wanted.takes(words.state(it.fingerprint))).collect();
    let content = html! {
        div.head {
            h1 { (TITLE) }
            (form(&filter, wanted))
        }
        (rows::notices(&viewer, 0))
        (states(&filter, wanted, &counts))
        @if counts.iter().all(|it| it.1 == 0) && filter.is_empty() {
            (parts::empty("Nothing was found yet", &html! {
                p { "Secrets and personal data that stand in commands, files and requests appear here, each value once, by a keyed fingerprint and never by itself." }
                p { "Look through a folder: " code { "datafog scan ." } }
            }))
        } @else if all.is_empty() { (none(&filter)) }
        @else {
            p.quiet { (all.len()) @if all.len() == 1 { " value" } @else { " values" } @if all.len() > MOST { ", of which " (MOST) " are shown: the worst and newest" } }
            @for sighting in all.iter().take(MOST) { (card(&viewer, (sighting, &words), (&filter, wanted))) }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

/// The states, with how many values are in each.
fn states(filter: &Filter, wanted: Wanted, counts: &[(MarkState, usize); 3]) -> Markup {
    let link = |wanted: Wanted| wanted.address(filter);
    let entry = |own: Wanted, label: &str, count: Option<usize>| {
        html! {
            li { a href=(link(own)) aria-current=[(own == wanted).then_some("true")] {
                (label) @if let Some(count) = count { " " span.quiet { (count) } }
            } }
        }
    };
    html! {
        nav.tabs aria-label="States" { ul {
            @for (state, label) in [(MarkState::Open, "Open"), (MarkState::Ignored, "Ignored"), (MarkState::Fixed, "Fixed")] {
                (entry(Wanted::State(state), label, counts.iter().find(|it| it.0 == state).map(|it| it.1)))
            }
            (entry(Wanted::All, "All", None))
        } }
    }
}

fn form(filter: &Filter, wanted: Wanted) -> Markup {
    let fields = filter.fields();
    html! {
        form.filter role="search" method="get" action=(PATH) {
            label { span.unseen { "Kind" }
                input #filter type="search" name="entity" value=[filter.entity.as_deref()] placeholder="Kind: secret, pii.email";
            }
            label { span.unseen { "Repository or folder" }
                input type="text" name="repository" value=[filter.repository.as_deref()] placeholder="Repository";
            }
            @for (name, value) in fields.iter().filter(|it| !["entity", "repository"].contains(&it.0)) {
                input type="hidden" name=(name) value=(value);
            }
            input type="hidden" name="state" value=(wanted.name());
            button.plain type="submit" { "Filter" }
        }
    }
}

fn card(
    viewer: &Viewer,
    (sighting, words): (&Sighting, &Words),
    (filter, wanted): (&Filter, Wanted),
) -> Markup {
    let fingerprint = sighting.fingerprint.to_string();
    let rows_of = activity(filter, &[("finding", &fingerprint)]);
    let remedy = datafog_detect::detector(&sighting.detector)
        .map(|detector| (detector.summary, detector.revoke))
        .filter(|(_, revoke)| !revoke.is_empty());
    let places = html! {
        ul { @for (folder, program) in &sighting.places {
            li { (parts::code(folder)) " by " (parts::code(program)) }
        } }
    };
    html! {
        article.card.entry tabindex="-1" aria-label={ (sighting.entity) " " (sighting.preview) } {
            header {
                h2.title { a.open href=(rows_of) { (parts::words(&sighting.entity)) } " " (severity(sighting.severity)) " " (words.badge(sighting.fingerprint)) }
                p.clock { "last " (rows::at(sighting.last)) " · first " (rows::at(sighting.first)) }
            }
            (parts::facts([
                ("State", words.said(sighting.fingerprint)),
                ("Looks like", Some(parts::code(&sighting.preview))),
                ("Seen", Some(html! {
                    (number(sighting.count, &rows_of)) @if sighting.count == 1 { " time" } @else { " times" }
                    @if sighting.let_through > 0 { ", " (sighting.let_through) " of them in what was allowed as it was" }
                })),
                ("Where", Some(places)),
                ("Who had it", Some(html! { (parts::words(&sighting.agents.join(", "))) })),
                ("What it is", remedy.map(|(summary, _)| html! { (summary) })),
                ("What to do", remedy.map(|(_, revoke)| html! { (revoke) })),
                ("Fingerprint", Some(html! { a href=(Wanted::All.address(&filter.with("finding", &fingerprint))) { code { (fingerprint.chars().take(16).collect::<String>()) "…" } } })),
            ]))
            @if viewer.may(Permission::Decide) { (change::form(viewer, &fingerprint, (filter, wanted))) }
        }
    }
}

fn none(filter: &Filter) -> Markup {
    parts::empty(
        "No value is in this state",
        &html! { p { a href=(Wanted::All.address(filter)) { "Show all states" } " · " a href=(PATH) { "Clear the filter" } } },
    )
}

fn severity(severity: Severity) -> Markup {
    let tone = match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warning,
        Severity::Low => Tone::Plain,
    };
    parts::badge(tone, severity.name())
}
