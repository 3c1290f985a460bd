//! The ledger is killed, starved and damaged at every step, and goes on.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::PathBuf;

use datafog_core::{Mode, Receipt, ReceiptKind, Severity};
use nix::libc::{EIO, ENOSPC};
use tempfile::TempDir;

use super::*;
use crate::disk::fault::{self, Fault};
use crate::line::MAX_LINE;
use crate::{Flaw, Report, sample, verify};

mod trust;

/// A folder for one ledger, removed at the end.
struct Place {
    dir: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { dir: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> PathBuf {
        self.dir.path().join("receipts")
    }

    fn file(&self, name: &str) -> PathBuf {
        self.path().join(name)
    }

    fn open(&self) -> Result<Ledger, Error> {
        Ledger::open(&self.path())
    }

    fn append(&self, number: u64) -> Result<(), Error> {
        self.open()?.append(&sample::event(number).unwrap(), Durability::Lazy)
    }

    fn verify(&self) -> Report {
        verify(&self.path(), None).unwrap()
    }

    /// All receipts, in their order.
    fn receipts(&self) -> Vec<Receipt<'static>> {
        let mut files: Vec<_> =
            fs::read_dir(self.path()).unwrap().map(|e| e.unwrap().path()).collect();
        files.sort();
        let ledgers = files.iter().filter(|path| path.extension().is_some_and(|e| e == "jsonl"));
        let text: String = ledgers.map(|path| fs::read_to_string(path).unwrap()).collect();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// How often event `number` stands in the ledger.
    fn count(&self, number: u64) -> usize {
        let id = sample::event(number).unwrap().receipt_id;
        self.receipts().iter().filter(|receipt| receipt.event.receipt_id == id).count()
    }

    /// What is in the quarantine, sorted, without an unfinished copy.
    fn quarantined(&self) -> Vec<Vec<u8>> {
        let Ok(entries) = fs::read_dir(self.file("quarantine")) else { return Vec::new() };
        let paths = entries.map(|entry| entry.unwrap().path());
        let mut all: Vec<_> = paths
            .filter(|path| path.extension().is_some_and(|e| e == "part"))
            .map(|path| fs::read(path).unwrap())
            .collect();
        all.sort();
        all
    }

    fn add_bytes(&self, bytes: &[u8]) {
        let path = self.file("00000001.jsonl");
        let text = [fs::read(&path).unwrap(), bytes.to_vec()].concat();
        fs::write(path, text).unwrap();
    }
}

/// A ledger in some state, before a fault strikes.
struct State {
    name: &'static str,
    /// Events `0..events` have been appended.
    events: u64,
    rotation: u64,
    /// Does the damage.
    damage: fn(&Place),
    /// What must be in the quarantine in the end.
    set_aside: &'static [&'static [u8]],
    /// Whether the next append has something to report.
    reported: bool,
    /// Whether lines are lost, which verification must then say for ever.
    lossy: bool,
}

/// No file is ever that large.
const BIG: u64 = 1 << 40;

/// More bytes than a head has.
const NONSENSE: [u8; 160] = [b'?'; 160];

const CLEAN: State = State {
    name: "clean",
    events: 3,
    rotation: BIG,
    damage: |_| {},
    set_aside: &[],
    reported: false,
    lossy: false,
};

