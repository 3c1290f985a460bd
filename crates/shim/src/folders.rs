//! The folders that a command works in or on, besides the one that it is started in.
//!
//! `git -C project push` is done in `project`, `make -C sub` in `sub`, and `cargo build --manifest-path
//! a/Cargo.toml` works on what is in `a`. Which options and variables say so stands in the option
//! tables (`directory`, `reaches` and `reached-by` in `shims/*.toml`). Nothing is looked up: a folder
//! that is named need not exist. One that only the run can tell is [`SOMEWHERE`].

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};

use datafog_core::{SOMEWHERE, Surroundings, ToolCall};

use crate::behind::Word;
use crate::interpret::program_name;
use crate::profile::{Effect, Profile, behind_prefix, profile};
use crate::read::{Call, Given};
use crate::text::Text;
use crate::tool;
use crate::wrapped;

/// The setting of git that names the folder with a repository's files (git-config(1)).
const WORK_TREE: &str = "core.worktree";

/// Settings in variables are numbered (git(1), `GIT_CONFIG_COUNT`); no more are looked at.
const MOST_SETTINGS: usize = 64;

/// The folders that a command line names to work in or on, and those of the command that it wraps;
/// none for most. What is named may be a file. Linear in the size of the command line.
#[must_use]
pub fn folders(words: &[Word], surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    let mut all = Vec::new();
    gather(words, surroundings, wrapped::DEPTH, &mut all);
    all
}

/// The folders that the arguments of a tool's call name to work in or on.
#[must_use]
pub fn tool_folders(call: &ToolCall, surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    let mut all = Vec::new();
    call.arguments.each_leaf(&mut |path, value| {
        let name = path.split('.').rfind(|part| part.parse::<usize>().is_err());
        if let Some(text) = value.as_text().filter(|_| name.is_some_and(tool::names_folder)) {
            let text = text.strip_prefix("file://").unwrap_or(text);
            all.push(surroundings.cwd().join(tool::expanded(text, surroundings.home())));
        }
    });
    all
}

fn gather(words: &[Word], world: &dyn Surroundings, depth: usize, all: &mut Vec<PathBuf>) {
    let name = words.first().map(|word| program_name(&word.text));
    let Some(table) = name.as_deref().and_then(profile) else { return };
    let argv: Vec<OsString> = words.iter().map(|word| word.text.clone()).collect();
    if table.wraps {
        if let (Some(deeper), Some((inner, world))) =
            (depth.checked_sub(1), wrapped::started(table, &argv, world))
        {
            let known = |at: usize| words.get(at).is_some_and(|word| word.known);
            let inner = inner.into_iter().map(|(text, at)| Word { text, known: known(at) });
            let inner: Vec<Word> = inner.collect();
            all.push(world.cwd().to_owned());
            gather(&inner, &world, deeper, all);
        }
        return;
    }
    let call = Call::read(table, &argv);
    let base = match entered(&call, words) {
        Some(folder) => {
            let base = world.cwd().join(folder);
            all.push(base.clone());
            base
        }
        None => world.cwd().to_owned(),
    };
    let reached = call.given.iter().filter(|given| given.spec.effect == Some(Effect::Reaches));
    all.extend(reached.filter_map(|given| Some(base.join(named(given, words)?))));
    all.extend(call.given.iter().flat_map(|given| by_setting(given, words, &base, world)));
    all.extend(by_variables(table, &base, world));
}

/// The folder that a command goes to before it does anything, as its options name it; each is seen
/// from the one before it.
pub(crate) fn entered(call: &Call<'_>, words: &[Word]) -> Option<PathBuf> {
    let given = call.given.iter().filter(|given| given.spec.effect == Some(Effect::Directory));
    let folders = given.filter_map(|given| named(given, words));
    folders.reduce(|folder, next| folder.join(next))
}

