//! Rules of a trusted project hold for what is done in it, from wherever it is done.

use std::fs;
use std::path::PathBuf;

use crate::support::Install;

/// An installation with trusted projects of these names; all have rules of the same ids.
fn with(projects: &[&str]) -> Install {
    let install = Install::new(&["git", "make", "cargo"]);
    ["git", "make", "cargo"].iter().for_each(|name| install.stand_in(name));
    for name in projects {
        let folder = install.work().join(name);
        fs::create_dir_all(&folder).unwrap();
        let rule = "[[rule]]\nid = \"in-project\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                    [rule.when]\ncommand = [\"cargo\", \"git\", \"make\"]\n";
        let text = format!("[policy]\nid = \"{name}\"\nversion = \"1\"\n{rule}");
        fs::write(folder.join(".datafog.toml"), text).unwrap();
        install.datafog(["policy", "trust", name]).run().succeeds();
    }
    install
}

fn rule(install: &Install, line: &str) -> String {
    let json = install.datafog(["check", "--json", "-c", line]).run().json();
    json["rule"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_command_that_works_in_a_project_is_judged_by_its_rules() {
    let install = with(&["one", "two"]);
    fs::create_dir(install.work().join("free")).unwrap();
    std::os::unix::fs::symlink("one", install.work().join("link")).unwrap();
    for line in [
        "git -C one status",
        "git -C link status",
        "git -C free -C ../two status",
        "git --git-dir one/.git status",
        "git --git-dir=free --work-tree=two status",
        "cd one && git status",
        "cd free; cd ../one/sub; git status",
        "(cd two && make)",
        "env -C one git status",
        "make -C two",
        "make --directory=two all",
        "cargo build --manifest-path one/Cargo.toml",
        "bash -c 'cd one && git status'",
        "sudo git -C one status",
    ] {
        assert_eq!(rule(&install, line), "in-project", "{line}");
    }
    for line in ["git status", "git -C free status", "cd free && git status", "cd one && ls"] {
        assert_eq!(rule(&install, line), "none", "{line}");
    }
    install.shim("git", ["-C", "one", "status"]).run().assert_denied(&install, "in-project");
    install.shim("make", ["-C", "two"]).run().assert_denied(&install, "in-project");
    install.shim("git", ["-C", "free", "status"]).run().succeeds();
    assert_eq!(install.ran(), "git -C free status\n");
}

#[test]
fn rules_of_both_places_hold() {
    let install = with(&["one", "two"]);
    let text = "[policy]\nid = \"three\"\nversion = \"1\"\n[[rule]]\nid = \"here\"\n\
                effect = \"require_approval\"\nreason = \"r\"\n[rule.when]\ncommand = \"ls\"\n";
    fs::write(install.work().join(".datafog.toml"), text).unwrap();
    install.datafog(["policy", "trust"]).run().succeeds();
    assert_eq!(rule(&install, "ls"), "here");
    assert_eq!(rule(&install, "git -C two status; ls"), "in-project");
}

#[test]
fn a_project_that_is_gone_is_told() {
    let install = with(&["one"]);
    let (old, new): (PathBuf, PathBuf) = (install.work().join("one"), install.work().join("moved"));
    fs::rename(&old, &new).unwrap();
    assert_eq!(
        rule(&install, "git -C moved status"),
        "none",
        "another folder, nobody trusts it yet"
    );
    let told = install.datafog(["doctor"]).run();
    let told = told.stdout() + &told.stderr();
    assert!(told.contains("trusted and gone") && told.contains("/one"), "{told}");
    let told = install.datafog(["policy", "effective"]).run().succeeds().stderr();
    assert!(told.contains("/one` is gone"), "{told}");
    let listed = install.datafog(["policy", "trust", "--list"]).run().succeeds().stdout();
    assert!(listed.contains("gone"), "{listed}");
    install.datafog(["policy", "trust", "moved"]).run().succeeds();
    assert_eq!(rule(&install, "git -C moved status"), "in-project");
}