/// Every state that an append may come upon.
const STATES: [State; 11] = [
    CLEAN,
    State { name: "new", events: 0, ..CLEAN },
    State { name: "full file", rotation: 1, ..CLEAN },
    State {
        name: "next file exists",
        rotation: 2500,
        damage: |place| fs::write(place.file("00000002.jsonl"), "strange\n").unwrap(),
        set_aside: &[b"strange\n"],
        reported: true,
        ..CLEAN
    },
    State {
        name: "torn tail",
        damage: |place| place.add_bytes(b"{\"version\":1,\"se"),
        set_aside: &[b"{\"version\":1,\"se"],
        reported: true,
        ..CLEAN
    },
    State {
        name: "foreign lines",
        damage: |place| place.add_bytes(b"hello\n\nworld\n"),
        set_aside: &[b"hello\n\nworld\n"],
        reported: true,
        ..CLEAN
    },
    State {
        name: "head lost",
        damage: |place| fs::remove_file(place.file("head")).unwrap(),
        reported: true,
        ..CLEAN
    },
    State {
        name: "head damaged",
        damage: |place| fs::write(place.file("head"), NONSENSE).unwrap(),
        set_aside: &[&NONSENSE],
        reported: true,
        ..CLEAN
    },
    State {
        name: "head empty and torn tail",
        damage: |place| {
            fs::write(place.file("head"), "").unwrap();
            place.add_bytes(b"{");
        },
        set_aside: &[b"{"],
        reported: true,
        ..CLEAN
    },
    State {
        name: "cut in a line",
        damage: |place| {
            let path = place.file("00000001.jsonl");
            let text = fs::read_to_string(&path).unwrap();
            let second = text.match_indices('\n').nth(1).unwrap().0;
            fs::write(path, &text[..second + 3]).unwrap();
        },
        set_aside: &[b"{\""],
        reported: true,
        lossy: true,
        ..CLEAN
    },
    State {
        name: "file lost",
        damage: |place| fs::remove_file(place.file("00000001.jsonl")).unwrap(),
        reported: true,
        lossy: true,
        ..CLEAN
    },
];

impl State {
    fn prepare(&self) -> Place {
        let place = Place::new();
        for number in 0..self.events {
            place.append(number).unwrap();
        }
        if self.events == 0 {
            fs::create_dir(place.path()).unwrap();
            fs::set_permissions(place.path(), fs::Permissions::from_mode(0o700)).unwrap();
        }
        (self.damage)(&place);
        place
    }

    /// Appends event 100 with a fault at step `at`, then event 101 without; how many steps the
    /// first one took when it went through.
    fn strike(&self, at: usize, fault: Fault) -> Option<usize> {
        let place = self.prepare();
        let ledger = place.open().unwrap().with_rotation(self.rotation);
        let event = sample::event(100).unwrap();
        let (result, steps) = fault::with(at, fault, || ledger.append(&event, Durability::Synced));
        let about = format!("{}, {fault:?} at step {at}: {result:?}", self.name);
        let struck = at < steps;
        ledger.append(&sample::event(101).unwrap(), Durability::Lazy).expect(&about);
        self.check(&place, &about);
        let stands = place.count(100);
        match result {
            Some(Ok(())) => assert_eq!(stands, 1, "{about}"),
            // The last step is the sync, after which the line does stand.
            Some(Err(_)) => assert!(stands <= 1, "{about}"),
            None => assert!(stands <= 1, "{about}"),
        }
        assert!(struck || matches!(result, Some(Ok(()))), "{about}");
        (!struck).then_some(steps)
    }

    /// Appends with a death at step `first`, again with one at step `second`, and then without;
    /// which of the two struck.
    fn die_twice(&self, first: usize, second: usize) -> (bool, bool) {
        let place = self.prepare();
        let ledger = place.open().unwrap().with_rotation(self.rotation);
        let append = |number| {
            ledger.append(&sample::event(number).unwrap(), Durability::Lazy).unwrap();
        };
        let struck = [(first, 98), (second, 99)]
            .map(|(at, number)| fault::with(at, Fault::Die, || append(number)).0.is_none());
        append(101);
        self.check(&place, &format!("{}, deaths at {first} and {second}", self.name));
        (struck[0], struck[1])
    }

    /// What must hold in the end, whatever happened.
    fn check(&self, place: &Place, about: &str) {
        let report = place.verify();
        // A head that was torn while it was all that told of the loss is itself reported.
        let head_torn = report.heads_lost > 0;
        let expected = !self.lossy || (report.is_intact() && head_torn);
        assert_eq!(report.is_intact(), expected, "{about}\n{report:?}");
        assert!(!report.owed && report.unheaded == 0, "{about}");
        assert_eq!(place.count(101), 1, "{about}");
        if !self.lossy {
            for number in 0..self.events {
                assert_eq!(place.count(number), 1, "{about}");
            }
        }
        let quarantined = place.quarantined();
        for bytes in self.set_aside {
            assert!(quarantined.iter().any(|kept| kept == bytes), "{about}");
        }
        if self.reported {
            assert!(report.recovery_count > 0, "{about}");
        }
        let recoveries = place.receipts();
        let recoveries = recoveries.iter().filter(|r| r.event.kind == ReceiptKind::Recovery);
        let told: String = recoveries.map(|r| r.event.reason.clone()).collect();
        let unfinished = told.contains("cut short");
        for name in &report.quarantined {
            // A rebuild that was killed while it wrote the head leaves a copy that the next one,
            // which sets the half-written head aside, does not know of.
            let known = told.contains(name) || name == "unfinished" || name.starts_with("head-");
            assert!(unfinished || known, "{about}: {name} is not in: {told}");
        }
    }
}

