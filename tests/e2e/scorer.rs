//! A scorer outside: asked where a rule asks, told no values, bounded, and never milder than none.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc::{Receiver, channel};
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

/// An installation whose scorer is this address.
fn at(address: &str) -> Install {
    let install = Install::new(&["git"]);
    fs::write(install.root().join("policy.toml"), RULES).unwrap();
    let settings = install.read("config.toml");
    let line = format!("scorer_url = \"{address}\"\n");
    fs::write(install.root().join("config.toml"), line + &settings).unwrap();
    install
}

/// A server of this machine that answers every call with these bytes, after a while; its address,
/// and what it was asked.
fn serving(answer: &str, after: Duration) -> (String, Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("http://{}/v1?k=tooken", listener.local_addr().unwrap());
    let (say, heard) = channel();
    let answer = answer.to_owned();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut question = vec![0; 64 << 10];
            // Head and body are small enough for one piece each.
            let mut count = stream.read(&mut question).unwrap();
            if !question[..count].ends_with(b"}") {
                count = count.saturating_add(stream.read(&mut question[count..]).unwrap());
            }
            question.truncate(count);
            std::thread::sleep(after);
            let _gone_by_now = stream.write_all(answer.as_bytes());
            if say.send(String::from_utf8(question).unwrap()).is_err() {
                return;
            }
        }
    });
    (address, heard)
}

fn answering(status: &str, body: &str) -> String {
    format!("HTTP/1.1 {status}\r\ncontent-length: {}\r\n\r\n{body}", body.len())
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
        // A list says nothing, whatever our source calls its first field.
        ("cat > /dev/null; echo '[10]'", "does not give points"),
        ("cat > /dev/null; echo '{\"score\": 1}[10]'", "does not give points"),
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
    assert!(last(&install).1.contains("can be written by others"), "{:?}", last(&install));
    assert!(!install.work().join("score.ran").exists());
    let told = install.datafog(["doctor", "--json"]).run().ends_with(1).json().to_string();
    assert!(told.contains("can be written by others"), "{told}");
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

#[test]
fn an_address_is_asked_like_a_program() {
    let (address, heard) = serving(&answering("200 OK", "{\"score\": 60}"), Duration::ZERO);
    let install = at(&address);
    install.shim("git", ["--version"]).run().succeeds();
    install.datafog(["explain", "--", "git", "status"]).run().succeeds();
    assert!(heard.try_recv().is_err(), "no rule that matches so far asks");
    let token = github_token(78);
    let arguments = json!({ "amount": 5, "currency": "EUR", "note": token });
    let json = check(&install, "pay", &arguments).ends_with(1).json();
    assert_eq!(json["risk"]["score"], 90, "{json}");
    let sent = heard.recv().unwrap();
    assert!(sent.starts_with("POST /v1?k=tooken HTTP/1.1\r\n"), "{sent}");
    let (_, body) = sent.split_once("\r\n\r\n").unwrap();
    let told: Value = serde_json::from_str(body).unwrap();
    assert_eq!((&told["version"], &told["tool"]), (&1.into(), &"pay".into()), "{told}");
    assert!(!body.contains(&token) && body.contains("secret.github"), "{body}");
    let receipt = install.receipts().pop().unwrap();
    assert_eq!(receipt["faults"], Value::Null, "{receipt}");
    // What is said of it holds no more than its host.
    let told = install.datafog(["doctor", "--json"]).run().json().to_string();
    assert!(told.contains("\"scorer\"") && !told.contains("tooken"), "{told}");
}

#[test]
fn an_address_that_fails_counts_as_the_policy_says() {
    let wide = answering("200 OK", &"x".repeat(70_000));
    let moved = "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n";
    for (answer, why) in [
        (answering("200 OK", "{\"score\": 101}"), "more than 100"),
        (answering("200 OK", "garbage"), "does not give points"),
        (answering("500 Oops", "{\"score\": 1}"), "status 500"),
        (wide, "more than 65536 bytes"),
        (moved.to_owned(), "status 302"),
        (String::from("nonsense\r\n\r\n"), "cannot be reached"),
    ] {
        let (address, _heard) = serving(&answer, Duration::ZERO);
        let install = at(&address);
        check(&install, "pay", &pay()).ends_with(1);
        let (decision, faults) = last(&install);
        assert_eq!(decision, "deny", "{why}");
        assert!(faults.contains("the scorer gave no answer") && faults.contains(why), "{faults}");
        assert!(!faults.contains("tooken"), "{faults}");
        check(&install, "send_mail", &mail()).succeeds();
        assert!(last(&install).1.contains(why), "ignored, and still on record");
    }
}

#[test]
fn an_address_that_hangs_up_ends_the_question_and_nothing_else() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let install = at(&format!("http://{}/", listener.local_addr().unwrap()));
    std::thread::spawn(move || listener.incoming().for_each(drop));
    for _ in 0..5 {
        check(&install, "pay", &pay()).ends_with(1);
        assert!(last(&install).1.contains("cannot be reached"), "{:?}", last(&install));
    }
}

#[test]
fn an_address_that_is_silent_is_left_after_three_seconds() {
    let (address, _heard) = serving("", Duration::from_secs(60));
    let install = at(&address);
    let before = Instant::now();
    check(&install, "pay", &pay()).ends_with(1);
    assert!(before.elapsed() < Duration::from_secs(30), "three seconds, on a busy machine more");
    assert!(last(&install).1.contains("longer than 3000 ms"), "{:?}", last(&install));
}

#[test]
fn an_address_that_anybody_could_listen_to_is_not_asked() {
    let install = at("http://score.example.com/");
    check(&install, "pay", &pay()).ends_with(1);
    assert!(last(&install).1.contains("https"), "{:?}", last(&install));
    let told = install.datafog(["doctor", "--json"]).run().ends_with(1).json().to_string();
    assert!(told.contains("for this machine alone"), "{told}");
    // A password is refused with all the settings around it.
    let install = at("https://ann:hunter2@score.example.com/");
    let ended = install.datafog(["check", "--", "git", "status"]).run().ends_with(4);
    let told = ended.stdout() + &ended.stderr();
    assert!(told.contains("a name or a password") && !told.contains("hunter2"), "{told}");
}
