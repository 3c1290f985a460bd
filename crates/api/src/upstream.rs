//! Where calls of tools may be forwarded, and forwarding them.
//!
//! Only what the settings list is asked: an address whose scheme, host, port and path are a listed
//! one's, or lie beneath it. A listed name that leads to an address of a private network is not asked,
//! unless that network is listed too: whoever answers for a name could otherwise point it inside.
//! Redirects are not followed, and nothing of the caller's request but the call itself is sent on.

mod names;
mod network;

use std::time::Duration;

use reqwest::Client;
use reqwest::header::{ACCEPT, CONTENT_TYPE};

use crate::ask::{self, NoAnswer};
use crate::{Endpoint, roots};
pub(crate) use names::Names;
use network::Network;
pub use network::Networks;

/// Most bytes of an answer.
const MOST: usize = 4 << 20;

/// How long an answer may take unless something else is said.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// What may be asked. The first address is the one for calls that name none.
#[derive(Clone, Debug)]
pub struct Upstreams {
    listed: Vec<Endpoint>,
    networks: Networks,
    patience: Duration,
}

impl Default for Upstreams {
    /// None.
    fn default() -> Self {
        Self { listed: Vec::new(), networks: Networks::default(), patience: PATIENCE }
    }
}

/// Why a call is not forwarded there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Unlisted {
    #[error("no upstream is listed: set `tool_upstreams`")]
    Nothing,
    #[error("the upstream is not listed in `tool_upstreams`")]
    Other,
}

/// What an upstream said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Upstreams {
    /// Reads addresses and networks, with commas between them.
    ///
    /// # Errors
    /// What is expected.
    pub fn parse(text: &str, patience: Duration) -> Result<Self, String> {
        let mut all = Self { patience, ..Self::default() };
        for item in text.split(',').map(str::trim).filter(|item| !item.is_empty()) {
            if let Some(network) = Network::parse(item) {
                all.networks.push(network);
                continue;
            }
            let endpoint = Endpoint::parse(item).map_err(|why| {
                format!("expected addresses or networks with commas, and of one of them {why}")
            })?;
            all.listed.push(endpoint);
        }
        Ok(all)
    }

    /// The address that a call names, where it is listed; the first one where it names none.
    pub(crate) fn choose(&self, named: Option<&str>) -> Result<Endpoint, Unlisted> {
        let first = self.listed.first().ok_or(Unlisted::Nothing)?;
        let Some(named) = named else { return Ok(first.clone()) };
        let named = Endpoint::parse(named).map_err(|_| Unlisted::Other)?;
        let is_listed = self.listed.iter().any(|listed| is_beneath(&named, listed));
        if is_listed { Ok(named) } else { Err(Unlisted::Other) }
    }

    /// Posts a call and returns what was said, with whatever status.
    pub(crate) async fn forward(&self, to: &Endpoint, call: Vec<u8>) -> Result<Said, NoAnswer> {
        let conversation = async {
            let request = self.client(to)?.post(to.url().clone());
            let request = request
                .header(CONTENT_TYPE, "application/json")
                .header(ACCEPT, "application/json, text/plain;q=0.5, */*;q=0.1");
            let response = request.body(call).send().await.map_err(ask::unreached)?;
            let status = response.status().as_u16();
            Ok(Said { status, body: ask::body(response, MOST).await? })
        };
        let bounded = tokio::time::timeout(self.patience, conversation).await;
        bounded.unwrap_or(Err(NoAnswer::TooSlow(self.patience.as_millis())))
    }

    /// How long an answer may take.
    pub(crate) const fn patience(&self) -> Duration {
        self.patience
    }

    /// One call, one client: no connection is left open that another caller's call could go through.
    fn client(&self, to: &Endpoint) -> Result<Client, NoAnswer> {
        let believed = if to.is_encrypted() { roots::believed() } else { ask::nobody() };
        let names = Names::new(self.networks.clone());
        ask::built(ask::builder(to, believed)?.dns_resolver(names))
    }
}

/// Whether an address is a listed one, or lies beneath it. What could be read as another path by who is
/// asked is not.
fn is_beneath(named: &Endpoint, listed: &Endpoint) -> bool {
    let (named, listed) = (named.url(), listed.url());
    let path = named.path();
    let lower = path.to_ascii_lowercase();
    // Some read what stands behind a semicolon as no part of the name, and some decode twice.
    let odd = ["%25", "%2e", "%2f", "%3b", "%5c", "//", ";"];
    let is_plain = !odd.iter().any(|part| lower.contains(part));
    let folder = listed.path().trim_end_matches('/');
    let beneath = path.strip_prefix(folder).is_some_and(|rest| rest.starts_with('/'));
    named.origin() == listed.origin()
        && named.query() == listed.query()
        && named.fragment().is_none()
        && (path == listed.path() || (is_plain && beneath))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn listed(text: &str) -> Upstreams {
        Upstreams::parse(text, PATIENCE).unwrap()
    }

    #[test]
    fn p6_only_what_is_listed_or_lies_beneath_is_asked() {
        let all = listed("https://tools.example/mcp, http://127.0.0.1:9000, 10.0.0.0/8");
        for named in [
            "https://tools.example/mcp",
            "https://TOOLS.example:443/mcp/a/b",
            "http://127.0.0.1:9000/",
            "http://127.0.0.1:9000/tool",
        ] {
            assert!(all.choose(Some(named)).is_ok(), "{named}");
        }
        for named in [
            "https://tools.example/",
            "https://tools.example/mcpx",
            "https://tools.example/mcp/../admin",
            "https://tools.example/mcp/%2e%2e/admin",
            "https://tools.example/mcp/..%2fadmin",
            "https://tools.example/mcp//x",
            "https://tools.example/mcp/..;/admin",
            "https://tools.example/mcp/..%3b/admin",
            "https://tools.example/mcp/%252e%252e/admin",
            "https://tools.example/mcp?x=1",
            "https://tools.example:8443/mcp",
            "http://tools.example/mcp",
            "https://tools.example.evil.example/mcp",
            "https://tools.example@evil.example/mcp",
            "http://127.0.0.1:9001/",
            "http://127.0.0.2:9000/",
            "http://169.254.169.254/latest",
            "https://10.0.0.1/",
            "file:///etc/passwd",
            "",
        ] {
            assert_eq!(all.choose(Some(named)), Err(Unlisted::Other), "{named}");
        }
        assert_eq!(all.choose(None).unwrap().to_string(), "https://tools.example");
        assert_eq!(Upstreams::default().choose(None), Err(Unlisted::Nothing));
        assert_eq!(Upstreams::default().choose(Some("http://127.0.0.1/")), Err(Unlisted::Nothing));
    }

    #[test]
    fn what_cannot_be_listed_is_an_error() {
        for text in ["tools.example", "http://tools.example/", "https://a:b@c/", "10.0.0.0/33"] {
            assert!(Upstreams::parse(text, PATIENCE).is_err(), "{text}");
        }
        assert!(listed("").choose(None).is_err());
    }
}
