//! Bytes of a layer, each with the place in the outer text that it came from.

use super::dense::{SEEN, Spelling};

/// Decoded bytes and where each of them stands in the outer text.
#[derive(Debug)]
pub(crate) struct Decoded {
    bytes: Vec<u8>,
    /// Where they come from, in order; few, since most bytes stand for as many as the one before.
    pieces: Vec<Piece>,
}

/// Decoded bytes beside each other that come from outer bytes beside each other; to the next piece.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The first of them.
    first: u32,
    /// The outer byte at which that begins.
    start: u32,
    /// How many outer bytes each of them stands for; [`GROUPS`] says that they are groups of base64.
    width: u32,
}

/// The width of bytes of which three stand for four outer bytes: each has to do with two of them.
const GROUPS: u32 = u32::MAX;

/// How many groups are decoded before their bytes are appended.
const GROUPS_AT_ONCE: usize = 16;

impl Piece {
    /// The outer bytes of the decoded byte at `at`, which is one of these.
    fn outer(self, at: u32) -> (usize, usize) {
        let distance = at.saturating_sub(self.first);
        let (before, width) = match self.width {
            GROUPS => ((distance / 3).saturating_mul(4).saturating_add(distance % 3), 2),
            width => (distance.saturating_mul(width), width),
        };
        let start = self.start.saturating_add(before);
        (start as usize, start.saturating_add(width) as usize)
    }
}

impl Decoded {
    /// Nothing decoded, nothing allocated.
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), pieces: Vec::new() }
    }

    /// Forgets what was decoded and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.pieces.clear();
    }

    /// Appends a byte that stands for the outer bytes `start..end`.
    #[inline]
    pub(crate) fn push(&mut self, byte: u8, start: usize, end: usize) {
        self.come_from(start, end.saturating_sub(start));
        self.bytes.push(byte);
    }

    /// Appends `length` bytes from `start` of `text` on, which stand for themselves.
    #[inline]
    pub(crate) fn copy<const PLACES: bool>(&mut self, text: &[u8], start: usize, length: usize) {
        if length == 0 {
            return;
        }
        if PLACES {
            self.come_from(start, 1);
        }
        let rest = text.get(start..).unwrap_or_default();
        match rest.first_chunk::<SEEN>().filter(|_| length <= SEEN) {
            // To append more and to drop it again costs less than to ask how many they are.
            Some(seen) => {
                let end = self.bytes.len().saturating_add(length);
                self.bytes.extend_from_slice(seen);
                self.bytes.truncate(end);
            }
            None => {
                self.bytes.extend_from_slice(rest.get(..length.min(rest.len())).unwrap_or_default())
            }
        }
    }

    /// Appends what `width` bytes from `start` on stand for, if anything; returns where they end.
    #[inline]
    pub(super) fn escape<const PLACES: bool>(
        &mut self,
        byte: Option<u8>,
        start: usize,
        width: usize,
    ) -> usize {
        if PLACES && byte.is_some() {
            self.come_from(start, width);
        }
        self.bytes.extend(byte);
        start.saturating_add(width)
    }

    /// Appends what the bytes at `at` of `text` stand for.
    #[inline]
    pub(super) fn spelled<const PLACES: bool>(&mut self, text: &[u8], at: usize, found: Spelling) {
        let Some(seen) = text.get(at..).and_then(<[u8]>::first_chunk) else { return };
        if PLACES && found.room > 0 {
            self.come_from(at, if found.is_escape() { found.width } else { 1 });
        }
        let seen = u64::from_le_bytes(*seen) & !0xFF | u64::from(found.byte);
        let end = self.bytes.len().saturating_add(found.room);
        self.bytes.extend_from_slice(&seen.to_le_bytes());
        self.bytes.truncate(end);
    }

    /// Appends what groups of four digits stand for, from outer offset `start` on, as long as `decode`
    /// makes three bytes of them; returns how many groups these were.
    pub(crate) fn groups<const DIGITS: usize>(
        &mut self,
        digits: &[[u8; DIGITS]],
        start: usize,
        decode: impl Fn([u8; DIGITS]) -> Option<[u8; 3]>,
    ) -> usize {
        let before = self.bytes.len();
        self.pieces.push(Piece { first: offset(before), start: offset(start), width: GROUPS });
        for some in digits.chunks(GROUPS_AT_ONCE) {
            let mut decoded = [[0; 3]; GROUPS_AT_ONCE];
            let mut known = 0_usize;
            for (digits, slot) in some.iter().zip(&mut decoded) {
                let Some(bytes) = decode(*digits) else { break };
                *slot = bytes;
                known = known.wrapping_add(1);
            }
            let decoded = decoded.get(..known).unwrap_or_default();
            self.bytes.extend_from_slice(decoded.as_flattened());
            if known < some.len() {
                break;
            }
        }
        let count = self.bytes.len().saturating_sub(before) / 3;
        if count == 0 {
            self.pieces.pop();
        }
        count
    }

    /// Says of the bytes that are appended next that each stands for `width` outer bytes from `start` on.
    #[inline]
    fn come_from(&mut self, start: usize, width: usize) {
        let (first, start, width) = (offset(self.bytes.len()), offset(start), offset(width));
        if let Some(last) = self.pieces.last()
            && last.width == width
        {
            let distance = first.wrapping_sub(last.first);
            if last.start.wrapping_add(distance.wrapping_mul(width)) == start {
                return;
            }
        }
        self.pieces.push(Piece { first, start, width });
    }

    /// The decoded bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the outer bytes of the decoded byte at `at` begin.
    pub(crate) fn place(&self, at: usize) -> Option<usize> {
        Some(self.outer_of(at)?.0)
    }

    /// The outer bytes that the decoded bytes `start..end` stand for.
    pub(crate) fn outer(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let last = self.outer_of(end.checked_sub(1)?)?;
        Some((self.place(start)?, last.1))
    }

    /// The outer bytes that the decoded byte at `at` stands for.
    fn outer_of(&self, at: usize) -> Option<(usize, usize)> {
        let at = u32::try_from(at).ok().filter(|_| at < self.bytes.len())?;
        let after = self.pieces.partition_point(|piece| piece.first <= at);
        Some(self.pieces.get(after.checked_sub(1)?)?.outer(at))
    }
}

