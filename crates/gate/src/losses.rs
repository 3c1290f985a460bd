//! What work a command takes away that no commit holds, looked up when a rule asks.
//!
//! Git says what has changes and what it does not know; whatever it is told to ignore can be made
//! anew. Outside of every repository nothing but the file itself holds the work, unless the folder
//! is one for temporary files. Nothing is locked, and no program that settings name is started.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, Flow, Invocation, Operand, OperandKind, Surroundings, in_temporary, in_temporary_home,
    is_somewhere,
};
use datafog_shim::Word;

use crate::circumstance;
use crate::world::World;

/// Most paths that git is asked about at once; of more nobody knows.
const MOST: usize = 1000;

/// Options of git itself that say which repository is meant.
const PLACES: [&str; 3] = ["-C", "--git-dir", "--work-tree"];

/// Programs that `find` starts to take away what it found.
const REMOVING: [&str; 5] = ["rm", "rmdir", "shred", "truncate", "unlink"];

/// What a command would take away, before anybody looked whether it is worth keeping.
#[derive(Debug, PartialEq, Eq)]
enum Stake {
    /// Nothing, or nothing of which this page knows.
    Nothing,
    /// What these paths name in the words of git, in the repository that the command is about;
    /// everything where there are none.
    Tracked(Vec<OsString>),
    /// Files and folders, absolute.
    Paths(Vec<PathBuf>),
}

/// See [`datafog_core::Facts::discards`].
pub(crate) fn discards(
    action: &Action,
    world: World<'_>,
    is_spared: &dyn Fn(&Path) -> bool,
) -> Option<bool> {
    let is_commit = |name: &OsStr| is_commit(&action.invocation, name, &world);
    match stake(action, &world, &is_commit) {
        Stake::Nothing => Some(false),
        Stake::Tracked(names) => changed(&action.invocation, &names, &world),
        Stake::Paths(paths) => {
            let is_work = |found: fs::Metadata| found.is_file() || found.is_dir();
            let there = |path: &PathBuf| path.metadata().is_ok_and(is_work) && !is_spared(path);
            if paths.iter().any(|path| is_somewhere(path)) {
                return None;
            }
            let paths: Vec<PathBuf> = paths.into_iter().filter(there).collect();
            lost(&paths, &world, is_spared)
        }
    }
}

/// The same where there is no file and no repository to ask: whether there are changes is stated,
/// and a name that looks like one of a file is a path.
pub(crate) fn by_text(
    action: &Action,
    uncommitted: Option<bool>,
    is_spared: &dyn Fn(&Path) -> bool,
) -> Option<bool> {
    let world = crate::example::nothing(action.cwd.clone());
    let at_stake = match stake(action, &world, &|name| !looks_like_a_file(name)) {
        Stake::Nothing => false,
        Stake::Tracked(_) => true,
        Stake::Paths(paths) => paths.iter().any(|path| !is_spared(path)),
    };
    if at_stake { uncommitted } else { Some(false) }
}

fn looks_like_a_file(name: &OsStr) -> bool {
    let ending = Path::new(name).extension().map(OsStr::as_bytes).unwrap_or_default();
    let starts = ending.first().is_some_and(u8::is_ascii_alphabetic);
    let name = name.as_bytes();
    starts || name.starts_with(b".") || name.ends_with(b"/") || name.contains(&b'*')
}

