//! Telling people with the binary: what was to be told when the server was killed is told afterwards.

use std::io::{Read, Write};
use std::net::TcpListener;

use serde_json::json;

use super::life::HOLDING;
use super::*;

fn start(install: &Install) -> Server {
    let start = install.datafog(["serve", "--addr", "127.0.0.1:0", "--channel-pause", "100ms"]);
    let start = start.args(["--channel-networks", "127.0.0.0/8", "--channel-tries", "100"]);
    Server::with(start.env("SMTP_SECRET_KEY", "correct horse battery staple"))
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
