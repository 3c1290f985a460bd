//! Signals while a program runs as our child: read one by one, handed on where it did not get them.

use nix::sys::signal::{SigSet, SigmaskHow, Signal, kill};
use nix::sys::signalfd::{SfdFlags, SignalFd, siginfo};
use nix::unistd::Pid;

/// What is read instead of acted upon; faults are left alone.
const HEEDED: [Signal; 12] = [
    Signal::SIGALRM,
    Signal::SIGCHLD,
    Signal::SIGCONT,
    Signal::SIGHUP,
    Signal::SIGINT,
    Signal::SIGQUIT,
    Signal::SIGTERM,
    Signal::SIGTSTP,
    Signal::SIGTTIN,
    Signal::SIGTTOU,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// Those of them that end nothing.
const STOPPING: [Signal; 4] = [Signal::SIGCONT, Signal::SIGTSTP, Signal::SIGTTIN, Signal::SIGTTOU];

/// Signals that wait to be read.
#[derive(Debug)]
pub(super) struct Signals {
    pub(super) fd: SignalFd,
    /// What was blocked before, for the program to come.
    before: SigSet,
}

/// Something to be seen to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// The child stopped or ended.
    Child,
    /// We shall end, and there is no child to be told.
    Fatal(Signal),
    /// The user's terminal has another size.
    Resized,
    /// Nothing.
    Nothing,
}

impl Signals {
    /// From here on signals wait.
    pub(super) fn hold() -> nix::Result<Self> {
        let mut held = SigSet::empty();
        HEEDED.into_iter().for_each(|signal| held.add(signal));
        held.add(Signal::SIGWINCH);
        let before = held.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let fd = SignalFd::with_flags(&held, SfdFlags::SFD_NONBLOCK | SfdFlags::SFD_CLOEXEC)?;
        Ok(Self { fd, before })
    }

    /// Lets them act again as they did.
    pub(super) fn release(&self) {
        let _set = self.before.thread_set_mask();
    }

    /// The next one, handed on to `child` when somebody sent it to us alone.
    pub(super) fn next(&self, child: Option<Pid>) -> Option<Seen> {
        let info = self.fd.read_signal().ok().flatten()?;
        let signal = i32::try_from(info.ssi_signo).ok().and_then(|it| Signal::try_from(it).ok())?;
        if signal == Signal::SIGCHLD {
            return Some(Seen::Child);
        } else if signal == Signal::SIGWINCH {
            return Some(Seen::Resized);
        }
        let Some(child) = child else {
            let stops = STOPPING.contains(&signal);
            return Some(if stops { Seen::Nothing } else { Seen::Fatal(signal) });
        };
        if is_for_us_alone(&info, child) {
            let _sent = kill(child, signal);
        }
        Some(Seen::Nothing)
    }
}

/// Whether a process sent it. What the kernel sends for a key goes to the whole group, which the
/// child belongs to.
fn is_for_us_alone(info: &siginfo, child: Pid) -> bool {
    info.ssi_code <= 0 && i32::try_from(info.ssi_pid) != Ok(child.as_raw())
}

/// Stops as the child did, until somebody lets us go on.
pub(super) fn stop_by(signal: Signal) {
    let mut only = SigSet::empty();
    only.add(signal);
    if signal == Signal::SIGSTOP || nix::sys::signal::raise(signal).is_err() {
        let _stopped = kill(Pid::this(), Signal::SIGSTOP);
        return;
    }
    // It stops us here, where its default action may act.
    let _acted = only.thread_unblock();
    let _blocked = only.thread_block();
}
