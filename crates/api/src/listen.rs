//! Sockets: where the server listens, how long it waits for whom, and how it goes down.
//!
//! It listens on this machine alone, at an address of loopback or at a Unix socket that its owner
//! alone may use. Another address is refused unless whoever assembles the server says that nobody on
//! the way reads along. Nobody can hold a connection by being slow: heads have a time-out, so
//! have whole requests, and there are only so many connections.

use core::future::Future;
use core::time::Duration;
use std::fs;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::{IntoResponse as _, Response};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, UnixListener};
use tokio::sync::{Semaphore, watch};
use tokio_rustls::TlsAcceptor;
use tower_service::Service as _;

use crate::server::waits;

/// Most bytes of a request's head.
pub(crate) const MOST_HEAD: usize = 64 << 10;

/// Most headers of a request.
const MOST_HEADERS: usize = 100;

/// Most connections at once; who comes then waits in the system's queue.
pub(crate) const MOST_CONNECTIONS: u32 = 4096;

/// Where to listen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Address {
    /// An address and a port.
    Tcp(SocketAddr),
    /// A socket file.
    Unix(PathBuf),
}

impl Address {
    /// Whether nobody but this machine reaches it.
    #[must_use]
    pub const fn is_of_this_machine(&self) -> bool {
        match self {
            Self::Tcp(address) => is_loopback(address.ip()),
            Self::Unix(_) => true,
        }
    }
}

/// How long the server waits (contract §3.1 gives the defaults).
#[derive(Clone, Copy, Debug)]
pub struct Patience {
    /// For the head of a request, the first and any later one of a connection.
    pub head: Duration,
    /// For a whole request, from its head to its answer.
    pub request: Duration,
    /// How much longer for one that may wait for a person and for an upstream.
    pub held: Duration,
    /// For what is under way when it goes down.
    pub drain: Duration,
}

impl Default for Patience {
    fn default() -> Self {
        let seconds = Duration::from_secs;
        let held = Duration::ZERO;
        Self { head: seconds(30), request: seconds(15), held, drain: seconds(10) }
    }
}

/// Why the server does not listen.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Others could reach it, and whoever is on the way would read their credentials.
    #[error(
        "`{0}` is not an address of this machine alone: others are answered by TLS (`tls_cert` and \
         `tls_key`), or with `allow_plain` where something in front encrypts"
    )]
    Open(SocketAddr),
    /// The system refuses.
    #[error("cannot listen at `{place}`: {source}")]
    Io {
        /// Where.
        place: String,
        /// Why.
        source: io::Error,
    },
    /// Something that is no socket stands there.
    #[error("`{0}` is there and is no socket")]
    NoSocket(PathBuf),
}

/// A socket that listens.
#[derive(Debug)]
pub enum Listener {
    /// At an address.
    Tcp(TcpListener),
    /// At a file.
    Unix(UnixListener),
}

impl Listener {
    /// Listens at `address`. `is_private` says that nobody on the way reads along.
    ///
    /// # Errors
    /// When it may not or cannot.
    pub async fn bind(address: &Address, is_private: bool) -> Result<Self, Error> {
        match address {
            Address::Tcp(address) => {
                if !is_loopback(address.ip()) && !is_private {
                    return Err(Error::Open(*address));
                }
                let failed = |source| Error::Io { place: address.to_string(), source };
                Ok(Self::Tcp(TcpListener::bind(address).await.map_err(failed)?))
            }
            Address::Unix(path) => Self::at(path),
        }
    }

    /// Listens at a socket file, in place of one that nobody answers at any more.
    fn at(path: &Path) -> Result<Self, Error> {
        let failed = |source| Error::Io { place: path.display().to_string(), source };
        match fs::symlink_metadata(path) {
            Ok(found) if found.file_type().is_socket() => {
                if std::os::unix::net::UnixStream::connect(path).is_ok() {
                    return Err(failed(io::ErrorKind::AddrInUse.into()));
                }
                fs::remove_file(path).map_err(failed)?;
            }
            Ok(_) => return Err(Error::NoSocket(path.to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(failed(error)),
        }
        let listener = UnixListener::bind(path).map_err(failed)?;
        fs::set_permissions(path, fs::Permissions::from_mode(0o600)).map_err(failed)?;
        Ok(Self::Unix(listener))
    }

    /// The address that it listens at, when it is one.
    #[must_use]
    pub fn address(&self) -> Option<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr().ok(),
            Self::Unix(_) => None,
        }
    }

