//! Calls of psql: those of a database client, and what its own commands in statements name.
//!
//! `\copy … from 'file'` and `\i file` read further files of this machine; `\connect` goes on to
//! another server. They are looked for in `-c`, in files of `-f` as far as they are small, and in
//! the start-up file, wherever they stand in a line: text that only looks like one is told as one.
//! What `\!` runs comes to the gate by itself; what a program writes into a statement
//! (`\copy … from program`, backquotes) nobody has seen.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, Invocation, Surroundings, Void,
};

use crate::read::Call;
use crate::redirect::{self, FILE_LIMIT};
use crate::transport::{copy, endpoint};

/// Most files of statements that are looked into.
const FILES: usize = 16;

/// Most files that statements name and that are told.
const NAMED: usize = 1024;

/// Works out the server, and what statements add to it.
pub(crate) fn contact(call: &Call<'_>, surroundings: &dyn Surroundings, to: &mut Invocation) {
    let mut found = Found::of(surroundings);
    for given in &call.given {
        let Some(value) = &given.value else { continue };
        match given.spec.name {
            "--command" => found.read(&value.bytes, surroundings.cwd()),
            "--file" if *value.bytes != *b"-" => {
                found.follow(surroundings.cwd().join(value.to_path()), surroundings);
            }
            _ => {}
        }
    }
    found.follow_all(surroundings);
    let named = found.named.into_iter().chain(startup(call, surroundings));
    let made = found.made.then_some("a statement holds what a program writes; run it by itself");
    let made = made.map(|why| Carrier::Untold(why.to_owned()));
    to.contents.extend(named.map(Carrier::File).chain(made).map(|carrier| ContentSource {
        carrier,
        flow: Flow::Leaves,
        role: "query".to_owned(),
        deliver: Deliver::Path,
    }));
    endpoint::contact(call, surroundings, to);
    if starts_elsewhere(call, surroundings) {
        elsewhere(to, Void::ConfigurationFile("~/.psqlrc".to_owned()));
    }
    if found.connects {
        elsewhere(to, Void::ConnectsElsewhere("\\connect".to_owned()));
    }
}

/// The start-up file that a variable names: its statements are sent first.
fn startup(call: &Call<'_>, surroundings: &dyn Surroundings) -> Option<PathBuf> {
    let named = redirect::set(surroundings, "PSQLRC").map(PathBuf::from);
    named.filter(|_| !call.has("--no-psqlrc"))
}

/// Whether the start-up file goes on to another server, or to files that may.
fn starts_elsewhere(call: &Call<'_>, surroundings: &dyn Surroundings) -> bool {
    if call.has("--no-psqlrc") {
        return false;
    }
    // Which of the homes counts depends on the version.
    let files = match redirect::set(surroundings, "PSQLRC") {
        Some(named) => vec![PathBuf::from(named)],
        None => redirect::paths("~/.psqlrc", surroundings),
    };
    files.iter().any(|file| goes_elsewhere(&surroundings.cwd().join(file), surroundings))
}

/// Whether a start-up file does that; one that cannot be read might.
fn goes_elsewhere(file: &Path, surroundings: &dyn Surroundings) -> bool {
    match surroundings.read(file, FILE_LIMIT) {
        Ok(text) => {
            let mut found = Found::of(surroundings);
            found.read(&text, surroundings.cwd());
            found.connects || found.made || !found.named.is_empty()
        }
        Err(error) => error.kind() != std::io::ErrorKind::NotFound,
    }
}

/// Another server takes part, nobody knows which.
fn elsewhere(to: &mut Invocation, void: Void) {
    to.flows = to.flows.with(Flow::Leaves).with(Flow::Enters);
    for content in &mut to.contents {
        content.flow = Flow::Leaves;
    }
    copy::reach(to, Destination { voids: vec![void], ..Destination::untold("postgres") });
}

