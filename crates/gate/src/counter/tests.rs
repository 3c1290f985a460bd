//! Counters that are asked, harmed and asked again.

use std::os::unix::fs::{PermissionsExt, symlink};

use datafog_audit::{Durability, Ledger};
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

use super::*;

#[path = "../../../audit/tests/common/sample.rs"]
mod sample;

/// A moment after the ones of the sample events.
const NOW: u64 = 1_790_000_100_000;

struct Place {
    home: tempfile::TempDir,
    key: Key,
}

impl Place {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        Self { home, key: Key::from_bytes(&[7; 32]).unwrap() }
    }

    fn ledger(&self) -> PathBuf {
        self.home.path().join("receipts")
    }

    fn begun(&self) -> PathBuf {
        self.home.path().join("counting")
    }

    fn file(&self) -> PathBuf {
        self.home.path().join("rate").join(mails().file_name())
    }

    fn ask(&self, counter: &Counter, call: Id, keep: bool) -> io::Result<u32> {
        let (folder, ledger) = (self.home.path().join("rate"), self.ledger());
        let begun = self.begun();
        let places = Places { folder: &folder, ledger: &ledger, begun: &begun, key: &self.key };
        counter.ask(&places, call, keep)
    }

    /// A call as the gate makes it: counted, then recorded.
    fn call(&self, number: u64) -> io::Result<u32> {
        let counted = self.ask(&mails(), id(number), true);
        self.record(number);
        counted
    }

    fn record(&self, number: u64) {
        let event = datafog_core::Event {
            receipt_id: id(number),
            counted: vec!["mails".into()],
            ..sample::event(number).unwrap()
        };
        Ledger::open(&self.ledger()).unwrap().append(&event, Durability::Lazy).unwrap();
    }

    fn would_be(&self) -> io::Result<u32> {
        self.ask(&mails(), id(9000), false)
    }
}

fn mails() -> Counter {
    Counter { rule: "mails".into(), seconds: 3600, most: 50 }
}

/// Ids ascend with their numbers, a millisecond apart.
fn id(number: u64) -> Id {
    let [a, b, c, d, e, f, g, h] = number.to_be_bytes();
    Id::new(NOW.saturating_add(number), [0, 0, a, b, c, d, e, f, g, h])
}

#[test]
fn calls_at_once_are_all_counted_while_counters_vanish() {
    let place = Place::new();
    place.call(0).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let place = &place;
            scope.spawn(move || {
                for number in 0..5 {
                    place.call(1 + thread * 5 + number).unwrap();
                    if number == 2 {
                        let _gone = fs::remove_file(place.file());
                    }
                }
            });
        }
    });
    assert_eq!(place.would_be().unwrap(), 42);
    assert_eq!(place.would_be().unwrap(), 42, "a question does not count");
    let other = Counter { rule: "other".into(), ..mails() };
    assert_eq!(place.ask(&other, id(60), true).unwrap(), 1);
}

#[test]
fn a_counter_that_is_harmed_is_made_anew() {
    type Harm = fn(&Path);
    let harms: [Harm; 9] = [
        |path| fs::remove_file(path).unwrap(),
        |path| fs::write(path, "").unwrap(),
        |path| fs::write(path, "garbage that is no counter of ours at all, and long").unwrap(),
        |path| {
            let bytes = fs::read(path).unwrap();
            fs::write(path, &bytes[..bytes.len() - 16]).unwrap();
        },
        |path| {
            let mut bytes = fs::read(path).unwrap();
            *bytes.last_mut().unwrap() ^= 1;
            fs::write(path, bytes).unwrap();
        },
        |path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap(),
        |path| {
            fs::remove_file(path).unwrap();
            symlink("/dev/null", path).unwrap();
        },
        |path| {
            fs::remove_file(path).unwrap();
            mkfifo(path, Mode::S_IRWXU).unwrap();
        },
        |path| fs::remove_dir_all(path.parent().unwrap()).unwrap(),
    ];
    for (number, harm) in harms.into_iter().enumerate() {
        let place = Place::new();
        for call in 0..4 {
            assert_eq!(place.call(call).unwrap(), u32::try_from(call).unwrap() + 1);
        }
        harm(&place.file());
        assert_eq!(place.would_be().unwrap(), 5, "asked after harm {number}");
        assert_eq!(place.call(4).unwrap(), 5, "after harm {number}");
        assert_eq!(place.call(5).unwrap(), 6, "after harm {number}");
    }
}

