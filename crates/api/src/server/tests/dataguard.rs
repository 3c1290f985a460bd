//! DataGuard's behaviours as far as they are held (contract §5); each case by its id.

use super::*;

fn proposal(tool: &str, args: &Value) -> Value {
    json!({ "proposal": { "tool_name": tool, "tool_args": args }, "context": { "agent_id": "a", "tenant_id": "t" } })
}

fn shell(line: &str) -> Value {
    proposal("bash", &json!({ "command": line }))
}

/// Asks a person before money is moved.
const RULES: &str = r#"
[policy]
id = "mine"
version = "1"
[[rule]]
id = "ask-first"
effect = "require_approval"
reason = "money is for a person to move"
instead = "ask"
match = [{ tool = "pay", args = { amount = 5 } }]
not_match = [{ tool = "get_user", args = {} }]
[rule.when]
tool = ["pay"]
"#;

struct Held {
    place: Place,
    agent: Minted,
    ann: Minted,
}

impl Held {
    async fn new() -> Self {
        let place = Place::new().await;
        std::fs::write(place.root().join("policy.toml"), RULES).unwrap();
        tokio::time::sleep(std::time::Duration::from_millis(250)).await;
        let (agent, ann) =
            (place.key(Role::Agent, "north").await, place.key(Role::Approver, "north").await);
        Self { place, agent, ann }
    }

    async fn pay(&self, amount: u32) -> Value {
        let asked = proposal("pay", &json!({ "amount": amount }));
        self.place.as_key(&self.agent, "/v1/guardian/evaluate", Some(&asked)).await.body
    }

    async fn review(&self, key: &Minted, id: &str, approved: &str) -> Answer {
        let path = format!("/v1/guardian/approve/{id}?approved={approved}&reviewer=root");
        self.place.as_key(key, &path, Some(&json!({}))).await
    }
}

#[tokio::test]
async fn a_decision_has_the_members_of_its_readme() {
    let place = Place::new().await;
    let told = place.post("/v1/guardian/evaluate", &shell("rm -rf /")).await;
    assert_eq!(
        (told.status, &told.body["verdict"]),
        (StatusCode::OK, &json!("deny")),
        "{}",
        told.text
    );
    assert_eq!(told.body["risk_score"]["final_score"], 100);
    assert!(told.body["matched_rule_id"].is_string() && told.body["reason"].is_string());
    assert_eq!(
        (&told.body["rewritten_call"], &told.body["requires_human"]),
        (&json!(null), &json!(false))
    );
    let quiet = place.post("/v1/guardian/evaluate", &shell("echo safe")).await;
    assert_eq!(quiet.body["verdict"], "allow", "{}", quiet.text);
}

