//! From a word of a name to the value that is assigned to it.
//!
//! Environment files, shells, JSON, YAML, TOML, INI, XML, command-line options and the languages
//! people write all come down to: a name, what closes it, an operator, what opens the value, the
//! value. Whether the value is a secret is for a validator to say.

mod opening;

use self::opening::opening;
use crate::bytes::{is_call, is_name, is_prefix, is_type, last_line, run, run_back};
use crate::class::{self, Equal, Opening};
use crate::tables::{NAME, NEAR_KEY, VALUE};
use crate::walks::Walks;
use crate::words::{Words, words};

/// Longest name in bytes.
pub(crate) const LONGEST_NAME: usize = 64;

/// Longest value in bytes. One of this length goes on: it is data, not a secret that somebody
/// typed or pasted.
pub(crate) const LONGEST_VALUE: usize = 512;

/// Longest type annotation in bytes.
const LONGEST_TYPE: usize = 40;

/// Longest call around a value in bytes, up to its bracket.
const LONGEST_WRAPPER: usize = 40;

/// How many bytes before a name are looked at for the beginning of its line.
const LINE: usize = 200;

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

impl Assignment {
    /// How many bytes the value has.
    pub(crate) const fn length(&self) -> usize {
        self.value.1.saturating_sub(self.value.0)
    }

    /// Whether what stands behind the value is no part of it: that may be one unless the value is quoted.
    pub(crate) fn is_whole(&self, text: &[u8]) -> bool {
        self.quoted || text.get(self.value.1).is_none_or(u8::is_ascii_whitespace)
    }

    /// The same so many bytes later.
    pub(crate) const fn later(self, bytes: usize) -> Self {
        let Self { name, value, .. } = self;
        Self {
            name: (name.0.saturating_add(bytes), name.1.saturating_add(bytes)),
            value: (value.0.saturating_add(bytes), value.1.saturating_add(bytes)),
            ..self
        }
    }

    /// The same so many bytes earlier; `None` when its name begins before the text.
    pub(crate) fn earlier(self, bytes: usize) -> Option<Self> {
        let part = |(start, end): (usize, usize)| {
            Some((start.checked_sub(bytes)?, end.checked_sub(bytes)?))
        };
        Some(Self { name: part(self.name)?, value: part(self.value)?, ..self })
    }
}

/// A word of a name.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Word {
    /// Where the name begins.
    pub(crate) name: usize,
    /// First byte of the word, and one past its last.
    pub(crate) word: (usize, usize),
}

impl Word {
    /// The word that a keyword at `keyword` of `text` is, or is the beginning of.
    #[inline]
    pub(crate) fn at(text: &[u8], keyword: (usize, usize)) -> Option<Self> {
        let word = whole_word(text, keyword)?;
        Some(Self { name: name_start(text, word.0), word })
    }
}

/// The assignment whose name holds a word of `text`; `base` is the absolute offset of `text`.
#[inline]
pub(crate) fn find(text: &[u8], word: Word, base: usize, walks: &mut Walks) -> Option<Assignment> {
    written(text, word, base, walks).or_else(|| near(text, word, base, walks))
}

/// The assignment as it is written in the languages that people use.
#[inline]
fn written(
    text: &[u8],
    Word { name: start, word }: Word,
    base: usize,
    walks: &mut Walks,
) -> Option<Assignment> {
    let name = (start, name_end(text, word.1, base, walks)?);
    // Several words of one name are asked about.
    let place = (base.checked_add(name.0)?, base.checked_add(name.1)?);
    if walks.unassigned == place {
        return None;
    }
    let Some((open, form)) = opening(text, name) else {
        walks.unassigned = place;
        return None;
    };
    let open = after_type(text, open).unwrap_or(open);
    // Another option follows: this one has no value.
    if form == Form::Option
        && matches!(text.get(open..)?, [b'-', b'-', b'a'..=b'z' | b'A'..=b'Z', ..])
    {
        return None;
    }
    let (value, quoted) = value(text, open, base, walks)?;
    let whole = form != Form::Element || text.get(value.1) == Some(&b'<');
    let outside = !quoted || !closes_text(text, name, value.0);
    (whole && outside).then_some(Assignment { name, value, quoted, form })
}

