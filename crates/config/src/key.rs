//! The installation's key: made once, agreed on by everybody who comes at the same time.

use std::fs::OpenOptions;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use datafog_core::Key;
use rustix::rand::{GetRandomFlags, getrandom};

use crate::small_file::Seen;
use crate::{Error, identity};

/// Reads the key at `path`, or makes one when there is none.
///
/// A new key is written whole to a file of its own and then *linked* into place, which fails when
/// another process was first: of five hundred first runs one key is left, and all use it.
///
/// # Errors
/// When the file belongs to somebody else, can be read or written by others, has another length,
/// or cannot be made.
pub fn load_or_create_key(path: &Path, user: u32) -> Result<Key, Error> {
    match load_key(path, user)? {
        Some(key) => Ok(key),
        None => {
            create(path)?;
            load_key(path, user)?.ok_or_else(|| Error::Key { path: path.to_owned() })
        }
    }
}

/// Reads the key at `path`; `None` when there is none.
///
/// # Errors
/// When the file belongs to somebody else, can be read or written by others, or has another length.
pub fn load_key(path: &Path, user: u32) -> Result<Option<Key>, Error> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags(nix::libc::O_NOFOLLOW | nix::libc::O_NONBLOCK);
    let mut file = match options.open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(Error::io("read", path)(error)),
    };
    let seen = Seen::of(&file).map_err(Error::io("look at", path))?;
    identity::require_trusted(path, user, (seen.owner, seen.others_write()))?;
    if seen.others_may_anything() {
        return Err(Error::Untrusted { path: path.to_owned(), why: "can be read by others" });
    }
    let not_a_key = || Error::Key { path: path.to_owned() };
    let mut bytes = [0_u8; 32];
    if seen.size != bytes.len() as u64 {
        return Err(not_a_key());
    }
    file.read_exact(&mut bytes).map_err(Error::io("read", path))?;
    Key::from_bytes(&bytes).map(Some).ok_or_else(not_a_key)
}

/// A key for one process, where there is no folder to keep one in: what is named by it cannot be
/// known again. `path` is where one would be kept, for messages only.
///
/// # Errors
/// When the system gives no random bytes.
pub fn passing_key(path: &Path) -> Result<Key, Error> {
    let mut bytes = [0_u8; 32];
    draw(&mut bytes, path)?;
    Key::from_bytes(&bytes).ok_or_else(|| Error::Key { path: path.to_owned() })
}

/// Fills up to 256 bytes, which come whole or not at all (getrandom(2)).
fn draw(buffer: &mut [u8], path: &Path) -> Result<(), Error> {
    let count = getrandom(buffer, GetRandomFlags::empty());
    count.map(drop).map_err(|errno| Error::io("draw random bytes for", path)(errno.into()))
}

fn create(path: &Path) -> Result<(), Error> {
    let (mut bytes, mut name) = ([0_u8; 32], [0_u8; 8]);
    draw(&mut bytes, path)?;
    draw(&mut name, path)?;
    // A name of its own: a draft that a killed process left behind must not stand in the way.
    let mut draft = path.as_os_str().to_owned();
    draft.push(format!(".{:016x}", u64::from_le_bytes(name)));
    let draft = Path::new(&draft);
    let written = write_new(draft, &bytes).and_then(|()| std::fs::hard_link(draft, path));
    // The draft is ours alone; it goes whether the link was made or not.
    let removed = std::fs::remove_file(draft);
    match written {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            Err(Error::io("make", path)(error))
        }
        Ok(()) | Err(_) => removed.map_err(Error::io("tidy up after", path)),
    }
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn user() -> u32 {
        nix::unistd::geteuid().as_raw()
    }

    fn fingerprint(path: &Path) -> String {
        load_or_create_key(path, user()).unwrap().digest("test", []).to_string()
    }

    #[test]
    fn a_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let first = fingerprint(&path);
        assert_eq!(fingerprint(&path), first);
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn many_first_runs_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let keys: Vec<_> = std::thread::scope(|scope| {
            let runs: Vec<_> =
                (0..16).map(|_| scope.spawn(|| load_or_create_key(&path, user()))).collect();
            runs.into_iter().map(|run| run.join().unwrap()).collect()
        });
        let mut prints: Vec<_> =
            keys.into_iter().flatten().map(|key| key.digest("test", []).to_string()).collect();
        assert!(!prints.is_empty());
        prints.dedup();
        assert_eq!(prints, [fingerprint(&path)]);
    }

    #[test]
    fn a_key_that_others_can_read_or_of_another_length_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        fingerprint(&path);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(load_or_create_key(&path, user()), Err(Error::Untrusted { .. })));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        for length in [0, 31, 33] {
            fs::write(&path, vec![1; length]).unwrap();
            assert!(matches!(load_or_create_key(&path, user()), Err(Error::Key { .. })));
        }
    }
}
