//! What a shell does by itself and that changes what the rest of the line means.

use crate::script::{Field, Input};
use crate::variables::Variable;
use crate::walk::{Walker, Written};

impl Walker {
    /// Does what the shell would do; `None` for what is a command like any other.
    pub(crate) fn builtin(&mut self, fields: &[Field], input: &Input) -> Option<Written> {
        let (name, arguments) = fields.split_first()?;
        let done = Some(Some(String::new()));
        match name.text.as_str() {
            "eval" => return Some(self.eval(arguments, input)),
            "." | "source" => return Some(self.source(arguments, input)),
            // Read where they are set, see `later`.
            "alias" => {}
            "trap" => self.trap(arguments),
            "cd" | "chdir" => self.change_folder(arguments),
            "pushd" => self.push_folder(arguments),
            "popd" => self.pop_folder(arguments),
            "declare" | "export" | "local" | "readonly" | "typeset" => {
                self.declare(name, arguments)
            }
            "read" => self.read_words(arguments, input),
            "hash" | "enable" if arguments.iter().any(|it| matches!(&*it.text, "-p" | "-f")) => {
                self.opaque("the line gives a program another name; call it by its own");
            }
            "getopts" => self.read_options(arguments),
            "mapfile" | "readarray" => self.read_lines(arguments, input),
            "set" => self.set(arguments),
            "shift" => self.shift(arguments),
            "unset" => self.unset(arguments),
            "printf" if self.printed_into(fields, input) => {}
            _ => return None,
        }
        done
    }

    /// What runs at the end, or on a signal.
    fn trap(&mut self, arguments: &[Field]) {
        let [action, signals @ ..] = behind_dashes(arguments) else { return };
        if signals.is_empty() || !action.known || action.text.starts_with('-') {
            return;
        }
        // What it means may be another thing at the end.
        self.trapped.push(action.text.clone());
        let before = self.snapshot();
        if !self.waits(&action.text) {
            self.text(&action.text, &Input::Inherited);
        }
        let after = core::mem::replace(&mut self.variables, before);
        let is_end = |field: &Field| matches!(field.text.as_str(), "0" | "EXIT");
        if signals.iter().all(is_end) {
            return;
        }
        // It may run before any command, and what it sets holds from there on.
        let mut names = after.changed_since(&self.variables);
        self.arrive(Some(after));
        let between = ["DEBUG", "ERR", "RETURN", "ZERR"];
        if signals.iter().any(|signal| between.contains(&signal.text.as_str())) {
            names.extend(names_in(&action.text).map(|(name, _)| name.into()));
        }
        for name in names {
            if !self.variables.holds(&name) {
                let unset = self.variables.find(&name, &self.world, self.place);
                self.variables.set(&name, unset.unwrap_or_else(Variable::missing), false);
            }
            self.variables.fix(&name);
        }
    }

    /// Whether a text names variables that have no value yet, so that it means something only once
    /// they have one. What would be the root without a value (`"$x"/y`) does not wait.
    fn waits(&self, text: &str) -> bool {
        let mut names = names_in(text).filter_map(|(name, behind)| {
            let has_value = self.variables.holds(name) || self.world.variable(name).is_some();
            let plain = !behind.trim_start_matches(['}', '"']).starts_with(['/', '[', ':']);
            (!has_value).then_some(plain)
        });
        names.next().is_some_and(|plain| plain && names.all(|plain| plain))
    }

    /// `set -- a b`.
    fn set(&mut self, arguments: &[Field]) {
        let mut words = arguments;
        while let [first, rest @ ..] = words {
            if !first.known {
                return self.variables.set_positional(None);
            }
            match (first.text.as_str(), rest) {
                ("--", _) => return self.variables.set_positional(texts(rest)),
                ("-", []) => return,
                ("-", _) => words = rest,
                (flags, _) if flags.starts_with(['-', '+']) && flags.len() > 1 => {
                    words = self.options(flags, rest);
                    if words.is_empty() {
                        return;
                    }
                    continue;
                }
                _ => {}
            }
            return self.variables.set_positional(texts(words));
        }
    }

