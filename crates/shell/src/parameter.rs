//! `$name` and everything that `${…}` can do with it.

use rable::{Node, NodeKind};

use crate::expand::Expansion;
use crate::glob::{self, Letter};
use crate::invented::{depends_on_number, number};
use crate::parse;
use crate::script::{Field, Input};
use crate::variables::Variable;
use crate::walk::{FOR_ZSH, Walker};
use crate::zsh;

/// In longer values nothing is replaced by a pattern.
const LONGEST_REPLACED: usize = 256;

/// Longer values are not matched with patterns.
const LONGEST_MATCHED: usize = 1024;

/// In how many ways the variables of one command may be filled; what more of them hold counts as unknown.
const MOST_PICKS: usize = 32;

/// What a variable holds at the moment.
pub(crate) enum Value {
    Known(Vec<String>),
    Unknown,
    Unset,
}

impl Walker {
    /// `${param op arg}`.
    pub(crate) fn parameter(
        &mut self,
        param: &str,
        op: Option<&str>,
        arg: Option<&str>,
    ) -> Expansion {
        if param.starts_with([' ', '\t', '\n', '|']) {
            // `${ cmd; }` runs commands and stands for what they write.
            let written = self.text(param.trim_start_matches('|'), &Input::Inherited);
            return match written {
                Some(text) => Expansion::known(text.trim_end_matches('\n')),
                None => Expansion::unknown("${…}"),
            };
        }
        self.raw(param);
        if zsh::evaluates(param) {
            self.opaque(FOR_ZSH);
        }
        self.require_operator(op);
        self.step(FILLING);
        let raw = || Expansion::unknown(format!("${param}"));
        let value = self.value(param);
        let is_prompt = |op: &str| op.starts_with('@') && (op.contains('P') || arg == Some("P"));
        if op.is_some_and(is_prompt) {
            self.as_prompt(&value);
        }
        let Some(op) = op else {
            return match value {
                Value::Known(texts) => Expansion { texts, known: true },
                Value::Unknown => raw(),
                Value::Unset if param.ends_with("[@]") => {
                    Expansion { texts: Vec::new(), known: true }
                }
                Value::Unset => Expansion::known(""),
            };
        };
        self.operate(param, (op, arg.unwrap_or_default()), value).unwrap_or_else(raw)
    }

    /// What the parser could not read stands in place of the operator: `${${:-$(a)}}`, which zsh reads.
    fn require_operator(&mut self, op: Option<&str>) {
        if op.is_some_and(parse::substitutes) {
            self.opaque("a part of the line was not understood");
        }
        if op.is_some_and(zsh::evaluates) {
            self.opaque(FOR_ZSH);
        }
    }

    /// `${!name}`.
    pub(crate) fn indirect(
        &mut self,
        param: &str,
        op: Option<&str>,
        arg: Option<&str>,
    ) -> Expansion {
        self.require_operator(op);
        if let Some(keys) = self.keys_of(param) {
            return keys;
        }
        match self.variable(param) {
            Some(name) if !name.is_empty() => self.parameter(&name, op, arg),
            _ => {
                self.raw(arg.unwrap_or_default());
                Expansion::unknown(format!("${{!{param}}}"))
            }
        }
    }

    /// `${x@P}`: what a variable holds is expanded as a prompt is. The other letters there run nothing.
    fn as_prompt(&mut self, value: &Value) {
        match value {
            Value::Known(texts) => texts.iter().for_each(|text| self.raw(text)),
            Value::Unknown | Value::Unset => {}
        }
    }

