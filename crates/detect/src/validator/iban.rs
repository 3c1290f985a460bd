//! International bank account numbers (ISO 13616): country, length, and mod 97 of ISO 7064.

use crate::candidate::{Candidate, Judgement};

/// Longest written form: 34 characters in groups of four.
const LONGEST: usize = 42;

/// Countries, each with the length of its numbers (SWIFT, IBAN Registry, release 97).
static LENGTHS: &[u8] = b"\
    AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18\
    DO28EE20EG29ES24FI18FK18FO18FR27GB22GE22GI23GL18GR27GT28HN28HR21HU28IE22IL23\
    IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27\
    MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19\
    SK24SM27SO23ST25SV28TL23TN24TR26UA29VA22VG24XK20YE30\
    ";

/// A number that begins with the candidate's two letters and digits, in one piece or with single
/// blanks or dashes between groups.
pub(super) fn iban(candidate: &mut Candidate<'_>) -> Judgement {
    let text = candidate.text.get(candidate.start..).unwrap_or_default();
    let Some(length) = written_length(text) else { return Judgement::Refuse };
    candidate.end = candidate.start.saturating_add(length);
    Judgement::refuse_unless(remainder(candidate.value()) == Some(1))
}

/// Bytes of the written number, when its country and length fit together.
fn written_length(text: &[u8]) -> Option<usize> {
    let mut missing = length_of(text.first_chunk()?)?;
    let mut after_separator = false;
    for (at, byte) in text.iter().take(LONGEST).enumerate() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' => {
                missing = missing.checked_sub(1)?;
                after_separator = false;
            }
            b' ' | b'-' if !after_separator && at >= 4 => after_separator = true,
            _ => return None,
        }
        if missing == 0 {
            let end = at.checked_add(1)?;
            let open =
                text.get(end).is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_');
            return (!open).then_some(end);
        }
    }
    None
}

/// Characters of a number of this country.
fn length_of(country: &[u8; 2]) -> Option<usize> {
    let entries = LENGTHS.as_chunks::<4>().0;
    let at = entries.binary_search_by(|[a, b, ..]| [*a, *b].cmp(country)).ok()?;
    let [.., tens, ones] = entries.get(at)?;
    let digit = |byte: &u8| usize::from(byte.wrapping_sub(b'0'));
    Some(digit(tens).saturating_mul(10).saturating_add(digit(ones)))
}

/// The number mod 97 with its first four characters moved to the end and letters as 10 to 35.
fn remainder(value: &[u8]) -> Option<u64> {
    let (head, rest) = value.split_at_checked(4)?;
    let sum = rest.iter().fold(0, appended);
    Some(head.iter().fold(sum, appended) % 97)
}

/// A number, which keeps its remainder, with a character behind it; anything but digits and capitals
/// is no part of one.
const fn appended(sum: u64, byte: &u8) -> u64 {
    let (shift, digit) = match byte {
        b'0'..=b'9' => (10, *byte & 0xF),
        b'A'..=b'Z' => (100, byte.wrapping_sub(b'A').wrapping_add(10)),
        _ => return sum,
    };
    // As seldom as there is room: to divide costs more than all else.
    let sum = if sum > u64::MAX >> 7 { sum % 97 } else { sum };
    sum.wrapping_mul(shift).wrapping_add(digit as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_a_country_and_a_length() {
        let (entries, rest) = LENGTHS.as_chunks::<4>();
        assert!(rest.is_empty() && entries.is_sorted());
        for [a, b, ..] in entries {
            assert!((15..=34).contains(&length_of(&[*a, *b]).unwrap()));
        }
    }

    #[test]
    fn the_example_of_the_standard_holds() {
        assert_eq!(remainder(b"GB82WEST12345698765432"), Some(1));
        assert_ne!(remainder(b"GB82WEST12345698765433"), Some(1));
        let longest = [&b"MT84"[..], &[b'Z'; 14], &[b'9'; 16]].concat();
        let exact = |bytes: &[u8]| {
            bytes.iter().fold(0_u32, |sum, byte| {
                let digit = char::from(*byte).to_digit(36).unwrap();
                (sum * if digit > 9 { 100 } else { 10 } + digit) % 97
            })
        };
        let turned = [&longest[4..], &longest[..4]].concat();
        assert_eq!(remainder(&longest), Some(u64::from(exact(&turned))));
        assert_eq!(written_length(b"GB82 WEST 1234 5698 7654 32."), Some(27));
        assert_eq!(written_length(b"GB82WEST123456987654321"), None);
    }
}
