//! `datafog scan` and `datafog detectors`, end to end.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use serde_json::Value;

use crate::support::{Install, github_token};

/// Paths of the findings of a JSON report.
fn paths(report: &Value) -> Vec<&str> {
    report["findings"].as_array().unwrap().iter().map(|one| one["path"].as_str().unwrap()).collect()
}

fn write(install: &Install, name: &str, text: &str) {
    let path = install.work().join(name);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, text).unwrap();
}

fn git(install: &Install, arguments: &[&str]) {
    let identity =
        ["-c", "user.name=a", "-c", "user.email=a@b.example", "-c", "init.defaultBranch=m"];
    install.start(Path::new("/usr/bin/git"), identity).args(arguments).run().succeeds();
}

#[test]
fn findings_tell_their_place_and_never_their_value() {
    let install = Install::bare();
    let token = github_token(5);
    write(&install, "a", &format!("fine\nä token = {token}\n"));
    for arguments in [&["scan", "--json"][..], &["scan", "--format", "sarif"], &["scan"]] {
        let ended = install.datafog(arguments).run().ends_with(1);
        assert!(!ended.stdout().contains(&token) && !ended.stderr().contains(&token));
    }
    let report = install.datafog(["scan", "--json", "a"]).run().ends_with(1).json();
    let found = &report["findings"][0];
    assert_eq!(found["detector"], "github-pat");
    assert_eq!(found["entity"], "secret.github.pat");
    assert_eq!((&found["start"], &found["end"]), (&16.into(), &56.into()));
    assert_eq!((&found["line"], &found["column"]), (&2.into(), &12.into()));
    assert_eq!((&found["severity"], &found["confidence"]), (&"critical".into(), &0.99.into()));
    assert_eq!(found["fingerprint"].as_str().unwrap().len(), 64);
    let sarif = install.datafog(["scan", "--format", "sarif"]).run().ends_with(1).stdout();
    let sarif: Value = serde_json::from_str(&sarif).unwrap();
    assert_eq!(sarif["version"], "2.1.0");
    let result = &sarif["runs"][0]["results"][0];
    let region = &result["locations"][0]["physicalLocation"]["region"];
    assert_eq!((&region["startColumn"], &region["byteOffset"]), (&11.into(), &16.into()));
    let rule = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
    assert_eq!(sarif["runs"][0]["tool"]["driver"]["rules"][rule]["id"], result["ruleId"]);
    let refused = install.datafog(["scan", "--show-values"]).run().ends_with(2);
    assert!(refused.stderr().contains("terminal") && refused.stdout().is_empty());
}

#[test]
fn standard_input_is_told_alike_with_and_without_the_parser() {
    let install = Install::bare();
    let text = format!("x\nmysql -u root -pS3cret{} db\ny {}\n", "Word", github_token(6));
    let quick = install.datafog(["scan", "--stdin", "--json"]).run_with(text.as_bytes());
    let quick = quick.ends_with(1).json();
    // A word that only the parser knows.
    let full = install.datafog(["--color=never", "scan", "--stdin", "--json"]);
    assert_eq!(quick, full.run_with(text.as_bytes()).ends_with(1).json());
    let again = install.datafog(["scan", "--stdin", "--json"]).run_with(text.as_bytes());
    assert_eq!(quick, again.ends_with(1).json(), "fingerprints stay");
    let names: Vec<_> =
        quick["findings"].as_array().unwrap().iter().map(|one| &one["detector"]).collect();
    assert_eq!(names, ["generic-password", "github-pat"]);
    let sure = install.datafog(["scan", "--stdin", "--min-confidence", "0.97", "--json"]);
    assert_eq!(sure.run_with(text.as_bytes()).json()["findings"].as_array().unwrap().len(), 1);
    install.datafog(["scan", "--stdin", "--min-confidence", "7"]).run_with(b"").ends_with(2);
    install.datafog(["scan", "--stdin"]).run_with(b"nothing").succeeds();
}

#[test]
fn folders_archives_and_what_is_left_out() {
    let install = Install::bare();
    let line = format!("k {}\n", github_token(7));
    for name in [".env", "sub/b", "ignored/c", ".ignore"] {
        write(&install, name, if name == ".ignore" { "ignored\n" } else { &line });
    }
    write(&install, "binary", &format!("\0\0{line}"));
    let tar = install.start(Path::new("/bin/tar"), ["czf", "a.tgz", "sub"]);
    tar.run().succeeds();
    std::os::unix::fs::symlink("sub/b", install.work().join("link")).unwrap();
    let report = install.datafog(["scan", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&report), [".env", "a.tgz!/sub/b", "sub/b"]);
    assert_eq!(report["binary"], 1);
    let all = ["scan", "--json", "--binary", "--no-ignore", "--no-archives"];
    let report = install.datafog(all).run().ends_with(1).json();
    // Compressed text is a layer of disguise like any other, archive or not.
    assert_eq!(paths(&report), [".env", "a.tgz", "binary", "ignored/c", "sub/b"]);
    let named = install.datafog(["scan", "--json", "ignored/c", "link"]).run().ends_with(1).json();
    assert_eq!(paths(&named), ["ignored/c", "link"], "what is named is looked at");
}

