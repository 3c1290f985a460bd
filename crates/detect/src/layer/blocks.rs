//! Where runs of digits or text in UTF-16 may stand: plain loops over blocks, which compile to
//! vector instructions and pass over ordinary text at the speed of memory.

/// Bytes of a block.
const BLOCK: usize = 64;

/// Bytes of a part of a block; a run holds at least two whole ones in a row.
const PART: usize = 8;

/// Zeros in a block, from which on it may be text in UTF-16.
const FEWEST_ZEROS: usize = 8;

/// What a block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// A run of base64 or hex digits that holds the two parts at this offset.
    Digits(usize),
    /// Zeros: perhaps UTF-16. The offset of the block.
    Zeros(usize),
}

/// Calls `hit` with every mark in `from..to` of `text`. `from` is a multiple of 64 in absolute
/// offsets; the bytes before it are seen only as far as the last part.
pub(crate) struct Blocks<'t> {
    text: &'t [u8],
    to: usize,
    at: usize,
    /// Whether the last part of the block before was all digits.
    carry: bool,
    /// Marks of the present block that wait: one bit each part, the highest for zeros.
    waiting: u16,
}

/// The bit of [`Blocks::waiting`] that stands for zeros.
const ZEROS: u16 = 1 << 8;

impl<'t> Blocks<'t> {
    pub(crate) fn new(text: &'t [u8], from: usize, to: usize) -> Self {
        let before = from.checked_sub(PART).and_then(|at| text.get(at..from));
        let carry = before.is_some_and(|part| part.iter().all(|byte| is_digit(*byte)));
        Self { text, to, at: from.wrapping_sub(BLOCK), carry, waiting: 0 }
    }

    /// Goes on to the next block with a mark.
    fn advance(&mut self) -> Option<()> {
        while self.waiting == 0 {
            self.at = self.at.wrapping_add(BLOCK);
            if self.at >= self.to {
                return None;
            }
            let rest = self.text.get(self.at..)?;
            self.waiting = match rest.first_chunk::<BLOCK>() {
                Some(block) => self.marks(block),
                None => {
                    // What is missing at the end of the text is neither digit nor zero.
                    let mut block = [b' '; BLOCK];
                    block.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
                    self.marks(&block)
                }
            };
        }
        Some(())
    }

    fn marks(&mut self, block: &[u8; BLOCK]) -> u16 {
        // A loop, since `map` of so many is a call for each byte where it is not inlined.
        let mut digits = [0; BLOCK];
        digits.iter_mut().zip(block).for_each(|(slot, byte)| *slot = u8::from(is_digit(*byte)));
        let (parts, _) = digits.as_chunks::<PART>();
        let whole = parts
            .iter()
            .rev()
            .fold(0_u16, |bits, part| (bits << 1) | u16::from(u64::from_le_bytes(*part) == ALL));
        let pairs = whole & ((whole << 1) | u16::from(self.carry));
        self.carry = whole >> 7 & 1 == 1;
        let zeros = block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(*byte == 0)));
        let zeros = if usize::from(zeros) >= FEWEST_ZEROS { ZEROS } else { 0 };
        (pairs & 0xFF) | zeros
    }

    /// Whether the part at `at` and the one before it may be part of a layer: base64 of text always
    /// has letters of both cases, which most names and paths have not.
    fn is_likely(&self, at: usize) -> bool {
        let start = at.saturating_sub(PART);
        let pair = self.text.get(start..).and_then(<[u8]>::first_chunk::<{ 2 * PART }>);
        pair.is_some_and(|pair| is_mixed(pair) || pair.iter().all(u8::is_ascii_hexdigit))
    }
}

/// A part whose bytes are all digits.
const ALL: u64 = 0x0101_0101_0101_0101;

impl Iterator for Blocks<'_> {
    type Item = Marks;

    fn next(&mut self) -> Option<Marks> {
        loop {
            self.advance()?;
            if self.waiting & ZEROS != 0 {
                self.waiting &= !ZEROS;
                return Some(Marks::Zeros(self.at));
            }
            let part = self.waiting.trailing_zeros() as usize;
            self.waiting &= self.waiting.wrapping_sub(1);
            let at = self.at.saturating_add(part.saturating_mul(PART));
            if self.is_likely(at) {
                return Some(Marks::Digits(at));
            }
        }
    }
}

/// Whether letters of both cases stand among digits of base64, whose bits tell them apart: 0x40 and
/// 0x20 are both set in small letters alone, and only the first in capitals and `_`.
fn is_mixed(pair: &[u8; 2 * PART]) -> bool {
    let word = u128::from_le_bytes(*pair);
    let each = u128::from_le_bytes([1; 2 * PART]);
    let (fives, forties) = (each.wrapping_mul(0x1F), each.wrapping_mul(0x40));
    let small = word & (word << 1) & forties;
    // Of the two, `_` alone ends in five ones.
    let underscore = ((word & fives).wrapping_add(each)) << 1;
    let capital = word & !(word << 1) & !underscore & forties;
    small != 0 && capital != 0
}

/// Whether a byte is a digit of base64 in either alphabet; those of hex are among them.
pub(crate) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Length of the run of such digits at the start of `text`.
pub(crate) fn digits(text: &[u8]) -> usize {
    text.iter().position(|byte| !is_known(*byte)).unwrap_or(text.len())
}

/// Length of the run of such digits at the end of `text`.
pub(crate) fn digits_back(text: &[u8]) -> usize {
    text.iter().rev().position(|byte| !is_known(*byte)).unwrap_or(text.len())
}

/// The same as [`is_digit`] by a table, which is quicker byte by byte.
fn is_known(byte: u8) -> bool {
    DIGITS.get(usize::from(byte)).is_some_and(|known| *known)
}

static DIGITS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    let mut rest = table.as_mut_slice();
    while let [slot, tail @ ..] = rest {
        *slot = is_digit(byte);
        byte = byte.wrapping_add(1);
        rest = tail;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &[u8]) -> Vec<Marks> {
        Blocks::new(text, 0, text.len()).collect()
    }

    #[test]
    fn a_run_of_23_digits_is_seen_wherever_it_stands() {
        for at in 0..200 {
            let run = "aB".repeat(12);
            let text =
                format!("{}{}{}", " ".repeat(at), run.trim_start_matches("a"), " ".repeat(90));
            assert!(
                matches!(marks(text.as_bytes())[..], [Marks::Digits(place), ..] if place >= at)
            );
            let short = format!("{}{}{}", " ".repeat(at), "a".repeat(15), " ".repeat(90));
            assert_eq!(marks(short.as_bytes()), [], "{at}");
        }
    }

    #[test]
    fn zeros_are_seen() {
        let text = [b'a', 0].repeat(20);
        assert_eq!(marks(&text).first(), Some(&Marks::Zeros(0)));
        assert_eq!(marks(b"a\0b\0"), []);
    }
}
