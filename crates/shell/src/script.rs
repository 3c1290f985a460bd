//! What a line would do: its commands, with everything that can be told of them.

use std::ops::Range;
use std::path::PathBuf;

/// A line for a shell, read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// Every command that could run, nested ones included, in the order in which they stand.
    pub commands: Vec<Command>,
    /// What was not understood, in words for a person; each tells how to write it so that it is.
    /// Not empty: anything may run.
    pub opaque: Vec<String>,
}

/// One command that could run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, the program's name first; empty where only redirections stand. The name is known
    /// ([`Field::names_program`]).
    pub words: Vec<Field>,
    /// Variables set for this command alone, or exported before it; `None` where the value only
    /// shows when the line runs.
    pub environment: Vec<(String, Option<String>)>,
    /// The folder that it runs in; `None` when only the run can tell.
    pub cwd: Option<PathBuf>,
    /// Where its standard input comes from.
    pub input: Input,
    /// Files that the shell opens for it.
    pub redirections: Vec<Redirection>,
    /// The commands of the script whose output stands in its words or its input (`$(…)`, `<(…)`).
    pub substituted: Range<usize>,
    /// Where that comes from which variables brought into its words (`x=$(cat f)`, `read x < f`).
    pub carried: Vec<Source>,
}

/// Where something comes from that only the run can tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Source {
    /// What these commands of the script write.
    Commands(Range<usize>),
    /// The file of that name.
    File(Field),
}

impl Command {
    /// Whether it does the same as another one of the line.
    pub(crate) fn is_like(&self, other: &Self) -> bool {
        let nothing = self.substituted.is_empty() && other.substituted.is_empty();
        nothing
            && self.carried == other.carried
            && self.words == other.words
            && self.environment == other.environment
            && self.cwd == other.cwd
            && self.input == other.input
            && self.redirections == other.redirections
    }
}

/// One word after every expansion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// The text; a part that only the run can tell stands as it was written (`$(date)`).
    pub text: String,
    /// Whether all of the text is what the program gets.
    pub known: bool,
}

impl Field {
    /// Whether it tells which program is started: what stands behind the last slash is known, even
    /// where the folder is not (`$(git rev-parse --show-toplevel)/check.sh`).
    #[must_use]
    pub fn names_program(&self) -> bool {
        let made = |name: &str| name.is_empty() || name.contains(['$', '`', '(', ')', '…']);
        let name = self.text.rsplit_once('/').map(|(_, name)| name);
        self.known || name.is_some_and(|name| !made(name))
    }

    /// A text that is known.
    pub(crate) fn of(text: impl Into<String>) -> Self {
        Self { text: text.into(), known: true }
    }
}

/// Where standard input comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Input {
    /// The file of that name.
    File(Field),
    /// Whatever the line as a whole gets.
    #[default]
    Inherited,
    /// What these commands of the script write.
    Pipe(Range<usize>),
    /// A text that stands in the line.
    Text(String),
}

/// A file that the shell opens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirection {
    /// Its name.
    pub target: Field,
    /// What for.
    pub way: Way,
    /// It is written at its end.
    pub adds: bool,
}

/// What a file is opened for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// To be read.
    Read,
    /// To be written, from its beginning or at its end.
    Write,
}
