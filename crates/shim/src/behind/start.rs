//! What is started, in words: the types, and how such words are put together.

use std::ffi::{OsStr, OsString};
use std::path::PathBuf;

use datafog_core::Surroundings;

use crate::profile::Language;
use crate::wrapped::Changed;

/// A part of a word that only the run can tell, as a shell would write it.
pub(super) const UNTOLD: &str = "$(…)";

/// A word of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// Its text; what only the run can tell stands in it as a substitution (`$(…)`).
    pub text: OsString,
    /// Whether the text is all that the program gets.
    pub known: bool,
}

impl Word {
    /// A word that is known.
    #[must_use]
    pub fn of(text: impl Into<OsString>) -> Self {
        Self { text: text.into(), known: true }
    }
}

/// What is started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A command: its words, the program's name first; never empty.
    Command(Vec<Word>),
    /// The program that standard input holds, in that language.
    Input(Language),
    /// A program that another command makes while this one starts (`bash <(…)`).
    Made,
    /// A line for a shell, and what stands behind it: `$0`, `$1` and so on.
    Line(Word, Vec<Word>),
}

/// One thing that a command starts.
#[derive(Debug)]
pub struct Start<'s> {
    /// What.
    pub what: What,
    /// The world that it is started in: variables and folder.
    pub world: Changed<'s>,
    /// It runs on another machine.
    pub elsewhere: bool,
    /// It was read out of a program by its calls, where more may stand than is understood.
    pub guessed: bool,
    /// It was read out of a text that nobody called a command: only what is recognised in it counts.
    pub loose: bool,
    /// Files whose names stand in its words in place of what only the run can tell.
    pub found: Vec<PathBuf>,
    /// What it does is already told in the meaning of the command that starts it.
    pub told: bool,
}

impl<'s> Start<'s> {
    pub(crate) fn of(what: What, surroundings: &'s dyn Surroundings) -> Self {
        let world = Changed::of(surroundings);
        let found = Vec::new();
        Self { what, world, elsewhere: false, guessed: false, loose: false, found, told: false }
    }
}

/// The command that removes all of these.
pub(crate) fn removing(places: impl IntoIterator<Item = Word>) -> What {
    let head = ["rm", "-r", "-f", "--"].into_iter().map(Word::of);
    What::Command(head.chain(places).collect())
}

/// A program that reads or writes one file.
pub(super) fn of_file(program: &str, file: impl Into<OsString>) -> What {
    What::Command(vec![Word::of(program), Word::of("--"), Word::of(file)])
}

/// Words with blanks between, as a line.
pub(super) fn joined(words: &[Word]) -> Word {
    let texts: Vec<&OsStr> = words.iter().map(|word| word.text.as_os_str()).collect();
    let known = words.iter().all(|word| word.known);
    Word { text: texts.join(OsStr::new(" ")), known }
}

/// The words with `value` in place of a mark; without, what stands there is not known.
pub(super) fn replaced(words: &[Word], mark: &str, value: Option<&str>) -> Vec<Word> {
    let swap = |word: &Word| match word.text.to_str() {
        Some(text) if !mark.is_empty() && text.contains(mark) => Word {
            text: text.replace(mark, value.unwrap_or(UNTOLD)).into(),
            known: word.known && value.is_some(),
        },
        Some(_) | None => word.clone(),
    };
    words.iter().map(swap).collect()
}