/// How a name and its value are put together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// The argument of a call: `setPassword("…")`.
    Call,
    /// The text of an XML element.
    Element,
    /// Two of several literals in a row: `f("x", "password", "…")`.
    Item,
    /// Not put together at all: a word such as `token` and then the value, close after a word that
    /// is no word of a key itself.
    Near,
    /// An operator between them.
    Operator,
    /// An option and the next word: `--password …`.
    Option,
    /// Two literals in brackets: `("password", "…")`.
    Pair,
    /// A sentence or a cell of a table: `the password is …`.
    Prose,
}

/// What looks like a key shortly after a word that names a service: `# Acme token` and the key on the
/// next line, `acme:` and below it `api_key: …`. A word for a key must stand between.
fn near(
    text: &[u8],
    Word { name: begin, word }: Word,
    base: usize,
    walks: &mut Walks,
) -> Option<Assignment> {
    if KEYS.stand_in(text.get(word.0..word.1)?) {
        return None;
    }
    let rest = text.get(word.1..)?;
    let reach = reach(rest);
    // Most names of services stand in sentences that say nothing of keys.
    if !HINTS.stand_in(reach) {
        return None;
    }
    let mut at = 0_usize;
    while at < reach.len() {
        let place = base.checked_add(word.1)?.checked_add(at)?;
        let length = walks.run(NEAR_KEY, rest.get(at..)?, place, LONGEST_VALUE);
        let value = rest.get(at..at.checked_add(length)?)?;
        let gap = reach.get(..at)?;
        let apart = matches!(gap.last(), Some(b' ' | b'\t' | b'"' | b'\'' | b'=' | b'`' | b'>'));
        // Whatever it is, it is no key, and nothing near follows.
        if !apart && at.checked_add(length)? >= reach.len() {
            return None;
        }
        let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
        if length >= LEAST_NEAR && digits > 1 && digits < length {
            let told = apart && HINTS.stand_in(gap) && !OTHERS.stand_in(gap);
            let padding = run(rest.get(at.checked_add(length)?..)?, |byte| byte == b'=').min(2);
            let length = length.checked_add(padding)?;
            let start = word.1.checked_add(at)?;
            let name = (begin, word.1);
            let value = (start, start.checked_add(length)?);
            return told.then_some(Assignment { name, value, quoted: true, form: Form::Near });
        }
        at = at.checked_add(length.max(1))?;
    }
    None
}

/// The beginning of a text in which a key may begin: up to the end of the second line.
fn reach(rest: &[u8]) -> &[u8] {
    let near = rest.get(..NEAR.min(rest.len())).unwrap_or_default();
    let second_line = near.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(1);
    second_line.and_then(|(at, _)| near.get(..at)).unwrap_or(near)
}

/// Words of names that have rules of their own.
static KEYS: Words = words! {
    "token" "secret" "key" "pass" "pwd" "auth" "cred" "bearer" "sess" "basic" "zip" "postal" "post"
};

/// Words between a service and its key.
static HINTS: Words = words! {
    "token" "key" "secret" "password" "passwd" "credential" "auth" "apikey" "access"
};

/// Words that say that what follows is none.
static OTHERS: Words = words! {
    "sha" "hash" "commit" "digest" "checksum" "integrity" "md5" "version" "http" "public" "uuid" "$"
};

/// Bytes after a word in which a key may begin, and the fewest that it has.
const NEAR: usize = 56;
const LEAST_NEAR: usize = 14;

/// Whether the quote before `open` ends a text in which the name stands, rather than to open a
/// value: `"the password: "`. A name in quotes of its own is in no text.
fn closes_text(text: &[u8], name: (usize, usize), open: usize) -> bool {
    let Some(quote) = open.checked_sub(1).and_then(|at| text.get(at)) else { return false };
    let escaped = open.checked_sub(2).and_then(|at| text.get(at)) == Some(&b'\\');
    if escaped || text.get(name.1).is_some_and(|byte| matches!(byte, b'"' | b'\'' | b'`' | b'\\')) {
        return false;
    }
    let head = text.get(..name.0).unwrap_or_default();
    let near = head.get(head.len().saturating_sub(LINE)..).unwrap_or_default();
    let line = last_line(near);
    let whole = line.len() < near.len() || near.len() == head.len();
    let opens = |at: usize| {
        let around =
            (at.checked_sub(1).and_then(|it| line.get(it)), line.get(at.saturating_add(1)));
        // An apostrophe stands within a word, and an escaped quote opens nothing.
        line.get(at) == Some(quote)
            && around.0 != Some(&b'\\')
            && !(around.0.is_some_and(u8::is_ascii_alphanumeric)
                && around.1.is_some_and(u8::is_ascii_alphanumeric))
    };
    whole && (0..line.len()).filter(|at| opens(*at)).count() % 2 == 1
}

