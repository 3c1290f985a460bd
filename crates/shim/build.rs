//! Compiles `shims/*.toml` into the static tables of `src/profile.rs`.
//!
//! Unknown keys, unknown words and contradictions (a spelling given twice, a content of an option
//! without a value, a reference to an option that is not there) end the build with the file, the
//! line and what to do. Nothing of TOML is left in the binary.

#[path = "build/check.rs"]
mod check;
#[path = "build/emit.rs"]
mod emit;
#[path = "build/format.rs"]
mod format;
#[path = "build/telling.rs"]
mod telling;

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::{env, fs, io};

use check::Fault;
use format::{File, Programs, Steps, Topic};
use serde::de::DeserializeOwned;

fn main() -> ExitCode {
    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(fault) => {
            report(&fault);
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let here = PathBuf::from(variable("CARGO_MANIFEST_DIR")?);
    let folder = here.join("../../shims");
    tell(&format!("rerun-if-changed={}", folder.display()));
    tell("rerun-if-changed=src/transport");
    tell("rerun-if-changed=src/source");
    let modules = check::Modules {
        transports: stems(&here.join("src/transport"))?,
        sources: stems(&here.join("src/source"))?,
    };
    let files: Vec<(PathBuf, File)> =
        read(&folder, |file, path| check::file(file, path, &modules))?;
    let topics: Vec<(PathBuf, Topic)> =
        read(&folder.join("secrets"), |topic, _| check::topic(topic, &modules))?;
    check::names(&files, &topics)?;
    let lists: Vec<(PathBuf, Programs)> = read(&folder.join("flow"), |_, _| Ok(()))?;
    let steps: Vec<(PathBuf, Steps)> = read(&folder.join("steps"), |_, _| Ok(()))?;
    let out = PathBuf::from(variable("OUT_DIR")?).join("profiles.rs");
    let mut text = emit::profiles(&files, &topics);
    lists.iter().for_each(|(_, lists)| text.push_str(&emit::programs(lists)));
    text.push_str(&emit::steps(&steps));
    fs::write(&out, text).map_err(|error| failed(&out, &error))
}

/// The data files of a folder, each checked by itself.
fn read<T: DeserializeOwned>(
    folder: &Path,
    check: impl Fn(&T, &Path) -> Result<(), Fault>,
) -> Result<Vec<(PathBuf, T)>, String> {
    let mut files = Vec::new();
    for path in toml_files(folder)? {
        let text = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
        let located = |fault: Fault| fault.located(&path, &text);
        let file: T = toml::from_str(&text).map_err(|error| located(Fault::from_toml(&error)))?;
        check(&file, &path).map_err(located)?;
        files.push((path, file));
    }
    Ok(files)
}

/// The data files, sorted, so that the tables do not depend on the order of the folder.
fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let mut paths: Vec<_> = entries(folder)?
        .into_iter()
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    paths.sort_unstable();
    Ok(paths)
}

/// The modules of a source folder: what a data file may name.
fn stems(folder: &Path) -> Result<Vec<String>, String> {
    let stems = entries(folder)?;
    Ok(stems
        .iter()
        .filter_map(|path| Some(path.file_stem()?.to_str()?.replace('_', "-")))
        .collect())
}

fn entries(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries: io::Result<Vec<_>> = fs::read_dir(folder)
        .and_then(|entries| entries.map(|entry| entry.map(|entry| entry.path())).collect());
    entries.map_err(|error| failed(folder, &error))
}

#[expect(clippy::disallowed_methods, reason = "cargo speaks to build scripts by variables")]
fn variable(name: &str) -> Result<String, String> {
    env::var(name).map_err(|error| format!("{name}: {error}"))
}

fn failed(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

fn tell(what: &str) {
    println!("cargo::{what}");
}

/// Cargo shows one line for each `error` instruction, so each line is one.
fn report(fault: &str) {
    for line in fault.lines() {
        tell(&format!("error={line}"));
    }
}
