//! From a word of a name to the value that is assigned to it.
//!
//! Environment files, shells, JSON, YAML, TOML, INI, XML, command-line options and the languages
//! people write all come down to: a name, what closes it, an operator, what opens the value, the
//! value. Whether the value is a secret is for a validator to say.

use crate::bytes::{before, run, run_back};
use crate::tables::{NAME, VALUE};
use crate::walks::Walks;
use crate::words::{Words, words};

/// Longest name in bytes.
const LONGEST_NAME: usize = 64;

/// Longest value in bytes. One of this length goes on: it is data, not a secret that somebody
/// typed or pasted.
pub(crate) const LONGEST_VALUE: usize = 512;

/// Longest type annotation in bytes.
const LONGEST_TYPE: usize = 40;

/// Most bytes between a name and the word that says that its value follows.
const MOST_MARKS: usize = 40;

/// Most blanks between a name and its value.
const MOST_BLANKS: usize = 24;

/// A name and its value; offsets count within the text given to [`find`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Assignment {
    pub(crate) name: (usize, usize),
    pub(crate) value: (usize, usize),
    /// Whether the value stands in quotes.
    pub(crate) quoted: bool,
    pub(crate) form: Form,
}

/// The assignment whose name holds the word `word_start..word_end` of `text`; `base` is the
/// absolute offset of `text`.
pub(crate) fn find(
    text: &[u8],
    word: (usize, usize),
    base: usize,
    walks: &mut Walks,
) -> Option<Assignment> {
    let word = (word.0, word_end(text, word)?);
    let rest = text.get(word.1..)?;
    let tail = walks.run(NAME, rest, base.checked_add(word.1)?, LONGEST_NAME);
    if tail == LONGEST_NAME {
        return None;
    }
    let mut end = word.1.checked_add(tail)?;
    // `password.` ends a sentence, `key--` is not a name.
    end = end.checked_sub(run_back(text.get(word.1..end)?, |byte| matches!(byte, b'.' | b'-')))?;
    let name = (name_start(text, word.0), end);
    let (open, form) = opening(text, name)?;
    let open = after_type(text, open).unwrap_or(open);
    let (value, quoted) = value(text, open, base, walks)?;
    let whole = match form {
        Form::Call | Form::Operator | Form::Option => true,
        Form::Element => text.get(value.1) == Some(&b'<'),
        Form::Pair => closes(text, value.1),
    };
    whole.then_some(Assignment { name, value, quoted, form })
}

/// How a name and its value are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The argument of a call: `setPassword("…")`.
    Call,
    /// The text of an XML element.
    Element,
    /// An operator between them.
    Operator,
    /// An option and the next word: `--password …`.
    Option,
    /// Two literals in brackets: `("password", "…")`.
    Pair,
}

/// Whether the bracket that holds a pair closes after the quote at `quote`: what goes on is a list.
fn closes(text: &[u8], quote: usize) -> bool {
    let after = quote.checked_add(1).and_then(|at| text.get(at..)).unwrap_or_default();
    let blanks = run(after, is_blank);
    matches!(after.get(blanks), Some(b')' | b']' | b'}'))
}

/// Whether a bracket opens before the quote that stands before the name at `name`.
fn opens_pair(text: &[u8], name: usize) -> bool {
    let head = name.checked_sub(1).and_then(|at| text.get(..at)).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(MOST_BLANKS)..).unwrap_or_default();
    let blanks = run_back(recent, |byte| is_blank(byte) || byte == b'\n');
    let bracket = head.len().checked_sub(blanks.saturating_add(1)).and_then(|at| head.get(at));
    matches!(bracket, Some(b'(' | b'[' | b'{'))
}

/// The end of the word without a byte that only ended the keyword: `pwd=`.
fn word_end(text: &[u8], (start, end): (usize, usize)) -> Option<usize> {
    end.checked_sub(run_back(text.get(start..end)?, |byte| !is_name(byte)))
}

fn name_start(text: &[u8], word_start: usize) -> usize {
    let head = text.get(..word_start).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
    word_start.saturating_sub(run_back(recent, is_name))
}

const fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'-')
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// Where the value opens, after the name's closing quote or bracket and an operator, and how.
fn opening(text: &[u8], (name_start, name_end): (usize, usize)) -> Option<(usize, Form)> {
    let rest = text.get(name_end..)?;
    let closing = run(rest.get(..4.min(rest.len()))?, |byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b']')
    });
    let rest = rest.get(closing..)?;
    let blanks = run(rest, is_blank);
    let operator_at = name_end.checked_add(closing)?.checked_add(blanks)?;
    let (width, form) = match text.get(operator_at..)? {
        _ if blanks > MOST_BLANKS => return None,
        [b'=', b'=', b'=', ..] => (3, Form::Operator),
        [b':' | b'=', b'=', ..] | [b'=', b'>' | b'~', ..] => (2, Form::Operator),
        [b':', b':', ..] => return None,
        [b'=' | b':', ..] => (1, Form::Operator),
        [b'>', ..]
            if in_tag(text, name_start) || (closing > 0 && is_attribute(text, name_start)) =>
        {
            (1, Form::Element)
        }
        // `process.env.TOKEN || "…"`: what stands in for the value.
        [b'|', b'|', ..] | [b'?', b'?', ..] if opens_quote(text, operator_at.checked_add(1)?) => {
            (2, Form::Operator)
        }
        [b'(', b'"' | b'\'', ..] if closing == 0 && blanks == 0 => (1, Form::Call),
        [b',', ..]
            if closing > 0 && opens_quote(text, operator_at) && opens_pair(text, name_start) =>
        {
            (1, Form::Pair)
        }
        _ if blanks > 0 && closing == 0 && is_option(text, name_start) => (0, Form::Option),
        _ if blanks > 0 && closing == 0 && is_declared(text, name_start) => (0, Form::Operator),
        [b'\'', ..] if blanks > 0 && closing == 0 && is_clause(text, name_start) => {
            (0, Form::Operator)
        }
        rest => (value_field(rest)?, Form::Operator),
    };
    let after = operator_at.checked_add(width)?;
    let blanks = run(text.get(after..)?, is_blank);
    if blanks > MOST_BLANKS { None } else { after.checked_add(blanks).zip(Some(form)) }
}

/// Length up to the operator's end when the next thing said is the value of what was named:
/// `name: X` and on the next line `value: …`, `key="X" value="…"`, `variable "x" { default = "…"`.
fn value_field(rest: &[u8]) -> Option<usize> {
    let near = rest.get(..MOST_MARKS.min(rest.len()))?;
    let marks =
        run(near, |byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',' | b'{' | b'"' | b'\''));
    let field = rest.get(marks..)?;
    let word = [&b"value"[..], b"Value", b"default", b"defaultValue"].into_iter().find(|word| {
        field.starts_with(word) && !field.get(word.len()).is_some_and(|b| is_name(*b))
    })?;
    let after = field.get(word.len()..)?;
    let closing = run(after.get(..1)?, |byte| byte == b'"' || byte == b'\'');
    let blanks = run(after.get(closing..)?, is_blank);
    let operator = word.len().checked_add(closing)?.checked_add(blanks)?;
    matches!(field.get(operator)?, b'=' | b':').then_some(())?;
    marks.checked_add(operator)?.checked_add(1)
}

/// Whether a word before the name at `start` says that its value follows: `ENV NAME …`.
fn is_declared(text: &[u8], start: usize) -> bool {
    let head = text.get(..start).unwrap_or_default();
    let named = text.get(start..).is_some_and(|name| DIRECTIVES.begin(name));
    let first = before(text, start).is_none_or(|byte| byte == b'\n');
    DECLARERS.iter().any(|word| head.ends_with(word)) || (named && first)
}

/// Whether the name at `start` is a clause of SQL: `WITH PASSWORD '…'`.
fn is_clause(text: &[u8], start: usize) -> bool {
    let named = |word: &[u8]| text.get(start..).is_some_and(|name| name.starts_with(word));
    named(b"PASSWORD ")
        || (named(b"password ") && text.get(..start).is_some_and(|head| head.ends_with(b"with ")))
}

/// Whether the name at `start` is the value of an XML attribute: `key="name"`.
fn is_attribute(text: &[u8], start: usize) -> bool {
    start.checked_sub(2).and_then(|at| text.get(at..start)) == Some(b"=\"")
}

/// Words after which a name and, after a blank, its value follow.
const DECLARERS: [&[u8]; 4] = [b"ENV ", b"setx ", b"#define ", b"fastcgi_param "];

/// Lines of configuration that are a name, a blank and a value.
static DIRECTIVES: Words = words! { "requirepass " "masterauth " };

/// Whether a quote follows the comma at `comma`.
fn opens_quote(text: &[u8], comma: usize) -> bool {
    let rest = comma.checked_add(1).and_then(|at| text.get(at..)).unwrap_or_default();
    let blanks = run(rest, is_blank);
    matches!(rest.get(blanks), Some(b'"' | b'\''))
}

/// Whether the name at `start` is a command-line option: `--name`.
fn is_option(text: &[u8], start: usize) -> bool {
    text.get(start..).is_some_and(|name| name.starts_with(b"--"))
        && before(text, start)
            .is_none_or(|byte| !byte.is_ascii_graphic() || matches!(byte, b'"' | b'\''))
}

/// Whether the name at `start` is an XML tag: `<name`.
fn in_tag(text: &[u8], start: usize) -> bool {
    before(text, start) == Some(b'<')
}

/// The value that opens at `at`, and whether it is quoted.
fn value(text: &[u8], at: usize, base: usize, walks: &mut Walks) -> Option<((usize, usize), bool)> {
    let start = at.checked_add(opener(text.get(at..)?))?;
    let rest = text.get(start..)?;
    match rest {
        [b'"', b'"', b'"', ..] => quoted(text, start.checked_add(3)?, b"\"\"\""),
        [b'\\', quote @ (b'"' | b'\''), ..] => {
            quoted(text, start.checked_add(2)?, &[b'\\', *quote])
        }
        [quote @ (b'"' | b'\'' | b'`'), ..] => quoted(text, start.checked_add(1)?, &[*quote]),
        _ => {
            let length = walks.run(VALUE, rest, base.checked_add(start)?, LONGEST_VALUE);
            let value = rest.get(..length)?;
            let value = value.get(..length.checked_sub(run_back(value, ends_sentence))?)?;
            let value = if length == LONGEST_VALUE { rest.get(..length)? } else { value };
            let bounds = (start, start.checked_add(value.len())?);
            (!value.is_empty()).then_some((bounds, false))
        }
    }
}

