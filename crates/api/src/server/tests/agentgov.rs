//! AgentGov's behaviours as far as they are held (its contract §16); each case by its id.

use std::sync::Mutex;
use std::time::Duration;

use axum::routing::post;

use super::*;
use crate::Upstreams;
use crate::listen::{Address, Listener, Patience};

/// A server, and an upstream that remembers what it was sent.
struct Proxy {
    place: Place,
    agent: Minted,
    ann: Minted,
    address: String,
    sent: Arc<Mutex<Vec<Value>>>,
}

impl Proxy {
    async fn new() -> Self {
        Self::waiting(Duration::from_secs(20)).await
    }

    /// Whose held calls wait so long.
    async fn waiting(wait: Duration) -> Self {
        let sent = Arc::new(Mutex::new(Vec::new()));
        let address = upstream(Arc::clone(&sent)).await;
        let listed = format!("{address}, {address}/text, {address}/slow");
        let upstreams = Upstreams::parse(&listed, Duration::from_millis(500)).unwrap();
        let options = Options { upstreams, tool_wait: wait, ..Options::default() };
        let place = Place::with(options).await.under(ASKS_ABOUT_MONEY).await;
        let (agent, ann) = place.agent_and_approver().await;
        Self { place, agent, ann, address, sent }
    }

    async fn call(&self, body: Value) -> Answer {
        self.place.as_key(&self.agent, "/tool/call", Some(&body)).await
    }

    async fn as_ann(&self, path: &str, body: Option<Value>) -> Answer {
        self.place.as_key(&self.ann, path, body.as_ref()).await
    }

