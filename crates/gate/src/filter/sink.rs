//! Writes without ever waiting, so that signals are heeded while a reader takes its time.
//!
//! Whether a write waits is a property of the open file, which others share: it is not ours to
//! change. So a pipe or a terminal is opened once more, for us alone; where that cannot be, no more
//! is written at once than the system promises to take.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, send};
use nix::sys::stat::{SFlag, fstat};
use nix::unistd::write;

use super::streams::kind;

/// What a pipe that can be written to surely takes (POSIX.1-2017, `_POSIX_PIPE_BUF`; Linux: 4096).
const SURELY: usize = 512;

/// Parts below this many bytes are gathered: between two findings on one line stand few.
const SMALL: usize = 16 << 10;

/// As much is gathered before it is written.
const ENOUGH: usize = 64 << 10;

/// How bytes get out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// A write that never waits by itself: our own opening of it, or a file.
    Write,
    /// A socket.
    Send,
    /// A write that waits, of as much as is surely taken.
    Careful,
}

/// Where a stream goes. What is written in small parts waits for [`Write::flush`] or for more.
#[derive(Debug)]
pub(super) struct Sink {
    to: OwnedFd,
    way: Way,
    /// Somebody may read it while it is written, and answer.
    talked_to: bool,
    backlog: Vec<u8>,
    /// How much of the backlog is out.
    done: usize,
    /// Why nothing more can be written.
    broken: Option<Errno>,
}

impl Sink {
    pub(super) fn new(to: OwnedFd) -> Self {
        let kind = fstat(&to).map_or(SFlag::empty(), |stat| kind(&stat));
        let (to, way) = if kind == SFlag::S_IFREG {
            (to, Way::Write)
        } else if kind == SFlag::S_IFSOCK {
            (to, Way::Send)
        } else {
            match own_opening(&to) {
                Ok(own) => (own, Way::Write),
                Err(_) => (to, Way::Careful),
            }
        };
        let talked_to = kind != SFlag::S_IFREG;
        Self { to, way, talked_to, backlog: Vec::new(), done: 0, broken: None }
    }

    pub(super) fn fd(&self) -> BorrowedFd<'_> {
        self.to.as_fd()
    }

    /// Whether something waits to be written.
    pub(super) const fn is_behind(&self) -> bool {
        self.done < self.backlog.len()
    }

    /// Whether somebody may read it while it is written: anything but a file.
    pub(super) const fn is_talked_to(&self) -> bool {
        self.talked_to
    }

    pub(super) const fn broken(&self) -> Option<Errno> {
        self.broken
    }

    /// Writes as much of the backlog as goes.
    pub(super) fn catch_up(&mut self) {
        while self.is_behind() {
            let rest = self.backlog.get(self.done..).unwrap_or_default();
            match Self::some(&self.to, self.way, rest) {
                Ok(count) => self.done = self.done.saturating_add(count),
                Err(Errno::EAGAIN) => return,
                Err(Errno::EINTR) => {}
                Err(error) => self.broken = Some(error),
            }
            if self.broken.is_some() {
                self.done = self.backlog.len();
            }
        }
        self.backlog.clear();
        self.done = 0;
    }

    /// Writes some of `bytes`, or answers `EAGAIN`.
    fn some(to: &OwnedFd, way: Way, bytes: &[u8]) -> nix::Result<usize> {
        match way {
            Way::Write => write(to, bytes),
            Way::Send => {
                let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
                send(to.as_raw_fd(), bytes, flags)
            }
            Way::Careful => {
                let mut ready = [PollFd::new(to.as_fd(), PollFlags::POLLOUT)];
                if poll(&mut ready, PollTimeout::ZERO)? == 0 {
                    return Err(Errno::EAGAIN);
                }
                write(to, bytes.get(..SURELY.min(bytes.len())).unwrap_or_default())
            }
        }
    }
}

impl Write for Sink {
    /// Takes everything: what cannot be written now waits, what cannot be written at all is dropped.
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_behind() || bytes.len() < SMALL {
            if self.broken.is_none() {
                self.backlog.extend_from_slice(bytes);
            }
            if self.backlog.len().saturating_sub(self.done) >= ENOUGH {
                self.catch_up();
            }
            return Ok(bytes.len());
        }
        let mut rest = bytes;
        while !rest.is_empty() && self.broken.is_none() {
            match Self::some(&self.to, self.way, rest) {
                Ok(count) => rest = rest.get(count..).unwrap_or_default(),
                Err(Errno::EINTR) => {}
                Err(Errno::EAGAIN) => break,
                Err(error) => self.broken = Some(error),
            }
        }
        if self.broken.is_none() {
            self.backlog.extend_from_slice(rest);
        }
        Ok(bytes.len())
    }

    /// Writes what waits, as far as it goes.
    fn flush(&mut self) -> io::Result<()> {
        self.catch_up();
        Ok(())
    }
}

/// A second opening of the same pipe or terminal, which does not wait.
fn own_opening(to: &OwnedFd) -> io::Result<OwnedFd> {
    let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
    let path = format!("/proc/self/fd/{}", to.as_raw_fd());
    OpenOptions::new().write(true).custom_flags(flags).open(path).map(OwnedFd::from)
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read;

    use super::*;

    #[test]
    fn a_full_pipe_makes_nobody_wait_and_nothing_is_lost() {
        for careful in [false, true] {
            let (reader, writer) = io::pipe().unwrap();
            let mut sink = Sink::new(OwnedFd::from(writer));
            if careful {
                (sink.way, sink.to) = (Way::Careful, sink.to.try_clone().unwrap());
            }
            let bytes: Vec<u8> = (0..300_000_u32).map(|n| (n % 251) as u8).collect();
            sink.write_all(&bytes).unwrap();
            assert!(sink.is_behind());
            let mut reader = File::from(OwnedFd::from(reader));
            let (mut got, mut block) = (Vec::new(), [0; 4096]);
            while got.len() < bytes.len() {
                let count = reader.read(&mut block).unwrap();
                got.extend_from_slice(&block[..count]);
                sink.catch_up();
            }
            assert!(got == bytes && !sink.is_behind() && sink.broken().is_none());
        }
    }

    #[test]
    fn a_reader_that_is_gone_is_told_once_and_costs_nothing() {
        let (reader, writer) = io::pipe().unwrap();
        let mut sink = Sink::new(OwnedFd::from(writer));
        drop(reader);
        // The test's process ignores SIGPIPE, as every Rust program does.
        sink.write_all(b"x").unwrap();
        sink.flush().unwrap();
        assert_eq!(sink.broken(), Some(Errno::EPIPE));
        sink.write_all(&[0; 100_000]).unwrap();
        assert!(!sink.is_behind());
    }
}
