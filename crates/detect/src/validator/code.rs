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
    let value = candidate.value();
    if candidate.quoted {
        return false;
    }
    let called = matches!(candidate.after(), [b'(' | b'[' | b'{', ..])
        || (value.ends_with(b"-") && candidate.after().starts_with(b">"))
        || matches!(candidate.after(), [b'<', next, ..] if *next != b'/');
    // `;user=sa;password=…;` is a connection string.
    let connection = || {
        is_tight(candidate) && {
            let head = candidate.before().strip_suffix(b"=").unwrap_or_default();
            head.strip_suffix(candidate.name).is_some_and(|head| head.ends_with(b";"))
        }
    };
    let named = || is_name(value, census);
    let short = || value.len() < LEAST_KEY && census.kinds() < 3;
    let passed = || {
        matches!(candidate.after(), [b',' | b')' | b';', ..] | [b' ', b'+' | b')', ..])
            && ((named() && (is_wordy(value, census) || short()))
                || (!is_tight(candidate) && census.digits() == value.len()))
            && !connection()
    };
    let dotted = || {
        census.has(DOT)
            && value.split(|byte| *byte == b'.').all(|part| is_name(part, Census::of(part)))
            && !is_numbered(value)
    };
    let pathlike = || {
        census.has(PATH_MARKS) && value.windows(2).any(|pair| matches!(pair, b"::" | b"->" | b"?."))
    };
    // `input$secret` is a part of something in R.
    let part = || {
        census.has(DOLLAR)
            && value.split(|byte| *byte == b'$').all(|part| {
                part.first().is_some_and(u8::is_ascii_lowercase) && is_name(part, Census::of(part))
            })
            && census.digits() == 0
    };
    let sign =
        || matches!(value, [b'!', ..] | [b'*' | b'&', b'a'..=b'z', ..]) && !is_tight(candidate);
    // `pass= bitrate=`, `password= host=x`: a list of names.
    let listed = || {
        census.has(EQUALS)
            && (is_next_name(candidate)
                || value.ends_with(b"=") && !is_tight(candidate) && census.digits() == 0)
    };
    let number = || {
        CODE.contain(value)
            || (matches!(value, [b'0', b'x', ..]) && !is_whole_key(candidate))
            || (matches!(value, [b'-' | b'+', b'0'..=b'9', ..]) && value.len() < LEAST_KEY)
    };
    // A note in another language has no names of variables: `密碼: longma_2x`.
    let noted = || {
        let last = value.rsplit(|byte| *byte == b'_').next().unwrap_or_default();
        last.iter().any(u8::is_ascii_digit)
            && (!candidate.name.is_ascii() || is_foreign(candidate.name))
    };
    let several = || {
        census.has(UNDERSCORE)
            && named()
            && !noted()
            && !is_tight(candidate)
            && census.kinds() < ALL_KINDS
            && !(is_numbered(value) && ends_line(candidate))
    };
    // `pass_: Incomplete` has a type behind it.
    let annotated = || {
        candidate.name.ends_with(b"_")
            && value.first().is_some_and(u8::is_ascii_uppercase)
            && census.letters() == value.len()
    };
    let code = called
        || passed()
        || dotted()
        || pathlike()
        || part()
        || sign()
        || number()
        || several()
        || listed()
        || annotated();
    code && !is_told_word(candidate)
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
