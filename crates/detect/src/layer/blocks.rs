//! Where runs of digits or text in UTF-16 may stand: loops over the bits of blocks, which pass over
//! ordinary text at the speed of memory.

use fearless_simd::{Level, Simd, dispatch};

use super::base64::SHORTEST;
use crate::bytes::table;
use crate::class::{self, BLOCK, Base64, ROW, Zero};

/// Zeros in a block, from which on it may be text in UTF-16.
const FEWEST_ZEROS: u32 = 8;

/// What a block may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Marks {
    /// A run of base64 or hex digits that is long enough begins at this offset; or goes on there, and
    /// was told before. The second is how many bytes from there on belong to it, when that was seen.
    Digits(usize, Option<usize>),
    /// Zeros: perhaps UTF-16. The offset of the block.
    Zeros(usize),
}

/// Goes through the marks in `from..to` of a text. A run is told in the block in which it gets long
/// enough, and in each one after it in which it goes on.
pub(crate) struct Blocks<'t> {
    text: &'t [u8],
    to: usize,
    level: Level,
    row: Row,
    /// Offset of the present block.
    at: usize,
    /// A bit for each byte of the present block: whether it is a digit.
    digits: u64,
    /// A bit for each byte of the block before and of this one, set where a run begins that waits to be
    /// told.
    waiting: u128,
    /// Whether zeros wait to be told.
    zeros: bool,
}

/// Blocks that are looked at together.
struct Row {
    /// Offset of the first of them.
    at: usize,
    /// How many there are.
    blocks: usize,
    /// A bit for each byte: whether it is a digit; of the block before them, too.
    digits: [u64; ROW + 1],
    /// The same of zeros.
    zeros: [u64; ROW],
    /// A bit for each block that may hold a mark and was not gone to.
    marked: u32,
}

/// The first byte of the block before at which a run begins that gets long enough in the present one.
const FIRST: usize = BLOCK - SHORTEST + 1;

impl<'t> Blocks<'t> {
    /// `from` is a multiple of 64 in absolute offsets; of what stands before it a block is seen.
    pub(crate) fn new(text: &'t [u8], from: usize, to: usize) -> Self {
        let before = from.checked_sub(BLOCK).and_then(|at| text.get(at..)?.first_chunk::<BLOCK>());
        let mut row = Row { at: from, blocks: 0, digits: [0; ROW + 1], zeros: [0; ROW], marked: 0 };
        if let (Some(before), [slot, ..]) = (before, &mut row.digits) {
            *slot = class::bits(before, Base64);
        }
        let level = class::level(to.saturating_sub(from));
        Self { text, to, level, row, at: from, digits: 0, waiting: 0, zeros: false }
    }

    /// Goes on to the next block with a mark.
    fn advance(&mut self) -> Option<()> {
        while self.waiting == 0 && !self.zeros {
            while self.row.marked == 0 {
                self.look()?;
            }
            let block = self.row.marked.trailing_zeros() as usize;
            self.row.marked &= self.row.marked.wrapping_sub(1);
            self.at = self.row.at.saturating_add(block.saturating_mul(BLOCK));
            let [before, digits, ..] = *self.row.digits.get(block..)? else { return None };
            self.digits = digits;
            let (across, inside) = long(before, digits);
            let long = u128::from(across) << FIRST | u128::from(inside) << BLOCK;
            self.waiting = long & !(long << 1);
            self.zeros = self.row.zeros.get(block)?.count_ones() >= FEWEST_ZEROS;
        }
        Some(())
    }

    /// Looks at the next row.
    fn look(&mut self) -> Option<()> {
        let row = &mut self.row;
        let last = *row.digits.get(row.blocks)?;
        if let Some(first) = row.digits.first_mut() {
            *first = last;
        }
        row.at = row.at.saturating_add(row.blocks.saturating_mul(BLOCK));
        row.blocks = self.to.saturating_sub(row.at).div_ceil(BLOCK).min(ROW);
        if row.blocks == 0 {
            return None;
        }
        let rest = self.text.get(row.at..)?;
        if rest.len() <= BLOCK {
            row.fill_one(rest);
        } else {
            dispatch!(self.level, simd => row.fill(simd, rest));
        }
        Some(())
    }
}

