/*!
DataFog's JSON policies: every matching rule counts, and the strongest effect decides.

Deny beats transform, transform beats `allow_with_redaction`, that beats allow; nothing matching is
denied. `priority` orders what is listed and never what is decided, as in the original.

Where ours is stricter than the original, on purpose: unknown keys and rules that can never fire are
errors; entity names are compared as they were checked, without blanks and case; the arguments and
the content are always looked at; `commands` and `args` know the command's option table; an allow
rule's `resource_prefixes` match by whole components of the path as it would be opened.
*/

mod evaluate;
mod read;

use datafog_core::Verdict;

use crate::answer::Head;

pub(crate) use read::read;

/// A policy file.
#[derive(Clone, Debug)]
pub(crate) struct DataFog {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) description: String,
    /// Sorted by priority, highest first; equal ones in the order of the file.
    pub(crate) rules: Vec<Rule>,
}

/// One rule. An empty list is no condition.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) head: Head,
    pub(crate) effect: Verdict,
    pub(crate) priority: i64,
    pub(crate) action_types: Vec<String>,
    pub(crate) tools: Vec<String>,
    pub(crate) adapters: Vec<String>,
    pub(crate) commands: Vec<String>,
    pub(crate) args: Vec<String>,
    pub(crate) resource_prefixes: Vec<String>,
    /// All of these must be among the findings.
    pub(crate) entities: Vec<&'static str>,
    /// Entity types to transform, each with its mode.
    pub(crate) transforms: Vec<(&'static str, &'static str)>,
    pub(crate) sensitive_only: bool,
}

/// The entity types that the system knows.
pub(crate) const ENTITIES: &[&str] = &[
    "email",
    "phone",
    "ssn",
    "api_key",
    "credit_card",
    "ip_address",
    "date",
    "zip_code",
    "person",
    "organization",
    "location",
];

/// Those of them that no detector here looks for; a caller may still report them.
pub(crate) const UNSEEN: &[&str] = &["date", "location", "organization", "person", "zip_code"];

/// The ways to transform a value.
pub(crate) const MODES: &[&str] = &["mask", "tokenize", "anonymize", "redact", "replace", "hash"];

/// Our entity types, as globs, that stand for one of theirs.
pub(crate) fn entity_globs(entity: &str) -> &'static [&'static str] {
    match entity {
        "api_key" => &["secret.*"],
        "credit_card" => &["pii.credit_card"],
        "date" => &["pii.date", "date"],
        "email" => &["pii.email"],
        "ip_address" => &["pii.ip_address"],
        "location" => &["pii.location", "location"],
        "organization" => &["pii.organization", "organization"],
        "person" => &["pii.person", "person"],
        "phone" => &["pii.phone"],
        "ssn" => &["pii.ssn"],
        _ => &["pii.zip_code", "zip_code"],
    }
}

/// Whether a finding of ours is one of that entity type.
pub(crate) fn is_entity(entity: &str, ours: &str) -> bool {
    ours.eq_ignore_ascii_case(entity)
        || entity_globs(entity).iter().any(|glob| match glob.strip_suffix('*') {
            Some(prefix) => ours.starts_with(prefix),
            None => ours == *glob,
        })
}
