//! Every single change of a ledger is found, and the first bad line is named.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::OnceLock;

use proptest::prelude::*;
use proptest::sample::Index;
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

/// Found while fuzzing `ledger`: every line was good, so all looked well until the next append.
#[test]
fn r_fuzz_lines_moved_to_another_file_are_found() {
    let dir = ledger(3);
    let path = receipts(&dir);
    let lines = lines(&path);
    assert_eq!(flaw_of(&path, &lines), None);
    let second = path.join("00000002.jsonl");
    fs::write(&second, &lines[2]).unwrap();
    fs::set_permissions(&second, fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(flaw_of(&path, &lines[..2]), Some((1, Flaw::Head)));
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

/// A ledger of five lines whose head knows of four.
fn ledger_with_unheaded_line() -> TempDir {
    let dir = ledger(4);
    let head = fs::read(receipts(&dir).join("head")).unwrap();
    let event = sample::event(4).unwrap();
    Ledger::open(&receipts(&dir)).unwrap().append(&event, Durability::Lazy).unwrap();
    fs::write(receipts(&dir).join("head"), head).unwrap();
    dir
}

#[test]
fn the_end_that_the_head_names_is_found_wherever_it_stands() {
    let dir = ledger_with_unheaded_line();
    let mut lines = lines(&receipts(&dir));
    lines[1] = lines[1].replace("claude", "claude claude");
    assert_eq!(flaw_of(&receipts(&dir), &lines), Some((2, Flaw::Edited)));
    let report = verify(&receipts(&dir), None).unwrap();
    assert_eq!((report.unheaded, report.breaks, report.lines), (1, 1, 5));
}

#[test]
fn a_last_line_that_was_edited_is_named_though_more_follow() {
    let dir = ledger_with_unheaded_line();
    let mut lines = lines(&receipts(&dir));
    lines[3] = lines[3].replace("claude", "clauda");
    assert_eq!(flaw_of(&receipts(&dir), &lines), Some((4, Flaw::Edited)));
    lines[4] = "torn".into();
    assert_eq!(flaw_of(&receipts(&dir), &lines), Some((4, Flaw::Edited)));
}

/// How many lines the ledger has that is changed at random.
const LINES: u64 = 9;

/// One change of a ledger's text.
#[derive(Clone, Debug)]
enum Change {
    DeleteBytes(Index, usize),
    DeleteLine(Index),
    DuplicateLine(Index, Index),
    FlipByte(Index, u8),
    ForgeLine(Index),
    InsertBytes(Index, Vec<u8>),
    MoveLine(Index, Index),
    SwapLines(Index, Index),
    Truncate(Index),
}

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), 1..3000_usize).prop_map(|(at, length)| Change::DeleteBytes(at, length)),
        at().prop_map(Change::DeleteLine),
        (at(), at()).prop_map(|(from, to)| Change::DuplicateLine(from, to)),
        (at(), 1..=u8::MAX).prop_map(|(at, flip)| Change::FlipByte(at, flip)),
        at().prop_map(Change::ForgeLine),
        (at(), prop::collection::vec(byte(), 1..4)).prop_map(|(at, b)| Change::InsertBytes(at, b)),
        (at(), at()).prop_map(|(from, to)| Change::MoveLine(from, to)),
        (at(), at()).prop_map(|(one, two)| Change::SwapLines(one, two)),
        at().prop_map(Change::Truncate),
    ]
}

/// Bytes that are likely to matter: white space, newlines, quotes, and any.
fn byte() -> impl Strategy<Value = u8> {
    prop_oneof![Just(b' '), Just(b'\n'), Just(b'}'), any::<u8>()]
}

impl Change {
    fn apply(&self, text: &[u8]) -> Vec<u8> {
        let mut bytes = text.to_vec();
        let mut lines: Vec<Vec<u8>> = split(text);
        let count = lines.len();
        match self {
            Self::DeleteBytes(at, length) => {
                let at = at.index(bytes.len());
                bytes.drain(at..bytes.len().min(at + length));
                return bytes;
            }
            Self::DeleteLine(at) => drop(lines.remove(at.index(count))),
            Self::DuplicateLine(from, to) => {
                lines.insert(to.index(count + 1), lines[from.index(count)].clone());
            }
            Self::FlipByte(at, flip) => {
                bytes[at.index(text.len())] ^= flip;
                return bytes;
            }
            Self::ForgeLine(at) => {
                // A line that fits into the chain where it stands, before the one it is made of.
                let at = at.index(count);
                let forged = String::from_utf8(lines[at].clone()).unwrap();
                lines.insert(at, forged.replace("\"block\"", "\"exec\"").into_bytes());
            }
            Self::InsertBytes(at, new) => {
                let at = at.index(bytes.len() + 1);
                bytes.splice(at..at, new.iter().copied());
                return bytes;
            }
            Self::MoveLine(from, to) => {
                let line = lines.remove(from.index(count));
                lines.insert(to.index(count), line);
            }
            Self::SwapLines(one, two) => lines.swap(one.index(count), two.index(count)),
            Self::Truncate(at) => {
                bytes.truncate(at.index(bytes.len()));
                return bytes;
            }
        }
        lines.concat()
    }
}

