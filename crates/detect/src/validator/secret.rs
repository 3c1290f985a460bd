//! Values that only their name makes secret: keys and passwords of any kind.

use super::entropy;
use super::naming::{Promise, promise};
use super::placeholder::{is_placeholder, is_reference};
use crate::assignment::Form;
use crate::bytes::{run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How many bytes after a value are looked at for the end of the line.
const MOST_MARKS: usize = 40;

/// Beginnings of calls that take a secret to keep it.
static GIVERS: Words = words! {
    "set" "with" "use" "add" "put" "config"
};

/// Names that are words of prose as well.
static SHORT: Words = words! {
    "pass" "pw"
};

/// Words of names that a value repeats when it is a name itself.
static SELVES: Words = words! {
    "password" "secret" "token" "passwd" "key"
};

/// A random value of 16 bytes or more, assigned to a name that promises a key or token.
pub(super) fn key(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let fits = (16..=400).contains(&value.len())
        && promise(candidate.name) == Some(Promise::Key)
        && value.iter().all(|byte| is_key_byte(*byte))
        && is_given(candidate)
        && !is_path_of_names(value)
        && promise(value).is_none()
        && !is_code(candidate)
        && !is_reference(value)
        && !is_placeholder(value)
        && !is_uuid(value)
        && entropy::is_random(value);
    Judgement::refuse_unless(fits)
}

/// A value whose pattern says enough, assigned to a name that promises a key or token.
pub(super) fn named(candidate: &mut Candidate<'_>) -> Judgement {
    let fits = promise(candidate.name) == Some(Promise::Key)
        && !is_placeholder(candidate.value())
        && !is_reference(candidate.value());
    Judgement::refuse_unless(fits)
}

/// A value whose pattern says enough about where it stands, unless it is a placeholder.
pub(super) fn literal(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    Judgement::refuse_unless(!is_placeholder(value) && !is_reference(value))
}

/// Any literal of four bytes or more that is assigned to a name that promises a password. What
/// could as well be a word of code or prose is shape only.
pub(super) fn password(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let promised = promise(candidate.name);
    let fits = promised.is_some()
        && (4..=128).contains(&value.len())
        && value.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ' || *byte >= 0x80)
        && is_given(candidate)
        && !is_code(candidate)
        && !is_expression(value)
        && !is_reference(value)
        && !is_placeholder(value)
        && !is_uuid(value)
        && !names_itself(candidate.name, value)
        && (candidate.quoted || is_tight(candidate) || ends_line(candidate));
    if !fits {
        return Judgement::Refuse;
    }
    let kinds = kinds(value);
    let words = value.iter().filter(|byte| **byte == b' ').count();
    let typed = candidate.name.iter().all(|byte| !byte.is_ascii_lowercase())
        || candidate.name.starts_with(b"--");
    match promised {
        Some(Promise::Key) if value.len() < 8 || kinds < 2 || words > 0 => Judgement::Refuse,
        Some(Promise::Key) if !candidate.quoted && !typed => Judgement::Refuse,
        // What is made of words is the name of something, or says something.
        Some(Promise::Key) if is_wordy(value) || is_path_of_names(value) => Judgement::Refuse,
        // What follows `PASS:` is the name of a test.
        _ if SHORT.contain(candidate.name) && !candidate.quoted && !is_tight(candidate) => {
            Judgement::Refuse
        }
        // One word after an option or a spaced `=` is prose, or another variable.
        _ if kinds < 2 && !candidate.quoted && is_loose(candidate) => Judgement::Refuse,
        _ if words > 2 => Judgement::Refuse,
        _ if kinds >= 2 && (candidate.quoted || words == 0) && !is_identifier(value) => {
            Judgement::Sound
        }
        _ if candidate.quoted && words == 0 => Judgement::sound_if(kinds >= 2),
        _ if words == 0 => Judgement::Shape,
        _ => Judgement::Refuse,
    }
}

/// Whether the form is one in which a value is given, not taken or compared: of calls, only those
/// whose name says so.
fn is_given(candidate: &Candidate<'_>) -> bool {
    let method = candidate.name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
    let first = method.get(..run(method, |byte| byte.is_ascii_lowercase())).unwrap_or_default();
    candidate.form != Form::Call || GIVERS.contain(first) || is_one_word(method)
}

/// Whether a name is one word: `Password`, `passwd`.
fn is_one_word(name: &[u8]) -> bool {
    let rest = name.get(1..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_lowercase) || name.iter().all(u8::is_ascii_uppercase)
}

/// Whether a value is a pattern or a text with places to fill in: `[^"]+`, `%s:%s`.
fn is_expression(value: &[u8]) -> bool {
    value.windows(2).any(|pair| {
        matches!(pair, b"(?" | b"[^" | b"\\w" | b"\\d" | b"\\s" | b"\\S" | b"%s" | b"%d" | b"{}")
    })
}

/// Whether a value is names with dots between them: `ed25519.PrivateKey`.
fn is_path_of_names(value: &[u8]) -> bool {
    value.contains(&b'.')
        && value.split(|byte| *byte == b'.').all(|name| is_name(name) && is_wordy(name))
}

/// Whether most of a value is words as names are made of: four letters or more, upper case
/// before lower case.
fn is_wordy(value: &[u8]) -> bool {
    let letters = value.iter().filter(|byte| byte.is_ascii_alphabetic()).count();
    let mut in_words = 0_usize;
    let mut start = 0_usize;
    for at in 1..=value.len() {
        let parts = match (value.get(at.wrapping_sub(1)), value.get(at)) {
            (Some(last), Some(next)) => {
                !last.is_ascii_alphabetic()
                    || !next.is_ascii_alphabetic()
                    || (last.is_ascii_lowercase() && next.is_ascii_uppercase())
            }
            _ => true,
        };
        if parts {
            let word = value.get(start..at).unwrap_or_default();
            let tail = word.get(1..).unwrap_or_default();
            let upper = run(tail, |byte| byte.is_ascii_uppercase());
            let lower = run(tail.get(upper..).unwrap_or_default(), |b| b.is_ascii_lowercase());
            if word.len() >= 4 && upper.saturating_add(lower) == tail.len() {
                in_words = in_words.saturating_add(word.len());
            }
            start = at;
        }
    }
    let name = |byte: &u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b'.');
    value.iter().all(name) && in_words.saturating_mul(3) >= letters.saturating_mul(2)
}

