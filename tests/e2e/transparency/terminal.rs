//! On a terminal: sizes, interactive reading, and the keys that send signals.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::process::Stdio;

use nix::pty::{Winsize, openpty};

use crate::transparency::Stage;

/// What is typed once the session asks for it with `?`, and the session.
const SESSIONS: &[(&str, &str)] = &[
    (
        "",
        "for n in 0 1 2; do env test -t $n; echo $?; done; env stty size; env tty | sed 's/[0-9]*$//'",
    ),
    (
        "",
        "env stty -a | head -n 1; git --version; curl --version > /dev/null; echo $?; cat < /dev/null",
    ),
    ("hello\nworld\n\u{4}", "echo '?'; cat; echo $?"),
    ("one\n\u{4}", "echo '?'; cat - ; echo $?; npm x < /dev/null"),
    ("\u{3}", "echo '?'; cat; echo $?"),
    ("\u{1c}", "exec 2> /dev/null; ulimit -c 0; echo '?'; env cat; echo $?"),
    ("a=b\n\u{4}", "echo '?'; psql app; echo $?"),
    ("n\n", "echo x > x; echo '?'; rm -i x; ls"),
];

#[test]
fn a_terminal_is_the_same() {
    let stage = Stage::new();
    for (typed, script) in SESSIONS {
        let plain = on_terminal(&stage, None, script, typed);
        for install in [&stage.enforced, &stage.observing] {
            let shims = install.root().join("shims");
            let gated = on_terminal(&stage, Some(&shims.display().to_string()), script, typed);
            assert_eq!(gated, plain, "{script}");
        }
    }
}

/// Runs the script as the leader of a terminal of its own and returns everything that was shown.
fn on_terminal(stage: &Stage, shims: Option<&str>, script: &str, typed: &str) -> String {
    let folder = stage.folder();
    if folder.exists() {
        std::fs::remove_dir_all(&folder).unwrap();
    }
    std::fs::create_dir(&folder).unwrap();
    let size = Winsize { ws_row: 33, ws_col: 77, ws_xpixel: 0, ws_ypixel: 0 };
    let pair = openpty(Some(&size), None).unwrap();
    let path = shims.map_or_else(|| stage.path(), |shims| format!("{shims}:{}", stage.path()));
    let arguments = ["-c", "-w", "/bin/bash", "-c", script];
    let mut start = stage.enforced.start("/usr/bin/setsid".as_ref(), arguments).env("PATH", path);
    let end = |slave: &OwnedFd| Stdio::from(slave.try_clone().unwrap());
    start.0.stdin(end(&pair.slave)).stdout(end(&pair.slave)).stderr(end(&pair.slave));
    start.0.env("TERM", "dumb").current_dir(&folder);
    let mut child = start.0.spawn().unwrap();
    drop((start, pair.slave));
    let mut terminal = File::from(pair.master);
    let mut shown = Vec::new();
    let mut typed = Some(typed).filter(|typed| !typed.is_empty());
    let mut block = [0; 4096];
    // When the last process has closed the terminal, reading ends with an error (EIO).
    while let Ok(count @ 1..) = terminal.read(&mut block) {
        shown.extend_from_slice(&block[..count]);
        if let Some(text) = typed.take_if(|_| shown.contains(&b'?')) {
            wait_for_reader(child.id());
            terminal.write_all(text.as_bytes()).unwrap();
        }
    }
    child.wait().unwrap();
    String::from_utf8(shown).unwrap()
}

/// Waits until a descendant of `process` sleeps in a read of the terminal, so that a key that sends
/// a signal meets the command and not the shell before it.
fn wait_for_reader(process: u32) {
    loop {
        let mut waiting = vec![process.to_string()];
        while let Some(pid) = waiting.pop() {
            let read = |name: &str| std::fs::read_to_string(format!("/proc/{pid}/{name}"));
            let name = read("comm").unwrap_or_default();
            let asleep = read("stat").is_ok_and(|stat| stat.contains(") S "));
            if asleep && matches!(name.trim(), "cat" | "rm") {
                return;
            }
            let children = read(&format!("task/{pid}/children")).unwrap_or_default();
            waiting.extend(children.split_ascii_whitespace().map(str::to_owned));
        }
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}
