//! What the record withstands: many at once, being killed at any moment, and somebody who edits it.

use std::collections::hash_map::RandomState;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::hash::BuildHasher;
use std::os::unix::fs::symlink;
use std::process::{Child, Stdio};
use std::time::{Duration, Instant};

use crate::support::{Install, Start};

/// Starts a process that nobody listens to.
fn spawn(mut start: Start) -> Child {
    start.0.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap()
}

#[test]
fn five_hundred_first_runs_at_once_leave_five_hundred_receipts_and_one_key() {
    // Nothing but the binary and a link: no key, no settings, no ledger.
    let install = Install::bare();
    fs::create_dir(install.root().join("shims")).unwrap();
    symlink("../bin/datafog", install.root().join("shims/head")).unwrap();
    let children: Vec<Child> =
        (0..500).map(|_| spawn(install.shim("head", ["-n", "1", "/dev/null"]))).collect();
    let failed: Vec<String> = children
        .into_iter()
        .map(|child| child.wait_with_output().unwrap())
        .filter(|output| !output.status.success() || !output.stderr.is_empty())
        .map(|output| format!("{} {}", output.status, String::from_utf8_lossy(&output.stderr)))
        .collect();
    assert!(failed.is_empty(), "{} failed: {:#?}", failed.len(), failed.first());
    let receipts = install.receipts();
    assert_eq!(receipts.len(), 500);
    let of = |name: &str| -> BTreeSet<String> {
        receipts.iter().map(|receipt| receipt[name].to_string()).collect()
    };
    assert_eq!(of("seq").len(), 500);
    assert_eq!(of("receipt_id").len(), 500);
    assert_eq!(of("action_digest").len(), 1, "all used the same key");
    assert_eq!(of("kind"), BTreeSet::from(["\"action\"".to_owned()]), "nothing was mended");
    let intact = install.datafog(["receipts", "verify"]).run().succeeds();
    assert!(intact.stdout().contains("500 receipts"), "{}", intact.stdout());
    let names: BTreeSet<_> = fs::read_dir(install.root())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    let expected = ["bin", "key", "receipts", "shims"].map(str::to_owned);
    assert_eq!(names, BTreeSet::from(expected), "no draft is left");
}

#[test]
fn five_hundred_calls_at_once_are_counted_each_once() {
    let install = Install::new(&["git"]);
    install.stand_in("git");
    let policy = "[policy]\nid = \"own\"\nversion = \"1\"\n[[rule]]\nid = \"often\"\neffect = \"deny\"\n\
                  reason = \"r\"\ninstead = \"i\"\n[rule.when]\ncommand = \"git\"\n\
                  rate = { over = 400, per = \"1d\" }\n";
    fs::write(install.root().join("policy.toml"), policy).unwrap();
    let children: Vec<Child> = (0..500).map(|_| spawn(install.shim("git", ["status"]))).collect();
    let codes: Vec<Option<i32>> =
        children.into_iter().map(|child| child.wait_with_output().unwrap().status.code()).collect();
    let ended = |code: i32| codes.iter().filter(|one| **one == Some(code)).count();
    // Whoever waits for the counter's lock longer than two seconds is stopped, too: never let through.
    assert_eq!(ended(0) + ended(126), 500, "{codes:?}");
    assert!(ended(0) <= 400, "{} ran", ended(0));
    assert_eq!(install.ran().lines().count(), ended(0));
    let receipts = install.receipts();
    assert_eq!(receipts.len(), 500);
    let counted =
        receipts.iter().filter(|one| one["counted"].to_string().contains("often")).count();
    assert_eq!(counted, 500, "each names the counter that it asked");
    install.datafog(["receipts", "verify"]).run().succeeds();
    // What was counted is still known: nobody gets through any more.
    install.shim("git", ["status"]).run().ends_with(126);
}

#[test]
fn killed_at_any_moment_nothing_has_run_that_is_not_on_record() {
    let install = Install::new(&[]);
    install.stand_in("cat");
    let random = RandomState::new();
    let usual = usual_duration(&install);
    let (mut started, mut killed) = (0, 0);
    for round in 0_u32.. {
        // Four at a time, so that somebody else waits for the lock while one dies.
        let mut children: Vec<Child> =
            (0..4).map(|one| spawn(install.shim("cat", [format!("mark-{round}-{one}")]))).collect();
        started += children.len();
        for child in &mut children {
            let share = random.hash_one((round, child.id())) % 1000;
            std::thread::sleep(usual.mul_f64(share as f64 / 4000.0));
            child.kill().unwrap();
        }
        for mut child in children {
            killed += usize::from(child.wait().unwrap().code().is_none());
        }
        if round % 10 == 0 {
            verify_or_name_the_tail(&install);
        }
        if killed >= 200 {
            break;
        }
    }
    let recorded: BTreeSet<String> = install
        .receipts()
        .iter()
        .filter(|receipt| receipt["enforcement"] == "exec")
        .map(|receipt| receipt["command"].as_str().unwrap().rsplit('/').next().unwrap().to_owned())
        .collect();
    let ran = install.ran();
    // Some died before their receipt and some after they ran, so the moments in between were tried.
    assert!(recorded.len() < started && ran.contains("mark"), "killed at one moment only");
    for line in ran.lines() {
        assert!(recorded.contains(line), "`{line}` ran and is not on record: {recorded:?}");
    }
    install.shim("cat", ["after"]).run().succeeds();
    install.datafog(["receipts", "verify"]).run().succeeds();
}

