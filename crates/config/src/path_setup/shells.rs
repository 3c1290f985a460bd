//! Which files a shell reads at its start.
//!
//! Sources: bash(1) INVOCATION, dash(1), zsh(1) STARTUP/SHUTDOWN FILES, fish(1) INITIALIZATION
//! FILES, the nushell book's chapter on configuration.

use core::fmt;
use std::ffi::OsString;
use std::path::PathBuf;

/// A kind of shell that is set up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shell {
    /// GNU bash.
    Bash,
    /// The friendly interactive shell.
    Fish,
    /// Nushell.
    Nushell,
    /// Any other shell of the Bourne family: `sh`, dash, ksh.
    Sh,
    /// The Z shell.
    Zsh,
}

impl Shell {
    /// The shell's name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Fish => "fish",
            Self::Nushell => "nu",
            Self::Sh => "sh",
            Self::Zsh => "zsh",
        }
    }
}

impl fmt::Display for Shell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// Where the user's start files are, and where commands are looked for.
#[derive(Clone, Debug)]
pub(super) struct Places {
    pub(super) home: PathBuf,
    pub(super) zsh: PathBuf,
    pub(super) fish: PathBuf,
    pub(super) nushell: PathBuf,
    pub(super) path: OsString,
}

/// A file that a shell reads at its start.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StartFile {
    pub(super) path: PathBuf,
    pub(super) shell: Shell,
}

/// What bash reads as a login shell: the first of these that exists.
const BASH_LOGIN: [&str; 3] = [".bash_profile", ".bash_login", ".profile"];

impl Places {
    /// The files that ought to hold our line: those of `sh` and bash always, those of another
    /// shell when it is installed or has files here.
    pub(super) fn start_files(&self) -> Vec<StartFile> {
        let mut files =
            vec![self.in_home(".profile", Shell::Sh), self.in_home(".bashrc", Shell::Bash)];
        let login = BASH_LOGIN.iter().find(|name| self.home.join(name).exists());
        files.extend(
            login.filter(|name| **name != ".profile").map(|name| self.in_home(name, Shell::Bash)),
        );
        if self.is_installed("zsh") || self.zsh_files().iter().any(|file| file.path.exists()) {
            // `.zshrc` only when it stands: its lines run last and may push ours back.
            let wanted = |file: &StartFile| !file.path.ends_with(".zshrc") || file.path.exists();
            files.extend(self.zsh_files().into_iter().filter(wanted));
        }
        if self.is_installed("fish") || self.fish.is_dir() {
            files.push(self.fish_file());
        }
        if self.nushell.is_dir() {
            files.push(self.nushell_file());
        }
        files
    }

    /// Every file that may hold our line from some earlier day.
    pub(super) fn possible_start_files(&self) -> Vec<StartFile> {
        let mut files = vec![self.in_home(".profile", Shell::Sh)];
        files.extend(
            [".bashrc", ".bash_profile", ".bash_login"].map(|name| self.in_home(name, Shell::Bash)),
        );
        files.extend(self.zsh_files());
        files.extend([self.fish_file(), self.nushell_file()]);
        files
    }

    fn in_home(&self, name: &str, shell: Shell) -> StartFile {
        StartFile { path: self.home.join(name), shell }
    }

    /// Every zsh reads `.zshenv`; a login shell then `/etc/zprofile`, which on macOS reorders
    /// PATH, and `.zprofile`; an interactive one `.zshrc`.
    fn zsh_files(&self) -> [StartFile; 3] {
        [".zshenv", ".zprofile", ".zshrc"]
            .map(|name| StartFile { path: self.zsh.join(name), shell: Shell::Zsh })
    }

    fn fish_file(&self) -> StartFile {
        StartFile { path: self.fish.join("conf.d/datafog.fish"), shell: Shell::Fish }
    }

    fn nushell_file(&self) -> StartFile {
        StartFile { path: self.nushell.join("config.nu"), shell: Shell::Nushell }
    }

    fn is_installed(&self, name: &str) -> bool {
        let folders = std::env::split_paths(&self.path).filter(|folder| folder.is_absolute());
        folders.map(|folder| folder.join(name)).any(|program| program.is_file())
    }
}
