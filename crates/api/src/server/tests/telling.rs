//! Telling people: channels, what they are told, and what is kept of their secrets. Cases of Enforgate's
//! contract by their ids.

use datafog_core::Secret;

use super::receivers::{Came, Mail, Post, Receiver};
use super::*;
use crate::Networks;
use crate::tell::send::signature;
use crate::tell::worker::tell;

/// What secrets are encrypted with here.
const KEY: &str = "correct horse battery staple";

/// A server that tells people, and somebody who manages it.
pub(super) struct Told {
    pub(super) place: Place,
    pub(super) admin: Minted,
    agent: Minted,
    approver: Minted,
}

pub(super) fn telling() -> Telling {
    Telling {
        networks: Networks::parse("127.0.0.0/8").unwrap(),
        public: Some("https://gate.test".into()),
        key: Some(Arc::new(Secret::new(KEY.into()))),
        tries: 3,
        pause: Duration::from_millis(10),
    }
}

impl Told {
    pub(super) async fn new() -> Self {
        Self::with(telling()).await
    }

    pub(super) async fn with(telling: Telling) -> Self {
        let told = Self::silent(telling).await;
        tokio::spawn(tell(Arc::clone(&told.place.whole)));
        told
    }

    /// The same without the task that tells.
    pub(super) async fn silent(telling: Telling) -> Self {
        let place = Place::with(Options { telling, ..Options::default() }).await;
        let place = place.under(ASKS_ABOUT_TERRAFORM).await;
        let (agent, approver) = place.agent_and_approver().await;
        let admin = place.key(Role::Admin, "north").await;
        Self { place, admin, agent, approver }
    }

