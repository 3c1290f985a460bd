//! What it costs to judge lines that are made to wear the gate out.
//!
//! Processor time of the whole `datafog check -c LINE`, beside that of the line `true` in the same
//! run. Wall-clock time would tell about the machine's other work. Of what is refused unread the
//! instructions are counted, too (callgrind): the count is the same in every run.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Result, ensure};
use nix::sys::resource::{UsageWho, getrusage};

use crate::arena::Arena;
use crate::hostile_lines::{HostileLine, hostile_lines};
use crate::{callgrind, report};

/// More processor time than this for one line is a failure.
const MOST: Duration = Duration::from_millis(50);

/// What is refused unread may take this much more than `true` does.
const MOST_UNREAD: Duration = Duration::from_millis(5);

/// What is refused unread may take so many instructions more than `true` does: below 5 ms of a
/// processor that does four of them in a nanosecond; the one in BENCHMARKS does eight.
const MOST_INSTRUCTIONS: u64 = 20_000_000;

/// How often each line is judged; the median counts.
const ROUNDS: usize = 11;

/// Prints a line of figures for each hostile line.
///
/// # Errors
///
/// A verdict that is not the one expected, a line that takes longer than allowed, and what keeps a
/// call from starting.
pub(crate) fn run() -> Result<()> {
    let arena = Arena::new()?;
    let plain =
        HostileLine { name: "`true`", line: "true".to_owned(), stopped: false, unread: false };
    let (base, base_count) = (median(&arena, &plain)?, instructions(&arena, &plain)?);
    for hostile in std::iter::once(plain).chain(hostile_lines()) {
        let time = median(&arena, &hostile)?;
        report(&format!(
            "{:45} {:6.1} ms of processor time   {:4.1} x `true`\n",
            hostile.name,
            time.as_secs_f64() * 1e3,
            time.as_secs_f64() / base.as_secs_f64()
        ));
        ensure!(time <= MOST, "`{}` takes longer than {MOST:?}", hostile.name);
        let more = time.saturating_sub(base);
        let quick = !hostile.unread || more <= MOST_UNREAD;
        ensure!(quick, "`{}` takes {more:?} more than `true`", hostile.name);
        if hostile.unread {
            let count = instructions(&arena, &hostile)?.saturating_sub(base_count);
            report(&format!("{:45} {count:9} instructions more than `true`\n", ""));
            ensure!(count <= MOST_INSTRUCTIONS, "`{}` takes {count} more", hostile.name);
        }
    }
    Ok(())
}

/// Instructions of the whole process.
fn instructions(arena: &Arena, hostile: &HostileLine) -> Result<u64> {
    let arguments = ["check", "-c", hostile.line.as_str()];
    let call = arena.own(hostile.name, &arguments, i32::from(hostile.stopped));
    Ok(callgrind::profile(arena, &call)?.instructions)
}

fn median(arena: &Arena, hostile: &HostileLine) -> Result<Duration> {
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        times.push(once(arena, hostile)?);
    }
    times.sort_unstable();
    Ok(times.get(ROUNDS / 2).copied().unwrap_or_default())
}

fn once(arena: &Arena, hostile: &HostileLine) -> Result<Duration> {
    let before = spent()?;
    let mut command = std::process::Command::new(arena.at("root/bin/datafog"));
    command.args(["check", "-c", &hostile.line]).env_clear();
    command.env("HOME", arena.at("")).env("DATAFOG_HOME", arena.at("root"));
    command.current_dir(arena.at("")).stdin(Stdio::null());
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status()?;
    let expected = i32::from(hostile.stopped);
    ensure!(status.code() == Some(expected), "`{}` ended with {status}", hostile.name);
    Ok(spent()?.saturating_sub(before))
}

/// Processor time of all children that have ended.
pub(crate) fn spent() -> Result<Duration> {
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let parts = [usage.user_time(), usage.system_time()].map(|time| {
        let whole = Duration::from_secs(time.tv_sec().unsigned_abs());
        whole.saturating_add(Duration::from_micros(time.tv_usec().unsigned_abs()))
    });
    Ok(parts.into_iter().sum())
}
