//! Much at once: ten thousand held calls in little memory, and a thousand listeners that are each told of
//! everything once. `docs/BENCHMARKS.md` has the command.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::io::Write as _;
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};

use serde_json::json;

use super::*;
use crate::loopback::{Connection, request};

/// Most requests of a tenant that wait at once.
const HELD: usize = 10_000;

/// Most memory of the server with all of them, in bytes.
const MOST_MEMORY: u64 = 200 << 20;

/// How much more it may have with all of them than with a tenth.
const GROWN: u64 = 50 << 20;

/// Who listens, and how many of them never read.
const LISTENERS: usize = 1000;
const SILENT: usize = 20;

/// Calls that are held while they listen.
const TOLD: usize = 50;

const ASKS: &str = "[policy]\nid = \"mine\"\nversion = \"1\"\n[[rule]]\nid = \"ask-first\"\n\
effect = \"require_approval\"\nreason = \"money is for a person to move\"\ninstead = \"ask\"\n\
match = [{ tool = \"bank__pay\", args = {} }]\n[rule.when]\ntool = [\"bank__pay\"]\n";

/// A server that may have a thousand files open at first, as in a usual session, and keys of an agent and
/// somebody who reads.
fn start(install: &Install) -> (Server, String, String) {
    std::fs::write(install.root().join("policy.toml"), ASKS).unwrap();
    let key = |role: &str| {
        let made = install.datafog(["key", "create", role, "--role", role]).run().succeeds();
        made.stdout().trim().to_owned()
    };
    let (agent, reader) = (key("agent"), key("viewer"));
    let mut start = install.datafog(["serve", "--addr", "127.0.0.1:0"]);
    let mut limited = Command::new("/bin/sh");
    limited.args(["-c", "ulimit -Sn 1024; exec \"$0\" \"$@\""]);
    limited.arg(start.0.get_program()).args(start.0.get_args()).env_clear();
    limited.envs(start.0.get_envs().filter_map(|(name, value)| Some((name, value?))));
    start.0 = limited;
    (Server::with(start), agent, reader)
}

/// Has the calls of these numbers held, by several clients; the statuses that were none of success.
fn hold(server: SocketAddr, agent: &str, numbers: core::ops::Range<usize>) -> Vec<u16> {
    let (next, odd) = (AtomicUsize::new(numbers.start), std::sync::Mutex::new(Vec::new()));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let mut connection = Connection::to(server).unwrap();
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= numbers.end {
                        return;
                    }
                    let body = json!({ "serverName": "bank", "toolName": "pay",
                        "args": { "n": number, "to": "somebody of a usual name" } });
                    let asked = request(("POST", "/v1/check"), (server, agent), &body.to_string());
                    let told = connection.ask(&asked).unwrap();
                    if !told.body.contains("require_approval") {
                        odd.lock().unwrap().push(told.status);
                    }
                }
            });
        }
    });
    odd.into_inner().unwrap()
}

/// The memory of a process that is its own, in bytes.
fn memory(server: &Server) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    let kibibytes: u64 = line.trim().trim_end_matches(" kB").parse().unwrap();
    kibibytes << 10
}

#[test]
#[ignore = "takes minutes"]
fn ten_thousand_held_calls_take_little_memory() {
    let install = Install::bare();
    let (server, agent, reader) = start(&install);
    assert!(hold(server.socket(), &agent, 0..HELD / 10).is_empty(), "all are held");
    let first = memory(&server);
    assert!(hold(server.socket(), &agent, HELD / 10..HELD).is_empty(), "all are held");
    let all = memory(&server);
    let listed = server.get(&reader, "/v1/approvals?state=pending&limit=200");
    assert_eq!(listed.status, 200, "{}", listed.text);
    let looked = memory(&server);
    println!("RSS with {}: {first}; with {HELD}: {all}; looked at: {looked}", HELD / 10);
    assert!(looked < MOST_MEMORY, "{looked}");
    assert!(looked < first + GROWN, "{first} and then {looked}");
    // No more wait, and none of them is let through.
    assert_eq!(hold(server.socket(), &agent, HELD..HELD + 1).len(), 1);
}

