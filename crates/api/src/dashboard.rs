//! The dashboard: pages for people, under `/ui`, made here and served by the server itself.
//!
//! Every page is whole without script; the modules in `assets/` keep it current and quick. Pages
//! decide nothing: what somebody answers or changes goes through the same functions as an answer over
//! the API. Who may see or do what is said in the one table of routes, `server/routes.rs`.
//!
//! How a page is added:
//!
//! 1. a row for each route in [`crate::server`]'s `ROUTES` with the permission it takes, and the route
//!    in [`routes`] below;
//! 2. a handler that takes a [`Viewer`] (who looks, in which tenant: `viewer.caller`, `viewer.app`) and
//!    returns `viewer.page(TITLE, PATH, content)`, or a `Problem`, which becomes a page of its own;
//! 3. a row in [`frame::ENTRIES`], so that it stands in the navigation of those who may see it;
//! 4. for a change: a `POST` whose handler takes [`Posted`] (it is refused without the form's token,
//!    which [`Viewer::form`] puts in), and which ends with [`see`], so that reloading repeats nothing;
//! 5. a row in the test that renders every page with hostile texts (`server/tests/dashboard.rs`).
//!
//! Times, badges and lists of facts come from [`parts`]. Texts from elsewhere are put in by `maud`, which
//! escapes them; commands and the like go through [`parts::code`], which also shows what hides. There is
//! no inline script and no `style` attribute: the policy that every page is sent with forbids both. A
//! page that is to stay current gives a part of it an id and `data-live=ADDRESS`: when something
//! happens (or falls within `data-kinds`), `assets/live.js` asks that address and puts what has the
//! same id in its place, keeping focus and what was typed. Other modules may listen for the event
//! `datafog:moved` on `document`, whose `detail` is what [`live`] sends.

mod activity;
mod approvals;
mod assets;
mod became;
mod channels;
mod checks;
mod cookie;
mod decision;
pub(crate) mod door;
mod drift;
pub(crate) mod enter;
mod findings;
pub(crate) mod frame;
pub(crate) mod house;
mod integrity;
pub(crate) mod job;
mod live;
mod login;
mod overview;
pub(crate) mod parts;
mod people;
mod policy;
mod posted;
pub(crate) mod problem;
mod rows;
mod settings;
mod simulation;
mod viewer;

use std::sync::Arc;

use axum::Router;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};

use crate::server::App;
pub(crate) use cookie::Token;
pub(crate) use posted::Posted;
pub(crate) use viewer::Viewer;

/// The routes of the dashboard, each of which has its row in the table.
pub(crate) fn routes() -> Router<Arc<App>> {
    Router::new()
        .route("/", get(door::begin))
        .route("/ui", get(door::begin))
        .route("/ui/", get(door::home))
        .route("/ui/activity", get(activity::page))
        .route("/ui/activity/export", get(activity::export))
        .route("/ui/activity/held/part", get(became::part))
        .route("/ui/activity/part", get(activity::part))
        .route("/ui/approvals", get(approvals::list))
        .route("/ui/approvals/part", get(approvals::part))
        .route("/ui/approvals/{place}/{id}", get(approvals::one).post(approvals::answer))
        .route("/ui/assets/{name}", get(assets::asset))
        .route("/ui/decisions/{place}/{id}", get(decision::page))
        .route("/ui/decisions/{place}/{id}/part", get(decision::part))
        .route("/ui/drift", get(drift::page))
        .route("/ui/findings", get(findings::page))
        .route("/ui/findings/{fingerprint}", post(findings::change))
        .route("/ui/live", get(live::socket))
        .route("/ui/login", get(login::page).post(login::login))
        .route("/ui/logout", post(login::logout))
        .route("/ui/overview", get(overview::page))
        .route("/ui/simulation", get(simulation::page).post(simulation::run))
        .route("/ui/channels", post(channels::add))
        .route("/ui/channels/{id}", post(channels::change))
        .route("/ui/checks", get(checks::page).post(checks::examine))
        .route("/ui/checks/part", get(checks::part))
        .route("/ui/deliveries/{id}", post(channels::again))
        .route("/ui/enter", get(enter::page).post(enter::enter))
        .route("/ui/integrity", get(integrity::page).post(integrity::verify))
        .route("/ui/integrity/chain", get(integrity::chain))
        .route("/ui/integrity/part", get(integrity::part))
        .route("/ui/keys", get(people::list).post(people::create))
        .route("/ui/keys/{id}", post(people::revoke))
        .route("/ui/people", post(people::add))
        .route("/ui/people/{login}", post(people::change))
        .route("/ui/policy", get(policy::rules))
        .route("/ui/policy/edit", get(policy::edit).post(policy::save))
        .route("/ui/policy/lint", post(policy::lint))
        .route("/ui/policy/versions", get(policy::versions))
        .route("/ui/policy/versions/{number}", get(policy::version).post(policy::restore))
        .route("/ui/waiting/part", get(approvals::count))
        .route("/ui/settings", get(settings::settings))
}

/// Whether what is asked for is a page of the dashboard.
pub(crate) fn is_page(path: &str) -> bool {
    path == "/ui" || path.starts_with("/ui/")
}

/// The answer to a change: go and see what became of it.
pub(crate) fn see(address: &str) -> Response {
    (StatusCode::SEE_OTHER, [("location", address)]).into_response()
}
