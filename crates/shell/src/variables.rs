//! What is known of variables while a line is walked.

use core::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use crate::folders::Folders;
use crate::limits::{MOST_FIELDS, MOST_VALUES};
use crate::outside::Outside;
use crate::read::Place;
use crate::script::Source;
use crate::walk::Function;

/// What a variable may hold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variable {
    /// Values that it may have, one of them at a time; of an array, its elements.
    pub(crate) values: Vec<String>,
    /// It may also hold something that nobody knows.
    pub(crate) open: bool,
    /// It may also not be set at all.
    pub(crate) missing: bool,
    /// It is an array.
    pub(crate) array: bool,
    /// The keys of its elements, where they are not counted from zero.
    pub(crate) keys: Vec<String>,
    /// It cannot be set any more.
    pub(crate) fixed: bool,
    /// It is another name of that variable.
    pub(crate) refers: Option<Arc<str>>,
    /// It is one of several arrays, and these are all their elements.
    pub(crate) mixed: bool,
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

    /// One that is not set.
    pub(crate) fn missing() -> Self {
        Self { missing: true, ..Self::default() }
    }

    /// In how many ways it may be filled.
    pub(crate) fn options(&self) -> usize {
        let others = usize::from(self.open).saturating_add(usize::from(self.missing));
        self.values.len().saturating_add(others)
    }

    /// What holds one or the other.
    pub(crate) fn or(self, other: Self) -> Self {
        let sources = self.sources.iter().chain(&other.sources);
        let mut all: Vec<Source> = Vec::new();
        for source in sources {
            if all.len() < MOST_VALUES && !all.contains(source) {
                all.push(source.clone());
            }
        }
        let exported = self.exported || other.exported;
        if self.array || other.array {
            // Which elements stand together is not kept.
            let same = self.values == other.values && self.keys == other.keys;
            let mixed = self.mixed || other.mixed || !same;
            let open = self.open || other.open;
            let keys = if mixed { Vec::new() } else { self.keys };
            let open = open || self.array != other.array && (self.missing || other.missing);
            let mut values = self.values;
            for one in other.values.into_iter().filter(|_| mixed) {
                if !values.contains(&one) {
                    values.push(one);
                }
            }
            let most = if mixed { MOST_MIXED } else { MOST_FIELDS };
            let open = open || values.len() > most;
            values.truncate(most);
            return Self { exported, mixed, keys, ..Self::array(values, open) }.from(all);
        }
        let missing = self.missing || other.missing;
        let open = self.open || other.open;
        let mut values = self.values;
        for one in other.values {
            if !values.contains(&one) {
                values.push(one);
            }
        }
        let refers = self.refers.filter(|name| other.refers.as_ref() == Some(name));
        let fixed = self.fixed || other.fixed;
        Self { exported, missing, fixed, refers, ..Self::one_of(values, open) }.from(all)
    }

    pub(crate) fn array(values: Vec<String>, open: bool) -> Self {
        Self { values, open, array: true, ..Self::default() }
    }

    /// One of several values.
    pub(crate) fn one_of(values: Vec<String>, open: bool) -> Self {
        let open = open || values.len() > MOST_VALUES;
        // Of too many those that lead out of where the line works are kept.
        let leads_out = |value: &String| value.starts_with('/') || value.contains("..");
        let (mut all, others): (Vec<_>, Vec<_>) = match values.len() > MOST_VALUES {
            true => values.into_iter().partition(leads_out),
            false => (values, Vec::new()),
        };
        all.extend(others);
        let values = all.into_iter().take(MOST_VALUES).collect();
        Self { values, open, ..Self::default() }
    }

    /// The same with what is not known of it coming from there.
    pub(crate) fn from(self, sources: Vec<Source>) -> Self {
        Self { sources, ..self }
    }
}

/// The variables of the line, over those of the environment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Variables {
    /// Shared between the copies that branches make.
    set: Arc<BTreeMap<Arc<str>, Arc<Variable>>>,
    /// What copies of all that cost since somebody last took account of it; all copies count together.
    copied: Rc<Cell<usize>>,
    /// `$1`, `$2`, …; `None` when nobody knows them.
    pub(crate) positional: Option<Vec<String>>,
    /// Each of them by its number, where there are several lists that they may be.
    pub(crate) either: BTreeMap<usize, Variable>,
    /// Some variable may hold one of several values.
    pub(crate) several: bool,
    /// Where that comes from which is not known of them.
    pub(crate) arguments_from: Vec<Source>,
    /// `$0`; `None` when nobody knows it.
    name: Option<String>,
    /// Some of the line is not known, so a variable may have been set by what is not.
    doubtful: bool,
    /// Where it works, and what goes with it.
    pub(crate) folders: Folders,
    /// What the names of functions stand for.
    functions: Arc<BTreeMap<Arc<str>, Function>>,
}

/// How many elements of lists are kept of which nobody knows which of them stand together.
const MOST_MIXED: usize = 64;

/// How many names may refer to each other.
const MOST_REFERENCES: usize = 4;

