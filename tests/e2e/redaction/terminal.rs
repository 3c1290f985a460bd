//! On a terminal: programs that talk to a person work as without us, and show no finding.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::install;
use crate::support::Install;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// A terminal of 80 columns and 24 rows with a shell in it.
pub(super) struct Screen<'i> {
    install: &'i Install,
    socket: PathBuf,
}

impl<'i> Screen<'i> {
    pub(super) fn new(install: &'i Install) -> Self {
        let screen = Self { install, socket: install.work().join("tmux") };
        let size = ["-x", "80", "-y", "24"];
        let shell = ["/usr/bin/env", "PS1=at:> ", "/bin/bash", "--norc", "-i"];
        let new = ["new-session", "-d"].into_iter().chain(size).chain(shell);
        screen.tmux(&new.collect::<Vec<_>>());
        screen.shows("at:>");
        screen
    }

    fn tmux(&self, arguments: &[&str]) -> String {
        let socket = self.socket.to_str().unwrap();
        let head = ["-S", socket, "-f", "/dev/null"];
        let all = head.iter().chain(arguments).copied();
        self.install.start("/usr/bin/tmux".as_ref(), all).run().succeeds().stdout()
    }

    fn keys(&self, keys: &[&str]) {
        self.tmux(&[&["send-keys"], keys].concat());
    }

    pub(super) fn types(&self, line: &str) {
        self.tmux(&["send-keys", "-l", line]);
        self.keys(&["Enter"]);
    }

    fn text(&self) -> String {
        self.tmux(&["capture-pane", "-p", "-S", "-100"])
    }

    /// Waits until the screen shows this.
    #[track_caller]
    pub(super) fn shows(&self, part: &str) -> String {
        let begin = Instant::now();
        loop {
            let text = self.text();
            if text.contains(part) {
                return text;
            }
            assert!(begin.elapsed() < PATIENCE, "{part:?} is not to be seen in\n{text}");
            std::thread::sleep(Duration::from_millis(30));
        }
    }

    /// Whether the screen shows this within a few seconds.
    fn comes_to_show(&self, part: &str) -> bool {
        let begin = Instant::now();
        while !self.text().contains(part) && begin.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(30));
        }
        self.text().contains(part)
    }

    /// Waits until the shell asks for its next line, then for the code of the last one.
    #[track_caller]
    pub(super) fn ended_with(&self, code: i32) {
        let begin = Instant::now();
        while !self.text().trim_end().ends_with("at:>") {
            assert!(begin.elapsed() < PATIENCE, "no prompt in\n{}", self.text());
            std::thread::sleep(Duration::from_millis(30));
        }
        self.types("echo code $?");
        self.shows(&format!("code {code}"));
    }

    fn clear(&self) {
        self.types("clear");
        self.keys(&["C-l"]);
        self.tmux(&["clear-history"]);
    }
}

impl Drop for Screen<'_> {
    fn drop(&mut self) {
        let socket = self.socket.to_str().unwrap().to_owned();
        let kill = ["-S".to_owned(), socket, "kill-server".to_owned()];
        self.install.start("/usr/bin/tmux".as_ref(), kill).run();
    }
}

#[test]
fn a_pager_pages() {
    let (install, token) = install(&["env", "git"]);
    let rows: String = (0..200).map(|n| format!("row {n} of the text\n")).collect();
    std::fs::write(install.work().join("rows"), format!("top {token} end\n{rows}")).unwrap();
    let screen = Screen::new(&install);
    screen.types("env less rows");
    let text = screen.shows("row 20 of");
    assert!(text.contains("top [REDACTED] end") && !text.contains("row 100 "), "{text}");
    screen.keys(&["G"]);
    screen.shows("row 199 of");
    screen.keys(&["q"]);
    screen.ended_with(0);
    assert!(!screen.text().contains(token.get(8..20).unwrap()));
}

