//! Numbers of persons whose shape and check say what they are, without a word before them.
//!
//! Each begins with a first group of digits and the letters directly before it. Letters at fixed
//! places, or printed groups, make a shape that rows of numbers seldom have; a date, a region or a
//! check character inside does the rest. The sources are those of the checks with a word before
//! them: `national`, `europe` and `world`.

use super::around::{are_neighbours, in_noise, in_sentence, is_whole};
use super::card::is_row;
use super::digits::{digits, is_month_day};
use super::{base58, europe, national, world};
use crate::candidate::{Candidate, Judgement};
use crate::class::{self, Alphanumeric};
use crate::words::{Words, words};

/// Shortest and longest base 58 text of an address.
const SHORTEST_ADDRESS: usize = 26;
const LONGEST_ADDRESS: usize = 35;

/// Indian states and union territories, as on plates and in Motor Vehicles rules.
const STATES: &[u8] =
    b"ANAPARASBRCGCHDDDLDNGAGJHPHRJHJKKAKLLALDMHMLMNMPMZNLODORPBPYRJSKTGTNTRTSUAUKUPWB";

/// How far before a number a word may stand that says that it is a person's.
const CONTEXT: usize = 48;

/// Words of those who ask for a British national insurance number.
static INSURED: Words = words! {
    "benefit" "citizen" "claimant" "dwp" "employee" "hmrc" "insurance" "insured" "nino" "ni:" "paye"
    "payroll" "pension" "tax"
};

