//! `/ui/findings`: which values were found, where, how often, and what to do about it.

use axum::extract::RawQuery;
use axum::response::Response;
use datafog_core::Severity;
use maud::{Markup, html};

use super::Viewer;
use super::parts::{self, Tone};
use super::rows::{self, activity, address, number};
use crate::board::{Filter, Sighting};
use crate::server::problem::Problem;

const TITLE: &str = "Findings";
pub(super) const PATH: &str = "/ui/findings";

/// Most values on the page.
const MOST: usize = 200;

/// Answers `GET /ui/findings`.
pub(super) async fn page(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let (filter, now) = (rows::filter(query.as_deref())?, rows::now());
    let asked = filter.clone();
    let found = rows::ask(&viewer, move |shelf| shelf.sightings(&asked, now, MOST));
    let (sightings, total) = found.await?;
    let content = html! {
        div.head {
            h1 { (TITLE) }
            (form(&filter))
        }
        (rows::notices(&viewer, 0))
        @if sightings.is_empty() && filter.is_empty() {
            (parts::empty("Nothing was found yet", &html! {
                p { "Secrets and personal data that stand in commands, files and requests appear here, each value once, by a keyed fingerprint and never by itself." }
                p { "Look through a folder: " code { "datafog scan ." } }
            }))
        } @else if sightings.is_empty() { (rows::nothing(&filter, PATH)) }
        @else {
            p.quiet { (total) " values" @if total > sightings.len() { ", of which " (sightings.len()) " are shown: the worst and newest" } }
            @for sighting in &sightings { (card(sighting, &filter)) }
        }
    };
    viewer.page(TITLE, PATH, content).await
}

fn form(filter: &Filter) -> Markup {
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
            button.plain type="submit" { "Filter" }
        }
    }
}

fn card(sighting: &Sighting, filter: &Filter) -> Markup {
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
                h2.title { a.open href=(rows_of) { (parts::words(&sighting.entity)) } " " (severity(sighting.severity)) }
                p.clock { "last " (rows::at(sighting.last)) " · first " (rows::at(sighting.first)) }
            }
            (parts::facts([
                ("Looks like", Some(parts::code(&sighting.preview))),
                ("Seen", Some(html! {
                    (number(sighting.count, &rows_of)) " times"
                    @if sighting.let_through > 0 { ", " (sighting.let_through) " of them in what was allowed as it was" }
                })),
                ("Where", Some(places)),
                ("Who had it", Some(html! { (parts::words(&sighting.agents.join(", "))) })),
                ("What it is", remedy.map(|(summary, _)| html! { (summary) })),
                ("What to do", remedy.map(|(_, revoke)| html! { (revoke) })),
                ("Fingerprint", Some(html! { a href=(address(PATH, &filter.with("finding", &fingerprint))) { code { (fingerprint.chars().take(16).collect::<String>()) "…" } } })),
            ]))
        }
    }
}

fn severity(severity: Severity) -> Markup {
    let tone = match severity {
        Severity::Critical | Severity::High => Tone::Bad,
        Severity::Medium => Tone::Warning,
        Severity::Low => Tone::Plain,
    };
    parts::badge(tone, severity.name())
}
