//! PATH set-up in real shells: what `init` writes, what shells make of it, what is left after.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::{Ended, Install, SYSTEM_PATH};

/// Every file below `folder` and its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut files = BTreeMap::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(path) = waiting.pop() {
        if path.is_dir() {
            waiting.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        } else {
            files.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    files
}

/// What `command -v git` says in a shell that starts in a home after `init`, without our PATH.
fn answer(install: &Install, shell: &str, arguments: &[&str]) -> Option<String> {
    let program = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(shell));
    let program = program.iter().find(|program| program.exists())?;
    let start = install.start(program, arguments).env("PATH", SYSTEM_PATH).env("TERM", "dumb");
    let output = start.run();
    Some(output.stdout().lines().last().unwrap_or_default().to_owned())
}

#[test]
fn every_shell_finds_the_wrappers_first() {
    let install = Install::bare();
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    let shim = install.root().join("shims/git").display().to_string();
    let forms: [(&str, &[&str]); 9] = [
        ("sh", &["-lc", "command -v git"]),
        ("dash", &["-lc", "command -v git"]),
        ("bash", &["-ic", "command -v git"]),
        ("bash", &["-lc", "command -v git"]),
        ("zsh", &["-c", "command -v git"]),
        ("zsh", &["-lc", "command -v git"]),
        ("zsh", &["-ic", "command -v git"]),
        ("fish", &["-c", "command -v git"]),
        ("fish", &["-lc", "command -v git"]),
    ];
    for (shell, arguments) in forms {
        if let Some(found) = answer(&install, shell, arguments) {
            assert_eq!(found, shim, "{shell} {arguments:?}");
        }
    }
}

#[test]
fn uninstalling_gives_back_every_byte() {
    let install = Install::bare();
    let home = install.home();
    fs::create_dir_all(home.join(".config/fish")).unwrap();
    fs::create_dir_all(home.join(".config/nushell")).unwrap();
    let texts: [(&str, &[u8]); 6] = [
        (".profile", b"# no end"),
        (".bashrc", b"alias ll='ls -l'\r\nexport A=\xff\xfe\r\n"),
        (".bash_profile", b""),
        (".zshrc", b"\n\n"),
        (".config/fish/config.fish", b"set x 1\n"),
        (".config/nushell/config.nu", b"let x = 1"),
    ];
    for (name, text) in texts {
        fs::write(home.join(name), text).unwrap();
    }
    let before = files(&home);
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    let changed = files(&home);
    for name in [".profile", ".bashrc", ".bash_profile", ".zshrc", ".zshenv", ".zprofile"] {
        let text = changed.get(&home.join(name)).unwrap();
        assert!(String::from_utf8_lossy(text).contains("# added by datafog"), "{name}");
    }
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    assert_eq!(files(&home), changed, "twice is once");
    install.datafog(["uninstall"]).run().succeeds();
    assert_eq!(files(&home), before);
}

#[test]
fn an_empty_home_is_empty_again_however_often_it_was_set_up() {
    let install = Install::bare();
    let loose = install.work().join("datafog");
    fs::copy(install.root().join("bin/datafog"), &loose).unwrap();
    for _ in 0..2 {
        install.start(&loose, ["init", "--shims", "git"]).run().succeeds();
        let binary = install.home().join(".datafog/bin/datafog");
        install.start(&binary, ["uninstall", "--purge", "--yes"]).run().succeeds();
        assert_eq!(files(&install.home()), BTreeMap::new());
        assert!(!install.home().join(".datafog").exists());
    }
}

#[test]
fn folders_that_were_made_for_a_start_file_go_with_it() {
    let install = Install::bare();
    install.program("shells/fish", "#!/bin/sh\n");
    let path = format!("{}:{}", install.work().join("shells").display(), SYSTEM_PATH);
    let config = install.home().join(".config");
    let set_up = || {
        let init = install.datafog(["init", "--shims", "git", "--yes"]).env("PATH", &path);
        init.run().succeeds();
        assert!(config.join("fish").is_dir());
    };
    let take_back = || install.datafog(["uninstall"]).env("PATH", &path).run().succeeds();
    set_up();
    take_back();
    assert!(!config.exists(), "nothing was there before");
    let again = install.root().join("bin");
    fs::create_dir_all(&again).unwrap();
    fs::copy(crate::support::binary(), again.join("datafog")).unwrap();
    set_up();
    fs::write(config.join("other"), "").unwrap();
    take_back();
    assert!(config.is_dir() && !config.join("fish").exists(), "only what is empty goes");
}

