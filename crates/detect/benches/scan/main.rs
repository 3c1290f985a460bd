//! Throughput of the scanner over ordinary text and over text made to slow it down.
//!
//! `cargo bench -p datafog-detect --bench scan -- [FOLDER…] [OPTION…]` reads text files below the
//! folders (default: the sources of cargo's registry), up to 200 MB, and prints megabytes (10^6
//! bytes) per second of the best of five rounds beside those of a plain copy, and for each hostile
//! text of 1 MB how many times longer it takes than ordinary text of that size.
//!
//! `--ids` findings per detector · `--ordinary` no hostile texts · `--unit=TEXT` only this hostile
//! text · `--line=TEMPLATE` only lines of this template, each with other random characters ·
//! `--search[=N]` the worst of all keywords, examples and N random units, each repeated, and of all
//! examples with other random characters in each line · `--once` one round and no more than the
//! ordinary text (or 1 MB of `--line`), for a tool that counts instructions.
#![expect(clippy::arithmetic_side_effects, reason = "counts of a measurement")]

mod clock;
mod hostile;
#[expect(
    dead_code,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "texts of the tests, some of which are for the tests alone"
)]
#[path = "../../tests/shared/mod.rs"]
mod shared;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hint::black_box;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use clock::{best, time};
use datafog_core::{Channel, Key};
use datafog_detect::Scanner;
use shared::units::UNITS;
use shared::varied;

/// Most bytes read.
const MOST: usize = 200_000_000;

/// Rounds; the best counts.
const ROUNDS: usize = 5;

/// The same of hostile texts, which are short.
const HOSTILE_ROUNDS: usize = 15;

/// Bytes of a hostile text.
const HOSTILE: usize = 1_000_000;

/// Bytes of one of the texts of a search, and how many of the worst are measured again.
const TRIAL: usize = 64 * 1024;
const AGAIN: usize = 4000;

/// How many of the worst are shown.
const WORST: usize = 40;

fn main() -> io::Result<()> {
    let mut out = io::stdout().lock();
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |name: &str| arguments.iter().any(|argument| argument == name);
    let asked = |option: &str| -> Vec<&str> {
        arguments.iter().filter_map(|argument| argument.strip_prefix(option)).collect()
    };
    let (units, lines) = (asked("--unit="), asked("--line="));
    let text = match lines.first().filter(|_| has("--once")) {
        Some(template) => varied::text(template, HOSTILE),
        None => read(&arguments),
    };
    if has("--once") {
        let found = scan(black_box(&text)).len();
        return writeln!(out, "{} bytes, {found} findings", text.len());
    }
    let ordinary = ordinary(&mut out, &text, has("--ids"))?;
    let search = arguments.iter().find_map(|argument| argument.strip_prefix("--search"));
    if let Some(search) = search {
        let random = search.strip_prefix('=').and_then(|number| number.parse().ok());
        worst(&mut out, ordinary, random.unwrap_or(5000))?;
    } else if !has("--ordinary") {
        let all = units.is_empty() && lines.is_empty();
        for unit in if all { UNITS.to_vec() } else { units } {
            let (ratio, found) = ratio(&repeated(unit, HOSTILE), HOSTILE_ROUNDS, ordinary);
            writeln!(out, "{ratio:>8.2} x  {unit:?} {found} findings")?;
        }
        for template in if all { varied::TEMPLATES.to_vec() } else { lines } {
            let text = varied::text(template, HOSTILE);
            let (ratio, found) = ratio(&text, HOSTILE_ROUNDS, ordinary);
            writeln!(out, "{ratio:>8.2} x  lines of {template:?} {found} findings")?;
        }
    }
    small(&mut out)
}

/// The files below the folders that are asked for.
fn read(arguments: &[String]) -> Vec<u8> {
    let mut folders: Vec<PathBuf> =
        arguments.iter().filter(|one| !one.starts_with("--")).map(PathBuf::from).collect();
    if folders.is_empty() {
        folders.extend(std::env::home_dir().map(|home| home.join(".cargo/registry/src")));
    }
    let mut text = Vec::new();
    for folder in &folders {
        gather(folder, &mut text);
    }
    text
}

