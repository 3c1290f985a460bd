//! A policy file's text → a policy in force, every example checked.

use core::cmp::Reverse;
use std::path::Path;

use datafog_detect::{Custom, Fault};
use datafog_policy::{Diagnostic, Layer, Level, Policy};

use crate::Error;
use crate::example::InventedWorld;
use crate::vocabulary::OwnWords;

/// Reads the user's policy and lays it over the embedded one.
///
/// # Errors
/// [`Error::Policy`] with everything that is wrong with it: what does not parse, what can never
/// fire, and examples that do not hold.
pub fn policy(text: &str, path: &Path) -> Result<Policy, Error> {
    policy_over(&Policy::builtin(), text, path)
}

/// The same for a file that is laid over `base`.
pub(crate) fn policy_over(base: &Policy, text: &str, path: &Path) -> Result<Policy, Error> {
    match diagnose_over(base, text, path) {
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

/// The user's own detectors and exceptions, compiled; `None` when the file has none.
///
/// # Errors
/// [`Error::Policy`] with everything that is wrong with them.
pub(crate) fn custom(text: &str, path: &Path) -> Result<Option<Vec<u8>>, Error> {
    Custom::compile(text).map_err(|faults| {
        let diagnostics = faults.into_iter().map(|fault| diagnostic(fault, text, path)).collect();
        Error::Policy { path: path.to_owned(), diagnostics }
    })
}

fn diagnostic(fault: Fault, text: &str, path: &Path) -> Diagnostic {
    let index = usize::try_from(fault.line).unwrap_or_default().saturating_sub(1);
    let source_line = text.lines().nth(index).unwrap_or_default().to_owned();
    let width = u32::try_from(source_line.chars().count()).unwrap_or(1).max(1);
    Diagnostic {
        level: Level::Error,
        path: path.to_string_lossy().into_owned(),
        line: fault.line,
        column: 1,
        message: fault.message,
        help: Some(fault.help),
        source_line,
        width,
    }
}

/// The file with a rule for each detector that says what is done when such a value leaves. They
/// stand behind everything else, so every line keeps its number.
fn with_actions(text: &str, custom: Option<&Custom>) -> String {
    let mut text = text.to_owned();
    for own in custom.into_iter().flat_map(Custom::detectors) {
        let Some(action) = &own.action else { continue };
        let [id, reason] = [&own.id, &own.summary].map(|text| format!("{text:?}"));
        text.push_str(&format!(
            "\n[[rule]]\nid = \"detector-{}\"\neffect = \"{action}\"\nseverity = \"{}\"\n\
             reason = {reason}\ninstead = \"leave the value out, or send it where it belongs\"\n\
             [rule.when]\nflow = \"leaves\"\nfinding = {{ detector = [{id}], going_home = false }}\n",
            own.id, own.severity
        ));
    }
    text
}

/// Everything there is to say about a user's policy, warnings included; the policy itself when it
/// could be read.
pub fn diagnose(text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
    diagnose_over(&Policy::builtin(), text, path)
}

/// The same for a file that is laid over `base`.
fn diagnose_over(base: &Policy, text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
    let (bytes, mut own_problems) = match custom(text, path) {
        Ok(bytes) => (bytes, Vec::new()),
        Err(Error::Policy { diagnostics, .. }) => (None, diagnostics),
        Err(_) => (None, Vec::new()),
    };
    let own = bytes.and_then(|bytes| Custom::from_bytes(&bytes, 0));
    let words = OwnWords::of(own.as_ref());
    let text = with_actions(text, own.as_ref());
    let (policy, mut problems) = laid_over(base, &text, path, &words);
    problems.append(&mut own_problems);
    (policy, problems)
}

/// Reads one more file and lays it over `base`, with every example checked.
///
/// # Errors
/// [`Error::Policy`] with everything that is wrong with it.
pub(crate) fn over(
    base: &Policy,
    (text, path, layer): (&str, &Path, Layer),
    words: &OwnWords,
) -> Result<Policy, Error> {
    let failed = |diagnostics| Error::Policy { path: path.to_owned(), diagnostics };
    let laid = base.layer(text, &path.to_string_lossy(), layer, words).map_err(failed)?;
    let mut problems = laid.check_examples(&InventedWorld);
    if problems.iter().all(|problem| problem.level < Level::Error) {
        return Ok(laid);
    }
    problems.sort_by_key(|problem| Reverse(problem.level));
    Err(failed(problems))
}

fn laid_over(
    base: &Policy,
    text: &str,
    path: &Path,
    words: &OwnWords,
) -> (Option<Policy>, Vec<Diagnostic>) {
    match base.layer(text, &path.to_string_lossy(), Layer::User, words) {
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
    use crate::vocabulary::KnownWords;

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
