//! Bodies of AgentGov as a server gets them.
//!
//! Asserts: nothing panics; nothing fails on our side; what is answered is JSON, with the same status for
//! the same question.

#![no_main]

use datafog_fuzz::assert_wire;
use libfuzzer_sys::fuzz_target;

/// The routes, of which the first byte chooses one.
const ROUTES: &[&str] = &[
    "/tool/call",
    "/tools",
    "/approve/0123456789abcdef0123456789abcdef",
    "/approval/0123456789abcdef0123456789abcdef",
];

fuzz_target!(|data: &[u8]| assert_wire(ROUTES, data));
