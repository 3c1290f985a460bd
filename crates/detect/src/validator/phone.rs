//! Telephone numbers by plan: the North American one, and international numbers with `+`.
//!
//! NANP (nanpa.com, "About the NANP"): area and exchange codes begin with 2 to 9, the second and
//! third digit of neither are both 1, exchange 555 with lines 0100 to 0199 is kept for fiction. Area
//! codes with a 9 in the middle are kept for longer numbers to come, 37X and 96X for other ends
//! (NANPA, "Numbering Plan Area codes").
//! ITU-T E.164: a country code that exists, at most 15 digits in all.

use super::around::{in_noise, in_picture};
use crate::bytes::{last_line, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Most digits of an international number (E.164 §6).
const MOST: usize = 15;

/// Longest written form in bytes.
const LONGEST: usize = 32;

/// How far before a bare number a word must stand that says what it is.
const CONTEXT: usize = 40;

/// Words for a telephone number.
static NAMES: Words = words! {
    "phone" "telephone" "mobile" "tel:" "tel." "tel " "cell:" "cell " "cellphone" "fax" "whatsapp" "sms"
};

/// Ends of names of ids, whatever they are of: `"phone_id": …`.
static IDS: Words = words! { "id" };

/// Whether digits are a power of two, or close to one: the end of what a type holds, or a prime below it
/// with which random numbers are made; or the first digits of the greatest number of 64 bits with a sign, of
/// which fixed point takes the last ones for its fraction.
fn is_limit(digits: &[u8]) -> bool {
    if digits.len() >= 9 && b"9223372036854775807".starts_with(digits) {
        return true;
    }
    let number = str::from_utf8(digits).ok().and_then(|it| it.parse::<u64>().ok());
    number.is_some_and(|it| {
        let above = it.checked_next_power_of_two().unwrap_or(u64::MAX);
        let below = above / 2;
        above.saturating_sub(it) <= CLOSE || it.saturating_sub(below) <= 1
    })
}

/// How many values 32 bits have: the only such limit that is a number of this plan.
const WORD_LIMIT: &[u8] = b"4294967296";

/// How close below such a power.
const CLOSE: u64 = 256;

/// Whether latitude and longitude stand in a column of their own, as the tables of time zones write
/// them (ISO 6709): `+5320-00615`, `+744144-0944945`.
fn is_place(candidate: &Candidate<'_>, written: &Written) -> bool {
    let end = candidate.start.saturating_add(written.length);
    matches!(written.groups(), [4, 5] | [6, 7])
        && candidate.before().ends_with(b"\t+")
        && candidate.text.get(end) == Some(&b'\t')
}

/// Whether a number in one piece stands beside others with a sign: `+12345678 -98765432`.
fn is_among_signed(candidate: &Candidate<'_>, written: &Written) -> bool {
    let end = candidate.start.saturating_add(written.length);
    let after = candidate.text.get(end..).unwrap_or_default();
    let head = candidate.before().strip_suffix(b"+").unwrap_or_default();
    let parting = |byte: u8| matches!(byte, b' ' | b',' | b'\t');
    let marks = run(after.get(..3.min(after.len())).unwrap_or_default(), parting);
    let followed = matches!(after.get(marks..), Some([b'-', b'0'..=b'9', ..]));
    let head =
        head.get(..head.len().saturating_sub(run_back(head, parting).min(3))).unwrap_or_default();
    let digits = run_back(head, |byte| byte.is_ascii_digit());
    let sign = head.len().checked_sub(digits.saturating_add(1)).and_then(|at| head.get(at));
    let led = digits > 0 && sign == Some(&b'-');
    matches!(written.groups(), [_]) && ((marks > 0 && followed) || led)
}

/// Whether so many numbers stand before it in its line that it belongs to a row of them.
fn is_in_row(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(ROW)..).unwrap_or_default();
    let line = last_line(near);
    let number = |word: &&[u8]| !word.is_empty() && word.iter().all(u8::is_ascii_digit);
    line.split(|byte| *byte == b' ').filter(number).count() >= ROW_NUMBERS
}

/// How much of a line is looked at for a row of numbers, and how many make one.
const ROW: usize = 80;
const ROW_NUMBERS: usize = 3;

/// Words for other numbers that are printed in the same groups.
static OTHERS: Words = words! { "nhs" "npi" "pid" };

/// Words for what is told by numbers of its own.
static LISTS: Words = words! {
    "tests" "failed" "ignored" "skipped" "disable" "warning" "pragma" "lines" "pages" "issues" "bugs"
    "ids" "cases" "errors" "codes" "ports" "rows" "size" "sizes"
};