/// The word without what only ended the keyword: `pwd=`, `pw=x`.
#[inline]
pub(crate) fn whole_word(text: &[u8], (start, end): (usize, usize)) -> Option<(usize, usize)> {
    let word = text.get(start..end)?;
    // Most keywords end in letters.
    if let [.., before, last] = word
        && is_name(*before)
        && is_name(*last)
    {
        return Some((start, end));
    }
    let word = match word {
        [name @ .., b'=' | b':', last] if is_name(*last) => name,
        _ => word,
    };
    let marks = run_back(word, |byte| byte.is_ascii() && !is_name(byte));
    Some((start, start.checked_add(word.len())?.checked_sub(marks)?))
}

/// Where the name begins in which a word stands.
fn name_start(text: &[u8], word_start: usize) -> usize {
    let head = text.get(..word_start).unwrap_or_default();
    let recent = head.get(head.len().saturating_sub(LONGEST_NAME)..).unwrap_or_default();
    word_start.saturating_sub(run_back(recent, is_name))
}

/// Where the name ends of which a word ends at `end`.
#[inline]
fn name_end(text: &[u8], end: usize, base: usize, walks: &mut Walks) -> Option<usize> {
    let rest = text.get(end..)?;
    // Most words end a name.
    if !rest.first().is_some_and(|byte| is_name(*byte)) {
        return Some(end);
    }
    let tail = walks.run(NAME, rest, base.checked_add(end)?, LONGEST_NAME);
    // `password.` ends a sentence, `key--` is not a name.
    let marks = run_back(rest.get(..tail)?, |byte| matches!(byte, b'.' | b'-'));
    (tail < LONGEST_NAME).then(|| end.checked_add(tail)?.checked_sub(marks))?
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t')
}

/// The value that opens at `at`, and whether it is quoted.
#[inline]
fn value(text: &[u8], at: usize, base: usize, walks: &mut Walks) -> Option<((usize, usize), bool)> {
    let rest = text.get(at..)?;
    // Most values are a run of these and nothing else.
    let length = walks.run(VALUE, rest, base.checked_add(at)?, LONGEST_VALUE);
    match rest.first()? {
        // Nothing opens.
        b'\0'..=b' ' | b',' | b';' | b'<' | b'>' | b')' | b'}' | b'|' => None,
        _ if length > 0 && !may_open(rest, length) => bare(rest, at, length),
        _ => literal(text, at, base, walks),
    }
}

/// Whether a run of `length` bytes may stand before the mark that opens a literal, or be the name of a call
/// that takes one.
#[inline]
fn may_open(text: &[u8], length: usize) -> bool {
    match text.get(length) {
        Some(b'"' | b'\'' | b'[' | b']' | b'{' | b'&') => true,
        Some(b'(') => {
            length < 3
                || matches!(
                    text.get(length.saturating_add(1)),
                    Some(b'"' | b'\'' | b'`' | b'b' | b'r' | b'@')
                )
        }
        Some(b' ') => length == 3 && text.starts_with(b"new"),
        _ => false,
    }
}

/// The value of `length` bytes at the start of `rest`, which stands at `start`, without the marks that end a
/// sentence.
fn bare(rest: &[u8], start: usize, length: usize) -> Option<((usize, usize), bool)> {
    let value = rest.get(..length)?;
    let marks = if length == LONGEST_VALUE { 0 } else { run_back(value, ends_sentence) };
    let end = start.checked_add(length.checked_sub(marks)?)?;
    (end > start).then_some(((start, end), false))
}

