//! Policies of projects that the user trusts: which hold where, and where a call works.
//!
//! A project is told by its folder. What is done in it is judged by its rules, whoever starts it
//! and from where: `cd project && git push`, `git -C project push` and a call that is made in
//! `project` are alike. Rules of a project only tighten, so those of every folder that a call works
//! in are asked.

use std::path::{Path, PathBuf};

use datafog_config::{Trust, Trusted};
use datafog_core::{Action, Digest, Surroundings, above, is_somewhere};
use datafog_policy::{Layer, Policy};
use datafog_shim::Word;

use crate::started::Started;
use crate::state::InCache;
use crate::vocabulary::OwnWords;
use crate::{Error, canonical, compile, state};

/// A project's policy as it was trusted, compiled over everything that lies below it. It stands
/// until it is trusted anew: a file that is changed or removed afterwards changes nothing.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) path: PathBuf,
    pub(crate) digest: Digest,
    known: Known,
}

/// What is known of a project, and from where.
#[derive(Debug)]
enum Known {
    /// Its text, and why there is no policy when it cannot be used; then nothing runs below its
    /// folder.
    Read(String, Result<Policy, String>),
    Kept(InCache),
}

impl Project {
    /// A project of an earlier call.
    pub(crate) const fn kept(path: PathBuf, digest: Digest, place: InCache) -> Self {
        Self { path, digest, known: Known::Kept(place) }
    }

    pub(crate) fn folder(&self) -> &Path {
        self.path.parent().unwrap_or(&self.path)
    }

    /// The text that was trusted; `None` when what kept it is damaged.
    pub(crate) fn text(&self) -> Option<String> {
        match &self.known {
            Known::Read(text, _) => Some(text.clone()),
            Known::Kept(place) => place.text(),
        }
    }

    /// The compiled policy, or why there is none.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        match &self.known {
            Known::Read(_, policy) => policy.clone(),
            Known::Kept(place) => place.policy(),
        }
    }

    pub(crate) fn compiled(&self) -> Result<Policy, Error> {
        self.policy().map_err(|why| Error::Project { path: self.path.clone(), why })
    }
}

/// The number of the innermost project around `folder`.
pub(crate) fn around(all: &[Project], folder: &Path) -> Option<usize> {
    // Outer ones stand first, and each is compiled over those around it.
    all.iter().rposition(|one| folder.starts_with(one.folder()))
}

/// The numbers of the projects that a call in `folder` may be a part of, the innermost where there
/// are several around each other. A folder that only the run can tell may be that of any project.
pub(crate) fn reached(all: &[Project], folder: &Path) -> Vec<usize> {
    if is_somewhere(folder) {
        return (0..all.len()).collect();
    }
    let Some(top) = above(folder) else { return around(all, folder).into_iter().collect() };
    let below = all.iter().enumerate().filter(|(_, one)| one.folder().starts_with(&top));
    around(all, &top).into_iter().chain(below.map(|(number, _)| number)).collect()
}

/// Every folder that a call works in or on, links resolved, besides the one that it is made in.
pub(crate) fn folders(
    action: &Action,
    started: &[Started],
    world: &dyn Surroundings,
) -> Vec<PathBuf> {
    let words: Vec<Word> = action.argv.iter().map(Word::of).collect();
    let mut all = datafog_shim::folders(&words, world);
    all.push(action.cwd.clone());
    if let Some(call) = &action.tool {
        all.extend(datafog_shim::tool_folders(call, world));
    }
    let mut left: Vec<&Started> = started.iter().collect();
    while let Some(one) = left.pop() {
        all.push(one.action.cwd.clone());
        all.extend_from_slice(&one.folders);
        left.extend(&one.inner);
    }
    all.sort_unstable();
    all.dedup();
    all.iter().filter_map(|folder| canonical::followed(&action.cwd, folder)).collect()
}

/// Why a project's file does not hold when neither it nor the cache has what was trusted.
const CHANGED: &str = "it is not what was trusted";

/// The trusted projects, each compiled over those whose folder is around it. One that cannot be
/// read as it was trusted is taken from `earlier`.
pub(crate) fn read(
    list: &Path,
    base: &Policy,
    words: &OwnWords,
    earlier: &[Project],
) -> Result<Vec<Project>, Error> {
    let trust = Trust::parse(&state::read(list)?, list)?;
    let mut entries: Vec<&Trusted> = trust.projects().iter().collect();
    entries
        .retain(|entry| entry.path.file_name().is_some_and(|name| name == compile::PROJECT_FILE));
    entries.sort_by_key(|entry| (entry.path.components().count(), &entry.path));
    let mut all: Vec<Project> = Vec::new();
    for Trusted { path, digest } in entries {
        let now = state::read(path).ok().filter(|text| Digest::of(text.as_bytes()) == *digest);
        let kept = || earlier.iter().find(|one| one.path == *path && one.digest == *digest);
        let text = now.or_else(|| kept().and_then(Project::text));
        let around = all.iter().rfind(|one| path.starts_with(one.folder()));
        let below = around.map_or_else(|| Ok(base.clone()), Project::compiled);
        let compiled = below.and_then(|below| {
            let changed = || Error::Project { path: path.clone(), why: CHANGED.to_owned() };
            let text = text.as_deref().ok_or_else(changed)?;
            compile::over(&below, (text, path, Layer::Project), words)
        });
        let compiled = match compiled {
            Ok(policy) => Ok(policy),
            Err(Error::Project { why, .. }) => Err(why),
            Err(error) => Err(error.in_full()),
        };
        let known = Known::Read(text.unwrap_or_default(), compiled);
        all.push(Project { path: path.clone(), digest: *digest, known });
    }
    Ok(all)
}
