//! Numbers of documents and accounts that only a word before them betrays: passports, driving
//! licences, patients, insurances, bank accounts.
//!
//! Their candidate begins at the first digit after that word; letters directly before belong to
//! the number. No check digit is public, so length and mixture must do.

use super::placeholder::is_counted;
use crate::bytes::run_back;
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// A passport: at most three letters, then six digits or more; seven to nine characters in all. Letters
/// may stand between the digits too, as in German and Dutch ones; four digits are then enough. That
/// is read only where the word for it stands close before.
pub(super) fn passport(candidate: &mut Candidate<'_>) -> Judgement {
    let mixed = candidate.value().iter().any(u8::is_ascii_uppercase);
    if mixed && !is_close(candidate.before()) {
        return Judgement::Refuse;
    }
    let judgement = judge(candidate, 3, 7..=9, if mixed { 2 } else { 6 });
    let value = candidate.value();
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    // Nine characters are what most countries print (ICAO 9303, part 4).
    let weak = (digits < 4 && value.len() != 9) || is_day(value);
    if weak { Judgement::Refuse } else { judgement }
}

/// Whether eight digits are a day, as `20310512` is one: until when a document holds, or from when it is.
pub(super) fn is_day(value: &[u8]) -> bool {
    let ([b'1', b'9', _, _, month @ .., _, _] | [b'2', b'0', _, _, month @ .., _, _]) = value
    else {
        return false;
    };
    let month = matches!(month, [b'0', b'1'..=b'9'] | [b'1', b'0'..=b'2']);
    let day = matches!(
        value,
        [.., b'0', b'1'..=b'9'] | [.., b'1' | b'2', b'0'..=b'9'] | [.., b'3', b'0' | b'1']
    );
    month && day && value.iter().all(u8::is_ascii_digit)
}

/// Whether nothing but marks, letters of the number and short words for `number` stand between the
/// word for a document and its number: `Passport No. C`.
fn is_close(before: &[u8]) -> bool {
    let near = before.get(before.len().saturating_sub(CLOSE)..).unwrap_or_default();
    let mut words = near.rsplit(|byte| !byte.is_ascii_alphabetic() && *byte < 0x80);
    let mut letters = words.by_ref().filter(|word| !word.is_empty());
    letters
        .by_ref()
        .find(|word| word.len() > 3 || !word.iter().all(u8::is_ascii_uppercase))
        .is_some_and(|word| NUMBERS.contain(word) || PASSPORTS.end(word) || PASSPORTS.begin(word))
}

/// How far before a number the word for its document is looked for.
const CLOSE: usize = 32;

/// Words for `number`, and for a passport.
static NUMBERS: Words =
    words! { "no" "nr" "number" "num" "nummer" "numero" "id" "is" "è" "elettronica" "n" };
static PASSPORTS: Words = words! {
    "passport" "reisepass" "passeport" "pasaporte" "passaporto" "paspoort" "paszport" "passaporte" "pass"
    "personalausweis" "ausweis" "identité" "identità" "card"
};

/// A driving licence: at most five letters before the first digit; six to eighteen characters,
/// four of them digits.
pub(super) fn licence(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 5, 6..=18, 4)
}

/// An Italian driving licence: ten characters, a letter at the end.
pub(super) fn licence_italian(candidate: &mut Candidate<'_>) -> Judgement {
    let judgement = judge(candidate, 2, 10..=10, 5);
    let lettered = candidate.value().last().is_some_and(u8::is_ascii_uppercase);
    if lettered && !is_patent(candidate) { judgement } else { Judgement::Refuse }
}

/// Whether it is a patent, which the word means as well: two letters of an office, seven digits and the
/// kind of document (WIPO ST.3 and ST.16). Provinces have some of the letters, so a word for driving counts more.
fn is_patent(candidate: &Candidate<'_>) -> bool {
    let [one, two, digits @ .., b'A' | b'B' | b'C' | b'S' | b'T' | b'U' | b'Y'] = candidate.value()
    else {
        return false;
    };
    OFFICES.contain(&[*one, *two])
        && digits.iter().all(u8::is_ascii_digit)
        && !DRIVING.stand_near_end(candidate.before(), CLOSE)
}

