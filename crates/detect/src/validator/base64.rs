//! Base64 (RFC 4648 §4 and §5) into a fixed buffer, as much as fits.

use crate::bytes::table;

/// Decodes either alphabet until the buffer is full or a byte is no digit; returns what was
/// written. Padding ends it.
pub(super) fn decode<'b>(text: &[u8], buffer: &'b mut [u8]) -> &'b [u8] {
    let mut bits = 0_u32;
    let mut held = 0_u32;
    let mut length = 0_usize;
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

/// The value of a digit of either alphabet; by a table, since a branch for each could not be foretold.
#[inline]
pub(super) fn digit(byte: u8) -> Option<u32> {
    let value = VALUES.get(usize::from(byte)).copied().unwrap_or(NONE);
    (value != NONE).then_some(u32::from(value))
}

/// What stands in the table for what is no digit.
const NONE: u8 = 0xFF;

static VALUES: [u8; 256] = table!(byte => match byte {
    b'A'..=b'Z' => byte.wrapping_sub(b'A'),
    b'a'..=b'z' => byte.wrapping_sub(b'a').wrapping_add(26),
    b'0'..=b'9' => byte.wrapping_sub(b'0').wrapping_add(52),
    b'+' | b'-' => 62,
    b'/' | b'_' => 63,
    _ => NONE,
});

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
    }

    #[test]
    fn a_full_buffer_ends_it() {
        assert_eq!(decode(b"Zm9vYmFy", &mut [0; 3]), b"foo");
    }
}
