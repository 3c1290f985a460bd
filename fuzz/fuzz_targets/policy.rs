//! Policy files: text · a command line that is judged by it.
//!
//! Asserts: nothing panics; a refusal names lines of the file; what compiles reads back and decides
//! the same, explained or not; a project's file never makes a decision less strict.

#![no_main]

use datafog_fuzz::{Judged, judged, parts};
use datafog_policy::{AnyWord, Diagnostic, Layer, Level, Policy};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data);
    let Ok(text) = str::from_utf8(parts.next().unwrap_or_default()) else { return };
    match Policy::parse(text, "policy.toml", Layer::User, &AnyWord) {
        Err(diagnostics) => assert_told(text, &diagnostics),
        Ok(policy) => assert_compiles(&policy, parts.next()),
    }
    let builtin = Policy::builtin();
    if let Ok(policy) = builtin.layer(text, ".datafog.toml", Layer::Project, &AnyWord) {
        for case in judged() {
            let verdict = policy.decide(&case.facts).verdict;
            assert!(verdict >= case.verdict, "a project loosens {:?}", case.facts.action.argv);
        }
    }
});

fn assert_told(text: &str, diagnostics: &[Diagnostic]) {
    assert!(diagnostics.iter().any(|it| it.level == Level::Error), "a refusal has a reason");
    let lines = text.split('\n').count();
    for one in diagnostics {
        let line = usize::try_from(one.line).expect("a line is a small number");
        assert!((1..=lines).contains(&line), "{one:?} of {lines} lines");
        assert!(!one.message.is_empty());
    }
}

fn assert_compiles(policy: &Policy, given: Option<&[u8]>) {
    let back = Policy::from_bytes(policy.to_bytes().to_vec()).expect("our own bytes");
    assert_eq!(back.digest(), policy.digest());
    assert_eq!(back.rules().len(), policy.rules().len());
    let given = given.map(Judged::given);
    for facts in judged().iter().map(|case| &case.facts).chain(&given) {
        let decision = back.decide(facts);
        assert_eq!(decision, policy.explain(facts).decision);
        let indexes = decision.matched.iter().flat_map(|rule| &rule.findings);
        assert!(indexes.into_iter().all(|index| *index < facts.findings.len()));
    }
}
