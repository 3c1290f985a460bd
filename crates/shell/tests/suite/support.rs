//! A made-up world, and commands as one line of text each.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::Path;

use datafog_core::Surroundings;
use datafog_shell::{Command, Input, Script, Way};

/// Home is `/home/u`, the working directory `/home/u/work`; `EDITOR` is `vi`.
pub(crate) struct World {
    variables: BTreeMap<&'static str, OsString>,
}

impl World {
    pub(crate) fn new() -> Self {
        let variables = [("HOME", "/home/u"), ("EDITOR", "vi"), ("PATH", "/usr/bin:/bin")];
        Self { variables: variables.into_iter().map(|(name, it)| (name, it.into())).collect() }
    }

    /// One in which no variable is set, and nobody has a home.
    pub(crate) fn bare() -> Self {
        Self { variables: BTreeMap::new() }
    }
}

impl Surroundings for World {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.variables.get(name).map(OsString::as_os_str)
    }

    fn cwd(&self) -> &Path {
        Path::new("/home/u/work")
    }

    fn home(&self) -> Option<&Path> {
        self.variables.contains_key("HOME").then(|| Path::new("/home/u"))
    }

    fn read(&self, _: &Path, _: usize) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn is_there(&self, path: &Path) -> bool {
        path.starts_with("/bin")
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        let names: &[&str] = match folder.to_str() {
            Some("/") => &["bin", "etc", "home", ".hidden"],
            Some("/home/u/work") => &["a.rs", "b.rs", "notes"],
            _ => return Err(io::ErrorKind::NotFound.into()),
        };
        Ok(names.iter().map(OsString::from).collect())
    }

    fn output_of(&self, _: &str, _: &[OsString]) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

/// A command as text: words in `‹›` where they hold blanks or nothing, `?` behind those that are
/// not known, then what it reads and writes.
pub(crate) fn shown(command: &Command) -> String {
    let mut parts: Vec<String> = Vec::new();
    for (name, value) in &command.environment {
        parts.push(format!("{name}={}", value.as_deref().unwrap_or("?")));
    }
    for field in &command.words {
        let doubt = if field.known { "" } else { "?" };
        let plain = !field.text.is_empty() && !field.text.contains(char::is_whitespace);
        let text =
            if plain { field.text.clone() } else { format!("‹{}›", field.text.escape_debug()) };
        parts.push(format!("{text}{doubt}"));
    }
    match &command.input {
        Input::Text(text) => parts.push(format!("<< {}", text.escape_debug())),
        Input::Pipe(range) => parts.push(format!("| {range:?}")),
        Input::File(_) | Input::Inherited => {}
    }
    for file in &command.redirections {
        let way = if file.way == Way::Read { "<" } else { ">" };
        parts.push(format!("{way} {}", file.target.text));
    }
    parts.join(" ")
}

/// A script as text: its commands, and `!` when something was not understood.
pub(crate) fn lines(script: &Script) -> Vec<String> {
    let mut all: Vec<String> = script.commands.iter().map(shown).collect();
    if !script.opaque.is_empty() {
        all.push("!".to_owned());
    }
    all
}
