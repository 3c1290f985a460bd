//! Reads what pi-governance does with content: its `dlp` section.

use datafog_core::{Severity, Verdict};

use crate::node::Node;
use crate::pi::{ACTIONS, Custom, Dlp, DlpOverride, Role};
use crate::reader::{Reader, Table};

const SEVERITIES: &[(&str, Severity)] = &[
    ("critical", Severity::Critical),
    ("high", Severity::High),
    ("low", Severity::Low),
    ("medium", Severity::Medium),
];

const KEYS: &[&str] = &[
    "allowlist",
    "built_in",
    "custom_patterns",
    "enabled",
    "masking",
    "mode",
    "on_input",
    "on_output",
    "role_overrides",
    "severity_threshold",
];

/// The key for a tool's output, and why it has no effect.
const ON_OUTPUT: (&str, &str) = ("on_output", "what a tool returns is not judged by this policy");

/// The section, and what it changes for single roles.
pub(super) fn read(node: &Node, roles: &mut [Role], reader: &mut Reader<'_>) -> Option<Dlp> {
    let table = reader.table(node, KEYS)?;
    without_effect(&table, reader);
    let built_in = table.table("built_in", &["pii", "secrets"], reader);
    let mut family = |key: &str| {
        let node = built_in.and_then(|table| table.get(key));
        node.and_then(|node| reader.flag(node)).unwrap_or(true)
    };
    let (secrets, pii) = (family("secrets"), family("pii"));
    if let Some(overrides) = table.get("role_overrides").and_then(|node| reader.any_table(node)) {
        role_overrides(&overrides, roles, reader);
    }
    Some(Dlp {
        enabled: table.get("enabled").and_then(|node| reader.flag(node)).unwrap_or(false),
        mode: action(&table, "mode", reader).unwrap_or(Verdict::Allow),
        on_input: action(&table, "on_input", reader),
        threshold: table
            .get("severity_threshold")
            .and_then(|node| reader.word(node, "severity", SEVERITIES))
            .unwrap_or(Severity::Low),
        secrets,
        pii,
        custom: table.get("custom_patterns").map(|node| custom(node, reader)).unwrap_or_default(),
    })
}

/// What content with findings leads to, by one key.
fn action(table: &Table<'_>, key: &str, reader: &mut Reader<'_>) -> Option<Verdict> {
    table.get(key).and_then(|node| reader.word(node, "action", ACTIONS))
}

/// Keys that are read for their spelling and have no meaning for a decision.
fn without_effect(table: &Table<'_>, reader: &mut Reader<'_>) {
    table.not_honoured(
        reader,
        &[
            ("allowlist", "a finding is known here without its value; name detectors to leave out in datafog's settings"),
            ("masking", "findings are removed in datafog's own form"),
            ON_OUTPUT,
        ],
    );
    for item in table.get("allowlist").and_then(|node| reader.list(node)).unwrap_or_default() {
        let entry = reader.table(item, &["pattern"]);
        entry
            .and_then(|entry| entry.require("pattern", reader))
            .and_then(|node| reader.pattern(node));
    }
    if let Some(masking) =
        table.table("masking", &["placeholder", "show_chars", "strategy"], reader)
        && let Some(node) = masking.get("strategy")
    {
        reader.word(node, "strategy", &[("full", ()), ("hash", ()), ("partial", ())]);
    }
    action(table, "on_output", reader);
}

impl Dlp {
    /// What holds where there is no configuration at all.
    pub(super) fn builtin() -> Self {
        Self {
            enabled: true,
            mode: Verdict::Allow,
            on_input: Some(Verdict::Deny),
            threshold: Severity::Low,
            secrets: true,
            pii: true,
            custom: Vec::new(),
        }
    }
}

fn role_overrides(overrides: &Table<'_>, roles: &mut [Role], reader: &mut Reader<'_>) {
    for (key, node) in overrides.entries() {
        let Some(role) = roles.iter_mut().find(|role| role.name == key.text) else {
            let known: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
            reader.unknown_word(&key.span, "role", &key.text, &known);
            continue;
        };
        let Some(table) = reader.table(node, &["enabled", "mode", "on_input", "on_output"]) else {
            continue;
        };
        table.not_honoured(reader, &[ON_OUTPUT]);
        let (mode, on_input) = (action(&table, "mode", reader), action(&table, "on_input", reader));
        let enabled = table.get("enabled").and_then(|node| reader.flag(node));
        role.dlp = DlpOverride { enabled, mode, on_input };
    }
}

fn custom(node: &Node, reader: &mut Reader<'_>) -> Vec<Custom> {
    let mut all = Vec::new();
    for item in reader.list(node).unwrap_or_default() {
        let Some(table) = reader.table(item, &["action", "name", "pattern", "severity"]) else {
            continue;
        };
        let name =
            table.require("name", reader).and_then(|node| reader.text(node)).map(str::to_owned);
        let pattern = table.require("pattern", reader).and_then(|node| reader.pattern(node));
        let severity = table
            .require("severity", reader)
            .and_then(|node| reader.word(node, "severity", SEVERITIES));
        let action = action(&table, "action", reader);
        if let (Some(name), Some(pattern), Some(severity)) = (name, pattern, severity) {
            all.push(Custom { name, pattern, severity, action });
        }
    }
    all
}
