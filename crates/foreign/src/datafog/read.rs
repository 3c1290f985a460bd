//! Reads a DataFog policy file.

use datafog_core::Verdict;

use super::{DataFog, ENTITIES, MODES, Rule, UNSEEN};
use crate::answer::Head;
use crate::names;
use crate::node::Node;
use crate::reader::{Reader, Table};

const KEYS: &[&str] = &["description", "policy_id", "policy_version", "rules", "updated_at"];

pub(crate) const RULE_KEYS: &[&str] = &[
    "description",
    "effect",
    "entity_requirements",
    "entity_transforms",
    "id",
    "match",
    "priority",
    "require_sensitive_only",
];

const MATCH_KEYS: &[&str] =
    &["action_types", "adapters", "args", "commands", "resource_prefixes", "tools"];

/// Kinds of action that DataFog and its samples name.
const KINDS: &[&str] = &[
    "annotation.create",
    "annotation.update",
    "chat.send",
    "command.exec",
    "db.query",
    "file.read",
    "file.write",
    "http.request",
    "shell.exec",
    "tool.call",
];

const EFFECTS: &[(&str, Verdict)] = &[
    ("allow", Verdict::Allow),
    ("allow_with_redaction", Verdict::Redact),
    ("deny", Verdict::Deny),
    ("transform", Verdict::Rewrite),
];

/// The policy, as far as it could be read; what is wrong is reported.
pub(crate) fn read(root: &Node, reader: &mut Reader<'_>) -> Option<DataFog> {
    let table = reader.table(root, KEYS)?;
    let id = table.require("policy_id", reader).and_then(|node| reader.text(node));
    let version = table.require("policy_version", reader).and_then(|node| reader.text(node));
    let description = table.get("description").map(|node| reader.remark(node));
    if let Some(node) = table.get("updated_at") {
        check_time(node, reader);
    }
    let rules = table.require("rules", reader)?;
    let items = reader.list(rules)?;
    if items.is_empty() {
        reader.error(&rules.span, "the policy must contain at least one rule");
    }
    let mut read: Vec<Rule> = Vec::new();
    for item in items {
        let Some(rule) = rule(item, reader) else { continue };
        if let Some(first) = read.iter().find(|one| one.head.id == rule.head.id) {
            let message = format!("two rules have the id `{}`", rule.head.id);
            reader.error_with_help(
                &item.span,
                message,
                format!("the first one stands in line {}", first.head.line),
            );
        }
        read.push(rule);
    }
    read.sort_by_key(|rule| core::cmp::Reverse(rule.priority));
    Some(DataFog {
        id: id?.to_owned(),
        version: version?.to_owned(),
        description: description.unwrap_or_default(),
        rules: read,
    })
}

fn rule(item: &Node, reader: &mut Reader<'_>) -> Option<Rule> {
    let table = reader.table(item, RULE_KEYS)?;
    let id = table.require("id", reader).and_then(|node| reader.text(node)).map(str::to_owned);
    let effect = table.require("effect", reader);
    let effect = effect.and_then(|node| reader.word(node, "effect", EFFECTS));
    let reason = table.get("description").map(|node| reader.remark(node)).unwrap_or_default();
    let priority = table.get("priority").and_then(|node| reader.whole(node, 0..=i64::MAX));
    let entities = table.get("entity_requirements").map(|node| entities(node, reader));
    let sensitive = table.get("require_sensitive_only").and_then(|node| reader.flag(node));
    let conditions = match table.get("match") {
        Some(node) => Some(reader.table(node, MATCH_KEYS)?),
        None => None,
    };
    let mut texts = |key: &str| {
        let node = conditions.as_ref().and_then(|conditions| conditions.get(key));
        node.map(|node| reader.texts(node)).unwrap_or_default()
    };
    let mut rule = Rule {
        action_types: texts("action_types"),
        tools: texts("tools"),
        adapters: texts("adapters"),
        commands: texts("commands"),
        args: texts("args"),
        resource_prefixes: texts("resource_prefixes"),
        head: Head { id: id?, line: reader.line(&item.span), reason },
        effect: effect?,
        priority: priority.unwrap_or(0),
        entities: entities.unwrap_or_default(),
        transforms: Vec::new(),
        sensitive_only: sensitive.unwrap_or(false),
    };
    if let Some(node) = table.get("entity_transforms") {
        rule.transforms = transforms(node, &rule, reader);
    }
    if let Some(conditions) = conditions {
        never_fires(&conditions, reader);
        near_misses(&conditions, reader);
    }
    unseen(&table, &rule, reader);
    Some(rule)
}

/// `*` is no wildcard in this system: such a rule would look wide and never fire.
fn never_fires(conditions: &Table<'_>, reader: &mut Reader<'_>) {
    for (key, node) in conditions.entries() {
        let crate::node::Value::List(items) = &node.value else { continue };
        for item in items {
            let text = item.to_json().and_then(|value| value.as_str().map(str::to_owned));
            if text.is_some_and(|text| text.contains('*')) {
                let message = format!("`{}` knows no wildcards: this would never match", key.text);
                reader.error_with_help(
                    &item.span,
                    message,
                    "leave the key out to match everything, or list names",
                );
            }
        }
    }
}

