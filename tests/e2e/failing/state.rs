//! The compiled cache and the key.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::failing::{
    assert_fails_closed, assert_refused, assert_untouched, call, enforced, observing,
};

const RULE: &str = "[policy]\nid = \"x\"\nversion = \"1\"\n[[rule]]\nid = \"no-cat\"\neffect = \"deny\"\nreason = \"r\"\n[rule.when]\ncommand = \"cat\"\n";

/// Damages a cache, given the folder of the cache and a cache of another installation.
type Damage = fn(&Path, &[u8]);

const DAMAGES: &[(&str, Damage)] = &[
    ("empty", |file, _| fs::write(file, b"").unwrap()),
    ("garbage", |file, _| fs::write(file, [0xa5; 5000]).unwrap()),
    ("truncated", |file, _| {
        let bytes = fs::read(file).unwrap();
        fs::write(file, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("longer", |file, _| {
        let mut bytes = fs::read(file).unwrap();
        bytes.push(0);
        fs::write(file, bytes).unwrap();
    }),
    ("of another key", |file, other| fs::write(file, other).unwrap()),
    ("a folder", |file, _| {
        fs::remove_file(file).unwrap();
        fs::create_dir(file).unwrap();
    }),
    ("a link to nowhere", |file, _| {
        fs::remove_file(file).unwrap();
        symlink("/no/such/file", file).unwrap();
    }),
    ("gone", |file, _| fs::remove_dir_all(file.parent().unwrap()).unwrap()),
    ("no folder", |file, _| {
        fs::remove_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file.parent().unwrap(), "").unwrap();
    }),
];

#[test]
fn a_cache_that_is_not_ours_is_made_anew() {
    let other = observing();
    call(&other).run().ends_with(1);
    let foreign = fs::read(other.root().join("cache/state")).unwrap();
    for (name, damage) in DAMAGES {
        let install = enforced();
        fs::write(install.root().join("policy.toml"), RULE).unwrap();
        call(&install).run().ends_with(126);
        damage(&install.root().join("cache/state"), &foreign);
        for _ in 0..2 {
            let denied = call(&install).run().assert_denied(&install, "no-cat");
            assert!(denied.get("faults").is_none(), "{name}: {denied}");
        }
    }
}

#[test]
fn no_flipped_bit_of_a_cache_is_believed() {
    let install = enforced();
    fs::write(install.root().join("policy.toml"), RULE).unwrap();
    call(&install).run().ends_with(126);
    let file = install.root().join("cache/state");
    let good = fs::read(&file).unwrap();
    for at in (0..good.len()).step_by(good.len() / 40) {
        let mut bad = good.clone();
        bad[at] ^= 1 << (at % 8);
        fs::write(&file, &bad).unwrap();
        // Where the call reaches what is damaged behind the keyed head, it is stopped and the
        // next one makes the cache anew; elsewhere the damage is noticed at once or read by nobody.
        call(&install).run().ends_with(126);
        call(&install).run().assert_denied(&install, "no-cat");
    }
}

#[test]
fn a_cache_follows_the_files_that_it_was_made_from() {
    let install = enforced();
    let path = install.root().join("policy.toml");
    let (deny, allow) = (RULE, RULE.replace("\"cat\"", "\"env\""));
    assert_eq!(deny.len(), allow.len(), "the size alone tells nothing");
    for round in 0..6 {
        fs::write(&path, if round % 2 == 0 { deny } else { &allow }).unwrap();
        let code = if round % 2 == 0 { 126 } else { 1 };
        call(&install).run().ends_with(code);
    }
    // Put back as it was, time of change included as far as anybody can set it.
    let before = fs::metadata(&path).unwrap().modified().unwrap();
    fs::write(&path, deny).unwrap();
    fs::File::open(&path).unwrap().set_modified(before).unwrap();
    call(&install).run().ends_with(126);
    fs::remove_file(&path).unwrap();
    call(&install).run().ends_with(1);
}

#[test]
fn a_key_of_another_length_or_kind_is_refused() {
    for length in [0, 31, 33, 4096] {
        assert_fails_closed("key", |root| fs::write(root.join("key"), vec![7; length]).unwrap());
    }
    assert_fails_closed("key", |root| {
        fs::remove_file(root.join("key")).unwrap();
        fs::create_dir(root.join("key")).unwrap();
    });
    assert_fails_closed("key", |root| {
        fs::rename(root.join("key"), root.join("other")).unwrap();
        symlink("other", root.join("key")).unwrap();
    });
    assert_fails_closed("key", |root| {
        fs::remove_file(root.join("key")).unwrap();
        nix::unistd::mkfifo(&root.join("key"), nix::sys::stat::Mode::S_IRWXU).unwrap();
    });
}

#[test]
fn a_key_that_others_can_read_or_write_is_refused() {
    for mode in [0o640, 0o604, 0o620, 0o602, 0o666] {
        assert_fails_closed("by others", |root| {
            fs::set_permissions(root.join("key"), fs::Permissions::from_mode(mode)).unwrap();
        });
    }
}

#[test]
fn a_missing_key_is_made_and_stays() {
    let install = enforced();
    fs::remove_file(install.root().join("key")).unwrap();
    call(&install).run().ends_with(1);
    let key = fs::read(install.root().join("key")).unwrap();
    assert_eq!(key.len(), 32);
    assert_eq!(
        fs::metadata(install.root().join("key")).unwrap().permissions().mode() & 0o777,
        0o600
    );
    call(&install).run().ends_with(1);
    assert_eq!(fs::read(install.root().join("key")).unwrap(), key);
}

#[test]
fn a_broken_key_does_not_make_an_enforcing_installation_observe() {
    let install = observing();
    fs::write(install.root().join("key"), "short").unwrap();
    assert_untouched(&install, &call(&install).run());
    let tightened = call(&install).env("DATAFOG_SHIM_MODE", "enforced").run();
    assert_refused(tightened, "key");
    fs::write(install.root().join("config.toml"), "mode = \"obs\"").unwrap();
    assert_refused(call(&install).run(), "key");
}
