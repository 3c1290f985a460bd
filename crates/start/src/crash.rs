//! A crash ends with a code that means "not allowed", never with one that a caller could take for
//! a pass.
//!
//! A stack overflow, an abort or a fault kills a process by a signal; some callers read that as
//! "the hook broke, go on". So those signals exit with a code that the face of the program chose.
//! The handlers vanish at exec, and a signal that our parent had set to be ignored stays ignored.
//!
//! One more signal would end us for something that is no fault of ours: a write past the limit for
//! file sizes. It is caught so that the write itself fails and the caller decides what that means.

use core::ffi::c_int;
use core::mem::MaybeUninit;
use core::ptr;
use core::sync::atomic::{AtomicU8, Ordering};

/// Signals by which the process could die of its own fault.
const FAULTS: [c_int; 4] = [libc::SIGSEGV, libc::SIGBUS, libc::SIGABRT, libc::SIGILL];

/// Enough for a handler that only leaves; on x86-64 with wide vectors a signal frame alone may
/// take more than 3 KiB.
const STACK_BYTES: usize = 16 * 1024;

/// Where the handler runs when the ordinary stack is full.
static mut STACK: MaybeUninit<[u8; STACK_BYTES]> = MaybeUninit::uninit();

/// DESIGN: a failure of ours is 125 unless a face says otherwise.
static CODE: AtomicU8 = AtomicU8::new(125);

/// Chooses the exit code of a crash from now on: 125 for a shim, 2 for a hook.
pub fn set_crash_code(code: u8) {
    CODE.store(code, Ordering::Relaxed);
}

pub(crate) fn code() -> u8 {
    CODE.load(Ordering::Relaxed)
}

/// Ends the process at once, without unwinding and without running exit handlers.
pub fn exit(code: u8) -> ! {
    // SAFETY: `_exit` takes any number, returns never and touches none of our memory.
    #[expect(unsafe_code, reason = "leaves from a signal handler or a panic hook")]
    unsafe {
        libc::_exit(c_int::from(code))
    }
}

/// Makes a write to a pipe that nobody reads fail instead of ending the process, so that its exit
/// code still tells what a notice could not. For a process that will not become another program.
pub fn survive_closed_pipes() {
    handle(libc::SIGPIPE, go_on);
}

extern "C" fn leave(_signal: c_int) {
    exit(code());
}

/// Does nothing; that it is there makes `write` fail with `EFBIG` or `EPIPE` (write(2)).
extern "C" fn go_on(_signal: c_int) {}

/// Sets the handlers. Failure is harmless: the process then dies by the signal itself.
pub(crate) fn install() {
    let stack = libc::stack_t { ss_sp: (&raw mut STACK).cast(), ss_flags: 0, ss_size: STACK_BYTES };
    // SAFETY: the memory is static, of the size named, and used by nothing else.
    #[expect(unsafe_code, reason = "names the memory a handler runs on")]
    let _placed = unsafe { libc::sigaltstack(&raw const stack, ptr::null_mut()) };
    for signal in FAULTS {
        handle(signal, leave);
    }
    handle(libc::SIGXFSZ, go_on);
}

fn handle(signal: c_int, handler: extern "C" fn(c_int)) {
    // SAFETY: all-zero is a valid `sigaction`: default action, empty mask, no flags.
    #[expect(unsafe_code, reason = "a C structure of numbers")]
    let mut action: libc::sigaction = unsafe { MaybeUninit::zeroed().assume_init() };
    action.sa_sigaction = handler as usize;
    action.sa_flags = libc::SA_ONSTACK;
    let mut before = MaybeUninit::<libc::sigaction>::zeroed();
    // SAFETY: both structures are valid; the handlers do nothing or call `_exit`, which is allowed
    // in one.
    #[expect(unsafe_code, reason = "sets a signal handler")]
    let set = unsafe { libc::sigaction(signal, &raw const action, before.as_mut_ptr()) };
    // SAFETY: zeroed is valid, and the call, if it succeeded, filled it in.
    #[expect(unsafe_code, reason = "reads back what the kernel wrote")]
    let before = unsafe { before.assume_init() };
    if set == 0 && before.sa_sigaction == libc::SIG_IGN {
        // SAFETY: puts back what stood there, so that the program to come inherits it.
        #[expect(unsafe_code, reason = "puts back what stood there")]
        unsafe {
            libc::sigaction(signal, &raw const before, ptr::null_mut());
        }
    }
}