    /// Options of `set`; returns the words behind them.
    fn options<'f>(&mut self, flags: &str, rest: &'f [Field]) -> &'f [Field] {
        let on = flags.starts_with('-');
        let named = rest.first().filter(|_| flags.contains('o'));
        if flags.contains('e') || named.is_some_and(|name| name.text == "errexit") {
            self.variables.folders.ends_on_error = on;
        }
        // The name behind it is that of a list, as zsh has it; other shells refuse it.
        if let Some(list) = rest.first().filter(|_| flags.contains('A')) {
            let known = self.variables.find(&list.text, &self.world, self.place);
            let elements = texts(rest.get(1..).unwrap_or_default());
            let open = elements.is_none();
            let elements = Variable::array(elements.unwrap_or_default(), open);
            let either = elements.or(known.unwrap_or_else(Variable::missing));
            self.variables.set(&list.text, either, false);
            return &[];
        }
        rest.get(usize::from(named.is_some())..).unwrap_or_default()
    }

    fn shift(&mut self, arguments: &[Field]) {
        let count = arguments.first().map_or(Ok(1), |field| field.text.parse::<usize>());
        match count {
            Ok(count) if arguments.iter().all(|field| field.known) => self.variables.shift(count),
            Ok(_) | Err(_) => self.variables.shift_some(),
        }
    }

    /// A file that is run as a part of the line. A script that stands in a file is not read here;
    /// what a pipe or another command writes only shows when the line runs.
    fn source(&mut self, arguments: &[Field], input: &Input) -> Written {
        let file = behind_dashes(arguments).first()?;
        let stdin = ["/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"].contains(&&*file.text);
        match input {
            Input::Text(text) if stdin => return self.text(text, &Input::Inherited),
            Input::Pipe(_) if stdin => self.opaque(MADE),
            Input::File(_) | Input::Inherited | Input::Pipe(_) | Input::Text(_) => {}
        }
        if let Some(written) = self.written_to(file) {
            return self.run_written(written, &Input::Inherited);
        }
        if file.text.starts_with("<(") {
            self.opaque(MADE);
        }
        None
    }

    /// Text that is put together and then run.
    fn eval(&mut self, arguments: &[Field], input: &Input) -> Written {
        match texts(behind_dashes(arguments)) {
            Some(texts) => self.text(&texts.join(" "), input),
            None => {
                self.opaque("`eval` runs a text that only shows when the line runs; write it out");
                None
            }
        }
    }

    fn declare(&mut self, name: &Field, arguments: &[Field]) {
        let flag = |letter| {
            let mut flags = arguments.iter().filter(|field| field.text.starts_with('-'));
            flags.any(|field| field.text.contains(letter))
        };
        let exports = name.text == "export" || flag('x');
        let fixes = name.text == "readonly" || flag('r');
        let local = matches!(&*name.text, "declare" | "local" | "typeset") && !flag('g');
        let sources = self.sources_at_hand();
        let mut lists = core::mem::take(&mut self.declared);
        for field in arguments.iter().filter(|field| !field.text.starts_with('-')) {
            let (name, value) = match field.text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (field.text.as_str(), None),
            };
            let (name, adds) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
            let known = value.filter(|_| field.known).map(|value| match (flag('u'), flag('l')) {
                (true, _) => value.to_uppercase(),
                (_, true) => value.to_lowercase(),
                _ => value.to_owned(),
            });
            let before =
                local.then(|| self.variables.find(name, &self.world, self.place)).flatten();
            if local {
                self.make_local(name);
            }
            let list = lists.iter().position(|(known, _)| known == name && value.is_none());
            if let Some(list) = list {
                let (_, variable) = lists.remove(list);
                self.variables.set(name, variable, false);
            } else if let (true, Some(other)) = (flag('n'), &known) {
                self.variables.refer(name, other);
            } else if value.is_some() {
                self.set_to_run(name, known.as_deref());
                if let Some(before) = before.filter(|_| adds) {
                    self.variables.set(name, before, false);
                }
                let value = Variable::of(known).from(sources.clone());
                let value = if adds { self.value_set(name, true, value) } else { value };
                self.set_read(name, value);
            }
            if exports {
                self.variables.export(name);
            }
            if fixes {
                self.variables.fix(name);
            }
        }
    }

    /// A variable of the function at hand: behind it stands what stood before. Until it is set, it is not
    /// set, or to some shells still what it was.
    fn make_local(&mut self, name: &str) {
        if self.locals.is_none() {
            return;
        }
        let before = self.variables.swap(name, None);
        let outer = before.clone().or_else(|| self.variables.find(name, &self.world, self.place));
        let within = Variable::missing().or(outer.unwrap_or_else(Variable::missing));
        self.variables.set(name, within, false);
        self.step(self.locals.as_ref().map_or(0, Vec::len) / 4);
        let locals = self.locals.get_or_insert_default();
        if !locals.iter().any(|(known, _)| known == name) {
            locals.push((name.to_owned(), before));
        }
    }
}

/// Whether a built-in writes what all variables hold, exported ones among them, as `printenv` does.
pub(crate) fn lists_variables(own: &[Field]) -> bool {
    let lists = |field: &Field| matches!(field.text.as_str(), "-p" | "-px" | "-x" | "-xp");
    match own.split_first() {
        Some((set, [])) if set.text == "set" => true,
        Some((head, flags)) => {
            let declares = ["declare", "export", "readonly", "typeset"].contains(&&*head.text);
            declares && flags.iter().all(lists)
        }
        None => false,
    }
}

/// The variables that a text names, and what stands behind each.
fn names_in(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let of_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
    text.split('$').skip(1).filter_map(move |rest| {
        let name = rest.strip_prefix('{').unwrap_or(rest);
        let end = name.find(|one| !of_name(one)).unwrap_or(name.len());
        let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
        name.split_at_checked(end).filter(|_| is_name)
    })
}

/// Why a file is not understood that a command of the line writes.
pub(crate) const MADE: &str = "the line runs a text that only shows when it runs; look at it first";

/// The words behind `--`, where options end.
pub(crate) fn behind_dashes(words: &[Field]) -> &[Field] {
    match words {
        [first, rest @ ..] if first.text == "--" => rest,
        _ => words,
    }
}

/// All texts, when all are known.
fn texts(fields: &[Field]) -> Option<Vec<String>> {
    fields.iter().map(|field| field.known.then(|| field.text.clone())).collect()
}
