//! A request for tests, of this crate and of those that keep requests (feature `testing`), and two
//! clocks that are set by hand.

use datafog_core::{ApprovalScope, ApprovalWay, Event, Id, Key, Verdict};

use crate::{Binding, Boot, Bound, Eyes, Moment, Party, Request, Word};

/// The key of everything here.
#[must_use]
pub fn key() -> Key {
    Key::new(&[5; 32])
}

/// The moment `seconds` after the tests began, by both clocks.
#[must_use]
pub fn at(seconds: u64) -> Moment {
    let milliseconds = seconds.saturating_mul(1000);
    let boot = Some(Boot { id: "one".into(), milliseconds });
    Moment { wall: milliseconds.saturating_add(1_700_000_000_000), boot }
}

/// How a person answers.
#[must_use]
pub fn word() -> Word {
    let who = Party::new(vec!["ann".into()]);
    Word { by: Some("ann".into()), way: ApprovalWay::Command, note: None, who }
}

/// The binding of the call named `call`.
#[must_use]
pub fn binding(call: &str) -> Binding {
    let bound = Bound {
        action: call.as_bytes(),
        session: Some(b"s"),
        repository: Some(b"/r"),
        rules: vec!["ask"],
        ..Bound::default()
    };
    Binding::of(bound, &key())
}

/// A request for the call named `call`, with the id of number `id`; it can be answered for a minute.
#[must_use]
pub fn request(id: u8, call: &str) -> Request {
    Request {
        event: event(Id::new(1, [id; 10]), call),
        binding: binding(call),
        widest: ApprovalScope::WIDEST,
        rewrite: None,
        seconds: 60,
        asker: Party::default(),
        eyes: Eyes::default(),
    }
}

fn event(receipt_id: Id, call: &str) -> Event {
    let digest = key().digest("action", [call.as_bytes()]);
    let at = String::from("2026-01-01T00:00:00.000000Z");
    Event {
        tool: "vcs".into(),
        command: call.into(),
        cwd: "/r".into(),
        matched_rules: vec!["ask".into()],
        reason: "a person is asked".into(),
        enforcement: "hold".into(),
        policy_id: "mine".into(),
        policy_version: "1".into(),
        duration_us: 1,
        ..Event::bare(receipt_id, at, digest, Verdict::RequireApproval)
    }
}
