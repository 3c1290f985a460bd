//! Puts the shims first on PATH in every shell a person or an agent starts, and takes it back.
//!
//! The installation gets one script for each kind of shell (`<root>/env`, `env.fish`, `env.nu`),
//! and each file that a shell really reads at its start gets one marked line that sources it. The
//! line does nothing when the script is gone. Undoing removes exactly these lines and scripts:
//! what somebody else wrote, before or after us, stays as it is, byte for byte.
//!
//! What this cannot do: a non-interactive `bash -c` or `sh -c` reads no file at all and has the
//! PATH of whoever starts it. `datafog doctor` tells which shells are covered.

mod line;
mod script;
mod shells;

use std::path::{Path, PathBuf};

use directories::BaseDirs;

use crate::change::{self, Change};
use crate::{EnvVars, Error, Host, Layout};
use line::Line;
pub use shells::Shell;
use shells::{Places, StartFile};

/// The PATH set-up of one installation for one user.
#[derive(Clone, Debug)]
pub struct PathSetup {
    layout: Layout,
    places: Places,
}

/// A start file and whether our line is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StartFileState {
    /// The file.
    pub path: PathBuf,
    /// The shell that reads it.
    pub shell: Shell,
    /// Whether it holds our line.
    pub holds_line: bool,
}

impl PathSetup {
    /// The set-up of `layout` for the user of `host`.
    ///
    /// These are management commands, so `$HOME` counts where it is set: the shells whose files
    /// are meant read it too. Shims never look at it.
    ///
    /// # Errors
    /// [`Error::Root`] when the root cannot stand on PATH, [`Error::NoHome`] when there is no home.
    pub fn new(layout: Layout, host: &Host) -> Result<Self, Error> {
        require_fit_for_path(layout.root())?;
        let home = host.management_home().ok_or(Error::NoHome)?;
        let absolute = |name| host.variable(name).map(Path::new).filter(|path| path.is_absolute());
        let xdg = absolute("XDG_CONFIG_HOME").map(Path::to_owned);
        let places = Places {
            zsh: absolute("ZDOTDIR").unwrap_or(&home).to_owned(),
            // On macOS fish keeps to the XDG folder and nushell to the system's.
            nushell: BaseDirs::new()
                .map_or_else(|| home.join(".config"), |base| base.config_dir().to_owned())
                .join("nushell"),
            fish: xdg.unwrap_or_else(|| home.join(".config")).join("fish"),
            path: host.variable(EnvVars::PATH).unwrap_or_default().to_owned(),
            home,
        };
        Ok(Self { layout, places })
    }

    /// The changes inside the root that make the set-up complete: the scripts. Empty when they
    /// stand, so that a second plan after the first was applied is empty.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn scripts_plan(&self) -> Result<Vec<Change>, Error> {
        let scripts = script::all(&self.layout.shims()).into_iter().filter_map(|(name, text)| {
            Change::to_text(&self.layout.root().join(name), text, 0o644).transpose()
        });
        scripts.collect()
    }

    /// The changes in the user's own start files that make the set-up complete.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn files_plan(&self) -> Result<Vec<Change>, Error> {
        let mut changes = Vec::new();
        for file in self.places.start_files() {
            let text = change::read(&file.path)?.unwrap_or_default();
            let Some(line) = self.line_for(file.shell) else { continue };
            changes.extend(Change::to_text(&file.path, line.added_to(text), 0o644)?);
        }
        Ok(changes)
    }

    /// The changes that remove the scripts.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn undo_scripts_plan(&self) -> Result<Vec<Change>, Error> {
        let scripts = script::all(&self.layout.shims()).into_iter();
        let removals = scripts
            .filter_map(|(name, _)| Change::to_nothing(&self.layout.root().join(name)).transpose());
        removals.collect()
    }

    /// The changes that remove our lines from the user's start files, and the files that hold
    /// nothing else and that we made.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn undo_files_plan(&self) -> Result<Vec<Change>, Error> {
        let files = self.places.possible_start_files().into_iter();
        files.filter_map(|file| self.without_line(&file).transpose()).collect()
    }

    /// The folders that were made for start files and still stand, each before those above it.
    #[must_use]
    pub fn made_folders(&self) -> Vec<PathBuf> {
        let (mut made, backups) = (Vec::new(), self.layout.backups());
        for file in self.places.possible_start_files() {
            made.extend(change::made_above(&file.path, &backups));
        }
        // A longer path lies deeper or elsewhere.
        made.sort_by_key(|path| core::cmp::Reverse(path.components().count()));
        made.dedup();
        made
    }

    /// The start files that ought to hold our line, and whether they do.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn state(&self) -> Result<Vec<StartFileState>, Error> {
        let files = self.places.start_files().into_iter().map(|StartFile { path, shell }| {
            let text = change::read(&path)?.unwrap_or_default();
            let holds_line = self.line_for(shell).is_some_and(|line| line.is_in(&text));
            Ok(StartFileState { path, shell, holds_line })
        });
        files.collect()
    }

    fn without_line(&self, file: &StartFile) -> Result<Option<Change>, Error> {
        let Some(line) = self.line_for(file.shell) else { return Ok(None) };
        let Some(text) = change::read(&file.path)?.filter(|text| line.is_in(text)) else {
            return Ok(None);
        };
        let rest = line.removed_from(&text);
        // A file that was there before us has a copy, even when it was empty.
        let was_there = change::backup_of(&file.path, &self.layout.backups()).exists();
        if rest.is_empty() && !was_there {
            Change::to_nothing(&file.path)
        } else {
            Change::to_text(&file.path, rest, 0o644)
        }
    }

    fn line_for(&self, shell: Shell) -> Option<Line> {
        Line::sourcing(shell, self.layout.root(), &self.places.home)
    }
}

