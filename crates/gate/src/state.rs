//! Settings and policy as they are in force, read once or taken from the compiled cache.
//!
//! Nothing is parsed while the files stand as they were compiled: the cache names the identity of
//! every source, this binary included, and is keyed. An installation without files of its own needs
//! no cache at all.

use std::io;
use std::path::{Path, PathBuf};

use datafog_config::{FileIdentity, Identity, Layout, Settings, read_small};
use datafog_core::{Key, Mode};
use datafog_detect::Custom;
use datafog_policy::{Layer, Policy};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::projects::{self, Project};
use crate::vocabulary::{OwnWords, wrapped};
use crate::{Error, compile};

mod cache;

pub(crate) use cache::InCache;
use cache::{Cache, Contents, Head};

/// No settings or policy that a person wrote is larger.
const MOST_TEXT: u64 = 1 << 20;

/// What is in force.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) settings: Settings,
    pub(crate) policy: Policy,
    /// Detectors and exceptions of the machine's file and the user's.
    pub(crate) custom: Option<Custom>,
    /// Policies of projects that the user trusts, the outermost folder first.
    projects: Vec<Project>,
    /// The one that is in force, by its number.
    project: Option<usize>,
    /// Why what is in force is not what the files say; a denial when decisions are carried out.
    pub(crate) fault: Option<Error>,
}

