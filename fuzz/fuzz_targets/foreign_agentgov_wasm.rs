//! WebAssembly modules and bundles of AgentGov: bytes · a call's arguments.
//!
//! Asserts: nothing panics or takes long; a refusal names lines of the file; what loads decides,
//! the same each time, and never allows what it could not judge.

#![no_main]

use datafog_foreign::Format;
use datafog_fuzz::assert_foreign;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| assert_foreign(data, "p.wasm", Format::AgentGov));
