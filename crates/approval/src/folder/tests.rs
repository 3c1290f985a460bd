//! The folder: who may change it, what survives, and what is no record.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::sync::Barrier;

use datafog_core::ApprovalScope;

use super::*;
use crate::Refusal;
use crate::testing::{at, binding, key, request, word};

fn user() -> u32 {
    nix::unistd::geteuid().as_raw()
}

/// A store in a folder of its own.
struct Place {
    folder: tempfile::TempDir,
    key: Key,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap(), key: key() }
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("approvals")
    }

    fn store(&self) -> FolderStore<'_> {
        FolderStore::new(self.path(), &self.key, user())
    }

    fn asked(&self, id: u8, call: &str) -> Record {
        match self.store().request(request(id, call), &at(0)).unwrap() {
            Spoken::New(record) => *record,
            Spoken::Before(record) => panic!("{record:?}"),
        }
    }
}

fn unseen(_: &Record) -> io::Result<()> {
    Ok(())
}

fn once(store: &FolderStore<'_>, id: Id) -> Result<Record, Error> {
    store.approve(id, (&word(), (ApprovalScope::Once, None).into()), &at(1), &mut unseen)
}

#[test]
fn files_are_ours_alone() {
    let place = Place::new();
    let record = place.asked(1, "x");
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&place.path()), 0o700);
    assert_eq!(mode(&place.path().join(record.id().to_string())), 0o600);
    assert_eq!(fs::read_dir(place.path()).unwrap().count(), 1, "no draft is left");
}

#[test]
fn the_same_call_joins_the_request_that_waits() {
    let place = Place::new();
    let first = place.asked(1, "x");
    let again = place.store().request(request(2, "x"), &at(5)).unwrap();
    assert_eq!(again, Spoken::Before(Box::new(first)));
    place.asked(3, "y");
    assert_eq!(place.store().list().unwrap().records.len(), 2);
    // What nobody answered is asked anew.
    assert!(matches!(place.store().request(request(4, "x"), &at(61)).unwrap(), Spoken::New(_)));
}

#[test]
fn a_no_goes_before_a_yes() {
    let place = Place::new();
    let store = place.store();
    let (one, two) = (place.asked(1, "x"), place.asked(2, "y"));
    let wide = (&word(), (ApprovalScope::Repository, None).into());
    store.approve(two.id(), wide, &at(1), &mut unseen).unwrap();
    store.deny(one.id(), &word(), &at(1), &mut unseen).unwrap();
    let spoken = |id, call| store.request(request(id, call), &at(2)).unwrap().into_record().id();
    assert_eq!(spoken(3, "x"), one.id());
    assert_eq!(spoken(4, "z"), two.id(), "the yes covers every call of that place");
}

#[test]
fn of_many_answers_one_counts() {
    let place = Place::new();
    for round in 0..5 {
        let id = place.asked(round, &round.to_string()).id();
        let barrier = Barrier::new(16);
        let won = std::thread::scope(|scope| {
            let runs: Vec<_> = (0..16)
                .map(|number| {
                    let (place, barrier) = (&place, &barrier);
                    scope.spawn(move || {
                        let store = place.store();
                        barrier.wait();
                        let answer = match number % 3 {
                            0 => once(&store, id),
                            1 => store.deny(id, &word(), &at(1), &mut unseen),
                            _ => store.revoke(id, &word(), &at(1), &mut unseen),
                        };
                        match answer {
                            Ok(_) => number % 3 != 2,
                            Err(Error::Refused(Refusal::Settled(_))) => false,
                            Err(error) => panic!("{error}"),
                        }
                    })
                })
                .collect();
            runs.into_iter().map(|run| run.join().unwrap()).filter(|won| *won).count()
        });
        assert!(won <= 1, "{won}");
    }
}

#[test]
fn of_many_uses_one_counts() {
    let place = Place::new();
    let id = place.asked(1, "x").id();
    once(&place.store(), id).unwrap();
    let used = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..20)
            .map(|_| {
                let place = &place;
                scope.spawn(move || {
                    place.store().consume(id, &binding("x"), &at(2), &mut unseen).is_ok()
                })
            })
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).filter(|used| *used).count()
    });
    assert_eq!(used, 1);
    assert_eq!(place.store().record(id).unwrap().uses(), 1);
}

#[test]
fn what_is_not_written_down_does_not_count() {
    let place = Place::new();
    let id = place.asked(1, "x").id();
    let word = word();
    let yes = (&word, (ApprovalScope::Once, None).into());
    let mut full = |_: &Record| Err(io::ErrorKind::StorageFull.into());
    let failed = place.store().approve(id, yes, &at(1), &mut full);
    assert!(matches!(failed, Err(Error::Unrecorded(_))));
    assert_eq!(place.store().record(id).unwrap().state(&at(1)), ApprovalState::Pending);
}