    /// The request that waits.
    async fn ticket(&self) -> String {
        for _ in 0..100 {
            let pending = self.as_ann("/pending", None).await.body;
            if let Some(id) = pending["pending"][0]["id"].as_str() {
                return id.to_owned();
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("nothing waits")
    }

    fn sent(&self) -> Vec<Value> {
        self.sent.lock().unwrap().clone()
    }
}

/// Answers in several ways; its address.
async fn upstream(sent: Arc<Mutex<Vec<Value>>>) -> String {
    let keep = move |body: String| {
        let sent = Arc::clone(&sent);
        async move { sent.lock().unwrap().push(serde_json::from_str(&body).unwrap()) }
    };
    let created = |body: String| async move {
        keep(body).await;
        (StatusCode::CREATED, r#"{"paid":true}"#)
    };
    let slow = async || {
        tokio::time::sleep(Duration::from_secs(5)).await;
    };
    let elsewhere = async || (StatusCode::FOUND, [("location", "http://127.0.0.1:1/")]);
    let router = Router::new()
        .route("/", post(created))
        .route("/text", post(async || "plain words"))
        .route("/text/empty", post(async || StatusCode::NO_CONTENT))
        .route("/text/broken", post(async || (StatusCode::INTERNAL_SERVER_ERROR, "secret words")))
        .route("/text/large", post(async || "x".repeat(5 << 20)))
        .route("/text/elsewhere", post(elsewhere))
        .route("/slow", post(slow));
    let here = Address::Tcp(std::net::SocketAddr::from(([127, 0, 0, 1], 0)));
    let listener = Listener::bind(&here, false).await.unwrap();
    let address = format!("http://{}", listener.address().unwrap());
    let patience = (Patience::default(), None);
    tokio::spawn(listener.serve(router, patience, core::future::pending()));
    address
}

#[tokio::test]
async fn p1_every_spelling_forwards_name_and_arguments_alone() {
    let proxy = Proxy::new().await;
    let call = json!({ "tool_name": "get_user", "args": [1, "x"], "wait": true, "more": 1 });
    for path in ["/tool/call", "/tools", "/proxy", "/check"] {
        let told = proxy.place.as_key(&proxy.agent, path, Some(&call)).await;
        assert_eq!(told.status, StatusCode::OK, "{path}: {}", told.text);
        assert_eq!(told.body, json!({ "success": true, "result": { "paid": true } }));
    }
    let bare = proxy.call(json!({ "tool_name": "get_user" })).await;
    assert_eq!(bare.status, StatusCode::OK, "{}", bare.text);
    let sent = proxy.sent();
    assert_eq!(sent[0], json!({ "tool_name": "get_user", "args": [1, "x"] }));
    assert_eq!((sent.len(), &sent[4]), (5, &json!({ "tool_name": "get_user", "args": null })));
}

#[tokio::test]
async fn p2_a_call_without_a_name_is_refused_and_nothing_is_done() {
    let proxy = Proxy::new().await;
    for body in [json!({}), json!({ "tool_name": " " }), json!({ "tool_name": 5 }), json!([])] {
        let told = proxy.call(body.clone()).await;
        assert_eq!((told.status.as_u16(), &told.body["success"]), (400, &json!(false)), "{body}");
        assert!(told.body["error"].is_string(), "{}", told.text);
    }
    assert_eq!((proxy.sent().len(), proxy.place.store.verify().await.unwrap().entries), (0, 0));
}

#[tokio::test]
async fn p3_a_denied_call_reaches_nobody_and_is_recorded_with_its_rule() {
    let proxy = Proxy::new().await;
    let call = json!({ "tool_name": "bash", "args": { "command": "rm -rf /" } });
    let told = proxy.call(call).await;
    assert_eq!((told.status.as_u16(), &told.body["success"]), (403, &json!(false)));
    assert!(!told.body["error"].as_str().unwrap().is_empty());
    assert!(proxy.sent().is_empty());
    let audit = proxy.as_ann("/audit", None).await.body;
    assert_eq!((&audit["total"], &audit["entries"][0]["decision"]), (&json!(1), &json!("deny")));
    assert!(audit["entries"][0]["matched_rules"][0].is_string());
}

#[tokio::test]
async fn p4_p5_what_upstreams_answer_is_told_apart() {
    let proxy = Proxy::new().await;
    for (path, status, result, code) in [
        ("/text", 200, json!("plain words"), json!(null)),
        ("/text/empty", 200, json!(null), json!(null)),
        ("/text/broken", 502, json!(null), json!("upstream_error")),
        ("/text/large", 502, json!(null), json!("upstream_error")),
        ("/text/elsewhere", 502, json!(null), json!("upstream_error")),
        ("/slow", 504, json!(null), json!("upstream_timeout")),
    ] {
        let upstream = format!("{}{path}", proxy.address);
        let told = proxy.call(json!({ "tool_name": "get_user", "upstream": upstream })).await;
        assert_eq!(told.status.as_u16(), status, "{path}: {}", told.text);
        assert_eq!((&told.body["result"], &told.body["code"]), (&result, &code), "{path}");
        assert!(!told.text.contains("secret words"));
        let last = proxy.as_ann("/audit?limit=1", None).await.body["entries"][0].clone();
        assert_eq!(
            (&last["kind"], &last["outcome"]["success"]),
            (&json!("outcome"), &json!(status == 200))
        );
    }
}

#[tokio::test]
async fn p6_what_is_not_listed_is_not_reached() {
    let proxy = Proxy::new().await;
    for upstream in
        ["http://127.0.0.1:1/", "http://169.254.169.254/latest", "file:///etc/passwd", "x"]
    {
        let told = proxy.call(json!({ "tool_name": "get_user", "upstream": upstream })).await;
        assert_eq!(told.status, StatusCode::FORBIDDEN, "{upstream}");
    }
    let none = Place::new().await.post("/tool/call", &json!({ "tool_name": "get_user" })).await;
    assert_eq!(none.status, StatusCode::FORBIDDEN);
    assert!(none.body["error"].as_str().unwrap().contains("tool_upstreams"), "{}", none.text);
}

#[tokio::test]
async fn p7_what_cannot_be_recorded_is_not_forwarded() {
    let proxy = Proxy::new().await;
    let behind = rusqlite::Connection::open(proxy.place.root().join("store.db")).unwrap();
    let full = "CREATE TRIGGER full BEFORE INSERT ON entry BEGIN SELECT RAISE(ABORT, 'full'); END";
    behind.execute_batch(full).unwrap();
    let told = proxy.call(json!({ "tool_name": "get_user" })).await;
    assert_eq!((told.status.as_u16(), proxy.sent().len()), (503, 0), "{}", told.text);
}

#[tokio::test]
async fn a1_what_is_held_is_seen_oldest_first_without_its_values() {
    let proxy = Proxy::new().await;
    for amount in [5, 6] {
        let call = json!({ "tool_name": "pay", "args": { "amount": amount, "to": "somebody-else" }, "wait": false });
        let told = proxy.call(call).await;
        assert_eq!(
            (told.status.as_u16(), &told.body["status"]),
            (202, &json!("pending")),
            "{}",
            told.text
        );
        assert!(told.body["approval_id"].is_string() && told.body["expires_at"].is_string());
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    let first = proxy.as_ann("/pending", None).await;
    assert_eq!(
        (&first.body["total"], &first.body["pending"][0]["tool_name"]),
        (&json!(2), &json!("pay"))
    );
    assert_eq!(first.body["pending"][0]["args"], json!({ "amount": "[hidden]", "to": "[hidden]" }));
    let created = |at: usize| first.body["pending"][at]["created_at"].as_str().unwrap().to_owned();
    assert!(created(0) < created(1) && !first.text.contains("somebody-else"));
    for path in ["/approvals/pending", "/approvals?status=pending", "/approvals"] {
        let second = proxy.as_ann(path, None).await.body;
        assert_eq!(second["approvals"][0]["request"]["tool"], "pay", "{path}");
        assert_eq!(second["approvals"][0]["approval_id"], first.body["pending"][0]["id"]);
    }
    assert_eq!(proxy.as_ann("/approvals?status=denied", None).await.status, 400);
    assert!(proxy.sent().is_empty());
}

#[tokio::test]
async fn a2_a7_a_yes_forwards_once_and_a_no_says_why() {
    let proxy = Proxy::new().await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 } });
    for (path, body, status) in [
        ("approve", json!({ "approved": true, "reason": "fine", "decided_by": "root" }), 200),
        ("approval", json!({ "approved": true }), 200),
        ("approvals/approve", json!({ "approver": "root" }), 200),
        ("approvals/deny", json!({ "approver": "root", "comment": "too much" }), 403),
    ] {
        let decide = async {
            let id = proxy.ticket().await;
            let path = match path.split_once('/') {
                Some((place, verb)) => format!("/{place}/{id}/{verb}"),
                None => format!("/{path}/{id}"),
            };
            let without = match status {
                403 => {
                    proxy.as_ann(&path, Some(json!({ "approver": "root" }))).await.status.as_u16()
                }
                _ => 400,
            };
            assert_eq!(without, 400, "a no needs a comment");
            let done = proxy.as_ann(&path, Some(body.clone())).await;
            let again = proxy.as_ann(&path, Some(body.clone())).await;
            (done.status.as_u16(), again.status.as_u16())
        };
        let (told, done) = tokio::join!(proxy.call(pay.clone()), decide);
        assert_eq!((told.status.as_u16(), done), (status, (200, 409)), "{path}: {}", told.text);
        if status == 403 {
            let error = told.body["error"].as_str().unwrap();
            assert!(
                error.contains("too much") && error.contains("key ") && !error.contains("root"),
                "{error}"
            );
        }
    }
    assert_eq!(proxy.sent().len(), 3);
    let unknown = format!("/approve/{}", "0".repeat(32));
    assert_eq!(proxy.as_ann(&unknown, Some(json!({ "approved": true }))).await.status, 404);
}

#[tokio::test]
async fn a3_a_call_that_nobody_answers_in_time_is_told_so_and_stays_in_the_history() {
    let proxy = Proxy::new().await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 }, "wait": false });
    let id = proxy.call(pay.clone()).await.body["approval_id"].as_str().unwrap().to_owned();
    let behind = rusqlite::Connection::open(proxy.place.root().join("store.db")).unwrap();
    let record: String =
        behind.query_row("SELECT record FROM approval", [], |row| row.get(0)).unwrap();
    let mut record: Value = serde_json::from_str(&record).unwrap();
    let asked = record["asked"]["from"]["wall"].as_u64().unwrap() - 16 * 60 * 1000;
    record["asked"]["from"] = json!({ "wall": asked });
    behind.execute("UPDATE approval SET record = $1, until = 0", [record.to_string()]).unwrap();
    assert_eq!(expire_overdue(&proxy.place.whole).await.unwrap(), 1);
    let mut resumed = pay;
    resumed["approval_id"] = json!(id);
    let told = proxy.call(resumed).await;
    assert_eq!(told.status, StatusCode::FORBIDDEN);
    assert!(told.body["error"].as_str().unwrap().starts_with("timeout"), "{}", told.text);
    let seen = proxy.place.as_key(&proxy.agent, &format!("/approvals/{id}"), None).await;
    assert_eq!(seen.body["status"], "timeout");
    assert_eq!(proxy.as_ann("/pending", None).await.body["pending"], json!([]));
}