    pub(super) async fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        self.ask_as(&self.admin, method, path, body).await
    }

    async fn ask_as(&self, key: &Minted, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = anonymous(method, path).header("x-api-key", key.key.expose());
        let body = body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
        let request = request.header("content-type", "application/json");
        self.place.send(request.body(body).unwrap()).await
    }

    /// Adds a channel.
    pub(super) async fn add(&self, channel: &Value) -> Value {
        let made = self.ask("POST", "/v1/channels", Some(channel)).await;
        assert_eq!(made.status, StatusCode::OK, "{}", made.text);
        made.body
    }

    /// Holds a call whose arguments nobody is to be told.
    pub(super) async fn hold(&self, planted: &str) -> String {
        let command = ["terraform", "apply", "-var", planted];
        let asked = json!({ "command": command, "cwd": "/work/secret-place" });
        let told = self.place.as_key(&self.agent, "/v1/actions", Some(&asked)).await;
        told.body["approval"]["id"].as_str().unwrap_or_else(|| panic!("{}", told.text)).to_owned()
    }

    async fn say(&self, id: &str, decision: &str) {
        let path = format!("/v1/approvals/{id}/decision");
        let said = json!({ "decision": decision, "note": "only between us" });
        assert_eq!(self.place.as_key(&self.approver, &path, Some(&said)).await.status, 200);
    }

    pub(super) async fn deliveries(&self) -> Vec<Value> {
        let told = self.ask("GET", "/v1/deliveries", None).await;
        told.body["deliveries"].as_array().unwrap().clone()
    }

    /// Waits until so many deliveries stand so.
    pub(super) async fn until(&self, state: &str, count: usize) -> Vec<Value> {
        for _ in 0..400 {
            let mut all = self.deliveries().await;
            all.retain(|delivery| delivery["state"] == state);
            if all.len() == count {
                return all;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{count} {state}: {:?}", self.deliveries().await)
    }
}

pub(super) fn webhook(url: &str, events: &[&str]) -> Value {
    json!({ "name": "ops", "kind": "webhook", "events": events, "url": url })
}

pub(super) fn by_mail(post: &Post) -> Value {
    json!({ "name": "us", "kind": "mail", "events": ["held"], "host": "127.0.0.1",
        "port": post.port, "security": "none", "user": "ann", "password": "hunter2-hunter2",
        "from": "datafog <gate@example.com>", "to": ["ann@example.com", "bob@example.com"] })
}

/// Nothing of the call is in what is told but the program's name, and no note of a person.
pub(super) fn require_plain(text: &str, planted: &str) {
    for raw in [planted, "-var", "apply", "secret-place", "only between us"] {
        assert!(!text.contains(raw), "`{raw}` stands in {text}");
    }
    assert!(text.contains("terraform"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn w1_a_webhook_is_signed_and_tells_no_argument() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    let made = told.add(&webhook(&receiver.url("/hook?k=tokentokentoken"), &["held"])).await;
    let secret = made["secret"].as_str().unwrap().to_owned();
    assert_eq!(secret.len(), 64);
    let planted = "planted-5d41402abc";
    let id = told.hold(planted).await;
    told.until("told", 1).await;
    let [came]: [Came; 1] = receiver.came().try_into().unwrap();
    assert_eq!((&*came.path, came.header("datafog-event")), ("/hook?k=tokentokentoken", "held"));
    let signed = came.header("datafog-signature");
    let at = signed.strip_prefix("t=").unwrap().split(',').next().unwrap().parse().unwrap();
    assert_eq!(signed, signature(&secret, at, came.text.as_bytes()).unwrap());
    assert_ne!(signed, signature(&secret, at, b"{}").unwrap());
    assert_ne!(signed, signature("another secret", at, came.text.as_bytes()).unwrap());
    require_plain(&came.text, planted);
    let body = &came.body;
    assert_eq!(
        (&body["event"], &body["approval_id"], &body["rules"], &body["program"]),
        (&json!("held"), &json!(id), &json!(["ask-first"]), &json!("terraform"))
    );
    assert_eq!(body["link"], format!("https://gate.test/ui/approvals/server/{id}"));
    assert!(body["answerable_until"].is_string() && body["risk"].is_null(), "{body}");
    assert_eq!(came.header("datafog-delivery"), body["delivery"].as_str().unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn each_channel_is_told_of_what_it_wants() {
    let told = Told::new().await;
    let (one, other) = (Receiver::new(&[]).await, Receiver::new(&[]).await);
    told.add(&webhook(&one.url("/"), &["approved", "blocked", "denied", "expired"])).await;
    let revoked = json!({ "name": "r", "kind": "webhook", "events": ["revoked"],
        "url": other.url("/"), "least_risk": 90 });
    told.add(&revoked).await;
    let ids = [told.hold("a=1").await, told.hold("a=2").await, told.hold("a=3").await];
    told.say(&ids[0], "approve").await;
    told.say(&ids[1], "deny").await;
    let path = format!("/v1/approvals/{}/revocation", ids[0]);
    let body = json!({ "note": "only between us" });
    assert_eq!(told.place.as_key(&told.approver, &path, Some(&body)).await.status, 200);
    let behind = rusqlite::Connection::open(told.place.root().join("store.db")).unwrap();
    behind.execute("UPDATE approval SET until = 0 WHERE id = $1", [&ids[2]]).unwrap();
    assert_eq!(expire_overdue(&told.place.whole).await.unwrap(), 1);
    let denied = told.place.as_key(&told.agent, "/v1/decide", Some(&leak())).await;
    assert_eq!(denied.body["decision"], "deny");
    told.until("told", 5).await;
    let mut events: Vec<String> =
        one.came().iter().map(|came| came.header("datafog-event").to_owned()).collect();
    events.sort();
    assert_eq!(events, ["approved", "blocked", "denied", "expired"]);
    assert_eq!(other.came().len(), 1, "a risk that nobody knows is told");
    let by = format!("key {}", told.approver.stored.id);
    for came in one.came() {
        assert!(!came.text.contains("between us") && !came.text.contains(&token()), "{came:?}");
        match came.header("datafog-event") {
            "approved" | "denied" => assert_eq!(came.body["by"], by),
            "blocked" => assert_eq!(came.body["program"], "curl"),
            _ => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_sent_by_either_way_to_log_in() {
    for way in ["PLAIN", "LOGIN"] {
        let (told, post) = (Told::new().await, Post::new(way).await);
        let made = told.add(&by_mail(&post)).await;
        assert_eq!(made["secrets"], json!({ "password": "(set)" }));
        let planted = "planted-5d41402abc";
        told.hold(planted).await;
        told.until("told", 1).await;
        let [mail]: [Mail; 1] = post.mails().try_into().unwrap();
        assert_eq!(mail.from.split('>').next(), Some("<gate@example.com"));
        assert_eq!(mail.to.len(), 2);
        require_plain(&mail.text, planted);
        assert!(mail.text.contains("Subject: datafog: terraform waits for an answer"));
        assert!(mail.text.contains("https://gate.test/ui/approvals/server/"), "{}", mail.text);
        assert!(mail.text.contains("Auto-Submitted: auto-generated"), "{}", mail.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn chat_services_get_their_forms() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    for channel in [
        json!({ "kind": "slack", "url": receiver.url("/slack") }),
        json!({ "kind": "teams", "url": receiver.url("/teams") }),
        json!({ "kind": "telegram", "api": receiver.url(""), "token": "12:ab-c", "chat": "@ops" }),
    ] {
        let mut channel = channel;
        let more = json!({ "name": "chat", "events": ["held"] });
        channel.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        told.add(&channel).await;
    }
    let planted = "planted-5d41402abc";
    let id = told.hold(planted).await;
    told.until("told", 3).await;
    let link = json!(format!("https://gate.test/ui/approvals/server/{id}"));
    for came in receiver.came() {
        require_plain(&came.text, planted);
        let body = &came.body;
        let found = match &*came.path {
            "/slack" => &body["blocks"][1]["elements"][0]["url"],
            "/teams" => &body["attachments"][0]["content"]["actions"][0]["url"],
            "/bot12:ab-c/sendMessage" => {
                assert_eq!(body["chat_id"], "@ops");
                assert!(body["text"].as_str().unwrap().contains(link.as_str().unwrap()));
                &link
            }
            other => panic!("{other}"),
        };
        assert_eq!(found, &link, "{}", came.text);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn e8_secrets_go_in_and_never_come_out() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    let post = Post::new("PLAIN").await;
    let mut hook = webhook(&receiver.url("/tokentokentoken"), &["held"]);
    hook["secret"] = json!("signed-with-this-one");
    let made = told.add(&hook).await;
    let mail = told.add(&by_mail(&post)).await;
    assert_eq!(made["secrets"]["secret"], "…-one");
    let raw = ["tokentokentoken", "signed-with-this-one", "hunter2-hunter2"];
    let shown = [
        told.ask("GET", "/v1/channels", None).await.text,
        told.ask("GET", &format!("/v1/channels/{}", made["id"].as_str().unwrap()), None).await.text,
        made.to_string(),
        mail.to_string(),
        told.place.get("/v1/receipts").await.text,
    ];
    for raw in raw {
        assert!(shown.iter().all(|text| !text.contains(raw)), "{raw} is shown");
        for file in ["store.db", "store.db-wal"] {
            let bytes = std::fs::read(told.place.root().join(file)).unwrap();
            assert!(!bytes.windows(raw.len()).any(|part| part == raw.as_bytes()), "{file}: {raw}");
        }
    }
    // What is left out is kept, what is typed takes its place.
    let path = format!("/v1/channels/{}", made["id"].as_str().unwrap());
    let kept = json!({ "name": "other", "kind": "webhook", "events": ["held"] });
    let changed = told.ask("PUT", &path, Some(&kept)).await;
    assert_eq!((changed.status, &changed.body["secrets"]), (StatusCode::OK, &made["secrets"]));
    assert_eq!(changed.body["secret"], Value::Null);
    let tested = told.ask("POST", &format!("{path}/test"), None).await;
    assert_eq!(tested.body, json!({ "told": true, "note": null }));
    let [came]: [Came; 1] = receiver.came().try_into().unwrap();
    assert_eq!((&*came.path, came.header("datafog-event")), ("/tokentokentoken", "test"));
    // A password that is kept is not shown to another server.
    let mut elsewhere = by_mail(&post);
    elsewhere["port"] = json!(receiver.port);
    elsewhere.as_object_mut().unwrap().remove("password");
    let path = format!("/v1/channels/{}", mail["id"].as_str().unwrap());
    let refused = told.ask("PUT", &path, Some(&elsewhere)).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    assert!(refused.text.contains("typed again"), "{}", refused.text);
}

#[tokio::test(flavor = "multi_thread")]
async fn e7_without_a_key_no_secret_is_taken() {
    let told = Told::with(Telling { key: None, ..telling() }).await;
    let post = Post::new("PLAIN").await;
    for channel in [webhook("http://127.0.0.1:1/", &["held"]), by_mail(&post)] {
        let refused = told.ask("POST", "/v1/channels", Some(&channel)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{}", refused.text);
        assert!(refused.text.contains("SMTP_SECRET_KEY"), "{}", refused.text);
    }
    let mut open = by_mail(&post);
    open.as_object_mut().unwrap().retain(|name, _| name != "user" && name != "password");
    told.add(&open).await;
    assert_eq!(told.ask("GET", "/v1/channels", None).await.body["channels"][0]["name"], "us");
}

#[tokio::test]
async fn what_is_no_channel_is_said() {
    let told = Told::new().await;
    let base = json!({ "name": "x", "kind": "webhook", "events": ["held"] });
    for (changes, named) in [
        (json!({ "url": "http://10.0.0.1/" }), "https"),
        (json!({ "url": "https://10.0.0.1/" }), "channel_networks"),
        (json!({ "url": "https://169.254.169.254/" }), "channel_networks"),
        (json!({ "url": "https://[::1]/" }), "channel_networks"),
        (json!({ "url": "https://[::ffff:10.0.0.1]/" }), "channel_networks"),
        (json!({ "url": "http://hooks.example.com/" }), "https"),
        (json!({ "url": "https://a:b@hooks.example.com/" }), "password"),
        (json!({}), "url"),
        (json!({ "url": "https://hooks.example.com/", "secret": "short" }), "16"),
        (json!({ "url": "https://hooks.example.com/", "events": [] }), "events"),
        (json!({ "url": "https://hooks.example.com/", "events": ["test"] }), "events"),
        (json!({ "url": "https://hooks.example.com/", "name": " " }), "name"),
        (json!({ "url": "https://hooks.example.com/", "least_risk": 101 }), "least_risk"),
        (json!({ "url": "https://hooks.example.com/", "host": "x" }), "webhook"),
        (json!({ "kind": "telegram", "chat": "1" }), "token"),
        (json!({ "kind": "telegram", "chat": "1", "token": "a/../b" }), "token"),
        (json!({ "kind": "mail", "host": "smtp.example.com", "from": "a@b.test" }), "to"),
        (
            json!({ "kind": "mail", "host": "smtp.example.com", "from": "a@b.test",
                "to": ["c@d.test"], "security": "none" }),
            "this machine",
        ),
        (
            json!({ "kind": "mail", "host": "smtp.example.com", "from": "a@b.test",
                "to": ["c@d.test\r\nbcc: e@f.test"] }),
            "addresses of mail",
        ),
    ] {
        let mut channel = base.clone();
        channel.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        let refused = told.ask("POST", "/v1/channels", Some(&channel)).await;
        assert_eq!(refused.status, StatusCode::BAD_REQUEST, "{channel}: {}", refused.text);
        assert!(refused.text.contains(named), "{channel}: {}", refused.text);
    }
    assert_eq!(told.ask("GET", "/v1/channels", None).await.body, json!({ "channels": [] }));
}
