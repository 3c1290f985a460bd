//! `/ui/settings` and `/ui/checks`: how the installation is set, and whether it stands as it should.
//!
//! Settings are shown, not changed: what loosens is the command line's and the files'.

use axum::response::Response;
use maud::{Markup, html};
use serde::Deserialize;

use super::Viewer;
use super::house::at;
use super::parts::{self, Tone};
use crate::house::{Check, Level};
use crate::server::asked::Parameters;
use crate::server::problem::Problem;

const SETTINGS: &str = "/ui/settings";
const CHECKS: &str = "/ui/checks";

/// What is to be looked at.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Which {
    shells: Option<String>,
}

/// Answers `GET /ui/settings`.
pub(super) async fn settings(viewer: Viewer) -> Result<Response, Problem> {
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

/// Answers `GET /ui/checks`: what `doctor` says.
pub(super) async fn checks(
    viewer: Viewer,
    Parameters(Which { shells }): Parameters<Which>,
) -> Result<Response, Problem> {
    let house = viewer.house()?;
    let is_deep = shells.is_some();
    let found = at(house, move |house| house.examine(is_deep)).await?;
    let wrong = found.iter().filter(|check| check.level == Level::Problem).count();
    let doubtful = found.iter().filter(|check| check.level == Level::Warning).count();
    let content = html! {
        div.head { h1 { "Set-up" } }
        @match (wrong, doubtful) {
            (0, 0) => (parts::notice(Tone::Good, &html! { p { b { "Everything is as it should be." } } })),
            (0, _) => (parts::notice(Tone::Warning, &html! { p { b { "Nothing is wrong, " (doubtful) " worth a look." } } })),
            _ => (parts::notice(Tone::Bad, &html! { p { b { (wrong) " wrong" } ", " (doubtful) " worth a look. What to do stands beside each." } })),
        }
        p.quiet { "What " code { "datafog doctor" } " says of this installation. " code { "datafog doctor --fix" } " mends what can be mended." }
        div.table tabindex="0" role="region" aria-label="Checks" { table {
            thead { tr { th scope="col" { "State" } th scope="col" { "What" } th scope="col" { "Seen, and what to do" } } }
            tbody { @for check in &found { (row(check)) } }
        } }
        @if !is_deep { p.actions { a.button.plain href={ (CHECKS) "?shells=yes" } { "Ask every shell, too" } } p.quiet { "That starts each shell as people and agents do; it takes some seconds." } }
        h2 { "First steps" }
        ol.steps {
            li { "Wrap commands: " code { "datafog init" } " puts them before every other on " code { "PATH" } "." }
            li { "Look first, stop nothing: " code { "datafog mode observe" } ". When what is shown here is right: " code { "datafog mode enforced" } "." }
            li { "Say what you mean: " a href="/ui/policy/edit" { "edit the policy" } ", or begin with " code { "datafog policy init" } "." }
            li { "Let others help: " a href="/ui/keys" { "add people and keys" } "." }
        }
    };
    viewer.page("Set-up", CHECKS, content).await
}

fn row(check: &Check) -> Markup {
    let (tone, word) = match check.level {
        Level::Ok => (Tone::Good, "ok"),
        Level::Warning => (Tone::Warning, "warning"),
        Level::Problem => (Tone::Bad, "problem"),
    };
    html! {
        tr.entry tabindex="-1" {
            td { (parts::badge(tone, word)) }
            td { (parts::words(&check.about)) }
            td {
                (parts::words(&check.detail))
                @if let Some(remedy) = &check.remedy { span.note { "do: " (parts::code(remedy)) } }
            }
        }
    }
}
