//! The words that profiles and detectors give a policy to use.

use datafog_policy::Vocabulary;

/// Everything that is known here about commands and entity types.
#[derive(Clone, Copy, Debug)]
pub struct KnownWords;

impl Vocabulary for KnownWords {
    fn commands(&self) -> Vec<&str> {
        datafog_shim::profiles().map(|profile| profile.name).collect()
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

    fn entities(&self) -> Vec<&str> {
        let mut names: Vec<_> =
            datafog_detect::detectors().iter().map(|detector| detector.entity).collect();
        names.sort_unstable();
        names.dedup();
        names
    }
}
