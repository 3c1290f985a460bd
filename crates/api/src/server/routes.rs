//! Every route, what it is for, and what answers it.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{MethodRouter, get, post};

use super::App;
use super::agentgov;
use super::approver;
use super::datafog;
use super::dataguard;
use super::enforgate;
use super::governance;
use super::guard::guard;
use super::live;
use super::login;
use super::native;
use super::native::channels;
use super::problem::{Form, Kind, Problem};
use crate::dashboard;
use crate::identity::Permission;
use crate::trace;

/// Every route with its method and what it takes to use it; `None` is for everybody.
pub(crate) const ROUTES: &[(&str, &str, Option<Permission>)] = &[
    ("GET", "/", None),
    ("POST", "/approval/{id}", Some(Permission::Decide)),
    ("GET", "/approvals", Some(Permission::Read)),
    ("GET", "/approvals/pending", Some(Permission::Read)),
    ("GET", "/approvals/{id}", Some(Permission::Follow)),
    ("POST", "/approvals/{id}/approve", Some(Permission::Decide)),
    ("POST", "/approvals/{id}/deny", Some(Permission::Decide)),
    ("POST", "/approve/{id}", Some(Permission::Decide)),
    ("GET", "/audit", Some(Permission::Read)),
    ("POST", "/check", Some(Permission::Ask)),
    ("GET", "/health", None),
    ("POST", "/login", None),
    ("GET", "/me", Some(Permission::Own)),
    ("GET", "/metrics", Some(Permission::Read)),
    ("GET", "/pending", Some(Permission::Read)),
    ("POST", "/proxy", Some(Permission::Ask)),
    ("GET", "/ready", None),
    ("POST", "/tool/call", Some(Permission::Ask)),
    ("POST", "/tools", Some(Permission::Ask)),
    ("GET", "/ui", None),
    ("GET", "/ui/", Some(Permission::Read)),
    ("GET", "/ui/activity", Some(Permission::Read)),
    ("GET", "/ui/activity/export", Some(Permission::Read)),
    ("GET", "/ui/activity/held/part", Some(Permission::Read)),
    ("GET", "/ui/activity/part", Some(Permission::Read)),
    ("GET", "/ui/approvals", Some(Permission::Read)),
    ("GET", "/ui/approvals/part", Some(Permission::Read)),
    ("GET", "/ui/approvals/{place}/{id}", Some(Permission::Read)),
    ("POST", "/ui/approvals/{place}/{id}", Some(Permission::Decide)),
    ("GET", "/ui/assets/{name}", None),
    ("POST", "/ui/channels", Some(Permission::Manage)),
    ("POST", "/ui/channels/{id}", Some(Permission::Manage)),
    ("GET", "/ui/decisions/{place}/{id}", Some(Permission::Read)),
    ("GET", "/ui/decisions/{place}/{id}/part", Some(Permission::Read)),
    ("POST", "/ui/deliveries/{id}", Some(Permission::Manage)),
    ("GET", "/ui/drift", Some(Permission::Read)),
    ("GET", "/ui/findings", Some(Permission::Read)),
    ("POST", "/ui/findings/{fingerprint}", Some(Permission::Decide)),
    ("GET", "/ui/checks", Some(Permission::Manage)),
    ("POST", "/ui/checks", Some(Permission::Manage)),
    ("GET", "/ui/checks/part", Some(Permission::Manage)),
    ("GET", "/ui/enter", None),
    ("POST", "/ui/enter", None),
    ("GET", "/ui/integrity", Some(Permission::Read)),
    ("POST", "/ui/integrity", Some(Permission::Read)),
    ("GET", "/ui/integrity/chain", Some(Permission::Read)),
    ("GET", "/ui/integrity/part", Some(Permission::Read)),
    ("GET", "/ui/keys", Some(Permission::Manage)),
    ("POST", "/ui/keys", Some(Permission::Manage)),
    ("POST", "/ui/keys/{id}", Some(Permission::Manage)),
    ("GET", "/ui/live", Some(Permission::Read)),
    ("GET", "/ui/login", None),
    ("POST", "/ui/login", None),
    ("POST", "/ui/logout", Some(Permission::Own)),
    ("GET", "/ui/overview", Some(Permission::Read)),
    ("GET", "/ui/simulation", Some(Permission::Read)),
    ("POST", "/ui/simulation", Some(Permission::Read)),
    ("POST", "/ui/people", Some(Permission::Manage)),
    ("POST", "/ui/people/{login}", Some(Permission::Manage)),
    ("GET", "/ui/policy", Some(Permission::Read)),
    ("GET", "/ui/policy/edit", Some(Permission::Manage)),
    ("POST", "/ui/policy/edit", Some(Permission::Manage)),
    ("POST", "/ui/policy/lint", Some(Permission::Manage)),
    ("GET", "/ui/policy/versions", Some(Permission::Read)),
    ("GET", "/ui/policy/versions/{number}", Some(Permission::Read)),
    ("POST", "/ui/policy/versions/{number}", Some(Permission::Manage)),
    ("GET", "/ui/settings", Some(Permission::Manage)),
    ("GET", "/ui/waiting/part", Some(Permission::Read)),
    ("POST", "/v1/actions", Some(Permission::Ask)),
    ("POST", "/v1/anonymize", Some(Permission::Ask)),
    ("GET", "/v1/approvals", Some(Permission::Read)),
    ("POST", "/v1/approvals", Some(Permission::Ask)),
    ("GET", "/v1/approvals/{id}", Some(Permission::Follow)),
    ("POST", "/v1/approvals/{id}/decision", Some(Permission::Decide)),
    ("POST", "/v1/approvals/{id}/revocation", Some(Permission::Decide)),
    ("POST", "/v1/approvals/{id}/withdrawal", Some(Permission::Ask)),
    ("POST", "/v1/audit/query", Some(Permission::Read)),
    ("GET", "/v1/channels", Some(Permission::Manage)),
    ("POST", "/v1/channels", Some(Permission::Manage)),
    ("DELETE", "/v1/channels/{id}", Some(Permission::Manage)),
    ("GET", "/v1/channels/{id}", Some(Permission::Manage)),
    ("PUT", "/v1/channels/{id}", Some(Permission::Manage)),
    ("POST", "/v1/channels/{id}/test", Some(Permission::Manage)),
    ("POST", "/v1/check", Some(Permission::Ask)),
    ("POST", "/v1/decide", Some(Permission::Ask)),
    ("GET", "/v1/deliveries", Some(Permission::Manage)),
    ("POST", "/v1/deliveries/{id}/replay", Some(Permission::Manage)),
    ("POST", "/v1/dlp/mask", Some(Permission::Ask)),
    ("POST", "/v1/dlp/scan", Some(Permission::Ask)),
    ("GET", "/v1/events", Some(Permission::Read)),
    ("GET", "/v1/events/stream", Some(Permission::Read)),
    ("POST", "/v1/guardian/approve/{id}", Some(Permission::Decide)),
    ("POST", "/v1/governance/approve", Some(Permission::Ask)),
    ("POST", "/v1/guardian/evaluate", Some(Permission::Ask)),
    ("POST", "/v1/guardian/evaluate-batch", Some(Permission::Ask)),
    ("POST", "/v1/guardian/report-outcome", Some(Permission::Ask)),
    ("GET", "/v1/policies/active", Some(Permission::Read)),
    ("PUT", "/v1/policies/active", Some(Permission::Manage)),
    ("GET", "/v1/policy", Some(Permission::Read)),
    ("GET", "/v1/policy/bundle", Some(Permission::Ask)),
    ("GET", "/v1/policy/text", Some(Permission::Read)),
    ("PUT", "/v1/policy/text", Some(Permission::Manage)),
    ("GET", "/v1/policy/version", Some(Permission::Ask)),
    ("GET", "/v1/policy/versions", Some(Permission::Read)),
    ("GET", "/v1/policy/versions/{number}", Some(Permission::Read)),
    ("POST", "/v1/policy/versions/{number}/restoration", Some(Permission::Manage)),
    ("GET", "/v1/receipts", Some(Permission::Read)),
    ("GET", "/v1/receipts/{id}", Some(Permission::Read)),
    ("POST", "/v1/scan", Some(Permission::Ask)),
    ("GET", "/v1/stats/summary", Some(Permission::Read)),
    ("POST", "/v1/tokens", Some(Permission::Own)),
    ("POST", "/v1/transform", Some(Permission::Ask)),
    ("GET", "/ws", Some(Permission::Read)),
];

