//! The wrapper links: installing, listing, removing, and what they refuse.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::Path;

use crate::support::{Install, SYSTEM_PATH};

#[test]
fn one_command_makes_a_whole_installation_below_its_root() {
    let install = Install::bare_at("some where/X");
    install.datafog(["hooks", "install", "git"]).run().succeeds();
    let root = install.root();
    for name in ["key", "config.toml", "env", "env.fish", "env.nu", "receipts", "shims"] {
        assert!(root.join(name).exists(), "{name}");
    }
    assert_eq!(fs::read_link(root.join("shims/git")).unwrap(), Path::new("../bin/datafog"));
    assert_eq!(root.join("key").metadata().unwrap().mode() & 0o777, 0o600);
    assert_eq!(root.join("receipts").metadata().unwrap().mode() & 0o777, 0o700);
    assert_eq!(fs::read_dir(install.home()).unwrap().count(), 0, "nothing outside the root");
    let version = install.shim("git", ["--version"]).run().succeeds();
    assert!(version.stdout().starts_with("git version"), "{}", version.stdout());
    assert_eq!(version.stderr(), "");
    assert_eq!(install.receipts().len(), 1);
}

#[test]
fn a_root_that_a_lax_umask_made_is_protected_first() {
    let install = Install::bare();
    for path in
        [install.root().to_owned(), install.root().join("bin"), install.root().join("bin/datafog")]
    {
        fs::set_permissions(path, fs::Permissions::from_mode(0o775)).unwrap();
    }
    install.datafog(["hooks", "install", "git"]).run().succeeds();
    install.shim("git", ["--version"]).run().succeeds();
    assert_eq!(install.root().metadata().unwrap().mode() & 0o022, 0);
}

#[test]
fn installing_twice_changes_nothing() {
    let install = Install::new(&["git"]);
    let (config, link) = (install.read("config.toml"), inode(&install, "shims/git"));
    let again = install.datafog(["hooks", "install", "git"]).run().succeeds();
    assert_eq!(again.stdout(), "");
    assert_eq!(install.read("config.toml"), config);
    assert_eq!(inode(&install, "shims/git"), link);
}

fn inode(install: &Install, name: &str) -> u64 {
    install.root().join(name).symlink_metadata().unwrap().ino()
}

#[test]
fn names_that_are_no_plain_names_are_refused() {
    let install = Install::bare();
    for name in ["../evil", "a/b", "/bin/sh", "..", ".hidden", "", "datafog", "a\nb", "a\u{7}b"] {
        let refused = install.datafog(["hooks", "install", name]).run().ends_with(2);
        assert!(refused.stderr().starts_with("error: "), "{name:?}: {}", refused.stderr());
        assert!(!refused.stderr().contains('\u{7}'), "{name:?}");
    }
    install.datafog(["hooks", "install", "--", "-f"]).run().ends_with(2);
    assert!(!install.root().join("shims").exists(), "nothing is made for a name that is refused");
}

#[test]
fn a_foreign_file_stays_unless_force_moves_it_to_the_backups() {
    let install = Install::new(&[]);
    let path = install.root().join("shims/git");
    fs::remove_file(&path).ok();
    fs::write(&path, "mine").unwrap();
    let refused = install.datafog(["hooks", "install", "git"]).run().ends_with(5);
    assert!(refused.stderr().contains("--force"), "{}", refused.stderr());
    install.datafog(["hooks", "uninstall", "git"]).run().ends_with(5);
    assert_eq!(fs::read_to_string(&path).unwrap(), "mine");
    install.datafog(["hooks", "install", "--force", "git"]).run().succeeds();
    assert!(path.is_symlink());
    assert_eq!(install.read("backups/shims/git"), "mine");
}

#[test]
fn a_recorded_target_is_run_and_flags_may_stand_anywhere() {
    let install = Install::bare();
    let program = install.program("tools/my-git", "#!/bin/sh\necho mine \"$@\"\n");
    let program = program.to_str().unwrap();
    for arguments in [["git", "--target", program], ["--target", program, "git"]] {
        install.datafog(["hooks", "install"]).args(arguments).run().succeeds();
        assert_eq!(install.shim("git", ["status"]).run().succeeds().stdout(), "mine status\n");
    }
    let config = install.read("config.toml");
    assert!(config.contains(&format!("[hooks.git]\ntarget = \"{program}\"\n")), "{config}");
    assert!(config.starts_with("# Settings of datafog."), "comments stay");
    let listed = install.datafog(["hooks", "list", "--json"]).run().succeeds().json();
    assert_eq!(listed["hooks"][0]["target"], program);
    assert_eq!(listed["hooks"][0]["target_recorded"], true);
    install.datafog(["hooks", "uninstall", "git"]).run().succeeds();
    assert!(!install.read("config.toml").contains("[hooks.git]\ntarget = \"/"), "forgotten");
}

