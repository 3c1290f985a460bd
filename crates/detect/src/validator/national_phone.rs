//! Telephone numbers as people of a country write them, without the code of the country.
//!
//! Nothing in such a number says what it is, so a word for a telephone stands directly before it, in
//! the language of the country, and its digits and groups are those of a national plan (ITU-T E.164,
//! annex A, and the plans that the ITU publishes by country): a zero and eight to eleven digits in most
//! of Europe, Asia and Africa, eight to eleven without one elsewhere. Numbers of the North American
//! plan are judged by `phone`, and what stands behind `00` as those behind a `+` are.

use super::phone;
use crate::bytes::{last_line, run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far before a number its word is looked for.
const CONTEXT: usize = 40;

/// Most groups of digits.
const MOST_GROUPS: usize = 6;

/// Words for a telephone or its number. What goes on behind it in one word is part of it.
static PHONES: Words = words! {
    "phone" "telephone" "telefon" "telefono" "telefone" "telefoon" "teléfono" "téléphone" "telemóvel"
    "tel" "tél" "tlf" "mobile" "mobil" "mobiel" "móvil" "movil" "celular" "cell" "cellphone" "handy" "natel"
    "portable" "puh" "puhelin" "gsm" "fax" "whatsapp" "телефон" "тел" "моб" "τηλέφωνο" "טלפון" "電話" "携帯" "电话"
    "手机" "전화" "휴대폰" "연락처" "mob" "cel"
};

/// Words between such a word and the number.
static NUMBERS: Words = words! {
    "no" "nr" "number" "num" "nummer" "numero" "número" "numéro" "n°" "nº" "home" "work" "office" "private"
    "privat" "kom" "komórkowy" "numarası" "celular" "portable" "fijo" "mobile" "mobil"
};

/// A number behind a word for it; the candidate begins at its first digit and may hold marks at its end.
pub(super) fn national(candidate: &mut Candidate<'_>) -> Judgement {
    if is_named(candidate.before()) { planned(candidate) } else { Judgement::Refuse }
}

/// The same in a sentence whose words say so already, but may as well lead to the address of a machine.
pub(super) fn called(candidate: &mut Candidate<'_>) -> Judgement {
    let judgement = planned(candidate);
    if is_host(candidate.value()) { Judgement::Refuse } else { judgement }
}

/// Whether four numbers with dots are such an address.
fn is_host(value: &[u8]) -> bool {
    str::from_utf8(value).is_ok_and(|it| it.parse::<std::net::Ipv4Addr>().is_ok())
}

/// A number whose digits and groups are those of a plan.
fn planned(candidate: &mut Candidate<'_>) -> Judgement {
    let marks = run_back(candidate.value(), |byte| !byte.is_ascii_digit());
    candidate.end = candidate.end.saturating_sub(marks);
    let goes_on = match candidate.after() {
        [byte, ..] if byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'%' | b'@') => true,
        [b'.' | b'-' | b':' | b'/' | b',' | b' ', next, ..] => next.is_ascii_digit(),
        _ => false,
    };
    let Some(number) = Number::read(candidate.value()).filter(|_| !goes_on) else {
        return Judgement::Refuse;
    };
    let fits = number.fits() || (number.plain && is_abroad(candidate.value()));
    if !fits {
        return Judgement::Refuse;
    }
    if candidate.before().ends_with(b"(") {
        candidate.start = candidate.start.saturating_sub(1);
    }
    Judgement::Sound
}

/// Whether a number is dialled abroad: behind `00`, as nearly everywhere, or `011`, as in North America
/// (ITU-T E.123 and E.164, annex A), stands an international one.
fn is_abroad(value: &[u8]) -> bool {
    let number = value.strip_prefix(b"00").or_else(|| value.strip_prefix(b"011"));
    let number = number.map(|rest| rest.get(run(rest, |byte| matches!(byte, b' ' | b'-'))..));
    number.flatten().is_some_and(phone::is_international)
}

/// Whether a word for a telephone stands directly before, with nothing but marks and a word for
/// `number` between.
fn is_named(before: &[u8]) -> bool {
    let near = before.get(before.len().saturating_sub(CONTEXT)..).unwrap_or_default();
    let near = last_line(near);
    let mark = |byte: u8| {
        matches!(byte, b' ' | b'\t' | b':' | b'.' | b'=' | b'#' | b'(' | b'"' | b'\'' | b'-')
    };
    let mut rest = near;
    for _ in 0..2 {
        rest = rest.get(..rest.len().saturating_sub(run_back(rest, mark))).unwrap_or_default();
        let letter = |byte: u8| byte.is_ascii_alphabetic() || byte >= 0x80;
        let word =
            rest.get(rest.len().saturating_sub(run_back(rest, letter))..).unwrap_or_default();
        let head = rest.get(..rest.len().saturating_sub(word.len())).unwrap_or_default();
        let hump = !word.is_ascii() || !word.iter().skip(1).any(u8::is_ascii_uppercase);
        let glued = head.last().is_some_and(|byte| byte.is_ascii_alphanumeric());
        // `Number::Phone::Table` is a package, and a version stands behind it.
        if head.ends_with(b"::") {
            return false;
        }
        // The one name of a brand has a hump of its own.
        let hump = hump || word == b"WhatsApp";
        if !glued && hump && is_phone(word) {
            return true;
        }
        if word.is_empty() || !NUMBERS.contain(word) {
            return false;
        }
        rest = head;
    }
    false
}

