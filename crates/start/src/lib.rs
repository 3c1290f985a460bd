/*!
What a process must know before its first line runs.

Rust's own start-up code prepares the process for an ordinary program: it ignores `SIGPIPE`, opens
`/dev/null` over closed standard streams for good, and reads its stack's limits. A gate that then
becomes another program by `execve` would hand these changes on. [`entry!`] therefore takes the
place of that code: the C runtime calls us directly, nothing about signals or descriptors is
changed for the program to come, and the arguments and the environment are kept as the very bytes
that were received.

This is the only crate with unsafe code. It decides nothing and knows nothing of datafog but the
code a crash must exit with.
*/

mod child;
mod crash;
mod streams;

use core::ffi::{CStr, c_char, c_int};

pub use child::{Fork, die_by, fork, heed_children, ignore_children};
pub use crash::{exit, set_crash_code, survive_closed_pipes};
pub use streams::put_at;

/// What the process was started with.
///
/// INVARIANT: both lists hold pointers that the C runtime keeps alive, unchanged, until the
/// process ends; nothing in this workspace calls `setenv`, `putenv` or writes to argv.
#[derive(Clone, Debug, Default)]
pub struct Process {
    /// The arguments, program name first; may be empty (POSIX allows `argc == 0`).
    pub arguments: Vec<&'static CStr>,
    /// The environment as `NAME=value` strings, malformed and repeated entries included.
    pub environment: Vec<&'static CStr>,
    /// The path by which the system was asked to execute this program, as it was given: whatever
    /// `argv[0]` says, this is the link that was followed. `None` where the system does not tell.
    pub executed: Option<&'static CStr>,
}

/// Makes `$run`, a `fn(datafog_start::Process) -> u8`, the first function of the program.
///
/// To be used once, in a binary with `#![no_main]`.
#[macro_export]
macro_rules! entry {
    ($run:path) => {
        /// The C entry point.
        #[unsafe(no_mangle)]
        pub unsafe extern "C" fn main(
            argc: ::core::ffi::c_int,
            argv: *const *const ::core::ffi::c_char,
        ) -> ::core::ffi::c_int {
            // SAFETY: called by the C runtime, once, with the pointers it promises for `main`.
            let process = unsafe { $crate::__begin(argc, argv) };
            ::core::ffi::c_int::from($run(process))
        }
    };
}

/// Reads what the C runtime passes to `main` and guards the standard streams. Called by [`entry!`].
///
/// # Safety
/// `argv` must point to `argc` pointers to strings that end in a zero byte and live as long as the
/// process, as ISO C §5.1.2.2.1 promises for the arguments of `main`.
#[doc(hidden)]
#[must_use]
#[expect(unsafe_code, reason = "reads the pointers of the C runtime")]
pub unsafe fn __begin(argc: c_int, argv: *const *const c_char) -> Process {
    unsafe extern "C" {
        static environ: *const *const c_char;
    }
    crash::install();
    streams::guard();
    let count = usize::try_from(argc).unwrap_or(0);
    // SAFETY: `argv` holds `argc` strings by the caller's promise.
    let arguments = unsafe { strings(argv, count) };
    // SAFETY: the C runtime sets `environ` before `main`; only this thread runs.
    let variables = unsafe { environ };
    // SAFETY: `environ` is a list of strings that ends in a null pointer (POSIX.1-2017 §8.1).
    let environment = unsafe { strings(variables, usize::MAX) };
    Process { arguments, environment, executed: executed() }
}

/// The path given to `execve`, from the auxiliary vector (getauxval(3), `AT_EXECFN`).
#[cfg(target_os = "linux")]
fn executed() -> Option<&'static CStr> {
    // SAFETY: takes any number and answers 0 for what the kernel did not pass.
    #[expect(unsafe_code, reason = "the standard library does not tell")]
    let address = unsafe { libc::getauxval(libc::AT_EXECFN) };
    let text = core::ptr::with_exposed_provenance::<c_char>(usize::try_from(address).ok()?);
    if text.is_null() {
        return None;
    }
    // SAFETY: the kernel put a string that ends in a zero byte there, above the stack, for as long
    // as the process lives.
    #[expect(unsafe_code, reason = "reads the string of the kernel")]
    let text = unsafe { CStr::from_ptr(text) };
    Some(text)
}

/// Other systems have no such entry.
#[cfg(not(target_os = "linux"))]
const fn executed() -> Option<&'static CStr> {
    None
}

/// The strings of a list that ends in a null pointer or after `most` entries.
///
/// # Safety
/// `list` is null, or its first `most` entries up to a null pointer are strings that end in a zero
/// byte and are neither freed nor changed while the process lives.
#[expect(unsafe_code, reason = "reads the pointers of the C runtime")]
unsafe fn strings(list: *const *const c_char, most: usize) -> Vec<&'static CStr> {
    let mut strings = Vec::with_capacity(if most == usize::MAX { 64 } else { most });
    if list.is_null() {
        return strings;
    }
    for index in 0..most {
        // SAFETY: `index` lies before the first null pointer and before `most`.
        let slot = unsafe { list.add(index) };
        // SAFETY: the slot is part of the list.
        let text = unsafe { *slot };
        if text.is_null() {
            break;
        }
        // SAFETY: the caller promises a string that ends in a zero byte and lives for ever.
        strings.push(unsafe { CStr::from_ptr(text) });
    }
    strings
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(unsafe_code, reason = "calls the reader with a list made here")]
    fn a_list_ends_at_its_null_pointer() {
        let list = [c"one".as_ptr(), c"two".as_ptr(), core::ptr::null(), c"beyond".as_ptr()];
        // SAFETY: the strings are static and the list has the length given.
        assert_eq!(unsafe { strings(list.as_ptr(), list.len()) }, [c"one", c"two"]);
        // SAFETY: a null list is allowed.
        assert!(unsafe { strings(core::ptr::null(), 5) }.is_empty());
    }
}