/// Names that are nearly those of a kind of action, a tool or an adapter.
fn near_misses(conditions: &Table<'_>, reader: &mut Reader<'_>) {
    let programs = names::programs();
    let tools: Vec<&str> = names::tools().into_iter().chain(programs.clone()).collect();
    for (key, what, known) in [
        ("action_types", "kind of action", KINDS),
        ("adapters", "adapter", programs.as_slice()),
        ("tools", "tool", tools.as_slice()),
    ] {
        let Some(items) = conditions.get(key).and_then(Node::as_list) else { continue };
        for item in items {
            let text = item.to_json().and_then(|value| value.as_str().map(str::to_owned));
            reader.near_miss(&item.span, what, &text.unwrap_or_default(), known);
        }
    }
}

fn entities(node: &Node, reader: &mut Reader<'_>) -> Vec<&'static str> {
    let items = reader.list(node).unwrap_or_default();
    items.iter().filter_map(|item| entity(item, reader)).collect()
}

/// An entity type, checked and compared without blanks and case.
fn entity(item: &Node, reader: &mut Reader<'_>) -> Option<&'static str> {
    let text = reader.text(item)?.to_lowercase();
    let found = ENTITIES.iter().find(|known| **known == text).copied();
    if found.is_none() {
        reader.unknown_word(&item.span, "entity type", &text, ENTITIES);
    }
    found
}

fn transforms(
    node: &Node,
    rule: &Rule,
    reader: &mut Reader<'_>,
) -> Vec<(&'static str, &'static str)> {
    if rule.effect != Verdict::Rewrite {
        let why = "it counts only where the effect is `transform`";
        reader.not_honoured(&node.span, "entity_transforms", why);
    }
    let mut steps: Vec<(&str, &str)> = Vec::new();
    for item in reader.list(node).unwrap_or_default() {
        let Some(table) = reader.table(item, &["entity_type", "mode"]) else { continue };
        let kind = table.require("entity_type", reader).and_then(|node| entity(node, reader));
        let modes: Vec<(&str, &'static str)> = MODES.iter().map(|mode| (*mode, *mode)).collect();
        let mode = table.require("mode", reader).and_then(|node| reader.word(node, "mode", &modes));
        let (Some(kind), Some(mode)) = (kind, mode) else { continue };
        // The last one of a type wins, as when the plan is applied.
        steps.retain(|(one, _)| *one != kind);
        steps.push((kind, mode));
        if mode != "redact" {
            reader.not_honoured(
                &item.span,
                "mode",
                "a value is removed in datafog's own form, not in this one",
            );
        }
    }
    steps
}

/// Entity types that only a caller can report.
fn unseen(table: &Table<'_>, rule: &Rule, reader: &mut Reader<'_>) {
    let Some(node) = table.get("entity_requirements") else { return };
    for entity in rule.entities.iter().filter(|entity| UNSEEN.contains(entity)) {
        let message =
            format!("`{entity}` is not looked for: only a caller's own findings can hold it");
        let help = match rule.effect {
            Verdict::Allow => "this rule does not match without such a finding",
            Verdict::Deny | Verdict::Redact | Verdict::RequireApproval | Verdict::Rewrite => {
                "whether it is there cannot be told, so the rule matches as if it were"
            }
        };
        reader.warn(&node.span, message, help);
    }
    for adapter in &rule.adapters {
        let name = names::adapter(adapter);
        if !names::ADAPTERS.iter().any(|(canonical, _)| *canonical == name) {
            let message =
                format!("`{adapter}` is no known adapter; it stands for the program of that name");
            reader.warn(&table.span(), message, "see the adapter's spelling");
        }
    }
}

/// An RFC 3339 time, as far as its shape.
fn check_time(node: &Node, reader: &mut Reader<'_>) {
    let Some(text) = reader.text(node) else { return };
    let shape = |index: usize, byte: u8| match index {
        4 | 7 => byte == b'-',
        10 => matches!(byte, b'T' | b't'),
        13 | 16 => byte == b':',
        _ => byte.is_ascii_digit(),
    };
    let (head, tail) = text.split_at_checked(19).unwrap_or((text, ""));
    let zone = tail.trim_start_matches(|letter: char| letter == '.' || letter.is_ascii_digit());
    let zone_is_sound =
        matches!(zone, "Z" | "z") || (zone.len() == 6 && zone.starts_with(['+', '-']));
    if !(head.len() == 19
        && head.bytes().enumerate().all(|(index, byte)| shape(index, byte))
        && zone_is_sound)
    {
        reader.error_with_help(
            &node.span,
            "expected a time",
            "write it like `2026-11-20T12:00:00Z`",
        );
    }
}
