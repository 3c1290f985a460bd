//! What may happen to a record, and in which order.

use super::*;
use crate::testing::{at, binding, request, word};

const ONE: ApprovalScope = ApprovalScope::Once;

fn asked() -> Record {
    Record::new(request(1, "git push"), &at(0))
}

fn approved(scope: ApprovalScope) -> Record {
    let mut record = asked();
    record.approve(word(), (scope, None), &at(10)).unwrap();
    record
}

#[test]
fn a_yes_for_one_call_is_used_up_by_it() {
    let mut record = approved(ONE);
    assert_eq!(record.consume(&binding("git pull"), &at(11)), Err(Refusal::OtherCall));
    record.consume(&binding("git push"), &at(11)).unwrap();
    assert_eq!((record.state(&at(11)), record.uses()), (ApprovalState::Used, 1));
    let again = record.consume(&binding("git push"), &at(12));
    assert_eq!(again, Err(Refusal::Settled(ApprovalState::Used)));
    assert!(!record.speaks_for(&binding("git push"), &at(12)));
    assert_eq!(record.revoke(word(), &at(13)), Err(Refusal::Settled(ApprovalState::Used)));
}

#[test]
fn a_wider_yes_holds_until_its_time_is_over() {
    for (scope, seconds) in [
        (ApprovalScope::Exact, 600),
        (ApprovalScope::Session, 28_800),
        (ApprovalScope::Repository, 28_800),
    ] {
        let mut record = approved(scope);
        for call in 0..3 {
            record.consume(&binding("git push"), &at(20 + call)).unwrap();
        }
        record.consume(&binding("git push"), &at(9 + seconds)).unwrap();
        let late = record.consume(&binding("git push"), &at(10 + seconds));
        assert_eq!(late, Err(Refusal::Settled(ApprovalState::Expired)), "{scope:?}");
        assert_eq!(record.uses(), 4);
    }
    let mut record = approved(ApprovalScope::Repository);
    record.consume(&binding("git tag"), &at(20)).unwrap();
    assert!(record.speaks_for(&binding("git tag"), &at(20)));
}

#[test]
fn only_the_first_answer_counts() {
    type Act = fn(&mut Record) -> Result<(), Refusal>;
    let acts: [Act; 3] = [
        |it| it.approve(word(), (ONE, None), &at(20)),
        |it| it.deny(word(), &at(20)),
        |it| it.expire(word(), &at(20)),
    ];
    for first in acts {
        let mut record = asked();
        first(&mut record).unwrap();
        let state = record.state(&at(20));
        for second in acts {
            let mut changed = record.clone();
            assert_eq!(second(&mut changed), Err(Refusal::Settled(state)));
            assert_eq!(changed, record);
        }
    }
}

#[test]
fn nobody_answers_after_the_deadline() {
    let mut record = asked();
    assert_eq!(record.state(&at(59)), ApprovalState::Pending);
    assert_eq!(record.state(&at(60)), ApprovalState::Expired);
    let over = Err(Refusal::Settled(ApprovalState::Expired));
    assert_eq!(record.approve(word(), (ONE, None), &at(60)), over);
    assert_eq!(record.deny(word(), &at(60)), over);
    // The clock is put back by an hour; the time since the start goes on.
    let back = Moment { wall: at(0).wall - 3_600_000, ..at(60) };
    assert_eq!(record.approve(word(), (ONE, None), &back), over);
    record.expire(word(), &at(60)).unwrap();
    assert_eq!(record.answer().unwrap().way, ApprovalWay::Command);
}

#[test]
fn a_no_holds_for_the_same_call_until_it_is_taken_back() {
    let mut record = asked();
    record.deny(word(), &at(5)).unwrap();
    assert!(record.speaks_for(&binding("git push"), &at(1_000_000)));
    assert!(!record.speaks_for(&binding("git tag"), &at(6)));
    assert!(record.consume(&binding("git push"), &at(6)).is_err());
    record.revoke(word(), &at(7)).unwrap();
    assert!(!record.speaks_for(&binding("git push"), &at(8)));
}

#[test]
fn a_yes_that_was_taken_back_lets_nothing_through() {
    let mut record = approved(ApprovalScope::Session);
    record.consume(&binding("git push"), &at(11)).unwrap();
    record.revoke(word(), &at(12)).unwrap();
    let refused = record.consume(&binding("git push"), &at(13));
    assert_eq!(refused, Err(Refusal::Settled(ApprovalState::Revoked)));
    assert_eq!(record.note(ApprovalState::Revoked).scope, Some(ApprovalScope::Session));
}

