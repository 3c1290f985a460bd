//! `truncate-recipients`: a message goes to five people at most.
//!
//! People are counted over all fields together and each once, however often and in whatever case of
//! letters their address stands there.

use datafog_core::Value;

use super::Builtin;
use crate::Refusal;
use crate::tool::{Call, is_named, members};

pub(super) const REWRITE: Builtin = Builtin {
    name: "truncate-recipients",
    summary: "a message goes to the first five recipients alone",
    command: None,
    tool: Some(tool),
};

/// The most.
const PEOPLE: usize = 5;

/// Arguments that hold recipients.
const FIELDS: &[&str] = &["bcc", "cc", "recipient", "recipients", "to"];

fn tool(_: &Call<'_>, arguments: &mut Value) -> Result<(), Refusal> {
    let Some(all) = members(arguments) else { return Ok(()) };
    let mut known: Vec<String> = Vec::new();
    for (_, value) in all.iter_mut().filter(|(name, _)| is_named(name, FIELDS)) {
        match value {
            Value::Text(text) => *text = kept(text, &mut known)?,
            Value::List(items) => {
                let mut left = Vec::new();
                for item in items.drain(..) {
                    if may_stay(&address_of(&item)?, &mut known) {
                        left.push(item);
                    }
                }
                *items = left;
            }
            Value::Null => {}
            Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Table(_) => {
                return Refusal::because("who is written to cannot be told");
            }
        }
    }
    Ok(())
}

/// The address of an element: a text, or a table that holds one.
fn address_of(item: &Value) -> Result<String, Refusal> {
    let named = ["address", "email", "mail"].iter().find_map(|name| item.get(name)?.as_text());
    match item.as_text().or(named) {
        // One element may hold several addresses.
        Some(text) if parts(text).len() == 1 => Ok(address(text)),
        Some(_) | None => Refusal::because("who is written to cannot be told"),
    }
}

/// The text with the recipients that may stay, each as it is written.
fn kept(text: &str, known: &mut Vec<String>) -> Result<String, Refusal> {
    let all = parts(text);
    if text.contains('<') != text.contains('>') || !text.matches('"').count().is_multiple_of(2) {
        return Refusal::because("who is written to cannot be told");
    }
    let before = all.len();
    let stay: Vec<&str> = all.into_iter().filter(|it| may_stay(&address(it), known)).collect();
    if stay.len() == before {
        return Ok(text.to_owned());
    }
    Ok(stay.iter().map(|part| part.trim()).collect::<Vec<_>>().join(", "))
}

fn may_stay(address: &str, known: &mut Vec<String>) -> bool {
    if known.iter().any(|it| it == address) {
        return true;
    }
    let room = known.len() < PEOPLE;
    if room {
        known.push(address.to_owned());
    }
    room
}

/// The address alone, in small letters: `Ann <ann@example.com>` is `ann@example.com`.
fn address(text: &str) -> String {
    let inner = text.rsplit_once('<').and_then(|(_, rest)| rest.split_once('>'));
    inner.map_or(text, |(inner, _)| inner).trim().to_lowercase()
}

/// Recipients of a list that commas or semicolons part, not those in quotes or `<>`.
fn parts(text: &str) -> Vec<&str> {
    let (mut quoted, mut within, mut start) = (false, false, 0_usize);
    let mut all = Vec::new();
    for (at, letter) in text.char_indices() {
        match letter {
            '"' => quoted = !quoted,
            '<' if !quoted => within = true,
            '>' if !quoted => within = false,
            ',' | ';' if !quoted && !within => {
                all.push(text.get(start..at).unwrap_or_default());
                start = at.saturating_add(1);
            }
            _ => {}
        }
    }
    all.push(text.get(start..).unwrap_or_default());
    all.retain(|part| !part.trim().is_empty());
    all
}
