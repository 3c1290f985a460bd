//! Passwords that people tell each other in sentences, in words that stand in no place of their own.
//!
//! A word of letters and digits is hardly anything else behind `the pw for the zip is`; a word of a
//! language is one only where the sentence ends with it and no sentence about passwords ends so.

use super::beside::call;
use super::census::Census;
use super::secret::{LEAST_KEY, is_key, is_term};
use super::standing::line_before;
use crate::bytes::{run, run_back};
use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// Fewest bytes of such a password.
const LEAST: usize = 5;

/// Most letters of a word that is one.
const LONGEST_WORD: usize = 24;

/// Takes marks off both ends and judges the rest: letters and digits, or three kinds of characters.
pub(super) fn told(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    // `\fIstring\fR` is a word in a manual page.
    if value.starts_with(b"\\f") {
        return Judgement::Refuse;
    }
    let opens = run(value, |byte| matches!(byte, b'"' | b'\'' | b'`' | b'(' | b'*'));
    candidate.start = candidate.start.saturating_add(opens).min(candidate.end);
    let ends = run_back(candidate.value(), |byte| {
        matches!(byte, b'"' | b'\'' | b'`' | b')' | b'.' | b',' | b';' | b':' | b'?' | b'*')
    });
    candidate.end = candidate.end.saturating_sub(ends);
    let value = candidate.value();
    let census = Census::of(value);
    let mixed = census.digits() > 0 && census.letters() > 0;
    let path = value.contains(&b'/') || value.contains(&b'(') || value.contains(&b'=');
    let chosen = (mixed || census.kinds() > 2) && value.len() >= LEAST && !is_term(value) && !path;
    if chosen { call(candidate) } else { Judgement::Refuse }
}

/// The same of the word that follows the verb of a sentence: `pw for the zip is …`.
pub(super) fn told_for(candidate: &mut Candidate<'_>) -> Judgement {
    let led = candidate.before();
    let begins = run_back(led, |byte| byte.is_ascii_alphabetic() || byte == b' ');
    let glued = led.len().checked_sub(begins.saturating_add(1)).and_then(|at| led.get(at));
    if glued.is_some_and(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'-' | b'.')) {
        return Judgement::Refuse;
    }
    let Some(verb) = behind_verb(candidate.value()) else { return Judgement::Refuse };
    let value = candidate.value();
    let word = run(value.get(verb..).unwrap_or_default(), |byte| byte.is_ascii_graphic());
    candidate.start = candidate.start.saturating_add(verb);
    candidate.end = candidate.start.saturating_add(word);
    told(candidate)
}

/// Where the verb of a sentence ends that leads from what a password is for to the password.
fn behind_verb(sentence: &[u8]) -> Option<usize> {
    [b" is ".as_slice(), b": "].into_iter().find_map(|verb| {
        let at = sentence.windows(verb.len()).position(|part| part == verb)?;
        at.checked_add(verb.len())
    })
}

/// A key that a sentence tells, `the key to the api is …`: made by a machine, and not the key of a row or
/// one that everybody may know.
pub(super) fn told_key(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(verb) = behind_verb(candidate.value()) else { return Judgement::Refuse };
    let rest = candidate.value().get(verb..).unwrap_or_default();
    let opens = run(rest, |byte| matches!(byte, b'"' | b'\'' | b'`'));
    let rest = rest.get(opens..).unwrap_or_default();
    let key = run(rest, |byte| byte.is_ascii_alphanumeric() || b"_+/=.-".contains(&byte));
    let ends = run_back(rest.get(..key).unwrap_or_default(), |byte| byte == b'.');
    candidate.start = candidate.start.saturating_add(verb).saturating_add(opens);
    candidate.end = candidate.start.saturating_add(key).saturating_sub(ends);
    let line = line_before(candidate);
    let hex = candidate.value().iter().all(u8::is_ascii_hexdigit);
    let whose = !hex || OF_SERVICES.stand_in(line);
    let fits = whose && !OF_DATA.stand_in(line) && is_key(candidate, LEAST_KEY);
    Judgement::refuse_unless(fits)
}

/// Words of sentences about keys of services, and of those about keys of data.
static OF_SERVICES: Words =
    words! { "api" "secret" "access" "auth" "token" "admin" "service" "account" };
static OF_DATA: Words = words! {
    "cache" "public" "primary" "foreign" "commit" "digest" "hash" "checksum" "partition" "sort key" "object key"
    "map" "dict" "csrf" "page" "cursor" "row" "record" "column" "index" "fingerprint"
};

