//! Carries what the program writes through the redaction, until all of it is out.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use datafog_core::{Channel, Key};
use datafog_detect::Custom;
use datafog_redact::{Patience, Plan, Redactor, Tally};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, read};

use super::signals::{Seen, Signals, stop_by};
use super::sink::Sink;
use super::streams::Wire;
use super::terminal::Terminal;

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// How long something is kept back that is no secret: a prompt must appear.
const SHORT: Duration = Duration::from_millis(4);

/// How long a last word is kept back that could become an address or a name.
const LONG: Duration = Duration::from_millis(200);

/// How much is still read of a program that ended while others write to its streams, before it is
/// left to a process that stays behind.
const LAST_BYTES: usize = 4 << 20;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Code(i32),
    Signal(Signal),
}

/// One stream on its way.
#[derive(Debug)]
struct Conduit<'k> {
    /// `None` when nothing more comes or nobody listens.
    from: Option<OwnedFd>,
    redactor: Option<Redactor<'k>>,
    sink: Sink,
    terminal: Option<Terminal>,
    /// When to write what is kept back, how sure to be by then, and what had come when that began.
    due: Option<(Instant, Patience, usize)>,
}

/// Everything on its way.
#[derive(Debug)]
pub(super) struct Pump<'k> {
    conduits: Vec<Conduit<'k>>,
    signals: Signals,
    /// `None` when it ended, or is somebody else's.
    child: Option<Pid>,
    end: Option<End>,
    tally: Tally,
    block: Vec<u8>,
    /// What was read since the program ended.
    last: usize,
}

impl<'k> Pump<'k> {
    pub(super) fn new(
        wires: Vec<Wire>,
        signals: Signals,
        child: Pid,
        (key, custom, plan): (&'k Key, Option<&'k Custom>, &'k Plan<'k>),
    ) -> io::Result<Self> {
        let conduit = |wire: Wire| {
            Ok(Conduit {
                redactor: Some(Redactor::new(key, custom, plan, Channel::Output)),
                sink: Sink::new(wire.outside()?),
                from: Some(wire.ours),
                terminal: wire.terminal,
                due: None,
            })
        };
        let conduits = wires.into_iter().map(conduit).collect::<io::Result<_>>()?;
        let (tally, block) = (Tally::default(), vec![0; BLOCK]);
        Ok(Self { conduits, signals, child: Some(child), end: None, tally, block, last: 0 })
    }

    /// Runs until the program ended and what it wrote is out; what others go on writing to its
    /// streams is left to a process that stays behind.
    pub(super) fn run(mut self) -> (Option<End>, Tally, Option<Errno>) {
        loop {
            let done = self.conduits.iter().all(Conduit::is_done);
            if done && self.child.is_none() {
                break;
            }
            let idle = self.wait();
            self.heed_signals();
            let moved = self.move_on();
            let over = self.last >= LAST_BYTES;
            if self.end.is_some() && (over || idle && !moved) && self.stay_behind() {
                break;
            }
        }
        self.end_terminals();
        self.signals.release();
        let broken = self.conduits.iter().find_map(|one| one.sink.broken());
        (self.end, self.tally, broken)
    }

    /// Waits for something to do; says whether there is nothing.
    fn wait(&mut self) -> bool {
        let now = Instant::now();
        let due = self.conduits.iter().filter_map(|one| Some(one.due?.0)).min();
        let pause = due.map(|due| due.saturating_duration_since(now));
        // A program that ended writes nothing more, so nothing is waited for but readers.
        let behind = self.conduits.iter().any(|one| one.sink.is_behind());
        let pause = if self.end.is_some() && !behind { Some(Duration::ZERO) } else { pause };
        // Whole milliseconds, and never too few: else the last one would be spent turning.
        let timeout = pause.map_or(PollTimeout::NONE, |pause| {
            let pause = pause.saturating_add(Duration::from_micros(999));
            PollTimeout::try_from(pause).unwrap_or(PollTimeout::ZERO)
        });
        let mut all = vec![PollFd::new(self.signals.fd.as_fd(), PollFlags::POLLIN)];
        all.extend(self.conduits.iter().filter_map(Conduit::wanted));
        all.extend(self.conduits.iter().filter_map(|one| one.terminal.as_ref()?.wanted()));
        matches!(poll(&mut all, timeout), Ok(0))
    }