fn stake(action: &Action, world: &dyn Surroundings, is_commit: &dyn Fn(&OsStr) -> bool) -> Stake {
    let invocation = &action.invocation;
    let subcommand = invocation.subcommand.first().map(String::as_str);
    match (invocation.program.as_str(), subcommand) {
        ("git", Some("checkout")) => checked_out(invocation, is_commit),
        ("git", Some("checkout-index")) if has(invocation, &["--force"]) => {
            let elsewhere = has(invocation, &["--prefix", "--temp"]);
            if elsewhere { Stake::Nothing } else { Stake::Tracked(texts(&invocation.operands)) }
        }
        ("git", Some("restore")) => {
            let index_alone = has(invocation, &["--cached"]) && !has(invocation, &["--worktree"]);
            if index_alone { Stake::Nothing } else { Stake::Tracked(texts(&invocation.operands)) }
        }
        ("git", _) => Stake::Nothing,
        ("find", _) => found(action, world),
        _ => {
            let destroyed = |it: &&Operand| {
                it.kind == OperandKind::Path && it.flow == Flow::Destroys && is_told(&it.text)
            };
            let paths = invocation.operands.iter().filter(destroyed);
            Stake::Paths(paths.filter_map(|operand| operand.canonical.clone()).collect())
        }
    }
}

/// A name that only the run can tell is looked at when it runs.
fn is_told(text: &OsStr) -> bool {
    !text.as_bytes().windows(2).any(|pair| pair == b"$(")
}

fn has(invocation: &Invocation, names: &[&str]) -> bool {
    invocation.options.iter().any(|option| names.contains(&option.name.as_str()))
}

fn texts<'a>(operands: impl IntoIterator<Item = &'a Operand>) -> Vec<OsString> {
    operands.into_iter().map(|operand| operand.text.clone()).collect()
}

/// What `git checkout` takes for paths (git-checkout(1)): all behind `--`; else all words, but for
/// the first when it names a commit or a tree. Alone, that is the branch to go to, which loses
/// nothing. A name that nobody knows yet may be any path.
fn checked_out(invocation: &Invocation, is_commit: &dyn Fn(&OsStr) -> bool) -> Stake {
    if has(invocation, &["-b", "-B", "--orphan", "--detach"]) {
        return Stake::Nothing;
    }
    if has(invocation, &["--pathspec-from-file"]) {
        return Stake::Tracked(Vec::new());
    }
    if invocation.operands.iter().any(|operand| !is_told(&operand.text)) {
        return Stake::Tracked(Vec::new());
    }
    let is_path = |operand: &&Operand| operand.kind == OperandKind::Path;
    let behind_dashes = texts(invocation.operands.iter().filter(is_path));
    if !behind_dashes.is_empty() {
        return Stake::Tracked(behind_dashes);
    }
    let mut names = texts(&invocation.operands);
    let Some(first) = names.first() else { return Stake::Nothing };
    // Magic of paths; a search for a commit by its message looks the same.
    if !first.as_bytes().starts_with(b":") && is_commit(first) {
        names.remove(0);
    }
    if names.is_empty() { Stake::Nothing } else { Stake::Tracked(names) }
}

/// What a search would take away of what it finds.
fn found(action: &Action, world: &dyn Surroundings) -> Stake {
    let removes = |option: &datafog_core::Opt| match option.name.as_str() {
        "-delete" => true,
        "-exec" | "-execdir" | "-ok" | "-okdir" => {
            let head = option.value.as_deref().map(Path::new).and_then(Path::file_name);
            head.and_then(OsStr::to_str).is_some_and(|head| REMOVING.contains(&head))
        }
        _ => false,
    };
    let options = &action.invocation.options;
    if !options.iter().any(removes) || has(&action.invocation, &["-empty"]) {
        return Stake::Nothing;
    }
    let words: Vec<Word> = action.argv.iter().map(Word::of).collect();
    let paths = datafog_shim::found(&words, world);
    Stake::Paths(paths.iter().map(|path| crate::canonical::by_text(path)).collect())
}

/// Whether git takes the name for a commit, or for what one holds.
fn is_commit(invocation: &Invocation, name: &OsStr, world: &World<'_>) -> bool {
    if name == "-" {
        return true;
    }
    let mut whole = name.to_owned();
    whole.push("^{tree}");
    let question = ["rev-parse", "--verify", "--quiet", "--end-of-options"].map(OsString::from);
    let words = place(invocation).chain(question).chain([whole]).collect::<Vec<_>>();
    // `a...b` is the commit at which both parted (git-checkout(1)).
    let is_range = name.as_bytes().windows(3).any(|dots| dots == b"...");
    is_range || world.output_of("git", &words).is_ok()
}

