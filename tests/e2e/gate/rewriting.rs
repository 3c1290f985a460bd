//! Commands that run in a safer form, as a person or an agent meets them.

use std::fs;
use std::path::Path;

use crate::support::{Install, SYSTEM_PATH};

/// An installation whose policy wants `rewrite` where these conditions hold.
fn with_rewrite(commands: &[&str], rewrite: &str, conditions: &str) -> Install {
    let install = Install::new(commands);
    let policy = format!(
        "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"safer\"\neffect = \"transform\"\n\
         rewrite = \"{rewrite}\"\nreason = \"so it is\"\n[rule.when]\n{conditions}\n"
    );
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install
}

const FORCED: &str = "command = \"git\"\nsubcommand = \"push\"\noption = \"--force\"";

#[test]
fn the_safer_form_runs_one_line_says_so_and_the_receipt_has_both() {
    let install = with_rewrite(&["git"], "force-with-lease", FORCED);
    install.stand_in("git");
    let ended = install.shim("git", ["push", "-fu", "origin", "a b"]).run();
    let told = ended.stderr();
    ended.succeeds();
    assert_eq!(install.ran(), "git push --force-with-lease -u origin a b\n");
    assert_eq!(told.lines().count(), 1, "{told}");
    assert!(told.starts_with("datafog: REWRITTEN  "), "{told}");
    let [before, after] = ["git push -fu origin", "git push --force-with-lease -u origin"];
    assert!(
        told.split_once(" ran as: ")
            .is_some_and(|(one, other)| one.contains(before) && other.contains(after)),
        "{told}"
    );
    let receipts = install.receipts();
    let last = receipts.last().unwrap();
    assert_eq!((&last["decision"], &last["enforcement"]), (&"transform".into(), &"exec".into()));
    assert_eq!(last["rewritten"]["by"][0], "force-with-lease");
    assert_ne!(last["rewritten"]["action_digest"], last["action_digest"]);
    install.datafog(["receipts", "verify"]).run().succeeds();
    // What needs no safer form says nothing.
    let ended = install.shim("git", ["push", "origin", "topic"]).run();
    assert_eq!(ended.stderr(), "");
    assert_eq!(install.ran(), "git push origin topic\n");
    let report = install.datafog(["check", "--json", "--", "git", "push", "-f"]).run().json();
    assert_eq!(report["rewritten"]["command"], "git push --force-with-lease");
    assert_eq!(install.ran(), "");
}

#[test]
fn observing_changes_nothing() {
    let install = with_rewrite(&["git"], "force-with-lease", FORCED);
    install.stand_in("git");
    install.datafog(["mode", "observe"]).run().succeeds();
    let ended = install.shim("git", ["push", "-f"]).run();
    assert_eq!(ended.stderr(), "");
    assert_eq!(install.ran(), "git push -f\n");
}

#[test]
fn without_a_safe_form_it_is_held() {
    let install = with_rewrite(&["git"], "force-with-lease", FORCED);
    install.stand_in("git");
    let ended = install.shim("git", ["push", "-f", "--mirror", "backup"]).run();
    assert_eq!(ended.code(), 126, "{}", ended.stderr());
    assert!(ended.stderr().contains("decision=require_approval"), "{}", ended.stderr());
    assert_eq!(install.ran(), "");
}

#[test]
fn a_line_runs_with_the_command_in_question_changed() {
    let install = with_rewrite(&["git"], "force-with-lease", FORCED);
    install.stand_in("git");
    let text = "echo 'a  b'; git   push -f origin \"x  y\"";
    let ended = install.datafog(["shell", text]).run();
    assert_eq!(ended.stdout(), "a  b\n", "{}", ended.stderr());
    assert_eq!(install.ran(), "git push --force-with-lease origin x  y\n");
}

#[test]
fn what_rm_would_remove_can_be_had_back() {
    let install = with_rewrite(&["rm"], "move-to-trash", "command = \"rm\"");
    install.stand_in("rm");
    let folder = install.work().join("-d");
    fs::create_dir_all(folder.join("e")).unwrap();
    fs::write(folder.join("e/it's"), "x").unwrap();
    let ended = install.shim("rm", ["-rf", "--", "-d", "none"]).run();
    assert!(ended.stderr().contains("ran as: datafog trash put -r -f --"), "{}", ended.stderr());
    ended.succeeds();
    assert!(!folder.exists());
    assert_eq!(install.ran(), "", "rm itself was not started");
    let told = install.datafog(["trash", "list", "--json"]).run().json();
    assert_eq!(told["entries"][0]["path"], folder.to_str().unwrap());
    install.datafog(["trash", "restore", "--", "-d"]).run().succeeds();
    assert_eq!(fs::read_to_string(folder.join("e/it's")).unwrap(), "x");
    // Who may not remove may not do this either.
    let home = install.home();
    let ended = install.datafog(["trash", "put", "-r"]).args([&home]).run();
    assert_eq!(ended.code(), 126, "{}", ended.stderr());
    assert!(home.exists());
}

