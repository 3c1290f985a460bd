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

/// The rule that speaks, in this environment.
fn rule_with(install: &Install, line: &str, variables: &[(&str, &str)]) -> String {
    let start = install.datafog(["check", "--json", "-c", line]);
    let start = variables.iter().fold(start, |start, (name, value)| start.env(name, value));
    start.run().json()["rule"].as_str().unwrap_or("none").to_owned()
}

#[test]
fn a_project_is_entered_by_variables_settings_and_starters_too() {
    let install = with(&["one", "two"]);
    for folder in ["free", "free/.git"] {
        fs::create_dir(install.work().join(folder)).unwrap();
    }
    for line in [
        "GIT_DIR=one/.git git status",
        "export GIT_DIR=one/.git; git status",
        "env GIT_DIR=one/.git git status",
        "env -C two ls; env GIT_WORK_TREE=two git status",
        "sudo GIT_DIR=one/.git git status",
        "GIT_DIR=\"$(cat where)\" git status",
        "git -c core.worktree=../one status",
        "git -c CORE.worktree=one status",
        "T=one git --config-env=core.worktree=T status",
        "GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=core.worktree GIT_CONFIG_VALUE_0=one git status",
        "CDPATH=$PWD; cd free; cd one; git status",
        "CDPATH=$PWD; cd one && git status",
        "cd free; cd -; pushd one; pushd ../free; popd; git status",
        "sudo -D one git status",
        "sudo --chdir=one make",
        "systemd-run --user --working-directory=\"$PWD/one\" git status",
        "systemd-run -p WorkingDirectory=one git status",
        "find one -name x -execdir git status ';'",
        "find . -execdir git status ';'",
        "find . -type d -exec git -C {} status ';'",
        "find . -name .git -exec git -C {}/.. status ';'",
        "make -f one/Makefile",
        "for d in */; do (cd \"$d\" && git status); done",
    ] {
        assert_eq!(rule(&install, line), "in-project", "{line}");
    }
    for line in [
        "GIT_DIR=free/.git git status",
        "GIT_DIR=one/.git make",
        "CDPATH=$PWD; cd free && git status",
        "cd one; cd -; git status",
        "pushd one; popd; git status",
        "sudo -D free git status",
        "find free -execdir git status ';'",
        "find one -name x -execdir ls ';'",
        "make -f free/Makefile",
        "find one -type f -exec grep x {} +",
    ] {
        assert_eq!(rule(&install, line), "none", "{line}");
    }
    let outside = [("GIT_DIR", "one/.git")];
    assert_eq!(rule_with(&install, "git status", &outside), "in-project");
    assert_eq!(rule_with(&install, "env -u GIT_DIR git status", &outside), "none");
    assert_eq!(
        rule_with(&install, "cd free && cd one && git status", &[("CDPATH", "..")]),
        "in-project"
    );
    install
        .shim("git", ["status"])
        .env("GIT_WORK_TREE", install.work().join("two"))
        .run()
        .assert_denied(&install, "in-project");
    install.shim("git", ["status"]).env("GIT_DIR", "free/.git").run().succeeds();
}

#[test]
fn a_folder_that_only_the_run_can_tell_may_be_that_of_any_project() {
    let install = with(&["one"]);
    fs::create_dir_all(install.work().join("free/.git")).unwrap();
    for line in [
        "cd \"$(cat where)\" && git status",
        "cd \"$(cat where)\"; cd sub; git status",
        "git -C \"$(cat where)\" status",
        "git --git-dir=\"$(cat where)\" status",
        "popd; git status",
        "cat list | while read d; do cd \"$d\"; git status; done",
        "cat list | xargs -I{} git -C {} status",
    ] {
        assert_eq!(rule(&install, line), "in-project", "{line}");
    }
    // What can be told is told, and what no rule of the project names passes.
    for line in [
        "cd free/.git; cd \"$(git rev-parse --show-toplevel)\" && git status",
        "cd \"$(mktemp -d)\" && git init && git status",
        "cd \"$(dirname free/x)\" && make",
        "cd \"$(cat where)\" && ls",
        "x=$(cat where); git status",
    ] {
        assert_eq!(rule(&install, line), "none", "{line}");
    }
}

