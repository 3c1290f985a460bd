//! The real world behind [`Surroundings`].

use std::ffi::{OsStr, OsString};
use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use datafog_config::read_small;
use datafog_core::Surroundings;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{SigSet, Signal, killpg};
use nix::unistd::Pid;

use crate::lookup::Finder;
use crate::{canonical, git_folder};

/// How long a helper program may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// How long one may say nothing whose answer is content to be looked at.
const LONG_PATIENCE: Duration = Duration::from_secs(20);

/// Bytes that are read at a time.
const BLOCK: usize = 64 << 10;

/// Variables by which git would start a program, write a trace, or look for its parts elsewhere.
const UNWANTED: [&str; 11] = [
    "GIT_ASKPASS",
    "GIT_DIFF_OPTS",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PAGER",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
];

/// Most bytes a helper program may write.
const MOST_OUTPUT: usize = 1 << 20;

/// Most entries of a folder that are told.
const MOST_NAMES: usize = 100_000;

/// The machine as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) finder: Finder<'a>,
    /// The folder to work in, where it is not that of this process.
    pub(crate) folder: Option<&'a Path>,
}

impl Surroundings for World<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.finder.host.variable(name)
    }

    fn cwd(&self) -> &Path {
        self.folder.unwrap_or_else(|| self.finder.host.cwd())
    }

    fn home(&self) -> Option<&Path> {
        self.finder.host.home()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        read_small(path, limit as u64)
    }

    fn is_there(&self, path: &Path) -> bool {
        path.metadata().is_ok()
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let names: io::Result<Vec<OsString>> = fs::read_dir(folder)?
            .take(MOST_NAMES.saturating_add(1))
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect();
        match names? {
            names if names.len() > MOST_NAMES => Err(io::ErrorKind::FileTooLarge.into()),
            names => Ok(names),
        }
    }

    fn stdin_carries(&self) -> bool {
        let kind = |stdin: BorrowedFd<'_>| {
            let file = File::from(stdin.try_clone_to_owned()?);
            io::Result::Ok(file.metadata()?.file_type())
        };
        kind(io::stdin().as_fd()).is_ok_and(|kind| !kind.is_char_device())
    }

    fn environment(&self) -> Vec<u8> {
        let mut all = Vec::new();
        for entry in self.finder.host.environment() {
            all.extend_from_slice(entry.to_bytes());
            all.push(b'\n');
        }
        all
    }

    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>> {
        let mut command = self.command(program, arguments)?;
        answer_of(&mut command, PATIENCE)
    }

    fn pour(
        &self,
        program: &str,
        arguments: &[OsString],
        input: &[u8],
        take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> io::Result<()> {
        let mut command = self.command(program, arguments)?;
        for name in UNWANTED {
            command.env_remove(name);
        }
        command.env("GIT_NO_LAZY_FETCH", "1").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        run_within(&mut command, Patience::Between(LONG_PATIENCE), input, take)
    }
}

impl<'a> World<'a> {
    /// The same world, seen from a folder.
    pub(crate) const fn at(self, folder: &'a Path) -> Self {
        Self { folder: Some(folder), ..self }
    }

    /// The home of the account, links followed.
    pub(crate) fn account_home(&self) -> Option<PathBuf> {
        canonical::followed(Path::new("/"), self.home()?)
    }

    /// The same of the home that the environment names, where it is another one.
    pub(crate) fn named_home(&self) -> Option<PathBuf> {
        let named = self.variable("HOME").map(Path::new);
        let named = named.filter(|it| it.is_absolute() && Some(*it) != self.home())?;
        canonical::followed(Path::new("/"), named)
    }

    /// The real program, ready to be started with nothing on standard input.
    fn command(&self, program: &str, arguments: &[OsString]) -> io::Result<Command> {
        let real = self.finder.find(OsStr::new(program), None);
        let real = real.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut command = Command::new(real);
        command.args(arguments).current_dir(self.cwd());
        // What a helper starts in turn is asked by us, and is no call of anybody.
        let ours = |named: &OsStr| git_folder::is_ours(named, self.finder.layout);
        if self.finder.host.variable(git_folder::VARIABLE).is_some_and(ours) {
            command.env_remove(git_folder::VARIABLE);
        }
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        Ok(command)
    }
}

/// How long a helper program is waited for.
#[derive(Clone, Copy, Debug)]
enum Patience {
    /// So long for each piece of its answer: as long as it goes on, something is learnt.
    Between(Duration),
    /// So long for all of it.
    Whole(Duration),
}

/// What a helper program writes that is asked for nothing but words of its own.
pub(crate) fn answer_of_helper(command: &mut Command) -> io::Result<Vec<u8>> {
    answer_of(command, PATIENCE)
}

