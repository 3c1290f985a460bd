//! How many decisions a second `datafog serve` gives on one core, and how long each takes.
//!
//! The server is held to the first processor, those who ask to the second. Every answer is one that
//! is stored on the disk; in the end the whole chain is read, and it must hold as many lines as there
//! were answers.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use tempfile::TempDir;

use crate::arena::binary;
use crate::load::{Load, Seen};
use crate::loopback::request;
use crate::report;

/// Connections that ask.
const CONNECTIONS: u32 = 64;

/// Requests per second of the second run: what is aimed at.
const PACE: u32 = 5000;

/// What the text is made of, over and over: ordinary words, nothing that is found.
const WORDS: &str =
    "The quick brown fox jumps over the lazy dog while the meeting notes are read. ";

/// Measures for that many seconds each; a store other than a file is named by its address.
pub(crate) fn run(seconds: u64, store: Option<&str>) -> Result<()> {
    let serving = Serving::start(store)?;
    let load = Load {
        server: serving.address,
        connections: CONNECTIONS,
        pace: None,
        lasting: Duration::from_secs(seconds),
    };
    report(&format!(
        "{CONNECTIONS} connections, a text of 1 KB, server and clients on one core each\n"
    ));
    let warm = Load { lasting: Duration::from_secs(1), ..load };
    let mut stored = serving.measured("warming up", warm)?;
    stored = stored.saturating_add(serving.measured("as many as are answered", load)?);
    let paced = Load { pace: Some(PACE), ..load };
    stored = stored.saturating_add(serving.measured(&format!("{PACE} a second"), paced)?);
    serving.verified(stored)
}

/// A server in an installation of its own.
struct Serving {
    folder: TempDir,
    child: Child,
    address: SocketAddr,
    key: String,
    store: Option<String>,
}

impl Serving {
    fn start(store: Option<&str>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        fs::create_dir_all(folder.path().join("root/bin"))?;
        fs::copy(binary(None)?, folder.path().join("root/bin/datafog"))?;
        let store = store.map(str::to_owned);
        let mut made = datafog(&folder, store.as_deref());
        let made = made.args(["key", "create", "measured"]).output()?;
        anyhow::ensure!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
        let key = String::from_utf8(made.stdout)?.trim().to_owned();
        let mut serve = datafog(&folder, store.as_deref());
        // What is started inherits where it may run, and so do its threads.
        pin(0, std::process::id())?;
        let child = serve.args(["serve", "--addr", "127.0.0.1:0"]).stderr(Stdio::piped()).spawn();
        pin(1, std::process::id())?;
        let mut child = child?;
        let told = child.stderr.take().context("no talk of the server's")?;
        let mut lines = BufReader::new(told).lines();
        let address = loop {
            let line = lines.next().context("the server ended")??;
            if let Some(address) = line.strip_prefix("listening on http://") {
                break address.parse()?;
            }
        };
        Ok(Self { folder, child, address, key, store })
    }

    /// One run, told as one line; how many were answered.
    fn measured(&self, name: &str, load: Load) -> Result<usize> {
        let before = self.processor_time()?;
        let seen = load.run(|number| self.request(number))?;
        let spent = self.processor_time()?.saturating_sub(before);
        let count = u32::try_from(seen.times.len())?;
        report(&told(name, &seen, spent.checked_div(count).unwrap_or_default()));
        Ok(seen.times.len())
    }

    /// A question that differs from every other.
    fn request(&self, number: u64) -> Vec<u8> {
        let text: String = WORDS.chars().cycle().take(1024).collect();
        let body = format!(
            r#"{{"action":{{"type":"command.exec","tool":"vcs","resource":"git","command":"commit","args":["commit","-m","{number}"]}},"text":"{text}","session_id":"s"}}"#
        );
        request(("POST", "/v1/decide"), (self.address, &self.key), &body)
    }

    /// What the server has used of processors.
    fn processor_time(&self) -> Result<Duration> {
        let path = PathBuf::from(format!("/proc/{}/stat", self.child.id()));
        let stat = fs::read_to_string(path)?;
        let (_, fields) = stat.rsplit_once(')').context("no processor time")?;
        let ticks = fields.split_whitespace().skip(11).take(2).map(str::parse::<u64>);
        let ticks: u64 = ticks.sum::<Result<u64, _>>()?;
        // The kernel counts in hundredths of a second for user space, whatever it counts in itself.
        Ok(Duration::from_millis(ticks.saturating_mul(10)))
    }

    /// Reads the whole chain, once the server is gone.
    fn verified(mut self, stored: usize) -> Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        let mut verify = datafog(&self.folder, self.store.as_deref());
        let verify = verify.args(["receipts", "verify", "--store"]).output()?;
        let told = String::from_utf8(verify.stdout)?;
        // That the key was made has a line, too.
        let intact = format!("intact  {} entries", stored.saturating_add(1));
        if !told.contains(&intact) && self.store.is_none() {
            bail!("{stored} were answered, and: {told}");
        }
        report(&told);
        Ok(())
    }
}

impl Drop for Serving {
    fn drop(&mut self) {
        // One that ended by itself is as good.
        let (_killed, _waited) = (self.child.kill(), self.child.wait());
    }
}

fn told(name: &str, seen: &Seen, spent: Duration) -> String {
    let milliseconds = |time: Duration| time.as_secs_f64() * 1000.0;
    format!(
        "{name:24} {:7.0} a second   p50 {:6.2} ms   p99 {:6.2} ms   p99.9 {:6.2} ms   {:4} µs of the processor each\n",
        seen.rate(),
        milliseconds(seen.within(500)),
        milliseconds(seen.within(990)),
        milliseconds(seen.within(999)),
        spent.as_micros()
    )
}

fn datafog(folder: &TempDir, store: Option<&str>) -> Command {
    let mut command = Command::new(folder.path().join("root/bin/datafog"));
    command.env_clear().env("HOME", folder.path()).current_dir(folder.path());
    command.envs(store.map(|store| ("DATAFOG_STORE", store)));
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Holds a process, and what it starts from now on, to one processor.
fn pin(processor: u32, process: u32) -> Result<()> {
    let mut pin = Command::new("taskset");
    pin.args(["-p", "-c", &processor.to_string(), &process.to_string()]);
    let status = pin.stdout(Stdio::null()).status().context("`taskset` is not installed")?;
    if status.success() { Ok(()) } else { bail!("cannot stay on processor {processor}") }
}
