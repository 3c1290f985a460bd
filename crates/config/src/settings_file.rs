//! Edits of the settings file that keep what a person wrote: comments, order, blank lines.

use std::path::{Path, PathBuf};

use datafog_core::Mode;
use toml_edit::{DocumentMut, Item, Table, TableLike, Value};

use crate::change::{self, Change};
use crate::settings::line_at;
use crate::{Error, Hook, Remote, Settings};

/// Mode of the file: it is the user's own business.
const FILE_MODE: u32 = 0o600;

/// What a new settings file says: the defaults, each explained.
const STARTER: &str = r#"# Settings of datafog. Every key may be left out; a value after `#` is the default.
# After an edit, `datafog status` shows what is in force. A mistake here makes enforced commands
# fail closed, and the message names the line.

# "enforced": decisions are carried out. "observe": they are only recorded, and every command
# runs exactly as it would without datafog.
mode = "enforced"

# A policy file of DataFog, DataGuard, Enforgate, pi-governance or AgentGov that is asked besides
# policy.toml; the stricter answer holds:
#   policy = "/home/me/policies/agents.json"

# A program that scores calls where a rule asks for it (`scorer` in docs/POLICY.md): its absolute
# path and its arguments. It must belong to you or root, and be writable by nobody else:
#   scorer = ["/usr/local/bin/score", "--json"]
# or the address of one; plain http:// is for this machine alone, and no password may stand in it:
#   scorer_url = "https://score.example.com/v1"

[limits]
# Most bytes of standard input that are held back for judging before they leave.
# stdin_bytes = 16777216
# Most bytes that one call reads of files that stay on this machine, all of them together. What
# leaves is read whole.
# local_bytes = 262144

[receipts]
# Whether receipts of allowed commands are forced to disk as well, as those of denied ones are.
# sync_allowed = false
# Size at which the ledger goes on in a new file.
# rotate_bytes = 67108864

[taint]
# For how many minutes a session remembers what its calls wrote after they had read a secret; what
# is sent of that is judged as the secret. 0: not at all.
# minutes = 0

# One wrapped command may have its own program or mode (`datafog hooks install git --target …`):
# [hooks.git]
# target = "/usr/bin/git"
# mode = "observe"

# A server that hands out the policy (`datafog policy pull --remember` writes this):
# [remote]
# url = "https://gate.example.com"
# key = "ed25519:…"
# token_file = "/home/me/.gate.key"
# refresh_minutes = 60
# keep_hours = 168
# approval_url = "https://gate.example.com"
"#;

/// The settings file as it stands, ready to be edited.
#[derive(Clone, Debug)]
pub struct SettingsFile {
    path: PathBuf,
    document: DocumentMut,
}

impl SettingsFile {
    /// Reads the file at `path`; a missing one begins with the defaults, explained in comments.
    ///
    /// # Errors
    /// [`Error::Settings`] with the line of the first mistake, or when the file cannot be read.
    pub fn read(path: &Path) -> Result<Self, Error> {
        let mistake = |line, message| Error::Settings { path: path.to_owned(), line, message };
        let bytes = change::read(path)?.unwrap_or_else(|| STARTER.into());
        let text = String::from_utf8(bytes).map_err(|error| {
            let valid = error.utf8_error().valid_up_to();
            let before = error.as_bytes().iter().take(valid).filter(|byte| **byte == b'\n').count();
            mistake(before.saturating_add(1), "this is not UTF-8".to_owned())
        })?;
        // Read as settings first: a file that is TOML but makes no sense is not edited either.
        Settings::parse(&text, path)?;
        let document = text.parse().map_err(|error: toml_edit::TomlError| {
            let offset = error.span().map_or(0, |span| span.start);
            mistake(line_at(&text, offset), error.message().to_owned())
        })?;
        Ok(Self { path: path.to_owned(), document })
    }

    /// What the file says now, edits included.
    ///
    /// # Errors
    /// [`Error::Settings`] when an edit made it senseless (a target that is not absolute).
    pub fn settings(&self) -> Result<Settings, Error> {
        Settings::parse(&self.document.to_string(), &self.path)
    }

    /// Sets the mode of the installation.
    pub fn set_mode(&mut self, mode: Mode) {
        set(self.document.as_table_mut(), "mode", mode.name().into());
    }

    /// Sets the server that hands out the policy; the times that were set for one stay.
    pub fn set_remote(&mut self, remote: &Remote) {
        let entry = self.document.entry("remote").or_insert_with(toml_edit::table);
        let Some(entry) = entry.as_table_like_mut() else { return };
        set(entry, "url", remote.url.as_str().into());
        set(entry, "key", remote.key.as_str().into());
        match remote.token_file.as_deref().and_then(Path::to_str) {
            Some(file) => set(entry, "token_file", file.into()),
            None => drop(entry.remove("token_file")),
        }
    }

    /// Records what is set in `hook` for the command `name`; what is not set stays as it was.
    ///
    /// # Errors
    /// [`Error::Settings`] when the target is not UTF-8, which TOML cannot hold.
    pub fn set_hook(&mut self, name: &str, hook: &Hook) -> Result<(), Error> {
        let path = self.path.clone();
        let Some(entry) = self.hook_entry(name) else { return Ok(()) };
        if let Some(target) = &hook.target {
            let message = || format!("the target of `{name}` is not UTF-8");
            let text = target.to_str();
            let text = text.ok_or_else(|| Error::Settings { path, line: 1, message: message() })?;
            set(entry, "target", text.into());
        }
        if let Some(mode) = hook.mode {
            set(entry, "mode", mode.name().into());
        }
        Ok(())
    }