/// The files that settings and policy come from, and this binary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Sources {
    binary: FileIdentity,
    settings: Option<FileIdentity>,
    policy: Option<FileIdentity>,
    system: Option<FileIdentity>,
    trust: Option<FileIdentity>,
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
        let system = trusted(&layout.system_policy(), ROOT)?;
        let trust = trusted(&layout.trust(), user)?;
        let sources = Sources { binary, settings, policy, system, trust };
        if sources == (Sources { binary, settings: None, policy: None, system: None, trust: None })
        {
            return Ok(Self::of(Settings::default(), Policy::builtin(), None));
        }
        // What it holds is keyed; but who can change it could make every call compile anew.
        trusted(&layout.cache(), user)?;
        let earlier = match Cache::open(layout, key) {
            Some((cache, head)) if head.sources == sources => match Self::kept(&cache, head) {
                Ok(state) => return Ok(state),
                Err(projects) => projects,
            },
            Some((cache, head)) => cache.projects(&head),
            None => Vec::new(),
        };
        Self::compile(layout, sources, key, &earlier)
    }

    /// Reads the files themselves and leaves a cache for the next call.
    /// `earlier` are the projects of the last cache: what is trusted there stays in force.
    fn compile(
        layout: &Layout,
        sources: Sources,
        key: &Key,
        earlier: &[Project],
    ) -> Result<Self, Error> {
        let settings = match sources.settings {
            Some(_) => Settings::parse(&read(&layout.settings())?, &layout.settings())?,
            None => Settings::default(),
        };
        let (own, custom) = match Self::own(layout, sources) {
            Ok(own) => own,
            // Mode and limits hold even when the policy does not, so they travel with the error.
            Err(error) => {
                let state = Self::of(settings, Policy::builtin(), None);
                return Ok(Self { fault: Some(error), ..state });
            }
        };
        let words = OwnWords::of(custom.as_deref().and_then(load).as_ref(), &wrapped(layout));
        let base = own.clone().unwrap_or_else(Policy::builtin);
        let projects = match sources.trust {
            Some(_) => projects::read(&layout.trust(), &base, &words, earlier)?,
            None => Vec::new(),
        };
        let (policy, kept) = (own.as_ref(), custom.as_deref());
        let contents =
            Contents { sources, settings: &settings, policy, custom: kept, projects: &projects };
        // Without a cache the next call compiles again: slower, not wrong.
        let _written: io::Result<()> = cache::write(layout, key, contents);
        let custom = custom.as_deref().and_then(load);
        Ok(Self { projects, ..Self::of(settings, base, custom) })
    }

    /// What a cache says is in force; the projects alone when the rest cannot be read.
    fn kept(cache: &Cache, head: Head) -> Result<Self, Vec<Project>> {
        let projects = cache.projects(&head);
        let policy = match &head.policy {
            Some(kept) => cache.policy(kept),
            None => Some(Policy::builtin()),
        };
        let custom = match &head.custom {
            Some(bytes) => load(bytes).map(Some),
            None => Some(None),
        };
        match (policy, custom) {
            (Some(policy), Some(custom)) => {
                Ok(Self { projects, ..Self::of(head.settings, policy, custom) })
            }
            (None, _) | (_, None) => Err(projects),
        }
    }

    /// What the machine's file and the user's say: rules, and compiled detectors and exceptions.
    /// `None` for a policy that is the embedded one.
    fn own(layout: &Layout, sources: Sources) -> Result<(Option<Policy>, Option<Vec<u8>>), Error> {
        let text = |there: Option<FileIdentity>, path: PathBuf| {
            there.map(|_| read(&path).map(|text| (text, path))).transpose()
        };
        let system = text(sources.system, layout.system_policy())?;
        Self::laid(layout, system, text(sources.policy, layout.policy())?)
    }

    /// What would be in force, and nothing is changed, were `text` the user's file.
    ///
    /// # Errors
    /// Everything that is wrong with it, or with the machine's.
    pub(crate) fn supposing(layout: &Layout, text: &str) -> Result<Policy, Error> {
        let user = Some((text.to_owned(), layout.policy()));
        let (policy, _) = Self::laid(layout, Self::of_system(layout)?, user)?;
        Ok(policy.unwrap_or_else(Policy::builtin))
    }

    /// What is in force for whom the file at `path` stands in the place of the user's. Who calls has
    /// seen that nobody else could have written it.
    ///
    /// # Errors
    /// Everything that is wrong with it, or with the machine's.
    pub(crate) fn named(layout: &Layout, path: &Path, settings: &Settings) -> Result<Self, Error> {
        let user = Some((read(path)?, path.to_owned()));
        let (policy, custom) = Self::laid(layout, Self::of_system(layout)?, user)?;
        let custom = custom.as_deref().and_then(load);
        Ok(Self::of(settings.clone(), policy.unwrap_or_else(Policy::builtin), custom))
    }

    /// The machine's text, where it has one.
    fn of_system(layout: &Layout) -> Result<Option<(String, PathBuf)>, Error> {
        let path = layout.system_policy();
        Ok(match trusted(&path, ROOT)? {
            Some(_) => Some((read(&path)?, path)),
            None => None,
        })
    }

    /// The machine's text with the user's over it.
    fn laid(
        layout: &Layout,
        system: Option<(String, PathBuf)>,
        user: Option<(String, PathBuf)>,
    ) -> Result<(Option<Policy>, Option<Vec<u8>>), Error> {
        let (mut policy, mut custom) = (None, None);
        for (file, layer) in [(system, Layer::System), (user, Layer::User)] {
            let Some((text, path)) = file else { continue };
            let base = policy.unwrap_or_else(Policy::builtin);
            let below = (&base, custom.as_deref());
            let laid = compile::file_over(below, (&text, &path, layer), &wrapped(layout))?;
            (policy, custom) = (Some(laid.policy), laid.custom);
        }
        Ok((policy, custom))
    }

    /// The same where calls are made in `folder`: the policies of all trusted projects that it
    /// belongs to are in force, too.
    pub(crate) fn within(mut self, folder: &Path) -> Self {
        let Some(number) = projects::around(&self.projects, folder) else { return self };
        self.project = Some(number);
        match self.compiled(number) {
            Ok(policy) => self.policy = policy,
            Err(error) => self.fault = self.fault.or(Some(error)),
        }
        self
    }

    /// Whether there is any project that a call could work in.
    pub(crate) const fn has_projects(&self) -> bool {
        !self.projects.is_empty()
    }

    /// The policies of further trusted projects in which a call works, by the folders that it works
    /// in.
    pub(crate) fn beside(&self, folders: &[PathBuf]) -> Result<Vec<Policy>, Error> {
        let reached = |folder: &PathBuf| projects::reached(&self.projects, folder);
        let mut numbers: Vec<usize> = folders.iter().flat_map(reached).collect();
        numbers.sort_unstable();
        numbers.dedup();
        let further = numbers.into_iter().filter(|number| Some(*number) != self.project);
        further.map(|number| self.compiled(number)).collect()
    }

    fn compiled(&self, number: usize) -> Result<Policy, Error> {
        self.projects.get(number).map_or_else(|| Ok(self.policy.clone()), Project::compiled)
    }

    /// Policies of projects as they are, and as they would be with the file at `path` among them: the
    /// policy around its folder, and the same with `text` laid over it.
    pub(crate) fn with_project(
        self,
        (text, path): (&str, &Path),
        wrapped: &[String],
    ) -> Result<[Policy; 2], Error> {
        if let Some(error) = self.fault {
            return Err(error);
        }
        let around = |one: &&Project| path.starts_with(one.folder()) && one.path != path;
        let around = match self.projects.iter().rfind(around) {
            Some(project) => project.compiled()?,
            None => self.policy,
        };
        let words = OwnWords::of(self.custom.as_ref(), wrapped);
        let policy = compile::over(&around, (text, path, Layer::Project), &words)?;
        Ok([around, policy])
    }

    /// What is in force when the settings cannot be read: those of the last cache that is ours,
    /// whatever its age, since the mode it names was set by the user; else the defaults, which
    /// enforce.
    fn after(error: Error, layout: &Layout, key: &Key) -> Self {
        let last = Cache::open(layout, key).and_then(|(cache, head)| Self::kept(&cache, head).ok());
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
        Self { settings, policy, custom, projects: Vec::new(), project: None, fault: None }
    }

    /// The mode for one command; `asked` can only tighten it.
    pub(crate) fn mode_for(&self, command: &str, asked: Option<Mode>) -> Mode {
        self.settings.mode_for(command, asked)
    }
}

