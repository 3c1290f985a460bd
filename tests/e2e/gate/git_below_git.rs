//! git below git: what hooks, aliases and other programs of a call start comes to the gate, and what
//! git itself starts for its own work passes as a step of that call.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use crate::support::{Ended, Install};

/// An installation whose policy builds on these, and lets nobody empty a work tree; and a repository
/// with a change that no commit holds.
fn guarded(extends: &str) -> Install {
    let install = Install::new(&["git"]);
    let policy = format!(
        "[policy]\nid = \"kept\"\nversion = \"1\"\nextends = [{extends}]\n\n[[rule]]\nid = \"keeps-work\"\n\
         effect = \"deny\"\nreason = \"work would be gone\"\nmatch = [\"git reset --hard\"]\nnot_match = [\"git status\"]\n\
         [rule.when]\ncommand = \"git\"\nsubcommand = \"reset\"\noption = \"--hard\"\n"
    );
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let settings =
        "[user]\nname = Ann\nemail = a@example.com\n[protocol \"file\"]\nallow = always\n";
    fs::write(install.home().join(".gitconfig"), settings).unwrap();
    let prepare = "git init -q r && cd r && for n in 1 2 3 4; do echo $n > f$n && git add . && git commit -q -m $n; done && echo changed > f1";
    install.plain_bash(prepare).run().succeeds();
    install
}

/// A line in the repository, given by an agent.
fn by_agent(install: &Install, line: &str) -> Ended {
    install.bash(&format!("cd r && {line}")).env("CLAUDECODE", "1").run()
}

/// Receipts of calls with these first words of git.
fn receipts_of(install: &Install, words: &str) -> Vec<serde_json::Value> {
    let mut receipts = install.receipts();
    receipts.retain(|receipt| receipt["command"].to_string().contains(words));
    receipts
}

fn folders(install: &Install) -> Vec<PathBuf> {
    let entries = fs::read_dir(install.root().join("git")).unwrap();
    entries.map(|entry| entry.unwrap().path()).collect()
}

#[test]
fn what_hooks_and_aliases_start_is_judged() {
    let install = guarded("\"starter\"");
    let ways = [
        "git reset -q --hard",
        "exec git reset -q --hard",
        "unset GIT_EXEC_PATH; exec git reset -q --hard",
        "exec env A=1 git reset -q --hard",
        // In the order of names, as git would have it.
        "exec env -i GIT_EXEC_PATH=$GIT_EXEC_PATH HOME=$HOME PATH=$PATH git reset -q --hard",
        "cd .. && exec git -C r reset -q --hard",
    ];
    let callers = [
        "ln -sf ../../../way .git/hooks/pre-commit; git commit -q --allow-empty -m x; rm .git/hooks/pre-commit",
        "git -c alias.x='!../way' x",
        "git -c alias.x='!exec ../way' x",
        "GIT_EDITOR='../way; true' git commit -q --allow-empty",
        "git rebase -q -x ../way HEAD~1",
        "git -c diff.external=../way diff",
        "git bisect start HEAD HEAD~3 && git bisect run ../way; git bisect reset",
    ];
    let mut judged = 0;
    for way in ways {
        install.program("way", &format!("#!/bin/sh\n{way}\n"));
        for caller in callers {
            by_agent(&install, caller);
            let file = fs::read(install.work().join("r/f1")).unwrap();
            assert_eq!(file, b"changed\n", "{caller}: {way}");
            let resets = receipts_of(&install, "reset -q --hard");
            assert!(resets.len() > judged || caller.contains("rebase"), "{caller}: {way}");
            assert!(resets.iter().all(|receipt| receipt["decision"] == "deny"), "{resets:?}");
            judged = resets.len();
        }
    }
}

#[test]
fn a_call_below_a_hook_leaves_its_own_receipt() {
    let install = guarded("\"starter\"");
    install.program("r/.git/hooks/pre-commit", "#!/bin/sh\ngit rev-parse --show-toplevel\n");
    let before = install.receipts().len();
    install.bash("cd r && git commit -q --allow-empty -m x").run().succeeds();
    assert_eq!(receipts_of(&install, "rev-parse").len(), 1);
    let steps = receipts_of(&install, "maintenance");
    assert_eq!(steps.len(), 1, "git's own work is on record too");
    assert!(steps[0].to_string().contains("a step of `git commit`"), "{}", steps[0]);
    assert_eq!(install.receipts().len(), before + 3);
}

