//! A client of a server on this machine: one connection, one request after the other. Measurements
//! and end-to-end tests ask with it, where starting curl would cost more than the answer.

use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// Longest that an answer is waited for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    received: Vec<u8>,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answered {
    pub(crate) status: u16,
    pub(crate) body: String,
}

/// A request with a key, as it is sent. A body is JSON.
pub(crate) fn request(
    (method, path): (&str, &str),
    (server, key): (SocketAddr, &str),
    body: &str,
) -> Vec<u8> {
    let length = body.len();
    let text = format!(
        "{method} {path} HTTP/1.1\r\nhost: {server}\r\nx-api-key: {key}\r\n\
         content-type: application/json\r\ncontent-length: {length}\r\n\r\n{body}"
    );
    text.into_bytes()
}

impl Connection {
    /// To a server.
    pub(crate) fn to(server: SocketAddr) -> io::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { stream, received: Vec::new() })
    }

    /// Sends a request and reads its answer, which must say how long it is.
    pub(crate) fn ask(&mut self, request: &[u8]) -> io::Result<Answered> {
        self.stream.write_all(request)?;
        self.received.clear();
        let mut piece = [0_u8; 8192];
        loop {
            let count = self.stream.read(&mut piece)?;
            if count == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
            self.received.extend_from_slice(piece.get(..count).unwrap_or_default());
            if let Some(answered) = whole(&self.received) {
                return Ok(answered);
            }
        }
    }
}

/// The answer, once all of it was received.
fn whole(received: &[u8]) -> Option<Answered> {
    let end = received.windows(4).position(|four| four == b"\r\n\r\n")?.saturating_add(4);
    let (head, body) = received.split_at_checked(end)?;
    let head = core::str::from_utf8(head).ok()?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    let mut lines = head.lines().filter_map(|line| line.split_once(':'));
    let (_, length) = lines.find(|(name, _)| name.eq_ignore_ascii_case("content-length"))?;
    let length: usize = length.trim().parse().ok()?;
    let body = body.get(..length)?;
    Some(Answered { status, body: String::from_utf8_lossy(body).into_owned() })
}