    fn value(&mut self, param: &str) -> Value {
        if matches!(param, "@" | "*") {
            return match self.variables.positional.clone() {
                Some(all) => Value::Known(all),
                None => {
                    self.carry(self.variables.arguments_from.clone());
                    // Any of them, or all.
                    match self.variables.any_positional() {
                        Some(all) => {
                            let bounded = self.variables.last_is_missing();
                            let other =
                                if bounded { Value::Known(Vec::new()) } else { Value::Unknown };
                            self.one_value("@", vec![Value::Known(all), other])
                        }
                        None => Value::Unknown,
                    }
                }
            };
        }
        if param == "#"
            && let Some(all) = &self.variables.positional
        {
            return Value::Known(vec![all.len().to_string()]);
        }
        if let Some(number) = number(param).filter(|_| !self.variables.holds(param)) {
            return Value::Known(vec![number.to_owned()]);
        }
        if param.chars().all(|one| matches!(one, '?' | '$' | '!' | '#' | '-' | '_')) {
            return Value::Unknown;
        }
        let (name, subscript) = match param.split_once('[') {
            Some((name, rest)) => (name, rest.strip_suffix(']')),
            None => (param, None),
        };
        if name == "PWD" && self.place == crate::Place::Here {
            let cwd = self.cwd().and_then(|cwd| cwd.to_str().map(str::to_owned));
            return cwd.map_or(Value::Unknown, |cwd| Value::Known(vec![cwd]));
        }
        let Some(variable) = self.variables.find(name, &self.world, self.place) else {
            return Value::Unset;
        };
        if name.parse::<usize>().is_ok_and(|index| index > 0) && variable.open {
            self.carry(self.variables.arguments_from.clone());
        }
        self.carry(variable.sources.clone());
        if variable.array {
            let values = self.of_list(&variable, subscript);
            return self.one_value(param, values);
        }
        let mut values: Vec<Value> =
            variable.values.into_iter().map(|text| Value::Known(vec![text])).collect();
        if variable.open {
            values.push(Value::Unknown);
        }
        if variable.missing {
            values.push(Value::Unset);
        }
        self.one_value(name, values)
    }

    /// One of the values that a variable may have: which one changes from look to look, so that every
    /// value comes with every value of the others.
    fn one_value(&mut self, name: &str, values: Vec<Value>) -> Value {
        match self.one_of(name, values.len()) {
            Some(index) => values.into_iter().nth(index).unwrap_or(Value::Unset),
            None => Value::Unknown,
        }
    }

    /// Which of so many ways is looked at; `None` where there are too many.
    pub(crate) fn one_of(&mut self, name: &str, options: usize) -> Option<usize> {
        let mut place = 1_usize;
        let mut known = false;
        for (other, count) in &self.choices {
            known = other == name;
            if known {
                break;
            }
            place = place.saturating_mul(*count);
        }
        if options > 1 && !known {
            if self.picks.saturating_mul(options) > MOST_PICKS {
                return None;
            }
            self.choices.push((name.to_owned(), options));
            self.picks = self.picks.saturating_mul(options);
        }
        let index = self.pick.checked_div(place).and_then(|it| it.checked_rem(options));
        Some(index.unwrap_or_default())
    }

    /// What an operator makes of a value; `None` when nobody can tell.
    fn operate(&mut self, param: &str, (op, arg): (&str, &str), value: Value) -> Option<Expansion> {
        let colon = op.starts_with(':');
        let defaults = matches!(op, ":-" | "-" | ":=" | "=" | ":+" | "+");
        // What nobody knows may be missing, or not.
        let value = match value {
            Value::Unknown if defaults => {
                let way = self.one_of(&format!("{param}{op}"), 2);
                if way == Some(0) { Value::Unset } else { Value::Unknown }
            }
            Value::Known(_) | Value::Unknown | Value::Unset => value,
        };
        let missing = match &value {
            Value::Known(texts) => colon && texts.iter().all(String::is_empty),
            Value::Unset => true,
            Value::Unknown => false,
        };
        let unknown = matches!(value, Value::Unknown);
        match op {
            ":-" | "-" | ":=" | "=" if missing => {
                let field = self.argument(arg);
                if op.ends_with('=') {
                    let variable = Variable::of(field.known.then(|| field.text.clone()));
                    self.variables.set(param, variable, false);
                }
                Some(Expansion { texts: vec![field.text], known: field.known })
            }
            ":-" | "-" | ":=" | "=" if unknown => {
                self.raw(arg);
                None
            }
            ":+" | "+" if missing => {
                self.raw(arg);
                Some(Expansion::known(""))
            }
            ":+" | "+" => Some(self.stands_for(arg)),
            // The message is made before the shell ends with it.
            ":?" | "?" if missing || unknown => {
                self.argument(arg);
                // Of several values, this one ends the line before the command.
                self.ended |= self.picks > 1 && !unknown;
                (!unknown).then(|| Expansion::known(""))
            }
            ":-" | "-" | ":=" | "=" | ":?" | "?" => match value {
                Value::Known(texts) => Some(Expansion { texts, known: true }),
                Value::Unknown => None,
                Value::Unset => Some(Expansion::known("")),
            },
            _ => self.cut(param, (op, arg), value),
        }
    }

