//! Reads what an effect obliges to, from the fields that belong to it.

use datafog_core::{ApprovalScope, Obligation, PATIENCE, Transform, Verdict};

use super::reader::{Fields, Item, Reader};
use super::rule::required;
use crate::condition::{duration, entity_globs};

/// Fields, and the effects that use them.
const OWNERS: [(&str, &[Verdict]); 4] = [
    ("approval", &[Verdict::RequireApproval]),
    ("notify", &[Verdict::RequireApproval, Verdict::Deny]),
    ("redact", &[Verdict::Redact]),
    ("rewrite", &[Verdict::Rewrite]),
];

/// Longest time that an answer is waited for, in seconds: a week.
const LONGEST: u32 = 7 * 24 * 60 * 60;

/// Most persons that a rule may ask for.
const MOST_PERSONS: u32 = 5;

/// What a finding may be replaced by, and other names for it.
const TRANSFORMS: [(&str, Transform); 12] = [
    ("anonymize", Transform::Anonymize),
    ("full", Transform::Full),
    ("hash", Transform::Hash),
    ("last_four", Transform::LastFour),
    ("mask", Transform::Mask),
    ("partial", Transform::Partial { show: Transform::SHOWN }),
    ("redact", Transform::Redact),
    ("remove", Transform::Redact),
    ("replace", Transform::Replace),
    ("short_hash", Transform::ShortHash),
    ("token", Transform::Tokenize),
    ("tokenize", Transform::Tokenize),
];

/// What the effect obliges to. Fields of other effects are errors, because nobody would read them.
pub(super) fn read_obligations(
    effect: Verdict,
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
) -> Option<Vec<Obligation>> {
    for (key, owners) in OWNERS {
        if !owners.contains(&effect) && fields.item(key).is_some() {
            let owners: Vec<String> =
                owners.iter().map(|owner| format!("`effect = \"{owner}\"`")).collect();
            let help = format!("`{key}` belongs to {}", owners.join(" and "));
            let message = format!("`{key}` is not used by `effect = \"{effect}\"`");
            reader.error_with_help(fields.key_span(key), message, help);
        }
    }
    let mut all = match effect {
        Verdict::Allow | Verdict::Deny => Vec::new(),
        Verdict::RequireApproval => approval(fields, reader)?,
        Verdict::Redact => match fields.item("redact") {
            Some(item) => redactions(item, reader)?,
            None => vec![Obligation::Redact(vec![String::from("*")])],
        },
        Verdict::Rewrite => vec![rewrite(fields, reader)?],
    };
    if let Some(item) = fields.item("notify") {
        let names = reader.texts(item)?;
        let names = names.into_iter().map(|name| name.into_inner().to_owned()).collect();
        all.push(Obligation::Notify(names));
    }
    Some(all)
}

fn approval(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Vec<Obligation>> {
    let Some(item) = fields.item("approval") else { return Some(vec![Obligation::Approve]) };
    let terms = reader.fields(item, &["approvers", "scope", "timeout"])?;
    if terms.table.is_empty() {
        let help = "leave it out, or write `approval = { scope = \"once\", timeout = \"15m\" }`";
        reader.error_with_help(item.span(), "the table says nothing", help);
        return None;
    }
    let scopes = ApprovalScope::ALL.map(|scope| (scope.name(), scope));
    let scope = terms.item("scope").map(|item| reader.word(item, "scope", &scopes));
    let seconds = terms.item("timeout").map(|item| patience(item, reader));
    let (scope, seconds) =
        (scope.unwrap_or(Some(ApprovalScope::WIDEST))?, seconds.unwrap_or(Some(PATIENCE))?);
    let persons = terms.item("approvers").map(|item| persons(item, reader));
    let mut all = vec![Obligation::Approve];
    let persons = persons.unwrap_or(Some(1))?;
    if persons > 1 {
        all.push(Obligation::ApproveBy { persons });
    }
    if terms.item("scope").is_some() || terms.item("timeout").is_some() {
        all.push(Obligation::ApproveWithin { scope, seconds });
    }
    Some(all)
}

/// How many different persons have to say yes.
fn persons(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u32> {
    let persons = reader.count(item)?;
    if persons > MOST_PERSONS {
        let message = format!("no more than {MOST_PERSONS} persons can be asked for");
        reader.error(item.span(), message);
        return None;
    }
    Some(persons)
}

/// How long an answer is waited for; `0s` is an answer too: nobody waits.
fn patience(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u32> {
    if item.get_ref().as_str() == Some("0s") {
        return Some(0);
    }
    duration(item, reader, LONGEST)
}

/// Globs, a table `{ entity, with }`, or a list of such tables.
fn redactions(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<Obligation>> {
    let value = item.get_ref();
    let tables =
        value.as_array().is_some_and(|items| items.iter().any(|it| it.get_ref().is_table()));
    if value.is_table() {
        return Some(vec![redaction(item, reader)?]);
    }
    if let Some(items) = value.as_array().filter(|_| tables) {
        return items.iter().map(|item| redaction(item, reader)).collect();
    }
    Some(vec![Obligation::Redact(entities(item, reader)?)])
}

fn redaction(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Obligation> {
    let fields = reader.fields(item, &["entity", "with", "show_chars"])?;
    let named = required(&fields, "entity", reader).and_then(|item| entities(item, reader));
    let with = match fields.item("with") {
        Some(item) => reader.word(item, "replacement", &TRANSFORMS),
        None => Some(Transform::Redact),
    };
    let with = match (with, fields.item("show_chars")) {
        (with, None) => with,
        (Some(Transform::Partial { .. }), Some(item)) => {
            shown(item, reader).map(|show| Transform::Partial { show })
        }
        (_, Some(item)) => {
            let help = "write `with = \"partial\"`, or leave it out";
            reader.error_with_help(item.span(), "`show_chars` belongs to `partial`", help);
            None
        }
    };
    let entities = named?;
    let with = with?;
    Some(if with == Transform::Redact {
        Obligation::Redact(entities)
    } else {
        Obligation::Transform { entities, with }
    })
}

/// How many letters stay to be seen. None shows nothing, and never is a whole value shown.
fn shown(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<u8> {
    let number = item.get_ref().as_integer();
    let number = number.and_then(|it| u8::from_str_radix(it.as_str(), it.radix()).ok());
    if number.is_none() {
        let help = "write a whole number from 0 to 255";
        reader.error_with_help(item.span(), "`show_chars` is no number of letters", help);
    }
    number
}

/// Globs over entity types, each of which some detector reports.
fn entities(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<String>> {
    Some(entity_globs(item, reader)?.iter().map(str::to_owned).collect())
}

fn rewrite(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Option<Obligation> {
    let item = required(fields, "rewrite", reader)?;
    let name = reader.text(item)?;
    let vocabulary = reader.vocabulary;
    let own = reader.rewrites.clone();
    let mut known = vocabulary.rewrites();
    if !known.is_empty() {
        known.extend(own.iter().map(String::as_str));
        if !known.contains(&name) {
            reader.unknown_word(item.span(), "rewrite", name, &known);
        }
    }
    Some(Obligation::Rewrite(name.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_replacement_has_its_own_name_and_some_a_second_one() {
        for transform in Transform::ALL {
            assert!(TRANSFORMS.contains(&(transform.name(), transform)), "{transform:?}");
        }
        assert!(TRANSFORMS.is_sorted_by_key(|(name, _)| *name));
    }
}
