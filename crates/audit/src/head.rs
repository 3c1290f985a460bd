//! The head: a small record of where the chain ends, rewritten with every line.
//!
//! It makes an append cost the same however long the ledger is, and it is what a missing tail is
//! found against. Its checksum finds damage, not forgery: whoever can write the head can also write
//! its checksum.

use datafog_core::Digest;

/// Length of a head in bytes, newline included.
pub(crate) const HEAD_BYTES: usize = 144;

/// Bytes before the checksum.
const CHECKED_BYTES: usize = HEAD_BYTES - 11;

/// The words that a head starts with; the number is the version of the form.
const MAGIC: &str = "datafog-head 1";

/// Largest number of a ledger file: eight digits.
pub(crate) const LAST_FILE: u32 = 99_999_999;

/// Where the chain ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// Number of the ledger file that is written to, from 1.
    pub(crate) file: u32,
    /// Size of that file in bytes; what lies beyond was not finished.
    pub(crate) size: u64,
    /// Sequence number of the last line; 0 when there is none.
    pub(crate) seq: u64,
    /// Whether a recovery was begun whose receipt is not written yet.
    pub(crate) owed: bool,
    /// Hash of the last line.
    pub(crate) last: Digest,
}

impl Head {
    /// The head of a ledger without a line.
    pub(crate) const START: Self =
        Self { file: 1, size: 0, seq: 0, owed: false, last: Digest::ZERO };

    /// The head's text: fields of fixed width, a checksum, a newline.
    pub(crate) fn encode(&self) -> [u8; HEAD_BYTES] {
        let mut text = [b' '; HEAD_BYTES];
        let mut rest = text.as_mut_slice();
        put(&mut rest, MAGIC.as_bytes());
        put_number(&mut rest, u64::from(self.file), 8);
        put_number(&mut rest, self.size, 20);
        put_number(&mut rest, self.seq, 20);
        put(&mut rest, if self.owed { b"!" } else { b"=" });
        put(&mut rest, self.last.to_string().as_bytes());
        let sum = text.first_chunk::<CHECKED_BYTES>().map_or(0, |checked| checksum(checked));
        let mut rest = text.get_mut(CHECKED_BYTES..).unwrap_or_default();
        put_number(&mut rest, u64::from(sum), 10);
        if let Some(end) = text.last_mut() {
            *end = b'\n';
        }
        text
    }

    /// Reads a head's text; `None` when a single byte is not as [`Head::encode`] writes it.
    pub(crate) fn decode(text: &[u8]) -> Option<Self> {
        let fields = str::from_utf8(text).ok()?.strip_prefix(MAGIC)?.strip_prefix(' ')?;
        let mut fields = fields.split(' ');
        let head = Self {
            file: fields.next()?.parse().ok()?,
            size: fields.next()?.parse().ok()?,
            seq: fields.next()?.parse().ok()?,
            owed: fields.next()? == "!",
            last: Digest::from_hex(fields.next()?)?,
        };
        (head.encode() == text && (1..=LAST_FILE).contains(&head.file)).then_some(head)
    }
}

/// Writes `bytes` and leaves one space after them.
fn put(rest: &mut &mut [u8], bytes: &[u8]) {
    if let Some((field, after)) = core::mem::take(rest).split_at_mut_checked(bytes.len()) {
        field.copy_from_slice(bytes);
        *rest = after.get_mut(1..).unwrap_or_default();
    }
}

/// Writes `number` in decimal, padded with zeros to `width`.
fn put_number(rest: &mut &mut [u8], mut number: u64, width: usize) {
    let mut digits = [b'0'; 20];
    for digit in digits.iter_mut().rev() {
        *digit |= (number % 10).to_le_bytes()[0];
        number /= 10;
    }
    put(rest, digits.get(digits.len().saturating_sub(width)..).unwrap_or_default());
}

/// The checksum of the POSIX tool `cksum`: a CRC-32 of the bytes and of their count, so that a
/// person can check a head without datafog.
fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = bytes.iter().fold(0, |crc, byte| feed(crc, *byte));
    let mut count = bytes.len();
    while count > 0 {
        crc = feed(crc, count.to_le_bytes()[0]);
        count >>= 8;
    }
    !crc
}

/// Takes one byte into the CRC, highest bit first.
#[inline]
fn feed(crc: u32, byte: u8) -> u32 {
    let step = |crc: u32, nibble: u8| {
        let index = (crc >> 28) ^ u32::from(nibble);
        (crc << 4) ^ CRC_OF_NIBBLE.get(index as usize).copied().unwrap_or_default()
    };
    step(step(crc, byte >> 4), byte & 15)
}

/// The remainders of the 16 half bytes by the polynomial 0x04C11DB7.
static CRC_OF_NIBBLE: [u32; 16] = [
    0x0000_0000,
    0x04C1_1DB7,
    0x0982_3B6E,
    0x0D43_26D9,
    0x1304_76DC,
    0x17C5_6B6B,
    0x1A86_4DB2,
    0x1E47_5005,
    0x2608_EDB8,
    0x22C9_F00F,
    0x2F8A_D6D6,
    0x2B4B_CB61,
    0x350C_9B64,
    0x31CD_86D3,
    0x3C8E_A00A,
    0x384F_BDBD,
];

#[cfg(test)]
mod tests {
    use super::*;

    const SAMPLE: Head = Head {
        file: 12,
        size: u64::MAX,
        seq: 42,
        owed: true,
        last: Digest::from_bytes([0xab; 32]),
    };

    #[test]
    fn checksum_is_that_of_cksum() {
        // Printed by `printf 123456789 | cksum`.
        assert_eq!(checksum(b"123456789"), 930_766_865);
        assert_eq!(checksum(b""), 4_294_967_295);
        assert_eq!(checksum(&[b'a'; 300]), 1_664_553_091);
    }

    #[test]
    fn a_head_reads_back() {
        for head in [Head::START, SAMPLE] {
            assert_eq!(Head::decode(&head.encode()), Some(head));
        }
        let text = String::from_utf8(SAMPLE.encode().to_vec()).unwrap();
        let start = "datafog-head 1 00000012 18446744073709551615 00000000000000000042 ! abab";
        assert!(text.starts_with(start) && text.ends_with('\n'), "{text}");
    }

    #[test]
    fn any_changed_byte_is_refused() {
        let good = SAMPLE.encode();
        for at in 0..good.len() {
            for flip in 1..=u8::MAX {
                let mut bad = good;
                bad[at] ^= flip;
                assert_eq!(Head::decode(&bad), None, "byte {at} ^ {flip}");
            }
            assert_eq!(Head::decode(&good[..at]), None);
        }
        assert_eq!(Head::decode(&[good.as_slice(), b"\n"].concat()), None);
    }
}