/// Whether the value is only loosely bound to its name: by a blank, or by `=` between blanks.
fn is_loose(candidate: &Candidate<'_>) -> bool {
    candidate.form == Form::Option || matches!(candidate.before(), [.., b' ', b'=', b' '])
}

const fn is_key_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'+' | b'/' | b'=' | b'.' | b'~')
}

/// Whether an unquoted value is an expression: a call, an index, a name, a path of names.
fn is_code(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value();
    if candidate.quoted {
        return false;
    }
    let called = matches!(candidate.after(), [b'(' | b'[' | b'{', ..])
        || matches!(candidate.after(), [b'<', next, ..] if *next != b'/');
    let passed = matches!(candidate.after(), [b',' | b')' | b';', ..] | [b' ', b'+' | b')', ..])
        && (is_name(value) || (!is_tight(candidate) && value.iter().all(u8::is_ascii_digit)));
    let dotted = value.contains(&b'.') && value.split(|byte| *byte == b'.').all(is_name);
    let pathlike = value.windows(2).any(|pair| matches!(pair, b"::" | b"->" | b"?."));
    let sign = matches!(value, [b'!', ..] | [b'*' | b'&', b'a'..=b'z', ..]);
    let number = matches!(value, [b'-' | b'+', b'0'..=b'9', ..] | [b'0', b'x', ..]);
    let several = is_name(value) && value.contains(&b'_') && !is_tight(candidate);
    called || passed || dotted || pathlike || sign || number || several
}

/// Whether a value is a name in code: letters, `_` and few digits.
fn is_name(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    value.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
        && value.iter().all(|byte| byte.is_ascii_alphanumeric() || *byte == b'_')
        && digits.saturating_mul(5) <= value.len()
}

/// Whether nothing stands between the name, the operator and the value, as in shells, environment
/// files and connection strings, or the name is an option.
fn is_tight(candidate: &Candidate<'_>) -> bool {
    candidate.name.starts_with(b"--")
        || matches!(candidate.before(), [.., name, b'=' | b'>'] if name.is_ascii_alphanumeric() || *name == b'_')
}

/// Whether a value is letters with `_` between words: as likely a name as a password.
fn is_identifier(value: &[u8]) -> bool {
    let name =
        value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_' || *byte == b'-');
    name && !value.is_empty()
}

/// `password = password1`, `"password": "Password="`: the value says again what it is.
fn names_itself(name: &[u8], value: &[u8]) -> bool {
    let marks = run_back(value, |byte| matches!(byte, b'=' | b':' | b' '));
    let value = value.get(..value.len().saturating_sub(marks)).unwrap_or_default();
    let is_name = |byte: u8| byte.is_ascii_alphabetic() || matches!(byte, b'_' | b'-' | b' ');
    run(value, is_name) == value.len()
        && (value.eq_ignore_ascii_case(name) || SELVES.stand_in(value) || promise(value).is_some())
}

/// Whether nothing but closing marks or a comment follows on the line.
fn ends_line(candidate: &Candidate<'_>) -> bool {
    let after = candidate.after();
    let after = after.get(..MOST_MARKS.min(after.len())).unwrap_or_default();
    let marks =
        run(after, |byte| matches!(byte, b'.' | b'"' | b'\'' | b'}' | b' ' | b'\t' | b'\r'));
    let comment = marks > 0 && after.get(marks) == Some(&b'#');
    comment
        || (marks < MOST_MARKS && after.get(marks).is_none())
        || matches!(after.get(marks), Some(b'\n' | b'\\' | b'<'))
}

/// Kinds of characters: lower case, upper case, digits, others.
fn kinds(value: &[u8]) -> usize {
    let tests: [fn(&u8) -> bool; 4] =
        [u8::is_ascii_lowercase, u8::is_ascii_uppercase, u8::is_ascii_digit, |byte| {
            !byte.is_ascii_alphanumeric() && *byte != b' '
        }];
    tests.iter().filter(|test| value.iter().any(test)).count()
}

/// Five groups of hex digits, 8-4-4-4-12 (RFC 9562 §4): an identifier, not a secret.
fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_made_of_words_and_keys_are_not() {
        for text in [
            "NSPersistentHistoryTransaction",
            "response_types",
            "UISegmentedControl",
            "AccessKey",
            "correct-horse-battery-staple",
            "consumer.secret",
            "CURLOPT_READDATA",
        ] {
            assert!(is_wordy(text.as_bytes()), "{text}");
        }
        for text in
            ["k3J9xQ2mZ7pL4vB8nR5t", "hunter2!x", "askfjh234as9sd8", "aGVsbG8gd29ybGQh", "Zx91kk"]
        {
            assert!(!is_wordy(text.as_bytes()), "{text}");
        }
        assert!(is_path_of_names(b"Token.Literal.Number") && !is_path_of_names(b"a8f.k3J9x.Q2m"));
    }
}