/// A wrapped program that starts another one: each has a terminal of its own, and keys and sizes go
/// through both.
#[test]
fn a_pager_below_two_redactions_pages() {
    let (install, token) = install(&["env"]);
    let rows: String = (0..200).map(|n| format!("row {n} of the text\n")).collect();
    std::fs::write(install.work().join("rows"), format!("top {token} end\n{rows}")).unwrap();
    let screen = Screen::new(&install);
    screen.types("env env less rows");
    let text = screen.shows("row 20 of");
    assert!(text.contains("top [REDACTED] end") && !text.contains("row 100 "), "{text}");
    screen.keys(&["G"]);
    screen.shows("row 199 of");
    // On a busy machine one signal may come before there is a new size to pass on; the next one tells.
    let is_told = |rows: &&str| {
        screen.tmux(&["resize-window", "-x", "100", "-y", *rows]);
        screen.comes_to_show("\n~")
    };
    assert!(["30", "29", "30", "29"].iter().any(is_told), "{}", screen.text());
    // A key that comes with a signal of a size may be dropped by the pager.
    let is_at_top = |_: &i32| {
        screen.keys(&["g"]);
        screen.comes_to_show("row 26 of")
    };
    assert!([1, 2, 3].iter().any(is_at_top), "{}", screen.text());
    screen.keys(&["q"]);
    screen.ended_with(0);
}

/// Keys that are pressed while a program runs which does not read them are there for whoever reads
/// next.
#[test]
fn what_is_typed_ahead_is_left_to_the_next_program() {
    let (install, _) = install(&["env"]);
    let screen = Screen::new(&install);
    std::fs::write(install.work().join("go"), "").unwrap();
    screen.types("env sh -c 'echo begun; while [ -e go ]; do sleep 0.05; done; cat secret'");
    screen.shows("\nbegun");
    screen.types("echo be''hind");
    std::fs::remove_file(install.work().join("go")).unwrap();
    screen.shows("\nbehind");
    screen.ended_with(0);
}

/// The program waits for an answer behind each prompt, whatever that ends in.
#[test]
fn a_prompt_that_ends_like_the_head_of_a_secret_is_shown() {
    let (install, token) = install(&["env"]);
    let heads = [["gh", "p_"], ["AK", "IA"]].map(|parts| parts.concat());
    let script = format!(
        "import sys\nfor at, prompt in enumerate(['name', '{}', '{}', '4111', 'a@b', '1.2.3.4', 'api_key=abc{}']):\n    \
         print(f'{{at}} {{prompt}}', end='', flush=True)\n    print('\\nanswer', sys.stdin.readline())\n",
        heads[0],
        heads[1],
        token.get(..20).unwrap(),
    );
    std::fs::write(install.work().join("ask.py"), script).unwrap();
    let screen = Screen::new(&install);
    screen.types("env python3 ask.py");
    let prompts =
        ["0 name", &heads[0], &heads[1], "3 4111", "4 a@b", "5 1.2.3.4", "6 api_key=[REDACTED]"];
    for (at, prompt) in prompts.into_iter().enumerate() {
        screen.shows(prompt);
        screen.types(&format!("yes{at}"));
        screen.shows(&format!("answer yes{at}"));
    }
    assert!(!screen.text().contains(token.get(8..20).unwrap()));
    screen.ended_with(0);
}

#[test]
fn git_log_pages_and_hides() {
    let (install, token) = install(&["git"]);
    let repository = "git init -q . && git config user.name n && git config user.email n@example.org \
        && for n in $(seq 30); do git commit -q --allow-empty -m \"change $n\"; done";
    install.plain_bash(repository).run().succeeds();
    let message = format!("use {token} for it");
    install
        .start("/usr/bin/git".as_ref(), ["commit", "-q", "--allow-empty", "-m", &message])
        .run()
        .succeeds();
    let screen = Screen::new(&install);
    screen.types("git log");
    let text = screen.shows("change 30");
    assert!(text.contains("use [REDACTED] for it") && !text.contains("change 1\n"), "{text}");
    screen.keys(&["Space"]);
    screen.shows("change 26");
    screen.keys(&["q"]);
    screen.ended_with(0);
}

