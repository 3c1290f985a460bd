//! Calls that are held on other machines, and what a person says of them here.

use datafog_approval::{Moment, Question, Record, testing};

use super::*;
use crate::answer::{Answer as Told, Standing};
use crate::bundle::Signer;

/// A question about the call of that name, which can be answered for a minute from now on.
fn question(number: u8, call: &str) -> Value {
    let record = Record::new(testing::request(number, call), &Moment::now());
    serde_json::to_value(Question::of(&record)).unwrap()
}

struct There {
    place: Place,
    agent: Minted,
    approver: Minted,
}

impl There {
    async fn new() -> Self {
        let place = Place::new().await;
        let (agent, approver) = place.agent_and_approver().await;
        Self { place, agent, approver }
    }

    async fn ask(&self, question: &Value) -> Answer {
        self.place.as_key(&self.agent, "/v1/approvals", Some(question)).await
    }

    async fn say(&self, question: &Value, said: Value) -> Answer {
        let path = format!("/v1/approvals/{}/decision", question["id"].as_str().unwrap());
        self.place.as_key(&self.approver, &path, Some(&said)).await
    }

    async fn became(&self, who: &Minted, question: &Value, state: &str) -> Answer {
        let path = format!("/v1/approvals/{}/withdrawal", question["id"].as_str().unwrap());
        self.place.as_key(who, &path, Some(&json!({ "state": state }))).await
    }
}

fn state(answer: &Answer) -> (u16, &str) {
    (answer.status.as_u16(), answer.body["state"].as_str().unwrap_or_default())
}

#[tokio::test]
async fn what_a_person_says_is_signed_for_that_question_alone() {
    let there = There::new().await;
    let question = question(1, "git push --force");
    assert_eq!(state(&there.ask(&question).await), (200, "pending"));
    let shown = there.place.as_key(&there.approver, "/v1/approvals?state=pending", None).await;
    assert_eq!(shown.body["approvals"][0]["command"], "git push --force", "{}", shown.text);
    assert_eq!(there.say(&question, json!({ "decision": "approve" })).await.status, StatusCode::OK);
    let told = there.ask(&question).await;
    let standing: Standing = serde_json::from_str(&told.text).unwrap();
    let user = there.place.root().metadata().unwrap().uid();
    let key = datafog_config::load_or_create_key(&there.place.root().join("key"), user);
    let signer = Signer::of(&key.unwrap()).unwrap();
    let (signed, sent) = (standing.answer.unwrap(), question.to_string());
    let answer = Told::believed(&signed, &signer, (standing.id, sent.as_bytes())).unwrap();
    assert_eq!(answer.by, Some(format!("key {}", there.approver.stored.id)));
    let mut other = question.clone();
    other["command"] = json!("git push");
    assert!(
        Told::believed(&signed, &signer, (standing.id, other.to_string().as_bytes())).is_none()
    );
    let refused = there.ask(&other).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "another question with its id");
    let verified = there.place.store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.flaw), (2, None), "asked and answered");
}

#[tokio::test]
async fn only_who_asked_takes_it_back_and_nothing_is_let_through_by_it() {
    let there = There::new().await;
    let (one, two, three) = (question(1, "a"), question(2, "b"), question(3, "c"));
    for question in [&one, &two, &three] {
        assert_eq!(state(&there.ask(question).await), (200, "pending"));
    }
    for (tenant, status) in [("", StatusCode::FORBIDDEN), ("north", StatusCode::NOT_FOUND)] {
        let stranger = there.place.key(Role::Agent, tenant).await;
        assert_eq!(there.became(&stranger, &one, "denied").await.status, status, "{tenant}");
    }
    assert_eq!(there.became(&there.agent, &one, "pending").await.status, StatusCode::BAD_REQUEST);
    assert_eq!(state(&there.became(&there.agent, &one, "approved").await), (200, "revoked"));
    assert_eq!(
        there.say(&one, json!({ "decision": "approve" })).await.status,
        StatusCode::CONFLICT
    );
    assert!(there.ask(&one).await.body["answer"].is_null(), "nothing that counts was said");
    there.say(&two, json!({ "decision": "approve" })).await;
    assert_eq!(state(&there.became(&there.agent, &two, "used").await), (200, "used"));
    assert!(there.ask(&two).await.body["answer"].is_null(), "a yes is given out until it is used");
    there.say(&three, json!({ "decision": "deny" })).await;
    assert_eq!(there.became(&there.agent, &three, "revoked").await.status, StatusCode::CONFLICT);
    assert_eq!(state(&there.ask(&three).await), (200, "denied"));
}

#[tokio::test]
async fn what_is_no_question_or_holds_a_secret_is_refused() {
    let there = There::new().await;
    let good = question(1, "git push");
    let with = |member: &str, value: Value| {
        let mut changed = good.clone();
        changed[member] = value;
        changed
    };
    for (bad, status) in [
        (json!({}), 400),
        (with("schema_version", json!(2)), 400),
        (with("scopes", json!([])), 400),
        (with("more", json!(1)), 400),
        (with("command", json!(format!("curl -H 'X: {}'", token()))), 400),
        (with("command", json!("x".repeat(65_536))), 413),
    ] {
        let told = there.ask(&bad).await;
        assert_eq!(told.status.as_u16(), status, "{}", told.text);
        assert_eq!(told.headers["content-type"], "application/problem+json");
    }
    assert_eq!(there.place.store.verify().await.unwrap().entries, 0);
    // Scopes come in any order, and what is to stay open for ever does for a week.
    let mut odd = with("scopes", json!(["exact", "once"]));
    odd["until"] = json!(9_007_199_254_740_991_u64);
    assert_eq!(state(&there.ask(&odd).await), (200, "pending"));
    let listed = there.place.as_key(&there.approver, "/v1/approvals", None).await;
    assert_eq!(listed.body["approvals"][0]["scopes"], json!(["once", "exact"]), "{}", listed.text);
    // Another line of the chain has that id.
    let judged = json!({ "command": ["ls"] });
    let judged = there.place.as_key(&there.agent, "/v1/actions", Some(&judged)).await;
    let mut same = question(3, "git push");
    same["id"] = judged.body["id"].clone();
    assert_eq!(there.ask(&same).await.status, StatusCode::CONFLICT);
    let mut late = question(2, "git push");
    late["until"] = json!(1);
    assert_eq!(state(&there.ask(&late).await), (200, "expired"));
    assert_eq!(
        there.say(&late, json!({ "decision": "approve" })).await.status,
        StatusCode::CONFLICT
    );
}
