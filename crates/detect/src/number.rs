//! Where numbers that could mean a person or an account may begin.
//!
//! Most text has few digits. Blocks of 64 bytes are counted with plain loops that compile to
//! vector instructions; only where two neighbours together hold as many digits as the shortest
//! such number are groups of digits looked at one by one.

use crate::boundary;
use crate::bytes::before;

/// Bytes of a block; blocks lie at multiples of it, whatever the pieces a stream came in.
pub(crate) const BLOCK: usize = 64;

/// Fewest digits of any number that is looked for.
const FEWEST_DIGITS: usize = 4;

/// A group longer than this is no number of a person's; its bit is 31.
const LONGEST_GROUP: usize = 31;

/// Most letters that may stand directly before a number.
const MOST_LETTERS: usize = 6;

/// The first group of digits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Group {
    pub(crate) start: usize,
    /// Digits in it; [`LONGEST_GROUP`] stands for any more.
    pub(crate) length: usize,
    /// Letters directly before it that begin a word.
    pub(crate) letters: u8,
}

/// Calls `hit` with every group of digits that begins in `from..to` of `text` where digits are
/// dense enough. `from` must be a multiple of [`BLOCK`] in absolute offsets.
pub(crate) fn groups(text: &[u8], from: usize, to: usize, mut hit: impl FnMut(Group)) {
    let mut at = from;
    let mut here = digits_in(text, at);
    while at < to {
        let next = at.saturating_add(BLOCK);
        let there = digits_in(text, next);
        if here > 0 && here.saturating_add(there) >= FEWEST_DIGITS {
            groups_of_block(text, at, next.min(to), &mut hit);
        }
        at = next;
        here = there;
    }
}

fn digits_in(text: &[u8], at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    rest.first_chunk::<BLOCK>().map_or_else(
        || rest.iter().filter(|byte| byte.is_ascii_digit()).count(),
        // At most 64 fit a byte, and a sum that cannot overflow compiles to vector instructions.
        |block| usize::from(block.iter().fold(0, |sum: u8, b| sum.wrapping_add(is_digit(*b)))),
    )
}

fn is_digit(byte: u8) -> u8 {
    u8::from(byte.is_ascii_digit())
}

fn groups_of_block(text: &[u8], from: usize, to: usize, hit: &mut impl FnMut(Group)) {
    let digits = digit_bits(text.get(from..to).unwrap_or_default());
    let inside = before(text, from).is_some_and(|byte| byte.is_ascii_digit());
    let mut starts = digits & !((digits << 1) | u64::from(inside));
    while starts != 0 {
        let start = from.saturating_add(starts.trailing_zeros() as usize);
        group(text, start).into_iter().for_each(&mut *hit);
        starts &= starts.wrapping_sub(1);
    }
}

/// One bit for each byte of at most a block: whether it is a digit.
fn digit_bits(text: &[u8]) -> u64 {
    let mut flags = [0_u8; BLOCK];
    flags.iter_mut().zip(text).for_each(|(flag, byte)| *flag = is_digit(*byte));
    let (eights, _) = flags.as_chunks::<8>();
    eights.iter().rev().fold(0, |bits, eight| {
        // The product moves the lowest bit of each byte to a place of its own in the highest byte.
        (bits << 8) | (u64::from_le_bytes(*eight).wrapping_mul(0x0102_0408_1020_4080) >> 56)
    })
}

/// The group of digits at `start`; `None` inside a longer word.
#[inline(never)]
fn group(text: &[u8], start: usize) -> Option<Group> {
    let letters = letters_before(text, start)?;
    let rest = text.get(start..)?;
    let length = rest.iter().take(LONGEST_GROUP).take_while(|byte| byte.is_ascii_digit()).count();
    Some(Group { start, length, letters })
}

/// Letters directly before `at`, when they begin a word; `None` inside a longer word.
fn letters_before(text: &[u8], at: usize) -> Option<u8> {
    let head = text.get(..at)?;
    let letters =
        head.iter().rev().take(MOST_LETTERS).take_while(|b| b.is_ascii_alphabetic()).count();
    let start = at.checked_sub(letters)?;
    if boundary::begins(text, start) {
        u8::try_from(letters).ok()
    } else {
        boundary::begins(text, at).then_some(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<(usize, usize, u8)> {
        let mut out = Vec::new();
        groups(text.as_bytes(), 0, text.len(), |g| out.push((g.start, g.length, g.letters)));
        out
    }

    #[test]
    fn groups_begin_at_words_only() {
        assert_eq!(found("123-45-6789"), [(0, 3, 0), (4, 2, 0), (7, 4, 0)]);
        assert_eq!(found("DE123456789 x_123456789"), [(2, 9, 2)]);
        assert_eq!(found("1 ab 34"), []);
    }

    #[test]
    fn every_digit_has_its_bit() {
        for at in 0..BLOCK {
            let mut text = [b'a'; BLOCK];
            text[at] = b'7';
            assert_eq!(digit_bits(&text), 1 << at);
            assert_eq!(digit_bits(&text[..at]), 0);
        }
        assert_eq!(digit_bits(&[b'0'; BLOCK]), u64::MAX);
    }

    #[test]
    fn a_number_may_lie_across_blocks() {
        let text = format!("{}123-45-6789", " ".repeat(BLOCK - 3));
        assert_eq!(found(&text).first(), Some(&(BLOCK - 3, 3, 0)));
    }
}
