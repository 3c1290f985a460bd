//! Command lines: argv · what every file holds · what every program writes · every variable.
//!
//! Asserts: nothing panics; equal calls mean the same; places lie inside their arguments; no host
//! stays open; the display form is short and does not change when a masked or hidden byte does.

#![no_main]

use std::ffi::OsString;

use datafog_core::{Carrier, Invocation, Place, Span};
use datafog_fuzz::{World, arguments, assert_places, assert_resolved, blot, parts};
use datafog_shim::{
    Mask, What, Word, behind, display, interpret, normal_form, resolve, started_by_code,
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    let mut parts = parts(data);
    let argv = arguments(parts.next().unwrap_or_default());
    let world = World { file: parts.next(), output: parts.next(), variable: parts.next() };
    let mut invocation = interpret(&argv, &world);
    assert_eq!(invocation, interpret(&argv, &world), "equal calls mean the same");
    assert_places(&argv, &invocation);
    resolve(&mut invocation, &world);
    assert_resolved(&invocation);
    assert_places(&argv, &invocation);
    assert!(!normal_form(&invocation, &[]).is_empty());
    assert_contents_hidden(&argv, &invocation);
    assert_masks_hold(&argv, &invocation);
    assert_starts(&argv, &invocation, &world);
});

/// What is started has words, and only what may start something does.
fn assert_starts(argv: &[OsString], invocation: &Invocation, world: &World<'_>) {
    let words: Vec<Word> = argv.iter().map(Word::of).collect();
    let starts = behind(&words, Some("a\nb c"), world);
    assert!(starts.is_empty() || invocation.starts, "{argv:?}");
    let code: String = argv.iter().map(|word| word.to_string_lossy()).collect();
    for start in starts.iter().chain(&started_by_code(&code, world)) {
        assert!(!matches!(&start.what, What::Command(words) if words.is_empty()), "{argv:?}");
    }
}

/// Content is never shown: other bytes in its place give the same line.
fn assert_contents_hidden(argv: &[OsString], invocation: &Invocation) {
    let mut other = argv.to_vec();
    for content in &invocation.contents {
        if let Carrier::Argument(place) = content.carrier
            && content.role != "url"
        {
            blot(&mut other, place);
        }
    }
    let line = display(argv, invocation, &|_| Vec::new());
    assert!(line.len() <= 512, "{line}");
    assert_eq!(line, display(&other, invocation, &|_| Vec::new()));
}

/// What a finding covers is never shown: here the second half of every argument, from any byte.
fn assert_masks_hold(argv: &[OsString], invocation: &Invocation) {
    let span = |index: usize| {
        let length = argv.get(index).map_or(0, |argument| argument.len());
        Span::at(length / 2, length - length / 2)
    };
    let mask = |index| vec![Mask { span: span(index), label: "secret.x".to_owned() }];
    let mut other = argv.to_vec();
    for argument in 0..argv.len() {
        blot(&mut other, Place { argument, span: span(argument) });
    }
    assert_eq!(display(argv, invocation, &mask), display(&other, invocation, &mask));
}
