//! Policies by name, for credentials that have one of their own.
//!
//! Each is a file of `<root>/policies`, which takes the place of `policy.toml` for whoever has it: it stands
//! over the embedded policy and the machine's. All of them are looked at again when the policy file is; one
//! that no longer loads leaves its last good text in force and is told, and one that is gone judges nothing
//! any more: who has it gets no answer.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafog_config::{FileIdentity, Layout, Settings};

use crate::Error;
use crate::state::{ROOT, State, trusted};

/// Most policies that have names.
const MOST: usize = 256;

/// Longest name.
const LONGEST: usize = 64;

/// What a file of a policy ends with.
const END: &str = "toml";

/// All policies that have names, as they are in force.
#[derive(Debug, Default)]
pub(super) struct Named(BTreeMap<String, One>);

#[derive(Debug)]
struct One {
    /// Which files it was made of: its own, and the machine's beneath it.
    of: [Option<FileIdentity>; 2],
    /// What is in force; `None` where it never loaded.
    state: Option<State>,
    /// Why that is not what the file says.
    stale: Option<String>,
}

impl Named {
    /// What the folder holds now. What has not changed is kept.
    pub(super) fn look(&mut self, layout: &Layout, user: u32, settings: &Settings) {
        let mut before = core::mem::take(&mut self.0);
        for (name, path) in files(layout) {
            let kept = before.remove(&name);
            self.0.insert(name, One::look(kept, (&path, user), layout, settings));
        }
    }

    /// The policy of that name.
    ///
    /// # Errors
    /// When there is none, or it never loaded.
    pub(super) fn state(&self, name: &str) -> Result<&State, Error> {
        let state = self.0.get(name).and_then(|one| one.state.as_ref());
        state.ok_or_else(|| Error::NoPolicy { name: name.to_owned() })
    }

    /// Why one of them is not what its file says.
    pub(super) fn stale(&self) -> Option<&str> {
        self.0.values().find_map(|one| one.stale.as_deref())
    }
}

impl One {
    fn look(
        kept: Option<Self>,
        (path, user): (&Path, u32),
        layout: &Layout,
        settings: &Settings,
    ) -> Self {
        let seen = || Ok([trusted(path, user)?, trusted(&layout.system_policy(), ROOT)?]);
        let of = match seen() {
            Ok(of) => of,
            Err(error) => return Self::broken(kept, [None, None], &error),
        };
        let is_same = |kept: &Self| kept.of == of && kept.of[0].is_some();
        match kept {
            Some(mut kept) if is_same(&kept) => {
                if let Some(state) = kept.state.as_mut().filter(|it| it.settings != *settings) {
                    state.settings = settings.clone();
                }
                kept
            }
            kept => match State::named(layout, path, settings) {
                Ok(state) => Self { of, state: Some(state), stale: None },
                Err(error) => Self::broken(kept, of, &error),
            },
        }
    }

    /// What cannot be loaded leaves what was.
    fn broken(kept: Option<Self>, of: [Option<FileIdentity>; 2], error: &Error) -> Self {
        let state = kept.and_then(|kept| kept.state);
        Self { of, state, stale: Some(error.in_full()) }
    }
}

/// The files of policies, by name. Without a folder there is none.
fn files(layout: &Layout) -> Vec<(String, PathBuf)> {
    let entries = fs::read_dir(layout.policies()).into_iter().flatten();
    let mut files: Vec<(String, PathBuf)> = entries
        .filter_map(io::Result::ok)
        .filter_map(|entry| {
            let path = entry.path();
            let name = path.file_stem()?.to_str()?.to_owned();
            let is_one = path.extension().is_some_and(|end| end == END) && is_name(&name);
            is_one.then_some((name, path))
        })
        .collect();
    files.sort_unstable();
    files.truncate(MOST);
    files
}

/// Whether a policy can be called that.
fn is_name(name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
    !name.is_empty() && name.len() <= LONGEST && name.bytes().all(plain)
}

/// The file of the policy of that name, where one can be called that.
pub(crate) fn path_of(layout: &Layout, name: &str) -> Option<PathBuf> {
    is_name(name).then(|| layout.policies().join(name).with_extension(END))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy(effect: &str) -> String {
        format!(
            "[policy]\nid = \"strict\"\nversion = \"1\"\n\n[[rule]]\nid = \"one\"\n\
             effect = \"{effect}\"\nreason = \"not here\"\ninstead = \"ask\"\n\
             match = [\"kubectl x\"]\n[rule.when]\ncommand = \"kubectl\"\n"
        )
    }

    #[test]
    fn what_is_there_is_in_force_and_what_is_gone_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let layout = Layout::at(folder.path()).with_system(folder.path().join("etc"));
        let user = nix::unistd::geteuid().as_raw();
        let (mut named, settings) = (Named::default(), Settings::default());
        named.look(&layout, user, &settings);
        assert!(matches!(named.state("strict"), Err(Error::NoPolicy { .. })));
        fs::create_dir(layout.policies()).unwrap();
        let path = path_of(&layout, "strict").unwrap();
        fs::write(&path, policy("deny")).unwrap();
        named.look(&layout, user, &settings);
        assert_eq!(named.state("strict").unwrap().policy.id(), "strict");
        let digest = named.state("strict").unwrap().policy.digest();
        fs::write(&path, "nonsense").unwrap();
        named.look(&layout, user, &settings);
        assert_eq!(named.state("strict").unwrap().policy.digest(), digest, "the last good one");
        assert!(named.stale().is_some_and(|why| why.contains("strict.toml")));
        fs::write(&path, policy("require_approval")).unwrap();
        named.look(&layout, user, &settings);
        assert_ne!(named.state("strict").unwrap().policy.digest(), digest);
        assert!(named.stale().is_none());
        fs::remove_file(&path).unwrap();
        named.look(&layout, user, &settings);
        assert!(named.state("strict").is_err());
    }

    #[test]
    fn a_name_is_no_path() {
        let layout = Layout::at("/r");
        for name in ["", ".", "..", "../policy", "a/b", "a.b", "a b", &"x".repeat(65)] {
            assert!(path_of(&layout, name).is_none(), "{name}");
        }
        let path = path_of(&layout, "ci-2_x").unwrap();
        assert_eq!(path, Path::new("/r/policies/ci-2_x.toml"));
    }
}
