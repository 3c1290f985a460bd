//! From something that can be read to texts: what kind of content it is, and what is inside.

use std::io::{self, BufReader, Chain, Cursor, Read};

use datafog_archive::Packing;

use crate::archive;
use crate::options::Options;
use crate::report::Report;
use crate::text::Text;

/// Contents up to this many bytes are looked at in one piece.
const WHOLE: usize = 4 << 20;

/// Bytes that are read at once of longer ones: few enough to stay in the processor's cache until they
/// are looked at.
const BLOCK: usize = 64 << 10;

/// Bytes in which a zero byte makes a content no text. Git looks at as many.
const TELLING: usize = 8000;

/// What a content is, by its first bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Neither text nor an archive that is looked into.
    Binary,
    /// Compressed as a whole.
    Packed(Packing),
    /// A tape archive (POSIX.1-1988 ustar, GNU tar).
    Tar,
    /// A text.
    Text,
    /// A zip archive (APPNOTE 4.3.7), also by other names: jar, whl, docx.
    Zip,
}

impl Kind {
    pub(crate) fn of(head: &[u8]) -> Self {
        if let Some(packing) = Packing::of(head) {
            return Self::Packed(packing);
        }
        match head {
            [b'P', b'K', 3, 4, ..] => Self::Zip,
            _ if datafog_archive::is_tar(head) => Self::Tar,
            // Texts of two bytes a letter are full of zero bytes and begin with a mark.
            [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] => Self::Text,
            _ if is_wide(head) => Self::Text,
            _ if memchr::memchr(0, head.get(..TELLING).unwrap_or(head)).is_some() => Self::Binary,
            _ => Self::Text,
        }
    }
}

/// Whether every second byte is zero from the first bytes on, as in a text of two bytes a letter without
/// a mark.
fn is_wide(head: &[u8]) -> bool {
    /// Bytes that tell.
    const FIRST: usize = 64;
    let first = head.get(..FIRST).unwrap_or(head);
    let all =
        |zero: usize| first.iter().enumerate().all(|(at, byte)| (at % 2 == zero) == (*byte == 0));
    first.len() > FIRST / 4 && (all(0) || all(1))
}

/// A buffer that is used again for one content after the other.
#[derive(Debug, Default)]
pub(crate) struct Buffer(Vec<u8>);

/// Looks at everything that `content` holds and adds it to `report`.
pub fn read(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    read_with(&mut Buffer::default(), content, path, options, report);
}

/// The same with a buffer of the caller's.
pub(crate) fn read_with(
    buffer: &mut Buffer,
    mut content: impl Read,
    path: &str,
    options: &Options<'_>,
    report: &mut Report,
) {
    let Buffer(start) = buffer;
    start.clear();
    // One byte more tells whether this is all.
    let limit = (WHOLE as u64).saturating_add(1);
    if let Err(error) = content.by_ref().take(limit).read_to_end(start) {
        report.note(path, error);
        return;
    }
    let kind = Kind::of(start.get(..TELLING).unwrap_or(start));
    if start.len() <= WHOLE && matches!(kind, Kind::Binary | Kind::Text) {
        plain(kind, start, path, options, report);
    } else {
        let rest = Cursor::new(start.as_slice()).chain(content);
        content_of(kind, rest, path, options, report);
    }
}

/// A content that lies in memory and is no archive to look into.
pub(crate) fn plain(
    kind: Kind,
    bytes: &[u8],
    path: &str,
    options: &Options<'_>,
    report: &mut Report,
) {
    if kind != Kind::Text && !options.binary {
        report.binary = report.binary.saturating_add(1);
    } else {
        Text::whole(options, path, bytes, report);
    }
}

fn content_of<R: Read>(
    kind: Kind,
    content: Chain<Cursor<&[u8]>, R>,
    path: &str,
    options: &Options<'_>,
    report: &mut Report,
) {
    match kind {
        Kind::Packed(packing) if options.archives => {
            archive::packed(packing, content, path, options, report);
        }
        Kind::Tar if options.archives => archive::tar(content, path, options, report),
        Kind::Zip if options.archives => archive::zip(content, path, options, report),
        Kind::Text => stream(content, path, options, report),
        Kind::Binary | Kind::Packed(_) | Kind::Tar | Kind::Zip if options.binary => {
            stream(content, path, options, report);
        }
        Kind::Binary | Kind::Packed(_) | Kind::Tar | Kind::Zip => {
            report.binary = report.binary.saturating_add(1);
        }
    }
}

/// Looks at a text of any length in bounded memory, whatever it holds.
pub fn stream(content: impl Read, path: &str, options: &Options<'_>, report: &mut Report) {
    let mut content = BufReader::with_capacity(BLOCK, content);
    let mut text = Text::new(options, path);
    loop {
        match io::BufRead::fill_buf(&mut content) {
            Ok([]) => break,
            Ok(piece) => {
                let length = piece.len();
                text.push(piece);
                io::BufRead::consume(&mut content, length);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => {
                report.note(path, error);
                break;
            }
        }
    }
    text.finish(report);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contents_are_told_by_their_first_bytes() {
        let mut tar = vec![b'a'; 512];
        tar.splice(257..262, *b"ustar");
        let wide = b"p\0a\0s\0s\0w\0o\0r\0d\0=\0x\0";
        let kinds: [(&[u8], Kind); 10] = [
            (wide, Kind::Text),
            (&[&[0], &wide[..]].concat()[..wide.len()], Kind::Text),
            (&wide[..8], Kind::Binary),
            (b"", Kind::Text),
            (b"plain", Kind::Text),
            (b"a\0b", Kind::Binary),
            (b"\xFF\xFEa\0", Kind::Text),
            (b"\x1F\x8B\x08\0", Kind::Packed(Packing::Gzip)),
            (b"PK\x03\x04", Kind::Zip),
            (&tar, Kind::Tar),
        ];
        for (head, kind) in kinds {
            assert_eq!(Kind::of(head), kind, "{head:?}");
        }
    }
}
