//! A planned change to one file or folder: shown first, then made whole or not at all.
//!
//! Every file that datafog writes on a person's behalf goes through here: a plan is a list of
//! [`Change`]s, `--dry-run` prints it, and [`Change::apply`] makes it. A file is replaced by
//! writing beside it and renaming, so a reader sees the old text or the new one; its mode and
//! owner stay. A symbolic link (dotfiles kept in a repository) stays a link: what it points to is
//! replaced. Bytes are never decoded, so a file in any encoding keeps all that is not ours.

use std::fs::{self, DirBuilder, File, Metadata, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, fchown};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::Error;

/// Mode of folders that are made: nobody else has business there.
const FOLDER_MODE: u32 = 0o700;

/// Longest chain of symbolic links that is followed, as in the Linux kernel (path_resolution(7)).
const MOST_LINKS: usize = 40;

/// Largest file that is edited; start-up files of shells are far smaller.
const MOST_BYTES: u64 = 4 << 20;

/// One planned change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    path: PathBuf,
    kind: ChangeKind,
    before: Vec<u8>,
    after: Vec<u8>,
    mode: u32,
    /// Nothing may stand there, not even a link that leads nowhere.
    new: bool,
}

/// What kind of change it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// A file is made.
    Create,
    /// A file gets another text.
    Edit,
    /// A folder is made, with those above it.
    Folder,
    /// A file is removed.
    Remove,
}

impl ChangeKind {
    /// The word for a plan.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Edit => "edit",
            Self::Folder => "folder",
            Self::Remove => "remove",
        }
    }
}

impl Change {
    /// The change that makes the file at `path` hold `text`; `None` when it already does.
    ///
    /// `mode` is that of a new file; an existing one keeps its own.
    ///
    /// # Errors
    /// When the file cannot be read, is no regular file, or is larger than 4 MiB.
    pub fn to_text(path: &Path, text: Vec<u8>, mode: u32) -> Result<Option<Self>, Error> {
        let before = read(path)?;
        let kind = if before.is_some() { ChangeKind::Edit } else { ChangeKind::Create };
        if before.as_ref() == Some(&text) {
            return Ok(None);
        }
        let before = before.unwrap_or_default();
        Ok(Some(Self { path: path.to_owned(), kind, before, after: text, mode, new: false }))
    }

    /// The change that makes the file at `path` with `text`, where nothing stands yet. A link is
    /// something: it is neither followed nor replaced, now or when the change is made.
    ///
    /// # Errors
    /// [`io::ErrorKind::AlreadyExists`] when something is there.
    pub fn to_new(path: &Path, text: Vec<u8>, mode: u32) -> Result<Self, Error> {
        if path.symlink_metadata().is_ok() {
            return Err(Error::io("make", path)(io::ErrorKind::AlreadyExists.into()));
        }
        let (kind, before) = (ChangeKind::Create, Vec::new());
        Ok(Self { path: path.to_owned(), kind, before, after: text, mode, new: true })
    }

    /// The change that removes the file at `path`; `None` when there is none.
    ///
    /// # Errors
    /// As [`Change::to_text`].
    pub fn to_nothing(path: &Path) -> Result<Option<Self>, Error> {
        Ok(read(path)?.map(|before| Self {
            path: path.to_owned(),
            kind: ChangeKind::Remove,
            before,
            after: Vec::new(),
            mode: 0,
            new: false,
        }))
    }

    /// The change that makes a private folder (mode 0700) at `path`; `None` when there is one.
    #[must_use]
    pub fn to_folder(path: &Path) -> Option<Self> {
        (!path.is_dir()).then(|| Self {
            path: path.to_owned(),
            kind: ChangeKind::Folder,
            before: Vec::new(),
            after: Vec::new(),
            mode: FOLDER_MODE,
            new: false,
        })
    }

    /// Which file or folder, as named; it may be a symbolic link to the one that is written.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What kind of change it is.
    #[must_use]
    pub const fn kind(&self) -> ChangeKind {
        self.kind
    }