/// An offset as pieces hold it: windows are far shorter.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decoded_bytes_know_their_places() {
        let mut decoded = Decoded::new();
        decoded.push(b'a', 0, 1);
        decoded.push(b'_', 1, 4);
        decoded.push(b'b', 9, 10);
        assert_eq!(decoded.bytes(), b"a_b");
        assert_eq!(decoded.outer(0, 2), Some((0, 4)));
        assert_eq!(decoded.outer(1, 3), Some((1, 10)));
        assert_eq!(decoded.outer(0, 9), None);
    }

    #[test]
    fn bytes_that_stand_for_as_many_are_one_piece() {
        let mut decoded = Decoded::new();
        decoded.copy::<true>(b"...ab", 3, 2);
        decoded.copy::<true>(b".....c", 5, 1);
        for at in [6, 9, 12] {
            decoded.push(b'_', at, at + 3);
        }
        decoded.copy::<true>(b"", 99, 0);
        assert_eq!(
            decoded.groups(&[[0; 4], [1; 4], [2; 4]], 20, |it| (it[0] < 2).then_some([7; 3])),
            2
        );
        assert_eq!(decoded.pieces.len(), 3);
        let places: Vec<_> = (0..13).filter_map(|at| decoded.outer(at, at + 1)).collect();
        let plain = [(3, 4), (4, 5), (5, 6), (6, 9), (9, 12), (12, 15)];
        let groups = [(20, 22), (21, 23), (22, 24), (24, 26), (25, 27), (26, 28)];
        assert_eq!(places, [plain, groups].concat());
    }
}
