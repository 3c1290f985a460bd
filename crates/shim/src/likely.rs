//! Where in a long text a command that takes a secret may stand.
//!
//! Nearly no line of a text is such a command, and looking at the first word of each costs more
//! than all else that a scan does. So the text is searched for what such a command has in it: an
//! option behind a blank, the name of a program that takes a secret without any option, a variable
//! in capitals that is named like a secret. Which of them stand there is told by the tables; this
//! only says where to ask them.

use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind, packed};
use memchr::memmem::Finder;

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

/// How many bytes behind the end of a text must be known to say what stands before it.
pub const LIKELY_AHEAD: usize = 64;

/// The places of `text`, from byte `from` to before `to`, at which a command that takes a secret may
/// have an option, its name or a variable; in order. They look at most [`LIKELY_AHEAD`] bytes beyond
/// `to`.
///
/// Of places that overlap not all need be told.
pub fn likely_places(text: &[u8], from: usize, to: usize) -> impl Iterator<Item = usize> + '_ {
    let ahead = to.saturating_add(LIKELY_AHEAD).min(text.len());
    let text = text.get(..ahead).unwrap_or(text);
    let mut all: Vec<_> = [&BLANK, &TAB, &QUOTE, &APOSTROPHE]
        .into_iter()
        .map(|before| options(text, from, before))
        .collect();
    if ahead.saturating_sub(from) < SHORT {
        all.push(words_one_by_one(text, from));
    } else {
        all.extend(WORDS.iter().map(|words| words.places(text, from)));
    }
    let mut all: Vec<_> = all.into_iter().map(Iterator::peekable).collect();
    let next = move || {
        let each = all.iter_mut().filter_map(|places| Some((*places.peek()?, places)));
        each.min_by_key(|(place, _)| *place)?.1.next()
    };
    std::iter::from_fn(next).take_while(move |place| *place < to)
}

/// Places of one kind, in order.
type Places<'t> = Box<dyn Iterator<Item = usize> + 't>;

/// What stands before an option.
static BLANK: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(" -"));
static TAB: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\t-"));
/// The same in a list of words: `["mysql", "-pX"]`.
static QUOTE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\"-"));
static APOSTROPHE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("'-"));

/// Where options begin from byte `from` on.
fn options<'t>(text: &'t [u8], from: usize, before: &'static Finder<'static>) -> Places<'t> {
    let places = before.find_iter(text.get(from..).unwrap_or_default());
    let places = places.map(move |at| from.saturating_add(at));
    Box::new(places.filter(|place| is_option(text, *place)))
}

/// Whether the hyphen behind the blank at `at` begins an option: before a letter, or before another
/// hyphen and a letter.
fn is_option(text: &[u8], at: usize) -> bool {
    match text.get(at.saturating_add(2)..) {
        Some([b'-', letter, ..] | [letter, ..]) => letter.is_ascii_alphabetic(),
        Some([]) | None => false,
    }
}

/// Whether one of the words, found at `place`, stands there: a program's name begins a word, that of
/// a variable may be the end of a longer one.
fn stands(text: &[u8], place: usize, word: &str) -> bool {
    let before = place.checked_sub(1).and_then(|at| text.get(at));
    word.ends_with('=') || !before.is_some_and(u8::is_ascii_alphanumeric)
}

/// Texts below this many bytes are searched without tables that must be built first.
const SHORT: usize = 16 << 10;

/// Where words stand from byte `from` on, by a look at every blank and `=`, with which all end.
fn words_one_by_one(text: &[u8], from: usize) -> Places<'_> {
    let part = text.get(from..).unwrap_or_default();
    let ends = memchr::memchr2_iter(b' ', b'=', part).map(move |at| from.saturating_add(at));
    let places = ends.filter_map(move |end| {
        let before = text.get(..end.saturating_add(1))?;
        let tail = before.last_chunk().map(|tail| u32::from_le_bytes(*tail))?;
        if !TAILS.contains(&tail) {
            return None;
        }
        let words = TELLING.iter().chain(VARIABLES);
        let here = words.filter(|word| before.ends_with(word.as_bytes()));
        let places = here.map(|word| (before.len().saturating_sub(word.len()), word));
        places.filter(|(place, word)| stands(text, *place, word)).map(|(place, _)| place).min()
    });
    Box::new(places.filter(move |place| *place >= from))
}

