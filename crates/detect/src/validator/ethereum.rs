//! Ethereum addresses with the mixed-case checksum of EIP-55.
//!
//! A letter stands in upper case where the digit of the same place in the Keccak-256 of the address
//! in lower case is 8 or more.

use sha3::{Digest as _, Keccak256};

use crate::candidate::{Candidate, Judgement};
use crate::words::{Words, words};

/// How far before an address without a checksum a word must stand that says what it is.
const CONTEXT: usize = 40;

/// Words for such an address.
static NAMES: Words = words! {
    "address" "wallet" "ethereum" "eth" "recipient" "payee" "donat" "account"
};

/// `0x` and 40 hex digits. Mixed case must be the checksum; all letters in one case carry none and
/// need a word before them. A number of few digits is a constant, not an address.
pub(super) fn address(candidate: &mut Candidate<'_>) -> Judgement {
    let Some(digits) = candidate.value().get(2..).and_then(|it| it.first_chunk::<40>()) else {
        return Judgement::Refuse;
    };
    let upper = digits.iter().any(u8::is_ascii_uppercase);
    let lower = digits.iter().any(u8::is_ascii_lowercase);
    let zeros = digits.iter().filter(|digit| **digit == b'0').count();
    if zeros > 16 || is_repeated(digits) {
        return Judgement::Refuse;
    }
    if upper && lower {
        return if is_mixed_right(digits) { Judgement::Proven } else { Judgement::Refuse };
    }
    if NAMES.stand_near_end(candidate.before(), CONTEXT) {
        Judgement::Shape
    } else {
        Judgement::Refuse
    }
}

/// Whether eight digits or fewer are written again and again, as in tests: `0x1111…`, `0xdeadbeef…`.
fn is_repeated(digits: &[u8; 40]) -> bool {
    let (parts, _) = digits.as_chunks::<8>();
    parts.windows(2).all(|pair| matches!(pair, [a, b] if a.eq_ignore_ascii_case(b)))
}

fn is_mixed_right(digits: &[u8; 40]) -> bool {
    let digest = Keccak256::digest(digits.to_ascii_lowercase());
    let nibbles = digest.iter().flat_map(|byte| [byte >> 4, byte & 15]);
    digits.iter().zip(nibbles).all(|(digit, nibble)| {
        !digit.is_ascii_alphabetic() || digit.is_ascii_uppercase() == (nibble >= 8)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_proposal_hold() {
        for right in [
            b"5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed",
            b"fB6916095ca1df60bB79Ce92cE3Ea74c37c5d359",
            b"dbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB",
        ] {
            assert!(is_mixed_right(right));
        }
        assert!(!is_mixed_right(b"5AAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"));
    }
}
