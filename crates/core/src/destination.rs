//! Where a call really goes, and whether that is home for a secret.

use core::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

/// One host that a command would contact.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Destination {
    /// Scheme or transport, lower case: `https`, `http`, `ssh`, `git`, `registry`, …
    pub scheme: String,
    /// The host that the command names.
    pub host: HostName,
    /// The port, when one is spelled out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub port: Option<u16>,
    /// Where the connection ends, as far as it can be known without making it.
    pub reach: Reach,
    /// What keeps this host from being anybody's home.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub voids: Vec<Void>,
}

impl Destination {
    /// A place that nobody can tell: no port, nothing that voids it, and never anybody's home.
    #[must_use]
    pub fn untold(scheme: impl Into<String>) -> Self {
        let (host, reach) = (HostName::Unknown, Reach::Unknown);
        Self { scheme: scheme.into(), host, port: None, reach, voids: Vec::new() }
    }

    /// Whether a secret that belongs to `homes` may be sent here.
    ///
    /// `homes` are host patterns: `api.github.com` is that host alone, `*.github.com` is every
    /// host below it, but not `github.com` itself. A host that cannot be told, an address, or a
    /// host with a reason in [`Destination::voids`] is never home, unless the connection ends on
    /// this machine.
    #[must_use]
    pub fn is_home(&self, homes: &[impl AsRef<str>]) -> bool {
        self.is_home_for("", homes)
    }

    /// The same for a secret in content of that `role` (`header:authorization`, `body`; empty
    /// when it is not known). What a client takes back before it follows a redirect to another
    /// host is not concerned by [`Void::Redirects`].
    #[must_use]
    pub fn is_home_for(&self, role: &str, homes: &[impl AsRef<str>]) -> bool {
        let HostName::Name(name) = &self.host else { return false };
        let trusted = self.voids.iter().all(|void| *void == Void::Redirects && !is_resent(role))
            || (self.reach == Reach::Loopback && !self.voids.contains(&Void::Ambiguous));
        trusted && homes.iter().any(|home| host_matches(name, home.as_ref()))
    }

    /// Adds what keeps this host from being home. Where the connection is bent by it, nobody knows
    /// any longer that it ends on this machine; who does know says so by [`Self::reach`] afterwards.
    pub fn bend(&mut self, void: Void) {
        if void.bends() && self.reach == Reach::Loopback {
            self.reach = Reach::Unknown;
        }
        if !self.voids.contains(&void) {
            self.voids.push(void);
        }
    }

    /// Whether the *named* host is this machine. A foreign name that is bent to loopback is not.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.reach == Reach::Loopback
            && self.host.is_loopback()
            && !self.voids.contains(&Void::Ambiguous)
    }
}

/// Whether `host` is named by `pattern`: itself, or `*.` and a parent domain.
///
/// Both are compared without regard to ASCII case and to one trailing dot.
pub(crate) fn host_matches(host: &str, pattern: &str) -> bool {
    let host = host.strip_suffix('.').unwrap_or(host);
    match pattern.strip_prefix("*.") {
        None => host.eq_ignore_ascii_case(pattern),
        Some(parent) => host
            .len()
            .checked_sub(parent.len())
            .and_then(|cut| host.split_at_checked(cut))
            .is_some_and(|(head, tail)| {
                head.len() > 1 && head.ends_with('.') && tail.eq_ignore_ascii_case(parent)
            }),
    }
}

/// The host of a destination.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum HostName {
    /// An address, canonical whatever its spelling was.
    Ip(IpAddr),
    /// A name, lower case and in ASCII (IDN as punycode), without a trailing dot.
    Name(String),
    /// To be found by the resolver of that name (a git remote, a registry); see `shim::resolve`.
    Deferred(String),
    /// It cannot be told.
    Unknown,
}

impl HostName {
    /// Whether this is literally this machine: a loopback address, `localhost` or below it
    /// (RFC 6761 §6.3), or the unspecified address, which connects to this machine too.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        match self {
            Self::Ip(IpAddr::V4(ip)) => ip.is_loopback() || ip.is_unspecified(),
            Self::Ip(IpAddr::V6(ip)) => {
                let mapped = ip.to_ipv4_mapped();
                ip.is_loopback()
                    || ip.is_unspecified()
                    || mapped.is_some_and(|ip| ip.is_loopback() || ip.is_unspecified())
            }
            Self::Name(name) => name == "localhost" || name.ends_with(".localhost"),
            Self::Deferred(_) | Self::Unknown => false,
        }
    }

    /// Whether a host pattern names this host: an exact name, `*.` and a parent domain, or an
    /// address in any spelling that the standard library reads. Says nothing about where the
    /// connection really ends; see [`Destination::is_home`].
    #[must_use]
    pub fn matches(&self, pattern: &str) -> bool {
        match self {
            Self::Ip(ip) => pattern.parse() == Ok(*ip),
            Self::Name(name) => host_matches(name, pattern),
            Self::Deferred(_) | Self::Unknown => false,
        }
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Ip(ip) => write!(f, "{ip}"),
            Self::Name(name) => f.write_str(name),
            Self::Deferred(_) | Self::Unknown => f.write_str("an unknown host"),
        }
    }
}