/// What statements name.
#[derive(Debug, Default)]
struct Found {
    /// Files that are read.
    named: Vec<PathBuf>,
    /// Files of statements that were looked into.
    followed: Vec<PathBuf>,
    /// Names among them that lead from the working directory, wherever that is by then.
    relative: Vec<PathBuf>,
    /// Every folder that may be the working directory at some time.
    folders: Vec<PathBuf>,
    home: PathBuf,
    connects: bool,
    /// A program writes a part of what is sent.
    made: bool,
}

impl Found {
    fn of(surroundings: &dyn Surroundings) -> Self {
        let cwd = surroundings.cwd();
        let home = surroundings.home().unwrap_or(cwd).to_owned();
        Self { folders: vec![cwd.to_owned()], home, ..Self::default() }
    }

    /// Looks into a file of statements. One that cannot be read is content all the same.
    fn follow(&mut self, path: PathBuf, surroundings: &dyn Surroundings) {
        if self.followed.contains(&path) {
            return;
        }
        if let Ok(text) = surroundings.read(&path, FILE_LIMIT) {
            let folder = path.parent().unwrap_or_else(|| surroundings.cwd());
            self.read(&text, folder);
        }
        self.followed.push(path);
    }

    /// Looks into the files that were named, and those that they name.
    fn follow_all(&mut self, surroundings: &dyn Surroundings) {
        let mut at = 0_usize;
        while let Some(path) = self.named.get(at).cloned() {
            if self.followed.len() >= FILES {
                return;
            }
            self.follow(path, surroundings);
            at = at.saturating_add(1);
        }
    }

    /// Every command in a text: a backslash and its name, up to the end of the line.
    fn read(&mut self, text: &[u8], folder: &Path) {
        for line in text.split(|byte| *byte == b'\n') {
            for command in line.split(|byte| *byte == b'\\').skip(1) {
                self.command(command, folder);
            }
        }
    }

    fn command(&mut self, command: &[u8], folder: &Path) {
        let end = command.iter().position(|byte| !byte.is_ascii_alphanumeric() && *byte != b'_');
        let (name, rest) = command.split_at(end.unwrap_or(command.len()));
        let path = |rest: &[u8]| Some(PathBuf::from(OsStr::from_bytes(&word(rest)?)));
        self.made |= !name.is_empty() && rest.contains(&b'`');
        match name {
            b"c" | b"connect" => self.connects |= connects(rest),
            b"cd" => self.enter(path(rest)),
            b"copy" => match copied(rest) {
                Some(Copied::File(rest)) => self.name(path(rest)),
                Some(Copied::Program) => self.made = true,
                None => {}
            },
            b"i" | b"include" | b"lo_import" => self.name(path(rest)),
            b"ir" | b"include_relative" => self.add(path(rest).map(|path| folder.join(path))),
            _ => {}
        }
    }

    /// `\cd`: names lead from another folder, or still from where they did, if that is no command.
    fn enter(&mut self, folder: Option<PathBuf>) {
        let last = self.folders.last().unwrap_or(&self.home);
        let folder = folder.map_or_else(|| self.home.clone(), |folder| last.join(folder));
        if self.folders.len() < FILES && !self.folders.contains(&folder) {
            for name in self.relative.clone() {
                self.add(Some(folder.join(name)));
            }
            self.folders.push(folder);
        }
    }

    fn name(&mut self, name: Option<PathBuf>) {
        let Some(name) = name else { return };
        for folder in self.folders.clone() {
            self.add(Some(folder.join(&name)));
        }
        if self.relative.len() < NAMED {
            self.relative.push(name);
        }
    }

    fn add(&mut self, path: Option<PathBuf>) {
        let room = self.named.len() < NAMED;
        let new = |path: &PathBuf| room && self.named.last() != Some(path);
        let path = path.filter(new);
        self.named.extend(path);
    }
}

/// Whether `\connect` names another server: a connection text, or a third word, the host. A
/// database or user alone is one of the same server.
fn connects(rest: &[u8]) -> bool {
    let words = || rest.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let whole = |word: &[u8]| word.contains(&b'=') || word.windows(3).any(|it| it == b"://");
    words().any(whole) || words().nth(2).is_some_and(|host| host != b"-")
}