    /// What stands in the place of a value: a word, or a list (`${x+"${x[@]}"}`).
    fn stands_for(&mut self, arg: &str) -> Expansion {
        let inside = arg.strip_prefix("\"${").and_then(|it| it.strip_suffix("}\""));
        match inside.filter(|it| it.ends_with("[@]") && !it.contains(['$', '`', '"'])) {
            Some(list) => self.parameter(list, None, None),
            None if arg == "\"$@\"" => self.parameter("@", None, None),
            None => {
                let field = self.argument(arg);
                Expansion { texts: vec![field.text], known: field.known }
            }
        }
    }

    /// Operators that make another text of the value, or of each element of a list.
    fn cut(&mut self, param: &str, (op, arg): (&str, &str), value: Value) -> Option<Expansion> {
        let texts = match value {
            Value::Known(texts) => texts,
            Value::Unset => vec![String::new()],
            Value::Unknown => {
                self.raw(arg);
                return None;
            }
        };
        let is_list =
            matches!(param, "@" | "*") || param.ends_with("[@]") || param.ends_with("[*]");
        if op == ":" && parse::substitutes(arg) {
            self.raw(arg);
            return None;
        }
        if op == ":" && is_list {
            let (from, count) = self.numbers(arg)?;
            return Some(Expansion { texts: sliced(texts, from, count, param), known: true });
        }
        let made: Option<Vec<String>> =
            texts.iter().map(|text| self.cut_one(op, arg, text)).collect();
        made.map(|texts| Expansion { texts, known: true })
    }

    /// The numbers of `${x:1:2}`.
    fn numbers(&mut self, arg: &str) -> Option<(isize, Option<isize>)> {
        let (from, count) = match arg.split_once(':') {
            Some((from, count)) => (from, Some(count)),
            None => (arg, None),
        };
        let from = self.number(from)?;
        let count = match count {
            Some(count) => Some(self.number(count)?),
            None => None,
        };
        Some((from, count))
    }

    fn number(&mut self, raw: &str) -> Option<isize> {
        let field = self.argument(raw.trim());
        let text = Some(field.text).filter(|_| field.known)?;
        let bare = text.trim().trim_start_matches('(').trim_end_matches(')').trim();
        bare.parse().ok()
    }

