//! Keys with a bech32 checksum: age identities.
//!
//! The checksum is that of BIP-173; age writes its identities in upper case (C2SP age, "X25519
//! recipient type").

use crate::candidate::{Candidate, Judgement};

/// The constants of the BCH code.
const GENERATOR: [u32; 5] = [0x3b6a_57b2, 0x2650_8e6d, 0x1ea1_19fa, 0x3d42_33dd, 0x2a14_62b3];

/// What remains of an address with a checksum of BIP-350.
const BECH32M: u32 = 0x2bc8_30a3;

const ALPHABET: &[u8; 32] = b"qpzry9x8gf2tvdw0s3jn54khce6mua7l";

/// Human-readable part, `1`, data and six characters of checksum.
pub(super) fn bech32(candidate: &mut Candidate<'_>) -> Judgement {
    Judgement::proven_if(holds(candidate.value()).unwrap_or(false))
}

/// A Bitcoin address of the kinds P2WPKH, P2WSH and P2TR: `bc1`, a version, a program of 20 or 32
/// bytes, and the checksum of BIP-173 for version 0, of BIP-350 for others.
pub(super) fn segwit(candidate: &mut Candidate<'_>) -> Judgement {
    let value = candidate.value();
    let version = value.get(3).map(u8::to_ascii_lowercase);
    let sum = remainder(value);
    let right = match version {
        Some(b'q') => sum == Some(1) && matches!(value.len(), 42..=44 | 62..=64),
        Some(_) => sum == Some(BECH32M),
        None => false,
    };
    if right { Judgement::Proven } else { Judgement::Refuse }
}

fn holds(value: &[u8]) -> Option<bool> {
    Some(remainder(value)? == 1)
}

fn remainder(value: &[u8]) -> Option<u32> {
    let one = value.iter().rposition(|byte| *byte == b'1')?;
    let (head, data) = (value.get(..one)?, value.get(one.checked_add(1)?..)?);
    let mut sum = 1;
    for byte in head {
        sum = step(sum, u32::from(byte.to_ascii_lowercase() >> 5));
    }
    sum = step(sum, 0);
    for byte in head {
        sum = step(sum, u32::from(byte & 31));
    }
    for byte in data {
        let byte = byte.to_ascii_lowercase();
        let digit = ALPHABET.iter().position(|known| *known == byte)?;
        sum = step(sum, u32::try_from(digit).ok()?);
    }
    Some(sum)
}

fn step(sum: u32, value: u32) -> u32 {
    let top = sum >> 25;
    let shifted = ((sum & 0x01ff_ffff) << 5) ^ value;
    (0_u32..).zip(GENERATOR).fold(
        shifted,
        |sum, (bit, constant)| {
            if (top >> bit) & 1 == 1 { sum ^ constant } else { sum }
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_bip_173() {
        for valid in ["A12UEL5L", "a12uel5l", "abcdef1qpzry9x8gf2tvdw0s3jn54khce6mua7lmqqqxw"] {
            assert_eq!(holds(valid.as_bytes()), Some(true), "{valid}");
        }
        assert_eq!(holds(b"A12UEL5K"), Some(false));
        assert_eq!(holds(b"pzry9x0s0muk"), None);
        // Of BIP-350.
        assert_eq!(remainder(b"A1LQFN3A"), Some(BECH32M));
    }
}
