//! Lines of a file one by one, in bounded memory whatever the file holds.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Take};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

use crate::Error;
use crate::line::MAX_LINE;

/// Bytes that are read at once.
const BLOCK: usize = 64 * 1024;

/// Opens a regular file for reading, not through a link. Its owner does not matter: a copy of a
/// ledger may be read by anybody who has it.
pub(crate) fn open(path: &Path) -> Result<File, Error> {
    // Opening a pipe must not wait for a writer.
    let file = OpenOptions::new().read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(path);
    let file = file.map_err(|source| Error::io("open", path, source))?;
    let about = file.metadata().map_err(|source| Error::io("examine", path, source))?;
    if about.is_file() { Ok(file) } else { Err(Error::untrusted(path, "is no regular file")) }
}

/// A reader of lines `from..to` of a file.
#[derive(Debug)]
pub(crate) struct Lines<'f> {
    input: BufReader<Take<&'f File>>,
    line: Vec<u8>,
    offset: u64,
}

/// One line as it stands.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Line<'a> {
    /// Offset of its first byte in the file.
    pub(crate) offset: u64,
    /// Offset of the byte after it and its newline.
    pub(crate) end: u64,
    /// Its bytes without the newline; only the first [`MAX_LINE`] of a longer one.
    pub(crate) bytes: &'a [u8],
    /// Whether a newline ends it.
    pub(crate) whole: bool,
    /// Whether it is longer than any line of ours.
    pub(crate) overlong: bool,
}

impl<'f> Lines<'f> {
    /// Reads from byte `from` up to byte `to`, which a line may not pass.
    pub(crate) fn between(mut file: &'f File, from: u64, to: u64) -> io::Result<Self> {
        file.seek(SeekFrom::Start(from))?;
        let input = BufReader::with_capacity(BLOCK, file.take(to.saturating_sub(from)));
        Ok(Self { input, line: Vec::new(), offset: from })
    }

    /// The next line; `None` at the end.
    pub(crate) fn read(&mut self) -> io::Result<Option<Line<'_>>> {
        self.line.clear();
        let limit = MAX_LINE as u64;
        let mut length = (&mut self.input).take(limit).read_until(b'\n', &mut self.line)? as u64;
        if length == 0 {
            return Ok(None);
        }
        let mut whole = self.line.last() == Some(&b'\n');
        let overlong = length == limit && !whole;
        if whole {
            self.line.pop();
        } else if overlong {
            let rest = self.skip()?;
            length = length.saturating_add(rest.0);
            whole = rest.1;
        }
        let offset = self.offset;
        self.offset = offset.saturating_add(length);
        Ok(Some(Line { offset, end: self.offset, bytes: &self.line, whole, overlong }))
    }

    /// Skips what is left of a line; how many bytes, and whether a newline ended it.
    fn skip(&mut self) -> io::Result<(u64, bool)> {
        let mut skipped = 0_u64;
        loop {
            let block = self.input.fill_buf()?;
            let newline = memchr::memchr(b'\n', block);
            let used = newline.map_or(block.len(), |at| at.saturating_add(1));
            self.input.consume(used);
            skipped = skipped.saturating_add(used as u64);
            if newline.is_some() || used == 0 {
                return Ok((skipped, newline.is_some()));
            }
        }
    }
}