/// The last four bytes of every word.
static TAILS: [u32; TELLING.len() + VARIABLES.len()] = tails();

#[expect(clippy::indexing_slicing, reason = "worked out while compiling")]
#[expect(clippy::arithmetic_side_effects, reason = "worked out while compiling")]
#[expect(clippy::panic, reason = "ends the build")]
const fn tails() -> [u32; TELLING.len() + VARIABLES.len()] {
    let mut tails = [0; TELLING.len() + VARIABLES.len()];
    let mut at = 0;
    while at < tails.len() {
        let word = if at < TELLING.len() { TELLING[at] } else { VARIABLES[at - TELLING.len()] };
        tails[at] = match word.as_bytes().last_chunk() {
            Some(tail) => u32::from_le_bytes(*tail),
            None => panic!("a word of less than four bytes"),
        };
        at += 1;
    }
    tails
}

/// Words that are searched for at once: of more, too many places look like one.
const AT_ONCE: usize = 32;

/// The words, for long texts.
static WORDS: LazyLock<Vec<Words>> = LazyLock::new(|| {
    let all: Vec<&str> = TELLING.iter().chain(VARIABLES).copied().collect();
    all.chunks(AT_ONCE).map(Words::new).collect()
});

/// Finds some of the words.
struct Words {
    words: Vec<&'static str>,
    search: Search,
}

enum Search {
    /// By vector instructions.
    Packed(packed::Searcher),
    /// Where the processor has none that fit.
    Plain(AhoCorasick),
    /// Should neither be possible, nothing is found.
    None,
}

impl Words {
    fn new(words: &[&'static str]) -> Self {
        let plain = || AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(words);
        let plain = || plain().map_or(Search::None, Search::Plain);
        let packed = packed::Config::new().builder().extend(words).build();
        Self { words: words.to_vec(), search: packed.map_or_else(plain, Search::Packed) }
    }

    /// Where they stand from byte `from` on.
    fn places<'t>(&'t self, text: &'t [u8], from: usize) -> Places<'t> {
        let part = text.get(from..).unwrap_or_default();
        let stands = move |found: aho_corasick::Match| {
            let place = from.saturating_add(found.start());
            let word = self.words.get(found.pattern().as_usize())?;
            stands(text, place, word).then_some(place)
        };
        match &self.search {
            Search::Packed(searcher) => Box::new(searcher.find_iter(part).filter_map(stands)),
            Search::Plain(searcher) => Box::new(searcher.find_iter(part).filter_map(stands)),
            Search::None => Box::new(std::iter::empty()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(text: &str) -> Vec<usize> {
        likely_places(text.as_bytes(), 0, text.len()).collect()
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
    fn short_and_long_texts_are_searched_alike() {
        let words = TELLING.iter().chain(VARIABLES);
        let texts =
            words.flat_map(|word| [format!("{word}x"), format!("a{word}x"), format!("-{word}x")]);
        for text in texts.chain(["vault npm mc alias x mysql TOKEN=yarn ".to_owned()]) {
            let short: Vec<_> = words_one_by_one(text.as_bytes(), 0).collect();
            let long = WORDS.iter().flat_map(|words| words.places(text.as_bytes(), 0));
            let mut long: Vec<_> = long.collect();
            long.sort_unstable();
            assert_eq!(short, long, "{text}");
        }
    }

    #[test]
    fn where_a_text_is_cut_does_not_matter() {
        let text = "x vault login a -b MY_TOKEN=c -d e --f heroku x".repeat(9);
        let text = text.as_bytes();
        let whole: Vec<_> = likely_places(text, 0, text.len()).collect();
        assert!(whole.len() > 40);
        for cut in 0..text.len() {
            let both = likely_places(text, 0, cut).chain(likely_places(text, cut, text.len()));
            let both: Vec<_> = both.collect();
            assert!(whole.iter().all(|place| both.contains(place)), "{cut}");
        }
    }
}
