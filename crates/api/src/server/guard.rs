//! What every request goes through before a route sees it.
//!
//! In this order: an id; the name that the server was called by, so that no page of another name can
//! reach it (DNS rebinding); the page that asks, since no page of another origin may; no credential in
//! the address; the credential, what it permits, and how often.

use std::sync::Arc;
use std::time::Instant;

use axum::extract::{MatchedPath, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use rustix::rand::{GetRandomFlags, getrandom};

use super::App;
use super::problem::{Form, Kind, Problem};
use super::rate::Told;
use super::routes::{form, permission};
use crate::dashboard::{Token, door, is_page};
use crate::identity::{Caller, Credential, Permission, Refused, is_in_query};
use crate::listen::MOST_HEAD;

/// The header that names a request.
const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// No id of a caller's is longer.
const MOST_ID: usize = 128;

/// The id of the request at hand.
#[derive(Clone, Debug)]
pub(crate) struct RequestId(pub(crate) String);

/// Guards `next`, counts what comes of it, and names the answer.
pub(crate) async fn guard(State(app): State<Arc<App>>, request: Request, next: Next) -> Response {
    let start = Instant::now();
    let (mut parts, body) = request.into_parts();
    let id = request_id(&parts.headers);
    let method = parts.method.clone();
    let route = parts.extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned());
    parts.extensions.insert(RequestId(id.clone()));
    let page = is_page(parts.uri.path()).then(|| parts.uri.clone());
    let named = route.as_deref().and_then(|route| named(route, parts.uri.path()));
    let (mut told, mut tenant) = (None, None);
    let mut answer = match let_in(&app, &parts, route.as_deref(), &mut told).await {
        Ok(Way::Plain) => StatusCode::NO_CONTENT.into_response(),
        Ok(Way::Open) => next.run(Request::from_parts(parts, body)).await,
        Ok(Way::Known(caller, token)) => {
            tenant = Some(caller.tenant.clone());
            parts.extensions.insert(*caller);
            token.and_then(|token| parts.extensions.insert(token));
            next.run(Request::from_parts(parts, body)).await
        }
        Err(problem) => problem.into_response(),
    };
    if let Some(problem) = answer.extensions_mut().remove::<Problem>() {
        answer = match &page {
            Some(page) => problem.shown((&method, page), &id),
            None => {
                let problem = of_others(&app, problem, tenant.zip(named)).await;
                problem.told(route.as_deref().map_or(Form::DataFog, form), &id)
            }
        };
    }
    tell_rate(&app, &mut answer, told);
    let route = route.as_deref().unwrap_or("/_not_found");
    app.metrics.count(method.as_str(), route, answer.status().as_u16(), start.elapsed());
    let headers = answer.headers_mut();
    if let Ok(value) = HeaderValue::from_str(&id) {
        headers.insert(REQUEST_ID, value);
    }
    if page.is_some() {
        door::close(headers);
    }
    headers.entry("cache-control").or_insert(HeaderValue::from_static("no-store"));
    headers.insert("x-content-type-options", HeaderValue::from_static("nosniff"));
    answer
}

/// The id in a path, where its route has one.
fn named(route: &str, path: &str) -> Option<String> {
    let mut parts = route.split('/').zip(path.split('/'));
    parts.find(|(part, _)| part.starts_with('{')).map(|(_, name)| name.to_owned())
}

/// What is not there for a tenant may be another one's: that is said. Ids are random, so none is found by
/// trying. A store that cannot tell leaves the problem as it is.
async fn of_others(app: &App, problem: Problem, asked: Option<(String, String)>) -> Problem {
    let Some((tenant, id)) = asked.filter(|_| problem.is(Kind::NotFound)) else { return problem };
    match app.store.tenant_of(&id).await {
        Ok(Some(owner)) if owner != tenant => {
            Problem::new(Kind::Forbidden, "it belongs to another tenant")
        }
        Ok(_) | Err(_) => problem,
    }
}

/// How a request goes on.
enum Way {
    /// To its route, whose caller is known.
    Known(Box<Caller>, Option<Token>),
    /// To a route that everybody may ask.
    Open,
    /// To no route: a page asks what it may ask, and is told nothing.
    Plain,
}

/// Says how many requests are left of this second (draft-ietf-httpapi-ratelimit-headers), where they
/// are counted: of the credential's own or of its tenant's, which has less.
fn tell_rate(app: &App, answer: &mut Response, told: Option<Told>) {
    let Some(Told { bucket, left, .. }) = told else { return };
    let policies = app.rates.policies();
    let policies: Vec<String> =
        policies.map(|(bucket, most)| format!("\"{bucket}\";q={most};w=1")).collect();
    let lines = [
        ("ratelimit-policy", policies.join(", ")),
        ("ratelimit", format!("\"{bucket}\";r={left};t=1")),
    ];
    for (name, line) in lines {
        if let Ok(line) = HeaderValue::from_str(&line) {
            answer.headers_mut().insert(name, line);
        }
    }
}

