//! What a decision costs when a policy has many rules.

#[path = "support/many.rs"]
mod many;

use std::hint::black_box;
use std::time::{Duration, Instant};

use allocation_counter::measure;
use datafog_core::Verdict;
use datafog_policy::Policy;

/// The shortest of many times for a thousand decisions: what else the machine does only adds.
fn fastest(policy: &Policy) -> Duration {
    let facts = many::call();
    let round = || {
        let start = Instant::now();
        for _ in 0..1000 {
            drop(black_box(policy.decide(black_box(&facts))));
        }
        start.elapsed()
    };
    (0..40).map(|_| round()).min().unwrap_or(Duration::MAX)
}

#[test]
fn a_thousand_rules_cost_what_ten_do_when_few_name_the_command() {
    let (few, lots) = (many::policy(10).unwrap(), many::policy(1000).unwrap());
    assert_eq!(lots.rules().len(), 1000);
    // Noise can spoil one try; a cost that grows with the rules would spoil all.
    let fits = |_| {
        let (few, lots) = (fastest(&few), fastest(&lots));
        lots.as_nanos() <= few.as_nanos().saturating_mul(12).checked_div(10).unwrap()
    };
    assert!((0..5).any(fits), "{:?} against {:?}", fastest(&lots), fastest(&few));
}

#[test]
fn a_decision_that_no_rule_speaks_to_allocates_nothing() {
    let policy = many::policy(1000).unwrap();
    let facts = many::call();
    let mut verdict = None;
    let counted = measure(|| verdict = Some(policy.decide(&facts).verdict));
    assert_eq!(verdict, Some(Verdict::Allow));
    assert_eq!(counted.count_total, 0, "{counted:?}");
}
