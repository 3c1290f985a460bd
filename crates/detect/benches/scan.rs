//! Throughput of the scanner over ordinary text and over text made to slow it down.
//!
//! `cargo bench -p datafog-detect --bench scan -- [FOLDER…] [--ids]`: reads text files below the
//! folders (default: the sources of cargo's registry), up to 200 MB, and prints megabytes (10^6
//! bytes) per second of the best of five rounds, findings per detector, and for each hostile text
//! of 10 MB how many times longer it takes than ordinary text of that size.
#![expect(clippy::arithmetic_side_effects, reason = "counts of a measurement")]

use std::collections::BTreeMap;
use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use datafog_core::{Channel, Key};
use datafog_detect::Scanner;

/// Most bytes read.
const MOST: usize = 200_000_000;

/// Rounds; the best counts.
const ROUNDS: usize = 5;

/// Bytes of a hostile text.
const HOSTILE: usize = 10_000_000;

/// Texts that make a naive scanner quadratic, to be repeated.
const UNITS: [&str; 22] = [
    "a@",
    "a@b.co ",
    "7",
    "123-45-6789 ",
    "4111 1111 ",
    "1 ",
    "+1 ",
    "1.1.",
    "eyJ.eyJ.",
    "eyJhbGciOiJ",
    "-----BEGIN ",
    "-----BEGIN PRIVATE KEY-----\nAAAA\n",
    "key=key=key=",
    "password",
    "password=",
    "password='",
    "token: ",
    "ghp_",
    "ghp_aaaa-",
    "sk-",
    "://a:b@c",
    "AKIA",
];

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let show_ids = arguments.iter().any(|argument| argument == "--ids");
    let mut folders: Vec<PathBuf> =
        arguments.iter().filter(|one| !one.starts_with("--")).map(PathBuf::from).collect();
    if folders.is_empty() {
        folders.extend(std::env::home_dir().map(|home| home.join(".cargo/registry/src")));
    }
    let mut text = Vec::new();
    for folder in &folders {
        gather(folder, &mut text);
    }
    writeln!(out, "{} bytes from {folders:?}", text.len())?;
    let (time, found) = best(&text);
    writeln!(out, "ordinary   {:>8.0} MB/s  {} findings", rate(text.len(), time), found.len())?;
    if show_ids {
        let mut ids = BTreeMap::<_, usize>::new();
        found.iter().for_each(|id| *ids.entry(id).or_default() += 1);
        for (id, count) in ids {
            writeln!(out, "  {count:>7} {id}")?;
        }
    }
    let ordinary = time.as_secs_f64() / (text.len().max(1) as f64);
    let asked = |unit: &str| arguments.iter().any(|argument| *argument == format!("--unit={unit}"));
    let some = arguments.iter().any(|argument| argument.starts_with("--unit="));
    for unit in UNITS.into_iter().filter(|unit| !some || asked(unit)) {
        if arguments.iter().any(|argument| argument == "--ordinary") {
            break;
        }
        let (time, found) = best(&unit.repeat(HOSTILE / unit.len()).into_bytes());
        let ratio = time.as_secs_f64() / (HOSTILE as f64) / ordinary;
        writeln!(out, "{ratio:>8.2} x  {unit:?} {} findings", found.len())?;
    }
    small(&mut out)
}

/// Time of one scan of what a command line may hold.
fn small(out: &mut impl io::Write) -> io::Result<()> {
    let plain = "run --release --target x86_64-unknown-linux-gnu -p server -- --listen on port 80 "
        .repeat(3);
    let plain = plain.get(..200).unwrap_or_default();
    let rounds = 100_000;
    let start = Clock::start();
    for _ in 0..rounds {
        black_box(scan(black_box(plain.as_bytes())));
    }
    let each = start.elapsed().as_nanos() / rounds;
    writeln!(out, "200 bytes without a candidate: {each} ns")
}

fn scan(text: &[u8]) -> Vec<String> {
    let Some(key) = Key::from_bytes(&[7; 32]) else { return Vec::new() };
    let mut found = Vec::new();
    Scanner::new(&key).scan(text, &Channel::Stdin, &mut found);
    found.into_iter().map(|finding| finding.detector.into_owned()).collect()
}

fn best(text: &[u8]) -> (Duration, Vec<String>) {
    let mut best = Duration::MAX;
    let mut found = Vec::new();
    for _ in 0..ROUNDS {
        let start = Clock::start();
        found = black_box(scan(black_box(text)));
        best = best.min(start.elapsed());
    }
    (best, found)
}

/// Time this thread spent on a processor where the kernel tells it, else time on the wall: other
/// work on the machine then counts less.
struct Clock {
    wall: Instant,
    spent: Option<u64>,
}

impl Clock {
    fn start() -> Self {
        Self { wall: Instant::now(), spent: spent() }
    }

    fn elapsed(&self) -> Duration {
        self.spent
            .zip(spent())
            .map_or_else(|| self.wall.elapsed(), |(a, b)| Duration::from_nanos(b.saturating_sub(a)))
    }
}

/// Nanoseconds on a processor so far, by `/proc/thread-self/schedstat`.
fn spent() -> Option<u64> {
    fs::read_to_string("/proc/thread-self/schedstat").ok()?.split(' ').next()?.parse().ok()
}

fn rate(bytes: usize, time: Duration) -> f64 {
    bytes as f64 / 1e6 / time.as_secs_f64()
}

/// Appends the text files below `folder`, in the order of their names.
fn gather(folder: &Path, text: &mut Vec<u8>) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if text.len() >= MOST {
            return;
        }
        if path.is_dir() {
            gather(&path, text);
        } else if let Ok(bytes) = fs::read(&path) {
            let is_text = !bytes.contains(&0) && bytes.len() < 1_500_000;
            text.extend(if is_text { bytes } else { Vec::new() });
        }
    }
}
