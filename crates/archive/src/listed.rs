//! Zip archives (APPNOTE.TXT 6.3): the entries that their list names, and whether there are others.

use std::io::{Read, Seek, SeekFrom};

use memchr::memmem;
use zip::ZipArchive;

use crate::{Budget, Fault, Visit};

/// The first bytes of an entry (4.3.7), of the end of the list (4.3.16).
const ENTRY: &[u8; 4] = b"PK\x03\x04";
const END: &[u8; 4] = b"PK\x05\x06";

/// Bytes of an entry before its name.
const HEADER: usize = 30;

/// The newest version that an entry can ask for (4.4.3.2), and some to come.
const NEWEST: u8 = 99;

/// The end of the list, with the longest comment.
const TAIL: u64 = 22 + 65_535;

/// Bytes that are looked through at once.
const BLOCK: usize = 64 << 10;

/// Whether a content begins like a zip archive.
pub(crate) fn begins(head: &[u8]) -> bool {
    head.starts_with(ENTRY) || head.starts_with(END)
}

/// Whether a content ends like a zip archive, whatever stands before it.
pub(crate) fn ends(content: &mut (impl Read + Seek)) -> Result<bool, Fault> {
    let length = content.seek(SeekFrom::End(0))?;
    content.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut tail = Vec::new();
    content.take(TAIL).read_to_end(&mut tail)?;
    Ok(memmem::rfind(&tail, END).is_some())
}

/// The files of an archive.
pub(crate) fn entries(content: impl Read + Seek, visit: &mut Visit<'_>) -> Result<(), Fault> {
    let mut archive = ZipArchive::new(content)?;
    let mut budget = Budget::new();
    // Where the data of known entries lies.
    let mut known = vec![(archive.central_directory_start(), u64::MAX)];
    for index in 0..archive.len() {
        let name = archive.name_for_index(index).unwrap_or_default().to_owned();
        if let Ok(entry) = archive.by_index_raw(index)
            && let Some(start) = entry.data_start()
        {
            known.push((entry.header_start(), start.saturating_add(entry.compressed_size())));
        }
        match archive.by_index(index) {
            Ok(entry) if entry.is_dir() && entry.size() == 0 => {}
            Ok(mut entry) => budget.entry(&mut entry, &name, visit)?,
            Err(error) => visit(&name, Err(error.into())),
        }
    }
    known.sort_unstable();
    let mut content = archive.into_inner();
    let mut from = 0;
    for (start, end) in known {
        if has_entry(&mut content, from, start)? {
            return Err(Fault::Unlisted);
        }
        from = from.max(end);
    }
    Ok(())
}

/// Whether an entry begins in these bytes. What unpacks itself may hold the mark in its code, so that
/// the fields behind it must make sense, too.
fn has_entry(content: &mut (impl Read + Seek), from: u64, to: u64) -> Result<bool, Fault> {
    if to.saturating_sub(from) < HEADER as u64 {
        return Ok(false);
    }
    content.seek(SeekFrom::Start(from))?;
    let mut rest = content.take(to.saturating_sub(from));
    let mut window = Vec::new();
    loop {
        // What may be cut by the end of a block is seen again.
        window.drain(..window.len().saturating_sub(HEADER));
        let read = rest.by_ref().take(BLOCK as u64).read_to_end(&mut window)?;
        let mut marks = memmem::find_iter(&window, ENTRY);
        if marks.any(|at| window.get(at..).is_some_and(is_entry)) {
            return Ok(true);
        }
        if read == 0 {
            return Ok(false);
        }
    }
}

/// Whether the fields of an entry's head make sense: a version, a method that is in use.
fn is_entry(text: &[u8]) -> bool {
    matches!(text.get(4..HEADER), Some([0..=NEWEST, _, _, _, 0..=20 | 93..=99, 0, ..]))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use super::*;

    fn archive() -> Vec<u8> {
        let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
        for name in ["a.txt", "b/c.txt"] {
            zip.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
            zip.write_all(name.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn names(bytes: &[u8]) -> Result<Vec<String>, Fault> {
        let mut names = Vec::new();
        entries(Cursor::new(bytes), &mut |name, content| {
            let mut text = String::new();
            content.unwrap().read_to_string(&mut text).unwrap();
            names.push(text + "=" + name);
        })
        .map(|()| names)
    }

    #[test]
    fn what_stands_before_an_archive_is_no_fault() {
        let text =
            [&b"#!/bin/sh\nexit # PK\x03\x04 is the mark of an entry\n"[..], &archive()].concat();
        assert!(!begins(&text) && ends(&mut Cursor::new(&text)).unwrap());
        assert_eq!(names(&text).unwrap(), ["a.txt=a.txt", "b/c.txt=b/c.txt"]);
        assert!(begins(&archive()) && !ends(&mut Cursor::new(b"text")).unwrap());
    }

    #[test]
    fn an_entry_that_the_list_does_not_name_is_a_fault() {
        let other = archive();
        let first = memmem::find(&other, b"PK\x01\x02").unwrap();
        // Its entries, without a list, in front of a whole archive.
        let hidden = [&other[..first], &archive()].concat();
        assert!(matches!(names(&hidden), Err(Fault::Unlisted)));
        let mut far = vec![b' '; BLOCK - 10];
        far.extend(&hidden);
        assert!(matches!(names(&far), Err(Fault::Unlisted)));
    }
}
