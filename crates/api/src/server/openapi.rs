//! The native routes as an OpenAPI 3.1 document (`docs/openapi.json`), made from the table of routes.

mod channels;
mod links;

use datafog_core::ApprovalScope;
use serde_json::{Map, Value, json};

use super::routes::{ROUTES, is_native};
use crate::identity::Permission;
use crate::store::Role;

/// The document.
#[must_use]
pub fn openapi() -> Value {
    let mut paths = Map::new();
    for (method, path, permission) in ROUTES.iter().filter(|(_, path, _)| is_native(path)) {
        let operation = operation((method, path), *permission);
        let known = paths.entry(*path).or_insert_with(|| json!({}));
        if let Some(known) = known.as_object_mut() {
            known.insert(method.to_lowercase(), operation);
        }
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "datafog",
            "version": "1",
            "summary": "Whether something may be done, and what a person said of it.",
        },
        "servers": [{ "url": "http://127.0.0.1:8080" }],
        "security": [{ "bearer": [] }, { "key": [] }],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "bearer": { "type": "http", "scheme": "bearer" },
                "key": { "type": "apiKey", "in": "header", "name": "X-API-Key" },
            },
            "schemas": with_channels(schemas()),
        },
    })
}

/// A policy that loads.
const POLICY: &str = "[policy]\nid = \"house\"\nversion = \"1\"\n\n[[rule]]\nid = \"no-payments\"\n\
    effect = \"deny\"\nreason = \"money is moved by people\"\ninstead = \"ask somebody\"\n\
    match = [{ tool = \"pay\", args = {} }]\nnot_match = [{ tool = \"read\", args = {} }]\n\
    [rule.when]\ntool = [\"pay\"]\n";

fn with_channels(mut schemas: Value) -> Value {
    if let Some(schemas) = schemas.as_object_mut() {
        schemas.extend(channels::schemas());
    }
    schemas
}

/// What a route takes and gives.
fn operation((method, path): (&str, &str), permission: Option<Permission>) -> Value {
    let (name, summary, body, answer) = known((method, path));
    let media = if path == "/v1/events/stream" { "text/event-stream" } else { "application/json" };
    let problem = json!({ "description": "A problem (RFC 9457).",
        "content": { "application/problem+json": { "schema": of("Problem") } } });
    let mut operation = json!({
        "operationId": name,
        "summary": summary,
        "description": format!("For {}.", roles(permission)),
        "parameters": parameters((method, path)),
        "responses": {
            "200": { "description": "Done.",
                "content": { (media): { "schema": of(answer) } } },
            "default": problem,
        },
    });
    if let Some(links) = links::of((method, path))
        && let Some(done) = operation.pointer_mut("/responses/200").and_then(Value::as_object_mut)
    {
        done.insert("links".into(), links);
    }
    if let Some(responses) = operation.pointer_mut("/responses").and_then(Value::as_object_mut) {
        responses.extend(besides((method, path)));
    }
    if let (Some(body), Some(operation)) = (body, operation.as_object_mut()) {
        let content = json!({ "application/json": { "schema": of(body) } });
        operation.insert("requestBody".into(), json!({ "required": true, "content": content }));
    }
    operation
}

/// What is answered to a condition.
fn besides((method, path): (&str, &str)) -> Map<String, Value> {
    let problem = |about: &str| {
        json!({ "description": about,
            "content": { "application/problem+json": { "schema": of("Problem") } } })
    };
    let is_conditional =
        (method == "PUT" && path == "/v1/policy/text") || path.ends_with("/restoration");
    let mut known = Map::new();
    if path == "/v1/policy/bundle" {
        let same = json!({ "description": "The text of the tag that was named." });
        known.insert("304".into(), same);
    } else if is_conditional {
        let broken = "The text does not load, or holds what looks like a secret.";
        known.insert("400".into(), problem(broken));
        let changed = "The file is not the one that was seen.";
        known.insert("412".into(), problem(changed));
        let unsaid = "Neither `If-Match` nor `If-None-Match: *` says what was seen.";
        known.insert("428".into(), problem(unsaid));
    }
    known
}

/// A route's name, what it is in words, and the schemas of what it takes and gives.
type Operation = (&'static str, &'static str, Option<&'static str>, &'static str);

