//! Enforgate's promises as far as its verdict API makes them (contract §2 and §4); each case by its id.

use super::*;
use crate::store::{Bounds, KeyMode};

/// Denies one tool, holds another.
const RULES: &str = r#"
[policy]
id = "mine"
version = "1"
[[rule]]
id = "no-deletion"
effect = "deny"
reason = "users are not deleted"
instead = "ask"
match = [{ tool = "crm__delete_user", args = {} }]
not_match = [{ tool = "crm__get_user", args = {} }]
[rule.when]
tool = ["crm__delete_user"]
[[rule]]
id = "ask-first"
effect = "require_approval"
reason = "mail is for a person to send"
instead = "ask"
match = [{ tool = "mail__send", args = {} }]
not_match = [{ tool = "crm__get_user", args = {} }]
[rule.when]
tool = ["mail__send"]
"#;

async fn place() -> (Place, Minted) {
    let place = Place::new().await.under(RULES).await;
    let agent = place.key(Role::Agent, "north").await;
    (place, agent)
}

fn call(server: &str, tool: &str, args: &Value) -> Value {
    json!({ "serverName": server, "toolName": tool, "args": args })
}

#[tokio::test]
async fn v1_a_known_rule_gives_its_decision_with_policy_row_and_latency() {
    let (place, agent) = place().await;
    for (server, tool, decision) in [
        ("crm", "delete_user", "deny"),
        ("crm", "get_user", "allow"),
        ("mail", "send", "require_approval"),
    ] {
        let told = place.as_key(&agent, "/v1/check", Some(&call(server, tool, &json!({})))).await;
        assert_eq!(
            (told.status, &told.body["decision"]),
            (StatusCode::OK, &json!(decision)),
            "{}",
            told.text
        );
        assert_eq!(told.body["policyId"], "mine");
        assert!(told.body["latencyMs"].is_u64() && told.body["reason"].is_string());
        let row = format!("/v1/receipts/{}", told.body["toolCallId"].as_str().unwrap());
        let viewer = place.key(Role::Viewer, "north").await;
        assert_eq!(place.as_key(&viewer, &row, None).await.body["decision"], decision);
    }
}

#[tokio::test]
async fn v2_server_and_tool_are_needed_and_what_is_unknown_is_ignored() {
    let (place, agent) = place().await;
    for body in [
        json!({}),
        json!({ "serverName": "crm" }),
        json!({ "toolName": "x" }),
        json!({ "serverName": " ", "toolName": "x" }),
        json!({ "serverName": "a__b", "toolName": "x" }),
        json!({ "serverName": "crm", "toolName": "x", "args": 5 }),
    ] {
        let told = place.as_key(&agent, "/v1/check", Some(&body)).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{body}");
    }
    let more = json!({ "serverName": "crm", "toolName": "get_user", "trace": [1] });
    assert_eq!(place.as_key(&agent, "/v1/check", Some(&more)).await.body["decision"], "allow");
}

