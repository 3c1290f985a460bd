//! Settings and policy as they are in force, read once or taken from the compiled cache.
//!
//! Nothing is parsed while the files stand as they were compiled: the cache names the identity of
//! every source, this binary included, and is keyed, so a stale or forged one is simply compiled
//! anew. An installation without files of its own needs no cache at all.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use datafog_config::{FileIdentity, Identity, Layout, Settings, read_small};
use datafog_core::{Key, Mode};
use datafog_detect::Custom;
use datafog_policy::Policy;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Error, compile};

/// First bytes of a cache file; changes with its form.
const MAGIC: &[u8; 8] = b"dfcache3";

/// Length of the keyed digest after the magic bytes.
const TAG_BYTES: usize = 32;

/// No cache is larger; a file that is was not written by us.
const MOST_BYTES: u64 = 64 << 20;

/// No settings or policy that a person wrote is larger.
const MOST_TEXT: u64 = 1 << 20;

/// What is in force.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) policy: Policy,
    /// Detectors and exceptions of the user's.
    pub(crate) custom: Option<Custom>,
    /// Why what is in force is not what the files say; a denial when decisions are carried out.
    pub(crate) fault: Option<Error>,
}

/// The files that settings and policy come from, and this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sources {
    binary: FileIdentity,
    settings: Option<FileIdentity>,
    policy: Option<FileIdentity>,
}

/// What the cache holds after its head.
#[derive(Serialize, Deserialize)]
struct Compiled {
    sources: Sources,
    settings: Settings,
    /// The policy in its own compiled form; `None` for the embedded one.
    policy: Option<Vec<u8>>,
    /// Detectors and exceptions in their own compiled form.
    custom: Option<Vec<u8>>,
}

impl State {
    /// What is in force for this installation now. A failure is part of the answer, since even
    /// then somebody must decide by mode.
    pub(crate) fn load(layout: &Layout, binary: FileIdentity, user: u32, key: &Key) -> Self {
        match Self::try_load(layout, binary, user, key) {
            Ok(state) => state,
            Err(error) => Self::after(error, layout, key),
        }
    }

    fn try_load(
        layout: &Layout,
        binary: FileIdentity,
        user: u32,
        key: &Key,
    ) -> Result<Self, Error> {
        let settings = trusted(&layout.settings(), user)?;
        let policy = trusted(&layout.policy(), user)?;
        if settings.is_none() && policy.is_none() {
            return Ok(Self::of(Settings::default(), Policy::builtin(), None));
        }
        // What it holds is keyed; but who can change it could make every call compile anew.
        trusted(&layout.cache(), user)?;
        let sources = Sources { binary, settings, policy };
        if let Some(compiled) = read_cache(layout, key)
            && compiled.sources == sources
            && let Some(state) = compiled.into_state()
        {
            return Ok(state);
        }
        Self::compile(layout, sources, key)
    }

    /// Reads the files themselves and leaves a cache for the next call.
    fn compile(layout: &Layout, sources: Sources, key: &Key) -> Result<Self, Error> {
        let settings = match sources.settings {
            Some(_) => Settings::parse(&read(&layout.settings())?, &layout.settings())?,
            None => Settings::default(),
        };
        let own = match sources.policy {
            // Mode and limits hold even when the policy does not, so they travel with the error.
            Some(_) => match Self::own(&layout.policy()) {
                Ok((policy, custom)) => (Some(policy), custom),
                Err(error) => {
                    return Ok(Self {
                        fault: Some(error),
                        ..Self::of(settings, Policy::builtin(), None)
                    });
                }
            },
            None => (None, None),
        };
        let (own, custom) = own;
        let bytes = own.as_ref().map(|policy| policy.to_bytes().to_vec());
        let compiled = Compiled { sources, settings, policy: bytes, custom };
        // Without a cache the next call compiles again: slower, not wrong.
        let _written: io::Result<()> = write_cache(layout, key, &compiled);
        let custom = compiled.custom.as_deref().and_then(load);
        Ok(Self::of(compiled.settings, own.unwrap_or_else(Policy::builtin), custom))
    }

    /// What the user's file says: rules, and compiled detectors and exceptions.
    fn own(path: &Path) -> Result<(Policy, Option<Vec<u8>>), Error> {
        let text = read(path)?;
        Ok((compile::policy(&text, path)?, compile::custom(&text, path)?))
    }