/// The folder or file in the value of an option.
fn named(given: &Given<'_>, words: &[Word]) -> Option<PathBuf> {
    let value = given.value.as_ref()?;
    let value = behind_prefix(given.spec.prefix, value)?;
    Some(if is_known(&value, words) { value.to_path() } else { PathBuf::from(SOMEWHERE) })
}

fn is_known(value: &Text<'_>, words: &[Word]) -> bool {
    let word = value.place.and_then(|place| words.get(place.argument));
    word.is_none_or(|word| word.known) && !is_untold(&value.bytes)
}

/// Whether what only the run can tell stands in a text: it is written as a substitution.
pub(crate) fn is_untold(text: &[u8]) -> bool {
    text.windows(2).any(|pair| pair == b"$(")
}

/// The folder that a setting on the command line names (`git -c core.worktree=…`).
fn by_setting(
    given: &Given<'_>,
    words: &[Word],
    base: &Path,
    world: &dyn Surroundings,
) -> Vec<PathBuf> {
    let from_variable = match given.spec.effect {
        Some(Effect::Setting) => false,
        Some(Effect::SettingFromVariable) => true,
        Some(_) | None => return Vec::new(),
    };
    let Some((name, value)) = given.value.as_ref().and_then(|text| text.split_at_byte(b'=')) else {
        return Vec::new();
    };
    if !name.bytes.eq_ignore_ascii_case(WORK_TREE.as_bytes()) {
        // A setting that is made when the line runs may be this one.
        return if is_untold(&name.bytes) { vec![base.join(SOMEWHERE)] } else { Vec::new() };
    }
    let named = value.to_os_string();
    let variable = || named.to_str().and_then(|name| world.variable(name)).map(OsStr::to_owned);
    match if from_variable { variable() } else { Some(named.clone()) } {
        Some(folder) if is_known(&value, words) => work_tree(&folder, base),
        Some(_) => vec![base.join(SOMEWHERE)],
        None => Vec::new(),
    }
}

/// Git sees the value from the folder with its own files; other programs from where they work.
fn work_tree(folder: &OsStr, base: &Path) -> Vec<PathBuf> {
    if is_untold(folder.as_encoded_bytes()) {
        return vec![base.join(SOMEWHERE)];
    }
    vec![base.join(folder), base.join(".git").join(folder)]
}

