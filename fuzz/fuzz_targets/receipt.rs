//! Lines of a ledger as JSON, ids and moments as people type them.
//!
//! Asserts: nothing panics; a receipt that is read and written reads back equal; no number of a
//! confidence is out of bounds; an id that is read names itself.

#![no_main]

use std::time::{Duration, UNIX_EPOCH};

use datafog_audit::Moment;
use datafog_core::{Channel, Id, IdPrefix, Receipt};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(receipt) = serde_json::from_slice::<Receipt<'_>>(data) {
        let written = serde_json::to_vec(&receipt).expect("a receipt can be written");
        let back: Receipt<'_> = serde_json::from_slice(&written).expect("our own line");
        assert_eq!(back, receipt);
        assert!(receipt.event.findings.iter().all(|it| it.confidence.as_percent() <= 100));
    }
    let Ok(text) = str::from_utf8(data) else { return };
    if let (Ok(id), Ok(prefix)) = (text.parse::<Id>(), text.parse::<IdPrefix>()) {
        assert!(prefix.matches(&id), "{id}");
        assert_eq!(id.to_string(), text.to_ascii_lowercase());
    }
    let channel = Channel::from(text.to_owned());
    assert_eq!(Channel::from(channel.to_string()), channel);
    let _moment = Moment::parse(text, UNIX_EPOCH + Duration::from_secs(1_790_000_000));
});
