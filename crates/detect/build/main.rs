//! Compiles `detectors/*.toml` into static tables.
//!
//! Reading, checking and compiling happen here, once, so that the scanner starts with nothing to
//! read, check or compile. Every mistake in a data file ends the build with its file and line.

mod format;
mod grams;
#[path = "../src/hashes.rs"]
mod hashes;
mod keyword;
mod layer;
mod numbers;
mod pattern;
mod planes;
mod tables;

use std::fs;
use std::path::{Path, PathBuf};

use format::Source;
use tables::Validators;

fn main() -> Result<(), String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let folder = here.join("../../detectors");
    let module = here.join("src/validator/mod.rs");
    for path in [&folder, &module, &here.join("build")] {
        depend_on(path);
    }

    let sources = read_folder(&folder)?;
    let code = tables::compile(&sources, &validators(&module)?)?;
    let target = Path::new(&variable("OUT_DIR")?).join("tables.rs");
    fs::write(&target, code).map_err(|error| format!("{}: {error}", target.display()))
}

/// Every `*.toml` of the folder, in the order of their names.
fn read_folder(folder: &Path) -> Result<Vec<Source>, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let path = entry.map_err(failed)?.path();
        if path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    paths.iter().map(|path| Source::read(path)).collect()
}

/// The names in two slices of the module's source, each name the first literal of its line.
fn validators(path: &Path) -> Result<Validators, String> {
    let text = fs::read_to_string(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let names = |slice: &str| {
        let names: Vec<String> = text
            .lines()
            .skip_while(|line| !line.contains(&format!("static {slice}:")))
            .take_while(|line| !line.starts_with("];"))
            .filter_map(|line| {
                line.trim().trim_start_matches('(').strip_prefix('"')?.split_once('"')
            })
            .map(|(name, _)| name.to_owned())
            .collect();
        if names.is_sorted() && !names.is_empty() {
            Ok(names)
        } else {
            Err(format!("{}: {slice} must be sorted by name", path.display()))
        }
    };
    Ok(Validators {
        names: names("VALIDATORS")?,
        proving: names("PROVING")?,
        of_keys: names("OF_KEYS")?,
    })
}

#[expect(clippy::print_stdout, reason = "cargo reads what build scripts print")]
fn depend_on(path: &Path) {
    println!("cargo::rerun-if-changed={}", path.display());
}

#[expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by environment")]
fn variable(name: &str) -> Result<String, String> {
    std::env::var(name).map_err(|error| format!("{name}: {error}"))
}
