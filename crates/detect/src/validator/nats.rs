//! NATS seeds: base 32, an encoded kind, 32 bytes, and a CRC-16.
//!
//! The form is that of the nkeys specification (nats-io/nkeys, README and ADR-14): the last two
//! bytes are CRC-16/XMODEM of the others, least significant byte first.

use crate::candidate::{Candidate, Judgement};

/// Bytes of a decoded seed.
const BYTES: usize = 36;

/// A seed of 58 characters.
pub(super) fn nats(candidate: &mut Candidate<'_>) -> Judgement {
    Judgement::proven_if(holds(candidate.value()).unwrap_or(false))
}

fn holds(value: &[u8]) -> Option<bool> {
    let mut bytes = [0_u8; BYTES];
    let mut slots = bytes.iter_mut();
    let mut bits = 0_u32;
    let mut held = 0_u32;
    for byte in value {
        let digit = match byte {
            b'A'..=b'Z' => byte.wrapping_sub(b'A'),
            b'2'..=b'7' => byte.wrapping_sub(b'2').wrapping_add(26),
            _ => return None,
        };
        bits = (bits << 5) | u32::from(digit);
        held = held.saturating_add(5);
        if held >= 8 {
            held = held.saturating_sub(8);
            *slots.next()? = (bits >> held) as u8;
        }
    }
    let whole = slots.next().is_none();
    let (body, sum) = bytes.split_last_chunk::<2>()?;
    Some(whole && crc16(body) == u16::from_le_bytes(*sum))
}

/// CRC-16/XMODEM: polynomial 0x1021, nothing reflected, starting at 0.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc: u16, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crc_is_the_published_one() {
        // The check value of CRC-16/XMODEM in the catalogue of parametrised CRC algorithms.
        assert_eq!(crc16(b"123456789"), 0x31C3);
    }

    #[test]
    fn a_wrong_length_is_no_seed() {
        assert_eq!(holds(b"SUAA"), Some(false));
        assert_eq!(holds(b"SU1"), None);
    }
}
