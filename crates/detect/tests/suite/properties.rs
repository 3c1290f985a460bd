//! What holds for every text: findings are sorted and disjoint, a stream finds what a slice does,
//! nothing panics, nothing shows a value.

use std::collections::BTreeSet;

use crate::files::files;
use crate::shared::template::{base64, expand};
use datafog_core::{Channel, Confidence, Finding, Key};
use datafog_detect::{Scanner, Tally};
use proptest::prelude::*;

fn key() -> Key {
    Key::from_bytes(&[7; 32]).unwrap()
}

fn slice(text: &[u8]) -> (Vec<Finding>, Tally) {
    let mut out = Vec::new();
    let key = key();
    let scanner = Scanner::new(&key).with_floor(Confidence::percent(0));
    let tally = scanner.scan(text, &Channel::Stdin, &mut out);
    (out, tally)
}

fn stream(text: &[u8], mut cuts: impl FnMut() -> usize) -> (Vec<Finding>, Tally) {
    let mut out = Vec::new();
    let key = key();
    let mut stream = Scanner::new(&key).with_floor(Confidence::percent(0)).stream(Channel::Stdin);
    let mut rest = text;
    while !rest.is_empty() {
        let (piece, tail) = rest.split_at(cuts().clamp(1, rest.len()));
        stream.push(piece, &mut out);
        rest = tail;
    }
    let tally = stream.finish(&mut out);
    (out, tally)
}

/// Pieces that mean something to the scanner, and all examples.
fn pieces() -> Vec<String> {
    let mut pieces: Vec<String> = files()
        .iter()
        .flat_map(|file| &file.detector)
        .flat_map(|one| one.examples.iter().map(|source| expand(source, &one.id, 0).text))
        .collect();
    let marks = [
        " ",
        "\n",
        "=",
        ":",
        "\"",
        "'",
        "@",
        "://",
        "-----BEGIN ",
        "eyJ",
        "password",
        "token",
        "api_key",
        "ghp_",
        "4111 1111",
        "123-45-",
        "1.1.",
        "+1 ",
        "<",
        ">",
        "\\n",
        "%3D",
        "é",
        "\u{1b}[32m",
        "key=key=",
        "AKIA",
        "sk-",
        "-",
        "_",
        "%5f",
        "\\u005f",
        "=\r\n",
        "\" + \"",
        "\u{200b}",
        "\u{1f}",
        "YWJj",
        "6768",
        ".",
        "0",
        "a",
        "Z",
    ];
    pieces.extend(marks.map(str::to_owned));
    pieces
}

/// The same in disguise, in one layer or two.
fn disguise(piece: &str, kind: usize) -> Vec<u8> {
    let gzip = |text: &[u8]| {
        let data = miniz_oxide::deflate::compress_to_vec(text, 6);
        [b"\x1f\x8b\x08\0\0\0\0\0\0\x03", &data[..], &[0; 8]].concat()
    };
    let each = |spell: fn(u8) -> String| piece.bytes().map(spell).collect::<String>().into_bytes();
    match kind {
        0 => base64(piece.as_bytes(), "+/", true).into_bytes(),
        1 => base64(base64(piece.as_bytes(), "-_", false).as_bytes(), "+/", true).into_bytes(),
        2 => each(|byte| format!("{byte:02x}")),
        3 => each(|byte| format!("%{byte:02X}")),
        4 => each(|byte| format!("\\u{byte:04x}")),
        5 => piece.bytes().flat_map(|byte| [byte, 0]).collect(),
        6 => gzip(piece.as_bytes()),
        7 => gzip(base64(piece.repeat(9).as_bytes(), "+/", true).as_bytes()),
        8 => base64(piece.repeat(30).as_bytes(), "+/", true).into_bytes(),
        9 => format!("\"{piece}\" + \"{piece}\"").into_bytes(),
        _ => piece.replace('=', "=3D=\r\n").into_bytes(),
    }
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => proptest::sample::select(pieces()).prop_map(String::into_bytes),
        2 => (proptest::sample::select(pieces()), 0..11_usize).prop_map(|(it, kind)| disguise(&it, kind)),
        1 => proptest::collection::vec(any::<u8>(), 0..40),
        1 => (any::<u8>(), 0..3000_usize).prop_map(|(byte, count)| vec![byte; count]),
    ];
    proptest::collection::vec(piece, 0..120).prop_map(|pieces| pieces.concat())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_sorted_disjoint_and_inside(text in text()) {
        let (found, tally) = slice(&text);
        prop_assert_eq!(tally.reported, found.len());
        for pair in found.windows(2) {
            prop_assert!(pair[0].span.end() <= pair[1].span.start());
        }
        for one in &found {
            prop_assert!(!one.span.is_empty() && one.span.of(&text).is_some());
        }
    }

    #[test]
    fn a_stream_finds_what_a_slice_does(text in text(), repeat in prop_oneof![4 => 1..12_usize, 1 => 12..400_usize], cut in 1..50_000_usize) {
        let text = text.repeat(repeat.min(400_000 / text.len().max(1) + 1));
        let mut state = cut;
        let cuts = || {
            state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
            (state >> 33) % cut + 1
        };
        prop_assert!(slice(&text) == stream(&text, cuts));
    }

    #[test]
    fn random_bytes_never_panic(text in proptest::collection::vec(any::<u8>(), 0..5000)) {
        let (found, _) = slice(&text);
        prop_assert!(found.len() <= 5000);
    }
}