/// Whether a word is one for a telephone, or begins with one that goes on as words of its language do.
fn is_phone(word: &[u8]) -> bool {
    PHONES.contain(word)
        || (PHONES.begin(word)
            && (!word.is_ascii() || word.ends_with(b"nummer") || word.ends_with(b"u")))
}

/// Digits in groups.
struct Number {
    groups: [u8; MOST_GROUPS],
    parts: usize,
    digits: usize,
    first: u8,
    second: u8,
    /// The first digit of the second group.
    third: u8,
    plain: bool,
}

impl Number {
    /// Reads groups of digits with one mark between, or two of which one is a bracket.
    fn read(text: &[u8]) -> Option<Self> {
        let first = *text.first()?;
        let mut out = Self {
            groups: [0; MOST_GROUPS],
            parts: 0,
            digits: 0,
            first,
            second: 0,
            third: 0,
            plain: true,
        };
        let (mut at, mut last, mut same, mut counts) = (0_usize, None, true, true);
        while at < text.len() {
            let rest = text.get(at..)?;
            let length = run(rest, |byte| byte.is_ascii_digit());
            let gap = run(rest.get(length..)?, |byte| !byte.is_ascii_digit());
            let marks = rest.get(length..length.checked_add(gap)?)?;
            let fits = matches!(marks, [] | [_]) || matches!(marks, [b')', _] | [_, b'(']);
            if length == 0 || !fits {
                return None;
            }
            for digit in rest.get(..length)? {
                same &= last.is_none_or(|last| last == *digit);
                counts &= last.is_none_or(|last: u8| last.checked_add(1) == Some(*digit));
                last = Some(*digit);
                out.digits = out.digits.checked_add(1)?;
                if out.digits == 2 {
                    out.second = *digit;
                }
            }
            if out.parts == 1 {
                out.third = *rest.first()?;
            }
            *out.groups.get_mut(out.parts)? = u8::try_from(length).ok()?;
            out.parts = out.parts.checked_add(1)?;
            at = at.checked_add(length)?.checked_add(gap)?;
        }
        out.plain = !same && !counts;
        Some(out)
    }

    /// Whether digits and groups are those of a national plan.
    fn fits(&self) -> bool {
        let groups = self.groups.get(..self.parts).unwrap_or_default();
        let shown = matches!(
            groups,
            [3, 3, 3] | [2, 3, 2, 2] | [3, 2, 2, 2] | [3, 2, 4] | [2, 3, 4] | [5, 4] | [4, 5]
        );
        let fits = match (self.first, self.digits) {
            // A trunk prefix; no group behind it is one of ten digits of an id.
            (b'0', 9..=11) => groups.iter().all(|it| *it < 9) || self.parts == 1,
            (b'0', 12) => self.parts > 1,
            (b'8', 11) => self.parts > 2,
            (b'1', 11) if matches!(groups, [2, 5, 4]) => true,
            (b'1', 11) => matches!(groups, [11] | [3, 4, 4]) && matches!(self.second, b'3'..=b'9'),
            (b'2'..=b'9', 9) => shown,
            (b'2'..=b'9', 10) => match groups {
                // The North American plan has no exchange that begins with 0 or 1.
                [3, 3, 4] => matches!(self.third, b'0' | b'1'),
                [5, 5] | [2, 4, 4] | [3, 7] | [4, 6] | [2, 8] | [3, 4, 3] | [4, 3, 3] => true,
                _ => false,
            },
            (b'1'..=b'9', 10) => matches!(groups, [2, 4, 4]),
            (b'1'..=b'9', 11) => matches!(groups, [2, 5, 4]),
            (b'2'..=b'9', 8) => matches!(groups, [2, 2, 2, 2] | [4, 4] | [2, 3, 3] | [3, 2, 3]),
            _ => false,
        };
        fits && self.plain
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(text: &str) -> Judgement {
        let start = text.find(|it: char| it.is_ascii_digit()).unwrap();
        let rest = text.get(start..).unwrap().as_bytes();
        let length = run(rest, |byte| byte.is_ascii_digit() || b" ()./-".contains(&byte));
        national(&mut Candidate::of(text.as_bytes(), (start, start.checked_add(length).unwrap())))
    }

    #[test]
    fn a_word_and_a_plan_make_a_number() {
        for text in [
            "Telefon: 030 701844",
            "tél. 01 53 68 70 44",
            "mobile no. 98840 31277",
            "Telefone (11) 3085-2714",
            "WhatsApp: (11) 93085-2714",
            "mob. 0412 708 413",
            "móvil 634 218 905",
            "телефон: 8 (495) 781-42-06",
            "手机 13918264075",
            "tlf. 34 81 27 60.",
            "phone: \"0412 708 413\"",
            "Tel: 0049 30 901820 55",
            "Tel: 0049 (0)30 90182055",
            "fon tel 0033142685300",
            "phone 0044-20-7183-8750",
            "phone: 011 44 20 7183 8750",
        ] {
            assert_eq!(judged(text), Judgement::Sound, "{text}");
        }
    }

    #[test]
    fn other_numbers_are_none() {
        for text in [
            "phone_id: 0412708413",
            "mobile build 0412708413",
            "invoice 030 701844",
            "phone: 415-555-0123",
            "phone 0000000000",
            "phone: 0123456789",
            "cell 12 34 56 78",
            "mobile: 1.2.840.113549",
            "fax 2021-03-04",
            "phone: 0412708413-7",
            "tel: 0.0412708413",
            "phone 0000 0000 0000 000",
            "phone 00012345678901",
            "phone 00442071838750123456",
        ] {
            assert_eq!(judged(text), Judgement::Refuse, "{text}");
        }
    }
}