#[test]
fn forged_edited_and_foreign_records_are_none() {
    let place = Place::new();
    let store = place.store();
    let record = place.asked(1, "x");
    let path = place.path().join(record.id().to_string());
    let good = fs::read(&path).unwrap();
    let refused = || {
        let listing = store.list().unwrap();
        assert!(listing.records.is_empty() && listing.strange == [path.clone()]);
        assert!(matches!(
            store.record(record.id()),
            Err(Error::Untrusted { .. } | Error::Io { .. })
        ));
        assert!(once(&store, record.id()).is_err());
    };
    // Edited: the state alone, by hand.
    let edited = String::from_utf8(good.clone()).unwrap().replace("\"pending\"", "\"approved\"");
    fs::write(&path, edited).unwrap();
    refused();
    // Made with another key.
    let other = Key::new(&[9; 32]);
    fs::write(&path, encode(&record, &other, user()).unwrap()).unwrap();
    refused();
    // Readable by others.
    fs::write(&path, &good).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    refused();
    // A link to a good one, and no file at all.
    fs::remove_file(&path).unwrap();
    let aside = place.folder.path().join("aside");
    fs::write(&aside, &good).unwrap();
    fs::set_permissions(&aside, fs::Permissions::from_mode(0o600)).unwrap();
    symlink(&aside, &path).unwrap();
    refused();
    fs::remove_file(&path).unwrap();
    nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
    refused();
    fs::remove_file(&path).unwrap();
    if user() == 0 {
        fs::write(&path, &good).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        std::os::unix::fs::chown(&path, Some(65534), None).unwrap();
        refused();
    }
}

#[test]
fn a_folder_that_others_can_write_is_not_used() {
    let place = Place::new();
    place.asked(1, "x");
    fs::set_permissions(place.path(), fs::Permissions::from_mode(0o770)).unwrap();
    assert!(matches!(place.store().list(), Err(Error::Untrusted { .. })));
    let refused = place.store().request(request(2, "y"), &at(1));
    assert!(matches!(refused, Err(Error::Untrusted { .. })));
    fs::remove_dir_all(place.path()).unwrap();
    symlink(place.folder.path(), place.path()).unwrap();
    assert!(place.store().list().is_err());
}

#[test]
fn a_record_cannot_stand_in_for_another() {
    let place = Place::new();
    let store = place.store();
    let (one, two) = (place.asked(1, "x"), place.asked(2, "y"));
    once(&store, one.id()).unwrap();
    let path = |id: Id| place.path().join(id.to_string());
    fs::copy(path(one.id()), path(two.id())).unwrap();
    assert!(matches!(store.record(two.id()), Err(Error::Untrusted { .. })));
    assert!(store.consume(one.id(), &binding("y"), &at(2), &mut unseen).is_err());
}

#[test]
fn so_many_wait_and_no_more() {
    let place = Place::new();
    for number in 0..MOST_WAITING {
        place.asked(u8::try_from(number).unwrap(), &number.to_string());
    }
    let crowded = place.store().request(request(200, "more"), &at(1));
    assert!(matches!(crowded, Err(Error::Crowded { waiting: MOST_WAITING })));
    // Those that nobody answered wait no longer.
    place.store().request(request(201, "more"), &at(61)).unwrap();
}

#[test]
fn old_records_go_and_living_ones_stay() {
    let place = Place::new();
    let store = place.store();
    let (denied, granted) = (place.asked(1, "x"), place.asked(2, "y"));
    store.deny(denied.id(), &word(), &at(1), &mut unseen).unwrap();
    let week = (&word(), (ApprovalScope::Exact, Some(600_000)).into());
    store.approve(granted.id(), week, &at(1), &mut unseen).unwrap();
    let late = at(u64::from(KEPT) + 10);
    let almost = at(u64::from(KEPT) - 10);
    store.request(request(3, "z"), &almost).unwrap();
    assert!(store.record(denied.id()).is_ok());
    store.request(request(4, "w"), &late).unwrap();
    assert!(matches!(store.record(denied.id()), Err(Error::Unknown(_))));
}

#[test]
fn a_draft_of_a_killed_process_is_in_nobodys_way() {
    let place = Place::new();
    let record = place.asked(1, "x");
    let draft = place.path().join(format!("{}.new", record.id()));
    fs::write(&draft, "half").unwrap();
    assert!(place.store().list().unwrap().strange.is_empty());
    once(&place.store(), record.id()).unwrap();
    assert!(!draft.exists());
}
