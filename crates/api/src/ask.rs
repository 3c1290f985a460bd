//! Asks once: a document out, a document back, within bounds.

use core::error::Error;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use datafog_core::Secret;
use reqwest::header::{ACCEPT, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, StatusCode};
use rustls::crypto::ring;
use rustls::{ClientConfig, RootCertStore};
use tokio::runtime::Builder;

use crate::endpoint::LOCALHOST;
use crate::{Endpoint, roots};

/// What an answer may cost.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// How long everything together may take, from the name's look-up to the answer's last byte.
    pub patience: Duration,
    /// Most bytes of the answer.
    pub most: usize,
}

/// Why there is no answer. Holds nothing of the question and of the address no more than its host.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// The process cannot begin: no descriptors, no provider of encryption.
    #[error("it cannot be asked: {0}")]
    Setup(String),
    /// Nobody was reached, or not all of the way.
    #[error("it cannot be reached: {0}")]
    Unreached(String),
    /// It answered with another status than 200. Where it points to is not asked.
    #[error("it answered with status {0}")]
    Status(u16),
    /// The answer is larger than allowed.
    #[error("it says more than {0} bytes")]
    TooMuch(usize),
    /// It did not answer in time.
    #[error("it took longer than {0} ms")]
    TooSlow(u128),
}

/// Posts `question`, a JSON document, and returns the body of the answer.
///
/// No proxy, no redirect, no second try, no cookie, no variable of the environment: what the
/// settings name is asked, and nobody else. All of it happens on this thread.
///
/// # Errors
/// Why there is no answer.
pub fn ask(endpoint: &Endpoint, question: Vec<u8>, bounds: Bounds) -> Result<Vec<u8>, NoAnswer> {
    ask_believing(believed(endpoint)?, endpoint, question, bounds)
}

/// What was fetched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// The document, and the tag that says which it is.
    New(Vec<u8>, Option<String>),
    /// It is still the one of the tag that was named.
    Same,
}

/// Gets the document at an address, as [`ask()`] asks: for whoever `token` says that we are, and
/// unless it is still the one that `tag` names.
///
/// # Errors
/// Why there is none.
pub fn fetch(
    endpoint: &Endpoint,
    (token, tag): (Option<&Secret<String>>, Option<&str>),
    bounds: Bounds,
) -> Result<Fetched, NoAnswer> {
    let believed = believed(endpoint)?;
    let mut request =
        client(endpoint, believed)?.get(endpoint.url().clone()).header(ACCEPT, "application/json");
    if let Some(token) = token {
        request = request.bearer_auth(token.expose());
    }
    if let Some(tag) = tag {
        request = request.header(IF_NONE_MATCH, tag);
    }
    bounded(fetched(request, bounds.most), bounds.patience)
}

async fn fetched(request: RequestBuilder, most: usize) -> Result<Fetched, NoAnswer> {
    let response = request.send().await.map_err(unreached)?;
    let tag = response.headers().get(ETAG).and_then(|tag| tag.to_str().ok()).map(str::to_owned);
    match response.status() {
        StatusCode::OK => Ok(Fetched::New(body(response, most).await?, tag)),
        StatusCode::NOT_MODIFIED => Ok(Fetched::Same),
        other => Err(NoAnswer::Status(other.as_u16())),
    }
}

/// Whom to believe. Where nothing is encrypted, no certificate is read.
pub(crate) fn believed(endpoint: &Endpoint) -> Result<RootCertStore, NoAnswer> {
    let believed = if endpoint.is_encrypted() { roots::believed() } else { RootCertStore::empty() };
    if endpoint.is_encrypted() && believed.is_empty() {
        return Err(NoAnswer::Setup(NO_STORE.to_owned()));
    }
    Ok(believed)
}

