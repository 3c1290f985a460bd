//! Channels and deliveries in the document.

use serde_json::{Map, Value, json};

use super::{Operation, moment, number, object, of, optional, text, texts};
use crate::store::DeliveryState;
use crate::tell::form::Kind;
use crate::tell::occasion::Occasion;

/// What a route about them takes and gives.
pub(super) fn operation((method, path): (&str, &str)) -> Option<Operation> {
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
            Some("ChangedChannel"),
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

/// An address that is posted to, over a network.
const ADDRESS: &str =
    r"^https://([a-z0-9]{1,40}(-[a-z0-9]{1,10}){0,2}\.){1,4}[a-z]{2,12}(/[A-Za-z0-9/_.~-]*)?$";

/// A host of a network by name.
const HOST: &str = r"^([a-z0-9]{1,40}(-[a-z0-9]{1,10}){0,2}\.){1,3}[a-z]{2,12}$";

/// An address of mail.
const MAILBOX: &str =
    r"^[A-Za-z0-9]{1,40}([._-][A-Za-z0-9]{1,10}){0,2}@([a-z0-9]{1,40}\.){1,3}[a-z]{2,12}$";

/// Every member that only some kinds have.
const SOME_HAVE: [&str; 12] = [
    "api", "chat", "from", "host", "password", "port", "secret", "security", "to", "token", "url",
    "user",
];

fn like(pattern: &str) -> Value {
    json!({ "type": "string", "pattern": pattern })
}

/// It, or nothing.
fn or_none(one: &Value) -> Value {
    json!({ "anyOf": [one, { "type": "null" }] })
}

/// It, or nothing was typed.
fn or_untyped(one: &Value) -> Value {
    json!({ "anyOf": [one, { "enum": ["", null] }] })
}

/// A channel of these kinds as it is said: what it has besides what all have, and which of that it needs.
fn of_kinds(kinds: &[Kind], has: &Value, needs: &[&str]) -> Value {
    let kinds: Vec<&str> = kinds.iter().map(|kind| kind.name()).collect();
    let mut members = json!({ "name": { "type": "string", "pattern": r"^[A-Za-z0-9][ -~]{0,126}$" },
        "kind": { "type": "string", "enum": kinds }, "events": events(), "least_risk": risk(),
        "enabled": { "type": ["boolean", "null"] } });
    if let (Some(members), Some(has)) = (members.as_object_mut(), has.as_object()) {
        let absent = SOME_HAVE.into_iter().filter(|name| !has.contains_key(*name));
        members.extend(absent.map(|name| (name.to_owned(), json!({ "type": "null" }))));
        members.extend(has.clone());
    }
    let required: Vec<&str> = ["name", "kind", "events"].iter().chain(needs).copied().collect();
    json!({ "type": "object", "additionalProperties": false, "required": required,
        "properties": members })
}

/// A channel as it is said. Of one that is there, secrets that are left out stay.
fn said(is_there: bool) -> Value {
    let secret = |one: Value| if is_there { or_untyped(&one) } else { one };
    let needs = |more: &[&'static str], secret: &'static str| -> Vec<&'static str> {
        let secret = (!is_there).then_some(secret);
        more.iter().copied().chain(secret).collect()
    };
    let url = secret(like(ADDRESS));
    let signing = or_untyped(&json!({ "type": "string", "minLength": 16 }));
    let bot = json!({ "token": secret(like("^[A-Za-z0-9:_-]{1,128}$")),
        "chat": like("^[A-Za-z0-9_@-]{1,128}$"), "api": or_none(&like(ADDRESS)) });
    let mut optional_port = port();
    if let Some(port) = optional_port.as_object_mut() {
        port.insert(String::from("type"), json!(["integer", "null"]));
    }
    let mail = json!({ "host": like(HOST), "port": optional_port,
        "security": { "enum": ["starttls", "tls", null] }, "from": like(MAILBOX),
        "to": { "type": "array", "items": like(MAILBOX), "minItems": 1, "maxItems": 20 } });
    let with = |user: Value, password: Value| {
        let mut mail = mail.clone();
        if let Some(mail) = mail.as_object_mut() {
            mail.extend([("user".to_owned(), user), ("password".to_owned(), password)]);
        }
        mail
    };
    let typed = json!({ "type": "string", "minLength": 1 });
    let anybody = with(json!({ "enum": ["", null] }), optional());
    let somebody = with(typed.clone(), secret(typed));
    let mailed = needs(&["host", "from", "to", "user"], "password");
    let about = "An address is `https` and of a network, unless `channel_networks` lists its own; mail \
        that is not encrypted (`none`) is for this machine alone.";
    json!({ "description": about, "oneOf": [
        of_kinds(&[Kind::Slack, Kind::Teams], &json!({ "url": url }), &needs(&[], "url")),
        of_kinds(&[Kind::Webhook], &json!({ "url": url, "secret": signing }), &needs(&[], "url")),
        of_kinds(&[Kind::Telegram], &bot, &needs(&["chat"], "token")),
        of_kinds(&[Kind::Mail], &anybody, &["host", "from", "to"]),
        of_kinds(&[Kind::Mail], &somebody, &mailed),
    ] })
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
        "ChangedChannel": said(true),
        "Channel": channel(),
        "Channels": list("channels", "Channel"),
        "Deliveries": list("deliveries", "Delivery"),
        "Delivery": object(&json!({ "id": text(), "channel": text(), "event": text(),
            "receipt_id": text(), "state": state(), "tries": number(), "at": moment(),
            "next": optional(), "note": text() })),
        "NewChannel": said(false),
        "RemovedChannel": object(&json!({ "id": text(), "removed": { "type": "boolean" } })),
        "ReplayedDelivery": object(&json!({ "id": text(), "state": state() })),
        "TestedChannel": object(&json!({ "told": { "type": "boolean" }, "note": optional() })),
    });
    if let Value::Object(schemas) = schemas { schemas } else { Map::new() }
}
