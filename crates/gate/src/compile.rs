//! A policy file's text → a policy in force, every example checked.

use core::cmp::Reverse;
use std::path::Path;

use datafog_policy::{Diagnostic, Layer, Level, Policy};

use crate::Error;
use crate::example::InventedWorld;
use crate::vocabulary::KnownWords;

/// Reads the user's policy and lays it over the embedded one.
///
/// # Errors
/// [`Error::Policy`] with everything that is wrong with it: what does not parse, what can never
/// fire, and examples that do not hold.
pub fn policy(text: &str, path: &Path) -> Result<Policy, Error> {
    match diagnose(text, path) {
        (Some(policy), problems) if problems.iter().all(|problem| problem.level < Level::Error) => {
            Ok(policy)
        }
        (_, mut diagnostics) => {
            // Who shows only one shows what keeps the policy from loading.
            diagnostics.sort_by_key(|problem| Reverse(problem.level));
            Err(Error::Policy { path: path.to_owned(), diagnostics })
        }
    }
}

/// Everything there is to say about a user's policy, warnings included; the policy itself when it
/// could be read.
pub fn diagnose(text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
    match Policy::builtin().layer(text, &path.to_string_lossy(), Layer::User, &KnownWords) {
        Ok(policy) => {
            let mut problems = policy.warnings().to_vec();
            problems.extend(policy.check_examples(&InventedWorld));
            (Some(policy), problems)
        }
        Err(problems) => (None, problems),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pack_holds_by_the_real_profiles_and_detectors() {
        for (name, text) in Policy::packs() {
            let parsed = Policy::parse(text, name, Layer::Builtin, &KnownWords);
            let policy = parsed.unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
            let problems = policy.check_examples(&InventedWorld);
            assert!(problems.is_empty(), "{name}: {}", problems[0]);
        }
    }

    #[test]
    fn a_mistyped_name_is_told_with_its_place_and_the_right_word() {
        let text = "[policy]\nid = \"own\"\nversion = \"1\"\n\n[[rule]]\nid = \"r\"\neffect = \"deny\"\n\
                    reason = \"r\"\n[rule.when]\ncommand = \"gti\"\n";
        let Err(Error::Policy { diagnostics, .. }) = policy(text, Path::new("p.toml")) else {
            panic!("accepted");
        };
        let first = diagnostics[0].to_string();
        assert!(first.contains("p.toml:10:") && first.contains("`git`"), "{first}");
    }
}
