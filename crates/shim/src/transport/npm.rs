//! Calls of npm: those to its registry, and the package that `npm publish` sends.
//!
//! What goes into a package is decided by several files of rules, so npm itself is asked for the
//! list. Where it does not answer, the whole folder is content, which is more.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, Surroundings};

use crate::json::strings_at;
use crate::read::Call;
use crate::redirect::FILE_LIMIT;
use crate::transport::endpoint::{self, Extra};

/// Works out the package, then the registry.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let publishes = to.subcommand.first().is_some_and(|word| word == "publish");
    let mut extra = Extra::default();
    if publishes && to.flows.has(Flow::Leaves) {
        let folder = folder(to);
        extra.places = folder.map(|it| registries(&it, surroundings)).unwrap_or_default();
        // Whether an option wins over the package's own word depends on the version.
        extra.instead = !extra.places.is_empty();
        package(surroundings, to);
    }
    endpoint::contact_with(call, surroundings, to, &extra);
}

/// The registries that a package says it is for (package.json, `publishConfig`): they win over
/// variables and settings.
fn registries(folder: &Path, surroundings: &dyn Surroundings) -> Vec<Vec<u8>> {
    let manifest = surroundings.cwd().join(folder).join("package.json");
    let text = surroundings.read(&manifest, FILE_LIMIT).unwrap_or_default();
    let key = b"\"publishConfig\"";
    let at = text.windows(key.len()).position(|window| window == key);
    let section = at.and_then(|at| text.get(at..)).unwrap_or_default();
    let section = section.split(|byte| *byte == b'}').next().unwrap_or_default();
    // Of a scope (`"@me:registry"`), or of all.
    let plain = strings_at(section, b"\"registry\"").into_iter();
    let registries = plain.chain(strings_at(section, b":registry\""));
    registries.map(|url| url.into_iter().filter(|byte| *byte != b'\\').collect()).collect()
}

/// The folder of the package; `None` when it is an archive.
fn folder(to: &Invocation) -> Option<PathBuf> {
    match to.contents.iter().find(|content| is_package(content)) {
        None => Some(PathBuf::from(".")),
        Some(ContentSource { carrier: Carrier::File(path), .. }) if !is_archive(path) => {
            Some(path.clone())
        }
        Some(_) => None,
    }
}

fn is_package(content: &ContentSource) -> bool {
    content.role == "package"
}

/// Puts the files of a package in the place of its folder.
fn package(surroundings: &dyn Surroundings, to: &mut Invocation) {
    let Some(folder) = folder(to) else { return };
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
    to.contents.retain(|content| !is_package(content));
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