/// The first `most` findings, and those behind them that nothing before them shows, by slice and by
/// stream.
fn at_most(most: usize, text: &str) -> (Vec<Finding>, Tally) {
    let (key, mut out) = (key(), Vec::new());
    let scanner = Scanner::new(&key).at_most(most);
    let tally = scanner.scan(text.as_bytes(), &Channel::Stdin, &mut out);
    let (mut stream, mut streamed) = (scanner.stream(Channel::Stdin), Vec::new());
    text.as_bytes().chunks(7919).for_each(|piece| stream.push(piece, &mut streamed));
    assert!(stream.finish(&mut streamed) == tally && streamed == out);
    (out, tally)
}

#[test]
fn copies_beyond_the_cap_are_counted() {
    let text = expand("{github-crc32:30}", "cap", 0).text;
    let (found, tally) = at_most(3, &format!("ghp_{text}\n").repeat(10));
    assert_eq!((found.len(), tally), (3, Tally { reported: 3, beyond: 7 }));
}

#[test]
fn a_thousand_findings_hide_no_other_kind() {
    let token = expand("ghp_{github-crc32:30}", "behind", 0).text;
    let (found, tally) = at_most(1000, &format!("{}{token}\n", "jane@acme.io\n".repeat(20_000)));
    assert_eq!(tally, Tally { reported: 1001, beyond: 19_000 });
    assert_eq!(found.last().unwrap().detector, "github-pat");
    // A value that is only as sure as its shape is another kind of finding than a sure one.
    let doubtful = expand("ghp_{base62:36}", "behind", 0).text;
    let (found, _) = at_most(3, &format!("{}{doubtful}\n", format!("{token}\n").repeat(9)));
    assert!(found.len() == 4 && found[3].confidence < found[2].confidence);
}

#[test]
fn copies_hide_no_different_values_and_of_those_there_are_not_too_many() {
    let copies = "jane@acme.io\n".repeat(50);
    let others: String = (0..50).map(|number| format!("jane{number}@acme.io\n")).collect();
    let (found, tally) = at_most(20, &format!("{copies}{others}{copies}"));
    assert_eq!((found.len(), tally), (39, Tally { reported: 39, beyond: 111 }));
    let different: BTreeSet<_> = found.iter().map(|one| one.fingerprint).collect();
    assert_eq!(different.len(), 20);
}

#[test]
fn a_kind_of_which_there_are_enough_is_no_longer_judged_and_hides_no_other() {
    let many: String = (0..8000).map(|number| format!("jane{number}@acme.io\n")).collect();
    let token = expand("ghp_{github-crc32:30}", "enough", 0).text;
    let doubtful = expand("ghp_{base62:36}", "enough", 0).text;
    let (found, tally) = at_most(20, &format!("{many}{token}\n{doubtful}\n"));
    assert_eq!(tally, Tally { reported: 22, beyond: 7980 });
    assert!(found[..20].iter().all(|one| one.detector == "email"));
    assert!(found[20..].iter().all(|one| one.detector == "github-pat"));
    let (all, _) = at_most(usize::MAX, &many);
    assert_eq!(all.len(), 8000);
}

#[test]
fn equal_values_have_equal_fingerprints() {
    let token = expand("ghp_{github-crc32:30}", "twice", 0).text;
    let (found, _) = slice(format!("a={token}\nb: {token}").as_bytes());
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].fingerprint, found[1].fingerprint);
}

#[test]
fn a_secret_across_segments_is_found() {
    let token = expand("ghp_{github-crc32:30}", "border", 0).text;
    for place in [32 * 1024 - 50, 32 * 1024 - 3, 32 * 1024, 64 * 1024 - 1] {
        let mut text = vec![b' '; place];
        text.extend(token.bytes());
        let (found, _) = slice(&text);
        assert_eq!(found.len(), 1, "{place}");
        assert_eq!(found[0].span.start(), place);
    }
}
