//! What every store must do. Each implementation's tests run all of it on stores of their own.

use core::future::Future;
use core::pin::Pin;
use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::{Value, json};

use super::accounts;
use super::channels;
use super::held;
use super::marks;
use super::policies;
use super::{
    Answer, Bounds, Error, NewAnswer, NewEntry, Query, Role, Store, StoredKey, Tally, Verified,
    Write, Written,
};

/// A store that a case may use as it likes.
pub(super) type Fresh = Arc<dyn Store>;

/// One case; it panics when the store does not do what it must.
type Case = fn(Fresh) -> Pin<Box<dyn Future<Output = ()> + Send>>;

/// Every case by name.
pub(super) const CASES: &[(&str, Case)] = &[
    ("entries_make_one_chain", |store| Box::pin(entries_make_one_chain(store))),
    ("an_id_stands_once", |store| Box::pin(an_id_stands_once(store))),
    ("questions_narrow_and_count", |store| Box::pin(questions_narrow_and_count(store))),
    ("rules_texts_and_points_narrow", |store| Box::pin(rules_texts_and_points_narrow(store))),
    ("tenants_do_not_see_each_other", |store| Box::pin(tenants_do_not_see_each_other(store))),
    ("a_repeated_request_is_stored_once", |store| {
        Box::pin(a_repeated_request_is_stored_once(store))
    }),
    ("an_answer_that_replaces_takes_the_place", |store| {
        Box::pin(an_answer_that_replaces_takes_the_place(store))
    }),
    ("verdicts_are_tallied_with_their_points", |store| {
        Box::pin(verdicts_are_tallied_with_their_points(store))
    }),
    ("answers_are_forgotten_by_age", |store| Box::pin(answers_are_forgotten_by_age(store))),
    ("many_at_once_lose_nothing", |store| Box::pin(many_at_once_lose_nothing(store))),
    ("one_that_fails_fails_alone", |store| Box::pin(one_that_fails_fails_alone(store))),
    ("logins_are_unique_and_change_one_by_one", |store| {
        Box::pin(accounts::logins_are_unique_and_change_one_by_one(store))
    }),
    ("versions_are_numbered_with_their_lines", |store| {
        Box::pin(policies::versions_are_numbered_with_their_lines(store))
    }),
    ("the_last_word_on_a_value_stands_with_its_line", |store| {
        Box::pin(marks::the_last_word_on_a_value_stands_with_its_line(store))
    }),
    ("a_visit_ends_once_and_is_forgotten_when_its_time_is_over", |store| {
        Box::pin(marks::a_visit_ends_once_and_is_forgotten_when_its_time_is_over(store))
    }),
    ("channels_change_one_by_one_with_their_lines", |store| {
        Box::pin(channels::channels_change_one_by_one_with_their_lines(store))
    }),
    ("a_line_is_queued_once", |store| Box::pin(channels::a_line_is_queued_once(store))),
    ("a_delivery_is_taken_by_one", |store| Box::pin(channels::a_delivery_is_taken_by_one(store))),
    ("what_was_given_up_is_tried_anew", |store| {
        Box::pin(channels::what_was_given_up_is_tried_anew(store))
    }),
    ("policies_of_keys_that_hold_are_named_once", |store| {
        Box::pin(policies_of_keys_that_hold_are_named_once(store))
    }),
    ("keys_are_revoked_once", |store| Box::pin(keys_are_revoked_once(store))),
    ("a_call_is_asked_about_once", |store| Box::pin(held::a_call_is_asked_about_once(store))),
    ("of_many_answers_one_counts", |store| Box::pin(held::of_many_answers_one_counts(store))),
    ("a_yes_lets_one_call_through", |store| Box::pin(held::a_yes_lets_one_call_through(store))),
    ("what_is_not_recorded_does_not_count", |store| {
        Box::pin(held::what_is_not_recorded_does_not_count(store))
    }),
    ("tenants_answer_their_own_alone", |store| {
        Box::pin(held::tenants_answer_their_own_alone(store))
    }),
    ("two_agree_before_a_yes_counts", |store| Box::pin(held::two_agree_before_a_yes_counts(store))),
    ("what_nobody_answered_is_overdue", |store| {
        Box::pin(held::what_nobody_answered_is_overdue(store))
    }),
];

/// An event as the server writes it, `second` seconds after ten o'clock.
pub(super) fn event(id: &str, second: u32) -> Value {
    json!({
        "receipt_id": id,
        "timestamp": format!("2026-11-21T10:00:{second:02}.000000Z"),
        "kind": "check",
        "decision": "allow",
        "action_type": "command.exec",
        "tool": "vcs",
        "server": { "tenant": "north" },
    })
}

/// The same with some members changed.
fn with(mut event: Value, changes: &Value) -> Value {
    let members = event.as_object_mut().unwrap();
    members.extend(changes.as_object().unwrap().clone());
    event
}

