//! The one source of chance: the same numbers for a seed on every machine.

use sha2::{Digest as _, Sha256};

pub(super) const DIGITS: &str = "0123456789";
pub(super) const HEX: &str = "0123456789abcdef";
pub(super) const UPPER: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
pub(super) const LOWER: &str = "abcdefghijklmnopqrstuvwxyz";
pub(super) const BASE32: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
pub(super) const BASE36: &str = "0123456789abcdefghijklmnopqrstuvwxyz";
pub(super) const BASE62: &str = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
pub(super) const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
pub(super) const BASE64_URL: &str =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// SplitMix64 (Steele, Lea and Flood 2014).
pub(super) struct Random(u64);

impl Random {
    pub(super) const fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15))
    }

    const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let a = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let b = (a ^ (a >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        b ^ (b >> 31)
    }

    /// A number below `end`; 0 when that is 0.
    pub(super) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next().checked_rem(end).unwrap_or_default()).unwrap_or_default()
    }

    /// A number of `from..=to`.
    pub(super) fn between(&mut self, from: usize, to: usize) -> usize {
        from.saturating_add(self.below(to.saturating_sub(from).saturating_add(1)))
    }

    pub(super) fn pick<'a, T: ?Sized>(&mut self, of: &[&'a T]) -> &'a T
    where
        &'a T: Default,
    {
        of.get(self.below(of.len())).copied().unwrap_or_default()
    }

    pub(super) fn text(&mut self, alphabet: &str, length: usize) -> String {
        let alphabet = alphabet.as_bytes();
        let mut letter =
            || alphabet.get(self.below(alphabet.len())).map_or('0', |b| char::from(*b));
        (0..length).map(|_| letter()).collect()
    }

    pub(super) fn digits(&mut self, length: usize) -> String {
        self.text(DIGITS, length)
    }

    pub(super) fn bytes(&mut self, length: usize) -> Vec<u8> {
        (0..length).map(|_| u8::try_from(self.below(256)).unwrap_or_default()).collect()
    }
}

/// CRC-32 as in zlib, bit by bit.
pub(super) fn crc32(bytes: &[u8]) -> u32 {
    let mut sum = !0_u32;
    for byte in bytes {
        sum ^= u32::from(*byte);
        for _ in 0..8 {
            sum = if sum & 1 == 1 { (sum >> 1) ^ 0xEDB8_8320 } else { sum >> 1 };
        }
    }
    !sum
}

/// A number in the digits of an alphabet, the most telling first.
pub(super) fn in_digits(mut number: u64, alphabet: &str, length: usize) -> String {
    let base = u64::try_from(alphabet.len()).unwrap_or(1).max(1);
    let mut digits = Vec::new();
    for _ in 0..length {
        let digit = usize::try_from(number.checked_rem(base).unwrap_or_default());
        digits.push(alphabet.as_bytes().get(digit.unwrap_or_default()).copied().unwrap_or(b'0'));
        number = number.checked_div(base).unwrap_or_default();
    }
    digits.iter().rev().map(|digit| char::from(*digit)).collect()
}

/// RFC 4648, with padding when it is asked for.
pub(super) fn base64(bytes: &[u8], alphabet: &str, padded: bool) -> String {
    let mut text = String::new();
    for group in bytes.chunks(3) {
        let byte = |at: usize| u32::from(group.get(at).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4_usize {
            let shift = u32::try_from(18_usize.saturating_sub(place.saturating_mul(6)));
            let digit = usize::try_from(bits >> shift.unwrap_or_default() & 63);
            let digit = alphabet.as_bytes().get(digit.unwrap_or_default()).copied();
            if place <= group.len() {
                text.push(digit.map_or('A', char::from));
            } else if padded {
                text.push('=');
            }
        }
    }
    text
}

/// A digit that makes the sum of Luhn (ISO/IEC 7812-1) a multiple of ten.
pub(super) fn luhn(digits: &str) -> u32 {
    let sum: u32 = digits
        .bytes()
        .rev()
        .enumerate()
        .map(|(place, digit)| {
            let digit = u32::from(digit.saturating_sub(b'0'));
            let doubled = digit.saturating_mul(2);
            if place % 2 == 1 { digit } else { (doubled / 10).saturating_add(doubled % 10) }
        })
        .sum();
    10_u32.saturating_sub(sum % 10) % 10
}

/// The remainder of a long decimal number.
pub(super) fn remainder(digits: &str, of: u32) -> u32 {
    digits.bytes().fold(0_u32, |rest, digit| {
        let digit = u32::from(digit.saturating_sub(b'0'));
        rest.saturating_mul(10).saturating_add(digit).checked_rem(of).unwrap_or_default()
    })
}

/// Base58check (the form of Bitcoin addresses and keys).
pub(super) fn base58check(payload: &[u8]) -> String {
    const ALPHABET: &[u8] = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz";
    let sum = Sha256::digest(Sha256::digest(payload));
    let mut number: Vec<u8> = payload.iter().chain(sum.iter().take(4)).copied().collect();
    let zeros = number.iter().take_while(|byte| **byte == 0).count();
    let mut digits = Vec::new();
    while number.iter().any(|byte| *byte != 0) {
        let mut rest = 0_u32;
        for byte in &mut number {
            let value = rest << 8 | u32::from(*byte);
            *byte = u8::try_from(value / 58).unwrap_or_default();
            rest = value % 58;
        }
        let digit = ALPHABET.get(usize::try_from(rest).unwrap_or_default()).copied();
        digits.push(digit.map_or('1', char::from));
    }
    core::iter::repeat_n('1', zeros).chain(digits.into_iter().rev()).collect()
}
