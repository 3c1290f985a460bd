//! The plan that follows from a decision, and how it is carried out.

use core::fmt;
use std::borrow::Cow;
use std::ffi::{CStr, CString};
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use datafog_audit::Recorded;
use datafog_config::{FileIdentity, Identity};
use nix::errno::Errno;
use nix::unistd::execve;

use crate::error::in_plain_words;
use crate::filter::{Ended, Filtered};
use crate::hold::Hold;
use crate::inspect::Held;
use crate::notice::Notice;

/// What to do about an action. It becomes real only when it was recorded.
#[derive(Debug)]
#[must_use]
pub(crate) enum Enforcement {
    /// Do not run it, and say why.
    Block(Box<Notice>),
    /// Become the real program.
    Exec(Execution),
    /// Run it as a child, and take findings out of what it writes, or judge what it reads.
    Filter(Box<Filtered>),
    /// Ask a person first.
    Hold(Box<Hold>),
    /// There is no real program.
    Missing,
    /// Somebody only asked.
    Nothing,
}

impl Enforcement {
    /// The name in a receipt.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Block(_) => "block",
            Self::Exec(_) => "exec",
            Self::Filter(_) => "filter",
            Self::Hold(_) => "hold",
            Self::Missing => "missing",
            Self::Nothing => "none",
        }
    }
}

impl Enforcement {
    /// What is executed, if anything is.
    pub(crate) const fn execution(&self) -> Option<&Execution> {
        match self {
            Self::Exec(execution) => Some(execution),
            Self::Filter(filtered) => Some(&filtered.execution),
            Self::Block(_) | Self::Hold(_) | Self::Missing | Self::Nothing => None,
        }
    }

    /// Whether what the program reads is judged as it flows to it.
    pub(crate) fn feeds(&self) -> bool {
        matches!(self, Self::Filter(filtered) if filtered.feeds)
    }

    /// The same, to be changed while it is planned.
    pub(crate) const fn execution_mut(&mut self) -> Option<&mut Execution> {
        match self {
            Self::Exec(execution) => Some(execution),
            Self::Filter(filtered) => Some(&mut filtered.execution),
            Self::Block(_) | Self::Hold(_) | Self::Missing | Self::Nothing => None,
        }
    }
}

/// A program about to take this process's place.
#[derive(Debug)]
pub(crate) struct Execution {
    pub(crate) program: PathBuf,
    pub(crate) arguments: Vec<Cow<'static, CStr>>,
    pub(crate) environment: Vec<Cow<'static, CStr>>,
    /// Whether a change of what was judged stops the run; not when only observing.
    pub(crate) strict: bool,
    /// The program as it was when a person was asked about it; `None` when nobody was.
    pub(crate) identity: Option<FileIdentity>,
    /// What a person is told on standard error right before: what runs in the place of what was asked.
    pub(crate) notice: Option<String>,
}

/// Why a recorded execution did not happen.
#[derive(Debug)]
pub enum NotRun {
    /// Content changed between judging and running.
    Changed(PathBuf),
    /// The system refused to run the program.
    Refused(io::Error),
}

impl NotRun {
    /// The name in a receipt.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Changed(_) => "block",
            Self::Refused(_) => "failed",
        }
    }

    /// The exit code a shell gives for a program that cannot be run: 127 when it is not there,
    /// else 126 (POSIX.1-2017, Shell Command Language §2.8.2).
    #[must_use]
    pub fn exit_code(&self) -> u8 {
        match self {
            Self::Refused(error) if error.kind() == io::ErrorKind::NotFound => 127,
            Self::Changed(_) | Self::Refused(_) => 126,
        }
    }
}

impl fmt::Display for NotRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Changed(path) => write!(f, "`{}` changed after it was judged", path.display()),
            Self::Refused(error) => {
                write!(f, "the system did not run it: {}", in_plain_words(error))
            }
        }
    }
}

/// What came of a plan when this process was not replaced.
#[derive(Debug)]
pub(crate) enum Carried {
    /// There was nothing to run.
    Not(Enforcement),
    /// It ran as our child, to its end.
    Ended(Ended),
}

/// Carries out a recorded plan; `filter` is what runs a program whose output is redacted. Returns
/// only when this process was not replaced.
pub(crate) fn carry_out(
    plan: Recorded<Enforcement>,
    held: &Held,
    filter: impl FnOnce(Filtered) -> Result<Ended, NotRun>,
) -> Result<Carried, NotRun> {
    match plan.into_inner() {
        Enforcement::Exec(execution) => Err(execution.run(held)),
        Enforcement::Filter(filtered) => filter(*filtered).map(Carried::Ended),
        other @ (Enforcement::Block(_)
        | Enforcement::Hold(_)
        | Enforcement::Missing
        | Enforcement::Nothing) => Ok(Carried::Not(other)),
    }
}

