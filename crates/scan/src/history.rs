//! What changes brought in: the index against the last commit, or commit after commit.
//!
//! Every object is looked at once, whole, so that a key block which was begun in an old line is
//! found and lines are those of the file. A finding is new when the versions before did not hold
//! the same value as often; of a whole history each value is told once for a path, where it first
//! came in. So are the messages of commits, and of tags where all of the history is looked through.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::{Mutex, PoisonError};
use std::thread;

use datafog_core::KeyedDigest;

use crate::change::{Change, parse};
use crate::error::Error;
use crate::found::Found;
use crate::git::{Git, Objects, Selection};
use crate::options::Options;
use crate::read::{Buffer, read_with};
use crate::report::Report;
use crate::walk::Progress;

/// How git is asked for changes: raw, without anything that a setting could put in between.
const RAW: [&str; 8] = [
    "-r",
    "-z",
    "--raw",
    "--abbrev=64",
    "--no-ext-diff",
    "--no-textconv",
    "--ignore-submodules=none",
    "-M",
];

/// Findings by object, of those objects that have any.
type ByObject = BTreeMap<String, Vec<Found>>;

impl Git {
    /// Looks at what a selection of changes brought in, in the files that `paths` name or hold; in
    /// all of the repository when there are none.
    ///
    /// # Errors
    /// When git cannot be started, or there is no such repository or revision.
    pub fn scan(
        &self,
        selection: &Selection,
        paths: &[PathBuf],
        options: &Options<'_>,
        progress: &Progress,
    ) -> Result<Report, Error> {
        let commits = self.commits(selection)?;
        let changes = match &commits {
            Some(commits) => self.changed_by(commits, paths)?,
            None => self.staged(paths)?,
        };
        let mut total = Report::default();
        let now: BTreeMap<&str, &str> =
            changes.iter().rev().map(|change| (&*change.now, &*change.path)).collect();
        let found = self.look_at(&now, options, progress, &mut total)?;
        let changed: Vec<_> =
            changes.iter().filter(|change| found.contains_key(&change.now)).collect();
        let before = changed
            .iter()
            .flat_map(|change| change.before.iter().map(|name| (&**name, &*change.path)));
        let before = before.filter(|(name, _)| !found.contains_key(*name)).collect();
        // What was there before is looked at only to know it again.
        let old = self.look_at(&before, options, &Progress::default(), &mut Report::default())?;
        let version = |name: &String| found.get(name).or_else(|| old.get(name));
        let mut told = BTreeSet::new();
        for change in changed {
            let known = change.before.iter().filter_map(version);
            let mut known = Counts::most_of(known);
            for one in found.get(&change.now).into_iter().flatten() {
                let path = one.path.replacen(NAME, &change.path, 1);
                let first = told.insert((path.clone(), one.detector.clone(), one.fingerprint))
                    || *selection == Selection::Staged;
                if !known.take(one) && first {
                    total.findings.push(one.in_change(path, change.commit.clone()));
                }
            }
        }
        // Who asks for files asks for no messages.
        if let Some(commits) = commits.filter(|_| paths.is_empty()) {
            self.messages(&commits, *selection == Selection::History, options, &mut total)?;
        }
        Ok(total)
    }

    /// The commits of a selection, oldest first, one name a line; none of the index.
    fn commits(&self, selection: &Selection) -> Result<Option<Vec<u8>>, Error> {
        // A file may be called like a revision (`HEAD`): what follows the dashes would be files.
        let commits = match selection {
            Selection::Staged => return Ok(None),
            Selection::Since(revision) => {
                let since = format!("^{}", self.commit(revision)?);
                let arguments = ["rev-list", "--topo-order", "--reverse", "HEAD", &since, "--"];
                self.output("about its commits", arguments)?
            }
            Selection::History => {
                let arguments = ["rev-list", "--topo-order", "--reverse", "--all", "HEAD", "--"];
                match self.output("about its commits", arguments) {
                    // A repository without a commit has no history, which is no failure.
                    Err(Error::GitRefused { .. }) if self.commit("HEAD").is_err() => {
                        self.output("about its commits", ["rev-list", "--reverse", "--all"])?
                    }
                    commits => commits?,
                }
            }
        };
        Ok(Some(commits))
    }

    /// What commits changed in the files that `paths` name or hold.
    fn changed_by(&self, commits: &[u8], paths: &[PathBuf]) -> Result<Vec<Change>, Error> {
        let arguments = wanted(["diff-tree", "--stdin", "--root", "-c"], paths);
        Ok(parse(&self.answer("what its commits changed", arguments, commits)?))
    }