/// Routes of our own form, whose errors are those of RFC 9457.
const NATIVE: [&str; 10] = [
    "/v1/actions",
    "/v1/approvals",
    "/v1/channels",
    "/v1/deliveries",
    "/v1/events/stream",
    "/v1/policy",
    "/v1/policy/bundle",
    "/v1/policy/text",
    "/v1/policy/versions",
    "/v1/tokens",
];

/// The beginnings of others.
const NATIVE_BEGINNINGS: [&str; 4] =
    ["/v1/approvals/", "/v1/channels/", "/v1/deliveries/", "/v1/policy/versions/"];

/// Whether a route is of our own form.
pub(crate) fn is_native(route: &str) -> bool {
    let begins = |start: &&str| route.starts_with(*start);
    NATIVE.contains(&route) || NATIVE_BEGINNINGS.iter().any(begins)
}

/// The spellings of AgentGov's one route for calls.
const CALLS: [&str; 4] = ["/check", "/proxy", "/tool/call", "/tools"];

/// Whether an answer at this path may wait for a person and for an upstream.
pub(crate) fn waits(path: &str) -> bool {
    CALLS.contains(&path) || path == APPROVER
}

/// pi-governance's route for approvals.
const APPROVER: &str = "/v1/governance/approve";

/// How a route tells what is wrong.
pub(crate) fn form(route: &str) -> Form {
    let agentgov = ["/approval/", "/approvals", "/approve/", "/audit", "/login", "/pending", "/ws"];
    if is_native(route) {
        Form::Native
    } else if CALLS.contains(&route)
        || route == "/me"
        || agentgov.iter().any(|start| route.starts_with(start))
    {
        Form::AgentGov
    } else {
        Form::DataFog
    }
}

