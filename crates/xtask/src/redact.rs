//! What it costs to take findings out of what a command writes.
//!
//! A wrapped `cat FILE` whose output is redacted, against `cat FILE | cat` in the same run: the
//! processor time, user and system, of all processes, since two of them work at the same time. The
//! reader's own time counts for neither. Peak memory is that of the process that redacts.

use std::fs::{self, File};
use std::io::{BufWriter, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

use crate::arena::{Arena, tool};
use crate::log_lines;
use crate::report;

/// Most bytes of different texts; a larger file repeats them.
const DIFFERENT: usize = 200_000_000;

/// Bytes of a file, unless told otherwise.
pub(crate) const USUAL: usize = 1_000_000_000;

/// How often each is measured; the best counts.
const ROUNDS: usize = 3;

/// What is taken out.
const POLICIES: [(&str, &str); 2] =
    [("secrets", "\"secret.*\""), ("secrets and personal data", "\"secret.*\", \"pii.*\"")];

/// Prints a line of figures for each kind of text and policy.
///
/// # Errors
///
/// What keeps a call from starting, and one that fails.
pub(crate) fn run(bytes: usize, folders: &[&str]) -> Result<()> {
    let arena = Arena::new()?;
    let cat = arena.at("real/cat");
    fs::copy(tool("cat")?, &cat)?;
    install(&arena)?;
    let texts = [("source", source(folders)?), ("logs", log_lines::text(DIFFERENT.min(bytes)))];
    for (name, text) in &texts {
        let path = arena.at(name);
        write(&path, text, bytes)?;
        let floor = best(|| {
            let mut command = Command::new("sh");
            command.args(["-c", "\"$0\" \"$1\" | \"$0\""]).args([&cat, &path]);
            command
        })?;
        line(&format!("{name}: cat | cat"), bytes, floor, None);
        for (what, entities) in POLICIES {
            fs::write(arena.at("root/policy.toml"), policy(entities))?;
            let call = || {
                let mut command = Command::new(arena.at("root/shims/cat"));
                command.arg(&path).env("PATH", arena.at("real"));
                command
            };
            // The first call compiles the policy.
            spent(call().arg("/dev/null").stdin(Stdio::null()))?;
            line(&format!("{name}: {what} taken out"), bytes, best(call)?, Some(floor));
        }
        fs::remove_file(&path)?;
    }
    Ok(())
}

fn install(arena: &Arena) -> Result<()> {
    let mut install = Command::new(arena.at("root/bin/datafog"));
    install.args(["hooks", "install", "cat"]).env("PATH", arena.at("real"));
    let status = install.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(status.success(), "`cat` cannot be wrapped");
    Ok(())
}

fn policy(entities: &str) -> String {
    format!(
        "[policy]\nid = \"measured\"\nversion = \"1\"\n\n[[rule]]\nid = \"redact\"\n\
         effect = \"allow_with_redaction\"\nreason = \"measured\"\nredact = [{entities}]\n\
         [rule.when]\ncommand = \"cat\"\n"
    )
}

/// Processor time of a call, and peak memory of the process that was started for it.
#[derive(Clone, Copy, Debug)]
struct Spent {
    time: Duration,
    kilobytes: u64,
}

fn best(call: impl Fn() -> Command) -> Result<Spent> {
    let rounds: Result<Vec<Spent>> = (0..ROUNDS).map(|_| spent(&mut call())).collect();
    rounds?.into_iter().min_by_key(|one| one.time).context("nothing was measured")
}

/// Runs a call to its end and throws away what it writes to its pipe.
fn spent(call: &mut Command) -> Result<Spent> {
    let before = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let mut child = call.stdout(Stdio::piped()).spawn()?;
    let mut output = child.stdout.take().context("there is no pipe")?;
    let (mut block, mut kilobytes) = (vec![0; 1 << 20], 0);
    while output.read(&mut block)? > 0 {
        kilobytes = peak(child.id()).unwrap_or(kilobytes);
    }
    let status = child.wait()?;
    ensure!(status.success(), "a call ended with {status}");
    let after = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let time = |usage: &nix::sys::resource::Usage| -> Duration {
        let parts = [usage.user_time(), usage.system_time()];
        let micros = |part: nix::sys::time::TimeVal| {
            part.tv_sec().saturating_mul(1_000_000).saturating_add(part.tv_usec()).unsigned_abs()
        };
        parts.into_iter().map(|part| Duration::from_micros(micros(part))).sum()
    };
    Ok(Spent { time: time(&after).saturating_sub(time(&before)), kilobytes })
}

/// The most memory that a process has had, in kilobytes; `None` when it is gone. The counts of
/// getrusage(2) begin with what the process had that started it.
fn peak(process: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn line(name: &str, bytes: usize, spent: Spent, floor: Option<Spent>) {
    let speed = |time: Duration| rate(bytes, time);
    let own = floor.map_or_else(String::new, |floor| {
        format!("   {:6.0} MB/s without the floor", speed(spent.time.saturating_sub(floor.time)))
    });
    let (whole, memory) = (speed(spent.time), spent.kilobytes);
    let seconds = spent.time.as_secs_f64();
    report(&format!("{name:44} {seconds:6.2} s {whole:6.0} MB/s{own}   at most {memory} KB\n"));
}

/// Megabytes (10^6 bytes) per second.
fn rate(bytes: usize, time: Duration) -> f64 {
    u32::try_from(bytes / 1000).map_or(f64::NAN, f64::from) / 1000.0 / time.as_secs_f64()
}

/// Text files below the folders, by default the sources that cargo has fetched.
pub(crate) fn source(folders: &[&str]) -> Result<Vec<u8>> {
    let mut left: Vec<PathBuf> = folders.iter().map(PathBuf::from).collect();
    if left.is_empty() {
        left.extend(std::env::home_dir().map(|home| home.join(".cargo/registry/src")));
    }
    let mut text = Vec::new();
    while let Some(folder) = left.pop().filter(|_| text.len() < DIFFERENT) {
        let entries = fs::read_dir(&folder).with_context(|| folder.display().to_string())?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                left.push(path);
            } else if path.extension().is_some_and(|ending| SOURCES.iter().any(|it| ending == *it))
            {
                text.extend(fs::read(&path)?);
            }
        }
    }
    ensure!(!text.is_empty(), "there is no text to measure with");
    text.truncate(DIFFERENT);
    Ok(text)
}

/// Endings of the names of source text.
const SOURCES: [&str; 9] = ["c", "h", "js", "json", "md", "py", "rs", "toml", "txt"];

/// Writes the text again and again until the file is that long.
fn write(path: &Path, text: &[u8], bytes: usize) -> Result<()> {
    let mut file = BufWriter::new(File::create(path)?);
    let mut left = bytes;
    while left > 0 {
        let part = text.get(..left.min(text.len())).unwrap_or_default();
        file.write_all(part)?;
        left = left.saturating_sub(part.len());
    }
    Ok(file.flush()?)
}
