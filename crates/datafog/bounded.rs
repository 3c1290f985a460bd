//! Another program that is asked something, within bounds: what it reads, how long it takes and how
//! much it says are limited, and nothing that it started is left when it is done.
//!
//! It runs without a shell, with no environment but a plain PATH, and in a process group of its own
//! so that all of it can be ended. What leaves that group by `setsid` is not found again; it has
//! nothing of ours but the question.

use std::ffi::OsStr;
use std::io::{Read as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc;
use std::time::{Duration, Instant};

use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;

/// Where such a program finds others: never our wrappers.
const PLAIN_PATH: &str = "/usr/local/bin:/usr/bin:/bin";

/// How often it is looked whether the program has ended once it said everything.
const PAUSE: Duration = Duration::from_millis(1);

/// A program and its bounds.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bounded<'a> {
    /// Absolute.
    pub(crate) program: &'a Path,
    /// How long it may take, from its start to its end.
    pub(crate) patience: Duration,
    /// Most bytes that it may say.
    pub(crate) most: u64,
}

impl Bounded<'_> {
    /// What the program writes to standard output when `question` is its standard input.
    ///
    /// # Errors
    /// In words: it cannot be started, takes too long, says too much, or ends with another status
    /// than 0.
    pub(crate) fn ask<S: AsRef<OsStr>>(
        self,
        arguments: impl IntoIterator<Item = S>,
        question: Vec<u8>,
    ) -> Result<Vec<u8>, String> {
        let deadline = Instant::now().checked_add(self.patience);
        let mut child = Command::new(self.program)
            .args(arguments)
            .env_clear()
            .env("PATH", PLAIN_PATH)
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("it cannot be started: {error}"))?;
        let answer = self.converse(&mut child, question, deadline);
        end(&mut child);
        answer
    }

    fn converse(
        self,
        child: &mut Child,
        question: Vec<u8>,
        deadline: Option<Instant>,
    ) -> Result<Vec<u8>, String> {
        let (Some(stdin), Some(stdout)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(String::from("it has no streams"));
        };
        let (say, heard) = mpsc::channel();
        // Neither thread is waited for: one that hangs on a pipe ends with this process, or with
        // the other end of the pipe.
        std::thread::spawn(move || write(stdin, &question));
        let most = self.most;
        std::thread::spawn(move || say.send(read(stdout, most)).is_ok());
        let left =
            || deadline.map_or(Duration::ZERO, |it| it.saturating_duration_since(Instant::now()));
        let answer = heard.recv_timeout(left()).map_err(|_| self.too_slow())??;
        loop {
            match child.try_wait() {
                Ok(Some(status)) if status.success() => return Ok(answer),
                Ok(Some(status)) => return Err(format!("it ended with {status}")),
                Ok(None) if left().is_zero() => return Err(self.too_slow()),
                Ok(None) => std::thread::sleep(PAUSE),
                Err(error) => return Err(format!("nobody knows how it ended: {error}")),
            }
        }
    }

    fn too_slow(self) -> String {
        format!("it took longer than {} ms", self.patience.as_millis())
    }
}

/// A program that does not read to the end is no failure: it may know enough.
fn write(mut stdin: ChildStdin, question: &[u8]) -> bool {
    // Whoever started us may want to die of a closed pipe; here it must only end the writing.
    let mut pipe = SigSet::empty();
    pipe.add(Signal::SIGPIPE);
    pipe.thread_block().is_ok() && stdin.write_all(question).is_ok()
}

fn read(stdout: ChildStdout, most: u64) -> Result<Vec<u8>, String> {
    let mut answer = Vec::new();
    stdout
        .take(most.saturating_add(1))
        .read_to_end(&mut answer)
        .map_err(|error| format!("its answer cannot be read: {error}"))?;
    if u64::try_from(answer.len()).is_ok_and(|length| length <= most) {
        Ok(answer)
    } else {
        Err(format!("it says more than {most} bytes"))
    }
}

/// Ends whatever is left of the group. The leader was not waited for unless it has ended, so its
/// number cannot be another's by now as long as anything of the group is alive.
fn end(child: &mut Child) {
    if let Ok(group) = i32::try_from(child.id()) {
        // Nothing left is what is wanted.
        let _gone: nix::Result<()> = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ended: std::io::Result<_> = child.wait();
}
