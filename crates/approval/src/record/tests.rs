//! What may happen to a record, and in which order.

use super::*;
use crate::testing::{at, binding, request, word};

const ONE: ApprovalScope = ApprovalScope::Once;

fn asked() -> Record {
    Record::new(request(1, "git push"), &at(0))
}

fn approved(scope: ApprovalScope) -> Record {
    let mut record = asked();
    record.approve(word(), scope, None, &at(10)).unwrap();
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
        |it| it.approve(word(), ONE, None, &at(20)),
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
    assert_eq!(record.approve(word(), ONE, None, &at(60)), over);
    assert_eq!(record.deny(word(), &at(60)), over);
    // The clock is put back by an hour; the time since the start goes on.
    let back = Moment { wall: at(0).wall - 3_600_000, ..at(60) };
    assert_eq!(record.approve(word(), ONE, None, &back), over);
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
    let wide = record.approve(word(), ApprovalScope::Session, None, &at(1));
    assert_eq!(wide, Err(Refusal::TooWide(ApprovalScope::Exact)));
    let mut loose = request(1, "x");
    loose.binding.place = None;
    let mut record = Record::new(loose, &at(0));
    let unbound = record.approve(word(), ApprovalScope::Repository, None, &at(1));
    assert_eq!(unbound, Err(Refusal::Unbound(ApprovalScope::Repository)));
    for seconds in [0, LONGEST + 1] {
        let never = record.approve(word(), ONE, Some(seconds), &at(1));
        assert_eq!(never, Err(Refusal::TooLong));
    }
    record.approve(word(), ONE, Some(5), &at(1)).unwrap();
    assert_eq!(record.state(&at(6)), ApprovalState::Expired);
}
