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
    for piece in pieces(text, control) {
        stream.push(piece, &mut streamed);
    }
    assert_eq!(stream.finish(&mut streamed), tally);
    assert!(found == streamed, "a stream finds what a slice does");
}

/// Scans a text as a slice and as a stream that keeps its text until it is told to forget.
///
/// # Panics
/// When the stream finds something else, or keeps anything but its text.
pub fn scan_keeping(text: &[u8], control: &mut Unstructured<'_>) {
    let key = Key::from_bytes(&[7; 32]).expect("32 bytes are a key");
    let scanner = Scanner::new(&key);
    let (mut found, mut streamed) = (Vec::new(), Vec::new());
    let tally = scanner.scan(text, &Channel::Stdin, &mut found);
    let mut stream = scanner.stream(Channel::Stdin).keeping();
    let mut pushed = 0;
    for piece in pieces(text, control) {
        stream.push(piece, &mut streamed);
        pushed += piece.len();
        let (kept, base) = stream.text();
        assert!(kept == &text[base..pushed], "what is kept is the text from {base}");
        let before = control.arbitrary::<u16>().map_or(pushed, usize::from);
        stream.forget(stream.spare(before));
    }
    assert_eq!(stream.finish(&mut streamed), tally);
    assert!(found == streamed, "a stream finds what a slice does");
}

/// A text in pieces of lengths that `control` tells.
fn pieces<'t>(
    text: &'t [u8],
    control: &mut Unstructured<'_>,
) -> impl Iterator<Item = &'t [u8]> + use<'t> {
    let longest = if control.arbitrary().unwrap_or(false) { 40_000 } else { 300 };
    let (mut rest, mut state) = (text, control.arbitrary::<u32>().unwrap_or(1) | 1);
    core::iter::from_fn(move || {
        state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
        let cut = (state >> 8) as usize % longest + 1;
        let (piece, tail) = rest.split_at(cut.min(rest.len()));
        rest = tail;
        (!piece.is_empty()).then_some(piece)
    })
}

fn assert_in_order(text: &[u8], found: &[Finding]) {
    for pair in found.windows(2) {
        assert!(pair[0].span.end() <= pair[1].span.start(), "{pair:?}");
    }
    for one in found {
        let value = one.span.of(text).expect("inside the text");
        assert!(!value.is_empty());
        // A value may be a piece of the words that a preview always has.
        let own = format!("… ({} bytes)", value.len());
        let told = |it: &str| one.preview.contains(it) && !own.contains(it);
        let shown = value.len() >= 8 && str::from_utf8(value).is_ok_and(told);
        assert!(!shown, "a preview shows the value of {}", one.detector);
    }
}
