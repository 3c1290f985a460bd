//! Archives, one level deep and within bounds.
//!
//! An archive in an archive is left out like any other file that is no text. What goes past a
//! bound is named in [`Report::unread`](crate::Report::unread): nothing is left out in silence.

use std::io::{BufReader, Cursor, Read};

use datafog_archive::{Fault, Packing, TOO_LONG};

use crate::options::Options;
use crate::read::{Kind, plain, stream};
use crate::report::Report;

/// Bytes of a zip archive: its list stands at its end, so it is held whole.
const ZIP: u64 = 256 << 20;

/// Bytes of an entry that are looked at in one piece.
const WHOLE: u64 = 4 << 20;

/// Bytes by which the content of a compressed file is recognised.
const HEAD: u64 = 8000;

/// A compressed file: a tar archive, or one text.
pub(crate) fn packed(
    packing: Packing,
    content: impl Read,
    path: &str,
    options: &Options<'_>,
    report: &mut Report,
) {
    let mut content = packing.reader(BufReader::new(content));
    let mut head = Vec::new();
    let read = content.by_ref().take(HEAD).read_to_end(&mut head);
    let kind = Kind::of(&head);
    if let Err(error) = read {
        report.note(path, error);
        // What came before the fault is looked at: something else may only have been appended.
        if kind == Kind::Text && !head.is_empty() {
            plain(kind, &head, path, options, report);
        }
        return;
    }
    let content = Cursor::new(head).chain(content);
    if kind == Kind::Tar {
        return tar(content, path, options, report);
    }
    let mut visit = |_: &str, content: Content<'_>| entry(content, path, options, report);
    let read = datafog_archive::single(content, &mut visit);
    note(read, path, report);
}

/// A tape archive.
pub(crate) fn tar(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut visit =
        |name: &str, content: Content<'_>| entry(content, &inner(path, name), options, report);
    let read = datafog_archive::tar(content, &mut visit);
    note(read, path, report);
}

/// A zip archive.
pub(crate) fn zip(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut bytes = Vec::new();
    match content.take(ZIP.saturating_add(1)).read_to_end(&mut bytes) {
        Ok(length) if length as u64 > ZIP => return report.note(path, TOO_LONG),
        Ok(_) => {}
        Err(error) => return report.note(path, error),
    }
    let mut visit =
        |name: &str, content: Content<'_>| entry(content, &inner(path, name), options, report);
    let read = datafog_archive::zip(Cursor::new(bytes), &mut visit);
    note(read, path, report);
}

/// The content of an entry, or why there is none.
type Content<'c> = Result<&'c mut dyn Read, Fault>;

/// Looks at one entry.
fn entry(content: Content<'_>, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut content = match content {
        Ok(content) => content,
        Err(fault) => return report.note(path, fault),
    };
    let mut start = Vec::new();
    if let Err(error) = Read::take(&mut content, WHOLE).read_to_end(&mut start) {
        report.note(path, error);
    }
    let kind = Kind::of(&start);
    if (start.len() as u64) < WHOLE || kind != Kind::Text && !options.binary {
        plain(kind, &start, path, options, report);
    } else {
        stream(Cursor::new(start).chain(content), path, options, report);
    }
}

fn note(read: Result<(), Fault>, path: &str, report: &mut Report) {
    if let Err(fault) = read {
        report.note(path, fault);
    }
}

/// How a file in an archive is called.
fn inner(archive: &str, name: &str) -> String {
    format!("{archive}!/{name}")
}