#[test]
fn a_fault_at_any_step_from_any_state_is_mended() {
    for state in &STATES {
        for fault in [Fault::Die, Fault::Tear, Fault::Fail(EIO), Fault::Short(ENOSPC)] {
            let steps = (0..).find_map(|at| state.strike(at, fault)).unwrap();
            assert!(steps >= 3, "{}: the line, the head and the sync at least", state.name);
        }
    }
}

/// In CI, a writer was killed right after a rotation, and the ledger looked tampered with: the last
/// line stands in the file before the one that the head names.
#[test]
fn a_death_during_a_rotation_is_no_flaw() {
    let full = State { rotation: 1, ..CLEAN };
    let mut seen = Vec::new();
    for fault in [Fault::Die, Fault::Tear] {
        // Making the file, moving the head to it, and the line. (Half a head is damage.)
        for at in [0, 2, 3] {
            let place = full.prepare();
            let ledger = place.open().unwrap().with_rotation(full.rotation);
            let event = sample::event(100).unwrap();
            let append = || ledger.append(&event, Durability::Lazy).unwrap();
            if fault == Fault::Tear && at == 3 {
                continue;
            }
            assert!(fault::with(at, fault, append).0.is_none());
            for newest in [None, Some(1), Some(2), Some(3)] {
                let report = verify(&place.path(), newest).unwrap();
                let flaw = report.first_bad.map(|bad| (bad.place.file, bad.flaw));
                let torn = (fault == Fault::Tear && at == 2)
                    .then(|| ("00000002.jsonl".to_owned(), Flaw::Torn));
                assert_eq!(flaw, torn, "{fault:?} at {at}, newest {newest:?}");
                seen.push((report.files, report.unheaded));
            }
        }
    }
    assert!(seen.contains(&(2, 1)), "killed between the first line of the new file and its head");
    assert!(seen.contains(&(2, 0)), "killed between the new file's head and its first line");
}

/// The head of a rotation that was cut short excuses nothing else.
#[test]
fn a_rotation_that_was_cut_short_hides_no_tampering() {
    let full = State { rotation: 1, ..CLEAN };
    let flaw_after = |damage: &dyn Fn(&Place, &str)| {
        let place = full.prepare();
        let ledger = place.open().unwrap().with_rotation(full.rotation);
        let event = sample::event(100).unwrap();
        fault::with(2, Fault::Die, || ledger.append(&event, Durability::Lazy).unwrap());
        let text = fs::read_to_string(place.file("00000001.jsonl")).unwrap();
        damage(&place, &text);
        place.verify().first_bad.map(|bad| bad.flaw)
    };
    let write = |place: &Place, name, text: &str| fs::write(place.file(name), text).unwrap();
    assert_eq!(flaw_after(&|_, _| {}), None);
    let cut = flaw_after(&|place, text| {
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        write(place, "00000001.jsonl", &text[..last]);
    });
    assert_eq!(cut, Some(Flaw::Truncated { first: 3, last: 3 }));
    let moved = flaw_after(&|place, text| {
        let last = text.trim_end().rfind('\n').unwrap() + 1;
        write(place, "00000001.jsonl", &text[..last]);
        write(place, "00000002.jsonl", &text[last..]);
    });
    assert_eq!(moved, Some(Flaw::Head));
    let gone = flaw_after(&|place, _| fs::remove_file(place.file("00000001.jsonl")).unwrap());
    assert_eq!(gone, Some(Flaw::Truncated { first: 1, last: 3 }));
}

