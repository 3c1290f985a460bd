//! How a value stands beside its name: what the operator, the call or the line around both says,
//! whatever the value looks like.

use memchr::memchr;

use super::census::Census;
use super::wordy::is_wordy;
use crate::assignment::Form;
use crate::bytes::{last_line, run, run_back};
use crate::candidate::Candidate;
use crate::class::{self, BLOCK, Filled};
use crate::words::{Words, words};

/// How many bytes before a value are looked at for its name.
const NAMES: usize = 112;

/// How many bytes after a value are looked at for the end of the line.
const MOST_MARKS: usize = 40;

/// First words of calls that are given a text about a secret, or one to compare or to convert.
static ASKERS: Words = words! {
    "ask" "assert" "change" "check" "compare" "contains" "create" "decode" "decrypt" "delete"
    "encode" "encrypt" "ends" "enter" "expect" "fetch" "find" "forgot" "from" "generate" "get"
    "has" "hash" "hide" "is" "load" "log" "make" "match" "matches" "parse" "print" "prompt" "read"
    "remove" "require" "reset" "show" "starts" "string" "strip" "test" "to" "translate" "validate"
    "verify"
};

/// Lets a value that has brackets in it and no quotes around it end where its line does, as in
/// environment files: `DB_PASSWORD=z0(8Fxk@J9`. One with a call in it is code.
pub(super) fn widen(candidate: &mut Candidate<'_>) {
    let after = candidate.after();
    let bracket = matches!(after, [b'(' | b')' | b'[' | b'<' | b'>' | b'|' | b'&', next, ..] if !next.is_ascii_whitespace());
    if candidate.quoted || !bracket {
        return;
    }
    let rest = run(after.get(..NAMES.min(after.len())).unwrap_or_default(), |byte| {
        byte.is_ascii_graphic()
    });
    let ends = matches!(after.get(rest), None | Some(b'\n' | b'\r'));
    // `a=…&b=…` is a query.
    let query = after.starts_with(b"&") && after.get(..rest).is_some_and(|it| it.contains(&b'='));
    let end = candidate.end.saturating_add(rest);
    let value = candidate.text.get(candidate.start..end).unwrap_or_default();
    let closes = matches!(value.last(), Some(b')' | b']' | b',' | b';' | b'{' | b'>'));
    if !ends || closes || query || !is_led_by_name(candidate) {
        return;
    }
    let called = value.split(|byte| *byte == b'(').rev().skip(1).any(|head| {
        let name = run_back(head, |byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let name = head.get(head.len().saturating_sub(name)..).unwrap_or_default();
        name.len() > 2 && is_wordy(name, Census::of(name))
    });
    if !called && Census::of(value).kinds() > 2 {
        candidate.end = end;
    }
}

/// Whether a line begins with the name and its operator, as in environment files.
fn is_led_by_name(candidate: &Candidate<'_>) -> bool {
    let line = last_line(candidate.before()).trim_ascii();
    let head = line.strip_suffix(b"=").or_else(|| line.strip_suffix(b":"));
    head.is_some_and(|head| {
        let head = head.strip_suffix(candidate.name).unwrap_or(head);
        matches!(head, b"" | b"-" | b":" | b"export " | b"ENV ")
    })
}

/// Whether what follows an option is another one, so that the first takes no value, or asks for it:
/// `--no-ask-password --no-wall`, `--password -u root`.
pub(super) fn is_other_option(candidate: &Candidate<'_>) -> bool {
    let option =
        matches!(candidate.value(), [b'-', b'a'..=b'z' | b'A'..=b'Z', ..] | [b'-', b'-', ..]);
    let negated = candidate.name.starts_with(b"--no-");
    candidate.form == Form::Option && !candidate.quoted && (option || negated)
}

/// Whether something other than marks stands on the line before the name, and a colon after it, as
/// in a sentence: `Could not change password: denied`.
pub(super) fn is_inside(candidate: &Candidate<'_>) -> bool {
    // Most operators are no colon.
    let other = |byte: &&u8| !matches!(byte, b' ' | b'\t' | b'\r' | b'\x0c');
    if candidate.before().iter().rev().take(NAMES).find(other) != Some(&b':') {
        return false;
    }
    let line = line_before(candidate);
    let Some(head) = line.trim_ascii_end().strip_suffix(b":") else { return false };
    let head = head.strip_suffix(candidate.name).unwrap_or(head);
    !head.iter().all(|byte| {
        matches!(byte, b' ' | b'\t' | b'-' | b'#' | b'/' | b'*' | b'{' | b',' | b'<' | b'!')
    })
}

/// Whether the form is one in which a value is given, not asked for, taken or compared.
pub(super) fn is_given(candidate: &Candidate<'_>) -> bool {
    let asked = || {
        let method = candidate.name.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let first = method.get(..run(method, |byte| byte.is_ascii_lowercase()));
        ASKERS.contain(first.unwrap_or_default()) && !is_one_word(method)
    };
    // `validate(password, "…")` and `Token("…", "…")` say something about it.
    let several = matches!(candidate.after(), [b'"' | b'\'' | b'`', b',', ..])
        && !ENCODINGS.begin(candidate.after().get(2..).unwrap_or_default().trim_ascii_start());
    let bracket = matches!(
        candidate.before(),
        [.., b'(' | b'[', b'"' | b'\''] | [.., b'(' | b'[', b'b', b'"' | b'\'']
    );
    let given = match candidate.form {
        Form::Call => !several && !asked(),
        Form::Operator => !(several && bracket),
        Form::Element | Form::Item | Form::Near | Form::Option | Form::Pair | Form::Prose => true,
    };
    given && !is_part(candidate)
}

/// How a literal is written, which calls that read one are told behind it.
static ENCODINGS: Words = words! {
    "'hex'" "\"hex\"" "'base64'" "\"base64\"" "'utf8'" "\"utf8\"" "'utf-8'" "\"utf-8\"" "'ascii'" "\"ascii\""
};

/// Whether the name is a part of a longer one with colons between, `Test::Pass => …` or
/// `arn:aws:secretsmanager:eu:1:secret:…`, or one of two texts to choose from, `ok ? "PASS" : "FAIL"`.
fn is_part(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(NAMES)..).unwrap_or_default();
    let Some((first, rest)) = candidate.name.split_first() else { return false };
    let last = near.len().saturating_sub(candidate.name.len());
    let is_name = |at: usize| {
        near.get(at) == Some(first)
            && near.get(at.saturating_add(1)..).is_some_and(|tail| tail.starts_with(rest))
    };
    let Some(at) = (0..=last).rev().find(|at| is_name(*at)) else { return false };
    let head = near.get(..at).unwrap_or_default();
    let tight = near.last() == Some(&b':');
    head.ends_with(b"::")
        || head.ends_with(b"checksum/")
        || (head.ends_with(b"/") && is_digest(candidate.value()) && !candidate.name.contains(&b'?'))
        || (tight && head.ends_with(b":") && !head.ends_with(b"\":"))
        || matches!(head, [.., b'?', b' ', b'"' | b'\''])
}

