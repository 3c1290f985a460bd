//! Values without quotes that are a piece of a program: a call, an index, a name, a path of names.

use super::census::{ALL_KINDS, Census, marks};
use super::placeholder::is_foreign;
use super::secret::{LEAST_KEY, is_name, is_numbered};
use super::standing::{ends_line, is_tight};
use super::told::is_told_word;
use super::wordy::is_wordy;
use crate::bytes::run;
use crate::candidate::Candidate;
use crate::words::{Words, words};

/// Whether an unquoted value is an expression: a call, an index, a name, a path of names.
pub(super) fn is_code(candidate: &Candidate<'_>, census: Census) -> bool {
    let code = || {
        is_called(candidate)
            || is_passed(candidate, census)
            || is_path(candidate.value(), census)
            || is_signed(candidate)
            || is_number(candidate)
            || is_of_several_words(candidate, census)
            || is_listed(candidate, census)
            || is_annotated(candidate, census)
    };
    !candidate.quoted && code() && !is_told_word(candidate)
}

/// Whether what follows a value calls it, takes a part of it or goes on with it.
fn is_called(candidate: &Candidate<'_>) -> bool {
    match candidate.after() {
        [b'(' | b'[' | b'{', ..] => true,
        [b'>', ..] => candidate.value().ends_with(b"-"),
        [b'<', next, ..] => *next != b'/',
        _ => false,
    }
}

/// Whether a name or a number is passed on, or is a part of a sum.
fn is_passed(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let short = || value.len() < LEAST_KEY && census.kinds() < 3;
    matches!(candidate.after(), [b',' | b')' | b';', ..] | [b' ', b'+' | b')', ..])
        && ((is_name(value, census) && (is_wordy(value, census) || short()))
            || (!is_tight(candidate) && census.digits() == value.len()))
        && !is_of_connection(candidate)
}

/// Whether a value is one of a connection string: `;user=sa;password=…;`.
fn is_of_connection(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before().strip_suffix(b"=").unwrap_or_default();
    is_tight(candidate)
        && head.strip_suffix(candidate.name).is_some_and(|head| head.ends_with(b";"))
}

/// Whether a value is names with marks of code between them: `a.b`, `a::b`, `a->b`, and `input$secret`,
/// which is a part of something in R.
fn is_path(value: &[u8], census: Census) -> bool {
    let named = |part: &[u8]| is_name(part, Census::of(part));
    let small = |part: &[u8]| part.first().is_some_and(u8::is_ascii_lowercase);
    let dotted =
        || census.has(DOT) && value.split(|byte| *byte == b'.').all(named) && !is_numbered(value);
    let pathlike = || value.windows(2).any(|pair| matches!(pair, b"::" | b"->" | b"?."));
    let part = || {
        census.has(DOLLAR)
            && value.split(|byte| *byte == b'$').all(|part| small(part) && named(part))
            && census.digits() == 0
    };
    dotted() || (census.has(PATH_MARKS) && pathlike()) || part()
}

/// Whether a value begins with a sign of code, behind a blank: `!x`, `*x`, `&x`.
fn is_signed(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.value(), [b'!', ..] | [b'*' | b'&', b'a'..=b'z', ..]) && !is_tight(candidate)
}

/// Whether a value is a number of code, or a word with which code goes on.
fn is_number(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value();
    CODE.contain(value)
        || (matches!(value, [b'0', b'x', ..]) && !is_whole_key(candidate))
        || (matches!(value, [b'-' | b'+', b'0'..=b'9', ..]) && value.len() < LEAST_KEY)
}

/// Whether a value behind a blank is a name of several words: `my_key`. A note in another language has no
/// names of variables: `密碼: longma_2x`.
fn is_of_several_words(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    let noted = || {
        let last = value.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
        last.iter().any(u8::is_ascii_digit)
            && (!candidate.name.is_ascii() || is_foreign(candidate.name))
    };
    census.has(UNDERSCORE)
        && is_name(value, census)
        && !noted()
        && !is_tight(candidate)
        && census.kinds() < ALL_KINDS
        && !(is_numbered(value) && ends_line(candidate))
}

/// Whether a value is one of a list of names: `pass= bitrate=`, `password= host=x`.
fn is_listed(candidate: &Candidate<'_>, census: Census) -> bool {
    let bare = || candidate.value().ends_with(b"=") && !is_tight(candidate) && census.digits() == 0;
    census.has(EQUALS) && (is_next_name(candidate) || bare())
}

/// Whether a value is a type behind a name: `pass_: Incomplete`.
fn is_annotated(candidate: &Candidate<'_>, census: Census) -> bool {
    let value = candidate.value();
    candidate.name.ends_with(b"_")
        && value.first().is_some_and(u8::is_ascii_uppercase)
        && census.letters() == value.len()
}

/// Whether a line assigns 256 bits and nothing follows: the private key of an account (EIP-2335 calls
/// such keys secrets), as files of settings hold them. Addresses of tokens and hashes are as long, so the name must
/// say that it is a key.
fn is_whole_key(candidate: &Candidate<'_>) -> bool {
    let name = candidate.name;
    candidate.value().len() == WHOLE_KEY
        && (SECRETIVE.stand_in(name) || KEYS.end(name))
        && is_tight(candidate)
        && ends_line(candidate)
}

/// What names of such keys hold, and how they end.
static SECRETIVE: Words = words! { "private" "secret" };
static KEYS: Words = words! { "_key" "pk" };

/// `0x` and the hex digits of 256 bits.
const WHOLE_KEY: usize = 66;

/// Whether nothing is assigned and the next name with its value follows: `password= host=db`.
fn is_next_name(candidate: &Candidate<'_>) -> bool {
    let name = run(candidate.value(), |byte| byte.is_ascii_lowercase() || byte == b'_');
    let assigned = name > 1 && candidate.value().get(name) == Some(&b'=');
    assigned && matches!(candidate.before(), [.., byte, b'=', b' '] if byte.is_ascii_alphanumeric())
}

/// Words with which code goes on.
static CODE: Words = words! { "async" "await" "function" "lambda" "typeof" "yield" };

/// Marks of a path of names in code, of a name of several words, of a part of something in R, and of what
/// is assigned.
const PATH_MARKS: u32 = marks(b":>.");
pub(super) const UNDERSCORE: u32 = marks(b"_");
const DOLLAR: u32 = marks(b"$");
const EQUALS: u32 = marks(b"=");
const DOT: u32 = marks(b".");
