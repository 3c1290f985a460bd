//! A scorer outside: asked where a rule asks, told no values, bounded, and never milder than none.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::{Ended, Install, github_token};

const RULES: &str = r#"
[policy]
id = "scored"
version = "1"
[risk]
allow = [0, 39]
approve = [40, 89]
deny = [90, 100]
[[risk.signal]]
id = "payment"
points = 40
when = { category = "payment" }
[[risk.signal]]
id = "mail"
points = 10
when = { category = "auth" }
[[risk.signal]]
id = "outside"
points = 50
when = { category = "payment", scorer = { at_least = 60 } }
[[rule]]
id = "ignores-errors"
effect = "deny"
reason = "r"
instead = "i"
match = [{ tool = "send_mail", args = { to = "a", body = "b" }, score = 95 }]
not_match = [{ tool = "send_mail", args = { to = "a", body = "b" }, score = 94 }, { tool = "send_mail", args = { to = "a", body = "b" } }]
[rule.when]
category = "message_send"
scorer = { at_least = 95, on_error = "ignore" }
"#;

/// An installation whose scorer is a shell script of these lines.
fn with(script: &str) -> Install {
    let install = Install::new(&["git"]);
    fs::write(install.root().join("policy.toml"), RULES).unwrap();
    let program = install.program("score", &format!("#!/bin/sh\n{script}\n"));
    let settings = install.read("config.toml");
    let line = format!("scorer = [\"{}\", \"--one\"]\n", program.display());
    fs::write(install.root().join("config.toml"), line + &settings).unwrap();
    install
}

fn check(install: &Install, tool: &str, arguments: &Value) -> Ended {
    let arguments = arguments.to_string();
    install.datafog(["check", "--json", "--tool", tool, "--args", &arguments]).run()
}

fn pay() -> Value {
    json!({ "amount": 5, "currency": "EUR" })
}

fn mail() -> Value {
    json!({ "to": "a", "body": "b" })
}

/// Decision and faults of the last receipt.
fn last(install: &Install) -> (String, String) {
    let receipt = install.receipts().pop().unwrap();
    (receipt["decision"].as_str().unwrap().to_owned(), receipt["faults"].to_string())
}

#[test]
fn it_raises_and_its_part_is_on_record() {
    let install = with("cat > /dev/null; echo '{\"score\": 60, \"why\": \"odd\"}'");
    let json = check(&install, "pay", &pay()).ends_with(1).json();
    assert_eq!(
        (&json["rule"], &json["risk"]["score"]),
        (&"risk-deny".into(), &90.into()),
        "{json}"
    );
    let receipt = install.receipts().pop().unwrap();
    let signal = &receipt["risk"]["signals"][1];
    assert_eq!(signal["id"], "outside");
    assert!(signal["source"].as_str().unwrap().contains("scorer (60 points)"), "{signal}");
    assert_eq!(receipt["faults"], Value::Null);
}

#[test]
fn it_cannot_lower_anything() {
    for points in ["0", "59"] {
        let install = with(&format!("cat > /dev/null; echo '{{\"score\": {points}}}'"));
        let json = check(&install, "pay", &pay()).ends_with(3).json();
        assert_eq!((&json["rule"], &json["risk"]["score"]), (&"risk-approve".into(), &40.into()));
    }
}

#[test]
fn it_is_told_no_values_and_nothing_where_nothing_asks() {
    // The working directory is not the scorer's: it writes beside itself.
    let install = with("cat > \"${0}.question\"; echo '{\"score\": 1}'");
    let question = install.work().join("score.question");
    install.shim("git", ["--version"]).run().succeeds();
    check(&install, "read_file", &json!({ "path": "x" })).succeeds();
    // Another signal holds, and this one does not get so far.
    check(&install, "login", &json!({ "name": "x" })).succeeds();
    install.datafog(["explain", "--", "git", "status"]).run().succeeds();
    assert!(!question.exists(), "no rule that matches so far asks");
    let token = github_token(77);
    let arguments =
        json!({ "amount": 5, "currency": "EUR", "note": token, "password": "hunter2-x" });
    check(&install, "pay", &arguments);
    let text = fs::read_to_string(&question).unwrap();
    assert!(!text.contains(&token) && !text.contains("hunter2"), "{text}");
    let told: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&told["version"], &told["tool"]), (&1.into(), &"pay".into()), "{told}");
    assert_eq!(told["categories"], json!(["payment"]));
    assert!(told["findings"].to_string().contains("secret.github"), "{told}");
    assert!(told["command"].as_str().unwrap().starts_with("tool:pay amount"), "{told}");
}

#[test]
fn whatever_fails_is_said_and_counts_as_the_policy_says() {
    for (script, why) in [
        ("cat > /dev/null; echo garbage", "does not give points"),
        ("cat > /dev/null; echo '{}'", "does not give points"),
        ("cat > /dev/null; echo '{\"score\": -1}'", "does not give points"),
        ("cat > /dev/null; echo '{\"score\": 101}'", "more than 100"),
        ("cat > /dev/null; echo '{\"score\": 1}'; exit 3", "exit status: 3"),
        ("exec head -c 1000000000 /dev/zero", "more than 65536 bytes"),
        ("exit 0", "does not give points"),
    ] {
        let install = with(script);
        check(&install, "pay", &pay()).ends_with(1);
        let (decision, faults) = last(&install);
        assert_eq!(decision, "deny", "{script}");
        assert!(faults.contains("the scorer gave no answer") && faults.contains(why), "{faults}");
        check(&install, "send_mail", &mail()).succeeds();
        assert!(last(&install).1.contains(why), "ignored, and still on record");
    }
}

#[test]
fn a_scorer_that_hangs_is_ended_with_all_it_started() {
    let install = with("sleep 1000 & echo $! > \"${0}.child\"; wait");
    let before = Instant::now();
    check(&install, "pay", &pay()).ends_with(1);
    assert!(before.elapsed() < Duration::from_secs(30), "three seconds, on a busy machine more");
    assert!(last(&install).1.contains("longer than 3000 ms"));
    let child = fs::read_to_string(install.work().join("score.child")).unwrap();
    let child = nix::unistd::Pid::from_raw(child.trim().parse().unwrap());
    let gone = (0..100).any(|_| {
        std::thread::sleep(Duration::from_millis(20));
        let state = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
        state.is_empty() || state.contains(") Z ")
    });
    assert!(gone, "{child} still runs");
}

#[test]
fn a_scorer_that_others_can_write_or_that_is_not_there_is_not_run() {
    use std::os::unix::fs::PermissionsExt;
    let install = with("echo '{\"score\": 1}'; touch \"${0}.ran\"");
    let program = install.work().join("score");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o777)).unwrap();
    check(&install, "pay", &pay()).ends_with(1);
    assert!(last(&install).1.contains("others could have written"), "{:?}", last(&install));
    assert!(!install.work().join("score.ran").exists());
    let told = install.datafog(["doctor", "--json"]).run().ends_with(1).json().to_string();
    assert!(told.contains("others could have written"), "{told}");
    fs::remove_file(&program).unwrap();
    check(&install, "pay", &pay()).ends_with(1);
    assert!(last(&install).1.contains("No such file"), "{:?}", last(&install));
    // Without any, what the policy asks for has no answer either.
    let settings: String =
        install.read("config.toml").lines().skip(1).map(|line| format!("{line}\n")).collect();
    fs::write(install.root().join("config.toml"), settings).unwrap();
    check(&install, "pay", &pay()).ends_with(1);
    assert!(last(&install).1.contains("none is set"), "{:?}", last(&install));
}
