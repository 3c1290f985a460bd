//! Lines of a file from the last to the first, in bounded memory.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use crate::line::MAX_LINE;
use crate::scan::Line;

/// Bytes that are read at once.
const BLOCK: u64 = 64 * 1024;

/// A reader of a file's first `end` bytes, line by line from their end.
#[derive(Debug)]
pub(crate) struct Backward {
    file: File,
    /// Bytes of the file before `held`, not read yet.
    before: u64,
    /// Bytes that were read and not given out.
    held: Vec<u8>,
    /// Bytes of an overlong line's end that were dropped after `held`.
    dropped: u64,
    /// How many bytes at the end of `held` the last line given out takes.
    given: usize,
}

impl Backward {
    pub(crate) const fn new(file: File, end: u64) -> Self {
        Self { file, before: end, held: Vec::new(), dropped: 0, given: 0 }
    }

    /// The line before the one given out last; `None` at the beginning.
    pub(crate) fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.held.truncate(self.held.len().saturating_sub(self.given));
        self.given = 0;
        let start = loop {
            // The newline that ends the line is its last byte.
            let body = self.held.split_last().map_or(&[][..], |(_, body)| body);
            let body = if self.dropped > 0 { self.held.as_slice() } else { body };
            if let Some(newline) = memchr::memrchr(b'\n', body) {
                break newline.saturating_add(1);
            }
            if self.before == 0 {
                break 0;
            }
            self.drop_overlong();
            self.fill()?;
        };
        let line = self.held.get(start..).unwrap_or_default();
        if line.is_empty() && self.dropped == 0 {
            return Ok(None);
        }
        self.given = line.len();
        let offset = self.before.saturating_add(start as u64);
        let dropped = core::mem::take(&mut self.dropped);
        let end = offset.saturating_add(line.len() as u64).saturating_add(dropped);
        let whole = dropped == 0 && line.last() == Some(&b'\n');
        let bytes = line.strip_suffix(b"\n").filter(|_| whole).unwrap_or(line);
        let overlong = dropped > 0 || line.len() > MAX_LINE;
        Ok(Some(Line { offset, end, bytes, whole, overlong }))
    }

    /// Forgets the bytes of a line that is longer than any of ours.
    fn drop_overlong(&mut self) {
        if self.held.len() > MAX_LINE {
            self.dropped = self.dropped.saturating_add(self.held.len() as u64);
            self.held.clear();
        }
    }

    /// Reads the block before what is held.
    fn fill(&mut self) -> io::Result<()> {
        let length = self.before.min(BLOCK);
        let from = self.before.saturating_sub(length);
        let mut block = vec![0; usize::try_from(length).unwrap_or_default()];
        self.file.read_exact_at(&mut block, from)?;
        block.append(&mut self.held);
        self.held = block;
        self.before = from;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::scan::Lines;

    fn file_of(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    /// Offset, end and overlong of every line, and its text unless it is overlong.
    type Row = (u64, u64, bool, Option<Vec<u8>>);

    fn row(line: Line<'_>) -> Row {
        let text = (!line.overlong).then(|| line.bytes.to_vec());
        (line.offset, line.end, line.overlong, text)
    }

    fn both_ways(text: &[u8]) -> (Vec<Row>, Vec<Row>) {
        let file = file_of(text);
        let mut forward = Vec::new();
        let mut lines = Lines::between(&file, 0, text.len() as u64).unwrap();
        while let Some(line) = lines.read().unwrap() {
            forward.push(row(line));
        }
        let mut backward = Vec::new();
        let mut lines = Backward::new(file, text.len() as u64);
        while let Some(line) = lines.read().unwrap() {
            backward.push(row(line));
        }
        backward.reverse();
        (forward, backward)
    }

    proptest! {
        #[test]
        fn both_directions_see_the_same_lines(
            lengths in prop::collection::vec(
                prop_oneof![0..5_usize, 60_000..70_000_usize, 130_000..200_000_usize], 0..6),
            open in any::<bool>(),
        ) {
            let mut text = Vec::new();
            for (letter, length) in (b'a'..).zip(lengths) {
                text.extend(std::iter::repeat_n(letter, length));
                text.push(b'\n');
            }
            if open {
                text.pop();
            }
            let (forward, backward) = both_ways(&text);
            prop_assert_eq!(forward, backward);
        }
    }

    #[test]
    fn the_bound_is_the_same_in_both_directions() {
        for length in [MAX_LINE - 2, MAX_LINE - 1, MAX_LINE, MAX_LINE + 1] {
            let text = [vec![b'x'; length], b"\nend".to_vec()].concat();
            let (forward, backward) = both_ways(&text);
            assert_eq!(forward, backward);
            assert_eq!(forward[0].2, length >= MAX_LINE, "{length}");
        }
    }
}