const fn ends_sentence(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'?')
}

/// Bytes between an operator and a quote: `&"…"`, `("…")`, `b"…"`, `@"…"`.
fn opener(text: &[u8]) -> usize {
    let marks = run(text.get(..3.min(text.len())).unwrap_or_default(), |byte| {
        matches!(byte, b'(' | b'[' | b'&' | b'@' | b'b' | b'B' | b'f' | b'r' | b'u' | b'L')
    });
    if matches!(text.get(marks), Some(b'"' | b'\'')) { marks } else { 0 }
}

fn quoted(text: &[u8], start: usize, close: &[u8]) -> Option<((usize, usize), bool)> {
    let rest = text.get(start..)?;
    let rest = rest.get(..LONGEST_VALUE.min(rest.len()))?;
    let mut at = 0_usize;
    loop {
        let byte = *rest.get(at)?;
        if rest.get(at..)?.starts_with(close) {
            let bounds = (start, start.checked_add(at)?);
            return (at > 0).then_some((bounds, true));
        }
        if byte == b'\n' && close.len() < 3 {
            return None;
        }
        // A backslash takes the next byte with it, unless it is itself half of the closing mark.
        at = at.checked_add(if byte == b'\\' && close.len() != 2 { 2 } else { 1 })?;
    }
}

/// Where the value opens when what looked like one at `open` is a type: `password: str = "…"`.
fn after_type(text: &[u8], open: usize) -> Option<usize> {
    let rest = text.get(open..)?;
    let kind = rest.get(..LONGEST_TYPE.min(rest.len()))?;
    let length = run(kind, |byte| {
        byte.is_ascii_alphanumeric()
            || matches!(
                byte,
                b' ' | b'_' | b'&' | b'<' | b'>' | b'[' | b']' | b'|' | b'?' | b'*' | b'.' | b':'
            )
    });
    match (rest.get(..length)?, rest.get(length..)?) {
        ([b'a'..=b'z' | b'A'..=b'Z' | b'&' | b'*', .., b' '], [b'=', next, tail @ ..])
            if !matches!(next, b'=' | b'>') =>
        {
            let blanks = if *next == b' ' { run(tail, is_blank).checked_add(1)? } else { 0 };
            open.checked_add(length)?.checked_add(1)?.checked_add(blanks)
        }
        _ => None,
    }
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, clippy::string_slice, reason = "texts of the tests")]
mod tests {
    use super::*;

    fn value_of(text: &str, word: &str) -> Option<(String, String, bool)> {
        let at = text.find(word).unwrap();
        let bytes = text.as_bytes();
        let found = find(bytes, (at, at + word.len()), 0, &mut Walks::new())?;
        let part = |(start, end): (usize, usize)| text[start..end].to_owned();
        Some((part(found.name), part(found.value), found.quoted))
    }

    #[test]
    fn values_are_found_in_the_forms_people_write() {
        let cases = [
            ("DB_PASSWORD=hunter2", "DB_PASSWORD", "hunter2", false),
            ("export PASSWORD='a b'", "PASSWORD", "a b", true),
            ("{\"db.password\": \"x\\\"y\"}", "db.password", "x\\\"y", true),
            ("{\\\"password\\\":\\\"xyz\\\"}", "password", "xyz", true),
            ("password:   swordfish # note", "password", "swordfish", false),
            ("let password: &str = \"abc\";", "password", "abc", true),
            ("config[\"password\"] = b'abc'", "password", "abc", true),
            ("('password', 'abc')", "password", "abc", true),
            ("setPassword(\"abc\")", "setPassword", "abc", true),
            ("<password>abc</password>", "password", "abc", false),
            ("x --password abc y", "--password", "abc", false),
            ("x --db-password=abc", "--db-password", "abc", false),
            ("password => 'abc'", "password", "abc", true),
            ("the password: swordfish.", "password", "swordfish", false),
        ];
        for (text, name, value, quoted) in cases {
            let word = if text.contains("PASSWORD") { "PASSWORD" } else { "assword" };
            let expected = Some((name.to_owned(), value.to_owned(), quoted));
            assert_eq!(value_of(text, word), expected, "{text}");
        }
    }

    #[test]
    fn prose_and_code_hold_no_value() {
        for text in [
            "the password is long",
            "password::new()",
            "password, token",
            "a password",
            "['user', 'password', 'host']",
            "['password', 'pause', 'print']",
            "f('password', 'salt', 64)",
        ] {
            assert_eq!(value_of(text, "password"), None, "{text}");
        }
    }
}
