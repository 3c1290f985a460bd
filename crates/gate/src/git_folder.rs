//! The folder in which git finds its own programs, and among them our wrapper in the place of `git`.
//!
//! git looks for programs in a folder of its own before it looks at PATH, so hooks, aliases and
//! editors would start the real git. `GIT_EXEC_PATH` names this folder instead, which holds links to
//! all that stands in git's, and a link `git` to us. One is made for each git, named after its file,
//! and it bears the time of change of git's own folder: equal times say that it is complete and new.
//! Whatever is missing, stale or odd leaves a call without the variable, as if this were not here.
//!
//! It is no boundary: who names git by its path, or names the folder anew, comes past it.

use std::borrow::Cow;
use std::ffi::{CStr, CString, OsStr};
use std::fs::{self, DirBuilder, File, FileTimes, Metadata};
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use datafog_config::{Host, Layout};

use crate::lookup::Real;
use crate::world::answer_of_helper;

/// The variable by which git is told where its programs are (git(1)).
pub(crate) const VARIABLE: &str = "GIT_EXEC_PATH";

/// The link to git's own folder. git looks for names that begin with `git-` only.
pub(crate) const ORIGIN: &str = ".origin";

/// The program that we stand for.
pub(crate) const GIT: &str = "git";

/// How its entry in an environment begins.
const PREFIX: &[u8] = b"GIT_EXEC_PATH=";

/// No more folders are kept: an old one may still be at work when git was replaced.
const MOST_KEPT: usize = 8;

/// The link text of the wrapper, as seen from `<root>/git/<folder>`.
const WRAPPER: &str = "../../bin/datafog";

/// Tells the real git of the folder, in an environment that is being made for it. Where there is none,
/// or git is asked for its own, the variable goes if it is ours.
pub(crate) fn put(
    given: &mut Vec<Cow<'static, CStr>>,
    host: &Host,
    layout: &Layout,
    real: &Real,
    user: u32,
) {
    let (named, folder) = (host.variable(VARIABLE), folder(layout, real, user));
    if let Some(named) = named {
        // git names its own folder to what it starts. Any other is somebody's own choice, and theirs.
        let origin = || fs::read_link(folder.as_ref()?.join(ORIGIN)).ok();
        if !is_ours(named, layout) && origin().is_none_or(|origin| origin != named) {
            return;
        }
        given.retain(|entry| !entry.to_bytes().starts_with(PREFIX));
    }
    let asked_for = || host.arguments().iter().any(|word| word.to_bytes() == b"--exec-path");
    if let Some(folder) = folder.filter(|_| !asked_for()) {
        let entry = [PREFIX, folder.as_os_str().as_bytes()].concat();
        given.extend(CString::new(entry).ok().map(Cow::Owned));
    }
}

/// Whether the variable names a folder of this installation.
pub(crate) fn is_ours(named: &OsStr, layout: &Layout) -> bool {
    Path::new(named).parent() == Some(&layout.git())
}

/// The folder for that git, made or mended where it has to be; `None` where there can be none, or
/// somebody else is just making it.
pub(crate) fn folder(layout: &Layout, real: &Real, user: u32) -> Option<PathBuf> {
    let folder = layout.git().join(name(&real.metadata));
    match folder.symlink_metadata() {
        Ok(found) if found.is_file() => return None,
        Ok(found) if !found.is_dir() || found.uid() != user || found.mode() & 0o022 != 0 => {
            return None;
        }
        Ok(found) if is_fresh(&folder, &found) => return Some(folder),
        Ok(_) => {}
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(_) => return None,
    }
    make(layout, real, &folder).ok()?;
    let made = folder.symlink_metadata().ok()?;
    (made.is_dir() && is_fresh(&folder, &made)).then_some(folder)
}

/// One name for each state of each file. Without a template, which would lie in a page of its own.
fn name(git: &Metadata) -> String {
    let numbers = [git.dev(), git.ino(), git.size()].map(|number| number.to_string());
    let (seconds, rest) = (git.mtime().to_string(), git.mtime_nsec().to_string());
    [numbers.join("-"), seconds, rest].join("-")
}

fn is_fresh(folder: &Path, found: &Metadata) -> bool {
    let origin = folder.join(ORIGIN).metadata();
    origin.is_ok_and(|origin| times(&origin) == times(found))
}

fn times(metadata: &Metadata) -> (i64, i64) {
    (metadata.mtime(), metadata.mtime_nsec())
}

/// Makes the folder, or brings it up to date. Only one process does so at a time; the others go on
/// without. What there can be no folder for gets a file in its place, so that nobody tries again.
#[cold]
fn make(layout: &Layout, real: &Real, folder: &Path) -> io::Result<()> {
    let parent = layout.git();
    DirBuilder::new().recursive(true).mode(0o700).create(&parent)?;
    let lock = File::open(&parent)?;
    if lock.try_lock().is_err() {
        return Err(io::ErrorKind::WouldBlock.into());
    }
    let Some(origin) = origin(real, layout)? else {
        return if folder.exists() { Ok(()) } else { fs::write(folder, b"") };
    };
    if !folder.exists() {
        forget_oldest(&parent)?;
        DirBuilder::new().mode(0o700).create(folder)?;
    }
    // The time is taken before the names: what changes meanwhile makes the folder stale.
    let modified = origin.metadata()?.modified()?;
    link_all(&origin, folder)?;
    File::open(folder)?.set_times(FileTimes::new().set_modified(modified))?;
    if is_fresh(folder, &folder.symlink_metadata()?) {
        return Ok(());
    }
    // Times of this filesystem are too coarse to tell by.
    fs::remove_dir_all(folder)?;
    fs::write(folder, b"")
}

