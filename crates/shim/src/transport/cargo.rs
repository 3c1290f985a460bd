//! Calls of cargo: those to its registry, and the package that `cargo publish` sends.
//!
//! What goes into a package is decided by the manifest, by git and by files of rules, so cargo itself
//! is asked for the list; it builds nothing for that. Where it does not answer for one package at a
//! place that is known, the whole folder is content, which is more.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};

use crate::read::Call;
use crate::transport::endpoint;

/// The file that makes a folder a package.
const MANIFEST: &str = "Cargo.toml";

/// Listed, and made by cargo: the manifest as it was, and the commit that it was made from.
const MADE: [&str; 2] = [".cargo_vcs_info.json", "Cargo.toml.orig"];

/// Made by cargo where there is none.
const LOCK: &str = "Cargo.lock";

/// Options by which other packages are meant than the one of the manifest.
const OTHERS: [&str; 4] = ["--all", "--exclude", "--package", "--workspace"];

/// Works out the package, then the registry.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let publishes = to.subcommand.first().is_some_and(|word| word == "publish");
    if publishes && to.flows.has(Flow::Leaves) {
        let files = package(surroundings, to);
        to.contents.extend(files.into_iter().map(|path| ContentSource {
            carrier: Carrier::File(path),
            flow: Flow::Leaves,
            role: "package".to_owned(),
            deliver: Deliver::Path,
        }));
    }
    endpoint::contact(call, surroundings, to);
}

/// The files of the package, or its whole folder; nothing where there is no package.
fn package(surroundings: &dyn Surroundings, to: &Invocation) -> Vec<PathBuf> {
    let value = |name: &str| -> Option<&OsStr> {
        let given = to.options.iter().rfind(|option| option.name == name);
        given.and_then(|option| option.value.as_deref())
    };
    let folder = surroundings.cwd().join(value("-C").unwrap_or_default());
    let manifest = match value("--manifest-path") {
        Some(path) => Some(folder.join(path)),
        None => folder
            .ancestors()
            .map(|folder| folder.join(MANIFEST))
            .find(|manifest| surroundings.is_there(manifest)),
    };
    let Some(manifest) = manifest else { return Vec::new() };
    let Some(folder) = manifest.parent() else { return Vec::new() };
    let others = to.options.iter().any(|option| OTHERS.contains(&option.name.as_str()));
    let listed = if others { None } else { listed(&manifest, folder, surroundings) };
    listed.unwrap_or_else(|| vec![folder.to_owned()])
}

/// What cargo says that it would send; `None` when it says nothing that can be relied on.
fn listed(manifest: &Path, folder: &Path, surroundings: &dyn Surroundings) -> Option<Vec<PathBuf>> {
    let mut arguments: Vec<OsString> =
        ["package", "--list", "--allow-dirty", "--offline", "--manifest-path"]
            .map(OsString::from)
            .into();
    arguments.push(manifest.into());
    let answer = surroundings.output_of("cargo", &arguments).ok()?;
    let names: Vec<&str> = str::from_utf8(&answer).ok()?.lines().collect();
    // A workspace lists several packages, each from a folder of its own.
    if names.iter().filter(|name| **name == MANIFEST).count() != 1 {
        return None;
    }
    let mut files = Vec::new();
    for name in names.into_iter().filter(|name| !MADE.contains(name)) {
        let file = folder.join(name);
        if surroundings.is_there(&file) {
            files.push(file);
        } else if name != LOCK {
            return None;
        }
    }
    Some(files)
}
