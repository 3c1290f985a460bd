//! What it takes to run a program as a child and to end as it did.

use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::ptr;
use std::io;

/// Which of the two processes after a fork this is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fork {
    /// The new one.
    Child,
    /// The old one, with the number of the new one.
    Parent(i32),
}

/// Splits this process in two.
///
/// # Errors
/// The system's answer; and when other threads run, since the child would have their locks without
/// them.
pub fn fork() -> io::Result<Fork> {
    if std::fs::read_dir("/proc/self/task")?.count() != 1 {
        return Err(io::Error::other("other threads run"));
    }
    // SAFETY: no other thread runs, so no lock is held by anybody who would not be in the child, and
    // the child may go on as any program does (fork(2)).
    #[expect(unsafe_code, reason = "the standard library has no fork")]
    let answer = unsafe { libc::fork() };
    match answer {
        0 => Ok(Fork::Child),
        pid if pid > 0 => Ok(Fork::Parent(pid)),
        _ => Err(io::Error::last_os_error()),
    }
}

/// Makes the system keep how children end, and says whether whoever started us had told it not to.
#[must_use]
pub fn heed_children() -> bool {
    set(libc::SIGCHLD, libc::SIG_DFL) == Some(libc::SIG_IGN)
}

/// Takes [`heed_children()`] back in a child, for the program to come.
pub fn ignore_children() {
    let _before = set(libc::SIGCHLD, libc::SIG_IGN);
}

/// Ends this process by a signal, as a program that did not catch it ends; without a core file, as
/// whoever really died has left that. If that does not end it, by the code that shells give.
pub fn die_by(signal: i32) -> ! {
    let none = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    // SAFETY: the structure is valid; a failure changes nothing.
    #[expect(unsafe_code, reason = "a system call that takes a structure")]
    let _limited = unsafe { libc::setrlimit(libc::RLIMIT_CORE, &raw const none) };
    let _before = set(signal, libc::SIG_DFL);
    let mut only = MaybeUninit::<libc::sigset_t>::uninit();
    // SAFETY: initialises the set; a number that is no signal is refused.
    #[expect(unsafe_code, reason = "a C structure")]
    let _empty = unsafe { libc::sigemptyset(only.as_mut_ptr()) };
    // SAFETY: the set was initialised by the call before.
    #[expect(unsafe_code, reason = "a C structure")]
    let _added = unsafe { libc::sigaddset(only.as_mut_ptr(), signal) };
    // SAFETY: raises a signal in this process, which has one thread.
    #[expect(unsafe_code, reason = "raises a signal")]
    let _raised = unsafe { libc::raise(signal) };
    // SAFETY: the set was initialised above; now a signal that was blocked arrives.
    #[expect(unsafe_code, reason = "unblocks a signal")]
    let _unblocked =
        unsafe { libc::sigprocmask(libc::SIG_UNBLOCK, only.as_ptr(), ptr::null_mut()) };
    crate::exit(u8::try_from(signal.saturating_add(128)).unwrap_or(u8::MAX))
}

/// Sets what a signal does, and returns what it did; `None` when that cannot be set.
fn set(signal: c_int, what: libc::sighandler_t) -> Option<libc::sighandler_t> {
    // SAFETY: all-zero is a valid `sigaction`: default action, empty mask, no flags.
    #[expect(unsafe_code, reason = "a C structure of numbers")]
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = what;
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both structures are valid, and no function of ours is named.
    #[expect(unsafe_code, reason = "sets what a signal does")]
    let answer = unsafe { libc::sigaction(signal, &raw const action, before.as_mut_ptr()) };
    // SAFETY: zeroed is valid, and the call, if it succeeded, filled it in.
    #[expect(unsafe_code, reason = "reads back what the kernel wrote")]
    let before = unsafe { before.assume_init() };
    (answer == 0).then_some(before.sa_sigaction)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_heeded_and_ignored_again() {
        let before = heed_children();
        ignore_children();
        assert!(heed_children() && !heed_children());
        if before {
            ignore_children();
        }
    }

    #[test]
    fn a_process_with_threads_is_not_split() {
        let (ready, go_on) = (std::sync::Barrier::new(2), std::sync::Barrier::new(2));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                ready.wait();
                go_on.wait();
            });
            ready.wait();
            assert!(fork().is_err());
            go_on.wait();
        });
    }
}
