//! What a tool's call runs and what it does to files, in the words of commands.

use std::ffi::OsString;
use std::path::PathBuf;

use datafog_core::{Category, Surroundings, ToolCall, Value};

use self::plain::plain_words;
use super::{COMMANDS, PATHS, expanded, has_word, is_path, program_of};
use crate::behind::{Start, What, Word, started_by_code};

mod loose;
mod plain;

pub(super) use loose::is_written;

/// Where the folder stands that a command works in: small letters, nothing between words.
const FOLDERS: &[&str] = &[
    "chdir",
    "currentdir",
    "currentdirectory",
    "currentworkingdirectory",
    "cwd",
    "dir",
    "directory",
    "workdir",
    "workingdir",
    "workingdirectory",
];

/// Whether an argument of that name is the folder that a command works in.
pub(super) fn is_folder(name: &str) -> bool {
    FOLDERS.contains(&joined_up(name).as_str())
}

/// `working_dir`, `workingDir` and `working-dir` as `workingdir`.
pub(super) fn joined_up(name: &str) -> String {
    let letters = name.chars().filter(|letter| !matches!(letter, '_' | '-'));
    letters.map(|letter| letter.to_ascii_lowercase()).collect()
}

/// Where the words behind a program stand.
pub(super) const ARGUMENTS: &[&str] = &["args", "arguments", "argv"];

/// Where the name of a program stands.
const PROGRAMS: &[&str] = &["executable", "program"];

/// Languages whose programs are lines for a shell.
const SHELLS: &[&str] =
    &["bash", "console", "dash", "fish", "ksh", "sh", "shell", "shellscript", "terminal", "zsh"];

/// Words of the names of tools that remove what a path names.
const REMOVES: &[&str] =
    &["delete", "destroy", "erase", "purge", "remove", "rm", "rmdir", "trash", "unlink", "wipe"];

/// Words of the names of tools that move what a path names.
const MOVES: &[&str] = &["move", "mv", "rename"];

/// Words of the names of tools that show what a path names.
const SHOWS: &[&str] = &["cat", "open", "read", "show", "view"];

/// Most that is told of one call.
const MOST: usize = 256;

/// One thing that a call does.
pub(super) struct Doing<'s> {
    pub(super) start: Start<'s>,
    /// A command of the caller's own; otherwise one that stands for what the tool does.
    pub(super) runs: bool,
}

/// The one plain command that a call runs, or else all that it does.
pub(super) fn commands<'s>(
    call: &ToolCall,
    surroundings: &'s dyn Surroundings,
) -> (Option<Vec<OsString>>, Vec<Doing<'s>>) {
    let (folder, all) = (None, Vec::new());
    let mut gathering = Gathering { call, surroundings, folder, moved: false, all };
    if call.categories.contains(&Category::CodeExecution) {
        gathering.table(&call.arguments, 0);
    }
    let moved = gathering.moved;
    let mut all = gathering.all;
    if let [
        Doing {
            start: Start { what: What::Line(line, _), guessed: false, loose: false, .. }, ..
        },
    ] = all.as_slice()
        && !moved
        && let Some(argv) = line.text.to_str().and_then(|it| plain_words(it, surroundings.home()))
    {
        return (Some(argv), Vec::new());
    }
    if let [
        Doing {
            start: Start { what: What::Command(words), guessed: false, loose: false, .. }, ..
        },
    ] = all.as_slice()
        && !moved
        && words.iter().all(|word| !word.text.as_encoded_bytes().contains(&0))
    {
        return (Some(words.iter().map(|word| word.text.clone()).collect()), Vec::new());
    }
    all.extend(on_files(call, surroundings));
    (None, all)
}

/// The text of the first member of one of these names.
fn text_at<'v>(arguments: &'v Value, names: &[&str]) -> Option<&'v str> {
    let Value::Table(members) = arguments else { return None };
    let mut named = members.iter().filter(|(name, _)| is(names, name));
    named.find_map(|(_, value)| value.as_text())
}

fn is(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}

/// Gathers what the caller wants to be run.
struct Gathering<'c, 's> {
    call: &'c ToolCall,
    surroundings: &'s dyn Surroundings,
    /// The folder that the table at hand, or one around it, names to work in.
    folder: Option<PathBuf>,
    /// Some table names one.
    moved: bool,
    all: Vec<Doing<'s>>,
}

/// Members of a table that say how others are meant.
struct Members<'v> {
    /// The words behind a program.
    behind: Option<&'v Value>,
    command: Option<&'v str>,
    language: Option<&'v str>,
}

