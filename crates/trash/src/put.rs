//! To the trash.

use std::ffi::{OsStr, OsString};
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Component, Path, PathBuf};

use jiff::Zoned;

use crate::{Entry, Error, Trash, entry, make_private};

/// What may be moved; the options of `rm`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct How {
    /// Folders that are empty, too (`-d`).
    pub empty_folders: bool,
    /// What is not there is no error (`-f`).
    pub force: bool,
    /// Folders with all they hold (`-r`).
    pub recursive: bool,
}

/// Longest name in the trash, in bytes: `.trashinfo` and a number must fit behind it.
const LONGEST: usize = 200;

/// Most files of one name.
const MOST: u32 = 100_000;

impl Trash {
    /// Moves what `path` names, relative to `cwd`; a link itself and not what it leads to. `None` when
    /// nothing is there and that is no error.
    ///
    /// # Errors
    /// When it cannot be moved; then it is where it was.
    pub fn put(&self, path: &Path, cwd: &Path, how: How) -> Result<Option<Entry>, Error> {
        let metadata = match fs::symlink_metadata(cwd.join(path)) {
            Ok(metadata) => metadata,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return if how.force { Ok(None) } else { Err(Error::Missing) };
            }
            Err(error) => return Err(error.into()),
        };
        let (parent, name) = named(path, cwd)?;
        let whole = parent.join(&name);
        if metadata.is_dir() && !how.recursive {
            let empty = || fs::read_dir(&whole).is_ok_and(|mut names| names.next().is_none());
            if !(how.empty_folders && empty()) {
                return Err(Error::Folder);
            }
        }
        let (folder, top) = self.place_for(&parent)?;
        if fs::canonicalize(&folder)?.starts_with(&whole) {
            return Err(Error::Trash);
        }
        let deleted = Zoned::now().strftime("%Y-%m-%dT%H:%M:%S").to_string();
        moved(&whole, &folder, &top, deleted).map(Some)
    }
}

/// The real folder of a path and its last name.
fn named(path: &Path, cwd: &Path) -> Result<(PathBuf, OsString), Error> {
    let Some(Component::Normal(name)) = path.components().next_back() else {
        return Err(Error::Meaningless);
    };
    // A slash behind a link means what it leads to, which rm refuses as well; `x/.` is `x` to us only.
    let tail = path.as_os_str().as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if matches!(tail, b"." | b"..") {
        return Err(Error::Meaningless);
    }
    let bare = cwd.join(path);
    if tail.is_empty() && fs::symlink_metadata(trimmed(&bare))?.is_symlink() {
        return Err(Error::Folder);
    }
    let parent = bare.parent().ok_or(Error::Meaningless)?;
    Ok((fs::canonicalize(parent)?, name.to_owned()))
}

/// The path without slashes at its end.
fn trimmed(path: &Path) -> &Path {
    let bytes = path.as_os_str().as_bytes();
    let kept = bytes.iter().rposition(|byte| *byte != b'/').map_or(0, |at| at.saturating_add(1));
    Path::new(OsStr::from_bytes(bytes.get(..kept).unwrap_or_default()))
}

