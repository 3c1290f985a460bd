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
    /// The last part of the block before.
    carry: Parts,
    /// Marks of the present block that wait: one bit each part, the highest for zeros.
    waiting: u16,
}

/// The bit of [`Blocks::waiting`] that stands for zeros.
const ZEROS: u16 = 1 << 8;

impl<'t> Blocks<'t> {
    pub(crate) fn new(text: &'t [u8], from: usize, to: usize) -> Self {
        let mut blocks =
            Self { text, to, at: from.wrapping_sub(BLOCK), carry: Parts::default(), waiting: 0 };
        let before = from.checked_sub(BLOCK).and_then(|at| text.get(at..)?.first_chunk());
        if let Some(before) = before {
            blocks.marks(before);
        }
        blocks
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
        // One loop for each question, each over the whole block: vector instructions.
        let digits = parts(&block.map(|byte| u8::from(is_digit(byte))), ALL);
        let hex = parts(&block.map(|byte| u8::from(byte.is_ascii_hexdigit())), ALL);
        let upper = parts(&block.map(|byte| u8::from(byte.is_ascii_uppercase())), 0);
        let lower = parts(&block.map(|byte| u8::from(byte.is_ascii_lowercase())), 0);
        let now = Parts { digits, hex, upper, lower };
        let pairs = now.pairs(self.carry);
        self.carry = now.carry();
        let zeros = block.iter().fold(0_u8, |sum, byte| sum.wrapping_add(u8::from(*byte == 0)));
        pairs | if usize::from(zeros) >= FEWEST_ZEROS { ZEROS } else { 0 }
    }
}

/// A part whose bytes are all marked.
const ALL: u64 = 0x0101_0101_0101_0101;

/// One bit for each part of eight flags: whether it is `all`, or, without that, not zero.
fn parts(flags: &[u8; BLOCK], all: u64) -> u16 {
    let (parts, _) = flags.as_chunks::<PART>();
    parts.iter().rev().fold(0, |bits, part| {
        let part = u64::from_le_bytes(*part);
        let marked = if all == 0 { part != 0 } else { part == all };
        (bits << 1) | u16::from(marked)
    })
}

/// What the parts of a block hold, one bit each.
#[derive(Clone, Copy, Debug, Default)]
struct Parts {
    /// All are digits of base64.
    digits: u16,
    /// All are digits of hex.
    hex: u16,
    /// An upper-case letter is among them.
    upper: u16,
    /// A lower-case letter is among them.
    lower: u16,
}

impl Parts {
    /// Parts that together with the one before them may be part of a layer: base64 of text always
    /// has letters of both cases, which most names and paths have not.
    fn pairs(self, before: Self) -> u16 {
        let shift = |bits: u16, before: u16| (bits << 1) | before;
        let upper = self.upper | shift(self.upper, before.upper);
        let lower = self.lower | shift(self.lower, before.lower);
        let digits = self.digits & shift(self.digits, before.digits) & upper & lower;
        (digits | (self.hex & shift(self.hex, before.hex))) & 0xFF
    }

    /// The last part alone, as the one before the next block.
    fn carry(self) -> Self {
        let last = |bits: u16| bits >> 7 & 1;
        Self {
            digits: last(self.digits),
            hex: last(self.hex),
            upper: last(self.upper),
            lower: last(self.lower),
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = Marks;

    fn next(&mut self) -> Option<Marks> {
        self.advance()?;
        if self.waiting & ZEROS != 0 {
            self.waiting &= !ZEROS;
            return Some(Marks::Zeros(self.at));
        }
        let part = self.waiting.trailing_zeros() as usize;
        self.waiting &= self.waiting.wrapping_sub(1);
        Some(Marks::Digits(self.at.saturating_add(part.saturating_mul(PART))))
    }
}

/// Whether a byte is a digit of base64 in either alphabet; those of hex are among them.
pub(crate) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

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
