//! Whole-process times, paired in one run.
//!
//! Milliseconds of one machine say little; what is printed is the time that the shim adds over
//! calling the command directly, as a multiple of what the floor adds in the same run. Calls take
//! turns, so that a slow moment hits all of them.

use std::time::{Duration, Instant};

use anyhow::Result;

use crate::arena::{Arena, Call, LEAK, STATUS};
use crate::report;

pub(crate) fn run(rounds: usize) -> Result<()> {
    let arena = Arena::new()?;
    let plain = [
        arena.direct(),
        arena.floor(),
        arena.shim("allowed", "git", STATUS, 0),
        arena.shim("denied", "curl", LEAK, 126),
    ];
    report(&format!("{rounds} rounds, microseconds of a whole process\n"));
    table(&arena, &plain, rounds)?;
    let policies = [
        (50, 50, "50 rules for git"),
        (10, 5, "10 rules, 5 for git"),
        (1000, 5, "1,000 rules, 5 for git"),
    ];
    for (rules, naming, name) in policies {
        arena.write_rules(rules, naming)?;
        let ruled = [arena.direct(), arena.floor(), arena.shim(name, "git", STATUS, 0)];
        table(&arena, &ruled, rounds)?;
    }
    Ok(())
}

/// Measures the calls in turns and prints one line each; the first is the base, the second the
/// floor.
fn table(arena: &Arena, calls: &[Call], rounds: usize) -> Result<()> {
    let mut times = vec![Vec::with_capacity(rounds); calls.len()];
    for round in 0..rounds.saturating_add(5) {
        for (call, times) in calls.iter().zip(&mut times) {
            let time = once(arena, call)?;
            if round >= 5 {
                times.push(time);
            }
        }
    }
    let medians: Vec<f64> = times.iter_mut().map(|times| median(times)).collect();
    let base = medians.first().copied().unwrap_or_default();
    let floor = medians.get(1).copied().unwrap_or_default() - base;
    for (call, median) in calls.iter().zip(&medians) {
        let added = median - base;
        report(&format!(
            "{:24} p50 {median:7.0}   added {added:7.0}   {:5.2} x floor\n",
            call.name,
            added / floor
        ));
    }
    Ok(())
}

fn once(arena: &Arena, call: &Call) -> Result<Duration> {
    let mut command = arena.command(call);
    let start = Instant::now();
    let status = command.spawn()?.wait()?;
    let time = start.elapsed();
    anyhow::ensure!(status.code() == Some(call.status), "`{}` ended with {status}", call.name);
    Ok(time)
}

fn median(times: &mut [Duration]) -> f64 {
    times.sort_unstable();
    let middle = times.len().checked_div(2).and_then(|middle| times.get(middle));
    middle.map_or(0.0, |time| time.as_secs_f64() * 1e6)
}
