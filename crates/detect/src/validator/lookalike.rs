//! Values that look like something else than the secret that their place promises: versions, hashes,
//! names of types, pages, addresses.

use super::base64;
use super::census::{Census, marks};
use crate::bytes::run;

/// Fewest characters in a row that a machine made and that are no word.
const LEAST_MADE: usize = 16;

/// Marks of names and of their paths.
const UNDERSCORE: u32 = marks(b"_");
const DOT: u32 = marks(b".");

/// Whether a value is the path of a type: names with full stops between, the last of which begins with
/// a capital and has no digit, `_lib_0cae9daa.SecretValue`.
pub(super) fn is_type(value: &[u8], census: Census) -> bool {
    census.has(DOT) && census.is_made_of(DOT | UNDERSCORE) && {
        let name = value.rsplit(|byte| *byte == b'.').next().unwrap_or_default();
        let of_name = Census::of(name);
        name.first().is_some_and(u8::is_ascii_uppercase)
            && of_name.lower() > 0
            && of_name.letters() == name.len()
            && of_name.upper().saturating_mul(2) <= name.len()
            && value.split(|byte| *byte == b'.').all(|part| {
                part.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_')
            })
    }
}

/// Whether a value is escapes that end lines, and hardly more: `\r\n`, `0\r\n\r\n`; or escapes of letters beyond
/// Latin and nothing else, which are a word to show: `\u4EE4\u724C`.
pub(super) fn is_escapes(value: &[u8]) -> bool {
    let (letters, rest) = value.as_chunks::<6>();
    let shown = |it: &[u8; 6]| it.starts_with(b"\\u") && !it.starts_with(b"\\u00");
    if rest.is_empty() && !letters.is_empty() && letters.iter().all(shown) {
        return true;
    }
    let first = run(value, |byte| byte != b'\\');
    let (pairs, rest) = value.get(first..).unwrap_or_default().as_chunks::<2>();
    first < 2 && rest.is_empty() && pairs.iter().all(|pair| pair.first() == Some(&b'\\'))
}

/// Whether a value is a set of characters rather than a text: more marks than letters and digits.
pub(super) fn is_alphabet(value: &[u8], census: Census) -> bool {
    let marks = value.len().saturating_sub(census.letters()).saturating_sub(census.digits());
    value.len() >= LEAST_ALPHABET
        && marks.saturating_mul(2) > value.len()
        && census.is_ascii_graphic()
}

/// Fewest characters of such a set.
const LEAST_ALPHABET: usize = 20;

/// Whether a value is a little JSON in base64, as pages of a list are told: `eyJwYWdlIjogMn0=`. What
/// a machine made would stand in it as many letters and digits without a mark.
pub(super) fn is_cursor(value: &[u8]) -> bool {
    if !value.starts_with(b"eyJ") || value.len() > LONGEST_CURSOR {
        return false;
    }
    let mut buffer = [0; LONGEST_CURSOR];
    let json = base64::decode(value, &mut buffer);
    json.is_ascii()
        && json.split(|byte| !byte.is_ascii_alphanumeric()).all(|word| word.len() < LEAST_MADE)
}

/// Most characters of such a value.
const LONGEST_CURSOR: usize = 120;

/// Whether a value is a list of rules that a password has to keep: `required|min:8|confirmed`.
pub(super) fn is_rules(value: &[u8]) -> bool {
    let is_rule = |rule: &[u8]| {
        rule.first().is_some_and(u8::is_ascii_lowercase)
            && rule.iter().all(|byte| {
                byte.is_ascii_lowercase()
                    || byte.is_ascii_digit()
                    || matches!(byte, b':' | b'_' | b',')
            })
    };
    value.contains(&b'|') && value.split(|byte| *byte == b'|').all(is_rule)
}

/// Whether a value is what is kept of a password instead of it: `{SSHA}…`, `pbkdf2$…$…`.
pub(super) fn is_hash(value: &[u8]) -> bool {
    let parts = value.iter().filter(|byte| **byte == b'$').count();
    parts >= 2 && value.len() > 24 || (value.starts_with(b"{") && value.contains(&b'}'))
}

/// Whether a value is a number with a fraction or a version, or from
/// one to another: `1.302183`, `13.0.0-next-8.29`, `3.0-3.12`.
pub(super) fn is_version(value: &[u8]) -> bool {
    let range = run(value, |byte| matches!(byte, b'^' | b'~' | b'<' | b'>' | b'='));
    let value = value.get(range..).unwrap_or_default();
    let dots = value.iter().filter(|byte| **byte == b'.').count();
    let digits = run(value, |byte| byte.is_ascii_digit() || byte == b'.');
    let numbers = run(value, |byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'-'));
    dots >= 1 && numbers == value.len() || (dots >= 2 && digits >= 5)
}

/// Whether a value is a public key, which everybody may know.
pub(super) fn is_public_key(value: &[u8]) -> bool {
    PUBLIC_KEYS.iter().any(|head| value.starts_with(head))
}

/// How public keys begin in base64: of RSA with 1024 to 4096 bits with and without their kind (RFC 5280
/// §4.1, RFC 8017 A.1.1), of P-256 and of Ed25519.
const PUBLIC_KEYS: [&[u8]; 8] = [
    b"MIGfMA0GCSqGSIb3DQEBAQUAA4GN",
    b"MIIBIjANBgkqhkiG9w0BAQEFAAOC",
    b"MIICIjANBgkqhkiG9w0BAQEFAAOC",
    b"MIGJAoGB",
    b"MIIBCgKCAQEA",
    b"MIICCgKCAgEA",
    b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE",
    b"MCowBQYDK2VwAyEA",
];

/// Five groups of hex digits, 8-4-4-4-12 (RFC 9562 §4): an identifier, not a secret.
pub(super) fn is_uuid(value: &[u8]) -> bool {
    value.len() == 36
        && value.iter().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Whether a value is an address on a chain, which everybody may know: `0x` and 40 hex digits. A key has
/// 64 of them.
pub(super) fn is_chain_address(value: &[u8]) -> bool {
    value
        .strip_prefix(b"0x")
        .is_some_and(|digits| digits.len() == 40 && digits.iter().all(u8::is_ascii_hexdigit))
}

/// Whether a value has a path of names in it, as programs write them: `Net::HTTP`.
pub(super) fn has_path_of_code(value: &[u8], census: Census) -> bool {
    census.has(COLON)
        && value.windows(4).any(|part| {
            matches!(part, [a, b':', b':', b] if a.is_ascii_alphabetic() && b.is_ascii_alphabetic())
        })
}

/// The mark of such a path.
const COLON: u32 = marks(b":");

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_something_else_is_told() {
        for value in ["1.302183", "3.0-", "3.0-3.12", "13.0.0-next-8.29"] {
            assert!(is_version(value.as_bytes()), "{value}");
        }
        for value in ["\\r\\n", "0\\r\\n\\r\\n"] {
            assert!(is_escapes(value.as_bytes()), "{value}");
        }
        assert!(!is_version(b"3.x-Zx91") && !is_escapes(b"Zx\\r\\n"));
        assert!(is_escapes(b"\\u4EE4\\u724C") && !is_escapes(b"\\u0041\\u0042"));
        assert!(is_chain_address(&[b"0x".as_slice(), &[b'a'; 40]].concat()));
        assert!(!is_chain_address(&[b"0x".as_slice(), &[b'a'; 64]].concat()));
        assert!(has_path_of_code(b"get,Net::HTTP", Census::of(b"get,Net::HTTP")));
        assert!(!has_path_of_code(b"a::9", Census::of(b"a::9")));
    }
}
