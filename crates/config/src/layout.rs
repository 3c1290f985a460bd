//! The installation's folders and files.

use std::io;
use std::path::{Path, PathBuf};

use crate::{EnvVars, Error, FileIdentity, Host, Identity};

/// Name of the one binary below `bin`.
const BINARY: &str = "datafog";

/// Where everything of one installation is.
///
/// ```text
/// <root>/bin/datafog          the one binary
/// <root>/shims/<name>         symbolic links to it
/// <root>/config.toml          settings
/// <root>/policy.toml          the user's policy
/// <root>/policy.schema.json   what editors know about policies
/// <root>/trust.toml           project policies that may tighten, by digest
/// <root>/users.toml           who the users are: names, groups, tenants
/// <root>/key                  32 random bytes
/// <root>/cache/               what was compiled from settings and policy
/// <root>/rate/                how often calls came, for rules that ask
/// <root>/taint/              what sessions have made of secrets, where settings ask for it
/// <root>/approvals/           what a person was asked, and what they answered
/// <root>/git/                 links to git's own programs, among which `git` is the wrapper
/// <root>/receipts/            the ledger
/// <root>/env, env.fish, env.nu   lines that put the shims first on PATH
/// <root>/backups/             foreign files as they were before we added a line
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
    system: PathBuf,
}

/// Where the machine's own files are.
const SYSTEM: &str = "/etc/datafog";

impl Layout {
    /// The layout below `root`, whether it exists or not.
    #[must_use]
    pub fn at(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into(), system: PathBuf::from(SYSTEM) }
    }

    /// The installation that the running binary belongs to, and the binary's identity.
    ///
    /// It is found from the kernel's name for the running file, never from a variable that a
    /// governed process could set.
    ///
    /// # Errors
    /// [`Error::NotInstalled`] when the file is not a `bin/datafog`, [`Error::Untrusted`] when it, its
    /// folder, the root or the folder of the shims could be changed by anybody but `user` and root.
    pub fn of_running_binary(user: u32) -> Result<(Self, FileIdentity), Error> {
        let binary = running_binary()?;
        let root = root_of(&binary).ok_or_else(|| Error::NotInstalled { path: binary.clone() })?;
        let layout = Self::at(root);
        let identity = look_at(&binary)?;
        identity.require_trusted(&binary, user)?;
        layout.require_trusted(user)?;
        Ok((layout, identity))
    }

    /// Refuses an installation that somebody other than `user` or root could change: by its root, or
    /// the folder of its binary or of its shims. What is not there yet cannot be changed.
    ///
    /// # Errors
    /// [`Error::Untrusted`] with the reason.
    pub fn require_trusted(&self, user: u32) -> Result<(), Error> {
        for folder in [self.root.clone(), self.root.join("bin"), self.shims()] {
            if let Some(identity) = Identity::at(&folder)?.file {
                identity.require_trusted(&folder, user)?;
            }
        }
        Ok(())
    }

    /// The installation that a management command works on: that of the running binary, else the
    /// one that `DATAFOG_HOME` names, else `.datafog` in the user's home. It need not exist yet.
    ///
    /// A binary in a folder of programs that everybody shares (`/usr/local/bin`, `~/.local/bin`)
    /// belongs to no installation: it installs a copy of itself.
    ///
    /// Nothing is checked here: `doctor` must be able to look at what is not to be trusted.
    ///
    /// # Errors
    /// When the running binary cannot be found, or [`Error::NoHome`] when there is no home.
    pub fn for_management(host: &Host) -> Result<Self, Error> {
        let named =
            || host.variable(EnvVars::HOME).map(Path::new).filter(|path| path.is_absolute());
        let (binary, home) = (running_binary()?, host.management_home());
        let own = root_of(&binary).filter(|root| !is_shared(root, home.as_deref()));
        if let Some(root) = own.or_else(named) {
            return Ok(Self::at(root));
        }
        Ok(Self::at(home.ok_or(Error::NoHome)?.join(".datafog")))
    }

    /// Whether a real path is that of the binary of an installation, this one or another.
    #[must_use]
    pub fn is_binary(path: &Path) -> bool {
        root_of(path).is_some()
    }

    /// The root itself.
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// `<root>/bin/datafog`.
    #[must_use]
    pub fn binary(&self) -> PathBuf {
        self.root.join("bin").join(BINARY)
    }

    /// `<root>/shims`.
    #[must_use]
    pub fn shims(&self) -> PathBuf {
        self.root.join("shims")
    }

    /// `<root>/config.toml`.
    #[must_use]
    pub fn settings(&self) -> PathBuf {
        self.root.join("config.toml")
    }

    /// `<root>/policy.toml`.
    #[must_use]
    pub fn policy(&self) -> PathBuf {
        self.root.join("policy.toml")
    }

    /// `<root>/policies`: policies by name, for keys of the server that have one of their own.
    #[must_use]
    pub fn policies(&self) -> PathBuf {
        self.root.join("policies")
    }

    /// `<root>/pulled.json`: which policy of a server stands in the policy file. It is written when the
    /// server said so last.
    #[must_use]
    pub fn pulled(&self) -> PathBuf {
        self.root.join("pulled.json")
    }

    /// `<root>/pulled.failed`: why the last try to have a policy from the server failed.
    #[must_use]
    pub fn not_pulled(&self) -> PathBuf {
        self.root.join("pulled.failed")
    }

    /// `/etc/datafog/policy.toml`, the policy of the whole machine.
    #[must_use]
    pub fn system_policy(&self) -> PathBuf {
        self.system.join("policy.toml")
    }

    /// `<root>/users.toml`: what the system's own files do not say of users.
    #[must_use]
    pub fn users(&self) -> PathBuf {
        self.root.join("users.toml")
    }

    /// `/etc/datafog/users.toml`, the same for the whole machine.
    #[must_use]
    pub fn system_users(&self) -> PathBuf {
        self.system.join("users.toml")
    }

    /// The same layout with the machine's own files in another folder, for tests.
    #[must_use]
    pub fn with_system(self, system: impl Into<PathBuf>) -> Self {
        Self { system: system.into(), ..self }
    }

    /// `<root>/key`.
    #[must_use]
    pub fn key(&self) -> PathBuf {
        self.root.join("key")
    }

    /// `<root>/policy.schema.json`.
    #[must_use]
    pub fn schema(&self) -> PathBuf {
        self.root.join("policy.schema.json")
    }

    /// `<root>/trust.toml`.
    #[must_use]
    pub fn trust(&self) -> PathBuf {
        self.root.join("trust.toml")
    }

    /// `<root>/cache`.
    #[must_use]
    pub fn cache(&self) -> PathBuf {
        self.root.join("cache")
    }

    /// `<root>/receipts`.
    #[must_use]
    pub fn receipts(&self) -> PathBuf {
        self.root.join("receipts")
    }

    /// `<root>/backups`.
    #[must_use]
    pub fn backups(&self) -> PathBuf {
        self.root.join("backups")
    }

    /// `<root>/rate`, where calls are counted.
    #[must_use]
    pub fn rate(&self) -> PathBuf {
        self.root.join("rate")
    }

    /// `<root>/counting`, since when calls are counted.
    #[must_use]
    pub fn counting(&self) -> PathBuf {
        self.root.join("counting")
    }

    /// `<root>/taint`, what sessions have made of secrets.
    #[must_use]
    pub fn taint(&self) -> PathBuf {
        self.root.join("taint")
    }

    /// `<root>/approvals`, what a person was asked.
    #[must_use]
    pub fn approvals(&self) -> PathBuf {
        self.root.join("approvals")
    }

    /// `<root>/git`: folders of links to git's own programs, one for each git.
    #[must_use]
    pub fn git(&self) -> PathBuf {
        self.root.join("git")
    }

    /// Every place by name, for `datafog paths`.
    #[must_use]
    pub fn places(&self) -> Vec<(&'static str, PathBuf)> {
        vec![
            ("root", self.root.clone()),
            ("binary", self.binary()),
            ("env", self.root.join("env")),
            ("shims", self.shims()),
            ("settings", self.settings()),
            ("policy", self.policy()),
            ("policies of keys", self.policies()),
            ("system policy", self.system_policy()),
            ("trust", self.trust()),
            ("users", self.users()),
            ("system users", self.system_users()),
            ("key", self.key()),
            ("cache", self.cache()),
            ("receipts", self.receipts()),
            ("approvals", self.approvals()),
            ("git", self.git()),
            ("backups", self.backups()),
        ]
    }
}

