//! Files of options for curl (`-K FILE`), which may name further files: here always themselves.
//!
//! Asserts: nothing panics; a last line `data = …` is always taken as content, and its value is
//! never shown; no host stays open; work and content stay in proportion to the file.

#![no_main]

use datafog_core::Carrier;
use datafog_fuzz::{World, arguments, assert_places, assert_resolved};
use datafog_shim::{display, interpret, normal_form, resolve};
use libfuzzer_sys::fuzz_target;

/// A value that the fuzzer does not make up by chance.
const VALUE: &str = "Tk3q9Zr7Lw";

/// Larger than this a file of options is not read, which is told.
const LIMIT: usize = 256 * 1024;

fuzz_target!(|data: &[u8]| {
    let mut file = data.to_vec();
    file.extend_from_slice(format!("\ndata = {VALUE}\n").as_bytes());
    let world = World { file: Some(&file), ..World::default() };
    let argv = arguments(b"curl\0-K\0c\0https://h.example/");
    let mut invocation = interpret(&argv, &world);
    assert_places(&argv, &invocation);
    if file.len() < LIMIT {
        let carrier = Carrier::Inline(VALUE.as_bytes().to_vec());
        assert!(invocation.contents.iter().any(|content| content.carrier == carrier), "read");
    }
    assert!(invocation.options.len() <= 16 * file.len() + 16, "in proportion");
    resolve(&mut invocation, &world);
    assert_resolved(&invocation);
    let made_up = data.windows(VALUE.len()).any(|window| window == VALUE.as_bytes());
    if !made_up {
        assert!(!normal_form(&invocation, &[]).contains(VALUE));
        assert!(!display(&argv, &invocation, &|_| Vec::new()).contains(VALUE));
    }
});
