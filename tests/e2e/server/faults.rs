//! What may go wrong around a server: it is killed under load, its disk is full, its database locked.
//! What was told is stored, and nothing else is told.

use std::net::SocketAddr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;

use super::*;
use crate::cluster::Cluster;
use crate::loopback::{Connection, request};

/// Clients at once.
const CLIENTS: usize = 8;

/// Answers after which a server is killed, at the earliest.
const ENOUGH: u64 = 40;

fn action(number: u64) -> Value {
    let args = json!([number.to_string()]);
    json!({ "action": { "type": "command.exec", "command": "ls", "args": args } })
}

/// An installation whose server is on a store, started again and again.
struct Mortal {
    install: Install,
    store: Option<String>,
    key: String,
    admin: String,
    count: AtomicU64,
}

impl Mortal {
    fn new(store: Option<String>) -> Self {
        let install = Install::bare();
        let mut mortal = Self {
            install,
            store,
            key: String::new(),
            admin: String::new(),
            count: AtomicU64::new(0),
        };
        let made = |role: &str| {
            let made = mortal.command(&["key", "create", "test", "--role", role]).run().succeeds();
            made.stdout().trim().to_owned()
        };
        (mortal.key, mortal.admin) = (made("agent"), made("admin"));
        mortal
    }

    fn command(&self, arguments: &[&str]) -> Start {
        let command = self.install.datafog(arguments);
        match &self.store {
            Some(store) => command.env("DATAFOG_STORE", store),
            None => command,
        }
    }

    fn start(&self) -> Server {
        Server::with(self.command(&["serve", "--addr", "127.0.0.1:0"]))
    }

    /// Asks until the server is killed in the midst; every receipt that was told.
    fn killed_under_load(&self) -> Vec<String> {
        let server = self.start();
        let (address, told) = (server.socket(), Mutex::new(Vec::new()));
        std::thread::scope(|scope| {
            for _ in 0..CLIENTS {
                scope.spawn(|| self.ask_until_it_ends(address, &told));
            }
            let start = Instant::now();
            while (told.lock().unwrap().len() as u64) < ENOUGH {
                assert!(start.elapsed() < Duration::from_secs(60), "it does not answer");
                std::thread::sleep(Duration::from_millis(1));
            }
            server.kill();
        });
        told.into_inner().unwrap()
    }

    fn ask_until_it_ends(&self, server: SocketAddr, told: &Mutex<Vec<String>>) {
        let mut connection = Connection::to(server).unwrap();
        loop {
            let body = action(self.count.fetch_add(1, Ordering::Relaxed)).to_string();
            let asked = request(("POST", "/v1/decide"), (server, &self.key), &body);
            let Ok(answered) = connection.ask(&asked) else { return };
            assert_eq!(answered.status, 200, "{answered:?}");
            let answered: Value = serde_json::from_str(&answered.body).unwrap();
            told.lock().unwrap().push(answered["receipt_id"].as_str().unwrap().to_owned());
        }
    }

    /// Reads the whole chain; how many lines it has.
    fn entries(&self) -> u64 {
        let verified = self.command(&["receipts", "verify", "--store", "--json"]).run().succeeds();
        assert_eq!(verified.json()["intact"], true);
        verified.json()["entries"].as_u64().unwrap()
    }

    /// What was told is there, every one or some of many.
    fn has(&self, told: &[String], step: usize) {
        let server = self.start();
        for id in told.iter().rev().step_by(step) {
            assert_eq!(server.get(&self.admin, &format!("/v1/receipts/{id}")).status, 200, "{id}");
        }
    }

    /// Kills the server so many times, and looks at the chain each time.
    fn is_killed(&self, times: usize) {
        let mut told = Vec::new();
        for _ in 0..times {
            let more = self.killed_under_load();
            told.extend(more);
            assert!(self.entries() >= told.len() as u64);
        }
        self.has(&told, (told.len() / 60).max(1));
    }
}

#[test]
fn what_a_server_told_outlives_a_kill_under_load() {
    Mortal::new(None).is_killed(3);
}

#[test]
fn what_a_server_on_postgresql_told_outlives_a_kill_under_load() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.create("killed");
    Mortal::new(Some(cluster.address("killed"))).is_killed(2);
}

#[test]
#[ignore = "takes minutes"]
fn fifty_kills() {
    Mortal::new(None).is_killed(50);
}

#[test]
#[ignore = "takes minutes"]
fn fifty_kills_on_postgresql() {
    let Some(cluster) = Cluster::start() else { return };
    cluster.create("killed");
    Mortal::new(Some(cluster.address("killed"))).is_killed(50);
}

/// A file may not grow beyond a bound, as on a disk that is full.
#[test]
fn where_the_disk_is_full_nothing_is_told_that_is_not_stored() {
    let mortal = Mortal::new(None);
    let bound = format!(
        "trap '' XFSZ; ulimit -f 1024; exec '{}' serve --addr 127.0.0.1:0",
        mortal.install.root().join("bin/datafog").display()
    );
    let server = Server::with(mortal.install.start("/bin/bash".as_ref(), ["-c", &bound]));
    let (mut told, mut refused) = (Vec::new(), 0);
    let mut connection = Connection::to(server.socket()).unwrap();
    for number in 0..4000 {
        let body = action(number).to_string();
        let asked = request(("POST", "/v1/decide"), (server.socket(), &mortal.key), &body);
        let answered = connection.ask(&asked).unwrap();
        let body: Value = serde_json::from_str(&answered.body).unwrap();
        match answered.status {
            200 => told.push(body["receipt_id"].as_str().unwrap().to_owned()),
            503 => {
                assert_eq!(body.get("decision"), None, "{body}");
                refused += 1;
            }
            _ => panic!("{answered:?}"),
        }
        if refused == 20 {
            break;
        }
    }
    assert!(refused == 20 && told.len() > 20, "{refused} of {}", told.len());
    assert_eq!(server.curl("/health", &[]).status, 200, "it lives");
    server.kill();
    assert!(mortal.entries() >= told.len() as u64);
    mortal.has(&told, 7);
}

#[test]
fn where_the_database_is_locked_nothing_is_told_until_it_is_free() {
    let mortal = Mortal::new(None);
    let before = mortal.entries();
    let server = mortal.start();
    let ask = || server.post(&mortal.key, "/v1/decide", &action(1));
    assert_eq!(ask().status, 200);
    let other = rusqlite::Connection::open(mortal.install.root().join("server.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = ask();
    assert_eq!((refused.status, refused.json().get("decision")), (503, None));
    other.execute_batch("ROLLBACK").unwrap();
    assert_eq!(ask().status, 200);
    server.kill();
    assert_eq!(mortal.entries(), before + 2);
}
