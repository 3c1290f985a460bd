//! What a shell does by itself and that changes what the rest of the line means.

use crate::lists::source_of;
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
            "getopts" => self.forget(arguments),
            "mapfile" | "readarray" => self.forget_from(arguments, input),
            "set" => self.set(arguments),
            "shift" => self.shift(arguments),
            "unset" => self.unset(arguments),
            "printf" if arguments.first().is_some_and(|field| field.text == "-v") => {
                let value = self.written(&without_two(fields), input);
                let name = arguments.get(1)?.text.clone();
                self.variables.set(&name, Variable::of(value), false);
            }
            _ => return None,
        }
        done
    }

    /// What runs at the end, or on a signal.
    fn trap(&mut self, arguments: &[Field]) {
        let [action, _, ..] = behind_dashes(arguments) else { return };
        if !action.known || action.text.starts_with('-') {
            return;
        }
        // What it means may be another thing at the end.
        self.trapped.push(action.text.clone());
        if !self.waits(&action.text) {
            self.text(&action.text, &Input::Inherited);
        }
    }

    /// Whether a text names variables that have no value yet, so that it means something only once
    /// they have one. What would be the root without a value (`"$x"/y`) does not wait.
    fn waits(&self, text: &str) -> bool {
        let of_name = |one: char| one.is_ascii_alphanumeric() || one == '_';
        let mut names = text.split('$').skip(1).filter_map(|rest| {
            let name = rest.strip_prefix('{').unwrap_or(rest);
            let end = name.find(|one| !of_name(one)).unwrap_or(name.len());
            let (name, behind) = name.split_at_checked(end)?;
            let is_name = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
            let has_value = self.variables.holds(name) || self.world.variable(name).is_some();
            let plain = !behind.trim_start_matches(['}', '"']).starts_with(['/', '[', ':']);
            (is_name && !has_value).then_some(plain)
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
            Ok(_) | Err(_) => self.variables.set_positional(None),
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
        let local = matches!(&*name.text, "declare" | "local" | "typeset") && !flag('g');
        let sources = self.sources_at_hand();
        for field in arguments.iter().filter(|field| !field.text.starts_with('-')) {
            let (name, value) = match field.text.split_once('=') {
                Some((name, value)) => (name, Some(value)),
                None => (field.text.as_str(), None),
            };
            // What is added to a value is not worked out here.
            let (name, adds) = name.strip_suffix('+').map_or((name, false), |name| (name, true));
            if local {
                self.make_local(name);
            }
            if let Some(value) = value {
                self.set_to_run(name, field.known.then_some(value));
                let value = Variable::of((field.known && !adds).then(|| value.to_owned()));
                self.variables.set(name, value.from(sources.clone()), false);
            }
            if exports {
                self.variables.export(name);
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
        let locals = self.locals.get_or_insert_default();
        if !locals.iter().any(|(known, _)| known == name) {
            locals.push((name.to_owned(), before));
        }
    }

    /// `read a b`: words of the input, when that is a text of the line.
    fn read_words(&mut self, arguments: &[Field], input: &Input) {
        let (plain, names) = names_to_read(arguments);
        let text = match input {
            Input::Text(text) => Some(text.clone()),
            Input::File(_) | Input::Pipe(_) if plain && self.is_perhaps() => {
                self.names_in(input).map(|(names, _)| names)
            }
            Input::File(_) | Input::Inherited | Input::Pipe(_) => None,
        };
        let Some(text) = text else { return self.forget_from(arguments, input) };
        if let (true, true, [name]) = (plain, self.is_perhaps(), names.as_slice()) {
            // In a loop: each line in turn.
            let lines = text.lines().map(|line| line.trim().to_owned()).collect();
            let sources = source_of(input).into_iter().collect();
            self.variables.set(&name.text, Variable::one_of(lines, true).from(sources), false);
            return;
        }
        if !plain || self.is_perhaps() {
            return self.forget(arguments);
        }
        let mut rest = text.lines().next().unwrap_or_default().trim();
        for (index, name) in names.iter().enumerate() {
            let last = index.saturating_add(1) == names.len();
            let (word, left) =
                if last { (rest, "") } else { rest.split_once([' ', '\t']).unwrap_or((rest, "")) };
            self.variables.set(&name.text, Variable::of(Some(word.to_owned())), false);
            rest = left.trim_start();
        }
    }

    /// Variables that are read from the input, which only the run can tell.
    fn forget_from(&mut self, names: &[Field], input: &Input) {
        let source = source_of(input);
        let mut named = names.iter().filter(|field| !field.text.starts_with('-')).peekable();
        let usual = [Field::of("MAPFILE"), Field::of("REPLY")];
        let unnamed = if named.peek().is_none() { usual.as_slice() } else { &[] };
        for field in named.chain(unnamed) {
            let value = Variable::of(None).from(source.clone().into_iter().collect());
            self.variables.set(&field.text, value, false);
        }
    }

    /// Variables whose value nobody knows from here on.
    fn forget(&mut self, names: &[Field]) {
        for field in names.iter().filter(|field| !field.text.starts_with('-')) {
            self.variables.set(&field.text, Variable::of(None), false);
        }
    }
}

/// The variables that `read` fills, and whether its options change nothing of how a line is read.
fn names_to_read(arguments: &[Field]) -> (bool, Vec<&Field>) {
    let (mut plain, mut names) = (true, Vec::new());
    let mut all = arguments.iter();
    while let Some(field) = all.next() {
        match field.text.as_str() {
            "-d" | "-rd" => drop(all.next()),
            "-r" => {}
            text if text.starts_with("-d") || text.starts_with("-rd") => {}
            text if text.starts_with('-') => plain = false,
            _ => names.push(field),
        }
    }
    (plain, names)
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

/// `printf -v name format …` as `printf format …`.
fn without_two(fields: &[Field]) -> Vec<Field> {
    let skipped = fields.iter().enumerate().filter(|(index, _)| !matches!(index, 1 | 2));
    skipped.map(|(_, field)| field.clone()).collect()
}