/// The options of a call of git that say which repository is meant.
fn place(invocation: &Invocation) -> impl Iterator<Item = OsString> {
    let named = invocation.options.iter().filter(|it| PLACES.contains(&it.name.as_str()));
    named.flat_map(|option| {
        let value = option.value.clone().unwrap_or_default();
        let name = OsString::from(&option.name);
        if option.name == "-C" {
            return vec![name, value];
        }
        let mut word = name;
        word.push("=");
        word.push(&value);
        vec![word]
    })
}

/// Whether what these names stand for has changes that no commit holds, by git's own word.
fn changed(invocation: &Invocation, names: &[OsString], world: &World<'_>) -> Option<bool> {
    let question = circumstance::QUESTION.map(OsString::from);
    let mut words: Vec<OsString> = place(invocation).chain(question).collect();
    words.push("--untracked-files=no".into());
    words.push("--".into());
    words.extend(names.iter().take(MOST).cloned());
    if names.len() > MOST {
        return None;
    }
    world.output_of("git", &words).ok().map(|answer| !answer.is_empty())
}

/// Whether something in or below the paths is held by no commit.
fn lost(paths: &[PathBuf], world: &World<'_>, is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
    let mut kept: Vec<(PathBuf, Vec<&Path>)> = Vec::new();
    for path in paths {
        let folder = if path.is_dir() { path } else { path.parent().unwrap_or(path) };
        match circumstance::repository(folder, world)? {
            None if is_temporary(path, world) => {}
            None => return Some(true),
            Some(repository) => match kept.iter_mut().find(|(root, _)| *root == repository.root) {
                Some((_, known)) => known.push(path),
                None => kept.push((repository.root, vec![path])),
            },
        }
    }
    let mut answer = Some(false);
    for (root, paths) in kept {
        match unkept(&root, &paths, world, is_spared) {
            Some(true) => return Some(true),
            Some(false) => {}
            None => answer = None,
        }
    }
    answer
}

/// Whether nobody misses what lies at `path`, where no repository is.
fn is_temporary(path: &Path, world: &World<'_>) -> bool {
    let in_home = |home: PathBuf| in_temporary_home(path, &home);
    in_temporary(path).is_some()
        && !world.account_home().is_some_and(in_home)
        && !world.named_home().is_some_and(in_home)
}

