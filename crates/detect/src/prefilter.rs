//! Finds the places where a keyword may stand: a hash of every four bytes, looked up in a bitmap.
//!
//! The bitmap is a static of 8 KiB, stays in the first-level cache, and needs no start. Letters
//! are folded by setting bit 5, which costs one instruction and also folds some punctuation; what
//! passes is looked up exactly in a small table behind it.

use crate::rule::Keyword;
use crate::tables::{BITMAP, BUCKETS, KEYWORDS, MULTIPLIER, WINDOWS};

/// Bytes of a window.
pub(crate) const WINDOW: usize = 4;

/// Places looked at before one branch.
const STRIDE: usize = 8;

/// Calls `hit` with every place in `from..to` where the four bytes of a keyword may stand.
///
/// Windows that reach past the end of `text` cannot hold a keyword.
pub(crate) fn places(text: &[u8], from: usize, to: usize, mut hit: impl FnMut(usize)) {
    let end = to.saturating_add(WINDOW).saturating_sub(1).min(text.len());
    let Some(region) = text.get(from..end) else { return };
    let mut at = from;
    let mut rest = region;
    while let Some(block) = rest.first_chunk::<{ STRIDE + WINDOW - 1 }>() {
        let mut passed = passing(block);
        while passed != 0 {
            hit(at.saturating_add(passed.trailing_zeros() as usize));
            passed &= passed.wrapping_sub(1);
        }
        at = at.saturating_add(STRIDE);
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    for (index, window) in rest.windows(WINDOW).enumerate() {
        let window = window.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        if passes(window) {
            hit(at.saturating_add(index));
        }
    }
}

/// Keywords whose window is the four bytes at `at`, with the place where the keyword begins.
pub(crate) fn keywords(
    text: &[u8],
    at: usize,
) -> impl Iterator<Item = (usize, &'static Keyword)> + '_ {
    let window = text.get(at..).and_then(<[u8]>::first_chunk);
    let folded = window.map_or(0, |bytes| fold(u32::from_le_bytes(*bytes)));
    let bucket = (hash(folded) >> 6) as usize;
    let start = BUCKETS.get(bucket).copied().map_or(0, usize::from);
    let end = BUCKETS.get(bucket.saturating_add(1)).copied().map_or(0, usize::from);
    WINDOWS.get(start..end).unwrap_or_default().iter().filter_map(move |(window, number)| {
        let keyword = KEYWORDS.get(usize::from(*number)).filter(|_| *window == folded)?;
        let start = at.checked_sub(usize::from(keyword.offset))?;
        stands(keyword, text.get(start..)?).then_some((start, keyword))
    })
}

fn stands(keyword: &Keyword, text: &[u8]) -> bool {
    text.len() >= keyword.text.len()
        && keyword
            .text
            .iter()
            .zip(text)
            .all(|(known, byte)| *known == 0 || byte.to_ascii_lowercase() == *known)
}

#[inline]
fn passing(block: &[u8; STRIDE + WINDOW - 1]) -> u32 {
    let mut mask = 0_u32;
    for (index, window) in block.windows(WINDOW).enumerate() {
        let window = window.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes));
        mask |= u32::from(passes(window)) << index;
    }
    mask
}

#[inline]
fn passes(window: u32) -> bool {
    let place = hash(fold(window)) as usize;
    BITMAP.get(place >> 6).is_some_and(|word| (word >> (place & 63)) & 1 == 1)
}

#[inline]
const fn fold(window: u32) -> u32 {
    window | 0x2020_2020
}

#[inline]
const fn hash(folded: u32) -> u32 {
    folded.wrapping_mul(MULTIPLIER) >> 16
}
