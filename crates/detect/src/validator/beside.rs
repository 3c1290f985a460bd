//! Passwords that no name betrays: the call or the line of configuration in which they stand does.
//!
//! The pattern of a detector has said where the value stands; what is left to say is that it is no
//! word that means something there.

use super::census::Census;
use super::secret::{is_term, literal, names_itself};
use super::wordy::is_wordy;
use crate::bytes::run_back;
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far before an answer its question is looked for.
const QUESTION: usize = 160;

/// What a question for a password has in it; the first letter may be a capital or left out.
static QUESTIONS: Words = words! { "assword" "assphrase" "asscode" };

/// What begins an answer.
static ANSWERS: Words = words! { "send" };

/// A literal that is more than a word: `login("bob", "…")`, and not `login("button", "clicked")`.
pub(super) fn call(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let told = is_word(value) || names_itself(candidate.name, value);
    if told { Judgement::Refuse } else { literal(candidate) }
}

/// A password behind a user and a slash: letters and digits, or three kinds of characters, as the names
/// of folders seldom are.
pub(super) fn user(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let ends = run_back(value, |byte| matches!(byte, b'.' | b')'));
    candidate.end = candidate.end.saturating_sub(ends);
    let value = candidate.value();
    let census = Census::of(value);
    let mixed = census.digits() > 0 && census.letters() > 0;
    let path = value.contains(&b'/');
    let chosen = (mixed || census.kinds() > 2) && !is_term(value) && !path;
    if chosen { call(candidate) } else { Judgement::Refuse }
}

/// The same without quotes around it: no call and no index, either.
pub(super) fn unquoted(candidate: &mut Candidate<'_>) -> Judgement {
    // `\pagestyle{plain}\@thanks` is a command of TeX.
    let open =
        matches!(candidate.after(), [b'(' | b'[', ..]) || candidate.value().starts_with(b"\\");
    if open { Judgement::Refuse } else { call(candidate) }
}

/// A literal that is typed after a question for a password, and before anything else is.
pub(super) fn answer(candidate: &mut Candidate<'_>) -> Judgement {
    let before = candidate.before();
    let near = before.get(before.len().saturating_sub(QUESTION)..).unwrap_or_default();
    let from = |at: usize| near.get(at..).unwrap_or_default();
    let asked = (0..near.len()).rfind(|at| QUESTIONS.begin(from(*at)));
    let answers = |at: usize| (at..near.len()).filter(|at| ANSWERS.begin(from(*at))).count();
    match asked {
        Some(at) if answers(at) == 1 => literal(candidate),
        _ => Judgement::Refuse,
    }
}

/// Whether a value is letters in one case that make a word, or several with `-` or `_` between them.
fn is_word(value: &[u8]) -> bool {
    // A sentence goes on behind a bracket or mark, and in JSON with the next line.
    let value = value.strip_prefix(b"(").unwrap_or(value);
    let line = value.windows(2).position(|pair| matches!(pair, b"\\n" | b"\\r" | b"\\\\"));
    let value = line.and_then(|end| value.get(..end)).unwrap_or(value);
    let value = match value.split_last() {
        Some((b'.' | b',' | b';' | b':', word)) => word,
        Some(_) | None => value,
    };
    let mark = |byte: u8| matches!(byte, b'-' | b'_');
    let lower = |byte: &u8| byte.is_ascii_lowercase() || mark(*byte);
    let upper = |byte: &u8| byte.is_ascii_uppercase() || mark(*byte);
    (value.iter().all(lower) || value.iter().all(upper)) && is_wordy(value, Census::of(value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::Form;

    fn judged(text: &str, value: &str, check: crate::candidate::Validator) -> Judgement {
        let start = text.find(value).unwrap();
        check(&mut Candidate {
            text: text.as_bytes(),
            start,
            end: start.checked_add(value.len()).unwrap(),
            name: &[],
            quoted: true,
            form: Form::Call,
            known: crate::candidate::Known::NOTHING,
        })
    }

    #[test]
    fn a_word_is_no_password_of_a_call() {
        assert_eq!(judged("login('bob', 'swordfish')", "swordfish", call), Judgement::Refuse);
        assert_eq!(judged("login('bob', 'q8Lm2zz')", "q8Lm2zz", call), Judgement::Sound);
        assert_eq!(judged(concat!("root", "pw Zx91kk(a)"), "Zx91kk", unquoted), Judgement::Refuse);
    }

    #[test]
    fn only_the_first_answer_to_a_question_is_one() {
        let text = "expect \"Password:\" send \"Zx91kk\\r\" expect \"$\" send \"exitnow\\r\"";
        assert_eq!(judged(text, "Zx91kk", answer), Judgement::Sound);
        assert_eq!(judged(text, "exitnow", answer), Judgement::Refuse);
        assert_eq!(judged("send \"Zx91kk\\r\"", "Zx91kk", answer), Judgement::Refuse);
    }
}
