//! Hashes by which the build script files things and the engine finds them. Both compile this file,
//! so that they cannot disagree.

/// How many bits the number of a bit in a word of a bitmap has.
pub(crate) const BIT: u32 = 5;

/// Bytes of a window.
pub(crate) const WINDOW: usize = 4;

/// Classes of bytes that groups of windows tell apart, and how many planes of eight groups there are.
pub(crate) const CLASSES: usize = 64;
pub(crate) const PLANES: usize = 8;

/// The class of a folded byte: all of it but the bit that is folded, and the highest.
pub(crate) const fn class(byte: u8) -> u8 {
    byte >> 1 & 0x20 | byte & 0x1f
}

/// The first `bits` bits of a multiplicative hash of a folded window (Knuth, volume 3, section 6.4).
#[inline]
pub(crate) const fn hash(window: u32, bits: u32, multiplier: u32) -> usize {
    window.wrapping_mul(multiplier).unbounded_shr(u32::BITS.saturating_sub(bits)) as usize
}

/// The word of a window in a first bitmap of `1 << bits` places. Which bit of it is the window's, its
/// first byte says, whose lowest five bits a shift takes by itself.
#[inline]
pub(crate) const fn word(window: u32, bits: u32, multiplier: u32) -> usize {
    hash(window, bits.saturating_sub(BIT), multiplier)
}

/// The place of a window in such a bitmap.
pub(crate) const fn place(window: u32, bits: u32, multiplier: u32) -> usize {
    word(window, bits, multiplier) << BIT | (window & 31) as usize
}

/// Sets a bit of a bitmap.
pub(crate) fn set(bitmap: &mut [u32], place: usize) {
    if let Some(word) = bitmap.get_mut(place >> BIT) {
        *word |= 1 << (place & 31);
    }
}

/// FNV-1a of 64 bits (draft-eastlake-fnv): names published examples without holding them.
pub(crate) fn fnv(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fnv_is_the_published_one() {
        // Test vectors of the FNV draft for the empty string and "a".
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"a"), 0xaf63_dc4c_8601_ec8c);
    }
}
