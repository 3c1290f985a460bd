//! Paths as the kernel would resolve them.
//!
//! A rule about `/` must see `/tmp/../.`, a symbolic link to `/` and a relative spelling as the
//! same place. So every path operand gets one canonical form: absolute, without `.` and `..`, with
//! links followed as far as the path exists. The last component of something that is to be removed
//! is not followed, since removing a link removes the link.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Component, Path, PathBuf};

use datafog_core::{Flow, Invocation, Operand, OperandKind, SOMEWHERE};

/// Fills in the canonical form of every path operand.
pub(crate) fn fill(invocation: &mut Invocation, cwd: &Path) {
    let mut resolver = Resolver { cwd, folders: Folders::new() };
    for operand in &mut invocation.operands {
        if operand.kind == OperandKind::Path {
            if names_nothing(operand) {
                continue;
            }
            let follow = operand.flow != Flow::Destroys;
            operand.canonical = resolver.resolve(Path::new(&operand.text), follow);
        }
    }
}

/// The same where there is no file to ask: `.` and `..` are resolved by text, and there are no links.
pub(crate) fn fill_by_text(invocation: &mut Invocation, cwd: &Path) {
    for operand in &mut invocation.operands {
        if operand.kind == OperandKind::Path && !names_nothing(operand) {
            operand.canonical = Some(by_text(&cwd.join(&operand.text)));
        }
    }
}

/// An empty name is that of nothing, not of the folder at hand: it is no path.
fn names_nothing(operand: &mut Operand) -> bool {
    let nothing = operand.text.is_empty();
    if nothing {
        operand.kind = OperandKind::Text;
    }
    nothing
}

/// Absolute, with `.` and `..` resolved by text.
pub(crate) fn by_text(path: &Path) -> PathBuf {
    let mut plain = PathBuf::from("/");
    for component in path.components() {
        match component {
            Component::Normal(name) => plain.push(name),
            Component::ParentDir => step_back(&mut plain),
            Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
        }
    }
    plain
}

/// One path in canonical form, the last component followed; `None` when it cannot be told.
pub(crate) fn followed(cwd: &Path, path: &Path) -> Option<PathBuf> {
    Resolver { cwd, folders: Folders::new() }.resolve(path, true)
}

/// Paths that were resolved, so that many rules may ask about one and the same path, and about many
/// in one folder.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    paths: BTreeMap<OsString, Option<PathBuf>>,
    folders: Folders,
}

/// Where folders lead, by their spelling: to compare texts is quicker than to compare paths.
type Folders = BTreeMap<OsString, PathBuf>;

impl Followed {
    /// As [`followed`]; `cwd` is the same each time.
    pub(crate) fn get(&mut self, cwd: &Path, path: &Path) -> Option<PathBuf> {
        if let Some(known) = self.paths.get(path.as_os_str()) {
            return known.clone();
        }
        let mut resolver = Resolver { cwd, folders: core::mem::take(&mut self.folders) };
        let real = resolver.resolve(path, true);
        self.folders = resolver.folders;
        self.paths.insert(path.as_os_str().to_owned(), real.clone());
        real
    }
}

/// Resolves many paths; folders are resolved once, since most operands share theirs.
struct Resolver<'a> {
    cwd: &'a Path,
    folders: Folders,
}

impl Resolver<'_> {
    fn resolve(&mut self, path: &Path, follow: bool) -> Option<PathBuf> {
        let path = self.cwd.join(path);
        if !path.is_absolute() || path.as_os_str().as_bytes().contains(&0) {
            return None;
        }
        // `link/` and `link/.` name what the link points to, so a last component is only one when
        // nothing stands behind it.
        let Some((folder, name)) = plain_last_component(&path) else {
            return Some(longest_real(&path));
        };
        let folder = self.folder(folder);
        let whole = folder.join(name);
        // The folder is real: only a link leads from here to somewhere else.
        let leads_on = follow && fs::symlink_metadata(&whole).is_ok_and(|found| found.is_symlink());
        Some(if leads_on { longest_real(&whole) } else { whole })
    }

    fn folder(&mut self, folder: &Path) -> PathBuf {
        if let Some(known) = self.folders.get(folder.as_os_str()) {
            return known.clone();
        }
        let real = longest_real(folder);
        self.folders.insert(folder.as_os_str().to_owned(), real.clone());
        real
    }
}