/// Whether a value is a digest in hex, as lists of files have beside each path: `"etc/passwd": "3728…"`.
fn is_digest(value: &[u8]) -> bool {
    matches!(value.len(), 32 | 40 | 64 | 96 | 128) && value.iter().all(u8::is_ascii_hexdigit)
}

/// Whether a name is one word: `Password`, `passwd`.
pub(super) fn is_one_word(name: &[u8]) -> bool {
    let rest = name.get(1..).unwrap_or_default();
    rest.iter().all(u8::is_ascii_lowercase) || name.iter().all(u8::is_ascii_uppercase)
}

/// Whether the value is only loosely bound to its name: by a blank, or by `=` between blanks.
pub(super) fn is_loose(candidate: &Candidate<'_>) -> bool {
    candidate.form == Form::Option || matches!(candidate.before(), [.., b' ', b'=', b' '])
}

/// Whether nothing stands between the name, the operator and the value, as in shells, environment
/// files and connection strings, or the name is an option.
pub(super) fn is_tight(candidate: &Candidate<'_>) -> bool {
    candidate.name.starts_with(b"--")
        || is_default(candidate)
        || matches!(candidate.before(), [.., name, b'=' | b'>'] if name.is_ascii_alphanumeric() || *name == b'_')
}

/// Whether the value stands in for that of a property: `${db.password:…}`.
fn is_default(candidate: &Candidate<'_>) -> bool {
    let head = candidate.before().strip_suffix(b":").unwrap_or_default();
    candidate.after().starts_with(b"}")
        && head.strip_suffix(candidate.name).is_some_and(|head| head.ends_with(b"${"))
}

/// Whether nothing but closing marks or a comment follows on the line.
pub(super) fn ends_line(candidate: &Candidate<'_>) -> bool {
    let after = candidate.after();
    let after = after.get(..MOST_MARKS.min(after.len())).unwrap_or_default();
    let marks = run(after, |byte| {
        matches!(
            byte,
            b'.' | b'"' | b'\'' | b'}' | b' ' | b'\t' | b'\r' | b'-' | b'>' | b'*' | b'/' | b'|'
        )
    });
    let comment = marks > 0 && after.get(marks) == Some(&b'#');
    comment
        || closes_quote(candidate)
        || (marks < MOST_MARKS && after.get(marks).is_none())
        || matches!(after.get(marks), Some(b'\n' | b'\\' | b'<'))
}