#[test]
fn uninstalling_keeps_records_and_purging_keeps_nothing() {
    let install = Install::new(&["git"]);
    install.shim("git", ["--version"]).run().succeeds();
    fs::write(install.root().join("not-ours"), "x").unwrap();
    install.datafog(["uninstall"]).run().succeeds();
    let left: Vec<String> = files(install.root())
        .keys()
        .map(|path| path.strip_prefix(install.root()).unwrap().display().to_string())
        .collect();
    assert!(
        left.contains(&"receipts/00000001.jsonl".to_owned()) && left.contains(&"key".to_owned()),
        "{left:?}"
    );
    assert!(!install.root().join("bin").exists() && !install.root().join("shims").exists());

    let install = Install::new(&["git"]);
    fs::write(install.root().join("not-ours"), "x").unwrap();
    install.datafog(["uninstall", "--purge"]).run().ends_with(2);
    install.datafog(["uninstall", "--purge", "--yes"]).run().succeeds();
    let left: Vec<_> = files(install.root()).into_keys().collect();
    assert_eq!(left, [install.root().join("not-ours")]);
    let bin = install.root().join("bin");
    assert!(!bin.exists(), "only what is not ours keeps its folder");
}

#[test]
fn a_rehearsal_of_init_and_uninstall_changes_nothing() {
    let install = Install::bare();
    fs::write(install.home().join(".bashrc"), "x\n").unwrap();
    let before = (files(install.root()), files(&install.home()));
    let dry: Ended = install.datafog(["init", "--dry-run"]).run().succeeds();
    assert!(
        dry.stdout().contains(".bashrc") && dry.stdout().contains("+ if [ -r"),
        "{}",
        dry.stdout()
    );
    assert_eq!((files(install.root()), files(&install.home())), before);
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    let before = (files(install.root()), files(&install.home()));
    install.datafog(["uninstall", "--purge", "--dry-run"]).run().succeeds();
    assert_eq!((files(install.root()), files(&install.home())), before);
}

#[test]
fn a_home_without_path_changes_is_left_alone() {
    let install = Install::bare();
    install.datafog(["init", "--no-path", "--observe"]).run().succeeds();
    assert_eq!(files(&install.home()), BTreeMap::new());
    assert_eq!(install.datafog(["mode"]).run().succeeds().stdout(), "observe\n");
}

#[test]
fn a_start_file_that_cannot_be_written_does_not_stop_the_rest() {
    let install = Install::bare();
    // A folder where a file belongs cannot be read or written, by root either.
    fs::create_dir(install.home().join(".bashrc")).unwrap();
    let failed = install.datafog(["init", "--shims", "git"]).run();
    assert_eq!(failed.code(), 5, "{}", failed.stderr());
    assert!(failed.stderr().contains(".bashrc"), "{}", failed.stderr());
}

#[test]
fn the_doctor_knows_whether_shells_are_covered() {
    let install = Install::bare();
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    let healthy = install.datafog(["doctor", "--json"]).env("SHELL", "/bin/bash").run();
    assert_eq!(healthy.code(), 0, "{}", healthy.stdout());
    let report = healthy.json();
    assert_eq!(report["healthy"], true);
    let mut checks = report["checks"].as_array().unwrap().iter();
    assert!(checks.all(|check| check["about"] != "wrappers"), "our own link is no stranger");
    let old = install.datafog(["doctor"]).env("PATH", SYSTEM_PATH).run().ends_with(1);
    assert!(
        old.stdout().contains("bash -c") && old.stdout().contains("PROBLEM"),
        "{}",
        old.stdout()
    );
}

#[test]
fn the_doctor_finds_what_later_lines_push_in_front() {
    let install = Install::bare();
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    let other = install.program("other/git", "#!/bin/sh\n");
    let rc = install.home().join(".bashrc");
    let mut text = fs::read_to_string(&rc).unwrap();
    text.push_str(&format!("PATH='{}':$PATH\n", other.parent().unwrap().display()));
    fs::write(&rc, text).unwrap();
    let found = install.datafog(["doctor", "--json"]).run().ends_with(1).json();
    let checks = found["checks"].as_array().unwrap();
    let shell = checks.iter().find(|check| check["about"] == "bash -ic").unwrap();
    assert_eq!(shell["level"], "problem");
    assert!(shell["detail"].as_str().unwrap().contains(other.to_str().unwrap()), "{shell}");
}

#[test]
fn the_doctor_mends_what_it_can() {
    let install = Install::bare();
    install.datafog(["init", "--shims", "git"]).run().succeeds();
    fs::remove_file(install.home().join(".bashrc")).unwrap();
    fs::remove_file(install.root().join("env")).unwrap();
    let root = install.root();
    fs::set_permissions(root, std::os::unix::fs::PermissionsExt::from_mode(0o777)).unwrap();
    assert_eq!(install.shim("git", ["--version"]).run().code(), 125, "others could change it");
    install.datafog(["doctor"]).run().ends_with(1);
    install.datafog(["doctor", "--fix"]).run().succeeds();
    install.shim("git", ["--version"]).run().succeeds();
    assert!(root.join("env").exists() && install.home().join(".bashrc").exists());
}
