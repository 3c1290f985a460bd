//! Classes of bytes, asked about whole blocks of bytes at once: the answer has a bit for each.
//!
//! Long texts are asked about with the widest instructions that the processor has. To find these out
//! takes longer than to look through a command line, so short texts get those that every one has.

use fearless_simd::prelude::*;
use fearless_simd::{Level, Simd, dispatch};

/// Bytes of a block; blocks lie at multiples of it, whatever the pieces a stream came in.
pub(crate) const BLOCK: usize = 64;

/// Blocks that are asked about together.
pub(crate) const ROW: usize = 16;

/// Texts below this many bytes are short.
pub(crate) const SHORT: usize = 4096;

/// The instructions for so many bytes; what is done with them stands in functions that are always
/// inlined and have no closures, since else it is compiled for any processor.
pub(crate) fn level(bytes: usize) -> Level {
    if bytes < SHORT { Level::baseline() } else { Level::new() }
}

/// A class of bytes.
pub(crate) trait Class: Copy {
    /// Which of these bytes belong to it.
    fn of<S: Simd>(self, bytes: S::u8s) -> S::mask8s;
}

/// A bit for each byte of a block, the first one lowest: whether it belongs to the class.
#[inline]
pub(crate) fn bits(block: &[u8; BLOCK], class: impl Class) -> u64 {
    dispatch!(Level::baseline(), simd => bits_with(simd, block, class))
}

/// The same of each of the blocks from the start of `text` on for which there is a slot, with the
/// instructions of the token. Beyond the end of the text there are blanks.
#[inline(always)]
pub(crate) fn rows<S: Simd>(simd: S, text: &[u8], class: impl Class, slots: &mut [u64]) {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let (slots, beyond) = slots.split_at_mut(blocks.len().min(slots.len()));
    for (block, slot) in blocks.iter().zip(slots) {
        *slot = bits_with(simd, block, class);
    }
    let mut rest = rest;
    for slot in beyond {
        *slot = if rest.is_empty() { 0 } else { bits_with(simd, &block(rest), class) };
        rest = &[];
    }
}

/// [`bits`] with the instructions of the token.
#[inline(always)]
pub(crate) fn bits_with<S: Simd>(simd: S, block: &[u8; BLOCK], class: impl Class) -> u64 {
    let mut bits = 0_u64;
    // No closures: they would be compiled for any processor.
    for part in block.rchunks_exact(S::u8s::LEN) {
        let found = class.of::<S>(S::u8s::from_slice(simd, part)).to_bitmask();
        bits = bits.unbounded_shl(S::u8s::LEN as u32) | found;
    }
    bits
}

/// At most a block of `text`; what is missing at its end is blanks.
#[inline]
pub(crate) fn block(text: &[u8]) -> [u8; BLOCK] {
    text.first_chunk().copied().unwrap_or_else(|| {
        let mut block = [b' '; BLOCK];
        if let Some(slots) = block.get_mut(..text.len()) {
            slots.copy_from_slice(text);
        }
        block
    })
}

/// Which bytes lie in `first..=last`.
#[inline(always)]
fn within<S: Simd>(bytes: S::u8s, first: u8, last: u8) -> S::mask8s {
    bytes.max(first).min(last).simd_eq(bytes)
}

/// Declares a class by what it makes of bytes.
macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = |$simd:ident, $bytes:ident| $holds:expr;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(crate) struct $name;

        impl Class for $name {
            #[inline(always)]
            fn of<$simd: Simd>(self, $bytes: $simd::u8s) -> $simd::mask8s {
                $holds
            }
        }
    )*};
}