fn split(text: &[u8]) -> Vec<Vec<u8>> {
    text.split_inclusive(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect()
}

/// Number of the first line that is not as it was; `None` when all are.
fn first_difference(old: &[u8], new: &[u8]) -> Option<u64> {
    let (old, new) = (split(old), split(new));
    let same = old.iter().zip(&new).take_while(|(one, two)| one == two).count();
    (same < old.len().max(new.len())).then_some(same as u64 + 1)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn any_single_change_is_found_at_the_first_line_that_differs(change in change()) {
        static GOOD: OnceLock<(Vec<u8>, Vec<u8>)> = OnceLock::new();
        let (text, head) = GOOD.get_or_init(|| {
            let dir = ledger(LINES);
            let read = |name| fs::read(receipts(&dir).join(name)).unwrap();
            (read("00000001.jsonl"), read("head"))
        });
        let changed = change.apply(text);
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("00000001.jsonl"), &changed).unwrap();
        fs::write(dir.path().join("head"), head).unwrap();
        let report = verify(dir.path(), None).unwrap();
        let found = report.first_bad.as_ref().map(|bad| bad.place.line);
        let differs = first_difference(text, &changed);
        // When the end of one line and the beginning of the next are cut out and the rests make a
        // good line, its only witness is gone: the gap after it is what can be seen.
        let gap = |bad: &Bad| matches!(bad.flaw, Flaw::Missing { .. } | Flaw::Truncated { .. });
        let no_witness = matches!(change, Change::DeleteBytes(..))
            && report.first_bad.as_ref().is_some_and(gap)
            && found == differs.map(|line| line + 1);
        let text = format!("{found:?} is not {differs:?}: {report:?}");
        prop_assert!(found == differs || no_witness, "{}", text);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn no_content_is_too_strange(
        text in prop::collection::vec(byte(), 0..500),
        head in prop::collection::vec(byte(), 0..200),
    ) {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("00000001.jsonl"), &text).unwrap();
        fs::write(dir.path().join("head"), &head).unwrap();
        let report = verify(dir.path(), None).unwrap();
        prop_assert_eq!(report.is_intact(), text.is_empty() && head.is_empty());
        // And the next writer makes a ledger of it that verifies.
        let kept = tempfile::tempdir_in(dir.path()).unwrap();
        for name in ["00000001.jsonl", "head"] {
            let to = kept.path().join(name);
            fs::rename(dir.path().join(name), &to).unwrap();
            fs::set_permissions(to, fs::Permissions::from_mode(0o600)).unwrap();
        }
        let event = sample::event(0).unwrap();
        Ledger::open(kept.path()).unwrap().append(&event, Durability::Lazy).unwrap();
        let report = verify(kept.path(), None).unwrap();
        prop_assert!(report.is_intact(), "{:?}", report);
    }
}

#[test]
fn a_lost_head_is_named() {
    let dir = ledger(3);
    for damage in [None, Some("nonsense"), Some("")] {
        match damage {
            None => fs::remove_file(receipts(&dir).join("head")).unwrap(),
            Some(text) => fs::write(receipts(&dir).join("head"), text).unwrap(),
        }
        let bad = verify(&receipts(&dir), None).unwrap().first_bad.unwrap();
        assert_eq!((bad.place.file.as_str(), bad.flaw), ("head", Flaw::Head));
    }
}

#[test]
fn a_head_of_another_ledger_is_named() {
    let (three, five) = (ledger(3), ledger(5));
    let copy = |from: &TempDir, to: &TempDir| {
        fs::copy(receipts(from).join("head"), receipts(to).join("head")).unwrap();
    };
    let old_head = fs::read(receipts(&five).join("head")).unwrap();
    copy(&three, &five);
    // An older head of the same chain: what it does not know is only not finished.
    assert_eq!(verify(&receipts(&five), None).unwrap().unheaded, 2);
    fs::write(receipts(&three).join("head"), old_head).unwrap();
    let bad = verify(&receipts(&three), None).unwrap().first_bad.unwrap();
    assert_eq!(bad.flaw, Flaw::Truncated { first: 4, last: 5 });
}

#[test]
fn odd_times_are_counted_and_are_no_break() {
    let dir = tempfile::tempdir().unwrap();
    let ledger = Ledger::open(dir.path()).unwrap();
    for time in
        ["2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", "yesterday", "2026-01-02T00:00:00+01:00"]
    {
        let mut event = sample::event(0).unwrap();
        event.timestamp = time.into();
        ledger.append(&event, Durability::Lazy).unwrap();
    }
    let report = verify(dir.path(), None).unwrap();
    assert_eq!((report.odd_times, report.is_intact()), (3, true));
}
