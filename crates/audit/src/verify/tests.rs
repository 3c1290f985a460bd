//! Every single change of a ledger is found, and the first bad line is named.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::*;
use crate::{Durability, Ledger, sample};

/// A ledger of `lines` lines in one file.
fn ledger(lines: u64) -> TempDir {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(&dir.path().join("receipts")).unwrap();
    for number in 0..lines {
        ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
    }
    dir
}

fn receipts(dir: &TempDir) -> std::path::PathBuf {
    dir.path().join("receipts")
}

/// The lines of the only ledger file, newlines included.
fn lines(dir: &Path) -> Vec<String> {
    let text = fs::read_to_string(dir.join("00000001.jsonl")).unwrap();
    text.split_inclusive('\n').map(str::to_owned).collect()
}

/// Verifies the ledger after its file was replaced by `lines`: number of the first bad line and
/// what is wrong with it.
fn flaw_of(dir: &Path, lines: &[String]) -> Option<(u64, Flaw)> {
    fs::write(dir.join("00000001.jsonl"), lines.concat()).unwrap();
    verify(dir, None).unwrap().first_bad.map(|bad| (bad.place.line, bad.flaw))
}

#[test]
fn an_untouched_ledger_is_intact() {
    let dir = ledger(20);
    let report = verify(&receipts(&dir), None).unwrap();
    assert!(report.is_intact(), "{report:?}");
    assert_eq!((report.lines, report.files, report.breaks, report.unheaded), (20, 1, 0, 0));
    assert_eq!(report.last.unwrap().0, 20);
}

#[test]
fn an_empty_or_missing_ledger() {
    let dir = tempfile::tempdir().unwrap();
    assert!(verify(dir.path(), None).unwrap().is_intact());
    assert!(verify(&dir.path().join("nowhere"), None).is_err());
}

#[test]
fn each_change_has_its_name() {
    let dir = ledger(6);
    let dir = receipts(&dir);
    let good = lines(&dir);
    let changed = |change: &dyn Fn(&mut Vec<String>)| {
        let mut lines = good.clone();
        change(&mut lines);
        flaw_of(&dir, &lines)
    };
    assert_eq!(changed(&|_| {}), None);
    let edit = |line: &mut String| *line = line.replace("claude", "clauda");
    for at in 0..6 {
        let number = at as u64 + 1;
        assert_eq!(changed(&|lines| edit(&mut lines[at])), Some((number, Flaw::Edited)));
        let twice = changed(&|lines| lines.insert(at + 1, lines[at].clone()));
        assert_eq!(twice, Some((number + 1, Flaw::Inserted)));
        let gone = Flaw::Missing { first: number, last: number };
        let cut = Flaw::Truncated { first: number, last: 6 };
        let expected = if at == 5 { cut } else { gone };
        assert_eq!(changed(&|lines| drop(lines.remove(at))), Some((number, expected)));
    }
    assert_eq!(changed(&|lines| lines.swap(1, 2)), Some((2, Flaw::Reordered)));
    assert_eq!(changed(&|lines| lines.swap(1, 4)), Some((2, Flaw::Reordered)));
    assert_eq!(changed(&|lines| lines[1..5].rotate_left(1)), Some((2, Flaw::Reordered)));
    assert_eq!(changed(&|lines| lines[1..5].rotate_right(1)), Some((2, Flaw::Reordered)));
    assert_eq!(changed(&|lines| lines.insert(3, "\n".into())), Some((4, Flaw::Inserted)));
    let cut = Flaw::Truncated { first: 4, last: 6 };
    assert_eq!(changed(&|lines| lines.truncate(3)), Some((4, cut.clone())));
    let torn = changed(&|lines| {
        lines.truncate(4);
        lines[3].truncate(100);
    });
    assert_eq!(torn, Some((4, cut)));
}
