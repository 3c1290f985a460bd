//! Reads a whole policy file.

use core::ops::Range;
use std::collections::BTreeMap;

use datafog_core::Verdict;
use toml::de::{DeTable, DeValue};

use super::reader::{Item, Reader};
use super::rewrite::{self, RewriteSource};
use super::rule::{self, RuleSource};
use super::{lists, risk, role};
use crate::Vocabulary;
use crate::diagnostic::{Diagnostic, Level, SourceText};

/// A policy file, read but not yet joined with what it builds on.
#[derive(Clone, Debug)]
pub(crate) struct Document {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) description: String,
    /// Verdict when no rule matches; `None` when the file leaves it to what it builds on.
    pub(crate) default: Option<(Verdict, Range<usize>)>,
    /// Verdict on content that leaves and cannot be judged.
    pub(crate) unscannable: Option<(Verdict, Range<usize>)>,
    /// Later layers may only tighten.
    pub(crate) locked: bool,
    /// Names of embedded policies that this one builds on; `None` when it does not say.
    pub(crate) extends: Option<Vec<(String, Range<usize>)>>,
    /// The `[policy]` head, for messages about the file as a whole.
    pub(crate) head: Range<usize>,
    pub(crate) rules: Vec<RuleSource>,
    /// Rewrites of the file's own.
    pub(crate) rewrites: Vec<RewriteSource>,
    /// Where the file names detectors of its own; what they are is not read here.
    pub(crate) detectors: Vec<Range<usize>>,
    /// Where it names findings that may stay.
    pub(crate) exceptions: Vec<Range<usize>>,
}

/// What a file holds. Detectors and exceptions stand in it, too; who knows detectors reads them.
const KEYS: [&str; 8] = ["allow", "detector", "lists", "policy", "rewrite", "risk", "role", "rule"];

const POLICY_KEYS: [&str; 7] =
    ["default", "description", "extends", "id", "locked", "unscannable", "version"];

/// What may be done with content that leaves and cannot be judged.
const UNSCANNABLE: [(&str, Verdict); 3] = [
    ("allow", Verdict::Allow),
    ("deny", Verdict::Deny),
    ("require_approval", Verdict::RequireApproval),
];

/// Reads `source`; `rewrites` are the names of those that the policies below describe. The document is there even when diagnostics say that it must not be used.
pub(crate) fn read(
    source: SourceText<'_>,
    vocabulary: &dyn Vocabulary,
    rewrites: Vec<String>,
) -> (Option<Document>, Vec<Diagnostic>) {
    let mut reader = Reader::new(source, vocabulary);
    reader.rewrites = rewrites;
    let (mut table, faults) = DeTable::parse_recoverable(source.text);
    for fault in faults {
        let span = fault.span().unwrap_or_default();
        reader.error(span, fault.message().replace('\n', " "));
    }
    let has_form = !reader.has_errors();
    let unused = if has_form { lists::put_in(table.get_mut(), &mut reader) } else { Vec::new() };
    // After an error of syntax, or in a list that rules ask for, the rest is guesswork; reporting it
    // would bury the cause.
    if reader.has_errors() {
        return (None, reader.diagnostics);
    }
    let document = document(table.get_ref(), &mut reader);
    lists::tell_unused(unused, &mut reader);
    (document, reader.diagnostics)
}

fn document(table: &DeTable<'_>, reader: &mut Reader<'_>) -> Option<Document> {
    reader.check_keys(table, &KEYS);
    for (name, item) in table.iter() {
        if item.get_ref().as_array().is_some_and(|items| items.is_empty()) {
            let help = format!("leave it out, or write `[[{}]]`", name.get_ref());
            reader.error_with_help(item.span(), "the list is empty", help);
        }
    }
    let rewrites = rewrite::rewrites(table.get("rewrite"), reader);
    reader.rewrites.extend(rewrites.iter().map(|one| one.rewrite.name.clone()));
    let mut rules = read_roles(table.get("role"), reader);
    if let Some(item) = table.get("risk") {
        rules.extend(risk::read(item, reader));
    }
    read_rules(table.get("rule"), reader, &mut rules);
    check_effect(table, &rules, reader);
    let Some(head) = table.get("policy") else {
        let help = "start the file with `[policy]`, `id = \"…\"` and `version = \"…\"`";
        reader.error_with_help(0..0, "`[policy]` is missing", help);
        return None;
    };
    let (detectors, exceptions) = (places(table, "detector"), places(table, "allow"));
    Some(Document { rules, rewrites, detectors, exceptions, ..read_head(head, reader)? })
}

