//! Lines for a shell: line · what every variable holds.
//!
//! Asserts: nothing panics; equal lines mean the same; every program's name is known; what is told
//! is not empty.

#![no_main]

use datafog_fuzz::{World, parts};
use datafog_shell::{Line, Place, read};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data);
    let line = String::from_utf8_lossy(parts.next().unwrap_or_default());
    let world = World { variable: parts.next(), ..World::default() };
    for place in [Place::Here, Place::Elsewhere] {
        let line = Line::of(&line, place);
        let script = read(&line, &world);
        assert_eq!(script, read(&line, &world), "equal lines mean the same");
        assert!(script.opaque.iter().all(|why| !why.is_empty()));
        for command in &script.commands {
            assert!(command.words.first().is_none_or(|head| head.names_program()), "{command:?}");
            assert!(!command.words.is_empty() || !command.redirections.is_empty());
        }
    }
});
