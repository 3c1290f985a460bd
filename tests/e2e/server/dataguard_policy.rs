//! `PUT /v1/policies/active`: a policy of DataGuard takes the policy file's place. Cases of its contract by
//! their ids (P1 to P4).

use std::fs;

use serde_json::json;

use super::*;

/// A policy with these rules.
fn policy(rules: &Value) -> Value {
    json!({ "policy_id": "guard", "version": "7", "description": "x", "rules": rules })
}

fn no_payments() -> Value {
    policy(&json!([{ "rule_id": "deny-pay", "description": "x", "action": "deny",
        "reason": "no payments here", "match": { "tool_name": { "in": ["pay"] } } }]))
}

struct Guarded {
    install: Install,
    server: Server,
    key: String,
}

impl Guarded {
    fn new() -> Self {
        let install = Install::bare();
        let server = Server::start(&install);
        let key = server.first_key.clone().unwrap();
        Self { install, server, key }
    }

    fn put(&self, key: &str, body: &Value, more: &[&str]) -> Answer {
        let (header, body) = (format!("X-API-Key: {key}"), body.to_string());
        let put = ["-X", "PUT", "-H", &header, "-H", "Content-Type: application/json", "-d", &body];
        self.server.curl("/v1/policies/active", &[&put[..], more].concat())
    }

    fn verdict(&self, tool: &str) -> String {
        let asked = json!({ "proposal": { "tool_name": tool, "tool_args": { "amount": 5 } },
            "context": { "agent_id": "a" } });
        let told = self.server.post(&self.key, "/v1/guardian/evaluate", &asked);
        told.json()["verdict"].as_str().unwrap_or_else(|| panic!("{told:?}")).to_owned()
    }

    fn file(&self) -> Option<String> {
        fs::read_to_string(self.install.root().join("policy.toml")).ok()
    }
}

#[test]
fn p1_p3_p4_a_policy_is_soon_in_force_with_version_and_line() {
    let guarded = Guarded::new();
    assert_eq!(guarded.verdict("pay"), "allow");
    let told = guarded.put(&guarded.key, &no_payments(), &[]);
    assert_eq!(told.status, 200, "{}", told.text);
    let told = told.json();
    assert_eq!(
        (&told["policy_id"], &told["version"], &told["number"]),
        (&json!("guard"), &json!("7"), &json!(1))
    );
    assert!(eventually(|| guarded.verdict("pay") == "deny"));
    let active = guarded.server.get(&guarded.key, "/v1/policies/active").json();
    assert_eq!(active["policy_id"], "guard");
    let has = |id: &str| active["rules"].as_array().unwrap().iter().any(|it| it["rule_id"] == id);
    assert!(
        has("deny-pay") && has("no-secret-egress"),
        "the starter policy holds beneath: {active}"
    );
    let versions = guarded.server.get(&guarded.key, "/v1/policy/versions").json();
    assert_eq!(versions["versions"][0]["note"], "a policy of DataGuard");
    let lines = guarded.server.get(&guarded.key, "/v1/receipts").text;
    assert!(lines.contains("the policy file is replaced"), "{lines}");
    // P4: it is what is in force after a restart.
    let Guarded { install, server, key } = guarded;
    server.kill();
    let server = Server::start(&install);
    let guarded = Guarded { install, server, key };
    assert_eq!(guarded.verdict("pay"), "deny");
    // It can be read and put back as every other text (P2).
    let text = guarded.server.get(&guarded.key, "/v1/policy/text");
    assert!(text.json()["text"].as_str().unwrap().contains("deny-pay"));
}

#[test]
fn p1_what_cannot_be_taken_whole_changes_nothing_and_is_named() {
    let guarded = Guarded::new();
    assert_eq!(guarded.put(&guarded.key, &no_payments(), &[]).status, 200);
    let before = guarded.file().unwrap();
    let rule = |id: &str, when: &Value| json!({ "rule_id": id, "description": "x", "action": "deny", "reason": "r", "match": when });
    let unsayable = rule("nobody-knows", &json!({ "tool_category": { "in": ["unknown"] } }));
    let fine = rule("fine", &json!({ "tool_name": { "in": ["pay"] } }));
    for (body, named) in [
        (policy(&json!([fine, unsayable])), "nobody-knows"),
        (policy(&json!([rule("typo", &json!({ "tool_nam": { "in": ["pay"] } }))])), "tool_nam"),
        (policy(&json!([rule("no-test", &json!({}))])), ""),
        (policy(&json!([fine, fine])), "fine"),
        (policy(&json!([])), "no rules"),
        (json!({ "rules": [fine] }), "policy_id"),
        (json!([1]), ""),
        (json!({ "policy_id": "x" }), "rules"),
    ] {
        let refused = guarded.put(&guarded.key, &body, &[]);
        assert_eq!(refused.status, 400, "{body}: {}", refused.text);
        let errors = refused.json()["error"]["errors"].clone();
        assert!(!errors.as_array().unwrap().is_empty(), "{}", refused.text);
        assert!(errors.to_string().contains(named), "{named}: {}", refused.text);
        assert_eq!(guarded.file().as_ref(), Some(&before), "{body}");
    }
    let bad = ["-H", "If-Match: \"another\""];
    assert_eq!(guarded.put(&guarded.key, &no_payments(), &bad).status, 412);
    for role in ["agent", "viewer", "approver"] {
        let other = key(&guarded.install, &[role, "--role", role]);
        assert_eq!(guarded.put(&other, &no_payments(), &[]).status, 403, "{role}");
    }
    let tenant = key(&guarded.install, &["north", "--role", "admin", "--tenant", "north"]);
    assert_eq!(guarded.put(&tenant, &no_payments(), &[]).status, 403);
    assert_eq!(guarded.file(), Some(before));
}

#[test]
fn a_policy_of_our_own_may_be_against_it() {
    let guarded = Guarded::new();
    let own = "[policy]\nid = \"mine\"\nversion = \"1\"\n[[rule]]\nid = \"by-hand\"\neffect = \"deny\"\n\
               reason = \"the policy is changed by hand\"\ninstead = \"edit the file\"\n\
               match = [{ tool = \"policy\", args = {} }]\nnot_match = [{ tool = \"pay\", args = {} }]\n\
               [rule.when]\ntool = [\"policy\"]\n";
    fs::write(guarded.install.root().join("policy.toml"), own).unwrap();
    assert!(eventually(|| guarded.server.get(&guarded.key, "/v1/policy").json()["id"] == "mine"));
    let refused = guarded.put(&guarded.key, &no_payments(), &[]);
    assert_eq!(refused.status, 403, "{}", refused.text);
    assert_eq!(guarded.file().as_deref(), Some(own));
}