impl Execution {
    /// Tells a person what runs in the place of what was asked for. When nobody listens, the receipt
    /// still does.
    pub(crate) fn tell(&self) {
        if let Some(notice) = &self.notice {
            let _told = nix::unistd::write(io::stderr(), notice.as_bytes());
        }
    }

    /// Becomes the program: same descriptors, signals, folder and priority, `argv[0]` as typed.
    pub(crate) fn run(&self, held: &Held) -> NotRun {
        if let Some(changed) = self.changed(held) {
            return NotRun::Changed(changed);
        }
        for spooled in &held.spooled {
            if let Err(error) = spooled.put_in_place() {
                return NotRun::Refused(error);
            }
        }
        let path = match CString::new(self.program.as_os_str().as_bytes()) {
            Ok(path) => path,
            Err(error) => return NotRun::Refused(error.into()),
        };
        self.tell();
        match execve(&path, &self.arguments, &self.environment) {
            Ok(never) => match never {},
            // A script without an interpreter line is run by the shell, as execvp(3) does it.
            Err(Errno::ENOEXEC) => self.run_as_script(path),
            Err(error) => NotRun::Refused(error.into()),
        }
    }

    fn run_as_script(&self, path: CString) -> NotRun {
        let shell = [Cow::Borrowed(c"/bin/sh"), Cow::Owned(path)];
        let rest = self.arguments.iter().skip(1).cloned();
        let arguments: Vec<_> = shell.into_iter().chain(rest).collect();
        match execve(c"/bin/sh", &arguments, &self.environment) {
            Ok(never) => match never {},
            Err(error) => NotRun::Refused(error.into()),
        }
    }

    /// What is not as it was judged any more, when that matters: content, or the program that a
    /// person said yes to.
    pub(crate) fn changed(&self, held: &Held) -> Option<PathBuf> {
        let program = self.identity.is_some() && !is_still(&self.program, self.identity);
        match self.strict {
            true if program => Some(self.program.clone()),
            true => Self::first_change(held),
            false => None,
        }
    }

    /// The first file that is not what was judged any more.
    fn first_change(held: &Held) -> Option<PathBuf> {
        let mut watched = held.watched.iter();
        if let Some((path, _)) = watched.find(|(path, identity)| !is_still(path, *identity)) {
            return Some(path.clone());
        }
        let mut inherited = held.inherited.iter();
        let changed = inherited.find(|(file, identity, _)| !is_unchanged(file, identity))?;
        Some(changed.2.to_string().into())
    }
}

/// Whether an open file is as it was judged.
fn is_unchanged(file: &File, judged: &FileIdentity) -> bool {
    file.metadata().is_ok_and(|now| FileIdentity::of(&now) == *judged)
}

fn is_still(path: &Path, judged: Option<FileIdentity>) -> bool {
    Identity::at(path).is_ok_and(|now| now.file == judged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn a_file_that_changed_or_appeared_is_noticed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        assert!(is_still(&path, None));
        fs::write(&path, "1").unwrap();
        assert!(!is_still(&path, None), "it appeared");
        let judged = FileIdentity::of(&path.metadata().unwrap());
        assert!(is_still(&path, Some(judged)));
        fs::write(&path, "22").unwrap();
        assert!(!is_still(&path, Some(judged)));
    }

    #[test]
    fn a_file_on_a_descriptor_is_looked_at_by_its_handle() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "1").unwrap();
        let file = File::open(&path).unwrap();
        let judged = FileIdentity::of(&file.metadata().unwrap());
        let held = |file: File| Held {
            inherited: vec![(file, judged, datafog_core::Channel::Stdin)],
            ..Held::default()
        };
        fs::write(folder.path().join("g"), "22").unwrap();
        assert_eq!(Execution::first_change(&held(file.try_clone().unwrap())), None);
        fs::write(&path, "22").unwrap();
        assert_eq!(Execution::first_change(&held(file)), Some("stdin".into()));
    }

    #[test]
    fn exit_codes_are_those_of_a_shell() {
        let code = |kind: io::ErrorKind| NotRun::Refused(kind.into()).exit_code();
        assert_eq!(code(io::ErrorKind::NotFound), 127);
        assert_eq!(code(io::ErrorKind::PermissionDenied), 126);
    }
}