    /// The lines that go and come, with `- ` and `+ ` before them, for a person.
    ///
    /// Only what lies between the common beginning and the common end is listed. Bytes that are
    /// not UTF-8 are shown as replacement characters; the file itself keeps them.
    #[must_use]
    pub fn diff(&self) -> String {
        let old: Vec<_> = self.before.split_inclusive(|byte| *byte == b'\n').collect();
        let new: Vec<_> = self.after.split_inclusive(|byte| *byte == b'\n').collect();
        let same = |(a, b): &(&&[u8], &&[u8])| a == b;
        let head = old.iter().zip(&new).take_while(same).count();
        let (old, new) = (old.get(head..).unwrap_or(&[]), new.get(head..).unwrap_or(&[]));
        let tail = old.iter().rev().zip(new.iter().rev()).take_while(same).count();
        let kept = |lines: &[&[u8]], sign: char| -> String {
            let count = lines.len().saturating_sub(tail);
            let shown = lines.iter().take(count).map(|line| String::from_utf8_lossy(line));
            shown.map(|line| format!("{sign} {}\n", line.trim_end_matches(['\r', '\n']))).collect()
        };
        kept(old, '-') + &kept(new, '+')
    }

    /// Makes the change. A foreign file is first copied below `backups`, once, when one is given;
    /// for a new one it is noted there which folders had to be made.
    ///
    /// # Errors
    /// When the file is no longer as it was when the change was planned, or the operating system
    /// refuses; the file is then as it was.
    pub fn apply(&self, backups: Option<&Path>) -> Result<(), Error> {
        if self.kind == ChangeKind::Folder {
            return make_folder(&self.path);
        }
        if read(&self.path)?.unwrap_or_default() != self.before {
            return Err(Error::Changed { path: self.path.clone() });
        }
        match backups {
            Some(backups) if self.kind == ChangeKind::Create => {
                note_folders(&self.path, backups)?;
            }
            Some(backups) => back_up(&self.path, &self.before, backups)?,
            None => {}
        }
        match self.kind {
            ChangeKind::Remove => {
                fs::remove_file(&self.path).map_err(Error::io("remove", &self.path))
            }
            ChangeKind::Create if self.new => make(&self.path, &self.after, self.mode),
            ChangeKind::Create | ChangeKind::Edit | ChangeKind::Folder => {
                replace(&self.path, &self.after, self.mode)
            }
        }
    }
}

/// Makes `path` and what is missing above it, private to the user.
///
/// # Errors
/// When the operating system refuses.
pub fn make_folder(path: &Path) -> Result<(), Error> {
    let mut folder = DirBuilder::new();
    folder.recursive(true).mode(FOLDER_MODE).create(path).map_err(Error::io("make", path))
}

/// Notes below `backups` which folders are made for a new file, so that they can go with it.
fn note_folders(path: &Path, backups: &Path) -> Result<(), Error> {
    for folder in path.ancestors().skip(1).take_while(|folder| !folder.exists()) {
        let note = note_of(folder, backups);
        make_folder(folder_of(&note))?;
        fs::write(&note, b"").map_err(Error::io("write", &note))?;
    }
    Ok(())
}

/// Where it is noted that `folder` was made by us.
fn note_of(folder: &Path, backups: &Path) -> PathBuf {
    backup_of(folder, &backups.join(".made")).join(".folder")
}

/// The folders above `path` that were made for it and still stand, innermost first.
pub(crate) fn made_above(path: &Path, backups: &Path) -> Vec<PathBuf> {
    let folders = path.ancestors().skip(1).take_while(|folder| note_of(folder, backups).exists());
    folders.filter(|folder| folder.is_dir()).map(Path::to_owned).collect()
}

/// The place of the copy that is kept of `path` before its first change.
pub(crate) fn backup_of(path: &Path, backups: &Path) -> PathBuf {
    backups.join(path.strip_prefix("/").unwrap_or(path))
}