/// The answer of a conversation that may take so long, held on this thread.
pub(crate) fn bounded<T>(
    conversation: impl Future<Output = Result<T, NoAnswer>>,
    patience: Duration,
) -> Result<T, NoAnswer> {
    let runtime = Builder::new_current_thread().enable_io().enable_time().build();
    let runtime = runtime.map_err(|error| NoAnswer::Setup(error.to_string()))?;
    let bounded = async { tokio::time::timeout(patience, conversation).await };
    let too_slow = |_| Err(NoAnswer::TooSlow(patience.as_millis()));
    let said = runtime.block_on(bounded).unwrap_or_else(too_slow);
    // Whoever looks a name up in the system's way cannot be stopped, and must not be waited for.
    runtime.shutdown_timeout(LINGERING);
    said
}

/// How long threads are waited for that look names up.
const LINGERING: Duration = Duration::from_millis(50);

const NO_STORE: &str = "this machine has no store of certificates (`ca-certificates`)";

/// Asks, and believes whom these vouch for.
fn ask_believing(
    believed: RootCertStore,
    endpoint: &Endpoint,
    question: Vec<u8>,
    bounds: Bounds,
) -> Result<Vec<u8>, NoAnswer> {
    let client = client(endpoint, believed)?;
    let request = client
        .post(endpoint.url().clone())
        .header(CONTENT_TYPE, "application/json")
        .header(ACCEPT, "application/json")
        .body(question);
    bounded(converse(request, bounds.most), bounds.patience)
}

async fn converse(request: RequestBuilder, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let response = request.send().await.map_err(unreached)?;
    match response.status() {
        StatusCode::OK => body(response, most).await,
        other => Err(NoAnswer::Status(other.as_u16())),
    }
}

/// The body, given up as soon as it is too large. Nothing in it is unpacked.
pub(crate) async fn body(mut response: Response, most: usize) -> Result<Vec<u8>, NoAnswer> {
    let mut whole = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(unreached)? {
        whole.extend_from_slice(&piece);
        if whole.len() > most {
            return Err(NoAnswer::TooMuch(most));
        }
    }
    Ok(whole)
}

/// Nobody's certificates.
#[cfg(feature = "server")]
pub(crate) fn nobody() -> RootCertStore {
    RootCertStore::empty()
}

pub(crate) fn client(endpoint: &Endpoint, believed: RootCertStore) -> Result<Client, NoAnswer> {
    built(builder(endpoint, believed)?)
}

/// The client that was described.
pub(crate) fn built(client: ClientBuilder) -> Result<Client, NoAnswer> {
    client.build().map_err(|error| NoAnswer::Setup(told(&error.without_url())))
}

/// A client that asks this address, and nobody else on its behalf.
pub(crate) fn builder(
    endpoint: &Endpoint,
    believed: RootCertStore,
) -> Result<ClientBuilder, NoAnswer> {
    // Port 0 stands for the one in the address.
    let here =
        [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))];
    Ok(Client::builder()
        .tls_backend_preconfigured(encryption(believed)?)
        .https_only(endpoint.is_encrypted())
        .no_proxy()
        .redirect(Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .pool_max_idle_per_host(0)
        .resolve_to_addrs(LOCALHOST, &here)
        .user_agent(concat!("datafog/", env!("CARGO_PKG_VERSION"))))
}

/// TLS 1.2 and 1.3 by `ring`.
fn encryption(believed: RootCertStore) -> Result<ClientConfig, NoAnswer> {
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| NoAnswer::Setup(error.to_string()))?;
    Ok(config.with_root_certificates(believed).with_no_client_auth())
}

pub(crate) fn unreached(error: reqwest::Error) -> NoAnswer {
    NoAnswer::Unreached(told(&error.without_url()))
}

/// What failed in the end: the causes above only say that something did.
fn told(error: &dyn Error) -> String {
    let mut innermost = error;
    while let Some(cause) = innermost.source() {
        innermost = cause;
    }
    innermost.to_string()
}

#[cfg(test)]
mod tests;