/// Whether a word of a language that ends a sentence about a password is the password: `my password is
/// …`, and not `the password is wrong`.
pub(super) fn is_told_word(candidate: &Candidate<'_>) -> bool {
    let value = candidate.value();
    let ends = match candidate.after() {
        [] | [b'\n' | b'\r', ..] => true,
        [b'.' | b',' | b'!' | b';', rest @ ..] => {
            rest.first().is_none_or(|byte| byte.is_ascii_whitespace())
        }
        _ => false,
    };
    let plain = || {
        (LEAST..=LONGEST_WORD).contains(&value.len())
            && value.iter().all(u8::is_ascii_lowercase)
            && !candidate.quoted
    };
    ends && plain() && !STATES.contain(value) && !ENDINGS.end(value) && is_whose(candidate)
}

/// Whether the word before the name says whose password it is, in a line of no program.
fn is_whose(candidate: &Candidate<'_>) -> bool {
    let line = line_before(candidate);
    let at = line.windows(candidate.name.len()).rposition(|part| part == candidate.name);
    let head = at.and_then(|at| line.get(..at)).unwrap_or_default();
    let text = |byte: &u8| {
        byte.is_ascii_alphanumeric()
            || matches!(byte, b' ' | b',' | b'.' | b'-' | b'\'' | b'!' | b'?' | b':')
    };
    head.iter().all(text) && OWNERS.end(head.trim_ascii_end())
}

/// Words before `password` in sentences that tell one.
static OWNERS: Words = words! {
    "the" "my" "our" "your" "his" "her" "their" "its" "wifi" "wi-fi" "admin" "root" "vpn" "guest" "router" "new"
    "old" "temporary" "master" "default" "login" "account" "email" "mail" "database" "server"
};

/// What sentences say of passwords, without saying one.
static STATES: Words = words! {
    "above" "again" "alone" "below" "blank" "bogus" "broken" "chosen" "clear" "correct" "different" "empty"
    "enough" "entered" "equal" "first" "forgotten" "given" "good" "hashes" "hidden" "here" "known" "longer" "long"
    "lost" "missing" "needed" "never" "nothing" "often" "okay" "plain" "plaintext" "public" "random" "ready"
    "right" "safe" "salty" "same" "secure" "secret" "sent" "short" "shorter" "shown" "simple" "strong" "taken" "there"
    "unique" "unknown" "unset" "untrue" "useless" "valid" "visible" "weak" "wrong" "yours" "invalid" "incorrect"
    "something" "anything" "everything" "everywhere" "elsewhere" "default" "exact" "fixed" "free" "fresh" "ours" "mine" "theirs"
    "complex" "stale" "stolen" "written" "typed" "older" "newer" "stronger" "weaker" "important" "sensitive"
    "password" "passwords" "passphrase" "prompt" "username" "string" "number" "letters" "characters" "digits"
};

/// Endings of more of these.
static ENDINGS: Words = words! {
    "ed" "ing" "ly" "able" "ible" "ory" "ary" "ous" "ive" "less" "ent" "ional" "istent" "tic" "ical" "word" "ful"
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::assignment::Form;

    fn candidate<'t>(text: &'t str, value: &str) -> Candidate<'t> {
        let start = text.find(value).unwrap();
        let end = start.checked_add(value.len()).unwrap();
        let name = b"password".as_slice();
        Candidate {
            text: text.as_bytes(),
            start,
            end,
            name,
            quoted: false,
            form: Form::Prose,
            known: crate::candidate::Known::NOTHING,
        }
    }

    #[test]
    fn a_word_that_ends_its_sentence_is_told() {
        for text in ["my password is kestrel", "the root password is kestrel, keep it"] {
            assert!(is_told_word(&candidate(text, "kestrel")), "{text}");
        }
        for (text, value) in [
            ("the password is wrong", "wrong"),
            ("the password is required.", "required"),
            ("the password is kestrel sensitive", "kestrel"),
            ("x = password is kestrel", "kestrel"),
        ] {
            assert!(!is_told_word(&candidate(text, value)), "{text}");
        }
    }

    #[test]
    fn letters_and_digits_behind_the_verb_are_told() {
        let mut found = candidate("pw for the zip is 'kestrel42'.", "the zip is 'kestrel42'.");
        assert_eq!(told_for(&mut found), Judgement::Sound);
        assert_eq!(found.value(), b"kestrel42");
        let mut none = candidate("pw for the zip is in the vault", "the zip is in the vault");
        assert_eq!(told_for(&mut none), Judgement::Refuse);
    }
}