impl<'s> Gathering<'_, 's> {
    /// Whatever stands in a table, however deep.
    fn table(&mut self, value: &Value, depth: usize) {
        let members = match value {
            Value::Table(members) if depth < MOST => members,
            Value::List(items) if depth < MOST => {
                items.iter().for_each(|item| self.table(item, depth.saturating_add(1)));
                return;
            }
            Value::Bool(_)
            | Value::Float(_)
            | Value::Integer(_)
            | Value::List(_)
            | Value::Null
            | Value::Table(_)
            | Value::Text(_) => return,
        };
        let outer = self.folder.clone();
        self.enter(members);
        let table = Members {
            behind: members.iter().find(|(name, _)| is(ARGUMENTS, name)).map(|(_, value)| value),
            command: text_at(value, &["command", "cmd"]),
            language: text_at(value, &["lang", "language", "runtime"]),
        };
        self.program(members, &table);
        for (name, value) in members {
            self.member(name, value, &table, depth);
        }
        self.loose_members(members);
        self.folder = outer;
    }

    /// A program that is named, or that the tool is.
    fn program(&mut self, members: &[(String, Value)], table: &Members<'_>) {
        let program = members.iter().find(|(name, _)| is(PROGRAMS, name));
        if let Some((_, Value::Text(program))) = program {
            self.words(program, table.behind);
        }
        let call = self.call;
        if table.command.is_none()
            && program.is_none()
            && let Some(named) = program_of(&call.name)
            && self.program_in(members) == Some(named)
        {
            self.of_tool(named, table.behind);
        }
    }

    fn member(&mut self, name: &str, value: &Value, table: &Members<'_>, depth: usize) {
        match (is(COMMANDS, name), value) {
            (true, Value::Text(text)) if name.eq_ignore_ascii_case("code") => {
                self.code(text, table.language);
            }
            (true, Value::Text(text)) if table.command == Some(text) => {
                self.beside(text, table.behind);
            }
            (true, Value::Text(text)) => self.line(text),
            // The words behind a program, which are read with it.
            (true, Value::List(_)) if is(ARGUMENTS, name) && table.command.is_some() => {}
            (true, Value::List(items)) => self.list(name, items),
            (_, Value::List(_) | Value::Table(_)) => self.table(value, depth.saturating_add(1)),
            (
                _,
                Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null | Value::Text(_),
            ) => {}
        }
    }

    /// What stands in a table works in the folder that the table names.
    fn enter(&mut self, members: &[(String, Value)]) {
        let mut named = members.iter().filter(|(name, _)| is_folder(name));
        if let Some(folder) = named.find_map(|(_, value)| value.as_text()) {
            let folder = expanded(folder, self.surroundings.home());
            let base = self.folder.as_deref().unwrap_or_else(|| self.surroundings.cwd());
            self.folder = Some(base.join(folder));
            self.moved = true;
        }
    }

    /// `command` and `args`, as servers are started; the command may be a line by itself.
    fn beside(&mut self, command: &str, behind: Option<&Value>) {
        match behind {
            Some(Value::List(_) | Value::Text(_)) if !command.contains(char::is_whitespace) => {
                self.words(command, behind);
            }
            Some(Value::List(items)) if !items.is_empty() => {
                let words = items.iter().filter_map(Value::as_text).map(in_quotes);
                let words: Vec<String> = words.collect();
                self.line(&format!("{command} {}", words.join(" ")));
            }
            Some(Value::Text(text)) => self.line(&format!("{command} {text}")),
            Some(
                Value::Bool(_)
                | Value::Float(_)
                | Value::Integer(_)
                | Value::List(_)
                | Value::Null
                | Value::Table(_),
            )
            | None => self.line(command),
        }
    }

    /// The arguments of a tool that has the name of a program are that program's; a text that is
    /// given to a shell is a line.
    fn of_tool(&mut self, program: &str, behind: Option<&Value>) {
        match behind {
            Some(Value::Text(text)) if is(SHELLS, program) && !text.starts_with('-') => {
                self.line(text);
            }
            Some(Value::List(_) | Value::Text(_)) => self.words(program, behind),
            Some(
                Value::Bool(_)
                | Value::Float(_)
                | Value::Integer(_)
                | Value::Null
                | Value::Table(_),
            )
            | None => {}
        }
    }

    /// A list of lines (`commands`), or of words.
    fn list(&mut self, name: &str, items: &[Value]) {
        let words: Option<Vec<Word>> =
            items.iter().map(|item| item.as_text().map(Word::of)).collect();
        // No program has blanks in its name.
        let blank = |text: &str| text.contains(' ') && !text.starts_with('/');
        let lines = name.to_ascii_lowercase().ends_with('s')
            || name.eq_ignore_ascii_case("script")
            || items.first().and_then(Value::as_text).is_some_and(blank);
        match words {
            Some(words) if lines => {
                self.loose_words_of(items);
                words.iter().for_each(|word| self.line(&word.text.to_string_lossy()));
            }
            Some(words) if !words.is_empty() => self.push(What::Command(words)),
            Some(_) => {}
            None => {
                for item in items {
                    match item {
                        Value::Text(text) => self.line(text),
                        Value::List(items) => self.list("", items),
                        Value::Table(_) => self.table(item, 1),
                        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null => {}
                    }
                }
            }
        }
    }

    fn words(&mut self, program: &str, behind: Option<&Value>) {
        let mut words = vec![Word::of(program)];
        match behind {
            Some(Value::List(items)) => {
                let given = items.iter().filter_map(Value::as_text);
                // `argv` may begin with the program itself.
                let skipped = usize::from(given.clone().next() == Some(program));
                words.extend(given.skip(skipped).map(Word::of));
            }
            Some(Value::Text(text)) => return self.line(&format!("{program} {text}")),
            Some(
                Value::Bool(_)
                | Value::Float(_)
                | Value::Integer(_)
                | Value::Null
                | Value::Table(_),
            )
            | None => {}
        }
        self.push(What::Command(words));
    }

    fn line(&mut self, text: &str) {
        self.push(What::Line(Word::of(text), Vec::new()));
    }

    /// A program: a line for a shell where language or tool say so.
    fn code(&mut self, text: &str, language: Option<&str>) {
        let shell = match language {
            Some(language) => is(SHELLS, language),
            None => has_word(&self.call.name, SHELLS),
        };
        if shell {
            return self.line(text);
        }
        for start in started_by_code(text, self.surroundings) {
            self.add(start, true);
        }
    }

    fn push(&mut self, what: What) {
        self.add(Start::of(what, self.surroundings), true);
    }

    fn add(&mut self, mut start: Start<'s>, runs: bool) {
        if let Some(folder) = &self.folder {
            start.world.enter(folder.clone());
        }
        match self.all.len() {
            ..MOST => self.all.push(Doing { start, runs }),
            // Nobody looks at more, so nobody knows what it is.
            MOST if !start.loose => {
                let start = Start::of(What::Made, self.surroundings);
                self.all.push(Doing { start, runs });
            }
            MOST.. => {}
        }
    }
}