    fn heed_signals(&mut self) {
        while let Some(seen) = self.signals.next(self.child) {
            match seen {
                Seen::Child => self.look_after_child(),
                Seen::Resized => {
                    for terminal in self.conduits.iter_mut().filter_map(|it| it.terminal.as_mut()) {
                        terminal.resize_and_tell();
                    }
                }
                // As it would have ended the program, had that still been writing.
                Seen::Fatal(signal) => {
                    self.end = Some(End::Signal(signal));
                    self.conduits.clear();
                }
                Seen::Nothing => {}
            }
        }
    }

    fn look_after_child(&mut self) {
        let Some(child) = self.child else { return };
        match waitpid(child, Some(WaitPidFlag::WNOHANG | WaitPidFlag::WUNTRACED)) {
            Ok(WaitStatus::Exited(_, code)) => self.end = Some(End::Code(code)),
            Ok(WaitStatus::Signaled(_, signal, _)) => self.end = Some(End::Signal(signal)),
            Ok(WaitStatus::Stopped(_, signal)) => {
                self.move_on();
                for conduit in &mut self.conduits {
                    conduit.pause(Patience::Long);
                }
                stop_by(signal);
                // Whoever let us go on may have meant the program.
                let _continued = kill(child, Signal::SIGCONT);
            }
            // It was taken from us; there is no end to tell of.
            Err(Errno::ECHILD) => self.end = Some(End::Code(0)),
            Ok(_) | Err(_) => {}
        }
        if self.end.is_some() {
            self.child = None;
        }
    }

    /// Moves what can be moved; says whether anything was.
    fn move_on(&mut self) -> bool {
        let mut moved = 0_usize;
        for conduit in &mut self.conduits {
            moved = moved.saturating_add(conduit.move_on(&mut self.block, &mut self.tally));
        }
        if self.end.is_some() {
            self.last = self.last.saturating_add(moved);
        }
        moved > 0
    }

    /// The program ended, and others hold its streams open: one process goes on reading what they
    /// write, as long as they do, while this one ends as the program did. Says whether to end.
    fn stay_behind(&mut self) -> bool {
        if self.conduits.iter().any(|one| one.sink.is_behind()) && self.last < LAST_BYTES {
            return false;
        }
        for conduit in &mut self.conduits {
            conduit.pause(Patience::Long);
        }
        self.end_terminals();
        match datafog_start::fork() {
            Ok(datafog_start::Fork::Child) => {
                self.signals.release();
                (self.end, self.last) = (None, 0);
                false
            }
            // Without one, they get SIGPIPE, as from any reader that ends.
            Ok(datafog_start::Fork::Parent(_)) | Err(_) => true,
        }
    }

    fn end_terminals(&mut self) {
        let killed = matches!(self.end, Some(End::Signal(_)));
        for terminal in self.conduits.iter_mut().filter_map(|one| one.terminal.as_mut()) {
            terminal.follow();
            if killed {
                terminal.restore();
            }
        }
    }
}

impl Conduit<'_> {
    /// Whether nothing more comes and everything is out.
    const fn is_done(&self) -> bool {
        self.from.is_none() && !self.sink.is_behind()
    }

    /// What to wait for: that the reader takes more, or that the program writes more.
    fn wanted(&self) -> Option<PollFd<'_>> {
        if self.sink.is_behind() {
            return Some(PollFd::new(self.sink.fd(), PollFlags::POLLOUT));
        }
        self.from.as_ref().map(|from| PollFd::new(from.as_fd(), PollFlags::POLLIN))
    }

    /// Writes what waits, reads once, and returns how much was read.
    fn move_on(&mut self, block: &mut [u8], tally: &mut Tally) -> usize {
        self.sink.catch_up();
        if let Some(terminal) = &mut self.terminal {
            terminal.pass_keys();
        }
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
        match read(from, block) {
            Ok(count @ 1..) => {
                if let Some(terminal) = &mut self.terminal {
                    terminal.follow();
                }
                let piece = block.get(..count).unwrap_or_default();
                if let Some(redactor) = &mut self.redactor {
                    // A sink takes everything.
                    let _taken = redactor.push(piece, &mut self.sink);
                    let reached = self.due.is_some_and(|due| redactor.written() >= due.2);
                    if self.due.is_none_or(|due| due.1 == Patience::Long) || reached {
                        let due = Instant::now().checked_add(SHORT);
                        self.due = due.map(|due| (due, Patience::Short, redactor.taken()));
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
        if kept && patience == Patience::Short {
            self.due = due.checked_add(LONG).map(|due| (due, Patience::Long, mark));
        }
    }

    /// Writes what may be shown; says whether something is kept back.
    fn pause(&mut self, patience: Patience) -> bool {
        let Some(redactor) = &mut self.redactor else { return false };
        redactor.pause(patience, &mut self.sink).unwrap_or(false)
    }
}