    /// Answers with `router` until `stop` comes, then lets what is under way come to its end. With
    /// `tls` nothing is answered in plain text.
    ///
    /// # Errors
    /// When the socket itself fails; a connection that does is the caller's alone.
    pub async fn serve(
        self,
        router: Router,
        (patience, tls): (Patience, Option<TlsAcceptor>),
        stop: impl Future<Output = ()>,
    ) -> io::Result<()> {
        let ending = watch::Sender::new(false);
        let room = Arc::new(Semaphore::new(MOST_CONNECTIONS as usize));
        let mut stop = core::pin::pin!(stop);
        loop {
            let permit = Arc::clone(&room).acquire_owned().await.map_err(io::Error::other)?;
            let connection = tokio::select! {
                () = &mut stop => break,
                connection = self.accept() => connection?,
            };
            let Some(connection) = connection else { continue };
            let (ending, router, tls) = (ending.subscribe(), router.clone(), tls.clone());
            tokio::spawn(async move {
                if let Some(connection) = secured(connection, tls, patience.head).await {
                    // What a connection fails of is known to who made it.
                    if let Err(error) = answer(connection, router, patience, ending).await {
                        let (malformed, late) = (error.is_parse(), error.is_timeout());
                        tracing::debug!(malformed, late, "a connection failed");
                    }
                } else {
                    tracing::debug!("a connection did not come to terms about TLS");
                }
                drop(permit);
            });
        }
        drop(self);
        ending.send_replace(true);
        // All have ended when there is room for all again. What is not done by then is cut off.
        let ended = room.acquire_many(MOST_CONNECTIONS);
        let _late: Result<_, _> = tokio::time::timeout(patience.drain, ended).await;
        Ok(())
    }

    /// The next connection; `None` when it was gone before it was taken.
    async fn accept(&self) -> io::Result<Option<Box<dyn Connection>>> {
        let accepted: io::Result<Box<dyn Connection>> = match self {
            Self::Tcp(listener) => listener.accept().await.map(|(stream, _)| Box::new(stream) as _),
            Self::Unix(listener) => {
                listener.accept().await.map(|(stream, _)| Box::new(stream) as _)
            }
        };
        match accepted {
            Ok(connection) => Ok(Some(connection)),
            Err(error) if is_of_the_connection(&error) => Ok(None),
            // Out of descriptors: others must end first.
            Err(error) if matches!(error.raw_os_error(), Some(23 | 24)) => {
                tokio::time::sleep(Duration::from_millis(100)).await;
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }
}

/// A stream of bytes both ways.
trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// The connection as it is answered; `None` when whoever made it did not come to terms in time.
async fn secured(
    connection: Box<dyn Connection>,
    tls: Option<TlsAcceptor>,
    patience: Duration,
) -> Option<TokioIo<Box<dyn Connection>>> {
    let Some(tls) = tls else { return Some(TokioIo::new(connection)) };
    let secured = tokio::time::timeout(patience, tls.accept(connection)).await.ok()?.ok()?;
    Some(TokioIo::new(Box::new(secured)))
}

/// Answers what comes on one connection, until it ends or is to end: then what is under way is
/// answered. A connection that becomes a WebSocket goes on by itself.
async fn answer(
    connection: TokioIo<Box<dyn Connection>>,
    router: Router,
    patience: Patience,
    mut ending: watch::Receiver<bool>,
) -> hyper::Result<()> {
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        let mut router = router.clone();
        let longer = if waits(request.uri().path()) { patience.held } else { Duration::ZERO };
        async move {
            let answered = router.call(request.map(Body::new));
            let late = |_| {
                tracing::warn!("a request took too long");
                (StatusCode::REQUEST_TIMEOUT, "the request took too long\n")
            };
            let answered =
                tokio::time::timeout(patience.request.saturating_add(longer), answered).await;
            let answer: Response = match answered.map_err(late) {
                Ok(Ok(answer)) => answer,
                Err(late) => late.into_response(),
            };
            Ok::<_, core::convert::Infallible>(answer)
        }
    });
    let connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience.head)
        .max_buf_size(MOST_HEAD)
        .max_headers(MOST_HEADERS)
        .serve_connection(connection, service)
        .with_upgrades();
    let mut connection = core::pin::pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        _ = ending.wait_for(|is_ending| *is_ending) => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