/// A word as a shell takes it literally.
fn in_quotes(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// What a tool does to files by itself, as the command that does the same.
fn on_files<'s>(call: &ToolCall, surroundings: &'s dyn Surroundings) -> Vec<Doing<'s>> {
    if !call.categories.contains(&Category::FileSystem) {
        return Vec::new();
    }
    let removes = has_word(&call.name, REMOVES);
    let mut paths: Vec<(String, Word)> = Vec::new();
    call.arguments.each_leaf(&mut |path, value| {
        let name = path.split('.').rfind(|part| part.parse::<usize>().is_err()).unwrap_or(path);
        let named = is(PATHS, name) || is(FROM, name) || is(TO, name);
        // What a tool removes may stand under any name.
        let meant = |text: &&str| named || removes && is_path(text);
        if let Some(text) = value.as_text().filter(meant).filter(|_| paths.len() < MOST) {
            let text = text.strip_prefix("file://").unwrap_or(text);
            paths.push((name.to_owned(), Word::of(expanded(text, surroundings.home()))));
        }
    });
    let names = |names: &'static [&str]| {
        let paths: Vec<Word> = paths
            .iter()
            .filter(|(name, _)| is(names, name))
            .map(|(_, path)| path.clone())
            .collect();
        paths
    };
    let head: &[&str] = match () {
        () if removes => &["rm", "-r", "-f", "--"],
        () if has_word(&call.name, MOVES) => &["mv", "--"],
        () if has_word(&call.name, SHOWS) => &["cat", "--"],
        () => return Vec::new(),
    };
    let mut words: Vec<Word> = head.iter().map(|word| Word::of(*word)).collect();
    if has_word(&call.name, MOVES) {
        words.extend(names(FROM).into_iter().chain(names(PATHS)).chain(names(TO)));
    } else if removes {
        words.extend(paths.iter().map(|(_, path)| path.clone()));
    } else {
        words.extend(names(PATHS));
    }
    if words.len() == head.len() {
        return Vec::new();
    }
    let start = Start::of(What::Command(words), surroundings);
    vec![Doing { start, runs: false }]
}

/// What is moved.
const FROM: &[&str] = &["from", "old_path", "source", "src"];

/// Where it is moved.
const TO: &[&str] = &["destination", "dest", "dst", "new_path", "target", "to"];

#[cfg(test)]
mod tests {
    use super::*;