/// How long a call takes here and now, from start to end.
fn usual_duration(install: &Install) -> Duration {
    let start = Instant::now();
    for _ in 0..4 {
        install.shim("cat", ["first"]).run().succeeds();
    }
    start.elapsed().div_f64(4.0)
}

/// A ledger whose last writer was killed is intact, or ends in what that writer did not finish.
fn verify_or_name_the_tail(install: &Install) {
    let verified = install.datafog(["receipts", "verify", "--json"]).run();
    let report = verified.json();
    let flaw = report["first_bad"]["flaw"].to_string();
    assert!(report["intact"] == true || flaw.contains("torn"), "{report}");
}

#[test]
fn a_killed_writer_of_a_cache_leaves_nothing_that_counts() {
    let install = Install::new(&[]);
    install.stand_in("cat");
    install.datafog(["policy", "init"]).run().succeeds();
    let random = RandomState::new();
    let usual = usual_duration(&install);
    for round in 0..30_u32 {
        fs::remove_dir_all(install.root().join("cache")).unwrap();
        let mut child = spawn(install.shim("cat", ["x"]));
        std::thread::sleep(usual.mul_f64((random.hash_one(round) % 1000) as f64 / 1000.0));
        child.kill().unwrap();
        child.wait().unwrap();
        install.shim("cat", ["after"]).run().succeeds();
    }
}

/// An edit of the ledger's lines, and the line (from 1) that must be named for it.
type Edit = fn(&mut Vec<String>, usize) -> usize;

const EDITS: &[(&str, Edit)] = &[
    ("edit", |lines, at| {
        lines[at] = lines[at].replacen("\"mode\":\"enforced\"", "\"mode\":\"observe\"", 1);
        at + 1
    }),
    ("edit a space", |lines, at| {
        lines[at] = lines[at].replacen("{\"version\":1,", "{\"version\":1, ", 1);
        at + 1
    }),
    ("delete", |lines, at| {
        lines.remove(at);
        at + 1
    }),
    ("insert", |lines, at| {
        let copy = lines[at].clone();
        lines.insert(at, copy);
        at + 2
    }),
    ("insert an empty line", |lines, at| {
        lines.insert(at, String::new());
        at + 1
    }),
    ("reorder", |lines, at| {
        let other = (at + 1) % lines.len();
        lines.swap(at, other);
        at.min(other) + 1
    }),
    ("truncate", |lines, at| {
        lines.truncate(at);
        at + 1
    }),
    ("cut a line", |lines, at| {
        let half = lines[at].len() / 2;
        lines[at].truncate(half);
        at + 1
    }),
];

#[test]
fn every_change_of_every_line_is_named() {
    let install = Install::new(&["cat"]);
    for name in ["a", "b", "c", "d", "e", "f"] {
        install.shim("cat", [name]).run();
    }
    let path = install.root().join("receipts/00000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    assert_eq!(lines.len(), 6);
    let mut wrong = BTreeMap::new();
    for (name, edit) in EDITS {
        for at in 0..lines.len() {
            let mut edited = lines.clone();
            let expected = edit(&mut edited, at);
            let text: String = edited.iter().map(|line| format!("{line}\n")).collect();
            fs::write(&path, text).unwrap();
            let told = install.datafog(["receipts", "verify"]).run();
            let place = format!("00000001.jsonl:{expected}");
            if told.code() != 1 || !told.stdout().contains(&place) {
                wrong.insert(format!("{name} {at}"), (told.code(), expected, told.stdout()));
            }
        }
    }
    fs::write(&path, &text).unwrap();
    install.datafog(["receipts", "verify"]).run().succeeds();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn what_was_cut_off_stays_visible_after_the_ledger_goes_on() {
    let install = Install::new(&["cat"]);
    for name in ["a", "b", "c"] {
        install.shim("cat", [name]).run();
    }
    let path = install.root().join("receipts/00000001.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let kept: String = text.split_inclusive('\n').take(2).collect();
    fs::write(&path, kept).unwrap();
    install.shim("cat", ["/dev/null"]).run().succeeds();
    let kinds: Vec<_> = install.receipts().iter().map(|receipt| receipt["kind"].clone()).collect();
    assert_eq!(kinds, ["action", "action", "recovery", "action"]);
    let verified = install.datafog(["receipts", "verify"]).run().ends_with(1);
    assert!(verified.stdout().contains("00000001.jsonl:3"), "{}", verified.stdout());
}

#[test]
fn what_was_cut_off_together_with_the_head_is_not_taken_for_whole() {
    let install = Install::new(&["cat"]);
    for name in ["a", "b", "c"] {
        install.shim("cat", [name]).run();
    }
    let receipts = install.root().join("receipts");
    let text = fs::read_to_string(receipts.join("00000001.jsonl")).unwrap();
    let kept: String = text.split_inclusive('\n').take(2).collect();
    fs::write(receipts.join("00000001.jsonl"), kept).unwrap();
    fs::remove_file(receipts.join("head")).unwrap();
    let verified = install.datafog(["receipts", "verify"]).run().ends_with(1);
    assert!(verified.stdout().contains("NOT INTACT"), "{}", verified.stdout());
    install.shim("cat", ["/dev/null"]).run().succeeds();
    let verified = install.datafog(["receipts", "verify"]).run().ends_with(1);
    assert!(verified.stdout().contains("NOT PROVEN"), "{}", verified.stdout());
}