/// Whether an address is reached from this machine alone.
const fn is_loopback(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => address.is_loopback(),
        IpAddr::V6(address) => address.is_loopback(),
    }
}

/// Whether a connection, and not the socket, failed.
fn is_of_the_connection(error: &io::Error) -> bool {
    use io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

#[cfg(test)]
mod tests {
    use axum::routing::get;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpStream, UnixStream};
    use tokio::sync::oneshot;

    use super::*;

    const ASK: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

    fn router() -> Router {
        let slow = async || {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        };
        let never = async || core::future::pending::<&str>().await;
        Router::new()
            .route("/", get(async || "here"))
            .route("/slow", get(slow))
            .route("/never", get(never))
    }

    fn local() -> Address {
        Address::Tcp(SocketAddr::from(([127, 0, 0, 1], 0)))
    }

    struct Running {
        address: SocketAddr,
        stop: oneshot::Sender<()>,
        ended: tokio::task::JoinHandle<io::Result<()>>,
    }

    async fn start(patience: Patience) -> Running {
        let listener = Listener::bind(&local(), false).await.unwrap();
        let (address, (stop, stopped)) = (listener.address().unwrap(), oneshot::channel());
        let stopped = async { stopped.await.unwrap() };
        let ended = tokio::spawn(listener.serve(router(), (patience, None), stopped));
        Running { address, stop, ended }
    }

    async fn ask(address: SocketAddr, question: &[u8]) -> String {
        let mut stream = TcpStream::connect(address).await.unwrap();
        let _sent: io::Result<()> = stream.write_all(question).await;
        let mut answer = String::new();
        // Who is let go while still talking may be told nothing at all.
        let _ended: io::Result<usize> = stream.read_to_string(&mut answer).await;
        answer
    }

    #[tokio::test]
    async fn an_address_that_others_reach_needs_credentials() {
        let open = Address::Tcp(SocketAddr::from(([0, 0, 0, 0], 0)));
        assert!(matches!(Listener::bind(&open, false).await, Err(Error::Open(_))));
        assert!(Listener::bind(&open, true).await.is_ok());
        assert!(Listener::bind(&local(), false).await.is_ok());
    }

    #[tokio::test]
    async fn a_socket_file_is_its_owners_alone_and_replaces_a_dead_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let address = Address::Unix(path.clone());
        drop(Listener::bind(&address, false).await.unwrap());
        let listener = Listener::bind(&address, false).await.unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(Listener::bind(&address, false).await, Err(Error::Io { .. })));
        tokio::spawn(listener.serve(
            router(),
            (Patience::default(), None),
            core::future::pending(),
        ));
        let mut stream = UnixStream::connect(&path).await.unwrap();
        stream.write_all(ASK).await.unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).await.unwrap();
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("here"), "{answer}");
        let file = folder.path().join("file");
        fs::write(&file, "").unwrap();
        assert!(matches!(
            Listener::bind(&Address::Unix(file), true).await,
            Err(Error::NoSocket(_))
        ));
    }

    #[tokio::test]
    async fn who_is_slow_is_let_go() {
        let short = Duration::from_millis(200);
        let running = start(Patience { head: short, request: short, ..Patience::default() }).await;
        assert_eq!(ask(running.address, b"GET / HTTP/1.1\r\nhost: loc").await, "", "half a head");
        let never = b"GET /never HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        assert!(ask(running.address, never).await.starts_with("HTTP/1.1 408"));
        // The bound is looked at between two readings, so one of them may go beyond it.
        let long = "x".repeat(MOST_HEAD.saturating_mul(2));
        let head = format!("GET / HTTP/1.1\r\nhost: h\r\nx: {long}\r\n\r\n");
        assert!(!ask(running.address, head.as_bytes()).await.contains("here"), "a long head");
        assert!(ask(running.address, ASK).await.starts_with("HTTP/1.1 200"));
    }

    #[tokio::test]
    async fn what_is_under_way_comes_to_its_end_and_nothing_new_begins() {
        let running = start(Patience::default()).await;
        let slow = b"GET /slow HTTP/1.1\r\nhost: localhost\r\n\r\n";
        let address = running.address;
        let answer = tokio::spawn(async move { ask(address, slow).await });
        tokio::time::sleep(Duration::from_millis(100)).await;
        running.stop.send(()).unwrap();
        running.ended.await.unwrap().unwrap();
        assert!(answer.await.unwrap().ends_with("slow"));
        assert!(TcpStream::connect(address).await.is_err());
    }
}