/// The folders that variables name.
fn by_variables(table: &Profile, base: &Path, world: &dyn Surroundings) -> Vec<PathBuf> {
    let set = |name: &str| world.variable(name).filter(|value| !value.is_empty());
    let mut all = Vec::new();
    for value in table.reached_by.iter().filter_map(|name| set(name)) {
        let untold = is_untold(value.as_encoded_bytes());
        all.push(base.join(if untold { OsStr::new(SOMEWHERE) } else { value }));
    }
    if table.name != "git" {
        return all;
    }
    let names_tree = |value: &OsStr| value.eq_ignore_ascii_case(WORK_TREE);
    let count = set("GIT_CONFIG_COUNT").and_then(|count| count.to_str()?.parse::<usize>().ok());
    for number in 0..count.unwrap_or_default().min(MOST_SETTINGS) {
        if set(&format!("GIT_CONFIG_KEY_{number}")).is_some_and(names_tree) {
            let value = set(&format!("GIT_CONFIG_VALUE_{number}"));
            all.extend(value.into_iter().flat_map(|value| work_tree(value, base)));
        }
    }
    // What `-c` is to programs that git starts; its quoting is git's own business.
    let inherited = set("GIT_CONFIG_PARAMETERS").map(OsStr::to_ascii_lowercase);
    if inherited.is_some_and(|text| text.to_string_lossy().contains(WORK_TREE)) {
        all.push(base.join(SOMEWHERE));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn of(line: &str, variables: &[(&str, &str)]) -> Vec<PathBuf> {
        let words: Vec<Word> = line
            .split(' ')
            .map(|text| Word { text: text.into(), known: !text.contains("$(") })
            .collect();
        let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).into()));
        let world = World { variables: variables.collect(), ..World::default() };
        folders(&words, &world)
    }

    fn paths(expected: &[&str]) -> Vec<PathBuf> {
        expected.iter().map(|path| Path::new("/home/u/work").join(path)).collect()
    }

    #[test]
    fn options_that_name_a_folder_are_known_by_their_tables() {
        for (line, expected) in [
            ("git status", &[][..]),
            ("git -C a -C b push", &["a/b"]),
            ("git -C /x push", &["/x"]),
            ("git -C a --git-dir=.git --work-tree ../t push", &["a", "a/.git", "a/../t"]),
            ("git --git-dir a/.git push", &["a/.git"]),
            ("git -c core.worktree=a push", &["a", ".git/a"]),
            ("git -c Core.WorkTree=/a push", &["/a", "/a"]),
            ("git -c user.name=a push", &[]),
            ("git -C $(x) push", &["(unknown)"]),
            ("git -C $(x) -C /x push", &["/x"]),
            ("git -C $(x) --work-tree b push", &["(unknown)", "(unknown)/b"]),
            ("git -c core.worktree=$(x) push", &["(unknown)"]),
            ("make -C sub all", &["sub"]),
            ("make --directory=sub", &["sub"]),
            ("make -f other/Makefile", &["other/Makefile"]),
            ("cargo build --manifest-path a/Cargo.toml", &["a/Cargo.toml"]),
            ("npm --prefix a publish", &["a"]),
            ("terraform -chdir=a apply", &["a"]),
            ("go build -C a", &["a"]),
            ("hg -R a push", &["a"]),
            ("env -C a git -C b push", &["a", "a/b"]),
            ("env GIT_DIR=a/.git git push", &["", "a/.git"]),
            ("env GIT_DIR=$(x) git push", &["", "(unknown)"]),
            ("unheard-of -C a", &[]),
        ] {
            assert_eq!(of(line, &[]), paths(expected), "{line}");
        }
    }

    #[test]
    fn variables_that_name_a_folder_are_known_by_their_tables() {
        for (variables, expected) in [
            (&[("GIT_DIR", "a/.git")][..], &["a/.git"][..]),
            (&[("GIT_WORK_TREE", "/a"), ("GIT_DIR", "")], &["/a"]),
            (&[("GIT_INDEX_FILE", "a/.git/index")], &["a/.git/index"]),
            (
                &[
                    ("GIT_CONFIG_COUNT", "1"),
                    ("GIT_CONFIG_KEY_0", "core.worktree"),
                    ("GIT_CONFIG_VALUE_0", "/a"),
                ],
                &["/a", "/a"],
            ),
            (&[("GIT_CONFIG_PARAMETERS", "'Core.worktree'='/a'")], &["(unknown)"]),
            (&[("MAKEFLAGS", "x")], &[]),
        ] {
            assert_eq!(of("git push", variables), paths(expected), "{variables:?}");
            assert_eq!(of("make", variables), paths(&[]), "{variables:?}");
        }
        assert_eq!(
            of("git --config-env=core.worktree=T push", &[("T", "/t")]),
            paths(&["/t", "/t"])
        );
    }

    #[test]
    fn arguments_of_tools_that_name_a_folder_are_known_by_their_names() {
        let of = |json: &str| {
            let arguments = serde_json::from_str(json).unwrap();
            let call = ToolCall { name: "x".into(), arguments, categories: Vec::new() };
            tool_folders(&call, &World::default())
        };
        assert_eq!(of(r#"{"repo_path":"a"}"#), paths(&["a"]));
        assert_eq!(of(r#"{"repoPath":"/a"}"#), paths(&["/a"]));
        assert_eq!(of(r#"{"a":[{"cwd":"file:///a"}],"workingDirectory":"~/b"}"#).len(), 2);
        assert_eq!(of(r#"{"path":"a","note":"cwd"}"#), paths(&[]));
    }
}
