//! Carries what the program writes through the redaction, until all of it is out.

use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use datafog_core::{Channel, Key};
use datafog_detect::Custom;
use datafog_redact::{Patience, Plan, Redactor, Tally};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::Pid;

use super::conduit::Conduit;
use super::inlet::Inlet;
use super::signals::{Seen, Signals, stop_by};
use super::sink::Sink;
use super::streams::Wire;

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// How much is still read of a program that ended while others write to its streams, before it is
/// left to a process that stays behind.
const LAST_BYTES: usize = 4 << 20;

/// How a program ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Code(i32),
    Signal(Signal),
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Over {
    /// `None` in a process that stayed behind.
    pub(super) end: Option<End>,
    /// What was taken out of what it wrote.
    pub(super) tally: Tally,
    /// What was taken out of what it read.
    pub(super) given: Tally,
    /// Why some of what it wrote could not be passed on.
    pub(super) broken: Option<Errno>,
}

/// Everything on its way.
#[derive(Debug)]
pub(super) struct Pump<'k> {
    conduits: Vec<Conduit<'k>>,
    /// Where what it reads is judged; `None` when it reads by itself.
    inlet: Option<Inlet<'k>>,
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
            let redactor = Redactor::new(key, custom, plan, Channel::Output);
            let sink = Sink::new(wire.outside()?);
            Ok(Conduit::new(wire.ours, redactor, sink).on(wire.terminal))
        };
        let conduits = wires.into_iter().map(conduit).collect::<io::Result<_>>()?;
        let (child, tally, block) = (Some(child), Tally::default(), vec![0; BLOCK]);
        Ok(Self { conduits, inlet: None, signals, child, end: None, tally, block, last: 0 })
    }

    /// The same, where what the program reads is judged, too.
    pub(super) fn feeding(self, inlet: Option<Inlet<'k>>) -> Self {
        Self { inlet, ..self }
    }

    /// Runs until the program ended and what it wrote is out; what others go on writing to its
    /// streams is left to a process that stays behind.
    pub(super) fn run(mut self) -> Over {
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
        let given = self.inlet.map(Inlet::into_tally).unwrap_or_default();
        Over { end: self.end, tally: self.tally, given, broken }
    }

    /// Waits for something to do; says whether there is nothing.
    fn wait(&mut self) -> bool {
        let now = Instant::now();
        let due = self.conduits.iter().filter_map(Conduit::due);
        let keys = self.conduits.iter().filter_map(|one| one.terminal.as_ref()?.due());
        let due = due.chain(keys).chain(self.inlet.as_ref().and_then(Inlet::due)).min();
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
        all.extend(self.inlet.as_ref().and_then(Inlet::wanted));
        if self.end.is_none() {
            all.extend(self.conduits.iter().filter_map(|one| one.terminal.as_ref()?.wanted()));
        }
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
            // What is typed once the program ended is for whoever reads next.
            if let Some(terminal) = conduit.terminal.as_mut().filter(|_| self.end.is_none()) {
                terminal.pass_keys();
            }
            moved = moved.saturating_add(conduit.move_on(&mut self.block, &mut self.tally));
        }
        if let Some(inlet) = &mut self.inlet {
            inlet.move_on(&mut self.block, self.child);
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
