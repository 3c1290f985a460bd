//! Telling people when something is in the way: receivers that fail or hang, a server for mail that is
//! down, another key, another tenant, a policy that is against it.

use datafog_core::Secret;
use tokio::net::TcpListener;

use super::receivers::{Post, Receiver, hanging};
use super::telling::{Told, by_mail, telling, webhook};
use super::*;
use crate::tell::form::New;
use crate::tell::worker::look;

#[tokio::test(flavor = "multi_thread")]
async fn what_fails_is_tried_again_then_kept_and_replayed() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[500, 503]).await);
    told.add(&webhook(&receiver.url("/"), &["held"])).await;
    told.hold("a=1").await;
    let first = told.until("told", 1).await;
    assert_eq!((&first[0]["tries"], receiver.came().len()), (&json!(3), 3));
    receiver.answers(&[500; 3]);
    told.hold("a=2").await;
    let dead = told.until("dead", 1).await;
    assert_eq!(dead[0]["tries"], 3);
    assert!(dead[0]["note"].as_str().unwrap().contains("500"), "{dead:?}");
    let names: Vec<String> =
        receiver.came().iter().map(|came| came.header("datafog-delivery").to_owned()).collect();
    assert!(names[..3].iter().all(|name| *name == names[0]), "the same name each time");
    let path = format!("/v1/deliveries/{}/replay", dead[0]["id"].as_str().unwrap());
    let again = told.ask("POST", &path, None).await;
    assert_eq!(again.status, StatusCode::OK, "{}", again.text);
    told.until("told", 2).await;
    assert_eq!(receiver.came().len(), 7);
    for path in ["/v1/deliveries/x-1/replay", "/v1/deliveries/%00/replay"] {
        assert_eq!(told.ask("POST", path, None).await.status, StatusCode::NOT_FOUND, "{path}");
    }
    let lines = told.ask("GET", "/v1/receipts", None).await.text;
    assert!(lines.contains("to replay a channel"), "{lines}");
    assert_eq!(told.place.store.verify().await.unwrap().flaw, None);
}