/// Offices of patents, and words for driving.
static OFFICES: Words = words! {
    "us" "ep" "wo" "de" "fr" "gb" "jp" "cn" "es" "it" "kr" "ca" "au" "br" "mx" "ar" "ru" "ch" "at" "eu" "in"
};
static DRIVING: Words = words! { "guida" };

/// The card of an Indian voter: three letters, seven digits.
pub(super) fn voter(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, 3, 10..=10, 7)
}

/// A medical record, a patient, an insured person: at most four letters, then digits mostly.
pub(super) fn member(candidate: &mut Candidate<'_>) -> Judgement {
    let judgement = judge(candidate, 4, 6..=15, 5);
    // `"mrn": "Q2962165"` is a language and its item in Wikidata, `xiF0V7ScoMRN` a name made by chance.
    let item =
        matches!(candidate.value(), [b'Q', digits @ ..] if digits.iter().all(u8::is_ascii_digit));
    let near = candidate.before();
    let near = near.get(near.len().saturating_sub(CLOSE)..).unwrap_or_default();
    let named = near.windows(4).rposition(|part| {
        matches!(part, [before, name @ ..]
            if before.is_ascii_alphanumeric() && name.eq_ignore_ascii_case(b"mrn"))
    });
    if item || named.is_some() { Judgement::Refuse } else { judgement }
}

/// A bank account: digits only.
pub(super) fn account(candidate: &mut Candidate<'_>) -> Judgement {
    let judgement = judge(candidate, 0, 7..=17, 7);
    // `1234567890`, and the twelve digits of whoever rents machines.
    let rented = candidate.value().len() == 12 && CLOUDS.stand_near_end(candidate.before(), CLOSE);
    if is_counted(candidate.value()) || rented { Judgement::Refuse } else { judgement }
}

/// Words for accounts of machines.
static CLOUDS: Words = words! { "aws" "amazon" "iam" "arn" };

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
    if before > letters || open || is_indexed(candidate) {
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

/// Whether a bar stands between a word and the number and the next line is such a pair, too: the index
/// of a book of words says so where in it each stands.
fn is_indexed(candidate: &Candidate<'_>) -> bool {
    let Some(next) = candidate.after().strip_prefix(b"\n") else { return false };
    let next = next.get(..LONGEST_PAIR.min(next.len())).unwrap_or_default();
    let line = next.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let digits = run_back(line, |byte| byte.is_ascii_digit());
    let head = line.get(..line.len().saturating_sub(digits)).unwrap_or_default();
    let word = head.strip_suffix(b"|").is_some_and(|word| {
        !word.is_empty() && word.iter().all(|byte| !matches!(byte, b'|' | b'=' | b':'))
    });
    candidate.before().ends_with(b"|") && digits > 0 && word
}

/// Longest line of such an index that is looked at.
const LONGEST_PAIR: usize = 80;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_index_of_words_holds_no_documents() {
        assert_eq!(value(account, "bank account|1327229\nbank bill|1327318\n"), None);
        assert_eq!(value(account, "account|1327229\nname|Jo\n"), Some("1327229".to_owned()));
    }

    fn value(validator: fn(&mut Candidate<'_>) -> Judgement, text: &str) -> Option<String> {
        let start = text.find(|c: char| c.is_ascii_digit()).unwrap();
        let end = text.find('\n').unwrap_or(text.len());
        let text = text.as_bytes();
        let mut one = Candidate::of(text, (start, end));
        let judgement = validator(&mut one);
        (judgement == Judgement::Sound).then(|| String::from_utf8(one.value().to_vec()).unwrap())
    }

    #[test]
    fn letters_before_belong_to_the_number() {
        assert_eq!(value(passport, "no. C4581923").as_deref(), Some("C4581923"));
        assert_eq!(value(passport, "no. AAC804716").as_deref(), Some("AAC804716"));
        assert_eq!(value(passport, "no. ABCD45819").as_deref(), None);
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