/// What it takes to use a route. One that is not in the table takes everything; a method that it does
/// not have, what its first one takes, and is then told so.
pub(crate) fn permission(method: &str, route: &str) -> Option<Permission> {
    let method = if method == "HEAD" { "GET" } else { method };
    let of_route = || ROUTES.iter().filter(|(_, path, _)| *path == route);
    let known = of_route().find(|(known, _, _)| *known == method).or_else(|| of_route().next());
    known.map_or(Some(Permission::Manage), |(_, _, permission)| *permission)
}

/// The server as one service.
pub fn app(app: Arc<App>) -> Router {
    agentgov_routes()
        .merge(native_routes())
        .merge(datafog_routes())
        .merge(dataguard_routes())
        .merge(governance_routes())
        .route("/v1/check", only(post(enforgate::check)))
        .merge(dashboard::routes())
        .method_not_allowed_fallback(async || Problem::new(Kind::Method, "method not allowed"))
        .fallback(async || Problem::new(Kind::NotFound, "route not found"))
        // Bodies are bounded where they are read, with an answer of ours.
        .layer(DefaultBodyLimit::disable())
        .layer(from_fn_with_state(Arc::clone(&app), guard))
        .layer(from_fn(trace::request))
        .with_state(app)
}

/// Those of AgentGov, and who one is there.
fn agentgov_routes() -> Router<Arc<App>> {
    CALLS
        .into_iter()
        .fold(Router::new(), |routes, path| routes.route(path, only(post(agentgov::call))))
        .route("/approval/{id}", only(post(agentgov::decide)))
        .route("/approvals", only(get(agentgov::approvals)))
        .route("/approvals/pending", only(get(agentgov::approvals)))
        .route("/approvals/{id}", only(get(agentgov::approval)))
        .route("/approvals/{id}/approve", only(post(agentgov::approve)))
        .route("/approvals/{id}/deny", only(post(agentgov::deny)))
        .route("/approve/{id}", only(post(agentgov::decide)))
        .route("/audit", only(get(agentgov::audit)))
        .route("/login", only(post(login::login)))
        .route("/me", only(get(login::me)))
        .route("/pending", only(get(agentgov::pending)))
        .route("/ws", only(get(agentgov::socket)))
}

