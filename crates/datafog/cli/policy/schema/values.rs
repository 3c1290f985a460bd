//! What each kind of condition takes, as JSON Schema.
//!
//! It tells types, words and keys; whether a pattern or a path means anything is for
//! `policy lint`. A test asks it about every embedded policy and every example of a condition.

use datafog_core::{Category, Flow};
use serde_json::{Value, json};

/// What stands under the condition of that name.
pub(super) fn of(condition: &str) -> Value {
    match condition {
        "argument" => {
            let argument = argument();
            json!({ "anyOf": [argument, { "type": "array", "items": argument, "minItems": 1 }] })
        }
        "category" => words(&Category::ALL.map(Category::name)),
        "channel" => words(&["argument", "file", "stdin"]),
        "ci" | "unclear" | "uncommitted" | "unscanned" => json!({ "type": "boolean" }),
        "content" => with_table(&content()),
        "discards" => {
            json!({ "anyOf": [{ "type": "boolean" }, keys(&["except"], json!({ "except": texts() }))] })
        }
        "finding" => with_table(&finding()),
        "flow" => flows(),
        "host" | "remote" => {
            with_table(&keys(&["name"], json!({ "name": texts(), "which": which() })))
        }
        "mode" => json!({ "enum": ["enforced", "observe"] }),
        "operand" => with_table(&operand()),
        "option" => with_table(&option()),
        "principal" => json!({ "enum": ["agent", "human"] }),
        "rate" => keys(&["over", "per"], json!({ "over": number(1, 10_000), "per": span() })),
        "risk" => keys(&["at_least"], json!({ "at_least": number(1, 100) })),
        "scorer" => keys(
            &["at_least"],
            json!({ "at_least": number(1, 100), "on_error": { "enum": ["ignore", "match"] } }),
        ),
        "stdin" => words(&["content", "ignore", "stream"]),
        "time" => time(),
        _ => texts(),
    }
}

fn argument() -> Value {
    let any = json!({ "type": ["string", "number", "boolean"] });
    let length = json!({ "type": "integer", "minimum": 0 });
    let number = json!({ "type": "number" });
    let pair = json!({ "type": "array", "items": number, "minItems": 2, "maxItems": 2 });
    keys(
        &["path"],
        json!({
            "path": text(), "which": which(),
            "between": pair, "cidr": texts(), "contains": any,
            "domain_in": texts(), "domain_not_in": texts(), "eq": any,
            "exists": { "type": "boolean" },
            "gt": number, "gte": number, "lt": number, "lte": number,
            "length_eq": length, "length_gt": length, "length_gte": length,
            "length_lt": length, "length_lte": length,
            "like": texts(), "matches": text(),
            "one_of": several(&any),
        }),
    )
}

fn content() -> Value {
    let channels = words(&["argument", "file", "inline", "stdin", "untold"]);
    keys(
        &[],
        json!({
            "path": texts(), "except": texts(), "channel": channels, "role": texts(),
            "flow": flows(), "matches": text(), "which": which(),
        }),
    )
}

fn finding() -> Value {
    keys(
        &[],
        json!({
            "entity": texts(), "except": texts(), "detector": texts(),
            "confidence": { "anyOf": [
                { "enum": ["low", "medium", "high", "certain"] },
                { "type": "number", "exclusiveMinimum": 0, "maximum": 1 },
            ] },
            "severity": { "enum": ["low", "medium", "high", "critical"] },
            "count": { "type": "integer", "minimum": 1 },
            "going_home": { "type": "boolean" },
            "channel": words(&["argument", "environment", "field", "file", "output", "stdin"]),
            "flow": flows(), "role": texts(), "except_role": texts(),
            "which": which(),
        }),
    )
}

fn operand() -> Value {
    let kinds = ["command", "host", "path", "reference", "remote", "remote_path", "text", "url"];
    keys(
        &[],
        json!({
            "path": texts(), "except": texts(), "empties": texts(), "text": texts(),
            "matches": text(), "kind": words(&kinds), "flow": flows(), "which": which(),
        }),
    )
}

fn option() -> Value {
    keys(
        &[],
        json!({
            "any": texts(), "all": texts(), "none": texts(), "name": texts(), "value": texts(),
            "matches": text(), "path": texts(), "which": which(),
        }),
    )
}

fn time() -> Value {
    keys(
        &[],
        json!({
            "days": texts(),
            "hours": { "type": "string", "pattern": "^[0-9]{2}:[0-9]{2}-[0-9]{2}:[0-9]{2}$" },
            "zone": text(),
        }),
    )
}

fn flows() -> Value {
    words(&Flow::ALL.map(Flow::name))
}

fn which() -> Value {
    json!({ "enum": ["any", "every"] })
}

fn number(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}

fn span() -> Value {
    json!({ "type": "string", "pattern": "^[0-9]+[smhd]$" })
}

fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}

fn texts() -> Value {
    one_or_many(&text())
}

fn words(known: &[&str]) -> Value {
    one_or_many(&json!({ "enum": known }))
}

fn one_or_many(one: &Value) -> Value {
    let list = list();
    let item = json!({ "anyOf": [one, list] });
    json!({ "anyOf": [one, list, { "type": "array", "items": item, "minItems": 1 }] })
}

/// Several of one kind, some of which lists of the file may hold.
pub(super) fn several(one: &Value) -> Value {
    let list = list();
    let item = json!({ "anyOf": [one, list] });
    json!({ "anyOf": [list, { "type": "array", "items": item, "minItems": 1 }] })
}

/// What a list of the file holds.
pub(super) fn list() -> Value {
    json!({ "$ref": "#/$defs/list" })
}

/// One text, several, or a table of these keys.
fn with_table(table: &Value) -> Value {
    json!({ "anyOf": [texts(), table] })
}

/// A table of these keys, of which some must be there.
#[expect(clippy::needless_pass_by_value, reason = "a literal at every call")]
fn keys(required: &[&str], properties: Value) -> Value {
    super::table(required, &properties)
}
