//! Which file a path names, and whether it is still the same one.

use std::fs::Metadata;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::Error;

/// What tells two states of a file apart without reading it.
///
/// Change time is part of it: modification time can be set at will, change time cannot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct FileIdentity {
    device: u64,
    inode: u64,
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
    owner: u32,
    mode: u32,
}

impl FileIdentity {
    /// The identity in `metadata`.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        Self {
            device: metadata.dev(),
            inode: metadata.ino(),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
            owner: metadata.uid(),
            mode: metadata.mode(),
        }
    }

    /// Whether both are the same file, whatever its state.
    #[must_use]
    pub const fn is_same_file(&self, other: &Self) -> bool {
        self.device == other.device && self.inode == other.inode
    }

    /// Refuses a file that somebody other than `user` or root could change.
    ///
    /// # Errors
    /// [`Error::Untrusted`] with the reason.
    pub fn require_trusted(&self, path: &Path, user: u32) -> Result<(), Error> {
        require_trusted(path, user, (self.owner, self.mode & 0o022 != 0))
    }
}

/// The same by a file's owner, and whether its group or everybody may write it.
pub(crate) fn require_trusted(
    path: &Path,
    user: u32,
    (owner, others_write): (u32, bool),
) -> Result<(), Error> {
    let why = if owner != user && owner != 0 {
        "belongs to somebody else"
    } else if others_write {
        "can be written by others"
    } else {
        return Ok(());
    };
    Err(Error::Untrusted { path: path.to_owned(), why })
}

/// A path and what stood there.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// The path.
    pub path: PathBuf,
    /// The file, or `None` when there was none.
    pub file: Option<FileIdentity>,
}

impl Identity {
    /// What stands at `path` now; symbolic links are followed.
    ///
    /// # Errors
    /// Any failure other than that nothing is there. A link that leads nowhere is something.
    pub fn at(path: &Path) -> Result<Self, Error> {
        let path = path.to_owned();
        // The link itself is asked about first: what it leads to answers for a missing link, too.
        match path.symlink_metadata() {
            Ok(metadata) if metadata.is_symlink() => {
                let target = path.metadata().map_err(Error::io("follow the link", &path))?;
                Ok(Self { path, file: Some(FileIdentity::of(&target)) })
            }
            Ok(metadata) => Ok(Self { path, file: Some(FileIdentity::of(&metadata)) }),
            Err(error) if is_absent(&error) => Ok(Self { path, file: None }),
            Err(error) => Err(Error::io("look at", &path)(error)),
        }
    }
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_change_that_keeps_the_size_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "one").unwrap();
        let before = Identity::at(&path).unwrap();
        assert_eq!(Identity::at(&path).unwrap(), before);
        fs::write(folder.path().join("g"), "two").unwrap();
        fs::rename(folder.path().join("g"), &path).unwrap();
        assert_ne!(Identity::at(&path).unwrap(), before);
        fs::remove_file(&path).unwrap();
        assert_eq!(Identity::at(&path).unwrap().file, None);
    }

    #[test]
    fn a_link_that_leads_nowhere_is_not_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let (file, link) = (folder.path().join("f"), folder.path().join("l"));
        std::os::unix::fs::symlink(&file, &link).unwrap();
        assert!(Identity::at(&link).is_err());
        fs::write(&file, "x").unwrap();
        assert_eq!(Identity::at(&link).unwrap().file, Identity::at(&file).unwrap().file);
        fs::remove_file(&file).unwrap();
        std::os::unix::fs::symlink(&link, &file).unwrap();
        assert!(Identity::at(&link).is_err(), "a circle");
        assert_eq!(Identity::at(&folder.path().join("none")).unwrap().file, None);
    }

    #[test]
    fn a_file_that_others_may_write_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("f");
        fs::write(&path, "").unwrap();
        let user = fs::metadata(&path).unwrap().uid();
        let check = |mode| {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            Identity::at(&path).unwrap().file.unwrap().require_trusted(&path, user)
        };
        assert!(check(0o644).is_ok());
        assert!(matches!(check(0o664), Err(Error::Untrusted { .. })));
        assert!(matches!(check(0o646), Err(Error::Untrusted { .. })));
    }
}
