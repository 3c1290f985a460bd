//! The words that profiles and detectors give a policy to use.

use std::fs;

use datafog_config::Layout;
use datafog_core::Flows;
use datafog_detect::Custom;
use datafog_policy::Vocabulary;

use crate::{circumstance, taint};

/// Names of programs that have no profile, one a line: a policy that names one has made no slip.
const PROGRAMS: &str = include_str!("programs.txt");

/// Everything that is known here about commands and entity types.
#[derive(Clone, Copy, Debug)]
pub struct KnownWords;

impl Vocabulary for KnownWords {
    fn commands(&self) -> Vec<&str> {
        datafog_shim::profiles().map(|profile| profile.name).collect()
    }

    fn profile_of(&self, command: &str) -> Option<&str> {
        Some(datafog_shim::profile(command)?.name)
    }

    fn is_program(&self, name: &str) -> bool {
        PROGRAMS.lines().any(|known| known == name)
    }

    fn roles(&self) -> Vec<&str> {
        datafog_shim::roles()
    }

    fn families(&self) -> Vec<&str> {
        datafog_shim::families()
    }

    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        Some(datafog_shim::profile(command)?.spellings())
    }

    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        datafog_shim::profile(command)?.subcommands()
    }

    fn has_subcommands(&self, command: &str) -> Option<bool> {
        Some(datafog_shim::profile(command)?.has_subcommands())
    }

    fn family(&self, command: &str) -> Option<&str> {
        Some(datafog_shim::profile(command)?.family)
    }

    fn flows(&self, command: &str) -> Option<Flows> {
        datafog_shim::profile(command)?.flows()
    }

    fn has_zone(&self, name: &str) -> bool {
        circumstance::zone(name).is_some()
    }

    fn rewrites(&self) -> Vec<&str> {
        datafog_rewrite::builtins().iter().map(|one| one.name).collect()
    }

    fn detectors(&self) -> Vec<&str> {
        let known = datafog_detect::detectors().iter().map(|detector| detector.id);
        known.chain([taint::DETECTOR]).collect()
    }

    fn entities(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            datafog_detect::detectors().iter().map(|detector| detector.entity).collect();
        names.extend([taint::CONTENT, taint::SESSION]);
        names.sort_unstable();
        names.dedup();
        names
    }
}

/// The same, ids and entity types of the user's own detectors, and programs that the user wraps.
#[derive(Clone, Debug, Default)]
pub(crate) struct OwnWords {
    ids: Vec<String>,
    entities: Vec<String>,
    wrapped: Vec<String>,
}

/// Names of the programs that an installation wraps; none where that cannot be told. Not for the hot
/// path.
pub(crate) fn wrapped(layout: &Layout) -> Vec<String> {
    let entries = fs::read_dir(layout.shims()).into_iter().flatten().flatten();
    entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()
}

impl OwnWords {
    /// The words of a user's policy.
    pub(crate) fn of(custom: Option<&Custom>, wrapped: &[String]) -> Self {
        let own = || custom.into_iter().flat_map(Custom::detectors);
        Self {
            ids: own().map(|detector| detector.id.clone()).collect(),
            entities: own().map(|detector| detector.entity.clone()).collect(),
            wrapped: wrapped.to_vec(),
        }
    }
}

impl Vocabulary for OwnWords {
    fn commands(&self) -> Vec<&str> {
        let own = self.wrapped.iter().map(String::as_str);
        KnownWords.commands().into_iter().chain(own).collect()
    }

    fn profile_of(&self, command: &str) -> Option<&str> {
        KnownWords.profile_of(command)
    }

    fn is_program(&self, name: &str) -> bool {
        KnownWords.is_program(name)
    }

    fn roles(&self) -> Vec<&str> {
        KnownWords.roles()
    }

    fn families(&self) -> Vec<&str> {
        KnownWords.families()
    }

    fn options(&self, command: &str) -> Option<Vec<(&str, &str)>> {
        Some(datafog_shim::profile(command)?.spellings())
    }

    fn subcommands(&self, command: &str) -> Option<Vec<&str>> {
        datafog_shim::profile(command)?.subcommands()
    }

    fn has_subcommands(&self, command: &str) -> Option<bool> {
        KnownWords.has_subcommands(command)
    }

    fn family(&self, command: &str) -> Option<&str> {
        KnownWords.family(command)
    }

    fn flows(&self, command: &str) -> Option<Flows> {
        KnownWords.flows(command)
    }

    fn has_zone(&self, name: &str) -> bool {
        circumstance::zone(name).is_some()
    }

    fn rewrites(&self) -> Vec<&str> {
        KnownWords.rewrites()
    }

    fn detectors(&self) -> Vec<&str> {
        let own = self.ids.iter().map(String::as_str);
        KnownWords.detectors().into_iter().chain(own).collect()
    }

    fn entities(&self) -> Vec<&str> {
        let mut names = KnownWords.entities();
        names.extend(self.entities.iter().map(String::as_str));
        names.sort_unstable();
        names.dedup();
        names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_programs_are_sorted_and_are_no_profiles() {
        assert!(PROGRAMS.lines().is_sorted(), "sort crates/gate/src/programs.txt");
        let profiles: Vec<&str> =
            PROGRAMS.lines().filter(|it| KnownWords.profile_of(it).is_some()).collect();
        assert_eq!(profiles, [""; 0], "these have a profile");
        for name in ["awk", "jq", "ps", "tail", "wc"] {
            assert!(KnownWords.is_program(name), "{name}");
        }
        assert_eq!(KnownWords.profile_of("pip3"), Some("pip"));
    }
}
