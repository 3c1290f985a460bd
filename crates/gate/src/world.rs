//! The real world behind [`Surroundings`].

use std::ffi::{OsStr, OsString};
use std::fs::OpenOptions;
use std::io::{self, Read};
use std::os::fd::AsFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use datafog_core::Surroundings;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::lookup::Finder;

/// How long a helper program may take.
const PATIENCE: Duration = Duration::from_secs(3);

/// Most bytes a helper program may write.
const MOST_OUTPUT: usize = 1 << 20;

/// The machine as it is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    pub(crate) finder: Finder<'a>,
}

impl Surroundings for World<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.finder.host.variable(name)
    }

    fn cwd(&self) -> &Path {
        self.finder.host.cwd()
    }

    fn home(&self) -> Option<&Path> {
        self.finder.host.home()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        // A pipe or a terminal must not hold us up, so the file is opened without waiting.
        let mut options = OpenOptions::new();
        let file = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
        if !file.metadata()?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
        }
        let mut bytes = Vec::new();
        file.take((limit as u64).saturating_add(1)).read_to_end(&mut bytes)?;
        if bytes.len() > limit {
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, "larger than expected"));
        }
        Ok(bytes)
    }

    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>> {
        let real = self.finder.find(OsStr::new(program), None);
        let real = real.ok_or_else(|| io::Error::from(io::ErrorKind::NotFound))?;
        let mut command = Command::new(real);
        command.args(arguments).current_dir(self.cwd());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn()?;
        let result = read_within(&mut child, PATIENCE);
        if result.is_err() {
            // It must not outlive the question.
            child.kill()?;
        }
        let status = child.wait()?;
        let output = result?;
        if status.success() { Ok(output) } else { Err(io::Error::other("ended with a failure")) }
    }
}

fn read_within(child: &mut Child, patience: Duration) -> io::Result<Vec<u8>> {
    let deadline = Instant::now().checked_add(patience);
    let mut pipe = child.stdout.take().ok_or_else(|| io::Error::other("no output"))?;
    let mut output = Vec::new();
    let mut block = [0_u8; 4096];
    loop {
        let left = deadline.and_then(|end| end.checked_duration_since(Instant::now()));
        wait_for(&pipe, left.ok_or_else(|| io::Error::from(io::ErrorKind::TimedOut))?)?;
        let count = pipe.read(&mut block)?;
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else {
            return Ok(output);
        };
        output.extend_from_slice(read);
        if output.len() > MOST_OUTPUT {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
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
    use std::fs;

    fn with_world<T>(path: &Path, ask: impl FnOnce(&World<'_>) -> T) -> T {
        let host = Host::made_up(&["git"], &[("PATH", "/bin:/usr/bin")], path);
        let layout = Layout::at(path);
        let own = FileIdentity::of(&path.metadata().unwrap());
        ask(&World { finder: Finder { host: &host, layout: &layout, own } })
    }

    #[test]
    fn only_small_regular_files_are_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("f");
        fs::write(&file, "12345").unwrap();
        let pipe = folder.path().join("p");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        with_world(folder.path(), |world| {
            assert_eq!(world.read(&file, 5).unwrap(), b"12345");
            assert_eq!(world.read(&file, 4).unwrap_err().kind(), io::ErrorKind::FileTooLarge);
            assert_eq!(world.read(&pipe, 4).unwrap_err().kind(), io::ErrorKind::InvalidInput);
        });
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
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::piped()).spawn().unwrap();
        let error = read_within(&mut child, Duration::from_millis(20)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::TimedOut);
        child.kill().unwrap();
        child.wait().unwrap();
    }
}
