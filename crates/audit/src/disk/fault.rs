//! Deaths and failures on order, for tests.

use std::cell::Cell;
use std::io;
use std::panic::{self, AssertUnwindSafe};

/// What happens at one step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The process is killed before the call.
    Die,
    /// The process is killed when half of the bytes are written.
    Tear,
    /// The call fails with this error number and has done nothing.
    Fail(i32),
    /// The call fails with this error number when half of the bytes are written.
    Short(i32),
}

/// The mark of a death in a panic.
struct Dead;

thread_local! {
    /// The step, counted from 0, at which something happens, and what.
    static PLAN: Cell<Option<(usize, Fault)>> = const { Cell::new(None) };
    /// Steps made so far.
    static STEP: Cell<usize> = const { Cell::new(0) };
}

/// Runs `body` with a fault at step `at`. `None` when it died, and otherwise its result and the
/// number of steps that it took.
pub(crate) fn with<T>(at: usize, fault: Fault, body: impl FnOnce() -> T) -> (Option<T>, usize) {
    PLAN.set(Some((at, fault)));
    STEP.set(0);
    let result = panic::catch_unwind(AssertUnwindSafe(body));
    PLAN.set(None);
    let result = match result {
        Ok(value) => Some(value),
        Err(payload) if payload.is::<Dead>() => None,
        Err(payload) => panic::resume_unwind(payload),
    };
    (result, STEP.get())
}

/// Called before a step that would write `bytes`; `write` writes a part of them.
pub(crate) fn before(bytes: &[u8], write: impl FnOnce(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let half = &bytes[..bytes.len() / 2];
    let step = STEP.replace(STEP.get() + 1);
    let fault = PLAN.get().filter(|(at, _)| *at == step).map(|(_, fault)| fault);
    match fault {
        None => Ok(()),
        Some(Fault::Die) => panic::resume_unwind(Box::new(Dead)),
        Some(Fault::Tear) => {
            write(half)?;
            panic::resume_unwind(Box::new(Dead))
        }
        Some(Fault::Fail(number)) => Err(io::Error::from_raw_os_error(number)),
        Some(Fault::Short(number)) => {
            write(half)?;
            Err(io::Error::from_raw_os_error(number))
        }
    }
}
