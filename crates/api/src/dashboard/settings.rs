//! `/ui/settings`: how the installation is set.
//!
//! Settings are shown, not changed: what loosens is the command line's and the files'. Who is told what
//! happens is changed here ([`super::channels`]).

use axum::response::Response;
use maud::{Markup, html};

use super::Viewer;
use super::channels;
use super::house::at;
use super::parts;
use crate::server::problem::Problem;

pub(super) const SETTINGS: &str = "/ui/settings";

/// Answers `GET /ui/settings`.
pub(super) async fn settings(viewer: Viewer) -> Result<Response, Problem> {
    show(&viewer, &html! {}).await
}

/// The page, with what came of a change.
pub(super) async fn show(viewer: &Viewer, told: &Markup) -> Result<Response, Problem> {
    let house = viewer.house()?;
    let own = at(house, |house| house.settings()).await?;
    let said = viewer
        .app
        .said
        .iter()
        .map(|(name, value, from)| ((*name).to_owned(), value.clone(), from.clone()));
    let said: Vec<(String, String, String)> = said.collect();
    let content = html! {
        div.head { h1 { "Settings" } }
        (told)
        (channels::section(viewer).await?)
        p.quiet {
            "Shown, not changed here: calls are set by " code { "config.toml" } " and " code { "datafog mode" } ", the server by flags, variables and "
            code { "server.toml" } ". Secrets are not shown."
        }
        h2 { "Calls on this machine" }
        (table("Calls on this machine", &own))
        h2 { "The server" }
        @if said.is_empty() { p.quiet { "Nothing was said: everything is as built." } } @else { (table("The server", &said)) }
        h2 { "Kept for how long" }
        (parts::facts([
            ("Receipts", Some(html! { "for ever; nothing is removed by itself" })),
            ("Answers to repeated requests", Some(html! { "24 hours" })),
            ("Approvals", Some(html! { "30 days after nothing can come of them any more" })),
        ]))
    };
    viewer.page("Settings", SETTINGS, content).await
}

fn table(label: &str, rows: &[(String, String, String)]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(label) { table {
            thead { tr { th scope="col" { "Setting" } th scope="col" { "Value" } th scope="col" { "From" } } }
            tbody { @for (name, value, from) in rows { tr { td { (parts::words(name)) } td { (parts::code(value)) } td { (parts::words(from)) } } } }
        } }
    }
}
