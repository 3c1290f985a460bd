//! Numbers of documents and accounts that only a word before them betrays: passports, driving
//! licences, patients, insurances, bank accounts.
//!
//! Their candidate begins at the first digit after that word; letters directly before belong to
//! the number. No check digit is public, so length and mixture must do.

use crate::bytes::run_back;
use crate::candidate::{Candidate, Judgement};

/// A passport: at most two letters, then six digits or more; seven to nine characters in all.
pub(super) fn passport(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 2, 7..=9, 6)
}

/// A driving licence: at most five letters before the first digit; six to eighteen characters,
/// four of them digits.
pub(super) fn licence(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 5, 6..=18, 4)
}

/// The card of an Indian voter: three letters, seven digits.
pub(super) fn voter(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 3, 10..=10, 7)
}

/// A medical record, a patient, an insured person: at most four letters, then digits mostly.
pub(super) fn member(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 4, 6..=15, 5)
}

/// A bank account: digits only.
pub(super) fn account(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 0, 7..=17, 7)
}

/// A Medicare beneficiary (CMS, "MBI format"): the second, fifth, eighth and ninth of eleven
/// characters are letters, the others digits or either.
pub(super) fn medicare(candidate: &mut Candidate<'_>) -> Judgement {
    let written = candidate.value();
    let mut characters = written.iter().filter(|byte| **byte != b'-');
    let letter = |byte: &u8| {
        byte.is_ascii_uppercase() && !matches!(byte, b'S' | b'L' | b'O' | b'I' | b'B' | b'Z')
    };
    let fits = b"CAXNAXNAANN".iter().all(|kind| {
        characters.next().is_some_and(|byte| match kind {
            b'C' => matches!(byte, b'1'..=b'9'),
            b'A' => letter(byte),
            b'N' => byte.is_ascii_digit(),
            _ => letter(byte) || byte.is_ascii_digit(),
        })
    });
    Judgement::refuse_unless(fits && characters.next().is_none())
}

/// Takes the letters before the first digit in, at most `letters` of them, and judges the whole.
fn judge(
    candidate: &mut Candidate<'_>,
    letters: usize,
    length: core::ops::RangeInclusive<usize>,
    fewest_digits: usize,
) -> Judgement {
    let head = candidate.before();
    let before = run_back(head, |byte| byte.is_ascii_uppercase());
    let glued = head.len().checked_sub(before).and_then(|at| head.get(at.checked_sub(1)?));
    let open = glued.is_some_and(|byte| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'/' | b'$') || *byte >= 0x80
    });
    if before > letters || open {
        return Judgement::Refuse;
    }
    candidate.start = candidate.start.saturating_sub(before);
    let value = candidate.value();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let plain = value.iter().filter(|byte| byte.is_ascii_alphanumeric()).count();
    let mut numerals = value.iter().filter(|byte| byte.is_ascii_digit());
    let first = numerals.next();
    let same = numerals.all(|digit| Some(digit) == first);
    let counting = value.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b));
    // `1999-05` is a date, `4.2` a version.
    let dated = plain < value.len() && plain == digits;
    Judgement::refuse_unless(
        length.contains(&plain) && digits >= fewest_digits && !same && !counting && !dated,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(validator: fn(&mut Candidate<'_>) -> Judgement, text: &str) -> Option<String> {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
        let text = text.as_bytes();
        let mut one = Candidate {
            text,
            start,
            end: text.len(),
            name: &[],
            quoted: false,
            form: crate::assignment::Form::Operator,
        };
        let judgement = validator(&mut one);
        (judgement == Judgement::Sound).then(|| String::from_utf8(one.value().to_vec()).unwrap())
    }

    #[test]
    fn letters_before_belong_to_the_number() {
        assert_eq!(value(passport, "no. C4581923").as_deref(), Some("C4581923"));
        assert_eq!(value(passport, "no. ABC458192").as_deref(), None);
        assert_eq!(value(licence, ": MORGA753116SM9IJ").as_deref(), Some("MORGA753116SM9IJ"));
        assert_eq!(value(account, ": 7700000000"), Some("7700000000".to_owned()));
        assert_eq!(value(account, ": 7777777777"), None);
        assert_eq!(value(account, ": 123456789"), None);
    }

    #[test]
    fn a_beneficiary_has_letters_in_their_places() {
        assert_eq!(value(medicare, "1EG4-TE5-MK73").as_deref(), Some("1EG4-TE5-MK73"));
        assert_eq!(value(medicare, "1EG4-TE5-MKA3"), None);
        assert_eq!(value(medicare, "1SG4-TE5-MK73"), None);
    }
}
