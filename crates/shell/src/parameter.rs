//! `$name` and everything that `${…}` can do with it.

use rable::{Node, NodeKind};

use crate::expand::Expansion;
use crate::glob::{self, Letter};
use crate::parse;
use crate::script::{Field, Input};
use crate::variables::Variable;
use crate::walk::{FOR_ZSH, Walker};
use crate::zsh;

/// Longer values are not matched with patterns.
const LONGEST_MATCHED: usize = 1024;

/// In how many ways the variables of one command may be filled; what more of them hold counts as unknown.
const MOST_PICKS: usize = 32;

/// What a variable holds at the moment.
enum Value {
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
        let raw = format!("${param}");
        let value = self.value(param);
        let is_prompt = |op: &str| op.starts_with('@') && (op.contains('P') || arg == Some("P"));
        if op.is_some_and(is_prompt) {
            self.as_prompt(&value);
        }
        let Some(op) = op else {
            return match value {
                Value::Known(texts) => Expansion { texts, known: true },
                Value::Unknown => Expansion::unknown(raw),
                Value::Unset => Expansion::known(""),
            };
        };
        self.operate(param, (op, arg.unwrap_or_default()), value)
            .unwrap_or_else(|| Expansion::unknown(raw))
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
                    Value::Unknown
                }
            };
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
        if variable.array { element(variable, subscript) } else { self.picked(name, variable) }
    }

    /// One of the values that a variable may have: which one changes from look to look, so that every
    /// value comes with every value of the others.
    fn picked(&mut self, name: &str, variable: Variable) -> Value {
        let options = variable.options();
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
                return Value::Unknown;
            }
            self.choices.push((name.to_owned(), options));
            self.picks = self.picks.saturating_mul(options);
        }
        let index = self.pick.checked_div(place).and_then(|it| it.checked_rem(options));
        let index = index.unwrap_or_default();
        let values = variable.values.len();
        match variable.values.into_iter().nth(index) {
            Some(text) => Value::Known(vec![text]),
            None if variable.open && index == values => Value::Unknown,
            None => Value::Unset,
        }
    }

    /// What an operator makes of a value; `None` when nobody can tell.
    fn operate(&mut self, param: &str, (op, arg): (&str, &str), value: Value) -> Option<Expansion> {
        let colon = op.starts_with(':');
        let missing = match &value {
            Value::Known(texts) => colon && texts.iter().all(String::is_empty),
            Value::Unset => true,
            Value::Unknown => false,
        };
        let unknown = matches!(value, Value::Unknown);
        match op {
            ":-" | "-" | ":=" | "=" if missing || unknown => {
                let field = self.argument(arg);
                if op.ends_with('=') {
                    let variable = Variable::of(field.known.then(|| field.text.clone()));
                    self.variables.set(param, variable, unknown);
                }
                let known = field.known && !unknown;
                Some(Expansion { texts: vec![field.text], known })
            }
            ":+" | "+" => {
                let field = self.argument(arg);
                let text = if missing { String::new() } else { field.text };
                Some(Expansion { texts: vec![text], known: field.known && !unknown })
            }
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
            _ => self.cut(op, arg, value),
        }
    }

    /// Operators that make another text of the value.
    fn cut(&mut self, op: &str, arg: &str, value: Value) -> Option<Expansion> {
        let text = match value {
            Value::Known(texts) => texts.first().cloned().unwrap_or_default(),
            Value::Unset => String::new(),
            Value::Unknown => {
                self.raw(arg);
                return None;
            }
        };
        let made = match op {
            "#" | "##" | "%" | "%%" => {
                let pattern = self.argument(arg);
                let square = text.len().saturating_mul(text.len());
                let cost = square.saturating_mul(pattern.text.len()) / 1024;
                (pattern.known && self.step(cost)).then(|| stripped(&text, op, &pattern.text))?
            }
            "/" | "//" => {
                let (from, to) = pattern_and_text(arg);
                let (from, to) = (self.argument(from), self.argument(to));
                let plain = from.known && to.known && !from.text.contains(['*', '?', '[']);
                let count = if op == "//" { usize::MAX } else { 1 };
                (plain && !from.text.is_empty())
                    .then(|| Some(text.replacen(&from.text, &to.text, count)))?
            }
            ":" => substring(&text, arg),
            // Which letters it is about.
            "^" | "," | "^^" | ",," if !arg.is_empty() => None,
            "^" | "," => {
                let mut letters = text.chars();
                let first = letters.next().map(String::from).unwrap_or_default();
                let first = if op == "^" { first.to_uppercase() } else { first.to_lowercase() };
                Some(first + letters.as_str())
            }
            "^^" => Some(text.to_uppercase()),
            ",," => Some(text.to_lowercase()),
            _ => None,
        };
        if made.is_none() {
            self.raw(arg);
        }
        made.map(Expansion::known)
    }

    /// The word behind an operator.
    fn argument(&mut self, raw: &str) -> Field {
        if raw.is_empty() {
            return Field::of("");
        }
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

/// What `[@]`, `[0]` or nothing names of an array.
fn element(variable: Variable, subscript: Option<&str>) -> Value {
    match subscript {
        _ if variable.open || variable.missing => Value::Unknown,
        subscript if variable.mixed && !matches!(subscript, Some("@" | "*")) => Value::Unknown,
        Some("@" | "*") => Value::Known(variable.values),
        subscript => match subscript.unwrap_or("0").parse::<usize>() {
            Ok(index) => variable
                .values
                .into_iter()
                .nth(index)
                .map_or(Value::Unset, |it| Value::Known(vec![it])),
            Err(_) => Value::Unknown,
        },
    }
}

/// `${x:1:2}`; `None` when the numbers are none.
fn substring(text: &str, arg: &str) -> Option<String> {
    let (from, count) = match arg.split_once(':') {
        Some((from, count)) => (from, Some(count.trim().parse::<usize>().ok()?)),
        None => (arg, None),
    };
    let from: isize = from.trim().parse().ok()?;
    let length = text.chars().count();
    let skip = usize::try_from(from).ok().or_else(|| length.checked_sub(from.unsigned_abs()))?;
    Some(text.chars().skip(skip).take(count.unwrap_or(usize::MAX)).collect())
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
        assert_eq!(substring("/home", "0:1").unwrap(), "/");
        assert_eq!(substring("abc", " -2").unwrap(), "bc");
        assert_eq!(substring("abc", "x"), None);
    }
}
