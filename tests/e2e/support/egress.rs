//! A server on this machine that keeps every byte it is sent: where a leak would end.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

/// An HTTP server on a free port of 127.0.0.1. Ends when dropped.
#[derive(Debug)]
pub(crate) struct Egress {
    port: u16,
    kept: Arc<Kept>,
    listener: Option<JoinHandle<()>>,
}

/// What was sent, and how to answer.
#[derive(Debug)]
struct Kept {
    requests: Mutex<Vec<Vec<u8>>>,
    connections: AtomicUsize,
    closing: AtomicBool,
    answer: String,
}

impl Egress {
    /// Answers everything with 200 and the word `received`.
    pub(crate) fn start() -> Self {
        Self::answering(
            "HTTP/1.1 200 OK\r\nContent-Length: 9\r\nConnection: close\r\n\r\nreceived\n",
        )
    }

    /// Sends everybody on to `location`, body and method kept.
    pub(crate) fn redirecting(location: &str) -> Self {
        Self::answering(&format!(
            "HTTP/1.1 307 Temporary Redirect\r\nLocation: {location}\r\nContent-Length: 0\r\n\
             Connection: close\r\n\r\n"
        ))
    }

    /// Reads what comes first and hangs up, as nobody who speaks TLS would.
    pub(crate) fn hanging_up() -> Self {
        Self::answering("")
    }

    fn answering(answer: &str) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let kept = Arc::new(Kept {
            requests: Mutex::default(),
            connections: AtomicUsize::default(),
            closing: AtomicBool::default(),
            answer: answer.to_owned(),
        });
        let shared = Arc::clone(&kept);
        let listener = std::thread::spawn(move || shared.listen(&listener));
        Self { port, kept, listener: Some(listener) }
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How often somebody connected, whether or not anything was sent.
    pub(crate) fn connections(&self) -> usize {
        self.kept.connections.load(Ordering::SeqCst)
    }

    /// Every request so far, each as the bytes it came in.
    pub(crate) fn requests(&self) -> Vec<Vec<u8>> {
        self.kept.requests.lock().unwrap().clone()
    }

    /// Everything so far as one text, and nothing is kept any longer.
    pub(crate) fn take(&self) -> Vec<u8> {
        self.kept.requests.lock().unwrap().drain(..).flatten().collect()
    }
}

impl Drop for Egress {
    fn drop(&mut self) {
        self.kept.closing.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is to end.
        let woken = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_ok();
        if let Some(listener) = self.listener.take().filter(|_| woken) {
            listener.join().unwrap();
        }
    }
}

impl Kept {
    fn listen(self: &Arc<Self>, listener: &TcpListener) {
        for stream in listener.incoming() {
            if self.closing.load(Ordering::SeqCst) {
                return;
            }
            self.connections.fetch_add(1, Ordering::SeqCst);
            let (stream, shared) = (stream.unwrap(), Arc::clone(self));
            std::thread::spawn(move || shared.serve(&stream));
        }
    }

    /// Takes one request and answers it. What was sent is kept before the answer goes out, and also
    /// when the other side hangs up in the middle.
    fn serve(&self, stream: &TcpStream) {
        let mut bytes = Vec::new();
        let read = if self.answer.is_empty() {
            bytes.resize(4096, 0);
            let mut stream = stream;
            stream.read(&mut bytes).map(|count| bytes.truncate(count))
        } else {
            request(stream, &mut bytes)
        };
        self.requests.lock().unwrap().push(bytes);
        if read.is_ok() {
            let mut stream = stream;
            // The other side may be gone; the request is kept all the same.
            if stream.write_all(self.answer.as_bytes()).is_err() {}
        }
    }
}

/// Reads one HTTP/1.1 request (RFC 9112 §6.3): head, then a body by length or in chunks.
fn request(stream: &TcpStream, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let mut reader = BufReader::new(stream);
    let (mut length, mut chunked, mut expects) = (0, false, false);
    loop {
        let mut line = Vec::new();
        if reader.read_until(b'\n', &mut line)? == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        bytes.extend_from_slice(&line);
        let text = String::from_utf8_lossy(&line).trim_end().to_ascii_lowercase();
        match text.split_once(": ") {
            None if text.is_empty() => break,
            Some(("content-length", value)) => length = value.parse().unwrap(),
            Some(("transfer-encoding", "chunked")) => chunked = true,
            Some(("expect", _)) => expects = true,
            Some(_) | None => {}
        }
    }
    if expects {
        let mut stream = stream;
        stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n")?;
    }
    if chunked { chunks(&mut reader, bytes) } else { exactly(&mut reader, length, bytes) }
}

fn chunks(reader: &mut impl BufRead, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    loop {
        let mut size = String::new();
        reader.read_line(&mut size)?;
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or_default();
        exactly(reader, size, bytes)?;
        reader.read_line(&mut String::new())?;
        if size == 0 {
            return Ok(());
        }
    }
}

fn exactly(reader: &mut impl Read, length: usize, bytes: &mut Vec<u8>) -> std::io::Result<()> {
    let read = reader.take(length as u64).read_to_end(bytes)?;
    if read == length { Ok(()) } else { Err(std::io::ErrorKind::UnexpectedEof.into()) }
}
