//! Which last bytes of a text may still become part of a finding when more comes.
//!
//! A text that comes in pieces has an end that is none: a token of which a half is there looks like
//! a word. Whoever must show what is there before the rest comes asks here what to keep back. The
//! answer is by shape alone and rather too careful; a prompt (`Password: `, `[y/N]`, `>>> `) ends in
//! bytes that no value goes on after, so nothing of it is kept back.

use memchr::memmem;

use crate::bytes::{run, run_back};
use crate::detector::Detector;
use crate::prefilter::{self, Bitmaps};
use crate::rule::Trigger;
use crate::scanner::Scanner;
use crate::tables::{DETECTORS, RULES};

/// Fewest digits, spaces between them aside, that may begin a number that counts. What stands before
/// them is no secret: as many digits of a card may be shown as it is (PCI DSS, requirement 3.4.1).
const LEAST_DIGITS: usize = 7;

/// Longest word of nothing but letters that is taken for one of a prompt.
const LONGEST_PLAIN: usize = 16;

/// Digits of the longest port.
const LONGEST_PORT: usize = 5;

/// Longest number with what separates its groups, in bytes.
const LONGEST_NUMBER: usize = 64;

/// Bytes behind a head in which its label says what kind of block begins.
const LABEL: usize = 40;

/// Where the open end of a text begins, as offsets.
///
/// INVARIANT: `perhaps <= likely <= surely <= secret`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenEnd {
    /// From here on stands what has begun like a secret.
    pub secret: usize,
    /// The entity type of what has begun there.
    pub entity: Option<&'static str>,
    /// From here on stands that, or what has begun like a number or an address of a person.
    pub surely: usize,
    /// From here on stands that, or a word that looks like more than the last one of a prompt.
    pub likely: usize,
    /// From here on stands a word that could become an address or a name: nearly every text that
    /// does not end in a blank or a mark has one.
    pub perhaps: usize,
}

impl OpenEnd {
    /// The open end of `text`. Takes time linear in its last words and the 512 bytes before them.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let word = text.len().saturating_sub(run_back(text, |byte| !is_blank(byte)));
        let begun = begun(text, word);
        let key = block(text, word).map(|at| (at, crate::detector("private-key")));
        let known = |at| (at, begun.rule.and_then(|rule| DETECTORS.get(usize::from(rule))));
        let secrets = [key, begun.from.map(known), password(text, word)].into_iter().flatten();
        let (secret, what) = secrets.min_by_key(|one| one.0).unwrap_or((text.len(), None));
        let personal = [number(text), address(text, word), begun.personal].into_iter().flatten();
        let surely = personal.chain([secret]).min().unwrap_or(secret);
        let open = match text {
            // The dot of an address, not those of somebody who waits.
            [.., before, b'.'] => before.is_ascii_alphanumeric(),
            [.., last] => goes_on(*last),
            [] => false,
        };
        let perhaps = if open { word } else { text.len() };
        let last = text.get(word..).unwrap_or_default();
        let likely = if is_plain(last) || begun.head == Some(word) { text.len() } else { perhaps };
        let entity = what.map(|detector| detector.entity);
        Self { secret, entity, surely, likely: likely.min(surely), perhaps: perhaps.min(surely) }
    }
}

/// Whether a word looks like one of a prompt: a few letters, or fewer digits than a number has that
/// counts.
fn is_plain(word: &[u8]) -> bool {
    let digits = word.iter().filter(|byte| byte.is_ascii_digit()).count();
    let number = word.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b':'));
    let letters = word.len() <= LONGEST_PLAIN && word.iter().all(u8::is_ascii_alphabetic);
    letters || (number && digits < LEAST_DIGITS)
}

/// Whether nothing that a keyword leads to goes on after this byte.
const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0 | 0x1b)
}

/// Whether an address or a name may go on after this byte.
const fn goes_on(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'@' | b'_' | b'+' | b'-') || byte >= 0x80
}

/// The head of a private key whose last line has not come.
fn block(text: &[u8], word: usize) -> Option<usize> {
    let near = word.saturating_sub(Scanner::AHEAD);
    let rest = text.get(near..)?;
    let head = memmem::rfind(rest, b"-----BEGIN ")?;
    let behind = rest.get(head..)?;
    let label = behind.get(..LABEL.min(behind.len()))?;
    let private = behind.len() < LABEL || memmem::find(label, b"PRIVATE").is_some();
    let over = memmem::find(behind, b"-----END ")
        .is_some_and(|end| behind.get(end..).is_some_and(|last| last.contains(&b'\n')));
    (private && !over).then(|| near.saturating_add(head))
}

/// What keywords announce.
#[derive(Default)]
struct Begun {
    /// Where the value begins: a token's own beginning, or what follows the name it is assigned to.
    from: Option<usize>,
    /// The rule that says so.
    rule: Option<u16>,
    /// Where something of a person begins, such as the address of a machine.
    personal: Option<usize>,
    /// Where a token's head stands in which the text ends.
    head: Option<usize>,
}

