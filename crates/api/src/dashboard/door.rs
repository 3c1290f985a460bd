//! Who comes in, and what every answer of the dashboard is sent with.

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};
use axum::response::Response;
use std::sync::Arc;
use url::form_urlencoded::byte_serialize;

use super::cookie::{self, Token};
use super::frame::ENTRIES;
use super::{Viewer, see};
use crate::identity::{Caller, Refused};
use crate::server::App;
use crate::server::problem::{Kind, Problem};

/// What a browser may load, be told and be framed by: all of it from here, nothing inline.
const POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      connect-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; \
                      form-action 'self'";

/// Where whoever comes without a page in mind goes.
pub(super) const HOME: &str = "/ui/";

/// Answers `GET /` and `GET /ui`: a browser is led to the dashboard; to others there is nothing here.
pub(super) async fn begin(uri: Uri, headers: HeaderMap) -> Result<Response, Problem> {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok());
    match uri.path() != "/" || accepted.is_some_and(|accepted| accepted.contains("text/html")) {
        true => Ok(see(HOME)),
        false => Err(Problem::new(Kind::NotFound, "route not found")),
    }
}

/// Answers `GET /ui/`: the first page that they may see.
pub(super) async fn home(State(_): State<Arc<App>>, viewer: Viewer) -> Result<Response, Problem> {
    let first = ENTRIES.iter().find(|entry| viewer.caller.may(entry.permission));
    let none = || Problem::new(Kind::Forbidden, "there is no page for this credential");
    Ok(see(first.ok_or_else(none)?.path))
}

/// Who asks for a page, and the token of their forms.
pub(crate) async fn visitor(app: &App, headers: &HeaderMap) -> Result<(Caller, Token), Problem> {
    let refused = || Problem::new(Kind::Unauthorized, Refused::Unknown.to_string());
    let cookie = cookie::shown(headers, app.secure).ok_or_else(refused)?;
    let found = app.keyring.visiting(cookie).await.map_err(|error| Problem::unread(&error))?;
    Ok((found.ok_or_else(refused)?, Token::of(&app.forms, cookie)))
}

/// Whether a page of this very server asks, as far as the browser says who does.
pub(crate) fn is_from_here(headers: &HeaderMap) -> bool {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let mut origins = headers.get_all("origin").iter();
    let is_ours = match (origins.next(), origins.next()) {
        (None, _) => true,
        (Some(origin), None) => {
            let origin = origin.to_str().unwrap_or_default();
            let host = ["http://", "https://"].iter().find_map(|head| origin.strip_prefix(head));
            host.is_some() && host == text("host")
        }
        (Some(_), Some(_)) => false,
    };
    // Somebody who types an address or follows a link may look; what changes something is checked
    // by the form's token besides.
    is_ours
        && text("sec-fetch-site").is_none_or(|site| site != "cross-site" || is_navigation(headers))
}

/// Whether a browser shows what is answered in place of another page.
fn is_navigation(headers: &HeaderMap) -> bool {
    headers.get("sec-fetch-mode").is_some_and(|mode| mode == "navigate")
}

/// Where whoever is not known goes: to log in, and then to where they wanted.
pub(crate) fn to_login(method: &Method, uri: &Uri) -> Option<Response> {
    if method != Method::GET || uri.path() == "/ui/live" || uri.path().ends_with("/part") {
        return None;
    }
    let wanted = uri.path_and_query().map_or(HOME, |wanted| wanted.as_str());
    let next: String = byte_serialize(wanted.as_bytes()).collect();
    Some(see(&format!("/ui/login?next={next}")))
}

/// Where somebody may be sent after the log-in: to a page of the dashboard, and nowhere else.
pub(super) fn next(wanted: Option<&str>) -> &str {
    let is_plain = |path: &&str| {
        let plain = path.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'\\');
        // What a browser would resolve to something outside of the dashboard is none of its pages.
        let lower = path.to_ascii_lowercase();
        let steps_out = ["/..", "/%2e", "/.%2e"].iter().any(|dots| lower.contains(dots));
        plain
            && !steps_out
            && path.starts_with("/ui/")
            && !path.contains("//")
            && !path.starts_with("/ui/log")
    };
    wanted.filter(is_plain).unwrap_or(HOME)
}

/// What every answer of the dashboard is sent with.
pub(crate) fn close(headers: &mut HeaderMap) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        // Under `no-referrer` a browser would not say that a form is from here.
        ("referrer-policy", "same-origin"),
        ("x-frame-options", "DENY"),
    ] {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn nobody_is_sent_elsewhere_after_the_log_in() {
        for good in ["/ui/approvals", "/ui/approvals?state=all", "/ui/"] {
            assert_eq!(next(Some(good)), good);
        }
        for bad in [
            "//evil.example/ui/",
            "https://evil.example/ui/",
            "/ui//evil.example",
            "/ui/\\evil.example",
            "/v1/receipts",
            "/ui/logout",
            "/ui/login?next=/ui/login",
            "/ui/a\r\nb",
            "/ui/../v1/policy",
            "/ui/x/%2E%2e/%2e%2e/v1/policy",
            "/ui/.%2e/v1/policy",
            "",
        ] {
            assert_eq!(next(Some(bad)), HOME, "{bad:?}");
        }
        assert_eq!(next(None), HOME);
    }

    #[test]
    fn only_this_servers_own_pages_ask() {
        let host = ("host", "localhost:8080");
        for (pairs, expected) in [
            (vec![host], true),
            (vec![host, ("origin", "http://localhost:8080")], true),
            (vec![host, ("origin", "https://localhost:8080")], true),
            (vec![host, ("origin", "http://localhost:8081")], false),
            (vec![host, ("origin", "http://localhost:8080.evil.example")], false),
            (vec![host, ("origin", "null")], false),
            (vec![host, ("origin", "localhost:8080")], false),
            (vec![host, ("sec-fetch-site", "cross-site")], false),
            (vec![host, ("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")], true),
            (vec![host, ("sec-fetch-site", "none"), ("sec-fetch-mode", "navigate")], true),
        ] {
            assert_eq!(is_from_here(&headers(&pairs)), expected, "{pairs:?}");
        }
    }
}
