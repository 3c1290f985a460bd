//! Where in a long text a command that takes a secret may stand.
//!
//! Nearly no line of a text is such a command, and looking at the first word of each costs more
//! than all else that a scan does. So the text is searched for what such a command has in it: an
//! option behind a blank, the name of a program that takes a secret without any option, a variable
//! in capitals that is named like a secret. Which of them stand there is told by the tables; this
//! only says where to ask them.

use std::ops::Range;

use crate::profile::TELLING;

/// Ends of names of variables whose value is a secret, as [`crate::naming::says`] knows them.
const VARIABLES: &[&str] = &[
    "AUTH=",
    "COOKIE=",
    "CREDENTIAL=",
    "KEY=",
    "PASS=",
    "PASSPHRASE=",
    "PASSWORD=",
    "PWD=",
    "SECRET=",
    "TOKEN=",
];

/// Bytes that the longest word has, or that must be known behind an option's hyphen.
pub const LIKELY_AHEAD: usize = 64;

/// The words by which a command is known that takes a secret without any option, each with the blank
/// or `=` behind it.
#[must_use]
pub fn telling_words() -> Vec<&'static str> {
    TELLING.iter().chain(VARIABLES).copied().collect()
}

/// The places of `text`, from byte `from` to before `to`, at which a command that takes a secret may
/// have an option or one of [`telling_words`]; in order. They depend on at most [`LIKELY_AHEAD`]
/// bytes from `to` on.
///
/// Words are looked for where they begin in `regions`, ranges of the text in order: whoever does not
/// know better gives the whole. Of places that overlap not all need be told.
pub fn likely_places<'t>(
    text: &'t [u8],
    from: usize,
    to: usize,
    regions: impl IntoIterator<Item = Range<usize>> + 't,
) -> impl Iterator<Item = usize> + 't {
    let ahead = to.saturating_add(LIKELY_AHEAD).min(text.len());
    let text = text.get(..ahead).unwrap_or(text);
    let words = regions.into_iter();
    let words = words.flat_map(move |it| words_in(text, it.start.max(from), it.end.min(to)));
    let mut words = words.peekable();
    let mut options = options(text, from).take_while(move |place| *place < to).peekable();
    std::iter::from_fn(move || match (words.peek(), options.peek()) {
        (Some(word), Some(option)) if word < option => words.next(),
        (_, Some(_)) => options.next(),
        (_, None) => words.next(),
    })
}

/// Where options begin from byte `from` on: the places of what stands before their hyphen.
fn options(text: &[u8], from: usize) -> impl Iterator<Item = usize> + '_ {
    let behind = text.get(from.saturating_add(1)..).unwrap_or_default();
    let before = memchr::memchr_iter(b'-', behind).map(move |at| from.saturating_add(at));
    before.filter(|place| text.get(*place..).is_some_and(is_option))
}

/// Whether a text begins with what stands before an option and with one: a hyphen behind a blank, or
/// behind a quote as in a list of words (`["mysql", "-pX"]`), and a letter behind it or behind one
/// more hyphen.
fn is_option(text: &[u8]) -> bool {
    match text {
        [b' ' | b'\t' | b'"' | b'\'', b'-', b'-', letter, ..]
        | [b' ' | b'\t' | b'"' | b'\'', b'-', letter, ..] => letter.is_ascii_alphabetic(),
        _ => false,
    }
}

/// Where words begin in bytes `from..to`, by a look at every blank and `=`, with which all end.
fn words_in(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
    let end = to.saturating_add(LIKELY_AHEAD).min(text.len());
    let ends = memchr::memchr2_iter(b' ', b'=', text.get(from..end).unwrap_or_default());
    let ends = ends.map(move |at| from.saturating_add(at).saturating_add(1));
    let places = ends.filter_map(|end| word_before(text.get(..end)?));
    places.filter(move |place| (from..to).contains(place))
}

/// Where the first of the words begins that end with `text`.
fn word_before(text: &[u8]) -> Option<usize> {
    let bit = bit(*text.last_chunk()?);
    if !is_tail(bit) {
        return None;
    }
    let first = BY_TAIL.partition_point(|(known, _)| usize::from(*known) < bit);
    let alike = BY_TAIL.get(first..)?.iter().take_while(|(known, _)| usize::from(*known) == bit);
    let words = alike.filter_map(|(_, at)| TELLING.iter().chain(VARIABLES).nth(usize::from(*at)));
    let words = words.filter(|word| text.ends_with(word.as_bytes()));
    let places = words.map(|word| (text.len().saturating_sub(word.len()), word));
    places.filter(|(place, word)| stands(text, *place, word)).map(|(place, _)| place).min()
}

