//! Whatever the text and wherever it is cut: no byte of a finding is left, and every other byte is.

use std::collections::BTreeSet;

use datafog_core::{Channel, Finding, Key, Transform};
use datafog_detect::{Custom, Scanner};
use datafog_redact::{Patience, Plan, Redactor, replacement};
use proptest::prelude::*;

const OWN: &str = "[[detector]]\nid = 'acme'\npattern = 'ACME-[0-9A-F]{8}'\nseverity = 'high'\n";

/// All steps of a silence, in order.
const PATIENCE: [Patience; 4] = [Patience::Cut, Patience::Short, Patience::Long, Patience::Last];

pub(crate) fn key() -> Key {
    Key::new(&[7; 32])
}

/// Texts that hold a finding each, and the part of it that must never be seen.
fn secrets() -> Vec<(String, String)> {
    let body = "kZ8qWv3LmT5xRb2NcY7dHf4sPjA9eUgX1oQi";
    let rows: Vec<String> =
        (0..12).map(|row| body.chars().cycle().skip(row * 5).take(64).collect()).collect();
    let rows = rows.join("\n");
    let label = ["PRIVATE", "KEY"].join(" ");
    vec![
        (format!("gh{}_{body}", 'p'), body.to_owned()),
        (format!("password = \"{}\"", "vT9!kQ2zLm#4"), "vT9!kQ2zLm#4".to_owned()),
        (format!("https://ann:{}@db.internal.net/x", "sR7kQ2zLm4"), "sR7kQ2zLm4".to_owned()),
        (
            format!("xoxb-{}-{}-{}", 123_456_789_012_u64, 123_456_789_013_u64, &body[..24]),
            body[..24].to_owned(),
        ),
        (format!("-----BEGIN {label}-----\n{rows}\n-----END {label}-----"), rows),
        (format!("card {}{}", 47_162_839, 10_457_729), format!("{}{}", 47_162_839, 10_457_729)),
        ("ACME-0123ABCD".to_owned(), "0123ABCD".to_owned()),
    ]
}

/// A text with findings among filler of all kinds, and what must not be seen of it.
pub(crate) fn text(seed: u64, pieces: usize) -> (Vec<u8>, Vec<String>) {
    let (mut state, secrets) = (seed | 1, secrets());
    let mut next = move |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state >> 33) as usize % below
    };
    let fillers: [&[u8]; 7] = [
        b" the quick brown fox, ",
        b"\nfn main() { let x = vec![1, 2]; }\n",
        b"\r  50% done\r",
        &[0, 159, 146, 150, b'\n', 255, b' '],
        "größer · 日本語 ".as_bytes(),
        b"\x1b[31mred\x1b[0m ",
        b"---- / == / ---- ",
    ];
    let (mut text, mut hidden) = (Vec::new(), Vec::new());
    for _ in 0..pieces {
        for _ in 0..next(3) * next(300) + 1 {
            text.extend_from_slice(fillers[next(fillers.len())]);
        }
        let (secret, part) = &secrets[next(secrets.len())];
        text.extend_from_slice(b" ");
        text.extend_from_slice(secret.as_bytes());
        text.extend_from_slice(if next(2) == 0 { b"\n" } else { b" \n " });
        hidden.push(part.clone());
    }
    (text, hidden)
}

/// The same by hand: every finding of the whole cut out at once.
fn expected(text: &[u8], custom: &Custom, transform: Transform) -> Vec<u8> {
    let (key, mut found) = (key(), Vec::<Finding>::new());
    Scanner::new(&key).at_most(usize::MAX).scan(text, &Channel::Output, &mut found);
    custom.scan(text, &Channel::Output, &key, &mut found);
    found.sort_by_key(|finding| finding.span.start());
    assert!(found.windows(2).all(|pair| !pair[0].span.overlaps(pair[1].span)), "{found:?}");
    let mut out = text.to_vec();
    for finding in found.iter().rev() {
        let value = finding.span.of(text).unwrap();
        let with = replacement(transform, &finding.entity, value, &finding.fingerprint, &key);
        out.splice(finding.span.start()..finding.span.end(), with);
    }
    out
}

pub(crate) fn shows(text: &[u8], part: &str) -> bool {
    let pieces: BTreeSet<&[u8]> = part.as_bytes().windows(8).collect();
    text.windows(8).any(|window| pieces.contains(window))
}

pub(crate) fn custom() -> Custom {
    Custom::from_bytes(&Custom::compile(OWN, None).unwrap().unwrap(), 0).unwrap()
}

