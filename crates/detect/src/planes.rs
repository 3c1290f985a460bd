//! The first sieve for long texts, on processors that look up 64 bytes at once.
//!
//! The build script sorts the windows of the keywords into groups, eight to a plane
//! (`build/planes.rs`). A place passes a group when each of its four bytes is of a class that some
//! window of the group has there. So nearly nine places in ten are passed over without a look at
//! memory; the rest is looked up in the bitmaps.

use fearless_simd::prelude::*;
use fearless_simd::{Avx512, u8x64};

use crate::hashes::{CLASSES, PLANES, WINDOW, class};

/// Bytes that are sieved before what passes is looked at: so few loops end where nobody foretells it.
pub(crate) const PIECE: usize = 1024;

/// Bytes of a block.
const BLOCK: usize = 64;

/// Of eight groups, which have a window with a byte of each class at each of its places.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Plane(pub(crate) [[u8; CLASSES]; WINDOW]);

pub(crate) type Planes = [Plane; PLANES];

/// Room for all places of a piece, and for a block behind them.
pub(crate) type Places = [u16; PIECE + BLOCK];

/// Lets a folded window pass, in the group that has most of it.
pub(crate) fn admit(planes: &mut Planes, window: u32) {
    let classes = window.to_le_bytes().map(|byte| usize::from(class(byte)));
    let known = |plane: &Plane, group: u32| {
        let tables = plane.0.iter().zip(classes);
        tables.filter(|(table, it)| table.get(*it).is_some_and(|set| set >> group & 1 == 1)).count()
    };
    let groups = (0..PLANES).flat_map(|plane| (0..8).map(move |group| (plane, group)));
    let best = groups
        .max_by_key(|(plane, group)| planes.get(*plane).map_or(0, |plane| known(plane, *group)));
    let Some((plane, group)) = best else { return };
    for (table, class) in planes.get_mut(plane).iter_mut().flat_map(|it| &mut it.0).zip(classes) {
        if let Some(set) = table.get_mut(class) {
            *set |= 1 << group;
        }
    }
}

/// The places in a piece that pass, in order: how many there are, the first of `places`.
#[expect(clippy::arithmetic_side_effects, reason = "lanes wrap, and places are below 1024")]
#[inline(always)]
pub(crate) fn passing(
    simd: Avx512,
    planes: &Planes,
    text: &[u8; PIECE + WINDOW - 1],
    places: &mut Places,
) -> usize {
    let mut ascending = [0; BLOCK];
    (0..).zip(&mut ascending).for_each(|(number, slot)| *slot = number);
    let ascending = u8x64::from_slice(simd, &ascending);
    let mut count = 0_usize;
    let mut at = 0_u16;
    // No closures: they would be compiled for any processor.
    while let Some(block) =
        text.get(usize::from(at)..).and_then(<[u8]>::first_chunk::<{ BLOCK + WINDOW - 1 }>)
    {
        let mask = groups(simd, planes, block).simd_gt(0);
        let (low, high) = ascending.compress(mask).widen();
        if let Some(slots) = places.get_mut(count..).and_then(<[u16]>::first_chunk_mut::<BLOCK>) {
            let (first, second) = slots.split_at_mut(BLOCK / 2);
            (low + at).store_slice(first);
            (high + at).store_slice(second);
        }
        count = count.saturating_add(mask.to_bitmask().count_ones() as usize);
        at = at.saturating_add(BLOCK as u16);
    }
    count
}

/// Of each byte of a block, groups of any plane that it passes.
#[inline(always)]
fn groups(simd: Avx512, planes: &Planes, block: &[u8; BLOCK + WINDOW - 1]) -> u8x64<Avx512> {
    let [a, b, c, d] = [0, 1, 2, 3].map(
        #[inline(always)]
        |away| classes(simd, block.get(away..).unwrap_or_default()),
    );
    let mut any = u8x64::splat(simd, 0);
    for Plane([first, second, third, fourth]) in planes {
        any |= u8x64::from_slice(simd, first).swizzle_dyn(a)
            & u8x64::from_slice(simd, second).swizzle_dyn(b)
            & u8x64::from_slice(simd, third).swizzle_dyn(c)
            & u8x64::from_slice(simd, fourth).swizzle_dyn(d);
    }
    any
}

/// The class of each of the first 64 bytes, as [`class`] says.
#[expect(clippy::arithmetic_side_effects, reason = "a shift by a constant")]
#[inline(always)]
fn classes(simd: Avx512, text: &[u8]) -> u8x64<Avx512> {
    let Some(bytes) = text.first_chunk::<BLOCK>() else { return u8x64::splat(simd, 0) };
    let bytes = u8x64::from_slice(simd, bytes);
    ((bytes >> 1) & 0x20) | (bytes & 0x1f)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tables::{PLANES, WINDOWS};

    /// Whether the four bytes of a folded window pass a group, told one by one.
    fn passes(planes: &Planes, window: u32) -> bool {
        planes.iter().any(|plane| {
            let tables = plane.0.iter().zip(window.to_le_bytes());
            tables.fold(u8::MAX, |groups, (table, byte)| {
                groups & table.get(usize::from(class(byte))).copied().unwrap_or(0)
            }) != 0
        })
    }

    #[test]
    fn every_window_passes_and_what_is_admitted_too() {
        assert!(WINDOWS.iter().all(|known| passes(&PLANES, known.window)));
        let (mut planes, mut refused) = (PLANES, 0);
        for number in 0..2000_u32 {
            let window = number.wrapping_mul(0x9E37_79B1) | 0x2020_2020;
            refused += u32::from(!passes(&planes, window));
            admit(&mut planes, window);
            assert!(passes(&planes, window), "{window:x}");
        }
        assert!(refused > 100, "{refused}");
    }
}