/// Writers never look at a file after the one that the head names, so a line that continues the
/// chain there would be contradicted by the next append.
#[test]
fn a_line_beyond_the_head_in_another_file_is_inserted() {
    let place = CLEAN.prepare();
    let (seq, last) = place.verify().last.unwrap();
    let mut draft = Draft::of(&sample::event(50).unwrap()).unwrap();
    let line = draft.finish(seq + 1, last).0.to_vec();
    for part in [line.as_slice(), &line[..20]] {
        fs::write(place.file("00000002.jsonl"), part).unwrap();
        let bad = place.verify().first_bad.unwrap();
        assert_eq!((bad.place.file.as_str(), bad.flaw), ("00000002.jsonl", Flaw::Inserted));
    }
}

#[test]
fn an_append_takes_as_many_steps_as_it_must() {
    let full = State { rotation: 1, ..CLEAN };
    let steps = |state: &State, durability| {
        let place = state.prepare();
        let ledger = place.open().unwrap().with_rotation(state.rotation);
        let event = sample::event(100).unwrap();
        fault::with(usize::MAX, Fault::Die, || ledger.append(&event, durability).unwrap()).1
    };
    // The line and the head; then the disk.
    assert_eq!(steps(&CLEAN, Durability::Lazy), 2);
    assert_eq!(steps(&CLEAN, Durability::Synced), 3);
    // The new file and the head that names it come before; the folder is synced after.
    assert_eq!(steps(&full, Durability::Lazy), 4);
    assert_eq!(steps(&full, Durability::Synced), 6);
}

#[test]
fn a_failed_append_leaves_the_ledger_as_it_was() {
    for fault in [Fault::Fail(EIO), Fault::Short(ENOSPC)] {
        for at in 0..2 {
            let place = CLEAN.prepare();
            let before = (fs::read(place.file("head")), fs::read(place.file("00000001.jsonl")));
            let (result, _) = fault::with(at, fault, || place.append(100));
            assert!(matches!(result, Some(Err(Error::Io { .. }))));
            let after = (fs::read(place.file("head")), fs::read(place.file("00000001.jsonl")));
            assert_eq!(before.0.unwrap(), after.0.unwrap());
            assert_eq!(before.1.unwrap(), after.1.unwrap());
        }
    }
}

#[test]
fn two_deaths_in_a_row_are_mended() {
    for state in &STATES {
        let mut first = 0;
        while (0..).map(|second| state.die_twice(first, second)).find(|died| !died.1).unwrap().0 {
            first += 1;
        }
        assert!(first >= 2, "{}: the line and the head at least", state.name);
    }
}

#[test]
fn what_was_written_before_a_death_is_taken_in() {
    let place = CLEAN.prepare();
    // The line is written, the head is not.
    let (result, _) = fault::with(1, Fault::Die, || place.append(100));
    assert!(result.is_none());
    assert_eq!((place.verify().unheaded, place.verify().is_intact()), (1, true));
    place.append(101).unwrap();
    let report = place.verify();
    assert_eq!((report.unheaded, report.recovery_count, report.lines), (0, 0, 5));
    assert_eq!(place.count(100), 1);
}

#[test]
fn a_recovery_that_only_lacks_its_head_is_not_told_twice() {
    let state = STATES.iter().find(|state| state.name == "torn tail").unwrap();
    let told_but_not_headed = |at: usize| {
        let place = state.prepare();
        fault::with(at, Fault::Die, || place.append(100));
        let report = place.verify();
        (report.owed && report.unheaded == 1).then_some(place)
    };
    let place = (0..20).find_map(told_but_not_headed).unwrap();
    place.append(101).unwrap();
    let report = place.verify();
    assert_eq!((report.recovery_count, report.unheaded, report.owed), (1, 0, false));
}

#[test]
fn only_lines_that_continue_the_chain_are_taken_in() {
    let good = CLEAN.prepare();
    let end = good.verify().last.unwrap();
    let line = |seq, prev| {
        let mut draft = Draft::of(&sample::event(50).unwrap()).unwrap();
        draft.finish(seq, prev).0.to_vec()
    };
    let zero = datafog_core::Digest::ZERO;
    for (seq, prev) in [(4, zero), (3, end.1), (5, end.1)] {
        let place = CLEAN.prepare();
        place.add_bytes(&line(seq, prev));
        place.append(101).unwrap();
        assert_eq!(place.quarantined(), [line(seq, prev)]);
        assert_eq!((place.count(50), place.verify().recovery_count), (0, 1));
    }
    good.add_bytes(&line(4, end.1));
    good.append(101).unwrap();
    assert_eq!((good.count(50), good.verify().recovery_count), (1, 0));
}

