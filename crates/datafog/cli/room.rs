//! Whether the next receipt could be written, without writing one.
//!
//! Where it could not, enforced mode stops every command, and observing lets them run unrecorded: a
//! person must be able to learn of it. It is no promise; only writing tells.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use nix::unistd::{AccessFlags, access};

/// Bytes that a few receipts take.
const ROOM: u64 = 64 << 10;

/// Why no receipt can be written to the folder, if so. A folder that is not there yet is made by the
/// first one.
pub(super) fn obstacle(folder: &Path) -> Option<String> {
    if !folder.is_dir() {
        return None;
    }
    let why = if access(folder, AccessFlags::W_OK | AccessFlags::X_OK).is_err() {
        "it takes no writes"
    } else {
        let disk = statvfs(folder).ok()?;
        let room = disk.blocks_available().saturating_mul(disk.fragment_size());
        if room >= ROOM {
            return None;
        }
        "the disk is full"
    };
    Some(format!("no receipt can be written to `{}`: {why}", folder.display()))
}
