//! Finds an option by its name: exactly, taken back, cut short, or in another case, as far as the
//! grammar of a program has it.

use super::Found;
use crate::profile::{Grammar, OptionSpec, Scope};

/// Finds a long option (without `=value`) in the scopes that are in force.
pub(super) fn find_long(scopes: &[&'static Scope], name: &[u8]) -> Option<Found> {
    let grammar = scopes.last()?.grammar;
    let found = Found::plain;
    if let Some(spec) = find_exact(scopes, name) {
        return Some(found(spec));
    }
    if grammar.has(Grammar::EXPAND)
        && let Some(rest) = name.strip_prefix(b"--expand-")
    {
        let found = find_loosely(scopes, &[b"--", rest].concat(), grammar);
        return found.map(|spec| Found { expanded: true, ..Found::plain(spec) });
    }
    if grammar.has(Grammar::NEGATE)
        && let Some(rest) = name.strip_prefix(b"--no-")
        && let Some(spec) = find_loosely(scopes, &[b"--", rest].concat(), grammar)
    {
        return Some(Found { negated: true, ..Found::plain(spec) });
    }
    find_loosely(scopes, name, grammar).map(found)
}

/// The scopes in force, innermost first.
pub(super) fn in_force(scopes: &[&'static Scope]) -> impl Iterator<Item = &'static Scope> {
    let global = scopes.last().is_some_and(|scope| scope.grammar.has(Grammar::GLOBAL));
    let many = if global { scopes.len() } else { 1 };
    scopes.iter().rev().take(many).copied()
}

pub(super) fn find_exact(scopes: &[&'static Scope], name: &[u8]) -> Option<&'static OptionSpec> {
    in_force(scopes).find_map(|scope| scope.option(name))
}

/// Exactly, or cut short, or in another case, as far as the grammar has it.
pub(super) fn find_loosely(
    scopes: &[&'static Scope],
    name: &[u8],
    grammar: Grammar,
) -> Option<&'static OptionSpec> {
    if let Some(spec) = find_exact(scopes, name) {
        return Some(spec);
    }
    let lower = grammar.has(Grammar::IGNORE_CASE).then(|| name.to_ascii_lowercase());
    let name = lower.as_deref().unwrap_or(name);
    if lower.is_some()
        && let Some(spec) = find_exact(scopes, name)
    {
        return Some(spec);
    }
    if !grammar.has(Grammar::ABBREVIATE) || name.len() < 3 {
        return None;
    }
    let mut matches = in_force(scopes).flat_map(|scope| scope.options_from(name));
    let (_, first) = matches.next()?;
    matches.all(|(_, spec)| std::ptr::eq(spec, first)).then_some(first)
}
