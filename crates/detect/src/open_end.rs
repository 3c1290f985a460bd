//! Which last bytes of a text may still become part of a finding when more comes.
//!
//! A text that comes in pieces has an end that is none: a token of which a half is there looks like
//! a word. Whoever must show what is there before the rest comes asks here what to keep back. The
//! answer is by shape alone and rather too careful; a prompt (`Password: `, `[y/N]`, `>>> `) ends in
//! bytes that no value goes on after, so nothing of it is kept back.

use memchr::memmem;

use crate::bytes::{run, run_back};
use crate::prefilter::{self, Bitmaps};
use crate::rule::Trigger;
use crate::scanner::Scanner;
use crate::tables::RULES;

/// Fewest digits, spaces between them aside, that may begin a number that counts.
const LEAST_DIGITS: usize = 4;

/// Longest number with what separates its groups, in bytes.
const LONGEST_NUMBER: usize = 64;

/// Bytes behind a head in which its label says what kind of block begins.
const LABEL: usize = 40;

/// Where the open end of a text begins, as offsets.
///
/// INVARIANT: `perhaps <= surely`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OpenEnd {
    /// From here on stands what has begun like a secret or a number of a person.
    pub surely: usize,
    /// From here on stands a word that could become an address or a name: nearly every text that
    /// does not end in a blank or a mark has one.
    pub perhaps: usize,
}

impl OpenEnd {
    /// The open end of `text`. Takes time linear in its last words and the 512 bytes before them.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let word = text.len().saturating_sub(run_back(text, |byte| !is_blank(byte)));
        let surely = [block(text, word), begun(text, word), number(text), address(text, word)];
        let surely = surely.into_iter().flatten().min().unwrap_or(text.len());
        let open = match text {
            // The dot of an address, not those of somebody who waits.
            [.., before, b'.'] => before.is_ascii_alphanumeric(),
            [.., last] => goes_on(*last),
            [] => false,
        };
        let perhaps = if open { word } else { text.len() };
        Self { surely, perhaps: perhaps.min(surely) }
    }
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

/// Where the value begins that a keyword has announced: a token's own beginning, or what follows
/// the name it is assigned to.
fn begun(text: &[u8], word: usize) -> Option<usize> {
    let line = line_before(text, word);
    let mut first = None;
    let mut note = |at: usize| {
        for (start, keyword) in prefilter::keywords(text, at) {
            let end = start.saturating_add(keyword.text.len());
            let token = keyword.rules.iter().any(|rule| {
                RULES.get(usize::from(*rule)).is_some_and(|it| it.trigger == Trigger::Token)
            });
            let value = if token { start } else { value_from(text, end.max(word)) };
            let open = if token {
                end > word
            } else {
                value < text.len() && (end > word || leads_to(text, end, word))
            };
            if open && !keyword.rules.is_empty() {
                first = Some(first.map_or(value, |first: usize| first.min(value)));
            }
        }
    };
    prefilter::places(Bitmaps::OWN, text, (line, text.len()), &mut note);
    first
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

/// An address whose `@` is there, or a URL whose user part may be.
fn address(text: &[u8], word: usize) -> Option<usize> {
    let rest = text.get(word..)?;
    let ends = rest.last().is_some_and(|byte| goes_on(*byte) || *byte == b'.');
    let at = rest.contains(&b'@') && ends;
    let user = memmem::rfind(rest, b"://").and_then(|scheme| rest.get(scheme.saturating_add(3)..));
    let user = user.is_some_and(|user| user.contains(&b':') && !user.contains(&b'/'));
    (at || user && ends).then_some(word)
}

#[cfg(test)]
#[expect(clippy::string_slice, reason = "texts of the tests are ASCII")]
mod tests {
    use super::*;

    fn held(text: &str) -> (&str, &str) {
        let end = OpenEnd::of(text.as_bytes());
        (&text[end.surely..], &text[end.perhaps..])
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
}
