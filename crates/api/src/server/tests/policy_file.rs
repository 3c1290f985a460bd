//! The policy file over the server; DataGuard's cases by their ids where they are the same (P1 to P4).

use datafog_core::Key;

use super::*;
use crate::bundle::{Bundle, Signer};

/// Somebody who manages the installation, and its policy.
struct Managed {
    place: Place,
    admin: Minted,
}

impl Managed {
    async fn new() -> Self {
        let place = Place::new().await;
        let admin = place.key(Role::Admin, "").await;
        Self { place, admin }
    }

    async fn ask(
        &self,
        (method, path): (&str, &str),
        seen: Option<(&str, &str)>,
        body: Option<Value>,
    ) -> Answer {
        let mut request = anonymous(method, path).header("x-api-key", self.admin.key.expose());
        if let Some((name, value)) = seen {
            request = request.header(name, value);
        }
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json");
        self.place.send(request.body(body).unwrap()).await
    }

    async fn put(&self, text: &str, seen: Option<(&str, &str)>) -> Answer {
        let body = json!({ "text": text, "note": "for the audit" });
        self.ask(("PUT", "/v1/policy/text"), seen, Some(body)).await
    }

    async fn get(&self, path: &str) -> Answer {
        self.ask(("GET", path), None, None).await
    }

    async fn versions(&self) -> Vec<Value> {
        self.get("/v1/policy/versions").await.body["versions"].as_array().unwrap().clone()
    }

    fn file(&self) -> String {
        std::fs::read_to_string(self.place.root().join("policy.toml")).unwrap()
    }
}

const NONE: Option<(&str, &str)> = Some(("if-none-match", "*"));

fn tag(answer: &Answer) -> String {
    answer.headers["etag"].to_str().unwrap().to_owned()
}

#[tokio::test]
async fn p1_a_text_takes_the_files_place_with_version_author_and_line() {
    let managed = Managed::new().await;
    assert_eq!(managed.get("/v1/policy/text").await.status, StatusCode::NOT_FOUND);
    let told = managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    assert_eq!((told.status, &told.body["version"]), (StatusCode::OK, &json!(1)), "{}", told.text);
    assert_eq!(managed.file(), ASKS_ABOUT_TERRAFORM);
    let text = managed.get("/v1/policy/text").await;
    assert_eq!((tag(&text), &text.body["text"]), (tag(&told), &json!(ASKS_ABOUT_TERRAFORM)));
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(managed.get("/v1/policy").await.body["id"], "mine", "it is in force");
    let versions = managed.versions().await;
    let author = format!("key {}", managed.admin.stored.id);
    assert_eq!(
        (&versions[0]["author"], &versions[0]["note"], versions.len()),
        (&json!(author), &json!("for the audit"), 1)
    );
    let lines = managed.get("/v1/receipts").await.body;
    assert!(lines.to_string().contains("the policy file is replaced"), "{lines}");
    assert_eq!(managed.place.store.verify().await.unwrap().flaw, None);
}

#[tokio::test]
async fn p1_a_text_that_does_not_load_changes_nothing() {
    let managed = Managed::new().await;
    let first = managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    let seen = tag(&first);
    for broken in ["nonsense", "", &ASKS_ABOUT_TERRAFORM.replace("require_approval", "ask")] {
        let told = managed.put(broken, Some(("if-match", &seen))).await;
        assert_eq!(told.status, StatusCode::BAD_REQUEST, "{broken}: {}", told.text);
        assert_eq!(told.headers["content-type"], "application/problem+json");
        let error = &told.body["errors"][0];
        assert!(error["line"].as_u64().unwrap() > 0 && error["message"].is_string(), "{error}");
    }
    let fix = ASKS_ABOUT_TERRAFORM.replace("effect", "efect");
    let fix = managed.put(&fix, Some(("if-match", &seen))).await.body["errors"].to_string();
    assert!(fix.contains("effect"), "{fix}");
    let secret = format!("{ASKS_ABOUT_TERRAFORM}\n# {}\n", token());
    let told = managed.put(&secret, Some(("if-match", &seen))).await;
    assert_eq!(told.status, StatusCode::BAD_REQUEST, "no version is kept of a secret");
    assert!(!told.text.contains(&token()));
    assert_eq!((managed.file(), managed.versions().await.len()), (ASKS_ABOUT_TERRAFORM.into(), 1));
}