impl Row {
    /// The last block, which is all that there is of a command line.
    fn fill_one(&mut self, text: &[u8]) {
        let block = class::block(text);
        let ([before, digits, ..], [zeros, ..]) = (&mut self.digits, &mut self.zeros);
        *digits = class::bits(&block, Base64);
        *zeros = class::bits(&block, Zero);
        let (across, inside) = long(*before, *digits);
        self.marked = u32::from(across | inside | *zeros != 0);
    }

    #[inline(always)]
    fn fill<S: Simd>(&mut self, simd: S, text: &[u8]) {
        let Some(digits) = self.digits.get_mut(..=self.blocks) else { return };
        let Some(zeros) = self.zeros.get_mut(..self.blocks) else { return };
        if let Some(new) = digits.get_mut(1..) {
            class::rows(simd, text, Base64, new);
        }
        class::rows(simd, text, Zero, zeros);
        let mut found = [0; ROW];
        let Some(found) = found.get_mut(..self.blocks) else { return };
        for ((slot, [before, digits]), zeros) in
            found.iter_mut().zip(digits.array_windows()).zip(&*zeros)
        {
            let (across, inside) = long(*before, *digits);
            *slot = across | inside | *zeros;
        }
        self.marked = 0;
        for (at, found) in (0_u32..).zip(found) {
            self.marked |= u32::from(*found != 0).unbounded_shl(at);
        }
    }
}

/// The bits of bytes at which a run begins that is long enough: of those of the block before from
/// [`FIRST`] on, and of this one.
const fn long(before: u64, digits: u64) -> (u64, u64) {
    // Each word by itself, since shifts across two are slow.
    (runs(before >> FIRST | digits << (BLOCK - FIRST)), runs(digits))
}

impl Iterator for Blocks<'_> {
    type Item = Marks;

    fn next(&mut self) -> Option<Marks> {
        self.advance()?;
        if self.zeros {
            self.zeros = false;
            return Some(Marks::Zeros(self.at));
        }
        let place = self.waiting.trailing_zeros();
        self.waiting &= self.waiting.wrapping_sub(1);
        let (skipped, before) = (place.saturating_sub(64), 64_u32.saturating_sub(place));
        let here = self.digits.unbounded_shr(skipped).trailing_ones();
        let open = skipped.saturating_add(here) == 64;
        let length = (!open).then(|| before.saturating_add(here) as usize);
        // The bits begin a block earlier; before the first one there are none.
        let at = self.at.saturating_add(place as usize).saturating_sub(BLOCK);
        Some(Marks::Digits(at, length))
    }
}

/// The bits that have as many after them as a run needs.
const fn runs(digits: u64) -> u64 {
    let two = digits & (digits >> 1);
    let four = two & (two >> 2);
    let eight = four & (four >> 4);
    let sixteen = eight & (eight >> 8);
    sixteen & (sixteen >> (SHORTEST - 16))
}

/// What the letters of a run say about the layer that it may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Letters {
    /// Those of both cases: base64 of text always has them, which most names and paths have not.
    Mixed,
    /// All are digits of hex.
    Hex,
    /// It is no layer.
    Plain,
}

impl Letters {
    /// Those of a run of digits.
    pub(crate) fn of(run: &[u8]) -> Self {
        // No branch for each: which letters a hash or base64 has cannot be foretold.
        let kinds = run.iter().fold(0, |all, byte| all | kind(*byte));
        match kinds {
            _ if kinds & OTHER == 0 => Self::Hex,
            _ if kinds & CAPITAL != 0 && kinds & SMALL != 0 => Self::Mixed,
            _ => Self::Plain,
        }
    }
}

