//! What it costs to scan texts that are made to cost time.
//!
//! Processor time, user and system, of the whole `datafog scan --stdin` over a megabyte, beside that
//! over a megabyte of ordinary source text in the same run: hostile units again and again, lines of
//! which no two are the same, and lines of commands. The least of some rounds counts, since nothing makes a call quicker than
//! it is.

use std::fs::File;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::arena::Arena;
use crate::commands;
use crate::hostile::spent;
use crate::redact::source;
use crate::report;
use crate::shared::units::UNITS;
use crate::shared::varied;

/// Bytes of a text.
const BYTES: usize = 1_000_000;

/// How often each is scanned.
const ROUNDS: usize = 9;

/// How many different ordinary texts there are; the mean counts.
const ORDINARY: usize = 12;

/// More than so many times the ordinary time is a failure.
const MOST: f64 = 3.0;

/// Prints a line of figures for each text that is worse than half of what may be, and what all come to.
///
/// # Errors
///
/// What keeps a call from starting, and a text that takes longer than it may.
pub(crate) fn run(folders: &[&str]) -> Result<()> {
    let arena = Arena::new()?;
    let source = source(folders)?;
    let apart = source.len() / ORDINARY;
    ensure!(apart >= BYTES, "{} bytes of source text are too few", source.len());
    let times: Result<Vec<Duration>> =
        source.chunks(apart).take(ORDINARY).map(|text| least(&arena, text)).collect();
    let ordinary = times?.iter().sum::<Duration>().as_secs_f64() / f64::from(ORDINARY as u8);
    report(&format!("{:6.1} ms   ordinary source text\n", ordinary * 1e3));
    let units = UNITS.iter().map(|unit| (*unit, repeated(unit)));
    let lines = varied::TEMPLATES.iter().map(|line| (*line, varied::text(line, BYTES)));
    let (mut worst, mut over) = (0.0_f64, 0_u32);
    let commands = commands::LINES.iter().map(|line| (*line, varied::text(line, BYTES)));
    let long = commands::UNITS.iter().map(|unit| (*unit, commands::long_lines(unit, BYTES)));
    for (name, text) in units.chain(lines).chain(commands).chain(long) {
        let time = least(&arena, &text)?.as_secs_f64();
        let ratio = time / ordinary;
        worst = worst.max(ratio);
        over = u32::from(ratio > MOST).saturating_add(over);
        if ratio > MOST / 2.0 {
            report(&format!("{:6.1} ms   {ratio:4.2} x   {name:?}\n", time * 1e3));
        }
    }
    report(&format!("{worst:.2} x at most\n"));
    ensure!(over == 0, "{over} texts take more than {MOST} times as long as ordinary text");
    Ok(())
}

fn repeated(unit: &str) -> Vec<u8> {
    unit.bytes().cycle().take(BYTES).collect()
}

/// The least processor time of scanning the text.
fn least(arena: &Arena, text: &[u8]) -> Result<Duration> {
    let path = arena.at("text");
    std::fs::write(&path, text.get(..BYTES.min(text.len())).unwrap_or_default())?;
    let rounds: Result<Vec<Duration>> = (0..ROUNDS).map(|_| once(arena, &path)).collect();
    rounds?.into_iter().min().context("nothing was measured")
}

fn once(arena: &Arena, path: &Path) -> Result<Duration> {
    let before = spent()?;
    let mut command = Command::new(arena.at("root/bin/datafog"));
    command.args(["scan", "--stdin"]).env_clear().stdin(File::open(path)?);
    command.env("HOME", arena.at("")).env("DATAFOG_HOME", arena.at("root"));
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    ensure!(matches!(status.code(), Some(0 | 1)), "a scan ended with {status}");
    Ok(spent()?.saturating_sub(before))
}
