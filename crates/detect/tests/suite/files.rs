//! The data files as the tests read them: only what the tests need.

use std::fs;
use std::path::Path;

use serde::Deserialize;

/// One file.
#[derive(Debug, Deserialize)]
pub(crate) struct File {
    #[serde(skip)]
    pub(crate) name: String,
    #[serde(skip)]
    pub(crate) text: String,
    pub(crate) detector: Vec<Described>,
}

/// One detector's examples.
#[derive(Debug, Deserialize)]
pub(crate) struct Described {
    pub(crate) id: String,
    pub(crate) examples: Vec<String>,
    pub(crate) counter_examples: Vec<String>,
}

/// All files in the order of their names.
pub(crate) fn files() -> Vec<File> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../detectors");
    let mut paths: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = fs::read_to_string(path).unwrap();
            let file: File = toml::from_str(&text).unwrap();
            File { name: path.display().to_string(), text, ..file }
        })
        .collect()
}
