/*!
The entries of archives, one after the other, within bounds.

An archive in an archive is an entry like any other: nobody looks deeper. What goes past a bound is a
[`Fault`], so nothing is left out in silence. This crate finds nothing, decides nothing and opens no
file.
*/

use std::io::{self, BufReader, Cursor, Read, Seek};

mod listed;
mod packing;

pub use packing::Packing;

/// Bytes that an archive may unpack to.
const UNPACKED: u64 = 1 << 30;

/// Entries that an archive may have.
const ENTRIES: usize = 100_000;

/// Bytes by which the kind of a content is told: the first header of a tape archive.
const HEAD: u64 = 512;

/// Bytes that are read at once.
const BLOCK: usize = 64 << 10;

/// How archives begin that are not looked into: 7z, rar.
const UNKNOWN: [&[u8]; 2] = [b"7z\xBC\xAF\x27\x1C", b"Rar!\x1A\x07"];

/// Why an archive, or an entry of it, was not read to its end.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// It goes past a bound.
    #[error("{TOO_LONG}")]
    TooLong,
    /// It is packed in a way that is not known.
    #[error("is packed in a way that is not looked into")]
    Unknown,
    /// A zip archive holds entries that its list does not name.
    #[error("holds entries that its list does not name")]
    Unlisted,
    /// It is no zip archive, or an entry is encrypted or packed in a way that is not known.
    #[error(transparent)]
    Zip(#[from] zip::result::ZipError),
}

/// What is said of an archive that goes past a bound.
pub const TOO_LONG: &str = "too large for an archive: what is beyond 1 GiB unpacked, 256 MiB of zip or \
                            100,000 entries was not looked at";

/// What takes entries: the name of each, and its content or why there is none.
pub type Visit<'v> = dyn FnMut(&str, Result<&mut dyn Read, Fault>) + 'v;

/// Every entry of `content`, if that is an archive that a look at its bytes does not see through: zip, or
/// a tape archive or any other content that is compressed as a whole. Says whether it is one.
///
/// # Errors
/// When it cannot be read to its end, goes past a bound, or is packed in a way that is not known.
pub fn unpack(mut content: impl Read + Seek, visit: &mut Visit<'_>) -> Result<bool, Fault> {
    let mut head = Vec::new();
    content.by_ref().take(HEAD).read_to_end(&mut head)?;
    let packing = Packing::of(&head);
    let zipped = packing.is_none() && (listed::begins(&head) || listed::ends(&mut content)?);
    content.rewind()?;
    match packing {
        Some(packing) => packed(packing, content, visit)?,
        None if listed::begins(&head) => zip(content, visit)?,
        // What only ends like an archive may be something else.
        None if zipped => match zip(content, visit) {
            Err(Fault::Zip(zip::result::ZipError::InvalidArchive(_))) => return Ok(false),
            other => other?,
        },
        None if UNKNOWN.iter().any(|mark| head.starts_with(mark)) => return Err(Fault::Unknown),
        None => return Ok(false),
    }
    Ok(true)
}

fn packed(packing: Packing, content: impl Read, visit: &mut Visit<'_>) -> Result<(), Fault> {
    let mut content = packing.reader(BufReader::with_capacity(BLOCK, content));
    let mut head = Vec::new();
    content.by_ref().take(HEAD).read_to_end(&mut head)?;
    let taped = is_tar(&head);
    let whole = Cursor::new(head).chain(content);
    if taped { tar(whole, visit) } else { single(whole, visit) }
}

/// Whether a content begins like a tape archive (POSIX.1-1988 ustar, GNU tar): its first header says so.
#[must_use]
pub fn is_tar(head: &[u8]) -> bool {
    head.get(257..262) == Some(b"ustar")
}

/// The files of a zip archive. One that cannot be read does not keep the others from being read.
///
/// # Errors
/// When it is none, holds entries that its list does not name, or goes past a bound.
pub fn zip(content: impl Read + Seek, visit: &mut Visit<'_>) -> Result<(), Fault> {
    listed::entries(content, visit)
}

/// The files of a tape archive. What follows a damaged header cannot be found.
///
/// # Errors
/// When it cannot be read further, or goes past a bound.
pub fn tar(content: impl Read, visit: &mut Visit<'_>) -> Result<(), Fault> {
    taped(content, &mut Budget::new(), visit)
}

fn taped(content: impl Read, budget: &mut Budget, visit: &mut Visit<'_>) -> Result<(), Fault> {
    let mut archive = tar::Archive::new(content);
    for entry in archive.entries()? {
        let mut entry = entry?;
        // Files by whatever type: sparse ones and old ones are some. Folders and links have no content.
        if entry.size() > 0 || entry.header().entry_type().is_file() {
            let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
            budget.entry(&mut entry, &name, visit)?;
        }
    }
    Ok(())
}

/// The files in the layers of an image of a container, as `docker save` writes it: archives, compressed
/// or not, in a tape archive, beside what tells of them.
///
/// # Errors
/// When it cannot be read to its end, lacks the list with which it ends, or goes past a bound.
pub fn image(content: impl Read, visit: &mut Visit<'_>) -> Result<(), Fault> {
    let mut archive = tar::Archive::new(content);
    let mut budget = Budget { bytes: IMAGE, entries: IMAGE_ENTRIES };
    let mut is_whole = false;
    for entry in archive.entries()? {
        let mut entry = entry?;
        let name = String::from_utf8_lossy(&entry.path_bytes()).into_owned();
        is_whole |= name == LIST;
        let mut layer = unpacked(&mut entry)?;
        let mut head = Vec::new();
        layer.by_ref().take(HEAD).read_to_end(&mut head)?;
        let is_layer = is_tar(&head);
        let mut whole = Cursor::new(head).chain(layer);
        match is_layer {
            true => taped(whole, &mut budget, visit)?,
            false => budget.entry(&mut whole, &name, visit)?,
        }
    }
    if is_whole { Ok(()) } else { Err(io::Error::from(io::ErrorKind::UnexpectedEof).into()) }
}