#[tokio::test]
async fn b7_the_same_proposal_gets_the_same_answer() {
    let place = Place::new().await;
    let mut told = Vec::new();
    for _ in 0..20 {
        let mut body = place.post("/v1/guardian/evaluate", &shell("rm -rf /")).await.body;
        for own in ["decision_id", "proposal_id", "timestamp"] {
            body.as_object_mut().unwrap().remove(own);
        }
        told.push(body.to_string());
    }
    told.dedup();
    assert_eq!(told.len(), 1, "{told:?}");
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error() {
    let place = Place::new().await;
    for body in [
        json!({}),
        json!([]),
        json!({ "proposal": { "tool_name": "x" } }),
        json!({ "proposal": {}, "context": { "agent_id": "a" } }),
        proposal("  ", &json!({})),
        proposal(&"x".repeat(257), &json!({})),
        proposal("x", &json!([])),
    ] {
        assert_eq!(place.post("/v1/guardian/evaluate", &body).await.status, 400, "{body}");
    }
}

#[tokio::test]
async fn a1_a2_what_is_held_has_a_ticket_that_every_route_knows() {
    let held = Held::new().await;
    let first = held.pay(5).await;
    assert_eq!(
        (&first["verdict"], &first["requires_human"]),
        (&json!("require_approval"), &json!(true)),
        "{first}"
    );
    let id = first["decision_id"].as_str().unwrap();
    let native = held.place.as_key(&held.ann, &format!("/v1/approvals/{id}"), None).await;
    assert_eq!(native.body["state"], "pending");
    let done = held.review(&held.ann, id, "true").await;
    assert_eq!(
        (done.status, &done.body["verdict"]),
        (StatusCode::OK, &json!("allow")),
        "{}",
        done.text
    );
    let native = held.place.as_key(&held.ann, &format!("/v1/approvals/{id}"), None).await;
    assert_eq!(native.body["state"], "approved");
}

#[tokio::test]
async fn a5_the_reviewer_is_the_credential() {
    let held = Held::new().await;
    let first = held.pay(5).await;
    let id = first["decision_id"].as_str().unwrap();
    assert_eq!(held.review(&held.agent, id, "true").await.status, StatusCode::FORBIDDEN);
    let done = held.review(&held.ann, id, "false").await;
    let reason = done.body["reason"].as_str().unwrap();
    assert!(
        reason.contains(&format!("key {}", held.ann.stored.id)) && !reason.contains("root"),
        "{reason}"
    );
    assert_eq!(held.pay(5).await["verdict"], "deny");
}

#[tokio::test]
async fn a6_a_second_decision_is_a_conflict_and_an_unknown_one_is_not_found() {
    let held = Held::new().await;
    let first = held.pay(5).await;
    let id = first["decision_id"].as_str().unwrap();
    for (approved, status) in [("perhaps", 400), ("true", 200), ("false", 409), ("true", 409)] {
        assert_eq!(
            held.review(&held.ann, id, approved).await.status.as_u16(),
            status,
            "{approved}"
        );
    }
    for unknown in ["abc-123", "00000000000000000000000000000000"] {
        assert_eq!(held.review(&held.ann, unknown, "true").await.status, 404);
    }
}

#[tokio::test]
async fn a7_a_yes_is_for_the_same_arguments_once() {
    let held = Held::new().await;
    let first = held.pay(5).await;
    held.review(&held.ann, first["decision_id"].as_str().unwrap(), "true").await;
    for (amount, verdict) in [(6, "require_approval"), (5, "allow"), (5, "require_approval")] {
        assert_eq!(held.pay(amount).await["verdict"], verdict, "{amount}");
    }
}

#[tokio::test]
async fn t1_t2_t3_a_batch_keeps_its_order_and_its_bounds_and_each_is_stored() {
    let place = Place::new().await;
    let batch = json!([shell("echo safe"), {}, shell("rm -rf /")]);
    let told = place.post("/v1/guardian/evaluate-batch", &batch).await;
    let all = told.body.as_array().unwrap();
    assert_eq!((&all[0]["verdict"], &all[2]["verdict"]), (&json!("allow"), &json!("deny")));
    assert_eq!(all[1]["error"]["code"], "invalid_request", "{}", told.text);
    assert_eq!(place.store.verify().await.unwrap().entries, 2);
    assert_eq!(place.post("/v1/guardian/evaluate-batch", &json!([])).await.body, json!([]));
    let many = vec![json!({}); 1001];
    assert_eq!(place.post("/v1/guardian/evaluate-batch", &json!(many)).await.status, 413);
}

#[tokio::test]
async fn t4_n1_the_tenant_is_the_credentials() {
    let held = Held::new().await;
    let first = held.pay(5).await;
    let stranger = held.place.key(Role::Admin, "t").await;
    let id = first["decision_id"].as_str().unwrap();
    assert_eq!(held.review(&stranger, id, "true").await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn u5_what_cannot_be_stored_is_not_allowed() {
    let place = Place::new().await;
    let behind = rusqlite::Connection::open(place.root().join("store.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END";
    behind.execute_batch(full).unwrap();
    let told = place.post("/v1/guardian/evaluate", &shell("echo safe")).await;
    assert_eq!((told.status.as_u16(), told.body.get("verdict")), (503, None));
    let batch = place.post("/v1/guardian/evaluate-batch", &json!([shell("echo safe")])).await;
    assert_eq!(batch.body[0]["error"]["code"], "receipt_error", "{}", batch.text);
}

#[tokio::test]
async fn l2_ready_is_false_when_the_policy_is_broken() {
    let place = Place::new().await;
    assert_eq!(place.get("/ready").await.body["status"], "ready");
    std::fs::write(place.root().join("policy.toml"), "nonsense").unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(250)).await;
    // Each judge looks for itself.
    let mut statuses = Vec::new();
    for _ in 0..2 {
        statuses.push(place.get("/ready").await.status.as_u16());
    }
    assert_eq!(statuses, [503, 503]);
}
