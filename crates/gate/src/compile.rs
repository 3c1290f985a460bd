//! A policy file's text → a policy in force, every example checked.

use core::cmp::Reverse;
use std::path::Path;

use datafog_core::RuleOrigin;
use datafog_detect::{Custom, Fault, OwnDetector};
use datafog_policy::{Diagnostic, Layer, Level, Policy};

use crate::Error;
use crate::example::{InventedWorld, check_rewrites};
use crate::vocabulary::OwnWords;

/// Name of a project's policy file.
pub const PROJECT_FILE: &str = ".datafog.toml";

/// Reads the policy file at `path` and lays it over the embedded one: as a project's when it has the
/// name of one, else as the user's.
///
/// # Errors
/// [`Error::Policy`] with everything that is wrong with it: what does not parse, what can never
/// fire, and examples that do not hold.
pub fn policy(text: &str, path: &Path) -> Result<Policy, Error> {
    let base = Policy::builtin();
    let file = (text, path, layer_of(path));
    whole(diagnose_over((&base, None), file, &[]), path).map(|laid| laid.policy)
}

/// A file of the owner's, laid over what lies below it.
#[derive(Debug)]
pub(crate) struct Laid {
    pub(crate) policy: Policy,
    /// Detectors and exceptions, compiled; `None` when there are none.
    pub(crate) custom: Option<Vec<u8>>,
}

/// Lays a file with rules, detectors and exceptions over the policy below it, and over what was
/// compiled of the detectors and exceptions there. `wrapped` names programs that the user wraps.
///
/// # Errors
/// [`Error::Policy`] as for [`policy`].
pub(crate) fn file_over(
    below: (&Policy, Option<&[u8]>),
    file: (&str, &Path, Layer),
    wrapped: &[String],
) -> Result<Laid, Error> {
    whole(diagnose_over(below, file, wrapped), file.1)
}

fn whole((laid, mut found): (Option<Laid>, Vec<Diagnostic>), path: &Path) -> Result<Laid, Error> {
    match laid.filter(|_| found.iter().all(|problem| problem.level < Level::Error)) {
        Some(laid) => Ok(laid),
        None => {
            // Who shows only one shows what keeps the policy from loading.
            found.sort_by_key(|problem| Reverse(problem.level));
            Err(Error::Policy { path: path.to_owned(), diagnostics: found })
        }
    }
}