#[test]
fn an_earlier_state_that_is_put_back_forgets_nothing() {
    let place = Place::new();
    place.call(0).unwrap();
    let earlier = fs::read(place.file()).unwrap();
    for call in 1..6 {
        place.call(call).unwrap();
    }
    fs::write(place.file(), earlier).unwrap();
    assert_eq!(place.call(6).unwrap(), 7);
    // Nor does one of another counter do.
    let other = Counter { seconds: 60, ..mails() };
    place.ask(&other, id(7), true).unwrap();
    fs::copy(place.home.path().join("rate").join(other.file_name()), place.file()).unwrap();
    assert_eq!(place.would_be().unwrap(), 8);
}

#[test]
fn a_limit_that_is_changed_still_knows_earlier_calls() {
    let place = Place::new();
    let few = Counter { most: 2, ..mails() };
    for call in 0..6 {
        place.ask(&few, id(call), true).unwrap();
        place.record(call);
    }
    assert_eq!(place.ask(&few, id(6), false).unwrap(), 4, "more than two are not remembered");
    assert_eq!(place.would_be().unwrap(), 7);
}

#[test]
fn where_the_ledger_cannot_tell_either_nobody_can() {
    let place = Place::new();
    for call in 0..4 {
        place.call(call).unwrap();
    }
    let line = place.ledger().join("00000001.jsonl");
    let text = fs::read_to_string(&line).unwrap();
    fs::write(&line, text.replacen("mails", "snail", 1)).unwrap();
    assert_eq!(place.would_be().unwrap(), 5, "the counter is whole");
    fs::remove_file(place.file()).unwrap();
    assert!(place.would_be().is_err());
    assert!(place.call(4).is_err());
    assert!(place.call(5).is_err(), "what is broken stays so");
    let later = Id::new(NOW + 2 * 24 * 60 * 60 * 1000, [0; 10]);
    assert_eq!(place.ask(&mails(), later, true).unwrap(), 1, "in time it does not matter");
}

#[test]
fn a_ledger_that_is_taken_away_with_its_counters_is_missed() {
    let place = Place::new();
    for call in 0..4 {
        place.call(call).unwrap();
    }
    let taken = |place: &Place| {
        fs::remove_dir_all(place.ledger()).unwrap();
        fs::remove_dir_all(place.home.path().join("rate")).unwrap();
    };
    taken(&place);
    assert!(place.would_be().is_err() && place.call(60_000).is_err());
    // What others record since is no ledger that counted.
    assert!(place.call(60_001).is_err() && place.would_be().is_err());
    let later = Id::new(NOW + 2 * 24 * 60 * 60 * 1000, [0; 10]);
    assert_eq!(place.ask(&mails(), later, true).unwrap(), 1, "in time it does not matter");
    // A person who says that nothing was counted yet is believed.
    fs::remove_dir_all(place.home.path().join("rate")).unwrap();
    fs::remove_file(place.begun()).unwrap();
    assert_eq!(place.call(60_002).unwrap(), 3, "the two that were recorded, and this one");
    // The word of somebody else is none.
    taken(&place);
    fs::write(place.begun(), [0; 40]).unwrap();
    assert!(place.call(60_003).is_err());
}

#[test]
fn only_what_matters_is_remembered_and_a_clock_set_back_empties_nothing() {
    let place = Place::new();
    let few = Counter { rule: "..".into(), most: 5, ..mails() };
    for number in 0..20 {
        place.ask(&few, id(number), true).unwrap();
    }
    assert_eq!(place.ask(&few, id(20), true).unwrap(), 7);
    let path = place.home.path().join("rate").join(few.file_name());
    assert_eq!(path.metadata().unwrap().len(), 32 + 40 + 6 * 16);
    let back = Id::new(NOW - 3_600_000, [0; 10]);
    assert_eq!(place.ask(&few, back, true).unwrap(), 7);
    let later = Id::new(NOW + 3_700_000, [0; 10]);
    assert_eq!(place.ask(&few, later, true).unwrap(), 1);
}

#[test]
fn what_cannot_be_counted_is_an_error() {
    let place = Place::new();
    fs::create_dir_all(place.file()).unwrap();
    assert!(place.call(0).is_err());
    let place = Place::new();
    fs::write(place.home.path().join("rate"), "").unwrap();
    assert!(place.call(0).is_err());
}
