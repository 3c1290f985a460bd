//! Commands of a call, seen through what wraps them.
//!
//! `sudo rm x`, `env A=b rm x`, `sh -c 'rm x'`, `xargs rm` and `find . -exec rm {} +` all run `rm`. A
//! policy that names `rm` means them too, so each wrapper is a command of its own beside the one it
//! starts.

use std::borrow::Cow;
use std::ffi::OsString;

use datafog_core::{Carrier, Invocation};

use crate::words::{self, Line};

/// Reads the words of one command by the command's own option table.
pub trait Interpret {
    /// What the words mean, program name first.
    fn interpret(&self, words: &[OsString]) -> Invocation;
}

/// Knows no command: every word after the program is an operand nobody understood.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoTables;

impl Interpret for NoTables {
    fn interpret(&self, words: &[OsString]) -> Invocation {
        let program = words.first().map(|word| word.to_string_lossy().into_owned());
        Invocation { program: program.unwrap_or_default(), ..Invocation::default() }
    }
}

/// One simple command that a call would run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Command {
    /// Its words, program first, unquoted.
    pub words: Vec<String>,
    /// The words by the command's option table.
    pub invocation: Invocation,
    /// Whether its input comes from the command before it through a pipe.
    pub piped: bool,
    /// Wrappers around it, outermost first (`sudo`, `env`).
    pub wrappers: Vec<String>,
}

impl Command {
    /// The program's name: the last component of its path.
    #[must_use]
    pub fn program(&self) -> &str {
        program(&self.words)
    }

    /// The words after the program.
    pub fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    /// Whether one of these words stands among the arguments.
    pub(crate) fn has_word(&self, words: &[&str]) -> bool {
        self.arguments().any(|word| words.contains(&word))
    }

    /// Whether a short option of that letter is given, alone or in a cluster.
    pub(crate) fn has_letter(&self, letter: char) -> bool {
        self.arguments().take_while(|word| *word != "--").any(|word| {
            let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'));
            cluster.is_some_and(|rest| rest.contains(letter))
        })
    }

    /// Every text that its words hold: the words, and the values of options that stand in the same
    /// word (`--command=…`, `-c…`).
    pub(crate) fn texts(&self) -> Vec<Cow<'_, str>> {
        let glued = |word: &'_ str| {
            let (_, value) = word.strip_prefix("--")?.split_once('=')?;
            Some(value.to_owned())
        };
        let short = |word: &'_ str| {
            let cluster = word.strip_prefix('-').filter(|rest| !rest.starts_with('-'))?;
            cluster.get(cluster.chars().next()?.len_utf8()..).map(str::to_owned)
        };
        let values = self.arguments().filter_map(|word| glued(word).or_else(|| short(word)));
        let known = self.invocation.options.iter().filter_map(|option| option.value.as_deref());
        let known = known.map(|value| value.to_string_lossy().into_owned());
        self.arguments().map(Cow::Borrowed).chain(values.chain(known).map(Cow::Owned)).collect()
    }

    /// What the line itself gives it on standard input: a here-string, the words of an `echo`.
    pub(crate) fn fed(&self) -> impl Iterator<Item = Cow<'_, str>> {
        self.invocation.contents.iter().filter_map(|source| match &source.carrier {
            Carrier::Inline(text) => Some(String::from_utf8_lossy(text)),
            Carrier::Argument(_) | Carrier::File(_) | Carrier::Stdin | Carrier::Untold(_) => None,
        })
    }

    /// Words that are no options.
    pub(crate) fn operands(&self) -> impl Iterator<Item = &str> {
        self.arguments().filter(|word| !word.starts_with('-'))
    }
}

/// The commands of one call and whether there may be more that nobody could read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Commands {
    pub(crate) list: Vec<Command>,
    pub(crate) written: Vec<String>,
    pub(crate) read: Vec<String>,
    pub(crate) unclear: bool,
}

