//! What flows into a command that sends it on: judged as it flows, and stopped at what must not go.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Ended, Install, random_token};

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// No secret goes through `nc`, wherever; addresses of mail are masked there.
const POLICY: &str = "[policy]\nid = \"own\"\nversion = \"1\"\n\
    [[rule]]\nid = \"no-stream\"\neffect = \"deny\"\nreason = \"a secret would be sent\"\n\
    [rule.when]\ncommand = \"nc\"\nfinding = \"secret.*\"\n\
    [[rule]]\nid = \"mask\"\neffect = \"allow_with_redaction\"\nreason = \"addresses are masked\"\n\
    redact = [{ entity = \"pii.email\", with = \"mask\" }]\n\
    [rule.when]\ncommand = \"nc\"\nfinding = \"pii.email\"\n";

/// An installation where `nc` is a program that connects as it does.
fn install() -> Install {
    prepared(Install::new(&[]))
}

fn prepared(install: Install) -> Install {
    let text = "#!/usr/bin/env python3\nimport os, socket, sys, threading\n\
        s = socket.create_connection((sys.argv[1], int(sys.argv[2])))\n\
        def back():\n    while data := s.recv(65536): os.write(1, data)\n\
        threading.Thread(target=back, daemon=True).start()\n\
        while data := os.read(0, 65536): s.sendall(data)\n";
    let program = install.program("peers/nc", text);
    install.datafog(["hooks", "install", "nc", "--target"]).args([program]).run().succeeds();
    std::fs::write(install.root().join("policy.toml"), POLICY).unwrap();
    install.datafog(["policy", "lint"]).run().succeeds();
    install
}

/// Somebody who is connected to once: tells what comes, and may answer.
struct Peer {
    port: u16,
    heard: Receiver<Vec<u8>>,
    connected: Receiver<TcpStream>,
}

impl Peer {
    fn listen() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let ((tell, heard), (give, connected)) = (channel(), channel());
        thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            give.send(stream.try_clone().unwrap()).unwrap();
            let mut block = vec![0; 64 << 10];
            while let Ok(count @ 1..) = stream.read(&mut block) {
                if tell.send(block[..count].to_vec()).is_err() {
                    return;
                }
            }
        });
        Self { port, heard, connected }
    }

    /// Everything up to the end of the connection, of a command that has ended.
    fn all(&self) -> Vec<u8> {
        // Whoever ended before it connected said nothing.
        drop(TcpStream::connect(("127.0.0.1", self.port)));
        self.heard.iter().flatten().collect()
    }

    /// What comes until it is at least so much.
    #[track_caller]
    fn next(&self, least: usize) -> Vec<u8> {
        let mut heard = Vec::new();
        while heard.len() < least {
            heard.extend(self.heard.recv_timeout(PATIENCE).expect("nothing comes"));
        }
        heard
    }

    fn stream(&self) -> TcpStream {
        self.connected.recv_timeout(PATIENCE).unwrap()
    }
}

fn nc(install: &Install, peer: &Peer) -> Child {
    let mut start = install.shim("nc", ["127.0.0.1", &peer.port.to_string()]);
    let streams = start.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    streams.spawn().unwrap()
}

fn ended(child: Child) -> Ended {
    Ended(child.wait_with_output().unwrap())
}

/// Whether eight letters of the token in a row stand in `text`.
fn shows(text: &[u8], token: &str) -> bool {
    token.as_bytes()[4..].windows(8).any(|part| memchr::memmem::find(text, part).is_some())
}

#[test]
fn clean_data_arrives_whole_and_the_end_with_it() {
    let (install, peer) = (install(), Peer::listen());
    let line = b"an ordinary line of a hundred megabytes, one after the other, with 1 digit\n";
    let most = 100_000_000 / line.len();
    let mut child = nc(&install, &peer);
    let mut input = child.stdin.take().unwrap();
    let counted = thread::spawn(move || {
        let mut at = 0_usize;
        for piece in peer.heard.iter() {
            let fits =
                piece.iter().enumerate().all(|(n, byte)| *byte == line[(at + n) % line.len()]);
            assert!(fits, "another byte after {at}");
            at += piece.len();
        }
        at
    });
    let block = line.repeat(1000);
    for _ in 0..most / 1000 {
        input.write_all(&block).unwrap();
    }
    drop(input);
    assert_eq!(ended(child).succeeds().stdout(), "");
    assert_eq!(counted.join().unwrap(), most / 1000 * block.len());
    let receipts = install.receipts();
    assert_eq!(receipts.len(), 1, "{receipts:?}");
    assert_eq!(receipts[0]["enforcement"], "filter");
    assert_eq!(receipts[0]["decision"], "allow");
    assert!(!receipts[0]["faults"].to_string().contains("scanned"), "{}", receipts[0]);
}

#[test]
fn a_secret_in_pieces_is_stopped_and_nothing_of_it_is_sent() {
    let (install, peer, token) = (install(), Peer::listen(), random_token());
    let mut child = nc(&install, &peer);
    let mut input = child.stdin.take().unwrap();
    let clean = "a line that says nothing\n".repeat(4000);
    input.write_all(clean.as_bytes()).unwrap();
    assert!(!peer.next(clean.len()).is_empty());
    for part in token.as_bytes().chunks(7) {
        input.write_all(part).unwrap();
        thread::sleep(Duration::from_millis(15));
    }
    input.write_all(b"\nand more\n").unwrap();
    let ended = ended(child);
    drop(input);
    let receipt = ended.assert_denied(&install, "no-stream");
    assert!(!shows(&peer.all(), &token));
    assert_eq!(receipt["kind"], "outcome");
    assert_eq!(receipt["findings"][0]["channel"], "stdin");
    let receipts = install.receipts();
    assert_eq!(receipt["follows"], receipts[0]["receipt_id"]);
    assert_eq!(receipts[0]["enforcement"], "filter");
    assert_eq!(install.leak_of(&token), None);
}