/// The same for paths of the repository at `root`. New files count, those that are ignored do not.
fn unkept(
    root: &Path,
    paths: &[&Path],
    world: &World<'_>,
    is_spared: &dyn Fn(&Path) -> bool,
) -> Option<bool> {
    if paths.len() > MOST {
        return None;
    }
    let mut words: Vec<OsString> = vec!["-C".into(), root.into(), "--literal-pathspecs".into()];
    words.extend(circumstance::QUESTION.map(OsString::from));
    words.extend(["--untracked-files=all", "--no-renames", "--"].map(OsString::from));
    words.extend(paths.iter().map(OsString::from));
    let answer = world.output_of("git", &words).ok()?;
    // Each entry is two letters, a blank, and a path from the top (git-status(1)).
    let entries = answer.split(|byte| *byte == 0).filter_map(|entry| entry.get(3..));
    let mut files = entries.map(|path| root.join(OsStr::from_bytes(path)));
    Some(files.any(|path| !is_spared(&path) && fs::symlink_metadata(&path).is_ok()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::example::nothing;
    use crate::lookup::Finder;
    use crate::read;
    use crate::started::Files;
    use datafog_config::{FileIdentity, Host, Layout};
    use datafog_core::{ActionKind, Id};

    fn action(line: &str) -> Action {
        let argv: Vec<OsString> = line.split(' ').map(OsString::from).collect();
        let id = (Id::new(0, [0; 10]), ActionKind::CommandExec);
        read::command(id, argv, &nothing("/srv/a"), Files::None).0
    }

    fn stake_of(line: &str) -> Stake {
        stake(&action(line), &nothing("/srv/a"), &|name| !looks_like_a_file(name))
    }

    #[test]
    fn a_home_that_a_link_names_is_not_temporary() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("ann")).unwrap();
        std::os::unix::fs::symlink("ann", root.join("home")).unwrap();
        let home = root.join("home");
        let host = Host::made_up(&["rm"], &[("HOME", home.to_str().unwrap())], &root);
        let (layout, own) = (Layout::at(&root), FileIdentity::of(&root.metadata().unwrap()));
        let world = World { finder: Finder { host: &host, layout: &layout, own }, folder: None };
        assert_eq!(world.named_home(), Some(root.join("ann")));
        let expected = in_temporary(&root).is_some();
        assert_eq!(is_temporary(&root.join("other"), &world), expected);
        assert!(!is_temporary(&root.join("ann/notes"), &world));
    }

    fn tracked(names: &[&str]) -> Stake {
        Stake::Tracked(names.iter().map(OsString::from).collect())
    }

    #[test]
    fn what_git_takes_for_paths_is_at_stake() {
        for (line, names) in [
            ("git checkout src/a.rs", Some(&["src/a.rs"][..])),
            ("git checkout HEAD src/a.rs", Some(&["src/a.rs"])),
            ("git checkout *.rs", Some(&["*.rs"])),
            ("git checkout a.rs b.rs", Some(&["a.rs", "b.rs"])),
            ("git checkout main -- src", Some(&["src"])),
            ("git checkout --ours a.rs", Some(&["a.rs"])),
            ("git checkout $(git_x)", Some(&[])),
            ("git checkout -- $(git_x)", Some(&[])),
            ("git checkout topic", None),
            ("git checkout -", None),
            ("git checkout -b a.rs", None),
            ("git checkout --detach v1.0.a", None),
            ("git checkout", None),
            ("git checkout-index -f -a", Some(&[])),
            ("git checkout-index -f a.rs", Some(&["a.rs"])),
            ("git checkout-index -a", None),
            ("git checkout-index -f -a --prefix=out/", None),
            ("git restore a.rs", Some(&["a.rs"])),
            ("git restore --staged a.rs", None),
            ("git restore -SW a.rs", Some(&["a.rs"])),
            ("git status", None),
        ] {
            let expected = names.map_or(Stake::Nothing, tracked);
            assert_eq!(stake_of(line), expected, "{line}");
        }
    }

    #[test]
    fn paths_that_are_removed_or_emptied_are_at_stake() {
        for (line, paths) in [
            ("rm -f a ../b", &["/srv/a/a", "/srv/b"][..]),
            ("truncate -s 0 a", &["/srv/a/a"]),
            ("cp /dev/null a", &["/srv/a/a"]),
            ("dd if=x of=a", &["/srv/a/a"]),
            ("rm $(mktemp)", &[]),
            ("cat a", &[]),
            ("find src -delete", &["/srv/a/src"]),
            ("find . -type f -exec rm {} +", &["/srv/a"]),
        ] {
            let expected = Stake::Paths(paths.iter().map(PathBuf::from).collect());
            assert_eq!(stake_of(line), expected, "{line}");
        }
        for line in ["find . -print", "find . -empty -delete", "find . -exec ls {} +"] {
            assert_eq!(stake_of(line), Stake::Nothing, "{line}");
        }
    }

    #[test]
    fn what_is_stated_counts_where_something_is_at_stake() {
        let of = |line: &str, stated| by_text(&action(line), stated, &|path| path.ends_with("x"));
        assert_eq!(of("rm a", Some(true)), Some(true));
        assert_eq!(of("rm a", Some(false)), Some(false));
        assert_eq!(of("rm a", None), None);
        assert_eq!(of("rm x", Some(true)), Some(false));
        assert_eq!(of("ls a", Some(true)), Some(false));
    }
}