#[test]
fn what_comes_before_a_fault_of_a_compressed_file_is_looked_at() {
    let install = Install::bare();
    // A stored block (RFC 1951 §3.2.4) in a member (RFC 1952 §2.3), and something appended.
    let packed = b"\x1F\x8B\x08\0\0\0\0\0\0\x03\x01\x18\0\xE7\xFFpassword = \x22q7fXk2Lm9v\x22\n\xCF\xC9\xD5p\x18\0\0\0more";
    fs::write(install.work().join("a.gz"), packed).unwrap();
    let ended = install.datafog(["scan", "--json"]).run().ends_with(1);
    assert_eq!(paths(&ended.json()), ["a.gz"]);
    assert_eq!(ended.json()["unread"][0]["path"], "a.gz");
}

#[test]
fn what_cannot_be_read_is_told() {
    let install = Install::bare();
    write(&install, "good", "nothing\n");
    write(&install, "broken.gz", "");
    fs::write(install.work().join("broken.gz"), b"\x1f\x8b\x08\0\0\0\0\0\0\x03broken").unwrap();
    let ended = install.datafog(["scan", "--json"]).run().ends_with(5);
    assert!(ended.stderr().contains("broken.gz"), "{}", ended.stderr());
    assert_eq!(ended.json()["unread"][0]["path"], "broken.gz");
    fs::remove_file(install.work().join("broken.gz")).unwrap();
    fs::create_dir(install.work().join("closed")).unwrap();
    fs::set_permissions(install.work().join("closed"), fs::Permissions::from_mode(0o000)).unwrap();
    // Root reads everything; anybody else is told what is closed.
    let closed = install.datafog(["scan"]).run();
    if fs::read_dir(install.work().join("closed")).is_err() {
        assert!(closed.ends_with(5).stderr().contains("closed"));
    } else {
        closed.succeeds();
    }
    fs::set_permissions(install.work().join("closed"), fs::Permissions::from_mode(0o755)).unwrap();
    install.datafog(["scan", "good", "missing"]).run().ends_with(2);
}

#[test]
fn pipes_are_not_waited_for() {
    let install = Install::bare();
    for folder in ["odd", "above/below"] {
        fs::create_dir_all(install.work().join(folder)).unwrap();
        write(&install, &format!("{folder}/left"), "password = \"q7fXk2Lm9v\"\n");
    }
    // A pipe among the files, one in place of an ignore file, and one that nobody writes to by name.
    for pipe in ["pipe", "odd/.gitignore", "above/.ignore"] {
        nix::unistd::mkfifo(&install.work().join(pipe), nix::sys::stat::Mode::S_IRWXU).unwrap();
    }
    let ended = install.datafog(["scan", "--json"]).run().ends_with(1);
    assert_eq!(paths(&ended.json()), ["above/below/left", "odd/left"]);
    let ended = install.datafog(["scan", "--json", "above/below", "pipe"]).run().ends_with(1);
    assert_eq!(paths(&ended.json()), ["above/below/left"]);
    assert_eq!(ended.json()["unread"][0]["path"], "pipe");
}

#[test]
fn comments_and_baselines_allow_what_is_known() {
    let install = Install::bare();
    write(&install, "a", &format!("{} # datafog:allow github-pat: sample\n", github_token(8)));
    let report = install.datafog(["scan", "--json"]).run().succeeds().json();
    assert_eq!(report["allowed"]["inline"], 1);
    write(&install, "b", &format!("{}\n", github_token(9)));
    install.datafog(["scan", "--baseline", "known.json"]).run().ends_with(2);
    install.datafog(["scan", "--baseline", "known.json", "--write-baseline"]).run().succeeds();
    let written = fs::read_to_string(install.work().join("known.json")).unwrap();
    assert!(written.contains("github-pat") && !written.contains("ghp_"));
    install.datafog(["scan", "--baseline", "known.json"]).run().succeeds();
    write(&install, "c", &format!("{}\n", github_token(10)));
    let report = install.datafog(["scan", "--baseline", "known.json", "--json"]).run().ends_with(1);
    assert_eq!(paths(&report.json()), ["c"]);
    // Another installation has another key and reads the same baseline.
    let other = Install::bare();
    fs::copy(install.work().join("known.json"), other.work().join("known.json")).unwrap();
    fs::copy(install.work().join("b"), other.work().join("b")).unwrap();
    other.datafog(["scan", "--baseline", "known.json"]).run().succeeds();
    write(&other, "known.json", "{}");
    other.datafog(["scan", "--baseline", "known.json"]).run().ends_with(4);
}