/// A WebSocket, with what was read and not yet used.
struct Listener {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Listener {
    fn open(server: SocketAddr, key: &str) -> Self {
        let mut stream = TcpStream::connect(server).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let head = format!(
            "GET /ws HTTP/1.1\r\nhost: {server}\r\nx-api-key: {key}\r\nconnection: upgrade\r\n\
             upgrade: websocket\r\nsec-websocket-version: 13\r\n\
             sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut listener = Self { stream, read: Vec::new() };
        loop {
            if let Some(end) = listener.read.windows(4).position(|four| four == b"\r\n\r\n") {
                let head: Vec<u8> = listener.read.drain(..end.saturating_add(4)).collect();
                assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
                return listener;
            }
            listener.more();
        }
    }

    fn more(&mut self) {
        let mut piece = [0; 16 << 10];
        let count = self.stream.read(&mut piece).unwrap();
        assert!(count > 0, "it was dropped");
        self.read.extend_from_slice(&piece[..count]);
    }

    /// Whether a text was read that nobody took; there may be pings.
    fn has_text(&self) -> bool {
        let mut rest = &*self.read;
        while let Some((kind, _, end)) = frame(rest) {
            if kind == 1 {
                return true;
            }
            rest = rest.get(end..).unwrap_or_default();
        }
        false
    }

    /// The next text (RFC 6455 §5.2: what a server sends is not masked).
    fn message(&mut self) -> Value {
        loop {
            if let Some((kind, start, end)) = frame(&self.read)
                && self.read.len() >= end
            {
                let text: Vec<u8> = self.read.drain(..end).skip(start).collect();
                if kind == 1 {
                    return serde_json::from_slice(&text).unwrap();
                }
                continue;
            }
            self.more();
        }
    }
}

/// The kind of the first frame, and where its text begins and ends.
fn frame(read: &[u8]) -> Option<(u8, usize, usize)> {
    let (kind, short) = (*read.first()? & 15, usize::from(*read.get(1)? & 127));
    let long = |bytes: usize| {
        let digits = read.get(2..)?.get(..bytes)?;
        Some(digits.iter().fold(0, |sum, digit| sum << 8 | usize::from(*digit)))
    };
    let (length, start) = match short {
        126 => (long(2)?, 4),
        127 => (long(8)?, 10),
        short => (short, 2_usize),
    };
    Some((kind, start, start.saturating_add(length)))
}

#[test]
#[ignore = "takes minutes"]
fn a_thousand_listeners_are_each_told_of_everything_once() {
    let install = Install::bare();
    let (server, agent, reader) = start(&install);
    let mut all: Vec<Listener> =
        (0..LISTENERS).map(|_| Listener::open(server.socket(), &reader)).collect();
    let silent = all.split_off(LISTENERS - SILENT);
    for listener in &mut all {
        assert_eq!(listener.message()["type"], "snapshot");
    }
    assert!(hold(server.socket(), &agent, 0..TOLD).is_empty(), "all are held");
    let mut known: Option<Vec<String>> = None;
    for listener in &mut all {
        let ids: Vec<String> = (0..TOLD)
            .map(|_| {
                let told = listener.message();
                assert_eq!(told["type"], "approval_update", "{told}");
                told["approval_id"].as_str().unwrap().to_owned()
            })
            .collect();
        assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), TOLD, "one is told twice");
        // Everybody is told the same in the same order.
        assert_eq!(known.get_or_insert_with(|| ids.clone()), &ids);
        assert!(!listener.has_text(), "nothing else");
    }
    println!("RSS with {LISTENERS} listeners: {}", memory(&server));
    assert!(memory(&server) < MOST_MEMORY);
    drop(silent);
    assert_eq!(server.end(), Some(0));
}