/// A telephone number whose first digits are the candidate.
pub(super) fn phone(candidate: &mut Candidate<'_>) -> Judgement {
    match candidate.before() {
        // A sum, and what tells versions of packages apart: `1~++20200902060857+888049b`.
        [.., before, b'+'] if before.is_ascii_alphanumeric() || matches!(before, b'+' | b'~') => {
            Judgement::Refuse
        }
        // A `+` that a pattern takes as it is.
        [.., b'\\', b'+'] => Judgement::Refuse,
        // No country has a code with a zero before it: most are how far a clock is from that of Greenwich.
        [.., b'+'] if candidate.value().starts_with(b"0") || in_noise(candidate) => {
            Judgement::Refuse
        }
        [.., b'+'] => {
            let judgement = international(candidate);
            let fits = judgement != Judgement::Refuse && !in_picture(candidate);
            if fits { judgement } else { Judgement::Refuse }
        }
        [.., b'('] => national(candidate, 1, false),
        // After these marks other readings are likely: a part of a longer number, a path, a value.
        [.., b'0'..=b'9', b' ' | b'-' | b'.'] | [.., b'.' | b'-' | b'/' | b':' | b'='] => {
            national(candidate, 0, true)
        }
        _ => national(candidate, 0, false),
    }
}

/// `+` and up to 15 digits with blanks, dashes, dots or one pair of brackets between.
fn international(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(written) =
        Written::read(candidate.text.get(candidate.start..).unwrap_or_default(), true)
    else {
        return Judgement::Refuse;
    };
    let digits = written.digits();
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let Some(country) = country_code(digits).filter(|_| !is_date(text, written.groups())) else {
        return Judgement::Refuse;
    };
    // The only codes of one digit are those of the North American plan and of Russia's.
    if matches!(written.groups(), [1, ..]) && !matches!(digits, [b'1' | b'7', ..]) {
        return Judgement::Refuse;
    }
    if is_limit(digits) || is_place(candidate, &written) || is_among_signed(candidate, &written) {
        return Judgement::Refuse;
    }
    // `+255959.999` is a number with a fraction.
    let shown = text.get(..written.length);
    if matches!(written.groups(), [_, _]) && shown.is_some_and(|shown| shown.contains(&b'.')) {
        return Judgement::Refuse;
    }
    if !fits_country(digits, country, || is_named(candidate)) {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_sub(1);
    candidate.end = candidate.start.saturating_add(1).saturating_add(written.length);
    Judgement::Sound
}

/// Whether the whole of `text`, which begins with the code of a country, is a number of its plan as those
/// behind a `+` are.
pub(super) fn is_international(text: &[u8]) -> bool {
    let written = Written::read(text, true).filter(|written| written.length == text.len());
    written.is_some_and(|written| {
        let digits = written.digits();
        let country = country_code(digits);
        country.is_some_and(|country| !is_limit(digits) && fits_country(digits, country, || true))
    })
}

/// Whether digits behind a code of `country` digits may be a number there; a short one only where a word
/// says that it is one.
fn fits_country(digits: &[u8], country: usize, named: impl Fn() -> bool) -> bool {
    let subscriber = digits.get(country..).unwrap_or_default();
    let fits = if digits.first() == Some(&b'1') {
        subscriber.len() == 10 && is_north_american(subscriber)
    } else {
        (8..=MOST).contains(&digits.len())
            && (subscriber.len() >= fewest(digits) || named())
            && subscriber.iter().any(|digit| *digit != b'0')
    };
    fits && !all_equal(subscriber)
}

/// Fewest digits behind the code of a country, where its plan has no shorter numbers that are called
/// from abroad (ITU-T, "National numbering plans").
const fn fewest(digits: &[u8]) -> usize {
    match digits {
        [b'8', b'6', ..] => 10,
        [b'3', b'1' | b'3' | b'4', ..] | [b'4', b'4' | b'8', ..] | [b'6', b'1', ..] => 9,
        [b'3', b'5', b'1', ..] | [b'7' | b'1', ..] | [b'9', b'1', ..] => 9,
        [b'4', b'5' | b'7', ..] | [b'3', b'2', ..] => 8,
        _ => 0,
    }
}

/// Whether digits after a `+` are a year beyond 9999 and a day of it, as ISO 8601 §4.2.3 writes them:
/// `+262142-12-31`, `+12000-365`.
fn is_date(text: &[u8], groups: &[u8]) -> bool {
    let [year @ 4..=6, rest @ ..] = groups else { return false };
    let two = |tens: u8, ones: u8| {
        tens.wrapping_sub(b'0').saturating_mul(10).saturating_add(ones.wrapping_sub(b'0'))
    };
    match (rest, text.get(usize::from(*year)..).unwrap_or_default()) {
        ([1, 1 | 2] | [2, 1], [b'-', ..]) => true,
        ([2, 2, ..], [b'-', a, b, b'-', c, d, ..]) => {
            (1..=12).contains(&two(*a, *b)) && (1..=31).contains(&two(*c, *d))
        }
        ([3] | [3, 2, ..], [b'-', b'0'..=b'3', ..]) => true,
        _ => false,
    }
}

/// Ten digits of the North American plan, perhaps after a `1`; `brackets` is 1 after a `(`. A wary
/// reader wants a word that says what it is.
fn national(candidate: &mut Candidate<'_>, brackets: usize, wary: bool) -> Judgement {
    if !begins_like_national(candidate) || (wary && !is_named(candidate)) {
        return Judgement::Refuse;
    }
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let Some(written) = Written::read(text, false) else { return Judgement::Refuse };
    let digits = written.digits();
    let ten = match digits {
        [b'1', rest @ ..] if rest.len() == 10 => rest,
        rest if rest.len() == 10 => rest,
        _ => return Judgement::Refuse,
    };
    if !is_north_american(ten)
        || all_equal(ten)
        || (digits.len() == 10 && digits == WORD_LIMIT)
        || is_another_number(candidate, text)
        || (brackets == 0 && is_citation(candidate, text, written.groups()))
    {
        return Judgement::Refuse;
    }
    let grouped = match written.groups() {
        [3, 3, 4] | [1, 3, 3, 4] => true,
        // `(222.8671875` is a number with a fraction.
        [3, 7] => brackets == 1 && text.get(3) == Some(&b')'),
        [10 | 11] | [1, 10] => false,
        _ => return Judgement::Refuse,
    };
    if !grouped && !is_named(candidate) {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_sub(brackets);
    candidate.end = candidate.start.saturating_add(brackets).saturating_add(written.length);
    Judgement::sound_if(grouped)
}

/// Whether the first group of digits, and the little behind it, may begin such a number.
fn begins_like_national(candidate: &Candidate<'_>) -> bool {
    match candidate.value() {
        [b'1'] => matches!(
            candidate.after(),
            [_, b'2'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] | [b' ' | b'-', b'(', ..]
        ),
        [b'2'..=b'9', _, _] => matches!(
            candidate.after(),
            [_, b'2'..=b'9', b'0'..=b'9', b'0'..=b'9', ..] | [b')', _, b'2'..=b'9', ..]
        ),
        [b'2'..=b'9', ..] => candidate.value().len() == 10,
        [b'1', ..] => candidate.value().len() == 11,
        _ => false,
    }
}

/// Whether a word says that it is another number, or it stands among others.
fn is_another_number(candidate: &Candidate<'_>, text: &[u8]) -> bool {
    // Three numbers of a list stand like one: `failed tests: 571 612 1056`.
    let listed = matches!((text.get(3), text.get(7)), (Some(b' '), Some(b' ')))
        && (LISTS.stand_near_end(candidate.before(), CONTEXT) || is_in_row(candidate));
    listed || OTHERS.stand_near_end(candidate.before(), CONTEXT)
}

/// Whether a number without brackets is a place in a text, or two places on a map.
fn is_citation(candidate: &Candidate<'_>, text: &[u8], groups: &[u8]) -> bool {
    // `Cell 52:487-501(1988)` are the pages of an article and its year.
    let year = text.get(7) == Some(&b'(')
        || matches!((text.get(7), text.get(8)), (Some(b' '), Some(b'(')));
    // `252.227-7013` is a clause, `277.764 1035` two coordinates.
    let odd = matches!(groups, [3, 3, 4]) && text.get(3) != text.get(7);
    year || (odd && !is_named(candidate))
}

/// Whether a word shortly before says that this is a telephone number, not the id of one.
fn is_named(candidate: &Candidate<'_>) -> bool {
    let name = candidate.before();
    let marks = run_back(name, |b| matches!(b, b' ' | b'"' | b'\'' | b':' | b'=' | b'#'));
    let name = name.get(..name.len().saturating_sub(marks)).unwrap_or_default();
    !IDS.end(name) && NAMES.stand_near_end(candidate.before(), CONTEXT)
}

/// A number as it is written: its digits, and how they are grouped.
struct Written {
    digits: [u8; MOST],
    count: usize,
    /// Bytes from the first digit to the last.
    length: usize,
    /// Digits in each group.
    groups: [u8; MOST],
    /// How many groups.
    parts: usize,
}

impl Written {
    /// Reads groups of digits as long as single separators, or `) `, stand between them; groups
    /// that no national number has end a national one.
    fn read(text: &[u8], international: bool) -> Option<Self> {
        let mut out = Self { digits: [0; MOST], count: 0, length: 0, groups: [0; MOST], parts: 1 };
        let mut at = 0_usize;
        loop {
            let byte = *text.get(at).unwrap_or(&b'\n');
            if byte.is_ascii_digit() {
                *out.digits.get_mut(out.count)? = byte;
                out.count = out.count.checked_add(1)?;
                let group = out.groups.get_mut(out.parts.checked_sub(1)?)?;
                *group = group.checked_add(1)?;
                at = at.checked_add(1)?;
                out.length = at;
                continue;
            }
            let known = matches!(out.groups(), [1, rest @ ..] | rest if matches!(rest, [] | [3 | 10] | [3, 3 | 4 | 7] | [3, 3, 4]));
            if !international && !known {
                return None;
            }
            let Some(width) = separator(text.get(at..)?) else { break };
            out.parts = out.parts.checked_add(1)?;
            at = at.checked_add(width)?;
            if at > LONGEST {
                return None;
            }
        }
        let end = text.get(out.length).copied().unwrap_or(b'\n');
        let open = end.is_ascii_alphanumeric() || matches!(end, b'_' | b'@' | b'%' | b'+');
        (!open).then_some(out)
    }

    fn digits(&self) -> &[u8] {
        self.digits.get(..self.count).unwrap_or_default()
    }

    fn groups(&self) -> &[u8] {
        self.groups.get(..self.parts).unwrap_or_default()
    }
}

/// Width of a separator that a digit follows.
fn separator(text: &[u8]) -> Option<usize> {
    match text {
        [b')', b' ' | b'-', b'0'..=b'9', ..] | [b' ', b'(', b'0'..=b'9', ..] => Some(2),
        [b' ' | b'-' | b'.' | b')' | b'(', b'0'..=b'9', ..] => Some(1),
        _ => None,
    }
}

fn is_north_american(ten: &[u8]) -> bool {
    let code = |code: &[u8]| matches!(code, [b'2'..=b'9', second, third] if !(*second == b'1' && *third == b'1'));
    let (Some(area), Some(exchange), Some(line)) = (ten.get(..3), ten.get(3..6), ten.get(6..10))
    else {
        return false;
    };
    let fiction = exchange == b"555" && line.starts_with(b"01");
    let kept = matches!(area, [_, b'9', _] | [b'3', b'7', _] | [b'9', b'6', _]);
    code(area) && code(exchange) && !kept && !fiction
}

fn all_equal(digits: &[u8]) -> bool {
    digits.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// Length of the country code at the start, by the zones of ITU-T E.164 (list of 2016 with
/// amendments): two digits where the code is listed here, one for zones 1 and 7, else three.
fn country_code(digits: &[u8]) -> Option<usize> {
    match digits {
        [b'1' | b'7', ..] => Some(1),
        [b'2', b'0' | b'7', ..] => Some(2),
        [b'3', b'0'..=b'4' | b'6' | b'9', ..] => Some(2),
        [b'4', b'0' | b'1' | b'3'..=b'9', ..] => Some(2),
        [b'5', b'1'..=b'8', ..] => Some(2),
        [b'6', b'0'..=b'6', ..] => Some(2),
        [b'8', b'1' | b'2' | b'4' | b'6', ..] => Some(2),
        [b'9', b'0'..=b'5' | b'8', ..] => Some(2),
        [b'2', b'1'..=b'6' | b'9', _, ..]
        | [b'3', b'5' | b'7' | b'8', _, ..]
        | [b'4', b'2', _, ..]
        | [b'5', b'0' | b'9', _, ..]
        | [b'6', b'7'..=b'9', _, ..]
        | [b'8', b'0' | b'5' | b'7' | b'8', _, ..]
        | [b'9', b'6' | b'7' | b'9', _, ..] => Some(3),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Judgement {
        let start = text.find(|it: char| it.is_ascii_digit()).unwrap();
        let digits = run_of_digits(&text.as_bytes()[start..]);
        phone(&mut Candidate::of(text.as_bytes(), (start, start.checked_add(digits).unwrap())))
    }

    fn run_of_digits(text: &[u8]) -> usize {
        text.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    #[test]
    fn dates_of_late_years_and_lists_are_no_telephone_numbers() {
        for text in [
            "(+262142-12-31)",
            "+9999-12-31 23:59",
            "+999999-12-25",
            "+70000-2-18",
            "IE\t+5320-00615\tEurope/Dublin",
            "return +2147483647",
            "a range of +33554432",
            "+9999-365 23:58",
            "PD1 1.0 +5 80 75 70 65 60 55",
            "up to +922337203685477,5807",
            "IGNORED: failed tests: 571 612 1056",
            "#pragma warning(disable : 383 981 1418)",
        ] {
            assert_eq!(judged(text), Judgement::Refuse, "{text}");
        }
        for text in ["+4930-12345678", "+1212-555-7788", "call 571 612 1056", "+44 20 7946 0958"] {
            assert_eq!(judged(text), Judgement::Sound, "{text}");
        }
    }
}
