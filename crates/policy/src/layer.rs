//! Where a policy comes from, and what it may therefore do.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The place a policy document comes from. Ordered by when it is applied.
///
/// The first three belong to the machine's owner and may loosen what came before. The others can
/// be written by whoever writes a repository or starts a process: they may only tighten.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Layer {
    /// Embedded in the binary.
    Builtin,
    /// `/etc/datafog`.
    System,
    /// The root of the installation.
    User,
    /// A repository's own file, after it was trusted.
    Project,
    /// Named by an environment variable.
    Env,
    /// Named on the command line.
    Cli,
}

impl Layer {
    /// Whether documents of this layer can only make decisions stricter.
    #[must_use]
    pub const fn only_tightens(self) -> bool {
        matches!(self, Self::Project | Self::Env | Self::Cli)
    }

    /// The name shown to people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Builtin => "built-in",
            Self::System => "system",
            Self::User => "user",
            Self::Project => "project",
            Self::Env => "environment",
            Self::Cli => "command line",
        }
    }
}

impl fmt::Display for Layer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
