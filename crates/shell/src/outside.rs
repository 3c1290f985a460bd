//! The world as the walk sees it, from a thread of its own.
//!
//! A [`Surroundings`] stays in the thread that it belongs to. The walk asks by a channel, and that
//! thread answers until the walk is done.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use datafog_core::Surroundings;

/// A question, and where the answer goes.
pub(crate) enum Question {
    IsThere(PathBuf, Sender<bool>),
    Names(PathBuf, Sender<Vec<OsString>>),
    Variable(String, Sender<Option<OsString>>),
}

/// Asks.
pub(crate) struct Outside {
    questions: Sender<Question>,
    pub(crate) cwd: PathBuf,
    pub(crate) home: Option<PathBuf>,
}

impl Outside {
    /// One who asks about `world`, and the questions to be answered.
    pub(crate) fn of(world: &dyn Surroundings) -> (Self, Receiver<Question>) {
        let (questions, asked) = channel();
        let home = world.home().map(Path::to_owned);
        (Self { questions, cwd: world.cwd().to_owned(), home }, asked)
    }

    pub(crate) fn is_there(&self, path: &Path) -> bool {
        self.ask(|answer| Question::IsThere(path.to_owned(), answer)).unwrap_or_default()
    }

    pub(crate) fn names(&self, folder: &Path) -> Vec<OsString> {
        self.ask(|answer| Question::Names(folder.to_owned(), answer)).unwrap_or_default()
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        self.ask(|answer| Question::Variable(name.to_owned(), answer)).flatten()
    }

    fn ask<T>(&self, question: impl FnOnce(Sender<T>) -> Question) -> Option<T> {
        let (answer, answered) = channel();
        self.questions.send(question(answer)).ok()?;
        answered.recv().ok()
    }
}

/// Answers until nobody can ask any more.
pub(crate) fn answer(questions: &Receiver<Question>, world: &dyn Surroundings) {
    for question in questions {
        // Who asked may be gone; then nobody misses the answer.
        let gone = match question {
            Question::IsThere(path, to) => to.send(world.is_there(&path)).is_err(),
            Question::Names(folder, to) => {
                to.send(world.names(&folder).unwrap_or_default()).is_err()
            }
            Question::Variable(name, to) => to.send(world.variable(&name).map(Into::into)).is_err(),
        };
        if gone {
            return;
        }
    }
}
