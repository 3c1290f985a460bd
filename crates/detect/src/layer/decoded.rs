//! Bytes of a layer, each with the place in the outer text that it came from.

/// Decoded bytes and where each of them stands in the outer text.
#[derive(Debug)]
pub(crate) struct Decoded {
    bytes: Vec<u8>,
    /// First outer byte and one past the last one of each decoded byte.
    places: Vec<(u32, u32)>,
}

impl Decoded {
    /// Nothing decoded, nothing allocated.
    pub(crate) const fn new() -> Self {
        Self { bytes: Vec::new(), places: Vec::new() }
    }

    /// Forgets what was decoded and keeps the memory.
    pub(crate) fn clear(&mut self) {
        self.bytes.clear();
        self.places.clear();
    }

    /// Appends a byte that stands for the outer bytes `start..end`.
    pub(crate) fn push(&mut self, byte: u8, start: usize, end: usize) {
        let place = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        self.bytes.push(byte);
        self.places.push((place(start), place(end)));
    }

    /// Appends bytes that stand for themselves, from outer offset `start` on.
    pub(crate) fn copy(&mut self, bytes: &[u8], start: usize) {
        let first = u32::try_from(start).unwrap_or(u32::MAX);
        self.bytes.extend_from_slice(bytes);
        let ends = (first.saturating_add(1)..).take(bytes.len());
        self.places.extend(ends.map(|end| (end.saturating_sub(1), end)));
    }

    /// The decoded bytes.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the outer bytes of the decoded byte at `at` begin.
    pub(crate) fn place(&self, at: usize) -> Option<usize> {
        self.places.get(at).map(|(start, _)| *start as usize)
    }

    /// The outer bytes that the decoded bytes `start..end` stand for.
    pub(crate) fn outer(&self, start: usize, end: usize) -> Option<(usize, usize)> {
        let last = self.places.get(end.checked_sub(1)?)?;
        Some((self.place(start)?, last.1 as usize))
    }
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
}
