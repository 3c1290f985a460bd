//! Commands under names that nobody knows: every text of a tool that runs commands may be a line for
//! a shell, every list of texts the words of a command.
//!
//! What is read this way is marked as [`Start::loose`]: it may be prose, so only commands that are
//! recognised in it count, and they can only make an answer stricter. Texts that name no program at
//! all are not even read, so that an ordinary call stays the plain command that it is.

use datafog_core::{Category, ToolCall, Value};

use super::{ARGUMENTS, Gathering, PROGRAMS, SHELLS, is, is_folder};
use crate::behind::{Start, What, Word, started_by_code};
use crate::tool::{COMMANDS, PATHS, URLS, changes_files, is_program, program_of};

/// Where somebody says what a call is for.
const PROSE: &[&str] = &[
    "comment",
    "description",
    "explanation",
    "goal",
    "intent",
    "justification",
    "label",
    "message",
    "name",
    "purpose",
    "reason",
    "summary",
    "thought",
    "thoughts",
    "title",
];

/// What a tool writes to a file.
const WRITTEN: &[&str] = &[
    "content",
    "contents",
    "file_text",
    "new_source",
    "new_str",
    "new_string",
    "old_str",
    "old_string",
];

/// Whether an argument of that name holds what a tool writes to a file.
pub(in crate::tool) fn is_written(name: &str) -> bool {
    is(WRITTEN, name)
}

/// Where a database is asked.
const QUERIES: &[&str] = &["query", "sql", "statement"];

/// Where a program may stand that words stand beside, besides in [`PROGRAMS`].
const FILES: &[&str] = &["bin", "binary", "exe", "file", "path"];

