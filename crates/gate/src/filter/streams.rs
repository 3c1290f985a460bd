//! What standard output and error are, and how a child's are wired to us.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use nix::fcntl::{FcntlArg, FdFlag, OFlag, fcntl};
use nix::sys::stat::{FileStat, SFlag, fstat};

use super::terminal::Terminal;

/// Bytes that a pipe to us holds, where the system gives as much: fewer switches to and fro.
const PIPE_BYTES: i32 = 1 << 20;

/// How one stream of the program reaches whoever listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    /// Closed, or a device that shows nothing: as it is.
    Untouched,
    /// Through a pipe, since it is a pipe, a socket or a file.
    Pipe,
    /// Through a terminal of its own, since it is one.
    Terminal,
}

/// One or two streams of the program that end in the same place.
#[derive(Debug)]
pub(super) struct Wire {
    /// Where we read.
    pub(super) ours: OwnedFd,
    /// Where the program writes.
    pub(super) theirs: OwnedFd,
    /// The numbers of the streams; we write to the first.
    pub(super) numbers: Vec<i32>,
    /// The terminal in between, if any.
    pub(super) terminal: Option<Terminal>,
}

/// Wires for standard output and error; one for both where they are the same, so that their order
/// stays.
pub(super) fn wires() -> io::Result<Vec<Wire>> {
    let (out, err) = (io::stdout(), io::stderr());
    let streams = [(1, out.as_fd()), (2, err.as_fd())];
    let known = streams.map(|(number, fd)| (number, fd, way(fd), fstat(fd).ok()));
    let mut wires: Vec<Wire> = Vec::new();
    let [first, second] = known;
    let joined = first.2 == second.2 && first.3.zip(second.3).is_some_and(is_same);
    for (number, fd, way, _) in [first, second] {
        match way {
            Way::Untouched => {}
            _ if joined && number == 2 => wires.iter_mut().for_each(|one| one.numbers.push(2)),
            Way::Pipe => wires.push(pipe(number)?),
            Way::Terminal => wires.push(terminal(number, fd)?),
        }
    }
    Ok(wires)
}

fn way(fd: BorrowedFd<'_>) -> Way {
    // A stream that was closed has a placeholder, which closes itself on exec.
    let flags = fcntl(fd, FcntlArg::F_GETFD).map_or(FdFlag::FD_CLOEXEC, FdFlag::from_bits_truncate);
    if flags.contains(FdFlag::FD_CLOEXEC) {
        return Way::Untouched;
    }
    let kind = fstat(fd).map_or(SFlag::empty(), |stat| kind(&stat));
    if kind == SFlag::S_IFIFO || kind == SFlag::S_IFSOCK || kind == SFlag::S_IFREG {
        Way::Pipe
    } else if kind == SFlag::S_IFCHR && rustix::termios::isatty(fd) {
        Way::Terminal
    } else {
        Way::Untouched
    }
}

pub(super) fn kind(stat: &FileStat) -> SFlag {
    SFlag::from_bits_truncate(stat.st_mode) & SFlag::S_IFMT
}

fn is_same((one, other): (FileStat, FileStat)) -> bool {
    (one.st_dev, one.st_ino, one.st_rdev) == (other.st_dev, other.st_ino, other.st_rdev)
}

fn pipe(number: i32) -> io::Result<Wire> {
    let (reader, writer) = io::pipe()?;
    let ours = OwnedFd::from(reader);
    // Less room costs time, no more.
    let _grown = fcntl(&ours, FcntlArg::F_SETPIPE_SZ(PIPE_BYTES));
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(Wire { ours, theirs: OwnedFd::from(writer), numbers: vec![number], terminal: None })
}

fn terminal(number: i32, fd: BorrowedFd<'_>) -> io::Result<Wire> {
    let (terminal, ours, theirs) = Terminal::like(fd)?;
    fcntl(&ours, FcntlArg::F_SETFL(OFlag::O_NONBLOCK))?;
    Ok(Wire { ours, theirs, numbers: vec![number], terminal: Some(terminal) })
}

impl Wire {
    /// Puts our end's other side where the program looks for it. In the child only.
    pub(super) fn connect(&self) -> io::Result<()> {
        self.numbers.iter().try_for_each(|number| datafog_start::put_at(&self.theirs, *number))
    }

    /// Where what comes through it goes.
    pub(super) fn outside(&self) -> io::Result<OwnedFd> {
        if self.numbers.first().is_some_and(|number| *number == io::stderr().as_raw_fd()) {
            io::stderr().as_fd().try_clone_to_owned()
        } else {
            io::stdout().as_fd().try_clone_to_owned()
        }
    }
}
