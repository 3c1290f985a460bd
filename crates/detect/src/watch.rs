//! Words of others that a scan notices on its way.
//!
//! Whoever looks for words of their own in a text that is scanned anyway would go through it once
//! more. A [`Watch`] lets the prefilter do it: its bitmaps get the first bytes of these words too,
//! and what passes is looked at once more. It tells where a word may stand, no more: in parts of a
//! text that the prefilter does not go through, any may.

use std::ops::Range;
use std::sync::OnceLock;

use crate::hashes::hash;
use crate::prefilter::{self, Bitmaps, MoreBitmaps};

/// Places nearer to each other than this many bytes are told as one.
const NEAR: usize = 1024;

/// Words to look out for. Made once, as a static.
#[derive(Debug)]
pub struct Watch {
    words: fn() -> Vec<&'static str>,
    /// Made when a text first is long enough to need them.
    made: OnceLock<Made>,
}

#[derive(Debug)]
struct Made {
    bitmaps: MoreBitmaps,
    /// A bit for each bucket that is not empty: so few bytes stay in the nearest cache.
    filled: [u64; BUCKETS / 64],
    /// Where in `words` those of each bucket begin, and at its end where the last one ends. Most are
    /// empty: nearly all that passes is a keyword's.
    buckets: Vec<u32>,
    /// Every word behind its folded first bytes, in order of the buckets of these.
    words: Vec<(u32, &'static [u8])>,
}

impl Watch {
    /// Looks out for what `words` tells, to be found as it is written. Each has at least four bytes.
    #[must_use]
    pub const fn new(words: fn() -> Vec<&'static str>) -> Self {
        Self { words, made: OnceLock::new() }
    }

    fn made(&self) -> &Made {
        self.made.get_or_init(|| {
            let words = (self.words)().into_iter().map(str::as_bytes);
            let words = words.filter_map(|word| Some((prefilter::folded(word)?, word)));
            let mut words: Vec<_> = words.collect();
            words.sort_unstable_by_key(|(window, _)| bucket(*window));
            let begin = |number| {
                let begin = words.partition_point(|(window, _)| bucket(*window) < number);
                u32::try_from(begin).unwrap_or(u32::MAX)
            };
            let buckets = (0..=BUCKETS).map(begin).collect();
            let mut filled = [0_u64; BUCKETS / 64];
            for (window, _) in &words {
                let number = bucket(*window);
                if let Some(bits) = filled.get_mut(number >> 6) {
                    *bits |= 1 << (number & 63);
                }
            }
            let bitmaps = MoreBitmaps::with(words.iter().map(|(window, _)| *window));
            Made { bitmaps, filled, buckets, words }
        })
    }
}

impl Made {
    /// The longest word that begins at `at`: how many bytes it has.
    fn word(&self, text: &[u8], at: usize) -> Option<usize> {
        let rest = text.get(at..)?;
        let window = prefilter::folded(rest)?;
        let number = bucket(window);
        if self.filled.get(number >> 6)? >> (number & 63) & 1 == 0 {
            return None;
        }
        let [first, end, ..] = self.buckets.get(number..)? else { return None };
        let alike = self.words.get(*first as usize..*end as usize)?;
        // Most words that begin alike end elsewhere, which one byte tells.
        let ends = |word: &[u8]| rest.get(word.len().saturating_sub(1)) == word.last();
        let alike = alike.iter().filter(|(known, word)| *known == window && ends(word));
        alike.filter(|(_, word)| rest.starts_with(word)).map(|(_, word)| word.len()).max()
    }
}

/// Bits of the number of a bucket, and how many there are.
const BUCKET_BITS: u32 = 12;
const BUCKETS: usize = 1 << BUCKET_BITS;

/// The bucket of a window: the top of a multiplicative hash.
const fn bucket(window: u32) -> usize {
    hash(window, BUCKET_BITS, 0x9E37_79B1)
}

/// What a scan has noticed so far.
#[derive(Debug)]
pub(crate) struct Watching {
    watch: &'static Watch,
    /// In order, disjoint, as offsets from the start of the whole text.
    regions: Vec<Range<usize>>,
}

impl Watching {
    pub(crate) const fn new(watch: &'static Watch) -> Self {
        Self { watch, regions: Vec::new() }
    }

    /// Says where words may stand, and forgets it.
    pub(crate) fn take(&mut self) -> Vec<Range<usize>> {
        std::mem::take(&mut self.regions)
    }

    /// Words may begin anywhere in these bytes, which nobody went through.
    pub(crate) fn unsearched(&mut self, start: usize, end: usize) {
        match self.regions.last_mut() {
            Some(last) if start <= last.end.saturating_add(NEAR) => last.end = last.end.max(end),
            Some(_) | None => self.regions.push(start..end),
        }
    }

    /// Goes through `from..to` of `text`, whose first byte has offset `base`, as
    /// [`prefilter::places`] does.
    pub(crate) fn places(
        &mut self,
        text: &[u8],
        base: usize,
        (from, to): (usize, usize),
        mut hit: impl FnMut(usize),
    ) {
        if prefilter::is_short(from, to) {
            self.unsearched(base.saturating_add(from), base.saturating_add(to));
            return prefilter::places(Bitmaps::OWN, text, (from, to), hit);
        }
        let made = self.watch.made();
        prefilter::places(made.bitmaps.all(), text, (from, to), |at| {
            if let Some(length) = made.word(text, at) {
                let start = base.saturating_add(at);
                self.unsearched(start, start.saturating_add(length));
            }
            hit(at);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    static WATCH: Watch = Watch::new(|| vec!["vault ", "vaulted ", "KEY="]);

    fn noticed(text: &str) -> Vec<Range<usize>> {
        let mut watching = Watching::new(&WATCH);
        let (mut with, mut without) = (Vec::new(), Vec::new());
        watching.places(text.as_bytes(), 0, (0, text.len()), |at| with.push(at));
        prefilter::places(Bitmaps::OWN, text.as_bytes(), (0, text.len()), |at| without.push(at));
        assert!(without.iter().all(|at| with.contains(at)), "a keyword was passed over");
        watching.take()
    }

    #[test]
    fn words_are_noticed_in_long_texts() {
        let gap = ".".repeat(2000);
        let text = format!("{gap}vault x{gap}Vault x{gap}vaulted x{gap}API_KEY={gap}key={gap}");
        assert_eq!(noticed(&text), [2000..2006, 6014..6022, 8027..8031]);
    }

    #[test]
    fn what_lies_near_is_told_as_one() {
        let gap = ".".repeat(500);
        let text = format!("{gap}vault x{gap}vault x{gap}{gap}{gap}{gap}vault x");
        assert_eq!(noticed(&text), [500..1013, 3014..3020]);
    }

    #[test]
    fn short_texts_are_not_searched() {
        let all = 0..7;
        assert_eq!(noticed("nothing"), [all]);
    }
}