fn known((method, path): (&str, &str)) -> Operation {
    if let Some(known) = channels::operation((method, path)) {
        return known;
    }
    match path {
        "/v1/actions" => ("askAction", "Whether an action may be done.", Some("Asked"), "Answered"),
        "/v1/approvals" if method == "POST" => {
            ("askApproval", "Asks about a call that is held elsewhere.", Some("Held"), "Asking")
        }
        "/v1/approvals" => ("listApprovals", "Requests, newest first.", None, "Approvals"),
        "/v1/approvals/{id}" => ("getApproval", "How a request stands.", None, "Standing"),
        "/v1/approvals/{id}/decision" => {
            ("decideApproval", "Says yes or no; the first counts.", Some("Said"), "Approval")
        }
        "/v1/approvals/{id}/revocation" => {
            ("revokeApproval", "Takes an answer back.", Some("TakenBack"), "Approval")
        }
        "/v1/approvals/{id}/withdrawal" => {
            ("withdrawApproval", "What became of it elsewhere.", Some("Became"), "Brief")
        }
        "/v1/events/stream" => ("listen", "What happens, from now on.", None, "Events"),
        "/v1/tokens" => {
            ("makeToken", "A credential narrower than one's key.", Some("Narrowed"), "Token")
        }
        _ => about_policy((method, path)),
    }
}

/// The same for the routes about the policy.
fn about_policy((method, path): (&str, &str)) -> Operation {
    match path {
        "/v1/policy/bundle" => {
            ("getPolicyBundle", "The policy file, signed.", None, "PolicyBundle")
        }
        "/v1/policy/text" if method == "PUT" => {
            ("putPolicyText", "Replaces the policy file.", Some("NewPolicy"), "PolicyText")
        }
        "/v1/policy/text" => ("getPolicyText", "The policy file.", None, "PolicyText"),
        "/v1/policy/versions" => {
            ("listPolicies", "What was in the policy file, newest first.", None, "PolicyVersions")
        }
        "/v1/policy/versions/{number}" => {
            ("getPolicyVersion", "A text that was in the policy file.", None, "PolicyVersion")
        }
        "/v1/policy/versions/{number}/restoration" => {
            ("restorePolicy", "Puts a text back.", Some("TakenBack"), "PolicyText")
        }
        _ => ("getPolicy", "The policy in force.", None, "Policy"),
    }
}

fn of(schema: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{schema}") })
}

/// Who may use a route.
fn roles(permission: Option<Permission>) -> String {
    let may = |role: &Role| permission.is_none_or(|permission| permission.is_given_to(*role));
    let names: Vec<&str> = Role::ALL.into_iter().filter(may).map(Role::name).collect();
    names.join(", ")
}

fn parameters((method, path): (&str, &str)) -> Value {
    if let Some(known) = channels::parameters(path) {
        return known;
    }
    let id = in_path("id", &json!({ "type": "string", "pattern": "^[0-9a-f]{32}$" }));
    let number = in_path("number", &json!({ "type": "integer", "minimum": 1 }));
    let wait = in_query(
        "wait",
        &json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX,
            "description": "Seconds to wait until it is answered; ten at most." }),
    );
    let seen = header("If-Match", "The tag of the text that was seen.");
    let unseen = json!({ "name": "If-None-Match", "in": "header",
        "description": "`*`, where there is no file.", "schema": { "const": "*" } });
    match path {
        "/v1/actions" => json!([{ "name": "Idempotency-Key", "in": "header",
            "schema": { "type": "string", "minLength": 1, "maxLength": 255 } }]),
        "/v1/approvals" if method == "POST" => json!([wait]),
        "/v1/approvals" => {
            let limit = json!({ "type": "integer", "minimum": 1, "maximum": 1000, "default": 100 });
            json!([in_query("state", &state()), in_query("limit", &limit)])
        }
        "/v1/approvals/{id}" => json!([id, wait]),
        "/v1/policy/bundle" => {
            json!([header("If-None-Match", "The tag of the text that is there already.")])
        }
        "/v1/policy/text" if method == "PUT" => json!([seen, unseen]),
        "/v1/policy/versions/{number}" => json!([number]),
        "/v1/policy/versions/{number}/restoration" => json!([number, seen, unseen]),
        _ if path.starts_with("/v1/approvals/") => json!([id]),
        _ => json!([]),
    }
}

fn header(name: &str, what: &str) -> Value {
    json!({ "name": name, "in": "header", "description": what, "schema": text() })
}

fn in_path(name: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "schema": schema })
}

fn in_query(name: &str, schema: &Value) -> Value {
    json!({ "name": name, "in": "query", "schema": schema })
}

fn state() -> Value {
    json!({ "type": "string",
        "enum": ["approved", "denied", "expired", "pending", "revoked", "used"] })
}

/// An object with these members, all of which are there.
fn object(members: &Value) -> Value {
    let required: Vec<String> =
        members.as_object().into_iter().flat_map(Map::keys).cloned().collect();
    json!({ "type": "object", "properties": members, "required": required })
}

/// The same, and no other members.
fn closed(members: &Value) -> Value {
    let mut object = object(members);
    if let Some(members) = object.as_object_mut() {
        members.insert("additionalProperties".into(), Value::Bool(false));
    }
    object
}

fn text() -> Value {
    json!({ "type": "string" })
}

