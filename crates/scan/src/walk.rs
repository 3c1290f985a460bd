//! Every file below some folders, by all cores.
//!
//! Hidden files are looked at: `.env` is what one looks for. Symbolic links are not followed, but
//! for the paths that were named. Of a repository's own folder only settings and hooks are looked
//! at; what its objects hold is asked of git. Files that a `.gitignore` or `.ignore` in the tree
//! names are left out unless [`Options::ignore`] is off; what a person named is never left out.
//! Nothing is waited for: pipes and devices in a tree are passed over, also where a file is expected.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

use crate::opened::{Opened, is_file_or_nothing};
use crate::options::Options;
use crate::read::{Buffer, read_with};
use crate::report::Report;

/// How far a scan is, for somebody who watches.
#[derive(Debug, Default)]
pub struct Progress {
    /// Files that are done.
    pub files: AtomicUsize,
    /// Bytes that are done.
    pub bytes: AtomicU64,
}

/// Looks at every file that `paths` name or hold.
pub fn walk(paths: &[PathBuf], options: &Options<'_>, progress: &Progress) -> Report {
    let total = Mutex::new(Report::default());
    let (folders, files): (Vec<_>, Vec<_>) = paths.iter().partition(|path| path.is_dir());
    let mut one = Visitor::new(options, progress, &total);
    files.iter().for_each(|path| one.file(path, true));
    drop(one);
    let mut visitors = Visitors { options, progress, total: &total };
    let (plain, odd): (Vec<_>, Vec<_>) =
        folders.into_iter().partition(|folder| parents(folder).ancestors().all(obeys_files));
    let found = Arc::new(Mutex::new(Vec::new()));
    below(plain, options.ignore.then_some(&found), &mut visitors);
    let found = core::mem::take(&mut *found.lock().unwrap_or_else(PoisonError::into_inner));
    below(odd.into_iter().chain(&found), None, &mut visitors);
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.sort();
    report
}

/// Looks at every file below `folders`. What ignore files name is left out, but for folders in which one
/// of them is no file: those go to `odd`, which is absent when nothing is to be left out.
fn below<'p>(
    folders: impl IntoIterator<Item = &'p PathBuf>,
    odd: Option<&Arc<Mutex<Vec<PathBuf>>>>,
    visitors: &mut Visitors<'_>,
) {
    let mut folders = folders.into_iter();
    let Some(first) = folders.next() else { return };
    let mut builder = WalkBuilder::new(first);
    folders.for_each(|path| {
        builder.add(path);
    });
    let (ignore, odd) = (odd.is_some(), odd.map(Arc::clone));
    builder
        .hidden(false)
        .ignore(ignore)
        .git_ignore(ignore)
        .parents(ignore)
        // What is left out depends on the tree alone, not on who looks at it.
        .git_global(false)
        .git_exclude(false)
        .filter_entry(move |entry| {
            let put_off = odd.as_ref().filter(|_| is_folder(entry) && !obeys_files(entry.path()));
            if let Some(odd) = put_off {
                let mut odd = odd.lock().unwrap_or_else(PoisonError::into_inner);
                odd.push(entry.path().to_owned());
            }
            put_off.is_none() && is_wanted(entry)
        })
        .threads(thread::available_parallelism().map_or(1, usize::from));
    builder.build_parallel().visit(visitors);
}

/// A folder by its whole path, so that the ones above it are known.
fn parents(folder: &Path) -> PathBuf {
    folder.canonicalize().unwrap_or_else(|_| folder.to_owned())
}

fn is_folder(entry: &DirEntry) -> bool {
    entry.file_type().is_some_and(|kind| kind.is_dir())
}

/// Whether what is called like an ignore file in a folder is one: of a pipe of that name, or a device,
/// lines would be waited for without end.
fn obeys_files(folder: &Path) -> bool {
    [".gitignore", ".ignore"].into_iter().all(|name| is_file_or_nothing(&folder.join(name)))
}

