//! Calls of npm: those to its registry, and the package that `npm publish` sends.
//!
//! What goes into a package is decided by several files of rules, so npm itself is asked for the
//! list. Where it does not answer, the whole folder is content, which is more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};

use crate::json::strings_at;
use crate::read::Call;
use crate::transport::endpoint;

/// Works out the package, then the registry.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let publishes = to.subcommand.first().is_some_and(|word| word == "publish");
    if publishes && to.flows.has(Flow::Leaves) {
        package(surroundings, to);
    }
    endpoint::contact(call, surroundings, to);
}

/// Puts the files of a package in the place of its folder.
fn package(surroundings: &dyn Surroundings, to: &mut Invocation) {
    let package = |content: &ContentSource| content.role == "package";
    let folder = match to.contents.iter().find(|content| package(content)) {
        None => PathBuf::from("."),
        Some(ContentSource { carrier: Carrier::File(path), .. }) if !is_archive(path) => {
            path.clone()
        }
        Some(_) => return,
    };
    let mut arguments: Vec<OsString> =
        ["pack", "--dry-run", "--json", "--ignore-scripts", "--"].map(OsString::from).into();
    // A bare name would be taken for one of the registry's packages.
    arguments.push(surroundings.cwd().join(&folder).into());
    let listed = surroundings.output_of("npm", &arguments).unwrap_or_default();
    let names = strings_at(&listed, b"\"path\"");
    let names: Option<Vec<String>> =
        names.into_iter().map(|it| String::from_utf8(it).ok()).collect();
    let names =
        names.filter(|names| !names.is_empty() && !names.iter().any(|it| it.contains('\\')));
    let files = match names {
        Some(names) => names.into_iter().map(|name| folder.join(name)).collect(),
        None => vec![folder],
    };
    to.contents.retain(|content| !package(content));
    to.contents.extend(files.into_iter().map(|path| ContentSource {
        carrier: Carrier::File(path),
        flow: Flow::Leaves,
        role: "package".to_owned(),
        deliver: Deliver::Path,
    }));
}

fn is_archive(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "tgz" || extension == "gz")
}