#[test]
fn every_sample_is_found() {
    let (key, custom, plan) = (key(), custom(), Plan::all(Transform::Redact));
    for (secret, part) in secrets() {
        let text = format!("start {secret} end\n");
        let whole =
            Redactor::new(&key, Some(&custom), &plan, Channel::Output).whole(text.as_bytes());
        assert!(!shows(&whole.0, &part), "{}", String::from_utf8_lossy(&whole.0));
        assert_eq!(whole.1.total(), 1, "{}", String::from_utf8_lossy(&whole.0));
    }
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 12,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn cuts_make_no_difference(seed: u64, cuts in prop::collection::vec(1_usize..70_000, 1..40), with in 0_usize..10) {
        let (key, custom, transform) = (key(), custom(), Transform::ALL[with]);
        let plan = Plan::all(transform);
        let (text, hidden) = text(seed, 6);
        let whole = Redactor::new(&key, Some(&custom), &plan, Channel::Output).whole(&text);
        prop_assert_eq!(&whole.0, &expected(&text, &custom, transform));
        for part in &hidden {
            prop_assert!(!shows(&whole.0, part), "{} is left", part);
        }
        let mut redactor = Redactor::new(&key, Some(&custom), &plan, Channel::Output);
        let (mut rest, mut out) = (text.as_slice(), Vec::new());
        for cut in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            redactor.push(piece, &mut out).unwrap();
            rest = after;
            if rest.is_empty() { break }
        }
        prop_assert_eq!(redactor.finish(&mut out).unwrap(), whole.1);
        prop_assert_eq!(out, whole.0);
    }

    /// One that waits for so long each time that all is judged as it stands: what was shown of a
    /// secret is less than its head and a few letters.
    #[test]
    fn the_longest_pauses_show_no_secret(seed: u64, cuts in prop::collection::vec((1_usize..60, 0_usize..4), 1..40)) {
        let (key, plan) = (key(), Plan::all(Transform::Redact));
        let (text, hidden) = text(seed, 3);
        let mut redactor = Redactor::new(&key, None, &plan, Channel::Output);
        let (mut rest, mut out) = (text.as_slice(), Vec::new());
        for (cut, step) in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            redactor.push(piece, &mut out).unwrap();
            let kept = redactor.pause(PATIENCE[*step], &mut out).unwrap();
            prop_assert!(*step < 3 || !kept, "nothing is kept back for ever");
            rest = after;
            if rest.is_empty() { break }
        }
        redactor.finish(&mut out).unwrap();
        // Numbers and addresses are shown by then, and what is the user's own has no head.
        for part in hidden.iter().filter(|it| !it.bytes().all(|one| one.is_ascii_hexdigit())) {
            prop_assert!(!shows(&out, part), "{} in {}", part, String::from_utf8_lossy(&out));
        }
    }

    /// A program that waits again and again, in the midst of everything.
    #[test]
    fn pauses_show_nothing_either(seed: u64, cuts in prop::collection::vec((1_usize..60, 0_usize..3), 1..40)) {
        let (key, custom, plan) = (key(), custom(), Plan::all(Transform::Redact));
        let (text, hidden) = text(seed, 3);
        let mut redactor = Redactor::new(&key, Some(&custom), &plan, Channel::Output);
        let (mut rest, mut out) = (text.as_slice(), Vec::new());
        for (cut, long) in cuts.iter().cycle() {
            let (piece, after) = rest.split_at((*cut).min(rest.len()));
            redactor.push(piece, &mut out).unwrap();
            redactor.pause(PATIENCE[*long], &mut out).unwrap();
            rest = after;
            if rest.is_empty() { break }
        }
        redactor.finish(&mut out).unwrap();
        for part in hidden {
            prop_assert!(!shows(&out, &part), "{} in {}", part, String::from_utf8_lossy(&out));
        }
    }
}

#[test]
fn a_second_redaction_changes_nothing() {
    let (key, custom) = (key(), custom());
    let (text, _) = text(11, 12);
    for transform in Transform::ALL {
        let plan = Plan::all(transform);
        let once = Redactor::new(&key, Some(&custom), &plan, Channel::Output).whole(&text).0;
        let twice = Redactor::new(&key, Some(&custom), &plan, Channel::Output).whole(&once);
        assert_eq!(
            String::from_utf8_lossy(&twice.0),
            String::from_utf8_lossy(&once),
            "{transform:?}"
        );
    }
}