/// Australian business number in its printed groups.
pub(super) fn au_abn(candidate: &mut Candidate<'_>) -> Judgement {
    if is_whole(candidate) || is_printed(candidate, &["dd ddd ddd ddd"]) {
        world::au_abn(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Australian Medicare number in its printed groups.
pub(super) fn au_medicare(candidate: &mut Candidate<'_>) -> Judgement {
    if is_printed(candidate, &["dddd ddddd d"]) {
        world::au_medicare(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Bitcoin address: the checksum is proof enough.
pub(super) fn bitcoin(candidate: &mut Candidate<'_>) -> Judgement {
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    // Asked first, since nearly all numbers begin otherwise.
    if !matches!(text.first(), Some(b'1' | b'3')) {
        return Judgement::Refuse;
    }
    // A short number ends before these, and another word begins before the last.
    let is_plain = |at: usize| text.get(at).is_some_and(u8::is_ascii_alphanumeric);
    if ![2, 3, SHORTEST_ADDRESS.saturating_sub(1)].into_iter().all(is_plain) {
        return Judgement::Refuse;
    }
    // Counted without a branch for each: where a hash or a number ends cannot be foretold.
    let length = class::bits(&class::block(text), Alphanumeric).trailing_ones() as usize;
    if !(SHORTEST_ADDRESS..=LONGEST_ADDRESS).contains(&length) {
        return Judgement::Refuse;
    }
    candidate.end = candidate.start.saturating_add(length);
    base58::address(candidate)
}

/// Spanish identity number: eight digits and a letter that checks them; eight digits that are a date
/// are one.
pub(super) fn es_dni(candidate: &mut Candidate<'_>) -> Judgement {
    if !alone(candidate, &["ddddddddU", "dddddddd-U"]) {
        return Judgement::Refuse;
    }
    let date = candidate.value().get(..8).and_then(digits::<8>).is_some_and(|digits| {
        let [a, b, _, _, month_day @ ..] = digits;
        matches!((a, b), (1, 9) | (2, 0)) && is_month_day(&month_day)
    });
    if date { Judgement::Refuse } else { europe::es_nif(candidate) }
}

/// Spanish number of a foreigner: X, Y or Z, seven digits and a letter that checks them.
pub(super) fn es_nie(candidate: &mut Candidate<'_>) -> Judgement {
    if !matches!(candidate.value().first(), Some(b'X' | b'Y' | b'Z'))
        || !alone(candidate, &["UdddddddU", "Uddddddd-U"])
    {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_add(1);
    europe::es_nif(candidate)
}

/// The same with a dash behind the first letter: the candidate begins at the first digit.
pub(super) fn es_nie_dashed(candidate: &mut Candidate<'_>) -> Judgement {
    let [head @ .., b'X' | b'Y' | b'Z', b'-'] = candidate.before() else {
        return Judgement::Refuse;
    };
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let rest = text.get(7..).unwrap_or_default();
    let rest = rest.strip_prefix(b"-").unwrap_or(rest);
    let glued = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    let letter = rest.first().is_some_and(u8::is_ascii_uppercase);
    if !letter || rest.get(1).is_some_and(glued) || head.last().is_some_and(glued) {
        return Judgement::Refuse;
    }
    let end = candidate.text.len().saturating_sub(rest.len()).saturating_add(1);
    candidate.end = end;
    europe::es_nif(candidate)
}

/// Finnish identity code: a date of birth, the sign of the century, three digits and a check.
pub(super) fn fi_hetu(candidate: &mut Candidate<'_>) -> Judgement {
    let shapes =
        ["dddddd-dddd", "dddddd+dddd", "ddddddUdddd", "dddddd-dddU", "dddddd+dddU", "ddddddUdddU"];
    if alone(candidate, &shapes) { europe::fi_hetu(candidate) } else { Judgement::Refuse }
}

/// British national insurance number in one piece. Nothing in it checks it, and parts of machines
/// have such numbers, too: so it is all there is of a text, or a word says what it is.
pub(super) fn gb_nino(candidate: &mut Candidate<'_>) -> Judgement {
    if !alone(candidate, &["UUddddddU"]) || !matches!(candidate.value().last(), Some(b'A'..=b'D')) {
        return Judgement::Refuse;
    }
    if !is_whole(candidate) && !INSURED.stand_near_end(candidate.before(), CONTEXT) {
        return Judgement::Refuse;
    }
    let end = candidate.end;
    candidate.start = candidate.start.saturating_add(2);
    let judgement = europe::gb_nino(candidate);
    candidate.end = end;
    judgement
}

/// Indian goods and services tax number: a state, a permanent account number, an entity, `Z` and a
/// check digit in base 36.
pub(super) fn in_gstin(candidate: &mut Candidate<'_>) -> Judgement {
    // Asked first, since it refuses nearly all.
    if ahead(candidate, 13) != Some(b'Z') || !alone(candidate, &["ddUUUUUddddUwUw"]) {
        return Judgement::Refuse;
    }
    let value = candidate.value();
    let rank = |byte: u8| char::from(byte).to_digit(36).unwrap_or_default();
    let sum = value.iter().take(14).enumerate().fold(0_u32, |sum, (place, byte)| {
        let product = rank(*byte).saturating_mul(if place % 2 == 1 { 2 } else { 1 });
        sum.saturating_add(product / 36).saturating_add(product % 36)
    });
    let check = 36_u32.saturating_sub(sum % 36) % 36;
    let state = value
        .get(..2)
        .and_then(digits::<2>)
        .map_or(0, |[a, b]| a.saturating_mul(10).saturating_add(b));
    let right = value.last().is_some_and(|byte| rank(*byte) == check);
    Judgement::refuse_unless((1..=38).contains(&state) && value.get(13) == Some(&b'Z') && right)
}

/// Indian permanent account number: five letters, the fourth of which tells the kind of holder,
/// four digits, a letter. Letters or digits in a row are samples.
pub(super) fn in_pan(candidate: &mut Candidate<'_>) -> Judgement {
    if !alone(candidate, &["UUUUUddddU"]) {
        return Judgement::Refuse;
    }
    let value = candidate.value();
    let in_row = value.windows(2).filter(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    let holder = matches!(
        value.get(3),
        Some(b'A' | b'B' | b'C' | b'E' | b'F' | b'G' | b'H' | b'J' | b'K' | b'L' | b'P' | b'T')
    );
    let same = value.get(..5).is_some_and(is_of_one);
    // Messages of programs are numbered so, with how grave they are at the end: `CRJAZ2384E Cannot …`.
    let message = matches!(value, [.., b'E' | b'I' | b'W'])
        && matches!(candidate.after(), [b' ', b'A'..=b'Z', b'a'..=b'z', ..]);
    Judgement::refuse_unless(
        holder && !same && !message && in_row.count() < 5 && !in_noise(candidate),
    )
}

/// Indian vehicle registration: a state, a district, a series, a number.
pub(super) fn in_vehicle(candidate: &mut Candidate<'_>) -> Judgement {
    if !alone(candidate, &["UUddUUdddd", "UUddUdddd", "UUdUUdddd"]) {
        return Judgement::Refuse;
    }
    let state = candidate.value().get(..2).unwrap_or_default();
    let (states, _) = STATES.as_chunks::<2>();
    Judgement::refuse_unless(states.iter().any(|known| known.as_slice() == state))
}

/// The same in groups, behind a word for it: the candidate begins at the number of the district.
pub(super) fn in_vehicle_told(candidate: &mut Candidate<'_>) -> Judgement {
    let [head @ .., one, two, b' ' | b'-'] = candidate.before() else { return Judgement::Refuse };
    let (states, _) = STATES.as_chunks::<2>();
    let known = states.contains(&[*one, *two]);
    let glued = head.last().is_some_and(u8::is_ascii_alphanumeric);
    candidate.start = candidate.start.saturating_sub(3);
    Judgement::refuse_unless(known && !glued)
}

/// Australian tax file or company number in its printed groups. Rows of numbers have such groups too, and
/// one in five a right check: so it is all there is of a text.
pub(super) fn au_number(candidate: &mut Candidate<'_>) -> Judgement {
    if !is_whole_shape(candidate, &["ddd ddd ddd"]) || is_triple(candidate.value()) {
        return Judgement::Refuse;
    }
    let judgement = national::is_tfn(candidate);
    if judgement == Judgement::Refuse { world::au_acn(candidate) } else { judgement }
}

/// Whether three groups are three values: a colour, sizes, the same again or steps of one width:
/// `255 255 255`, `100 200 300`, `640 640 480`.
fn is_triple(value: &[u8]) -> bool {
    let mut groups = value.split(|byte| *byte == b' ').map(|group| {
        group.iter().fold(0_u32, |sum, digit| {
            sum.saturating_mul(10).saturating_add(u32::from(digit.wrapping_sub(b'0')))
        })
    });
    let (Some(one), Some(two), Some(three)) = (groups.next(), groups.next(), groups.next()) else {
        return false;
    };
    let all = |test: fn(u32) -> bool| [one, two, three].into_iter().all(test);
    let even = one.saturating_add(three) == two.saturating_mul(2);
    let again = one == two || two == three || one == three;
    even || again || all(|it| it <= 255) || all(|it| it % 10 == 0) || all(|it| it % 16 == 0)
}

/// Italian electronic identity card: `C` or `A` and a letter, five digits, two letters.
pub(super) fn it_card(candidate: &mut Candidate<'_>) -> Judgement {
    let known = matches!(candidate.value().first(), Some(b'A' | b'C'));
    Judgement::refuse_unless(known && is_whole_shape(candidate, &["UUdddddUU"]))
}

/// Italian VAT number, by its check and office.
pub(super) fn it_vat(candidate: &mut Candidate<'_>) -> Judgement {
    if is_whole_shape(candidate, &["ddddddddddd"]) {
        europe::it_vat_issued(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Singaporean number of a business or company.
pub(super) fn sg_uen(candidate: &mut Candidate<'_>) -> Judgement {
    if !is_whole_shape(candidate, &["dddddddddU", "ddddddddU"]) {
        return Judgement::Refuse;
    }
    let Some((check, body)) = candidate.value().split_last() else { return Judgement::Refuse };
    Judgement::refuse_unless(world::is_uen(*check, body))
}

/// Thai identity number in its printed groups.
pub(super) fn th_id(candidate: &mut Candidate<'_>) -> Judgement {
    if ahead(candidate, 1) == Some(b'-') && alone(candidate, &["d-dddd-ddddd-dd-d"]) {
        world::th_id(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Whether a text is nothing but one of the shapes.
fn is_whole_shape(candidate: &mut Candidate<'_>, shapes: &[&str]) -> bool {
    candidate.before().is_empty() && alone(candidate, shapes) && is_whole(candidate)
}

/// Whether one letter or digit makes up the whole.
fn is_of_one(value: &[u8]) -> bool {
    value.windows(2).all(|pair| matches!(pair, [a, b] if a == b))
}

/// Italian fiscal code. Letters stand for its digits only where two persons would have the same, and
/// names of constants have as many: `SIOCAX25SETPARMS`.
pub(super) fn it_fiscal(candidate: &mut Candidate<'_>) -> Judgement {
    let end = candidate.start.saturating_add(IT_FISCAL);
    let code = candidate.text.get(candidate.start..end).unwrap_or_default();
    let digits = code.iter().filter(|byte| byte.is_ascii_digit()).count();
    if digits < IT_FISCAL_DIGITS || !alone(candidate, &["UUUUUUwwUwwUwwwU"]) {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_add(6);
    europe::it_fiscal(candidate)
}

/// Bytes of a fiscal code, and the fewest digits of one that nothing names; they are seven.
const IT_FISCAL: usize = 16;
const IT_FISCAL_DIGITS: usize = 5;

/// Indian Aadhaar number in its printed groups. Twelve digits without them are as well the account
/// of a cloud or the id of a row, even where they are all of a text.
pub(super) fn in_aadhaar(candidate: &mut Candidate<'_>) -> Judgement {
    // None begins with these, and the check digit of the rest costs more.
    if !matches!(candidate.value(), [b'0' | b'1', ..])
        && is_printed(candidate, &["dddd dddd dddd", "dddd-dddd-dddd"])
        && !are_neighbours(candidate.value())
        && !repeats_group(candidate.value())
    {
        national::is_aadhaar(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Whether one group of four stands beside the same: codes of letters in a font are twice so.
fn repeats_group(value: &[u8]) -> bool {
    let group = |at: usize| value.get(at..at.saturating_add(4));
    group(0) == group(5) || group(5) == group(10)
}

/// Korean registration number with its dash.
pub(super) fn kr_rrn(candidate: &mut Candidate<'_>) -> Judgement {
    if is_whole(candidate) || alone(candidate, &["dddddd-ddddddd"]) {
        world::kr_rrn(candidate)
    } else {
        Judgement::Refuse
    }
}

/// Polish PESEL: a date of birth of this or the last century, and a check. Of ids of that length
/// one in 120 has both, so it is all there is of a text or stands in a sentence.
pub(super) fn pl_pesel(candidate: &mut Candidate<'_>) -> Judgement {
    if candidate.value().len() != 11 || !alone(candidate, &["ddddddddddd"]) {
        return Judgement::Refuse;
    }
    let dated = candidate
        .value()
        .get(2..6)
        .and_then(digits::<4>)
        .is_some_and(|[a, b, c, d]| matches!(a, 0..=3) && is_month_day(&[a % 2, b, c, d]));
    let placed = || is_whole(candidate) || in_sentence(candidate);
    if dated && placed() { national::is_pesel(candidate) } else { Judgement::Refuse }
}

/// Singaporean identity or foreigner's number.
pub(super) fn sg_nric(candidate: &mut Candidate<'_>) -> Judgement {
    if !alone(candidate, &["UdddddddU"]) {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_add(1);
    world::sg_nric(candidate)
}

/// Identifier of a US Medicare beneficiary: digits and letters in a fixed order, some letters never
/// (CMS, "Understanding the Medicare Beneficiary Identifier format").
pub(super) fn us_mbi(candidate: &mut Candidate<'_>) -> Judgement {
    let shapes = ["dUwdUwdUUdd", "dUwd-Uwd-UUdd"];
    // Digits of hex in pairs are refused by one look.
    if !ahead(candidate, 3).is_some_and(|byte| byte.is_ascii_digit())
        || candidate.value() == b"0"
        || !alone(candidate, &shapes)
    {
        return Judgement::Refuse;
    }
    let value = candidate.value();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let never = |byte: &u8| matches!(byte, b'S' | b'L' | b'O' | b'I' | b'B' | b'Z');
    Judgement::refuse_unless(digits >= 5 && !value.iter().any(never))
}

/// The same as [`alone`] for groups of digits, which also stand in tables of codes.
fn is_printed(candidate: &mut Candidate<'_>, shapes: &[&str]) -> bool {
    alone(candidate, shapes) && !is_row(candidate.before(), candidate.after())
}

/// The byte so far behind the first one of the candidate.
fn ahead(candidate: &Candidate<'_>, distance: usize) -> Option<u8> {
    candidate.text.get(candidate.start.saturating_add(distance)).copied()
}

/// Lets the candidate end where one of the shapes does, when no other number, name or word goes on
/// around it: `d` is a digit, `U` an upper-case letter, `w` either, all else itself. Next to a zero
/// byte it is a field of a binary format.
fn alone(candidate: &mut Candidate<'_>, shapes: &[&str]) -> bool {
    let goes_on = matches!(
        candidate.before(),
        [.., 0 | b'-' | b'_' | b'.' | b'/' | b'+' | b'#' | b'%'] | [.., b'0'..=b'9', b' ']
    );
    if goes_on {
        return false;
    }
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let fits = |shape: &&&str| {
        let after = text.get(shape.len());
        let mut pairs = shape.bytes().zip(text);
        text.len() >= shape.len()
            && pairs.all(|(kind, byte)| match kind {
                b'd' => byte.is_ascii_digit(),
                b'U' => byte.is_ascii_uppercase(),
                b'w' => byte.is_ascii_digit() || byte.is_ascii_uppercase(),
                literal => *byte == literal,
            })
            && !after.is_some_and(|byte| {
                byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'/' | b'=')
            })
    };
    let Some(shape) = shapes.iter().find(fits) else { return false };
    candidate.end = candidate.start.saturating_add(shape.len());
    !matches!(candidate.after(), [0, ..] | [b' ' | b'.', b'0'..=b'9', ..])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(text: &str, start: usize, shapes: &[&str]) -> bool {
        let mut candidate = Candidate::of(text.as_bytes(), (start, start));
        alone(&mut candidate, shapes)
    }

    #[test]
    fn a_shape_stands_alone() {
        assert!(fits("a 12 345", 2, &["dd ddd"]) && fits("(A1)", 1, &["Ud"]));
        let joined = [("1 12 345", 2), ("12 345 6", 0), ("12 3456", 0), ("x-12 345", 2)];
        for (text, start) in joined.into_iter().chain([("12 345\0", 0), ("\x0012 345", 1)]) {
            assert!(!fits(text, start, &["dd ddd"]), "{text}");
        }
    }
}
