//! The wrapper links: `<root>/shims/<name>`, each a relative symbolic link to the one binary.
//!
//! This module knows links and nothing else: it neither looks commands up nor writes settings. It
//! never touches a file that is not a link of ours unless it is told to, and then keeps a copy.

use core::fmt;
use core::str::FromStr;
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// What our links say. Relative, so that a whole root can be moved or mounted elsewhere.
const LINK_TEXT: &str = "../bin/datafog";

/// The binary's own name: a link of that name would hide the management commands.
const OWN_NAME: &str = "datafog";

/// Longest name of a file on the systems we know (NAME_MAX in limits.h).
const LONGEST_NAME: usize = 255;

/// A name under which a command can be wrapped: one plain file name.
///
/// INVARIANT: not empty, no `/`, no leading `-` or `.`, no control character; `datafog` only by
/// [`CommandName::own`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommandName(String);

impl CommandName {
    /// The name of the management command. Its link wraps nothing; it makes `datafog` a word of
    /// every shell that has the wrappers on PATH, and no list of wrappers shows it.
    #[must_use]
    pub fn own() -> Self {
        Self(OWN_NAME.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for CommandName {
    type Err = InvalidName;

    fn from_str(text: &str) -> Result<Self, InvalidName> {
        let why = if text.is_empty() {
            "it is empty"
        } else if text.contains('/') {
            "it holds a slash; a command is wrapped by its name alone"
        } else if text.starts_with('.') {
            "it begins with a dot"
        } else if text.starts_with('-') {
            "it begins with a dash, like an option"
        } else if text.chars().any(char::is_control) {
            "it holds a control character"
        } else if text.len() > LONGEST_NAME {
            "it is longer than a file name may be"
        } else if text == OWN_NAME {
            "datafog does not wrap itself"
        } else {
            return Ok(Self(text.to_owned()));
        };
        Err(InvalidName { name: text.escape_default().to_string(), why })
    }
}

impl fmt::Display for CommandName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A text that cannot be the name of a wrapped command.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{name}` cannot be wrapped: {why}")]
pub struct InvalidName {
    /// The text, made displayable.
    pub name: String,
    /// What is wrong with it.
    pub why: &'static str,
}

/// What stands where a link belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkState {
    /// Nothing.
    Absent,
    /// Something that is no link of ours.
    Foreign,
    /// Our link.
    Ours,
}

/// What installing or removing a link did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LinkChange {
    /// Nothing: it was so already.
    Unchanged,
    /// The link was made, or removed.
    Done,
    /// The same, and the foreign file that stood there was moved here.
    Replaced(PathBuf),
}

/// A link could not be made or removed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkError {
    /// Something else stands there.
    #[error("`{}` is not a link of datafog", .path.display())]
    Foreign {
        /// Where.
        path: PathBuf,
    },
    /// The operating system refused.
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        /// What was tried, as in "remove".
        doing: &'static str,
        /// With what.
        path: PathBuf,
        /// Its answer.
        #[source]
        source: io::Error,
    },
}

impl LinkError {
    /// What a person can do about it.
    #[must_use]
    pub const fn hint(&self) -> &'static str {
        match self {
            Self::Foreign { .. } => {
                "look at the file; `--force` moves it to the backups and goes on"
            }
            Self::Io { .. } => "check who owns the folder, or run `datafog doctor`",
        }
    }

    fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { doing, path: path.to_owned(), source }
    }
}

/// The folder of links of one installation.
#[derive(Clone, Debug)]
pub struct Links {
    folder: PathBuf,
    binary: PathBuf,
    backups: PathBuf,
}

impl Links {
    /// The links in `folder` to `binary`; what is in the way goes to `backups`. The folder must
    /// lie beside the binary's, as `<root>/shims` and `<root>/bin` do.
    #[must_use]
    pub const fn new(folder: PathBuf, binary: PathBuf, backups: PathBuf) -> Self {
        Self { folder, binary, backups }
    }

    /// Where the link of that name is, whether it stands or not.
    #[must_use]
    pub fn path(&self, name: &CommandName) -> PathBuf {
        self.folder.join(name.as_str())
    }

    /// What stands there now.
    #[must_use]
    pub fn state(&self, name: &CommandName) -> LinkState {
        self.state_at(&self.path(name))
    }

    /// The names of our links, sorted. None when there is no folder.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn names(&self) -> Result<Vec<CommandName>, LinkError> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(LinkError::io("read", &self.folder)(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(LinkError::io("read", &self.folder))?;
            let file_name = entry.file_name();
            let name = file_name.to_str().and_then(|name| name.parse().ok());
            names.extend(name.filter(|_| self.state_at(&entry.path()) == LinkState::Ours));
        }
        names.sort_unstable();
        Ok(names)
    }

    /// Makes the link. With `force`, a foreign file in its place is moved to the backups first.
    ///
    /// # Errors
    /// [`LinkError::Foreign`] when something else stands there and `force` is not given, or when
    /// the operating system refuses.
    pub fn install(&self, name: &CommandName, force: bool) -> Result<LinkChange, LinkError> {
        let path = self.path(name);
        let change = match self.state_at(&path) {
            LinkState::Ours => return Ok(LinkChange::Unchanged),
            LinkState::Absent => LinkChange::Done,
            LinkState::Foreign => LinkChange::Replaced(self.move_away(name, force)?),
        };
        match symlink(LINK_TEXT, &path) {
            Ok(()) => Ok(change),
            // Another `hooks install` was quicker with the same link.
            Err(_) if self.state_at(&path) == LinkState::Ours => Ok(LinkChange::Unchanged),
            Err(error) => Err(LinkError::io("make", &path)(error)),
        }
    }

    /// Removes the link. With `force`, a foreign file in its place is moved to the backups.
    ///
    /// # Errors
    /// As [`Links::install`].
    pub fn uninstall(&self, name: &CommandName, force: bool) -> Result<LinkChange, LinkError> {
        let path = self.path(name);
        match self.state_at(&path) {
            LinkState::Absent => Ok(LinkChange::Unchanged),
            LinkState::Foreign => Ok(LinkChange::Replaced(self.move_away(name, force)?)),
            LinkState::Ours => match fs::remove_file(&path) {
                Ok(()) => Ok(LinkChange::Done),
                Err(error) => Err(LinkError::io("remove", &path)(error)),
            },
        }
    }

    /// Whether `program` is a link of ours or the binary itself, by whatever path.
    #[must_use]
    pub fn is_ours(&self, program: &Path) -> bool {
        let identity = |path: &Path| path.metadata().ok().map(|file| (file.dev(), file.ino()));
        identity(program).is_some_and(|program| identity(&self.binary) == Some(program))
    }

    fn state_at(&self, path: &Path) -> LinkState {
        let Ok(metadata) = path.symlink_metadata() else { return LinkState::Absent };
        // By its text, so that a link is known as ours while the binary is being replaced.
        let text = fs::read_link(path).ok();
        let says_so = text.is_some_and(|text| text.as_os_str() == OsStr::new(LINK_TEXT));
        if says_so || (metadata.is_symlink() && self.is_ours(path)) {
            LinkState::Ours
        } else {
            LinkState::Foreign
        }
    }

    /// Moves what stands in the way to a free name below the backups.
    fn move_away(&self, name: &CommandName, force: bool) -> Result<PathBuf, LinkError> {
        let path = self.path(name);
        if !force {
            return Err(LinkError::Foreign { path });
        }
        let folder = self.backups.join("shims");
        fs::create_dir_all(&folder).map_err(LinkError::io("make", &folder))?;
        let numbered = (1_u32..).map(|number| folder.join(format!("{name}.{number}")));
        let mut places = std::iter::once(folder.join(name.as_str())).chain(numbered);
        let free = places.find(|place| place.symlink_metadata().is_err());
        let place = free.unwrap_or_else(|| folder.join(name.as_str()));
        fs::rename(&path, &place).map_err(LinkError::io("move away", &path))?;
        Ok(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> (tempfile::TempDir, Links) {
        let root = tempfile::tempdir().unwrap();
        for folder in ["bin", "shims"] {
            fs::create_dir(root.path().join(folder)).unwrap();
        }
        fs::write(root.path().join("bin/datafog"), "").unwrap();
        let at = |name: &str| root.path().join(name);
        let links = Links::new(at("shims"), at("bin/datafog"), at("backups"));
        (root, links)
    }

    fn name(text: &str) -> CommandName {
        text.parse().unwrap()
    }

    #[test]
    fn only_plain_names_are_taken() {
        let long = "x".repeat(256);
        let refused = [
            "", ".", "..", "../x", "a/b", "/x", "-f", ".hidden", "a\nb", "a\u{7f}", "datafog",
            &long,
        ];
        for text in refused {
            assert!(text.parse::<CommandName>().is_err(), "{text:?}");
        }
        for text in ["git", "python3.11", "g++", "[", "a b", "ls-remote", "datafog2"] {
            assert_eq!(name(text).as_str(), text);
        }
        let error = "a\u{1b}[2J".parse::<CommandName>().unwrap_err().to_string();
        assert!(!error.contains('\u{1b}'), "a name must not command the terminal: {error:?}");
    }

    #[test]
    fn a_link_comes_and_goes_and_twice_is_once() {
        let (_root, links) = world();
        let git = name("git");
        assert_eq!(links.install(&git, false).unwrap(), LinkChange::Done);
        assert_eq!(links.install(&git, false).unwrap(), LinkChange::Unchanged);
        assert_eq!(fs::read_link(links.path(&git)).unwrap(), Path::new(LINK_TEXT));
        assert_eq!(links.names().unwrap(), std::slice::from_ref(&git));
        assert_eq!(links.uninstall(&git, false).unwrap(), LinkChange::Done);
        assert_eq!(links.uninstall(&git, false).unwrap(), LinkChange::Unchanged);
        assert_eq!(links.names().unwrap(), []);
    }

    #[test]
    fn a_foreign_file_is_kept() {
        let (root, links) = world();
        let git = name("git");
        for round in 0..2 {
            fs::write(links.path(&git), format!("mine {round}")).unwrap();
            assert!(matches!(links.install(&git, false), Err(LinkError::Foreign { .. })));
            assert!(matches!(links.uninstall(&git, false), Err(LinkError::Foreign { .. })));
            let LinkChange::Replaced(copy) = links.install(&git, true).unwrap() else { panic!() };
            assert_eq!(fs::read_to_string(copy).unwrap(), format!("mine {round}"));
            links.uninstall(&git, false).unwrap();
        }
        assert_eq!(fs::read_dir(root.path().join("backups/shims")).unwrap().count(), 2);
    }

    #[test]
    fn a_link_to_something_else_is_foreign_and_an_absolute_one_to_us_is_not() {
        let (root, links) = world();
        symlink("/bin/true", links.path(&name("git"))).unwrap();
        symlink(root.path().join("bin/datafog"), links.path(&name("curl"))).unwrap();
        assert_eq!(links.state(&name("git")), LinkState::Foreign);
        assert_eq!(links.names().unwrap(), [name("curl")]);
        assert!(links.is_ours(&links.path(&name("curl"))));
        assert!(!links.is_ours(Path::new("/bin/true")));
    }

    #[test]
    fn links_are_known_while_the_binary_is_away() {
        let (root, links) = world();
        links.install(&name("git"), false).unwrap();
        fs::remove_file(root.path().join("bin/datafog")).unwrap();
        assert_eq!(links.state(&name("git")), LinkState::Ours);
    }
}