/// Bytes and entries that the layers of an image may unpack to.
const IMAGE: u64 = 8 << 30;
const IMAGE_ENTRIES: usize = 1_000_000;

/// The list of what is in an image, which stands behind its layers.
const LIST: &str = "manifest.json";

/// A content without what compresses it.
fn unpacked<'r>(content: &'r mut impl Read) -> Result<Box<dyn Read + 'r>, Fault> {
    let mut head = Vec::new();
    content.by_ref().take(HEAD).read_to_end(&mut head)?;
    let packing = Packing::of(&head);
    let whole = Cursor::new(head).chain(content);
    Ok(match packing {
        Some(packing) => packing.reader(BufReader::with_capacity(BLOCK, whole)),
        None => Box::new(whole),
    })
}

/// One content without a name that was compressed, within the same bound.
///
/// # Errors
/// When it goes past the bound.
pub fn single(mut content: impl Read, visit: &mut Visit<'_>) -> Result<(), Fault> {
    Budget::new().entry(&mut content, "", visit)
}

/// What an archive may still unpack to.
struct Budget {
    bytes: u64,
    entries: usize,
}

impl Budget {
    const fn new() -> Self {
        Self { bytes: UNPACKED, entries: ENTRIES }
    }

    /// Hands on one entry; fails when there is nothing left for another.
    fn entry(
        &mut self,
        content: &mut dyn Read,
        name: &str,
        visit: &mut Visit<'_>,
    ) -> Result<(), Fault> {
        visit(name, Ok(&mut Counted { content, left: &mut self.bytes }));
        self.entries = self.entries.saturating_sub(1);
        // An entry of exactly what was left is as good as one byte too long.
        if self.bytes > 0 && self.entries > 0 { Ok(()) } else { Err(Fault::TooLong) }
    }
}

/// A reader that ends when the budget does.
struct Counted<'b> {
    content: &'b mut dyn Read,
    left: &'b mut u64,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(*self.left).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.content.read(buffer.get_mut(..most).unwrap_or_default())?;
        *self.left = self.left.saturating_sub(count as u64);
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    fn names(read: impl FnOnce(&mut Visit<'_>) -> Result<(), Fault>) -> Vec<String> {
        let mut names = Vec::new();
        read(&mut |name, content| {
            let mut text = String::new();
            content.unwrap().read_to_string(&mut text).unwrap();
            names.push(format!("{name}={text}"));
        })
        .unwrap();
        names
    }

    #[test]
    fn entries_come_with_their_content() {
        let mut tar = tar::Builder::new(Vec::new());
        let mut header = tar::Header::new_gnu();
        header.set_size(2);
        tar.append_data(&mut header, "d", b"hi".as_slice()).unwrap();
        let bytes = tar.into_inner().unwrap();
        assert_eq!(names(|visit| super::tar(bytes.as_slice(), visit)), ["d=hi"]);
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&bytes).unwrap();
        let bytes = gzip.finish().unwrap();
        assert_eq!(names(|visit| super::unpack(Cursor::new(bytes), visit).map(drop)), ["d=hi"]);
    }

    fn taped(files: &[(&str, &[u8])]) -> Vec<u8> {
        let mut tar = tar::Builder::new(Vec::new());
        for (name, text) in files {
            let mut header = tar::Header::new_gnu();
            header.set_size(text.len() as u64);
            tar.append_data(&mut header, name, *text).unwrap();
        }
        tar.into_inner().unwrap()
    }

    #[test]
    fn the_layers_of_an_image_are_read_and_a_cut_one_is_a_fault() {
        let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        gzip.write_all(&taped(&[("app/b", b"two")])).unwrap();
        let packed = gzip.finish().unwrap();
        let layer = taped(&[("app/a", b"one")]);
        let list = ("manifest.json", b"[]".as_slice());
        let files = [("blobs/1", layer.as_slice()), ("blobs/2", &packed), ("blobs/3", b"{}"), list];
        let whole = taped(&files);
        let found = names(|visit| super::image(whole.as_slice(), visit));
        assert_eq!(found, ["app/a=one", "app/b=two", "blobs/3={}", "manifest.json=[]"]);
        for length in (0..whole.len().saturating_sub(1024)).step_by(7) {
            let read = super::image(&whole[..length], &mut |_, content| {
                drop(io::copy(content.unwrap(), &mut io::sink()));
            });
            assert!(read.is_err(), "{length}");
        }
        assert!(super::image(taped(&files[..3]).as_slice(), &mut |_, _| {}).is_err());
    }

    #[test]
    fn texts_are_no_archives_and_unknown_ones_are_faults() {
        let unpack = |bytes: &[u8]| super::unpack(Cursor::new(bytes.to_vec()), &mut |_, _| {});
        assert!(matches!(unpack(b""), Ok(false)));
        assert!(matches!(unpack(b"about PK\x05\x06 and more"), Ok(false)));
        assert!(matches!(unpack(b"7z\xBC\xAF\x27\x1C\0\x04"), Err(Fault::Unknown)));
    }

    #[test]
    fn what_is_no_archive_or_too_long_is_a_fault() {
        let zip = super::zip(Cursor::new(b"PK\x03\x04nothing".to_vec()), &mut |_, _| {});
        assert!(matches!(zip, Err(Fault::Zip(_))));
        let endless = super::single(io::repeat(0), &mut |_, content| {
            io::copy(content.unwrap(), &mut io::sink()).unwrap();
        });
        assert!(matches!(endless, Err(Fault::TooLong)));
    }
}