/// Whether a value of letters and digits is told in a sentence, `the password is k3J9xQ2m. Keep it`,
/// or with a note behind it, `pw: k3J9xQ2m (the old one)`.
pub(super) fn is_told(candidate: &Candidate<'_>, census: Census) -> bool {
    let mixed = census.digits() > 0 && census.letters() > 0;
    let after = candidate.after();
    let ends = matches!(after, [b'.' | b',' | b'!', b' ', ..]);
    let goes_on = matches!(after, [b' ', b'a'..=b'z' | b'(' | 0x80.., ..]) && mixed;
    match candidate.form {
        Form::Prose => (ends || goes_on) && census.kinds() > 2,
        Form::Operator => mixed && matches!(after, [b' ', b'(', b'a'..=b'z', ..]),
        Form::Call | Form::Element | Form::Item | Form::Near | Form::Option | Form::Pair => false,
    }
}

/// Whether the value ends where the quotes end in which its name and it stand: `"name: value"`.
fn closes_quote(candidate: &Candidate<'_>) -> bool {
    let Some(quote @ (b'"' | b'\'')) = candidate.after().first() else { return false };
    let line = line_before(candidate);
    line.iter().rev().find(|byte| matches!(byte, b'"' | b'\'')) == Some(quote)
}

/// The end of what stands before the value in its line, as far as a name and an operator reach.
pub(super) fn line_before<'t>(candidate: &Candidate<'t>) -> &'t [u8] {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(NAMES)..).unwrap_or_default();
    last_line(near)
}

/// Whether a value without quotes is the first word of a text to show: escapes of other letters follow at
/// once, or a place to fill in behind it, `httpPassword=HTTP password: {0}`.
pub(super) fn goes_on_as_text(candidate: &Candidate<'_>) -> bool {
    let after = candidate.after();
    if is_said_by_link(candidate) {
        return true;
    }
    // Whatever is text goes on behind a blank or a backslash.
    if candidate.quoted || !matches!(after.first(), Some(b' ' | b'\\')) {
        return false;
    }
    let line = after.get(..MOST_MARKS.min(after.len())).unwrap_or_default();
    let filled = class::bits(&class::block(after), Filled) << (BLOCK - MOST_MARKS) != 0;
    if !filled && !line.starts_with(b"\\u") && !is_shown(candidate.value()) {
        return false;
    }
    let line = memchr(b'\n', line).and_then(|end| line.get(..end)).unwrap_or(line);
    let fills = |part: &[u8]| matches!(part, [b'{', b'0'..=b'9', b'}'] | [b' ', b'%', b's' | b'd']);
    line.starts_with(b"\\u")
        || (filled && line.starts_with(b" ") && line.windows(3).any(fills))
        || is_label(candidate, line)
}

/// Whether a value is what a link says whose tag ends with the name: `<a title="krb5_kpasswd">next</a>`.
/// Code in a page has each of its lines in a link, too: `<a id="L7">password=…</a>`.
fn is_said_by_link(candidate: &Candidate<'_>) -> bool {
    !candidate.quoted
        && candidate.after().starts_with(b"</a>")
        && matches!(candidate.before(), [.., b'"' | b'\'', b'>'])
}

/// Whether a value begins like a text to show.
fn is_shown(value: &[u8]) -> bool {
    value.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0x80)
}

/// Whether a line of a file of texts is shown where a password is asked for: a name with small letters
/// and `=`, then a word with a capital and more, perhaps a colon: `proxy_password=Proxy password:`.
fn is_label(candidate: &Candidate<'_>, rest: &[u8]) -> bool {
    let value = candidate.value();
    if !is_shown(value) || !rest.starts_with(b" ") {
        return false;
    }
    let line = line_before(candidate);
    let led = line.strip_suffix(b"=").is_some_and(|name| name.ends_with(candidate.name));
    let letters = |text: &[u8]| text.iter().all(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80);
    let words = rest.trim_ascii();
    // A sentence stands for itself in such a file: `Set player's password=Imposta la password`.
    let sentence = line.contains(&b' ')
        && line.trim_ascii_start().first().is_some_and(u8::is_ascii_uppercase)
        && !line.iter().rev().skip(1).any(|byte| matches!(byte, b'=' | b';'));
    if led && sentence && letters(value) {
        return true;
    }
    led && !line.contains(&b' ')
        && candidate.name.iter().any(u8::is_ascii_lowercase)
        && letters(value)
        && words
            .split(|byte| *byte == b' ')
            .all(|word| letters(word.strip_suffix(b":").unwrap_or(word)))
}
