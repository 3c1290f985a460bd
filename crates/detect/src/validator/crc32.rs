//! Tokens that end in a CRC-32 of themselves.
//!
//! GitHub describes the form in "Behind GitHub's new authentication token formats" (2021): the
//! last six characters are the CRC-32 (IEEE 802.3, as in zlib) of the characters after the
//! prefix, in base 62 with the digits `0-9A-Za-z`, padded with zeros. npm took it over. The others
//! were worked out from valid tokens; a checksum of 32 bits does not come out right by chance.

use super::base64;
use crate::bytes::table;
use crate::candidate::{Candidate, Judgement};

/// Base-62 digits of a checksum.
const DIGITS: usize = 6;

/// `ghp_` and its siblings, `npm_`: head, `_`, body, six digits of checksum.
pub(super) fn github(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let body = value
        .iter()
        .position(|byte| *byte == b'_')
        .and_then(|head| value.get(head.checked_add(1)?..));
    Judgement::proven_if(body.and_then(|body| split(body, DIGITS)).is_some_and(|(body, digits)| {
        // Six digits hold more than 32 bits: the first one is small.
        matches!(digits, [b'0'..=b'4', ..]) && base62(checksum(body)) == digits
    }))
}

/// GitLab's routable tokens: everything, then seven base-36 digits of checksum. Older tokens have
/// no checksum and no dot.
pub(super) fn gitlab(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let holds = split(value, 7).is_some_and(|(body, digits)| base36(checksum(body)) == digits);
    if holds { Judgement::Proven } else { Judgement::sound_if(!value.contains(&b'.')) }
}

/// Grafana's service accounts: all before the last `_`, then the checksum in hex, least
/// significant byte first.
pub(super) fn grafana(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let holds = split(value, 9).is_some_and(|(body, digits)| {
        digits.get(1..).is_some_and(|digits| hex(checksum(body).swap_bytes()) == digits)
    });
    Judgement::proven_if(holds)
}

/// Cloudflare: what stands after the first `_`, then the checksum in hex.
pub(super) fn cloudflare(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let body = value
        .iter()
        .position(|byte| *byte == b'_')
        .and_then(|head| value.get(head.checked_add(1)?..));
    let holds = body
        .and_then(|body| split(body, 8))
        .is_some_and(|(body, digits)| hex(checksum(body)) == digits);
    Judgement::proven_if(holds)
}

/// Atlassian: everything, then the checksum in upper-case hex.
pub(super) fn atlassian(candidate: &mut Candidate<'_>) -> Judgement {
    let holds = split(candidate.value(), 8)
        .is_some_and(|(body, digits)| hex(checksum(body)).eq_ignore_ascii_case(digits));
    Judgement::proven_if(holds)
}

/// Confluent: `cflt`, 54 characters, and the first six base64 digits of their checksum, least
/// significant byte first.
pub(super) fn confluent(candidate: &mut Candidate<'_>) -> Judgement {
    let holds =
        candidate.value().get(4..).and_then(|body| split(body, 6)).is_some_and(|(body, digits)| {
            let mut sum = [0; 4];
            // Six digits hold 36 bits, of which the first 32 are the checksum.
            base64::decode(digits, &mut sum) == checksum(body).to_le_bytes()
        });
    Judgement::proven_if(holds)
}

/// Zuplo: `zpka_`, 32 characters, `_`, and their checksum in hex.
pub(super) fn zuplo(candidate: &mut Candidate<'_>) -> Judgement {
    let body = candidate.value().strip_prefix(b"zpka_").and_then(|body| split(body, 9));
    let holds = body.is_some_and(|(body, digits)| {
        digits.get(1..).is_some_and(|digits| hex(checksum(body)) == digits)
    });
    Judgement::proven_if(holds)
}

/// What stands before the last `count` bytes, and these.
fn split(value: &[u8], count: usize) -> Option<(&[u8], &[u8])> {
    value.split_at_checked(value.len().checked_sub(count)?)
}

/// CRC-32 of IEEE 802.3, reflected, as in zlib (RFC 1952 §8), a byte at a time.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |crc, byte| {
        let changed = (crc as u8) ^ byte;
        (crc >> 8) ^ TABLE.get(usize::from(changed)).copied().unwrap_or_default()
    })
}

fn base62(value: u32) -> [u8; DIGITS] {
    digits(value, b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
}

fn base36(value: u32) -> [u8; 7] {
    digits(value, b"0123456789abcdefghijklmnopqrstuvwxyz")
}

fn hex(value: u32) -> [u8; 8] {
    digits(value, b"0123456789abcdef")
}

/// The last `N` digits of `value`, most significant first, padded with zeros.
fn digits<const N: usize, const BASE: usize>(value: u32, alphabet: &[u8; BASE]) -> [u8; N] {
    let mut rest = value as usize;
    let mut out = [b'0'; N];
    for digit in out.iter_mut().rev() {
        let place = rest.checked_rem(BASE).unwrap_or_default();
        *digit = alphabet.get(place).copied().unwrap_or_default();
        rest = rest.checked_div(BASE).unwrap_or_default();
    }
    out
}

/// The reflected polynomial `0xEDB88320` applied to every byte.
static TABLE: [u32; 256] = table!(byte => {
    let mut crc = byte as u32;
    let mut bit = 0_u32;
    while bit < u8::BITS {
        crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
        bit = bit.wrapping_add(1);
    }
    crc
});

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksum_is_the_published_one() {
        // The check value of CRC-32/ISO-HDLC in the catalogue of parametrised CRC algorithms.
        assert_eq!(checksum(b"123456789"), 0xCBF4_3926);
        assert_eq!(checksum(b""), 0);
    }

    #[test]
    fn base_62_is_padded_and_most_significant_first() {
        assert_eq!(&base62(0), b"000000");
        assert_eq!(&base62(62), b"000010");
        assert_eq!(&base62(u32::MAX), b"4gfFC3");
    }
}
