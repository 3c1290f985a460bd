//! The folders for files that nobody misses, and what lies in them all the same.
//!
//! A home may stand in such a folder (a container, a build, a test). What is in it is a person's, so
//! it counts as little as temporary as what is in any other home.

use std::path::Path;

/// Where programs put what they need for a while: file-hierarchy(7), and macOS's `confstr`.
const FOLDERS: [&str; 5] = ["/tmp", "/var/tmp", "/dev/shm", "/private/tmp", "/private/var/folders"];

/// What of the canonical `path` stands behind the folder for temporary files that it is or lies in;
/// `None` for every other path.
#[must_use]
pub fn in_temporary(path: &Path) -> Option<&Path> {
    FOLDERS.iter().find_map(|folder| path.strip_prefix(folder).ok())
}

/// Whether the canonical `path` is or lies in `home`, and that home in a folder for temporary files.
#[must_use]
pub fn in_temporary_home(path: &Path, home: &Path) -> bool {
    path.starts_with(home)
        && in_temporary(home).is_some_and(|behind| !behind.as_os_str().is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_home_in_a_folder_for_temporary_files_is_a_home() {
        let behind = |path: &'static str| in_temporary(Path::new(path)).map(Path::to_owned);
        assert_eq!(behind("/tmp/a/b"), Some("a/b".into()));
        assert_eq!(behind("/tmp"), Some("".into()));
        assert_eq!(behind("/tmpfiles/a"), None);
        assert_eq!(behind("/home/ann/tmp"), None);
        let is_at_home = |path, home| in_temporary_home(Path::new(path), Path::new(home));
        assert!(is_at_home("/tmp/ann/notes", "/tmp/ann"));
        assert!(!is_at_home("/tmp/other", "/tmp/ann"));
        assert!(!is_at_home("/home/ann/notes", "/home/ann"));
        // Nobody's home is all of it.
        assert!(!is_at_home("/tmp/notes", "/tmp"));
    }
}
