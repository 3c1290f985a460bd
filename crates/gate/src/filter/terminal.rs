//! A terminal of the program's own, on which its output comes to us.
//!
//! Only output goes through it. The program stays in our session and our group, with the terminal
//! of its user as its controlling one and, where it was that, as its input: keys, job control and
//! `/dev/tty` are as without us, nothing of the user's terminal is changed by us, and nothing has
//! to be put back when we die. A pager that opens the terminal it writes to, to read keys from it,
//! gets them from us. What the program sets on its own terminal (many full-screen programs
//! set the one they write to) is set on the user's, too.

use std::fs::{DirEntry, File, OpenOptions, read_dir, read_link};
use std::io::{self, Read};
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, ttyname, write};
use rustix::io::ioctl_fionread;
use rustix::termios::{tcgetwinsize, tcsetwinsize};

/// How long a program has to read a key, and to do what that is for, before it gets the next one.
const KEY_PAUSE: Duration = Duration::from_millis(20);

/// Longest code of a key, in bytes.
const LONGEST_KEY: usize = 16;

/// How codes of more than one byte begin.
const ESCAPE: u8 = 0x1b;

/// The pair, and what is set on it.
#[derive(Debug)]
pub(super) struct Terminal {
    inner: OwnedFd,
    outer: OwnedFd,
    /// What was set on the user's terminal when the program started.
    before: Termios,
    /// What is set on the program's.
    last: Termios,
    size: (u16, u16),
    has_set: bool,
    /// The path of the program's terminal.
    name: Option<PathBuf>,
    /// The user's terminal, read for a program that reads its own.
    keys: Option<File>,
    /// When the next key may be handed on: the program may leave what comes then to the next one.
    next_key: Option<Instant>,
}

impl Terminal {
    /// A terminal like `outer`, our end of it and the program's.
    pub(super) fn like(outer: BorrowedFd<'_>) -> io::Result<(Self, OwnedFd, OwnedFd)> {
        let before = tcgetattr(outer)?;
        let pair = openpty(None, None)?;
        let mut last = before.clone();
        // Line ends are made by the user's terminal; made twice they would be others.
        last.output_flags.remove(OutputFlags::OPOST);
        tcsetattr(&pair.slave, SetArg::TCSANOW, &last)?;
        close_on_exec(&pair.master)?;
        close_on_exec(&pair.slave)?;
        let last = tcgetattr(&pair.slave)?;
        let (inner, outer) = (pair.master.try_clone()?, outer.try_clone_to_owned()?);
        let name = ttyname(&pair.slave).ok();
        let size = (0, 0);
        let mut terminal = Self {
            inner,
            outer,
            before,
            last,
            size,
            has_set: false,
            name,
            keys: None,
            next_key: None,
        };
        terminal.resize();
        Ok((terminal, pair.master, pair.slave))
    }

    /// Makes the program's terminal as large as the user's. Says whether that was a change.
    pub(super) fn resize(&mut self) -> bool {
        let Ok(size) = tcgetwinsize(&self.outer) else { return false };
        let now = (size.ws_row, size.ws_col);
        let changed = now != self.size && tcsetwinsize(&self.inner, size).is_ok();
        if changed {
            self.size = now;
        }
        changed
    }

    /// The same, and tells those who heard of it from the user's terminal once more: they may have
    /// looked before us.
    pub(super) fn resize_and_tell(&mut self) {
        let group = match tcgetpgrp(&self.outer) {
            // It is that of a redaction around us, whose groups are ours.
            Err(Errno::ENOTTY) => Ok(getpgrp()),
            group => group,
        };
        if self.resize()
            && let Ok(group) = group
        {
            let _told = kill(Pid::from_raw(group.as_raw().saturating_neg()), Signal::SIGWINCH);
        }
    }

    /// Sets on the user's terminal what the program has set on its own.
    pub(super) fn follow(&mut self) {
        let Ok(now) = tcgetattr(&self.inner) else { return };
        if now == self.last || !self.is_ours() {
            return;
        }
        let Ok(mut outer) = tcgetattr(&self.outer) else { return };
        outer.input_flags = now.input_flags;
        outer.local_flags = now.local_flags;
        outer.control_chars = now.control_chars;
        let toggled = (now.output_flags ^ self.last.output_flags).difference(OutputFlags::OPOST);
        outer.output_flags ^= toggled;
        // Before it is set: a redaction around us looks then for who reads its terminal.
        let single = !now.local_flags.contains(LocalFlags::ICANON);
        let keys = if single && self.is_read() { self.opened_for_keys() } else { None };
        if tcsetattr(&self.outer, SetArg::TCSANOW, &outer).is_ok() {
            (self.last, self.has_set, self.keys) = (now, true, keys);
        }
    }

