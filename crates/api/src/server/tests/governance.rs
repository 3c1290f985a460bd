//! pi-governance's masking shapes (contract §2.4), places in its units, and its webhook for approvals (§5).

use super::*;
use crate::store::Bounds;

#[tokio::test]
async fn places_are_counted_in_units_of_utf_16() {
    let place = Place::new().await;
    // Two units, four bytes.
    let text = format!("\u{1f600} {}", token());
    let told = place.post("/v1/dlp/scan", &json!({ "text": text })).await;
    let found = &told.body["matches"][0];
    assert_eq!((&found["start"], &found["end"]), (&json!(3), &json!(43)), "{}", told.text);
    assert_eq!((&found["category"], &told.body["count"]), (&json!("secret"), &json!(1)));
    assert!(!told.text.contains(&token()));
    assert_eq!(place.store.verify().await.unwrap().entries, 0);
}

#[tokio::test]
async fn masks_have_the_shapes_of_the_contract() {
    let place = Place::new().await;
    let token = token();
    let (_, last) = token.split_at(36);
    let (_, two) = token.split_at(38);
    for (more, expected) in [
        (json!({}), format!("x ***{last} y")),
        (json!({ "show_chars": 2 }), format!("x ***{two} y")),
        // The original shows the whole value for each of these.
        (json!({ "show_chars": 0 }), String::from("x *** y")),
        (json!({ "show_chars": 40 }), String::from("x *** y")),
        (json!({ "show_chars": 999 }), String::from("x *** y")),
        (json!({ "strategy": "full", "placeholder": "#" }), String::from("x # y")),
    ] {
        let mut asked = json!({ "text": format!("x {token} y") });
        asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let told = place.post("/v1/dlp/mask", &asked).await;
        assert_eq!(told.body["text"], expected, "{more}");
    }
    let hashed = json!({ "text": format!("x {token} y"), "strategy": "hash" });
    let text = place.post("/v1/dlp/mask", &hashed).await.body["text"].clone();
    let digits = text.as_str().unwrap().strip_prefix("x [REDACTED:").unwrap();
    let digits = digits.strip_suffix("] y").unwrap();
    assert!(digits.len() == 8 && digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{digits}");
    for wrong in [json!({}), json!({ "text": "" }), json!({ "text": "x", "strategy": "none" })] {
        assert_eq!(place.post("/v1/dlp/mask", &wrong).await.status, 400, "{wrong}");
    }
}

fn wanted(tool: &str, input: &Value) -> Value {
    let context = json!({ "userId": "bob", "role": "dev", "orgUnit": "x" });
    json!({ "toolCall": { "toolName": tool, "input": input }, "context": context })
}

/// A server whose held calls wait so long, and the keys of an agent and an approver.
async fn waiting(wait: Duration) -> (Place, Minted, Minted) {
    let place = Place::with(Options { tool_wait: wait, ..Options::default() }).await;
    let place = place.under(DENIES_DELETION).await;
    let (agent, ann) = place.agent_and_approver().await;
    (place, agent, ann)
}

const DENIES_DELETION: &str = r#"
[policy]
id = "mine"
version = "1"
[[rule]]
id = "no-deletion"
effect = "deny"
reason = "users are not deleted"
instead = "ask"
match = [{ tool = "delete_user", args = {} }]
not_match = [{ tool = "get_user", args = {} }]
[rule.when]
tool = ["delete_user"]
"#;

#[tokio::test]
async fn the_webhook_for_approvals_asks_a_person_of_whatever_is_not_denied() {
    let (place, agent, ann) = waiting(Duration::from_secs(20)).await;
    let path = "/v1/governance/approve";
    // The policy lets it pass; its client comes because a person is wanted.
    let asked = wanted("get_user", &json!({ "id": 5 }));
    for (decision, approved) in [("approve", true), ("deny", false)] {
        let answer = async {
            for _ in 0..200 {
                let all = place.as_key(&ann, "/v1/approvals?state=pending", None).await.body;
                if let Some(id) = all["approvals"][0]["id"].as_str() {
                    let path = format!("/v1/approvals/{id}/decision");
                    let said = json!({ "decision": decision, "note": "so" });
                    return place.as_key(&ann, &path, Some(&said)).await.status;
                }
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            panic!("nothing waits")
        };
        let (told, said) = tokio::join!(place.as_key(&agent, path, Some(&asked)), answer);
        assert_eq!((told.status, said), (StatusCode::OK, StatusCode::OK), "{}", told.text);
        assert_eq!(told.body["approved"], approved, "{}", told.text);
        assert!(told.body["reason"].is_string());
    }
    let denied = place.as_key(&agent, path, Some(&wanted("delete_user", &json!({})))).await;
    assert_eq!(denied.body["approved"], false);
    assert!(denied.body["reason"].as_str().unwrap().contains("users are not deleted"));
    for wrong in [json!({}), wanted(" ", &json!({})), wanted("x", &json!([]))] {
        assert_eq!(place.as_key(&agent, path, Some(&wrong)).await.status, 400, "{wrong}");
    }
}

#[tokio::test]
async fn the_webhook_for_approvals_says_no_when_nobody_answers_and_the_yes_counts_once() {
    let (place, agent, ann) = waiting(Duration::from_millis(50)).await;
    let (path, asked) = ("/v1/governance/approve", wanted("get_user", &json!({ "id": 5 })));
    let told = place.as_key(&agent, path, Some(&asked)).await;
    assert_eq!(told.body["approved"], false, "{}", told.text);
    let all = place.as_key(&ann, "/v1/approvals?state=pending", None).await.body;
    let id = all["approvals"][0]["id"].as_str().unwrap();
    let said = json!({ "decision": "approve" });
    let decision = format!("/v1/approvals/{id}/decision");
    assert_eq!(place.as_key(&ann, &decision, Some(&said)).await.status, 200);
    let mut approved = Vec::new();
    for _ in 0..2 {
        approved.push(place.as_key(&agent, path, Some(&asked)).await.body["approved"].clone());
    }
    assert_eq!(approved, [json!(true), json!(false)]);
    let tools = Bounds { tools: vec!["other".into()], ..Bounds::default() };
    let bound = mint("b", (Role::Agent, "north"), (0, None)).unwrap().within(tools);
    place.store.add_key(bound.stored.clone()).await.unwrap();
    let outside = place.as_key(&bound, path, Some(&asked)).await;
    assert_eq!(outside.body["approved"], false);
    assert!(outside.body["reason"].as_str().unwrap().contains("other tools"), "{}", outside.text);
}