/// The note first, so that no file is ever in the trash without one.
fn moved(whole: &Path, folder: &Path, top: &Path, deleted: String) -> Result<Entry, Error> {
    let (files, notes) = (folder.join("files"), folder.join("info"));
    make_private(&files)?;
    make_private(&notes)?;
    let shown =
        if top == Path::new("/") { whole } else { whole.strip_prefix(top).unwrap_or(whole) };
    let text = entry::note(shown, &deleted);
    let name = whole.file_name().unwrap_or_default().as_bytes();
    let name = name.get(..LONGEST).unwrap_or(name);
    for number in 1..MOST {
        let mut free = OsStr::from_bytes(name).to_owned();
        if number > 1 {
            free.push(format!(".{number}"));
        }
        let mut note_name = free.clone();
        note_name.push(".trashinfo");
        let note = notes.join(&note_name);
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&note);
        let mut file = match made {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
            Err(error) => return Err(error.into()),
        };
        let target = files.join(&free);
        // A rename would put it in the place of a file that lost its note.
        let moved = match target.symlink_metadata() {
            Ok(_) => Err(io::ErrorKind::AlreadyExists.into()),
            Err(_) => file.write_all(text.as_bytes()).and_then(|()| fs::rename(whole, &target)),
        };
        match moved {
            Ok(()) => {
                let original = whole.to_owned();
                return Ok(Entry { name: free, original, deleted, file: target, note });
            }
            Err(error) => {
                fs::remove_file(&note)?;
                if error.kind() != io::ErrorKind::AlreadyExists {
                    return Err(error.into());
                }
            }
        }
    }
    Err(Error::NoTrash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{MetadataExt as _, symlink};

    fn trash() -> (tempfile::TempDir, Trash, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let cwd = folder.path().join("work");
        fs::create_dir_all(&cwd).unwrap();
        let user = fs::metadata(&cwd).unwrap().uid();
        let trash = Trash::of(&folder.path().join("data"), user);
        (folder, trash, cwd)
    }

    const ALL: How = How { empty_folders: false, force: false, recursive: true };

    #[test]
    fn what_goes_there_can_be_had_back() {
        let (_folder, trash, cwd) = trash();
        for name in ["a", "a b", "-rf", "x\ny", "é%41", "it's"] {
            fs::write(cwd.join(name), name).unwrap();
            let entry = trash.put(Path::new(name), &cwd, How::default()).unwrap().unwrap();
            assert!(!cwd.join(name).exists(), "{name}");
            let told = trash.list(&cwd);
            let told = told.iter().find(|it| it.name == entry.name).unwrap();
            assert_eq!(told.original, fs::canonicalize(&cwd).unwrap().join(name));
            assert_eq!(told.restore().unwrap(), told.original);
            assert_eq!(fs::read_to_string(cwd.join(name)).unwrap(), name);
        }
        assert!(trash.list(&cwd).is_empty());
    }

    #[test]
    fn equal_names_do_not_meet_and_nothing_is_overwritten() {
        let (_folder, trash, cwd) = trash();
        for text in ["1", "2", "3"] {
            fs::write(cwd.join("f"), text).unwrap();
            trash.put(Path::new("./f"), &cwd, How::default()).unwrap();
        }
        assert_eq!(trash.list(&cwd).len(), 3);
        fs::write(cwd.join("f"), "here").unwrap();
        let error = trash.list(&cwd)[0].restore().unwrap_err();
        assert!(matches!(error, Error::Taken), "{error}");
        assert_eq!(fs::read_to_string(cwd.join("f")).unwrap(), "here");
    }

    #[test]
    fn folders_and_links_are_taken_as_rm_does() {
        let (folder, trash, cwd) = trash();
        fs::create_dir_all(cwd.join("d/e")).unwrap();
        symlink("d", cwd.join("link")).unwrap();
        let put = |name: &str, how| trash.put(Path::new(name), &cwd, how);
        assert!(matches!(put("d", How::default()), Err(Error::Folder)));
        assert!(matches!(
            put("d", How { empty_folders: true, ..How::default() }),
            Err(Error::Folder)
        ));
        assert!(matches!(put("link/", ALL), Err(Error::Folder)));
        put("link", How::default()).unwrap();
        assert!(cwd.join("d/e").is_dir(), "the link alone went");
        put("d/e", How { empty_folders: true, ..How::default() }).unwrap();
        put("d/", ALL).unwrap();
        assert!(!cwd.join("d").exists());
        for name in [".", "..", "/", "d/..", "x/."] {
            let error = put(name, How { force: false, ..ALL }).unwrap_err();
            assert!(matches!(error, Error::Meaningless | Error::Missing), "{name}: {error}");
        }
        assert!(matches!(put("none", How::default()), Err(Error::Missing)));
        assert!(put("none", How { force: true, ..ALL }).unwrap().is_none());
        let error = trash.put(folder.path(), &cwd, ALL).unwrap_err();
        assert!(matches!(error, Error::Trash), "{error}");
    }
}