    /// What is in force when the settings cannot be read: those of the last cache that is ours,
    /// whatever its age, since the mode it names was set by the user; else the defaults, which
    /// enforce.
    fn after(error: Error, layout: &Layout, key: &Key) -> Self {
        let last = read_cache(layout, key).and_then(Compiled::into_state);
        let state = last.unwrap_or_else(|| Self::of(Settings::default(), Policy::builtin(), None));
        Self { fault: Some(error), ..state }
    }

    /// The mode when there is no key, and so no cache that could be trusted.
    pub(crate) fn mode_without_key(
        layout: &Layout,
        user: u32,
        command: &str,
        asked: Option<Mode>,
    ) -> Mode {
        let read = || -> Result<Settings, Error> {
            match trusted(&layout.settings(), user)? {
                Some(_) => Ok(Settings::parse(&read(&layout.settings())?, &layout.settings())?),
                None => Ok(Settings::default()),
            }
        };
        read().unwrap_or_default().mode_for(command, asked)
    }

    const fn of(settings: Settings, policy: Policy, custom: Option<Custom>) -> Self {
        Self { settings, policy, custom, fault: None }
    }

    /// The mode for one command; `asked` can only tighten it.
    pub(crate) fn mode_for(&self, command: &str, asked: Option<Mode>) -> Mode {
        self.settings.mode_for(command, asked)
    }
}

impl Compiled {
    fn into_state(self) -> Option<State> {
        let policy = match self.policy {
            Some(bytes) => Policy::from_bytes(bytes).ok()?,
            None => Policy::builtin(),
        };
        let custom = match self.custom {
            Some(bytes) => Some(load(&bytes)?),
            None => None,
        };
        Some(State::of(self.settings, policy, custom))
    }
}

/// Detectors and exceptions that hold today.
fn load(bytes: &[u8]) -> Option<Custom> {
    Custom::from_bytes(bytes, Timestamp::now().as_second().div_euclid(24 * 60 * 60))
}

/// What stands at `path`, refused when others could have put it there.
fn trusted(path: &Path, user: u32) -> Result<Option<FileIdentity>, Error> {
    let identity = Identity::at(path)?;
    if let Some(file) = identity.file {
        file.require_trusted(path, user)?;
    }
    Ok(identity.file)
}

fn read(path: &Path) -> Result<String, Error> {
    let text = read_small(path, MOST_TEXT)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|e| io::Error::other(e.utf8_error())));
    text.map_err(|source| Error::Read { path: path.to_owned(), source })
}

fn cache_file(layout: &Layout) -> PathBuf {
    layout.cache().join("state")
}

/// The cache, when there is one and its tag is ours.
fn read_cache(layout: &Layout, key: &Key) -> Option<Compiled> {
    let bytes = read_small(&cache_file(layout), MOST_BYTES).ok()?;
    let (tag, body) = bytes.strip_prefix(MAGIC)?.split_at_checked(TAG_BYTES)?;
    let ours = key.digest("cache", [body]).as_bytes() == tag;
    if ours { postcard::from_bytes(body).ok() } else { None }
}

