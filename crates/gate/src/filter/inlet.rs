//! Standard input of a program that sends on what it reads: a pipe of ours in its place.
//!
//! The program reads what we let through, and its end only when that has ended. At a finding that
//! must not be sent it is told to end (SIGTERM), and made to when it does not; it never sees an end
//! there, since many programs take a cut text for a whole one and act on it.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::{Duration, Instant};

use datafog_redact::{Redactor, Tally};
use nix::poll::PollFd;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::conduit::Conduit;
use super::inflow::Inflow;
use super::sink::Sink;

/// How long a program may take to end when it is told to.
const GRACE: Duration = Duration::from_secs(2);

/// The pipe, before there is a program.
#[derive(Debug)]
pub(super) struct Pipe {
    ours: OwnedFd,
    theirs: OwnedFd,
    stdin: OwnedFd,
    nothing: OwnedFd,
}

impl Pipe {
    pub(super) fn new() -> io::Result<Self> {
        let (reader, writer) = io::pipe()?;
        let stdin = io::stdin().as_fd().try_clone_to_owned()?;
        let nothing = OwnedFd::from(File::open("/dev/null")?);
        Ok(Self { ours: writer.into(), theirs: reader.into(), stdin, nothing })
    }

    /// Puts it where the program reads. In the child only.
    pub(super) fn connect(&self) -> io::Result<()> {
        datafog_start::put_at(&self.theirs, 0)
    }

    /// Our end of it. From here on nobody reads standard input but through it, so whoever writes
    /// there hears when it is closed.
    pub(super) fn carry<'k>(
        self,
        redactor: Redactor<'k>,
        inflow: &'k Inflow<'k>,
    ) -> io::Result<Inlet<'k>> {
        // The pipe can be opened once more as long as somebody reads it.
        let sink = Sink::new(self.ours);
        datafog_start::put_at(&self.nothing, 0)?;
        let conduit = Conduit::new(self.stdin, redactor.guarded_by(inflow), sink).waiting();
        Ok(Inlet { conduit: Some(conduit), inflow, ending: None, tally: Tally::default() })
    }
}

/// The pipe at work.
#[derive(Debug)]
pub(super) struct Inlet<'k> {
    /// `None` when all is through, or nobody reads any more.
    conduit: Option<Conduit<'k>>,
    inflow: &'k Inflow<'k>,
    /// When a program that was told to end is made to.
    ending: Option<Instant>,
    tally: Tally,
}

impl Inlet<'_> {
    /// What to wait for.
    pub(super) fn wanted(&self) -> Option<PollFd<'_>> {
        self.conduit.as_ref().filter(|_| self.ending.is_none()).and_then(Conduit::wanted)
    }

    /// When something is to be done, whatever comes.
    pub(super) fn due(&self) -> Option<Instant> {
        self.ending.or_else(|| self.conduit.as_ref().and_then(Conduit::due))
    }

    /// Moves on what came for `child`, or ends it.
    pub(super) fn move_on(&mut self, block: &mut [u8], child: Option<Pid>) {
        let Some(child) = child else { return self.close() };
        if let Some(conduit) = self.conduit.as_mut().filter(|_| self.ending.is_none()) {
            conduit.move_on(block, &mut self.tally);
        }
        if self.inflow.is_refused() {
            self.end(child);
        } else if self.conduit.as_ref().is_some_and(Conduit::is_done) {
            self.conduit = None;
        }
    }

    fn end(&mut self, child: Pid) {
        let now = Instant::now();
        let signal = match self.ending {
            None => Signal::SIGTERM,
            Some(until) if until <= now => Signal::SIGKILL,
            Some(_) => return,
        };
        let _told = kill(child, signal);
        // One that is stopped does not hear it.
        let _continued = kill(child, Signal::SIGCONT);
        self.ending = now.checked_add(GRACE);
    }

    /// The program is gone: whoever writes to it hears that.
    fn close(&mut self) {
        if let Some(conduit) = self.conduit.take() {
            conduit.leave(&mut self.tally);
        }
    }

    /// What was taken out of what it read.
    pub(super) fn into_tally(mut self) -> Tally {
        self.close();
        self.tally
    }
}
