//! Numbers of the US Social Security Administration and taxpayer numbers of the IRS.
//!
//! Never issued (SSA, "Social Security Number Randomization"; POMS RM 10201.035): area 000, 666 and
//! 900 to 999, group 00, serial 0000. An ITIN is an area of 900 to 999 with the groups 50 to 65,
//! 70 to 88, 90 to 92 and 94 to 99 (IRS, Internal Revenue Manual 3.21.263).

use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far before a bare number a word must stand that says what it is.
const CONTEXT: usize = 48;

/// Words for such a number.
static NAMES: Words = words! {
    "ssn" "social sec" "social_sec" "socialsec" "social-sec" "itin" "taxpayer" "tax id" "tax_id"
    "tin:"
};

/// Numbers once printed in wallets and brochures; nobody's.
const PUBLISHED: [(u32, u32, u32); 3] = [(78, 5, 1120), (219, 9, 9999), (457, 55, 5462)];

/// An SSN or ITIN: three, two and four digits with dashes, or nine digits after a word for it.
pub(super) fn ssn(candidate: &mut Candidate<'_>) -> Judgement {
    let Some((area, group, serial)) = read(candidate) else { return Judgement::Refuse };
    let security = !matches!(area, 0 | 666 | 900..) && group > 0 && serial > 0;
    let taxpayer = area >= 900 && matches!(group, 50..=65 | 70..=88 | 90..=92 | 94..=99);
    let advertised = (area, group) == (987, 65) && (4320..=4329).contains(&serial);
    // One digit nine times stands for any number.
    let same = group == area % 100 && serial == area.saturating_mul(10).saturating_add(area % 10);
    if !(security || taxpayer)
        || (same && area % 111 == 0)
        || advertised
        || PUBLISHED.contains(&(area, group, serial))
    {
        return Judgement::Refuse;
    }
    Judgement::sound_if(!is_loose(candidate) || is_named(candidate))
}

/// Whether blanks or full stops stand between the groups, as in other rows of numbers too.
fn is_loose(candidate: &Candidate<'_>) -> bool {
    matches!(candidate.value().get(3), Some(b' ' | b'.'))
}

fn read(candidate: &mut Candidate<'_>) -> Option<(u32, u32, u32)> {
    let text = candidate.text.get(candidate.start..)?;
    let bare = candidate.end.checked_sub(candidate.start)? == 9;
    let (area, group, serial, length) = match text {
        [a, b, c, b'-', d, e, b'-', f, g, h, i, ..] if !bare => {
            ([*a, *b, *c], [*d, *e], [*f, *g, *h, *i], 11)
        }
        [a, b, c, one @ (b' ' | b'.'), d, e, two @ (b' ' | b'.'), f, g, h, i, ..]
            if !bare && one == two && (is_named(candidate) || stands_alone(candidate, text)) =>
        {
            ([*a, *b, *c], [*d, *e], [*f, *g, *h, *i], 11)
        }
        [a, b, c, d, e, f, g, h, i, ..] if bare && is_named(candidate) => {
            ([*a, *b, *c], [*d, *e], [*f, *g, *h, *i], 9)
        }
        _ => return None,
    };
    let inside = matches!(
        text.get(length..),
        Some([b'-' | b'.', b'0'..=b'9', ..] | [b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_', ..])
    ) || matches!(candidate.before(), [.., b'-' | b'.' | b'/' | b'+']);
    if inside {
        return None;
    }
    candidate.end = candidate.start.checked_add(length)?;
    Some((number(&area)?, number(&group)?, number(&serial)?))
}

/// Whether no other number stands beside the eleven bytes that `text` begins with.
fn stands_alone(candidate: &Candidate<'_>, text: &[u8]) -> bool {
    let led = matches!(
        candidate.before(),
        [.., b'0'..=b'9' | b',' | b'.', b' ' | b'.' | b'\t'] | [.., b' ', b' ' | b'.']
    );
    let followed = matches!(
        text.get(11..),
        Some([b' ' | b'.' | b'\t' | b',', b'0'..=b'9' | b' ' | b'-' | b'A'..=b'Z', ..])
    );
    !led && !followed
}

/// Whether a word shortly before says that this is such a number.
fn is_named(candidate: &Candidate<'_>) -> bool {
    NAMES.stand_near_end(candidate.before(), CONTEXT) || is_told(candidate)
}

/// Whether the short word for it leads to it directly. Visitors of a page are counted behind that word, too,
/// with other counters beside: `organic: 210345678, social: 131234567`.
fn is_told(candidate: &Candidate<'_>) -> bool {
    let before = candidate.before();
    if SENTENCES.end(before) {
        return true;
    }
    let Some(cut) = before.len().checked_sub(SOCIAL.len()) else { return false };
    let (head, name) = before.split_at_checked(cut).unwrap_or_default();
    if !name.eq_ignore_ascii_case(SOCIAL) {
        return false;
    }
    // What is bare may have no other number in the lines beside it.
    let after = candidate.after();
    let bare = candidate.value().len() == 9;
    let rest = after.get(..CONTEXT.min(after.len())).unwrap_or_default();
    let alone = matches!(rest, [] | [b'\n' | b'\r' | b'.' | b'"' | b'\'', ..]);
    let counter =
        |line: &[u8]| line.last().is_some_and(|byte| byte.is_ascii_digit() || *byte == b',');
    let next = rest.trim_ascii_start().split(|byte| *byte == b'\n').next().unwrap_or_default();
    !bare || (alone && !counter(head.trim_ascii_end()) && !counter(next.trim_ascii_end()))
}

/// The short word as sentences have it, and as a label.
static SENTENCES: Words =
    words! { "social is " "my social: " "her social: " "his social: " "your social: " };
const SOCIAL: &[u8] = b"social: ";

fn number(digits: &[u8]) -> Option<u32> {
    digits.iter().try_fold(0_u32, |value, digit| {
        let digit = char::from(*digit).to_digit(10)?;
        value.checked_mul(10)?.checked_add(digit)
    })
}
