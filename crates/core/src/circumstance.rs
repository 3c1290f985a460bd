//! Under which circumstances something is asked: account, repository, time, automation.

use core::fmt;
use std::path::PathBuf;

/// The account that a process runs as, by the system's own files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Name of the user.
    pub user: String,
    /// Names of the groups that the process belongs to.
    pub groups: Vec<String>,
    /// The tenant that the user belongs to: `None` when nobody says, `Some(None)` when to none.
    pub tenant: Option<Option<String>>,
}

/// A repository, as far as its own files tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Repository {
    /// The folder that holds it, canonical.
    pub root: PathBuf,
    /// The branch that is checked out; `None` when it is a commit and no branch, or cannot be told.
    pub branch: Option<String>,
}

/// Where a remote of a repository is, however its URL is spelled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remote {
    /// The host in lower case; empty for a folder of this machine.
    pub host: String,
    /// The path on that host without its first and last `/` and without `.git`; of a folder as it
    /// is written.
    pub path: String,
}

impl fmt::Display for Remote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.host.as_str() {
            "" => f.write_str(&self.path),
            host => write!(f, "{host}/{}", self.path),
        }
    }
}

/// A moment in one time zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LocalTime {
    /// Day of the week, from 0 for Monday to 6 for Sunday.
    pub weekday: u8,
    /// Minutes since midnight, 0 to 1439.
    pub minute: u16,
}

/// Whether a machine runs this by itself: continuous integration.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Automation {
    /// Nothing points to it.
    Absent,
    /// A parent process is a known runner.
    Certain,
    /// A variable says so, which anybody can set.
    Claimed,
    /// It cannot be told.
    #[default]
    Unknown,
}
