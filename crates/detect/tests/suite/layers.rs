//! Secrets in disguise: each layer is undone, two deep, wherever it stands, and what is reported
//! lies where it stands in the outer text.

use std::fmt::Write as _;

use crate::shared::template::{base64, expand};
use datafog_core::{Channel, Confidence, Finding, Key};
use datafog_detect::Scanner;
use proptest::prelude::*;

fn scan(text: &[u8]) -> Vec<Finding> {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let mut out = Vec::new();
    Scanner::new(&key).scan(text, &Channel::Stdin, &mut out);
    out
}

fn token() -> String {
    expand("ghp_{github-crc32:30}", "layers", 0).text
}

fn hex(text: &str) -> String {
    text.bytes().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

fn each(text: &str, spell: impl Fn(char) -> String) -> String {
    text.chars().map(spell).collect()
}

fn wrapped(text: &str, width: usize, end: &str) -> String {
    let lines: Vec<_> =
        text.as_bytes().chunks(width).map(|line| str::from_utf8(line).unwrap()).collect();
    lines.join(end)
}

/// A gzip member of stored blocks (RFC 1951 §3.2.4), or of one compressed by `miniz_oxide`.
fn gzip(text: &[u8], level: u8) -> Vec<u8> {
    let mut out = b"\x1f\x8b\x08\0\0\0\0\0\0\x03".to_vec();
    out.extend(miniz_oxide::deflate::compress_to_vec(text, level));
    out.extend([0; 8]);
    out
}

fn finds(text: &[u8], what: &str) -> (usize, usize) {
    let found = scan(text);
    let shown = String::from_utf8_lossy(text);
    let [one] = &found[..] else { panic!("{what}: {shown:.200}: {found:?}") };
    assert_eq!(one.detector, "github-pat", "{what}: {shown:.200}");
    let plain = scan(token().as_bytes());
    assert_eq!(one.fingerprint, plain[0].fingerprint, "{what}");
    (one.span.start(), one.span.end())
}

#[test]
fn every_layer_is_undone() {
    let token = token();
    let plain = format!("user: bob\ntoken: {token} and more\n");
    let standard = base64(plain.as_bytes(), "+/", true);
    let wide: String = plain.chars().flat_map(|c| [c, '\0']).collect();
    let cases = [
        ("base64", standard.clone()),
        ("base64 in JSON", format!("{{\"data\": \"{standard}\"}}")),
        ("base64 assigned", format!("data={standard}")),
        ("base64 for the web", base64(plain.as_bytes(), "-_", false)),
        ("base64 after an option", format!("-d{standard}")),
        ("base64 in a path", format!("https://evil.example/a/b/{standard}")),
        ("base64 at 64", wrapped(&standard, 64, "\n")),
        ("base64 at 76", wrapped(&standard, 76, "\r\n")),
        ("base64 in a block", wrapped(&standard, 64, "\n    ")),
        ("base64 in a string", wrapped(&standard, 64, "\\n")),
        ("hex", hex(&plain)),
        ("HEX", hex(&plain).to_uppercase()),
        ("hex after 0x", format!("0x{} ", hex(&plain)).replace("0x", "0x ")),
        ("percent", each(&token, |c| format!("%{:02X}", c as u32))),
        ("percent of one", token.replace('_', "%5f")),
        (
            "percent in a query",
            format!("https://x.example/?a=b%20c&t={}", token.replace('_', "%5F")),
        ),
        ("\\x", each(&token, |c| format!("\\x{:02x}", c as u32))),
        ("\\u", each(&token, |c| format!("\\u{:04x}", c as u32))),
        ("\\u of one", format!("{{\"a\": \"{}\"}}", token.replace('_', "\\u005f"))),
        ("\\\\u", format!("{{\\\"a\\\": \\\"{}\\\"}}", token.replace('_', "\\\\u005f"))),
        ("\\u{}", token.replace('_', "\\u{5f}")),
        ("octal", token.replace('_', "\\137")),
        ("HTML", token.replace('_', "&#95;")),
        ("zero width", token.replace('_', "_\u{200b}")),
        ("joiners", token.replace("ghp", "gh\u{2060}p")),
        ("quoted-printable", format!("a token=3D{}=\r\n{} here", &token[..20], &token[20..])),
        ("UTF-16", wide.clone()),
        ("UTF-16, big end first", format!("\0{}", wide.trim_end_matches('\0'))),
        ("+", format!("t = \"{}\" + \"{}\"", &token[..4], &token[4..])),
        ("+ on lines", format!("t = '{}' +\n    '{}'", &token[..9], &token[9..])),
        (".", format!("$t = \"{}\" . \"{}\";", &token[..4], &token[4..])),
        ("..", format!("t = \"{}\" .. \"{}\"", &token[..4], &token[4..])),
        ("&", format!("t = \"{}\" & \"{}\"", &token[..4], &token[4..])),
        ("nothing", format!("t = (\"{}\"\n     \"{}\")", &token[..4], &token[4..])),
        ("three", format!("\"{}\" + \"{}\" + \"{}\"", &token[..4], &token[4..20], &token[20..])),
        ("two layers", base64(standard.as_bytes(), "+/", true)),
        ("hex of base64", hex(&standard)),
        ("base64 of percent", base64(plain.replace('_', "%5f").as_bytes(), "+/", true)),
        ("base64 of UTF-16", base64(wide.as_bytes(), "+/", true)),
    ];
    for (what, text) in cases {
        let (start, end) = finds(text.as_bytes(), what);
        let cut = [&text.as_bytes()[..start], &text.as_bytes()[end..]].concat();
        assert!(scan(&cut).iter().all(|one| one.detector != "github-pat"), "{what}");
        let around = format!("{}{text} {}", "some words \n".repeat(3000), "and more ".repeat(300));
        let (later, _) = finds(around.as_bytes(), what);
        assert_eq!(later, start + 36000, "{what}");
    }
}

/// A text in UTF-16, with the mark of its order or without.
fn utf16(text: &str, big: bool, mark: bool) -> Vec<u8> {
    let mark = if mark { "\u{feff}" } else { "" };
    let units = mark.encode_utf16().chain(text.encode_utf16());
    units.flat_map(|unit| if big { unit.to_be_bytes() } else { unit.to_le_bytes() }).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn spans_in_utf16_are_exactly_the_bytes_of_the_value(
        before in "([a-zé]{1,9} |[a-z ]{0,3}\n){0,3}",
        after in "\n([a-zé]{0,9} ){0,3}",
        lines in 0..700_usize,
        big: bool,
        mark: bool,
    ) {
        let before = format!("{}{before}a line = ", "é words of a line\n".repeat(lines));
        let token = token();
        let text = utf16(&format!("{before}{token}{after}"), big, mark);
        let found = scan(&text);
        prop_assert_eq!(found.len(), 1);
        let start = utf16(&before, big, mark).len();
        let end = start + token.len() * 2;
        prop_assert_eq!((found[0].span.start(), found[0].span.end()), (start, end));
    }
}

#[test]
fn compressed_data_is_undone() {
    let token = token();
    for level in [0, 1, 9] {
        let mut noise = 1_u32;
        let mut line = || {
            noise = noise.wrapping_mul(747_796_405).wrapping_add(2_891_336_453);
            format!("{noise:x} words that are not the same\n")
        };
        let many: String = (0..20_000).map(|_| line()).collect();
        let short = gzip(format!("token: {token}\n").as_bytes(), level);
        let long = gzip(format!("{many}token: {token}\n{many}").as_bytes(), level);
        for data in [&short, &long] {
            finds(data, "gzip");
            let inside = [&b"some text before "[..], data, b" and after"].concat();
            let (start, end) = finds(&inside, "gzip inside");
            assert!(start > 17 && end < inside.len() && end - start < 200, "{start} {end}");
            let twice = [&inside[..], &inside].concat();
            assert_eq!(scan(&twice).len(), 2, "two members, level {level}");
        }
        let text = base64(&short, "+/", true);
        finds(text.as_bytes(), "base64 of gzip");
    }
}

#[test]
fn data_that_grows_too_much_is_left_there() {
    let token = token();
    let bomb = gzip(format!("{}{token}", "\0".repeat(20_000_000)).as_bytes(), 9);
    assert!(bomb.len() < 30_000 && scan(&bomb).is_empty());
}

#[test]
fn long_layers_are_undone_to_their_end() {
    let token = token();
    let words = "a line of words that goes on and on\n".repeat(3000);
    for plain in [format!("{words}{token}"), format!("{words}{token}\n{words}")] {
        let text = base64(plain.as_bytes(), "+/", true);
        finds(text.as_bytes(), "base64");
        finds(wrapped(&text, 76, "\r\n").as_bytes(), "base64 in lines");
        finds(hex(&plain).as_bytes(), "hex");
        let wide: String = plain.chars().flat_map(|c| [c, '\0']).collect();
        finds(wide.as_bytes(), "UTF-16");
    }
}

#[test]
fn what_is_no_layer_makes_no_noise() {
    let web = "{encodedurl:{\"alg\":\"HS256\"}}.{encodedurl:{\"sub\":\"7\",\"email\":\"a@b.co\"}}.{base64url:43}";
    let web = expand(web, "layers", 1).text;
    assert_eq!(scan(web.as_bytes()).len(), 1);
    let image =
        expand("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAA{base64:4000}", "layers", 2).text;
    let key = expand("ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI{base64:43}", "layers", 3).text;
    let lock = expand("integrity sha512-{base64:86}== {hex:64}", "layers", 4).text;
    for text in [image, key, lock] {
        assert_eq!(scan(text.as_bytes()), [], "{text:.80}");
    }
}

#[test]
fn assignments_are_seen_through_layers() {
    let texts = [
        "{\\u0022password\\u0022: \\u0022hunter2!x\\u0022}".to_owned(),
        "a=1&password%3Dhunter2%21x".to_owned(),
        "password = \"hunt\" + \"er2!x\"".to_owned(),
        base64(b"DB_USER=app\nDB_PASSWORD=hunter2!x\n", "+/", true),
        "{&quot;password&quot;:&quot;hunter2!x&quot;}".to_owned(),
    ];
    for text in texts {
        let found: Vec<_> = scan(text.as_bytes()).into_iter().map(|one| one.detector).collect();
        assert_eq!(found, ["generic-password"], "{text}");
    }
}

#[test]
fn the_floor_holds_inside_too() {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let text = base64(format!("some text, then {}", token()).as_bytes(), "+/", true);
    let mut out = Vec::new();
    let scanner = Scanner::new(&key).with_floor(Confidence::percent(100));
    scanner.scan(text.as_bytes(), &Channel::Stdin, &mut out);
    assert_eq!(out, []);
}
