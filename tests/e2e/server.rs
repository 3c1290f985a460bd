//! `datafog serve` and `datafog key` as they are used: the binary, and curl on loopback.

mod capacity;
mod dataguard_policy;
mod demo;
mod faults;
mod held;
mod life;
mod originals;
mod page;
mod pull;
mod replicas;
mod settings;
mod telling;
mod users;

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::support::{Install, Start};

/// A server of an installation; it is killed with the test.
struct Server {
    child: Child,
    /// Where it said that it listens.
    address: String,
    /// The key that it printed, where it made one.
    first_key: Option<String>,
    /// What it said before it listened.
    said: String,
}

/// What curl was answered.
#[derive(Debug)]
struct Answer {
    status: u16,
    text: String,
}

impl Answer {
    #[track_caller]
    fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }
}

impl Server {
    fn start(install: &Install) -> Self {
        Self::with(install.datafog(["serve", "--addr", "127.0.0.1:0"]))
    }

    /// Starts it, and waits until it says where it listens.
    fn with(mut start: Start) -> Self {
        let mut child = start.0.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        let mut said = String::new();
        let address = loop {
            line.clear();
            assert!(told.read_line(&mut line).unwrap() > 0, "it ended: {said}");
            if let Some(address) = line.strip_prefix("listening on ") {
                break address.trim().to_owned();
            }
            said.push_str(&line);
        };
        let first_key = said.contains("first administrator").then(|| {
            let mut line = String::new();
            BufReader::new(child.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
            line.trim().to_owned()
        });
        assert!(!said.contains("dfg_"), "a key stands in the talk: {said}");
        Self { child, address, first_key, said }
    }

    /// Where it listens.
    fn socket(&self) -> std::net::SocketAddr {
        self.address.strip_prefix("http://").unwrap().parse().unwrap()
    }

    /// Asks, with these arguments of curl besides.
    fn curl(&self, path: &str, more: &[&str]) -> Answer {
        curl(&[&[&*format!("{}{path}", self.address)], more].concat())
    }

    fn get(&self, key: &str, path: &str) -> Answer {
        self.curl(path, &["-H", &format!("Authorization: Bearer {key}")])
    }

    fn post(&self, key: &str, path: &str, body: &Value) -> Answer {
        let (header, body) = (format!("X-API-Key: {key}"), body.to_string());
        self.curl(path, &["-H", &header, "-H", "Content-Type: application/json", "-d", &body])
    }

    /// Kills it as a power cut would.
    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to end; its exit code.
    fn end(mut self) -> Option<i32> {
        kill(Pid::from_raw(i32::try_from(self.child.id()).unwrap()), Signal::SIGTERM).unwrap();
        self.child.wait().unwrap().code()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that ended by itself is no error of the test.
        let _ended = self.child.kill();
        let _ended = self.child.wait();
    }
}

/// Runs curl, and tells status and body.
fn curl(arguments: &[&str]) -> Answer {
    let mut command = Command::new("curl");
    command.args(["-q", "-s", "--noproxy", "*", "--max-time", "20", "-w", "\n%{http_code}"]);
    let output = command.args(arguments).env_clear().output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let (text, status) = text.rsplit_once('\n').unwrap();
    Answer { status: status.parse().unwrap(), text: text.to_owned() }
}

/// A new key by the command.
fn key(install: &Install, arguments: &[&str]) -> String {
    let made = install.datafog(["key", "create"]).args(arguments).run().succeeds();
    made.stdout().trim().to_owned()
}

/// Waits until `is_so`, a few seconds at most.
fn eventually(is_so: impl Fn() -> bool) -> bool {
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(5) {
        if is_so() {
            return true;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    false
}