impl Commands {
    /// The commands of a shell text.
    pub(crate) fn of_text(text: &str, tables: &dyn Interpret) -> Self {
        // A shell drops zero bytes, and not every shell does.
        let plain = text.replace('\0', "");
        let mut commands = Self { unclear: plain.len() < text.len(), ..Self::default() };
        commands.add_line(words::split(&plain), &[], words::DEEPEST, tables);
        commands
    }

    /// The one command of an argument list.
    pub(crate) fn of_words(list: Vec<String>, tables: &dyn Interpret) -> Self {
        let mut commands = Self::default();
        commands.add(list, false, &[], words::DEEPEST, tables);
        commands
    }

    fn add_line(&mut self, line: Line, wrappers: &[String], depth: usize, tables: &dyn Interpret) {
        self.unclear |= line.unclear;
        self.written.extend(line.written);
        self.read.extend(line.read);
        for (index, list) in line.commands.into_iter().enumerate() {
            self.add(list, line.piped.contains(&index), wrappers, depth, tables);
        }
    }

    fn add(
        &mut self,
        list: Vec<String>,
        piped: bool,
        wrappers: &[String],
        depth: usize,
        tables: &dyn Interpret,
    ) {
        let assignments = list.iter().take_while(|word| is_assignment(word)).count();
        let list: Vec<String> =
            list.into_iter().skip(assignments).skip_while(|word| is_keyword(word)).collect();
        let Some(depth) = depth.checked_sub(1).filter(|_| self.list.len() < words::MOST) else {
            self.unclear = true;
            return;
        };
        if list.is_empty() {
            return;
        }
        let inner = inside(&list);
        let name = program(&list).to_owned();
        let words: Vec<OsString> = list.iter().map(OsString::from).collect();
        let invocation = tables.interpret(&words);
        self.list.push(Command { words: list, invocation, piped, wrappers: wrappers.to_vec() });
        let mut around = wrappers.to_vec();
        around.push(name);
        match inner {
            Inside::Nothing => {}
            Inside::Text(text) => self.add_line(words::split(&text), &around, depth, tables),
            Inside::Words(list) => self.add(list, piped, &around, depth, tables),
        }
    }
}

/// What a command runs by itself.
enum Inside {
    Nothing,
    Text(String),
    Words(Vec<String>),
}

/// Options of wrappers that take the next word as their value.
const WITH_VALUE: &[(&str, &[&str])] = &[
    ("doas", &["-u", "-C"]),
    ("env", &["-u", "--unset", "-C", "--chdir"]),
    ("ionice", &["-c", "-n", "-p"]),
    ("nice", &["-n", "--adjustment"]),
    ("stdbuf", &["-i", "-o", "-e"]),
    (
        "sudo",
        &[
            "-u", "--user", "-g", "--group", "-h", "--host", "-p", "--prompt", "-C", "-D",
            "--chdir", "-r", "-t", "-T", "-U",
        ],
    ),
    ("time", &["-f", "-o"]),
    ("timeout", &["-s", "--signal", "-k", "--kill-after"]),
    (
        "xargs",
        &[
            "-I",
            "-L",
            "-n",
            "-P",
            "-a",
            "-d",
            "-E",
            "-s",
            "--max-args",
            "--max-procs",
            "--arg-file",
            "--delimiter",
        ],
    ),
];

/// Wrappers that take nothing with a value.
const PLAIN: &[&str] =
    &["builtin", "command", "exec", "nohup", "pkexec", "setsid", "unbuffer", "watch"];

/// Shells, whose `-c` text is a shell text.
pub(crate) const SHELLS: &[&str] = &["ash", "bash", "dash", "fish", "ksh", "sh", "zsh"];

