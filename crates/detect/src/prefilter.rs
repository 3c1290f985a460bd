//! Finds the places where a keyword may stand: every four bytes are looked up in a bitmap.
//!
//! The bitmaps are statics and need no start. The fine one, of 128 KiB, lets little pass and is for
//! long texts; the coarse one, of 8 KiB, is for short ones, where touching a page costs more than
//! looking closer. Letters are folded by setting bit 5, which costs one
//! instruction and also folds some punctuation. The hash tells a word of the bitmap, the first of the
//! four bytes a bit in it: so little has to be done for each byte of a text. What passes a second
//! bitmap with another hash too is looked up exactly in a small table. Processors that look up 64 bytes
//! at once sieve long texts by groups of windows first ([`crate::planes`]).

use fearless_simd::{Avx512, Simd};

use crate::bytes::table;
use crate::class;
use crate::hashes::{BIT, WINDOW, hash, place, set, word};
use crate::planes::{self, Places, Planes};
use crate::rule::Keyword;
use crate::tables::{
    BUCKET_BITS, BUCKETS, COARSE, COARSE_BITS, COARSE_MULTIPLIER, FINE, FINE_BITS, KEYWORDS,
    MULTIPLIER, PLANES, SECOND, SECOND_BITS, SECOND_MULTIPLIER, WINDOWS,
};

/// Places looked at before one branch.
const STRIDE: usize = 8;

/// Texts of at most this many bytes use the coarse bitmap.
const SHORT: usize = 2048;

/// Bytes that are folded at once in long texts.
const PIECE: usize = 512;

type Fine = [u32; FINE.len()];
type Second = [u32; SECOND.len()];

/// The bitmaps for long texts.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Bitmaps<'b> {
    planes: &'b Planes,
    fine: &'b Fine,
    second: &'b Second,
}

impl Bitmaps<'static> {
    /// Those of the keywords.
    pub(crate) const OWN: Self = Self { planes: &PLANES, fine: &FINE, second: &SECOND };
}

/// The bitmaps of the keywords and of more.
#[derive(Debug)]
pub(crate) struct MoreBitmaps {
    planes: Box<Planes>,
    fine: Box<Fine>,
    second: Box<Second>,
}

impl MoreBitmaps {
    /// With these windows, which are folded.
    pub(crate) fn with(windows: impl Iterator<Item = u32>) -> Self {
        let mut bitmaps =
            Self { planes: Box::new(PLANES), fine: Box::new(FINE), second: Box::new(SECOND) };
        for window in windows {
            planes::admit(&mut bitmaps.planes, window);
            set(&mut *bitmaps.fine, place(window, FINE_BITS, MULTIPLIER));
            set(&mut *bitmaps.second, hash(window, SECOND_BITS, SECOND_MULTIPLIER));
        }
        bitmaps
    }

    pub(crate) fn all(&self) -> Bitmaps<'_> {
        Bitmaps { planes: &self.planes, fine: &self.fine, second: &self.second }
    }
}

/// Whether so few bytes are searched by the coarse bitmap, which is that of the keywords alone.
pub(crate) const fn is_short(from: usize, to: usize) -> bool {
    to.saturating_sub(from) <= SHORT
}

/// Calls `hit` with every place in `from..to` where the four bytes of a keyword may stand.
///
/// Windows that reach past the end of `text` cannot hold a keyword.
pub(crate) fn places(
    bitmaps: Bitmaps<'_>,
    text: &[u8],
    (from, to): (usize, usize),
    mut hit: impl FnMut(usize),
) {
    let end = to.saturating_add(WINDOW).saturating_sub(1).min(text.len());
    let Some(region) = text.get(from..end) else { return };
    if is_short(from, to) {
        let bitmaps = (&COARSE, &SECOND);
        search::<COARSE_BITS, COARSE_MULTIPLIER, _, _>(bitmaps, region, fold, |at| {
            hit(from.saturating_add(at))
        });
    } else {
        let mut hit = |at: usize| hit(from.saturating_add(at));
        let level = class::level(region.len());
        let sieved = level.as_avx512().map_or(0, |newest| {
            newest.vectorize(
                #[inline(always)]
                || sieve(newest, bitmaps, region, &mut hit),
            )
        });
        let region = region.get(sieved..).unwrap_or_default();
        let hit = |at: usize| hit(sieved.saturating_add(at));
        // Newer processors shift by any register, which is a sixth less to do for each byte. With the
        // newest of their instructions the compiler would gather words, which is slower.
        match level.as_avx2() {
            Some(newer) => newer.vectorize(
                #[inline(always)]
                || pieces(bitmaps, region, hit),
            ),
            None => pieces(bitmaps, region, hit),
        }
    }
}