fn begun(text: &[u8], word: usize) -> Begun {
    let line = line_before(text, word);
    let mut begun = Begun::default();
    let mut note = |at: usize| {
        for (start, keyword) in prefilter::keywords(text, at) {
            let end = start.saturating_add(keyword.text.len());
            let token = keyword.rules.iter().any(|rule| {
                RULES.get(usize::from(*rule)).is_some_and(|it| it.trigger == Trigger::Token)
            });
            if token && end == text.len() && start == word {
                begun.head = Some(word);
                continue;
            }
            let value = if token { start } else { value_from(text, end.max(word)) };
            let open = if token {
                end > word
            } else {
                value < text.len() && (end > word || leads_to(text, end, word))
            };
            let is_secret =
                |rule: &&u16| RULES.get(usize::from(**rule)).is_some_and(|rule| rule.secret);
            match keyword.rules.iter().find(is_secret) {
                Some(rule) if open && begun.from.is_none_or(|first| value < first) => {
                    (begun.from, begun.rule) = (Some(value), Some(*rule));
                }
                None if open && !keyword.rules.is_empty() => {
                    let first = begun.personal.map_or(value, |first| first.min(value));
                    begun.personal = Some(first);
                }
                Some(_) | None => {}
            }
        }
    };
    prefilter::places(Bitmaps::OWN, text, (line, text.len()), &mut note);
    begun
}

