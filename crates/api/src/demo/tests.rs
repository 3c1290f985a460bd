use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt as _;

use datafog_audit::{Filter, list, verify};
use datafog_config::{FileIdentity, Layout};
use datafog_core::{Mode, ReceiptKind, Verdict};

use super::*;
use crate::store::Query;

fn installation(root: &Path) -> Installation {
    let own = FileIdentity::of(&std::env::current_exe().unwrap().metadata().unwrap());
    let user = root.parent().unwrap().metadata().unwrap().uid();
    Installation { layout: Layout::at(root).with_system(root.join("no-system")), own, user }
}

/// 2026-11-20T15:00:00Z.
fn now() -> SystemTime {
    UNIX_EPOCH.checked_add(std::time::Duration::from_secs(1_795_186_800)).unwrap()
}

#[test]
fn both_chains_are_whole_and_everything_is_in_them() {
    let dir = tempfile::tempdir().unwrap();
    let installation = installation(&dir.path().join("demo"));
    let place = Place::File(installation.layout.root().join("server.db"));
    assert!(fill(&installation, &place, (1500, now())).unwrap());
    assert!(is_demo(installation.layout.root()));
    let receipts = installation.layout.receipts();
    assert_eq!(verify(&receipts, None).unwrap().first_bad, None);
    let local: Vec<_> =
        list(&receipts, Filter::default()).unwrap().map(|it| it.unwrap().receipt).collect();
    let runtime = Builder::new_current_thread().enable_all().build().unwrap();
    let store = runtime.block_on(place.open()).unwrap();
    assert!(runtime.block_on(store.verify()).unwrap().flaw.is_none());
    let stored = runtime.block_on(store.entries(&Query::default())).unwrap().total;
    let all = u64::try_from(local.len()).unwrap() + stored;
    assert!((1350..1650).contains(&all), "{all}");
    assert!(local.iter().any(|it| it.event.mode == Mode::Observe));
    let verdicts: BTreeSet<Verdict> = local.iter().map(|it| it.event.decision).collect();
    assert_eq!(verdicts.len(), 5, "{verdicts:?}");
    assert!(local.iter().any(|it| it.event.kind == ReceiptKind::Outcome));
    assert!(local.iter().any(|it| it.event.rewritten.is_some()));
    assert!(local.iter().any(|it| it.event.risk.is_some()));
    let waiting = runtime.block_on(store.waiting("", datafog_approval::Moment::now().wall as i64));
    assert_eq!(waiting.unwrap(), 3);
    // A second time nothing is added.
    assert!(!fill(&installation, &place, (1500, now())).unwrap());
}

#[test]
fn a_folder_with_something_else_is_left_alone() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("key"), "x").unwrap();
    let installation = installation(dir.path());
    let place = Place::File(dir.path().join("server.db"));
    assert!(matches!(fill(&installation, &place, (10, now())), Err(Error::Occupied(_))));
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 1);
}
