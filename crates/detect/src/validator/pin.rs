//! Personal identification numbers: four to eight digits behind a word for them (ISO 9564-1 allows four to
//! twelve). Pins of chips have smaller numbers, and postal codes of India are called so as well.

use super::document::is_day;
use super::placeholder::is_counted;
use super::standing::line_before;
use crate::bytes::run_back;
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Whose or what for such a number is.
static OWNERS: Words = words! {
    "card" "atm" "sim" "bank" "debit" "credit" "door" "alarm" "safe" "voicemail" "phone" "my" "your" "his" "her"
    "our" "their" "gate" "locker"
};

/// A number that a sentence tells (`my PIN is 4821`), that stands behind the word and a colon, or directly
/// behind a word that says whose it is (`card pin 7294`).
pub(super) fn pin(candidate: &mut Candidate<'_>) -> Judgement {
    let line = line_before(candidate);
    let at = line.windows(3).rposition(|part| part.eq_ignore_ascii_case(b"pin"));
    let Some((head, word)) = at.and_then(|at| line.split_at_checked(at)) else {
        return Judgement::Refuse;
    };
    let between = word.get(3..).unwrap_or_default();
    let marks = run_back(between, |byte| matches!(byte, b' ' | b'"' | b'\''));
    let between = between.get(..between.len().saturating_sub(marks)).unwrap_or_default();
    let coded = between.windows(4).any(|part| part == b"code");
    let told = between.ends_with(b" is");
    let assigned = between.ends_with(b":") || between.ends_with(b"=");
    let owned = is_owner(head);
    // `led_pin` is one of a chip.
    if head.ends_with(b"_") && !owned {
        return Judgement::Refuse;
    }
    let named = matches!(between, b"" | b" code") && owned;
    let value = candidate.value();
    // `PIN code: 560001` is where somebody lives, whosever it is.
    let owned = (owned || between.split(|byte| *byte == b' ').any(|it| OWNERS.contain(it)))
        && (told || !coded);
    let another = !owned && (is_postal(value) || is_date(value) || (assigned && is_round(value)));
    let least = value.iter().all(|byte| value.first() == Some(byte)) || is_counting(value);
    let fits = (told || assigned || named) && !another && !least && !is_counted(value);
    Judgement::refuse_unless(fits && ends(candidate.after()))
}

/// Whether the last word is one of those that own such a number, not the end of another one: `wildcard`.
fn is_owner(head: &[u8]) -> bool {
    let marks = run_back(head, |byte| matches!(byte, b' ' | b'_' | b'-'));
    let head = head.get(..head.len().saturating_sub(marks)).unwrap_or_default();
    let letters = run_back(head, |byte| byte.is_ascii_alphanumeric() || byte >= 0x80);
    OWNERS.contain(head.get(head.len().saturating_sub(letters)..).unwrap_or_default())
}

/// Whether digits are a postal code of India, which is called a PIN: six of them, the first of which is
/// that of a region (India Post, "Postal Index Number").
fn is_postal(value: &[u8]) -> bool {
    matches!(value, [b'1'..=b'8', rest @ ..] if rest.len() == 5)
}

/// Whether eight digits are a day: `20240115`, `15012024`. Versions are pinned by days.
fn is_date(value: &[u8]) -> bool {
    let [a, b, c, d, e, f, g, h] = *value else { return false };
    is_day(value) || is_day(&[e, f, g, h, a, b, c, d]) || is_day(&[e, f, g, h, c, d, a, b])
}

/// Whether a number is one of settings: thousands, or a power of two.
fn is_round(value: &[u8]) -> bool {
    let number = str::from_utf8(value).ok().and_then(|it| it.parse::<u32>().ok());
    number.is_some_and(|it| it.is_power_of_two() || it % 1000 == 0)
}

/// Whether each digit is one more than the one before: a sample.
fn is_counting(value: &[u8]) -> bool {
    value.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b))
}

/// Whether nothing goes on behind the number that makes it one of something else.
fn ends(after: &[u8]) -> bool {
    match after {
        [b' ', rest @ ..] => rest.starts_with(b"and ") || rest.starts_with(b"for "),
        // The next member of an object.
        [b',', b'"' | b'\'', ..] => true,
        [b'.' | b',' | b';' | b'!' | b'?', next, ..] => next.is_ascii_whitespace(),
        [byte, ..] => {
            matches!(byte, b'\n' | b'\r' | b'"' | b'\'' | b'.' | b',' | b'!' | b')' | b'}')
        }
        [] => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_owner_is_a_whole_word() {
        assert!(
            is_owner(b"the card ") && is_owner(b"SIM_") && is_owner(b"my ") && is_owner(b"MY ")
        );
        for head in ["the other ", "a dummy ", "wildcard ", "hour ", "headphone ", "aggregate ", ""]
        {
            assert!(!is_owner(head.as_bytes()), "{head}");
        }
    }

    #[test]
    fn places_days_and_sizes_are_other_numbers() {
        assert!(is_postal(b"560001") && !is_postal(b"930417") && !is_postal(b"5600"));
        assert!(is_date(b"20240115") && is_date(b"15012024") && is_date(b"12312024"));
        assert!(!is_date(b"48291736") && !is_date(b"20249915"));
        assert!(is_round(b"1024") && is_round(b"5000") && !is_round(b"4821"));
    }

    #[test]
    fn samples_count_and_nothing_goes_on() {
        assert!(is_counting(b"2345") && !is_counting(b"2346"));
        assert!(ends(b"") && ends(b".") && ends(b", thanks") && ends(b" for the door"));
        assert!(!ends(b" mm") && !ends(b"-B") && !ends(b".5"));
    }
}
