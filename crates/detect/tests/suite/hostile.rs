//! Texts made to cost time, or to hide a secret among what costs time.

use crate::shared::template::expand;
use crate::shared::units::UNITS;
use crate::shared::varied::{self, TEMPLATES};
use datafog_core::{Channel, Finding, Key};
use datafog_detect::{Scanner, Tally};

/// Bytes of a hostile text.
const LENGTH: usize = 1_000_000;

/// Bytes of each unit's text in the test of all of them.
const SHORT: usize = 150_000;

/// Findings of the whole, however many, and of the text in pieces of that many bytes.
fn found(text: &[u8], piece: Option<usize>) -> (Vec<Finding>, Tally) {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let scanner = Scanner::new(&key).at_most(usize::MAX);
    let mut out = Vec::new();
    let Some(piece) = piece else {
        let tally = scanner.scan(text, &Channel::Stdin, &mut out);
        return (out, tally);
    };
    let mut stream = scanner.stream(Channel::Stdin);
    text.chunks(piece).for_each(|piece| stream.push(piece, &mut out));
    let tally = stream.finish(&mut out);
    (out, tally)
}

/// Whether the value is found, alone or as part of a block that is secret as a whole.
fn holds(found: &[Finding], start: usize, length: usize) -> bool {
    found.iter().any(|one| one.span.start() <= start && one.span.end() >= start + length)
}

/// A text of the unit with a token in it at `place`, on a line of its own, and where the token is.
fn hidden(unit: &str, length: usize, place: usize) -> (Vec<u8>, usize, usize) {
    let token = expand("ghp_{github-crc32:30}", unit, 0).text;
    let text = unit.repeat(length / unit.len()).into_bytes();
    let (head, tail) = text.split_at(place.min(text.len()));
    let whole = [head, b"\n\n", token.as_bytes(), b"\n\n", tail].concat();
    (whole, head.len() + 2, token.len())
}

#[test]
fn a_secret_is_found_in_every_hostile_text_by_slice_and_stream() {
    for unit in UNITS {
        for place in [0, 40_009, 99_999, SHORT] {
            let (text, start, length) = hidden(unit, SHORT, place);
            let whole = found(&text, None);
            assert!(holds(&whole.0, start, length), "{unit:?} at {place}");
            assert!(whole == found(&text, Some(7919)), "{unit:?} at {place}");
        }
    }
}

#[test]
fn a_secret_is_found_among_lines_that_never_repeat() {
    for template in TEMPLATES {
        let lines = varied::text(template, SHORT / 2);
        let token = expand("ghp_{github-crc32:30}", template, 0).text;
        let (head, tail) = lines.split_at(lines.len() / 2);
        let text = [head, b"\n\n", token.as_bytes(), b"\n\n", tail].concat();
        let whole = found(&text, None);
        assert!(holds(&whole.0, head.len() + 2, token.len()), "{template:?}");
        assert!(whole == found(&text, Some(7919)), "{template:?}");
    }
}

#[test]
fn a_secret_is_found_in_and_after_a_megabyte_of_what_is_dear_to_judge() {
    for unit in ["secret_key_base='", "260a:%", "EAAA_", "1.1."] {
        for place in [LENGTH / 2, LENGTH] {
            let (text, start, length) = hidden(unit, LENGTH, place);
            assert!(holds(&found(&text, None).0, start, length), "{unit:?} at {place}");
        }
    }
}

#[test]
fn every_copy_of_a_finding_is_reported() {
    let line = "mail jane.roe@mail-host.org now\n";
    let (found, _) = found(line.repeat(LENGTH / line.len()).as_bytes(), None);
    assert_eq!(found.len(), LENGTH / line.len());
    let apart = |pair: &[Finding]| pair[1].span.start() - pair[0].span.start();
    assert!(found.windows(2).all(|pair| apart(pair) == line.len()));
}
