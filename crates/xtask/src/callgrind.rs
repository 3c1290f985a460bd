//! Counts user-space instructions of one call, up to the moment it becomes another program.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::arena::{Arena, Call, tool};

/// What callgrind saw of one call.
#[derive(Debug)]
pub(crate) struct Profile {
    /// Instructions from the process's first to the `execve`, or to its end.
    pub(crate) instructions: u64,
    /// Every function that ran, by linker symbol, in the order it was first seen.
    pub(crate) functions: Vec<String>,
}

/// Runs `call` under callgrind.
pub(crate) fn profile(arena: &Arena, call: &Call) -> Result<Profile> {
    let out = arena.at("callgrind.out");
    let plain = arena.command(call);
    let mut command = Command::new(tool("valgrind")?);
    command.args(["--tool=callgrind", "--demangle=no", "--dump-before=execve", "--quiet"]);
    command.arg(format!("--callgrind-out-file={}", out.display()));
    command.arg(plain.get_program()).args(plain.get_args()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(arena.at("")).stdin(Stdio::null());
    let output = command.output().context("cannot start valgrind")?;
    ensure!(
        output.status.code() == Some(call.status),
        "`{}` under valgrind ended with {}: {}",
        call.name,
        output.status,
        String::from_utf8_lossy(&output.stderr)
    );
    // A call that becomes another program leaves its counts in the first dump.
    let dump = out.with_extension("out.1");
    let text = fs::read_to_string(if dump.exists() { &dump } else { &out })?;
    remove(&dump)?;
    remove(&out)?;
    parse(&text)
}

fn remove(path: &Path) -> Result<()> {
    if path.exists() {
        fs::remove_file(path)?;
    }
    Ok(())
}

/// Reads the callgrind format: `summary:` holds the count, `fn=(n) name` names a function once.
fn parse(text: &str) -> Result<Profile> {
    let summary = text.lines().find_map(|line| line.strip_prefix("summary: "));
    let instructions = summary.context("callgrind wrote no summary")?.trim().parse()?;
    let mut functions = Vec::new();
    for line in text.lines() {
        let name = line.strip_prefix("fn=").or_else(|| line.strip_prefix("cfn="));
        if let Some((_, name)) = name.and_then(|name| name.split_once(' ')) {
            functions.push(name.split('\'').next().unwrap_or(name).to_owned());
        }
    }
    functions.dedup();
    Ok(Profile { instructions, functions })
}
