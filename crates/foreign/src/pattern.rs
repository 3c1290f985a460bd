//! Regular expressions of other systems: look-around allowed, steps bounded.
//!
//! DataGuard's patterns are Python's and those of Enforgate and pi-governance JavaScript's. All three
//! use look-around, which a linear engine lacks, so a backtracking one with a step limit stands in;
//! what needs no look-around still runs in linear time.

use fancy_regex::{Regex, RegexBuilder};

/// Longest pattern, in bytes.
const LONGEST: usize = 4096;

/// Steps that one search may take back.
const STEPS: usize = 100_000;

/// Memory that the linear parts may take when compiled, in bytes.
const SIZE: usize = 1 << 20;

/// Longest text that is searched, in bytes; what is longer cannot be told.
const LONGEST_TEXT: usize = 1 << 20;

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Pattern(Regex);

/// The outcome of a search.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Search {
    Found,
    /// The search was given up: too many steps, or too long a text.
    GivenUp,
    Missed,
}

impl Pattern {
    /// Compiles it.
    pub(crate) fn new(text: &str) -> Result<Self, String> {
        if text.len() > LONGEST {
            return Err(format!("the pattern is longer than {LONGEST} bytes"));
        }
        RegexBuilder::new(text)
            .backtrack_limit(STEPS)
            .delegate_size_limit(SIZE)
            .delegate_dfa_size_limit(SIZE)
            .build()
            .map(Self)
            .map_err(|error| format!("bad regular expression: {}", one_line(&error.to_string())))
    }

    /// As it was written.
    pub(crate) fn text(&self) -> &str {
        self.0.as_str()
    }

    /// Looks for it anywhere in `text`.
    pub(crate) fn search(&self, text: &str) -> Search {
        if text.len() > LONGEST_TEXT {
            return Search::GivenUp;
        }
        match self.0.is_match(text) {
            Ok(true) => Search::Found,
            Ok(false) => Search::Missed,
            Err(_) => Search::GivenUp,
        }
    }

    /// Whether it was found for certain.
    pub(crate) fn finds(&self, text: &str) -> bool {
        self.search(text) == Search::Found
    }
}

fn one_line(text: &str) -> String {
    let last = text.lines().map(str::trim).rfind(|line| !line.is_empty()).unwrap_or_default();
    last.strip_prefix("error: ").unwrap_or(last).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn look_around_works_and_steps_are_bounded() {
        let pattern = Pattern::new("http://(?!localhost)").unwrap();
        assert!(pattern.finds("see http://x") && !pattern.finds("http://localhost/"));
        let slow = Pattern::new("(a|b|ab)*(?>c)").unwrap();
        assert_eq!(slow.search(&"ab".repeat(5_000)), Search::GivenUp);
        assert_eq!(pattern.search(&"a".repeat(LONGEST_TEXT + 1)), Search::GivenUp);
    }

    #[test]
    fn bad_and_huge_patterns_are_refused() {
        for text in ["(", "[z-a]", "(?:[a-z]{900}){900}", &"a".repeat(5000), &"(".repeat(3000)] {
            assert!(Pattern::new(text).is_err(), "{text}");
        }
    }
}
