//! The real git, asked in a way that a repository's own settings cannot turn into something else.
//!
//! Only plumbing commands are used, and only their raw forms: no diff is made, so no external diff,
//! no text conversion and no filter runs; hooks, the file system monitor and the pager are off, and
//! objects that a partial clone lacks are not fetched. A secret scanner is run on repositories that
//! somebody else wrote.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::change::object;
use crate::error::Error;

/// Which changes are looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Selection {
    /// Everything that any branch, tag or note has ever held.
    History,
    /// What the commits after a revision brought in.
    Since(String),
    /// What is about to be committed.
    Staged,
}

/// A git program and the folder whose repository is asked about.
#[derive(Clone, Debug)]
pub struct Git {
    /// The program itself, not a wrapper of ours.
    pub program: PathBuf,
    /// Any folder of the repository.
    pub folder: PathBuf,
}

/// Settings that could start a program or reach the network.
const OFF: [&str; 8] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.pager=cat",
    "core.sshCommand=false",
    "core.askPass=",
    "protocol.allow=never",
    "submodule.recurse=false",
    "log.showSignature=false",
];

/// Variables with which git would start programs, write traces or look for its parts elsewhere.
const REMOVED: [&str; 9] = [
    "GIT_ASKPASS",
    "GIT_EXEC_PATH",
    "GIT_EXTERNAL_DIFF",
    "GIT_PROXY_COMMAND",
    "GIT_SSH",
    "GIT_SSH_COMMAND",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
];

impl Git {
    fn command<S: AsRef<OsStr>>(&self, arguments: impl IntoIterator<Item = S>) -> Command {
        let mut command = Command::new(&self.program);
        command.arg("-C").arg(&self.folder);
        command.args(["--no-pager", "--no-optional-locks", "--no-replace-objects"]);
        command.arg("--literal-pathspecs");
        for setting in OFF {
            command.args(["-c", setting]);
        }
        for variable in REMOVED {
            command.env_remove(variable);
        }
        command.env("GIT_TERMINAL_PROMPT", "0").env("GIT_NO_LAZY_FETCH", "1").env("LC_ALL", "C");
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// What a command writes, when it ends well.
    pub(crate) fn output<S: AsRef<OsStr>>(
        &self,
        about: &'static str,
        arguments: impl IntoIterator<Item = S>,
    ) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Git { about, source };
        let output = self.command(arguments).output().map_err(failed)?;
        let said = || first_line(&output.stderr);
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(Error::GitRefused { about, said: said() })
        }
    }

    /// What a command writes that reads `input`, when it ends well.
    pub(crate) fn answer<S: AsRef<OsStr>>(
        &self,
        about: &'static str,
        arguments: impl IntoIterator<Item = S>,
        input: &[u8],
    ) -> Result<Vec<u8>, Error> {
        let failed = |source| Error::Git { about, source };
        let mut child = self.command(arguments).stdin(Stdio::piped()).spawn().map_err(failed)?;
        let stdin = child.stdin.take();
        // Both ends at once: git answers while it is still being asked.
        let output = std::thread::scope(|scope| {
            scope.spawn(move || stdin.map(|mut stdin| stdin.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        if output.status.success() {
            Ok(output.stdout)
        } else {
            Err(Error::GitRefused { about, said: first_line(&output.stderr) })
        }
    }

    /// Whether `revision` names a commit, and which.
    pub(crate) fn commit(&self, revision: &str) -> Result<String, Error> {
        let name = format!("{revision}^{{commit}}");
        let arguments = ["rev-parse", "--verify", "--quiet", "--end-of-options", &name];
        let output = self.output("which commit that is", arguments);
        let unknown = || Error::GitRefused {
            about: "which commit that is",
            said: format!("there is no commit `{revision}`"),
        };
        // Asked quietly, git says nothing about a name that it does not know.
        let silent =
            |error: &Error| matches!(error, Error::GitRefused { said, .. } if said.is_empty());
        let output = output.map_err(|error| if silent(&error) { unknown() } else { error })?;
        object(output.trim_ascii()).map(str::to_owned).ok_or_else(unknown)
    }

    /// A process that hands out objects.
    pub(crate) fn objects(&self) -> Result<Objects, Error> {
        let failed = |source| Error::Git { about: "about its objects", source };
        let mut command = self.command(["cat-file", "--batch"]);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(failed)?;
        let missing = || failed(io::Error::other("it has no standard streams"));
        let input = child.stdin.take().ok_or_else(missing)?;
        let output = BufReader::with_capacity(64 << 10, child.stdout.take().ok_or_else(missing)?);
        Ok(Objects { child, input: Some(input), output })
    }
}

/// A running `git cat-file --batch`.
#[derive(Debug)]
pub(crate) struct Objects {
    child: Child,
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Objects {
    /// Lets `look` read the object `name`; what it leaves is skipped.
    pub(crate) fn with<T>(
        &mut self,
        name: &str,
        look: impl FnOnce(&mut dyn Read) -> T,
    ) -> io::Result<T> {
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{name}")?;
        input.flush()?;
        let mut header = Vec::new();
        self.output.by_ref().take(256).read_until(b'\n', &mut header)?;
        // `<name> <type> <size>`, or `<name> missing`.
        let size = header.trim_ascii_end().rsplit(|byte| *byte == b' ').next();
        let size = size.and_then(|size| str::from_utf8(size).ok()?.parse::<u64>().ok());
        let size = size.ok_or_else(|| io::Error::other("git does not have this object"))?;
        let mut content = self.output.by_ref().take(size);
        let seen = look(&mut content);
        io::copy(&mut content, &mut io::sink())?;
        let mut end = [0];
        self.output.read_exact(&mut end)?;
        Ok(seen)
    }
}

impl Drop for Objects {
    /// Git ends when nobody can ask any more.
    fn drop(&mut self) {
        drop(self.input.take());
        if self.child.wait().is_err() {}
    }
}

/// The first line of what git complains about.
fn first_line(text: &[u8]) -> String {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    line.trim().trim_start_matches("fatal: ").to_owned()
}