    fn cut_one(&mut self, op: &str, arg: &str, text: &str) -> Option<String> {
        if !self.step(text.len().saturating_add(16) / 16) {
            return None;
        }
        if depends_on_number(text, op, arg) {
            self.raw(arg);
            return None;
        }
        match op {
            "#" | "##" | "%" | "%%" => {
                let pattern = self.argument(arg);
                let square = text.len().saturating_mul(text.len());
                let cost = square.saturating_mul(pattern.text.len()) / 1024;
                let plain = pattern.known && !is_extended(&pattern.text);
                (plain && self.step(cost)).then(|| stripped(text, op, &pattern.text))?
            }
            "/" | "//" | "/#" | "/%" => self.replaced(op, arg, text),
            ":" => {
                let (from, count) = self.numbers(arg)?;
                substring(text, from, count)
            }
            // Which letters it is about.
            "^" | "," | "^^" | ",," if !arg.is_empty() => {
                self.raw(arg);
                None
            }
            "^" | "," => {
                let mut letters = text.chars();
                let first = letters.next().map(String::from).unwrap_or_default();
                let first = if op == "^" { first.to_uppercase() } else { first.to_lowercase() };
                Some(first + letters.as_str())
            }
            "^^" => Some(text.to_uppercase()),
            ",," => Some(text.to_lowercase()),
            _ => {
                self.raw(arg);
                None
            }
        }
    }

    /// `${x/from/to}`; a `#` or `%` in front ties it to the beginning or the end.
    fn replaced(&mut self, op: &str, arg: &str, text: &str) -> Option<String> {
        let (from, to) = pattern_and_text(arg);
        let tied = op.chars().nth(1).filter(|one| matches!(one, '#' | '%'));
        let (from, to) = (self.argument(from), self.argument(to));
        if !from.known || !to.known || from.text.is_empty() || is_extended(&from.text) {
            return None;
        }
        if from.text.contains(['*', '?', '[']) {
            let square = text.len().saturating_mul(text.len());
            let cost = square.saturating_mul(text.len()).saturating_mul(from.text.len()) / 256;
            return if text.len() <= LONGEST_REPLACED && self.step(cost) {
                replaced_by_pattern(text, (op, tied), &from.text, &to.text)
            } else {
                None
            };
        }
        let made = match tied {
            Some('#') => text.strip_prefix(&from.text).map(|rest| format!("{}{rest}", to.text)),
            Some(_) => text.strip_suffix(&from.text).map(|rest| format!("{rest}{}", to.text)),
            None => {
                let count = if op == "//" { usize::MAX } else { 1 };
                Some(text.replacen(&from.text, &to.text, count))
            }
        };
        Some(made.unwrap_or_else(|| text.to_owned()))
    }

    /// The word behind an operator.
    pub(crate) fn argument(&mut self, raw: &str) -> Field {
        if raw.is_empty() {
            return Field::of("");
        }
        self.step(READING);
        let word: Option<Node> = parse::word(raw).or_else(|| parse::quoted(raw));
        match word {
            Some(word) if matches!(word.kind, NodeKind::Word { .. }) => self.one_field(&word),
            Some(_) | None => {
                if parse::substitutes(raw) {
                    self.opaque("a part of the line was not understood");
                }
                Field { text: raw.to_owned(), known: false }
            }
        }
    }
}

/// Steps that it takes to find what a variable may hold.
const FILLING: usize = 6;

/// Steps that it takes to read the word behind an operator.
const READING: usize = 12;

/// The two sides of `from/to`; a slash behind a backslash belongs to the first.
fn pattern_and_text(arg: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in arg.bytes().enumerate() {
        if byte == b'/' && !escaped {
            return (arg.get(..at).unwrap_or(arg), arg.get(at.saturating_add(1)..).unwrap_or(""));
        }
        escaped = byte == b'\\' && !escaped;
    }
    (arg, "")
}

/// Whether a pattern is of the extended kind, which is not worked out here: `@(a|b)`, `!(a)`.
fn is_extended(pattern: &str) -> bool {
    pattern.contains('(')
}

/// `${x:1:2}`; `None` when there is no such part.
fn substring(text: &str, from: isize, count: Option<isize>) -> Option<String> {
    let length = text.chars().count();
    let skip = match usize::try_from(from) {
        Ok(skip) => skip,
        Err(_) => length.checked_sub(from.unsigned_abs())?,
    };
    let end = match count {
        None => length,
        Some(count) => match usize::try_from(count) {
            Ok(count) => skip.saturating_add(count),
            Err(_) => length.checked_sub(count.unsigned_abs())?,
        },
    };
    Some(text.chars().take(end).skip(skip).collect())
}

