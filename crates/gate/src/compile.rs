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