#[tokio::test]
async fn who_did_not_see_the_text_does_not_change_it() {
    let managed = Managed::new().await;
    assert_eq!(managed.put(ASKS_ABOUT_TERRAFORM, None).await.status.as_u16(), 428);
    let first = managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    assert_eq!(managed.put(ASKS_ABOUT_MONEY, NONE).await.status.as_u16(), 412);
    assert_eq!(
        managed.put(ASKS_ABOUT_MONEY, Some(("if-match", "\"x\""))).await.status.as_u16(),
        412
    );
    assert_eq!(managed.put(ASKS_ABOUT_MONEY, Some(("if-match", "*"))).await.status.as_u16(), 412);
    let seen = tag(&first);
    assert_eq!(
        managed.put(ASKS_ABOUT_MONEY, Some(("if-match", &seen))).await.status,
        StatusCode::OK
    );
    let late = managed.put(ASKS_ABOUT_TERRAFORM, Some(("if-match", &seen))).await;
    assert_eq!(late.status.as_u16(), 412, "somebody else was first");
    assert_eq!(managed.file(), ASKS_ABOUT_MONEY);
}

#[tokio::test]
async fn p2_a_version_is_put_back_as_a_new_one() {
    let managed = Managed::new().await;
    let first = managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    let second = managed.put(ASKS_ABOUT_MONEY, Some(("if-match", &tag(&first)))).await;
    let back = ("POST", "/v1/policy/versions/1/restoration");
    let seen = tag(&second);
    assert_eq!(managed.ask(back, None, Some(json!({}))).await.status.as_u16(), 428);
    let told = managed.ask(back, Some(("if-match", &seen)), Some(json!({}))).await;
    assert_eq!((told.status, &told.body["version"]), (StatusCode::OK, &json!(3)), "{}", told.text);
    assert_eq!(managed.file(), ASKS_ABOUT_TERRAFORM);
    assert_eq!(managed.versions().await[0]["note"], "version 1 put back");
    let one = managed.get("/v1/policy/versions/2").await;
    assert_eq!(one.body["text"], ASKS_ABOUT_MONEY);
    for missing in ["/v1/policy/versions/9", "/v1/policy/versions/x"] {
        assert_eq!(managed.get(missing).await.status, StatusCode::NOT_FOUND);
    }
}

#[tokio::test]
async fn p3_what_is_written_by_hand_gets_a_version_and_a_line() {
    let managed = Managed::new().await;
    std::fs::write(managed.place.root().join("policy.toml"), ASKS_ABOUT_MONEY).unwrap();
    let versions = managed.versions().await;
    assert_eq!((&versions[0]["author"], versions.len()), (&json!("the file"), 1));
    let text = managed.get("/v1/policy/text").await;
    let told = managed.put(ASKS_ABOUT_TERRAFORM, Some(("if-match", &tag(&text)))).await;
    assert_eq!((told.status, &told.body["version"]), (StatusCode::OK, &json!(2)), "{}", told.text);
    assert_eq!(managed.place.store.verify().await.unwrap().entries, 2);
}