/// Where a connection ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// On this machine, by its own name or because an option or a proxy bends it there.
    Loopback,
    /// On another machine.
    Remote,
    /// It cannot be told.
    Unknown,
}

/// Why a host cannot be taken as a secret's home.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Void {
    /// The text can be read as more than one host (userinfo tricks, globs, control characters).
    Ambiguous,
    /// A configuration file that can redirect the call exists or cannot be read.
    ConfigurationFile(String),
    /// An option connects elsewhere than the name says.
    ConnectsElsewhere(String),
    /// An environment variable can redirect the call.
    Environment(String),
    /// Certificates are not checked.
    Insecure,
    /// The connection is not encrypted.
    Plaintext,
    /// A proxy stands between.
    Proxy,
    /// Redirects to other hosts are followed, with everything but what [`is_resent`] exempts.
    Redirects,
    /// Redirects to other hosts are followed, and everything is sent again.
    RedirectsTrusted,
}

impl Void {
    /// Whether it can make the connection end at another machine than the one named.
    #[must_use]
    pub const fn bends(&self) -> bool {
        match self {
            Self::ConfigurationFile(_)
            | Self::ConnectsElsewhere(_)
            | Self::Environment(_)
            | Self::Proxy => true,
            Self::Ambiguous
            | Self::Insecure
            | Self::Plaintext
            | Self::Redirects
            | Self::RedirectsTrusted => false,
        }
    }
}

/// Whether content of that role goes along when a client follows a redirect to another host.
///
/// curl(1), `--location`: a name and password, and the headers `Authorization` and `Cookie`, are
/// sent to the first host only; so is, by its nature, the URL. All else goes along.
#[must_use]
pub fn is_resent(role: &str) -> bool {
    !matches!(role, "credential" | "header:authorization" | "header:cookie" | "url")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn https(host: &str) -> Destination {
        Destination {
            scheme: "https".into(),
            host: HostName::Name(host.into()),
            port: None,
            reach: Reach::Remote,
            voids: Vec::new(),
        }
    }

    #[test]
    fn home_is_exact_or_below_a_star() {
        let homes = ["api.github.com", "*.example.org"];
        assert!(https("api.github.com").is_home(&homes));
        assert!(https("API.github.com.").is_home(&homes));
        assert!(https("a.b.example.org").is_home(&homes));
        for stranger in ["github.com", "api.github.com.evil.net", "example.org", "xexample.org"] {
            assert!(!https(stranger).is_home(&homes), "{stranger}");
        }
    }

    #[test]
    fn a_void_ends_home_unless_the_call_ends_here() {
        let homes = ["api.github.com"];
        let mut call = https("api.github.com");
        call.voids.push(Void::ConnectsElsewhere("--resolve".into()));
        assert!(!call.is_home(&homes));
        call.reach = Reach::Loopback;
        assert!(call.is_home(&homes), "a test server on this machine");
        assert!(!call.is_loopback(), "a foreign name stays foreign");
        call.voids.push(Void::Ambiguous);
        assert!(!call.is_home(&homes));
    }

    #[test]
    fn a_redirect_concerns_what_goes_along() {
        let homes = ["api.github.com"];
        let mut call = https("api.github.com");
        call.bend(Void::Redirects);
        assert!(call.is_home_for("header:authorization", &homes));
        assert!(!call.is_home_for("header:x-api-key", &homes));
        assert!(!call.is_home(&homes), "what is not known may go along");
        call.bend(Void::RedirectsTrusted);
        assert!(!call.is_home_for("header:authorization", &homes));
    }

    #[test]
    fn a_connection_that_is_bent_does_not_surely_end_here() {
        let mut here = https("localhost");
        here.reach = Reach::Loopback;
        here.bend(Void::Plaintext);
        assert!(here.is_loopback());
        here.bend(Void::ConfigurationFile("~/.curlrc".into()));
        assert!(!here.is_loopback());
        assert_eq!(here.reach, Reach::Unknown);
        here.bend(Void::Plaintext);
        assert_eq!(here.voids.len(), 2, "each is told once");
    }

    #[test]
    fn loopback_is_known_in_all_its_forms() {
        for ip in ["127.0.0.1", "127.9.9.9", "0.0.0.0", "::1", "::", "::ffff:127.0.0.1"] {
            assert!(HostName::Ip(ip.parse().unwrap()).is_loopback(), "{ip}");
        }
        assert!(HostName::Name("localhost".into()).is_loopback());
        assert!(HostName::Name("x.localhost".into()).is_loopback());
        assert!(!HostName::Name("localhost.evil.net".into()).is_loopback());
        assert!(!HostName::Ip("10.0.0.1".parse().unwrap()).is_loopback());
    }
}
