//! What every store must do about versions of the policy; part of the contract.

use super::contract::{Fresh, entry, event};
use super::{Error, NewPolicy, PolicyVersion};

fn version(text: &str) -> NewPolicy {
    NewPolicy {
        at: 7,
        author: "key 1".into(),
        note: "so".into(),
        digest: text.to_uppercase(),
        text: Some(text.into()),
    }
}

pub(super) async fn versions_are_numbered_with_their_lines(store: Fresh) {
    let add = async |text: &str, line: &str| {
        let line = entry(&event(line, 1)).entry.unwrap();
        store.add_policy(version(text), line).await
    };
    assert_eq!((add("one", "a").await.unwrap(), add("two", "b").await.unwrap()), (1, 2));
    assert!(matches!(add("three", "b").await, Err(Error::Exists(_))), "the line is there");
    let listed = store.policies(10).await.unwrap();
    let bare = |number, text: &str| PolicyVersion {
        number,
        about: NewPolicy { text: None, ..version(text) },
    };
    assert_eq!(listed, [bare(2, "two"), bare(1, "one")]);
    assert_eq!(store.policies(1).await.unwrap().len(), 1);
    let first = PolicyVersion { number: 1, about: version("one") };
    assert_eq!(store.policy(1).await.unwrap(), Some(first));
    assert_eq!(store.policy(3).await.unwrap(), None);
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.flaw), (2, None));
}