/// git's own folder of programs; `None` for a git that has none for sure: a script, or a program that
/// picks one git of several each time it is started.
fn origin(real: &Real, layout: &Layout) -> io::Result<Option<PathBuf>> {
    let mut head = [0_u8; 2];
    File::open(&real.path)?.read_exact(&mut head)?;
    if head == *b"#!" {
        return Ok(None);
    }
    let mut command = Command::new(&real.path);
    command.arg("--exec-path").env_remove(VARIABLE);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let answer = answer_of_helper(&mut command)?;
    let origin = Path::new(OsStr::from_bytes(answer.trim_ascii_end()));
    let usual = origin.is_absolute() && origin.is_dir() && !origin.starts_with(layout.root());
    Ok((usual && is_same_program(&real.path, &origin.join(GIT))).then(|| origin.to_owned()))
}

/// Whether both are one program: one file, or two of the same bytes.
fn is_same_program(one: &Path, other: &Path) -> bool {
    let same = || -> io::Result<bool> {
        let (first, second) = (one.metadata()?, other.metadata()?);
        if (first.dev(), first.ino()) == (second.dev(), second.ino()) {
            return Ok(true);
        }
        Ok(first.size() == second.size() && fs::read(one)? == fs::read(other)?)
    };
    same().unwrap_or(false)
}

/// Links every name of `origin` into `folder`, and takes away what is there no more.
fn link_all(origin: &Path, folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        if name != ORIGIN && name != GIT && origin.join(&name).symlink_metadata().is_err() {
            fs::remove_file(entry.path())?;
        }
    }
    link(origin, &folder.join(ORIGIN))?;
    link(Path::new(WRAPPER), &folder.join(GIT))?;
    for entry in fs::read_dir(origin)? {
        let name = entry?.file_name();
        if name != GIT && name != ORIGIN {
            link(&origin.join(&name), &folder.join(&name))?;
        }
    }
    Ok(())
}

fn link(target: &Path, link: &Path) -> io::Result<()> {
    if fs::read_link(link).is_ok_and(|there| there == target) {
        return Ok(());
    }
    match fs::remove_file(link) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        Ok(()) | Err(_) => {}
    }
    symlink(target, link)
}

/// Makes room for one more folder.
fn forget_oldest(parent: &Path) -> io::Result<()> {
    let mut kept = Vec::new();
    for entry in fs::read_dir(parent)? {
        let entry = entry?;
        kept.push((entry.metadata()?.ctime(), entry.path()));
    }
    kept.sort_unstable();
    let extra = kept.len().saturating_add(1).saturating_sub(MOST_KEPT);
    for (_, path) in kept.into_iter().take(extra) {
        if path.is_dir() { fs::remove_dir_all(&path)? } else { fs::remove_file(&path)? }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn the_folder_follows_gits_own() {
        let place = tempfile::tempdir().unwrap();
        let (origin, folder) = (place.path().join("core"), place.path().join("links"));
        fs::create_dir_all(origin.join("mergetools")).unwrap();
        fs::create_dir(&folder).unwrap();
        for name in ["git", "git-add", "git-old"] {
            fs::write(origin.join(name), name).unwrap();
        }
        link_all(&origin, &folder).unwrap();
        assert_eq!(names(&folder), [".origin", "git", "git-add", "git-old", "mergetools"]);
        assert_eq!(fs::read_link(folder.join("git")).unwrap(), Path::new(WRAPPER));
        fs::remove_file(origin.join("git-old")).unwrap();
        fs::write(origin.join("git-new"), "").unwrap();
        fs::remove_file(folder.join("git-add")).unwrap();
        symlink("elsewhere", folder.join("git-add")).unwrap();
        link_all(&origin, &folder).unwrap();
        assert_eq!(names(&folder), [".origin", "git", "git-add", "git-new", "mergetools"]);
        assert_eq!(fs::read_link(folder.join("git-add")).unwrap(), origin.join("git-add"));
    }

    #[test]
    fn only_a_few_folders_are_kept() {
        let place = tempfile::tempdir().unwrap();
        for number in 0..MOST_KEPT + 3 {
            fs::create_dir(place.path().join(number.to_string())).unwrap();
        }
        forget_oldest(place.path()).unwrap();
        assert_eq!(names(place.path()).len(), MOST_KEPT - 1);
    }

    #[test]
    fn one_program_is_told_from_another_by_its_bytes() {
        let place = tempfile::tempdir().unwrap();
        let at = |name: &str| place.path().join(name);
        fs::write(at("a"), "same").unwrap();
        fs::write(at("b"), "same").unwrap();
        fs::write(at("c"), "else").unwrap();
        assert!(is_same_program(&at("a"), &at("b")));
        assert!(!is_same_program(&at("a"), &at("c")) && !is_same_program(&at("a"), &at("none")));
    }
}
