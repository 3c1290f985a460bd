//! Leaves: the parts of a compiled policy that are read only when a call wants them.
//!
//! A policy of a thousand rules takes 150 KB, of which one command wants four. So everything that
//! grows with the number of rules lies in leaves of at most a kilobyte (a larger item has a leaf of
//! its own), and the front names each leaf by its end and its digest. Where the whole policy is at
//! hand, embedded or just compiled, leaves are looked at in place. Where only the front was read
//! and authenticated, a leaf is fetched when it is asked for, compared with its digest, and kept.

use std::fmt;
use std::io;
use std::sync::OnceLock;

use datafog_core::Digest;

use crate::bytes::Damaged;

/// Most bytes of a leaf that holds more than one item.
pub(crate) const LEAF: usize = 1 << OFFSET_BITS;

/// An item's address holds its leaf above so many bits for its place there.
const OFFSET_BITS: u32 = 10;

/// The first half of a SHA-256: nobody can find other bytes to one that is given.
const DIGEST_BYTES: usize = 16;

/// A line of the directory: where the leaf ends (4 bytes), its digest.
const LINE: usize = 4 + DIGEST_BYTES;

/// Where the leaves of a compiled policy are, for one whose front alone was read.
pub trait ReadAt: fmt::Debug + Send + Sync {
    /// Fills `bytes` from `offset` bytes behind the end of the front.
    ///
    /// # Errors
    /// When so many bytes are not there or cannot be read.
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()>;

    /// Told when what was read is not what the front names. The policy denies from then on.
    fn is_damaged(&self);
}

/// The leaves of a policy, wherever they are.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Leaves<'a> {
    /// End to end, and as trustworthy as the front.
    Here(&'a [u8]),
    /// Elsewhere; each is checked when it is read.
    Fetched(&'a Fetched),
}

impl Default for Leaves<'_> {
    fn default() -> Self {
        Self::Here(&[])
    }
}

/// Leaves that are read one by one from a place that others may write to.
#[derive(Debug)]
pub(crate) struct Fetched {
    source: Box<dyn ReadAt>,
    read: Box<[OnceLock<Box<[u8]>>]>,
}

impl Fetched {
    pub(crate) fn new(source: Box<dyn ReadAt>, directory: Directory<'_>) -> Self {
        Self { source, read: (0..directory.len()).map(|_| OnceLock::new()).collect() }
    }

    fn get(&self, number: usize, line: Line<'_>) -> Result<&[u8], Damaged> {
        let place = self.read.get(number).ok_or(Damaged)?;
        if let Some(leaf) = place.get() {
            return Ok(leaf);
        }
        let length = line.end.checked_sub(line.start).ok_or(Damaged)?;
        let mut leaf = vec![0; length].into_boxed_slice();
        let offset = u64::try_from(line.start).map_err(|_| Damaged)?;
        let read = self.source.read_exact_at(&mut leaf, offset);
        if read.is_err() || digest(&leaf) != line.digest {
            self.source.is_damaged();
            return Err(Damaged);
        }
        Ok(place.get_or_init(|| leaf))
    }
}

/// Ends and digests of all leaves, in order.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Directory<'a>(pub(crate) &'a [u8]);

/// What the directory says of one leaf; offsets in bytes behind the front.
#[derive(Clone, Copy, Debug)]
struct Line<'a> {
    start: usize,
    end: usize,
    digest: &'a [u8],
}

impl<'a> Directory<'a> {
    pub(crate) const fn len(self) -> usize {
        self.0.len() / LINE
    }

    /// Whether it is one, and its leaves take that many bytes together.
    pub(crate) fn covers(self, bytes: usize) -> bool {
        let last = self.lines().last().map_or(Some(0), end_of);
        self.0.len().is_multiple_of(LINE) && last == Some(bytes)
    }

    /// The bytes of a leaf.
    pub(crate) fn leaf(self, leaves: Leaves<'a>, number: usize) -> Result<&'a [u8], Damaged> {
        let line = self.line(number).ok_or(Damaged)?;
        match leaves {
            Leaves::Here(bytes) => bytes.get(line.start..line.end).ok_or(Damaged),
            Leaves::Fetched(fetched) => fetched.get(number, line),
        }
    }

    /// From the item at this address to the end of its leaf.
    pub(crate) fn item(self, leaves: Leaves<'a>, address: u32) -> Result<&'a [u8], Damaged> {
        let number = usize::try_from(address >> OFFSET_BITS).map_err(|_| Damaged)?;
        let offset = usize::try_from(address).map_err(|_| Damaged)? & (LEAF - 1);
        self.leaf(leaves, number)?.get(offset..).ok_or(Damaged)
    }

    fn lines(self) -> impl Iterator<Item = &'a [u8; LINE]> {
        self.0.as_chunks().0.iter()
    }

    fn line(self, number: usize) -> Option<Line<'a>> {
        let lines = self.0.as_chunks::<LINE>().0;
        let start = match number.checked_sub(1) {
            Some(before) => end_of(lines.get(before)?)?,
            None => 0,
        };
        let line = lines.get(number)?;
        Some(Line { start, end: end_of(line)?, digest: line.get(4..)? })
    }
}

