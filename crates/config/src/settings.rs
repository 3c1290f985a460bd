//! The settings file `<root>/config.toml`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use datafog_core::{Mode, Named};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::{Error, Remote};

/// What an installation is set to. Every key has a default; an unknown one is an error.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
// No field is skipped when written: the same form is also the compiled one, which has no names.
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Whether decisions are carried out.
    pub mode: Mode,
    /// A policy of another system that is asked besides our own, absolute; the stricter answer
    /// holds.
    pub policy: Option<PathBuf>,
    /// A program that scores calls where the policy asks for it: its absolute path and arguments.
    pub scorer: Option<Vec<String>>,
    /// The address of such a scorer, in place of a program.
    pub scorer_url: Option<String>,
    /// How much is looked at.
    pub limits: Limits,
    /// How receipts are kept.
    pub receipts: Receipts,
    /// How long a session remembers what it made of secrets.
    pub taint: Taint,
    /// The server that hands out the policy.
    pub remote: Option<Remote>,
    /// What `hooks install` was told for single commands.
    pub hooks: BTreeMap<String, Hook>,
}

/// What scores calls where a policy asks for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scorer<'a> {
    /// A program: its absolute path and its arguments.
    Program(&'a [String]),
    /// An address, `https://…`, or `http://…` on this machine.
    Address(&'a str),
}

/// How much is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Most bytes of standard input that are held for judging; more is unscannable.
    pub stdin_bytes: u64,
    /// Most bytes of all files together that one call reads when they stay on this machine: their
    /// scan only notes what was seen, and must not be felt. Files that would leave are read whole,
    /// whatever their size.
    pub local_bytes: u64,
}

/// How receipts are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Receipts {
    /// Whether receipts of allowed actions are forced to disk too, as those of denied ones are.
    pub sync_allowed: bool,
    /// Size in bytes at which the ledger goes on in a new file.
    pub rotate_bytes: u64,
}

/// How long a session remembers what it made of secrets.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Taint {
    /// Minutes; 0, when missing, and nothing is marked.
    pub minutes: u32,
}

/// What was set for one wrapped command.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Hook {
    /// The real program, absolute; wins over PATH.
    pub target: Option<PathBuf>,
    /// The mode of this command alone.
    pub mode: Option<Mode>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            mode: Mode::Enforced,
            policy: None,
            scorer: None,
            scorer_url: None,
            limits: Limits::default(),
            receipts: Receipts::default(),
            taint: Taint::default(),
            remote: None,
            hooks: BTreeMap::new(),
        }
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self { stdin_bytes: 16 << 20, local_bytes: 256 << 10 }
    }
}

impl Default for Receipts {
    fn default() -> Self {
        Self { sync_allowed: false, rotate_bytes: 64 << 20 }
    }
}

impl Settings {
    /// Reads the text of a settings file; `path` is for messages only.
    ///
    /// # Errors
    /// [`Error::Settings`] with the line of the first mistake.
    pub fn parse(text: &str, path: &Path) -> Result<Self, Error> {
        let settings: Self = by_name(text).map_err(|error| {
            let offset = error.span().map_or(0, |span| span.start);
            Error::Settings {
                path: path.to_owned(),
                line: line_at(text, offset),
                message: error.message().to_owned(),
            }
        })?;
        settings
            .require_absolute_policy(text, path)?
            .require_absolute_scorer(text, path)?
            .require_plain_address(text, path)?
            .require_plain_remote(text, path)?
            .require_absolute_targets(text, path)
    }

    /// The mode in force for one command: the stricter of what is installed for it and what the
    /// caller asks for. A caller can tighten, not loosen.
    #[must_use]
    pub fn mode_for(&self, command: &str, asked: Option<Mode>) -> Mode {
        let installed = self.hooks.get(command).and_then(|hook| hook.mode).unwrap_or(self.mode);
        asked.map_or(installed, |asked| installed.tightened_by(asked))
    }

    /// What scores calls; `None` when nothing is set.
    #[must_use]
    pub fn scorer(&self) -> Option<Scorer<'_>> {
        let program = self.scorer.as_deref().map(Scorer::Program);
        program.or_else(|| self.scorer_url.as_deref().map(Scorer::Address))
    }

    /// The file's text for these settings.
    #[must_use]
    pub fn to_toml(&self) -> String {
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// A relative path would mean another file in every folder.
    fn require_absolute_policy(self, text: &str, path: &Path) -> Result<Self, Error> {
        if self.policy.as_ref().is_none_or(|policy| policy.is_absolute()) {
            return Ok(self);
        }
        Err(relative("policy", text, path))
    }

    fn require_absolute_scorer(self, text: &str, path: &Path) -> Result<Self, Error> {
        let program = |scorer: &Vec<String>| scorer.first().is_some_and(|it| it.starts_with('/'));
        if self.scorer.as_ref().is_none_or(program) {
            return Ok(self);
        }
        Err(relative("scorer", text, path))
    }

    /// Refuses what nobody may write into settings; whether it is a good URL is found by whoever
    /// asks there. The address is not repeated: it may hold a password.
    fn require_plain_address(self, text: &str, path: &Path) -> Result<Self, Error> {
        let Some(address) = &self.scorer_url else { return Ok(self) };
        let mistake = match authority(address) {
            _ if self.scorer.is_some() => "`scorer_url` beside `scorer`: one of them is asked",
            None => "`scorer_url` does not begin with `https://` or `http://` and a host",
            Some(authority) if authority.contains('@') => {
                "`scorer_url` carries a name or a password; an address is no place for one"
            }
            Some(_) => return Ok(self),
        };
        Err(at_key("scorer_url", mistake.to_owned(), text, path))
    }

    fn require_plain_remote(self, text: &str, path: &Path) -> Result<Self, Error> {
        self.remote.as_ref().map_or(Ok(()), |remote| remote.require_plain(text, path))?;
        Ok(self)
    }

    fn require_absolute_targets(self, text: &str, path: &Path) -> Result<Self, Error> {
        let relative = self
            .hooks
            .iter()
            .find(|(_, hook)| hook.target.as_ref().is_some_and(|target| !target.is_absolute()));
        let Some((name, _)) = relative else { return Ok(self) };
        let offset = text.find(&format!("hooks.{name}")).unwrap_or(0);
        Err(Error::Settings {
            path: path.to_owned(),
            line: line_at(text, offset),
            message: format!("the target of `{name}` is not an absolute path"),
        })
    }
}