#[tokio::test]
async fn a_change_is_asked_about_like_whatever_else_is_done() {
    const KEEPS_ITSELF: &str = "[policy]\nid = \"kept\"\nversion = \"1\"\n\n[[rule]]\nid = \"by-hand\"\n\
        effect = \"deny\"\nreason = \"the policy is changed by hand\"\ninstead = \"edit the file\"\n\
        [rule.when]\ntool = \"policy\"\n";
    let managed = Managed::new().await;
    let first = managed.put(KEEPS_ITSELF, NONE).await;
    assert_eq!(first.status, StatusCode::OK, "{}", first.text);
    tokio::time::sleep(Duration::from_millis(250)).await;
    let told = managed.put(ASKS_ABOUT_MONEY, Some(("if-match", &tag(&first)))).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN, "{}", told.text);
    assert!(told.text.contains("changed by hand"), "{}", told.text);
    assert_eq!((managed.file(), managed.versions().await.len()), (KEEPS_ITSELF.into(), 1));
    let lines = managed.get("/v1/receipts").await.body;
    assert_eq!(lines["receipts"][0]["decision"], "deny", "{lines}");
    assert_eq!(managed.place.store.verify().await.unwrap().flaw, None);
}

#[tokio::test]
async fn a_change_that_cannot_be_recorded_is_not_made() {
    let managed = Managed::new().await;
    let behind = rusqlite::Connection::open(managed.place.root().join("store.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END";
    behind.execute_batch(full).unwrap();
    let told = managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    assert_eq!(told.status.as_u16(), 503, "{}", told.text);
    assert!(!managed.place.root().join("policy.toml").exists());
    assert!(managed.versions().await.is_empty());
}

#[tokio::test]
async fn nobody_of_a_tenant_and_no_agent_changes_the_installations_policy() {
    let managed = Managed::new().await;
    for (role, tenant) in
        [(Role::Admin, "north"), (Role::Agent, ""), (Role::Approver, ""), (Role::Viewer, "")]
    {
        let key = managed.place.key(role, tenant).await;
        let request = anonymous("PUT", "/v1/policy/text").header("x-api-key", key.key.expose());
        let request =
            request.header("if-none-match", "*").header("content-type", "application/json");
        let body = Body::from(json!({ "text": ASKS_ABOUT_MONEY }).to_string());
        let told = managed.place.send(request.body(body).unwrap()).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{role} of `{tenant}`: {}", told.text);
    }
    assert!(!managed.place.root().join("policy.toml").exists());
}

#[tokio::test]
async fn the_policy_is_handed_out_signed_and_only_when_it_is_another() {
    let managed = Managed::new().await;
    let bundle = ("GET", "/v1/policy/bundle");
    assert_eq!(managed.ask(bundle, None, None).await.status, StatusCode::NOT_FOUND);
    managed.put(ASKS_ABOUT_TERRAFORM, NONE).await;
    let agent = managed.place.key(Role::Agent, "").await;
    let given = anonymous(bundle.0, bundle.1).header("x-api-key", agent.key.expose());
    let given = managed.place.send(given.body(Body::empty()).unwrap()).await;
    assert_eq!(given.status, StatusCode::OK, "{}", given.body);
    let key = std::fs::read(managed.place.root().join("key")).unwrap();
    let key = Key::from_bytes(&key).unwrap();
    let read = |answer: &Answer| {
        let signer = Signer::of(&key).unwrap();
        Bundle::read(answer.body.to_string().as_bytes(), &signer).unwrap()
    };
    let first = read(&given);
    assert_eq!(first.text(), ASKS_ABOUT_TERRAFORM);
    let tag = tag(&given);
    let same = managed.ask(bundle, Some(("if-none-match", &tag)), None).await;
    assert_eq!((same.status, same.body), (StatusCode::NOT_MODIFIED, Value::Null));
    let by_hand = ASKS_ABOUT_MONEY;
    std::fs::write(managed.place.root().join("policy.toml"), by_hand).unwrap();
    let other = managed.ask(bundle, Some(("if-none-match", &tag)), None).await;
    let second = read(&other);
    assert_eq!(second.text(), by_hand);
    assert!(second.issued_at() > first.issued_at());
}
