//! One stream on its way: read, judged, and written on without what is taken out.

use std::os::fd::{AsFd, OwnedFd};
use std::time::Instant;

use datafog_redact::{Patience, Redactor, Tally};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::unistd::read;

use super::sink::Sink;
use super::terminal::Terminal;

/// One stream on its way.
#[derive(Debug)]
pub(super) struct Conduit<'k> {
    /// `None` when nothing more comes or nobody listens.
    from: Option<OwnedFd>,
    /// Whether a read of it may wait for others, so that it is asked first.
    waits: bool,
    redactor: Option<Redactor<'k>>,
    pub(super) sink: Sink,
    pub(super) terminal: Option<Terminal>,
    /// When to write what is kept back, how sure to be by then, and what had come when that began.
    due: Option<(Instant, Patience, usize)>,
}

impl<'k> Conduit<'k> {
    /// From `from`, which never waits, to `sink`.
    pub(super) const fn new(from: OwnedFd, redactor: Redactor<'k>, sink: Sink) -> Self {
        Self {
            from: Some(from),
            waits: false,
            redactor: Some(redactor),
            sink,
            terminal: None,
            due: None,
        }
    }

    /// The same, where a read may wait.
    pub(super) fn waiting(self) -> Self {
        Self { waits: true, ..self }
    }

    /// The same, on a terminal.
    pub(super) fn on(self, terminal: Option<Terminal>) -> Self {
        Self { terminal, ..self }
    }

    /// When something is to be written, whatever comes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due.map(|(due, ..)| due)
    }

    /// Whether nothing more comes and everything is out.
    pub(super) const fn is_done(&self) -> bool {
        self.from.is_none() && !self.sink.is_behind()
    }

    /// What to wait for: that the reader takes more, or that the program writes more.
    pub(super) fn wanted(&self) -> Option<PollFd<'_>> {
        if self.sink.is_behind() {
            return Some(PollFd::new(self.sink.fd(), PollFlags::POLLOUT));
        }
        self.from.as_ref().map(|from| PollFd::new(from.as_fd(), PollFlags::POLLIN))
    }

    /// Writes what waits, reads once, and returns how much was read.
    pub(super) fn move_on(&mut self, block: &mut [u8], tally: &mut Tally) -> usize {
        self.sink.catch_up();
        if self.sink.is_behind() {
            return 0;
        }
        let count = self.take(block, tally);
        if self.sink.broken().is_some() {
            // The program gets SIGPIPE, as it would from the reader that is gone.
            self.from = None;
            if let Some(redactor) = self.redactor.take() {
                *tally = core::mem::take(tally).with(redactor.tally().clone());
            }
        }
        if self.due.is_some_and(|(due, ..)| due <= Instant::now()) {
            self.overdue();
        }
        count
    }

    /// Reads once.
    fn take(&mut self, block: &mut [u8], tally: &mut Tally) -> usize {
        let Some(from) = &self.from else { return 0 };
        if self.waits && !has_more(from) {
            return 0;
        }
        match read(from, block) {
            Ok(count @ 1..) => {
                if let Some(terminal) = &mut self.terminal {
                    terminal.follow();
                }
                let piece = block.get(..count).unwrap_or_default();
                if let Some(redactor) = &mut self.redactor {
                    // A sink takes everything.
                    let _taken = redactor.push(piece, &mut self.sink);
                    self.sink.catch_up();
                    let reached = self.due.is_some_and(|due| redactor.written() >= due.2);
                    if self.due.is_none_or(|due| due.1 >= Patience::Long) || reached {
                        let (wait, patience) = Patience::first(count);
                        let due = Instant::now().checked_add(wait);
                        self.due = due.map(|due| (due, patience, redactor.taken()));
                    }
                }
                count
            }
            Err(Errno::EAGAIN | Errno::EINTR) => 0,
            // A terminal that nobody writes to any more ends in an error (EIO).
            Ok(_) | Err(_) => {
                self.from = None;
                if let Some(redactor) = self.redactor.take()
                    && let Ok(one) = redactor.finish(&mut self.sink)
                {
                    *tally = core::mem::take(tally).with(one);
                    self.sink.catch_up();
                }
                self.due = None;
                0
            }
        }
    }

    /// Nothing more came in time.
    fn overdue(&mut self) {
        let Some((due, patience, mark)) = self.due.take() else { return };
        let kept = self.pause(patience);
        // What a program reads must be what came, whatever it is silent about.
        let talking = !self.waits && self.sink.is_talked_to();
        if let Some((wait, next)) = patience.next(talking).filter(|_| kept) {
            self.due = due.checked_add(wait).map(|due| (due, next, mark));
        }
    }

    /// Ends it where it is, and counts what was taken out.
    pub(super) fn leave(self, tally: &mut Tally) {
        if let Some(redactor) = self.redactor {
            *tally = core::mem::take(tally).with(redactor.tally().clone());
        }
    }

    /// Writes what may be shown; says whether something is kept back.
    pub(super) fn pause(&mut self, patience: Patience) -> bool {
        let Some(redactor) = &mut self.redactor else { return false };
        let kept = redactor.pause(patience, &mut self.sink).unwrap_or(false);
        self.sink.catch_up();
        kept
    }
}

/// Whether a read would not wait now.
fn has_more(from: &OwnedFd) -> bool {
    let mut ready = [PollFd::new(from.as_fd(), PollFlags::POLLIN)];
    !matches!(poll(&mut ready, PollTimeout::ZERO), Ok(0))
}
