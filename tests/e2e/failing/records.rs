//! A ledger that cannot be written.

use std::fs::{self, File};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use nix::fcntl::{Flock, FlockArg};

use crate::failing::{
    assert_fails_closed, assert_refused, assert_untouched, call, enforced, observing, plain,
};
use crate::support::Install;

#[test]
fn a_ledger_that_is_no_folder_stops_an_enforcing_installation() {
    assert_fails_closed("receipt cannot be written", |root| {
        fs::remove_dir_all(root.join("receipts")).unwrap();
        fs::write(root.join("receipts"), "").unwrap();
    });
    assert_fails_closed("receipt cannot be written", |root| {
        fs::rename(root.join("receipts"), root.join("elsewhere")).unwrap();
        symlink("elsewhere", root.join("receipts")).unwrap();
    });
    for name in ["00000001.jsonl", "head"] {
        assert_fails_closed("receipt cannot be written", |root| {
            fs::remove_file(root.join("receipts").join(name)).unwrap();
            fs::create_dir(root.join("receipts").join(name)).unwrap();
        });
    }
}

#[test]
fn a_ledger_that_others_can_write_stops_an_enforcing_installation() {
    for (name, mode) in [("", 0o770), ("", 0o707), ("00000001.jsonl", 0o620), ("head", 0o606)] {
        assert_fails_closed("receipt cannot be written", |root| {
            let path = root.join("receipts").join(name);
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        });
    }
}

/// No room: the limit on file sizes stands for a full disk, and its signal must not kill us.
#[test]
fn without_room_for_the_receipt_nothing_runs_and_the_ledger_stays_whole() {
    for (install, observes) in [(enforced(), false), (observing(), true)] {
        while !has_bytes(&install.root().join("receipts/00000001.jsonl"), 4096) {
            call(&install).run().ends_with(1);
        }
        let before = install.receipts();
        for limit in [0, 1, 4] {
            let limited = |path: &Path| {
                let script =
                    format!("ulimit -f {limit}; exec -a cat '{}' file missing", path.display());
                install.start("/bin/bash".as_ref(), ["-c", &script]).run()
            };
            let ended = limited(&install.root().join("shims/cat"));
            if observes {
                assert_eq!(ended.0, plain(&install).0, "limit {limit}");
            } else {
                assert_refused(ended, "receipt cannot be written");
            }
        }
        assert_eq!(install.receipts(), before, "nothing half-written stays");
        install.datafog(["receipts", "verify"]).run().succeeds();
        call(&install).run().ends_with(1);
        install.datafog(["receipts", "verify"]).run().succeeds();
    }
}

/// The folder of receipts lies on a disk of its own, as `options` make it, for as long as `datafog`
/// runs; `None` where the system lets nobody mount one.
fn on_a_disk(install: &Install, options: &str, datafog: &str) -> Option<String> {
    let script = format!(
        "mount -t tmpfs -o {options} none '{root}/receipts' || exit 77
         dd if=/dev/zero of='{root}/receipts/filler' bs=4096 2>/dev/null
         '{root}/bin/datafog' {datafog}",
        root = install.root().display()
    );
    let ended = install.start("unshare".as_ref(), ["-rm", "sh", "-c", &script]).run();
    let said = ended.stdout();
    (said.contains("receipts")).then(|| said.to_owned())
}

#[test]
fn a_disk_that_takes_no_receipt_is_told() {
    let install = enforced();
    for (options, why) in [("ro", "it takes no writes"), ("size=64k,mode=700", "the disk is full")]
    {
        for command in ["status --json", "doctor --json"] {
            let Some(said) = on_a_disk(&install, options, command) else { continue };
            assert!(said.contains(why), "{command}, {options}: {said}");
        }
    }
    let ended = install.datafog(["status", "--json"]).run().succeeds();
    assert!(!ended.stdout().contains("no receipt can be written"));
}

fn has_bytes(path: &Path, bytes: u64) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.len() > bytes)
}

#[test]
fn a_lock_that_is_never_let_go_is_not_waited_for_for_ever() {
    let (stopped, unharmed) = (enforced(), observing());
    for install in [&stopped, &unharmed] {
        call(install).run().ends_with(1);
    }
    let _held = [hold(&stopped), hold(&unharmed)];
    assert_refused(call(&stopped).run(), "receipt cannot be written");
    assert_untouched(&unharmed, &call(&unharmed).run());
}

fn hold(install: &Install) -> Flock<File> {
    let head = File::open(install.root().join("receipts/head")).unwrap();
    Flock::lock(head, FlockArg::LockExclusive).unwrap()
}

#[test]
fn a_root_that_cannot_be_written_stops_an_enforcing_installation() {
    for (install, observes) in [(enforced(), false), (observing(), true)] {
        call(&install).run().ends_with(1);
        install.give_to_an_ordinary_user();
        let folder = install.root().join("receipts");
        let seal = |file: u32, dir: u32| {
            for name in ["00000001.jsonl", "head"] {
                fs::set_permissions(folder.join(name), fs::Permissions::from_mode(file)).unwrap();
            }
            for path in [&folder, install.root()] {
                fs::set_permissions(path, fs::Permissions::from_mode(dir)).unwrap();
            }
        };
        let as_user = || call(&install).by_an_ordinary_user().run();
        as_user().ends_with(1);
        seal(0o400, 0o500);
        if observes {
            assert_untouched(&install, &as_user());
        } else {
            assert_refused(as_user(), "receipt cannot be written");
        }
        seal(0o600, 0o700);
        as_user().ends_with(1);
    }
}
