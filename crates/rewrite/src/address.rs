//! URLs whose scheme is to be changed.
//!
//! Only what every client reads alike is changed: a plain authority, no blank or backslash in it, no
//! number that some take for an address. Everything else is refused, since the host that was judged
//! would not surely be the one that is called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use crate::Refusal;

/// `url` with its scheme `from` replaced by `to`; `None` when it has another scheme, or names this
/// machine. The port that the old scheme would have used anyway is left out.
///
/// # Errors
/// When nobody can tell the host, when it is one of a private network, which seldom has a
/// certificate, or when the URL names a port of its own, behind which the other scheme need not be.
pub(crate) fn with_scheme(url: &str, from: &str, to: &str) -> Result<Option<String>, Refusal> {
    let trimmed = url.trim_start_matches(|letter: char| letter <= ' ');
    let Some((scheme, rest)) = trimmed.split_once("://") else { return Ok(None) };
    if !scheme.eq_ignore_ascii_case(from) {
        return Ok(None);
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, tail) = rest.split_at_checked(end).unwrap_or((rest, ""));
    if authority.contains(['\\', '@'])
        || authority.chars().any(|it| it.is_whitespace() || it.is_control())
    {
        return Refusal::because("which host the URL names cannot be told for certain");
    }
    let (host, port) = parts(authority)
        .ok_or_else(|| Refusal("which host the URL names cannot be told for certain".to_owned()))?;
    if is_loopback(host) {
        return Ok(None);
    }
    if is_private(host) {
        return Refusal::because("servers of a private network seldom have a certificate");
    }
    if !is_plain(host) {
        return Refusal::because("which host the URL names cannot be told for certain");
    }
    let usual = usual_port(from);
    match port {
        "" => {}
        port if usual.is_some_and(|usual| port.parse() == Ok(usual)) => {}
        _ => return Refusal::because("behind a port of its own the other scheme need not answer"),
    }
    Ok(Some(format!("{to}://{host}{tail}")))
}

const fn usual_port(scheme: &str) -> Option<u16> {
    match scheme.as_bytes() {
        b"http" | b"ws" => Some(80),
        b"ftp" => Some(21),
        b"https" | b"wss" => Some(443),
        _ => None,
    }
}

/// Host and port of an authority without user.
fn parts(authority: &str) -> Option<(&str, &str)> {
    if let Some(rest) = authority.strip_prefix('[') {
        let end = rest.find(']')?;
        let host = authority.get(..end.checked_add(2)?)?;
        let rest = rest.get(end.checked_add(1)?..)?;
        let port = if rest.is_empty() { "" } else { rest.strip_prefix(':')? };
        return Some((host, port));
    }
    let (host, port) = authority.split_once(':').unwrap_or((authority, ""));
    (!host.is_empty() && !port.contains(':')).then_some((host, port))
}

fn ip(host: &str) -> Option<IpAddr> {
    match host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        Some(inner) => inner.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
    }
}

/// `localhost`, what ends in `.localhost`, 127/8 and `::1`: the host as a whole, never a part of the
/// URL.
fn is_loopback(host: &str) -> bool {
    let name = host.strip_suffix('.').unwrap_or(host).to_ascii_lowercase();
    let named = name == "localhost" || name.ends_with(".localhost");
    named
        || ip(host).is_some_and(|ip| match ip {
            IpAddr::V4(ip) => ip.is_loopback(),
            IpAddr::V6(ip) => {
                ip.is_loopback() || ip.to_ipv4_mapped().is_some_and(|ip| ip.is_loopback())
            }
        })
}

fn is_private(host: &str) -> bool {
    ip(host).is_some_and(|ip| match ip {
        IpAddr::V4(ip) => ip.is_private() || ip.is_link_local() || ip.is_unspecified(),
        IpAddr::V6(ip) => ip.is_unique_local() || ip.is_unicast_link_local() || ip.is_unspecified(),
    })
}

/// A name of letters, digits, dots and hyphens whose last part is no number, or an address.
fn is_plain(host: &str) -> bool {
    let letters = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
    let name = host.strip_suffix('.').unwrap_or(host);
    let last = name.rsplit('.').next().unwrap_or_default();
    let number = last.bytes().all(|byte| byte.is_ascii_digit()) || last.starts_with("0x");
    ip(host).is_some() || (host.bytes().all(letters) && !last.is_empty() && !number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn https(url: &str) -> Result<Option<String>, Refusal> {
        with_scheme(url, "http", "https")
    }

    #[test]
    fn plain_urls_are_lifted_and_their_rest_kept() {
        for (before, after) in [
            ("http://example.com", "https://example.com"),
            ("HTTP://api.github.com/a?b=http://x#c", "https://api.github.com/a?b=http://x#c"),
            (" http://h.example:80/", "https://h.example/"),
            ("http://localhost.evil.com", "https://localhost.evil.com"),
            ("http://x.example/?u=localhost", "https://x.example/?u=localhost"),
            ("http://github.com./a", "https://github.com./a"),
            ("http://8.8.8.8/", "https://8.8.8.8/"),
        ] {
            assert_eq!(https(before), Ok(Some(after.to_owned())), "{before}");
            assert_eq!(https(after), Ok(None), "{after}");
        }
    }

    #[test]
    fn this_machine_is_exempt_by_its_host_alone() {
        for url in [
            "http://localhost:3000/x",
            "http://127.8.9.1",
            "http://[::1]:80/",
            "http://a.localhost",
            "http://LOCALHOST./",
        ] {
            assert_eq!(https(url), Ok(None), "{url}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_refused() {
        for url in [
            "http://user@github.com@evil.com/",
            "http://evil.com\\@github.com/",
            "http://10.0.0.1:8080/",
            "http://192.168.1.1/",
            "http://x.example:8080/",
            "http://0x7f.1/",
            "http://2130706433/",
            "http:///x",
            "http://a b/",
            "http://[::1/",
            "http://x:80:80/",
        ] {
            assert!(https(url).is_err(), "{url}");
        }
    }
}
