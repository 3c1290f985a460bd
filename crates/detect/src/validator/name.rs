//! Names by the words around them: a title before a person, a legal form after a company, a phrase
//! before a place. Guesses; they are reported only to those who ask for low confidence.

use crate::bytes::{run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Most words of a name.
const MOST_WORDS: usize = 4;

/// Words that begin with a capital letter and are no name.
static NO_NAMES: Words = words! {
    "the" "this" "that" "these" "a" "an" "in" "on" "at" "by" "for" "from" "and" "or" "if" "it" "its" "we" "you"
    "monday" "tuesday" "wednesday" "thursday" "friday" "saturday" "sunday" "january" "february"
    "march" "april" "may" "june" "july" "august" "september" "october" "november" "december"
    "python" "java" "rust" "linux" "windows" "english" "internet"
};

/// The capitalised words that follow the candidate, which is a title or a phrase.
pub(super) fn following(candidate: &mut Candidate<'_>) -> Judgement {
    let after = candidate.after();
    let mut length = 0_usize;
    let mut words = 0_usize;
    while words < MOST_WORDS {
        let rest = after.get(length..).unwrap_or_default();
        let rest = if words > 0 { rest.strip_prefix(b" ").unwrap_or_default() } else { rest };
        let word = word(rest);
        if word == 0 || (words == 0 && NO_NAMES.contain(rest.get(..word).unwrap_or_default())) {
            break;
        }
        length = length.saturating_add(word).saturating_add(usize::from(words > 0));
        words = words.saturating_add(1);
    }
    candidate.start = candidate.end;
    candidate.end = candidate.end.saturating_add(length);
    Judgement::refuse_unless(words > 0)
}

/// The capitalised words that lead to the candidate, which is a legal form.
pub(super) fn leading(candidate: &mut Candidate<'_>) -> Judgement {
    let mut at = candidate.start;
    let mut words = 0_usize;
    while words < MOST_WORDS {
        let head = candidate.text.get(..at).unwrap_or_default();
        let head = if words > 0 { head.strip_suffix(b" ").unwrap_or_default() } else { head };
        let length = run_back(head, |byte| {
            byte.is_ascii_alphanumeric() || matches!(byte, b'&' | b'-' | b'\'') || byte >= 0x80
        });
        let start = head.len().saturating_sub(length);
        let word = head.get(start..).unwrap_or_default();
        let capital = word.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte == b'&');
        if !capital || NO_NAMES.contain(word) {
            break;
        }
        at = start;
        words = words.saturating_add(1);
    }
    candidate.start = at;
    Judgement::refuse_unless(words > 0)
}

/// Length of a capitalised word of two letters or more, or of an initial with its full stop.
fn word(text: &[u8]) -> usize {
    let letters = run(text, |byte| {
        byte.is_ascii_alphabetic() || matches!(byte, b'\'' | b'-') || byte >= 0x80
    });
    let capital = text.first().is_some_and(|byte| byte.is_ascii_uppercase() || *byte >= 0xC3);
    match letters {
        1 if capital && text.get(1) == Some(&b'.') => 2,
        2..=24 if capital => letters,
        _ => 0,
    }
}
