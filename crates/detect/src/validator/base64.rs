//! Base64 (RFC 4648 §4 and §5) into a fixed buffer, as much as fits.

use crate::bytes::{NO_DIGIT, base64_digit};

/// Decodes either alphabet until the buffer is full or a byte is no digit; returns what was
/// written. Padding ends it.
pub(super) fn decode<'b>(text: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let mut length = 0_usize;
    // As far as groups are whole and have room, there is no branch for each digit.
    let (groups, _) = text.as_chunks::<4>();
    for (group, slot) in groups.iter().zip(buffer.as_chunks_mut::<3>().0) {
        let [a, b, c, d] = group.map(base64_digit);
        if (a | b | c | d) == NO_DIGIT {
            break;
        }
        let bits = [a, b, c, d].iter().fold(0, |bits: u32, digit| (bits << 6) | u32::from(*digit));
        let [_, bytes @ ..] = bits.to_be_bytes();
        *slot = bytes;
        length = length.saturating_add(3);
    }
    let text = text.get((length / 3).saturating_mul(4)..).unwrap_or_default();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for digit in text.iter().map_while(|byte| digit(*byte)) {
        bits = (bits << 6) | digit;
        held = held.saturating_add(6);
        if held < 8 {
            continue;
        }
        held = held.saturating_sub(8);
        let Some(slot) = buffer.get_mut(length) else { break };
        *slot = (bits >> held) as u8;
        length = length.saturating_add(1);
    }
    buffer.get(..length).unwrap_or_default()
}

/// The value of a digit of either alphabet.
#[inline]
pub(super) fn digit(byte: u8) -> Option<u32> {
    let value = base64_digit(byte);
    (value != NO_DIGIT).then_some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc_4648() {
        let mut buffer = [0; 8];
        for (text, bytes) in [("", ""), ("Zg==", "f"), ("Zm8=", "fo"), ("Zm9vYmFy", "foobar")] {
            assert_eq!(decode(text.as_bytes(), &mut buffer), bytes.as_bytes());
        }
        assert_eq!(decode(b"__-_", &mut buffer), [255, 255, 191]);
        assert_eq!(decode(b"Zm9vYm.v", &mut buffer), b"foob");
    }

    #[test]
    fn a_full_buffer_ends_it() {
        for length in 0..6 {
            assert_eq!(decode(b"Zm9vYmFy", &mut [0; 6][..length]), &b"foobar"[..length]);
        }
    }
}
