//! Bytes that do not belong to the chain are kept, not thrown away: whoever asks later what was
//! lost finds them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use nix::fcntl::OFlag;
use sha2::{Digest as _, Sha256};

use crate::folder::Folder;
use crate::{Error, disk};

/// Name of the folder inside the ledger's folder.
pub(crate) const QUARANTINE: &str = "quarantine";

/// Name that a copy has while it is made; a left-over one is written over.
const UNFINISHED: &str = "unfinished";

/// Copies bytes `from..to` of `source` into the quarantine and returns the copy's path relative to
/// the ledger's folder, `quarantine/<stem>-<from>-<first 16 digits of its hash>.part`.
///
/// The same bytes get the same name, so that a copy that was made by a process that died before it
/// could go on is replaced by itself.
pub(crate) fn set_aside(
    folder: &Folder,
    source: &File,
    stem: &str,
    (from, to): (u64, u64),
) -> Result<String, Error> {
    let quarantine = folder.subfolder(QUARANTINE)?;
    quarantine.make_file(UNFINISHED)?;
    let copy = quarantine.open_file(UNFINISHED, OFlag::O_APPEND | OFlag::O_TRUNC)?;
    let path = quarantine.path(UNFINISHED);
    let copy = copy.ok_or_else(|| Error::io("open", &path, io::ErrorKind::NotFound))?;
    quarantine.examine(&copy, UNFINISHED)?;
    let hash = pour(source, &copy, from, to).map_err(|error| Error::io("write to", path, error))?;
    let name = format!("{stem}-{from}-{hash:.16}.part");
    quarantine.rename(UNFINISHED, &name)?;
    Ok(format!("{QUARANTINE}/{name}"))
}

/// Copies bytes `from..to` and returns their hash.
fn pour(source: &File, copy: &File, mut from: u64, to: u64) -> io::Result<datafog_core::Digest> {
    let mut hash = Sha256::new();
    let mut block = [0_u8; 16 * 1024];
    while from < to {
        let wanted = usize::try_from(to.saturating_sub(from)).unwrap_or(usize::MAX);
        let room = block.len().min(wanted);
        let read = source.read_at(block.get_mut(..room).unwrap_or_default(), from)?;
        let bytes = block.get(..read).unwrap_or_default();
        if bytes.is_empty() {
            break;
        }
        hash.update(bytes);
        disk::append(copy, bytes)?;
        from = from.saturating_add(bytes.len() as u64);
    }
    Ok(datafog_core::Digest::from_bytes(hash.finalize().into()))
}