#[test]
fn a_secret_right_before_the_end_is_stopped() {
    let (install, peer, token) = (install(), Peer::listen(), random_token());
    let mut child = nc(&install, &peer);
    child.stdin.take().unwrap().write_all(format!("key={token}").as_bytes()).unwrap();
    ended(child).assert_denied(&install, "no-stream");
    assert!(!shows(&peer.all(), &token));
}

/// No wrapper of ours stands before a program that another one is told by its path.
#[test]
fn a_sender_that_a_wrapper_starts_by_its_path_is_judged() {
    let (install, peer, token) = (prepared(Install::new(&["env"])), Peer::listen(), random_token());
    let program = install.work().join("peers/nc").display().to_string();
    let words = [program, "127.0.0.1".to_owned(), peer.port.to_string()];
    let mut start = install.shim("env", words);
    start.0.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = start.0.spawn().unwrap();
    child.stdin.take().unwrap().write_all(format!("key={token}").as_bytes()).unwrap();
    ended(child).assert_denied(&install, "no-stream");
    assert!(!shows(&peer.all(), &token));
}

#[test]
fn both_sides_may_wait_for_each_other() {
    let (install, peer) = (install(), Peer::listen());
    let mut child = nc(&install, &peer);
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let mut stream = None;
    for round in 0..3 {
        let question = format!("question {round}?\n");
        input.write_all(question.as_bytes()).unwrap();
        assert_eq!(peer.next(question.len()), question.as_bytes());
        let stream: &mut TcpStream = stream.get_or_insert_with(|| peer.stream());
        stream.write_all(b"answer\n").unwrap();
        let mut answer = [0; 7];
        output.read_exact(&mut answer).unwrap();
        assert_eq!(&answer, b"answer\n");
    }
    drop(input);
    ended(child).succeeds();
}

#[test]
fn what_a_policy_takes_out_is_taken_out_on_the_way() {
    let (install, peer) = (install(), Peer::listen());
    let address = "jane.doe@corp-mail.de";
    let mut child = nc(&install, &peer);
    child.stdin.take().unwrap().write_all(format!("to {address}, now\n").as_bytes()).unwrap();
    ended(child).succeeds();
    let sent = String::from_utf8(peer.all()).unwrap();
    assert_eq!(sent, format!("to {}, now\n", "*".repeat(address.len())));
    let last = install.receipts().pop().unwrap();
    let reason = last["reason"].as_str().unwrap();
    assert_eq!(reason, "taken out of its input: 1 × pii.email (mask)");
}

#[test]
fn a_peer_that_ends_ends_the_command_and_its_writer_hears_of_it() {
    let install = install();
    let program =
        install.program("peers/brief", "#!/bin/sh\nread -r line\necho \"got $line\"\nexit 7\n");
    install.datafog(["hooks", "install", "nc", "--target"]).args([program]).run().succeeds();
    let line = "{ echo one; sleep 0.2; while echo more; do :; done; echo stopped >&2; } | nc h 1\n\
                echo \"${PIPESTATUS[1]}\"";
    let done = install.bash(&format!("trap '' PIPE; {line}")).run();
    assert_eq!(done.stdout(), "got one\n7\n");
    assert!(done.stderr().contains("stopped"), "{}", done.stderr());
}

#[test]
fn whoever_kills_us_kills_what_sends() {
    let (install, peer, token) = (install(), Peer::listen(), random_token());
    let mut child = nc(&install, &peer);
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"first\n").unwrap();
    assert_eq!(peer.next(6), b"first\n");
    input.write_all(format!("key={token}").as_bytes()).unwrap();
    kill(Pid::from_raw(child.id() as i32), Signal::SIGKILL).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(9));
    let begin = Instant::now();
    while input.write_all(b"more\n").is_ok() {
        assert!(begin.elapsed() < PATIENCE, "somebody still reads");
        thread::sleep(Duration::from_millis(5));
    }
    assert!(!shows(&peer.all(), &token));
}

#[test]
fn a_signal_reaches_the_command_and_its_end_is_ours() {
    let (install, peer) = (install(), Peer::listen());
    let mut child = nc(&install, &peer);
    let mut input = child.stdin.take().unwrap();
    input.write_all(b"first\n").unwrap();
    peer.next(6);
    kill(Pid::from_raw(child.id() as i32), Signal::SIGTERM).unwrap();
    assert_eq!(child.wait().unwrap().signal(), Some(15));
}

#[test]
fn observing_leaves_the_stream_alone() {
    let install = Install::observing(&[]);
    let (install, peer, token) = (prepared(install), Peer::listen(), random_token());
    let mut child = nc(&install, &peer);
    child.stdin.take().unwrap().write_all(token.as_bytes()).unwrap();
    ended(child).succeeds();
    assert_eq!(peer.all(), token.as_bytes());
    let receipt = install.receipts().pop().unwrap();
    assert_eq!(receipt["enforcement"], "exec");
    assert!(receipt["faults"].to_string().contains("was not scanned"), "{receipt}");
}
