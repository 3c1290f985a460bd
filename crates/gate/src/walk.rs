//! The files below a folder that a command would send.

use std::collections::HashSet;
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Most files of one folder tree that are looked at; a larger tree is unscannable.
const MOST_FILES: usize = 50_000;

/// Every regular file below `folder`, links followed, each folder once.
///
/// Fails, with the rest of a sentence, when the tree is too large or part of it cannot be read:
/// then nobody can say what would leave.
pub(crate) fn files_below(folder: &Path) -> Result<Vec<PathBuf>, &'static str> {
    let mut files = Vec::new();
    let mut visited = HashSet::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let identity = folder.metadata().map_err(|_| "cannot be looked at")?;
        if !visited.insert((identity.dev(), identity.ino())) {
            continue;
        }
        for entry in fs::read_dir(&folder).map_err(|_| "holds a folder that cannot be read")? {
            let path = entry.map_err(|_| "holds a folder that cannot be read")?.path();
            // A dangling link names nothing that could leave.
            let Ok(metadata) = path.metadata() else { continue };
            if metadata.is_dir() {
                folders.push(path);
            } else if metadata.is_file() {
                files.push(path);
            }
            if files.len().saturating_add(folders.len()) > MOST_FILES {
                return Err("holds too many files to look at");
            }
        }
    }
    files.sort_unstable();
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    #[test]
    fn a_tree_is_walked_once_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let base = folder.path();
        fs::create_dir_all(base.join("a/b")).unwrap();
        for name in ["z", "a/y", "a/b/x"] {
            fs::write(base.join(name), "").unwrap();
        }
        symlink("..", base.join("a/loop")).unwrap();
        symlink("nowhere", base.join("dangling")).unwrap();
        let files = files_below(base).unwrap();
        let names: Vec<_> = files.iter().map(|file| file.file_name().unwrap()).collect();
        assert_eq!(names, ["x", "y", "z"]);
    }
}
