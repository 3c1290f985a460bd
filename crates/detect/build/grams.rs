//! How often four bytes in a row are met in ordinary text.
//!
//! `grams.txt` holds the 12,000 commonest ones, folded as the prefilter folds, with how often each
//! is met in a million bytes of source code and documentation. The prefilter is fastest when the
//! windows of its keywords are rare, and when none of the common ones shares a hash with them.

use std::collections::BTreeMap;

use crate::hashes::place;

/// The commonest windows; what is not among them is rarer than all of them.
pub(crate) struct Grams(BTreeMap<u32, u32>);

/// How many multipliers are tried.
const TRIES: usize = 1500;

impl Grams {
    /// Reads the list.
    pub(crate) fn read() -> Result<Self, String> {
        let mut grams = BTreeMap::new();
        for line in include_str!("grams.txt").lines() {
            let parsed = line.split_once(' ').and_then(|(gram, count)| {
                let window = u32::from_str_radix(gram, 16).ok()?.swap_bytes();
                Some((window, count.parse().ok()?))
            });
            let (window, count) = parsed.ok_or_else(|| format!("grams.txt: `{line}`"))?;
            grams.insert(window, count);
        }
        Ok(Self(grams))
    }

    /// How often a window is met in a million bytes; nothing when it is rare.
    pub(crate) fn count(&self, window: u32) -> Option<u32> {
        self.0.get(&window).copied()
    }

    /// All of them, with their counts.
    pub(crate) fn all(&self) -> impl Iterator<Item = (u32, u32)> {
        self.0.iter().map(|(window, count)| (*window, *count))
    }

    /// The odd multiplier among many under which the fewest bytes of ordinary text share one of the
    /// `1 << bits` places of a first bitmap with one of `windows`.
    pub(crate) fn multiplier(&self, windows: &[u32], bits: u32) -> u32 {
        let mut state = 0x9E37_79B1_u32;
        let mut best = (u64::MAX, state);
        for _ in 0..TRIES {
            best = best.min((self.shared(windows, bits, state), state));
            state = state.wrapping_mul(747_796_405).wrapping_add(2_891_336_453) | 1;
        }
        best.1
    }

    fn shared(&self, windows: &[u32], bits: u32, multiplier: u32) -> u64 {
        let place = |window: u32| place(window, bits, multiplier);
        let mut taken = vec![false; 1_usize.checked_shl(bits).unwrap_or_default()];
        for window in windows {
            if let Some(slot) = taken.get_mut(place(*window)) {
                *slot = true;
            }
        }
        let met = self.0.iter().filter(|(window, _)| taken.get(place(**window)) == Some(&true));
        met.map(|(_, count)| u64::from(*count)).sum()
    }
}