fn inside(list: &[String]) -> Inside {
    let name = program(list);
    let rest = || list.iter().skip(1).cloned();
    if SHELLS.contains(&name) || name == "su" {
        return after_c(list).map_or(Inside::Nothing, Inside::Text);
    }
    if name == "eval" {
        return Inside::Text(rest().collect::<Vec<_>>().join(" "));
    }
    if name == "find" {
        let exec = |word: &String| matches!(word.as_str(), "-exec" | "-execdir" | "-ok" | "-okdir");
        let words: Vec<String> = rest().skip_while(|word| !exec(word)).skip(1).collect();
        let end =
            words.iter().position(|word| matches!(word.as_str(), ";" | "+")).unwrap_or(words.len());
        return Inside::Words(words.into_iter().take(end).collect());
    }
    let with_value = match WITH_VALUE.iter().find(|(one, _)| *one == name) {
        Some((_, options)) => *options,
        None if PLAIN.contains(&name) => &[],
        None => return Inside::Nothing,
    };
    let mut words = rest().peekable();
    while let Some(word) = words.next_if(|word| word.starts_with('-') || is_assignment(word)) {
        if with_value.contains(&word.as_str()) {
            words.next();
        }
        if word == "--" {
            break;
        }
    }
    if name == "timeout" {
        words.next();
    }
    Inside::Words(words.collect())
}

/// The text after `-c`, which may stand in a cluster (`-lc`, `-xec`).
fn after_c(list: &[String]) -> Option<String> {
    let is_c = |word: &String| {
        word.strip_prefix('-').is_some_and(|rest| !rest.starts_with('-') && rest.contains('c'))
            || word == "--command"
    };
    let at = list.iter().skip(1).position(is_c)?;
    list.iter().skip(1).nth(at.checked_add(1)?).cloned()
}

/// The last component of the program's path.
pub(crate) fn program(list: &[String]) -> &str {
    let first = list.first().map_or("", String::as_str);
    first.rsplit('/').next().unwrap_or(first)
}

/// `NAME=value` in front of a command.
fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        let mut letters = name.bytes();
        letters.next().is_some_and(|byte| byte.is_ascii_alphabetic() || byte == b'_')
            && letters.all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

/// Words of the shell's grammar that stand before a command.
fn is_keyword(word: &str) -> bool {
    ["!", "{", "}", "do", "done", "elif", "else", "fi", "if", "then", "until", "while"]
        .contains(&word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn programs(text: &str) -> Vec<String> {
        let commands = Commands::of_text(text, &NoTables);
        commands.list.iter().map(|one| one.words.join(" ")).collect()
    }

    #[test]
    fn wrappers_are_seen_through() {
        for text in [
            "rm -rf x",
            "/bin/rm -rf x",
            "\\rm -rf x",
            "sudo -u root -E rm -rf x",
            "env -i A=b rm -rf x",
            "A=b nohup time rm -rf x",
            "sh -c 'rm -rf x'",
            "bash -lc 'cd y && rm -rf x'",
            "timeout -s KILL 5 rm -rf x",
            "find . -name y -exec rm -rf x {} +",
            "ls | xargs -n 1 rm -rf x",
            "if true; then rm -rf x; fi",
            "echo $(rm -rf x)",
            "eval 'rm -rf x'",
            "su - root -c 'rm -rf x'",
        ] {
            let all = programs(text);
            let hit = all.iter().any(|one| one.trim_start_matches("/bin/").starts_with("rm -rf x"));
            assert!(hit, "{text}: {all:?}");
        }
        assert_eq!(programs("a=sudo ls"), ["ls"]);
    }

    #[test]
    fn values_of_options_are_texts() {
        for text in ["x '--command=a b'", "x -c 'a b'", "x '-ca b'"] {
            let commands = Commands::of_text(text, &NoTables);
            assert!(commands.list[0].texts().iter().any(|one| one == "a b"), "{text}");
        }
    }

    #[test]
    fn endless_nesting_ends() {
        let commands = Commands::of_text(&"env ".repeat(3000), &NoTables);
        assert!(commands.unclear);
    }

    #[test]
    fn clusters_and_operands() {
        let commands = Commands::of_text("git push -fu origin -- -x", &NoTables);
        let push = &commands.list[0];
        assert!(push.has_letter('f') && !push.has_letter('x') && push.has_word(&["origin"]));
        assert_eq!(push.operands().collect::<Vec<_>>(), ["push", "origin"]);
    }
}
