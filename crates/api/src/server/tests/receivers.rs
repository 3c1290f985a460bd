//! Whoever is told, on this machine: a receiver of webhooks and a server for mail.

use std::collections::VecDeque;
use std::sync::Mutex;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::*;

/// A request as it came.
#[derive(Clone, Debug)]
pub(super) struct Came {
    pub(super) path: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) text: String,
    pub(super) body: Value,
}

impl Came {
    pub(super) fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map_or("", |(_, value)| value)
    }
}

/// Takes what is posted and answers with the statuses that it was given, then with 200.
#[derive(Debug)]
pub(super) struct Receiver {
    pub(super) port: u16,
    came: Arc<Mutex<Vec<Came>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub(super) async fn new(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let came: Arc<Mutex<Vec<Came>>> = Arc::default();
        let statuses = Arc::new(Mutex::new(statuses.iter().copied().collect::<VecDeque<_>>()));
        let (all, next) = (Arc::clone(&came), Arc::clone(&statuses));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (all, next) = (Arc::clone(&all), Arc::clone(&next));
                tokio::spawn(async move {
                    let (came, mut stream) = read(stream).await;
                    let status = next.lock().unwrap().pop_front().unwrap_or(200);
                    all.lock().unwrap().push(came);
                    let answer = format!(
                        "HTTP/1.1 {status} x\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"
                    );
                    stream.write_all(answer.as_bytes()).await.unwrap();
                });
            }
        });
        Self { port, came, statuses }
    }

    pub(super) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(super) fn answers(&self, statuses: &[u16]) {
        *self.statuses.lock().unwrap() = statuses.iter().copied().collect();
    }

    pub(super) fn came(&self) -> Vec<Came> {
        self.came.lock().unwrap().clone()
    }
}

async fn read(stream: TcpStream) -> (Came, TcpStream) {
    let mut reader = BufReader::new(stream);
    let (mut line, mut headers) = (String::new(), Vec::new());
    reader.read_line(&mut line).await.unwrap();
    let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).await.unwrap();
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_lowercase(), value.to_owned()));
    }
    let length = headers.iter().find(|(name, _)| name == "content-length");
    let length = length.map_or(0, |(_, length)| length.parse().unwrap());
    let mut body = vec![0; length];
    reader.read_exact(&mut body).await.unwrap();
    let text = String::from_utf8(body).unwrap();
    let body = serde_json::from_str(&text).unwrap_or_default();
    (Came { path, headers, text, body }, reader.into_inner())
}

/// Somebody who accepts and never says a word.
pub(super) async fn hanging() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        let mut held = Vec::new();
        while let Ok((stream, _)) = listener.accept().await {
            held.push(stream);
        }
    });
    format!("http://127.0.0.1:{port}/")
}

/// A mail as a server took it.
#[derive(Clone, Debug, Default)]
pub(super) struct Mail {
    pub(super) from: String,
    pub(super) to: Vec<String>,
    pub(super) text: String,
}

/// A server for mail with one user, by one way to log in.
#[derive(Debug)]
pub(super) struct Post {
    pub(super) port: u16,
    mails: Arc<Mutex<Vec<Mail>>>,
}

/// What it knows: `ann` with `hunter2-hunter2`, as both ways of logging in write it.
const PLAIN: &str = "AGFubgBodW50ZXIyLWh1bnRlcjI=";
const LOGIN: [&str; 2] = ["YW5u", "aHVudGVyMi1odW50ZXIy"];

impl Post {
    pub(super) async fn new(way: &'static str) -> Self {
        Self::at(TcpListener::bind("127.0.0.1:0").await.unwrap(), way)
    }

    pub(super) fn at(listener: TcpListener, way: &'static str) -> Self {
        let port = listener.local_addr().unwrap().port();
        let mails: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let all = Arc::clone(&mails);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(speak(stream, way, Arc::clone(&all)));
            }
        });
        Self { port, mails }
    }

    pub(super) fn mails(&self) -> Vec<Mail> {
        self.mails.lock().unwrap().clone()
    }
}

/// As much of ESMTP (RFC 5321, RFC 4954) as a client needs.
async fn speak(stream: TcpStream, way: &'static str, all: Arc<Mutex<Vec<Mail>>>) {
    let mut stream = BufReader::new(stream);
    let (mut mail, mut is_known) = (Mail::default(), false);
    stream.write_all(b"220 post.test ESMTP\r\n").await.unwrap();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.unwrap_or(0) == 0 {
            return;
        }
        let line = line.trim_end().to_owned();
        let upper = line.to_uppercase();
        let answer = if upper.starts_with("EHLO") {
            format!("250-post.test\r\n250-8BITMIME\r\n250 AUTH {way}\r\n")
        } else if upper.starts_with("AUTH PLAIN") {
            is_known = line.ends_with(PLAIN);
            word(is_known)
        } else if upper.starts_with("AUTH LOGIN") {
            is_known = true;
            for (asks, expected) in ["VXNlcm5hbWU6", "UGFzc3dvcmQ6"].into_iter().zip(LOGIN) {
                stream.write_all(format!("334 {asks}\r\n").as_bytes()).await.unwrap();
                let mut typed = String::new();
                stream.read_line(&mut typed).await.unwrap();
                is_known &= typed.trim_end() == expected;
            }
            word(is_known)
        } else if let Some(from) = upper.strip_prefix("MAIL FROM:") {
            mail.from = from.to_lowercase();
            String::from(if is_known { "250 ok\r\n" } else { "530 log in first\r\n" })
        } else if let Some(to) = upper.strip_prefix("RCPT TO:") {
            mail.to.push(to.to_lowercase());
            String::from("250 ok\r\n")
        } else if upper == "DATA" {
            stream.write_all(b"354 go on\r\n").await.unwrap();
            mail.text = text(&mut stream).await;
            all.lock().unwrap().push(core::mem::take(&mut mail));
            String::from("250 taken\r\n")
        } else if upper == "QUIT" {
            String::from("221 bye\r\n")
        } else {
            String::from("502 what?\r\n")
        };
        stream.write_all(answer.as_bytes()).await.unwrap();
    }
}

fn word(is_known: bool) -> String {
    String::from(if is_known { "235 welcome\r\n" } else { "535 hunter2-hunter2 is wrong\r\n" })
}

async fn text(stream: &mut BufReader<TcpStream>) -> String {
    let mut text = String::new();
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).await.unwrap();
        if line == ".\r\n" {
            return text;
        }
        text.push_str(&line);
    }
}
