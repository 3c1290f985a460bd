//! Long texts for a stream: the parts of the input, each repeated as its first byte says, one after
//! the other, so that what repeats begins and ends, and layers of disguise go on across segments.
//!
//! Asserts: a stream finds what a slice does, wherever it is cut, whether it drops its text by itself or
//! keeps it until it is told; what it keeps is the text from where it says.

#![no_main]

use arbitrary::Unstructured;
use datafog_fuzz::{parts, scan_both_ways, scan_keeping};
use libfuzzer_sys::fuzz_target;

/// Bytes of a text: several segments of the scanner.
const LONGEST: usize = 200 * 1024;

fuzz_target!(|data: &[u8]| {
    let (data, control) = data.split_at(data.len().saturating_sub(8));
    let mut control = Unstructured::new(control);
    let mut text = Vec::new();
    for part in parts(data) {
        let Some((often, unit)) = part.split_first().filter(|(_, unit)| !unit.is_empty()) else {
            continue;
        };
        // Mostly once, often enough for a long repetition now and then.
        let times = usize::from(*often).pow(2).max(1);
        let room = LONGEST.saturating_sub(text.len()) / unit.len();
        text.extend(unit.repeat(times.min(room)));
    }
    scan_both_ways(&text, &mut control);
    scan_keeping(&text, &mut control);
});