/// Where `\copy table from …` takes its rows from.
enum Copied<'t> {
    /// From a file, whose name begins the text.
    File(&'t [u8]),
    Program,
}

/// What stands behind `from` in `\copy table from 'file'`, unless it is a stream.
fn copied(rest: &[u8]) -> Option<Copied<'_>> {
    let parts = |byte: u8| byte.is_ascii_whitespace() || byte == b')';
    let from = |window: &[u8]| {
        let (before, name) = window.split_first().unwrap_or((&0, &[]));
        parts(*before) && name.eq_ignore_ascii_case(b"from")
    };
    let at = rest.windows(5).position(from)?;
    let rest = rest.get(at.checked_add(5)?..)?;
    let kind = word(rest)?.to_ascii_lowercase();
    let quoted = rest.trim_ascii_start().starts_with(b"'");
    match kind.as_slice() {
        b"program" if !quoted => Some(Copied::Program),
        b"pstdin" | b"stdin" if !quoted => None,
        _ => Some(Copied::File(rest)),
    }
}

/// The first word, in quotes or up to a blank or semicolon.
fn word(text: &[u8]) -> Option<Vec<u8>> {
    let text = text.trim_ascii_start();
    let quote = text.first().copied().filter(|byte| matches!(byte, b'\'' | b'"'));
    let body = if quote.is_some() { text.get(1..)? } else { text };
    let ends = |byte: &u8| match quote {
        Some(quote) => *byte == quote,
        None => byte.is_ascii_whitespace() || *byte == b';',
    };
    let end = body.iter().position(ends).unwrap_or(body.len());
    body.get(..end).filter(|word| !word.is_empty()).map(<[u8]>::to_vec)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Found {
        let mut found =
            Found { folders: vec!["/cwd".into()], home: "/h".into(), ..Found::default() };
        found.read(text.as_bytes(), Path::new("/near"));
        found
    }

    #[test]
    fn what_programs_write_is_told() {
        assert!(read(r"\copy t from program 'ls'").made);
        assert!(read("\\set x `cat f`").made);
        for text in [r"\copy t from 'program'", "select `a`", r"\set x 'y'"] {
            assert!(!read(text).made, "{text}");
        }
    }

    fn found(text: &str) -> (Vec<String>, bool) {
        let found = read(text);
        let named = found.named.iter().map(|path| path.display().to_string());
        (named.collect(), found.connects)
    }

    #[test]
    fn commands_in_statements_name_files_and_servers() {
        let cases: &[(&str, &[&str], bool)] = &[
            (r"\copy t from 'a b.csv' csv", &["/cwd/a b.csv"], false),
            (r"\copy (select 1) to 'out'", &[], false),
            (r"\copy", &[], false),
            (r"\copy t(a) FROM /x/y;", &["/x/y"], false),
            (r"\copy t from program 'ls'", &[], false),
            (r"\copy t from stdin", &[], false),
            (r"\copy t from 'stdin'", &["/cwd/stdin"], false),
            ("select 1;\n  \\i a.sql\n\\ir b.sql", &["/cwd/a.sql", "/near/b.sql"], false),
            (r"\lo_import /x", &["/x"], false),
            (r"select 1 \c - - evil", &[], true),
            (r"\c 'host=evil'", &[], true),
            (r"\connect app", &[], false),
            (r"\connect app me -", &[], false),
            (r"\connect postgres://evil.example/x", &[], true),
            (r"\c", &[], false),
            (r"\conninfo", &[], false),
            (r"select 'a\b'", &[], false),
            ("\\cd /d\n\\cd e\n\\i x", &["/cwd/x", "/d/x", "/d/e/x"], false),
            ("\\i x\n\\cd\n\\ir y", &["/cwd/x", "/h/x", "/near/y"], false),
        ];
        for (text, named, connects) in cases {
            let named: Vec<String> = named.iter().map(ToString::to_string).collect();
            assert_eq!(found(text), (named, *connects), "{text}");
        }
    }
}
