//! What it takes to scan and decide in the process, as each question to the server does, before its
//! decision is stored: the middle and the slowest hundredth of many.
//!
//! `cargo bench -p datafog-gate`; the embedded policy, text of 1 KB where there is one.

use std::error::Error;
use std::ffi::OsString;
use std::hint::black_box;
use std::io::Write as _;
use std::time::{Duration, Instant};

use datafog_config::{FileIdentity, Layout};
use datafog_core::{ActionKind, Principal, Value};
use datafog_gate::{Inquiry, Judge, What};

/// Questions of each kind.
const TIMES: usize = 20_000;

/// What the text is made of, over and over: ordinary words, nothing that is found.
const WORDS: &str =
    "The quick brown fox jumps over the lazy dog while the meeting notes are read. ";

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let own = FileIdentity::of(&folder.path().metadata()?);
    let user = nix::unistd::geteuid().as_raw();
    let judge = Judge::open(Layout::at(folder.path()), own, user, None)?;
    let text: String = WORDS.chars().cycle().take(1024).collect();
    let line = Value::Table(vec![("command".into(), Value::Text("cd src && git status".into()))]);
    let leak = format!("{text}\nAWS_SECRET_ACCESS_KEY={}", key());
    let asked = [
        ("git status, no text", command(&["git", "status"]), None),
        ("git commit, 1 KB", command(&["git", "commit", "-m", "x"]), Some(&text)),
        ("curl, 1 KB", command(&["curl", "-d", "@-", "https://example.com/"]), Some(&text)),
        (
            "curl, 1 KB with a secret",
            command(&["curl", "-d", "@-", "https://example.com/"]),
            Some(&leak),
        ),
        ("a line for a shell", What::Tool("bash".into(), line), None),
    ];
    for (name, what, text) in asked {
        let inquiry = Inquiry {
            what,
            kind: ActionKind::CommandExec,
            text: text.cloned(),
            stated: Vec::new(),
            cwd: "/home/ann/work".into(),
            principal: Principal::default(),
        };
        let times = times(&judge, &inquiry)?;
        let at = |share: usize| times.get(times.len().saturating_mul(share) / 100).copied();
        let (middle, slow) = (at(50).unwrap_or_default(), at(99).unwrap_or_default());
        writeln!(std::io::stdout(), "{name:26} {middle:>10.1?} {slow:>10.1?}")?;
    }
    Ok(())
}

fn command(words: &[&str]) -> What {
    What::Command(words.iter().map(OsString::from).collect())
}

/// A value that looks like a key and is none.
fn key() -> String {
    ["wJalrXUtnFEMI/K7MDENG", "/bPxRfiCYq8Zt4nWc2LhV"].concat()
}

/// How long each took, sorted.
fn times(judge: &Judge<'_>, inquiry: &Inquiry) -> Result<Vec<Duration>, Box<dyn Error>> {
    let mut times = Vec::with_capacity(TIMES);
    for _ in 0..TIMES {
        let inquiry = inquiry.clone();
        let start = Instant::now();
        let judged = black_box(judge.judge(black_box(inquiry), &[])?);
        times.push(start.elapsed());
        drop(judged);
    }
    times.sort_unstable();
    Ok(times)
}
