//! The cookie that a browser holds, and the token of its forms that follows from it.
//!
//! INVARIANT: the cookie counts for pages alone (`/ui`), never for a route of the API: nothing that a
//! browser sends by itself changes anything there. A form's token is a keyed digest of the cookie, so
//! a page of elsewhere, which cannot read it, cannot know it.

use axum::http::{HeaderMap, HeaderValue};
use datafog_core::Key;
use subtle::ConstantTimeEq as _;

/// The token of the forms of one visit.
#[derive(Clone, Debug)]
pub(crate) struct Token(String);

impl Token {
    /// Of what a browser holds.
    pub(super) fn of(key: &Key, cookie: &str) -> Self {
        Self(key.digest("dashboard form", [cookie.as_bytes()]).to_string())
    }

    /// Whether that is it; how much of it fits makes no difference in time.
    pub(super) fn is(&self, given: &str) -> bool {
        self.0.as_bytes().ct_eq(given.as_bytes()).into()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// The cookie's name. Browsers tell apart neither ports nor, without the prefix, who set it: two
/// dashboards of one machine have two names.
fn name(headers: &HeaderMap, is_secure: bool) -> String {
    if is_secure {
        return String::from("__Host-datafog");
    }
    let host = headers.get("host").and_then(|host| host.to_str().ok()).unwrap_or_default();
    let port = host.rsplit_once(':').map_or("", |(_, port)| port);
    let is_port = !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    format!("datafog-{}", if is_port { port } else { "ui" })
}

/// What the browser holds; nothing where it sends two.
pub(super) fn shown(headers: &HeaderMap, is_secure: bool) -> Option<&str> {
    let name = name(headers, is_secure);
    let lines = headers.get_all("cookie").iter().filter_map(|line| line.to_str().ok());
    let mut found = lines
        .flat_map(|line| line.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .filter(|(known, _)| *known == name)
        .map(|(_, value)| value);
    match (found.next(), found.next()) {
        (Some(value), None) => Some(value),
        _ => None,
    }
}

/// The header that gives the browser a value for so many seconds; for none it is to forget.
pub(super) fn set(
    headers: &HeaderMap,
    is_secure: bool,
    (value, seconds): (&str, i64),
) -> Option<HeaderValue> {
    let (name, secure) = (name(headers, is_secure), if is_secure { "; Secure" } else { "" });
    let rest = format!("Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{secure}");
    let mut value = HeaderValue::from_str(&format!("{name}={value}; {rest}")).ok()?;
    value.set_sensitive(true);
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(host: &'static str, cookie: &'static str) -> HeaderMap {
        let pairs = [("host", host), ("cookie", cookie)];
        let pairs = pairs.map(|(name, value)| {
            (axum::http::HeaderName::from_static(name), HeaderValue::from_static(value))
        });
        pairs.into_iter().collect()
    }

    #[test]
    fn a_cookie_is_found_by_its_name_alone() {
        for (host, cookie, secure, expected) in [
            ("localhost:8080", "datafog-8080=a.b.c", false, Some("a.b.c")),
            ("localhost:8080", "x=1; datafog-8080=a; y=2", false, Some("a")),
            ("localhost:8080", "datafog-8081=a", false, None),
            ("localhost:8080", "datafog-8080=a; datafog-8080=b", false, None),
            ("localhost", "datafog-ui=a", false, Some("a")),
            ("gate.test", "__Host-datafog=a", true, Some("a")),
            ("gate.test:443", "datafog-443=a", true, None),
            ("[::1]", "datafog-ui=a", false, Some("a")),
        ] {
            assert_eq!(shown(&headers(host, cookie), secure), expected, "{host} {cookie}");
        }
    }

    #[test]
    fn what_is_set_is_read_by_no_script_and_sent_by_no_other_page() {
        let headers = headers("localhost:8080", "");
        let plain = set(&headers, false, ("a.b.c", 60)).unwrap();
        let expected = "datafog-8080=a.b.c; Path=/; Max-Age=60; HttpOnly; SameSite=Strict";
        assert_eq!(plain, expected);
        let secure = set(&headers, true, ("", 0)).unwrap();
        let secure = secure.to_str().unwrap();
        assert!(secure.starts_with("__Host-datafog=; Path=/;") && secure.ends_with("; Secure"));
        assert_eq!(set(&headers, false, ("a\r\nb", 1)), None);
    }

    #[test]
    fn a_forms_token_is_that_of_one_visit() {
        let key = Key::new(&[1; 32]);
        let token = Token::of(&key, "a.b.c");
        assert!(token.is(token.as_str()) && !token.is("") && !token.is("a.b.c"));
        assert!(!token.is(Token::of(&key, "a.b.d").as_str()));
        assert!(!token.is(Token::of(&Key::new(&[2; 32]), "a.b.c").as_str()));
    }
}
