//! `datafog policy schema`: the JSON Schema of policy files, for editors.
//!
//! Made from the tables that the reader itself uses, so a condition that is added there stands here,
//! too. It offers words, finds misspelled keys and values of a wrong type; what a value means is for
//! `policy lint` to judge.

mod values;

use anyhow::Result;
use clap::Args;
use datafog_core::ApprovalScope;
use datafog_gate::KnownWords;
use datafog_policy::{Policy, Vocabulary, conditions};
use serde_json::{Map, Value, json};

use crate::cli::session::Session;
use crate::exit_code::ExitCode;

/// Arguments of `policy schema`.
#[derive(Args, Clone, Copy, Debug)]
pub(crate) struct Schema {
    /// The schema of files of tests (`*.test.toml`)
    #[arg(long)]
    tests: bool,
}

impl Schema {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        let schema = if self.tests { pretty(&tests())? } else { schema()? };
        session.out.print(schema)?;
        Ok(ExitCode::Success)
    }
}

/// The schema of policies, as it stands in a file.
pub(super) fn schema() -> Result<String> {
    pretty(&policy())
}

fn pretty(schema: &Value) -> Result<String> {
    Ok(serde_json::to_string_pretty(schema)? + "\n")
}

/// Effects and decisions, as they are written.
const EFFECTS: [&str; 5] =
    ["allow", "allow_with_redaction", "transform", "require_approval", "deny"];

/// The dialect of all schemas here.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

fn policy() -> Value {
    let packs: Vec<&str> = Policy::packs().map(|(name, _)| name).collect();
    let head = table(
        &["id", "version"],
        &json!({
            "id": text("Names the policy in every receipt."),
            "version": text("Stands beside the id in every receipt."),
            "description": text("For people."),
            "extends": { "type": "array", "items": { "enum": packs }, "description": "Embedded policies that this one builds on." },
            "default": { "enum": ["allow", "deny"], "description": "The verdict when no rule matches." },
            "unscannable": { "enum": ["allow", "require_approval", "deny"], "description": "The verdict on content that would leave and cannot be judged." },
            "locked": { "type": "boolean", "description": "Later layers can only tighten." },
        }),
    );
    json!({
        "$schema": DIALECT,
        "title": "datafog policy",
        "type": "object",
        "additionalProperties": false,
        "required": ["policy"],
        "properties": {
            "policy": head,
            "lists": { "type": "object", "minProperties": 1, "additionalProperties": { "type": "array", "minItems": 1, "items": { "type": "string", "minLength": 1 } }, "description": "Texts by name, for `{ list = \"name\" }` in rules, roles and signals." },
            "rewrite": { "type": "array", "items": rewrite() },
            "risk": risk(),
            "role": { "type": "array", "items": role() },
            "rule": { "type": "array", "items": rule() },
            "detector": { "type": "array", "items": { "type": "object" } },
            "allow": { "type": "array", "items": { "type": "object" } },
        },
        "$defs": {
            "conditions": when(),
            "example": example(),
            "list": table(&["list"], &json!({ "list": text("What the list of that name holds.") })),
        },
    })
}

fn rule() -> Value {
    let examples = |what: &str| json!({ "type": "array", "items": { "$ref": "#/$defs/example" }, "description": what });
    let texts = values::several(&json!({ "type": "string" }));
    let list = |what: &str| json!({ "anyOf": [texts], "description": what });
    table(
        &["id", "effect", "reason"],
        &json!({
            "id": { "type": "string", "pattern": "^[a-z0-9._-]{1,64}$", "description": "Unique in the whole policy." },
            "effect": { "enum": EFFECTS, "description": "What is decided when the rule matches." },
            "severity": { "enum": ["low", "medium", "high", "critical"], "description": "Of equally strict rules the severest speaks." },
            "reason": text("Why, in one sentence."),
            "instead": text("What would pass."),
            "overrides": list("Ids of rules that do not count when this one matches."),
            "redact": { "description": "Entity globs to remove, or tables of `entity`, `with` and `show_chars`." },
            "approval": { "type": "object", "properties": { "scope": { "enum": ApprovalScope::ALL.map(ApprovalScope::name) }, "timeout": text("Such as `5m`; `0s`: nobody waits."), "approvers": { "type": "integer", "minimum": 1, "maximum": 5, "description": "How many different persons have to say yes." } }, "additionalProperties": false, "description": "Who has to say yes, what it covers, and how long it is waited for." },
            "notify": list("Who is told."),
            "locked": { "type": "boolean", "description": "No later layer can override the rule." },
            "rewrite": { "anyOf": [{ "enum": KnownWords.rewrites() }, { "type": "string", "minLength": 1 }], "description": "Name of the rewrite: a built-in one, or one of `[[rewrite]]`." },
            "match": examples("Calls that the rule must match."),
            "not_match": examples("Calls that it must not match."),
            "when": { "$ref": "#/$defs/conditions" },
            "unless": { "$ref": "#/$defs/conditions" },
        }),
    )
}

