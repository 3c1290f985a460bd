//! Base58Check: keys and addresses of Bitcoin and its kin.
//!
//! The form is that of the Bitcoin wiki, "Base58Check encoding": a version, a payload and the first
//! four bytes of the double SHA-256 of both, as one number in base 58. BIP-32 defines extended
//! keys, the wiki's "Wallet import format" single ones.

use sha2::{Digest as _, Sha256};

use crate::bytes::table;
use crate::candidate::{Candidate, Judgement};

/// Bytes of the longest value, an extended key: version, 74 bytes, checksum.
const LONGEST: usize = 82;

/// Digits in the order of their values.
const ALPHABET: &[u8; 58] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";

/// An extended private key (`xprv`, `tprv`, …): 82 bytes with a right checksum.
pub(super) fn extended_key(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, |bytes| bytes.len() == LONGEST)
}

/// A single private key: version 0x80 of the main or 0xEF of the test network, 32 bytes, perhaps
/// a 1 for a compressed public key, checksum.
pub(super) fn import_format(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, |bytes| {
        matches!(bytes.first(), Some(0x80 | 0xEF)) && matches!(bytes.len(), 37 | 38)
    })
}

/// An address that begins with `1` or `3`: version 0 or 5, 20 bytes, checksum.
pub(super) fn address(candidate: &mut Candidate<'_>) -> Judgement {
    judge(candidate, |bytes| matches!(bytes.first(), Some(0 | 5)) && bytes.len() == 25)
}

fn judge(candidate: &Candidate<'_>, fits: impl FnOnce(&[u8]) -> bool) -> Judgement {
    let mut buffer = [0; LONGEST];
    let bytes = decode(candidate.value(), &mut buffer).filter(|bytes| holds(bytes));
    if bytes.is_some_and(fits) { Judgement::Proven } else { Judgement::Refuse }
}

/// The bytes of `value`; `None` when a character is no digit or they do not fit.
fn decode<'b>(value: &[u8], buffer: &'b mut [u8; LONGEST]) -> Option<&'b [u8]> {
    // Most hashes have a zero: that is asked of all characters before one is reckoned with.
    if value.iter().fold(0, |all, byte| all | digit(*byte)) >= NONE {
        return None;
    }
    let mut length = 0_usize;
    for byte in value {
        let mut carry = u32::from(digit(*byte));
        // The number lies at the end of the buffer, most significant byte first.
        for slot in buffer.iter_mut().rev().take(length) {
            carry = carry.checked_add(u32::from(*slot).checked_mul(58)?)?;
            *slot = carry as u8;
            carry >>= 8;
        }
        if carry > 0 {
            length = length.checked_add(1)?;
            *buffer.iter_mut().rev().nth(length.checked_sub(1)?)? = carry as u8;
        }
    }
    // Each leading `1` is a leading zero byte.
    let zeros = value.iter().take_while(|byte| **byte == b'1').count();
    buffer.get(LONGEST.checked_sub(length.checked_add(zeros)?)?..)
}

/// The value of a digit; [`NONE`] for what is no digit.
fn digit(byte: u8) -> u8 {
    DIGITS.get(usize::from(byte)).copied().unwrap_or(NONE)
}

/// No digit: a bit that no value of one has.
const NONE: u8 = 64;

static DIGITS: [u8; 256] = table!(byte => {
    let mut digit = 0_u8;
    let mut rest = ALPHABET.as_slice();
    while let [known, tail @ ..] = rest
        && *known != byte
    {
        digit = digit.wrapping_add(1);
        rest = tail;
    }
    if rest.is_empty() { NONE } else { digit }
});

/// Whether the last four bytes are the checksum of the others.
fn holds(bytes: &[u8]) -> bool {
    bytes.split_last_chunk::<4>().is_some_and(|(body, sum)| {
        let digest = Sha256::digest(Sha256::digest(body));
        digest.get(..4) == Some(sum.as_slice())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes(value: &str) -> Option<Vec<u8>> {
        let mut buffer = [0; LONGEST];
        decode(value.as_bytes(), &mut buffer).map(<[u8]>::to_vec)
    }

    #[test]
    fn numbers_decode_with_their_leading_zeros() {
        assert_eq!(bytes("1112"), Some(vec![0, 0, 0, 1]));
        assert_eq!(bytes("5Q"), Some(vec![255]));
        assert_eq!(bytes("5R"), Some(vec![1, 0]));
        assert_eq!(bytes("0O"), None);
        assert_eq!(bytes(&"z".repeat(200)), None);
    }

    #[test]
    fn the_first_address_holds_and_its_twin_does_not() {
        // The address of the first block, which every node knows.
        let genesis = bytes("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa").unwrap();
        assert!(holds(&genesis) && genesis.len() == 25);
        assert!(!holds(&bytes("1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNb").unwrap()));
    }
}