fn moment() -> Value {
    json!({ "type": "string", "format": "date-time" })
}

fn texts() -> Value {
    json!({ "type": "array", "items": text() })
}

/// A name of so many letters at least.
fn name(least: u32) -> Value {
    let pattern = format!("^[^\\u0000-\\u001f\\u007f-\\u009f]{{{least},128}}$");
    json!({ "type": "string", "pattern": pattern })
}

fn optional() -> Value {
    json!({ "type": ["string", "null"] })
}

fn number() -> Value {
    json!({ "type": "integer", "minimum": 0 })
}

/// A moment, since 1970. What is further away than seven days counts as that.
fn milliseconds() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": (1_u64 << 53) - 1 })
}

fn scope() -> Value {
    json!({ "type": "string", "enum": ApprovalScope::ALL })
}

/// What a credential can be narrowed to.
fn permission() -> Value {
    json!({ "type": "string", "enum": Permission::SCOPES })
}

/// What is answered to an action.
fn answered() -> Value {
    let finding = object(&json!({ "entity": text(), "channel": text(), "start": number(),
        "end": number(), "confidence": { "type": "integer", "minimum": 0, "maximum": 100 },
        "preview": text() }));
    let mut answered = object(&json!({ "id": text(), "reason": text(), "rules": texts(),
        "decision": { "type": "string", "enum": ["allow", "allow_with_redaction", "transform",
            "require_approval", "deny"] },
        "findings": { "type": "array", "items": finding },
        "policy": object(&json!({ "id": text(), "version": text() })) }));
    // The one member that is not always there.
    if let Some(members) = answered.pointer_mut("/properties").and_then(Value::as_object_mut) {
        members.insert("approval".into(), of("Brief"));
    }
    answered
}

/// The text of the policy file; after a change with the number of its version.
fn policy_text() -> Value {
    let mut told = object(&json!({ "text": text(), "digest": text() }));
    if let Some(members) = told.pointer_mut("/properties").and_then(Value::as_object_mut) {
        members.insert("version".into(), number());
    }
    told
}

/// A text that was in the policy file; in a list without the text.
fn policy_version() -> Value {
    let mut told = object(&json!({ "version": number(), "at": moment(), "author": text(),
        "note": text(), "digest": text() }));
    if let Some(members) = told.pointer_mut("/properties").and_then(Value::as_object_mut) {
        members.insert("text".into(), optional());
    }
    told
}

/// A request for approval as a person reads it.
fn approval() -> Value {
    let answer = object(&json!({ "by": optional(), "way": text(), "at": moment(),
        "scope": optional(), "until": optional(),
        "uses": { "type": ["integer", "null"] }, "note": optional() }));
    object(&json!({ "id": text(), "state": state(), "asked_at": moment(),
        "answerable_until": moment(), "action_type": text(), "command": text(), "cwd": text(),
        "destinations": texts(), "findings": texts(), "rules": texts(), "reason": text(),
        "session": optional(), "scopes": { "type": "array", "items": scope() },
        "uses": number(), "needed": number(), "agreed": texts(), "answer": { "anyOf": [answer, { "type": "null" }] } }))
}

/// What is asked of an action: one of three, and what is known besides.
fn asked() -> Value {
    let one = |name: &str, kind: &str| json!({ "required": [name], "properties": { (name): { "type": kind } } });
    let program = json!({ "type": "string", "minLength": 1 });
    let folder = json!({ "type": ["string", "null"], "pattern": "^/" });
    json!({ "type": "object", "additionalProperties": false, "properties": {
            "command": { "type": ["array", "null"], "items": text(), "prefixItems": [program],
                "minItems": 1 },
            "line": optional(), "text": optional(), "cwd": folder, "session": optional(),
            "tool": { "type": ["object", "null"], "additionalProperties": false, "required": ["name"],
                "properties": { "name": text(), "arguments": { "type": "object" } } } },
        "oneOf": [one("command", "array"), one("line", "string"), one("tool", "object")],
        "examples": [{ "command": ["git", "push", "--force", "origin", "main"], "cwd": "/srv/app" }],
        "description": "One of `command`, `line` and `tool`." })
}