#[test]
fn the_gap_of_a_truncated_ledger_stays_visible() {
    let place = CLEAN.prepare();
    let path = place.file("00000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let first_line = text.find('\n').unwrap() + 1;
    fs::write(&path, &text[..first_line]).unwrap();
    let flaw = || place.verify().first_bad.map(|bad| (bad.place.line, bad.flaw)).unwrap();
    assert_eq!(flaw(), (2, Flaw::Truncated { first: 2, last: 3 }));
    for number in 100..103 {
        place.append(number).unwrap();
    }
    assert_eq!(flaw(), (2, Flaw::Truncated { first: 2, last: 3 }));
    let report = place.verify();
    assert_eq!((report.breaks, report.recovery_count), (1, 1));
    assert!(report.recoveries[0].reason.contains("was shorter than its head says"));
}

#[test]
fn files_rotate_and_the_chain_goes_on() {
    let place = Place::new();
    let ledger = place.open().unwrap().with_rotation(4000);
    for number in 0..30 {
        ledger.append(&sample::event(number).unwrap(), Durability::Synced).unwrap();
    }
    let report = place.verify();
    assert!(report.is_intact() && report.files > 5, "{report:?}");
    assert_eq!((report.lines, report.last.unwrap().0), (30, 30));
    for newest in [1, 4, 29, 30, 31] {
        let part = verify(&place.path(), Some(newest)).unwrap();
        assert!(part.is_intact(), "{part:?}");
        assert_eq!((part.lines, part.last), (newest.min(30), report.last));
    }
    fs::remove_file(place.file("00000003.jsonl")).unwrap();
    let bad = place.verify().first_bad.unwrap();
    assert!(matches!(bad.flaw, Flaw::Missing { .. }), "{bad}");
    assert_eq!((bad.place.file.as_str(), bad.place.line), ("00000004.jsonl", 1));
}

#[test]
fn a_line_is_what_serialising_a_receipt_gives() {
    let place = CLEAN.prepare();
    let text = fs::read_to_string(place.file("00000001.jsonl")).unwrap();
    for line in text.lines() {
        let receipt: Receipt<'_> = serde_json::from_str(line).unwrap();
        assert_eq!(serde_json::to_string(&receipt).unwrap(), line);
    }
    assert!(text.starts_with(r#"{"version":1,"seq":1,"prev":"0000"#), "{text}");
}

#[test]
fn a_huge_event_is_cut_and_says_so() {
    let place = Place::new();
    let mut event = sample::event(0).unwrap();
    event.command = "\u{1}\"🦀".repeat(100_000);
    event.faults = vec!["x".repeat(10_000); 50];
    event.findings = vec![sample::finding(Severity::Low).unwrap(); 5000];
    event.findings.push(sample::finding(Severity::Critical).unwrap());
    event.channels = std::iter::repeat_n(event.channels, 20_000).flatten().collect();
    place.open().unwrap().append(&event, Durability::Lazy).unwrap();
    let line = fs::read(place.file("00000001.jsonl")).unwrap();
    assert!(line.len() <= MAX_LINE && line.len() > MAX_LINE / 2, "{}", line.len());
    let receipt = place.receipts().remove(0);
    assert_eq!(receipt.event.findings.last().unwrap().severity, Severity::Critical);
    let fault = receipt.event.faults.last().unwrap();
    assert!(fault.contains("of 5001 findings") && fault.contains("of 40000 channels"), "{fault}");
    assert!(place.verify().is_intact());
}

#[test]
fn an_event_of_any_size_fits() {
    for length in (63_000..65_500).step_by(7) {
        let mut event = sample::event(0).unwrap();
        event.command = "x".repeat(length);
        let mut draft = Draft::of(&event).unwrap();
        let (line, _) = draft.finish(u64::MAX, datafog_core::Digest::ZERO);
        assert!(line.len() <= MAX_LINE, "{length}");
        assert!(serde_json::from_slice::<Receipt<'_>>(line).is_ok());
    }
}
