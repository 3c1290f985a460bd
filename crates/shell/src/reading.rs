//! Built-ins that fill variables: by what comes in (`read`, `mapfile`), by options (`getopts`), by a
//! format (`printf -v`).
//!
//! What comes in is known where it is a text of the line. Which of its lines a `read` gets is only
//! certain where the text is its own; in a loop or a group it may be any of them.

use crate::limits::MOST_VALUES;
use crate::lists::source_of;
use crate::script::{Field, Input};
use crate::variables::Variable;
use crate::walk::Walker;

/// Options of `read` that have a value.
const OF_READ: &str = "diNnptu";
/// The same of `mapfile`.
const OF_MAPFILE: &str = "CcdnOsu";

/// How `read` or `mapfile` was called.
#[derive(Default)]
struct Call<'f> {
    /// The words that are no options.
    names: Vec<&'f Field>,
    /// The end of a line.
    end: Option<char>,
    /// So many letters are read.
    letters: Option<usize>,
    /// A backslash is a letter.
    raw: bool,
    /// The words are read into a list.
    list: bool,
    /// Where a line ends, nothing is left of that.
    trims: bool,
    /// It reads from somewhere else, or is called in a way that is not known.
    odd: bool,
}

/// Reads the words behind `read` or `mapfile`.
fn call_of<'f>(arguments: &'f [Field], valued: &str) -> Call<'f> {
    let mut call = Call { end: Some('\n'), ..Call::default() };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let flags =
            word.text.strip_prefix('-').filter(|it| !it.is_empty() && call.names.is_empty());
        let Some(flags) = flags else {
            call.names.push(word);
            continue;
        };
        call.odd |= !word.known;
        let mut letters = flags.chars();
        while let Some(letter) = letters.next() {
            let value = if valued.contains(letter) {
                let rest = core::mem::replace(&mut letters, "".chars()).as_str().to_owned();
                let next = if rest.is_empty() { words.next() } else { None };
                call.odd |= next.is_some_and(|it| !it.known);
                next.map_or(rest, |it| it.text.clone())
            } else {
                String::new()
            };
            match letter {
                'a' | 'A' => call.list = true,
                'd' => call.end = Some(value.chars().next().unwrap_or('\0')),
                'n' | 'N' => call.letters = value.parse().ok(),
                'r' => call.raw = true,
                't' => call.trims = true,
                'e' | 'i' | 'p' | 's' => {}
                'u' => call.odd |= value != "0",
                _ => call.odd = true,
            }
        }
    }
    call
}

impl Walker {
    /// `read a b`.
    pub(crate) fn read_words(&mut self, arguments: &[Field], input: &Input) {
        let call = call_of(arguments, OF_READ);
        let (text, all) = match input {
            Input::Text(text) => (Some(text.clone()), true),
            Input::File(_) | Input::Pipe(_) => {
                (self.names_in(input).map(|(names, _)| names), false)
            }
            Input::Inherited => (None, false),
        };
        let Some(text) = text.filter(|text| !call.odd && (call.raw || !text.contains('\\'))) else {
            return self.forget_from(arguments, input);
        };
        self.step(text.len() / 64);
        // What a search writes is held by lines, however it parts them (`-print0`).
        let parted = call.end != Some('\0') || text.contains('\0') || !self.is_loop();
        let end = call.end.filter(|_| parted).unwrap_or('\n');
        let lines: Vec<&str> = text.trim_end_matches(end).split(end).collect();
        let certain = self.own_input && !self.is_loop();
        let most = if certain { 1 } else { MOST_VALUES };
        let open = !all || (!certain && lines.len() > most);
        let sources = source_of(input);
        let mut made: Option<Vec<(String, Variable)>> = None;
        for line in lines.iter().take(most) {
            let line: String = line.chars().take(call.letters.unwrap_or(usize::MAX)).collect();
            let filled = self.filled(&call, &line);
            made = Some(match made {
                None => filled,
                Some(before) => {
                    let both = before.into_iter().zip(filled);
                    both.map(|((name, one), (_, other))| (name, one.or(other))).collect()
                }
            });
        }
        for (name, variable) in made.into_iter().flatten() {
            let open = open || variable.open;
            let variable = Variable { open, ..variable }.from(sources.iter().cloned().collect());
            self.set_read(&name, variable);
        }
    }

    /// What one line makes of the variables.
    fn filled(&mut self, call: &Call<'_>, line: &str) -> Vec<(String, Variable)> {
        let ifs = self.variable("IFS").unwrap_or_else(|| " \t\n".to_owned());
        if call.names.is_empty() && !call.list {
            return vec![("REPLY".to_owned(), Variable::of(Some(line.to_owned())))];
        }
        if call.list {
            let name = call.names.first().map_or("REPLY", |it| it.text.as_str()).to_owned();
            let (mut words, mut rest) = (Vec::new(), blanks_cut(line, &ifs));
            while !rest.is_empty() && words.len() < MOST_VALUES.saturating_mul(4) {
                let (word, left) = word_of(rest, &ifs);
                words.push(word.to_owned());
                rest = left;
            }
            return vec![(name, Variable::array(words, !rest.is_empty()))];
        }
        let mut rest = blanks_cut(line, &ifs);
        let mut filled = Vec::new();
        for (index, name) in call.names.iter().enumerate() {
            let last = index.saturating_add(1) == call.names.len();
            let (word, left) =
                if last { (blanks_cut(rest, &ifs), "") } else { word_of(rest, &ifs) };
            filled.push((name.text.clone(), Variable::of(Some(word.to_owned()))));
            rest = left;
        }
        filled
    }

