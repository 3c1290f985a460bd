//! The contract, and what is SQLite's own: a file, its mode, its triggers, a kill.

use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

use super::*;
use crate::store::contract::{self, Fresh, entry, event};
use crate::store::{Bounds, Flaw, Post as _};

struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        Self { folder: tempfile::tempdir().unwrap() }
    }

    fn path(&self) -> std::path::PathBuf {
        self.folder.path().join("store.db")
    }

    fn open(&self) -> Sqlite {
        Sqlite::open(&self.path()).unwrap()
    }

    /// Changes the file behind the store's back.
    fn behind(&self, statements: &str) -> rusqlite::Result<()> {
        Connection::open(self.path()).unwrap().execute_batch(statements)
    }
}

/// A store with three entries.
async fn three(place: &Place) -> Sqlite {
    let store = place.open();
    for (id, second) in [("a", 1), ("b", 2), ("c", 3)] {
        let written = store.write(entry(&event(id, second))).await.unwrap();
        assert!(matches!(written, Written::Stored(Some(_))));
    }
    store
}

#[tokio::test(flavor = "multi_thread")]
async fn it_keeps_the_contract() {
    for (name, case) in contract::CASES {
        println!("{name}");
        let place = Place::new();
        let store: Fresh = Arc::new(place.open());
        case(store).await;
    }
}

#[tokio::test]
async fn what_was_stored_is_there_when_it_is_opened_again() {
    let place = Place::new();
    drop(three(&place).await);
    let again = place.open();
    assert_eq!(again.verify().await.unwrap(), Verified { entries: 3, flaw: None });
    let written = again.write(entry(&event("d", 4))).await.unwrap();
    assert_eq!(written, Written::Stored(Some(4)));
}

#[tokio::test]
async fn the_database_refuses_to_change_or_remove_an_entry() {
    let place = Place::new();
    let store = three(&place).await;
    for statement in [
        "UPDATE entry SET decision = 'deny' WHERE seq = 2",
        "DELETE FROM entry WHERE seq = 3",
        "UPDATE head SET seq = 2",
        "DELETE FROM head",
        "DELETE FROM told",
        "UPDATE told SET seq = 0",
    ] {
        assert!(place.behind(statement).is_err(), "{statement}");
    }
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 3, flaw: None });
}

#[tokio::test]
async fn edits_of_somebody_who_drops_the_triggers_are_found() {
    let line = "replace(line, 'allow', 'deny')";
    for (statement, flaw) in [
        (format!("UPDATE entry SET line = {line} WHERE seq = 2"), Flaw::Line(2)),
        (String::from("UPDATE entry SET hash = zeroblob(32) WHERE seq = 1"), Flaw::Line(1)),
        (String::from("UPDATE entry SET decision = 'deny' WHERE seq = 3"), Flaw::Columns(3)),
        (String::from("UPDATE entry SET tenant = '' WHERE seq = 3"), Flaw::Columns(3)),
        (String::from("DELETE FROM entry WHERE seq = 2"), Flaw::Missing(2)),
        (String::from("DELETE FROM entry WHERE seq = 3"), Flaw::Head(2)),
    ] {
        let place = Place::new();
        let store = three(&place).await;
        place.behind("DROP TRIGGER entry_stays; DROP TRIGGER entry_is_kept").unwrap();
        place.behind(&statement).unwrap();
        assert_eq!(store.verify().await.unwrap().flaw, Some(flaw), "{statement}");
    }
}

