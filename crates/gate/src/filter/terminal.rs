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

use nix::fcntl::{FcntlArg, FdFlag, fcntl};
use nix::poll::{PollFd, PollFlags};
use nix::pty::openpty;
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, OutputFlags, SetArg, Termios, tcgetattr, tcsetattr};
use nix::unistd::{Pid, getpgrp, tcgetpgrp, ttyname, write};
use rustix::termios::{tcgetwinsize, tcsetwinsize};

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
        let mut terminal =
            Self { inner, outer, before, last, size: (0, 0), has_set: false, name, keys: None };
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
        if self.resize()
            && let Ok(group) = tcgetpgrp(&self.outer)
        {
            let _told = kill(Pid::from_raw(group.as_raw().saturating_neg()), Signal::SIGWINCH);
        }
    }

    /// Sets on the user's terminal what the program has set on its own.
    pub(super) fn follow(&mut self) {
        let Ok(now) = tcgetattr(&self.inner) else { return };
        if now == self.last || tcgetpgrp(&self.outer) != Ok(getpgrp()) {
            return;
        }
        let Ok(mut outer) = tcgetattr(&self.outer) else { return };
        outer.input_flags = now.input_flags;
        outer.local_flags = now.local_flags;
        outer.control_chars = now.control_chars;
        let toggled = (now.output_flags ^ self.last.output_flags).difference(OutputFlags::OPOST);
        outer.output_flags ^= toggled;
        if tcsetattr(&self.outer, SetArg::TCSANOW, &outer).is_ok() {
            let single = !now.local_flags.contains(LocalFlags::ICANON);
            (self.last, self.has_set) = (now, true);
            self.keys = if single && self.is_read() { self.opened_for_keys() } else { None };
        }
    }

    /// What to wait for, while keys are handed on.
    pub(super) fn wanted(&self) -> Option<PollFd<'_>> {
        self.keys.as_ref().map(|keys| PollFd::new(keys.as_fd(), PollFlags::POLLIN))
    }

    /// Hands on what was typed. The user's terminal keeps making signals of keys.
    pub(super) fn pass_keys(&mut self) {
        let Some(keys) = &mut self.keys else { return };
        let mut typed = [0; 256];
        if let Ok(count @ 1..) = keys.read(&mut typed) {
            // What the program's terminal has no room for, nobody is waiting for.
            let _passed = write(&self.inner, typed.get(..count).unwrap_or_default());
        }
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
        if self.has_set && tcgetpgrp(&self.outer) == Ok(getpgrp()) {
            let _restored = tcsetattr(&self.outer, SetArg::TCSANOW, &self.before);
        }
    }
}

fn close_on_exec(fd: &impl AsFd) -> io::Result<()> {
    fcntl(fd, FcntlArg::F_SETFD(FdFlag::FD_CLOEXEC))?;
    Ok(())
}