/// Who owns the machine's own files.
pub(crate) const ROOT: u32 = 0;

/// Detectors and exceptions that hold today.
fn load(bytes: &[u8]) -> Option<Custom> {
    Custom::from_bytes(bytes, Timestamp::now().as_second().div_euclid(24 * 60 * 60))
}

/// What stands at `path`, refused when others could have put it there.
pub(crate) fn trusted(path: &Path, user: u32) -> Result<Option<FileIdentity>, Error> {
    let identity = Identity::at(path)?;
    if let Some(file) = identity.file {
        file.require_trusted(path, user)?;
    }
    Ok(identity.file)
}

/// The text of a policy or settings file.
pub(crate) fn read(path: &Path) -> Result<String, Error> {
    let text = read_small(path, MOST_TEXT)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|e| io::Error::other(e.utf8_error())));
    text.map_err(|source| Error::Read { path: path.to_owned(), source })
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_config::{Trust, load_or_create_key};
    use datafog_core::Verdict;
    use datafog_policy::Given;
    use std::fs;

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
            let layout = Layout::at(folder.path()).with_system(folder.path().join("etc"));
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

    fn rule(id: &str, command: &str) -> String {
        format!(
            "[policy]\nid = \"{id}\"\nversion = \"1\"\n[[rule]]\nid = \"{id}\"\neffect = \"deny\"\n\
             reason = \"x\"\ninstead = \"y\"\n[rule.when]\ncommand = \"{command}\"\n"
        )
    }

    fn has(state: &State, id: &str) -> bool {
        state.policy.rules().iter().any(|rule| rule.id == id)
    }

    #[test]
    fn the_machines_policy_lies_below_the_users() {
        let place = Place::new();
        let system = place.layout.system_policy();
        fs::create_dir_all(system.parent().unwrap()).unwrap();
        fs::write(&system, rule("org", "curl")).unwrap();
        let owner = FileIdentity::of(&system.metadata().unwrap());
        if owner.require_trusted(&system, ROOT).is_err() {
            // Only root can write the machine's policy; anybody else's is refused.
            assert!(place.load().fault.is_some());
            return;
        }
        let state = place.load();
        assert!(state.fault.is_none() && has(&state, "org"), "{:?}", state.fault);
        let user = rule("user", "git");
        place.write(user.split_once("version = \"1\"\n").unwrap().1);
        let state = place.load();
        assert!(has(&state, "org") && has(&state, "user"), "{:?}", state.fault);
        let cached = place.load();
        assert_eq!(cached.policy.digest(), state.policy.digest());
        fs::write(&system, rule("org", "wget") + "\nlocked = 1").unwrap();
        assert!(matches!(place.load().fault, Some(Error::Policy { .. })));
    }

    #[test]
    fn a_trusted_project_tightens_below_its_folder_and_stays_as_it_was_trusted() {
        let place = Place::new();
        let root = place.layout.root().canonicalize().unwrap();
        let (outer, inner) = (root.join("team"), root.join("team/project"));
        fs::create_dir_all(&inner).unwrap();
        let files = [outer.join(compile::PROJECT_FILE), inner.join(compile::PROJECT_FILE)];
        fs::write(&files[0], rule("team", "curl")).unwrap();
        fs::write(&files[1], rule("project", "git")).unwrap();
        let mut trust = Trust::default();
        for file in &files {
            trust.add(file.clone(), &fs::read(file).unwrap());
        }
        let within = |folder: &Path| place.load().within(folder);
        assert!(!has(&within(&inner), "project"), "nobody trusts it yet");
        fs::write(place.layout.trust(), trust.to_toml()).unwrap();
        let state = within(&inner.join("src"));
        assert!(has(&state, "team") && has(&state, "project"), "{:?}", state.fault);
        assert!(has(&within(&outer), "team") && !has(&within(&outer), "project"));
        assert!(!has(&within(&root), "team"));
        // What is changed afterwards changes nothing until it is trusted anew.
        fs::write(&files[1], rule("other", "git")).unwrap();
        fs::remove_file(&files[0]).unwrap();
        fs::write(place.layout.settings(), "mode = \"enforced\"").unwrap();
        let state = within(&inner);
        assert!(has(&state, "team") && has(&state, "project") && !has(&state, "other"));
        // Without the cache nobody knows what was trusted: nothing runs there, all else does.
        fs::remove_dir_all(place.layout.cache()).unwrap();
        assert!(matches!(within(&inner).fault, Some(Error::Project { .. })));
        assert!(within(&root).fault.is_none());
    }

    #[test]
    fn a_project_that_loosens_is_refused() {
        let place = Place::new();
        let root = place.layout.root().canonicalize().unwrap();
        let file = root.join(compile::PROJECT_FILE);
        let text = "[policy]\nid = \"p\"\nversion = \"1\"\n[[rule]]\nid = \"p\"\neffect = \"allow\"\n\
                    reason = \"x\"\noverrides = [\"no-secret-egress\"]\n[rule.when]\ncommand = \"curl\"\n";
        fs::write(&file, text).unwrap();
        let mut trust = Trust::default();
        trust.add(file, text.as_bytes());
        fs::write(place.layout.trust(), trust.to_toml()).unwrap();
        assert!(matches!(place.load().within(&root).fault, Some(Error::Project { .. })));
    }

    #[test]
    fn a_cache_is_used_until_a_source_changes() {
        let place = Place::new();
        place.write("");
        let first = place.load();
        assert!(first.fault.is_none(), "{:?}", first.fault);
        let written = fs::read(cache::path(&place.layout)).unwrap();
        assert_eq!(place.load().policy.digest(), first.policy.digest());
        assert_eq!(fs::read(cache::path(&place.layout)).unwrap(), written, "read, not written");
        fs::write(place.layout.settings(), "mode = \"observe\"").unwrap();
        assert_eq!(place.load().settings.mode, Mode::Observe);
        assert_ne!(fs::read(cache::path(&place.layout)).unwrap(), written);
    }

    #[test]
    fn a_cache_that_is_not_ours_is_compiled_anew() {
        let place = Place::new();
        fs::write(place.layout.settings(), "mode = \"enforced\"").unwrap();
        place.load();
        let good = fs::read(cache::path(&place.layout)).unwrap();
        let mut forged = good.clone();
        *forged.last_mut().unwrap() ^= 1;
        for bad in [forged, good[..good.len() / 2].to_vec(), b"dfcache9".to_vec(), Vec::new()] {
            fs::write(cache::path(&place.layout), bad).unwrap();
            let state = place.load();
            assert!(state.fault.is_none() && state.settings.mode == Mode::Enforced);
            assert_eq!(fs::read(cache::path(&place.layout)).unwrap(), good, "mended");
        }
    }

    #[test]
    fn damage_behind_the_head_denies_what_reaches_it_once() {
        let place = Place::new();
        let many: Vec<String> = (0..120)
            .map(|at| rule_of(at, &format!("command = \"curl\"\ncwd = \"/{at}\"")))
            .collect();
        place.write(&(many.concat() + &rule_of(120, "command = \"git\"")));
        let first = place.load();
        assert!(first.fault.is_none(), "{:?}", first.fault);
        let good = fs::read(cache::path(&place.layout)).unwrap();
        let call = |command: &str| {
            let decision = place.load().policy.decide(&Given::command(command, "/"));
            (decision.verdict, decision.reason.into_owned())
        };
        assert_eq!(call("git"), (Verdict::Deny, String::from("x")));
        for at in (0..good.len()).step_by(997) {
            let mut bad = good.clone();
            bad[at] ^= 0x20;
            fs::write(cache::path(&place.layout), &bad).unwrap();
            let (verdict, reason) = call("git");
            assert_eq!(verdict, Verdict::Deny, "byte {at}");
            let reached = reason == "the compiled policy is damaged";
            assert!(reached || reason == "x", "byte {at}: {reason}");
            assert_eq!(call("git").1, "x", "byte {at}: the next call compiled it anew");
        }
    }

    fn rule_of(number: u32, when: &str) -> String {
        format!(
            "[[rule]]\nid = \"r{number}\"\neffect = \"deny\"\nreason = \"x\"\n\
             instead = \"y\"\n[rule.when]\n{when}\n"
        )
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
        nix::unistd::mkfifo(&cache::path(&place.layout), nix::sys::stat::Mode::S_IRWXU).unwrap();
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
