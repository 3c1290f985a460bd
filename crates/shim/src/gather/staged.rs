//! What a commit takes in: the lines that the index adds to the last commit, or that files do where
//! the call says so (`-a`, paths, `-p`).
//!
//! Files are compared as they are: a filter that would change them on their way (`filter.<x>.clean`)
//! is not run.

use std::ffi::OsString;

use datafog_core::{Invocation, OperandKind, Surroundings};

use super::Take;
use super::added::Added;
use super::git::{Git, PATCH};

pub(super) const NAME: &str = "git-staged";

pub(super) fn gather(
    call: &Invocation,
    surroundings: &dyn Surroundings,
    take: Take<'_>,
) -> Result<(), String> {
    let git = Git::of(call, surroundings);
    let before = match git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"]) {
        Some(name) => name,
        // Nothing was committed yet.
        None => git
            .ask(&["hash-object", "-t", "tree", "/dev/null"])
            .ok_or("this is no repository that git knows")?,
    };
    let before = String::from_utf8_lossy(before.trim_ascii()).into_owned();
    let Wanted { index, files, paths } = Wanted::of(call);
    let common: Vec<&str> = ["diff-index"].into_iter().chain(PATCH).collect();
    if index {
        let words = common.iter().copied().chain(["--cached", &before, "--"]);
        git.lines(&words.collect::<Vec<_>>(), take)?;
    }
    if files {
        let names: Option<Vec<&str>> = paths.iter().map(|path| path.to_str()).collect();
        let names = names.ok_or("a name of a file is no text")?;
        let words = common.iter().copied().chain([before.as_str(), "--"]).chain(names);
        git.lines(&words.collect::<Vec<_>>(), take)?;
    }
    Ok(())
}

/// What is compared with the last commit.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    index: bool,
    files: bool,
    /// Which files; all when there are none.
    paths: Vec<OsString>,
}

impl Wanted {
    fn of(call: &Invocation) -> Self {
        let has = |names: &[&str]| names.iter().any(|name| call.has_option(name));
        let named = call.operands.iter().filter(|operand| operand.kind == OperandKind::Path);
        let paths: Vec<OsString> = named.map(|operand| operand.text.clone()).collect();
        // Which of them, only the run tells.
        let asks = has(&["--patch", "--interactive", "--pathspec-from-file"]);
        let files = asks || has(&["--all"]) || !paths.is_empty();
        let only = !paths.is_empty() && !has(&["--include"]) && !asks;
        Self { index: !only, files, paths: if asks { Vec::new() } else { paths } }
    }
}

impl Git<'_> {
    fn lines(&self, words: &[&str], take: Take<'_>) -> Result<(), String> {
        let mut added = Added::new(take);
        self.pour(words, b"", |piece| {
            added.push(piece);
            true
        })?;
        added.missed.take().map_or(Ok(()), |path| Err(format!("git does not show `{path}`")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret;
    use crate::world::World;

    #[test]
    fn what_is_taken_in_is_read_as_git_reads_it() {
        for (line, index, files, paths) in [
            ("git commit -m x", true, false, 0),
            ("git commit -am x", true, true, 0),
            ("git commit -m x a b", false, true, 2),
            ("git commit -i -m x a", true, true, 1),
            ("git commit -p", true, true, 0),
            ("git commit -p a", true, true, 0),
            ("git commit --amend --no-edit", true, false, 0),
        ] {
            let argv: Vec<OsString> = line.split(' ').map(Into::into).collect();
            let wanted = Wanted::of(&interpret(&argv, &World::default()));
            let seen = (wanted.index, wanted.files, wanted.paths.len());
            assert_eq!(seen, (index, files, paths), "{line}");
        }
    }
}