/// Bits of what a run holds: capitals, small letters, anything but digits of hex.
const CAPITAL: u8 = 1;
const SMALL: u8 = 2;
const OTHER: u8 = 4;

/// Whether a byte is a digit of base64, in [`KINDS`].
const KNOWN: u8 = 8;

fn kind(byte: u8) -> u8 {
    KINDS.get(usize::from(byte)).copied().unwrap_or(0)
}

static KINDS: [u8; 256] = table!(byte => {
    let known = if is_digit(byte) { KNOWN } else { 0 };
    let other = if byte.is_ascii_hexdigit() { 0 } else { OTHER };
    let capital = if byte.is_ascii_uppercase() { CAPITAL } else { 0 };
    let small = if byte.is_ascii_lowercase() { SMALL } else { 0 };
    known | other | capital | small
});

/// Whether a byte is a digit of base64 in either alphabet; those of hex are among them.
pub(crate) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'-' | b'_')
}

/// Length of the run of such digits at the start of `text`.
pub(crate) fn digits(text: &[u8]) -> usize {
    let mut length = 0_usize;
    loop {
        let rest = text.get(length..).unwrap_or_default();
        let found = class::bits(&class::block(rest), Base64).trailing_ones() as usize;
        length = length.saturating_add(found);
        if found < BLOCK {
            return length;
        }
    }
}

/// Length of the run of such digits at the end of `text`.
pub(crate) fn digits_back(text: &[u8]) -> usize {
    text.iter().rev().position(|byte| !is_known(*byte)).unwrap_or(text.len())
}

/// The same as [`is_digit`] by a table, which is quicker byte by byte.
fn is_known(byte: u8) -> bool {
    kind(byte) & KNOWN != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &[u8]) -> Vec<Marks> {
        Blocks::new(text, 0, text.len()).collect()
    }

    #[test]
    fn a_run_is_told_where_it_begins() {
        for at in 0..200 {
            for (length, after) in [(22, 90), (22, 0), (40, 90), (42, 0)] {
                let run = "aB".repeat(length / 2);
                let text = format!("{}{run}{}", ".".repeat(at), ",".repeat(after));
                let found = marks(text.as_bytes());
                let Some(Marks::Digits(start, seen)) = found.first() else { panic!("{text}") };
                assert_eq!(*start, at, "{text}");
                assert!(seen.is_none_or(|seen| seen == length), "{text}");
                let told = (at + SHORTEST - 1) / BLOCK * BLOCK;
                assert_eq!(seen.is_some(), at + length < told + BLOCK, "{text}");
            }
            let short = format!("{}{}{}", ".".repeat(at), "a".repeat(21), " ".repeat(90));
            assert_eq!(marks(short.as_bytes()), [], "{at}");
        }
    }

    #[test]
    fn a_run_that_goes_on_is_told_again() {
        let text = "aB".repeat(200);
        let found: Vec<_> = Blocks::new(text.as_bytes(), 128, 256).collect();
        assert_eq!(found, [Marks::Digits(128 - 21, None), Marks::Digits(192 - 21, None)]);
    }

    #[test]
    fn letters_tell_layers_from_names() {
        for (run, letters) in [
            ("9f86d081884c7d659a2feaa0", Letters::Hex),
            ("9F86D081884c7d659a2feaa0", Letters::Hex),
            ("R0lUSFVCX1RPS0VOPWFiYw", Letters::Mixed),
            ("is_x86_feature_detected", Letters::Plain),
            ("SOME_CONSTANT_OF_PROGRAMS", Letters::Plain),
        ] {
            assert_eq!(Letters::of(run.as_bytes()), letters, "{run}");
        }
    }

    #[test]
    fn zeros_are_seen() {
        let text = [b'a', 0].repeat(20);
        assert_eq!(marks(&text).first(), Some(&Marks::Zeros(0)));
        assert_eq!(marks(b"a\0b\0"), []);
    }
}