/// Folder and name, when the path ends in a plain name without a slash behind it.
fn plain_last_component(path: &Path) -> Option<(&Path, &OsStr)> {
    let bytes = path.as_os_str().as_bytes();
    let plain = !bytes.ends_with(b"/") && !bytes.ends_with(b"/.") && !bytes.ends_with(b"/..");
    Some((path.parent()?, path.file_name()?)).filter(|_| plain)
}

/// The real path of the longest part that exists, with the rest appended as written; `..` in the
/// rest steps back by text, since there is no link left to follow.
fn longest_real(path: &Path) -> PathBuf {
    if let Ok(real) = fs::canonicalize(path) {
        return real;
    }
    let mut real = PathBuf::from("/");
    let mut exists = true;
    for component in path.components() {
        match component {
            Component::Normal(name) => {
                real.push(name);
                exists = exists && follow(&mut real);
            }
            Component::ParentDir => step_back(&mut real),
            Component::CurDir | Component::Prefix(_) | Component::RootDir => {}
        }
    }
    real
}

/// Behind a folder that may be anywhere, the one around it may be anywhere, too.
fn step_back(path: &mut PathBuf) {
    if path.file_name().is_none_or(|name| name != SOMEWHERE) {
        path.pop();
    }
}

/// Replaces `path` by its real path; false when it does not exist.
fn follow(path: &mut PathBuf) -> bool {
    let Ok(real) = fs::canonicalize(&*path) else { return false };
    *path = real;
    true
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    fn resolve(cwd: &Path, path: &str, follow: bool) -> PathBuf {
        let mut resolver = Resolver { cwd, folders: Folders::new() };
        resolver.resolve(Path::new(path), follow).unwrap()
    }

    #[test]
    fn every_spelling_of_a_place_is_one_path() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        fs::create_dir_all(base.join("a/b")).unwrap();
        symlink("/", base.join("a/top")).unwrap();
        for spelling in ["a/b", "./a/../a/b", "a//b/", "a/b/.", "a/b/c/.."] {
            assert_eq!(resolve(&base, spelling, false), base.join("a/b"), "{spelling}");
        }
        for root in ["/", "/.", "//", "/..", "/tmp/..", "a/top/", "a/top/."] {
            assert_eq!(resolve(&base, root, false), Path::new("/"), "{root}");
        }
        assert_eq!(resolve(&base, "a/top", false), base.join("a/top"), "the link is removed");
        assert_eq!(resolve(&base, "a/top", true), Path::new("/"), "the link is read");
        assert_eq!(resolve(&base, "a/top/etc", true), Path::new("/etc"));
    }

    #[test]
    fn a_path_that_is_asked_about_again_is_not_resolved_again() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        symlink("/", base.join("top")).unwrap();
        let mut followed = Followed::default();
        for _ in 0..3 {
            for (path, real) in
                [("top", PathBuf::from("/")), ("a", base.join("a")), ("b", base.join("b"))]
            {
                assert_eq!(followed.get(&base, Path::new(path)), Some(real));
                // Whatever becomes of the file: one call is judged by one answer.
                let _gone = fs::remove_file(base.join("top"));
            }
        }
        assert_eq!((followed.paths.len(), followed.folders.len()), (3, 1));
    }

    #[test]
    fn what_does_not_exist_is_resolved_by_text_from_there_on() {
        let folder = tempfile::tempdir().unwrap();
        let base = fs::canonicalize(folder.path()).unwrap();
        assert_eq!(resolve(&base, "no/such/../x", true), base.join("no/x"));
        assert_eq!(resolve(&base, "no/../../..", false), base.parent().unwrap().parent().unwrap());
        assert_eq!(resolve(&base, "(unknown)/a/../../..", false), base.join("(unknown)"));
        assert_eq!(by_text(Path::new("/w/(unknown)/..")), Path::new("/w/(unknown)"));
    }
}