/// The bytes of a regular file, or `None` when there is none.
pub(crate) fn read(path: &Path) -> Result<Option<Vec<u8>>, Error> {
    let refuse = |kind, why: &str| Error::io("read", path)(io::Error::new(kind, why));
    match path.metadata() {
        Err(error) if is_absent(&error) => return Ok(None),
        Err(error) => return Err(Error::io("look at", path)(error)),
        // Looked at before it is opened: opening a pipe would wait for its other end.
        Ok(metadata) if !metadata.is_file() => {
            return Err(refuse(io::ErrorKind::InvalidInput, "it is not a regular file"));
        }
        Ok(metadata) if metadata.len() > MOST_BYTES => {
            return Err(refuse(io::ErrorKind::FileTooLarge, "it is larger than 4 MiB"));
        }
        Ok(_) => {}
    }
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(Error::io("read", path))?;
    file.take(MOST_BYTES).read_to_end(&mut bytes).map_err(Error::io("read", path))?;
    Ok(Some(bytes))
}

/// Writes `bytes` beside the file that `path` leads to and renames the copy over it.
fn replace(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let target = target_of(path)?;
    let folder = folder_of(&target);
    make_folder(folder)?;
    let standing = match target.metadata() {
        Ok(metadata) => Some(metadata),
        Err(error) if is_absent(&error) => None,
        Err(error) => return Err(Error::io("look at", target)(error)),
    };
    let write = || -> io::Result<()> {
        let mut draft = tempfile::Builder::new().prefix(".datafog-").tempfile_in(folder)?;
        draft.write_all(bytes)?;
        match &standing {
            Some(standing) => keep_owner_and_mode(draft.as_file(), standing)?,
            None => draft.as_file().set_permissions(Permissions::from_mode(mode))?,
        }
        draft.as_file().sync_all()?;
        draft.persist(&target).map(drop).map_err(|error| error.error)
    };
    write().map_err(Error::io("write", path))
}

/// Writes `bytes` beside `path` and gives the copy that name, unless something has it.
fn make(path: &Path, bytes: &[u8], mode: u32) -> Result<(), Error> {
    let folder = folder_of(path);
    make_folder(folder)?;
    let write = || -> io::Result<()> {
        let mut draft = tempfile::Builder::new().prefix(".datafog-").tempfile_in(folder)?;
        draft.write_all(bytes)?;
        draft.as_file().set_permissions(Permissions::from_mode(mode))?;
        draft.as_file().sync_all()?;
        draft.persist_noclobber(path).map(drop).map_err(|error| error.error)
    };
    write().map_err(Error::io("make", path))
}

fn keep_owner_and_mode(draft: &File, standing: &Metadata) -> io::Result<()> {
    let ours = draft.metadata()?;
    if (ours.uid(), ours.gid()) != (standing.uid(), standing.gid()) {
        fchown(draft, Some(standing.uid()), Some(standing.gid()))?;
    }
    // After the owner: a change of owner clears mode bits.
    draft.set_permissions(Permissions::from_mode(standing.mode() & 0o7777))
}

/// The file that `path` leads to through symbolic links, whether it exists or not.
fn target_of(path: &Path) -> Result<PathBuf, Error> {
    let mut target = path.to_owned();
    for _ in 0..MOST_LINKS {
        match fs::read_link(&target) {
            Ok(link) => target = folder_of(&target).join(link),
            // Not a link, or nothing there: this is the place.
            Err(_) => return Ok(target),
        }
    }
    Err(Error::io("follow", path)(io::Error::from(io::ErrorKind::InvalidInput)))
}

/// The folder that holds `path`; a path without one is in the root of the file system.
fn folder_of(path: &Path) -> &Path {
    path.parent().unwrap_or_else(|| Path::new("/"))
}

/// Keeps a copy of `bytes` as what `path` was before its first change. A later one changes nothing.
fn back_up(path: &Path, bytes: &[u8], backups: &Path) -> Result<(), Error> {
    let copy = backup_of(path, backups);
    if copy.symlink_metadata().is_ok() {
        return Ok(());
    }
    replace(&copy, bytes, 0o600)
}

fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_link_stays_a_link_and_the_mode_stays() {
        let folder = tempfile::tempdir().unwrap();
        let (link, file) = (folder.path().join(".rc"), folder.path().join("dotfiles/rc"));
        fs::create_dir(folder.path().join("dotfiles")).unwrap();
        fs::write(&file, "old\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o640)).unwrap();
        symlink("dotfiles/rc", &link).unwrap();
        let change = Change::to_text(&link, b"new\n".to_vec(), 0o600).unwrap().unwrap();
        assert_eq!((change.kind(), change.diff()), (ChangeKind::Edit, "- old\n+ new\n".into()));
        change.apply(Some(&folder.path().join("backups"))).unwrap();
        assert!(link.symlink_metadata().unwrap().is_symlink());
        assert_eq!(fs::read(&file).unwrap(), b"new\n");
        assert_eq!(file.metadata().unwrap().mode() & 0o777, 0o640);
        let copy = backup_of(&link, &folder.path().join("backups"));
        assert_eq!(fs::read(&copy).unwrap(), b"old\n");
        assert_eq!(copy.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_link_to_nothing_makes_the_file_it_names() {
        let folder = tempfile::tempdir().unwrap();
        symlink("later/rc", folder.path().join("rc")).unwrap();
        let change = Change::to_text(&folder.path().join("rc"), b"x".to_vec(), 0o644);
        change.unwrap().unwrap().apply(None).unwrap();
        assert_eq!(fs::read(folder.path().join("later/rc")).unwrap(), b"x");
        assert!(folder.path().join("rc").symlink_metadata().unwrap().is_symlink());
    }

    #[test]
    fn a_new_file_follows_and_replaces_no_link() {
        let folder = tempfile::tempdir().unwrap();
        let (path, other) = (folder.path().join("rc"), folder.path().join("other"));
        let new = || Change::to_new(&path, b"x".to_vec(), 0o600);
        let early = new().unwrap();
        symlink("other", &path).unwrap();
        let exists = |error: Error| {
            let Error::Io { source, .. } = error else { panic!("{error}") };
            assert_eq!(source.kind(), io::ErrorKind::AlreadyExists);
        };
        exists(new().unwrap_err());
        exists(early.apply(None).unwrap_err());
        assert!(!other.exists() && path.symlink_metadata().unwrap().is_symlink());
        fs::remove_file(&path).unwrap();
        early.apply(None).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"x");
        assert_eq!(path.metadata().unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn a_file_that_changed_since_the_plan_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rc");
        fs::write(&path, "old").unwrap();
        let change = Change::to_text(&path, b"new".to_vec(), 0o644).unwrap().unwrap();
        fs::write(&path, "other").unwrap();
        assert!(matches!(change.apply(None), Err(Error::Changed { .. })));
        assert_eq!(fs::read(&path).unwrap(), b"other");
    }

    #[test]
    fn only_the_first_state_is_kept_as_backup() {
        let folder = tempfile::tempdir().unwrap();
        let (path, backups) = (folder.path().join("rc"), folder.path().join("backups"));
        fs::write(&path, "first").unwrap();
        for text in ["second", "third"] {
            let change = Change::to_text(&path, text.into(), 0o644).unwrap().unwrap();
            change.apply(Some(&backups)).unwrap();
        }
        assert_eq!(fs::read(backup_of(&path, &backups)).unwrap(), b"first");
    }

    #[test]
    fn the_diff_is_what_lies_between() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rc");
        fs::write(&path, "a\r\nb\nc\n").unwrap();
        let diff = |text: &str| Change::to_text(&path, text.into(), 0).unwrap().unwrap().diff();
        assert_eq!(diff("a\r\nx\nc\n"), "- b\n+ x\n");
        assert_eq!(diff("a\r\nb\nb\nc\n"), "+ b\n");
        assert_eq!(diff("b\nc\n"), "- a\n");
        assert!(Change::to_text(&path, b"a\r\nb\nc\n".to_vec(), 0).unwrap().is_none());
    }

    #[test]
    fn what_is_no_ordinary_file_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        let pipe = folder.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for path in [pipe.as_path(), folder.path()] {
            assert!(matches!(Change::to_text(path, vec![], 0), Err(Error::Io { .. })));
        }
    }
}