/// Whether one of the words, found at `place`, stands there: a program's name begins a word, that of
/// a variable may be the end of a longer one.
fn stands(text: &[u8], place: usize, word: &str) -> bool {
    let before = place.checked_sub(1).and_then(|at| text.get(at));
    word.ends_with('=') || !before.is_some_and(u8::is_ascii_alphanumeric)
}

/// Whether some word may end with the bytes of that bit.
fn is_tail(bit: usize) -> bool {
    TAILS.get(bit >> 6).is_some_and(|bits| bits >> (bit & 63) & 1 == 1)
}

/// Which bit stands for the last four bytes of a word: the top of a multiplicative hash.
const fn bit(tail: [u8; 4]) -> usize {
    (u32::from_le_bytes(tail).wrapping_mul(0x9E37_79B1) >> 20) as usize
}

/// One bit for the last four bytes of each word, which nearly no word of a text has set.
static TAILS: [u64; 64] = tails();

/// The same bits, each with the number of a word that has it, in order.
static BY_TAIL: [(u16, u16); WORDS] = by_tail();

/// How many words there are.
const WORDS: usize = TELLING.len() + VARIABLES.len();

#[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
#[expect(clippy::arithmetic_side_effects, reason = "worked out while compiling")]
const fn tails() -> [u64; 64] {
    let mut tails = [0; 64];
    let mut at = 0;
    while at < WORDS {
        let bit = BY_TAIL[at].0 as usize;
        tails[bit >> 6] |= 1 << (bit & 63);
        at += 1;
    }
    tails
}

#[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
#[expect(clippy::arithmetic_side_effects, reason = "worked out while compiling")]
#[expect(clippy::cast_possible_truncation, reason = "twelve bits, and few words")]
#[expect(clippy::panic, reason = "ends the build")]
const fn by_tail() -> [(u16, u16); WORDS] {
    let mut sorted = [(0, 0); WORDS];
    let mut number = 0;
    while number < WORDS {
        let variable = number.checked_sub(TELLING.len());
        let word = if let Some(at) = variable { VARIABLES[at] } else { TELLING[number] };
        let Some(tail) = word.as_bytes().last_chunk() else {
            panic!("a word of less than four bytes")
        };
        assert!(word.len() < LIKELY_AHEAD, "a word that is too long");
        let bit = bit(*tail) as u16;
        let mut at = number;
        while at > 0 && sorted[at - 1].0 > bit {
            sorted[at] = sorted[at - 1];
            at -= 1;
        }
        sorted[at] = (bit, number as u16);
        number += 1;
    }
    sorted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<usize> {
        likely_places(text.as_bytes(), 0, text.len(), Some(0..text.len())).collect()
    }

    #[test]
    fn options_names_and_variables_are_found() {
        assert_eq!(places("a - b -> c -- d -1 --1"), [0; 0]);
        assert_eq!(
            places("mysql -pX; vault login X; PGPASSWORD=x psql --host h"),
            [0, 5, 11, 28, 39, 43]
        );
        assert_eq!(places("/usr/bin/vault login X"), [9]);
        assert_eq!(places("redis-cli\t-a\tX"), [9]);
        assert_eq!(places("default login; password=x; vault"), [0; 0]);
    }

    #[test]
    fn every_word_is_found_where_it_begins() {
        for word in telling_words() {
            let text = format!("x {word}x");
            assert_eq!(places(&text), [2], "{text}");
            assert_eq!(places(&format!("xy{word}x")).len(), usize::from(word.ends_with('=')));
        }
    }

    #[test]
    fn words_are_looked_for_where_they_may_begin_alone() {
        let text = b"vault -a TOKEN=x vault ";
        let within =
            |regions: Vec<_>| likely_places(text, 0, text.len(), regions).collect::<Vec<_>>();
        assert_eq!(within(vec![0..1, 1..10]), [0, 5, 9]);
        assert_eq!(within(vec![0..1, 17..18]), [0, 5, 17]);
        assert_eq!(within(vec![]), [5]);
        assert_eq!(within(vec![1..9, 90..99]), [5]);
    }

    #[test]
    fn where_a_text_is_cut_does_not_matter() {
        let text = "x vault login a -b MY_TOKEN=c -d e --f heroku x".repeat(9);
        let text = text.as_bytes();
        let whole: Vec<_> = likely_places(text, 0, text.len(), Some(0..text.len())).collect();
        assert!(whole.len() > 40);
        for cut in 0..text.len() {
            let all = Some(0..text.len());
            let both = likely_places(text, 0, cut, all.clone());
            let both = both.chain(likely_places(text, cut, text.len(), all));
            let both: Vec<_> = both.collect();
            assert!(whole.iter().all(|place| both.contains(place)), "{cut}");
        }
    }
}
