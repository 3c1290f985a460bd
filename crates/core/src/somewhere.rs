//! Folders that only the run can tell, as they stand in paths.
//!
//! `cd "$(cat where)" && git push` works somewhere; `find a -execdir git push ;` works somewhere
//! below `a`. Such a folder stands in a working directory as a component of its own, so that every
//! path that leads on from there still says that its beginning is not known. A real folder of the
//! same name counts as unknown, too, which only makes an answer stricter.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// The name of a folder that may be anywhere.
pub const SOMEWHERE: &str = "(unknown)";

/// The name of a folder that may be any one below the folder in front of it, or that one itself.
pub const BELOW: &str = "(below)";

/// Whether `path` leads through a folder that may be anywhere.
#[must_use]
pub fn is_somewhere(path: &Path) -> bool {
    // Nearly no path has a parenthesis in it.
    path.as_os_str().as_encoded_bytes().contains(&b'(')
        && path.components().any(|part| part.as_os_str() == SOMEWHERE)
}

/// What is known of a path behind the last folder that may be anywhere; `None` when all of it is.
#[must_use]
pub fn behind_somewhere(path: &Path) -> Option<PathBuf> {
    if !is_somewhere(path) {
        return None;
    }
    let parts: Vec<&OsStr> = path.components().map(|part| part.as_os_str()).collect();
    Some(parts.rsplit(|part| *part == SOMEWHERE).next().unwrap_or_default().iter().collect())
}

/// The folder below which a path may lead anywhere, when it leads through such a one.
#[must_use]
pub fn above(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    let known: PathBuf = parts.by_ref().take_while(|part| part.as_os_str() != BELOW).collect();
    (known != path).then_some(known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_known_of_a_path_is_told() {
        for (path, behind) in [
            ("/w/(unknown)/a/b", Some("a/b")),
            ("/w/(unknown)", Some("")),
            ("/(unknown)/x/(unknown)/y", Some("y")),
            ("/w/a", None),
            ("/w/(unknown)x", None),
        ] {
            assert_eq!(behind_somewhere(Path::new(path)), behind.map(PathBuf::from), "{path}");
            assert_eq!(is_somewhere(Path::new(path)), behind.is_some(), "{path}");
        }
        assert_eq!(above(Path::new("/w/a/(below)/x")), Some(PathBuf::from("/w/a")));
        assert_eq!(above(Path::new("/w/a/")), None);
    }
}
