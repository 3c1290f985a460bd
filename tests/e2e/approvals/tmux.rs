//! A terminal with a person at it.

use std::cell::Cell;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::support::Install;

/// Longest time that anything on the screen is waited for.
const PATIENCE: Duration = Duration::from_secs(40);

/// A tmux server of its own with one shell, started from an empty environment. Gone when dropped.
#[derive(Debug)]
pub(crate) struct Terminal<'i> {
    install: &'i Install,
    name: String,
    cleared: Cell<u32>,
}

impl<'i> Terminal<'i> {
    pub(crate) fn new(install: &'i Install, name: &str) -> Self {
        let terminal = Self { install, name: name.to_owned(), cleared: Cell::new(0) };
        let mut new = terminal.tmux(&["new-session", "-d", "-s", "t", "-x", "150", "-y", "50"]);
        new.args(["/bin/bash", "--norc", "--noprofile"]);
        assert!(new.status().unwrap().success());
        terminal.types("PS1='ready> '; stty -a > before; clear");
        terminal.sees("ready>");
        terminal
    }

    fn tmux(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("/usr/bin/tmux");
        command.args(["-L", &self.name, "-f", "/dev/null"]).args(arguments).env_clear();
        command.env("HOME", self.install.home()).env("PATH", self.install.path());
        command.env("TMUX_TMPDIR", self.install.work()).env("TERM", "xterm").env("LANG", "C.UTF-8");
        command.current_dir(self.install.work());
        command
    }

    /// Types a line, and Enter.
    pub(crate) fn types(&self, line: &str) {
        assert!(self.tmux(&["send-keys", "-t", "t", "-l", line]).status().unwrap().success());
        self.key("Enter");
    }

    /// Presses one key, by tmux's name for it.
    pub(crate) fn key(&self, key: &str) {
        assert!(self.tmux(&["send-keys", "-t", "t", key]).status().unwrap().success());
    }

    /// What stands on the screen.
    pub(crate) fn screen(&self) -> String {
        let shown = self.tmux(&["capture-pane", "-p", "-t", "t"]).output().unwrap();
        String::from_utf8_lossy(&shown.stdout).into_owned()
    }

    /// Waits until `text` is on the screen.
    #[track_caller]
    pub(crate) fn sees(&self, text: &str) -> String {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains(text) {
                return screen;
            }
            assert!(start.elapsed() < PATIENCE, "no `{text}` in:\n{screen}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Waits for the question, and until it takes an answer; then presses the key.
    ///
    /// What is typed too soon after a question is thrown away, and a busy machine may hold up whoever
    /// asks for longer than is waited here: a key that nothing came of is pressed again.
    #[track_caller]
    pub(crate) fn answers(&self, key: &str) -> String {
        let screen = self.answers_once(key);
        for pressed in 0..3 {
            if pressed > 0 {
                self.key(key);
            }
            if self.is_answered(&screen) {
                if pressed > 0 {
                    // The earlier key may have come after all, and stand at the prompt by now.
                    self.key("C-u");
                }
                break;
            }
        }
        screen
    }

    /// Waits for the question, presses the key once, and does not wait for what comes of it.
    #[track_caller]
    pub(crate) fn answers_once(&self, key: &str) -> String {
        let screen = self.sees("Run it?");
        sleep(Duration::from_millis(700));
        self.key(key);
        screen
    }

    /// Whether the last question of `screen` has got its answer, or another one has followed it;
    /// waits a little for that.
    fn is_answered(&self, screen: &str) -> bool {
        let asked = screen.matches("Run it?").count();
        let start = Instant::now();
        while start.elapsed() < Duration::from_secs(1) {
            let now = self.screen();
            let last = now.rsplit("Run it?").next().unwrap_or_default();
            if now.matches("Run it?").count() != asked || !last.trim().is_empty() {
                return true;
            }
            sleep(Duration::from_millis(50));
        }
        false
    }

    /// Runs a line to its end and returns its exit code.
    #[track_caller]
    pub(crate) fn ended(&self) -> i32 {
        self.types("echo \"code=$?.\"");
        let screen = self.sees("code=");
        let start = Instant::now();
        let mut screen = screen;
        loop {
            // The line as typed holds a `$`; its output does not.
            let code = screen
                .split("code=")
                .skip(1)
                .find_map(|rest| rest.split('.').next().and_then(|code| code.parse().ok()));
            if let Some(code) = code {
                return code;
            }
            assert!(start.elapsed() < PATIENCE, "{screen}");
            sleep(Duration::from_millis(50));
            screen = self.screen();
        }
    }

    /// Waits until the line that was typed has come to its end, or asks a question; whether it asks.
    #[track_caller]
    pub(crate) fn ended_or_asked(&self) -> bool {
        let start = Instant::now();
        loop {
            let screen = self.screen();
            if screen.contains("Run it?") {
                sleep(Duration::from_millis(700));
                return true;
            }
            if screen.trim_end().ends_with("ready>") && screen.matches("ready>").count() > 1 {
                return false;
            }
            assert!(start.elapsed() < PATIENCE, "{screen}");
            sleep(Duration::from_millis(50));
        }
    }

    /// Empties the screen; nothing that is seen afterwards was there before.
    #[track_caller]
    pub(crate) fn clear(&self) {
        let number = self.cleared.get().saturating_add(1);
        self.cleared.set(number);
        self.types(&format!("clear; printf '\\x23%s\\n' {number}"));
        self.sees(&format!("#{number}\nready>"));
    }

    /// Kills what the shell runs in the foreground, if it still runs that command; whether it did.
    pub(crate) fn kills(&self, name: &str) -> bool {
        let shown =
            self.tmux(&["display-message", "-p", "-t", "t", "#{pane_pid}"]).output().unwrap();
        let shell = String::from_utf8(shown.stdout).unwrap();
        let shell = shell.trim();
        let children = std::fs::read_to_string(format!("/proc/{shell}/task/{shell}/children"));
        let children = children.unwrap();
        let Some(child) = children.split_ascii_whitespace().next() else { return false };
        let line = std::fs::read_to_string(format!("/proc/{child}/cmdline")).unwrap_or_default();
        let child = nix::unistd::Pid::from_raw(child.parse().unwrap());
        // It is a child of the shell, which has not waited for it: the number is still its own.
        line.contains(name)
            && nix::sys::signal::kill(child, nix::sys::signal::Signal::SIGKILL).is_ok()
    }

    /// Asserts that the terminal is as it was before.
    #[track_caller]
    pub(crate) fn is_as_before(&self) {
        self.types("stty -a > after; cmp before after && echo sa\"\"me");
        self.sees("same");
    }
}

impl Drop for Terminal<'_> {
    fn drop(&mut self) {
        assert!(self.tmux(&["kill-server"]).status().is_ok());
    }
}
