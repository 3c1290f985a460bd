//! What every store must do about people to be told; part of the contract.

use super::contract::{Fresh, entry, event};
use super::{Delivery, DeliveryState, Error, NewEntry, StoredChannel};

fn channel(id: &str, epoch: i64) -> StoredChannel {
    StoredChannel {
        id: id.into(),
        tenant: "north".into(),
        form: format!("{{\"epoch\":{epoch}}}"),
        sealed: Some(vec![1, 2]),
        since: 0,
        epoch,
        created: 5,
    }
}

fn line(id: &str) -> NewEntry {
    entry(&event(id, 1)).entry.unwrap()
}

fn delivery(channel: &str, seq: u64) -> Delivery {
    Delivery {
        id: format!("{channel}-{seq}"),
        channel: channel.into(),
        tenant: "north".into(),
        seq,
        receipt: "r".into(),
        occasion: "held".into(),
        state: DeliveryState::Waiting,
        tries: 0,
        taken: 0,
        due: 10,
        at: 10,
        note: String::new(),
    }
}

pub(super) async fn channels_change_one_by_one_with_their_lines(store: Fresh) {
    store.set_channel(channel("a", 1), line("1")).await.unwrap();
    store.set_channel(channel("a", 2), line("2")).await.unwrap();
    let late = store.set_channel(channel("a", 2), line("3")).await;
    assert!(matches!(late, Err(Error::Exists(_))), "somebody else was first: {late:?}");
    let others = StoredChannel { tenant: "south".into(), ..channel("a", 3) };
    assert!(store.set_channel(others, line("4")).await.is_err(), "another tenant's");
    assert_eq!(store.channels().await.unwrap(), [channel("a", 2)]);
    assert!(store.queue((0, 2), vec![delivery("a", 1)]).await.unwrap());
    store.remove_channel("a", line("5")).await.unwrap();
    assert_eq!(store.channels().await.unwrap(), []);
    assert_eq!(store.deliveries("north", None, 9).await.unwrap(), []);
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.flaw), (3, None), "what failed has no line");
}

pub(super) async fn a_line_is_queued_once(store: Fresh) {
    store.set_channel(channel("a", 1), line("1")).await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..8 {
        let store = Fresh::clone(&store);
        // The last is of a channel that is gone.
        let new = vec![delivery("a", 3), delivery("a", 4), delivery("gone", 4)];
        tasks.spawn(async move { store.queue((0, 4), new).await.unwrap() });
    }
    let queued = tasks.join_all().await;
    assert_eq!(queued.iter().filter(|is_first| **is_first).count(), 1);
    assert_eq!(store.looked_at().await.unwrap(), 4);
    assert!(!store.queue((0, 4), vec![delivery("a", 5)]).await.unwrap());
    let all = store.deliveries("north", None, 9).await.unwrap();
    assert_eq!(all, [delivery("a", 4), delivery("a", 3)]);
    assert_eq!(store.deliveries("south", None, 9).await.unwrap(), []);
}

pub(super) async fn a_delivery_is_taken_by_one(store: Fresh) {
    store.set_channel(channel("a", 1), line("1")).await.unwrap();
    let many: Vec<Delivery> = (1..=40).map(|seq| delivery("a", seq)).collect();
    assert!(store.queue((0, 40), many).await.unwrap());
    assert_eq!(store.due(9).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.due(10).await.unwrap(), ["a"]);
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..10 {
        let store = Fresh::clone(&store);
        tasks.spawn(async move { store.take("a", (10, 100), 4).await.unwrap() });
    }
    let mut taken: Vec<u64> = tasks.join_all().await.iter().flatten().map(|it| it.seq).collect();
    let more = store.take("a", (10, 100), 40).await.unwrap();
    taken.extend(more.iter().map(|it| it.seq));
    taken.sort_unstable();
    assert_eq!(taken, (1..=40).collect::<Vec<_>>(), "each once");
    assert_eq!(store.due(99).await.unwrap(), Vec::<String>::new());
    assert_eq!(store.due(100).await.unwrap(), ["a"], "whoever took them may be gone");
}

pub(super) async fn what_was_given_up_is_tried_anew(store: Fresh) {
    store.set_channel(channel("a", 1), line("1")).await.unwrap();
    assert!(store.queue((0, 2), vec![delivery("a", 1), delivery("a", 2)]).await.unwrap());
    let first = store.take("a", (10, 20), 1).await.unwrap().remove(0);
    assert_eq!((first.seq, first.taken), (1, 1));
    let again = store.take("a", (20, 30), 1).await.unwrap().remove(0);
    let told = Delivery { state: DeliveryState::Told, ..first };
    store.conclude(told).await.unwrap();
    let waiting = Some(DeliveryState::Waiting);
    assert_eq!(store.deliveries("north", waiting, 9).await.unwrap().len(), 2, "it was late");
    let dead = Delivery { state: DeliveryState::Dead, tries: 3, note: "so".into(), ..again };
    store.conclude(dead.clone()).await.unwrap();
    let is_dead = Some(DeliveryState::Dead);
    assert_eq!(store.deliveries("north", is_dead, 9).await.unwrap(), [dead]);
    let replay = async |tenant: &str, id: &str, name: &str| {
        store.replay((tenant, id), 50, line(name)).await.unwrap()
    };
    assert!(!replay("south", "a-1", "2").await && !replay("north", "a-2", "3").await);
    assert!(replay("north", "a-1", "4").await);
    let anew = store.take("a", (50, 60), 1).await.unwrap().remove(0);
    assert_eq!((anew.seq, anew.tries), (1, 0));
    assert_eq!(store.verify().await.unwrap().entries, 2);
    store.conclude(Delivery { state: DeliveryState::Told, at: 55, ..anew }).await.unwrap();
    assert_eq!(store.forget_deliveries(55).await.unwrap(), 0);
    assert_eq!(store.forget_deliveries(56).await.unwrap(), 1);
}
