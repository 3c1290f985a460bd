//! Content on open descriptors: files, pipes, and the memory that a pipe is spooled to.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{FileExt, FileTypeExt, OpenOptionsExt};
use std::path::Path;

use datafog_config::FileIdentity;
use datafog_core::Channel;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};

/// What one of the descriptors that we were started with is.
#[derive(Debug)]
pub(crate) enum Inherited {
    /// Closed, a terminal or another device: never touched.
    Nothing,
    /// A regular file; the handle shares its position, which must not be moved.
    File(File),
    /// A pipe or a socket: what is read is gone.
    Pipe(File),
}

/// A pipe's content in memory, to be put where the pipe was.
#[derive(Debug)]
pub(crate) struct Spooled {
    memory: OwnedFd,
    number: i32,
}

impl Spooled {
    /// Content in memory, at its start.
    pub(crate) const fn new(memory: OwnedFd, number: i32) -> Self {
        Self { memory, number }
    }

    /// Where the command expects it.
    pub(crate) const fn number(&self) -> i32 {
        self.number
    }

    /// Another handle of the same content.
    pub(crate) fn another(&self) -> io::Result<Self> {
        Ok(Self { memory: self.memory.try_clone()?, number: self.number })
    }

    /// Reads the content from its start, without moving the position the command will read from.
    pub(crate) fn reader(&self) -> io::Result<FromHere> {
        FromHere::new(File::from(self.memory.try_clone()?))
    }

    /// Puts the content in the pipe's place, at its start. Right before exec only.
    pub(crate) fn put_in_place(&self) -> io::Result<()> {
        datafog_start::put_at(&self.memory, self.number)
    }
}

/// Reads a file from its present position on, leaving the position where it is.
#[derive(Debug)]
pub(crate) struct FromHere {
    file: File,
    offset: u64,
}

impl FromHere {
    pub(crate) fn new(mut file: File) -> io::Result<Self> {
        let offset = file.stream_position()?;
        Ok(Self { file, offset })
    }

    /// The same from the start of the file.
    pub(crate) const fn whole(file: File) -> Self {
        Self { file, offset: 0 }
    }
}

impl Seek for FromHere {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let from = |base: u64, by: i64| base.checked_add_signed(by);
        let offset = match to {
            SeekFrom::Start(offset) => Some(offset),
            SeekFrom::Current(by) => from(self.offset, by),
            SeekFrom::End(by) => from(self.file.metadata()?.len(), by),
        };
        self.offset = offset.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.offset)
    }
}

impl Read for FromHere {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.file.read_at(buffer, self.offset)?;
        self.offset = self.offset.saturating_add(count as u64);
        Ok(count)
    }
}

/// The descriptor behind a path such as `/dev/fd/63`, as a shell makes it for `<(…)`.
pub(crate) fn number_of(path: &Path) -> Option<i32> {
    if path == Path::new("/dev/stdin") {
        return Some(0);
    }
    let text = path.to_str()?;
    let number = ["/dev/fd/", "/proc/self/fd/"].iter().find_map(|head| text.strip_prefix(head))?;
    number.parse().ok().filter(|number| *number >= 0)
}

/// The channel of the content on descriptor `number`.
pub(crate) fn channel(number: i32) -> Channel {
    if number == 0 { Channel::Stdin } else { Channel::File(format!("/dev/fd/{number}")) }
}

/// What descriptor `number` is. The handle is a copy; closing it changes nothing for the command.
pub(crate) fn open(number: i32) -> Inherited {
    let Ok(copy) = copy_of(number) else { return Inherited::Nothing };
    let Ok(kind) = copy.metadata().map(|metadata| metadata.file_type()) else {
        return Inherited::Nothing;
    };
    if kind.is_file() {
        Inherited::File(copy)
    } else if kind.is_fifo() || kind.is_socket() {
        Inherited::Pipe(copy)
    } else {
        Inherited::Nothing
    }
}

fn copy_of(number: i32) -> io::Result<File> {
    if number == 0 {
        return Ok(File::from(io::stdin().as_fd().try_clone_to_owned()?));
    }
    // Another descriptor can only be named by its path: for a pipe that is the same pipe, for a
    // file a handle of its own that begins at the start, just as the command will find it.
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(nix::libc::O_NONBLOCK);
    options.open(format!("/proc/self/fd/{number}"))
}

