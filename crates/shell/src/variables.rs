//! What is known of variables while a line is walked.

use std::collections::BTreeMap;

use crate::limits::MOST_VALUES;
use crate::outside::Outside;
use crate::read::Place;
use crate::script::Source;

/// What a variable may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Values that it may have, one of them at a time; of an array, its elements.
    pub(crate) values: Vec<String>,
    /// It may also hold something that nobody knows.
    pub(crate) open: bool,
    /// It is an array.
    pub(crate) array: bool,
    /// Commands see it.
    pub(crate) exported: bool,
    /// Where that comes from which nobody knows of it.
    pub(crate) sources: Vec<Source>,
}

impl Variable {
    pub(crate) fn of(value: Option<String>) -> Self {
        let open = value.is_none();
        Self { values: value.into_iter().collect(), open, ..Self::default() }
    }

    pub(crate) fn array(values: Vec<String>, open: bool) -> Self {
        Self { values, open, array: true, ..Self::default() }
    }

    /// One of several values.
    pub(crate) fn one_of(values: Vec<String>, open: bool) -> Self {
        let open = open || values.len() > MOST_VALUES;
        let values = values.into_iter().take(MOST_VALUES).collect();
        Self { values, open, ..Self::default() }
    }

    /// The same with what is not known of it coming from there.
    pub(crate) fn from(self, sources: Vec<Source>) -> Self {
        Self { sources, ..self }
    }
}

/// The variables of the line, over those of the environment.
#[derive(Clone, Debug, Default)]
pub(crate) struct Variables {
    set: BTreeMap<String, Variable>,
    /// `$1`, `$2`, …; `None` when nobody knows them.
    pub(crate) positional: Option<Vec<String>>,
    /// Where that comes from which is not known of them.
    pub(crate) arguments_from: Vec<Source>,
    /// `$0`; `None` when nobody knows it.
    name: Option<String>,
    /// Some of the line is not known, so a variable may have been set by what is not.
    doubtful: bool,
}

/// What shells fill in by themselves, and nobody knows before.
const MADE_BY_SHELLS: [&str; 12] = [
    "BASHPID",
    "COLUMNS",
    "EPOCHSECONDS",
    "HOSTNAME",
    "LINENO",
    "LINES",
    "PPID",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SRANDOM",
    "UID",
];

impl Variables {
    /// No variables but `$0`, `$1` and so on, for a line that is known as a whole or not.
    pub(crate) fn of(arguments: Option<Vec<String>>, known: bool) -> Self {
        let (name, positional) = match arguments {
            Some(all) => {
                let mut all = all.into_iter();
                (Some(all.next().unwrap_or_else(|| "sh".to_owned())), Some(all.collect()))
            }
            None => (None, None),
        };
        Self { positional, name, doubtful: !known, ..Self::default() }
    }

    /// What `name` may hold; `None` when it is certainly not set.
    pub(crate) fn find(&self, name: &str, world: &Outside, place: Place) -> Option<Variable> {
        if let Some(known) = self.set.get(name) {
            return Some(known.clone());
        }
        if let Ok(index) = name.parse::<usize>() {
            return match (&self.positional, index) {
                (_, 0) => Some(Variable::of(self.name.clone())),
                (Some(all), _) => Some(Variable::of(Some(all.get(index.checked_sub(1)?)?.clone()))),
                (None, _) => Some(Variable::of(None)),
            };
        }
        if place == Place::Elsewhere || MADE_BY_SHELLS.contains(&name) {
            return Some(Variable::of(None));
        }
        if name == "IFS" {
            return Some(Variable::of(Some(" \t\n".into())));
        }
        match (name, world.variable(name)) {
            ("PWD", None) => Some(Variable::of(world.cwd.to_str().map(str::to_owned))),
            ("HOME", None) => Some(Variable::of(world.home.as_ref()?.to_str().map(str::to_owned))),
            (_, None) if self.doubtful => Some(Variable::of(None)),
            (_, value) => Some(Variable::of(value?.to_str().map(str::to_owned))),
        }
    }

    /// Sets a variable. Where it may or may not happen, what it held before stays possible.
    pub(crate) fn set(&mut self, name: &str, mut value: Variable, perhaps: bool) {
        let Some(known) = self.set.get_mut(name) else {
            self.set.insert(name.to_owned(), value);
            return;
        };
        value.exported |= known.exported;
        if perhaps {
            for source in core::mem::take(&mut known.sources) {
                if value.sources.len() < MOST_VALUES && !value.sources.contains(&source) {
                    value.sources.push(source);
                }
            }
        }
        if perhaps && !known.array && !value.array {
            let mut all = core::mem::take(&mut known.values);
            for one in value.values {
                if !all.contains(&one) {
                    all.push(one);
                }
            }
            let open = known.open || value.open;
            let Variable { exported, sources, .. } = value;
            value = Variable { exported, ..Variable::one_of(all, open) }.from(sources);
        }
        *known = value;
    }

    /// Whether the line itself has set a variable.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// Puts another variable, or none, in the place of one that the line has set.
    pub(crate) fn swap(&mut self, name: &str, value: Option<Variable>) -> Option<Variable> {
        match value {
            Some(value) => self.set.insert(name.to_owned(), value),
            None => self.set.remove(name),
        }
    }

    pub(crate) fn unset(&mut self, name: &str) {
        // Not set, and not what the environment says either.
        self.set.insert(name.to_owned(), Variable::of(Some(String::new())));
    }

    pub(crate) fn export(&mut self, name: &str) {
        if let Some(known) = self.set.get_mut(name) {
            known.exported = true;
        }
    }

    /// What commands see of the variables that the line sets.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (String, Option<String>)> {
        let seen = self.set.iter().filter(|(_, variable)| variable.exported);
        seen.map(|(name, variable)| {
            let one =
                variable.values.first().filter(|_| !variable.open && variable.values.len() == 1);
            (name.clone(), one.cloned())
        })
    }
}
