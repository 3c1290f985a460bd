//! Changes to the words of one command, before they are printed.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use datafog_core::{Opt, Place};

/// What becomes of each word. Words that are not named stay as they are, byte by byte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Draft {
    pub(crate) slots: Vec<Slot>,
    /// New words behind the last one.
    pub(crate) after: Vec<OsString>,
}

/// One word of the command and what is put before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Slot {
    pub(crate) before: Vec<OsString>,
    pub(crate) fate: Fate,
}

/// What becomes of a word.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It goes.
    Dropped,
    /// It stays.
    #[default]
    Kept,
    /// Another one takes its place.
    Replaced(OsString),
}

impl Draft {
    /// A draft of so many words that changes none.
    pub(crate) fn of(words: usize) -> Self {
        Self { slots: vec![Slot::default(); words], after: Vec::new() }
    }

    /// Whether anything changes.
    pub(crate) fn changes(&self) -> bool {
        let same = |slot: &Slot| slot.before.is_empty() && slot.fate == Fate::Kept;
        !self.after.is_empty() || !self.slots.iter().all(same)
    }

    pub(crate) fn drop_word(&mut self, at: usize) {
        self.set(at, Fate::Dropped);
    }

    pub(crate) fn replace(&mut self, at: usize, text: impl Into<OsString>) {
        self.set(at, Fate::Replaced(text.into()));
    }

    /// Puts a word before the one at `at`; behind all others where there is none.
    pub(crate) fn insert(&mut self, at: usize, text: impl Into<OsString>) {
        match self.slots.get_mut(at) {
            Some(slot) => slot.before.push(text.into()),
            None => self.after.push(text.into()),
        }
    }

    fn set(&mut self, at: usize, fate: Fate) {
        if let Some(slot) = self.slots.get_mut(at) {
            slot.fate = fate;
        }
    }

    /// Takes the changes of a command that stands in this one from word `at` on.
    pub(crate) fn take(&mut self, at: usize, inner: Self) {
        let end = at.saturating_add(inner.slots.len());
        for (slot, new) in self.slots.iter_mut().skip(at).zip(inner.slots) {
            slot.before.extend(new.before);
            if new.fate != Fate::Kept {
                slot.fate = new.fate;
            }
        }
        for word in inner.after {
            self.insert(end, word);
        }
    }

    /// Takes an option out, with its value, wherever in a word it stands.
    pub(crate) fn drop_option(&mut self, option: &Opt, words: &[OsString]) -> Option<()> {
        let Place { argument, span } = option.place?;
        let word = self.now(argument, words)?;
        let whole = span.start() == 0;
        match &option.value {
            None if whole => self.drop_word(argument),
            // One letter of several, which others of the same word may have left already.
            None => self.drop_letter(argument, &word, words.get(argument)?, span.start())?,
            Some(_) if !whole && word.as_bytes().starts_with(b"--") => self.drop_word(argument),
            Some(_) if !whole => {
                let name = span.start().checked_sub(1)?;
                let equals = word.as_bytes().get(name) == Some(&b'=');
                let kept = if equals { name.checked_sub(1)? } else { name };
                let head = word.as_bytes().get(..kept)?.to_vec();
                self.put_cluster(argument, head);
            }
            Some(_) => {
                let before = argument.checked_sub(1)?;
                let name = self.now(before, words)?;
                let bytes = name.as_bytes();
                self.drop_word(argument);
                if bytes.starts_with(b"--") || bytes.len() <= 2 {
                    self.drop_word(before);
                } else {
                    let kept = bytes.len().checked_sub(1)?;
                    let head = bytes.get(..kept)?.to_vec();
                    self.put_cluster(before, head);
                }
            }
        }
        Some(())
    }

    /// Takes one letter out of a group of them; `original` is the word as it was, where the letter
    /// stands at `at`.
    fn drop_letter(
        &mut self,
        argument: usize,
        now: &OsStr,
        original: &OsStr,
        at: usize,
    ) -> Option<()> {
        let letter = *original.as_bytes().get(at)?;
        let mut left = now.as_bytes().to_vec();
        let found = left.iter().skip(1).position(|byte| *byte == letter)?;
        left.remove(found.saturating_add(1));
        self.put_cluster(argument, left);
        Some(())
    }

    /// A group of letters that may have become empty.
    fn put_cluster(&mut self, argument: usize, bytes: Vec<u8>) {
        match bytes.as_slice() {
            b"-" | b"" => self.drop_word(argument),
            _ => self.replace(argument, OsString::from_vec(bytes)),
        }
    }

    /// A word as it would be by now.
    fn now(&self, at: usize, words: &[OsString]) -> Option<OsString> {
        match &self.slots.get(at)?.fate {
            Fate::Kept => words.get(at).cloned(),
            Fate::Replaced(text) => Some(text.clone()),
            Fate::Dropped => None,
        }
    }

    /// The words that come of it, for a command that is executed as it is.
    pub(crate) fn applied(self, words: &[OsString]) -> Vec<OsString> {
        let mut made = Vec::with_capacity(words.len());
        for (slot, word) in self.slots.into_iter().zip(words) {
            made.extend(slot.before);
            match slot.fate {
                Fate::Dropped => {}
                Fate::Kept => made.push(word.clone()),
                Fate::Replaced(text) => made.push(text),
            }
        }
        made.extend(self.after);
        made
    }
}
