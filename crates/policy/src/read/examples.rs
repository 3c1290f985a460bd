//! Reads the `match` and `not_match` examples of a rule.

use datafog_core::{Channel, Confidence, Mode, PrincipalKind};

use super::reader::{Fields, Item, Reader};
use crate::diagnostic::Level;
use crate::example::{DeclaredFinding, Example, Word};
use crate::{glob, words};

/// The examples of the rule with these fields. What is wrong is reported.
pub(crate) fn read(fields: &Fields<'_, '_>, reader: &mut Reader<'_>) -> Vec<Example> {
    let rule = fields.item("id").and_then(|item| item.get_ref().as_str()).unwrap_or_default();
    let mut examples = Vec::new();
    for (key, matches) in [("match", true), ("not_match", false)] {
        let Some(item) = fields.item(key) else { continue };
        let Some(items) = item.get_ref().as_array() else {
            reader.error(item.span(), format!("`{key}` must be a list of examples"));
            continue;
        };
        for item in items {
            let Some(example) = example(item, reader) else { continue };
            examples.push(Example { rule: rule.to_owned(), matches, ..example });
        }
    }
    examples
}

/// A command line as a string or a list, or a table with what surrounds it.
pub(super) fn example(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Example> {
    let mut example = Example {
        rule: String::new(),
        matches: true,
        words: Vec::new(),
        cwd: None,
        principal: PrincipalKind::Human,
        agent: None,
        mode: Mode::Enforced,
        findings: Vec::new(),
        unscanned: false,
        place: reader.source.diagnostic(Level::Error, item.span(), String::new()),
    };
    if !item.get_ref().is_table() {
        example.words = command_line(item, reader)?;
        return Some(example);
    }
    let keys = ["agent", "cwd", "finding", "mode", "principal", "run", "unscanned"];
    let fields = reader.fields(item, &keys)?;
    let Some(run) = fields.item("run") else {
        reader.error(fields.span, "`run` is missing");
        return None;
    };
    example.words = command_line(run, reader)?;
    surroundings(&fields, reader, &mut example)?;
    Some(example)
}

fn surroundings(
    fields: &Fields<'_, '_>,
    reader: &mut Reader<'_>,
    example: &mut Example,
) -> Option<()> {
    if let Some(item) = fields.item("cwd") {
        let text = reader.text(item)?.to_owned();
        if !text.starts_with(['/', '~', '<']) {
            reader.error(item.span(), "write an absolute path, or one that starts with `~`");
            return None;
        }
        example.cwd = Some(Word { text, expands: true });
    }
    if let Some(item) = fields.item("agent") {
        example.agent = Some(reader.text(item)?.to_owned());
        example.principal = PrincipalKind::Agent;
    }
    if let Some(item) = fields.item("principal") {
        let known = [
            ("agent", PrincipalKind::Agent),
            ("human", PrincipalKind::Human),
            ("unknown", PrincipalKind::Unknown),
        ];
        example.principal = reader.word(item, "principal", &known)?;
    }
    if let Some(item) = fields.item("mode") {
        let known = [("enforced", Mode::Enforced), ("observe", Mode::Observe)];
        example.mode = reader.word(item, "mode", &known)?;
    }
    if let Some(item) = fields.item("unscanned") {
        example.unscanned = reader.flag(item)?;
    }
    if let Some(item) = fields.item("finding") {
        example.findings = findings(item, reader)?;
    }
    Some(())
}

fn command_line(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<Word>> {
    let Some(items) = item.get_ref().as_array() else {
        let line = reader.text(item)?;
        return match words::split(line) {
            Ok(words) => Some(words),
            Err(message) => {
                reader.error(item.span(), message);
                None
            }
        };
    };
    if items.is_empty() {
        reader.error(item.span(), "the example is empty");
        return None;
    }
    let word = |item: &Item<'_>| match item.get_ref().as_str() {
        // An argument may be empty, and equal arguments are nothing odd.
        Some(text) => Some(Word { text: text.to_owned(), expands: false }),
        None => {
            reader.error(item.span(), "expected a string");
            None
        }
    };
    items.iter().map(word).collect()
}

/// An entity type, a table, or a list of these.
fn findings(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<Vec<DeclaredFinding>> {
    match item.get_ref().as_array() {
        Some(items) => items.iter().map(|item| finding(item, reader)).collect(),
        None => Some(vec![finding(item, reader)?]),
    }
}

fn finding(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<DeclaredFinding> {
    if !item.get_ref().is_table() {
        return Some(DeclaredFinding::new(entity(item, reader)?));
    }
    let keys = ["channel", "confidence", "entity", "going_home", "severity"];
    let fields = reader.fields(item, &keys)?;
    let Some(name) = fields.item("entity") else {
        reader.error(fields.span, "`entity` is missing");
        return None;
    };
    let mut declared = DeclaredFinding::new(entity(name, reader)?);
    if let Some(item) = fields.item("confidence") {
        declared.confidence = Confidence::percent(reader.share(item)?);
    }
    if let Some(item) = fields.item("severity") {
        declared.severity = reader.word(item, "severity", &crate::read::SEVERITIES)?;
    }
    if let Some(item) = fields.item("channel") {
        declared.channel = Channel::from(reader.text(item)?.to_owned());
    }
    if let Some(item) = fields.item("going_home") {
        declared.going_home = Some(reader.flag(item)?);
    }
    Some(declared)
}

/// An entity type, spelled out.
fn entity(item: &Item<'_>, reader: &mut Reader<'_>) -> Option<String> {
    let text = reader.text(item)?;
    let vocabulary = reader.vocabulary;
    let known = vocabulary.entities();
    let fits = |entity: &&str| glob::matches(text.as_bytes(), entity.as_bytes());
    if text.contains('*') || !(known.is_empty() || known.iter().any(fits)) {
        reader.unknown_word(item.span(), "entity type", text, &known);
        return None;
    }
    Some(text.to_owned())
}
