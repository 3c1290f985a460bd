//! Texts for the scanner; the last bytes of the input say how often the text is repeated and where
//! a stream is cut.
//!
//! Asserts: nothing panics; a stream finds what a slice does, wherever it is cut; findings are
//! sorted, disjoint, inside the text and not empty; a preview never holds the whole value.

#![no_main]

use arbitrary::Unstructured;
use datafog_fuzz::scan_both_ways;
use libfuzzer_sys::fuzz_target;

/// Long enough for several segments of the scanner, short enough for many runs.
const LONGEST: usize = 160 * 1024;

fuzz_target!(|data: &[u8]| {
    let (text, control) = data.split_at(data.len().saturating_sub(8));
    let mut control = Unstructured::new(control);
    let most = (LONGEST / text.len().max(1)).max(1);
    let often = control.arbitrary::<u8>().is_ok_and(|byte| byte >= 0xf0);
    let repeat = if often { most } else { 1 };
    let text = text.repeat(repeat);
    scan_both_ways(&text, &mut control);
});
