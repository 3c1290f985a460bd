//! Files of tests (`*.test.toml`): text.
//!
//! Asserts: nothing panics; a refusal names lines of the file; what is read can be judged, and a test
//! that expects what was decided has no fault.

#![no_main]

use datafog_fuzz::judged;
use datafog_policy::{AnyWord, Level, Policy, TestFile};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let Ok(text) = str::from_utf8(data) else { return };
    let lines = text.split('\n').count();
    match TestFile::parse(text, "p.test.toml", &AnyWord) {
        Err(faults) => {
            assert!(faults.iter().any(|one| one.level == Level::Error), "a refusal has a reason");
            for one in &faults {
                let line = usize::try_from(one.line).expect("a line is a small number");
                assert!((1..=lines).contains(&line) && !one.message.is_empty(), "{one:?}");
            }
        }
        Ok(file) => {
            let decision = judged().first().map(|case| Policy::builtin().decide(&case.facts));
            for mut case in file.cases {
                assert!((1..=lines).contains(&usize::try_from(case.line).expect("small")));
                let Some(decision) = &decision else { return };
                case.expect = decision.verdict;
                case.rule = None;
                assert_eq!(case.fault(decision), None);
            }
        }
    }
});