#[test]
fn a_yes_is_no_wider_than_rules_and_call_permit() {
    let mut narrow = request(1, "x");
    narrow.widest = ApprovalScope::Exact;
    let mut record = Record::new(narrow, &at(0));
    assert_eq!(record.scopes().collect::<Vec<_>>(), [ONE, ApprovalScope::Exact]);
    let wide = record.approve(word(), (ApprovalScope::Session, None), &at(1));
    assert_eq!(wide, Err(Refusal::TooWide(ApprovalScope::Exact)));
    let mut loose = request(1, "x");
    loose.binding.place = None;
    let mut record = Record::new(loose, &at(0));
    let unbound = record.approve(word(), (ApprovalScope::Repository, None), &at(1));
    assert_eq!(unbound, Err(Refusal::Unbound(ApprovalScope::Repository)));
    for seconds in [0, LONGEST + 1] {
        let never = record.approve(word(), (ONE, Some(seconds)), &at(1));
        assert_eq!(never, Err(Refusal::TooLong));
    }
    record.approve(word(), (ONE, Some(5)), &at(1)).unwrap();
    assert_eq!(record.state(&at(6)), ApprovalState::Expired);
}

fn said_by(names: &[&str]) -> Word {
    let who = Party::new(names.iter().map(|name| (*name).to_owned()).collect());
    Word { by: names.first().map(|name| (*name).to_owned()), who, ..word() }
}

fn asked_by(names: &[&str], eyes: Eyes) -> Record {
    Record::new(Request { asker: said_by(names).who, eyes, ..request(1, "git push") }, &at(0))
}

#[test]
fn a6_who_asked_may_say_no_and_not_yes() {
    let eyes = Eyes { others: true, count: 1 };
    let mut record = asked_by(&["key 1", "user ann"], eyes);
    for own in [&["key 1"][..], &["user ann"], &["key 2", "user ann"], &[]] {
        let refused = record.approve(said_by(own), (ONE, None), &at(1));
        assert_eq!(refused, Err(Refusal::OwnRequest), "{own:?}");
    }
    record.approve(said_by(&["user bob"]), (ONE, None), &at(1)).unwrap();
    assert_eq!(record.state(&at(1)), ApprovalState::Approved);
    asked_by(&["user ann"], eyes).deny(said_by(&["user ann"]), &at(1)).unwrap();
    let refused = asked_by(&[], eyes).approve(said_by(&["user bob"]), (ONE, None), &at(1));
    assert_eq!(refused, Err(Refusal::OwnRequest), "nobody knows who asked");
}

#[test]
fn two_different_persons_agree_on_the_narrower_of_their_words() {
    let mut record = asked_by(&["key 1"], Eyes { others: false, count: 2 });
    let wide = Terms { scope: ApprovalScope::Session, seconds: Some(60), uses: Some(9) };
    record.approve(said_by(&["user ann"]), wide, &at(1)).unwrap();
    assert_eq!((record.state(&at(1)), record.needed()), (ApprovalState::Pending, 2));
    assert_eq!(record.note(ApprovalState::Pending).by.as_deref(), Some("user ann"));
    assert!(!record.speaks_for(&binding("git push"), &at(1)) || record.answer().is_none());
    assert!(record.consume(&binding("git push"), &at(1)).is_err());
    for again in [&["user ann"][..], &["key 7", "user ann"], &[]] {
        let refused = record.approve(said_by(again), (ONE, None), &at(2));
        assert_eq!(refused, Err(Refusal::SaidBefore), "{again:?}");
    }
    let narrow = Terms { scope: ApprovalScope::Exact, seconds: None, uses: Some(2) };
    record.approve(said_by(&["user bob"]), narrow, &at(3)).unwrap();
    let answer = record.answer().unwrap();
    assert_eq!(answer.by.as_deref(), Some("user ann, user bob"));
    let grant = answer.grant.as_ref().unwrap();
    let (scope, seconds) = (grant.scope, grant.until.seconds);
    assert_eq!((scope, seconds, grant.uses), (ApprovalScope::Exact, 60, Some(2)));
    let read: Record = serde_json::from_str(&serde_json::to_string(&record).unwrap()).unwrap();
    assert_eq!(read, record);
    let mut denied = asked_by(&["key 1"], Eyes { others: false, count: 2 });
    denied.approve(said_by(&["user ann"]), (ONE, None), &at(1)).unwrap();
    denied.deny(said_by(&["user bob"]), &at(2)).unwrap();
    assert_eq!(denied.state(&at(3)), ApprovalState::Denied, "one no is enough");
}

#[test]
fn a_yes_for_so_many_calls_is_used_up_by_them() {
    let terms = |uses| Terms { scope: ApprovalScope::Exact, seconds: None, uses };
    assert_eq!(asked().approve(word(), terms(Some(0)), &at(1)), Err(Refusal::NoUse));
    let mut record = asked();
    record.approve(word(), terms(Some(2)), &at(1)).unwrap();
    record.consume(&binding("git push"), &at(2)).unwrap();
    assert_eq!(record.state(&at(2)), ApprovalState::Approved);
    record.consume(&binding("git push"), &at(3)).unwrap();
    assert_eq!(record.state(&at(3)), ApprovalState::Used);
    assert!(record.consume(&binding("git push"), &at(4)).is_err());
}