/// What shells fill in by themselves, and nobody knows before; in order.
const MADE_BY_SHELLS: [&str; 39] = [
    "BASH",
    "BASHOPTS",
    "BASHPID",
    "BASH_ARGV0",
    "BASH_COMMAND",
    "BASH_LINENO",
    "BASH_REMATCH",
    "BASH_SOURCE",
    "BASH_SUBSHELL",
    "BASH_VERSINFO",
    "BASH_VERSION",
    "COLUMNS",
    "COPROC",
    "DIRSTACK",
    "EPOCHREALTIME",
    "EPOCHSECONDS",
    "EUID",
    "FUNCNAME",
    "GROUPS",
    "HISTCMD",
    "HOSTNAME",
    "HOSTTYPE",
    "LINENO",
    "LINES",
    "MACHTYPE",
    "OPTARG",
    "OPTIND",
    "OSTYPE",
    "PIPESTATUS",
    "PPID",
    "RANDOM",
    "REPLY",
    "SECONDS",
    "SHELLOPTS",
    "SHLVL",
    "SRANDOM",
    "UID",
    "ZSH_ARGZERO",
    "ZSH_VERSION",
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
        let name = self.meant(name);
        if let Some(known) = self.set.get(name) {
            return Some(Variable::clone(known));
        }
        if let Ok(index) = name.parse::<usize>() {
            return match (&self.positional, index) {
                (_, 0) => Some(Variable::of(self.name.clone())),
                (Some(all), _) => Some(Variable::of(Some(all.get(index.checked_sub(1)?)?.clone()))),
                (None, _) => Some(self.one_of_either(index)),
            };
        }
        if place == Place::Elsewhere || MADE_BY_SHELLS.binary_search(&name).is_ok() {
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

    /// Sets a variable. Where it is one of several that it may be set to, what it held before stays
    /// possible.
    pub(crate) fn set(&mut self, name: &str, mut value: Variable, perhaps: bool) {
        let name = self.meant(name).to_owned();
        match self.set.get(name.as_str()) {
            // What cannot be set keeps its value, if the line goes on at all.
            Some(known) if perhaps || known.fixed => value = Variable::clone(known).or(value),
            Some(known) => value.exported |= known.exported,
            None => value.open |= perhaps,
        }
        self.put(&name, value);
    }

    /// The variable that a name means: another one where it is a reference.
    fn meant<'n>(&'n self, name: &'n str) -> &'n str {
        let mut meant = name;
        for _ in 0..MOST_REFERENCES {
            match self.set.get(meant).and_then(|known| known.refers.as_deref()) {
                Some(other) => meant = other,
                None => break,
            }
        }
        meant
    }

    /// A name means another variable from here on.
    pub(crate) fn refer(&mut self, name: &str, other: &str) {
        let variable = Variable { refers: Some(other.into()), ..Variable::default() };
        self.put(name, variable);
    }

    /// A variable cannot be set any more.
    pub(crate) fn fix(&mut self, name: &str) {
        let name = self.meant(name).to_owned();
        if self.holds(&name)
            && let Some(known) = self.own_set().get_mut(name.as_str())
        {
            Arc::make_mut(known).fixed = true;
        }
    }

    pub(crate) fn put(&mut self, name: &str, value: Variable) {
        self.several |= value.options() > 1 || value.mixed;
        self.own_set().insert(name.into(), Arc::new(value));
    }

    /// How many variables the line has set.
    pub(crate) fn count(&self) -> usize {
        self.set.len().saturating_add(self.functions.len())
    }

    /// The variables, to be changed; what others hold is copied before.
    fn own_set(&mut self) -> &mut BTreeMap<Arc<str>, Arc<Variable>> {
        if Arc::strong_count(&self.set) > 1 {
            self.copied.set(self.copied.get().saturating_add(self.set.len()));
        }
        Arc::make_mut(&mut self.set)
    }

    fn own_functions(&mut self) -> &mut BTreeMap<Arc<str>, Function> {
        if Arc::strong_count(&self.functions) > 1 {
            self.copied.set(self.copied.get().saturating_add(self.functions.len()));
        }
        Arc::make_mut(&mut self.functions)
    }

    /// What copies cost since the last call.
    pub(crate) fn spent(&self) -> usize {
        self.copied.take()
    }

    /// What a copy costs at once.
    pub(crate) fn cost(&self) -> usize {
        self.positional.as_ref().map_or(0, Vec::len)
    }

    /// The function of that name.
    pub(crate) fn function(&self, name: &str) -> Option<&Function> {
        self.functions.get(name)
    }

    /// A name stands for that from here on; `None` where it stands for no function.
    pub(crate) fn set_function(&mut self, name: &str, function: Option<Function>) {
        match function {
            Some(function) => drop(self.own_functions().insert(name.into(), function)),
            None => drop(self.own_functions().remove(name)),
        }
    }

    fn join_functions(&mut self, other: Arc<BTreeMap<Arc<str>, Function>>) {
        if Arc::ptr_eq(&self.functions, &other) || self.functions == other {
            return;
        }
        let all = self.own_functions();
        for (name, known) in &mut *all {
            known.missing |= !other.contains_key(name);
        }
        for (name, function) in Arc::unwrap_or_clone(other) {
            let known = all.remove(&name);
            let known = known.unwrap_or(Function { bodies: Vec::new(), missing: true });
            all.insert(name, known.or(function));
        }
    }

    /// Whether both hold the same by being one copy of the other.
    pub(crate) fn is_copy_of(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.set, &other.set)
    }

    /// Either these or the others hold from here on; tells how many of them differed.
    pub(crate) fn join(&mut self, other: Self, world: &Outside, place: Place) -> usize {
        let found =
            |all: &Self, name: &str| all.find(name, world, place).unwrap_or_else(Variable::missing);
        let all = !Arc::ptr_eq(&self.set, &other.set);
        let names = self.set.keys().chain(other.set.keys().filter(|it| !self.holds(it)));
        let names = names.filter(|_| all);
        let same = |(ours, theirs): (&Arc<Variable>, &Arc<Variable>)| {
            Arc::ptr_eq(ours, theirs) || ours == theirs
        };
        let differs =
            |name: &&Arc<str>| !self.set.get(*name).zip(other.set.get(*name)).is_some_and(same);
        let names: Vec<Arc<str>> = names.filter(differs).cloned().collect();
        for name in &names {
            let either = found(&other, name).or(found(self, name));
            self.put(name, either);
        }
        self.join_positional(&other);
        self.folders.join(other.folders);
        self.several |= self.folders.here.options() > 1;
        self.join_functions(other.functions);
        if self.arguments_from != other.arguments_from {
            self.arguments_from.extend(other.arguments_from);
            self.arguments_from.truncate(MOST_VALUES);
        }
        self.several |= other.several;
        self.name =
            core::mem::take(&mut self.name).filter(|name| other.name.as_ref() == Some(name));
        self.doubtful |= other.doubtful;
        names.len()
    }

    /// The same where a variable is known to hold something; `None` when that cannot be.
    pub(crate) fn not_empty(mut self, name: &str, world: &Outside, place: Place) -> Option<Self> {
        let mut variable = self.find(name, world, place)?;
        if let Ok(index) = name.parse::<usize>() {
            variable.missing = false;
            variable.values.retain(|value| !value.is_empty());
            if variable.options() == 0 {
                return None;
            }
            if self.positional.is_none() {
                self.either.insert(index, variable);
            }
            return Some(self);
        }
        if !variable.array {
            variable.missing = false;
            variable.values.retain(|value| !value.is_empty());
            if variable.options() == 0 {
                return None;
            }
            self.put(name, variable);
        }
        Some(self)
    }

    /// Nobody knows how variables go on that hold something else than before.
    pub(crate) fn doubt_changed(&mut self, before: &Self) {
        let changed = |name: &str, value: &Arc<Variable>| before.set.get(name) != Some(value);
        for (_, variable) in self.own_set().iter_mut().filter(|(name, value)| changed(name, value))
        {
            Arc::make_mut(variable).open = true;
        }
        self.several = true;
        self.folders.here.open |= self.folders.here != before.folders.here;
        self.folders.left_unsure |= self.folders.left != before.folders.left;
        if self.positional != before.positional {
            self.set_positional(None);
        }
    }

    /// The variables that hold something else than before.
    pub(crate) fn changed_since(&self, before: &Self) -> Vec<Arc<str>> {
        if Arc::ptr_eq(&self.set, &before.set) {
            return Vec::new();
        }
        let differs = |name: &str, value: &Arc<Variable>| before.set.get(name) != Some(value);
        let changed = self.set.iter().filter(|(name, value)| differs(name, value));
        changed.map(|(name, _)| Arc::clone(name)).collect()
    }

    /// Whether the line itself has set a variable.
    pub(crate) fn holds(&self, name: &str) -> bool {
        self.set.contains_key(name)
    }

    /// Puts another variable, or none, in the place of one that the line has set.
    pub(crate) fn swap(&mut self, name: &str, value: Option<Variable>) -> Option<Variable> {
        let before = self.set.contains_key(name).then(|| self.own_set().remove(name)).flatten();
        if let Some(value) = value {
            self.put(name, value);
        }
        before.map(Arc::unwrap_or_clone)
    }

    pub(crate) fn unset(&mut self, name: &str) {
        // Not set, and not what the environment says either.
        let fixed = self.set.get(name).filter(|known| known.fixed).map(|it| Variable::clone(it));
        self.put(name, fixed.unwrap_or_else(Variable::missing));
    }

    pub(crate) fn export(&mut self, name: &str) {
        if self.holds(name)
            && let Some(known) = self.own_set().get_mut(name)
        {
            Arc::make_mut(known).exported = true;
        }
    }

    /// What commands see of the variables that the line sets.
    pub(crate) fn exported(&self) -> impl Iterator<Item = (String, Option<String>)> {
        let seen = self.set.iter().filter(|(_, variable)| variable.exported);
        seen.map(|(name, variable)| {
            let one = variable.values.first().filter(|_| variable.options() == 1);
            (name.to_string(), one.cloned())
        })
    }
}
