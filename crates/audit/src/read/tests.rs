//! Readers see each receipt once, in order, whatever the files look like.

use std::fs;
use std::path::{Path, PathBuf};

use datafog_core::{Event, Id, ReceiptKind, Verdict};
use tempfile::TempDir;

use super::*;
use crate::{Durability, Ledger, sample};

/// A ledger of several files with `count` receipts.
fn ledger(count: u64) -> (TempDir, PathBuf) {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("receipts");
    append(&dir, 0..count);
    (home, dir)
}

/// Appends receipts of which every fifth allows.
fn append(dir: &Path, numbers: impl Iterator<Item = u64>) {
    append_changed(dir, numbers, |number, event| {
        if number % 5 == 0 {
            event.decision = Verdict::Allow;
            event.findings.clear();
            event.matched_rules.clear();
        }
    });
}

/// Appends the sample events of these numbers with a change, to files that are soon full.
pub(super) fn append_changed(
    dir: &Path,
    numbers: impl Iterator<Item = u64>,
    change: impl Fn(u64, &mut Event),
) {
    let ledger = Ledger::open(dir).unwrap().with_rotation(5000);
    for number in numbers {
        let mut event = sample::event(number).unwrap();
        change(number, &mut event);
        ledger.append(&event, Durability::Lazy).unwrap();
    }
}

fn id(number: u64) -> Id {
    sample::event(number).unwrap().receipt_id
}

fn ids(entries: impl IntoIterator<Item = Entry>) -> Vec<Id> {
    entries.into_iter().map(|entry| entry.receipt.event.receipt_id).collect()
}

fn listed(dir: &Path, filter: Filter) -> Vec<Id> {
    ids(list(dir, filter).unwrap().map(Result::unwrap))
}

#[test]
fn receipts_are_listed_newest_first_through_all_files() {
    let (_home, dir) = ledger(23);
    assert!(dir.join("00000004.jsonl").exists());
    let all: Vec<Id> = (0..23).rev().map(id).collect();
    assert_eq!(listed(&dir, Filter::default()), all);
    let three = Filter { limit: Some(3), ..Filter::default() };
    assert_eq!(listed(&dir, three), all[..3]);
    let allowed = Filter { verdict: Some(Verdict::Allow), ..Filter::default() };
    assert_eq!(listed(&dir, allowed), [20, 15, 10, 5, 0].map(id));
    let none = Filter { kind: Some(ReceiptKind::Check), ..Filter::default() };
    assert_eq!(listed(&dir, none), []);
    let entry = list(&dir, Filter::default()).unwrap().next().unwrap().unwrap();
    let text = fs::read(dir.join(&entry.file)).unwrap();
    let line = &text[usize::try_from(entry.offset).unwrap()..];
    assert!(line.starts_with(br#"{"version":1,"seq":23,"#));
}

#[test]
fn an_empty_ledger_has_no_receipts() {
    let home = tempfile::tempdir().unwrap();
    assert_eq!(listed(home.path(), Filter::default()), []);
    assert_eq!(stats(home.path(), Filter::default()).unwrap(), Stats::default());
    assert!(list(&home.path().join("nowhere"), Filter::default()).is_err());
}

#[test]
fn reading_ends_long_before_since() {
    let home = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(home.path()).unwrap();
    let times = ["2026-01-06", "2026-01-01", "2026-01-04", "2026-01-03", "2026-01-05"];
    for (number, day) in (0..).zip(times) {
        let mut event = sample::event(number).unwrap();
        event.timestamp = format!("{day}T12:00:00.000000Z");
        ledger.append(&event, Durability::Lazy).unwrap();
    }
    let since = |text| Filter { since: Moment::of_receipt(text), ..Filter::default() };
    // A clock that was a little behind hides nothing; one that was days behind does.
    assert_eq!(listed(home.path(), since("2026-01-04T00:00:00Z")), [4, 2].map(id));
    assert_eq!(listed(home.path(), since("2026-01-05T00:00:00Z")), [4].map(id));
    assert_eq!(listed(home.path(), since("2025-01-01T00:00:00Z")), [4, 3, 2, 1, 0].map(id));
}

#[test]
fn a_receipt_is_found_by_either_end_of_its_id() {
    let (_home, dir) = ledger(12);
    let found = |text: &str| ids(find(&dir, &text.parse().unwrap()).unwrap());
    assert_eq!(found(&id(7).to_string()), [id(7)]);
    let short = id(7).short();
    assert_eq!(
        found(&short),
        (0..12).rev().map(id).filter(|id| id.short() == short).collect::<Vec<_>>()
    );
    assert_eq!(
        found(id(7).to_string().get(..10).unwrap()).len(),
        12,
        "they are of the same second"
    );
    assert_eq!(found("00000000ffffffff"), []);
}

#[test]
fn strange_lines_are_passed_over_and_counted() {
    let (_home, dir) = ledger(12);
    let path = dir.join("00000002.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let (first, rest) = text.split_once('\n').unwrap();
    let long = "x".repeat(200_000);
    fs::write(&path, format!("{first}\nhello\n\n{long}\n{rest}")).unwrap();
    let mut newest = list(&dir, Filter::default()).unwrap();
    assert_eq!(newest.by_ref().map(Result::unwrap).count(), 12);
    assert_eq!(newest.unreadable(), 3);
    assert_eq!(find(&dir, &id(0).to_string().parse().unwrap()).unwrap().len(), 1);
    assert_eq!(stats(&dir, Filter::default()).unwrap().unreadable, 3);
}

#[test]
fn a_follower_sees_each_receipt_once() {
    let home = tempfile::tempdir().unwrap();
    let dir = home.path().join("receipts");
    fs::create_dir(&dir).unwrap();
    let mut early = follow(&dir).unwrap();
    assert_eq!(early.look().unwrap(), []);
    append(&dir, 0..2);
    let mut late = follow(&dir).unwrap();
    append(&dir, 2..13);
    assert_eq!(ids(early.look().unwrap()), (0..13).map(id).collect::<Vec<_>>());
    assert_eq!(ids(late.look().unwrap()), (2..13).map(id).collect::<Vec<_>>());
    // What a killed writer left is not given out.
    let last = dir.join("00000003.jsonl");
    let text = fs::read(&last).unwrap();
    fs::write(&last, [text.as_slice(), b"torn"].concat()).unwrap();
    assert_eq!(late.look().unwrap(), []);
    append(&dir, 13..14);
    let seen = late.look().unwrap();
    assert_eq!(seen[0].receipt.event.kind, ReceiptKind::Recovery);
    assert_eq!(ids(seen)[1], id(13));
    assert_eq!(late.look().unwrap(), []);
}

#[test]
fn numbers_sum_up() {
    let (_home, dir) = ledger(10);
    let stats = stats(&dir, Filter::default()).unwrap();
    assert_eq!((stats.receipts, stats.unreadable), (10, 0));
    assert_eq!((stats.verdicts["deny"], stats.verdicts["allow"]), (8, 2));
    assert_eq!((stats.rules["no-secret-egress"], stats.findings["secret.github.pat"]), (8, 8));
    assert_eq!((stats.tools["http"], stats.principals["claude-code"]), (10, 10));
    assert_eq!((stats.kinds["action"], stats.modes["enforced"]), (10, 10));
    assert_eq!(stats.oldest.unwrap(), sample::event(0).unwrap().timestamp);
    assert_eq!(stats.newest.unwrap(), sample::event(9).unwrap().timestamp);
    assert!((41..=47).contains(&stats.duration_us[3]), "{:?}", stats.duration_us);
}