/// Goes through a region as far as it has whole pieces; says how far.
#[inline(always)]
fn sieve(newest: Avx512, bitmaps: Bitmaps<'_>, region: &[u8], mut hit: impl FnMut(usize)) -> usize {
    let mut places: Places = [0; _];
    let mut start = 0_usize;
    while let Some(piece) = region.get(start..).and_then(<[u8]>::first_chunk) {
        let count = planes::passing(newest, bitmaps.planes, piece, &mut places);
        let count = only_known(bitmaps, piece, &mut places, count);
        for at in places.get(..count).unwrap_or_default() {
            hit(start.saturating_add(usize::from(*at)));
        }
        start = start.saturating_add(planes::PIECE);
    }
    start
}

/// Keeps those of the first `count` places that pass the bitmaps too, and returns how many these are.
#[inline(always)]
fn only_known(
    bitmaps: Bitmaps<'_>,
    piece: &[u8; planes::PIECE + WINDOW - 1],
    places: &mut Places,
    count: usize,
) -> usize {
    let mut kept = 0_usize;
    for number in 0..count {
        let Some(at) = places.get(number).copied() else { break };
        let window = piece.get(usize::from(at)..).unwrap_or_default();
        let passes = probe::<FINE_BITS, MULTIPLIER, _>(bitmaps.fine, window, fold) & 1;
        // Which ones pass cannot be foretold, so there is no branch for it.
        if let Some(slot) = places.get_mut(kept) {
            *slot = at;
        }
        kept = kept.saturating_add(passes as usize);
    }
    kept
}

/// Goes through a long region piece by piece: to fold a piece with vector instructions first costs
/// less than to fold each window.
#[inline(always)]
fn pieces(bitmaps: Bitmaps<'_>, region: &[u8], mut hit: impl FnMut(usize)) {
    let bitmaps = (bitmaps.fine, bitmaps.second);
    let mut folded = [0_u8; PIECE + WINDOW - 1];
    let mut start = 0_usize;
    while let Some(rest) = region.get(start..).filter(|rest| !rest.is_empty()) {
        folded.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = byte | 0x20);
        let piece = folded.get(..rest.len().min(folded.len())).unwrap_or_default();
        search::<FINE_BITS, MULTIPLIER, _, _>(
            bitmaps,
            piece,
            |window| window,
            |at| {
                hit(start.saturating_add(at));
            },
        );
        start = start.saturating_add(PIECE);
    }
}

/// Looks up every window of `region` in a bitmap of `BITS` bits by a hash with the multiplier `BY`, and calls
/// `hit` with the offsets of those that pass, and pass the second bitmap too.
#[inline(always)]
fn search<const BITS: u32, const BY: u32, const WORDS: usize, F: Fn(u32) -> u32 + Copy>(
    (bitmap, second): (&[u32; WORDS], &Second),
    region: &[u8],
    folded: F,
    mut hit: impl FnMut(usize),
) {
    let mut rest = region;
    while let Some(block) = rest.first_chunk::<{ STRIDE + WINDOW - 1 }>() {
        // All are looked up before a single branch.
        let bits = block
            .windows(WINDOW)
            .fold(0, |bits, window| bits | probe::<BITS, BY, _>(bitmap, window, folded));
        if bits & 1 == 1 {
            let at = region.len().saturating_sub(rest.len());
            each_passing::<BITS, BY, _>((bitmap, second), block, at, &mut hit);
        }
        rest = rest.get(STRIDE..).unwrap_or_default();
    }
    // What is missing at the end makes windows that reach past it, and are not looked at.
    let at = region.len().saturating_sub(rest.len());
    let windows = rest.len().saturating_sub(WINDOW.saturating_sub(1));
    if windows == 0 {
        return;
    }
    let mut block = [0; STRIDE + WINDOW - 1];
    block.iter_mut().zip(rest).for_each(|(slot, byte)| *slot = *byte);
    each_passing::<BITS, BY, _>((bitmap, second), &block, at, &mut |place: usize| {
        if place.saturating_sub(at) < windows {
            hit(place);
        }
    });
}