#[tokio::test]
async fn a5_who_went_away_is_served_only_with_the_ticket_and_once() {
    let proxy = Proxy::new().await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 } });
    let gone = tokio::time::timeout(Duration::from_millis(300), proxy.call(pay.clone())).await;
    assert!(gone.is_err(), "it waits");
    let id = proxy.ticket().await;
    let yes = Some(json!({ "approved": true }));
    assert_eq!(proxy.as_ann(&format!("/approve/{id}"), yes).await.status, 200);
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert!(proxy.sent().is_empty(), "nobody waits for it");
    let with = |body: &Value, id: &str| {
        let mut body = body.clone();
        body["approval_id"] = json!(id);
        body
    };
    let mut other = with(&pay, &id);
    other["args"]["amount"] = json!(500);
    assert_eq!(proxy.call(other).await.status, 409, "a ticket is for its own call");
    let mut elsewhere = with(&pay, &id);
    elsewhere["upstream"] = json!(format!("{}/text", proxy.address));
    assert_eq!(proxy.call(elsewhere).await.status, 409, "and for its own upstream");
    assert_eq!(proxy.call(with(&pay, &id)).await.status, 200);
    let again = proxy.call(with(&pay, &id)).await;
    assert_eq!((again.status.as_u16(), proxy.sent().len()), (403, 1), "{}", again.text);
    assert_eq!(proxy.call(with(&pay, "none")).await.status, 404);
}