/// Whether what a name at `end` is assigned may begin at `word`: only the rest of the name, marks and
/// one short word stand between them (`password is`).
fn leads_to(text: &[u8], end: usize, word: usize) -> bool {
    let between = text.get(end..word).unwrap_or_default();
    let rest = run(between, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
    let behind = between.get(rest..).unwrap_or_default();
    let words = behind.split(|byte| !byte.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let lengths: Vec<usize> = words.map(<[u8]>::len).collect();
    matches!(lengths.as_slice(), [] | [..=3])
}

/// The first byte at or after `at` that may belong to a value rather than to what assigns it.
fn value_from(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let marks = rest.iter().take_while(|byte| !byte.is_ascii_alphanumeric()).count();
    // Passwords may begin in marks, too; more than the usual few belong to the value.
    at.saturating_add(if marks <= 3 { marks } else { 0 })
}

/// Where the line before the one of `at` begins, at most [`Scanner::BEHIND`] bytes before it.
fn line_before(text: &[u8], at: usize) -> usize {
    let head = text.get(..at).unwrap_or_default();
    let near = head.len().saturating_sub(Scanner::BEHIND);
    let recent = head.get(near..).unwrap_or_default();
    let mut feeds = recent.iter().enumerate().rev().filter(|(_, byte)| **byte == b'\n');
    let second = feeds.nth(1).map_or(0, |(feed, _)| feed.saturating_add(1));
    near.saturating_add(second)
}

/// Where the groups of digits begin in which the text ends.
fn number(text: &[u8]) -> Option<usize> {
    let recent = text.get(text.len().saturating_sub(LONGEST_NUMBER)..)?;
    // Groups are parted by one blank, too: the next one may come.
    if !matches!(recent, [.., b'0'..=b'9' | b'-'] | [.., b'0'..=b'9', b' ']) {
        return None;
    }
    let length = run_back(recent, |byte| {
        byte.is_ascii_digit() || matches!(byte, b' ' | b'-' | b'.' | b'(' | b')' | b'+' | b'/')
    });
    let group = recent.get(recent.len().checked_sub(length)?..)?;
    let digits = group.iter().filter(|byte| byte.is_ascii_digit()).count();
    let blanks = group.iter().take_while(|byte| **byte == b' ').count();
    (digits >= LEAST_DIGITS).then(|| text.len().saturating_sub(length).saturating_add(blanks))
}

/// An address whose `@` is there, or a URL with what may be a port.
fn address(text: &[u8], word: usize) -> Option<usize> {
    let rest = text.get(word..)?;
    let ends = rest.last().is_some_and(|byte| goes_on(*byte) || *byte == b'.');
    (ends && (rest.contains(&b'@') || behind_user(rest).is_some())).then_some(word)
}

/// The password of a URL, which a port or a whole URL would not look like.
fn password(text: &[u8], word: usize) -> Option<(usize, Option<&'static Detector>)> {
    let rest = text.get(word..)?;
    let value = behind_user(rest)?;
    let port = value.len() <= LONGEST_PORT && value.iter().all(u8::is_ascii_digit);
    let ends = value.last().is_some_and(|byte| goes_on(*byte) || *byte == b'.');
    let rule = RULES.iter().position(|rule| rule.trigger == Trigger::Userinfo)?;
    (ends && !port).then(|| (text.len().saturating_sub(value.len()), DETECTORS.get(rule)))
}

/// What stands behind the first colon of a URL's authority, where no path has begun.
fn behind_user(word: &[u8]) -> Option<&[u8]> {
    let scheme = memmem::rfind(word, b"://")?;
    let authority = word.get(scheme.saturating_add(3)..)?;
    let colon = authority.iter().position(|byte| *byte == b':')?;
    (!authority.contains(&b'/')).then(|| authority.get(colon.saturating_add(1)..))?
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "texts of the tests are ASCII")]
mod tests {
    use super::*;

    fn held(text: &str) -> (&str, &str) {
        let end = OpenEnd::of(text.as_bytes());
        let order = [end.perhaps, end.likely, end.surely, end.secret, text.len()];
        assert!(order.is_sorted(), "{text:?}");
        assert_eq!(end.secret < text.len(), end.entity.is_some(), "{text:?}");
        (&text[end.surely..], &text[end.perhaps..])
    }

    fn at_first(text: &str) -> &str {
        &text[OpenEnd::of(text.as_bytes()).likely..]
    }

    #[test]
    fn prompts_are_shown_whole() {
        for text in [
            "",
            "Password: ",
            "password:",
            "Continue? [y/N]",
            "Continue? [Y/n] ",
            ">>> ",
            "app=# ",
            "(gdb) ",
            "user@host:~$ ",
            "Receiving objects:  50% (5123/10246)\r",
            "waiting...",
            "line\n",
            "Password for 'https://jane@github.com': ",
            "Password: Continue? [y/N]",
        ] {
            assert_eq!(held(text), ("", ""), "{text:?}");
        }
    }

    #[test]
    fn what_has_begun_like_a_secret_is_kept_back() {
        let token = format!("gh{}_abc", 'p');
        for (text, surely) in [
            (format!("the {token}"), token.as_str()),
            ("password = hunter".to_owned(), "hunter"),
            ("\"password\": \"hunter".to_owned(), "hunter"),
            ("the password is hunter".to_owned(), "hunter"),
            ("card 4111 1111".to_owned(), "4111 1111"),
            ("card 4111 1111 ".to_owned(), "4111 1111 "),
            ("mail jane@exam".to_owned(), "jane@exam"),
            ("mail jane@example.".to_owned(), "jane@example."),
            ("https://jane:hun".to_owned(), "https://jane:hun"),
        ] {
            assert_eq!(held(&text).0, surely, "{text:?}");
        }
    }

    #[test]
    fn a_private_key_is_kept_back_from_its_head_to_its_end() {
        let head = format!("x\n-----BEGIN {} KEY-----\nMIIE\nabcd\n", "PRIVATE");
        assert_eq!(held(&head).0, &head[2..]);
        let whole = format!("{head}-----END {} KEY-----\n", "PRIVATE");
        assert_eq!(held(&whole), ("", ""));
        assert_eq!(held("-----BEGIN CERTIFICATE-----\nMIIE and much more to come\n").0, "");
    }

    #[test]
    fn a_word_may_be_anything() {
        assert_eq!(held("waiting for jane"), ("", "jane"));
        assert_eq!(held("waiting for jane."), ("", "jane."));
        assert_eq!(held("waiting for jane "), ("", ""));
    }

    #[test]
    fn a_prompt_of_letters_or_of_a_tokens_head_is_shown_at_once() {
        let heads = [["gh", "p_"], ["AK", "IA"], ["xo", "xb-"]].map(|parts| parts.concat());
        for text in ["name", "Password", "Enter API key", "port 8080", "4111", "1.20", "12:30"]
            .into_iter()
            .chain(heads.iter().map(String::as_str))
        {
            assert_eq!(at_first(text), "", "{text:?}");
        }
        for text in [
            "jane.doe",
            "a@b",
            "1.2.3.4",
            "j\u{e4}ne",
            "41111111",
            "4111 1111",
            "aVeryLongNameOfNobody",
            &format!("{}a", heads[0]),
            &format!("x{}", heads[0]),
        ] {
            assert!(!at_first(text).is_empty(), "{text:?}");
        }
        assert_eq!(at_first("password is hunter"), "hunter");
    }

    #[test]
    fn what_has_begun_has_a_name() {
        let entity = |text: &str| OpenEnd::of(text.as_bytes()).entity;
        assert_eq!(entity(&format!("gh{}_abc", 'p')), Some("secret.github.pat"));
        assert_eq!(
            entity(&format!("-----BEGIN {} KEY-----\nMI", "PRIVATE")),
            Some("secret.private_key")
        );
        assert!(entity("https://jane:hun").is_some());
        assert_eq!(entity("jane@example"), None);
        assert_eq!(entity("on http://localhost:8080"), None);
    }
}