#[test]
fn git_is_asked_for_what_changed() {
    let install = Install::new(&["git"]);
    let (old, new) = (github_token(11), github_token(12));
    git(&install, &["init", "-q"]);
    let none = install.datafog(["scan", "--history"]).run();
    none.succeeds();
    write(&install, "a", &format!("one\n{old}\n"));
    git(&install, &["add", "a"]);
    let staged = install.datafog(["scan", "--staged", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&staged), ["a"], "before the first commit");
    git(&install, &["commit", "-qm", "one"]);
    install.datafog(["scan", "--staged"]).run().succeeds();
    write(&install, "a", &format!("one\n{old}\n{new}\n"));
    git(&install, &["add", "a"]);
    let staged = install.datafog(["scan", "--staged", "--json"]).run().ends_with(1).json();
    assert_eq!((paths(&staged).len(), &staged["findings"][0]["line"]), (1, &3.into()));
    git(&install, &["commit", "-qm", "two"]);
    git(&install, &["mv", "a", "b"]);
    git(&install, &["commit", "-qm", "three"]);
    git(&install, &["rm", "-q", "b"]);
    git(&install, &["commit", "-qm", "four"]);
    let history = install.datafog(["scan", "--history", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&history), ["a", "a"], "each value once, where it came in");
    assert_eq!(history["findings"][1]["commit"].as_str().unwrap().len(), 40);
    install.datafog(["scan", "--since", "HEAD~2"]).run().succeeds();
    let since = install.datafog(["scan", "--since", "HEAD~3", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&since).len(), 1);
    install.datafog(["scan", "--since", "no-such-thing"]).run().ends_with(2);
    let said = format!("five\n\nthe key was {}\n", github_token(21));
    git(&install, &["commit", "-q", "--allow-empty", "-m", &said]);
    git(&install, &["tag", "-m", &format!("with {}", github_token(22)), "v1"]);
    let since = install.datafog(["scan", "--since", "HEAD~1", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&since), ["message of the commit"]);
    assert_eq!(since["findings"][0]["line"], 3);
    let commit = &since["findings"][0]["commit"];
    assert_eq!(commit.as_str().unwrap().len(), 40);
    let history = install.datafog(["scan", "--history", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&history), ["a", "a", "message of the commit", "message of tag v1"]);
    assert!(
        history["findings"][2]["commit"] == *commit && history["findings"][3]["commit"] == *commit
    );
    let files = install.datafog(["scan", "--history", "a", "--json"]).run().ends_with(1).json();
    assert_eq!(paths(&files), ["a", "a"], "who asks for files asks for no messages");
    let receipts = install.receipts();
    assert!(receipts.is_empty(), "git was asked directly: {receipts:?}");
}

#[test]
fn names_of_files_are_nothing_else_to_git() {
    let install = Install::bare();
    git(&install, &["init", "-q"]);
    let names = ["HEAD", "-rf", "a => b", "{x => y}", "nl\nx", "q\"uote", "t\tab", ":(glob)*"];
    for (name, seed) in names.iter().zip(31..) {
        write(&install, name, &format!("{}\n", github_token(seed)));
    }
    git(&install, &["add", "-A"]);
    let told = |arguments: &[&str]| {
        let told = install.datafog(arguments.iter().copied()).run().ends_with(1).json();
        paths(&told).into_iter().map(str::to_owned).collect::<std::collections::BTreeSet<_>>()
    };
    let all = names.iter().map(|name| (*name).to_owned()).collect();
    assert_eq!(told(&["scan", "--staged", "--json"]), all);
    git(&install, &["commit", "-qm", "one"]);
    assert_eq!(told(&["scan", "--history", "--json"]), all);
    git(&install, &["mv", "HEAD", "moved => here"]);
    install.datafog(["scan", "--staged"]).run().succeeds();
    git(&install, &["commit", "-qm", "two"]);
    assert_eq!(told(&["scan", "--history", "--json"]), all, "what moved came in before");
    install.datafog(["scan", "--since", "HEAD~1"]).run().succeeds();
}