/// Kept apart, so that the loop above stays in the registers.
#[inline(never)]
fn each_passing<const BITS: u32, const BY: u32, const WORDS: usize>(
    (bitmap, second): (&[u32; WORDS], &Second),
    block: &[u8; STRIDE + WINDOW - 1],
    at: usize,
    hit: &mut impl FnMut(usize),
) {
    // Which one it was cannot be foretold, so there is no branch for each of them.
    let mut passing = block.windows(WINDOW).rev().fold(0, |bits: u64, window| {
        (bits << 1) | u64::from(probe::<BITS, BY, _>(bitmap, window, fold) & 1)
    });
    while passing != 0 {
        let index = passing.trailing_zeros() as usize;
        passing &= passing.wrapping_sub(1);
        if block.get(index..).is_some_and(|window| passes_again(second, window)) {
            hit(at.saturating_add(index));
        }
    }
}

/// Whether a window that passed has a place in the second bitmap too; few pass both by chance.
fn passes_again(second: &Second, window: &[u8]) -> bool {
    let place = hash(fold(read(window)), SECOND_BITS, SECOND_MULTIPLIER);
    has(second, place)
}

/// Whether a bit of a bitmap is set.
fn has(bitmap: &[u32], place: usize) -> bool {
    bitmap.get(place >> BIT).is_some_and(|word| word >> (place & 31) & 1 == 1)
}

/// Keywords whose window is the four bytes at `at`, with the place where the keyword begins.
pub(crate) fn keywords(
    text: &[u8],
    at: usize,
) -> impl Iterator<Item = (usize, &'static Keyword)> + '_ {
    let folded = text.get(at..).and_then(folded).unwrap_or_default();
    let bucket = hash(folded, BUCKET_BITS, MULTIPLIER);
    let start = BUCKETS.get(bucket).copied().map_or(0, usize::from);
    let end = BUCKETS.get(bucket.saturating_add(1)).copied().map_or(0, usize::from);
    WINDOWS.get(start..end).unwrap_or_default().iter().filter_map(move |known| {
        let beside = at.wrapping_add_signed(isize::from(known.away));
        let beside = text.get(beside).map_or(0, |byte| byte | 0x20);
        // One branch for both: which of them differs cannot be foretold.
        if (known.window ^ folded) | u32::from(known.beside ^ beside) != 0 {
            return None;
        }
        let keyword = KEYWORDS.get(usize::from(known.keyword))?;
        let start = at.checked_sub(usize::from(keyword.offset))?;
        stands(keyword, text.get(start..)?).then_some((start, keyword))
    })
}

fn stands(keyword: &Keyword, text: &[u8]) -> bool {
    let Some(head) = text.first_chunk::<HEAD>() else { return goes_on(keyword.text, text) };
    if (u64::from_le_bytes(*head) ^ keyword.head) & keyword.mask != 0 {
        return false;
    }
    // All are looked up before a single branch: which of them differs cannot be foretold.
    if keyword.classes != 0 {
        let classes = head.map(|byte| CLASSES.get(usize::from(byte)).copied().unwrap_or(0));
        if keyword.classes & !u64::from_le_bytes(classes) != 0 {
            return false;
        }
    }
    let told = HEAD.min(keyword.text.len());
    goes_on(keyword.text.get(told..).unwrap_or_default(), text.get(told..).unwrap_or_default())
}

/// Bytes of a keyword that are compared at once.
const HEAD: usize = 8;

/// Whether `text` begins as what is left of a keyword says.
fn goes_on(known: &[u8], text: &[u8]) -> bool {
    text.len() >= known.len()
        && known.iter().zip(text).all(|(known, byte)| {
            if *known > LAST_CLASS {
                byte.to_ascii_lowercase() == *known
            } else {
                is_of_class(*known, *byte)
            }
        })
}

/// The highest of the bytes that stand for a class in a keyword, from 1 on.
const LAST_CLASS: u8 = 6;

/// Whether a byte is zero, or of the class that stands for it in a keyword.
fn is_of_class(class: u8, byte: u8) -> bool {
    CLASSES.get(usize::from(byte)).is_some_and(|classes| classes >> (class & 7) & 1 == 1)
}

/// One bit of each byte for each class that it is in; the lowest for zero, which stands for itself.
static CLASSES: [u8; 256] = table!(byte => {
    let joint = matches!(byte, b' ' | b'"' | b'\'' | b':' | b'=' | b'_' | b'-');
    let third = matches!(byte, b'A' | b'E' | b'I' | b'M' | b'Q' | b'U' | b'Y' | b'c' | b'g' | b'k');
    let fourth = matches!(byte, b'w'..=b'z' | b'0'..=b'5');
    (if byte == 0 { 1 } else { 0 })
        | (if byte.is_ascii_digit() { 1 << 1 } else { 0 })
        | (if byte.is_ascii_hexdigit() { 1 << 2 } else { 0 })
        | (if byte.is_ascii_alphanumeric() { 1 << 3 } else { 0 })
        | (if joint { 1 << 4 } else { 0 })
        | (if third { 1 << 5 } else { 0 })
        | (if fourth { 1 << 6 } else { 0 })
});

/// The first window of a text, folded.
pub(crate) fn folded(text: &[u8]) -> Option<u32> {
    text.first_chunk().map(|bytes| fold(u32::from_le_bytes(*bytes)))
}

#[inline]
fn read(window: &[u8]) -> u32 {
    window.first_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes))
}

