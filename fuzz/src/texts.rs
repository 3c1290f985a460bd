//! Texts for the scanner, and what must hold for every one of them.

use arbitrary::Unstructured;
use datafog_core::{Channel, Confidence, Finding, Key};
use datafog_detect::Scanner;

/// Scans a text as a slice and as a stream that `control` cuts.
///
/// # Panics
/// When the stream finds something else, when findings are not sorted, disjoint, inside the text
/// and not empty, or when a preview holds the whole value.
pub fn scan_both_ways(text: &[u8], control: &mut Unstructured<'_>) {
    let key = Key::from_bytes(&[7; 32]).expect("32 bytes are a key");
    let scanner = Scanner::new(&key).with_floor(Confidence::percent(0));
    let mut found = Vec::new();
    let tally = scanner.scan(text, &Channel::Stdin, &mut found);
    assert_eq!(tally.reported, found.len());
    assert_in_order(text, &found);

    let mut streamed = Vec::new();
    let mut stream = scanner.stream(Channel::Stdin);
    let longest = if control.arbitrary().unwrap_or(false) { 40_000 } else { 300 };
    let (mut rest, mut state) = (text, control.arbitrary::<u32>().unwrap_or(1) | 1);
    while !rest.is_empty() {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let cut = (state >> 8) as usize % longest + 1;
        let (piece, tail) = rest.split_at(cut.min(rest.len()));
        stream.push(piece, &mut streamed);
        rest = tail;
    }
    assert_eq!(stream.finish(&mut streamed), tally);
    assert!(found == streamed, "a stream finds what a slice does");
}

fn assert_in_order(text: &[u8], found: &[Finding]) {
    for pair in found.windows(2) {
        assert!(pair[0].span.end() <= pair[1].span.start(), "{pair:?}");
    }
    for one in found {
        let value = one.span.of(text).expect("inside the text");
        assert!(!value.is_empty());
        let shown =
            value.len() >= 8 && str::from_utf8(value).is_ok_and(|it| one.preview.contains(it));
        assert!(!shown, "a preview shows the value of {}", one.detector);
    }
}