/// A document of nothing but its `[policy]` head.
fn read_head(head: &Item<'_>, reader: &mut Reader<'_>) -> Option<Document> {
    let fields = reader.fields(head, &POLICY_KEYS)?;
    let mut text = |key: &str, required: bool| match fields.item(key) {
        Some(item) => reader.text(item).unwrap_or_default().to_owned(),
        None if required => {
            reader.error(fields.span.clone(), format!("`{key}` is missing"));
            String::new()
        }
        None => String::new(),
    };
    let (id, version) = (text("id", true), text("version", true));
    let description = text("description", false);
    let mut verdict = |key: &str, known: &[(&str, Verdict)]| {
        let item = fields.item(key)?;
        Some((reader.word(item, "verdict", known)?, item.span()))
    };
    let default = verdict("default", &[("allow", Verdict::Allow), ("deny", Verdict::Deny)]);
    let unscannable = verdict("unscannable", &UNSCANNABLE);
    let locked = fields.item("locked").and_then(|item| reader.flag(item)).unwrap_or(false);
    let extends = fields.item("extends").map(|item| read_extends(item, reader));
    Some(Document {
        id,
        version,
        description,
        default,
        unscannable,
        locked,
        extends,
        head: fields.span,
        rules: Vec::new(),
        rewrites: Vec::new(),
        detectors: Vec::new(),
        exceptions: Vec::new(),
    })
}

/// Tells of signals and roles that no rule comes from and none asks for: they change nothing.
fn check_effect(table: &DeTable<'_>, rules: &[RuleSource], reader: &mut Reader<'_>) {
    let score = reader.asks_risk || rules.iter().any(|rule| rule.id.starts_with("risk-"));
    if let Some(item) = table.get("risk").filter(|_| !score && !reader.signals.is_empty()) {
        let help = "add bands, such as `allow = [0, 60]` and `deny = [61, 100]`, or a rule with \
                    `risk = { at_least = 60 }`";
        reader.error_with_help(item.span(), "nothing follows from the score", help);
    }
    let roles = table.get("role").and_then(|item| item.get_ref().as_array());
    for item in roles.into_iter().flat_map(|items| items.iter()) {
        let name = item.get_ref().as_table().and_then(|role| role.get("name")?.get_ref().as_str());
        let Some(name) = name else { continue };
        let takes = rules.iter().any(|rule| rule.id.starts_with(&format!("role-{name}-")));
        if !takes && !reader.asked_roles.iter().any(|asked| asked == name) && !reader.has_errors() {
            let help = format!("say what it may not do, or write a rule with `role = \"{name}\"`");
            reader.warn(item.span(), format!("the role `{name}` changes nothing"), help);
        }
    }
}

/// Where the tables of that name stand.
fn places(table: &DeTable<'_>, name: &str) -> Vec<Range<usize>> {
    let Some(item) = table.get(name) else { return Vec::new() };
    match item.get_ref().as_array().filter(|items| !items.is_empty()) {
        Some(items) => items.iter().map(Item::span).collect(),
        None => vec![item.span()],
    }
}

/// Names of embedded policies; an empty list means to build on nothing.
fn read_extends(item: &Item<'_>, reader: &mut Reader<'_>) -> Vec<(String, Range<usize>)> {
    if item.get_ref().as_array().is_some_and(|items| items.is_empty()) {
        return Vec::new();
    }
    let texts = reader.texts(item).into_iter().flatten();
    texts.map(|text| ((*text.get_ref()).to_owned(), text.span())).collect()
}

/// The rules that roles stand for; who has which role stays with the reader.
fn read_roles(item: Option<&Item<'_>>, reader: &mut Reader<'_>) -> Vec<RuleSource> {
    let Some(item) = item else { return Vec::new() };
    let DeValue::Array(items) = item.get_ref() else {
        let help = "write `[[role]]` with two brackets for each role";
        reader.error_with_help(item.span(), "roles are a list of tables", help);
        return Vec::new();
    };
    for item in items {
        let members = role::members(item, reader);
        reader.roles.extend(members);
    }
    items.iter().flat_map(|item| role::rules(item, reader)).collect()
}

fn read_rules(item: Option<&Item<'_>>, reader: &mut Reader<'_>, rules: &mut Vec<RuleSource>) {
    let Some(item) = item else { return };
    let DeValue::Array(items) = item.get_ref() else {
        let help = "write `[[rule]]` with two brackets for each rule";
        reader.error_with_help(item.span(), "rules are a list of tables", help);
        return;
    };
    let mut lines: BTreeMap<String, u32> =
        rules.iter().map(|rule| (rule.id.clone(), rule.line)).collect();
    for item in items {
        let Some(rule) = rule::rule(item, reader) else { continue };
        let first = lines.get(&rule.id).copied();
        if first.is_none() {
            lines.insert(rule.id.clone(), rule.line);
        }
        if let Some(first) = first {
            let help = format!("the first one stands in line {first}");
            let message = format!("two rules have the id `{}`", rule.id);
            reader.report(Level::Error, rule.id_span.clone(), message, Some(help));
        }
        rules.push(rule);
    }
}
