//! Every file below some folders, by all cores.
//!
//! Hidden files are looked at: `.env` is what one looks for. Symbolic links are not followed, but
//! for the paths that were named. Of a repository's own folder only settings and hooks are looked
//! at; what its objects hold is asked of git. Files that a `.gitignore` or `.ignore` in the tree
//! names are left out unless [`Options::ignore`] is off; what a person named is never left out.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::thread;

use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};

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
    files.iter().for_each(|path| one.file(path));
    drop(one);
    if let Some((first, rest)) = folders.split_first() {
        let mut builder = WalkBuilder::new(first);
        rest.iter().for_each(|path| {
            builder.add(path);
        });
        let ignore = options.ignore;
        builder
            .hidden(false)
            .ignore(ignore)
            .git_ignore(ignore)
            .parents(ignore)
            // What is left out depends on the tree alone, not on who looks at it.
            .git_global(false)
            .git_exclude(false)
            .filter_entry(is_wanted)
            .threads(thread::available_parallelism().map_or(1, usize::from));
        let mut visitors = Visitors { options, progress, total: &total };
        builder.build_parallel().visit(&mut visitors);
    }
    let mut report = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    report.sort();
    report
}

/// Whether an entry belongs to the tree rather than to the inner life of git.
fn is_wanted(entry: &DirEntry) -> bool {
    /// Folders of a repository in which settings and programs stand.
    const FOLDERS: [&str; 3] = ["hooks", "modules", "worktrees"];
    /// Files in which they do.
    const FILES: [&str; 3] = ["config", "config.worktree", "credentials"];
    let mut below = entry.path().iter().skip_while(|name| *name != ".git").skip(1);
    let (Some(first), name) = (below.next(), entry.file_name()) else { return true };
    let is_folder = entry.file_type().is_some_and(|kind| kind.is_dir());
    match (is_folder, entry.depth()) {
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

    fn file(&mut self, path: &Path) {
        let name = name(path);
        let before = self.report.bytes;
        match File::open(path) {
            Ok(file) => {
                read_with(&mut self.buffer, file, &name, self.options, &mut self.report);
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
                    self.file(entry.path());
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
