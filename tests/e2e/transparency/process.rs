//! What the kernel keeps for a process: signals, descriptors, and how it ended.

use std::fs;
use std::os::unix::process::ExitStatusExt;
use std::process::{Command, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::transparency::Stage;

/// Sessions whose commands are cut off or tell about their signals and descriptors.
const SESSIONS: &[(&str, usize)] = &[
    // A reader that is gone: by default the writer dies of SIGPIPE, else it gets an error.
    ("cat /dev/zero | true; echo ${PIPESTATUS[@]}", 1),
    ("cat /dev/zero | head -c 10 | cksum; echo ${PIPESTATUS[@]}", 2),
    ("env yes | head -n 2; echo ${PIPESTATUS[@]}", 2),
    ("trap '' PIPE; cat /dev/zero | true; echo ${PIPESTATUS[@]}", 1),
    ("trap '' PIPE; env yes | head -n 1; echo ${PIPESTATUS[@]}", 2),
    // Masks and dispositions: ignored ones stay ignored, handlers of ours are gone.
    ("cat /proc/self/status | grep ^Sig | grep -v SigQ", 1),
    ("trap '' INT HUP USR1 SEGV ABRT BUS ILL; cat /proc/self/status | grep ^Sig | grep -v SigQ", 1),
    ("trap 'echo x' TERM SEGV; env cat /proc/self/status | grep ^Sig | grep -v SigQ", 2),
    (
        "cat /proc/self/status | grep -v 'Sig\\|Pid\\|^Vm\\|^Rss\\|ctxt\\|Threads\\|^Hugetlb\\|NSpid\\|NStgid\\|Tgid\\|NSpgid\\|NSsid\\|_allowed\\|Name\\|State'",
        1,
    ),
    // A shell's own words for how a child ended.
    ("exec 2> /dev/null; env sh -c 'kill -INT $$'; echo $?", 1),
    (
        "exec 2> /dev/null; env sh -c 'kill -TERM $$'; echo $?; env sh -c 'kill -KILL $$'; echo $?",
        2,
    ),
    (
        "exec 2> /dev/null; ulimit -c 0; env sh -c 'kill -SEGV $$'; echo $?; env sh -c 'kill -ABRT $$'; echo $?",
        2,
    ),
    ("for n in 0 1 2 99 125 126 127 128 130 255; do env sh -c \"exit $n\"; echo $?; done", 10),
    // Closed ones stay closed, open ones stay open, none is added.
    ("env ../fakes/fds", 1),
    ("env ../fakes/fds <&-", 1),
    ("env ../fakes/fds >&-", 1),
    ("env ../fakes/fds 2>&-", 1),
    ("env ../fakes/fds <&- >&- 2>&-", 1),
    ("echo x > f; env ../fakes/fds 3< f 7<> f 9>> g < f", 1),
    ("exec 3< /dev/null 40> h; env ../fakes/fds; cat /dev/null; env ../fakes/fds 3<&-", 3),
    ("git commit -F - <&- ; echo $?; git status <&- >&-; echo $?", 2),
    ("cat <&-; echo $?; cat /proc/self/cmdline >&-; echo $?; cat nowhere 2>&-; echo $?", 3),
    ("echo x | cat > /dev/full; echo $?", 1),
    ("(cat; echo $?) < .", 1),
    // In the background, and stopped.
    ("cat /dev/null & wait $!; echo $?; env sleep 100 & kill $!; wait $!; echo $?", 1),
    (
        "env sh -c 'kill -STOP $$; exit 3' & until grep -q 'T (stopped)' /proc/$!/status; do :; done; kill -CONT $!; wait $!; echo $?",
        1,
    ),
    ("timeout -s INT 0.2 env sleep 100; echo $?", 1),
];

#[test]
fn signals_and_descriptors_are_the_same() {
    let stage = Stage::new();
    // Nothing but the shell's own words, since every pipe and process would add descriptors.
    let text = "#!/bin/sh\nlist=; n=0\nwhile test $n -lt 300; do\nfile=/proc/$$/fd/$n; n=$((n + 1))\n\
                for kind in b c d f p S; do test -$kind $file && list=\"$list $n$kind\"; done\n\
                done\necho $list > descriptors";
    stage.enforced.program("fakes/fds", text);
    stage.assert_same(SESSIONS.iter().copied());
}

#[test]
fn the_process_that_was_started_is_the_command_itself() {
    let stage = Stage::new();
    for install in [&stage.enforced, &stage.observing] {
        for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGKILL, Signal::SIGHUP] {
            let mut start = install.shim("cat", [""; 0]);
            let mut child = start.0.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
            let pid = Pid::from_raw(child.id().try_into().unwrap());
            wait_for_exec(pid, "cat");
            kill(pid, signal).unwrap();
            let status = child.wait().unwrap();
            assert_eq!(status.signal(), Some(signal as i32), "{signal}");
        }
    }
}

/// Waits until the process runs another program than the gate.
fn wait_for_exec(pid: Pid, name: &str) {
    let path = format!("/proc/{pid}/exe");
    while !fs::read_link(&path).unwrap().ends_with(name) {
        std::thread::sleep(Duration::from_millis(1));
    }
}

#[test]
fn the_parent_is_the_one_that_started_it() {
    let stage = Stage::new();
    for install in [&stage.enforced, &stage.observing] {
        let told = install.shim("env", ["sh", "-c", "echo $PPID"]).run().succeeds().stdout();
        assert_eq!(told.trim(), std::process::id().to_string(), "nobody stands in between");
    }
}

#[test]
fn end_of_input_arrives() {
    let stage = Stage::new();
    for install in [&stage.enforced, &stage.observing] {
        assert_eq!(install.shim("cat", [""; 0]).run_with(b"").succeeds().stdout(), "");
        let bytes = vec![b'x'; 1_000_000];
        assert_eq!(install.shim("cat", ["-"]).run_with(&bytes).succeeds().0.stdout, bytes);
        // A command that does not read its input leaves the writer with a closed pipe, not waiting.
        install.shim("env", ["true"]).run_with(&bytes).succeeds();
    }
}

#[test]
fn two_commands_talk_while_both_run() {
    // cat hands on each line as it comes; a gate that waits for the end would wait for ever.
    let stage = Stage::new();
    for install in [&stage.enforced, &stage.observing] {
        let mut start: Command = install.shim("cat", [""; 0]).0;
        let mut child = start.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let (mut input, mut output) = (child.stdin.take().unwrap(), child.stdout.take().unwrap());
        for round in 0..3_u8 {
            std::io::Write::write_all(&mut input, &[b'a', round]).unwrap();
            let mut answer = [0; 2];
            std::io::Read::read_exact(&mut output, &mut answer).unwrap();
            assert_eq!(answer, [b'a', round]);
        }
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}
