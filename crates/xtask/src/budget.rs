//! Budgets that do not wobble: instructions, page faults and system calls of one call.
//!
//! The numbers stand in `benches/budgets.toml`; more than five per cent above them is a failure.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};
use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

use crate::arena::{Arena, Call, LEAK, STATUS, repository, tool};
use crate::{callgrind, report};

/// How far a count may lie above its budget, in per cent.
const SLACK: u64 = 5;

/// Counts of one call.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Counts {
    /// User-space instructions up to the execve, by callgrind.
    instructions: u64,
    /// Minor page faults over those of the real command alone.
    minor_faults: u64,
    /// System calls up to the execve, by strace.
    system_calls: u64,
}

type Budgets = BTreeMap<String, Counts>;

pub(crate) fn check() -> Result<()> {
    let text = fs::read_to_string(file()).context("cannot read benches/budgets.toml")?;
    let budgets: Budgets = toml::from_str(&text)?;
    let mut exceeded = Vec::new();
    for (name, now) in measure()? {
        let budget = budgets.get(&name).with_context(|| format!("no budget for `{name}`"))?;
        for (what, now, budget) in [
            ("instructions", now.instructions, budget.instructions),
            ("minor faults", now.minor_faults, budget.minor_faults),
            ("system calls", now.system_calls, budget.system_calls),
        ] {
            report(&format!("{name:10} {what:14} {now:9} of {budget:9}\n"));
            if now > ceiling(budget) {
                exceeded.push(format!("{name}: {what} {now} instead of {budget}"));
            }
        }
    }
    if exceeded.is_empty() { Ok(()) } else { bail!("over budget: {}", exceeded.join("; ")) }
}

/// The largest count that is within budget: five per cent above, or four where that is less than four:
/// page faults differ by a few with where the build laid things out.
const fn ceiling(budget: u64) -> u64 {
    let slack = match budget.saturating_mul(SLACK).checked_div(100) {
        Some(slack) if slack > 4 => slack,
        Some(_) | None => 4,
    };
    budget.saturating_add(slack)
}

pub(crate) fn update() -> Result<()> {
    let head = "# Measured by `cargo xtask budget --update`; checked with 5 % slack.\n\n";
    fs::write(file(), format!("{head}{}", toml::to_string(&measure()?)?))?;
    report(&fs::read_to_string(file())?);
    Ok(())
}

fn file() -> PathBuf {
    repository().join("benches/budgets.toml")
}

fn measure() -> Result<Budgets> {
    let arena = Arena::new()?;
    let direct = minor_faults(&arena, &arena.direct())?;
    let mut budgets = Budgets::new();
    for (call, base) in [
        (arena.floor(), direct),
        (arena.shim("allowed", "git", STATUS, 0), direct),
        (arena.shim("denied", "curl", LEAK, 126), 0),
    ] {
        let counts = Counts {
            instructions: callgrind::profile(&arena, &call)?.instructions,
            minor_faults: minor_faults(&arena, &call)?.saturating_sub(base),
            system_calls: system_calls(&arena, &call)?,
        };
        budgets.insert(call.name.to_owned(), counts);
    }
    Ok(budgets)
}

/// Median of the minor faults of whole processes.
fn minor_faults(arena: &Arena, call: &Call) -> Result<u64> {
    let mut counts = Vec::new();
    for _ in 0..31 {
        let before = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults();
        arena.spawn(call, Stdio::null())?;
        let after = getrusage(UsageWho::RUSAGE_CHILDREN)?.minor_page_faults();
        counts.push(u64::try_from(after.saturating_sub(before))?);
    }
    counts.sort_unstable();
    counts.get(15).copied().context("no counts")
}

/// System calls of the first program of a process: those before its last `execve`, or all.
fn system_calls(arena: &Arena, call: &Call) -> Result<u64> {
    let out = arena.at("strace.out");
    let plain = arena.command(call);
    let mut command = Command::new(tool("strace")?);
    command.arg("-o").arg(&out).arg(plain.get_program()).args(plain.get_args()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(arena.at("")).stdin(Stdio::null()).stderr(Stdio::null());
    command.status().context("cannot start strace")?;
    let text = fs::read_to_string(out)?;
    let calls: Vec<&str> = text.lines().filter(|line| line.contains('(')).collect();
    let last = calls.iter().rposition(|line| line.starts_with("execve(")).unwrap_or(0);
    let count = if last == 0 { calls.len() } else { last };
    Ok(u64::try_from(count)?)
}
