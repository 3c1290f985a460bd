//! Finds the real program behind a name: the first hit on PATH that is not us.
//!
//! "Us" is told by device and inode, not by name, so a second copy of a link, a hard link or
//! another spelling of the shim folder is passed over too. So is a shim of another installation: two
//! that took each other for the real program would hand the call back and forth for ever. The search itself is the `which`
//! crate's; it looks at one folder after the other and stops at the first hit that we accept.

use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use datafog_config::{FileIdentity, Host, Layout};

/// Where commands are looked for when PATH is not set: what the C library falls back to
/// (`confstr(_CS_PATH)` on Linux).
const DEFAULT_PATH: &str = "/bin:/usr/bin";

/// Looks real programs up for one installation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finder<'a> {
    pub(crate) host: &'a Host,
    pub(crate) layout: &'a Layout,
    pub(crate) own: FileIdentity,
}

/// A real program, and what its file was when it was found.
#[derive(Debug)]
pub(crate) struct Real {
    pub(crate) path: PathBuf,
    pub(crate) metadata: Metadata,
}

impl Finder<'_> {
    /// The path of the real program for `name`, as [`Self::real`] finds it.
    pub(crate) fn find(&self, name: &OsStr, target: Option<&Path>) -> Option<PathBuf> {
        self.real(name, target).map(|real| real.path)
    }

    /// The real program for `name`: `target` when one was set at install, else the first hit on
    /// PATH. A name with a slash is taken as a path. `None` when there is none.
    pub(crate) fn real(&self, name: &OsStr, target: Option<&Path>) -> Option<Real> {
        if let Some(target) = target {
            return self.accept(target.to_owned());
        }
        let hits = which::which_in_all(name, Some(self.path()?), self.host.cwd()).ok()?;
        hits.into_iter().find_map(|hit| self.accept(hit))
    }

    /// PATH without our own folder, which is not worth looking into; `None` when nothing is left.
    fn path(&self) -> Option<OsString> {
        let path = self.host.variable("PATH").unwrap_or_else(|| DEFAULT_PATH.as_ref());
        let shims = self.layout.shims();
        let folders = path.as_bytes().split(|byte| *byte == b':');
        let mut rest = OsString::with_capacity(path.len());
        let mut any = false;
        for folder in folders.filter(|folder| *folder != shims.as_os_str().as_bytes()) {
            // An empty entry means the working directory, so it is kept as an entry.
            if any {
                rest.push(":");
            }
            rest.push(OsStr::from_bytes(folder));
            any = true;
        }
        any.then_some(rest)
    }

    /// The program at `path`, unless it is this very binary or not a file.
    fn accept(&self, path: PathBuf) -> Option<Real> {
        // Most programs are no links, which one system call tells.
        let mut metadata = path.symlink_metadata().ok()?;
        let is_link = metadata.is_symlink();
        if is_link {
            metadata = path.metadata().ok()?;
        }
        let ours = FileIdentity::of(&metadata).is_same_file(&self.own);
        let accepted = metadata.is_file() && !ours && !(is_link && is_shim(&path));
        accepted.then_some(Real { path, metadata })
    }
}

/// Whether the link at `path` is a shim of any installation: under another name, to its binary.
fn is_shim(path: &Path) -> bool {
    fs::canonicalize(path)
        .is_ok_and(|real| Layout::is_binary(&real) && path.file_name() != real.file_name())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    /// A root with a binary and a shim, and a folder `real` that holds a program `git`.
    fn world() -> (tempfile::TempDir, Layout, FileIdentity) {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path().join("root"));
        for dir in [layout.root().join("bin"), layout.shims(), folder.path().join("real")] {
            fs::create_dir_all(dir).unwrap();
        }
        for program in [layout.binary(), folder.path().join("real/git")] {
            fs::write(&program, "#!/bin/sh\n").unwrap();
            fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        }
        symlink("../bin/datafog", layout.shims().join("git")).unwrap();
        let own = FileIdentity::of(&layout.binary().metadata().unwrap());
        (folder, layout, own)
    }

    fn found(path: &str, layout: &Layout, own: FileIdentity) -> Option<PathBuf> {
        let host = Host::made_up(&["git"], &[("PATH", path)], Path::new("/"));
        let finder = Finder { host: &host, layout, own };
        finder.find(OsStr::new("git"), None)
    }

    #[test]
    fn our_own_links_are_passed_over_by_inode() {
        let (folder, layout, own) = world();
        let copy = folder.path().join("copy");
        fs::create_dir(&copy).unwrap();
        fs::hard_link(layout.binary(), copy.join("git")).unwrap();
        let real = folder.path().join("real");
        let path = [&layout.shims(), &copy, &real].map(|dir| dir.display().to_string()).join(":");
        assert_eq!(found(&path, &layout, own), Some(real.join("git")));
        assert_eq!(found(&copy.display().to_string(), &layout, own), None);
        assert_eq!(found(&layout.shims().display().to_string(), &layout, own), None);
    }

    #[test]
    fn a_recorded_target_wins_unless_it_is_us() {
        let (folder, layout, own) = world();
        let host = Host::made_up(&["git"], &[("PATH", "/usr/bin")], Path::new("/"));
        let finder = Finder { host: &host, layout: &layout, own };
        let real = folder.path().join("real/git");
        let hit = finder.find(OsStr::new("git"), Some(&real)).unwrap();
        assert_eq!(hit, real);
        assert_eq!(finder.find(OsStr::new("git"), Some(&layout.shims().join("git"))), None);
    }

    #[test]
    fn a_shim_of_another_installation_is_no_real_program() {
        let (folder, layout, own) = world();
        let other = Layout::at(folder.path().join("other"));
        for dir in [other.root().join("bin"), other.shims()] {
            fs::create_dir_all(dir).unwrap();
        }
        fs::copy(layout.binary(), other.binary()).unwrap();
        symlink("../bin/datafog", other.shims().join("git")).unwrap();
        let real = folder.path().join("real");
        let path = [&other.shims(), &real].map(|dir| dir.display().to_string()).join(":");
        assert_eq!(found(&path, &layout, own), Some(real.join("git")));
        // A link to an ordinary program is one, and so is a link to the command `datafog` itself.
        symlink("git", real.join("git2")).unwrap();
        symlink(other.binary(), real.join("datafog")).unwrap();
        let host = Host::made_up(&[], &[("PATH", &path)], Path::new("/"));
        let finder = Finder { host: &host, layout: &layout, own };
        for name in ["git2", "datafog"] {
            assert_eq!(finder.find(OsStr::new(name), None), Some(real.join(name)));
        }
    }

    #[test]
    fn without_a_path_the_usual_folders_are_searched() {
        let (_folder, layout, own) = world();
        let host = Host::made_up(&["sh"], &[], Path::new("/"));
        let finder = Finder { host: &host, layout: &layout, own };
        assert!(finder.find(OsStr::new("sh"), None).is_some());
    }
}
