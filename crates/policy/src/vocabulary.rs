//! Which words a policy may use for commands, options and entity types.

use datafog_core::Flows;

/// What is known about commands and detectors, supplied by whoever loads a policy.
///
/// The policy crate knows neither the profiles nor the detectors. With a vocabulary a mistyped
/// name becomes an error with a suggestion, and an alias (`-r`) becomes the canonical name
/// (`--recursive`). An empty list or `None` means: not known, do not check.
pub trait Vocabulary {
    /// Names of all profiles (`git`, `curl`, …).
    fn commands(&self) -> Vec<&str> {
        Vec::new()
    }

    /// The name of the profile that `command`, a name or an alias of a program (`pip3`), belongs to;
    /// `None` when there is none.
    fn profile_of(&self, command: &str) -> Option<&str> {
        let _ = command;
        None
    }

    /// Whether there is a program of that name, of which nothing else is known (`tail`).
    fn is_program(&self, name: &str) -> bool {
        let _ = name;
        false
    }

    /// What commands use content as (`body`, `query`, …), as far as profiles say it.
    fn roles(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Names of all families (`vcs`, `http`, …).
    fn families(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Every spelling of every option that `command` has, each with its canonical name; `None`
    /// when the command has no profile.
    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        let _ = command;
        None
    }

    /// First words of the subcommands of `command`; `None` when its profile does not list them.
    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        let _ = command;
        None
    }

    /// Whether `command` has subcommands; `None` when it has no profile.
    fn has_subcommands(&self, command: &str) -> Option<bool> {
        let _ = command;
        None
    }

    /// The family of `command`, empty when it is of none; `None` when it has no profile.
    fn family(&self, command: &str) -> Option<&str> {
        let _ = command;
        None
    }

    /// The ways that data can move by `command`, whatever its words are; `None` when that is not
    /// known, or its profile does not tell.
    fn flows(&self, command: &str) -> Option<Flows> {
        let _ = command;
        None
    }

    /// Every entity type that a detector reports (`secret.github.pat`, …).
    fn entities(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Ids of all detectors (`github-pat`, …).
    fn detectors(&self) -> Vec<&str> {
        Vec::new()
    }

    /// Whether there is a time zone of that name (`Europe/Berlin`, `UTC`, `local`).
    fn has_zone(&self, name: &str) -> bool {
        let _ = name;
        true
    }

    /// Names of all rewrites.
    fn rewrites(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// The vocabulary of someone who knows no words: every name is taken as it is.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyWord;

impl Vocabulary for AnyWord {}
