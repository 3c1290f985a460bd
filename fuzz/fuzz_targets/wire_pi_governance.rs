//! Bodies of pi-governance as a server gets them.
//!
//! Asserts: nothing panics; nothing fails on our side; what is answered is JSON, with the same status for
//! the same question.

#![no_main]

use datafog_fuzz::assert_wire;
use libfuzzer_sys::fuzz_target;

/// The routes, of which the first byte chooses one.
const ROUTES: &[&str] = &["/v1/dlp/scan", "/v1/dlp/mask", "/v1/governance/approve"];

fuzz_target!(|data: &[u8]| assert_wire(ROUTES, data));