/// The file this process runs, by the kernel's word.
fn running_binary() -> Result<PathBuf, Error> {
    std::env::current_exe().map_err(Error::io("find", "/proc/self/exe"))
}

fn root_of(binary: &Path) -> Option<&Path> {
    let folder = binary.parent()?;
    let fits = binary.file_name()? == BINARY && folder.file_name()? == "bin";
    folder.parent().filter(|_| fits)
}

/// Whether `root` is where programs of all kinds are installed, so that it cannot be ours alone.
fn is_shared(root: &Path, home: Option<&Path>) -> bool {
    let system = ["/", "/usr", "/usr/local", "/opt/homebrew", "/home/linuxbrew/.linuxbrew"];
    let own = |home: &Path| ["", ".local", ".cargo"].iter().any(|below| root == home.join(below));
    system.iter().any(|shared| root == Path::new(shared)) || home.is_some_and(own)
}

fn look_at(path: &Path) -> Result<FileIdentity, Error> {
    let seen: io::Result<_> = path.metadata();
    seen.map(|metadata| FileIdentity::of(&metadata)).map_err(Error::io("look at", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_bin_datafog_has_a_root() {
        assert_eq!(root_of(Path::new("/x/bin/datafog")), Some(Path::new("/x")));
        assert_eq!(root_of(Path::new("/x/bin/datafog2")), None);
        assert_eq!(root_of(Path::new("/x/target/datafog")), None);
        assert_eq!(root_of(Path::new("datafog")), None);
    }

    #[test]
    fn folders_of_everybody_are_no_installation() {
        let home = Some(Path::new("/home/ann"));
        for root in ["/", "/usr", "/usr/local", "/home/ann", "/home/ann/.local"] {
            assert!(is_shared(Path::new(root), home), "{root}");
        }
        for root in ["/home/ann/.datafog", "/opt/datafog", "/home/bob/.local"] {
            assert!(!is_shared(Path::new(root), home), "{root}");
        }
    }

    #[test]
    fn a_test_program_is_no_installation() {
        let user = nix::unistd::geteuid().as_raw();
        assert!(matches!(Layout::of_running_binary(user), Err(Error::NotInstalled { .. })));
    }
}
