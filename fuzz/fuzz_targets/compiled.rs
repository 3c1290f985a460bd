//! Compiled policies, as a cache could hold them: an embedded one with some bytes changed and its
//! end cut or, when the last bit says so, any bytes at all.
//!
//! Asserts: nothing panics, whatever is damaged; undamaged bytes decide as the embedded policy.

#![no_main]

use arbitrary::Unstructured;
use datafog_fuzz::judged;
use datafog_policy::Policy;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let bytes = if data.last().is_some_and(|last| last & 1 == 1) {
        data.to_vec()
    } else {
        damaged(data).unwrap_or_default()
    };
    let Ok(policy) = Policy::from_bytes(bytes) else { return };
    let whole = policy.to_bytes() == Policy::builtin().to_bytes();
    for case in judged() {
        let verdict = policy.decide(&case.facts).verdict;
        assert!(!whole || verdict == case.verdict);
        let _explained = policy.explain(&case.facts);
    }
    let _shown = (policy.rules(), policy.id(), policy.version(), policy.description());
});

fn damaged(data: &[u8]) -> arbitrary::Result<Vec<u8>> {
    let mut input = Unstructured::new(data);
    let mut bytes = Policy::builtin().to_bytes().to_vec();
    if input.ratio(1_u8, 8)? {
        bytes.truncate(input.choose_index(bytes.len())?);
    }
    while !input.is_empty() && !bytes.is_empty() {
        let at = input.choose_index(bytes.len())?;
        bytes[at] = input.arbitrary()?;
    }
    Ok(bytes)
}