/// Measures ordinary text; seconds per byte.
fn ordinary(out: &mut impl io::Write, text: &[u8], show_ids: bool) -> io::Result<f64> {
    let mut copy = vec![0; text.len()];
    let (copying, _) = best(ROUNDS, || black_box(&mut copy).copy_from_slice(black_box(text)));
    let (spent, found) = best(ROUNDS, || scan(black_box(text)));
    let (speed, copied) = (rate(text.len(), spent), rate(text.len(), copying));
    writeln!(out, "{speed:>8.0} MB/s  ordinary, {} bytes, {} findings", text.len(), found.len())?;
    writeln!(out, "{copied:>8.0} MB/s  a copy of the same")?;
    if show_ids {
        let mut ids = BTreeMap::<_, usize>::new();
        found.iter().for_each(|id| *ids.entry(id).or_default() += 1);
        for (id, count) in ids {
            writeln!(out, "  {count:>7} {id}")?;
        }
    }
    Ok(spent.as_secs_f64() / (text.len().max(1) as f64))
}

fn repeated(unit: &str, length: usize) -> Vec<u8> {
    unit.repeat(length / unit.len().max(1)).into_bytes()
}

/// How many times longer a text takes than ordinary text, and what is found.
fn ratio(text: &[u8], rounds: usize, ordinary: f64) -> (f64, usize) {
    let (spent, found) = best(rounds, || scan(black_box(text)));
    let each = spent.as_secs_f64() / (text.len().max(1) as f64);
    (each / ordinary, found.len())
}

/// Tries every unit on a short text, and the worst of them again on long ones.
fn worst(out: &mut impl io::Write, ordinary: f64, random: usize) -> io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../detectors");
    rank(out, ordinary, &hostile::candidates(&folder, random), repeated)?;
    rank(out, ordinary, &hostile::lines(&folder), varied::text)
}

/// Ranks what texts are made of: all by short texts, the worst of them by long ones.
fn rank(
    out: &mut impl io::Write,
    ordinary: f64,
    sources: &BTreeSet<String>,
    text: impl Fn(&str, usize) -> Vec<u8>,
) -> io::Result<()> {
    let mut ranked: Vec<(f64, &String)> =
        sources.iter().map(|one| (ratio(&text(one, TRIAL), 3, ordinary).0, one)).collect();
    ranked.sort_by(|(one, _), (two, _)| two.total_cmp(one));
    writeln!(out, "{} tried; the worst:", ranked.len())?;
    // In a short text the ends weigh more, so the order is another one.
    let mut measured: Vec<_> = ranked
        .into_iter()
        .take(AGAIN)
        .map(|(_, one)| (ratio(&text(one, HOSTILE), 3, ordinary), one))
        .collect();
    measured.sort_by(|((one, _), _), ((two, _), _)| two.total_cmp(one));
    for ((ratio, found), one) in measured.into_iter().take(WORST) {
        writeln!(out, "{ratio:>8.2} x  {one:?} {found} findings")?;
    }
    Ok(())
}

/// Time of one scan of what a command line may hold.
fn small(out: &mut impl io::Write) -> io::Result<()> {
    let plain = "run --release --target x86_64-unknown-linux-gnu -p server -- --listen on port 80 "
        .repeat(3);
    let plain = plain.get(..200).unwrap_or_default();
    let held = format!(
        "{}{}",
        plain.get(..160).unwrap_or_default(),
        " --password correct-Horse7battery.staple "
    );
    for (what, text) in [("without a candidate", plain), ("with one", &held)] {
        let rounds = 100_000;
        let (spent, ()) = time(|| {
            for _ in 0..rounds {
                black_box(scan(black_box(text.as_bytes())));
            }
        });
        let each = spent.as_nanos() / rounds;
        writeln!(out, "{each:>8} ns    {} bytes {what}", text.len())?;
    }
    Ok(())
}

fn scan(text: &[u8]) -> Vec<String> {
    let Some(key) = Key::from_bytes(&[7; 32]) else { return Vec::new() };
    let mut found = Vec::new();
    Scanner::new(&key).scan(text, &Channel::Stdin, &mut found);
    found.into_iter().map(|finding| finding.detector.into_owned()).collect()
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