/// Refuses a root that would be read as something else on PATH or in a script.
fn require_fit_for_path(root: &Path) -> Result<(), Error> {
    let bytes = root.as_os_str().as_encoded_bytes();
    let why = if !root.is_absolute() {
        "is not absolute"
    } else if bytes.contains(&b':') {
        "holds a colon, which separates folders on PATH"
    } else if bytes.iter().any(u8::is_ascii_control) {
        "holds a control character"
    } else {
        return Ok(());
    };
    Err(Error::Root { path: root.to_owned(), why })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::symlink;

    /// A home with a `.datafog` in it, and the set-up that sees only that home.
    fn world() -> (tempfile::TempDir, PathSetup) {
        let home = tempfile::tempdir().unwrap();
        let layout = Layout::at(home.path().join(".datafog"));
        let home_text = home.path().to_str().unwrap();
        let environment =
            [("HOME", home_text), ("XDG_CONFIG_HOME", &format!("{home_text}/.config"))];
        let host = Host::made_up(&["datafog"], &environment, home.path());
        let mut setup = PathSetup::new(layout, &host).unwrap();
        // The `directories` crate reads the real environment, which a test cannot set.
        setup.places.nushell = home.path().join(".config/nushell");
        (home, setup)
    }

    fn plan(setup: &PathSetup) -> Vec<Change> {
        [setup.scripts_plan().unwrap(), setup.files_plan().unwrap()].concat()
    }

    fn undo_plan(setup: &PathSetup) -> Vec<Change> {
        [setup.undo_files_plan().unwrap(), setup.undo_scripts_plan().unwrap()].concat()
    }

    fn apply(setup: &PathSetup, changes: &[Change]) {
        for change in changes {
            change.apply(Some(&setup.layout.backups())).unwrap();
        }
    }

    fn paths(changes: &[Change], home: &Path) -> Vec<String> {
        let below = |change: &Change| change.path().strip_prefix(home).unwrap().to_owned();
        changes.iter().map(|change| below(change).display().to_string()).collect()
    }

    #[test]
    fn an_empty_home_gets_the_files_of_sh_and_bash_and_loses_them_again() {
        let (home, setup) = world();
        let first = plan(&setup);
        let scripts = [".datafog/env", ".datafog/env.fish", ".datafog/env.nu"];
        let files = [scripts.as_slice(), &[".profile", ".bashrc"]].concat();
        assert_eq!(paths(&first, home.path()), files);
        apply(&setup, &first);
        assert_eq!(plan(&setup), []);
        assert!(setup.state().unwrap().iter().all(|file| file.holds_line));
        apply(&setup, &undo_plan(&setup));
        assert_eq!(undo_plan(&setup), []);
        assert!(!home.path().join(".profile").exists() && !home.path().join(".bashrc").exists());
    }

    #[test]
    fn every_shell_in_use_gets_the_files_it_reads() {
        let (home, setup) = world();
        for folder in [".config/fish", ".config/nushell"] {
            fs::create_dir_all(home.path().join(folder)).unwrap();
        }
        for file in [".bash_login", ".zshrc"] {
            fs::write(home.path().join(file), "").unwrap();
        }
        let changed = paths(&plan(&setup), home.path());
        let mut expected = vec![".profile", ".bashrc", ".bash_login", ".zshenv", ".zprofile"];
        expected.extend([
            ".zshrc",
            ".config/fish/conf.d/datafog.fish",
            ".config/nushell/config.nu",
        ]);
        assert_eq!(changed.get(3..).unwrap(), expected);
    }

    #[test]
    fn foreign_bytes_survive_both_ways() {
        let texts: [&[u8]; 6] =
            [b"", b"a=1\n", b"no end", b"crlf\r\n", b"crlf\r\nno end", b"\xff\xfe\0 \x80\n"];
        for text in texts {
            let (home, setup) = world();
            let rc = home.path().join(".bashrc");
            fs::write(&rc, text).unwrap();
            apply(&setup, &plan(&setup));
            assert!(fs::read(&rc).unwrap().starts_with(text));
            apply(&setup, &undo_plan(&setup));
            assert_eq!(fs::read(&rc).unwrap(), text);
        }
    }

    #[test]
    fn what_others_added_after_us_stays() {
        let (home, setup) = world();
        let rc = home.path().join(".bashrc");
        fs::write(&rc, "before").unwrap();
        apply(&setup, &plan(&setup));
        let mut text = fs::read(&rc).unwrap();
        text.extend_from_slice(b"after\n");
        fs::write(&rc, text).unwrap();
        apply(&setup, &undo_plan(&setup));
        assert_eq!(fs::read(&rc).unwrap(), b"before\nafter\n");
    }

    #[test]
    fn dotfiles_kept_elsewhere_are_changed_where_they_are() {
        let (home, setup) = world();
        fs::create_dir(home.path().join("dotfiles")).unwrap();
        fs::write(home.path().join("dotfiles/bashrc"), "x\n").unwrap();
        symlink("dotfiles/bashrc", home.path().join(".bashrc")).unwrap();
        apply(&setup, &plan(&setup));
        assert!(home.path().join(".bashrc").symlink_metadata().unwrap().is_symlink());
        assert!(fs::read_to_string(home.path().join("dotfiles/bashrc")).unwrap().contains("env"));
    }

    #[test]
    fn a_root_that_path_would_tear_apart_is_refused() {
        for root in ["/a:b", "relative", "/a\nb"] {
            let host = Host::made_up(&["datafog"], &[("HOME", "/h")], Path::new("/"));
            let refused = PathSetup::new(Layout::at(root), &host);
            assert!(matches!(refused, Err(Error::Root { .. })), "{root}");
        }
    }
}
