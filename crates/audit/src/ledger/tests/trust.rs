//! Whom the ledger trusts, and for whom it waits.

use super::*;

#[test]
#[cfg(target_os = "linux")]
fn a_process_that_is_replaced_lets_the_lock_go_and_leaves_the_rest_to_exec() {
    let place = CLEAN.prepare();
    let user = nix::unistd::geteuid().as_raw();
    let ledger = Ledger::open_as(&place.path(), user).unwrap();
    let event = sample::event(100).unwrap();
    let recorded = ledger.record_before_exec("run", &event).unwrap();
    assert_eq!(recorded.receipt_id(), Some(event.receipt_id));
    place.append(101).unwrap();
    assert!(place.verify().is_intact() && place.count(100) == 1);
    let folder = place.path().canonicalize().unwrap();
    let mut left = 0;
    for entry in fs::read_dir("/proc/self/fd").unwrap() {
        let path = entry.unwrap().path();
        if fs::read_link(&path).is_ok_and(|target| target.starts_with(&folder)) {
            let number = path.file_name().unwrap().to_str().unwrap();
            let info = fs::read_to_string(format!("/proc/self/fdinfo/{number}")).unwrap();
            let flags = info.lines().find_map(|line| line.strip_prefix("flags:")).unwrap();
            let flags = u32::from_str_radix(flags.trim(), 8).unwrap();
            assert_ne!(flags & 0o2_000_000, 0, "closed by exec (O_CLOEXEC)");
            left += 1;
        }
    }
    assert_eq!(left, 2, "the folder and the file that was written to");
}

#[test]
fn unsafe_folders_and_files_are_refused() {
    let refuses = |damage: &dyn Fn(&Place), reason: &str| {
        let place = CLEAN.prepare();
        damage(&place);
        let error = place.append(100).unwrap_err();
        let text = error.to_string();
        assert!(matches!(error, Error::Untrusted { .. }) && text.contains(reason), "{text}");
    };
    let mode = |name: &'static str, mode: u32| {
        move |place: &Place| {
            fs::set_permissions(place.file(name), fs::Permissions::from_mode(mode)).unwrap();
        }
    };
    refuses(&mode("", 0o770), "is writable by its group");
    refuses(&mode("", 0o702), "is writable by its group");
    refuses(&mode("head", 0o620), "is writable by its group");
    refuses(&mode("head", 0o602), "is writable by its group");
    refuses(&mode("00000001.jsonl", 0o620), "is writable by its group");
    let linked = |name: &'static str| {
        move |place: &Place| {
            let aside = place.dir.path().join("aside");
            fs::rename(place.file(name), &aside).unwrap();
            symlink(aside, place.path().join(name)).unwrap();
        }
    };
    refuses(&linked("head"), "is a symbolic link");
    refuses(&linked("00000001.jsonl"), "is a symbolic link");
    let folder = |name: &'static str| {
        move |place: &Place| {
            fs::remove_file(place.file(name)).unwrap();
            fs::create_dir(place.file(name)).unwrap();
        }
    };
    refuses(&folder("head"), "is no regular file");
    refuses(&folder("00000001.jsonl"), "is no regular file");
    let pipe = |place: &Place| {
        fs::remove_file(place.file("head")).unwrap();
        nix::unistd::mkfifo(&place.file("head"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    };
    refuses(&pipe, "is no regular file");
    refuses(
        &|place: &Place| {
            fs::rename(place.path(), place.dir.path().join("aside")).unwrap();
            symlink(place.dir.path().join("aside"), place.path()).unwrap();
        },
        "a link to one",
    );
}

#[test]
fn new_files_are_for_their_owner_only() {
    let place = State { rotation: 1, ..CLEAN }.prepare();
    place.append(100).unwrap();
    place.add_bytes(b"torn");
    place.append(101).unwrap();
    let mode = |path: PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o7777;
    assert_eq!(mode(place.path()), 0o700);
    assert_eq!(mode(place.file("quarantine")), 0o700);
    assert_eq!(mode(place.file("head")), 0o600);
    assert_eq!(mode(place.file("00000001.jsonl")), 0o600);
}

#[test]
fn a_held_lock_is_waited_for_no_longer_than_told() {
    let place = CLEAN.prepare();
    let head = fs::File::open(place.file("head")).unwrap();
    head.lock().unwrap();
    let ledger = place.open().unwrap().with_wait(Duration::from_millis(20));
    let (value, error) = ledger
        .record("run", &sample::event(100).unwrap(), Durability::Lazy)
        .expect_err("the lock is held");
    assert!(value == "run" && matches!(error, Error::Locked { .. }), "{error}");
    assert!(Recorded::waived(value, Mode::Enforced, &error).is_none());
    head.unlock().unwrap();
    let event = sample::event(101).unwrap();
    let recorded = ledger.record("run", &event, Durability::Synced).unwrap();
    assert_eq!(recorded.receipt_id(), Some(event.receipt_id));
}

#[test]
#[cfg(target_os = "linux")]
fn the_lock_of_a_head_that_was_removed_keeps_nobody_out() {
    let place = CLEAN.prepare();
    let path = place.file("head").canonicalize().unwrap();
    let head = fs::File::open(&path).unwrap();
    head.lock().unwrap();
    let opened = || {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap();
        let targets = descriptors.filter_map(|entry| fs::read_link(entry.unwrap().path()).ok());
        targets.filter(|target| *target == path).count()
    };
    let ledger = place.open().unwrap().with_wait(Duration::from_secs(600));
    std::thread::scope(|scope| {
        let append = || ledger.append(&sample::event(101).unwrap(), Durability::Lazy);
        let writer = scope.spawn(append);
        // It waits for the lock of the head that is removed now.
        while opened() < 2 {
            std::thread::yield_now();
        }
        fs::remove_file(&path).unwrap();
        // Another writer makes a new one, and does not wait.
        place.append(100).unwrap();
        head.unlock().unwrap();
        writer.join().unwrap().unwrap();
    });
    let report = place.verify();
    assert_eq!((report.lines, report.recovery_count, report.is_intact()), (6, 1, true));
    assert_eq!(report.unheaded, 0, "the head that counts was moved, not the removed one");
}

#[test]
fn a_missing_parent_is_an_error() {
    let place = Place::new();
    let error = Ledger::open(&place.file("deeper")).unwrap_err();
    assert!(matches!(error, Error::Io { .. }), "{error}");
    assert!(!error.hint().is_empty());
}