/// A call that is held elsewhere.
fn held() -> Value {
    let found = closed(&json!({ "detector": text(), "entity_type": text(), "channel": text(),
        "severity": { "type": "string", "enum": ["low", "medium", "high", "critical"] },
        "fingerprint": { "type": "string", "pattern": "^[0-9a-f]{64}$" } }));
    let principal = json!({ "type": "object", "required": ["kind", "uid"], "properties": {
        "kind": { "type": "string", "enum": ["agent", "human", "unknown"] },
        "uid": { "type": "integer", "minimum": 0, "maximum": u32::MAX },
        "agent": optional(), "session": optional(), "parents": texts(),
        "terminal": { "type": "boolean" } } });
    let kinds =
        ["command.exec", "file.read", "file.write", "http.request", "shell.exec", "tool.call"];
    closed(&json!({ "schema_version": { "const": 1 },
        "id": { "type": "string", "pattern": "^[0-9a-f]{32}$" }, "call": text(),
        "asked_at": milliseconds(), "until": milliseconds(),
        "action_type": { "type": "string", "enum": kinds }, "tool": text(), "command": text(),
        "cwd": text(), "destinations": texts(), "findings": { "type": "array", "items": found },
        "faults": texts(), "rules": texts(), "reason": text(), "rewrite": optional(),
        "principal": principal,
        "scopes": { "type": "array", "items": scope(), "minItems": 1,
            "description": "How widely a yes may hold; the widest counts." },
        "policy_id": text(), "policy_version": text() }))
}

/// How it stands, with the signed answer.
fn asking() -> Value {
    let mut told = object(&json!({ "id": text(), "state": state() }));
    if let Some(members) = told.pointer_mut("/properties").and_then(Value::as_object_mut) {
        members.insert("answer".into(), object(&json!({ "text": text(), "signature": text() })));
    }
    told
}

/// What a token is asked for.
fn narrowed() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["seconds"],
        "properties": { "name": name(0),
            "scopes": { "type": "array", "items": permission(), "maxItems": 64 },
            "tools": { "type": "array", "items": name(1), "maxItems": 64 },
            "seconds": { "type": "integer", "minimum": 60, "maximum": 2_592_000 } } })
}

/// An answer to a request.
fn said() -> Value {
    json!({ "type": "object", "additionalProperties": false, "required": ["decision"],
        "properties": { "decision": { "type": "string", "enum": ["approve", "deny"] },
            "scope": scope(), "note": optional(),
            "uses": { "type": "integer", "minimum": 1, "maximum": u32::MAX },
            "seconds": { "type": "integer", "minimum": 1, "maximum": 604_800 } } })
}

fn schemas() -> Value {
    json!({
        "Asked": asked(),
        "Answered": answered(),
        "Approval": approval(),
        "Approvals": object(&json!({ "approvals": { "type": "array", "items": of("Approval") } })),
        "Asking": asking(),
        "Became": { "type": "object", "additionalProperties": false, "required": ["state"],
            "properties": { "state": { "type": "string",
                "enum": ["approved", "denied", "expired", "revoked", "used"] } } },
        "Brief": object(&json!({ "id": text(), "state": state(), "answerable_until": moment() })),
        "Events": { "type": "string", "description": "Server-sent events: `snapshot` first, with \
            `pending` requests; then `held`, `approved`, `denied`, `expired`, `revoked`, `pending`, `decided` and \
            `done`, each with its number in the chain as its id." },
        "Held": held(),
        "Narrowed": narrowed(),
        "NewPolicy": { "type": "object", "additionalProperties": false, "required": ["text"],
            "properties": { "text": text(), "note": text() },
            "examples": [{ "text": POLICY, "note": "the first one" }] },
        "PolicyBundle": object(&json!({ "schema_version": { "const": 1 }, "issued_at": number(),
            "digest": text(), "text": text(), "signature": text() })),
        "PolicyText": policy_text(),
        "PolicyVersion": policy_version(),
        "PolicyVersions": object(
            &json!({ "versions": { "type": "array", "items": policy_version() } })),
        "Policy": object(&json!({ "id": text(), "version": text(), "digest": text(),
            "stale": optional() })),
        "Problem": object(&json!({ "type": text(), "title": text(), "status": number(),
            "detail": text(), "request_id": text() })),
        "Said": said(),
        "Standing": { "anyOf": [of("Approval"), of("Brief")] },
        "Token": object(&json!({ "token": text(), "id": text(), "expires_at": moment(),
            "scopes": { "type": "array", "items": permission() }, "tools": texts() })),
        "TakenBack": { "type": "object", "additionalProperties": false,
            "properties": { "note": optional() } },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_document_in_the_repository_is_this_one() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/openapi.json");
        let text = serde_json::to_string_pretty(&openapi()).unwrap() + "\n";
        #[expect(clippy::disallowed_methods, reason = "tests are told to write what they compare")]
        if std::env::var_os("UPDATE_REFERENCE").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let there = std::fs::read_to_string(path).unwrap();
        assert!(
            there == text,
            "run the tests with UPDATE_REFERENCE=1 and commit docs/openapi.json"
        );
    }

    #[test]
    fn every_reference_leads_somewhere() {
        let document = openapi();
        let text = document.to_string();
        for part in text.split("#/components/schemas/").skip(1) {
            let name = part.split('"').next().unwrap();
            assert!(document["components"]["schemas"].get(name).is_some(), "{name}");
        }
    }
}
