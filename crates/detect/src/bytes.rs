//! Small questions about bytes.

use wide::u8x16;

/// Whether a byte can be part of a word: a letter, a digit or `_`, all of ASCII. What is beyond
/// ASCII parts words: `é`, a no-break space, letters of other scripts.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// Whether a byte can stand in a host name (RFC 1123 §2.1).
pub(crate) const fn is_host(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-')
}

/// The byte before `at`, if there is one.
pub(crate) fn before(text: &[u8], at: usize) -> Option<u8> {
    text.get(at.checked_sub(1)?).copied()
}

/// How many bytes at the start of `text` satisfy `test`.
pub(crate) fn run(text: &[u8], test: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| !test(*byte)).unwrap_or(text.len())
}

/// How many bytes at the end of `text` satisfy `test`.
pub(crate) fn run_back(text: &[u8], test: impl Fn(u8) -> bool) -> usize {
    text.iter().rev().position(|byte| !test(*byte)).unwrap_or(text.len())
}

/// Bytes of a block; blocks lie at multiples of it, whatever the pieces a stream came in.
pub(crate) const BLOCK: usize = 64;

/// A bit for each byte of a block, the first one lowest: whether `test` holds. It is asked of 16
/// bytes at once, and answers with bytes of which all bits are set, or none.
#[inline]
pub(crate) fn bits(block: &[u8; BLOCK], test: impl Fn(u8x16) -> u8x16) -> u64 {
    let (parts, _) = block.as_chunks::<16>();
    parts
        .iter()
        .rev()
        .fold(0, |bits, part| bits << 16 | u64::from(test(u8x16::new(*part)).to_bitmask()))
}

/// Whether a byte of a block is zero.
#[inline]
pub(crate) fn any_zero(block: &[u8; BLOCK]) -> bool {
    let (parts, _) = block.as_chunks::<16>();
    let least = parts.iter().fold(u8x16::MAX, |least, part| least.min(u8x16::new(*part)));
    least.simd_eq(u8x16::ZERO).any()
}

/// Which bytes lie in `first..=last`, for [`bits`].
#[inline]
pub(crate) fn within(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    bytes.max(u8x16::splat(first)).min(u8x16::splat(last)).simd_eq(bytes)
}

/// Zero for the bytes that lie in `first..=last`, so that the least of several such answers is zero where
/// one of them is.
#[inline]
#[expect(clippy::arithmetic_side_effects, reason = "lanes wrap around, which is what is wanted")]
pub(crate) fn beyond(bytes: u8x16, first: u8, last: u8) -> u8x16 {
    (bytes - u8x16::splat(first)).saturating_sub(u8x16::splat(last.saturating_sub(first)))
}

/// At most a block of `text`; what is missing at its end is blanks.
#[inline]
pub(crate) fn block(text: &[u8]) -> [u8; BLOCK] {
    text.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [b' '; BLOCK];
        block.iter_mut().zip(text).for_each(|(slot, byte)| *slot = *byte);
        block
    })
}

/// A table that holds what an expression makes of every byte. A lookup is quicker than branches that
/// cannot be foretold.
macro_rules! table {
    ($byte:ident => $value:expr) => {{
        let mut table = [0; 256];
        let mut $byte = 0_u8;
        let mut rest = table.as_mut_slice();
        while let [slot, tail @ ..] = rest {
            *slot = $value;
            $byte = $byte.wrapping_add(1);
            rest = tail;
        }
        table
    }};
}
pub(crate) use table;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_count_from_either_end() {
        assert_eq!(run(b"123ab", |byte| byte.is_ascii_digit()), 3);
        assert_eq!(run_back(b"123ab", |byte| byte.is_ascii_alphabetic()), 2);
        assert_eq!(run(b"", |_| true), 0);
    }

    #[test]
    fn bits_stand_in_order() {
        let mut text = [0; BLOCK];
        for at in [0, 7, 8, 40, 63] {
            text[at] = 0xff;
        }
        assert_eq!(bits(&text, |bytes| bytes), 1 | 1 << 7 | 1 << 8 | 1 << 40 | 1 << 63);
        assert_eq!(block(b"ab")[..3], *b"ab ");
    }

    #[test]
    fn a_range_holds_its_ends_and_nothing_beside_them() {
        for byte in 0..=u8::MAX {
            let within = within(u8x16::splat(byte), b'0', b'9').to_bitmask() == 0xffff;
            assert_eq!(within, byte.is_ascii_digit(), "{byte}");
            let beyond = beyond(u8x16::splat(byte), b'0', b'9').simd_eq(u8x16::ZERO).any();
            assert_eq!(beyond, byte.is_ascii_digit(), "{byte}");
        }
    }

    #[test]
    fn a_table_holds_every_byte() {
        static NEXT: [u8; 256] = table!(byte => byte.wrapping_add(1));
        assert_eq!((NEXT[0], NEXT[b'a' as usize], NEXT[255]), (1, b'b', 0));
    }
}
