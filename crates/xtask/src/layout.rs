//! The order in which functions, constants and variables lie in the installed binary.
//!
//! A shim runs some hundred functions of many thousand. Laid out by chance they and what they read
//! and write lie in dozens of pages, and each page costs a fault; laid out together they lie in a
//! handful. The linker takes the order from `benches/layout.ld`. Names that it does not know are
//! skipped, so an old file only costs speed.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::arena::{Arena, Call, LEAK, STATUS, repository, tool};
use crate::link_map::{LinkMap, Piece, sections_like};
use crate::{callgrind, report};

/// Functions that run on real processors but not on the one that valgrind plays: the C library
/// chooses among them at start, and looks into the kernel's own library. And the first ones, which it
/// names otherwise, and the last one, at which counting stops.
const UNSEEN: &[&str] = &[
    "_start",
    "frame_dummy",
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

/// Constants that the linker merges: which of them a call reads cannot be told by name, but all of
/// them together are small. The first two are those that the hot path reads.
const MERGED: [&str; 3] = ["*(.rodata.cst16)", "*(.rodata.str1.2)", "*(.rodata.cst*)"];

/// Texts that the linker merges: templates of `format!`, names of files in panics, texts for C. Code
/// on the hot path does without them, since they are many.
const MERGED_TEXTS: [&str; 1] = ["*(.rodata.str*)"];

/// What calls touch, as lines of a linker script, each once, the first call's first.
#[derive(Default)]
struct Touched {
    code: Vec<String>,
    /// What has moved to another name since this was written.
    like: Vec<String>,
    constants: Vec<String>,
    /// Constants that only later calls read.
    further: Vec<String>,
    data: Vec<String>,
    zeroed: Vec<String>,
}

pub(crate) fn write() -> Result<()> {
    let map = tempfile::NamedTempFile::new()?;
    let arena = Arena::with_map(map.path())?;
    let map = LinkMap::read(&fs::read_to_string(map.path())?);
    let mut touched = Touched::default();
    touched.by_call(&arena, &map, &arena.shim("allowed", "git", STATUS, 0))?;
    touched.and_then(&arena, &map, &arena.shim("denied", "curl", LEAK, 126))?;
    ensure!(!touched.data.is_empty(), "the link map names nothing that a call touches");
    fs::write(repository().join("benches/layout.ld"), touched.script())?;
    let constants = touched.constants.len().saturating_add(touched.further.len());
    report(&format!("{} lines of code, {constants} of constants\n", touched.code.len()));
    Ok(())
}

impl Touched {
    fn by_call(&mut self, arena: &Arena, map: &LinkMap, call: &Call) -> Result<()> {
        let mut functions = callgrind::profile(arena, call)?.functions;
        functions.extend(UNSEEN.iter().map(|name| (*name).to_owned()));
        let addresses = addresses(arena, call)?;
        let pieces: BTreeSet<&Piece> =
            addresses.into_iter().filter_map(|address| map.at(address)).collect();
        let code: Vec<Piece> = functions.iter().filter_map(|name| map.code(name)).collect();
        self.code.extend(code.iter().map(Piece::pattern));
        self.like.extend(functions.iter().filter_map(|name| sections_like(name)));
        let ours = pieces.iter().filter(|piece| piece.object.is_none() && piece.is_constant());
        self.constants.extend(ours.map(|piece| piece.pattern()));
        // What the kernel reads, such as paths, is not seen: so all constants of such an object.
        let beside = code.iter().chain(pieces.iter().copied());
        self.constants.extend(beside.filter_map(Piece::constants_beside));
        self.data.extend(pieces.iter().filter(|it| it.is_data()).map(|it| it.pattern()));
        self.zeroed.extend(pieces.iter().filter(|it| it.is_zeroed()).map(|it| it.pattern()));
        Ok(())
    }

    /// Adds the code and the constants of another call behind those of the first. Its variables stay
    /// where they are, so that those of the first call fill as few pages as can be.
    fn and_then(&mut self, arena: &Arena, map: &LinkMap, call: &Call) -> Result<()> {
        let mut then = Self::default();
        then.by_call(arena, map, call)?;
        self.code.append(&mut then.code);
        self.like.append(&mut then.like);
        self.further.append(&mut then.constants);
        Ok(())
    }

    fn script(&mut self) -> String {
        let mut seen = BTreeSet::new();
        let mut once = |lines: &mut Vec<String>| lines.retain(|line| seen.insert(line.clone()));
        once(&mut self.code);
        once(&mut self.like);
        self.code.append(&mut self.like);
        once(&mut self.constants);
        once(&mut self.data);
        once(&mut self.zeroed);
        once(&mut self.further);
        // Jumps that each start takes, which otherwise stand alone behind all code.
        self.code.insert(0, "*(.iplt)".to_owned());
        self.constants.extend(MERGED.map(str::to_owned));
        self.further.splice(0..0, MERGED_TEXTS.map(str::to_owned));
        let (unwinding, threads) = (["KEEP(*(.eh_frame))"], ["*(.tdata .tdata.*)"]);
        [
            section(".text.first", "", &self.code, "BEFORE .text"),
            section(".rodata.first", "", &self.constants, "BEFORE .rodata"),
            // Each start looks at the first word of it.
            section(".eh_frame", "", &unwinding.map(str::to_owned), "AFTER .rodata.first"),
            section(".rodata.second", "", &self.further, "BEFORE .rodata"),
            // The kernel brings in 64 KiB at a time where it only reads: variables lie in one such.
            section(".tdata", "ALIGN(65536) ", &threads.map(str::to_owned), "BEFORE .tbss"),
            // From a page's beginning, as each page that is written to is copied first.
            section(".data.first", "ALIGN(4096) ", &self.data, "BEFORE .bss"),
            section(".bss.first", "", &self.zeroed, "BEFORE .bss"),
        ]
        .concat()
    }
}

/// A linker script that gathers `lines` in a section of their own, put `next` to another one.
fn section(name: &str, align: &str, lines: &[String], next: &str) -> String {
    let lines: String = lines.iter().map(|line| format!("    {line}\n")).collect();
    format!("SECTIONS {{\n  {name} {align}: {{\n{lines}  }}\n}}\nINSERT {next};\n")
}

/// Every address that a call reads or writes, by valgrind's lackey.
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
    let access = |line: &str| {
        let kinds = [" L ", " S ", " M "];
        let access = kinds.iter().find_map(|kind| line.strip_prefix(kind))?;
        u64::from_str_radix(access.split_once(',')?.0, 16).ok()
    };
    Ok(text.lines().filter_map(access).collect())
}
