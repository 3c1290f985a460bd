//! The few system calls that change the ledger, each behind one function.
//!
//! Tests put deaths, torn writes and failures here; otherwise every function is the call itself.

use std::fs::File;
use std::io::{self, Write};
use std::os::unix::fs::FileExt;

/// Appends `bytes` with one write (more only when the system takes less than offered).
pub(crate) fn append(mut file: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(test)]
    fault::before(bytes, |mut part| io::copy(&mut part, &mut file).map(drop))?;
    file.write_all(bytes)
}

/// Writes `bytes` over the beginning of `file`.
pub(crate) fn overwrite(file: &File, bytes: &[u8]) -> io::Result<()> {
    #[cfg(test)]
    fault::before(bytes, |part| file.write_all_at(part, 0))?;
    file.write_all_at(bytes, 0)
}

/// A change that has no bytes: making or renaming a file.
pub(crate) fn change<T, E: From<io::Error>>(change: impl FnOnce() -> Result<T, E>) -> Result<T, E> {
    #[cfg(test)]
    fault::before(&[], |_| Ok(()))?;
    change()
}

/// Cuts `file` off at `size`.
pub(crate) fn truncate(file: &File, size: u64) -> io::Result<()> {
    #[cfg(test)]
    fault::before(&[], |_| Ok(()))?;
    file.set_len(size)
}

/// Waits until the data of `file` is on the disk.
pub(crate) fn sync(file: &File) -> io::Result<()> {
    #[cfg(test)]
    fault::before(&[], |_| Ok(()))?;
    file.sync_data()
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
pub(crate) mod fault;