/// Those of our own form.
fn native_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/actions", only(post(native::actions)))
        .route("/v1/approvals", only(get(native::approvals).post(native::ask)))
        .route("/v1/approvals/{id}", only(get(native::approval)))
        .route("/v1/approvals/{id}/decision", only(post(native::decision)))
        .route("/v1/approvals/{id}/revocation", only(post(native::revocation)))
        .route("/v1/approvals/{id}/withdrawal", only(post(native::withdraw)))
        .route("/v1/channels", only(get(channels::list).post(channels::create)))
        .route(
            "/v1/channels/{id}",
            only(get(channels::one).put(channels::change).delete(channels::remove)),
        )
        .route("/v1/channels/{id}/test", only(post(channels::test)))
        .route("/v1/deliveries", only(get(channels::deliveries)))
        .route("/v1/deliveries/{id}/replay", only(post(channels::replay)))
        .route("/v1/events/stream", only(get(live::stream::stream)))
        .route("/v1/policy", only(get(native::policy)))
        .route("/v1/policy/bundle", only(get(native::bundle)))
        .route("/v1/policy/text", only(get(native::text).put(native::put)))
        .route("/v1/policy/versions", only(get(native::versions)))
        .route("/v1/policy/versions/{number}", only(get(native::version)))
        .route("/v1/policy/versions/{number}/restoration", only(post(native::restore)))
        .route("/v1/tokens", only(post(login::token)))
}

/// Those that clients of DataFog know.
fn datafog_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/health", only(get(datafog::health)))
        .route("/metrics", only(get(datafog::metrics)))
        .route("/v1/anonymize", only(post(datafog::anonymize)))
        .route("/v1/decide", only(post(datafog::decide)))
        .route("/v1/events", only(get(datafog::events)))
        .route("/v1/policy/version", only(get(datafog::version)))
        .route("/v1/receipts", only(get(datafog::receipts)))
        .route("/v1/receipts/{id}", only(get(datafog::receipt)))
        .route("/v1/scan", only(post(datafog::scan)))
        .route("/v1/transform", only(post(datafog::transform)))
}

fn dataguard_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/ready", only(get(dataguard::ready)))
        .route("/v1/audit/query", only(post(dataguard::audit)))
        .route("/v1/guardian/approve/{id}", only(post(dataguard::approve)))
        .route("/v1/guardian/evaluate", only(post(dataguard::evaluate)))
        .route("/v1/guardian/evaluate-batch", only(post(dataguard::batch)))
        .route("/v1/guardian/report-outcome", only(post(dataguard::report_outcome)))
        .route("/v1/policies/active", only(get(dataguard::active).put(dataguard::put)))
        .route("/v1/stats/summary", only(get(dataguard::summary)))
}

/// Those of pi-governance.
fn governance_routes() -> Router<Arc<App>> {
    Router::new()
        .route("/v1/dlp/mask", only(post(governance::mask)))
        .route("/v1/dlp/scan", only(post(governance::scan)))
        .route(APPROVER, only(post(approver::approve)))
}

/// A route of one method; others are told so.
fn only(route: MethodRouter<Arc<App>>) -> MethodRouter<Arc<App>> {
    route.fallback(async || Problem::new(Kind::Method, "method not allowed"))
}