/// What stands before a value that is public, such as the head of a token, may be shown.
#[test]
fn one_byte_at_a_time_with_pauses_shows_no_more_than_a_head() {
    let (key, plan) = (key(), Plan::all(Transform::Redact));
    for patience in PATIENCE {
        for (secret, part) in secrets() {
            let own = secret.starts_with("ACME");
            let number = part.bytes().all(|byte| byte.is_ascii_digit());
            if patience == Patience::Last && (own || number) {
                continue;
            }
            let text = format!("start {secret} end\n");
            let custom = own.then(custom);
            let mut redactor = Redactor::new(&key, custom.as_ref(), &plan, Channel::Output);
            let mut out = Vec::new();
            for byte in text.as_bytes() {
                redactor.push(&[*byte], &mut out).unwrap();
                redactor.pause(patience, &mut out).unwrap();
            }
            redactor.finish(&mut out).unwrap();
            let shown = String::from_utf8_lossy(&out);
            assert!(!shows(&out, &part), "{patience:?} {shown}");
            let (before, after) = shown.split_once("[REDACTED]").unwrap();
            assert!(text.starts_with(before) && text.ends_with(after), "{patience:?} {shown}");
            assert!(!after.contains("[REDACTED]"), "{patience:?} {shown}");
        }
    }
}

#[test]
fn a_key_of_any_length_that_drips_stays_hidden() {
    let (key, plan) = (key(), Plan::all(Transform::Redact));
    let label = ["PRIVATE", "KEY"].join(" ");
    for rows in [3, 240, 600] {
        let row = "MIIEpAIBAAKCAQEA7kQ2zLm4vT9sR7kQ2zLm4vT9sR7kQ2zLm4vT9sR7kQ2zLm4v\n";
        let body = row.repeat(rows);
        let text = format!("before\n-----BEGIN {label}-----\n{body}-----END {label}-----\nafter\n");
        for step in [150, 333, 9000, 25_000] {
            let mut redactor = Redactor::new(&key, None, &plan, Channel::Output);
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(step) {
                redactor.push(piece, &mut out).unwrap();
                assert!(!redactor.pause(Patience::Last, &mut out).unwrap());
            }
            redactor.finish(&mut out).unwrap();
            let shown = String::from_utf8_lossy(&out);
            assert!(!shows(&out, row.trim_end()), "{rows} {step} {shown}");
            assert!(shown.starts_with("before\n") && shown.ends_with("after\n"), "{shown}");
        }
    }
}

#[test]
fn a_private_key_of_any_length_goes_whole() {
    let (key, plan) = (key(), Plan::all(Transform::Redact));
    let label = ["PRIVATE", "KEY"].join(" ");
    for rows in [1, 100, 240, 300, 1000, 5000] {
        let body =
            "MIIEpAIBAAKCAQEA7kQ2zLm4vT9sR7kQ2zLm4vT9sR7kQ2zLm4vT9sR7kQ2zLm4v\n".repeat(rows);
        let text = format!("before\n-----BEGIN {label}-----\n{body}-----END {label}-----\nafter\n");
        for step in [7, 4096, usize::MAX] {
            let mut redactor = Redactor::new(&key, None, &plan, Channel::Output);
            let mut out = Vec::new();
            for piece in text.as_bytes().chunks(step.min(text.len())) {
                redactor.push(piece, &mut out).unwrap();
            }
            redactor.finish(&mut out).unwrap();
            assert_eq!(
                String::from_utf8_lossy(&out),
                "before\n[REDACTED]\nafter\n",
                "{rows} {step}"
            );
        }
    }
}

#[test]
fn prompts_appear_and_memory_stays_bounded() {
    let (key, plan) = (key(), Plan::all(Transform::Redact));
    let mut redactor = Redactor::new(&key, None, &plan, Channel::Output);
    let mut out = Vec::new();
    for prompt in [">>> ", "Password: ", "Continue? [y/N]", "app=# "] {
        redactor.push(prompt.as_bytes(), &mut out).unwrap();
        assert!(!redactor.pause(Patience::Short, &mut out).unwrap());
        assert_eq!(String::from_utf8_lossy(&out), prompt);
        out.clear();
    }
    redactor.push(b"jane.doe", &mut out).unwrap();
    assert!(redactor.pause(Patience::Short, &mut out).unwrap() && out.is_empty());
    assert!(!redactor.pause(Patience::Long, &mut out).unwrap());
    assert_eq!(out, b"jane.doe");
    out.clear();
    redactor.push(b" waiting", &mut out).unwrap();
    assert!(redactor.pause(Patience::Cut, &mut out).unwrap());
    assert!(!redactor.pause(Patience::Short, &mut out).unwrap());
    assert_eq!(out, b" waiting");
    // A line without an end is held no longer than the rest.
    let mut written = out.len();
    for _ in 0..200 {
        out.clear();
        redactor.push(&[b'x'; 10_000], &mut out).unwrap();
        written += out.len();
    }
    assert!(written + 200_000 > 2_000_000, "{written}");
}
