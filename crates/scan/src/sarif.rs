//! The report as SARIF 2.1.0 (OASIS standard), which code hosts and editors read.

use std::collections::BTreeMap;

use datafog_core::Severity;
use serde_json::{Value, json};

use crate::about::about;
use crate::found::Found;
use crate::report::Report;

/// Where the schema stands that the standard names.
const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The report as a SARIF log of one run.
#[must_use]
pub fn sarif(report: &Report, version: &str) -> Value {
    let mut rules: BTreeMap<&str, Vec<&Found>> = BTreeMap::new();
    for found in &report.findings {
        rules.entry(&found.detector).or_default().push(found);
    }
    let place = |found: &Found| rules.keys().position(|id| *id == found.detector);
    let results: Vec<_> = report.findings.iter().map(|found| result(found, place(found))).collect();
    let rules: Vec<_> =
        rules.iter().filter_map(|(id, found)| Some(rule(id, found.first()?))).collect();
    let unread = report.unread.iter().map(|unread| {
        json!({
            "level": "error",
            "message": { "text": format!("cannot read `{}`: {}", unread.path, unread.reason) },
            "locations": [{ "physicalLocation": { "artifactLocation": artifact(&unread.path) } }],
        })
    });
    let unread: Vec<_> = unread.collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": { "name": "datafog", "version": version, "rules": rules } },
            "columnKind": "unicodeCodePoints",
            "invocations": [{
                "executionSuccessful": unread.is_empty(),
                "toolExecutionNotifications": unread,
            }],
            "results": results,
        }],
    })
}

fn rule(id: &str, found: &Found) -> Value {
    let about = about(id);
    let summary = about.map_or(id, |about| about.summary);
    let mut rule = json!({
        "id": id,
        "shortDescription": { "text": summary },
        "defaultConfiguration": { "level": level(found.severity) },
        "properties": {
            "entity": found.entity,
            "security-severity": score(found.severity),
            "tags": ["security"],
        },
    });
    if let (Some(about), Value::Object(rule)) = (about, &mut rule) {
        rule.insert("helpUri".into(), about.url.into());
        rule.insert("help".into(), json!({ "text": about.revoke }));
    }
    rule
}

fn result(found: &Found, rule: Option<usize>) -> Value {
    let (first, last) = found.shown;
    let text = format!("{} ({})", found.entity, found.preview);
    let mut result = json!({
        "ruleId": found.detector,
        "ruleIndex": rule,
        "level": level(found.severity),
        "message": { "text": text },
        "locations": [{
            "physicalLocation": {
                "artifactLocation": artifact(&found.path),
                "region": {
                    "startLine": first.line,
                    "startColumn": first.character,
                    "endLine": last.line,
                    "endColumn": last.character,
                    "byteOffset": found.start,
                    "byteLength": found.end.saturating_sub(found.start),
                },
            },
        }],
        "partialFingerprints": { "datafog/v1": found.fingerprint },
        "rank": f64::from(found.confidence.as_percent()),
    });
    if let (Some(commit), Value::Object(result)) = (&found.commit, &mut result) {
        result.insert("properties".into(), json!({ "commit": commit }));
    }
    result
}

/// A path as a relative reference (RFC 3986 §4.2): what is no letter of one is percent-encoded.
fn artifact(path: &str) -> Value {
    let mut uri = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/!$&'()*+,;=@".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    let uri = if path.starts_with('/') { format!("file://{uri}") } else { uri };
    json!({ "uri": uri })
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "note",
        Severity::Medium => "warning",
        Severity::High | Severity::Critical => "error",
    }
}

/// The number that code hosts sort by, in the bands of CVSS.
const fn score(severity: Severity) -> &'static str {
    match severity {
        Severity::Low => "3.0",
        Severity::Medium => "5.5",
        Severity::High => "8.0",
        Severity::Critical => "9.5",
    }
}
