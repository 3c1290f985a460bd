//! Failures on demand, for the tests of what a failure leads to. Builds with debug assertions only.

use std::hint::black_box;

use datafog_config::{EnvVars, Host};

/// Fails in the way that the environment asks for, if any.
#[expect(clippy::panic, reason = "this is what it is for")]
pub(super) fn provoke(host: &Host) {
    match host.variable(EnvVars::TEST_FAILURE).and_then(|value| value.to_str()) {
        Some("abort") => std::process::abort(),
        Some("overflow") => {
            black_box(dig(0));
        }
        Some("panic") => panic!("asked to"),
        Some(_) | None => {}
    }
}

/// Fills the stack.
fn dig(depth: u64) -> u64 {
    let frame = black_box([depth; 128]);
    if depth == u64::MAX {
        return depth;
    }
    dig(depth.saturating_add(1)).saturating_add(frame.iter().sum())
}