#[tokio::test(flavor = "multi_thread")]
async fn a2_a_channel_that_hangs_keeps_no_other_one_waiting() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    told.add(&webhook(&hanging().await, &["held"])).await;
    told.add(&webhook(&receiver.url("/"), &["held"])).await;
    for number in 0..3 {
        told.hold(&format!("a={number}")).await;
    }
    told.until("told", 3).await;
    assert_eq!(receiver.came().len(), 3);
    assert!(told.deliveries().await.iter().all(|it| it["state"] != "dead"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_channel_that_came_while_it_was_looked_is_told() {
    let told = Told::silent(telling()).await;
    told.add(&webhook("http://127.0.0.1:9/", &["held"])).await;
    let before = told.place.store.channels().await.unwrap();
    told.add(&webhook("http://127.0.0.1:9/", &["held"])).await;
    told.hold("a=1").await;
    look(&told.place.whole, &before).await.unwrap();
    assert_eq!((before.len(), told.deliveries().await.len()), (1, 2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_waits_for_its_server() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let place = listener.local_addr().unwrap();
    let post = Post::at(listener, "PLAIN");
    let told = Told::with(Telling { tries: 100, ..telling() }).await;
    let mut channel = by_mail(&post);
    let down = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    channel["port"] = json!(down.port());
    told.add(&channel).await;
    told.hold("a=1").await;
    let waiting = loop {
        let all = told.until("waiting", 1).await;
        if all[0]["tries"].as_u64() > Some(0) {
            break all;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    };
    assert_eq!(waiting[0]["note"], "the mail server cannot be reached");
    assert_ne!(place.port(), down.port());
    let _up = Post::at(TcpListener::bind(down).await.unwrap(), "PLAIN");
    told.until("told", 1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_server_repeats_is_not_kept() {
    let (told, post) = (Told::new().await, Post::new("PLAIN").await);
    let mut wrong = by_mail(&post);
    wrong["password"] = json!("another-password");
    let made = told.add(&wrong).await;
    let path = format!("/v1/channels/{}/test", made["id"].as_str().unwrap());
    let tested = told.ask("POST", &path, None).await;
    assert_eq!(tested.body["told"], false);
    let note = tested.body["note"].as_str().unwrap();
    assert!(note.contains("535") && !note.contains("hunter2"), "{note}");
    assert_eq!(post.mails().len(), 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn e6_with_another_key_nothing_is_sent() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    told.add(&webhook(&receiver.url("/"), &["held"])).await;
    let channel = told.place.store.channels().await.unwrap().remove(0);
    let key = Some(Arc::new(Secret::new(String::from("another horse battery"))));
    let other = crate::tell::Teller::new(Telling { key, ..telling() });
    let message = crate::tell::message::Message::test("x", "north", None);
    let why = other.send(&channel, &message).await.unwrap_err();
    assert!(why.contains("SMTP_SECRET_KEY") && receiver.came().is_empty(), "{why}");
    // Nor does a row that was copied to another tenant.
    let copied = crate::store::StoredChannel { tenant: "south".into(), ..channel };
    assert!(told.place.whole.teller.send(&copied, &message).await.is_err());
    assert!(receiver.came().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn tenants_have_channels_of_their_own() {
    let (told, receiver) = (Told::new().await, Receiver::new(&[]).await);
    let made = told.add(&webhook(&receiver.url("/"), &["held"])).await;
    let path = format!("/v1/channels/{}", made["id"].as_str().unwrap());
    let south = told.place.key(Role::Admin, "south").await;
    let ask = async |method: &str, path: &str| {
        let request = anonymous(method, path).header("x-api-key", south.key.expose());
        told.place.send(request.body(Body::empty()).unwrap()).await
    };
    assert_eq!(ask("GET", "/v1/channels").await.body, json!({ "channels": [] }));
    for (method, path) in
        [("GET", path.clone()), ("DELETE", path.clone()), ("POST", format!("{path}/test"))]
    {
        assert_eq!(ask(method, &path).await.status, StatusCode::FORBIDDEN, "{method} {path}");
    }
    let agent = told.place.key(Role::Agent, "south").await;
    let asked = json!({ "command": ["terraform", "apply"], "cwd": "/" });
    let held = told.place.as_key(&agent, "/v1/actions", Some(&asked)).await;
    assert_eq!(held.body["decision"], "require_approval");
    told.hold("a=1").await;
    told.until("told", 1).await;
    assert_eq!(receiver.came().len(), 1, "of its own tenant alone");
    assert_eq!(ask("GET", "/v1/deliveries").await.body, json!({ "deliveries": [] }));
    assert_eq!(told.ask("DELETE", &path, None).await.status, StatusCode::OK);
    assert_eq!(told.deliveries().await, Vec::<Value>::new());
    told.hold("a=2").await;
    assert_eq!(told.place.store.channels().await.unwrap(), []);
}

#[tokio::test]
async fn a_policy_may_be_against_it_and_what_was_done_is_recorded() {
    let told = Told::new().await;
    let made = told.add(&webhook("https://hooks.example.com/", &["held"])).await;
    let receipt = format!("/v1/receipts/{}", made["id"].as_str().unwrap());
    assert_eq!(told.ask("GET", &receipt, None).await.body["decision"], "allow");
    let policy = ASKS_ABOUT_MONEY
        .replace("tool = [\"pay\"]", "tool = [\"channel\"]")
        .replace("require_approval", "deny")
        .replace("{ tool = \"pay\", args = { amount = 5 } }", "{ tool = \"channel\", args = {} }");
    std::fs::write(told.place.root().join("policy.toml"), policy).unwrap();
    tokio::time::sleep(Duration::from_millis(250)).await;
    let path = format!("/v1/channels/{}", made["id"].as_str().unwrap());
    let hook = webhook("https://hooks.example.com/", &["denied"]);
    for (method, path, body) in [
        ("POST", "/v1/channels", Some(&hook)),
        ("PUT", &path, Some(&hook)),
        ("DELETE", &path, None),
        ("POST", &format!("{path}/test"), None),
    ] {
        let refused = told.ask(method, path, body).await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{method} {path}: {}", refused.text);
    }
    let all = told.ask("GET", "/v1/channels", None).await.body;
    assert_eq!(all["channels"][0]["events"], json!(["held"]), "nothing is changed");
    let denied = told.ask("GET", "/v1/receipts?decision=deny", None).await.body;
    assert_eq!(denied["total"], 4, "each try is recorded");
}

#[test]
fn what_somebody_typed_is_not_shown() {
    let typed = json!({ "name": "x", "kind": "mail", "events": [], "password": "hunter2" });
    let new: New = serde_json::from_value(typed).unwrap();
    assert!(!format!("{new:?}").contains("hunter2"));
}
