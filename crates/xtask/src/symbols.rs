//! The order in which functions and constants are laid out in the installed binary.
//!
//! A shim runs some hundred functions of many thousand. Laid out by chance they lie in dozens of
//! pages, and each page costs a fault; laid out together they lie in a handful. The linker takes
//! the order from two files; names it does not know are skipped, so an old file only costs speed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::arena::{Arena, Call, LEAK, STATUS, repository, tool};
use crate::{callgrind, report};

/// Functions that run on real processors but not on the one that valgrind plays: the C library
/// chooses among them at start. And the last one, at which counting stops.
const UNSEEN: &[&str] = &[
    "__execve",
    "__memchr_avx2",
    "__memchr_evex",
    "__memcmp_avx2_movbe",
    "__memcmp_evex_movbe",
    "__memmove_avx512_unaligned_erms",
    "__memmove_avx_unaligned_erms",
    "__memmove_evex_unaligned_erms",
    "__memset_avx2_unaligned_erms",
    "__memset_avx512_unaligned_erms",
    "__memset_evex_unaligned_erms",
    "__strlen_avx2",
    "__strlen_evex",
];

/// Sections that hold more than one constant are left where they are.
const SHARED: &[&str] = &[".rodata.cst", ".rodata.str"];

pub(crate) fn write() -> Result<()> {
    let map = tempfile::NamedTempFile::new()?;
    let arena = Arena::with_map(map.path())?;
    let allowed = arena.shim("allowed", "git", STATUS, 0);
    let denied = arena.shim("denied", "curl", LEAK, 126);
    let mut functions = Vec::new();
    for call in [&allowed, &denied] {
        functions.extend(callgrind::profile(&arena, call)?.functions);
    }
    functions.extend(UNSEEN.iter().map(|name| (*name).to_owned()));
    let mut seen = HashSet::new();
    functions.retain(|name| seen.insert(name.clone()));
    fs::write(repository().join("benches/symbols.txt"), functions.join("\n") + "\n")?;
    let constants = constants(&arena, &allowed, &fs::read_to_string(map.path())?)?;
    fs::write(repository().join("benches/constants.ld"), script(&constants))?;
    report(&format!("{} functions, {} constants in order\n", functions.len(), constants.len()));
    Ok(())
}

/// A linker script that puts the sections in front of all other constants.
fn script(constants: &BTreeSet<String>) -> String {
    let lines: String = constants.iter().map(|name| format!("    *({name})\n")).collect();
    format!("SECTIONS {{\n  .rodata.first : {{\n{lines}  }}\n}}\nINSERT BEFORE .rodata;\n")
}

/// The sections of constants that a call reads.
fn constants(arena: &Arena, call: &Call, map: &str) -> Result<BTreeSet<String>> {
    let sections = sections(map);
    let mut read = BTreeSet::new();
    for address in addresses(arena, call)? {
        let Some((start, (size, name))) = sections.range(..=address).next_back() else { continue };
        if address < start.saturating_add(*size) {
            read.insert(name.clone());
        }
    }
    read.retain(|name| name != ".rodata" && !SHARED.iter().any(|head| name.starts_with(head)));
    ensure!(!read.is_empty(), "the link map names no constant that is read");
    Ok(read)
}

/// Start → size and name of every input section of constants, from lld's map: the columns are
/// address, load address, size, alignment, and `file:(section)`.
fn sections(map: &str) -> BTreeMap<u64, (u64, String)> {
    let hex = |text: Option<&str>| u64::from_str_radix(text?, 16).ok();
    let line = |line: &str| {
        let mut columns = line.split_ascii_whitespace();
        let (start, size) = (hex(columns.next())?, hex(columns.nth(1))?);
        let name = line.rsplit_once(":(")?.1.strip_suffix(')')?;
        name.starts_with(".rodata").then(|| (start, (size, name.to_owned())))
    };
    map.lines().filter_map(line).collect()
}

/// Every address that a call reads, by valgrind's lackey.
fn addresses(arena: &Arena, call: &Call) -> Result<BTreeSet<u64>> {
    let out = arena.at("lackey.out");
    let plain = arena.command(call);
    let mut command = Command::new(tool("valgrind")?);
    command.args(["--tool=lackey", "--trace-mem=yes"]);
    command.arg(format!("--log-file={}", out.display())).arg(plain.get_program());
    command.args(plain.get_args()).env_clear();
    for (name, value) in plain.get_envs() {
        command.env(name, value.unwrap_or_default());
    }
    command.current_dir(arena.at("")).stdin(Stdio::null()).stderr(Stdio::null());
    command.status().context("cannot start valgrind")?;
    let text = String::from_utf8_lossy(&fs::read(Path::new(&out))?).into_owned();
    let load = |line: &str| {
        let access = line.strip_prefix(" L ").or_else(|| line.strip_prefix(" M "))?;
        u64::from_str_radix(access.split_once(',')?.0, 16).ok()
    };
    Ok(text.lines().filter_map(load).collect())
}
