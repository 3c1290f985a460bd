//! Texts for the redaction; the last bytes of the input say where they are cut, and how.
//!
//! Asserts: nothing panics, also where the text comes with pauses; pieces give what the whole does.

#![no_main]

use arbitrary::Unstructured;
use datafog_core::{Channel, Key, Transform};
use datafog_redact::{Patience, Plan, Redactor};
use libfuzzer_sys::fuzz_target;

/// Cuts that are taken from the input; behind the last one comes the rest.
const MOST_CUTS: usize = 64;

fuzz_target!(|data: &[u8]| {
    let (text, control) = data.split_at(data.len().saturating_sub(8));
    let mut control = Unstructured::new(control);
    let key = Key::new(&[7; 32]);
    let with = *control.choose(&Transform::ALL).unwrap_or(&Transform::Redact);
    let plan = Plan::all(with);
    let new = || Redactor::new(&key, None, &plan, Channel::Output);
    let (whole, tally) = new().whole(text);
    assert_eq!(tally.bytes, text.len() as u64);

    let (mut pieces, mut paused, mut rest) = (new(), new(), text);
    let (mut out, mut shown) = (Vec::new(), Vec::new());
    for _ in 0..MOST_CUTS {
        let cut = control.int_in_range(1..=4096_usize).unwrap_or(1).min(rest.len());
        let (piece, after) = rest.split_at(cut);
        rest = after;
        pieces.push(piece, &mut out).expect("a vector takes everything");
        paused.push(piece, &mut shown).expect("a vector takes everything");
        let patience = [Patience::Cut, Patience::Short, Patience::Long, Patience::Last][cut % 4];
        let kept = paused.pause(patience, &mut shown).expect("a vector takes everything");
        assert!(!kept || patience != Patience::Last, "nothing is kept back for ever");
    }
    pieces.push(rest, &mut out).expect("a vector takes everything");
    paused.push(rest, &mut shown).expect("a vector takes everything");
    assert_eq!(pieces.finish(&mut out).expect("a vector takes everything"), tally);
    assert!(out == whole, "pieces give what the whole does");
    paused.finish(&mut shown).expect("a vector takes everything");
});
