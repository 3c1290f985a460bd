//! Bytes that are no record, and those that are.

use proptest::prelude::*;

use super::*;
use crate::testing::{at, key, request, word};

const USER: u32 = 7;

fn record() -> Record {
    let mut record = Record::new(request(1, "git push"), &at(0));
    record.approve(word(), (datafog_core::ApprovalScope::Session, None), &at(1)).unwrap();
    record
}

#[test]
fn a_record_survives_its_file() {
    let record = record();
    let bytes = encode(&record, &key(), USER).unwrap();
    assert_eq!(decode(&bytes, record.id(), &key(), USER), Some(record));
}

#[test]
fn a_record_of_another_key_user_or_id_is_none() {
    let record = record();
    let bytes = encode(&record, &key(), USER).unwrap();
    let other = request(2, "git push").event.receipt_id;
    assert_eq!(decode(&bytes, other, &key(), USER), None);
    assert_eq!(decode(&bytes, record.id(), &key(), USER + 1), None);
    assert_eq!(decode(&bytes, record.id(), &Key::new(&[6; 32]), USER), None);
}

#[test]
fn every_changed_byte_is_noticed() {
    let record = record();
    let bytes = encode(&record, &key(), USER).unwrap();
    for at in 0..bytes.len() {
        for flip in [1, 0x20, 0x80] {
            let mut changed = bytes.clone();
            changed[at] ^= flip;
            // A digit of the tag may be spelled in capitals; the record is the same then.
            let read = decode(&changed, record.id(), &key(), USER);
            assert!(read.is_none() || (at < HEAD && read == Some(record.clone())), "{at}");
        }
        assert_eq!(decode(&bytes[..at], record.id(), &key(), USER), None, "{at}");
    }
}

/// Bytes with a good tag, whatever they hold.
fn signed(body: &[u8], id: Id) -> Vec<u8> {
    let head = format!("{}\n", tag(body, id, &key(), USER)).into_bytes();
    [head.as_slice(), body, b"\n"].concat()
}

proptest! {
    #[test]
    fn garbage_is_no_record(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let id = record().id();
        prop_assert_eq!(decode(&bytes, id, &key(), USER), None);
        prop_assert_eq!(decode(&signed(&bytes, id), id, &key(), USER), None);
    }

    #[test]
    fn a_signed_edit_is_read_whole_or_not_at_all(
        at in 0..1_usize << 12, byte in any::<u8>(), cut in 0..64_usize,
    ) {
        let record = record();
        let mut body = serde_json::to_vec(&record).unwrap();
        let at = at.checked_rem(body.len()).unwrap();
        body[at] = byte;
        body.truncate(body.len().saturating_sub(cut));
        if let Some(read) = decode(&signed(&body, record.id()), record.id(), &key(), USER) {
            prop_assert_eq!(read.id(), record.id());
            prop_assert!(encode(&read, &key(), USER).is_some());
        }
    }
}
