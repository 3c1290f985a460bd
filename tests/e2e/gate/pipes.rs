//! Standard input: what is held, what is left alone, and that nobody ever gets half of it.

use std::fs;
use std::io::{Read, Write};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::gate::SECRET_RULE;
use crate::support::{Egress, Install, random_token};

/// More than is ever held of a pipe.
const LARGE: &str = "head -c 17825792 /dev/zero";

/// A policy that lets pass what cannot be judged.
const LAX: &str = "[policy]\nid = \"own\"\nversion = \"1\"\nunscannable = \"allow\"\n\
                   [[rule]]\nid = \"lax\"\neffect = \"allow\"\nreason = \"r\"\n\
                   overrides = [\"unscannable\"]\n[rule.when]\ncommand = \"curl\"\n";

#[test]
fn a_large_pipe_that_stays_here_arrives_whole() {
    let server = Egress::start();
    let url = format!("http://127.0.0.1:{}/", server.port());
    for install in [Install::new(&["git", "curl"]), Install::observing(&["git", "curl"])] {
        let hash = format!("{LARGE} | git hash-object --stdin");
        let plain = install.plain_bash(&hash).run().succeeds().stdout();
        assert_eq!(install.bash(&hash).run().succeeds().stdout(), plain);
        for way in ["-T -", "--data-binary @-"] {
            install.bash(&format!("{LARGE} | curl -s {way} {url}")).run().succeeds();
            assert!(server.take().len() > 17_825_792, "{way}");
        }
    }
}

#[test]
fn a_pipe_that_was_read_and_cannot_be_handed_on_blocks_whatever_the_policy_says() {
    let install = Install::new(&[]);
    install.stand_in("curl");
    fs::write(install.root().join("policy.toml"), LAX).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install.bash("echo small | curl -s -d @- https://a.example/").run().succeeds();
    assert_ne!(install.ran(), "");
    let blocked = install.bash(&format!("{LARGE} | curl -s -d @- https://a.example/")).run();
    let blocked = blocked.ends_with(125);
    assert!(blocked.stderr().contains("stdin was read and cannot be handed on whole"));
    assert!(blocked.stderr().contains("stdin_bytes"), "{}", blocked.stderr());
    assert_eq!(install.ran(), "");
    let receipt = install.receipts().pop().unwrap();
    assert_eq!((&receipt["decision"], &receipt["enforcement"]), (&"allow".into(), &"block".into()));
    assert!(receipt["faults"].to_string().contains("larger than the limit"), "{receipt}");
}

/// git answers each line before it reads the next one: a gate that waits for the end of its input
/// waits for ever.
#[test]
fn a_conversation_with_git_goes_on() {
    for install in [Install::new(&["git"]), Install::observing(&["git"])] {
        install.plain_bash("git init -q .").run().succeeds();
        let mut start = install.shim("git", ["update-ref", "--stdin"]);
        let command = start.0.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut said = child.stdin.take().unwrap();
        said.write_all(b"start\n").unwrap();
        let mut answer = [0; 10];
        child.stdout.take().unwrap().read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"start: ok\n");
        drop(said);
        child.wait().unwrap();
    }
}

#[test]
fn what_is_sent_to_this_machine_is_sent_while_it_is_made() {
    let (install, server) = (Install::new(&["curl"]), Egress::start());
    let url = format!("http://127.0.0.1:{}/", server.port());
    let mut start = install.shim("curl", ["-s", "-T", "-", &url]);
    let mut child = start.0.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    let mut said = child.stdin.take().unwrap();
    said.write_all(b"first").unwrap();
    let begin = Instant::now();
    while server.connections() == 0 {
        assert!(begin.elapsed() < Duration::from_secs(20), "curl waits for the end of its input");
        std::thread::sleep(Duration::from_millis(5));
    }
    drop(said);
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_file_on_a_stream_is_judged_and_not_moved() {
    let (install, token) = (Install::new(&[]), random_token());
    install.stand_in("ssh");
    fs::write(install.work().join("secret"), format!("first\nkey={token}\n")).unwrap();
    fs::write(install.work().join("plain"), "first\nsecond\n").unwrap();
    let line = "ssh host.example 'cat > x' < secret";
    install.bash(line).run().assert_denied(&install, SECRET_RULE);
    assert_eq!(install.ran(), "");
    let line = "{ read -r one; ssh host.example 'cat > x'; cat; } < plain";
    assert_eq!(install.bash(line).run().succeeds().stdout(), "second\n");
    install.bash("printf x | ssh host.example 'cat > x'").run().succeeds();
    // What git says to its peer is judged by the shim of git.
    install.bash("printf x | ssh host.example \"git-receive-pack 'x'\"").run().succeeds();
    let receipts = install.receipts();
    let mut newest = receipts
        .iter()
        .rev()
        .filter(|receipt| receipt["command"].as_str().unwrap().starts_with("ssh"));
    let [peer, piped, from_file] = [(); 3].map(|()| newest.next().unwrap());
    let faults = peer["faults"].to_string();
    assert!(faults.contains("is a stream and was not scanned"), "{peer}");
    assert_eq!((&peer["enforcement"], &piped["enforcement"]), (&"exec".into(), &"filter".into()));
    assert!(!piped["faults"].to_string().contains("scanned"), "{piped}");
    assert!(from_file["channels"].to_string().contains("\"stdin\""), "{from_file}");
}

/// A large folder of files that stay here costs no more than a small one.
#[test]
fn files_that_stay_here_share_one_budget() {
    let install = Install::new(&["cat"]);
    let folder = install.work();
    let names: Vec<String> = (0..20).map(|number| format!("f{number}")).collect();
    for name in &names {
        fs::write(folder.join(name), [b'x'; 300_000]).unwrap();
    }
    install.shim("cat", &names).run().succeeds();
    let receipt = install.receipts().pop().unwrap();
    let channels = receipt["channels"].as_array().unwrap();
    let files =
        channels.iter().filter(|scan| scan["channel"].as_str().unwrap().starts_with("file"));
    let bytes: u64 = files.map(|scan| scan["bytes"].as_u64().unwrap()).sum();
    assert_eq!(bytes, 256 << 10);
    assert!(receipt["faults"].to_string().contains("local_bytes"), "{receipt}");
}