#[test]
fn an_agent_removes_into_the_trash_what_no_commit_holds() {
    let install = Install::new(&[]);
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\nextends = [\"starter\", \"agents\"]\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    install.plain_bash("git init -q && mkdir target && echo x > new && echo x > target/new").run();
    install.stand_in("rm");
    let agent = |path: &str| install.shim("rm", ["-f", path]).env("CLAUDECODE", "1").run();
    let ended = agent("new");
    assert!(ended.stderr().contains("ran as: datafog trash put -f -- new"), "{}", ended.stderr());
    ended.succeeds();
    assert_eq!((install.ran(), install.work().join("new").exists()), (String::new(), false));
    install.datafog(["trash", "restore", "new"]).run().succeeds();
    assert!(install.work().join("new").exists());
    // What a build made is removed as it is.
    agent("target/new").succeeds();
    assert_eq!(install.ran(), "rm -f target/new\n");
}

#[test]
fn what_stands_in_an_option_or_an_alias_is_kept_too() {
    let conditions = "command = \"git\"\nsubcommand = \"reset\"\noption = \"--hard\"";
    let install = with_rewrite(&["git"], "stash-first", conditions);
    install.plain_bash("git init -q && git config alias.undo 'reset --hard'").run().succeeds();
    let told = |words: &[&str]| {
        let start = install.datafog(["check", "--json", "--", "git"]).args(words);
        start.env("CLAUDECODE", "1").run().json()
    };
    // Our own program in the value of an option is no file that an agent writes.
    let report = told(&["rebase", "-x", "git reset --hard", "HEAD~1"]);
    assert_eq!(report["decision"], "transform", "{report}");
    assert_eq!(report["rewritten"]["by"][0], "stash-first", "{report}");
    let report = told(&["undo", "HEAD~1"]);
    assert_eq!(report["decision"], "transform", "{report}");
    assert_eq!(report["rewritten"]["command"], "datafog keep -- git undo HEAD~1");
}

/// The real git, with a name for what it writes.
fn git(install: &Install, program: &Path, words: &[&str]) -> String {
    let names =
        ["GIT_AUTHOR_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_NAME", "GIT_COMMITTER_EMAIL"];
    let start = install.start(program, words).env("PATH", SYSTEM_PATH);
    let ended = names.iter().fold(start, |start, name| start.env(name, "x@example.com")).run();
    let told = ended.stdout();
    ended.succeeds();
    told
}

#[test]
fn work_that_git_would_discard_is_kept_first() {
    let conditions = "command = \"git\"\nany = [{ subcommand = \"reset\", option = \"--hard\" }, \
                      { subcommand = \"clean\", option = \"--force\" }]";
    let install = with_rewrite(&["git"], "stash-first", conditions);
    let real = Path::new("/usr/bin/git");
    if !real.exists() {
        return;
    }
    let (shim, work) = (install.root().join("shims/git"), install.work());
    git(&install, real, &["init", "-q"]);
    fs::write(work.join("f"), "1\n").unwrap();
    git(&install, real, &["add", "f"]);
    git(&install, real, &["commit", "-qm", "x"]);
    fs::write(work.join("f"), "mine\n").unwrap();
    fs::write(work.join("new"), "also mine\n").unwrap();
    git(&install, &shim, &["reset", "-q", "--hard"]);
    assert_eq!(fs::read_to_string(work.join("f")).unwrap(), "1\n");
    assert_eq!(fs::read_to_string(work.join("new")).unwrap(), "also mine\n");
    git(&install, real, &["stash", "pop", "-q"]);
    assert_eq!(fs::read_to_string(work.join("f")).unwrap(), "mine\n");
    git(&install, real, &["checkout", "-q", "--", "f"]);
    git(&install, &shim, &["clean", "-fdq"]);
    assert!(!work.join("new").exists());
    git(&install, real, &["stash", "pop", "-q"]);
    assert_eq!(fs::read_to_string(work.join("new")).unwrap(), "also mine\n");
    // Nothing to keep: nothing is kept.
    git(&install, real, &["add", "."]);
    git(&install, real, &["commit", "-qm", "y"]);
    git(&install, &shim, &["reset", "-q", "--hard"]);
    assert_eq!(git(&install, real, &["stash", "list"]), "");
}

#[test]
fn scripts_are_shown_and_commands_told() {
    let install = Install::new(&["git"]);
    let ended = install.datafog(["show-script"]).run_with(b"echo run\x1b[2J\n");
    let told = ended.stdout();
    ended.succeeds();
    assert!(told.contains("not run; 13 bytes, 1 lines") && !told.contains('\x1b'), "{told}");
    assert_eq!(install.read("scripts/script-1.txt"), "echo run\x1b[2J\n");
    let told = install.datafog(["would-run", "--", "cp", "a b", "$(id)"]).run().stdout();
    assert_eq!(told, "would run: cp 'a b' '$(id)'\n");
}