/// `${@:1:2}`; what is behind `set` is counted from one, and `$0` stands before it.
fn sliced(texts: Vec<String>, from: isize, count: Option<isize>, param: &str) -> Vec<String> {
    let one = isize::from(matches!(param, "@" | "*"));
    let skip = match usize::try_from(from) {
        Ok(0) => 0,
        Ok(from) => from.saturating_sub(usize::from(one > 0)),
        Err(_) => texts.len().saturating_sub(from.unsigned_abs()),
    };
    let count = count.map_or(usize::MAX, |count| usize::try_from(count).unwrap_or_default());
    texts.into_iter().skip(skip).take(count).collect()
}

/// The value with what fits a pattern replaced, the longest first.
fn replaced_by_pattern(
    text: &str,
    (op, tied): (&str, Option<char>),
    from: &str,
    to: &str,
) -> Option<String> {
    let pattern: Vec<Letter> = from.chars().map(|one| (one, true)).collect();
    let letters: Vec<char> = text.chars().collect();
    let (mut made, mut at) = (String::new(), 0_usize);
    while let Some(rest) = letters.get(at..).filter(|rest| !rest.is_empty()) {
        let fits = |end: &usize| {
            let ends = tied != Some('%') || *end == rest.len();
            ends && rest.get(..*end).is_some_and(|part| glob::fits(&pattern, part))
        };
        match (1..=rest.len()).rev().find(fits) {
            Some(end) => {
                made.push_str(to);
                at = at.saturating_add(end);
                if op != "//" {
                    break;
                }
            }
            None => {
                made.extend(rest.first());
                at = at.saturating_add(1);
            }
        }
        if tied == Some('#') {
            break;
        }
    }
    made.extend(letters.get(at..).unwrap_or_default());
    Some(made)
}

/// The value without a head (`#`) or tail (`%`) that fits; doubled: the longest.
fn stripped(text: &str, op: &str, pattern: &str) -> Option<String> {
    if text.len() > LONGEST_MATCHED {
        return None;
    }
    let pattern: Vec<Letter> = pattern.chars().map(|one| (one, true)).collect();
    let letters: Vec<char> = text.chars().collect();
    let (head, longest) = (op.starts_with('#'), op.len() == 2);
    let mut cuts: Vec<usize> = (0..=letters.len()).collect();
    if head == longest {
        cuts.reverse();
    }
    for cut in cuts {
        let (front, back) = letters.split_at_checked(cut)?;
        let (gone, left) = if head { (front, back) } else { (back, front) };
        if glob::fits(&pattern, gone) {
            return Some(left.iter().collect());
        }
    }
    Some(text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn heads_and_tails_are_cut_as_shells_do() {
        for (op, pattern, left) in [
            ("#", "*/", "b/c"),
            ("##", "*/", "c"),
            ("%", "/*", "a/b"),
            ("%%", "/*", "a"),
            ("#", "x", "a/b/c"),
        ] {
            assert_eq!(stripped("a/b/c", op, pattern).unwrap(), left, "{op}{pattern}");
        }
        assert_eq!(substring("/home", 0, Some(1)).unwrap(), "/");
        assert_eq!(substring("abc", -2, None).unwrap(), "bc");
        assert_eq!(substring("abc", 0, Some(-1)).unwrap(), "ab");
        assert_eq!(substring("abc", -4, None), None);
        let replaced = |op, tied, from| replaced_by_pattern("a/b/c", (op, tied), from, "x");
        assert_eq!(replaced("/", None, "?/").unwrap(), "xb/c");
        assert_eq!(replaced("//", None, "[ac]").unwrap(), "x/b/x");
        assert_eq!(replaced("/", Some('%'), "/*").unwrap(), "ax");
        assert_eq!(replaced("/", Some('#'), "b*").unwrap(), "a/b/c");
    }
}
