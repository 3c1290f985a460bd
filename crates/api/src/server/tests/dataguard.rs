//! DataGuard's behaviours as far as they are held (contract §5); each case by its id.

use super::*;

fn proposal(tool: &str, args: &Value) -> Value {
    json!({ "proposal": { "tool_name": tool, "tool_args": args }, "context": { "agent_id": "a", "tenant_id": "t" } })
}

fn shell(line: &str) -> Value {
    proposal("bash", &json!({ "command": line }))
}

struct Held {
    place: Place,
    agent: Minted,
    ann: Minted,
}

impl Held {
    async fn new() -> Self {
        let place = Place::new().await.under(ASKS_ABOUT_MONEY).await;
        let (agent, ann) = place.agent_and_approver().await;
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
    assert_eq!(held.review(&stranger, id, "true").await.status, StatusCode::FORBIDDEN);
    assert_eq!(held.review(&stranger, "nobodys", "true").await.status, StatusCode::NOT_FOUND);
    let path = format!("/v1/receipts/{id}");
    for (key, status) in [(&stranger, 403), (&held.ann, 200)] {
        assert_eq!(held.place.as_key(key, &path, None).await.status.as_u16(), status);
    }
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

/// What a client reports of a proposal.
fn report(proposal: &str, success: bool) -> Value {
    json!({ "proposal_id": proposal, "tool_name": "bash", "success": success,
        "response_data": { "output": token() }, "execution_duration_ms": 1200 })
}

const REPORT: &str = "/v1/guardian/report-outcome";

#[tokio::test]
async fn o1_what_is_reported_of_an_unknown_proposal_is_not_found() {
    let held = Held::new().await;
    let told = held.place.post(REPORT, &report("never-proposed", true)).await;
    assert_eq!((told.status.as_u16(), &told.body["error"]["code"]), (404, &json!("not_found")));
    let mut named = shell("echo safe");
    named["proposal"]["proposal_id"] = json!("mine");
    let path = "/v1/guardian/evaluate";
    assert_eq!(held.place.as_key(&held.agent, path, Some(&named)).await.status, 200);
    let stranger = held.place.key(Role::Agent, "south").await;
    let own = report("mine", true);
    for (key, status) in [(&stranger, 404), (&held.agent, 202)] {
        let told = held.place.as_key(key, REPORT, Some(&own)).await;
        assert_eq!(told.status.as_u16(), status, "{}", told.text);
    }
    for bad in [
        json!({}),
        json!({ "proposal_id": "mine" }),
        json!({ "proposal_id": "mine",
        "success": true, "execution_duration_ms": -1 }),
    ] {
        assert_eq!(held.place.post(REPORT, &bad).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn o2_the_first_report_stands_and_a_name_means_its_newest_decision() {
    let place = Place::new().await;
    let mut named = shell("echo safe");
    named["proposal"]["proposal_id"] = json!("mine");
    for _ in 0..2 {
        place.post("/v1/guardian/evaluate", &named).await;
        let told = place.post(REPORT, &report("mine", true)).await;
        assert_eq!((told.status.as_u16(), &told.body["status"]), (202, &json!("recorded")));
        let again = place.post(REPORT, &report("mine", false)).await;
        assert_eq!(
            (again.status.as_u16(), &again.body["error"]["code"]),
            (409, &json!("already_settled"))
        );
    }
    // Who gave no name is known by the decision's id.
    let unnamed = place.post("/v1/guardian/evaluate", &shell("echo safe")).await.body;
    let id = unnamed["proposal_id"].as_str().unwrap();
    assert_eq!(place.post(REPORT, &report(id, true)).await.status, StatusCode::ACCEPTED);
    assert_eq!(place.store.verify().await.unwrap().entries, 6);
}

#[tokio::test]
async fn o3_what_was_done_although_it_was_denied_raises_an_alert() {
    let held = Held::new().await;
    let evaluate = async |asked: Value| {
        let told = held.place.as_key(&held.agent, "/v1/guardian/evaluate", Some(&asked)).await.body;
        told["proposal_id"].as_str().unwrap().to_owned()
    };
    let pay = || proposal("pay", &json!({ "amount": 5 }));
    let (fine, denied, waits) = (
        evaluate(shell("echo safe")).await,
        evaluate(shell("rm -rf /")).await,
        evaluate(pay()).await,
    );
    let pending = held.place.as_key(&held.ann, "/v1/approvals?state=pending", None).await.body;
    held.review(&held.ann, pending["approvals"][0]["id"].as_str().unwrap(), "true").await;
    let approved = evaluate(pay()).await;
    for (proposal, alert) in [(fine, false), (denied, true), (waits, true), (approved, false)] {
        let told = held.place.as_key(&held.agent, REPORT, Some(&report(&proposal, true))).await;
        assert_eq!(told.body["alert"], alert, "{}", told.text);
    }
}

#[tokio::test]
async fn o4_how_long_and_what_went_wrong_are_kept_and_what_was_answered_is_not() {
    let place = Place::new().await;
    let id =
        place.post("/v1/guardian/evaluate", &shell("echo safe")).await.body["decision_id"].clone();
    let mut done = report(id.as_str().unwrap(), false);
    done["error_message"] = json!(format!("refused {}", token()));
    assert_eq!(place.post(REPORT, &done).await.status, StatusCode::ACCEPTED);
    let behind = rusqlite::Connection::open(place.root().join("store.db")).unwrap();
    let line: String = behind
        .query_row("SELECT line FROM entry WHERE kind = 'outcome'", [], |row| row.get(0))
        .unwrap();
    assert!(!line.contains(&token()), "{line}");
    let line: Value = serde_json::from_str(&line).unwrap();
    assert_eq!((&line["follows"], &line["outcome"]["duration_ms"]), (&id, &json!(1200)));
    assert_eq!(line["outcome"]["response"].as_str().unwrap().len(), 64);
    assert!(line["outcome"]["error"].as_str().unwrap().starts_with('‹'), "{line}");
}

#[tokio::test]
async fn u1_rows_are_found_by_who_asked_what_when_and_how_it_was_decided() {
    let held = Held::new().await;
    for (agent, line) in [("ann", "echo 1"), ("bob", "rm -rf /"), ("ann", "echo 2")] {
        let mut asked = shell(line);
        asked["context"] = json!({ "agent_id": agent, "session_id": format!("s-{agent}") });
        let told = held.place.as_key(&held.agent, "/v1/guardian/evaluate", Some(&asked)).await;
        let done = report(told.body["decision_id"].as_str().unwrap(), agent == "ann");
        held.place.as_key(&held.agent, REPORT, Some(&done)).await;
    }
    let query =
        async |body: Value| held.place.as_key(&held.ann, "/v1/audit/query", Some(&body)).await;
    for (body, rows, total) in [
        (json!({}), 3, 3),
        (json!({ "agent_id": "ann" }), 2, 2),
        (json!({ "session_id": "s-bob" }), 1, 1),
        (json!({ "agent_id": "ann", "session_id": "s-bob" }), 0, 0),
        (json!({ "verdict": "DENY" }), 1, 1),
        (json!({ "min_score": 80 }), 1, 1),
        (json!({ "max_score": 79, "tool_name": "bash" }), 2, 2),
        (json!({ "tool_category": "tool.call" }), 3, 3),
        (json!({ "category": "payment" }), 0, 0),
        (json!({ "text": "No Such Words" }), 0, 0),
        (json!({ "rule": "no-such-rule" }), 0, 0),
        (json!({ "tool_name": "bash", "limit": 2 }), 2, 3),
        (json!({ "limit": 2, "offset": 2 }), 1, 3),
        (json!({ "since": "2000-01-01T00:00:00Z", "until": "2001-01-01T00:00:00Z" }), 0, 0),
        (json!({ "since": "2000-01-01T00:00:00Z", "tenant_id": "north" }), 3, 3),
    ] {
        let told = query(body.clone()).await;
        let found = told.body["entries"].as_array().unwrap_or_else(|| panic!("{}", told.text));
        assert_eq!((found.len(), &told.body["total"]), (rows, &json!(total)), "{body}");
    }
    let all = query(json!({ "limit": 2 })).await.body;
    assert_eq!(all["next_offset"], 2);
    let (newest, second) = (&all["entries"][0], &all["entries"][1]);
    assert_eq!((&newest["agent_id"], &newest["outcome"]), (&json!("ann"), &json!("success")));
    assert_eq!((&second["verdict"], &second["final_score"]), (&json!("deny"), &json!(100)));
    for (name, member) in [("rule", "matched_rule_id"), ("text", "reason")] {
        let found = query(json!({ name: second[member] })).await.body;
        assert_eq!(found["entries"][0]["decision_id"], second["decision_id"], "{name}: {found}");
        assert_eq!(found["total"], 1, "{name}");
    }
    assert_eq!(
        (&second["outcome"], &second["execution_duration_ms"]),
        (&json!("error"), &json!(1200))
    );
    for bad in [
        json!({ "limit": 0 }),
        json!({ "limit": 501 }),
        json!({ "limit": -1 }),
        json!({ "since": "today" }),
    ] {
        assert_eq!(query(bad.clone()).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn u2_another_tenants_rows_and_sums_are_not_told() {
    let held = Held::new().await;
    held.pay(5).await;
    let south = held.place.key(Role::Viewer, "south").await;
    let rows = held.place.as_key(&south, "/v1/audit/query", Some(&json!({}))).await;
    assert_eq!((&rows.body["total"], &rows.body["entries"]), (&json!(0), &json!([])));
    let named = json!({ "tenant_id": "north" });
    let told = held.place.as_key(&south, "/v1/audit/query", Some(&named)).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    let sums = held.place.as_key(&south, "/v1/stats/summary", None).await;
    assert_eq!((&sums.body["total"], &sums.body["pending_approvals"]), (&json!(0), &json!(0)));
}

#[tokio::test]
async fn sums_count_verdicts_what_waits_and_the_mean_of_scores() {
    let held = Held::new().await;
    held.pay(5).await;
    for line in ["echo safe", "rm -rf /", "echo safe"] {
        held.place.as_key(&held.agent, "/v1/guardian/evaluate", Some(&shell(line))).await;
    }
    let told = held.place.as_key(&held.ann, "/v1/stats/summary?hours=1", None).await;
    let expected = json!({ "total": 4, "by_verdict": { "allow": 2, "deny": 1, "require_approval": 1 },
        "pending_approvals": 1, "average_risk_score": 45.0, "period_hours": 1 });
    assert_eq!(told.body, expected);
    for hours in ["0", "721", "-1", "x"] {
        let told =
            held.place.as_key(&held.ann, &format!("/v1/stats/summary?hours={hours}"), None).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{hours}");
    }
}

#[tokio::test]
async fn the_active_policy_names_its_rules() {
    let held = Held::new().await;
    let told = held.place.as_key(&held.ann, "/v1/policies/active", None).await;
    let rules = told.body["rules"].as_array().unwrap();
    let own = rules.iter().find(|rule| rule["rule_id"] == "ask-first").unwrap();
    assert_eq!(own["action"], "require_approval", "{own}");
    let agent = held.place.as_key(&held.agent, "/v1/policies/active", None).await;
    assert_eq!(agent.status, StatusCode::FORBIDDEN);
}

#[tokio::test]
async fn one_of_two_who_have_to_say_yes_lets_nothing_through() {
    let eyes = datafog_approval::Eyes { others: false, count: 2 };
    let place = Place::with(Options { eyes, ..Options::default() }).await;
    let place = place.under(ASKS_ABOUT_MONEY).await;
    let (agent, ann) = place.agent_and_approver().await;
    let held = Held { place, agent, ann };
    let id = held.pay(5).await["decision_id"].as_str().unwrap().to_owned();
    let one = held.review(&held.ann, &id, "true").await.body;
    assert_eq!(
        (&one["verdict"], &one["requires_human"]),
        (&json!("require_approval"), &json!(true))
    );
    assert_eq!(held.pay(5).await["verdict"], "require_approval");
    let bob = held.place.key(Role::Approver, "north").await;
    assert_eq!(held.review(&bob, &id, "true").await.body["verdict"], "allow");
    assert_eq!(held.pay(5).await["verdict"], "allow");
}