/// A rewrite of the user's own.
fn rewrite() -> Value {
    let words = |what: &str| json!({ "anyOf": [{ "type": "string", "minLength": 1 }, { "type": "array", "minItems": 1, "items": { "type": "string" } }], "description": what });
    let scheme = table(
        &["from", "to"],
        &json!({ "from": text("Such as `http`."), "to": text("Such as `https`.") }),
    );
    let scalar = json!({ "type": ["string", "integer", "boolean"] });
    let step = json!({ "anyOf": [
        table(&["append"], &json!({ "append": words("Words put behind the last one.") })),
        table(&["cap", "at"], &json!({ "cap": text("An option, or the dot path of an argument."), "at": { "type": "integer", "minimum": 1 } })),
        table(&["drop_flag"], &json!({ "drop_flag": words("Options, by canonical name.") })),
        table(&["redact"], &json!({ "redact": words("Entity globs.") })),
        table(&["replace_scheme"], &json!({ "replace_scheme": scheme })),
        table(&["set", "to"], &json!({ "set": text("An option, or the dot path of an argument."), "to": scalar })),
    ] });
    let side = json!({ "type": ["string", "object"] });
    let example = table(
        &["before", "after"],
        &json!({ "before": side, "after": side, "tool": text("The tool, where arguments are changed.") }),
    );
    table(
        &["name", "steps"],
        &json!({
            "name": { "type": "string", "pattern": "^[a-z0-9-]{1,64}$", "description": "By which rules ask for it." },
            "steps": { "type": "array", "minItems": 1, "items": step, "description": "Taken in order." },
            "examples": { "type": "array", "minItems": 1, "items": example, "description": "Checked whenever the file is compiled." },
        }),
    )
}

fn risk() -> Value {
    let band = json!({ "type": "array", "items": { "type": "integer", "minimum": 0, "maximum": 100 }, "minItems": 2, "maxItems": 2, "description": "First and last score." });
    let signal = table(
        &["id", "points", "when"],
        &json!({
            "id": text("Shown with the score."),
            "points": { "type": "integer", "minimum": 1, "maximum": 100 },
            "when": { "$ref": "#/$defs/conditions" },
        }),
    );
    table(
        &["signal"],
        &json!({
            "signal": { "type": "array", "minItems": 1, "items": signal },
            "allow": band, "rewrite_or_approve": band, "approve": band, "deny": band,
        }),
    )
}

fn role() -> Value {
    let item = json!({ "anyOf": [{ "type": "string" }, values::list()] });
    let list = |what: &str| json!({ "anyOf": [values::list(), { "type": "array", "items": item }], "description": what });
    table(
        &["name"],
        &json!({
            "name": { "type": "string", "pattern": "^[a-z0-9_-]{1,32}$", "description": "Unique in the file." },
            "users": list("Users that have it, as globs."),
            "groups": list("Groups that have it, as globs."),
            "default": { "type": "boolean", "description": "Whoever has no other role has this one." },
            "tools": list("Tools that may be called; no others."),
            "blocked_tools": list("Tools that may not be called."),
            "commands": list("Commands that may be run; no others."),
            "blocked_commands": list("Commands that may not be run."),
            "paths": list("Paths that may be touched; no others."),
            "blocked_paths": list("Paths that may not be touched."),
            "approve": list("Tools that a person is asked about first."),
            "auto_approve": list("Tools that nobody is asked about all the same."),
            "findings": { "enum": ["allow_with_redaction", "deny", "require_approval"], "description": "What is done with findings that would leave." },
            "mode": { "enum": ["autonomous", "dry_run", "supervised"], "description": "`supervised` when missing." },
            "calls": { "type": "object", "required": ["over", "per"], "additionalProperties": false, "properties": { "over": { "type": "integer", "minimum": 1 }, "per": text("Such as `1d`.") }, "description": "How many calls are too many." },
        }),
    )
}

/// Every kind of condition, and the groups.
fn when() -> Value {
    let mut properties = Map::new();
    for about in conditions() {
        let described = format!("{} {}", about.summary, about.form);
        let mut shape = values::of(about.name);
        if let Value::Object(shape) = &mut shape {
            shape.insert(String::from("description"), Value::from(described));
            shape.insert(String::from("examples"), json!([about.example]));
        }
        properties.insert(about.name.to_owned(), shape);
    }
    let words = |known: Vec<&str>| {
        let one = json!({ "anyOf": [{ "enum": known }, { "type": "string" }] });
        let item = json!({ "anyOf": [one, values::list()] });
        json!({ "anyOf": [one, values::list(), { "type": "array", "items": item, "minItems": 1 }] })
    };
    for (name, known) in [("command", KnownWords.commands()), ("family", KnownWords.families())] {
        if let Some(Value::Object(condition)) = properties.get_mut(name)
            && let Value::Object(shape) = words(known)
        {
            condition.extend(shape);
        }
    }
    for (name, what) in [
        ("all", "All of these hold."),
        ("any", "One of these holds."),
        ("none", "None of these holds."),
    ] {
        let group = json!({ "type": "array", "minItems": 1, "items": { "$ref": "#/$defs/conditions" }, "description": what });
        properties.insert(name.to_owned(), group);
    }
    json!({ "type": "object", "additionalProperties": false, "minProperties": 1, "properties": properties })
}

/// A call as examples and tests write it.
fn example() -> Value {
    let words = json!({ "type": "array", "items": { "type": "string" }, "minItems": 1 });
    let line = json!({ "anyOf": [{ "type": "string" }, words] });
    json!({ "anyOf": [line, { "type": "object" }] })
}

fn tests() -> Value {
    let case = table(
        &["call", "expect"],
        &json!({
            "name": text("What the test is called."),
            "call": { "$ref": "#/$defs/example" },
            "expect": { "enum": EFFECTS, "description": "What the policy must answer." },
            "rule": text("Id of the rule that must decide; `default` for none."),
        }),
    );
    json!({
        "$schema": DIALECT,
        "title": "datafog policy tests",
        "type": "object",
        "additionalProperties": false,
        "required": ["test"],
        "properties": {
            "policy": text("The policy file that is tested, relative to this one."),
            "test": { "type": "array", "minItems": 1, "items": case },
        },
        "$defs": { "example": example() },
    })
}

fn table(required: &[&str], properties: &Value) -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": required, "properties": properties })
}

fn text(description: &str) -> Value {
    json!({ "type": "string", "minLength": 1, "description": description })
}
