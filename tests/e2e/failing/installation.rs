//! The installation itself: where the binary is, who could change it, who runs it.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use crate::failing::{
    assert_fails_closed, assert_refused, assert_untouched, call, enforced, observing, plain,
};

/// Others could have put anything there, the mode included, so neither mode runs anything.
#[test]
fn a_root_folder_or_binary_that_others_can_write_is_refused_in_both_modes() {
    for install in [enforced(), observing()] {
        for (name, bad, good) in [
            ("", 0o775, 0o755),
            ("", 0o757, 0o755),
            ("", 0o777, 0o700),
            ("bin", 0o775, 0o755),
            ("bin", 0o757, 0o755),
            ("shims", 0o775, 0o755),
            ("shims", 0o757, 0o700),
            ("bin/datafog", 0o775, 0o755),
            ("bin/datafog", 0o757, 0o755),
        ] {
            let path = install.root().join(name);
            fs::set_permissions(&path, fs::Permissions::from_mode(bad)).unwrap();
            assert_refused(call(&install).run(), "can be written by others");
            fs::set_permissions(&path, fs::Permissions::from_mode(good)).unwrap();
            call(&install).run().ends_with(1);
        }
    }
}

#[test]
fn a_binary_outside_of_an_installation_runs_nothing() {
    let install = enforced();
    let binary = install.root().join("bin/datafog");
    for (name, link) in [("elsewhere/cat", false), ("bin/cat", false), ("hard/cat", true)] {
        let path = install.work().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        if link {
            fs::hard_link(&binary, &path).unwrap();
        } else {
            fs::copy(&binary, &path).unwrap();
        }
        assert_refused(install.start(&path, ["file", "missing"]).run(), "cat was not run");
    }
}

#[test]
fn a_name_that_nobody_knows_is_looked_for_and_never_a_pass() {
    let install = enforced();
    std::os::unix::fs::symlink("../bin/datafog", install.root().join("shims/no-such-name"))
        .unwrap();
    let ended = install.shim("no-such-name", ["x"]).run().ends_with(127);
    assert_eq!(ended.stderr(), "datafog: no-such-name: command not found\n");
}

#[test]
fn no_home_is_needed() {
    for install in [enforced(), observing()] {
        let mut start = call(&install);
        start.0.env_remove("HOME");
        assert_untouched(&install, &start.run());
        assert_untouched(&install, &call(&install).env("HOME", "").run());
        assert_untouched(&install, &call(&install).env("HOME", "/no/such/home").run());
        // A user without an entry in the password file.
        if nix::unistd::geteuid().is_root() {
            install.give_to(54321);
            let nobody = call(&install).by_user(54321).run();
            assert_eq!(nobody.0, plain(&install).0);
        }
    }
}

#[test]
fn two_identities_are_refused() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    for install in [enforced(), observing()] {
        install.give_to_an_ordinary_user();
        for ids in [["--ruid=65534", "--euid=0"], ["--rgid=65534", "--egid=0"]] {
            let shim = install.root().join("shims/cat");
            let start = install.start("/usr/bin/setpriv".as_ref(), ids);
            let ended = start.args(["--clear-groups"]).args([shim]).args(["file", "missing"]).run();
            assert_refused(ended, "cat was not run");
        }
    }
}

#[test]
fn what_belongs_to_somebody_else_is_refused() {
    if !nix::unistd::geteuid().is_root() {
        return;
    }
    for name in ["policy.toml", "config.toml", "key", "bin/datafog", ""] {
        let install = enforced();
        let policy = "[policy]\nid = \"x\"\nversion = \"1\"\n";
        fs::write(install.root().join("policy.toml"), policy).unwrap();
        call(&install).run().ends_with(1);
        std::os::unix::fs::chown(install.root().join(name), Some(54321), None).unwrap();
        assert_refused(call(&install).run(), "belongs to somebody else");
    }
}

#[test]
fn what_stands_in_the_place_of_a_file_of_ours_is_not_nothing() {
    for name in ["policy.toml", "config.toml", "trust.toml"] {
        for (what, put) in STRANGERS {
            assert_fails_closed(name, |root| {
                if fs::symlink_metadata(root.join(name)).is_ok() {
                    fs::remove_file(root.join(name)).unwrap();
                }
                put(&root.join(name));
            });
            println!("{name}: {what}");
        }
    }
}

#[test]
fn users_that_cannot_be_read_are_everybody() {
    let install = enforced();
    let rule = "[policy]\nid = \"x\"\nversion = \"1\"\n[[rule]]\nid = \"tenants\"\neffect = \"deny\"\n\
                reason = \"r\"\ninstead = \"i\"\n[rule.when]\ncommand = \"cat\"\ngroup = \"no-such-group\"\n";
    fs::write(install.root().join("policy.toml"), rule).unwrap();
    call(&install).run().ends_with(1);
    for (what, put) in STRANGERS {
        let path = install.root().join("users.toml");
        put(&path);
        call(&install).run().assert_denied(&install, "tenants");
        println!("{what}");
        if path.is_dir() { fs::remove_dir(path).unwrap() } else { fs::remove_file(path).unwrap() }
    }
    call(&install).run().ends_with(1);
}

/// What puts something at a path.
type Put = fn(&Path);

/// What may stand where a file is expected.
const STRANGERS: [(&str, Put); 4] = [
    ("a link that leads nowhere", |path| std::os::unix::fs::symlink("nowhere", path).unwrap()),
    ("a link to itself", |path| {
        std::os::unix::fs::symlink(path.file_name().unwrap(), path).unwrap();
    }),
    ("a folder", |path| fs::create_dir(path).unwrap()),
    ("a pipe", |path| nix::unistd::mkfifo(path, nix::sys::stat::Mode::S_IRWXU).unwrap()),
];

#[test]
fn an_installation_that_others_can_change_answers_no_question() {
    let install = enforced();
    fs::set_permissions(install.root(), fs::Permissions::from_mode(0o777)).unwrap();
    for asked in [
        vec!["check", "--", "cat", "file"],
        vec!["check", "-c", "cat file"],
        vec!["explain", "--", "cat", "file"],
        vec!["run", "--", "cat", "file"],
        vec!["shell", "cat file"],
    ] {
        let told = install.datafog(&asked).run().ends_with(4);
        assert!(told.stderr().contains("can be written by others"), "{}", told.stderr());
        assert_eq!(told.stdout(), "");
    }
}
