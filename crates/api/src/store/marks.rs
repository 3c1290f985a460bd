//! What every store must do about words on values that were found, and about visits that ended; part of
//! the contract.

use super::contract::{Fresh, entry, event};
use super::{Error, Mark, MarkState, NewEntry};

fn line(id: &str) -> NewEntry {
    entry(&event(id, 1)).entry.unwrap()
}

pub(super) async fn the_last_word_on_a_value_stands_with_its_line(store: Fresh) {
    let ignored = Mark {
        fingerprint: "ab".repeat(32),
        state: MarkState::Ignored,
        reason: "a sample".into(),
        author: "user ann".into(),
        at: 7,
        until: Some(9),
    };
    assert!(store.marks("north").await.unwrap().is_empty());
    store.set_mark("north", ignored.clone(), line("a")).await.unwrap();
    assert_eq!(store.marks("north").await.unwrap(), std::slice::from_ref(&ignored));
    assert!(store.marks("").await.unwrap().is_empty(), "another tenant's");
    let fixed = Mark { state: MarkState::Fixed, at: 8, until: None, ..ignored.clone() };
    let again = store.set_mark("north", fixed.clone(), line("a")).await;
    assert!(matches!(again, Err(Error::Exists(_))), "the line is there");
    assert_eq!(store.marks("north").await.unwrap(), [ignored], "so nothing was changed");
    store.set_mark("north", fixed.clone(), line("b")).await.unwrap();
    assert_eq!(store.marks("north").await.unwrap(), [fixed]);
    let verified = store.verify().await.unwrap();
    assert_eq!((verified.entries, verified.flaw), (2, None));
}

pub(super) async fn a_visit_ends_once_and_is_forgotten_when_its_time_is_over(store: Fresh) {
    assert!(!store.has_ended("v1").await.unwrap());
    store.end_visit("v1", 50, line("a")).await.unwrap();
    store.end_visit("v1", 50, line("b")).await.unwrap();
    store.end_visit("v2", 60, line("c")).await.unwrap();
    assert!(store.has_ended("v1").await.unwrap() && !store.has_ended("v3").await.unwrap());
    assert!(store.end_visit("v3", 60, line("c")).await.is_err(), "the line is there");
    assert!(!store.has_ended("v3").await.unwrap(), "both or none");
    assert_eq!(store.forget_visits(60).await.unwrap(), 1);
    assert!(!store.has_ended("v1").await.unwrap() && store.has_ended("v2").await.unwrap());
    assert_eq!(store.verify().await.unwrap().entries, 3);
}
