//! What the gate is asked, and what it answers.

use std::borrow::Cow;
use std::ffi::{CStr, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use datafog_core::{ActionKind, Mode, Value};

use crate::enforcement::NotRun;
use crate::filter::Ended;
use crate::notice::Notice;
use crate::report::Report;

/// Something that is asked of the gate.
#[derive(Clone, Debug)]
pub struct Request {
    /// The command line as the program will receive it, name first.
    pub argv: Vec<Cow<'static, CStr>>,
    /// How the program is looked for: a shim is called by many paths and always stands for the
    /// last component of its name; anybody else may name a path.
    pub call: Call,
    /// Whether to run it or only to say what would be.
    pub purpose: Purpose,
    /// A mode that the caller asks for; counts where it is stricter than the installed one.
    pub mode: Option<Mode>,
    /// One more policy to be asked, of our own language or another system's; it only tightens.
    pub policy: Option<PathBuf>,
    /// The name of the wrapper that was really started, when `argv[0]` names something else that
    /// is not wrapped.
    pub misnamed: Option<OsString>,
    /// The command line is `sh -c LINE` and stands for the line itself: the commands of the line are
    /// what is judged.
    pub is_line: bool,
    /// Name and arguments of an agent's tool, when its call is asked about and not a command.
    /// Such a call is judged and never run.
    pub tool: Option<(String, Value)>,
    /// The rewrite that the caller carries out by itself: what is asked about is the command that it
    /// stands for.
    pub fulfilled: Option<&'static str>,
    /// The command line is one of our own program, which the gate put in the place of another. Nobody
    /// else sets it.
    pub is_own: bool,
    /// Who asks for what by this process, where it is a server that somebody loosens something over. It
    /// stands in the receipt's reason and changes no verdict.
    pub said: Option<String>,
}

/// How `argv[0]` names the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Call {
    /// By the last component of its path, looked for on PATH.
    ByName,
    /// As a shell would take it: a path when it holds a slash.
    ByPath,
}

/// What a request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Purpose {
    /// Say what would be decided; nothing runs.
    Check,
    /// The same, with every rule and condition.
    Explain,
    /// Say whether the caller may make this installation guard less: the command line is one of
    /// ours, and what may be done with it depends on who asks alone.
    Loosen,
    /// Run it, if it may.
    Run,
}

impl Request {
    /// The request to do this with a command line, and nothing more.
    #[must_use]
    pub const fn of(argv: Vec<Cow<'static, CStr>>, call: Call, purpose: Purpose) -> Self {
        Self {
            argv,
            call,
            purpose,
            mode: None,
            policy: None,
            misnamed: None,
            is_line: false,
            tool: None,
            fulfilled: None,
            is_own: false,
            said: None,
        }
    }

    /// The program's name or path as it is looked for; empty when there is no argument at all.
    #[must_use]
    pub fn name(&self) -> &OsStr {
        let typed = self.argv.first().map_or(b"".as_slice(), |name| name.to_bytes());
        OsStr::from_bytes(match self.call {
            Call::ByPath => typed,
            Call::ByName => typed.rsplit(|byte| *byte == b'/').next().unwrap_or_default(),
        })
    }

    /// The name of the program that would run without us: the one that was started, whatever
    /// `argv[0]` says.
    pub(crate) fn program(&self) -> &OsStr {
        self.misnamed.as_deref().unwrap_or_else(|| self.name())
    }

    /// The name that a wrapper of this command would have: the last component, when it is text.
    #[must_use]
    pub fn wrapper(&self) -> &str {
        let name = self.name().as_bytes().rsplit(|byte| *byte == b'/').next();
        name.and_then(|name| str::from_utf8(name).ok()).unwrap_or_default()
    }

    /// Whether the program is looked for on PATH, and not at a path of its own.
    pub(crate) fn is_by_name(&self) -> bool {
        !self.name().as_bytes().contains(&b'/')
    }

    /// What kind of action a command line is.
    pub(crate) const fn kind(&self) -> ActionKind {
        if self.is_line { ActionKind::ShellExec } else { ActionKind::CommandExec }
    }

    /// Whether a command is to run that the gate carries out.
    pub(crate) fn runs(&self) -> bool {
        self.purpose == Purpose::Run && self.tool.is_none()
    }

    pub(crate) fn os_argv(&self) -> Vec<OsString> {
        self.argv.iter().map(|text| OsStr::from_bytes(text.to_bytes()).to_owned()).collect()
    }
}

/// What came of a request. For a command that ran as it is there is none: it took this process's
/// place.
#[derive(Debug)]
#[must_use]
pub enum Outcome {
    /// It was not run; tell the person why.
    Blocked(Box<Notice>),
    /// Nothing was to run; here is what was decided.
    Decided(Box<Report>),
    /// It ran as our child and ended; end as it did.
    Ended(Ended),
    /// There is no real program of that name.
    Missing,
    /// It was to run, but the system kept it from running.
    NotRun(NotRun),
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(name: &'static CStr, call: Call) -> Request {
        Request::of(vec![name.into()], call, Purpose::Run)
    }

    #[test]
    fn a_shim_stands_for_its_last_component() {
        let shim = asked(c"/x/shims/git", Call::ByName);
        assert_eq!((shim.name(), shim.wrapper(), shim.is_by_name()), ("git".as_ref(), "git", true));
        let path = asked(c"/usr/bin/git", Call::ByPath);
        assert_eq!(path.name(), "/usr/bin/git");
        assert_eq!((path.wrapper(), path.is_by_name()), ("git", false));
        assert_eq!(asked(c"", Call::ByName).name(), "");
    }
}
