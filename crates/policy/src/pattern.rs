//! Regular expressions that users write: linear in the text, limited in size, compiled when
//! reached.
//!
//! They are kept as text in the compiled policy. Most decisions never reach one, and compiling it
//! costs more than everything else that a decision does.

use std::cell::OnceCell;

use regex::bytes::{Regex, RegexBuilder};

use crate::Truth;

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;

/// Memory that a compiled pattern and its cache may take, in bytes.
const SIZE: usize = 1 << 18;

/// Deepest nesting of groups.
const DEEPEST: u32 = 32;

/// Texts that have nothing in common: a pattern that is found in all of them asks for nothing.
const ANYTHING: [&[u8]; 4] = [
    b"",
    b"\x01",
    b"0123456789abcdefghijklmnopqrstuvwxyz",
    b" !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~ABCDEFGHIJKLMNOPQRSTUVWXYZ\xc3\xa9",
];

/// Why a pattern is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) text: String,
    pub(crate) help: &'static str,
}

/// Compiles it as [`Pattern`] would, once, when the policy is loaded.
pub(crate) fn check(pattern: &str) -> Result<(), Refusal> {
    if pattern.len() > LONGEST {
        let text = format!("the pattern is longer than {LONGEST} bytes");
        return Err(Refusal { text, help: "match a shorter, more telling part" });
    }
    match compile(pattern) {
        Ok(regex) if ANYTHING.iter().all(|text| regex.is_match(text)) => Err(Refusal {
            text: String::from("the pattern is found in every text"),
            help: "leave it out, or name something that must be there: `+` instead of `*`",
        }),
        Ok(_) => Ok(()),
        Err(regex::Error::CompiledTooBig(_)) => Err(Refusal {
            text: format!("the pattern needs more than {SIZE} bytes when compiled"),
            help: "lower its repetition counts",
        }),
        Err(error) => Err(Refusal {
            text: format!("bad regular expression: {}", reason(&error)),
            help: "the syntax is that of the Rust `regex` crate; there are no look-arounds",
        }),
    }
}

/// A pattern that is compiled when it is first needed, and then kept for the texts that follow.
#[derive(Debug)]
pub(crate) struct Pattern<'p> {
    text: &'p str,
    compiled: OnceCell<Option<Regex>>,
}

impl<'p> Pattern<'p> {
    pub(crate) const fn new(text: &'p str) -> Self {
        Self { text, compiled: OnceCell::new() }
    }

    /// Whether it is found in `text`; unknown when it cannot be compiled.
    pub(crate) fn found_in(&self, text: &[u8]) -> Truth {
        let compiled = self.compiled.get_or_init(|| compile(self.text).ok());
        compiled.as_ref().map_or(Truth::Unknown, |regex| Truth::of(regex.is_match(text)))
    }
}

fn compile(pattern: &str) -> Result<Regex, regex::Error> {
    RegexBuilder::new(pattern).size_limit(SIZE).dfa_size_limit(SIZE).nest_limit(DEEPEST).build()
}

/// The last line of the parser's drawing: the reason itself.
fn reason(error: &regex::Error) -> String {
    let text = error.to_string();
    let last = text.lines().last().unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_have_limits() {
        assert_eq!(check("^v[0-9]+$"), Ok(()));
        assert!(check("(").unwrap_err().text.contains("unclosed group"));
        assert!(check(&"a".repeat(2000)).unwrap_err().text.contains("longer"));
        assert!(check("(?:[a-z]{900}){900}").unwrap_err().text.contains("when compiled"));
        assert!(check(r"(?=a)").is_err());
        for pattern in [".*", "a*", "^.*$", "(?s).*", "x?|y"] {
            assert!(check(pattern).unwrap_err().text.contains("in every text"), "{pattern}");
        }
        for pattern in ["^$", ".", "^[^/]*$", "^a*$", "a*b"] {
            assert_eq!(check(pattern), Ok(()), "{pattern}");
        }
    }

    #[test]
    fn texts_need_not_be_unicode() {
        assert_eq!(Pattern::new("^a.c$").found_in(b"abc"), Truth::True);
        assert_eq!(Pattern::new(r"(?-u)^\xff").found_in(b"\xffx"), Truth::True);
        assert_eq!(Pattern::new("(").found_in(b""), Truth::Unknown);
    }

    #[test]
    fn a_pattern_is_compiled_once_however_many_texts_there_are() {
        let pattern = Pattern::new("^[a-z]{3,9}$");
        assert!(pattern.compiled.get().is_none(), "not before it is needed");
        assert_eq!(pattern.found_in(b"abc"), Truth::True);
        let first: *const Regex = pattern.compiled.get().unwrap().as_ref().unwrap();
        assert_eq!(pattern.found_in(b"ABC"), Truth::False);
        assert!(std::ptr::eq(first, pattern.compiled.get().unwrap().as_ref().unwrap()));
    }
}
