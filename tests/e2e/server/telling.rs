//! Telling people with the binary: what was to be told when the server was killed is told afterwards.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use super::life::HOLDING;
use super::*;

/// What secrets are encrypted with here.
const KEY: &str = "correct horse battery staple";

fn start(install: &Install) -> Server {
    start_with(install, KEY)
}

fn start_with(install: &Install, key: &str) -> Server {
    let start = install.datafog(["serve", "--addr", "127.0.0.1:0", "--channel-pause", "100ms"]);
    let start = start.args(["--channel-networks", "127.0.0.0/8", "--channel-tries", "100"]);
    Server::with(start.env("SMTP_SECRET_KEY", key))
}

/// Takes one request at that place, answers it, and tells what came.
fn take(listener: &TcpListener) -> String {
    let (mut stream, _) = listener.accept().unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let (mut came, mut piece) = (Vec::new(), [0; 4096]);
    loop {
        let count = stream.read(&mut piece).unwrap();
        came.extend_from_slice(&piece[..count]);
        let text = String::from_utf8_lossy(&came).into_owned();
        if count == 0 || text.split_once("\r\n\r\n").is_some_and(|(_, body)| body.ends_with('}')) {
            stream.write_all(b"HTTP/1.1 204 x\r\nconnection: close\r\n\r\n").unwrap();
            return text;
        }
    }
}

#[test]
fn what_was_to_be_told_outlives_a_kill() {
    let install = Install::bare();
    std::fs::write(install.root().join("policy.toml"), HOLDING).unwrap();
    let server = start(&install);
    let key = server.first_key.clone().unwrap();
    let place = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let channel = json!({ "name": "ops", "kind": "webhook", "events": ["held"],
        "url": format!("http://{place}/hook") });
    let made = server.post(&key, "/v1/channels", &channel);
    assert_eq!(made.status, 200, "{}", made.text);
    let asked = json!({ "command": ["terraform", "apply", "planted-5d41402abc"], "cwd": "/" });
    let held = server.post(&key, "/v1/actions", &asked).json();
    let id = held["approval"]["id"].as_str().unwrap().to_owned();
    let tried = || {
        let all = server.get(&key, "/v1/deliveries?state=waiting").json();
        all["deliveries"][0]["tries"].as_u64() > Some(0)
    };
    assert!(eventually(tried), "nobody is there to be told");
    server.kill();
    let listener = TcpListener::bind(place).unwrap();
    let server = start(&install);
    let came = take(&listener);
    assert!(came.contains(&id) && came.contains("datafog-signature: t="), "{came}");
    assert!(!came.contains("planted") && !came.contains("apply"), "{came}");
    let is_told = || {
        let all = server.get(&key, "/v1/deliveries?state=told").json();
        all["deliveries"].as_array().is_some_and(|all| all.len() == 1)
    };
    assert!(eventually(is_told));
    assert!(!install.holds(format!("http://{place}/hook").as_bytes()), "the address is a secret");
    let secret = made.json()["secret"].as_str().unwrap().to_owned();
    assert!(!install.holds(secret.as_bytes()), "and so is what signs");
}

#[test]
fn e7_secrets_of_channels_go_under_another_key_and_none_is_lost_on_the_way() {
    let install = Install::bare();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    let new = "another horse battery staple";
    let rekey = |key: &str, old: &str| {
        let command = install.datafog(["channels", "rekey"]).env("SMTP_SECRET_KEY", key);
        command.run_with(format!("{old}\n").as_bytes())
    };
    let server = start(&install);
    let key = server.first_key.clone().unwrap();
    let add = |server: &Server, name: &str| {
        let channel = json!({ "name": name, "kind": "webhook", "events": ["held"], "url": &url });
        let made = server.post(&key, "/v1/channels", &channel);
        assert_eq!(made.status, 200, "{}", made.text);
        made.json()["id"].as_str().unwrap().to_owned()
    };
    let first = add(&server, "one");
    drop(server);
    let wrong = rekey(new, "some other horse battery").ends_with(4);
    let said = wrong.stderr();
    assert!(said.contains("`one`") && said.contains("SMTP_SECRET_KEY"), "{said}");
    assert!(rekey(new, KEY).succeeds().stderr().contains("1 encrypted anew, 0 were already"));
    // As after a change that was broken off: one is under the new key, another under the old one.
    let server = start(&install);
    let second = add(&server, "two");
    drop(server);
    assert!(rekey(new, KEY).succeeds().stderr().contains("1 encrypted anew, 1 were already"));
    assert!(rekey(new, KEY).succeeds().stderr().contains("0 encrypted anew, 2 were already"));
    let server = start_with(&install, new);
    for id in [first, second] {
        std::thread::scope(|scope| {
            let came = scope.spawn(|| take(&listener));
            let told = server.post(&key, &format!("/v1/channels/{id}/test"), &json!({}));
            assert_eq!(told.json()["told"], true, "{}", told.text);
            assert!(came.join().unwrap().contains("datafog-signature"));
        });
    }
    let lines = server.get(&key, "/v1/events?limit=100").text;
    assert_eq!(lines.matches("encrypt channel").count(), 2, "{lines}");
    drop(server);
    install.datafog(["receipts", "verify", "--store"]).run().succeeds();
    let agent = install.datafog(["channels", "rekey"]).env("CLAUDECODE", "1");
    agent.env("SMTP_SECRET_KEY", KEY).run_with(format!("{new}\n").as_bytes()).ends_with(1);
}