    /// What is about to be committed of those files.
    fn staged(&self, paths: &[PathBuf]) -> Result<Vec<Change>, Error> {
        let head = self.commit("HEAD").or_else(|_| self.nothing())?;
        let arguments = wanted(["diff-index", "--cached", &head], paths);
        Ok(parse(&self.output("what is staged", arguments)?))
    }

    /// The tree that holds nothing: what the first commit is compared with.
    fn nothing(&self) -> Result<String, Error> {
        let name =
            self.output("what an empty tree is", ["hash-object", "-t", "tree", "--stdin"])?;
        Ok(String::from_utf8_lossy(name.trim_ascii()).into_owned())
    }

    /// Looks at objects by all cores.
    fn look_at(
        &self,
        objects: &BTreeMap<&str, &str>,
        options: &Options<'_>,
        progress: &Progress,
        total: &mut Report,
    ) -> Result<ByObject, Error> {
        let objects: Vec<_> = objects.iter().collect();
        let threads = thread::available_parallelism().map_or(1, usize::from);
        let share = objects.len().div_ceil(threads).max(1);
        let all = Mutex::new((core::mem::take(total), ByObject::new()));
        let failures: Vec<_> = thread::scope(|scope| {
            let workers: Vec<_> = objects
                .chunks(share)
                .map(|chunk| {
                    scope.spawn(|| -> Result<(), Error> {
                        let mut worker = Worker {
                            objects: self.objects()?,
                            buffer: Buffer::default(),
                            report: Report::default(),
                            found: ByObject::new(),
                        };
                        chunk.iter().for_each(|(name, path)| {
                            worker.object(name, path, options, progress);
                        });
                        let mut all = all.lock().unwrap_or_else(PoisonError::into_inner);
                        all.0.merge(worker.report);
                        all.1.append(&mut worker.found);
                        Ok(())
                    })
                })
                .collect();
            workers.into_iter().map(|worker| worker.join()).collect()
        });
        for failure in failures {
            let died = || std::io::Error::other("a thread broke off");
            failure.map_err(|_| Error::Git { about: "about its objects", source: died() })??;
        }
        let (report, found) = all.into_inner().unwrap_or_else(PoisonError::into_inner);
        *total = report;
        Ok(found)
    }
}

/// The words of a command that tells changes of these files.
fn wanted<const N: usize>(command: [&str; N], paths: &[PathBuf]) -> Vec<OsString> {
    let [name, rest @ ..] = command.as_slice() else { return Vec::new() };
    let words = [*name].into_iter().chain(RAW).chain(rest.iter().copied()).chain(["--"]);
    words.map(OsString::from).chain(paths.iter().map(|path| path.as_os_str().to_owned())).collect()
}

/// Stands for the path while an object is looked at: it may have several.
const NAME: &str = "\0";

/// One thread and its git.
struct Worker {
    objects: Objects,
    buffer: Buffer,
    report: Report,
    found: ByObject,
}

impl Worker {
    fn object(&mut self, name: &str, path: &str, options: &Options<'_>, progress: &Progress) {
        let Self { objects, buffer, report, found } = self;
        let (bytes, unread) = (report.bytes, report.unread.len());
        let look = |content: &mut dyn std::io::Read| {
            read_with(buffer, content, NAME, options, report);
        };
        if let Err(error) = objects.with(name, look) {
            report.note(NAME, error);
        }
        report.unread.iter_mut().skip(unread).for_each(|unread| {
            unread.path = unread.path.replacen(NAME, path, 1);
        });
        if !report.findings.is_empty() {
            found.insert(name.to_owned(), core::mem::take(&mut report.findings));
        }
        progress.files.fetch_add(1, Ordering::Relaxed);
        progress.bytes.fetch_add(report.bytes.saturating_sub(bytes), Ordering::Relaxed);
    }
}

/// How often each value stands in the versions before.
struct Counts(BTreeMap<KeyedDigest, usize>);

impl Counts {
    /// For each value the most that any of the versions has.
    fn most_of<'f>(versions: impl Iterator<Item = &'f Vec<Found>>) -> Self {
        let mut most = BTreeMap::new();
        for version in versions {
            let mut counts: BTreeMap<KeyedDigest, usize> = BTreeMap::new();
            for found in version {
                let count = counts.entry(found.fingerprint).or_default();
                *count = count.saturating_add(1);
            }
            for (value, count) in counts {
                let entry = most.entry(value).or_default();
                *entry = count.max(*entry);
            }
        }
        Self(most)
    }

    /// Whether a finding is one of those that were there before.
    fn take(&mut self, found: &Found) -> bool {
        let Some(count) = self.0.get_mut(&found.fingerprint) else { return false };
        let known = *count > 0;
        *count = count.saturating_sub(1);
        known
    }
}