#[test]
fn what_git_does_by_itself_is_let_through_with_the_whole() {
    let install = guarded("\"starter\", \"agents\", \"git\"");
    let lines = [
        "git stash -q && git stash pop -q",
        "echo n > new && git stash -q -u && git stash pop -q && test -e new",
        "git worktree add -q ../w && git -C ../w log -1 --format=%s",
        "git gc -q && git reflog exists HEAD",
        "git maintenance run --quiet",
        "git rebase -q --autostash --force-rebase HEAD~1 && git diff --quiet f2",
        "git commit -q -a -m all",
        "git clone -q file://$PWD ../t && git -C ../t pull -q",
        "git submodule add -q file://$PWD/../t sub && git commit -q -m sub && git submodule update --init",
        "git bisect start HEAD HEAD~3 && git bisect run true && git bisect reset",
        "git checkout -q -b a HEAD~1 && git commit -q --allow-empty -m a && git checkout -q -b b HEAD~1 && git commit -q --allow-empty -m b && git merge -q a b -m octopus",
    ];
    for line in lines {
        by_agent(&install, line).succeeds();
    }
    let steps = receipts_of(&install, "reset --hard");
    assert!(steps.len() >= 2, "stash and worktree reset");
    assert!(steps.iter().all(|it| it["decision"] == "allow"), "{steps:?}");
    assert!(receipts_of(&install, "reflog expire").iter().all(|it| it["decision"] == "allow"));
}

#[test]
fn the_folder_is_made_again_and_never_missed() {
    let install = guarded("\"starter\"");
    install.bash("git --version").run().succeeds();
    let [folder]: [PathBuf; 1] = folders(&install).try_into().unwrap();
    assert_eq!(fs::read_link(folder.join("git")).unwrap().as_os_str(), "../../bin/datafog");
    // Stale: something of git's is missing here.
    let some = folder.join("git-upload-pack");
    fs::remove_file(&some).unwrap();
    install.bash("git ls-remote -q file://$PWD/r").run().succeeds();
    assert!(some.is_symlink(), "mended");
    // In the way: nothing of ours is used, and git works as without.
    for make in ["rm -r", "rm -r F; touch", "rm -r F; mkdir -m 777", "rm -r F; ln -s /usr"] {
        let path = folder.display().to_string();
        let line = format!("{make} {path}").replace(" F;", &format!(" {path};"));
        install.plain_bash(&line).run().succeeds();
        install.bash("git ls-remote -q file://$PWD/r | wc -l").run().succeeds();
    }
}

#[test]
fn many_calls_at_once_find_it_whole_or_go_without() {
    let install = guarded("\"starter\"");
    for _ in 0..3 {
        fs::remove_dir_all(install.root().join("git")).unwrap();
        let start = |_| {
            let mut start = install.bash("git submodule -q status && git ls-remote -q file://$PWD");
            let command = start.0.current_dir(install.work().join("r"));
            command.stdout(Stdio::null()).spawn().unwrap()
        };
        let mut all: Vec<_> = (0..40).map(start).collect();
        assert!(all.iter_mut().all(|child| child.wait().unwrap().success()));
        assert_eq!(folders(&install).len(), 1);
    }
}

#[test]
fn what_a_person_chose_and_what_only_observes_stays_as_it_is() {
    let install = guarded("\"starter\"");
    let says = "git -c alias.x='!echo $GIT_EXEC_PATH' x";
    let here = install.bash(says).run().succeeds().stdout();
    assert!(here.trim_end().starts_with(&install.root().join("git").display().to_string()));
    let own = install.plain_bash("git --exec-path").run().succeeds().stdout();
    // git's own folder is what git tells its aliases by itself, and no choice of anybody.
    assert_eq!(install.bash(says).env("GIT_EXEC_PATH", own.trim()).run().stdout(), here);
    let chosen = install.work().join("chosen");
    let line = format!("mkdir {0} && ln -s {1}/* {0}", chosen.display(), own.trim());
    install.plain_bash(&line).run().succeeds();
    let kept = install.bash(says).env("GIT_EXEC_PATH", &chosen).run().stdout();
    assert_eq!(kept.trim_end(), chosen.display().to_string());
    assert_eq!(install.bash("git --exec-path").run().stdout(), own);
    install.datafog(["mode", "observe"]).run().succeeds();
    assert_eq!(install.bash(says).run().stdout(), own);
}

#[test]
fn a_git_that_is_a_script_works_as_it_did() {
    let install = Install::new(&["git"]);
    let script = install.program("bin/git", "#!/bin/sh\nexec /usr/bin/env git-x \"$@\"\n");
    let real = install.plain_bash("command -v git").run().stdout();
    std::os::unix::fs::symlink(real.trim(), script.with_file_name("git-x")).unwrap();
    fs::write(&script, format!("#!/bin/sh\nexec {} \"$@\"\n", real.trim())).unwrap();
    install.datafog(["hooks", "install", "git", "--target"]).args([&script]).run().succeeds();
    install.bash("git --version").run().succeeds();
    assert!(
        !install.bash("git -c alias.x='!echo $GIT_EXEC_PATH' x").run().stdout().contains("git/")
    );
    let doctor = install.datafog(["doctor", "--json"]).run().stdout();
    assert!(doctor.contains("git below git"), "{doctor}");
}

#[test]
fn uninstalling_takes_the_links_away() {
    let install = guarded("\"starter\"");
    assert!(install.root().join("git").is_dir());
    let real = install.plain_bash("git --exec-path").run().stdout();
    let count = || fs::read_dir(real.trim()).unwrap().count();
    let before = count();
    install.datafog(["uninstall", "--yes"]).run().succeeds();
    assert!(!install.root().join("git").exists());
    assert_eq!(count(), before, "git's own programs are left alone");
}
