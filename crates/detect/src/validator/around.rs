//! What stands around a number that nothing names: whether it may be anybody's.
//!
//! Programs print ids of the same lengths, and one in ten has a right check digit. So a number
//! without a word for it counts only where people write and programs seldom do.

use crate::bytes::{run, run_back};
use crate::candidate::Candidate;
use crate::words::{Words, words};

/// How much of the line on either side is looked at.
const NEAR: usize = 80;

/// How far before a number a word may stand that makes it an id.
const CONTEXT: usize = 28;

/// Fewest words of a sentence.
const WORDS: usize = 3;

/// Words for what programs count and name by numbers.
static IDS: Words = words! {
    "account" "allocat" "article" "batch" "block" "build" "cache" "case" "checked" "code" "commit" "container" "count" "created" "customer"
    "deleted" "fetched" "found" "handle" "hash" "loaded" "processed" "read" "seed" "skipped" "wrote"
    "device" "document" "entry" "event" "file" "id" "invoice" "issue" "item" "job" "key" "line" "log"
    "message" "node" "number" "object" "offset" "order" "page" "part" "pid" "port" "post" "process"
    "product" "record" "ref" "release" "request" "revision" "row" "run" "sequence" "serial" "session"
    "shard" "shipment" "sku" "span" "task" "ticket" "time" "trace" "tracking" "transaction" "user"
    "version"
};

/// What follows a number that a program printed: what it counts, or where it took it from.
static UNITS: Words = words! {
    "byte" "cycle" "entries" "from cache" "items" "ms" "ns" "records" "rows" "seconds" "ticks" "times" "us "
};

/// Whether what stands on either side is capitals, digits and marks by chance, without a blank, as the
/// qualities of a sequence of DNA are written: `A?;@<B+42662905,59##`.
pub(super) fn in_noise(candidate: &Candidate<'_>) -> bool {
    let (before, after) = line(candidate);
    let near = before.get(before.len().saturating_sub(NOISE)..).unwrap_or_default();
    let around = || near.iter().chain(after.iter().take(NOISE));
    let calm = |byte: &u8| byte.is_ascii_lowercase() || !byte.is_ascii_graphic();
    let unusual =
        |byte: &&u8| matches!(byte, b'!' | b'#'..=b'&' | b';'..=b'@' | b'*' | b'^' | b'~');
    !around().any(calm) && around().filter(unusual).count() >= LEAST_NOISE
}

/// Whether control characters stand near it that no text has: a piece of a picture. Texts have others, and
/// records are parted by some.
pub(super) fn in_picture(candidate: &Candidate<'_>) -> bool {
    let (before, after) = line(candidate);
    let near = before.get(before.len().saturating_sub(NOISE)..).unwrap_or_default();
    near.iter().chain(after.iter().take(NOISE)).any(|byte| matches!(byte, 4..=6 | 11 | 14..=26))
}

/// How much on either side is looked at for that, and how many such marks are no chance.
const NOISE: usize = 16;
const LEAST_NOISE: usize = 5;

/// Whether groups of digits are numbers close to each other, as rows of indices are: `2421 2416 2433`.
pub(super) fn are_neighbours(groups: &[u8]) -> bool {
    let mut numbers = groups
        .split(|byte| !byte.is_ascii_digit())
        .map(|group| str::from_utf8(group).ok().and_then(|it| it.parse::<u32>().ok()));
    let Some(Some(first)) = numbers.next() else { return false };
    let mut others = 0_usize;
    let near = numbers.all(|number| {
        others = others.saturating_add(1);
        number.is_some_and(|it| it.abs_diff(first) < CLOSE)
    });
    near && others > 0
}

/// How far apart such numbers are at most.
const CLOSE: u32 = 64;

/// Whether a text is nothing but the number, as what somebody typed into a field is: nothing around
/// it says that it counts or names something else.
pub(super) fn is_whole(candidate: &Candidate<'_>) -> bool {
    candidate.before().is_empty() && candidate.after().trim_ascii().is_empty()
}

