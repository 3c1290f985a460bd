//! Contents that are compressed as a whole: gzip (RFC 1952), bzip2, xz (its file format, version
//! 1.2), zstd (RFC 8878). Members, streams and frames that follow each other are one content.

use std::io::{self, BufRead, Read};

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

/// The most memory that unpacking xz may take, in KiB; the format's own highest preset needs 65 MiB.
const MEMORY: u32 = 128 << 10;

/// The most that a frame of zstd may look back, in bytes; what `zstd --ultra -22` makes.
const WINDOW: u64 = 128 << 20;

/// How a content is compressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Packing {
    /// RFC 1952.
    Gzip,
    /// As bzip2 1.0 writes it.
    Bzip2,
    /// The .xz file format.
    Xz,
    /// RFC 8878.
    Zstd,
}

impl Packing {
    /// Tells by the first bytes of a content; `None` when it is not compressed, or in another way.
    #[must_use]
    pub fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0x1F, 0x8B, 8, ..] => Some(Self::Gzip),
            [b'B', b'Z', b'h', b'1'..=b'9', 0x31, 0x41, 0x59, 0x26, 0x53, 0x59, ..] => {
                Some(Self::Bzip2)
            }
            [0xFD, b'7', b'z', b'X', b'Z', 0, ..] => Some(Self::Xz),
            [0x28, 0xB5, 0x2F, 0xFD, ..] | [0x50..=0x5F, 0x2A, 0x4D, 0x18, ..] => Some(Self::Zstd),
            _ => None,
        }
    }

    /// Unpacks `content`, which begins with the first byte of the format. It may grow without a
    /// bound; a damaged one is an error where the damage is met.
    pub fn reader<'r>(self, content: impl BufRead + 'r) -> Box<dyn Read + 'r> {
        match self {
            Self::Gzip => Box::new(flate2::bufread::MultiGzDecoder::new(content)),
            Self::Bzip2 => Box::new(bzip2::bufread::MultiBzDecoder::new(content)),
            Self::Xz => Box::new(lzma_rust2::XzReader::new_mem_limit(content, true, MEMORY)),
            Self::Zstd => Box::new(Frames::new(content)),
        }
    }
}

/// The frames of zstd, one after the other; those that hold no data are left out.
struct Frames<R> {
    content: R,
    decoder: FrameDecoder,
    /// Whether a frame has begun and is not read to its end.
    within: bool,
}

impl<R: BufRead> Frames<R> {
    fn new(content: R) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(WINDOW);
        Self { content, decoder, within: false }
    }

    /// Begins the next frame that holds data; false when there is none.
    fn begin(&mut self) -> io::Result<bool> {
        while !self.content.fill_buf()?.is_empty() {
            let skipped = match self.decoder.init(&mut self.content) {
                Ok(()) => return Ok(true),
                Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                    length,
                    ..
                })) => u64::from(length),
                Err(error) => return Err(io::Error::other(error)),
            };
            let mut rest = self.content.by_ref().take(skipped);
            if io::copy(&mut rest, &mut io::sink())? < skipped {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(false)
    }
}

impl<R: BufRead> Read for Frames<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            self.within = self.within || self.begin()?;
            if !self.within {
                return Ok(0);
            }
            while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
                let step = BlockDecodingStrategy::UptoBlocks(1);
                let decoded = self.decoder.decode_blocks(&mut self.content, step);
                decoded.map_err(io::Error::other)?;
            }
            let count = self.decoder.read(buffer)?;
            if count > 0 {
                return Ok(count);
            }
            self.within = false;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `hello` and a line end, by each program.
    const PACKED: [(Packing, &[u8]); 4] = [
        (Packing::Gzip, b"\x1F\x8B\x08\x00\x00\x00\x00\x00\x00\x03\xCB\x48\xCD\xC9\xC9\xE7\x02\x00\x20\x30\x3A\x36\x06\x00\x00\x00"),
        (Packing::Bzip2, b"\x42\x5A\x68\x39\x31\x41\x59\x26\x53\x59\xC1\xC0\x80\xE2\x00\x00\x01\x41\x00\x00\x10\x02\x44\xA0\x00\x30\xCD\x00\xC3\x46\x29\x97\x17\x72\x45\x38\x50\x90\xC1\xC0\x80\xE2"),
        (Packing::Xz, b"\xFD\x37\x7A\x58\x5A\x00\x00\x04\xE6\xD6\xB4\x46\x02\x00\x21\x01\x16\x00\x00\x00\x74\x2F\xE5\xA3\x01\x00\x05\x68\x65\x6C\x6C\x6F\x0A\x00\x00\x00\xA5\x60\x97\xF1\x94\xF6\xFD\xE0\x00\x01\x1E\x06\xC1\x2F\xA4\x1D\x1F\xB6\xF3\x7D\x01\x00\x00\x00\x00\x04\x59\x5A"),
        (Packing::Zstd, b"\x28\xB5\x2F\xFD\x00\x58\x31\x00\x00\x68\x65\x6C\x6C\x6F\x0A"),
    ];

    fn unpacked(bytes: &[u8]) -> io::Result<String> {
        let packing = Packing::of(bytes).ok_or(io::ErrorKind::InvalidData)?;
        let mut text = String::new();
        packing.reader(bytes).read_to_string(&mut text).map(|_| text)
    }

    #[test]
    fn each_kind_is_known_and_undone() {
        for (packing, bytes) in PACKED {
            assert_eq!(Packing::of(bytes), Some(packing));
            assert_eq!(unpacked(bytes).unwrap(), "hello\n", "{packing:?}");
        }
        assert_eq!(Packing::of(b"BZh9 is a name"), None);
    }

    #[test]
    fn what_follows_belongs_to_it_and_what_is_cut_is_an_error() {
        for (packing, bytes) in PACKED {
            let twice = [bytes, bytes].concat();
            assert_eq!(unpacked(&twice).unwrap(), "hello\nhello\n", "{packing:?}");
            for length in 0..bytes.len() {
                assert!(unpacked(&bytes[..length]).is_err(), "{packing:?} {length}");
            }
        }
    }

    #[test]
    fn frames_without_data_are_left_out() {
        let frame = PACKED.iter().find(|(packing, _)| *packing == Packing::Zstd).unwrap().1;
        let skipped = [&b"\x52\x2A\x4D\x18\x03\0\0\0abc"[..], frame].concat();
        assert_eq!(unpacked(&skipped).unwrap(), "hello\n");
        assert!(unpacked(b"\x52\x2A\x4D\x18\x09\0\0\0abc").is_err());
    }
}