#[test]
fn a_target_that_cannot_stand_behind_a_wrapper_is_refused() {
    let install = Install::new(&["curl"]);
    let plain = install.work().join("plain");
    fs::write(&plain, "").unwrap();
    symlink(install.root().join("bin/datafog"), install.work().join("alias")).unwrap();
    let shim = install.root().join("shims/curl");
    let alias = install.work().join("alias");
    for target in [Path::new("/no/such/file"), Path::new("/tmp"), &plain, &shim, &alias] {
        let refused = install.datafog(["hooks", "install", "git", "--target"]).args([target]).run();
        assert_eq!(refused.code(), 2, "{}: {}", target.display(), refused.stderr());
    }
    let two = install.datafog(["hooks", "install", "git", "curl", "--target", "/bin/true"]).run();
    assert_eq!(two.code(), 2);
    assert!(!install.root().join("shims/git").exists());
}

#[test]
fn one_command_may_have_a_mode_of_its_own() {
    let install = Install::new(&["git", "curl"]);
    install.datafog(["hooks", "install", "git", "--mode", "observe"]).run().succeeds();
    let listed = install.datafog(["hooks", "list", "--json"]).run().succeeds().json();
    let mode = |index: usize| listed["hooks"][index]["mode"].clone();
    assert_eq!((mode(0), mode(1)), ("enforced".into(), "observe".into()));
}

#[test]
fn status_tells_who_answers() {
    let install = Install::new(&["git"]);
    let covered = install.datafog(["hooks", "status"]).run().succeeds();
    assert!(covered.stdout().contains("covered"), "{}", covered.stdout());
    let bypassed = install.datafog(["hooks", "status", "--json"]).env("PATH", SYSTEM_PATH).run();
    assert_eq!(bypassed.code(), 1);
    assert_eq!(bypassed.json()["shims_first_on_path"], false);
    assert_eq!(bypassed.json()["hooks"][0]["covered"], false);
}

#[test]
fn a_rehearsal_changes_nothing() {
    let install = Install::bare();
    let dry = install.datafog(["hooks", "install", "git", "--dry-run"]).run().succeeds();
    assert!(dry.stdout().contains("shims/git"), "{}", dry.stdout());
    let names: Vec<_> =
        fs::read_dir(install.root()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["bin"]);
}

#[test]
fn without_names_every_known_command_on_this_machine_is_wrapped() {
    let install = Install::bare();
    install.program("path/git", "#!/bin/sh\n");
    let path = install.work().join("path");
    install.datafog(["hooks", "install"]).env("PATH", &path).run().succeeds();
    let names: Vec<_> = fs::read_dir(install.root().join("shims"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    assert_eq!(names, ["git"]);
    install.datafog(["hooks", "install", "--all"]).env("PATH", &path).run().succeeds();
    assert!(install.root().join("shims/curl").is_symlink());
    install.datafog(["hooks", "uninstall"]).run().succeeds();
    assert_eq!(fs::read_dir(install.root().join("shims")).unwrap().count(), 0);
}

#[test]
fn two_installers_at_once_lose_nothing() {
    let install = Install::bare();
    let names = ["git", "curl", "cat", "alpha", "beta", "gamma"];
    std::thread::scope(|scope| {
        for name in names {
            let install = &install;
            scope.spawn(move || {
                let program = install.program(&format!("tools/{name}"), "#!/bin/sh\n");
                let target = program.to_str().unwrap();
                install.datafog(["hooks", "install", name, "--target", target]).run().succeeds();
            });
        }
    });
    let config = install.read("config.toml");
    for name in names {
        assert!(config.contains(&format!("[hooks.{name}]")), "{name}: {config}");
        assert!(install.root().join("shims").join(name).is_symlink());
    }
}
