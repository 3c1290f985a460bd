//! Standard streams that were closed stay closed for the program to come, and safe for us.
//!
//! With descriptor 2 closed, the next file we open would get its number, and a message meant for
//! a person would land in the ledger. A placeholder that closes itself on exec keeps the numbers
//! taken, and the next program finds them closed, exactly as we did.

use core::ffi::c_short;
use std::io;
use std::os::fd::{AsRawFd, OwnedFd};

/// Puts `/dev/null` on each of the descriptors 0, 1 and 2 that is closed, until exec.
///
/// When even `/dev/null` cannot be opened the process ends with the crash code: going on could
/// write to the wrong file.
pub(crate) fn guard() {
    let mut streams =
        [0, 1, 2].map(|fd| libc::pollfd { fd, events: 0 as c_short, revents: 0 as c_short });
    // SAFETY: the array holds as many entries as named; a timeout of 0 returns at once.
    #[expect(unsafe_code, reason = "one system call instead of three")]
    let answer = unsafe { libc::poll(streams.as_mut_ptr(), 3, 0) };
    if answer == 0 {
        return;
    }
    for stream in &streams {
        // A failed poll says nothing about the streams, so each is then looked at by itself.
        let closed = if answer < 0 { is_closed(stream.fd) } else { is_invalid(stream) };
        if closed && !hold_place(stream.fd) {
            crate::exit(crate::crash::code());
        }
    }
}

/// Puts the open file `from` at descriptor `number`, where the program to come will look for it;
/// what was open there is closed. The copy stays open across exec.
///
/// Nothing else in this process may use `number` afterwards: it is called right before exec, and where
/// a standard stream is given up.
///
/// # Errors
/// The system's answer to `dup2`, and any number below 0.
pub fn put_at(from: &OwnedFd, number: i32) -> io::Result<()> {
    // SAFETY: both are numbers; Rust's own handles to `number`, if any, are not used again, since
    // the process is replaced next, or never asks for them again.
    #[expect(unsafe_code, reason = "the standard library has no safe dup2")]
    let answer = unsafe { libc::dup2(from.as_raw_fd(), number) };
    if answer < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

const fn is_invalid(stream: &libc::pollfd) -> bool {
    stream.revents & libc::POLLNVAL != 0
}

fn is_closed(fd: i32) -> bool {
    // SAFETY: F_GETFD reads a flag of a number that need not be open.
    #[expect(unsafe_code, reason = "asks for a descriptor's flags")]
    let flags = unsafe { libc::fcntl(fd, libc::F_GETFD) };
    flags < 0
}

/// Opens the placeholder; it lands on `fd`, the lowest closed number, since we go upwards.
fn hold_place(fd: i32) -> bool {
    // SAFETY: the path is a constant string that ends in a zero byte.
    #[expect(unsafe_code, reason = "opens a constant path")]
    let opened = unsafe { libc::open(c"/dev/null".as_ptr(), libc::O_RDWR | libc::O_CLOEXEC) };
    opened == fd
}