    /// Forgets what was recorded for the command `name`.
    pub fn remove_hook(&mut self, name: &str) {
        let Some(hooks) = self.document.get_mut("hooks").and_then(Item::as_table_like_mut) else {
            return;
        };
        hooks.remove(name);
        if hooks.is_empty() {
            self.document.remove("hooks");
        }
    }

    /// The change that writes the edits down; `None` when there are none.
    ///
    /// # Errors
    /// When the file cannot be read again.
    pub fn change(&self) -> Result<Option<Change>, Error> {
        Change::to_text(&self.path, self.document.to_string().into_bytes(), FILE_MODE)
    }

    /// The table `[hooks.<name>]`, made when there is none. `None` cannot happen: the file was
    /// read as settings, where `hooks` is a table of tables.
    fn hook_entry(&mut self, name: &str) -> Option<&mut dyn TableLike> {
        let mut parent = Table::new();
        parent.set_implicit(true);
        let hooks = self.document.entry("hooks").or_insert(Item::Table(parent));
        let hooks = hooks.as_table_like_mut()?;
        hooks.entry(name).or_insert_with(toml_edit::table).as_table_like_mut()
    }
}

/// Sets a value and keeps the blanks and the comment around the one that stood there.
fn set(table: &mut dyn TableLike, key: &str, mut value: Value) {
    match table.get_mut(key).and_then(Item::as_value_mut) {
        Some(standing) => {
            *value.decor_mut() = standing.decor().clone();
            *standing = value;
        }
        None => {
            table.insert(key, Item::Value(value));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn edited(text: &str, edit: impl FnOnce(&mut SettingsFile)) -> String {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let mut file = SettingsFile::read(&path).unwrap();
        edit(&mut file);
        if let Some(change) = file.change().unwrap() {
            change.apply(None).unwrap();
        }
        fs::read_to_string(&path).unwrap()
    }

    #[test]
    fn the_starter_says_what_the_defaults_are() {
        let path = Path::new("config.toml");
        assert_eq!(Settings::parse(STARTER, path).unwrap(), Settings::default());
        let commented =
            |line: &str| line.strip_prefix("# ").filter(|rest| is_setting(rest)).map(str::to_owned);
        let without_hooks = STARTER.split("# One wrapped").next().unwrap();
        let all: String = without_hooks
            .lines()
            .map(|line| commented(line).unwrap_or_else(|| line.to_owned()) + "\n")
            .collect();
        assert!(all.contains("\nrotate_bytes = "), "{all}");
        assert_eq!(Settings::parse(&all, path).unwrap(), Settings::default());
    }

    fn is_setting(text: &str) -> bool {
        text.split_once(" = ").is_some_and(|(key, _)| !key.contains(' '))
    }

    #[test]
    fn comments_and_order_stay() {
        let text = "# mine\nmode   =  \"enforced\"  # why\n\n[limits]\nlocal_bytes = 5 # small\n";
        let after = edited(text, |file| file.set_mode(Mode::Observe));
        assert_eq!(after, text.replace("enforced", "observe"));
        assert_eq!(edited(text, |file| file.set_mode(Mode::Enforced)), text);
    }

    #[test]
    fn a_hook_comes_and_goes() {
        let text = "mode = \"observe\"\n";
        let git = Hook { target: Some("/usr/bin/git".into()), mode: None };
        let with = edited(text, |file| file.set_hook("git", &git).unwrap());
        assert_eq!(with, format!("{text}\n[hooks.git]\ntarget = \"/usr/bin/git\"\n"));
        let mode = Hook { target: None, mode: Some(Mode::Enforced) };
        let both = edited(&with, |file| file.set_hook("git", &mode).unwrap());
        assert_eq!(both, format!("{with}mode = \"enforced\"\n"));
        assert_eq!(edited(&both, |file| file.remove_hook("git")), text);
    }

    #[test]
    fn other_spellings_of_a_hook_are_edited_in_place() {
        let git = Hook { target: Some("/b".into()), mode: None };
        for text in ["hooks.git.target = \"/a\"\n", "hooks = { git = { target = \"/a\" } }\n"] {
            let after = edited(text, |file| file.set_hook("git", &git).unwrap());
            assert_eq!(after, text.replace("/a", "/b"));
        }
    }

    #[test]
    fn names_that_toml_must_quote_are_quoted() {
        let hook = Hook { target: Some("/b".into()), mode: None };
        let after = edited("", |file| file.set_hook("python3.11", &hook).unwrap());
        let settings = Settings::parse(&after, Path::new("")).unwrap();
        assert_eq!(settings.hooks.get("python3.11"), Some(&hook));
    }

    #[test]
    fn a_broken_file_is_not_edited() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, "mode = \"enforced\"\nmoed = 1\n").unwrap();
        let error = SettingsFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2"), "{error}");
        fs::write(&path, b"# fine\n# \xff\n").unwrap();
        let error = SettingsFile::read(&path).unwrap_err().to_string();
        assert!(error.contains("line 2") && error.contains("UTF-8"), "{error}");
    }
}