#[test]
fn a_python_session_reads_edits_and_is_interrupted() {
    let (install, token) = install(&["env"]);
    let screen = Screen::new(&install);
    screen.types("env python3 -q");
    screen.shows(">>>");
    screen.types("print('a' + 'b' * 3, open('secret').read())");
    let text = screen.shows("abbb one");
    assert!(
        screen.shows("key=[REDACTED]").contains(">>>") && !text.contains(token.get(8..20).unwrap()),
        "{text}"
    );
    screen.types("import time; time.sleep(600)");
    std::thread::sleep(Duration::from_millis(300));
    screen.keys(&["C-c"]);
    screen.shows("KeyboardInterrupt");
    screen.types("6 * 7");
    screen.shows("42");
    screen.keys(&["C-d"]);
    screen.ended_with(0);
}

#[test]
fn keys_stop_resume_and_end_what_runs() {
    let (install, _) = install(&["env"]);
    let screen = Screen::new(&install);
    screen.types("env sh -c 'echo begun; while read x; do echo got $x; done'");
    screen.shows("\nbegun");
    screen.keys(&["C-z"]);
    screen.shows("Stopped");
    screen.types("fg");
    // Until then the shell reads single keys, for which a line's end is another one.
    screen.shows("at:> fg\nenv sh");
    screen.types("apple");
    screen.shows("\ngot apple");
    screen.keys(&["C-d"]);
    screen.ended_with(0);
    screen.types("env sh -c 'echo waiting; exec sleep 600'");
    screen.shows("\nwaiting");
    screen.keys(&["C-c"]);
    screen.ended_with(130);
}

#[test]
fn a_session_of_a_database_asks_and_answers() {
    let (install, token) = install(&["env"]);
    let fake = "#!/bin/sh\nwhile printf 'app=# ' && read -r line; do case $line in\n\
                '\\q') exit 0;; *) cat secret; echo '(1 row)';; esac; done\n";
    install.program("psql", fake);
    let screen = Screen::new(&install);
    screen.types("env ./psql");
    screen.shows("app=#");
    screen.types("select key from keys;");
    let text = screen.shows("(1 row)");
    assert!(text.contains("key=[REDACTED]") && !text.contains(token.get(8..20).unwrap()), "{text}");
    screen.types("\\q");
    screen.ended_with(0);
}

#[test]
fn sizes_and_settings_are_those_of_the_users_terminal() {
    let (install, _) = install(&["env"]);
    let watch = "import os, signal, time\n\
        tell = lambda *_: os.write(1, f'{os.get_terminal_size(1)}\\n'.encode())\n\
        signal.signal(signal.SIGWINCH, tell); tell()\nwhile True: time.sleep(0.05)\n";
    std::fs::write(install.work().join("watch.py"), watch).unwrap();
    let screen = Screen::new(&install);
    screen.types("env python3 watch.py");
    screen.shows("columns=80, lines=24");
    screen.tmux(&["resize-window", "-x", "100", "-y", "30"]);
    screen.shows("columns=100, lines=30");
    screen.keys(&["C-c"]);
    screen.clear();
    // A program that sets the terminal it writes to gets single keys from the one it reads.
    let raw = "import os, tty, sys\nbefore = tty.tcgetattr(1)\ntty.setcbreak(1)\n\
        print('press', flush=True)\nprint('got', os.read(0, 1), flush=True)\n\
        if sys.argv[1] == 'die': os.kill(os.getpid(), 9)\n\
        tty.tcsetattr(1, tty.TCSANOW, before)\n";
    std::fs::write(install.work().join("raw.py"), raw).unwrap();
    for way in ["live", "die"] {
        screen.types(&format!("sh -c 'env python3 raw.py {way}; stty -a | grep -o \" icanon\"'"));
        screen.shows("\npress");
        screen.keys(&["k"]);
        screen.shows("got b'k'");
        screen.shows("\n icanon");
        screen.clear();
    }
}
