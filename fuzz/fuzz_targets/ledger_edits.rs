//! A good ledger with any bytes of its lines changed, removed or added.
//!
//! Asserts: any change is found, the unchanged ledger is intact; appending goes on, and does not make
//! a changed ledger look whole without a recovery that says so.

#![no_main]

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use arbitrary::Unstructured;
use datafog_audit::{Durability, Ledger, verify};
use datafog_fuzz::{event, fill};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const LINES: u8 = 6;

/// Rotation after about two lines, so that the chain runs over several files.
const ROTATION: u64 = 1200;

struct Good {
    dir: TempDir,
    files: Vec<(String, Vec<u8>)>,
}

fuzz_target!(|data: &[u8]| {
    let good = good();
    let mut files = good.files.clone();
    let _exhausted = edit(&mut files, &mut Unstructured::new(data));
    let dir = good.dir.path().join("edited");
    fill(&dir, files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())));
    let report = verify(&dir, None).expect("readable");
    let changed = files != good.files;
    assert_eq!(report.is_intact(), !changed, "{report:?}");
    assert!(changed || report.lines == u64::from(LINES), "{report:?}");
    let ledger = Ledger::open(&dir).expect("the folder is ours");
    ledger.append(&event(99), Durability::Lazy).expect("appending goes on");
    if changed {
        let after = verify(&dir, None).expect("readable");
        assert!(!after.is_intact() || after.recovery_count > 0, "{report:?}\n{after:?}");
    }
});

fn edit(files: &mut [(String, Vec<u8>)], input: &mut Unstructured<'_>) -> arbitrary::Result<()> {
    while !input.is_empty() {
        // The head is sorted behind the lines; it is not what is protected.
        let file = input.choose_index(files.len() - 1)?;
        let bytes = &mut files[file].1;
        let at = input.int_in_range(0..=bytes.len())?;
        match input.int_in_range(0..=3_u8)? {
            0 if at < bytes.len() => bytes[at] = input.arbitrary()?,
            1 => {
                let to = input.int_in_range(at..=bytes.len())?;
                bytes.drain(at..to);
            }
            2 => bytes.insert(at, input.arbitrary()?),
            _ => swap_lines(bytes, at),
        }
    }
    Ok(())
}

/// Swaps the line around `at` with the one behind it.
fn swap_lines(bytes: &mut Vec<u8>, at: usize) {
    let before = bytes[..at].iter().filter(|byte| **byte == b'\n').count();
    let mut lines: Vec<_> = bytes.split_inclusive(|byte| *byte == b'\n').collect();
    if before + 1 < lines.len() {
        lines.swap(before, before + 1);
        *bytes = lines.concat();
    }
}

fn good() -> &'static Good {
    static GOOD: OnceLock<Good> = OnceLock::new();
    GOOD.get_or_init(|| {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let path: PathBuf = dir.path().join("good");
        let ledger = Ledger::open(&path).expect("it is ours").with_rotation(ROTATION);
        for number in 1..=LINES {
            ledger.append(&event(number), Durability::Lazy).expect("a line can be written");
        }
        let files = read(&path);
        assert!(files.len() > 2, "the chain runs over several files");
        Good { dir, files }
    })
}

/// The ledger's files by name, the head last.
fn read(path: &Path) -> Vec<(String, Vec<u8>)> {
    let entries = fs::read_dir(path).expect("readable").map(|entry| entry.expect("readable"));
    let name = |entry: &fs::DirEntry| entry.file_name().to_string_lossy().into_owned();
    let mut files: Vec<_> = entries
        .filter(|entry| entry.path().is_file())
        .map(|entry| (name(&entry), fs::read(entry.path()).expect("readable")))
        .collect();
    files.sort();
    files
}