pub(super) fn entry(event: &Value) -> Write {
    Write { entry: Some(NewEntry::of(event).unwrap()), answer: None }
}

fn once(name: &str, question: u8, at: i64) -> Option<NewAnswer> {
    let answer = Answer { question: [question; 32], body: vec![question, 0, 255] };
    Some(NewAnswer { scope: "decide north".into(), key: name.into(), answer, replaces: false, at })
}

async fn stored(store: &Fresh, event: &Value) -> u64 {
    match store.write(entry(event)).await.unwrap() {
        Written::Stored(seq) => seq.unwrap(),
        Written::Earlier(answer) => panic!("{answer:?}"),
    }
}

async fn ids(store: &Fresh, query: Query) -> (Vec<String>, u64) {
    let page = store.entries(&query).await.unwrap();
    let id = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        line["receipt_id"].as_str().unwrap().to_owned()
    };
    (page.entries.iter().map(|entry| id(&entry.line)).collect(), page.total)
}

async fn entries_make_one_chain(store: Fresh) {
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 0, flaw: None });
    assert_eq!(store.head().await.unwrap(), 0);
    assert_eq!(stored(&store, &event("a", 1)).await, 1);
    assert_eq!(stored(&store, &event("b", 2)).await, 2);
    let tail = async |after| {
        let tail = store.tail(after).await.unwrap();
        tail.into_iter().map(|(tenant, entry)| (tenant, entry.seq)).collect::<Vec<_>>()
    };
    let added = |seq| (String::from("north"), seq);
    assert_eq!((store.head().await.unwrap(), tail(0).await), (2, vec![added(1), added(2)]));
    assert_eq!((tail(1).await, tail(2).await), (vec![added(2)], vec![]));
    let second = store.entry(None, "b").await.unwrap().unwrap();
    let first = store.entry(None, "a").await.unwrap().unwrap();
    let hash = datafog_core::Digest::of(first.line.as_bytes()).to_string();
    let place: Value = serde_json::from_str(&second.line).unwrap();
    assert_eq!(
        (&place["seq"], &place["prev"], &place["version"]),
        (&json!(2), &json!(hash), &json!(1))
    );
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 2, flaw: None });
    assert_eq!(store.entry(None, "c").await.unwrap(), None);
}

async fn an_id_stands_once(store: Fresh) {
    stored(&store, &event("a", 1)).await;
    let again = store.write(Write { answer: once("k", 1, 0), ..entry(&event("a", 2)) }).await;
    assert!(matches!(again, Err(Error::Exists(_))), "{again:?}");
    assert_eq!(store.answer("decide north", "k").await.unwrap(), None, "all or nothing");
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 1, flaw: None });
}

async fn questions_narrow_and_count(store: Fresh) {
    let changes = [
        json!({}),
        json!({ "decision": "deny" }),
        json!({ "decision": "deny", "action_type": "file.write", "tool": "fs" }),
        json!({ "decision": null, "action_type": null, "tool": null, "kind": "key",
            "server": { "tenant": "north", "actor_id": "ann", "session_id": "s" } }),
    ];
    for (number, changes) in changes.iter().enumerate() {
        let second = u32::try_from(number).unwrap();
        stored(&store, &with(event(&number.to_string(), second), changes)).await;
    }
    let all = Query::default();
    let at = |second: u32| {
        let moment = format!("2026-11-21T10:00:{second:02}Z");
        Some(moment.parse::<jiff::Timestamp>().unwrap().as_microsecond())
    };
    let text = |text: &str| Some(text.to_owned());
    for (query, expected, total) in [
        (all.clone(), vec!["3", "2", "1", "0"], 4),
        (Query { limit: 2, ..all.clone() }, vec!["3", "2"], 4),
        (Query { decision: text("deny"), ..all.clone() }, vec!["2", "1"], 2),
        (Query { action_type: text("FILE.write"), ..all.clone() }, vec!["2"], 1),
        (Query { tool: text("Vcs"), ..all.clone() }, vec!["1", "0"], 2),
        (Query { after: at(1), ..all.clone() }, vec!["3", "2"], 2),
        (Query { before: at(1), ..all.clone() }, vec!["0"], 1),
        (Query { after: at(0), before: at(3), limit: 1, ..all.clone() }, vec!["2"], 2),
        (Query { offset: 1, limit: 2, ..all.clone() }, vec!["2", "1"], 4),
        (Query { agent: text("ann"), ..all.clone() }, vec!["3"], 1),
        (Query { session: text("s"), kind: text("key"), ..all.clone() }, vec!["3"], 1),
        (Query { session: text("s"), kind: text("check"), ..all.clone() }, vec![], 0),
        (Query { kind: text("check"), ..all.clone() }, vec!["2", "1", "0"], 3),
        (Query { decision: text("' OR 1=1 --"), ..all.clone() }, vec![], 0),
        (Query { limit: 0, ..all }, vec![], 4),
    ] {
        let shown = format!("{query:?}");
        let (found, count) = ids(&store, query).await;
        assert_eq!(
            (found, count),
            (expected.iter().map(ToString::to_string).collect(), total),
            "{shown}"
        );
    }
}

