//! Small checks of structure that a pattern cannot express.

use memchr::memchr2_iter;

use super::census::Census;
use super::entropy;
use super::placeholder::{is_placeholder, is_reference};
use super::secret::literal;
use crate::bytes::{last_line, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far around a signature the other parameters of a URL are looked for.
const QUERY: usize = 300;

/// How far before the private part of a key its type is looked for; the public part may lie
/// between.
const BEHIND: usize = 500;

/// The constant in every key of OpenAI: "OpenAI" in base64.
const OPENAI: &[u8] = b"T3BlbkFJ";

/// Longest PuTTY key file in bytes.
const PUTTY: usize = 8192;

/// A value that looks made by a machine.
pub(super) fn random(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let fits = entropy::is_random(value, Census::of(value))
        && !is_reference(value)
        && !is_placeholder(value);
    Judgement::refuse_unless(fits)
}

/// The same of one with two digits, small letters and capitals or more, which no call goes on from: a name
/// in code has hardly so many.
pub(super) fn numbered_random(candidate: &mut Candidate<'_>) -> Judgement {
    let census = Census::of(candidate.value());
    let kinds = [census.digits(), census.lower(), census.upper()];
    if kinds.iter().any(|count| *count < 2)
        || matches!(candidate.after(), [b'(' | b'.' | b'[' | b'=', ..])
    {
        return Judgement::Refuse;
    }
    random(candidate)
}

/// A literal behind `IDENTIFIED BY`. In small letters that is prose as well, where a name stands in quotes.
pub(super) fn identified(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let named = value.iter().all(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(STATEMENT)..).unwrap_or_default();
    let line = last_line(near);
    let stated = line.ends_with(b"BY '") || SUBJECTS.stand_whole_near_end(line, STATEMENT);
    if named && !stated { Judgement::Refuse } else { literal(candidate) }
}

/// How far before the password of a statement its subject is looked for, and what says that it is one.
const STATEMENT: usize = 100;
static SUBJECTS: Words = words! { "user" "grant" "alter" "role" };

/// The same of what a line about cookies holds.
pub(super) fn cookie(candidate: &mut Candidate<'_>) -> Judgement {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(COOKIES)..).unwrap_or_default();
    let line = last_line(near);
    if line.windows(5).any(|part| part.eq_ignore_ascii_case(b"ookie")) {
        random(candidate)
    } else {
        Judgement::Refuse
    }
}

/// How far before a session the word for a cookie may stand.
const COOKIES: usize = 400;

/// The same of base64: what is all hex digits is a hash of something.
pub(super) fn random_base64(candidate: &mut Candidate<'_>) -> Judgement {
    if candidate.value().iter().all(u8::is_ascii_hexdigit) {
        return Judgement::Refuse;
    }
    random(candidate)
}

/// A token of letters and digits that is no part of a longer text in base64.
pub(super) fn apart(candidate: &mut Candidate<'_>) -> Judgement {
    let before = candidate.before().last().copied().unwrap_or_default();
    let after = candidate.after().first().copied().unwrap_or_default();
    // Between two slashes it is a part of a path.
    let inside = matches!((before, after), (b'+', b'+' | b'/') | (b'/', b'+'));
    Judgement::refuse_unless(!inside)
}

/// OpenAI's constant with enough random text on both sides.
pub(super) fn openai(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let place = value.windows(OPENAI.len()).position(|window| window == OPENAI);
    let after = place.map(|at| value.len().saturating_sub(at).saturating_sub(OPENAI.len()));
    Judgement::refuse_unless(place.is_some_and(|at| at >= 20) && after.is_some_and(|n| n >= 16))
}

/// A Slack token: groups of digits, then a random part. Others are shape only.
pub(super) fn slack(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let mut parts = value.split(|byte| *byte == b'-').skip(1);
    let team = parts.next().unwrap_or_default();
    let last = parts.last().unwrap_or_default();
    let numbered = team.len() >= 9 && team.iter().all(u8::is_ascii_digit);
    Judgement::sound_if(numbered && last.len() >= 20)
}

/// The signature of an Azure shared access URL, which also names a version or an expiry.
pub(super) fn azure_sas(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(QUERY)..).unwrap_or_default();
    let after = candidate.after();
    let after = after.get(..QUERY.min(after.len())).unwrap_or_default();
    let named = |text: &[u8]| {
        text.windows(4).any(|window| matches!(window, b"&sv=" | b"?sv=" | b"&se=" | b"?se="))
    };
    let padded = value.ends_with(b"=") || value.ends_with(b"%3D") || value.ends_with(b"%3d");
    Judgement::refuse_unless(padded && (named(near) || named(after)))
}

/// The private part of a JSON web key (RFC 7517), which also names the type of the key.
pub(super) fn jwk(candidate: &mut Candidate<'_>) -> Judgement {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(BEHIND)..).unwrap_or_default();
    let after = candidate.after();
    let after = after.get(..QUERY.min(after.len())).unwrap_or_default();
    let typed = |text: &[u8]| text.windows(5).any(|window| window == b"\"kty\"");
    Judgement::refuse_unless(typed(after) || typed(near))
}

/// The password of a line of PostgreSQL's password file, which is all there is on the line.
pub(super) fn pgpass(candidate: &mut Candidate<'_>) -> Judgement {
    let line = candidate.before();
    let begin = line.iter().rposition(|byte| is_line_mark(*byte));
    let line = line.get(begin.map_or(0, |at| at.saturating_add(1))..).unwrap_or_default();
    let fields = line.iter().filter(|byte| **byte == b':').count();
    let blank = line.iter().any(u8::is_ascii_whitespace);
    let last = candidate.after().first().is_none_or(|byte| is_line_mark(*byte) || *byte == b'\\');
    let value = candidate.value();
    let literal = !is_placeholder(value) && !is_reference(value);
    Judgement::refuse_unless(fields == 4 && !blank && last && literal)
}

