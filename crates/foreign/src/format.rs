//! Which system a policy file is of, and in which notation.

use core::fmt;
use core::ops::Range;
use core::str::FromStr;

use crate::node::{Node, Value};

/// One of the systems whose policies are understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// AgentGov: Rego sources and WebAssembly modules.
    AgentGov,
    /// DataFog: JSON rules with effects.
    DataFog,
    /// DataGuard: JSON rules, the first match wins, then a risk score.
    DataGuard,
    /// Enforgate: rules with a tool glob and `where` conditions.
    Enforgate,
    /// pi-governance: YAML configuration, rules by role, users.
    PiGovernance,
}

impl Format {
    /// Every format, by name.
    pub const ALL: [Self; 5] =
        [Self::AgentGov, Self::DataFog, Self::DataGuard, Self::Enforgate, Self::PiGovernance];

    /// The name used on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::AgentGov => "agentgov",
            Self::DataFog => "datafog",
            Self::DataGuard => "dataguard",
            Self::Enforgate => "enforgate",
            Self::PiGovernance => "pi-governance",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No format has that name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no such format: agentgov, datafog, dataguard, enforgate and pi-governance are known")]
pub struct ParseFormatError;

impl FromStr for Format {
    type Err = ParseFormatError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|format| format.name() == text).ok_or(ParseFormatError)
    }
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Notation {
    Json,
    Rego,
    Wasm,
    Yaml,
}

/// The notation, by first bytes where they are certain, else by the name's ending, else by looks.
pub(crate) fn notation(bytes: &[u8], path: &str) -> Notation {
    if bytes.starts_with(b"\0asm") || bytes.starts_with(&[0x1f, 0x8b]) {
        return Notation::Wasm;
    }
    let ending = path.rsplit_once('.').map_or("", |(_, ending)| ending).to_lowercase();
    match ending.as_str() {
        "json" => Notation::Json,
        "rego" => Notation::Rego,
        "wasm" => Notation::Wasm,
        "yaml" | "yml" => Notation::Yaml,
        _ => match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
            Some(b'{' | b'[') => Notation::Json,
            _ => Notation::Yaml,
        },
    }
}

/// Keys that tell a format, at the top and within its rules.
const TELLING: &[(Format, &[&str])] = &[
    (
        Format::DataFog,
        &[
            "policy_version",
            "updated_at",
            "effect",
            "entity_requirements",
            "entity_transforms",
            "require_sensitive_only",
            "priority",
            "id",
            "policy_id",
        ],
    ),
    (
        Format::DataGuard,
        &[
            "risk_thresholds",
            "parent_policy_id",
            "rule_id",
            "rewrite_rule_id",
            "scope",
            "created_at",
            "version",
            "policy_id",
            "action",
        ],
    ),
    (
        Format::Enforgate,
        &[
            "defaultDecision",
            "policies",
            "enabled",
            "tool",
            "where",
            "decision",
            "action",
            "priority",
            "server",
        ],
    ),
    (
        Format::PiGovernance,
        &[
            "roles",
            "auth",
            "policy",
            "templates",
            "hitl",
            "audit",
            "dlp",
            "org_units",
            "dependency_guardian",
        ],
    ),
];

/// The formats whose keys occur most: several when they are as likely, none when none of their keys
/// occurs.
pub(crate) fn guess(root: &Node) -> Vec<Format> {
    let mut keys: Vec<&str> = Vec::new();
    collect(root, 6, &mut keys);
    let counts: Vec<(usize, Format)> = TELLING
        .iter()
        .map(|(format, telling)| {
            (telling.iter().filter(|key| keys.contains(*key)).count(), *format)
        })
        .collect();
    let most = counts.iter().map(|(count, _)| *count).max().filter(|most| *most > 0);
    counts.into_iter().filter(|(count, _)| Some(*count) == most).map(|(_, format)| format).collect()
}

/// The key at the top that somebody meant who wrote another one, with its place and its system.
pub(crate) fn meant(root: &Node) -> Option<(Range<usize>, String)> {
    let Value::Table(entries) = &root.value else { return None };
    let all = TELLING.iter().flat_map(|(format, keys)| keys.iter().map(move |key| (*format, *key)));
    entries.iter().find_map(|(key, _)| {
        let near = datafog_policy::nearest(&key.text, all.clone().map(|(_, key)| key))?;
        let (format, _) = all.clone().find(|(_, known)| *known == near)?;
        Some((key.span.clone(), format!("did you mean `{near}`, a key of {format}?")))
    })
}

/// The keys at the top and of the tables in lists below it, whatever the lists are called: one of
/// those names may be the mistyped one.
fn collect<'n>(node: &'n Node, depth: usize, keys: &mut Vec<&'n str>) {
    let Some(depth) = depth.checked_sub(1) else { return };
    match &node.value {
        Value::Table(entries) => {
            for (key, value) in entries {
                keys.push(&key.text);
                let list = matches!(&value.value, Value::List(_));
                if list || matches!(key.text.as_str(), "rules" | "policies") {
                    collect(value, depth, keys);
                }
            }
        }
        Value::List(items) => items.iter().for_each(|item| collect(item, depth, keys)),
        Value::Flag(_) | Value::Null | Value::Number(_) | Value::Text(_) => {}
    }
}
