//! The world as the walk sees it, from a thread of its own.
//!
//! A [`Surroundings`] stays in the thread that it belongs to. The walk asks by a channel, and that
//! thread answers until the walk is done.

use core::cell::Cell;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};

use datafog_core::Surroundings;

use crate::lists::LONGEST;

/// What an answer costs, in steps of the walk: two threads take turns for it.
const ASKING: usize = 50;
/// What it costs to list a folder, besides one step for each name.
const LISTING: usize = 1_000;

/// A question, and where the answer goes.
pub(crate) enum Question {
    IsThere(PathBuf, Sender<bool>),
    Names(PathBuf, Sender<Vec<OsString>>),
    Text(PathBuf, Sender<Option<String>>),
    Variable(String, Sender<Option<OsString>>),
}

/// Asks.
pub(crate) struct Outside {
    questions: Sender<Question>,
    pub(crate) cwd: PathBuf,
    pub(crate) home: Option<PathBuf>,
    /// What was asked since somebody last took account of it, in steps.
    spent: Cell<usize>,
}

impl Outside {
    /// One who asks about `world`, and the questions to be answered.
    pub(crate) fn of(world: &dyn Surroundings) -> (Self, Receiver<Question>) {
        let (questions, asked) = channel();
        let home = world.home().map(Path::to_owned);
        let spent = Cell::new(0);
        (Self { questions, cwd: world.cwd().to_owned(), home, spent }, asked)
    }

    pub(crate) fn is_there(&self, path: &Path) -> bool {
        self.ask(|answer| Question::IsThere(path.to_owned(), answer)).unwrap_or_default()
    }

    pub(crate) fn names(&self, folder: &Path) -> Vec<OsString> {
        let names = self.ask(|answer| Question::Names(folder.to_owned(), answer));
        let names = names.unwrap_or_default();
        self.spend(LISTING.saturating_add(names.len()));
        names
    }

    /// The text of a small file.
    pub(crate) fn text(&self, path: &Path) -> Option<String> {
        let text = self.ask(|answer| Question::Text(path.to_owned(), answer)).flatten();
        self.spend(text.as_ref().map_or(0, String::len) / 8);
        text
    }

    pub(crate) fn variable(&self, name: &str) -> Option<OsString> {
        self.ask(|answer| Question::Variable(name.to_owned(), answer)).flatten()
    }

    /// What the questions since the last call cost, in steps of the walk.
    pub(crate) fn spent(&self) -> usize {
        self.spent.take()
    }

    fn spend(&self, steps: usize) {
        self.spent.set(self.spent.get().saturating_add(steps));
    }

    fn ask<T>(&self, question: impl FnOnce(Sender<T>) -> Question) -> Option<T> {
        self.spend(ASKING);
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
            Question::Text(path, to) => {
                let text = world.read(&path, LONGEST).ok();
                to.send(text.and_then(|text| String::from_utf8(text).ok())).is_err()
            }
            Question::Variable(name, to) => to.send(world.variable(&name).map(Into::into)).is_err(),
        };
        if gone {
            return;
        }
    }
}