/// Who may go on, and where to. `told` is how many requests they have left, where that is counted.
async fn let_in(
    app: &App,
    request: &Parts,
    route: Option<&str>,
    told: &mut Option<Told>,
) -> Result<Way, Problem> {
    let (headers, page) = (&request.headers, is_page(request.uri.path()));
    check_head(app, request, page)?;
    if request.method == Method::OPTIONS {
        return Ok(Way::Plain);
    }
    let permission = match route.map(|route| permission(request.method.as_str(), route)) {
        Some(None) => return Ok(Way::Open),
        Some(Some(permission)) => Some(permission),
        None => None,
    };
    let (caller, token) = match page {
        // What a browser holds counts here alone, and here nothing else does.
        true => door::visitor(app, headers).await.map(|(caller, token)| (caller, Some(token)))?,
        false => (caller(app, headers).await?, None),
    };
    let counted = app.rates.count(&*app.store, &caller).await;
    *told = counted.map_err(|error| Problem::unread(&error))?;
    if told.is_some_and(|told| !told.may) {
        return Err(Problem::new(Kind::Rate, "rate limit exceeded"));
    }
    may(&caller, permission)?;
    Ok(Way::Known(Box::new(caller), token))
}

/// What is refused whoever asks.
fn check_head(app: &App, request: &Parts, page: bool) -> Result<(), Problem> {
    let headers = &request.headers;
    if head(request) > MOST_HEAD {
        return Err(Problem::new(Kind::HeadTooLarge, "the head of the request is too large"));
    }
    if !is_ours(app, headers) {
        return Err(Problem::new(Kind::Forbidden, "the server is not called by this name"));
    }
    let is_from_elsewhere = match page {
        true => !door::is_from_here(headers),
        false => headers.contains_key("origin"),
    };
    if is_from_elsewhere {
        return Err(Problem::new(Kind::Forbidden, "pages of other origins may not ask"));
    }
    if request.uri.query().is_some_and(is_in_query) {
        return Err(Problem::new(Kind::Invalid, Refused::InAddress.to_string()));
    }
    Ok(())
}

/// Whether the caller may; what is no route at all, anybody may ask for.
fn may(caller: &Caller, permission: Option<Permission>) -> Result<(), Problem> {
    match permission {
        Some(permission) if !permission.is_given_to(caller.role) => {
            let message = format!("the role `{}` may not do this", caller.role);
            Err(Problem::new(Kind::Forbidden, message))
        }
        Some(permission) if !caller.may(permission) => {
            let message = format!("the credential is not for this: it lacks `{permission}`");
            Err(Problem::new(Kind::Forbidden, message))
        }
        Some(_) | None => Ok(()),
    }
}

/// Whose the credential is that is shown.
pub(super) async fn caller(app: &App, headers: &HeaderMap) -> Result<Caller, Problem> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let refused = |why: Refused| Problem::new(Kind::Unauthorized, why.to_string());
    let shown = match Credential::of(text("authorization"), text("x-api-key")) {
        Ok(shown) => shown,
        Err(Refused::None) if app.anonymous && is_without_credential(headers) => {
            return Ok(Caller::anonymous());
        }
        Err(why) => return Err(refused(why)),
    };
    let found = app.keyring.caller(&shown).await.map_err(|error| Problem::unread(&error))?;
    found.map_err(refused)
}

/// Whether nothing was shown at all: a credential that cannot be read is no anonymous request.
pub(super) fn is_without_credential(headers: &HeaderMap) -> bool {
    !headers.contains_key("authorization") && !headers.contains_key("x-api-key")
}

/// How many bytes a request's head has. Whoever reads it takes pieces, and so up to twice as many as the bound.
fn head(request: &Parts) -> usize {
    let path = request.uri.path_and_query().map_or(0, |path| path.as_str().len());
    let line = |(name, value): (&HeaderName, &HeaderValue)| {
        name.as_str().len().saturating_add(value.len()).saturating_add(4)
    };
    request.headers.iter().map(line).fold(path, usize::saturating_add)
}

/// Whether a `Host` is a name of this machine, with any port.
pub(crate) fn is_local_name(host: &str) -> bool {
    name_of(host).is_some_and(|name| LOCAL.iter().any(|known| known.eq_ignore_ascii_case(name)))
}

/// What this machine calls itself.
const LOCAL: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

/// The name in a `Host`, without its port; `None` where it is malformed.
fn name_of(host: &str) -> Option<&str> {
    let (name, port) = match host.strip_prefix('[') {
        Some(rest) => rest.split_once(']').unwrap_or_default(),
        None => host.find(':').map_or((host, ""), |colon| host.split_at(colon)),
    };
    let digits = port.strip_prefix(':').unwrap_or_default();
    let is_port = !digits.is_empty() && digits.bytes().all(|it| it.is_ascii_digit());
    (port.is_empty() || is_port).then_some(name)
}

/// Whether the request calls the server by a name of its own.
fn is_ours(app: &App, headers: &HeaderMap) -> bool {
    let mut hosts = headers.get_all("host").iter();
    let (Some(host), None) = (hosts.next(), hosts.next()) else { return false };
    let Some(name) = host.to_str().ok().and_then(name_of) else { return false };
    let own = LOCAL.into_iter().chain(app.hosts.iter().map(String::as_str));
    own.into_iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// The caller's id where it is one, else a new one.
fn request_id(headers: &HeaderMap) -> String {
    let given = headers.get(REQUEST_ID).and_then(|value| value.to_str().ok());
    let fits = |id: &&str| {
        let plain = id.bytes().all(|byte| byte.is_ascii_graphic());
        plain && !id.is_empty() && id.len() <= MOST_ID
    };
    given.filter(fits).map_or_else(new_id, str::to_owned)
}

/// 32 random hex digits; where there is no randomness, an id that says so.
fn new_id() -> String {
    let mut random = [0_u8; 16];
    match getrandom(&mut random, GetRandomFlags::empty()) {
        Ok(_) => random.iter().map(|byte| format!("{byte:02x}")).collect(),
        Err(_) => String::from("unnamed"),
    }
}