impl<'s> Gathering<'_, 's> {
    /// The members of a table that are called nothing that is known.
    pub(super) fn loose_members(&mut self, members: &[(String, Value)]) {
        let call = self.call;
        let program = self.program_in(members).map(str::to_owned);
        let takes_lines = program.as_ref().is_none_or(|it| is(SHELLS, it));
        for (name, value) in members.iter().filter(|(name, _)| may_run(call, name)) {
            let words = is(ARGUMENTS, name);
            match value {
                Value::Text(text) if !is(COMMANDS, name) && (!words || takes_lines) => {
                    self.loose_text(text);
                }
                Value::List(items) if words && takes_lines => self.loose_list(items, true),
                Value::List(items) if !words && !is(COMMANDS, name) => {
                    self.loose_list(items, false);
                }
                Value::Bool(_)
                | Value::Float(_)
                | Value::Integer(_)
                | Value::List(_)
                | Value::Null
                | Value::Table(_)
                | Value::Text(_) => {}
            }
        }
        if let Some(program) = program.filter(|_| !takes_lines) {
            self.loose_beside(&program, members);
        }
    }

    /// A list: lines, or the words of one command, which are no lines where only `words` can stand.
    fn loose_list(&mut self, items: &[Value], words: bool) {
        if self.loose_words_of(items) && words {
            return;
        }
        for item in items {
            match item {
                Value::Text(text) => self.loose_text(text),
                Value::List(items) => self.loose_list(items, words),
                Value::Bool(_)
                | Value::Float(_)
                | Value::Integer(_)
                | Value::Null
                | Value::Table(_) => {}
            }
        }
    }

    /// A list of texts as one command; whether it names a program.
    pub(super) fn loose_words_of(&mut self, items: &[Value]) -> bool {
        let texts: Option<Vec<&str>> = items.iter().map(Value::as_text).collect();
        texts.is_some_and(|texts| self.loose_command(&texts))
    }

    /// The program whose words stand in a table: the one that is named there, or the one that the
    /// tool is named after.
    pub(super) fn program_in<'v>(&'v self, members: &'v [(String, Value)]) -> Option<&'v str> {
        let text = |names: &[&str]| {
            let mut named = members.iter().filter(|(name, _)| is(names, name));
            named.find_map(|(_, value)| value.as_text())
        };
        let file = || text(FILES).filter(|it| is_program(last(it)));
        let named = text(&["command", "cmd"]).or_else(|| text(PROGRAMS)).or_else(file);
        let named = named.or_else(|| program_of(&self.call.name));
        named.filter(|it| !it.contains(char::is_whitespace))
    }

    /// A program with the words that stand beside it, under whatever name.
    fn loose_beside(&mut self, program: &str, members: &[(String, Value)]) {
        let behind = members.iter().filter(|(name, _)| is(ARGUMENTS, name));
        let behind: Vec<&str> = behind.flat_map(words_in).collect();
        // A program that is only known as a file was not read with its words yet.
        if members.iter().any(|(name, value)| is(FILES, name) && value.as_text() == Some(program)) {
            self.loose_command(&[&[program], behind.as_slice()].concat());
        }
        let may_be_word = |(name, value): &&(String, Value)| {
            let counts = matches!(value, Value::List(_)) || behind.is_empty();
            let told = [COMMANDS, PROGRAMS, ARGUMENTS].iter().any(|names| is(names, name));
            counts && !told && may_run(self.call, name)
        };
        let words: Vec<&str> = members.iter().filter(may_be_word).flat_map(words_in).collect();
        if !words.is_empty() {
            self.loose_command(&[&[program], words.as_slice()].concat());
        }
    }

    /// The words of one command; whether they name a program.
    fn loose_command(&mut self, words: &[&str]) -> bool {
        let is_one = words.first().is_some_and(|word| is_program(last(word)));
        if is_one && words.len() > 1 {
            let words = words.iter().map(|word| Word::of(*word)).collect();
            self.loose(Start::of(What::Command(words), self.surroundings));
        }
        is_one
    }

    /// A text of several words. One word is a name, a mode or a path of something.
    fn loose_text(&mut self, text: &str) {
        if !text.trim().contains(more_than_a_word) {
            return;
        }
        if may_name_program(text) {
            // A terminal takes the one for the other; a shell drops NUL.
            let text = text.replace('\r', "\n").replace('\0', "");
            let line = What::Line(Word::of(text), Vec::new());
            self.loose(Start::of(line, self.surroundings));
        }
        if text.contains('(') {
            for start in started_by_code(text, self.surroundings) {
                self.loose(start);
            }
        }
    }

    fn loose(&mut self, start: Start<'s>) {
        self.add(Start { loose: true, ..start }, false);
    }
}

/// Whether what is called so may be a command: it is not known to be something else.
fn may_run(call: &ToolCall, name: &str) -> bool {
    let asks = call.categories.contains(&Category::Database) && is(QUERIES, name);
    let writes = changes_files(&call.name) && is(WRITTEN, name);
    let known = [PROSE, PATHS, URLS].iter().any(|names| is(names, name));
    !known && !is_folder(name) && !asks && !writes
}

/// The name of a program at a path.
fn last(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The words in a member that is a text or a list of texts.
fn words_in((_, value): &(String, Value)) -> Vec<&str> {
    match value {
        Value::Text(text) => text.split_whitespace().collect(),
        Value::List(items) => items.iter().filter_map(Value::as_text).collect(),
        Value::Bool(_) | Value::Float(_) | Value::Integer(_) | Value::Null | Value::Table(_) => {
            Vec::new()
        }
    }
}

fn more_than_a_word(letter: char) -> bool {
    letter.is_whitespace()
        || letter.is_control()
        || matches!(letter, ';' | '|' | '&' | '<' | '>' | '$' | '`' | '{' | '(')
}

/// Whether a line may name a known program: in plain letters, or in letters that only a shell puts
/// together.
fn may_name_program(text: &str) -> bool {
    let text: String = text.chars().filter(|it| !matches!(it, '\\' | '\'' | '"' | '\0')).collect();
    let name = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    text.contains(['$', '`', '*', '?', '[', '{'])
        || text.split(|letter| !name(letter)).any(|word| !word.is_empty() && is_program(word))
}
