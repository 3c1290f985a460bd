//! What the regular expressions of a policy file cost, for `lint`.
//!
//! A pattern is compiled when an action first reaches it. Whatever it is, it takes time in proportion
//! to the text; but a large one takes its time and memory on every call that comes that far.

use regex::bytes::RegexBuilder;
use toml::de::{DeTable, DeValue};

use crate::diagnostic::{Diagnostic, Level, SourceText};
use crate::read::Item;

/// From this size on, in bytes, a compiled pattern is told: about a tenth of what is allowed.
const LARGE: usize = 24 << 10;

/// Keys whose values are patterns.
const KEYS: [&str; 3] = ["matches", "pattern", "value"];

/// Deepest nesting that is looked at.
const DEEPEST: usize = 16;

/// A warning for every pattern of the file that costs more than it needs to. A file that is no TOML
/// has none.
#[must_use]
pub fn costly_patterns(text: &str, path: &str) -> Vec<Diagnostic> {
    let source = SourceText { path, text };
    let (table, _) = DeTable::parse_recoverable(text);
    let mut found = Vec::new();
    walk(table.get_ref(), source, DEEPEST, &mut found);
    found.sort_by_key(|one| (one.line, one.column));
    found
}

fn walk(table: &DeTable<'_>, source: SourceText<'_>, depth: usize, found: &mut Vec<Diagnostic>) {
    for (key, item) in table {
        value(KEYS.contains(&key.get_ref().as_ref()), item, source, depth, found);
    }
}

fn value(
    is_pattern: bool,
    item: &Item<'_>,
    source: SourceText<'_>,
    depth: usize,
    found: &mut Vec<Diagnostic>,
) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match item.get_ref() {
        DeValue::String(text) if is_pattern => {
            let Some((message, help)) = cost(text) else { return };
            let warning = source.diagnostic(Level::Warning, item.span(), message.to_owned());
            found.push(Diagnostic { help: Some(help.to_owned()), ..warning });
        }
        DeValue::Array(items) => {
            items.iter().for_each(|item| value(is_pattern, item, source, depth, found));
        }
        DeValue::Table(table) => walk(table, source, depth, found),
        DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Float(_)
        | DeValue::Integer(_)
        | DeValue::String(_) => {}
    }
}

/// What is wrong with the cost of a pattern, and what to do; `None` when nothing is.
fn cost(pattern: &str) -> Option<(&'static str, &'static str)> {
    if pattern.starts_with(".*") || pattern.ends_with(".*") {
        let message = "`.*` at the end of a pattern changes nothing and costs time";
        return Some((message, "leave it out: a pattern is looked for anywhere in the text"));
    }
    let size = |limit: usize| RegexBuilder::new(pattern).size_limit(limit).build();
    let large = matches!(size(LARGE), Err(regex::Error::CompiledTooBig(_)));
    large.then_some((
        "the pattern is large when compiled, which every call that reaches it pays for",
        "lower its repetition counts, or write `[0-9]` and `[a-z]` in place of `\\d` and `\\w`",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_idle_patterns_are_told_with_their_line() {
        let told = |pattern: &str| {
            let text =
                format!("[[rule]]\n[[rule.when.any]]\nargument = {{ matches = '{pattern}' }}\n");
            costly_patterns(&text, "p.toml").first().map(|one| (one.line, one.message.clone()))
        };
        for cheap in ["^rm ", "token=[0-9a-f]{32}", "(a|b)+c", "("] {
            assert_eq!(told(cheap), None, "{cheap}");
        }
        let (line, message) = told(r"\w{100}").unwrap();
        assert!(line == 3 && message.contains("large"), "{line} {message}");
        assert!(told("x.*").unwrap().1.contains("`.*`"));
        assert!(told(".*x").is_some());
        assert!(costly_patterns("[[[", "p").is_empty());
    }
}