/// Reads a pipe to its end into memory. Fails, with the rest of a sentence, when it holds more
/// than `limit` bytes or cannot be read: then nothing of it can be handed on, and since part of it
/// may be gone, the command must not run.
pub(crate) fn spool(pipe: File, number: i32, limit: u64) -> Result<Spooled, &'static str> {
    let unreadable = |_| "cannot be read";
    let memory =
        memfd_create(c"datafog", MFdFlags::MFD_CLOEXEC).map_err(|_| "cannot be held in memory")?;
    let mut memory = File::from(memory);
    let mut limited = Waiting(pipe).take(limit.saturating_add(1));
    let count = io::copy(&mut limited, &mut memory).map_err(unreadable)?;
    if count > limit {
        return Err("is larger than the limit for standard input");
    }
    memory.flush().and_then(|()| memory.seek(SeekFrom::Start(0))).map_err(unreadable)?;
    Ok(Spooled { memory: OwnedFd::from(memory), number })
}

/// Reads a pipe that may have been opened without waiting as one that waits. The flag itself is
/// left alone: it belongs to everybody who shares the pipe.
struct Waiting(File);

impl Read for Waiting {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        loop {
            match self.0.read(buffer) {
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    let mut ready = [PollFd::new(self.0.as_fd(), PollFlags::POLLIN)];
                    poll(&mut ready, PollTimeout::NONE)?;
                }
                answer => return answer,
            }
        }
    }
}

/// Opens a regular file for judging, without waiting for anything, and says which file it is.
pub(crate) fn open_regular(path: &Path) -> io::Result<(File, FileIdentity)> {
    let mut options = OpenOptions::new();
    let file = options.read(true).custom_flags(nix::libc::O_NONBLOCK).open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    Ok((file, FileIdentity::of(&metadata)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe_with(bytes: &'static [u8]) -> File {
        let (reader, mut writer) = io::pipe().unwrap();
        std::thread::spawn(move || writer.write_all(bytes));
        File::from(OwnedFd::from(reader))
    }

    #[test]
    fn only_descriptor_paths_name_descriptors() {
        assert_eq!(number_of(Path::new("/dev/fd/63")), Some(63));
        assert_eq!(number_of(Path::new("/proc/self/fd/5")), Some(5));
        assert_eq!(number_of(Path::new("/dev/stdin")), Some(0));
        for path in ["/dev/fd/", "/dev/fd/x", "/dev/fd/-1", "/dev/null", "fd/3"] {
            assert_eq!(number_of(Path::new(path)), None, "{path}");
        }
    }

    #[test]
    fn a_pipe_is_held_whole_or_refused() {
        let spooled = spool(pipe_with(b"12345"), 9, 5).unwrap();
        let mut text = String::new();
        spooled.reader().unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "12345");
        let mut again = String::new();
        File::from(spooled.memory).read_to_string(&mut again).unwrap();
        assert_eq!(again, "12345", "reading did not move the position");
        assert!(spool(pipe_with(b"123456"), 9, 5).is_err());
    }

    #[test]
    fn a_file_is_read_from_where_it_stands() {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"12345").unwrap();
        file.seek(SeekFrom::Start(2)).unwrap();
        let mut text = String::new();
        FromHere::new(file.try_clone().unwrap()).unwrap().read_to_string(&mut text).unwrap();
        assert_eq!(text, "345");
        assert_eq!(file.stream_position().unwrap(), 2);
        let mut whole = FromHere::whole(file.try_clone().unwrap());
        assert_eq!(whole.seek(SeekFrom::End(-2)).unwrap(), 3);
        assert_eq!(whole.seek(SeekFrom::Current(-2)).unwrap(), 1);
        assert!(whole.seek(SeekFrom::Current(-2)).is_err());
        text.clear();
        whole.read_to_string(&mut text).unwrap();
        assert_eq!(text, "2345");
        assert_eq!(file.stream_position().unwrap(), 2);
    }
}