#[test]
fn a_repository_starts_no_program() {
    let install = Install::bare();
    let trap = install.work().join("trap");
    fs::write(&trap, "#!/bin/sh\ntouch sprung; cat \"$@\"\n").unwrap();
    fs::set_permissions(&trap, fs::Permissions::from_mode(0o755)).unwrap();
    let trap = trap.display().to_string();
    git(&install, &["init", "-q"]);
    write(&install, "a.txt", "one\n");
    git(&install, &["add", "a.txt"]);
    git(&install, &["commit", "-qm", "one"]);
    write(&install, ".gitattributes", "* diff=x filter=x\n");
    for key in [
        "core.fsmonitor",
        "core.pager",
        "diff.external",
        "diff.x.command",
        "diff.x.textconv",
        "filter.x.smudge",
        "core.sshCommand",
        "core.editor",
        "gpg.program",
        "pager.diff-index",
    ] {
        git(&install, &["config", key, &trap]);
    }
    write(&install, "a.txt", &format!("one\n{}\n", github_token(13)));
    let add = ["-c", "core.fsmonitor=false", "add", "a.txt", ".gitattributes"];
    git(&install, &add);
    for arguments in [&["--staged"][..], &["--history"], &["--since", "HEAD"]] {
        let ended = install.datafog(["scan"]).args(arguments).run();
        assert!(!install.work().join("sprung").exists(), "{arguments:?}: {}", ended.stderr());
    }
}

#[test]
fn detectors_are_listed_described_and_tried() {
    let install = Install::bare();
    let listed = install.datafog(["detectors", "list", "--json"]).run().succeeds().json();
    let ids: Vec<_> =
        listed["detectors"].as_array().unwrap().iter().map(|one| one["id"].as_str()).collect();
    assert!(ids.contains(&Some("github-pat")) && ids.contains(&Some("generic-password")));
    let some = install.datafog(["detectors", "list", "GitHub"]).run().succeeds().stdout();
    assert!(some.contains("github-pat") && !some.contains("iban"), "{some}");
    let shown = install.datafog(["detectors", "show", "github-pat"]).run().succeeds().stdout();
    assert!(shown.contains("secret.github.pat") && shown.contains("if leaked"), "{shown}");
    install.datafog(["detectors", "show", "no-such"]).run().ends_with(2);
    let token = github_token(14);
    let tried = install.datafog(["detectors", "test", &token, "--json"]).run().ends_with(1).json();
    assert_eq!(tried["findings"][0]["detector"], "github-pat");
    install.datafog(["detectors", "test", "nothing here"]).run().succeeds();
}

#[test]
fn detectors_of_the_users_own_hold_in_the_gate_and_in_scans() {
    let install = Install::new(&["curl"]);
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\n\n[[detector]]\nid = \"acme-token\"\n\
                  summary = \"ACME token\"\npattern = 'ACME-[0-9]{8}'\naction = \"deny\"\n\
                  hosts = [\"acme.example\"]\n\n[[allow]]\nvalue = 'ACME-00000000'\n\
                  reason = \"printed in the manual\"\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let check = |value: &str, host: &str| {
        let url = format!("https://{host}/");
        install.datafog(["check", "--", "curl", "-d", value, &url]).run()
    };
    for _ in 0..2 {
        // The second time from the cache.
        assert!(
            check("ACME-12345678", "other.example").ends_with(1).stdout().contains("acme-token")
        );
        check("ACME-12345678", "acme.example").succeeds();
        check("ACME-00000000", "other.example").succeeds();
    }
    let text = b"a ACME-12345678 ACME-00000000";
    let report = install.datafog(["scan", "--stdin", "--json"]).run_with(text).ends_with(1).json();
    assert_eq!(report["findings"].as_array().unwrap().len(), 1);
    assert_eq!(report["findings"][0]["detector"], "acme-token");
    assert_eq!(report["findings"][0]["entity"], "custom.acme-token");
    let listed = install.datafog(["detectors", "list", "--json"]).run().succeeds().json();
    let own = |one: &&serde_json::Value| one["own"] == true;
    let owns: Vec<_> = listed["detectors"].as_array().unwrap().iter().filter(own).collect();
    assert!(owns.len() == 1 && owns[0]["id"] == "acme-token" && owns[0]["action"] == "deny");
    let found = install.datafog(["detectors", "list", "your policy"]).run().succeeds().stdout();
    assert!(found.contains("acme-token") && !found.contains("github-pat"), "{found}");
    let shown = install.datafog(["detectors", "show", "acme-token"]).run().succeeds().stdout();
    assert!(shown.contains("your policy") && shown.contains("acme.example"), "{shown}");
    let tried = install.datafog(["detectors", "test", "ACME-12345678", "--json"]).run();
    assert_eq!(tried.ends_with(1).json()["findings"][0]["detector"], "acme-token");
    let broken = policy.replace("ACME-[0-9]{8}", "(ACME)*");
    fs::write(install.root().join("policy.toml"), broken).unwrap();
    let refused = install.datafog(["scan", "--stdin"]).run_with(text).ends_with(4);
    let told = refused.stderr();
    assert!(told.contains("policy.toml:8:") && told.contains("empty text"), "{told}");
    let lint = install.datafog(["policy", "lint"]).run();
    assert!(lint.ends_with(4).stdout().contains("empty text"));
}
