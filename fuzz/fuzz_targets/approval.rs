//! A record of an approval as it stands in its file, with a seal that is ours.
//!
//! Asserts: nothing panics; without the seal nothing is read; what is read keeps its id, says the
//! same of itself each time, and never counts for a call once its time is over.

#![no_main]

use datafog_approval::{Moment, decode};
use datafog_core::{ApprovalState, Id, Key};
use libfuzzer_sys::fuzz_target;

/// Whose records they are.
const USER: u32 = 7;

fuzz_target!(|data: &[u8]| {
    let key = Key::new(&[5; 32]);
    let id = Id::new(1, [1; 10]);
    assert_eq!(decode(data, id, &key, USER), None);
    let user = USER.to_le_bytes();
    let parts = [user.as_slice(), id.as_bytes(), data];
    let head = format!("{}\n", key.digest("approval", parts)).into_bytes();
    let sealed = [head.as_slice(), data, b"\n"].concat();
    let Some(record) = decode(&sealed, id, &key, USER) else { return };
    assert_eq!(record.id(), id);
    assert_eq!(decode(&sealed, id, &key, USER), Some(record.clone()));
    let never = Moment { wall: u64::MAX, boot: None };
    let open = [ApprovalState::Approved, ApprovalState::Pending];
    assert!(!open.contains(&record.state(&never)));
    let scopes: Vec<_> = record.scopes().collect();
    assert!(scopes.is_sorted());
});