/// The bitmap's word for a window, with the window's bit moved to the lowest place.
#[inline]
fn probe<const BITS: u32, const BY: u32, const WORDS: usize>(
    bitmap: &[u32; WORDS],
    window: &[u8],
    folded: impl Fn(u32) -> u32,
) -> u32 {
    let window = folded(read(window));
    let word = bitmap.get(word(window, BITS, BY)).copied().unwrap_or(0);
    // A shift takes the lowest five bits alone: those of the first byte.
    word.wrapping_shr(window)
}

#[inline]
const fn fold(window: u32) -> u32 {
    window | 0x2020_2020
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::planes::PIECE as SIEVED;

    /// Places of `text` that are looked at, and those that must be.
    fn looked_at(text: &[u8]) -> (Vec<usize>, Vec<usize>) {
        let mut places = Vec::new();
        super::places(Bitmaps::OWN, text, (0, text.len()), |at| places.push(at));
        let known = |at: &usize| {
            let window = text.get(*at..).and_then(folded);
            WINDOWS.iter().any(|it| Some(it.window) == window)
        };
        let known = (0..text.len()).filter(known).collect();
        (places, known)
    }

    #[test]
    fn every_window_is_found_in_order_wherever_it_stands() {
        let mut text = Vec::new();
        for (number, window) in WINDOWS.iter().enumerate().step_by(7) {
            let bytes = window.window.to_le_bytes();
            text.extend(bytes.map(|byte| if number % 2 == 0 { byte } else { byte & !0x20 }));
            text.extend(std::iter::repeat_n(b'~', number % 5));
        }
        // Whatever is left behind whole pieces, and texts too short for one.
        for length in [10, SHORT, SIEVED * 3, SIEVED * 4 + 2, SIEVED * 4 + 3, SIEVED * 4 + 70] {
            let (places, known) = looked_at(&text[..length]);
            assert!(places.is_sorted() && known.len() > length / 20, "{length}");
            assert!(known.iter().all(|at| places.contains(at)), "{length}");
            assert!(places.len() < known.len() * 2, "{length}: {} places", places.len());
        }
    }

    #[test]
    fn a_keyword_stands_where_all_of_it_does_in_any_case() {
        for keyword in &KEYWORDS {
            let sample = |byte: &u8| match byte {
                1..=3 => b'7',
                4 => b'=',
                5 => b'A',
                6 => b'w',
                literal => *literal,
            };
            let text: Vec<u8> = keyword.text.iter().map(sample).collect();
            for tail in [&b""[..], b"and what follows"] {
                let whole = [&text, tail].concat();
                assert!(stands(keyword, &whole), "{keyword:?}");
                let literals = whole.iter().zip(keyword.text).map(|(byte, known)| {
                    if *known > LAST_CLASS { byte.to_ascii_uppercase() } else { *byte }
                });
                let upper: Vec<u8> = literals.chain(tail.iter().copied()).collect();
                assert!(stands(keyword, &upper), "{keyword:?}");
                for at in 0..text.len() {
                    let mut other = whole.clone();
                    other[at] ^= 0x80;
                    assert!(!stands(keyword, &other), "{keyword:?} {at}");
                    assert!(!stands(keyword, &whole[..at]), "{keyword:?} {at}");
                }
            }
        }
    }
}