/// The same of a value that may be quoted.
#[inline(never)]
fn literal(
    text: &[u8],
    at: usize,
    base: usize,
    walks: &mut Walks,
) -> Option<((usize, usize), bool)> {
    let start = at.checked_add(opener(text.get(at..)?))?;
    let rest = text.get(start..)?;
    match rest {
        [b'"', b'"', b'"', ..] => quoted(text, start.checked_add(3)?, b"\"\"\""),
        // A literal in a literal, as Gradle wants it: `"\"…\""`.
        [b'"', b'\\', b'"', ..] => quoted(text, start.checked_add(3)?, b"\\\""),
        // Perl's own quotes.
        [b'q', b'(', ..] => quoted(text, start.checked_add(2)?, b")"),
        [b'q', b'q', b'(', ..] => quoted(text, start.checked_add(3)?, b")"),
        [b'q', b'{', ..] => quoted(text, start.checked_add(2)?, b"}"),
        [b'\\', quote @ (b'"' | b'\''), ..] => {
            quoted(text, start.checked_add(2)?, &[b'\\', *quote])
        }
        [quote @ (b'"' | b'\'' | b'`'), ..] => quoted(text, start.checked_add(1)?, &[*quote]),
        _ => {
            let length = walks.run(VALUE, rest, base.checked_add(start)?, LONGEST_VALUE);
            bare(rest, start, length)
        }
    }
}

const fn ends_sentence(byte: u8) -> bool {
    matches!(byte, b'.' | b':' | b'?')
}

/// Bytes between an operator and a quote: `&"…"`, `("…")`, `b"…"`, `@"…"`, `{"…"}`, and calls that
/// take a literal and make the value of it: `String::from("…")`, `[]byte("…")`.
fn opener(text: &[u8]) -> usize {
    let marks = run(text.get(..3.min(text.len())).unwrap_or_default(), is_prefix);
    match text {
        [b'{', quote @ (b'"' | b'\''), tail @ ..] => {
            let end = tail.iter().take(LONGEST_VALUE).position(|byte| byte == quote);
            let closed = end.and_then(|at| tail.get(at.saturating_add(1))) == Some(&b'}');
            usize::from(closed)
        }
        _ if matches!(text.get(marks), Some(b'"' | b'\'')) => marks,
        _ => wrapper(text).unwrap_or(0),
    }
}

/// Length of a call up to the literal that it takes.
fn wrapper(text: &[u8]) -> Option<usize> {
    let near = text.get(..LONGEST_WRAPPER.min(text.len()))?;
    if class::bits(&class::block(text), Opening) == 0 {
        return None;
    }
    let constructed = if near.starts_with(b"new ") { 4 } else { 0 };
    let name = run(near.get(constructed..)?, is_call);
    let bracket = constructed.checked_add(name)?;
    let marks = match near.get(bracket..)? {
        [b'(', b'"' | b'\'' | b'`', ..] => 1,
        [b'(', b'b' | b'r' | b'@', b'"' | b'\'', ..] => 2,
        _ => return None,
    };
    WRAPPERS.end(near.get(..bracket)?).then_some(bracket.checked_add(marks)?)
}

/// Ends of the names of calls that make a value of a literal.
static WRAPPERS: Words = words! {
    "from" "byte" "bytes" "string" "str" "some" "just" "secret" "secretstr" "buffer" "of" "password"
    "credential" "b64decode" "fromhex" "unhexlify" "tostring" "wrap" "quote" "char" "key" "token"
};

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
#[inline]
fn after_type(text: &[u8], open: usize) -> Option<usize> {
    let rest = text.get(open..)?;
    let typed = matches!(rest, [b'a'..=b'z' | b'A'..=b'Z' | b'&' | b'*', ..]);
    if typed { behind_type(rest, open) } else { None }
}

/// The same of what begins like a type.
fn behind_type(rest: &[u8], open: usize) -> Option<usize> {
    let near = rest.get(..LONGEST_TYPE.min(rest.len()))?;
    // Most values have no such sign behind them, which is cheap to see.
    let length = class::bits(&class::block(rest), Equal).trailing_zeros() as usize;
    near.get(length)?;
    match (near.get(..length)?, rest.get(length..)?) {
        (kind @ [b'a'..=b'z' | b'A'..=b'Z' | b'&' | b'*', .., b' '], [b'=', next, tail @ ..])
            if !matches!(next, b'=' | b'>') && run(kind, is_type) == length =>
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
        let word = Word::at(bytes, (at, at + word.len()))?;
        let found = find(bytes, word, 0, &mut Walks::new())?;
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
            "password::new()",
            "password, token",
            "a password",
            "print(\"the password: \")",
            "ask('user and password: ', '>')",
        ] {
            assert_eq!(value_of(text, "password"), None, "{text}");
        }
    }
}
