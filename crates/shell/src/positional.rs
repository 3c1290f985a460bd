//! `$1`, `$2`, …: the words behind `set`, of a function, of the line.
//!
//! Where there are several lists that they may be, each is known by its number.

use std::collections::BTreeMap;

use crate::invented::NUMBER as SOMETHING;
use crate::limits::MOST_VALUES;
use crate::variables::{Variable, Variables};

/// `$1`, `$2`, … as they were.
pub(crate) struct Positional(Option<Vec<String>>, BTreeMap<usize, Variable>);

impl Variables {
    /// Puts others in the place of `$1`, `$2`, …; `None` when nobody knows them.
    pub(crate) fn set_positional(&mut self, all: Option<Vec<String>>) {
        self.positional = all;
        self.either.clear();
    }

    /// The same, and tells what they were.
    pub(crate) fn swap_positional(&mut self, all: Option<Vec<String>>) -> Positional {
        let before = core::mem::replace(&mut self.positional, all);
        Positional(before, core::mem::take(&mut self.either))
    }

    /// What [`Variables::swap_positional`] told.
    pub(crate) fn restore_positional(&mut self, before: Positional) {
        Positional(self.positional, self.either) = before;
    }

    /// `shift`: what is more than there is shifts nothing.
    pub(crate) fn shift(&mut self, count: usize) {
        if let Some(all) = &mut self.positional {
            if count <= all.len() {
                all.drain(..count);
            }
            return;
        }
        let either = core::mem::take(&mut self.either);
        let most = either.keys().next_back().copied().unwrap_or_default();
        let found = |index: usize| either.get(&index).cloned();
        let shifted = (1..=most).filter_map(|index| {
            // It may be that there are too few of them.
            let behind = found(index.saturating_add(count)).unwrap_or_else(Variable::missing);
            Some((index, found(index)?.or(behind)))
        });
        self.either = shifted.collect();
    }

    /// `shift` by nobody knows how many.
    pub(crate) fn shift_some(&mut self) {
        let Some(all) = self.positional.take() else { return self.set_positional(None) };
        let count = all.len().min(MOST_VALUES);
        let mut behind = Variable::missing();
        let mut either = BTreeMap::new();
        for (index, text) in
            all.into_iter().enumerate().take(count).collect::<Vec<_>>().into_iter().rev()
        {
            behind = Variable::of(Some(text)).or(behind);
            either.insert(index.saturating_add(1), behind.clone());
        }
        self.either = either;
        self.several = true;
    }

    /// All that `$@` may hold, where which of it stands there is not known.
    pub(crate) fn any_positional(&self) -> Option<Vec<String>> {
        let found = self.either.values().flat_map(|one| one.values.iter().cloned());
        let mut all: Vec<String> = Vec::new();
        for text in found {
            if !all.contains(&text) {
                all.push(text);
            }
        }
        (!all.is_empty()).then_some(all)
    }

    /// `$1` or its like, which may be one of these or one of the others.
    pub(crate) fn join_positional(&mut self, other: &Self) {
        if self.positional == other.positional && self.either == other.either {
            return;
        }
        let most = |all: &Self| {
            let known = all.positional.as_ref().map_or(0, Vec::len);
            known.max(all.either.keys().next_back().copied().unwrap_or_default())
        };
        let count = most(self).max(most(other)).min(MOST_VALUES);
        let one = |all: &Self, index: usize| match (&all.positional, index.checked_sub(1)) {
            (Some(known), Some(at)) => {
                known.get(at).map_or_else(Variable::missing, |it| Variable::of(Some(it.clone())))
            }
            _ => all.one_of_either(index),
        };
        let either = (1..=count).map(|index| (index, one(self, index).or(one(other, index))));
        let mut either: BTreeMap<usize, Variable> = either.collect();
        // Behind the last of them is nothing.
        let ends = |all: &Self| all.positional.is_some() || all.last_is_missing();
        if ends(self) && ends(other) && count < MOST_VALUES {
            either.insert(count.saturating_add(1), Variable::missing());
        }
        self.either = either;
        self.several = true;
        self.positional = None;
    }

    /// Whether nothing stands behind the last of several lists.
    pub(crate) fn last_is_missing(&self) -> bool {
        self.either.last_key_value().is_some_and(|(_, last)| *last == Variable::missing())
    }

    /// `$1` or its like where several lists are possible.
    pub(crate) fn one_of_either(&self, index: usize) -> Variable {
        let known = self.either.get(&index).cloned();
        known.unwrap_or_else(|| match self.last_is_missing() {
            true => Variable::missing(),
            false => Variable::of(None),
        })
    }

    /// The same where there are at least so many words; `None` when that cannot be.
    pub(crate) fn with_positional(mut self, count: usize) -> Option<Self> {
        if let Some(all) = &self.positional {
            return (all.len() >= count).then_some(self);
        }
        for (_, variable) in self.either.range_mut(..=count) {
            variable.missing = false;
            if variable.options() == 0 {
                return None;
            }
        }
        Some(self)
    }

    /// A variable holds something, though nobody sees what.
    pub(crate) fn presume(&mut self, name: &str) {
        let something = Variable::of(Some(SOMETHING.to_owned()));
        let Ok(index) = name.parse::<usize>() else { return self.put(name, something) };
        let Some(all) = &mut self.positional else {
            let known = self.either.get(&index);
            if known.is_none_or(|known| known.options() == 0 || known.missing) {
                self.either.insert(index, something);
            }
            return;
        };
        while all.len() < index.min(MOST_VALUES) {
            all.push(SOMETHING.to_owned());
        }
        if let Some(empty) =
            index.checked_sub(1).and_then(|at| all.get_mut(at)).filter(|it| it.is_empty())
        {
            SOMETHING.clone_into(empty);
        }
    }
}
