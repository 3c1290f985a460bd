//! Channels and deliveries in the document.

use serde_json::{Map, Value, json};

use super::{moment, number, object, of, optional, text, texts};
use crate::store::DeliveryState;
use crate::tell::form::Kind;
use crate::tell::occasion::Occasion;

/// What a route about them takes and gives.
pub(super) fn operation(
    (method, path): (&str, &str),
) -> Option<(&'static str, &'static str, Option<&'static str>, &'static str)> {
    Some(match (method, path) {
        ("GET", "/v1/channels") => ("listChannels", "Who is told what happens.", None, "Channels"),
        ("POST", "/v1/channels") => {
            ("addChannel", "Adds somebody to be told.", Some("NewChannel"), "Channel")
        }
        ("DELETE", "/v1/channels/{id}") => {
            ("removeChannel", "Tells somebody no more.", None, "RemovedChannel")
        }
        ("PUT", "/v1/channels/{id}") => (
            "changeChannel",
            "Changes who is told; secrets that are left out stay.",
            Some("NewChannel"),
            "Channel",
        ),
        (_, "/v1/channels/{id}") => ("getChannel", "Somebody who is told.", None, "Channel"),
        (_, "/v1/channels/{id}/test") => {
            ("testChannel", "Tells somebody that they are told.", None, "TestedChannel")
        }
        (_, "/v1/deliveries") => {
            ("listDeliveries", "What became of telling people, newest first.", None, "Deliveries")
        }
        (_, "/v1/deliveries/{id}/replay") => {
            ("replayDelivery", "Has something told anew.", None, "ReplayedDelivery")
        }
        _ => return None,
    })
}

/// The parameters of a route about them.
pub(super) fn parameters(path: &str) -> Option<Value> {
    let id = json!({ "name": "id", "in": "path", "required": true, "schema": text() });
    match path {
        "/v1/channels" => Some(json!([])),
        "/v1/deliveries" => Some(json!([
            { "name": "state", "in": "query", "schema": state() },
            { "name": "limit", "in": "query",
              "schema": { "type": "integer", "minimum": 1, "maximum": 500, "default": 100 } },
        ])),
        _ if path.starts_with("/v1/channels/") || path.starts_with("/v1/deliveries/") => {
            Some(json!([id]))
        }
        _ => None,
    }
}

fn state() -> Value {
    json!({ "type": "string", "enum": DeliveryState::ALL.map(DeliveryState::name) })
}

fn kind() -> Value {
    json!({ "type": "string", "enum": Kind::ALL.map(Kind::name) })
}

fn events() -> Value {
    let event = json!({ "type": "string", "enum": Occasion::ALL.map(Occasion::name) });
    json!({ "type": "array", "items": event, "minItems": 1 })
}

fn security() -> Value {
    json!({ "type": "string", "enum": ["none", "starttls", "tls"] })
}

fn risk() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 100 })
}

fn port() -> Value {
    json!({ "type": "integer", "minimum": 0, "maximum": 65535 })
}

/// A channel as it is said.
fn new() -> Value {
    let mut port = port();
    if let Some(port) = port.as_object_mut() {
        port.insert(String::from("type"), json!(["integer", "null"]));
    }
    json!({ "type": "object", "additionalProperties": false,
        "required": ["name", "kind", "events"],
        "description": "Slack, Teams and webhooks have `url`, webhooks `secret` besides; Telegram has \
            `token`, `chat` and `api`; mail has the rest.",
        "properties": { "name": { "type": "string", "minLength": 1, "maxLength": 128 },
            "kind": kind(), "events": events(), "least_risk": risk(),
            "enabled": { "type": ["boolean", "null"] }, "url": optional(), "secret": optional(),
            "token": optional(), "chat": optional(), "api": optional(), "host": optional(),
            "port": port, "security": { "anyOf": [security(), { "type": "null" }] },
            "user": optional(), "password": optional(), "from": optional(),
            "to": { "type": ["array", "null"], "items": text() } } })
}

/// A channel as it is shown; what only some kinds have is not always there.
fn channel() -> Value {
    let mut told = object(&json!({ "id": text(), "created_at": moment(), "name": text(),
        "kind": kind(), "events": events(), "least_risk": risk(), "enabled": { "type": "boolean" },
        "secrets": { "type": "object", "additionalProperties": text(),
            "description": "What is shown of each secret." } }));
    let more = json!({ "host": text(), "port": port(), "security": security(), "user": text(),
        "from": text(), "to": texts(), "api": text(), "chat": text(),
        "secret": { "type": "string", "description": "The secret of signatures, where it was made \
            just now; it is shown this once." } });
    let members = told.pointer_mut("/properties").and_then(Value::as_object_mut);
    if let (Some(members), Value::Object(more)) = (members, more) {
        members.extend(more);
    }
    told
}

/// Their schemas.
pub(super) fn schemas() -> Map<String, Value> {
    let list = |name: &str, of_what: &str| {
        object(&json!({ (name): { "type": "array", "items": of(of_what) } }))
    };
    let schemas = json!({
        "Channel": channel(),
        "Channels": list("channels", "Channel"),
        "Deliveries": list("deliveries", "Delivery"),
        "Delivery": object(&json!({ "id": text(), "channel": text(), "event": text(),
            "receipt_id": text(), "state": state(), "tries": number(), "at": moment(),
            "next": optional(), "note": text() })),
        "NewChannel": new(),
        "RemovedChannel": object(&json!({ "id": text(), "removed": { "type": "boolean" } })),
        "ReplayedDelivery": object(&json!({ "id": text(), "state": state() })),
        "TestedChannel": object(&json!({ "told": { "type": "boolean" }, "note": optional() })),
    });
    if let Value::Object(schemas) = schemas { schemas } else { Map::new() }
}