/// Host and port of an address, and a name before them; `None` without a host.
pub(crate) fn authority(address: &str) -> Option<&str> {
    let rest = ["https://", "http://"].iter().find_map(|scheme| address.strip_prefix(scheme))?;
    rest.split(['/', '?', '#', '\\']).next().filter(|authority| !authority.is_empty())
}

/// The mistake that what stands under `key` does not begin with an absolute path.
fn relative(key: &str, text: &str, path: &Path) -> Error {
    at_key(key, format!("`{key}` is not an absolute path"), text, path)
}

/// A mistake in the line that sets `key`.
pub(crate) fn at_key(key: &str, message: String, text: &str, path: &Path) -> Error {
    let sets = |line: &str| {
        let rest = line.trim_start().strip_prefix(key);
        rest.is_some_and(|rest| rest.trim_start().starts_with('='))
    };
    let line = text.lines().take_while(|line| !sets(line)).count().saturating_add(1);
    Error::Settings { path: path.to_owned(), line, message }
}

/// What a text in TOML says; a list is no table of known keys.
pub(crate) fn by_name<T: DeserializeOwned>(text: &str) -> Result<T, toml::de::Error> {
    T::deserialize(Named(toml::Deserializer::parse(text)?))
}

/// The line, from 1, that holds byte `offset`.
pub(crate) fn line_at(text: &str, offset: usize) -> usize {
    let before = text.as_bytes().iter().take(offset);
    before.filter(|byte| **byte == b'\n').count().saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Settings, Error> {
        Settings::parse(text, Path::new("config.toml"))
    }

    #[test]
    fn a_list_is_no_table() {
        for text in ["limits = [1, 2]", "receipts = [true, 1]", "[hooks]\ngit = [\"/usr/bin/git\"]"]
        {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn an_empty_file_is_the_default() {
        assert_eq!(read("").unwrap(), Settings::default());
        assert_eq!(Settings::default().mode, Mode::Enforced);
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut settings = Settings { mode: Mode::Observe, ..Settings::default() };
        let hook = Hook { target: Some("/usr/bin/git".into()), mode: Some(Mode::Enforced) };
        settings.hooks.insert("git".into(), hook);
        assert_eq!(read(&settings.to_toml()).unwrap(), settings);
    }

    #[test]
    fn a_mistake_names_its_line() {
        let error = read("mode = \"observe\"\n\n[limits]\nstdin_byte = 3\n").unwrap_err();
        let text = error.to_string();
        assert!(text.contains("config.toml` line 4") && text.contains("stdin_byte"), "{text}");
        let error = read("# no\npolicy = \"p.json\"\n").unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("absolute"), "{error}");
        for slip in ["scorer = []", "scorer = [\"score\"]", "scorer = \"/score\""] {
            let error = read(&format!("# no\n{slip}\n")).unwrap_err().to_string();
            assert!(error.contains("line 2"), "{error}");
        }
        for (address, said) in [
            ("score.example.com", "does not begin"),
            ("https://", "does not begin"),
            ("https://ann:hunter2@score.example.com/", "a name or a password"),
            ("http://hunter2@127.0.0.1/", "a name or a password"),
        ] {
            let error = read(&format!("# no\nscorer_url = \"{address}\"\n")).unwrap_err();
            let told = error.to_string();
            assert!(told.contains("line 2") && told.contains(said), "{told}");
            assert!(!told.contains("hunter2"), "{told}");
        }
        let both = "scorer = [\"/score\"]\nscorer_url = \"https://score.example.com/?to=a@b\"\n";
        let error = read(both).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("beside `scorer`"), "{error}");
        let (_, alone) = both.split_once('\n').unwrap();
        assert!(matches!(read(alone).unwrap().scorer(), Some(Scorer::Address(_))));
        let error = read("[hooks.git]\ntarget = \"git\"\n").unwrap_err();
        assert!(error.to_string().contains("line 1"), "{error}");
    }

    #[test]
    fn callers_only_tighten() {
        let mut settings = Settings { mode: Mode::Observe, ..Settings::default() };
        assert_eq!(settings.mode_for("git", None), Mode::Observe);
        assert_eq!(settings.mode_for("git", Some(Mode::Enforced)), Mode::Enforced);
        settings.mode = Mode::Enforced;
        assert_eq!(settings.mode_for("git", Some(Mode::Observe)), Mode::Enforced);
        settings.hooks.insert("git".into(), Hook { mode: Some(Mode::Observe), target: None });
        assert_eq!(settings.mode_for("git", None), Mode::Observe);
    }
}
