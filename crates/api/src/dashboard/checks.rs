//! `/ui/checks`: whether the installation stands as it should, as `datafog doctor` says it.
//!
//! What starts each shell takes longer than a request may: it goes on beside it.

use axum::response::Response;
use maud::{Markup, html};

use super::house::at;
use super::job::Job;
use super::parts::{self, Tone};
use super::{Posted, Viewer, see};
use crate::house::{Check, Level};
use crate::server::problem::Problem;

const PATH: &str = "/ui/checks";

/// Answers `GET /ui/checks`: what `doctor` says that is quickly said, and what came of asking every shell.
pub(super) async fn page(viewer: Viewer) -> Result<Response, Problem> {
    let found = at(viewer.house()?, |house| house.examine(false)).await?;
    let is_running = viewer.app.around.examined.stand().is_running();
    let content = html! {
        div.head { h1 { "Set-up" } }
        (summary(&found))
        p.quiet { "What " code { "datafog doctor" } " says of this installation. " code { "datafog doctor --fix" } " mends what can be mended." }
        (table("Checks", &found))
        (viewer.form(PATH, &html! { p.actions { button.plain type="submit" disabled[is_running] { "Ask every shell, too" } } }))
        p.quiet { "That starts each shell as people and agents do; it takes some seconds." }
        (shells(&viewer))
        h2 { "First steps" }
        ol.steps {
            li { "Wrap commands: " code { "datafog init" } " puts them before every other on " code { "PATH" } "." }
            li { "Look first, stop nothing: " code { "datafog mode observe" } ". When what is shown here is right: " code { "datafog mode enforced" } "." }
            li { "Say what you mean: " a href="/ui/policy/edit" { "edit the policy" } ", or begin with " code { "datafog policy init" } "." }
            li { "Let others help: " a href="/ui/keys" { "add people and keys" } "." }
        }
    };
    viewer.page("Set-up", PATH, content).await
}

/// Answers `GET /ui/checks/part`: what came of asking every shell.
pub(super) async fn part(viewer: Viewer) -> Result<Response, Problem> {
    viewer.house()?;
    Ok(Viewer::part(shells(&viewer)))
}

/// Answers `POST /ui/checks`: every shell is asked, beside this request.
pub(super) async fn examine(viewer: Viewer, _: Posted) -> Result<Response, Problem> {
    let house = viewer.house()?;
    Job::begin(&viewer.app, |app| &app.around.examined, async move {
        let unable = |problem: Problem| Check {
            about: String::from("every shell"),
            level: Level::Problem,
            detail: problem.message().to_owned(),
            remedy: None,
        };
        at(house, |house| house.examine(true)).await.unwrap_or_else(|error| vec![unable(error)])
    });
    Ok(see(PATH))
}

fn shells(viewer: &Viewer) -> Markup {
    let stand = viewer.app.around.examined.stand();
    html! {
        div #shells aria-live="polite" {
            (stand.told(("Every shell is being asked", "/ui/checks/part"), |found| html! {
                h2 { "With every shell" }
                (summary(found))
                (table("Checks with every shell", found))
            }))
        }
    }
}

fn summary(found: &[Check]) -> Markup {
    let wrong = found.iter().filter(|check| check.level == Level::Problem).count();
    let doubtful = found.iter().filter(|check| check.level == Level::Warning).count();
    match (wrong, doubtful) {
        (0, 0) => {
            parts::notice(Tone::Good, &html! { p { b { "Everything is as it should be." } } })
        }
        (0, _) => parts::notice(
            Tone::Warning,
            &html! { p { b { "Nothing is wrong, " (doubtful) " worth a look." } } },
        ),
        _ => parts::notice(
            Tone::Bad,
            &html! { p { b { (wrong) " wrong" } ", " (doubtful) " worth a look. What to do stands beside each." } },
        ),
    }
}

fn table(label: &str, found: &[Check]) -> Markup {
    html! {
        div.table tabindex="0" role="region" aria-label=(label) { table {
            thead { tr { th scope="col" { "State" } th scope="col" { "What" } th scope="col" { "Seen, and what to do" } } }
            tbody { @for check in found { (row(check)) } }
        } }
    }
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