classes! {
    /// `0` to `9`.
    Number = |S, bytes| within::<S>(bytes, b'0', b'9');

    /// A letter of ASCII.
    Letter = |S, bytes| within::<S>(bytes | 0x20, b'a', b'z');

    /// A letter or `0` to `9`, all of ASCII.
    Alphanumeric = |S, bytes| {
        within::<S>(bytes | 0x20, b'a', b'z') | within::<S>(bytes, b'0', b'9')
    };

    /// A digit of base64 in either alphabet (RFC 4648 §4 and §5); those of hex are among them.
    Base64 = |S, bytes| {
        // From `/` on, which stands before the digits.
        within::<S>(bytes | 0x20, b'a', b'z')
            | within::<S>(bytes, b'/', b'9')
            | bytes.simd_eq(b'+')
            | bytes.simd_eq(b'-')
            | bytes.simd_eq(b'_')
    };

    /// A digit of base64 in its first alphabet (RFC 4648 §4).
    Standard = |S, bytes| {
        within::<S>(bytes | 0x20, b'a', b'z')
            | within::<S>(bytes, b'/', b'9')
            | bytes.simd_eq(b'+')
    };

    /// A small letter or `_`.
    Small = |S, bytes| within::<S>(bytes, b'a', b'z') | bytes.simd_eq(b'_');

    /// What an escape sequence may begin with.
    Escape = |S, bytes| bytes.simd_eq(b'\\') | bytes.simd_eq(b'%') | bytes.simd_eq(b'\x1b');

    /// What stands between groups of one number.
    Joint = |S, bytes| {
        bytes.simd_eq(b' ')
            | within::<S>(bytes, b'-', b'.')
            | within::<S>(bytes, b'(', b')')
            | bytes.simd_eq(b'+')
    };

    /// A capital.
    Capital = |S, bytes| within::<S>(bytes, b'A', b'Z');

    /// `+`.
    Plus = |S, bytes| bytes.simd_eq(b'+');

    /// `@`.
    At = |S, bytes| bytes.simd_eq(b'@');

    /// `%`.
    Percent = |S, bytes| bytes.simd_eq(b'%');

    /// `0` to `7`.
    Octal = |S, bytes| within::<S>(bytes, b'0', b'7');

    /// `=`.
    Equal = |S, bytes| bytes.simd_eq(b'=');

    /// `(`.
    Opening = |S, bytes| bytes.simd_eq(b'(');

    /// What texts with places to fill in have.
    Filled = |S, bytes| bytes.simd_eq(b'{') | bytes.simd_eq(b'%');

    /// `/`.
    Slash = |S, bytes| bytes.simd_eq(b'/');

    /// Zero.
    Zero = |S, bytes| bytes.simd_eq(0);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Asks about every byte in blocks of it alone, with all instructions that this processor has.
    fn check(class: impl Class, holds: impl Fn(u8) -> bool) {
        for byte in 0..=u8::MAX {
            let text = [byte; 2 * BLOCK];
            let all = if holds(byte) { u64::MAX } else { 0 };
            assert_eq!(bits(&[byte; BLOCK], class), all, "{byte}");
            let mut slots = [1; 2];
            dispatch!(Level::new(), simd => rows(simd, &text, class, &mut slots));
            assert_eq!(slots, [all; 2], "{byte}");
        }
    }

    #[test]
    fn classes_hold_what_they_say() {
        check(Number, |byte| byte.is_ascii_digit());
        check(Letter, |byte| byte.is_ascii_alphabetic());
        check(Alphanumeric, |byte| byte.is_ascii_alphanumeric());
        check(Base64, |it| it.is_ascii_alphanumeric() || b"+/-_".contains(&it));
        check(Standard, |it| it.is_ascii_alphanumeric() || b"+/".contains(&it));
        check(Small, |byte| byte.is_ascii_lowercase() || byte == b'_');
        check(Escape, |byte| b"\\%\x1b".contains(&byte));
        check(Joint, |byte| b" -.()+".contains(&byte));
        check(Capital, |byte| byte.is_ascii_uppercase());
        check(Plus, |byte| byte == b'+');
        check(At, |byte| byte == b'@');
        check(Percent, |byte| byte == b'%');
        check(Octal, |byte| (b'0'..=b'7').contains(&byte));
        check(Equal, |byte| byte == b'=');
        check(Opening, |byte| byte == b'(');
        check(Filled, |byte| b"{%".contains(&byte));
        check(Slash, |byte| byte == b'/');
        check(Zero, |byte| byte == 0);
    }

    #[test]
    fn bits_stand_in_order_and_nothing_stands_behind_the_text() {
        let text: Vec<u8> =
            (0..3 * BLOCK).map(|at| if at % 7 == 3 { b'5' } else { b'a' }).collect();
        for length in 0..text.len() {
            let text = &text[..length];
            for level in [Level::baseline(), Level::new()] {
                let mut slots = [1; 4];
                dispatch!(level, simd => rows(simd, text, Number, &mut slots));
                for at in 0..4 * BLOCK {
                    let bit = slots[at / BLOCK] >> (at % BLOCK) & 1 == 1;
                    assert_eq!(bit, at < length && at % 7 == 3, "{length} {at}");
                }
            }
        }
    }
}
