//! Since when calls of this installation are counted, so that a ledger that is taken away is missed.
//!
//! Counters are made anew from the ledger, and a ledger that is not there has counted nothing: as it
//! should be in a new installation. Taken away together, both would begin again and nobody would
//! know. So the moment of the first call that any rule counted is kept beside them, keyed. A ledger
//! that begins after it is not the one that counted.
//!
//! Nothing here is read unless a rule counts. Who takes this file away, too, has an installation in
//! which nothing was counted yet (`docs/BYPASSES.md`).

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use datafog_config::read_small;
use datafog_core::Key;

/// A keyed digest and a moment.
const BYTES: u64 = 40;

/// Clocks and calls at once may be in disorder by so many milliseconds.
const DISORDER: u64 = 10_000;

/// The moment in the file at `path`, in milliseconds since 1970; `None` when there is none.
///
/// # Errors
/// When it cannot be read, or was not written by this installation.
pub(crate) fn since(path: &Path, key: &Key) -> io::Result<Option<u64>> {
    let bytes = match read_small(path, BYTES) {
        Err(error) if error.kind() == io::ErrorKind::NotFound && !path.is_symlink() => {
            return Ok(None);
        }
        read => read?,
    };
    let moment = bytes.split_first_chunk().and_then(|(tag, rest)| {
        let moment = u64::from_le_bytes(*rest.as_array()?);
        (self::tag(moment, key) == *tag).then_some(moment)
    });
    moment.map(Some).ok_or_else(|| io::Error::other("the moment counting began is not ours"))
}

/// Keeps `moment` at `path`, unless an earlier call did so first.
pub(crate) fn begin(path: &Path, key: &Key, moment: u64) -> io::Result<()> {
    let draft = path.with_extension(format!("{}-{moment}", std::process::id()));
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    let text = [tag(moment, key).as_slice(), &moment.to_le_bytes()].concat();
    let written = file.write_all(&text).and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}

/// Whether a ledger whose first line is of the moment `first` may have counted since `begun`.
pub(crate) const fn reaches(first: u64, begun: u64) -> bool {
    first <= begun.saturating_add(DISORDER)
}

fn tag(moment: u64, key: &Key) -> [u8; 32] {
    *key.digest("begun", [moment.to_le_bytes().as_slice()]).as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_moment_stays_and_only_ours_counts() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("counting");
        let [key, other] = [[7; 32], [8; 32]].map(|bytes| Key::from_bytes(&bytes).unwrap());
        assert_eq!(since(&path, &key).unwrap(), None);
        begin(&path, &key, 5).unwrap();
        begin(&path, &key, 9).unwrap();
        assert_eq!(since(&path, &key).unwrap(), Some(5));
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
        assert!(since(&path, &other).is_err());
        fs::write(&path, [0; 40]).unwrap();
        assert!(since(&path, &key).is_err());
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("nowhere", &path).unwrap();
        assert!(since(&path, &key).is_err(), "a link is not nothing");
        assert!(reaches(5, 5) && reaches(5 + DISORDER, 5) && !reaches(6 + DISORDER, 5));
    }
}
