//! The order in which functions and constants are laid out in the installed binary.
//!
//! A shim runs some hundred functions of many thousand. Laid out by chance they lie in dozens of
//! pages, and each page costs a fault; laid out together they lie in a handful. The linker takes
//! the order from two files: `benches/symbols.txt` for functions of the C library, by name, and
//! `benches/layout.ld` for sections of our own functions and constants. Names it does not know are
//! skipped, so an old file only costs speed.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::arena::{Arena, Call, LEAK, STATUS, repository, tool};
use crate::{callgrind, report};

/// Functions that run on real processors but not on the one that valgrind plays: the C library
/// chooses among them at start, and looks into the kernel's own library. And the last one, at which
/// counting stops.
const UNSEEN: &[&str] = &[
    "_dl_lookup_symbol_x",
    "_dl_new_object",
    "_dl_setup_hash",
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
    "__strchr_evex",
    "__strcmp_avx2",
    "__strcmp_evex",
    "__strlen_avx2",
    "__strlen_evex",
    "__strncmp_evex",
    "__strrchr_evex",
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
    let (ours, theirs): (Vec<_>, Vec<_>) = functions.iter().partition(|name| is_rust(name));
    let theirs: String = theirs.iter().map(|name| format!("{name}\n")).collect();
    fs::write(repository().join("benches/symbols.txt"), theirs)?;
    let mut seen = HashSet::new();
    // First what is known exactly; then what has moved to another name since this was written.
    let exact = ours.iter().map(|name| format!(".text.{name} .text.unlikely.{name}"));
    let code = exact.chain(ours.iter().map(|name| sections_like(name)));
    let code: Vec<String> = code.filter(|section| seen.insert(section.clone())).collect();
    let constants = constants(&arena, &allowed, &fs::read_to_string(map.path())?)?;
    let layout = script(".text", &code) + &script(".rodata", &constants);
    fs::write(repository().join("benches/layout.ld"), layout)?;
    report(&format!("{} functions, {} constants in order\n", functions.len(), constants.len()));
    Ok(())
}

/// Whether a linker symbol is that of a Rust function, in either of its spellings.
fn is_rust(name: &str) -> bool {
    name.starts_with("_ZN") || name.starts_with("_R")
}

/// The sections in which a function of ours may lie after a change.
///
/// The hash at a symbol's end changes with every change of a type, and the number that the linker
/// puts behind it to part copies with every change at all; so both are left open.
fn sections_like(name: &str) -> String {
    let bare = name.rsplit_once('.').filter(|(_, copy)| copy.bytes().all(|it| it.is_ascii_digit()));
    let bare = bare.map_or(name, |(bare, _)| bare);
    match bare.rsplit_once("17h") {
        Some((path, _)) if bare.starts_with("_ZN") => {
            format!(".text.{path}17h* .text.unlikely.{path}17h*")
        }
        Some(_) | None => {
            format!(".text.{bare} .text.{bare}.* .text.unlikely.{bare} .text.unlikely.{bare}.*")
        }
    }
}

/// A linker script that puts the sections in front of all others of the section `of`.
fn script<'a>(of: &str, sections: impl IntoIterator<Item = &'a String>) -> String {
    let lines: String = sections.into_iter().map(|name| format!("    *({name})\n")).collect();
    format!("SECTIONS {{\n  {of}.first : {{\n{lines}  }}\n}}\nINSERT BEFORE {of};\n")
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_section_is_found_again_after_a_change() {
        let names = [
            (
                "_ZN1a4read17h0a64ccfae62c7d29E",
                ".text._ZN1a4read17h* .text.unlikely._ZN1a4read17h*",
            ),
            (
                "_ZN1a4read17h0a64ccfae62c7d29E.3664",
                ".text._ZN1a4read17h* .text.unlikely._ZN1a4read17h*",
            ),
            ("_R1a.30", ".text._R1a .text._R1a.* .text.unlikely._R1a .text.unlikely._R1a.*"),
        ];
        for (name, expected) in names {
            assert_eq!(sections_like(name), expected);
        }
    }
}