#[tokio::test]
async fn a_wait_that_is_over_gives_a_ticket() {
    let proxy = Proxy::waiting(Duration::from_millis(200)).await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 } });
    let told = proxy.call(pay).await;
    assert_eq!((told.status.as_u16(), &told.body["status"]), (202, &json!("pending")));
}

#[tokio::test]
async fn o2_who_waits_gets_a_ticket_when_the_server_goes_down() {
    let proxy = Proxy::new().await;
    let start = std::time::Instant::now();
    let end = async {
        proxy.ticket().await;
        proxy.place.whole.end();
    };
    let (told, ()) =
        tokio::join!(proxy.call(json!({ "tool_name": "pay", "args": { "amount": 5 } })), end);
    assert_eq!(told.status, StatusCode::ACCEPTED, "{}", told.text);
    assert!(start.elapsed() < Duration::from_secs(10));
}

#[tokio::test]
async fn a6_who_decides_is_an_approver_of_the_tenant() {
    let proxy = Proxy::new().await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 }, "wait": false });
    let id = proxy.call(pay).await.body["approval_id"].as_str().unwrap().to_owned();
    let (viewer, stranger) =
        (proxy.place.key(Role::Viewer, "north").await, proxy.place.key(Role::Admin, "south").await);
    let yes = json!({ "approved": true });
    for (key, status) in [(&proxy.agent, 403), (&viewer, 403), (&stranger, 403)] {
        let told = proxy.place.as_key(key, &format!("/approve/{id}"), Some(&yes)).await;
        assert_eq!(told.status.as_u16(), status, "{}", told.text);
        assert_eq!(told.body["success"], false);
    }
}

#[tokio::test]
async fn a8_of_many_decisions_one_counts() {
    let proxy = Proxy::new().await;
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5 }, "wait": false });
    let id = proxy.call(pay).await.body["approval_id"].as_str().unwrap().to_owned();
    let yes = async || {
        proxy.as_ann(&format!("/approvals/{id}/approve"), Some(json!({}))).await.status.as_u16()
    };
    let all = tokio::join!(yes(), yes(), yes(), yes(), yes());
    let mut all = [all.0, all.1, all.2, all.3, all.4];
    all.sort_unstable();
    assert_eq!(all, [200, 409, 409, 409, 409]);
}

#[tokio::test]
async fn u1_u3_u4_every_transition_is_an_entry_without_raw_values() {
    let proxy = Proxy::new().await;
    let empty = proxy.as_ann("/audit", None).await.body;
    assert_eq!((&empty["total"], &empty["entries"]), (&json!(0), &json!([])));
    let pay = json!({ "tool_name": "pay", "args": { "amount": 5, "note": "plain-words-here" } });
    let yes = async {
        let id = proxy.ticket().await;
        proxy.as_ann(&format!("/approve/{id}"), Some(json!({ "approved": true }))).await
    };
    let (told, _) = tokio::join!(proxy.call(pay), yes);
    assert_eq!(told.status, StatusCode::OK, "{}", told.text);
    let audit = proxy.as_ann("/audit", None).await;
    let entries = audit.body["entries"].as_array().unwrap();
    let states: Vec<_> = entries
        .iter()
        .map(|entry| {
            (
                entry["kind"].as_str().unwrap(),
                entry["approval"]["status"].as_str(),
                entry["outcome"]["status"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        states,
        [
            ("outcome", Some("approved"), Some(201)),
            ("check", Some("approved"), None),
            ("outcome", Some("approved"), None),
            ("check", Some("pending"), None),
        ]
    );
    let by = format!("key {}", proxy.ann.stored.id);
    assert_eq!(entries[2]["approval"]["by"], json!(by));
    assert!(!audit.text.contains("plain-words"));
    let page = proxy.as_ann("/audit?limit=1&offset=3&decision=require_approval", None).await.body;
    assert_eq!(
        (&page["total"], &page["entries"][0]["approval"]["status"]),
        (&json!(4), &json!("pending"))
    );
    for bad in ["/audit?limit=0", "/audit?limit=1001", "/audit?limit=-1", "/audit?since=today"] {
        assert_eq!(proxy.as_ann(bad, None).await.status, 400, "{bad}");
    }
}
