//! What git starts of itself: a step of a call that was judged, and no call of its own.
//!
//! Below a hook or an alias, `git` is our wrapper (`git_folder`), and so it is for git's own work:
//! `git stash` runs `git reset --hard`. Judged by itself, such a step would be held although the whole
//! was let through. It passes when everything says that git started it and nobody else:
//!
//! - its parent is the real git, or a program in git's own folder, by the system's word;
//! - its environment stands in the order of names that git gives it. What comes through a shell stands
//!   in the shell's order, and bears another `_` or `SHLVL` than the parent was started with;
//! - the parent's subcommand does start these words, by `shims/steps/git.toml`. An alias is none.
//!
//! What cannot be told apart is judged like any call. A step is recorded, as what it is.

use std::ffi::{CStr, OsStr, OsString};
use std::fs::{self, File};
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use datafog_core::{Decision, Verdict};
use datafog_shim::is_step;

use crate::case::Case;
use crate::git_folder::{ORIGIN, VARIABLE, is_ours};

/// No environment or command line of a process is read further, in bytes.
const MOST_BYTES: u64 = 4 << 20;

/// The program whose steps are known.
const GIT: &str = "git";

/// Options of git that stand before the subcommand with a value of their own (git(1)).
const VALUED: [&[u8]; 8] = [
    b"--attr-source",
    b"--config-env",
    b"--git-dir",
    b"--namespace",
    b"--super-prefix",
    b"--work-tree",
    b"-C",
    b"-c",
];

/// The decision for a step of git's own; `None` for everything else, which is nearly always.
pub(crate) fn decision(case: &Case<'_>) -> Option<Decision> {
    if case.action.invocation.program != GIT || case.action.tool.is_some() {
        return None;
    }
    let finder = case.world.finder;
    let folder = finder.host.variable(VARIABLE).filter(|named| is_ours(named, finder.layout))?;
    let by = started_by(case, Path::new(folder))?;
    let words = case.action.argv.get(1..)?;
    is_step(GIT, &by, words).then(|| {
        Decision::without_rule(
            Verdict::Allow,
            format!("git itself starts it, as a step of `git {by}`"),
        )
    })
}

/// The subcommand of the git that started this process without a shell in between.
#[cold]
fn started_by(case: &Case<'_>, folder: &Path) -> Option<String> {
    let environment = case.world.finder.host.environment();
    if !environment.is_sorted_by(|one, next| name_of(one) <= name_of(next)) {
        return None;
    }
    let parent = PathBuf::from(format!("/proc/{}", nix::unistd::getppid().as_raw()));
    let program = is_git(&parent.join("exe"), &folder.join(ORIGIN))?;
    let given = entries(&parent.join("environ"))?;
    let same = |name: &[u8]| {
        let before = given.iter().find(|entry| has_name(entry, name));
        let now = environment.iter().map(|entry| entry.to_bytes());
        before.map(Vec::as_slice) == now.into_iter().find(|entry| has_name(entry, name))
    };
    if !same(b"_") || !same(b"SHLVL") {
        return None;
    }
    let words = entries(&parent.join("cmdline"))?;
    subcommand(&words, &program)
}

/// The name of the program at `exe`, when it is the real git or stands in git's own folder.
fn is_git(exe: &Path, origin: &Path) -> Option<OsString> {
    let (running, git) = (exe.metadata().ok()?, origin.join(GIT).metadata().ok()?);
    if (running.dev(), running.ino()) == (git.dev(), git.ino()) {
        return Some(GIT.into());
    }
    let path = fs::read_link(exe).ok()?;
    let stands_there = path.parent()? == fs::canonicalize(origin).ok()?;
    stands_there.then(|| path.file_name().map(OsStr::to_owned))?
}

/// The subcommand in a command line of git, or the one that the program's own name says.
fn subcommand(words: &[Vec<u8>], program: &OsStr) -> Option<String> {
    let mut words = words.iter().map(Vec::as_slice);
    let called = words.next()?.rsplit(|byte| *byte == b'/').next()?;
    let called = if program == GIT { called } else { program.as_bytes() };
    if let Some(name) = called.strip_prefix(b"git-") {
        return String::from_utf8(name.to_vec()).ok();
    }
    loop {
        let word = words.next()?;
        if VALUED.contains(&word) {
            words.next()?;
        } else if !word.starts_with(b"-") {
            return String::from_utf8(word.to_vec()).ok();
        }
    }
}

/// The texts of a file of /proc that end with zero bytes each.
fn entries(path: &Path) -> Option<Vec<Vec<u8>>> {
    let mut bytes = Vec::new();
    File::open(path).ok()?.take(MOST_BYTES).read_to_end(&mut bytes).ok()?;
    let whole = bytes.strip_suffix(&[0])?;
    Some(whole.split(|byte| *byte == 0).map(<[u8]>::to_vec).collect())
}

fn name_of<'e>(entry: &'e &CStr) -> &'e [u8] {
    let bytes = entry.to_bytes();
    bytes.split(|byte| *byte == b'=').next().unwrap_or(bytes)
}

fn has_name(entry: &[u8], name: &[u8]) -> bool {
    entry.strip_prefix(name).is_some_and(|rest| rest.starts_with(b"="))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str, program: &str) -> Option<String> {
        let words: Vec<Vec<u8>> = line.split(' ').map(|word| word.as_bytes().to_vec()).collect();
        subcommand(&words, OsStr::new(program))
    }

    #[test]
    fn the_subcommand_is_found_behind_options() {
        let cases = [
            ("git stash -u", "stash"),
            ("/usr/bin/git -C a -c b=c --git-dir=x --no-pager fetch origin", "fetch"),
            ("git --git-dir x --work-tree y gc", "gc"),
            ("git-upload-pack /a/repo", "upload-pack"),
        ];
        for (line, expected) in cases {
            assert_eq!(of(line, "git").as_deref(), Some(expected), "{line}");
        }
        assert_eq!(of("anything origin x", "git-remote-http").as_deref(), Some("remote-http"));
        assert_eq!(of("git --version", "git"), None);
        assert_eq!(of("git -C", "git"), None);
    }

    #[test]
    fn names_are_compared_as_git_sorts_them() {
        let sorted = [c"A=2", c"A=1", c"A_B=1", c"B", c"_=x", c"a=1"];
        assert!(sorted.is_sorted_by(|one, next| name_of(one) <= name_of(next)));
        assert!(has_name(b"_=/bin/x", b"_") && !has_name(b"_A=1", b"_"));
    }

    #[test]
    fn a_program_elsewhere_is_not_gits() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("git"), "x").unwrap();
        fs::write(folder.path().join("git-remote-http"), "y").unwrap();
        fs::write(folder.path().join("copy"), "x").unwrap();
        let exe = folder.path().join("exe");
        for (target, expected) in
            [("git", Some("git")), ("git-remote-http", Some("git-remote-http")), ("../git", None)]
        {
            let target = folder.path().canonicalize().unwrap().join(target);
            std::os::unix::fs::symlink(&target, &exe).unwrap();
            let found = is_git(&exe, folder.path());
            assert_eq!(found.as_deref(), expected.map(OsStr::new), "{}", target.display());
            fs::remove_file(&exe).unwrap();
        }
    }
}
