//! Personal identification numbers: four to eight digits behind a word for them (ISO 9564-1 allows four to
//! twelve). Pins of chips have smaller numbers, and postal codes of India are called so as well.

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
    let named = matches!(between, b"" | b" code") && OWNERS.end(head.trim_ascii_end());
    let value = candidate.value();
    // `PIN code: 560001` is where somebody lives.
    let postal = coded && !told && value.len() == POSTAL;
    let least = value.iter().all(|byte| value.first() == Some(byte)) || is_counting(value);
    let fits = (told || assigned || named) && !postal && !least && !is_counted(value);
    Judgement::refuse_unless(fits && ends(candidate.after()))
}

/// Digits of a postal code of India.
const POSTAL: usize = 6;

/// Whether each digit is one more than the one before: a sample.
fn is_counting(value: &[u8]) -> bool {
    value.windows(2).all(|pair| matches!(pair, [a, b] if a.wrapping_add(1) == *b))
}

/// Whether nothing goes on behind the number that makes it one of something else.
fn ends(after: &[u8]) -> bool {
    match after {
        [b' ', rest @ ..] => rest.starts_with(b"and ") || rest.starts_with(b"for "),
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
    fn samples_count_and_nothing_goes_on() {
        assert!(is_counting(b"2345") && !is_counting(b"2346"));
        assert!(ends(b"") && ends(b".") && ends(b", thanks") && ends(b" for the door"));
        assert!(!ends(b" mm") && !ends(b"-B") && !ends(b".5"));
    }
}