/// Whether a line of text, or of text that a command line quotes, may begin or end at this byte.
const fn is_line_mark(byte: u8) -> bool {
    matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'`')
}

/// A PuTTY key file: from its first line to its checksum (PuTTY manual, appendix C).
pub(super) fn putty(candidate: &mut Candidate<'_>) -> Judgement {
    let after = candidate.after();
    let after = after.get(..PUTTY.min(after.len())).unwrap_or_default();
    let again = after.windows(20).position(|window| window == b"PuTTY-User-Key-File-");
    let after = after.get(..again.unwrap_or(after.len())).unwrap_or_default();
    let Some(at) = after.windows(13).position(|window| window == b"Private-MAC: ") else {
        return Judgement::Shape;
    };
    let digits = after.get(at.saturating_add(13)..).unwrap_or_default();
    let digits = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count();
    let length = at.saturating_add(13).saturating_add(digits);
    candidate.end = candidate.end.saturating_add(length);
    Judgement::sound_if(digits >= 40)
}

/// A calendar date: year first with `-`, or day and month first with `/`.
pub(super) fn date(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let Some([a, b, c]) = numbers(value) else {
        let spelled = |byte: &u8| *byte == b' ' || byte.is_ascii_alphabetic();
        let told = value.iter().any(spelled) && !is_of_file(candidate);
        return if told { date_in_words(candidate) } else { Judgement::Refuse };
    };
    let day = |day: u32| (1..=31).contains(&day);
    let month = |month: u32| (1..=12).contains(&month);
    let year = |year: u32| (1900..=2099).contains(&year);
    let fits = (year(a) && month(b) && day(c))
        || (year(c) && ((month(a) && day(b)) || (day(a) && month(b))));
    Judgement::refuse_unless(fits && !is_of_file(candidate))
}

/// The same in a column of a table, where nothing else is in its cell.
pub(super) fn date_of_column(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let marks = value.iter().filter(|byte| matches!(byte, b'-' | b'/' | b'.')).count();
    let dated = marks == 2 && value.iter().filter(|byte| byte.is_ascii_digit()).count() >= 6;
    if dated { date(candidate) } else { Judgement::Refuse }
}

/// Whether the words before a date say that it is none of a person's birth. Nearly every line of a log
/// has a date, so the word that all of them hold is looked for first.
fn is_of_file(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    let birth = |at: usize| {
        near.get(at..at.saturating_add(BIRTH.len()))
            .is_some_and(|it| it.eq_ignore_ascii_case(BIRTH))
    };
    memchr2_iter(b'b', b'B', near).any(birth) && FILES.stand_near_end(near, CONTEXT)
}

/// A date with the name of its month after the day or before it: `12 March 1985`, `March 12, 1985`,
/// `12-Mar-1985`.
/// The candidate begins at the day.
fn date_in_words(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let marks = |byte: &u8| matches!(byte, b' ' | b'-' | b'/' | b'.');
    let mut words = value.split(marks).skip(1).filter(|word| !word.is_empty() && *word != b"de");
    let after = words.next().unwrap_or_default();
    if MONTHS.begin(after) || FOREIGN_MONTHS.contain(after) {
        return Judgement::Sound;
    }
    let head = candidate.before().strip_suffix(b" ").unwrap_or_default();
    let letters = run_back(head, |byte| byte.is_ascii_alphabetic());
    let start = head.len().saturating_sub(letters);
    let named = MONTHS.begin(head.get(start..).unwrap_or_default());
    if named {
        candidate.start = start;
    }
    Judgement::refuse_unless(named)
}

/// When a file was made, a wish, and how far before a date that is looked for.
const BIRTH: &[u8] = b"birth";
static FILES: Words = words! { "birthtime" "happy birthday" };
const CONTEXT: usize = 40;

/// Beginnings of the names of months.
static MONTHS: Words = words! {
    "jan" "feb" "mar" "apr" "may" "jun" "jul" "aug" "sep" "oct" "nov" "dec"
};

/// Names of months in other languages that begin otherwise.
static FOREIGN_MONTHS: Words = words! {
    "januar" "mai" "märz" "oktober" "dezember" "février" "fevrier" "avril" "juin" "juillet" "août" "aout" "décembre"
    "gennaio" "maggio" "giugno" "luglio" "agosto" "settembre" "ottobre" "dicembre" "enero" "abril" "diciembre" "setiembre"
    "fevereiro" "maio" "setembro" "outubro" "dezembro" "maart" "mei"
};

/// The three numbers of a date, each of one to four digits.
fn numbers(value: &[u8]) -> Option<[u32; 3]> {
    let mut numbers = [0_u32; 3];
    let (mut place, mut digits) = (0_usize, 0_u8);
    for byte in value {
        match byte {
            b'0'..=b'9' if digits < 4 => {
                let number = numbers.get_mut(place)?;
                *number = number.wrapping_mul(10).wrapping_add(u32::from(byte & 0xf));
                digits = digits.wrapping_add(1);
            }
            b'-' | b'/' | b'.' if digits > 0 => (place, digits) = (place.wrapping_add(1), 0),
            _ => return None,
        }
    }
    (place == 2 && digits > 0).then_some(numbers)
}
