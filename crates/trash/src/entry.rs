//! What lies in the trash, and back from it.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use percent_encoding::{AsciiSet, CONTROLS, percent_decode, percent_encode};

use crate::Error;

/// What stands in notes as it is: what RFC 2396 calls unreserved, and slashes.
const ESCAPED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'$')
    .add(b'%')
    .add(b'&')
    .add(b'+')
    .add(b',')
    .add(b':')
    .add(b';')
    .add(b'<')
    .add(b'=')
    .add(b'>')
    .add(b'?')
    .add(b'@')
    .add(b'[')
    .add(b'\\')
    .add(b']')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// Largest note that is read, in bytes.
const LARGEST: u64 = 64 << 10;

/// One thing in the trash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its name in the trash, by which it can be asked for.
    pub name: OsString,
    /// Where it was.
    pub original: PathBuf,
    /// When it went there, in local time: `2026-01-31T12:00:00`.
    pub deleted: String,
    pub(crate) file: PathBuf,
    pub(crate) note: PathBuf,
}

impl Entry {
    /// Puts it back to where it was.
    ///
    /// # Errors
    /// When something is there, or the system refuses; then it stays in the trash.
    pub fn restore(&self) -> Result<PathBuf, Error> {
        if self.original.symlink_metadata().is_ok() {
            return Err(Error::Taken);
        }
        if let Some(parent) = self.original.parent() {
            fs::create_dir_all(parent)?;
        }
        fs::rename(&self.file, &self.original)?;
        fs::remove_file(&self.note)?;
        Ok(self.original.clone())
    }
}

/// The text of a note.
pub(crate) fn note(path: &Path, deleted: &str) -> String {
    let path = percent_encode(path.as_os_str().as_bytes(), ESCAPED);
    format!("[Trash Info]\nPath={path}\nDeletionDate={deleted}\n")
}

/// Everything in one trash folder whose note can be read; paths are relative to `top`.
pub(crate) fn all_in(folder: &Path, top: &Path) -> Vec<Entry> {
    let Ok(notes) = fs::read_dir(folder.join("info")) else { return Vec::new() };
    let paths = notes.filter_map(|entry| entry.ok().map(|entry| entry.path()));
    paths.filter_map(|note| read(note, folder, top)).collect()
}

fn read(note: PathBuf, folder: &Path, top: &Path) -> Option<Entry> {
    let name = note.file_name()?.as_bytes().strip_suffix(b".trashinfo")?;
    let name = OsStr::from_bytes(name).to_owned();
    let file = folder.join("files").join(&name);
    file.symlink_metadata().ok()?;
    let small = note.symlink_metadata().ok().filter(|it| it.is_file() && it.len() <= LARGEST);
    small?;
    let text = fs::read(&note).ok()?;
    let line = |key: &[u8]| {
        text.split(|byte| *byte == b'\n')
            .find_map(|line| line.strip_prefix(key))
            .map(<[u8]>::to_vec)
    };
    let path = PathBuf::from(OsString::from_vec(percent_decode(&line(b"Path=")?).collect()));
    // A note that leads out of its place is not one of ours.
    let plain = !path.components().any(|it| it == std::path::Component::ParentDir);
    let original = if path.is_absolute() { path } else { top.join(path) };
    let deleted = String::from_utf8(line(b"DeletionDate=")?).ok()?;
    plain.then_some(Entry { name, original, deleted, file, note })
}
