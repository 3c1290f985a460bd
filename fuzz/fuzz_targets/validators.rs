//! Values for every validator: an example of a detector, filled and changed as the input says.
//!
//! Texts at random seldom get as far as a checksum. Here the input chooses one of all examples and
//! counter-examples of the data files, fills what they leave open, and changes some bytes, so that
//! most texts reach what judges them. Asserts what `scan` asserts.

#![no_main]

use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use arbitrary::{Arbitrary as _, Unstructured};
use datafog_fuzz::scan_both_ways;
use libfuzzer_sys::fuzz_target;

/// Most characters that a placeholder is filled with.
const MOST: usize = 400;

/// What placeholders are filled with; the input chooses one for each.
const ALPHABETS: [&[u8]; 6] = [
    b"0123456789",
    b"0123456789abcdef",
    b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789",
    b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789+/-_=",
    b" -.:/\\\"'=,;%@\n\t\0\xff",
];

fuzz_target!(|data: &[u8]| {
    let mut input = Unstructured::new(data);
    let examples = examples();
    let chosen = u16::arbitrary(&mut input).map_or(0, usize::from);
    let Some(example) = examples.get(chosen % examples.len().max(1)) else { return };
    let mut text = filled(example, &mut input);
    for _ in 0..input.int_in_range(0..=6_u8).unwrap_or(0) {
        let place = usize::from(u16::arbitrary(&mut input).unwrap_or(0)) % text.len().max(1);
        let byte = u8::arbitrary(&mut input).unwrap_or(0);
        match (input.arbitrary::<u8>().unwrap_or(0) % 3, text.get_mut(place)) {
            (0, Some(slot)) => *slot = byte,
            (1, _) => text.insert(place, byte),
            (_, Some(_)) => drop(text.remove(place)),
            (_, None) => {}
        }
    }
    scan_both_ways(&text, &mut input);
});

/// The examples of all data files without the marks of the value.
fn examples() -> &'static [String] {
    static EXAMPLES: OnceLock<Vec<String>> = OnceLock::new();
    EXAMPLES.get_or_init(|| {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../detectors");
        let entries = fs::read_dir(&folder).expect("the folder of data files");
        let mut paths: Vec<_> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        paths.iter().flat_map(|path| examples_of(path)).collect()
    })
}

fn examples_of(path: &Path) -> Vec<String> {
    let text = fs::read_to_string(path).expect("a data file");
    let file: toml::Table = text.parse().expect("TOML");
    let detectors = file.get("detector").and_then(toml::Value::as_array).into_iter().flatten();
    detectors
        .flat_map(|one| ["examples", "counter_examples"].map(|key| one.get(key)))
        .flatten()
        .filter_map(toml::Value::as_array)
        .flatten()
        .filter_map(toml::Value::as_str)
        .map(|example| example.replace(['«', '»'], ""))
        .collect()
}

/// The example with characters of the input's choice in place of `{kind:n}`.
fn filled(example: &str, input: &mut Unstructured<'_>) -> Vec<u8> {
    let mut text = Vec::new();
    let mut rest = example;
    while let Some((before, after)) = rest.split_once('{') {
        text.extend(before.bytes());
        rest = after;
        let Some((inside, after)) = after.split_once('}') else { break };
        let count = inside.split_once(':').and_then(|(_, count)| count.parse::<usize>().ok());
        let Some(count) = count else {
            text.push(b'{');
            continue;
        };
        let alphabet = input.choose(&ALPHABETS).copied().unwrap_or(b"a");
        for _ in 0..count.min(MOST) {
            text.push(input.choose(alphabet).copied().unwrap_or(b'a'));
        }
        rest = after;
    }
    text.extend(rest.bytes());
    text
}
