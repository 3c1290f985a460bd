//! The made-up world of tests: environment, files and programs that answer by a table.

use std::collections::BTreeMap;
use std::path::Path;

pub(crate) use datafog_core::Invented as World;

/// A world with those variables, files (`~/` is home, else in the working directory) and answers of
/// programs.
pub(crate) fn world(
    variables: &BTreeMap<String, String>,
    files: &BTreeMap<String, String>,
    outputs: &BTreeMap<String, String>,
) -> World {
    let path = |name: &str| match name.strip_prefix("~/") {
        Some(rest) => Path::new("/home/u").join(rest),
        None => Path::new("/home/u/work").join(name),
    };
    World {
        variables: variables.iter().map(|(name, it)| (name.clone(), it.into())).collect(),
        files: files.iter().map(|(name, it)| (path(name), it.clone().into_bytes())).collect(),
        outputs: outputs.clone(),
        ..World::default()
    }
}
