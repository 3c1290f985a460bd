//! The checksum of OpenPGP armour: CRC-24 of the decoded bytes, on a line of its own behind them
//! (RFC 9580 §6.1). Newer programs leave it out.

use memchr::memmem;

use super::base64;

/// The checksum of no bytes, and the polynomial (RFC 9580 §6.1.1).
const START: u32 = 0x00B7_04CE;
const POLYNOMIAL: u32 = 0x0186_4CFB;

/// Bits of the checksum.
const BITS: u32 = 0x00FF_FFFF;

/// Digits of base64 that the checksum is written in.
const DIGITS: usize = 4;

/// Whether the checksum of an armour, without its first and last line, is right; `None` when there is
/// none.
pub(super) fn checksum_holds(text: &[u8]) -> Option<bool> {
    let mut data = Decoder { bits: 0, held: 0, sum: START };
    for line in lines(text) {
        match line {
            [b'=', digits @ ..] if digits.len() == DIGITS => {
                let told = digits
                    .iter()
                    .try_fold(0, |told: u32, digit| Some((told << 6) | base64::digit(*digit)?));
                return told.map(|told| told == data.sum);
            }
            // `Version: …`, and the `+` between two literals.
            _ if line.contains(&b':') || line.len() < DIGITS => {}
            _ => line.iter().map_while(|byte| base64::digit(*byte)).for_each(|it| data.take(it)),
        }
    }
    None
}

/// Lines, also of a literal with `\n` in it, without blanks, quotes and what joins literals.
fn lines(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(|byte| *byte == b'\n').flat_map(|line| {
        let mut rest = Some(line);
        core::iter::from_fn(move || {
            let part = rest?;
            let end = memmem::find(part, b"\\n");
            rest = end.and_then(|end| part.get(end.saturating_add(2)..));
            Some(trimmed(part.get(..end.unwrap_or(part.len())).unwrap_or_default()))
        })
    })
}

fn trimmed(line: &[u8]) -> &[u8] {
    let is_frame = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'"' | b'\'' | b',');
    let start = line.iter().position(|byte| !is_frame(byte)).unwrap_or(line.len());
    let end =
        line.iter().rposition(|byte| !is_frame(byte)).map_or(start, |at| at.saturating_add(1));
    line.get(start..end).unwrap_or_default()
}

/// Takes digits of base64 and sums the bytes that they make.
struct Decoder {
    bits: u32,
    held: u32,
    sum: u32,
}

impl Decoder {
    fn take(&mut self, digit: u32) {
        self.bits = (self.bits << 6) | digit;
        self.held = self.held.saturating_add(6);
        if self.held < 8 {
            return;
        }
        self.held = self.held.saturating_sub(8);
        let byte = (self.bits >> self.held) & 0xFF;
        self.sum = (0..8).fold(self.sum ^ (byte << 16), |sum, _| {
            let sum = sum << 1;
            if sum > BITS { sum ^ POLYNOMIAL } else { sum }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_catalogued_one() {
        // CRC-24/OPENPGP of `123456789` is 21CF02, in base64 `Ic8C`.
        assert_eq!(checksum_holds(b"\nMTIzNDU2Nzg5\n=Ic8C\n"), Some(true));
        assert_eq!(checksum_holds(b"\nMTIzNDU2Nzg4\n=Ic8C\n"), Some(false));
        assert_eq!(checksum_holds(b"\nMTIzNDU2Nzg5\n=Ic8D\n"), Some(false));
    }

    #[test]
    fn it_is_found_in_all_forms_of_a_block() {
        for text in [
            "\nVersion: GnuPG v2\n\nMTIzNDU2\nNzg5\n=Ic8C\n",
            "\\nVersion: GnuPG v2\\n\\nMTIzNDU2\\nNzg5\\n=Ic8C\\n",
            "\\n\" +\n \"MTIzNDU2\\n\",\n \"Nzg5\\n\",\n \"=Ic8C\\n\"",
            "\r\n\r\nMTIzNDU2Nzg5\r\n=Ic8C\r\n",
        ] {
            assert_eq!(checksum_holds(text.as_bytes()), Some(true), "{text}");
        }
    }

    #[test]
    fn what_has_no_checksum_says_nothing() {
        assert_eq!(checksum_holds(b"\nMTIzNDU2Nzg5\n"), None);
        assert_eq!(checksum_holds(b"\nMTIzNDU2Nzg=\n"), None);
        assert_eq!(checksum_holds(b""), None);
    }
}