async fn rules_texts_and_points_narrow(store: Fresh) {
    let changes = [
        json!({ "matched_rules": ["no-egress", "a_b"], "reason": "Sent 100% away",
            "command": "curl", "decision": "deny" }),
        json!({ "matched_rules": ["axb"], "reason": "ok", "command": "git push",
            "risk": { "score": 40 } }),
        json!({ "matched_rules": [], "reason": "so", "command": "ls" }),
    ];
    for (number, changes) in changes.iter().enumerate() {
        stored(&store, &with(event(&number.to_string(), 1), changes)).await;
    }
    let text = |text: &str| Some(text.to_owned());
    let all = Query::default();
    for (query, expected) in [
        (Query { rule: text("No-Egress"), ..all.clone() }, vec!["0"]),
        (Query { rule: text("a_b"), ..all.clone() }, vec!["0"]),
        (Query { rule: text("no"), ..all.clone() }, vec![]),
        (Query { text: text("PUSH"), ..all.clone() }, vec!["1"]),
        (Query { text: text("100%"), ..all.clone() }, vec!["0"]),
        (Query { text: text("%"), ..all.clone() }, vec!["0"]),
        (Query { score: (Some(40), None), ..all.clone() }, vec!["1", "0"]),
        (Query { score: (Some(1), Some(99)), ..all.clone() }, vec!["1"]),
        (Query { score: (None, Some(0)), limit: 1, ..all }, vec!["2"]),
    ] {
        let shown = format!("{query:?}");
        let (found, count) = ids(&store, query).await;
        assert_eq!(
            (&found, count),
            (&expected.iter().map(ToString::to_string).collect(), expected.len() as u64),
            "{shown}"
        );
    }
}

async fn tenants_do_not_see_each_other(store: Fresh) {
    stored(&store, &event("n", 1)).await;
    stored(&store, &with(event("s", 2), &json!({ "server": { "tenant": "south" } }))).await;
    let south = Query { tenant: Some("south".into()), ..Query::default() };
    assert_eq!(ids(&store, south).await, (vec![String::from("s")], 1));
    assert_eq!(store.entry(Some("south"), "n").await.unwrap(), None);
    assert!(store.entry(Some("north"), "n").await.unwrap().is_some());
    let owner = async |id| store.tenant_of(id).await.unwrap();
    assert_eq!((owner("n").await.as_deref(), owner("none").await), (Some("north"), None));
}

async fn a_repeated_request_is_stored_once(store: Fresh) {
    let first = Write { answer: once("k", 1, 5), ..entry(&event("a", 1)) };
    assert_eq!(store.write(first).await.unwrap(), Written::Stored(Some(1)));
    let again = Write { answer: once("k", 2, 6), ..entry(&event("b", 1)) };
    let earlier = once("k", 1, 5).unwrap().answer;
    assert_eq!(store.write(again).await.unwrap(), Written::Earlier(earlier.clone()));
    assert_eq!(store.entry(None, "b").await.unwrap(), None);
    assert_eq!(store.answer("decide north", "k").await.unwrap(), Some(earlier));
    assert_eq!(store.answer("decide south", "k").await.unwrap(), None);
    let alone = Write { entry: None, answer: once("l", 3, 7) };
    assert_eq!(store.write(alone).await.unwrap(), Written::Stored(None));
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 1, flaw: None });
}

async fn an_answer_that_replaces_takes_the_place(store: Fresh) {
    for question in [1, 2] {
        let answer = once("k", question, 5).map(|new| NewAnswer { replaces: true, ..new });
        let write = Write { answer, ..entry(&event(&question.to_string(), 1)) };
        assert_eq!(store.write(write).await.unwrap(), Written::Stored(Some(question.into())));
    }
    let newest = once("k", 2, 5).unwrap().answer;
    assert_eq!(store.answer("decide north", "k").await.unwrap(), Some(newest));
}

async fn verdicts_are_tallied_with_their_points(store: Fresh) {
    for (id, changes) in [
        ("a", json!({})),
        ("b", json!({ "risk": { "score": 30, "signals": [] } })),
        ("c", json!({ "decision": "deny", "risk": { "score": 90, "signals": [] } })),
        ("d", json!({ "kind": "outcome" })),
        ("e", json!({ "server": { "tenant": "south" } })),
        ("f", json!({ "decision": null })),
    ] {
        stored(&store, &with(event(id, 1), &changes)).await;
    }
    let tally = |decision: &str, count, scored, score| Tally {
        decision: decision.into(),
        count,
        scored,
        score,
    };
    let expected = [tally("allow", 2, 1, 30), tally("deny", 1, 1, 90)];
    assert_eq!(store.tally("north", "check", 0).await.unwrap(), expected);
    assert_eq!(store.tally("north", "check", i64::MAX).await.unwrap(), []);
}

