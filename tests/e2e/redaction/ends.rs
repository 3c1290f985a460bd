//! How a filtered command ends, and what is left of it.

use std::io::{Read, Write};
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::install;

#[test]
fn codes_and_signals_are_those_of_the_command() {
    let (install, _) = install(&["env"]);
    for code in [0, 1, 7, 126, 255] {
        install.shim("env", ["sh", "-c", &format!("echo x; exit {code}")]).run().ends_with(code);
    }
    for signal in [Signal::SIGTERM, Signal::SIGKILL, Signal::SIGINT, Signal::SIGSEGV] {
        let script = format!("ulimit -c 0; kill -{} $$", signal as i32);
        let ended = install.shim("env", ["sh", "-c", &script]).run();
        assert_eq!(ended.0.status.signal(), Some(signal as i32), "{signal}");
    }
    install.shim("env", ["./nowhere"]).run().ends_with(127);
}

#[test]
fn a_reader_that_is_gone_ends_the_writer() {
    let (install, _) = install(&["env", "cat"]);
    for line in [
        "cat /dev/zero | head -c 10 | cksum; echo ${PIPESTATUS[@]}",
        "env yes | head -n 2; echo ${PIPESTATUS[@]}",
        "trap '' PIPE; env yes 2> /dev/null | head -n 1; echo ${PIPESTATUS[@]}",
        "cat secret >&-; echo $?",
        "cat secret > /dev/full; echo $?",
        "cat secret > /dev/null; echo $?",
        "cat <&-; echo $?",
    ] {
        let plain = install.plain_bash(line).run();
        let gated = install.bash(line).run();
        assert_eq!(gated.stdout(), plain.stdout(), "{line}");
    }
}

#[test]
fn signals_sent_to_us_reach_the_command() {
    let (install, _) = install(&["env"]);
    let script = "trap 'echo heard; exit 9' TERM; echo ready; while :; do sleep 0.05; done";
    let mut start = install.shim("env", ["sh", "-c", script]);
    let mut child = start.0.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    let mut ready = [0; 6];
    out.read_exact(&mut ready).unwrap();
    kill(Pid::from_raw(child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!((rest.as_str(), child.wait().unwrap().code()), ("heard\n", Some(9)));
}

#[test]
fn killed_we_take_the_command_with_us() {
    let (install, _) = install(&["env"]);
    let script = "echo $$; exec sleep 600";
    let mut start = install.shim("env", ["sh", "-c", script]);
    let mut child = start.0.stdout(Stdio::piped()).spawn().unwrap();
    let mut told = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut told).unwrap();
    child.kill().unwrap();
    child.wait().unwrap();
    let begin = Instant::now();
    let path = format!("/proc/{}/stat", told.trim());
    let lives = || std::fs::read_to_string(&path).is_ok_and(|stat| !stat.contains(") Z "));
    while lives() {
        assert!(begin.elapsed() < Duration::from_secs(10), "it lives on");
        std::thread::sleep(Duration::from_millis(5));
    }
}

#[test]
fn a_prompt_appears_while_the_command_waits() {
    let (install, _) = install(&["env"]);
    let script = "printf 'Name? '; read name; printf '\nword'; read word; printf '\n4111'; read word; \
        printf '\nann@example'; read word; printf '\nHello %s. Password: ' $name; read word";
    let mut start = install.shim("env", ["sh", "-c", script]);
    let mut child = start.0.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
    let asked = ["Name? ", "\nword", "\n4111", "\nann@example", "\nHello Ann. Password: "];
    for (prompt, answer) in asked.into_iter().zip(["Ann\n", "x\n", "x\n", "x\n", "x\n"]) {
        let mut shown = vec![0; prompt.len()];
        output.read_exact(&mut shown).unwrap();
        assert_eq!(String::from_utf8(shown).unwrap(), prompt);
        input.write_all(answer.as_bytes()).unwrap();
    }
    assert!(child.wait().unwrap().success());
}

#[test]
fn what_stays_behind_is_read_to_its_end_and_nobody_waits_for_it() {
    let (install, token) = install(&["env"]);
    let script = "(sleep 1; cat secret; echo done > end) & echo now";
    let begin = Instant::now();
    let mut start = install.shim("env", ["sh", "-c", script]);
    let mut child = start.0.stdout(Stdio::piped()).spawn().unwrap();
    let mut out = child.stdout.take().unwrap();
    assert!(child.wait().unwrap().success());
    assert!(begin.elapsed() < Duration::from_millis(900), "it waited for the background");
    let mut text = String::new();
    out.read_to_string(&mut text).unwrap();
    assert_eq!(text, "now\none\nkey=[REDACTED]\nthree\n");
    assert!(!text.contains(&token) && Path::new(&install.work().join("end")).exists());
}

#[test]
fn a_secret_that_drips_is_not_seen_either() {
    let (install, token) = install(&["env"]);
    let drip = "printf 'key='; for c in $(fold -w 1 drops); do printf %s $c; sleep 0.01; done; echo; echo end";
    std::fs::write(install.work().join("drops"), &token).unwrap();
    let shown = install.shim("env", ["sh", "-c", drip]).run().succeeds().stdout();
    assert_eq!(shown, "key=[REDACTED]\nend\n");
}
