//! The folders that a command works in or on, besides the one that it is started in.
//!
//! `git -C project push` is done in `project`, `make -C sub` in `sub`, and `cargo build --manifest-path
//! a/Cargo.toml` works on what is in `a`. Which options say so stands in the option tables (`directory`
//! and `reaches` in `shims/*.toml`). Nothing is looked up: a folder that is named need not exist.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::interpret::program_name;
use crate::profile::{Effect, profile};
use crate::read::Call;

/// The folders that the command line names to work in or on, seen from `cwd`; none for most. What is
/// named may be a file. Linear in the size of the command line.
#[must_use]
pub fn folders(argv: &[OsString], cwd: &Path) -> Vec<PathBuf> {
    let name = argv.first().map(program_name);
    let Some(table) = name.as_deref().and_then(profile) else { return Vec::new() };
    let call = Call::read(table, argv);
    let named = |effect: Effect| {
        let given = call.given.iter().filter(move |given| given.spec.effect == Some(effect));
        given.filter_map(|given| Some(given.value.as_ref()?.to_path()))
    };
    // Each is seen from the one before it.
    let within = named(Effect::Directory).reduce(|folder, next| folder.join(next));
    let base = within.map_or_else(|| cwd.to_owned(), |folder| cwd.join(folder));
    let mut all: Vec<PathBuf> = named(Effect::Reaches).map(|path| base.join(path)).collect();
    if base != cwd {
        all.insert(0, base);
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Vec<PathBuf> {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        folders(&argv, Path::new("/w"))
    }

    #[test]
    fn options_that_name_a_folder_are_known_by_their_tables() {
        for (line, expected) in [
            ("git status", vec![]),
            ("git -C a -C b push", vec!["/w/a/b"]),
            ("git -C /x push", vec!["/x"]),
            (
                "git -C a --git-dir=.git --work-tree ../t push",
                vec!["/w/a", "/w/a/.git", "/w/a/../t"],
            ),
            ("git --git-dir a/.git push", vec!["/w/a/.git"]),
            ("make -C sub all", vec!["/w/sub"]),
            ("make --directory=sub", vec!["/w/sub"]),
            ("cargo build --manifest-path a/Cargo.toml", vec!["/w/a/Cargo.toml"]),
            ("npm --prefix a publish", vec!["/w/a"]),
            ("terraform -chdir=a apply", vec!["/w/a"]),
            ("go build -C a", vec!["/w/a"]),
            ("unheard-of -C a", vec![]),
        ] {
            let expected: Vec<PathBuf> = expected.into_iter().map(PathBuf::from).collect();
            assert_eq!(of(line), expected, "{line}");
        }
    }
}
