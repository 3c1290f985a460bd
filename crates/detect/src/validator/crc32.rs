//! Tokens that end in a CRC-32 of themselves.
//!
//! GitHub describes the form in "Behind GitHub's new authentication token formats" (2021): the
//! last six characters are the CRC-32 (IEEE 802.3, as in zlib) of the characters after the
//! prefix, in base 62 with the digits `0-9A-Za-z`, padded with zeros. npm took it over.

use crate::candidate::{Candidate, Judgement};

/// Digits of the checksum.
const DIGITS: usize = 6;

/// `ghp_` and its siblings, `npm_`: head, `_`, body, six digits of checksum.
pub(super) fn github(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let holds = value
        .iter()
        .position(|byte| *byte == b'_')
        .and_then(|head| value.get(head.checked_add(1)?..))
        .and_then(|body| body.split_at_checked(body.len().checked_sub(DIGITS)?))
        .is_some_and(|(body, digits)| base62(checksum(body)) == digits);
    Judgement::sound_if(holds)
}

/// CRC-32 of IEEE 802.3, reflected, as in zlib (RFC 1952 §8), four bits at a time.
pub(super) fn checksum(bytes: &[u8]) -> u32 {
    let step = |crc: u32| {
        let nibble = TABLE.get((crc & 15) as usize).copied().unwrap_or_default();
        (crc >> 4) ^ nibble
    };
    !bytes.iter().fold(u32::MAX, |crc, byte| step(step(crc ^ u32::from(*byte))))
}

fn base62(mut value: u32) -> [u8; DIGITS] {
    let mut digits = [b'0'; DIGITS];
    for digit in digits.iter_mut().rev() {
        *digit = ALPHABET.get((value % 62) as usize).copied().unwrap_or_default();
        value /= 62;
    }
    digits
}

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The reflected polynomial `0xEDB88320` applied to every value of four bits.
const TABLE: [u32; 16] = {
    let mut table = [0_u32; 16];
    let mut number = 0_u32;
    while number < 16 {
        let mut crc = number;
        let mut bit = 0;
        while bit < 4 {
            crc = if crc & 1 == 1 { (crc >> 1) ^ 0xEDB8_8320 } else { crc >> 1 };
            bit += 1;
        }
        #[expect(
            clippy::indexing_slicing,
            reason = "counts to 15; a constant is checked by the compiler"
        )]
        {
            table[number as usize] = crc;
        }
        number += 1;
    }
    table
};

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