/// Whether an entry belongs to the tree rather than to the inner life of git.
fn is_wanted(entry: &DirEntry) -> bool {
    /// Folders of a repository in which settings and programs stand.
    const FOLDERS: [&str; 3] = ["hooks", "modules", "worktrees"];
    /// Files in which they do.
    const FILES: [&str; 3] = ["config", "config.worktree", "credentials"];
    let mut below = entry.path().iter().skip_while(|name| *name != ".git").skip(1);
    let (Some(first), name) = (below.next(), entry.file_name()) else { return true };
    match (is_folder(entry), entry.depth()) {
        // A path inside a repository that a person named.
        (_, 0) => true,
        // What git puts there as a sample never runs.
        _ if first == "hooks" => !name.as_encoded_bytes().ends_with(b".sample"),
        (true, _) => {
            // Below modules and worktrees stand folders like `.git` itself, by any name.
            FOLDERS.iter().any(|folder| first == *folder)
                && name != "objects"
                && name != "logs"
                && name != "refs"
        }
        (false, _) => FILES.iter().any(|file| name == *file),
    }
}

/// Makes one visitor for each thread.
struct Visitors<'s> {
    options: &'s Options<'s>,
    progress: &'s Progress,
    total: &'s Mutex<Report>,
}

/// What one thread has found.
struct Visitor<'s> {
    options: &'s Options<'s>,
    progress: &'s Progress,
    total: &'s Mutex<Report>,
    report: Report,
    buffer: Buffer,
}

impl<'s> ParallelVisitorBuilder<'s> for Visitors<'s> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Visitor::new(self.options, self.progress, self.total))
    }
}

impl<'s> Visitor<'s> {
    fn new(options: &'s Options<'s>, progress: &'s Progress, total: &'s Mutex<Report>) -> Self {
        Self { options, progress, total, report: Report::default(), buffer: Buffer::default() }
    }

    /// Looks at one file; `named` says that a person named it.
    fn file(&mut self, path: &Path, named: bool) {
        let name = name(path);
        let before = self.report.bytes;
        match Opened::at(path, named) {
            Ok(Opened { file, pipe }) => {
                read_with(&mut self.buffer, file, &name, self.options, &mut self.report);
                if pipe && self.report.bytes == before {
                    self.report.note(&name, "a pipe that nothing came out of");
                }
            }
            Err(error) => self.report.note(&name, error),
        }
        let bytes = self.report.bytes.saturating_sub(before);
        self.progress.files.fetch_add(1, Ordering::Relaxed);
        self.progress.bytes.fetch_add(bytes, Ordering::Relaxed);
    }
}

impl ParallelVisitor for Visitor<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => {
                if let Some(error) = entry.error() {
                    // A line of an ignore file that cannot be read: it ignores nothing.
                    self.report.note(&name(entry.path()), error);
                }
                if entry.file_type().is_some_and(|kind| kind.is_file()) {
                    self.file(entry.path(), false);
                }
            }
            Err(error) => self.report.note(&place_of(&error), reason(&error)),
        }
        WalkState::Continue
    }
}

impl Drop for Visitor<'_> {
    fn drop(&mut self) {
        let mut total = self.total.lock().unwrap_or_else(PoisonError::into_inner);
        total.merge(core::mem::take(&mut self.report));
    }
}

/// How people know a file: as they would have typed it.
fn name(path: &Path) -> String {
    path.strip_prefix("./").unwrap_or(path).display().to_string()
}

/// The path that an error of the walk is about.
fn place_of(error: &ignore::Error) -> String {
    let mut error = error;
    loop {
        error = match error {
            ignore::Error::WithPath { path, .. } => return name(path),
            ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => err,
            ignore::Error::Loop { child, .. } => return name(child),
            ignore::Error::Partial(_)
            | ignore::Error::Io(_)
            | ignore::Error::Glob { .. }
            | ignore::Error::UnrecognizedFileType(_)
            | ignore::Error::InvalidDefinition => return "a folder".to_owned(),
        }
    }
}

/// What the system said about it.
fn reason(error: &ignore::Error) -> String {
    error.io_error().map_or_else(|| error.to_string(), ToString::to_string)
}
