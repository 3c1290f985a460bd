//! Faults of our own.

use crate::failing::{assert_refused, assert_untouched, call, enforced, observing};
use crate::support::fails_on_demand;

#[test]
fn a_panic_is_never_a_run_when_enforcing_and_never_in_the_way_when_observing() {
    if !fails_on_demand() {
        return;
    }
    let install = enforced();
    let refused = call(&install).env("DATAFOG_TEST_FAILURE", "panic").run();
    assert!(!refused.stderr().contains("panicked"), "{}", refused.stderr());
    assert_refused(refused, "cat was not run: datafog failed");
    let install = observing();
    assert_untouched(&install, &call(&install).env("DATAFOG_TEST_FAILURE", "panic").run());
    let tightened = call(&install).env("DATAFOG_SHIM_MODE", "enforced");
    assert_refused(tightened.env("DATAFOG_TEST_FAILURE", "panic").run(), "datafog failed");
}

#[test]
fn a_crash_ends_with_125_and_runs_nothing() {
    if !fails_on_demand() {
        return;
    }
    for install in [enforced(), observing()] {
        for failure in ["abort", "overflow"] {
            let ended = call(&install).env("DATAFOG_TEST_FAILURE", failure).run().ends_with(125);
            assert_eq!(ended.stdout(), "", "{failure}");
        }
    }
}
