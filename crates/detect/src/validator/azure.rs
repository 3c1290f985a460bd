//! Microsoft's identifiable keys: a fixed signature at a fixed place and a checksum of the rest.
//!
//! The form is described in microsoft/security-utilities ("Identifiable secrets"): a key is base64 of
//! random bytes, the signature, and four bytes that are Marvin32 of all before, least significant
//! byte first. The seed is public and says which product issued the key. Marvin32 is US patent
//! 20130262421, used by .NET for strings. Older personal access tokens of Azure DevOps carry a
//! CRC-32 with a constant instead.

use super::base64;
use super::crc32::checksum;
use crate::candidate::{Candidate, Judgement};

/// Bytes of the longest key.
const LONGEST: usize = 64;

/// Products by signature, each with the seeds of its kinds of keys: eight letters that name them.
static SEEDS: &[(&[u8], &[&[u8; 8]])] = &[
    (b"+ABa", &[b"AbAcct00"]),
    (b"+ACR", &[b"ACRDflt0"]),
    (b"+AEh", &[b"Send0000", b"Manage00", b"Listen00", b"System00", b"Unknown0"]),
    (b"+AMC", &[b"Classic0"]),
    (b"+ARm", &[b"Send0000", b"Manage00", b"Listen00", b"System00", b"Unknown0"]),
    (b"+ASb", &[b"Send0000", b"Manage00", b"Listen00", b"System00", b"Unknown0"]),
    (b"+ASt", &[b"Default0"]),
    (
        b"ACDb",
        &[
            b"SysAll00",
            b"Resour00",
            b"MastRO00",
            b"SystRO00",
            b"Encryp00",
            b"MastRW00",
            b"SystRW00",
        ],
    ),
    (b"AIoT", &[b"IoTHub00", b"DpsKey00", b"Device00"]),
    (b"APIM", &[b"Tenant00", b"IoTHub00", b"Gatewy00", b"GitKey00"]),
    (b"AzCa", &[b"Access00"]),
    (b"AzFu", &[b"Master00", b"System00", b"Functi00"]),
    (b"AzSe", &[b"Query000", b"PAdmin00"]),
];

/// A key whose signature stands before the last six characters.
///
/// Products change their seeds without notice, so a wrong checksum leaves the shape.
pub(super) fn identifiable(candidate: &mut Candidate<'_>) -> Judgement {
    Judgement::proven_if(is_signed(candidate.value()).unwrap_or(false))
}

fn is_signed(value: &[u8]) -> Option<bool> {
    let padding = value.iter().rev().take_while(|byte| **byte == b'=').count();
    let digits = value.get(..value.len().checked_sub(padding)?)?;
    let place = digits.len().checked_sub(10)?;
    let signature = digits.get(place..place.checked_add(4)?)?;
    let (_, seeds) = SEEDS.iter().find(|(known, _)| *known == signature)?;
    let mut buffer = [0; LONGEST];
    let (body, sum) = base64::decode(digits, &mut buffer).split_last_chunk::<4>()?;
    let sum = u32::from_le_bytes(*sum);
    Some(seeds.iter().any(|seed| marvin(body, u64::from_be_bytes(**seed)) == sum))
}

/// Marvin32 of `bytes`.
fn marvin(bytes: &[u8], seed: u64) -> u32 {
    let mut state = (seed as u32, (seed >> 32) as u32);
    let (words, rest) = bytes.as_chunks::<4>();
    for word in words {
        state = mix(state.0.wrapping_add(u32::from_le_bytes(*word)), state.1);
    }
    let tail = rest.iter().rev().fold(0x80, |tail: u32, byte| (tail << 8) | u32::from(*byte));
    state = mix(state.0.wrapping_add(tail), state.1);
    state = mix(state.0, state.1);
    state.0 ^ state.1
}

const fn mix(mut low: u32, mut high: u32) -> (u32, u32) {
    high ^= low;
    low = low.rotate_left(20).wrapping_add(high);
    high = high.rotate_left(9) ^ low;
    low = low.rotate_left(27).wrapping_add(high);
    high = high.rotate_left(19);
    (low, high)
}

/// Constants that a checksum of Azure DevOps is combined with: of users and of applications.
const DEVOPS: [u32; 2] = [0xE0B9_692D, 0x1019_F92E];

/// A token of 52 base-32 digits. Of its 32 bytes, the numbers 3, 8, 9 and 23 are the checksum of
/// the others, most significant byte first.
pub(super) fn devops(candidate: &mut Candidate<'_>) -> Judgement {
    let holds = devops_sum(candidate.value()).unwrap_or(false);
    if holds { Judgement::Proven } else { Judgement::Refuse }
}

fn devops_sum(value: &[u8]) -> Option<bool> {
    let mut bytes = [0_u8; 32];
    let mut slots = bytes.iter_mut();
    let mut bits = 0_u32;
    let mut held = 0_u32;
    for byte in value {
        let digit = match byte.to_ascii_lowercase() {
            letter @ b'a'..=b'z' => letter.wrapping_sub(b'a'),
            digit @ b'2'..=b'7' => digit.wrapping_sub(b'2').wrapping_add(26),
            _ => return None,
        };
        bits = (bits << 5) | u32::from(digit);
        held = held.wrapping_add(5);
        if held >= 8 {
            held = held.wrapping_sub(8);
            *slots.next()? = (bits >> held) as u8;
        }
    }
    let mut body = [0_u8; 28];
    let mut sum = 0_u32;
    let mut free = body.iter_mut();
    for (at, byte) in bytes.iter().enumerate() {
        if matches!(at, 2 | 7 | 8 | 22) {
            sum = (sum << 8) | u32::from(*byte);
        } else {
            *free.next()? = *byte;
        }
    }
    Some(DEVOPS.iter().any(|constant| checksum(&body) ^ constant == sum))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marvin_is_that_of_dotnet() {
        // Vectors of dotnet/runtime for the seed 0x004fb61a001bdbcc; both halves combined.
        let seed = 0x004f_b61a_001b_dbcc;
        assert_eq!(marvin(b"", seed), 0x30ED_35C1 ^ 0x00CD_3C7D);
        assert_eq!(marvin(&[0xAF], seed), 0x48E7_3FC7 ^ 0x7D75_DDC1);
        assert_eq!(marvin(&[0xE7, 0x0F], seed), 0xB5F6_E1FC ^ 0x485D_BFF8);
    }

    #[test]
    fn signatures_are_sorted_and_unique() {
        assert!(SEEDS.is_sorted_by(|(one, _), (two, _)| one < two));
    }

    #[test]
    fn other_texts_are_no_keys() {
        assert_eq!(is_signed(b"short"), None);
        assert_eq!(devops_sum(b"0189"), None);
        assert_eq!(devops_sum(&[b'a'; 52]), Some(false));
    }
}
