//! Archives, one level deep and within bounds.
//!
//! An archive in an archive is left out like any other file that is no text. What goes past a
//! bound is named in [`Report::unread`](crate::Report::unread): nothing is left out in silence.

use std::io::{self, Cursor, Read};

use flate2::read::MultiGzDecoder;

use crate::options::Options;
use crate::read::{Kind, plain, stream};
use crate::report::Report;

/// Bytes that an archive may unpack to.
const UNPACKED: u64 = 1 << 30;

/// Entries that an archive may have.
const ENTRIES: usize = 100_000;

/// Bytes of a zip archive: its list stands at its end, so it is held whole.
const ZIP: u64 = 256 << 20;

/// Bytes of an entry that are looked at in one piece.
const WHOLE: u64 = 4 << 20;

/// Bytes by which the content of a compressed file is recognised.
const HEAD: u64 = 8000;

/// What an archive may still unpack to.
struct Budget {
    bytes: u64,
    entries: usize,
}

impl Budget {
    const fn new() -> Self {
        Self { bytes: UNPACKED, entries: ENTRIES }
    }

    /// Looks at one entry; `false` when there is nothing left for another.
    fn entry(
        &mut self,
        content: &mut impl Read,
        path: &str,
        options: &Options<'_>,
        report: &mut Report,
    ) -> bool {
        let before = self.bytes;
        let mut content = Counted { content, left: &mut self.bytes };
        let mut start = Vec::new();
        if let Err(error) = content.by_ref().take(WHOLE).read_to_end(&mut start) {
            report.note(path, error);
        }
        let kind = Kind::of(&start);
        if (start.len() as u64) < WHOLE || kind != Kind::Text && !options.binary {
            plain(kind, &start, path, options, report);
        } else {
            stream(Cursor::new(start).chain(content), path, options, report);
        }
        self.entries = self.entries.saturating_sub(1);
        // An entry of exactly what was left is as good as one byte too long.
        before > 0 && self.bytes > 0 && self.entries > 0
    }
}

/// A reader that ends when the budget does.
struct Counted<'b, R> {
    content: R,
    left: &'b mut u64,
}

impl<R: Read> Read for Counted<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.content.read(buffer.get_mut(..most).unwrap_or_default())?;
        *self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

/// A compressed file: a tar archive, or one text.
pub(crate) fn gzip(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut content = MultiGzDecoder::new(content);
    let mut head = Vec::new();
    if let Err(error) = content.by_ref().take(HEAD).read_to_end(&mut head) {
        report.note(path, error);
        return;
    }
    let kind = Kind::of(&head);
    let mut content = Cursor::new(head).chain(content);
    if kind == Kind::Tar {
        tar(content, path, options, report);
    } else if !Budget::new().entry(&mut content, path, options, report) {
        report.note(path, TOO_LONG);
    }
}

/// A tape archive.
pub(crate) fn tar(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut archive = tar::Archive::new(content);
    let entries = match archive.entries() {
        Ok(entries) => entries,
        Err(error) => return report.note(path, error),
    };
    let mut budget = Budget::new();
    for entry in entries {
        match entry {
            Ok(mut entry) if entry.header().entry_type().is_file() => {
                let inner = inner(path, &String::from_utf8_lossy(&entry.path_bytes()));
                if !budget.entry(&mut entry, &inner, options, report) {
                    return report.note(path, TOO_LONG);
                }
            }
            Ok(_) => {}
            // What follows a damaged header cannot be found.
            Err(error) => return report.note(path, error),
        }
    }
}

/// A zip archive.
pub(crate) fn zip(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut bytes = Vec::new();
    match content.take(ZIP.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(length) if length as u64 > ZIP => return report.note(path, TOO_LONG),
        Ok(_) => {}
        Err(error) => return report.note(path, error),
    }
    let mut archive = match zip::ZipArchive::new(Cursor::new(bytes)) {
        Ok(archive) => archive,
        Err(error) => return report.note(path, error),
    };
    let mut budget = Budget::new();
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        match archive.by_index(index) {
            Ok(entry) if entry.is_dir() => {}
            Ok(mut entry) => {
                if !budget.entry(&mut entry, &inner(path, &name), options, report) {
                    return report.note(path, TOO_LONG);
                }
            }
            Err(error) => report.note(&inner(path, &name), error),
        }
    }
}

/// What is said of an archive that goes past a bound.
const TOO_LONG: &str = "too large for an archive: what is beyond 1 GiB unpacked, 256 MiB of zip or \
                        100,000 entries was not looked at";

/// How a file in an archive is called.
fn inner(archive: &str, name: &str) -> String {
    format!("{archive}!/{name}")
}