#[tokio::test]
async fn e1_values_of_arguments_stand_nowhere_in_the_store() {
    let (place, agent) = place().await;
    let marker = "zq7-unique-marker";
    let args = json!({ "a": marker, "b": { "c": [format!("x{marker}")] }, "d": [{ "e": marker }] });
    let told = place.as_key(&agent, "/v1/check", Some(&call("crm", "get_user", &args))).await;
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    for entry in std::fs::read_dir(place.root()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let found = bytes.windows(marker.len()).any(|piece| piece == marker.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test]
async fn e1_a_secret_in_the_place_of_a_name_stands_nowhere_in_the_store() {
    let (place, agent) = place().await;
    let (secret, ann) = (token(), place.key(Role::Approver, "north").await);
    let names = json!({ "request_id": secret, "trace_id": secret, "tenant_id": secret,
        "actor_id": secret, "session_id": secret, "idempotency_key": secret });
    let with_names = |mut body: Value| {
        body.as_object_mut().unwrap().extend(names.as_object().unwrap().clone());
        body
    };
    let proposal = json!({ "proposal": { "tool_name": "x", "tool_args": {}, "proposal_id": secret },
        "context": { "agent_id": secret, "session_id": secret } });
    let action = json!({ "type": "command.exec", "command": "ls" });
    for (path, body) in [
        ("/v1/decide", with_names(json!({ "action": action }))),
        ("/v1/scan", with_names(json!({ "text": "x" }))),
        ("/v1/transform", with_names(json!({ "text": "x", "mode": "redact" }))),
        ("/v1/actions", json!({ "command": ["ls"], "session": secret })),
        ("/v1/check", call("crm", "get_user", &json!({ "session": 1 }))),
        ("/v1/guardian/evaluate", proposal),
        ("/v1/tokens", json!({ "seconds": 60, "name": secret })),
    ] {
        let told = place.as_key(&agent, path, Some(&body)).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
    }
    let request = anonymous("POST", "/v1/actions").header("x-api-key", agent.key.expose());
    let request = request.header("idempotency-key", &secret).header("x-request-id", &secret);
    let request = request.header("content-type", "application/json");
    let request = request.body(Body::from(r#"{"command":["ls"]}"#)).unwrap();
    assert_eq!(place.send(request).await.status, StatusCode::OK);
    let held = place.as_key(&agent, "/v1/check", Some(&call("mail", "send", &json!({})))).await;
    let path = format!("/v1/approvals/{}/decision", held.body["approvalId"].as_str().unwrap());
    let said = json!({ "decision": "deny", "note": format!("not with {secret}") });
    assert_eq!(place.as_key(&ann, &path, Some(&said)).await.status, StatusCode::OK);
    for entry in std::fs::read_dir(place.root()).unwrap() {
        let path = entry.unwrap().path();
        let Ok(bytes) = std::fs::read(&path) else { continue };
        let found = bytes.windows(secret.len()).any(|piece| piece == secret.as_bytes());
        assert!(!found, "{}", path.display());
    }
}

#[tokio::test]
async fn two_sessions_whose_names_are_not_kept_stay_two() {
    let place = Place::new().await.under(ASKS_ABOUT_MONEY).await;
    let (agent, ann) = place.agent_and_approver().await;
    let ask = async |session: &str| {
        let tool = json!({ "name": "pay", "arguments": { "amount": 5 } });
        let asked = json!({ "tool": tool, "session": session });
        place.as_key(&agent, "/v1/actions", Some(&asked)).await.body
    };
    let (long, other) = (format!("{}a", "x".repeat(300)), format!("{}b", "x".repeat(300)));
    let held = ask(&long).await;
    let path = format!("/v1/approvals/{}/decision", held["approval"]["id"].as_str().unwrap());
    let said = json!({ "decision": "approve", "scope": "session" });
    assert_eq!(place.as_key(&ann, &path, Some(&said)).await.status, StatusCode::OK);
    assert_eq!(ask(&long).await["decision"], "allow");
    assert_eq!(ask(&other).await["decision"], "require_approval");
}

#[tokio::test]
async fn e4_e5_nothing_that_is_stored_of_a_key_lets_anybody_in() {
    let (place, agent) = place().await;
    let digest: String = agent.stored.digest.iter().map(|byte| format!("{byte:02x}")).collect();
    let forged = format!("dfg_{}_{digest}", agent.stored.id);
    for shown in [&agent.stored.id, &digest, &forged, &agent.stored.name] {
        let request =
            anonymous("POST", "/v1/check").header("authorization", format!("Bearer {shown}"));
        assert_eq!(place.send(request.body(Body::empty()).unwrap()).await.status, 401, "{shown}");
    }
}

#[tokio::test]
async fn e11_what_cannot_be_recorded_has_no_verdict() {
    let (place, agent) = place().await;
    let behind = rusqlite::Connection::open(place.root().join("store.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END";
    behind.execute_batch(full).unwrap();
    for (server, tool) in [("crm", "get_user"), ("crm", "delete_user"), ("mail", "send")] {
        let told = place.as_key(&agent, "/v1/check", Some(&call(server, tool, &json!({})))).await;
        assert_eq!((told.status.as_u16(), told.body.get("decision")), (503, None), "{tool}");
    }
}

#[tokio::test]
async fn e14_who_resolved_a_held_call_and_when_is_on_record() {
    let (place, agent) = place().await;
    let ann = place.key(Role::Approver, "north").await;
    let ask = async || {
        place
            .as_key(&agent, "/v1/check", Some(&call("mail", "send", &json!({ "to": "a" }))))
            .await
            .body
    };
    let held = ask().await;
    let path = format!("/v1/approvals/{}", held["approvalId"].as_str().unwrap());
    let said = json!({ "decision": "approve" });
    assert_eq!(place.as_key(&ann, &format!("{path}/decision"), Some(&said)).await.status, 200);
    let answer = place.as_key(&ann, &path, None).await.body["answer"].clone();
    assert_eq!(answer["by"], format!("key {}", ann.stored.id));
    assert!(answer["at"].as_str().unwrap().ends_with('Z'));
    assert_eq!(ask().await["decision"], "allow");
    assert_eq!(ask().await["decision"], "require_approval");
    let other = call("mail", "send", &json!({ "to": "b" }));
    assert_eq!(
        place.as_key(&agent, "/v1/check", Some(&other)).await.body["decision"],
        "require_approval"
    );
}

#[tokio::test]
async fn v9_a_key_in_shadow_or_off_is_allowed_and_its_rows_say_so() {
    let (place, _) = place().await;
    for (mode, name, tool, recorded) in [
        (KeyMode::Shadow, "shadow", "delete_user", "deny"),
        (KeyMode::Shadow, "shadow", "get_user", "allow"),
        (KeyMode::Off, "off", "delete_user", "allow"),
    ] {
        let tools = vec![String::from("crm__*")];
        let bounds = Bounds { mode: Some(mode), tools, ..Bounds::default() };
        let key = mint("trial", (Role::Agent, "north"), (0, None)).unwrap().within(bounds);
        place.store.add_key(key.stored.clone()).await.unwrap();
        let told = place.as_key(&key, "/v1/check", Some(&call("crm", tool, &json!({})))).await;
        let body = &told.body;
        assert_eq!((&body["decision"], &body["enforcementMode"]), (&json!("allow"), &json!(name)));
        let reason = body["reason"].as_str().unwrap();
        assert!(reason.starts_with(&format!("({name})")), "{reason}");
        let id = body["toolCallId"].as_str().unwrap();
        let row = place.store.entry(Some("north"), id).await.unwrap().unwrap().line;
        let row: Value = serde_json::from_str(&row).unwrap();
        assert_eq!((&row["decision"], &row["mode"]), (&json!(recorded), &json!("observe")));
        // What the credential is not for stays denied.
        let told = place.as_key(&key, "/v1/check", Some(&call("mail", "send", &json!({})))).await;
        assert_eq!(told.body["decision"], "deny", "{}", told.text);
        // Nor does a secret get anywhere by another form, and nobody is asked.
        let told = place.as_key(&key, "/v1/decide", Some(&leak())).await;
        assert_eq!(told.body["decision"], "deny", "curl is no tool of the key: {}", told.text);
        // What is made of the key is as it is.
        let token = json!({ "seconds": 60 });
        let token = place.as_key(&key, "/v1/tokens", Some(&token)).await;
        let id = token.body["id"].as_str().unwrap();
        assert_eq!(place.store.key(id).await.unwrap().unwrap().bounds.mode, Some(mode));
    }
    let (key, bounds) =
        (mint("trial", (Role::Agent, "north"), (0, None)).unwrap(), Bounds::default());
    let key = key.within(Bounds { mode: Some(KeyMode::Shadow), ..bounds });
    place.store.add_key(key.stored.clone()).await.unwrap();
    let held = place.as_key(&key, "/v1/check", Some(&call("mail", "send", &json!({})))).await;
    assert_eq!((&held.body["decision"], &held.body["approvalId"]), (&json!("allow"), &Value::Null));
    let leaked = place.as_key(&key, "/v1/decide", Some(&leak())).await;
    assert_eq!(leaked.body["decision"], "allow", "{}", leaked.text);
}

/// Lets through what [`RULES`] deny, and denies what they let through.
const OTHER_RULES: &str = r#"
[policy]
id = "crm"
version = "7"
[[rule]]
id = "read-nothing"
effect = "deny"
reason = "users are not read"
instead = "ask"
match = [{ tool = "crm__get_user", args = {} }]
not_match = [{ tool = "crm__delete_user", args = {} }]
[rule.when]
tool = ["crm__get_user"]
"#;

/// A detector of a policy's own.
const OWN_DETECTOR: &str = r#"
[[detector]]
id = "acme-number"
pattern = 'ACME-[0-9]{6}'
"#;

/// §1.1: the key selects the policy, for texts that are looked at or masked, too.
#[tokio::test]
async fn texts_are_looked_at_by_the_detectors_of_the_policy_that_a_key_has() {
    let (place, plain) = place().await;
    let (key, file) = key_with_policy(&place, &[OTHER_RULES, OWN_DETECTOR].concat()).await;
    let text = "it is about ACME-123456";
    for (path, more, member) in [
        ("/v1/scan", json!({}), "/findings/0/entity_type"),
        ("/v1/transform", json!({ "mode": "redact" }), "/stats/modes_applied"),
        ("/v1/anonymize", json!({}), "/stats/modes_applied"),
        ("/v1/dlp/scan", json!({}), "/matches/0/pattern"),
        ("/v1/dlp/mask", json!({ "strategy": "full" }), "/matches/0/pattern"),
    ] {
        let mut body = more;
        body["text"] = json!(text);
        let (own, other) = (
            place.as_key(&key, path, Some(&body)).await,
            place.as_key(&plain, path, Some(&body)).await,
        );
        let named = own.body.pointer(member).and_then(|it| it.as_str()).unwrap_or_default();
        assert!(named.contains("acme-number"), "{path}: {}", own.text);
        assert!(!other.text.contains("acme-number"), "{path}: {}", other.text);
        if !path.contains("dlp") {
            assert_eq!(
                (&own.body["policy_id"], &other.body["policy_id"]),
                (&json!("crm"), &json!("mine"))
            );
        }
        if path != "/v1/scan" && path != "/v1/dlp/scan" {
            assert!(!own.text.contains("123456") && other.text.contains("123456"), "{path}");
        }
    }
    let decided = json!({ "action": { "type": "command.exec", "command": "ls" }, "text": text });
    let told = place.as_key(&key, "/v1/decide", Some(&decided)).await;
    assert_eq!(told.body["findings"].as_array().map(Vec::len), Some(1), "{}", told.text);
    std::fs::remove_file(&file).unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    for (path, more) in
        [("/v1/scan", json!({})), ("/v1/anonymize", json!({})), ("/v1/dlp/mask", json!({}))]
    {
        let mut body = more;
        body["text"] = json!(text);
        let told = place.as_key(&key, path, Some(&body)).await;
        assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", told.text);
    }
}

/// A key that has a policy of its own, once that is in force, and the policy's file.
async fn key_with_policy(place: &Place, text: &str) -> (Minted, PathBuf) {
    let file = place.root().join("policies/crm.toml");
    std::fs::create_dir(file.parent().unwrap()).unwrap();
    std::fs::write(&file, text).unwrap();
    let bounds = Bounds { policy: Some("crm".into()), ..Bounds::default() };
    let key = mint("crm", (Role::Agent, "north"), (0, None)).unwrap().within(bounds);
    place.store.add_key(key.stored.clone()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    (key, file)
}

/// §1.1: the key selects the policy. E9: without one, nothing is allowed.
#[tokio::test]
async fn a_key_is_judged_by_the_policy_that_it_has_and_by_nothing_without_it() {
    let (place, plain) = place().await;
    let (key, file) = key_with_policy(&place, OTHER_RULES).await;
    let look_again = async || tokio::time::sleep(Duration::from_millis(250)).await;
    for (key, tool, decision, policy) in [
        (&plain, "delete_user", "deny", "mine"),
        (&plain, "get_user", "allow", "mine"),
        (&key, "delete_user", "allow", "crm"),
        (&key, "get_user", "deny", "crm"),
    ] {
        let told = place.as_key(key, "/v1/check", Some(&call("crm", tool, &json!({})))).await;
        let body = &told.body;
        assert_eq!((&body["decision"], &body["policyId"]), (&json!(decision), &json!(policy)));
    }
    let token = place.as_key(&key, "/v1/tokens", Some(&json!({ "seconds": 60 }))).await;
    let id = token.body["id"].as_str().unwrap();
    let token = place.store.key(id).await.unwrap().unwrap();
    assert_eq!(token.bounds.policy.as_deref(), Some("crm"), "what is made of it has it, too");
    assert!(place.get("/health").await.body["stale"].is_null());
    // A text that does not load leaves the last good one, and is told.
    std::fs::write(&file, "nonsense").unwrap();
    look_again().await;
    let asked = call("crm", "get_user", &json!({}));
    assert_eq!(place.as_key(&key, "/v1/check", Some(&asked)).await.body["decision"], "deny");
    assert!(place.get("/health").await.body["stale"].as_str().unwrap().contains("last good"));
    // One that is gone gets no verdict in any form, and none is stored.
    std::fs::remove_file(&file).unwrap();
    look_again().await;
    let before = place.store.verify().await.unwrap().entries;
    let action = json!({ "tool": { "name": "crm__delete_user" } });
    for (path, body) in [
        ("/v1/check", call("crm", "delete_user", &json!({}))),
        ("/v1/actions", action),
        ("/v1/decide", harmless()),
        (
            "/v1/guardian/evaluate",
            json!({ "proposal": { "tool_name": "x", "tool_args": {} }, "context": { "agent_id": "a" } }),
        ),
    ] {
        let told = place.as_key(&key, path, Some(&body)).await;
        assert_eq!(told.status, StatusCode::SERVICE_UNAVAILABLE, "{path}: {}", told.text);
        assert!(told.body["decision"].is_null(), "{path}: {}", told.text);
    }
    assert_eq!(place.store.verify().await.unwrap().entries, before);
    let health = place.get("/health").await;
    assert!(
        health.body["stale"].as_str().unwrap().contains("a key has a policy"),
        "{}",
        health.text
    );
    assert_eq!(place.as_key(&plain, "/v1/check", Some(&asked)).await.body["decision"], "allow");
}
