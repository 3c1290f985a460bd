//! A user's pattern as two automata, built once and kept as bytes.
//!
//! Automata take time linear in the text whatever the pattern is; what would need too large ones is
//! refused when it is built. Patterns see bytes: `.` and classes are those of ASCII.

use core::fmt;

use regex_automata::dfa::{dense, regex, sparse};
use regex_automata::nfa::thompson;
use regex_automata::util::syntax;
use serde::{Deserialize, Serialize};

/// Bytes that each automaton of a pattern may take.
const LARGEST: usize = 1 << 20;

/// Bytes that building one may take.
const BUILDING: usize = 16 << 20;

/// The automata in the form that is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct StoredPattern {
    forward: Vec<u8>,
    reverse: Vec<u8>,
}

/// A pattern that can be searched for.
pub(super) struct Pattern(regex::Regex<sparse::DFA<Vec<u8>>>);

/// Why a pattern cannot be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// It matches the empty text.
    Empty,
    /// Its automata would be too large.
    Large,
    /// It is no pattern.
    Syntax(String),
}

impl StoredPattern {
    /// Builds the automata of a pattern.
    pub(super) fn build(pattern: &str, any_case: bool) -> Result<Self, Refusal> {
        let config = syntax::Config::new().unicode(false).utf8(false).case_insensitive(any_case);
        let hir = syntax::parse_with(pattern, &config);
        let hir = hir.map_err(|error| Refusal::Syntax(last_line(&error.to_string())))?;
        if hir.properties().minimum_len() == Some(0) {
            return Err(Refusal::Empty);
        }
        let size = dense::Config::new()
            .dfa_size_limit(Some(LARGEST))
            .determinize_size_limit(Some(BUILDING));
        let built = regex::Regex::builder()
            .syntax(config)
            .thompson(thompson::Config::new().utf8(false).nfa_size_limit(Some(LARGEST)))
            .dense(size)
            .build(pattern);
        let built = built.map_err(|_| Refusal::Large)?;
        let sparse = |dfa: &dense::DFA<Vec<u32>>| {
            dfa.to_sparse().map(|dfa| dfa.to_bytes_native_endian()).map_err(|_| Refusal::Large)
        };
        Ok(Self { forward: sparse(built.forward())?, reverse: sparse(built.reverse())? })
    }
}

impl Pattern {
    /// Takes automata back; each state is checked, so that damaged bytes cannot lead astray.
    pub(super) fn load(stored: &StoredPattern) -> Option<Self> {
        let load = |bytes: &[u8]| Some(sparse::DFA::from_bytes(bytes).ok()?.0.to_owned());
        let (forward, reverse) = (load(&stored.forward)?, load(&stored.reverse)?);
        Some(Self(regex::Builder::new().build_from_dfas(forward, reverse)))
    }

    /// Where the pattern matches, from left to right.
    pub(super) fn find<'p>(&'p self, line: &'p [u8]) -> impl Iterator<Item = (usize, usize)> + 'p {
        self.0.find_iter(line).map(|found| (found.start(), found.end()))
    }

    pub(super) fn is_match(&self, value: &[u8]) -> bool {
        self.0.is_match(value)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Pattern")
    }
}

/// What a parser says last is what is wrong; before it the pattern is drawn.
fn last_line(text: &str) -> String {
    text.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
}