#[test]
fn rules_about_places_count_where_nobody_knows_the_place() {
    let install = with(&[]);
    let rule_of = |id: &str, when: &str| {
        format!(
            "[[rule]]\nid = \"{id}\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
             [rule.when]\n{when}\n"
        )
    };
    let head = "[policy]\nid = \"own\"\nversion = \"1\"\n";
    let rules = [
        rule_of("release", "command = \"make\"\ncwd = \"/srv/release/**\""),
        rule_of("main", "command = \"git\"\nsubcommand = \"commit\"\nbranch = \"main\""),
        rule_of("keys", "command = \"cat\"\noperand = \"/srv/keys/*.key\""),
    ];
    fs::write(install.root().join("policy.toml"), format!("{head}{}", rules.concat())).unwrap();
    for (line, expected) in [
        ("cd \"$(cat where)\" && make", "release"),
        ("cd \"$(cat where)\" && git commit -m x", "main"),
        ("cd \"$(cat where)\" && cat a.key", "keys"),
        ("cd \"$(cat where)\" && cat keys/../a.key", "keys"),
        ("cd \"$(cat where)\" && cat a.txt", "none"),
        ("cd \"$(cat where)\" && git status", "none"),
        ("cd /tmp && make", "none"),
        ("cd \"$(cat where)\" && cat /srv/a.key", "none"),
    ] {
        assert_eq!(rule(&install, line), expected, "{line}");
    }
}

#[test]
fn a_tool_that_names_a_project_is_judged_by_its_rules() {
    let install = with(&["one"]);
    let path = install.work().join("one/.datafog.toml");
    let text = fs::read_to_string(&path).unwrap();
    let more = "[[rule]]\nid = \"no-commits\"\neffect = \"deny\"\nreason = \"r\"\ninstead = \"i\"\n\
                [rule.when]\ntool = \"git_commit\"\n";
    fs::write(&path, text + more).unwrap();
    install.datafog(["policy", "trust", "one"]).run().succeeds();
    let rule = |tool: &str, arguments: &str| {
        let ended = install.datafog(["check", "--json", "--tool", tool, "--args", arguments]).run();
        ended.json()["rule"].as_str().unwrap_or("none").to_owned()
    };
    for (tool, arguments, expected) in [
        ("git_commit", r#"{"repo_path":"one","message":"x"}"#, "no-commits"),
        ("git_commit", r#"{"repoPath":"one/sub","message":"x"}"#, "no-commits"),
        ("git_commit", r#"{"working_directory":"one"}"#, "no-commits"),
        ("git_commit", r#"{"call":{"cwd":"one"}}"#, "no-commits"),
        ("git_commit", r#"{"repo_path":"free"}"#, "none"),
        ("bash", r#"{"command":"git status","cwd":"one"}"#, "in-project"),
        ("bash", r#"{"command":"git status","repo_path":"one"}"#, "in-project"),
        ("bash", r#"{"steps":[{"command":"git status","workingDirectory":"one"}]}"#, "in-project"),
        ("bash", r#"{"command":"git status","cwd":"free"}"#, "none"),
        ("bash", r#"{"command":"git -C one status"}"#, "in-project"),
    ] {
        assert_eq!(rule(tool, arguments), expected, "{tool} {arguments}");
    }
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

#[test]
fn an_answer_counts_for_the_rules_of_every_project_that_was_asked() {
    let install = with(&["one"]);
    let path = install.work().join("one/.datafog.toml");
    let held = fs::read_to_string(&path).unwrap().replace("\"deny\"", "\"require_approval\"");
    let trusted = |text: &str| {
        fs::write(&path, text).unwrap();
        install.datafog(["policy", "trust", "one"]).run().succeeds();
        let stderr = install.shim("git", ["-C", "one", "status"]).run().ends_with(126).stderr();
        let after = stderr.split("datafog approvals ").nth(1).unwrap_or_else(|| panic!("{stderr}"));
        after.split_ascii_whitespace().nth(1).unwrap().to_owned()
    };
    let first = trusted(&held);
    assert_eq!(trusted(&held), first, "the same call under the same rules");
    assert_ne!(trusted(&held.replace("reason = \"r\"", "reason = \"s\"")), first);
    let shown = install.datafog(["explain", "--", "git", "-C", "one", "status"]).run().stdout();
    assert!(shown.contains("one/.datafog.toml:"), "{shown}");
}