fn end_of(line: &[u8; LINE]) -> Option<usize> {
    let end = line.first_chunk().copied().map(u32::from_le_bytes)?;
    usize::try_from(end).ok()
}

fn digest(leaf: &[u8]) -> [u8; DIGEST_BYTES] {
    let whole = Digest::of(leaf);
    whole.as_bytes().first_chunk().copied().unwrap_or_default()
}

/// Lays leaves out.
#[derive(Debug, Default)]
pub(crate) struct Writer {
    bytes: Vec<u8>,
    /// Where each leaf begins.
    starts: Vec<usize>,
}

impl Writer {
    /// Number of leaves so far; the number of the next one.
    pub(crate) fn len(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// Begins a leaf: what follows is looked for by leaf numbers.
    pub(crate) fn begin(&mut self) {
        self.starts.push(self.bytes.len());
    }

    /// Appends an item and tells its address. What does not fit begins a leaf.
    pub(crate) fn push(&mut self, item: &[u8]) -> u32 {
        let within = |start: &usize| self.bytes.len().saturating_sub(*start);
        let used = self.starts.last().map(within);
        let fits = used.filter(|used| *used == 0 || used.saturating_add(item.len()) <= LEAF);
        if fits.is_none() {
            self.begin();
        }
        self.bytes.extend_from_slice(item);
        let offset = u32::try_from(fits.unwrap_or(0)).unwrap_or(u32::MAX);
        // Numbers too large for an address give one that no leaf has: damaged, and so denied.
        let leaf = self.len().saturating_sub(1);
        leaf.checked_mul(1 << OFFSET_BITS).map_or(u32::MAX, |leaf| leaf | offset)
    }

    /// The directory, and the leaves end to end.
    pub(crate) fn finish(self) -> (Vec<u8>, Vec<u8>) {
        let ends = self.starts.iter().copied().skip(1).chain([self.bytes.len()]);
        let line = |(start, end): (&usize, usize)| {
            let leaf = self.bytes.get(*start..end).unwrap_or_default();
            let end = u32::try_from(end).unwrap_or(u32::MAX).to_le_bytes();
            [end.as_slice(), &digest(leaf)].concat()
        };
        (self.starts.iter().zip(ends).flat_map(line).collect(), self.bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    #[derive(Debug)]
    struct Counted {
        bytes: Vec<u8>,
        reads: Arc<AtomicUsize>,
        damage: Arc<AtomicUsize>,
    }

    impl ReadAt for Counted {
        fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
            self.reads.fetch_add(1, Ordering::Relaxed);
            let start = usize::try_from(offset).unwrap();
            let there = self.bytes.get(start..).and_then(|rest| rest.get(..bytes.len()));
            bytes.copy_from_slice(there.ok_or(io::ErrorKind::UnexpectedEof)?);
            Ok(())
        }

        fn is_damaged(&self) {
            self.damage.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn written(items: &[Vec<u8>]) -> (Vec<u32>, Vec<u8>, Vec<u8>) {
        let mut writer = Writer::default();
        let addresses = items.iter().map(|item| writer.push(item)).collect();
        let (directory, leaves) = writer.finish();
        (addresses, directory, leaves)
    }

    fn items() -> Vec<Vec<u8>> {
        [0, 1, 500, 1023, 1024, 1025, 9000, 3, 700].map(|length| vec![7; length]).to_vec()
    }

    #[test]
    fn every_item_is_found_at_its_address_in_both_ways() {
        let items = items();
        let (addresses, directory, bytes) = written(&items);
        let directory = Directory(&directory);
        assert!(directory.covers(bytes.len()) && !directory.covers(bytes.len() + 1));
        let (reads, damage) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
        let source = Counted { bytes: bytes.clone(), reads: reads.clone(), damage };
        let fetched = Fetched::new(Box::new(source), directory);
        for _ in 0..2 {
            for (item, address) in items.iter().zip(&addresses) {
                for leaves in [Leaves::Here(&bytes), Leaves::Fetched(&fetched)] {
                    let found = directory.item(leaves, *address).unwrap();
                    assert!(found.starts_with(item), "{address:#x}");
                }
            }
        }
        assert_eq!(reads.load(Ordering::Relaxed), directory.len(), "each leaf is read once");
    }

    #[test]
    fn a_leaf_that_is_not_what_the_front_names_is_damage_and_is_told() {
        let items = items();
        let (addresses, directory, bytes) = written(&items);
        let directory = Directory(&directory);
        let mut changed = bytes.clone();
        changed[2] ^= 1;
        for bad in [changed, Vec::new()] {
            let (reads, damage) = (Arc::<AtomicUsize>::default(), Arc::<AtomicUsize>::default());
            let source = Counted { bytes: bad, reads, damage: damage.clone() };
            let fetched = Fetched::new(Box::new(source), directory);
            let found = directory.item(Leaves::Fetched(&fetched), addresses[2]);
            assert_eq!(found, Err(Damaged));
            assert_eq!(damage.load(Ordering::Relaxed), 1);
        }
        assert_eq!(directory.item(Leaves::Here(&bytes), u32::MAX), Err(Damaged));
        assert_eq!(Directory(&[1, 2]).leaf(Leaves::Here(&bytes), 0), Err(Damaged));
    }
}
