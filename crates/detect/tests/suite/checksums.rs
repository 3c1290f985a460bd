//! Published checksums: a right one is trusted most. A wrong one lowers what has an unmistakable head to
//! its shape (a token may be made up, or newer than its published form); the rest is no finding.

use crate::shared::template::expand;
use datafog_core::{Channel, Confidence, Key};
use datafog_detect::Scanner;

/// Templates with the detector that proves them, and the confidence that a wrong checksum leaves.
const PROVEN: [(&str, &str, u8); 25] = [
    ("ghp_{github-crc32:30}", "github-pat", 75),
    ("gho_{github-crc32:30}", "github-oauth", 75),
    ("ghu_{github-crc32:30}", "github-user-to-server", 75),
    ("ghs_{github-crc32:30}", "github-server-to-server", 75),
    ("ghr_{github-crc32:70}", "github-refresh", 75),
    ("npm_{github-crc32:30}", "npm-token", 75),
    ("glpat-{base64url:27}.01.0a{crc32base36:7}", "gitlab-pat", 75),
    ("glsa_{base62:32}_{crc32hexle:8}", "grafana-service-account", 75),
    ("cfut_{cloudflare-crc32:40}", "cloudflare-token", 75),
    ("ATATT3xFfGF0{base64url:170}={CRC32HEX:8}", "atlassian-api-token", 75),
    ("ATBB{base62:24}{CRC32HEX:8}", "bitbucket-app-password", 70),
    ("{confluent:1}", "confluent-api-secret", 80),
    ("zpka_{crc32hexof:32}", "zuplo-consumer-key", 80),
    ("{agekey:1}", "age-secret-key", 75),
    ("{bech32:nsec/52}", "nostr-private-key", 0),
    ("{natsseed:SU}", "nats-seed", 0),
    ("{base58:0488ADE4/74}", "bitcoin-extended-private-key", 0),
    ("WIF=«{base58:80/32/01}»", "bitcoin-private-key", 0),
    ("ado_pat: «{devops:1}»", "azure-devops-pat-legacy", 0),
    ("{identifiable:76/+ASt/Default0}==", "azure-storage-key-signed", 80),
    ("{identifiable:76/ACDb/MastRO00}==", "azure-cosmos-key", 80),
    ("{identifiable:33/AzCa/Access00}=", "azure-redis-key", 80),
    ("{identifiable:42/AzSe/Query000}", "azure-search-key", 80),
    ("{identifiable:42/+ACR/ACRDflt0}", "azure-container-registry-key", 80),
    ("{identifiable:44/AzFu/Functi00}==", "azure-functions-key", 80),
];

/// The confidence with which `detector` finds something in `text`.
fn confidence(text: &str, detector: &str) -> Option<Confidence> {
    let key = Key::from_bytes(&[7; 32]).unwrap();
    let mut out = Vec::new();
    let scanner = Scanner::new(&key).with_floor(Confidence::percent(0));
    scanner.scan(text.as_bytes(), &Channel::Stdin, &mut out);
    out.iter().find(|one| one.detector == detector).map(|one| one.confidence)
}

#[test]
fn a_right_checksum_is_trusted() {
    for (source, detector, _) in PROVEN {
        for index in 0..20 {
            let text = expand(source, "proven", index).text;
            let found = confidence(&text, detector);
            assert!(found >= Some(Confidence::percent(97)), "{source} -> {text}: {found:?}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_not() {
    for (source, detector, left) in PROVEN {
        for index in 0..20 {
            let example = expand(source, "broken", index);
            let mut text = example.text.into_bytes();
            // The middle of the value: a letter or digit becomes another one of its kind.
            let (start, end) = example.span;
            let at = (start + end) / 2 + index % 5;
            text[at] = match text[at] {
                digit @ b'0'..=b'9' => b"53"[usize::from(digit == b'5')],
                lower @ b'a'..=b'z' => b"ac"[usize::from(lower == b'a')],
                upper @ b'A'..=b'Z' => b"AC"[usize::from(upper == b'A')],
                other => other,
            };
            let text = String::from_utf8(text).unwrap();
            if text == expand(source, "broken", index).text {
                continue;
            }
            let found = confidence(&text, detector);
            let expected = Some(Confidence::percent(left)).filter(|_| left > 0);
            assert_eq!(found, expected, "{source} -> {text}");
        }
    }
}