async fn answers_are_forgotten_by_age(store: Fresh) {
    for (name, at) in [("old", 1), ("new", 9)] {
        let written = store.write(Write { entry: None, answer: once(name, 1, at) }).await;
        assert_eq!(written.unwrap(), Written::Stored(None));
    }
    assert_eq!(store.forget_answers(9).await.unwrap(), 1);
    assert_eq!(store.answer("decide north", "old").await.unwrap(), None);
    assert!(store.answer("decide north", "new").await.unwrap().is_some());
}

async fn many_at_once_lose_nothing(store: Fresh) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..600_u32 {
        let store = Arc::clone(&store);
        tasks.spawn(async move {
            // Every third one comes twice, at the same time.
            let name = format!("k{}", number.saturating_sub(u32::from(number % 3 == 1)));
            let write =
                Write { answer: once(&name, 1, 0), ..entry(&event(&number.to_string(), 1)) };
            store.write(write).await.unwrap()
        });
    }
    let written = tasks.join_all().await;
    let numbers: BTreeSet<u64> = written
        .iter()
        .filter_map(|one| match one {
            Written::Stored(seq) => *seq,
            Written::Earlier(_) => None,
        })
        .collect();
    assert_eq!(numbers, (1..=400).collect());
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 400, flaw: None });
}

async fn one_that_fails_fails_alone(store: Fresh) {
    stored(&store, &event("there", 1)).await;
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..60_u32 {
        let store = Arc::clone(&store);
        let id = if number % 10 == 0 { String::from("there") } else { number.to_string() };
        tasks.spawn(async move { store.write(entry(&event(&id, 2))).await.is_ok() });
    }
    let done = tasks.join_all().await;
    assert_eq!(done.iter().filter(|done| **done).count(), 54);
    assert_eq!(store.verify().await.unwrap(), Verified { entries: 55, flaw: None });
}

/// Somebody's key, which holds until 50.
fn key(id: &str, created: i64) -> StoredKey {
    StoredKey {
        id: id.into(),
        digest: [7; 32],
        name: "laptop".into(),
        role: Role::Agent,
        tenant: "north".into(),
        created,
        expires: Some(50),
        revoked: None,
        bounds: Bounds { owner: Some("ann".into()), ..Bounds::default() },
    }
}

async fn policies_of_keys_that_hold_are_named_once(store: Fresh) {
    let with = |id: &str, policy: &str, expires| {
        let bounds = Bounds { policy: Some(policy.into()), ..Bounds::default() };
        StoredKey { bounds, expires, ..key(id, 1) }
    };
    let keys = [
        with("a", "crm", None),
        with("b", "crm", Some(60)),
        with("c", "ci", Some(50)),
        with("d", "old", None),
        key("e", 1),
    ];
    for key in keys {
        store.add_key(key).await.unwrap();
    }
    assert!(store.revoke_key("d", 10).await.unwrap());
    let named = async |now| {
        let named = store.key_policies(now).await.unwrap();
        named.into_iter().collect::<BTreeSet<_>>().into_iter().collect::<Vec<_>>()
    };
    assert_eq!(
        (named(49).await, named(50).await),
        (vec!["ci".into(), "crm".into()], vec!["crm".to_owned()])
    );
    assert_eq!(store.key_policies(50).await.unwrap().len(), 1, "each once");
}

async fn keys_are_revoked_once(store: Fresh) {
    store.add_key(key("b", 1)).await.unwrap();
    store.add_key(key("a", 2)).await.unwrap();
    assert!(matches!(store.add_key(key("a", 3)).await, Err(Error::Exists(_))));
    assert_eq!(store.key("b").await.unwrap(), Some(key("b", 1)));
    assert_eq!(store.key("c").await.unwrap(), None);
    assert!(store.revoke_key("b", 10).await.unwrap());
    assert!(!store.revoke_key("b", 20).await.unwrap(), "the first one stands");
    assert!(!store.revoke_key("c", 10).await.unwrap());
    let revoked = StoredKey { revoked: Some(10), ..key("b", 1) };
    assert_eq!(store.keys().await.unwrap(), [revoked.clone(), key("a", 2)]);
    assert!(revoked.is_valid_at(9) && !revoked.is_valid_at(10));
    assert!(key("a", 2).is_valid_at(49) && !key("a", 2).is_valid_at(50));
}