/// Whether the number stands in a sentence: between words or at its end, in a line without another
/// number and without the marks of data, behind no word for an id.
pub(super) fn in_sentence(candidate: &Candidate<'_>) -> bool {
    let (before, after) = line(candidate);
    let data = |byte: &u8| byte.is_ascii_digit() || b"{}[]<>=|\"\t;/_\\".contains(byte);
    let led = matches!(before, [.., b'a'..=b'z' | b'A'..=b'Z' | b':' | b',', b' ']);
    let opens = before.is_empty() && matches!(after, [b' ', b'a'..=b'z', ..]);
    let ends = matches!(after, [] | [b'.' | b',' | b'!' | b'?' | b')'] | [b' ', b'a'..=b'z', ..])
        || matches!(after, [b'.' | b',' | b'!' | b'?', b' ', ..]);
    let letters = |part: &[u8]| part.iter().any(u8::is_ascii_alphabetic);
    let words = before.split(|byte| *byte == b' ').chain(after.split(|byte| *byte == b' '));
    (led || opens)
        && ends
        && words.filter(|word| letters(word)).count() >= WORDS
        && !before.iter().chain(after).any(data)
        && !IDS.stand_near_end(before, CONTEXT)
        && !UNITS.begin(after.trim_ascii_start())
}

/// What stands in the same line on either side.
fn line<'t>(candidate: &Candidate<'t>) -> (&'t [u8], &'t [u8]) {
    let (before, after) = (candidate.before(), candidate.after());
    let near = before.get(before.len().saturating_sub(NEAR)..).unwrap_or_default();
    let start = near.len().saturating_sub(run_back(near, |byte| byte != b'\n'));
    let near_after = after.get(..NEAR.min(after.len())).unwrap_or_default();
    let end = run(near_after, |byte| !matches!(byte, b'\r' | b'\n'));
    (near.get(start..).unwrap_or_default(), near_after.get(..end).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sentence(text: &str) -> bool {
        let start = text.find("77").unwrap();
        let candidate = Candidate::of(text.as_bytes(), (start, start.checked_add(2).unwrap()));
        in_sentence(&candidate)
    }

    #[test]
    fn indices_are_close_to_each_other() {
        assert!(are_neighbours(b"2421 2416 2433") && are_neighbours(b"4313 4314 4315 4316"));
        assert!(!are_neighbours(b"2421 7416 2433") && !are_neighbours(b"2421"));
    }

    #[test]
    fn chance_has_marks_and_no_blanks() {
        let noisy = |text: &str| {
            let start = text.find("77").unwrap();
            let end = start.checked_add(2).unwrap();
            in_noise(&Candidate::of(text.as_bytes(), (start, end)))
        };
        assert!(noisy("@A@A4??<<A77=>.9>=:;") && noisy("77@559@96@79####"));
        assert!(!noisy("{\"PHONE\":77,\"FAX\":1}") && !noisy("<TEL>77</TEL>"));
    }

    #[test]
    fn pictures_have_what_no_text_has() {
        let pictured = |text: &str| {
            let start = text.find("77").unwrap();
            in_picture(&Candidate::of(text.as_bytes(), (start, start.checked_add(2).unwrap())))
        };
        assert!(pictured("cd \u{14}\u{1b}77 x"));
        assert!(!pictured("8=FIX\u{1}9=77\u{1}\u{1e}\u{1f}\0") && !pictured("\u{1b}[1m77\u{7}"));
    }

    #[test]
    fn people_write_sentences_and_programs_data() {
        for text in [
            "please use it: 77.",
            "that is mine: 77",
            "77 is my number",
            "use 77 for it",
            "a 5\nof the 77, yes",
        ] {
            assert!(sentence(text), "{text}");
        }
        for text in [
            "77",
            "77,open",
            "order 77",
            "id: 77",
            "a=1 use 77",
            "[INFO] use 77",
            "use 77 in 3 ms",
            "use  77  now",
            "77\tis",
            "deleted 77",
            "77 is mine",
            "\"of 77\"",
            "the number is 77",
        ] {
            assert!(!sentence(text), "{text}");
        }
    }
}
