//! Where to ask: an address that nobody on the way can read along.

use std::fmt;

use url::{Host, Url};

/// An address that may be asked: `https`, or `http` to this machine alone.
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    url: Url,
}

/// Why an address is not asked. Says nothing of the address, which may hold a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unusable {
    /// It cannot be read as a URL.
    #[error("it is no URL")]
    NoUrl,
    /// Neither `https` nor `http`.
    #[error("it begins with neither `https://` nor `http://`")]
    Scheme,
    /// Plain text would cross a network.
    #[error(
        "plain `http://` is for this machine alone (127.0.0.1, [::1], localhost); use `https://`"
    )]
    Plain,
    /// A name or a password stands in it, and would stand in process lists and backups.
    #[error("it carries a name or a password; an address is no place for one")]
    Credentials,
}

impl Endpoint {
    /// Reads an address.
    ///
    /// # Errors
    /// Why it is not asked.
    pub fn parse(text: &str) -> Result<Self, Unusable> {
        let url = Url::parse(text).map_err(|_| Unusable::NoUrl)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Unusable::Credentials);
        }
        let endpoint = Self { url };
        match endpoint.url.scheme() {
            "https" => Ok(endpoint),
            "http" if endpoint.is_local() => Ok(endpoint),
            "http" => Err(Unusable::Plain),
            _ => Err(Unusable::Scheme),
        }
    }

    /// Whether its host is this machine by its very spelling. Other names could lead here today and
    /// elsewhere tomorrow.
    #[must_use]
    pub fn is_local(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            Some(Host::Domain(name)) => name == LOCALHOST,
            None => false,
        }
    }

    /// Whether nobody on the way can read along.
    pub(crate) fn is_encrypted(&self) -> bool {
        self.url.scheme() == "https"
    }

    pub(crate) const fn url(&self) -> &Url {
        &self.url
    }
}

/// The name of this machine. It is never looked up: whoever answers could answer anything.
pub(crate) const LOCALHOST: &str = "localhost";

/// Scheme, host and port: a path or a query may hold a token.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.url.origin().ascii_serialization())
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_nobody_can_read_along_is_asked() {
        for good in [
            "https://score.example.com/v1?tenant=a",
            "https://10.0.0.1:8443/",
            "http://127.0.0.1:8080/score",
            "http://127.1/",
            "http://[::1]/",
            "http://LOCALHOST:1/",
        ] {
            assert!(Endpoint::parse(good).is_ok(), "{good}");
        }
        for (bad, why) in [
            ("http://score.example.com/", Unusable::Plain),
            ("http://0.0.0.0/", Unusable::Plain),
            ("http://10.0.0.1/", Unusable::Plain),
            ("http://[::ffff:127.0.0.1]/", Unusable::Plain),
            ("http://localhost.example.com/", Unusable::Plain),
            ("https://ann:secret@score.example.com/", Unusable::Credentials),
            ("https://ann@score.example.com/", Unusable::Credentials),
            ("http://127.0.0.1:1@score.example.com/", Unusable::Credentials),
            ("ftp://127.0.0.1/", Unusable::Scheme),
            ("file:///etc/passwd", Unusable::Scheme),
            ("unix:/run/score", Unusable::Scheme),
            ("score.example.com", Unusable::NoUrl),
            ("https://", Unusable::NoUrl),
            ("", Unusable::NoUrl),
        ] {
            assert_eq!(Endpoint::parse(bad), Err(why), "{bad}");
        }
    }

    #[test]
    fn it_is_shown_without_what_may_be_a_token() {
        let endpoint = Endpoint::parse("https://score.example.com/k/abc?token=def").unwrap();
        for shown in [endpoint.to_string(), format!("{endpoint:?}")] {
            assert!(shown.contains("https://score.example.com"), "{shown}");
            assert!(!shown.contains("abc") && !shown.contains("def"), "{shown}");
        }
    }
}