    /// Whether we may set the user's terminal: we are in front on it, or it is the terminal of a
    /// redaction around us, which passes on what is set there (a pager that is wrapped, below a
    /// wrapped program).
    fn is_ours(&self) -> bool {
        match tcgetpgrp(&self.outer) {
            Ok(group) => group == getpgrp(),
            Err(error) => error == Errno::ENOTTY,
        }
    }

    /// What to wait for, while keys are handed on.
    pub(super) fn wanted(&self) -> Option<PollFd<'_>> {
        let keys = self.keys.as_ref().filter(|_| self.next_key.is_none());
        keys.map(|keys| PollFd::new(keys.as_fd(), PollFlags::POLLIN))
    }

    /// When to look for keys again.
    pub(super) fn due(&self) -> Option<Instant> {
        self.next_key.filter(|_| self.keys.is_some())
    }

    /// Hands on one key. The user's terminal keeps making signals of keys. Those behind it stay
    /// there until the program has read it and had time to end or to set its terminal back: what is
    /// typed ahead belongs to whoever reads next.
    pub(super) fn pass_keys(&mut self) {
        let now = Instant::now();
        if self.keys.is_none() || self.next_key.is_some_and(|next| now < next) {
            return;
        }
        self.next_key = now.checked_add(KEY_PAUSE).filter(|_| self.has_unread());
        if self.next_key.is_some() {
            return;
        }
        self.follow();
        let Some(keys) = &mut self.keys else { return };
        let mut typed = [0; LONGEST_KEY];
        let (first, rest) = typed.split_at_mut(1);
        let Ok(count @ 1..) = keys.read(first) else { return };
        // The codes of one key come at once.
        let more = if first == [ESCAPE] { keys.read(rest).unwrap_or_default() } else { 0 };
        let count = count.saturating_add(more);
        // What the program's terminal has no room for, nobody is waiting for.
        let _passed = write(&self.inner, typed.get(..count).unwrap_or_default());
        self.next_key = now.checked_add(KEY_PAUSE);
    }

    /// Whether a key waits for the program to read it.
    fn has_unread(&self) -> bool {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
        let open = |name| OpenOptions::new().read(true).custom_flags(flags).open(name).ok();
        let unread = self.name.as_ref().and_then(open).and_then(|it| ioctl_fionread(it).ok());
        unread.is_some_and(|count| count > 0)
    }

    /// Whether some process has opened the program's terminal by its path, as pagers do that read
    /// keys from where they write.
    fn is_read(&self) -> bool {
        let Some(name) = &self.name else { return false };
        let numbered =
            |entry: &DirEntry| entry.file_name().to_str().and_then(|name| name.parse::<u32>().ok());
        let processes = read_dir("/proc").into_iter().flatten().flatten();
        let folders = processes.filter(|entry| numbered(entry).is_some());
        let mut open = folders
            .flat_map(|entry| read_dir(entry.path().join("fd")))
            .flat_map(|descriptors| descriptors.flatten());
        open.any(|descriptor| {
            !matches!(numbered(&descriptor), None | Some(1 | 2))
                && read_link(descriptor.path()).is_ok_and(|target| target == *name)
        })
    }

    fn opened_for_keys(&self) -> Option<File> {
        let flags = nix::libc::O_NONBLOCK | nix::libc::O_NOCTTY;
        let path = format!("/proc/self/fd/{}", self.outer.as_raw_fd());
        OpenOptions::new().read(true).custom_flags(flags).open(path).ok()
    }

    /// Puts back what the program has set there and, killed, could not.
    pub(super) fn restore(&self) {
        if self.has_set && self.is_ours() {
            let _restored = tcsetattr(&self.outer, SetArg::TCSANOW, &self.before);
        }
    }
}

fn close_on_exec(fd: &impl AsFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}