#[tokio::test]
async fn a_file_that_others_may_write_to_is_refused() {
    let place = Place::new();
    drop(place.open());
    let mode = std::fs::metadata(place.path()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    std::fs::set_permissions(place.path(), std::fs::Permissions::from_mode(0o620)).unwrap();
    assert!(matches!(Sqlite::open(&place.path()), Err(Error::Unavailable(_))));
}

#[tokio::test]
async fn tables_of_a_newer_version_are_left_alone() {
    let place = Place::new();
    drop(place.open());
    place.behind("PRAGMA user_version = 99").unwrap();
    assert!(matches!(Sqlite::open(&place.path()), Err(Error::Newer { found: 99, known: 6 })));
}

#[tokio::test]
async fn tables_of_each_earlier_version_are_brought_forward() {
    let steps = [
        include_str!("0001.sql"),
        include_str!("0002.sql"),
        include_str!("0003.sql"),
        include_str!("0004.sql"),
        include_str!("0005.sql"),
    ];
    for version in 1..=steps.len() {
        let place = Place::new();
        std::fs::write(place.path(), "").unwrap();
        let key = "INSERT INTO api_key (id, digest, name, role, tenant, created) \
                   VALUES ('k', zeroblob(32), 'old', 'agent', 'north', 1)";
        let before = [&steps[..version], &[key]].concat().join(";");
        place.behind(&before).unwrap();
        place.behind(&format!("PRAGMA user_version = {version}")).unwrap();
        let store = place.open();
        let key = store.key("k").await.unwrap().unwrap();
        assert_eq!((&*key.name, key.bounds), ("old", Bounds::default()));
        assert!(store.accounts().await.unwrap().is_empty());
        assert!(store.marks("").await.unwrap().is_empty());
        assert_eq!(store.looked_at().await.unwrap(), 0);
        assert!(store.write(entry(&event("a", 1))).await.is_ok());
        assert_eq!(store.waiting("north", 0).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_store_that_another_process_locks_says_so() {
    let place = Place::new();
    let store = place.open();
    let other = Connection::open(place.path()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let refused = store.write(entry(&event("a", 1))).await;
    assert!(matches!(refused, Err(Error::Unavailable(_))), "{refused:?}");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.write(entry(&event("a", 1))).await.is_ok(), "and goes on afterwards");
}

/// The process that the next test kills: it stores one entry after the other, many at once, and says
/// which of them it was told are stored. Where the store is it reads from standard input.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "the next test starts it"]
async fn a_process_that_writes_until_it_is_killed() {
    let mut path = String::new();
    std::io::stdin().read_line(&mut path).unwrap();
    if path.trim().is_empty() {
        return;
    }
    let store = Arc::new(Sqlite::open(Path::new(path.trim())).unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..16_u32 {
        let store = Arc::clone(&store);
        let own = std::process::id();
        tasks.spawn(async move {
            for number in 0..u32::MAX {
                let id = format!("{own}-{task}-{number}");
                let written = store.write(entry(&event(&id, 1))).await.unwrap();
                assert!(matches!(written, Written::Stored(Some(_))));
                println!("\nstored {id} .");
            }
        });
    }
    tasks.join_all().await;
}

#[tokio::test]
async fn what_was_told_to_be_stored_outlives_a_kill() {
    let place = Place::new();
    drop(place.open());
    let mut told = Vec::new();
    for _ in 0..5 {
        told.extend(write_and_kill(&place.path()));
        let store = place.open();
        assert_eq!(store.verify().await.unwrap().flaw, None);
        for id in &told {
            assert!(store.entry(None, id).await.unwrap().is_some(), "{id}");
        }
    }
    assert!(told.len() > 5, "{}", told.len());
}

/// Has a process write until it has told of some, kills it, and returns all that it told of.
fn write_and_kill(path: &Path) -> Vec<String> {
    let child = "store::sqlite::tests::a_process_that_writes_until_it_is_killed";
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", child, "--ignored", "--nocapture"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut stdin = process.stdin.take().unwrap();
    writeln!(stdin, "{}", path.display()).unwrap();
    let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
    let stored = |line: std::io::Result<String>| {
        // A line that was cut off lacks its end.
        let line = line.ok()?;
        Some(line.strip_prefix("stored ")?.strip_suffix(" .")?.to_owned())
    };
    let mut told: Vec<String> = lines.by_ref().filter_map(stored).take(40).collect();
    process.kill().unwrap();
    told.extend(lines.filter_map(stored));
    process.wait().unwrap();
    told
}
