//! Regular expressions that users write: linear in the text, limited in size, compiled when
//! reached.
//!
//! They are kept as text in the compiled policy. Most decisions never reach one, and compiling it
//! costs more than everything else that a decision does.

use regex::bytes::{Regex, RegexBuilder};

/// Longest pattern, in bytes.
const LONGEST: usize = 1024;

/// Memory that a compiled pattern and its cache may take, in bytes.
const SIZE: usize = 1 << 18;

/// Deepest nesting of groups.
const DEEPEST: u32 = 32;

/// Why a pattern is refused.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Refusal {
    pub(crate) text: String,
    pub(crate) help: &'static str,
}

/// Compiles it as [`is_match`] would, once, when the policy is loaded.
pub(crate) fn check(pattern: &str) -> Result<(), Refusal> {
    if pattern.len() > LONGEST {
        let text = format!("the pattern is longer than {LONGEST} bytes");
        return Err(Refusal { text, help: "match a shorter, more telling part" });
    }
    match compile(pattern) {
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

/// Whether the pattern is found in `text`; `None` when it cannot be compiled.
pub(crate) fn is_match(pattern: &str, text: &[u8]) -> Option<bool> {
    Some(compile(pattern).ok()?.is_match(text))
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
    }

    #[test]
    fn texts_need_not_be_unicode() {
        assert_eq!(is_match("^a.c$", b"abc"), Some(true));
        assert_eq!(is_match(r"(?-u)^\xff", b"\xffx"), Some(true));
        assert_eq!(is_match("(", b""), None);
    }
}