/// What a helper program writes, when it ends well and in time.
fn answer_of(command: &mut Command, patience: Duration) -> io::Result<Vec<u8>> {
    let mut output = Vec::new();
    run_within(command, Patience::Whole(patience), b"", &mut |piece| {
        output.extend_from_slice(piece);
        output.len() <= MOST_OUTPUT
    })?;
    Ok(output)
}

/// Runs a helper program to its end and hands on what it writes. Neither it nor what it started
/// outlives the question: they are a process group of their own.
fn run_within(
    command: &mut Command,
    patience: Patience,
    input: &[u8],
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    if !input.is_empty() {
        command.stdin(Stdio::piped());
    }
    let mut child = command.process_group(0).spawn()?;
    let stdin = child.stdin.take();
    // Both ends at once: it answers while it is still being asked.
    let result = thread::scope(|scope| {
        if let Some(mut stdin) = stdin {
            // Who does not read to the end says so by what it writes, and how it ends.
            scope.spawn(move || {
                // A closed pipe would end this process; here it must only end the writing.
                let mut pipe = SigSet::empty();
                pipe.add(Signal::SIGPIPE);
                pipe.thread_block().is_ok() && stdin.write_all(input).is_ok()
            });
        }
        let result = read_within(&mut child, patience, take);
        if result.is_err() {
            let group = i32::try_from(child.id()).map_err(io::Error::other)?;
            // The child is not waited for yet, so the number is still its group's.
            killpg(Pid::from_raw(group), Signal::SIGKILL)?;
        }
        result
    });
    let status = child.wait()?;
    result?;
    if status.success() { Ok(()) } else { Err(io::Error::other("ended with a failure")) }
}

fn read_within(
    child: &mut Child,
    patience: Patience,
    take: &mut dyn FnMut(&[u8]) -> bool,
) -> io::Result<()> {
    let (Patience::Between(time) | Patience::Whole(time)) = patience;
    let mut deadline = Instant::now().checked_add(time);
    let mut pipe = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    let mut block = vec![0_u8; BLOCK];
    loop {
        let left = deadline.and_then(|end| end.checked_duration_since(Instant::now()));
        wait_for(&pipe, left.ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))?)?;
        let count = pipe.read(&mut block)?;
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(());
        };
        if !take(read) {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        if matches!(patience, Patience::Between(_)) {
            deadline = Instant::now().checked_add(time);
        }
    }
}

fn wait_for(pipe: &ChildStdout, patience: Duration) -> io::Result<()> {
    let mut ready = [PollFd::new(pipe.as_fd(), PollFlags::POLLIN)];
    let timeout = PollTimeout::try_from(patience).unwrap_or(PollTimeout::MAX);
    match poll(&mut ready, timeout) {
        Ok(0) => Err(io::Error::from(io::ErrorKind::TimedOut)),
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_config::{FileIdentity, Host, Layout};

    fn with_world<T>(path: &Path, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let host = Host::made_up(&["git"], &[("PATH", "/bin:/usr/bin")], path);
        let layout = Layout::at(path);
        let own = FileIdentity::of(&path.metadata().unwrap());
        ask(&World { finder: Finder { host: &host, layout: &layout, own }, folder: None })
    }

    #[test]
    fn a_helper_runs_the_real_program_and_is_not_waited_for_for_ever() {
        let folder = tempfile::tempdir().unwrap();
        with_world(folder.path(), |world| {
            assert_eq!(world.output_of("echo", &["hi".into()]).unwrap(), b"hi\n");
            assert!(world.output_of("false", &[]).is_err());
            assert!(world.output_of("no-such-program-here", &[]).is_err());
            assert!(world.output_of("yes", &[]).is_err(), "too much output");
        });
    }

    #[test]
    fn a_helper_that_takes_too_long_ends_with_all_that_it_started() {
        let folder = tempfile::tempdir().unwrap();
        let note = folder.path().join("children");
        let script = format!("sleep 60 & echo $! > '{}'; wait", note.display());
        let mut command = Command::new("sh");
        command.args(["-c", &script]).stdout(Stdio::piped());
        let error = answer_of(&mut command, Duration::from_millis(500)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        let child: i32 = fs::read_to_string(note).unwrap().trim().parse().unwrap();
        // It is gone, or waits to be reaped by whoever adopted it.
        let lives = || {
            let stat = fs::read_to_string(format!("/proc/{child}/stat")).unwrap_or_default();
            stat.contains("(sleep)") && !stat.contains(") Z ")
        };
        let start = Instant::now();
        while lives() {
            assert!(start.elapsed() < Duration::from_secs(10), "it still runs");
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}
