/*!
Moves files to the trash and back, by the freedesktop.org Trash specification 1.0.

What is put there is renamed, never copied: it stays on its own file system, in the trash of the home
folder or of the file system's top folder, and where neither can take it, nothing happens. Desktops
show and empty the same folders. This crate decides nothing about what may be removed.
*/

mod entry;
mod put;

use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

pub use entry::Entry;
pub use put::How;

/// Why something could not be moved. Nothing was lost: it is where it was.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is a folder, and folders were not asked for.
    #[error("it is a folder")]
    Folder,
    /// The name stands for this folder, the one above, or the root.
    #[error("this name stands for a folder that cannot be removed")]
    Meaningless,
    /// There is nothing of that name.
    #[error("there is no such file")]
    Missing,
    /// Its file system has no trash that could take it.
    #[error("its file system has no trash of ours")]
    NoTrash,
    /// Something is where it would go back to.
    #[error("something is there already")]
    Taken,
    /// The trash stands in it.
    #[error("the trash itself stands in it")]
    Trash,
    /// The system refused.
    #[error("{0}")]
    Io(#[from] io::Error),
}

/// The trash of one user.
#[derive(Clone, Debug)]
pub struct Trash {
    /// `$XDG_DATA_HOME/Trash`.
    home: PathBuf,
    user: u32,
}

impl Trash {
    /// The trash of the user with that id, whose data stands in `data` (`~/.local/share`). Nothing is
    /// created yet.
    #[must_use]
    pub fn of(data: &Path, user: u32) -> Self {
        Self { home: data.join("Trash"), user }
    }

    /// Everything in the trash of the home folder and of the file system of `cwd`, newest first. What
    /// is damaged is not told.
    #[must_use]
    pub fn list(&self, cwd: &Path) -> Vec<Entry> {
        let mut all = entry::all_in(&self.home, Path::new("/"));
        if let Some(top) = top_of(cwd) {
            for folder in self.folders_of(&top) {
                all.extend(entry::all_in(&folder, &top));
            }
        }
        all.sort_by(|one, other| (&other.deleted, &other.name).cmp(&(&one.deleted, &one.name)));
        all
    }

    /// The folders that the specification allows at the top of a file system.
    fn folders_of(&self, top: &Path) -> [PathBuf; 2] {
        let shared = top.join(".Trash").join(self.user.to_string());
        [shared, top.join(format!(".Trash-{}", self.user))]
    }

    /// A trash folder that can take what lies on the device of `parent`, and the folder that paths in
    /// it are relative to.
    fn place_for(&self, parent: &Path) -> Result<(PathBuf, PathBuf), Error> {
        let device = fs::metadata(parent)?.dev();
        let home = self.home.ancestors().skip(1).find_map(|it| fs::metadata(it).ok());
        if home.is_some_and(|home| home.dev() == device) {
            make_private(&self.home)?;
            return Ok((self.home.clone(), PathBuf::from("/")));
        }
        let top = top_of(parent).ok_or(Error::NoTrash)?;
        let [shared, own] = self.folders_of(&top);
        if is_shared(&top.join(".Trash")) && self.make_own(&shared).is_ok() {
            return Ok((shared, top));
        }
        self.make_own(&own).map_err(|_| Error::NoTrash)?;
        Ok((own, top))
    }

    /// Makes a folder that must be the user's own and no link.
    fn make_own(&self, folder: &Path) -> io::Result<()> {
        make_private(folder)?;
        let metadata = folder.symlink_metadata()?;
        let own = metadata.is_dir() && metadata.uid() == self.user;
        if own { Ok(()) } else { Err(io::ErrorKind::InvalidData.into()) }
    }
}

/// A folder of the administrator's that many users share: a real one, with the sticky bit.
fn is_shared(folder: &Path) -> bool {
    folder.symlink_metadata().is_ok_and(|it| it.is_dir() && it.mode() & 0o1000 != 0)
}

/// The highest folder of the same device.
fn top_of(folder: &Path) -> Option<PathBuf> {
    let device = fs::metadata(folder).ok()?.dev();
    let same = |it: &&Path| fs::metadata(it).is_ok_and(|it| it.dev() == device);
    folder.ancestors().take_while(same).last().map(Path::to_owned)
}

fn make_private(folder: &Path) -> io::Result<()> {
    fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