/// Replaces the cache whole; two writers at once are harmless.
fn write_cache(layout: &Layout, key: &Key, compiled: &Compiled) -> io::Result<()> {
    let body = postcard::to_allocvec(compiled).map_err(io::Error::other)?;
    let path = cache_file(layout);
    let draft = path.with_extension(std::process::id().to_string());
    fs::create_dir_all(layout.cache())?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(MAGIC)?;
    file.write_all(key.digest("cache", [body.as_slice()]).as_bytes())?;
    file.write_all(&body)?;
    fs::rename(draft, path)
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_config::load_or_create_key;

    struct Place {
        _folder: tempfile::TempDir,
        layout: Layout,
        key: Key,
        binary: FileIdentity,
        user: u32,
    }

    impl Place {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let layout = Layout::at(folder.path());
            let user = nix::unistd::geteuid().as_raw();
            let key = load_or_create_key(&layout.key(), user).unwrap();
            let binary = FileIdentity::of(&folder.path().metadata().unwrap());
            Self { _folder: folder, layout, key, binary, user }
        }

        fn write(&self, policy: &str) {
            let head = "[policy]\nid = \"own\"\nversion = \"1\"\n";
            fs::write(self.layout.policy(), format!("{head}{policy}")).unwrap();
        }

        fn load(&self) -> State {
            State::load(&self.layout, self.binary, self.user, &self.key)
        }
    }

    #[test]
    fn without_files_the_embedded_policy_is_in_force_and_no_cache_is_made() {
        let place = Place::new();
        let state = place.load();
        assert_eq!(state.policy.digest(), Policy::builtin().digest());
        assert!(state.fault.is_none() && !place.layout.cache().exists());
    }

    #[test]
    fn a_cache_is_used_until_a_source_changes() {
        let place = Place::new();
        place.write("");
        let first = place.load();
        assert!(first.fault.is_none(), "{:?}", first.fault);
        let written = fs::read(cache_file(&place.layout)).unwrap();
        assert_eq!(place.load().policy.digest(), first.policy.digest());
        assert_eq!(fs::read(cache_file(&place.layout)).unwrap(), written, "read, not written");
        fs::write(place.layout.settings(), "mode = \"observe\"").unwrap();
        assert_eq!(place.load().settings.mode, Mode::Observe);
        assert_ne!(fs::read(cache_file(&place.layout)).unwrap(), written);
    }

    #[test]
    fn a_cache_that_is_not_ours_is_compiled_anew() {
        let place = Place::new();
        fs::write(place.layout.settings(), "mode = \"enforced\"").unwrap();
        place.load();
        let good = fs::read(cache_file(&place.layout)).unwrap();
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        for bad in [forged, good[..good.len() / 2].to_vec(), b"dfcache3".to_vec(), Vec::new()] {
            fs::write(cache_file(&place.layout), bad).unwrap();
            let state = place.load();
            assert!(state.fault.is_none() && state.settings.mode == Mode::Enforced);
            assert_eq!(fs::read(cache_file(&place.layout)).unwrap(), good, "mended");
        }
    }

    #[test]
    fn broken_settings_keep_the_mode_that_was_set_last() {
        let place = Place::new();
        fs::write(place.layout.settings(), "mode = \"observe\"").unwrap();
        assert!(place.load().fault.is_none());
        fs::write(place.layout.settings(), "mode = \"obs").unwrap();
        let state = place.load();
        assert_eq!(state.settings.mode, Mode::Observe);
        assert!(matches!(state.fault, Some(Error::Config(_))), "{:?}", state.fault);
        fs::remove_dir_all(place.layout.cache()).unwrap();
        assert_eq!(place.load().settings.mode, Mode::Enforced, "nothing says otherwise");
    }

    #[test]
    fn pipes_and_huge_files_are_faults_that_nobody_waits_for() {
        for name in ["config.toml", "policy.toml"] {
            let place = Place::new();
            let path = place.layout.root().join(name);
            nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).unwrap();
            assert!(matches!(place.load().fault, Some(Error::Read { .. })), "{name}");
            fs::remove_file(&path).unwrap();
            fs::File::create(&path).unwrap().set_len(3 << 30).unwrap();
            assert!(matches!(place.load().fault, Some(Error::Read { .. })), "{name}");
        }
        let place = Place::new();
        place.write("");
        fs::create_dir(place.layout.cache()).unwrap();
        nix::unistd::mkfifo(&cache_file(&place.layout), nix::sys::stat::Mode::S_IRWXU).unwrap();
        assert!(place.load().fault.is_none(), "compiled anew");
    }

    #[test]
    fn a_cache_that_others_can_change_is_not_used() {
        use std::os::unix::fs::PermissionsExt;
        let place = Place::new();
        place.write("");
        assert!(place.load().fault.is_none());
        fs::set_permissions(place.layout.cache(), fs::Permissions::from_mode(0o777)).unwrap();
        assert!(matches!(place.load().fault, Some(Error::Config(_))));
    }

    #[test]
    fn a_broken_policy_is_a_fault_under_the_settings_in_force() {
        let place = Place::new();
        fs::write(place.layout.settings(), "mode = \"observe\"").unwrap();
        place.write("[[rule]]\nid = \"x\"\neffect = \"deny\"\nreason = \"r\"\nwhen = { comand = \"git\" }\n");
        let state = place.load();
        assert_eq!(state.settings.mode, Mode::Observe);
        let Some(Error::Policy { diagnostics, .. }) = state.fault else { panic!("no fault") };
        assert_eq!(diagnostics[0].line, 8, "{}", diagnostics[0]);
    }
}
