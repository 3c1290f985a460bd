//! Escapes that are told by the eight bytes that they begin, without a branch on what they stand for: in a
//! text that is full of them, which ones stand for text cannot be foretold.

use core::hint::select_unpredictable;

use super::hex::nibble;
use super::is_text;
use super::spelled::{Kind, is_of_no_width};

/// Bytes that are looked at together.
pub(super) const SEEN: usize = 8;

/// What the first bytes are: an escape, or as many bytes of which none begins or ends anything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Spelling {
    /// How many they are.
    pub(super) width: usize,
    /// Of how many bytes they take the room: of one or of none, or, when they are no escape, of as many as
    /// they are.
    pub(super) room: usize,
    /// The first of these.
    pub(super) byte: u8,
}

impl Spelling {
    /// Whether it is an escape.
    #[inline(always)]
    pub(super) const fn is_escape(self) -> bool {
        self.room != self.width
    }
}

/// What stands at the start of `seen`; `None` when that is to be told in another way.
#[inline(always)]
pub(super) fn spelling(seen: [u8; SEEN], kind: Kind) -> Option<Spelling> {
    let [first, a, b, c, d, e, ..] = seen;
    match (first, a) {
        (b'%', _) => pair(first, [a, b], 3, true),
        (b'=', _) if kind == Kind::QuotedPrintable => pair(first, [a, b], 3, a.max(b) <= b'F'),
        (b'\\', b'x' | b'X') => pair(first, [b, c], 4, true),
        (b'\\', b'u' | b'U') => {
            let (high, low) = (value([b, c])?, value([d, e])?);
            Some(character(first, u32::from(high) << 8 | u32::from(low), 6, true))
        }
        (b'\\', b'0' | b'1') => {
            let (high, middle, low) = (digit(a), digit(b), digit(c));
            let octal = (middle | low) < 8;
            let code = (high << 6) | (middle << 3) | low;
            (middle < 10 && low < 10).then(|| character(first, code, 4, octal))
        }
        (b'&', b'#') => decimal(seen),
        _ => None,
    }
}

/// The value of a digit, and more than nine for what is none.
#[inline(always)]
fn digit(byte: u8) -> u32 {
    u32::from(byte.wrapping_sub(b'0'))
}

/// The byte that two digits of hex stand for, if both are digits.
#[inline(always)]
fn value([high, low]: [u8; 2]) -> Option<u8> {
    let (high, low) = (nibble(high), nibble(low));
    ((high | low) < 16).then_some(high << 4 | low)
}

/// Two digits of hex at the end of `width` bytes, which are an escape when they stand for text and may
/// stand so.
#[inline(always)]
fn pair(first: u8, digits: [u8; 2], width: usize, may: bool) -> Option<Spelling> {
    let byte = value(digits)?;
    Some(told(first, byte, width, is_text(byte) & may))
}

#[inline(always)]
fn told(first: u8, byte: u8, width: usize, escape: bool) -> Spelling {
    let room = select_unpredictable(escape, 1, width);
    Spelling { width, room, byte: select_unpredictable(escape, byte, first) }
}

/// A character that is spelled in `width` bytes.
#[inline(always)]
fn character(first: u8, code: u32, width: usize, may: bool) -> Spelling {
    let byte = code as u8;
    if may && is_of_no_width(code) {
        return Spelling { width, room: 0, byte };
    }
    told(first, byte, width, may & (code < 256) & is_text(byte))
}

/// `&#95;`, with as many digits as are seen.
#[inline(always)]
fn decimal([first, _, digits @ ..]: [u8; SEEN]) -> Option<Spelling> {
    let mut code = 0_u32;
    let mut length = 0_usize;
    for byte in digits {
        let digit = digit(byte);
        if digit > 9 {
            break;
        }
        code = code.wrapping_mul(10).wrapping_add(digit);
        length = length.wrapping_add(1);
    }
    let closed = length > 0 && digits.get(length) == Some(&b';');
    closed.then(|| character(first, code, length.wrapping_add(3), true))
}

#[cfg(test)]
mod tests {
    use super::super::spelled::escape;
    use super::*;

    /// Bytes of which escapes are made, and some that are in none.
    const BYTES: &[u8] = b"\\%=&#x0178uU9aFd;\"\n ~\xc2";

    #[test]
    fn what_is_told_is_the_same_as_byte_by_byte() {
        let mut state = 7_u64;
        let mut told = 0;
        for _ in 0..400_000 {
            let mut seen = [0; SEEN];
            for slot in &mut seen {
                state = state.wrapping_mul(0x5851_F42D_4C95_7F2D).wrapping_add(11);
                *slot = BYTES[(state >> 33) as usize % BYTES.len()];
            }
            for kind in [Kind::Escapes, Kind::QuotedPrintable] {
                let Some(found) = spelling(seen, kind) else { continue };
                told += 1;
                let whole = escape(&seen, 0, kind).map(|it| (it.width as usize, it.byte));
                if found.room == found.width {
                    assert_eq!((whole, found.byte), (None, seen[0]), "{seen:?}");
                    let none = |at| escape(&seen, at, kind).is_none();
                    assert!((0..found.width).all(none), "{seen:?}");
                } else {
                    let byte = (found.room == 1).then_some(found.byte);
                    assert_eq!(whole, Some((found.width, byte)), "{seen:?}");
                }
            }
        }
        assert!(told > 5_000, "{told}");
    }
}