/// Which layer a file belongs to, by its name.
pub(crate) fn layer_of(path: &Path) -> Layer {
    let project = path.file_name().is_some_and(|name| name == PROJECT_FILE);
    if project { Layer::Project } else { Layer::User }
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

/// The file with a rule for each of its detectors that says what is done when such a value leaves.
/// They stand behind everything else, so every line keeps its number.
fn with_actions<'c>(text: &str, detectors: impl Iterator<Item = &'c OwnDetector>) -> String {
    let mut text = text.to_owned();
    for own in detectors {
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

/// Everything there is to say about a policy file, warnings included; the policy itself when it
/// could be read. Laid over the embedded one as in [`policy`].
#[cfg(test)]
pub(crate) fn diagnose(text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
    let file = (text, path, layer_of(path));
    let (laid, found) = diagnose_over((&Policy::builtin(), None), file, &[]);
    (laid.map(|laid| laid.policy), found)
}

/// Everything there is to say about a file that is laid over what is below; as [`file_over`].
pub(crate) fn diagnose_over(
    (base, below): (&Policy, Option<&[u8]>),
    (text, path, layer): (&str, &Path, Layer),
    wrapped: &[String],
) -> (Option<Laid>, Vec<Diagnostic>) {
    let (custom, mut own_problems) = match Custom::compile(text, below) {
        Ok(custom) => (custom, Vec::new()),
        Err(faults) => {
            let problems = faults.into_iter().map(|fault| diagnostic(fault, text, path));
            (None, problems.collect())
        }
    };
    let load = |bytes: &[u8]| Custom::from_bytes(bytes, 0);
    let known = below.and_then(load).map_or(0, |below| below.detectors().count());
    let own = custom.as_deref().and_then(load);
    let words = OwnWords::of(own.as_ref(), wrapped);
    let added = own.iter().flat_map(Custom::detectors).skip(known);
    let (policy, mut problems) = laid_over(base, (&with_actions(text, added), path, layer), &words);
    problems.append(&mut own_problems);
    (policy.map(|policy| Laid { policy, custom }), problems)
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
    if is_there_already(base, text) {
        return Ok(base.clone());
    }
    let laid = base.layer(text, &path.to_string_lossy(), layer, words).map_err(failed)?;
    let mut problems = laid.check_examples(&InventedWorld);
    problems.extend(check_rewrites(&laid));
    if problems.iter().all(|problem| problem.level < Level::Error) {
        return Ok(laid);
    }
    problems.sort_by_key(|problem| Reverse(problem.level));
    Err(failed(problems))
}

/// Whether a text is that of the embedded policy which `base` has already: laid over itself it says
/// nothing new.
fn is_there_already(base: &Policy, text: &str) -> bool {
    Policy::packs().any(|(name, own)| name == "starter" && own == text)
        && base.rules().iter().any(|rule| rule.origin == RuleOrigin::Builtin)
}

fn laid_over(
    base: &Policy,
    (text, path, layer): (&str, &Path, Layer),
    words: &OwnWords,
) -> (Option<Policy>, Vec<Diagnostic>) {
    if is_there_already(base, text) {
        return (Some(base.clone()), Vec::new());
    }
    match base.layer(text, &path.to_string_lossy(), layer, words) {
        Ok(policy) => {
            let mut problems = policy.warnings().to_vec();
            problems.extend(policy.check_examples(&InventedWorld));
            problems.extend(check_rewrites(&policy));
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

    fn own(tables: &str) -> String {
        format!("[policy]\nid = \"own\"\nversion = \"1\"\n{tables}")
    }

    const DETECTOR: &str = "\n[[detector]]\nid = \"acme\"\npattern = \"ACME-[0-9]+\"\n";
    const EXCEPTION: &str = "\n[[allow]]\ndetector = \"acme\"\nreason = \"test data\"\n";

    #[test]
    fn detectors_and_exceptions_are_refused_where_nobody_looks_for_them() {
        let (detector, exception) = (own(DETECTOR), own(EXCEPTION));
        for layer in [Layer::Builtin, Layer::Project, Layer::Env, Layer::Cli] {
            for (text, said) in [(&detector, "find nothing"), (&exception, "no place")] {
                let file = (text.as_str(), Path::new("p.toml"), layer);
                let error = over(&Policy::builtin(), file, &OwnWords::default()).unwrap_err();
                let told = error.in_full();
                assert!(told.contains("p.toml:5:") && told.contains(said), "{layer}: {told}");
                assert!(told.contains("move it to the `policy.toml`"), "{layer}: {told}");
            }
        }
        let project = Path::new("/src/app/.datafog.toml");
        assert!(policy(&detector, project).is_err(), "lint knows a project's file by its name");
        assert!(policy(&detector, Path::new("policy.toml")).is_ok());
    }

    #[test]
    fn the_machines_detectors_hold_below_the_users_and_a_lock_takes_exceptions_away() {
        let builtin = Policy::builtin();
        let system = |text: &str| {
            let file = (text, Path::new("system.toml"), Layer::System);
            file_over((&builtin, None), file, &[]).unwrap()
        };
        let action = DETECTOR.to_owned() + "action = \"deny\"\n";
        let laid = system(&own(&action));
        let (machine, below) = (laid.policy, laid.custom);
        let user = |base: &Policy, text: &str| {
            let file = (text, Path::new("user.toml"), Layer::User);
            file_over((base, below.as_deref()), file, &[])
        };
        // Rules of the user's name what the machine's detectors find; its own rule stands once.
        let rule = "\n[[rule]]\nid = \"r\"\neffect = \"require_approval\"\nreason = \"r\"\n\
                    [rule.when]\nfinding = \"custom.acme\"\nflow = \"stays\"\n";
        let laid = user(&machine, &own(&format!("{EXCEPTION}{rule}"))).unwrap();
        let ids: Vec<String> = laid.policy.rules().into_iter().map(|rule| rule.id).collect();
        assert_eq!(ids.iter().filter(|id| *id == "detector-acme").count(), 1, "{ids:?}");
        assert!(Custom::from_bytes(&laid.custom.unwrap(), 0).unwrap().detector("acme").is_some());
        let locked = system(&(own("locked = true\n") + DETECTOR)).policy;
        let told = user(&locked, &own(EXCEPTION)).unwrap_err().in_full();
        assert!(told.contains("user.toml:5:") && told.contains("locked"), "{told}");
    }
}
