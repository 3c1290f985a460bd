//! The process as it was started: arguments, environment, folder, user.

use std::cell::OnceCell;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use nix::unistd::{Gid, Uid, getegid, geteuid, getgid, getuid};

use crate::{Error, passwd};

/// What this process was started with. Nobody else reads the real environment.
#[derive(Clone, Debug)]
pub struct Host {
    arguments: Vec<&'static CStr>,
    environment: Vec<&'static CStr>,
    executed: Option<&'static CStr>,
    cwd: OnceCell<PathBuf>,
    home: OnceCell<Option<PathBuf>>,
}

impl Host {
    /// The host for what the C runtime handed over: arguments (program name first) and
    /// `NAME=value` strings.
    #[must_use]
    pub const fn new(arguments: Vec<&'static CStr>, environment: Vec<&'static CStr>) -> Self {
        Self { arguments, environment, executed: None, cwd: OnceCell::new(), home: OnceCell::new() }
    }

    /// The same host, executed by that path.
    #[must_use]
    pub const fn executed_as(mut self, path: Option<&'static CStr>) -> Self {
        self.executed = path;
        self
    }

    /// A made-up host for tests; its strings live for ever.
    ///
    /// # Panics
    /// Never; a string with a zero byte is cut there, as the kernel would.
    #[must_use]
    pub fn made_up(arguments: &[&str], environment: &[(&str, &str)], cwd: &Path) -> Self {
        let keep = |text: String| -> &'static CStr {
            let bytes = text.split('\0').next().unwrap_or_default();
            Box::leak(CString::new(bytes).unwrap_or_default().into_boxed_c_str())
        };
        let variables = environment.iter().map(|(name, value)| keep(format!("{name}={value}")));
        Self {
            arguments: arguments.iter().map(|text| keep((*text).to_owned())).collect(),
            environment: variables.collect(),
            executed: None,
            cwd: OnceCell::from(cwd.to_owned()),
            home: OnceCell::new(),
        }
    }

    /// The arguments, program name first, as received.
    #[must_use]
    pub fn arguments(&self) -> &[&'static CStr] {
        &self.arguments
    }

    /// The arguments as text of the operating system.
    #[must_use]
    pub fn argv(&self) -> Vec<OsString> {
        self.arguments.iter().map(|text| OsStr::from_bytes(text.to_bytes()).to_owned()).collect()
    }

    /// Last component of the name the program was called by; empty when there is none.
    #[must_use]
    pub fn program_name(&self) -> &'static OsStr {
        self.arguments.first().map_or_else(|| OsStr::new(""), |name| last_component(name))
    }

    /// The path that the system was asked to execute; `None` where it does not tell.
    #[must_use]
    pub const fn executed(&self) -> Option<&'static CStr> {
        self.executed
    }

    /// Last component of the path that the system was asked to execute, which is the name of the
    /// link that was followed; `None` where the system does not tell.
    #[must_use]
    pub fn executed_name(&self) -> Option<&'static OsStr> {
        self.executed.map(last_component)
    }

    /// The environment as received, malformed and repeated entries included.
    #[must_use]
    pub fn environment(&self) -> &[&'static CStr] {
        &self.environment
    }

    /// The first value of a variable, as `getenv` would find it.
    #[must_use]
    pub fn variable(&self, name: &str) -> Option<&'static OsStr> {
        self.environment.iter().find_map(|entry| {
            let value = entry.to_bytes().strip_prefix(name.as_bytes())?.strip_prefix(b"=")?;
            Some(OsStr::from_bytes(value))
        })
    }

    /// The working directory, absolute; empty when it no longer exists.
    #[must_use]
    pub fn cwd(&self) -> &Path {
        #[expect(clippy::disallowed_methods, reason = "this is the place that may ask")]
        self.cwd.get_or_init(|| std::env::current_dir().unwrap_or_default())
    }

    /// The user's home folder by the password file; `None` when it names none.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.home.get_or_init(|| passwd::home_of(geteuid().as_raw())).as_deref()
    }

    /// The home folder that *management* commands work on: `$HOME` where it is an absolute path,
    /// as for the shells whose files they write, else that of the password file.
    ///
    /// A gate never asks this: `$HOME` is set by whoever starts it.
    #[must_use]
    pub fn management_home(&self) -> Option<PathBuf> {
        let named = self.variable("HOME").map(Path::new).filter(|home| home.is_absolute());
        named.or_else(|| self.home()).map(Path::to_owned)
    }

    /// The user this process runs as.
    ///
    /// # Errors
    /// [`Error::TwoIdentities`] when real and effective ids differ: a gate that runs with borrowed
    /// rights would judge for one user and act for another.
    pub fn user(&self) -> Result<u32, Error> {
        let (uid, gid): (Uid, Gid) = (geteuid(), getegid());
        if uid == getuid() && gid == getgid() {
            Ok(uid.as_raw())
        } else {
            Err(Error::TwoIdentities)
        }
    }
}

fn last_component(path: &'static CStr) -> &'static OsStr {
    let last = path.to_bytes().rsplit(|byte| *byte == b'/').next();
    OsStr::from_bytes(last.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_program_name_is_the_whole_last_component() {
        let host = |name: &str| Host::made_up(&[name], &[], Path::new("/"));
        assert_eq!(host("/a/b/python3.11").program_name(), "python3.11");
        assert_eq!(host("git").program_name(), "git");
        assert_eq!(host("shims/").program_name(), "");
        assert_eq!(Host::made_up(&[], &[], Path::new("/")).program_name(), "");
    }

    #[test]
    fn the_first_of_repeated_variables_counts() {
        let host = Host::made_up(&[], &[("AB", "1"), ("A", "2"), ("A", "3")], Path::new("/"));
        assert_eq!(host.variable("A"), Some(OsStr::new("2")));
        assert_eq!(host.variable("B"), None);
    }
}