    /// Sets what a built-in was told to: a variable, or an element of a list.
    pub(crate) fn set_read(&mut self, name: &str, value: Variable) {
        match name.split_once('[').and_then(|(name, rest)| Some((name, rest.strip_suffix(']')?))) {
            Some((list, subscript)) => {
                let variable = self.element_set(list, subscript, (false, value));
                self.variables.set(list, variable, false);
            }
            None => self.variables.set(name, value, false),
        }
    }

    /// `mapfile -t x`: the lines of what comes in.
    pub(crate) fn read_lines(&mut self, arguments: &[Field], input: &Input) {
        let call = call_of(arguments, OF_MAPFILE);
        let text = match input {
            Input::Text(text) if !call.odd && call.letters.is_none() => Some(text),
            Input::Text(_) | Input::File(_) | Input::Pipe(_) | Input::Inherited => None,
        };
        let Some(text) = text else { return self.forget_from(arguments, input) };
        let end = call.end.unwrap_or('\n');
        let lines: Vec<&str> = text.split_inclusive(end).collect();
        let texts =
            lines.iter().map(|line| if call.trims { line.trim_end_matches(end) } else { line });
        let name = call.names.first().map_or("MAPFILE", |it| it.text.as_str());
        let mixed = !self.own_input;
        let list = Variable::array(texts.map(ToString::to_string).collect(), false);
        self.variables.set(name, Variable { mixed, ..list }, false);
    }

    /// `getopts letters name`: the value of an option is any word, or what stands behind its letter.
    pub(crate) fn read_options(&mut self, arguments: &[Field]) {
        let given: Option<Vec<String>> = match arguments.get(2..) {
            Some(words) if !words.is_empty() => {
                Some(words.iter().filter(|it| it.known).map(|it| it.text.clone()).collect())
            }
            _ => self.variables.positional.clone().or_else(|| self.variables.any_positional()),
        };
        let mut values: Vec<String> = Vec::new();
        for word in given.iter().flatten() {
            let behind = word.strip_prefix('-').filter(|it| !it.starts_with('-'));
            let behind =
                behind.and_then(|it| it.char_indices().nth(1).and_then(|(at, _)| it.get(at..)));
            let plain = Some(word.as_str()).filter(|it| !it.starts_with('-'));
            values.extend(behind.into_iter().chain(plain).map(str::to_owned));
        }
        if let Some(name) = arguments.get(1) {
            self.variables.set(&name.text, Variable::of(None), false);
        }
        self.variables.set("OPTARG", Variable::one_of(values, true), false);
        self.variables.set("OPTIND", Variable::of(None), false);
    }

    /// `printf -v name format …`; false for any other `printf`.
    pub(crate) fn printed_into(&mut self, fields: &[Field], input: &Input) -> bool {
        let Some((printf, [first, rest @ ..])) = fields.split_first() else { return false };
        let (name, rest) = match (first.text.strip_prefix("-v"), rest) {
            (Some(""), [name, rest @ ..]) => (name.text.clone(), rest),
            (Some(name), rest) if !name.is_empty() => (name.to_owned(), rest),
            _ => return false,
        };
        let rest = match rest {
            [dashes, rest @ ..] if dashes.text == "--" => rest,
            rest => rest,
        };
        let words: Vec<Field> = core::iter::once(printf).chain(rest).cloned().collect();
        let value = Variable::of(self.written(&words, input));
        // A shell without `-v` prints it.
        let plain = name.split('[').next().unwrap_or_default().to_owned();
        let before = self.variables.find(&plain, &self.world, self.place);
        self.set_read(&name, value);
        let now = self.variables.find(&plain, &self.world, self.place);
        if let (Some(before), Some(now)) = (before, now) {
            self.variables.set(&plain, now.or(before), false);
        }
        true
    }

    /// Variables that are read from the input, which only the run can tell.
    fn forget_from(&mut self, arguments: &[Field], input: &Input) {
        let source = source_of(input);
        let mut named = arguments.iter().filter(|field| !field.text.starts_with('-')).peekable();
        let usual = [Field::of("MAPFILE"), Field::of("REPLY")];
        let unnamed = if named.peek().is_none() { usual.as_slice() } else { &[] };
        for field in named.chain(unnamed) {
            let value = Variable::of(None).from(source.clone().into_iter().collect());
            self.variables.set(&field.text, value, false);
        }
    }
}

/// A text without the blanks of `IFS` at its ends.
fn blanks_cut<'t>(text: &'t str, ifs: &str) -> &'t str {
    text.trim_matches(|one: char| matches!(one, ' ' | '\t' | '\n') && ifs.contains(one))
}

/// The first word, and what stands behind it and the letter that ends it.
fn word_of<'t>(text: &'t str, ifs: &str) -> (&'t str, &'t str) {
    let Some(at) = text.find(|one: char| ifs.contains(one)) else { return (text, "") };
    let (word, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let rest = blanks_cut(rest, ifs);
    let mut ahead = rest.chars();
    // Of the other letters one ends a word, with the blanks around it.
    let ends = ahead.next().is_some_and(|one| ifs.contains(one));
    (word, if ends { blanks_cut(ahead.as_str(), ifs) } else { rest })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_parted_as_read_parts_them() {
        for (text, ifs, word, rest) in [
            ("a b c", " \t\n", "a", "b c"),
            ("a:b:c", ":", "a", "b:c"),
            ("a::c", ":", "a", ":c"),
            ("a : b", " :", "a", "b"),
            ("a", ":", "a", ""),
            ("a b", "", "a b", ""),
        ] {
            assert_eq!(word_of(text, ifs), (word, rest), "{text:?} {ifs:?}");
        }
    }
}