    /// What a call does, in words parted by blanks, a line in backticks.
    fn does(name: &str, json: &str) -> Vec<String> {
        let arguments: Value = serde_json::from_str(json).unwrap();
        let world = crate::world::World::default();
        let reading = super::super::interpret_tool(name, arguments, &world);
        let join = |words: &[Word]| {
            let words = words.iter().map(|word| word.text.to_string_lossy().into_owned());
            words.collect::<Vec<_>>().join(" ")
        };
        let shown = |start: &Start<'_>| match &start.what {
            What::Command(words) => join(words),
            What::Line(line, _) => format!("`{}`", line.text.to_string_lossy()),
            What::Input(_) | What::Made => String::new(),
        };
        let argv: Vec<Word> = reading.argv.iter().map(Word::of).collect();
        let plain = (!argv.is_empty()).then(|| join(&argv));
        plain.into_iter().chain(reading.starts.iter().map(shown)).collect()
    }

    #[test]
    fn commands_are_found_wherever_they_stand() {
        for (name, json, expected) in [
            ("x", r#"{"command":"a b"}"#, "a b"),
            ("x", r#"{"command":"a; b"}"#, "`a; b`"),
            ("x", r#"{"commands":["a","b c"]}"#, "`a`\n`b c`"),
            ("x", r#"{"command":["a","b c"]}"#, "a b c"),
            ("x", r#"{"command":"a","args":["b","c"]}"#, "a b c"),
            ("run", r#"{"program":"a","arguments":["b"]}"#, "a b"),
            ("run", r#"{"program":"a","args":"b; c"}"#, "`a b; c`"),
            ("run", r#"{"steps":[{"cmd":"a"},{"cmd":"b"}]}"#, "`a`\n`b`"),
            ("x", r#"{"command":"a","cwd":"/tmp"}"#, "`a`"),
            ("run_code", r#"{"language":"bash","code":"a; b"}"#, "`a; b`"),
            ("run_python", r#"{"code":"os.system('a')"}"#, "`a`"),
            ("delete_file", r#"{"path":"/x"}"#, "rm -r -f -- /x"),
            ("mcp__fs__remove-directory", r#"{"path":"~"}"#, "rm -r -f -- /home/u/"),
            ("delete_file", r#"{"where":"sub/../../.."}"#, "rm -r -f -- sub/../../.."),
            ("delete_files", r#"{"paths":["a","b"]}"#, "rm -r -f -- a b"),
            ("move_file", r#"{"source":"/a","destination":"b"}"#, "mv -- /a b"),
            ("Read", r#"{"file_path":"a"}"#, "cat -- a"),
            ("rm", r#"{"args":["-rf","/"]}"#, "rm -rf /"),
            ("bash", r#"{"args":["-c","a; b"]}"#, "bash -c a; b"),
            ("bash", r#"{"args":"a; b"}"#, "`a; b`"),
            ("x", r#"{"command":"rm -r","args":["b c"]}"#, "rm -r b c"),
            ("x", r#"{"command":"rm","args":"-rf /"}"#, "rm -rf /"),
            ("x", r#"{"command":"rm","flags":"-r","where":"x"}"#, "`rm`\nrm -r x"),
            ("spawn", r#"{"cmd":"rm","argv":["rm","x"]}"#, "rm x"),
            ("exec", r#"{"file":"/bin/rm","args":["x"]}"#, "/bin/rm x"),
            ("subprocess.run", r#"{"args":["rm","x"]}"#, "rm x"),
            ("bash", r#"{"command":"ls","input":"rm x"}"#, "`ls`\n`rm x`\nls rm x"),
            ("execute", r#"{"commandLine":"a b"}"#, "a b"),
            ("terminal", r#"{"keys":"rm x\r"}"#, "`rm x\n`"),
            ("bash", r#"{"cmd":{"line":"rm x"}}"#, "`rm x`"),
            ("bash", r#"{"steps":[{"run":"rm x"}]}"#, "`rm x`"),
            ("run", r#"{"job":{"script":["rm x"]}}"#, "rm x"),
            ("run", r#"{"a":"f(); os.system('b')"}"#, "`b`"),
        ] {
            assert_eq!(does(name, json).join("\n"), expected, "{name} {json}");
        }
        for (name, json) in [
            ("Write", r#"{"file_path":"a","content":"rm -rf /"}"#),
            ("create_issue", r#"{"title":"rm -rf /","body":"rm -rf /"}"#),
            ("run_python", r#"{"code":"print(1)"}"#),
            ("delete_user", r#"{"id":1}"#),
            ("bash", r#"{"description":"rm -rf / it"}"#),
            ("bash", r#"{"note":"this is prose, it does nothing"}"#),
            ("bash", r#"{"shell":"/bin/bash","url":"rm x","cwd":"rm x"}"#),
            ("create_script", r#"{"name":"rm x","content":"rm -rf /"}"#),
            ("run_sql", r#"{"query":"truncate table x"}"#),
            ("Grep", r#"{"pattern":"rm -rf /"}"#),
        ] {
            assert_eq!(does(name, json), [""; 0], "{name} {json}");
        }
    }
}
