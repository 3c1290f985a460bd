//! Ledgers made of arbitrary files: head · first file · second file.
//!
//! Asserts: reading never panics or fails; appending goes on whatever is there, and what was appended
//! is the newest receipt and is found by its id; an intact ledger stays intact, and a broken one is
//! not made to look whole without a recovery that says so.

#![no_main]

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use datafog_audit::{Durability, Filter, Ledger, Report, find, follow, list, stats, verify};
use datafog_fuzz::{event, fill, parts};
use libfuzzer_sys::fuzz_target;
use tempfile::TempDir;

const NAMES: [&str; 3] = ["head", "00000001.jsonl", "00000002.jsonl"];

fuzz_target!(|data: &[u8]| {
    let dir = folder();
    fill(dir, NAMES.into_iter().zip(parts(data)));
    let before = read(dir);
    let ledger = Ledger::open(dir).expect("the folder is ours");
    for number in [1, 2] {
        ledger.append(&event(number), Durability::Lazy).expect("appending goes on");
    }
    let newest: Vec<_> = list(dir, Filter::default()).expect("readable").take(2).collect();
    for (entry, number) in newest.into_iter().zip([2, 1]) {
        let entry = entry.expect("readable");
        assert_eq!(entry.receipt.event.receipt_id, event(number).receipt_id);
    }
    let id = event(2).receipt_id.to_string().parse().expect("an id");
    assert!(!find(dir, &id).expect("readable").is_empty());
    let after = read(dir);
    if before.is_intact() {
        assert!(after.is_intact(), "{before:?}\n{after:?}");
    } else {
        assert!(
            !after.is_intact() || after.recovery_count > before.recovery_count,
            "{before:?}\n{after:?}"
        );
    }
});

fn read(dir: &Path) -> Report {
    let report = verify(dir, None).expect("readable");
    let _part = verify(dir, Some(1)).expect("readable");
    for entry in list(dir, Filter::default()).expect("readable") {
        let entry = entry.expect("readable");
        assert!(NAMES.contains(&entry.file.as_str()));
    }
    let _stats = stats(dir, Filter::default()).expect("readable");
    let _new = follow(dir).and_then(|mut follow| follow.look()).expect("readable");
    report
}

fn folder() -> &'static Path {
    static PLACE: OnceLock<(TempDir, PathBuf)> = OnceLock::new();
    let make = || {
        let dir = tempfile::tempdir().expect("a folder can be made");
        let path = dir.path().join("receipts");
        (dir, path)
    };
    &PLACE.get_or_init(make).1
}
