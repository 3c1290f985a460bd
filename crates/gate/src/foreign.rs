//! Policies of other systems, asked besides our own; the stricter answer holds.
//!
//! The gate knows none of their languages: whoever assembles the program supplies
//! [`ForeignPolicies`]. Such a policy comes into play only where `policy` in the settings or a request
//! names one; otherwise nothing here is reached. A policy that cannot be loaded is a fault like any
//! other: enforced, nothing runs.

use core::fmt::Debug;
use std::io;
use std::path::Path;

use datafog_approval::{Question, Terms};
use datafog_config::{Identity, Layout, Remote, Scorer, read_small};
use datafog_core::{
    ApprovalState, Decision, Digest, Event, Facts, Id, PolicyUse, Surroundings, Verdict,
};
use datafog_detect::Custom;
use datafog_policy::{Diagnostic, Layer, Policy};

use crate::case::Case;
use crate::vocabulary::{OwnWords, wrapped};
use crate::{Error, compile};

/// No policy file or module is larger, in bytes.
const MOST_BYTES: u64 = 17 << 20;

/// No policy in our own language is larger, in bytes.
const MOST_TEXT: u64 = 1 << 20;

/// Tries the text of a policy, and changes nothing.
pub type TryText<'t> = &'t dyn Fn(&str) -> Result<(), Error>;

/// Reads policies that come from elsewhere: of other systems, of scorers, of servers.
pub trait ForeignPolicies: Debug {
    /// The policy at `path`. It, and every file that it names, is read through `files`.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    fn load(
        &self,
        path: &Path,
        files: &dyn Reads,
    ) -> Result<Box<dyn ForeignPolicy>, Vec<Diagnostic>>;

    /// DataGuard's policy of that text as a file of our own, over the starter policy.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line; what of it cannot be said here counts as wrong.
    fn translate_dataguard(&self, text: &str) -> Result<Translated, Vec<Diagnostic>>;

    /// Asks a scorer. Points of 100.
    ///
    /// # Errors
    /// In words, why there is no answer.
    fn score(&self, scorer: Scorer<'_>, question: Vec<u8>) -> Result<u32, String>;

    /// Asks a server for its policy and puts that into the policy file of the installation, when it is
    /// another one, is signed by whom the settings name, and holds by `trial`. Whether it was another.
    ///
    /// # Errors
    /// In words, why what was there stays.
    fn pull(&self, layout: &Layout, remote: &Remote, trial: TryText<'_>) -> Result<bool, String>;

    /// Tells the server of a held call, and listens for what a person says to it there: until the first
    /// answer where nobody waits here, else until one counts.
    ///
    /// # Errors
    /// In words, why it cannot be asked.
    fn consult(
        &self,
        remote: &Remote,
        question: &Question,
        is_awaited: bool,
    ) -> Result<Box<dyn Consulted>, String>;

    /// Tells the server what became of a request that it was told of. Whoever settled it here need not
    /// wait for that to succeed.
    ///
    /// # Errors
    /// In words, why it was not told.
    fn settled(&self, remote: &Remote, id: Id, state: ApprovalState) -> Result<(), String>;
}

/// A server that was told of a held call. Dropping it ends the conversation.
pub trait Consulted: Debug {
    /// What is known by now. Never waits.
    fn heard(&mut self) -> Heard;
}

/// What a server said of a held call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// Nothing more is to be heard.
    Nothing,
    /// A person said something, and the key of the settings signed it.
    Said(Spoken),
    /// It may still come.
    Silence,
}

/// What a person said on a server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// What a yes covers; `None` for a no.
    pub terms: Option<Terms>,
    /// Who said it, as it is told here.
    pub by: String,
    /// What they wrote beside it.
    pub note: Option<String>,
}

/// A policy of another system in our own language.
#[derive(Clone, Debug)]
pub struct Translated {
    /// The text of the policy file.
    pub toml: String,
    /// What says something else here than there, in words.
    pub notices: Vec<Diagnostic>,
}

/// One policy of another system.
pub trait ForeignPolicy: Debug {
    /// The policy's id.
    fn id(&self) -> &str;

    /// The policy's version; empty when it has none.
    fn version(&self) -> &str;

    /// SHA-256 of its file.
    fn digest(&self) -> Digest;

    /// Judges an action in the order of the policy's own system. Never fails.
    fn decide(&self, facts: &dyn Facts, world: &dyn Surroundings) -> Decision;
}

/// Reads the files of a policy, as far as they may be used.
pub trait Reads {
    /// The whole file.
    ///
    /// # Errors
    /// Any failure to read, and a refusal of a file that others could have written.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;
}

/// What one of several policies said.
#[derive(Clone, Debug)]
pub struct Asked {
    /// The policy's id.
    pub id: String,
    /// The policy's version; empty when it has none.
    pub version: String,
    /// Digest of the policy as it was in force; of a file of another system, its SHA-256.
    pub digest: Digest,
    /// What it said by itself.
    pub decision: Decision,
}

/// Files that nobody but the user and root can write.
pub(crate) struct OnlyTrusted {
    pub(crate) user: u32,
}

/// Files of anybody: for a policy that was named for one question, and can only tighten.
pub(crate) struct Anything;

impl Reads for OnlyTrusted {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let identity = Identity::at(path).map_err(io::Error::other)?;
        let file = identity.file.ok_or(io::ErrorKind::NotFound)?;
        file.require_trusted(path, self.user).map_err(io::Error::other)?;
        read_small(path, MOST_BYTES)
    }
}

impl Reads for Anything {
    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        read_small(path, MOST_BYTES)
    }
}

/// Whether the file is one of our own language, by its name.
pub(crate) fn is_native(path: &Path) -> bool {
    path.extension().is_some_and(|ending| ending.eq_ignore_ascii_case("toml"))
}

/// Loads the policy at `path`.
pub(crate) fn load(
    policies: Option<&dyn ForeignPolicies>,
    path: &Path,
    files: &dyn Reads,
) -> Result<Box<dyn ForeignPolicy>, Error> {
    let readable = files.read(path).map(drop);
    readable.map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let failed = |diagnostics| Error::Policy { path: path.to_owned(), diagnostics };
    policies.ok_or_else(|| failed(Vec::new()))?.load(path, files).map_err(failed)
}

/// Lays a file of our own language over `policy`, as a layer that only tightens.
pub(crate) fn native(
    policy: &Policy,
    path: &Path,
    layer: Layer,
    (custom, layout): (Option<&Custom>, &Layout),
) -> Result<Policy, Error> {
    let text = read_small(path, MOST_TEXT)
        .and_then(|bytes| String::from_utf8(bytes).map_err(|e| io::Error::other(e.utf8_error())))
        .map_err(|source| Error::Read { path: path.to_owned(), source })?;
    let words = OwnWords::of(custom, &wrapped(layout));
    compile::over(policy, (&text, path, layer), &words)
}

/// Our own decision, what those of further projects say, and those of the others as one: the strictest speaks, of equally strict ones
/// the policy that was named for it, and whatever any of them obliges to stays obliged. With the
/// decision comes what each said by itself; nothing when only ours was asked.
pub(crate) fn join(
    own: (&Policy, Decision),
    beside: Vec<(&Policy, Decision)>,
    others: &[Box<dyn ForeignPolicy>],
    case: &Case<'_>,
) -> (Decision, Vec<Asked>) {
    join_with(own, beside, others, &|policy| policy.decide(case, case.world))
}

/// The same, whoever asks the others.
pub(crate) fn join_with(
    own: (&Policy, Decision),
    beside: Vec<(&Policy, Decision)>,
    others: &[Box<dyn ForeignPolicy>],
    ask: &dyn Fn(&dyn ForeignPolicy) -> Decision,
) -> (Decision, Vec<Asked>) {
    if others.is_empty() && beside.is_empty() {
        return (own.1, Vec::new());
    }
    let of_ours = |(policy, decision): (&Policy, Decision)| Asked {
        id: policy.id().to_owned(),
        version: policy.version().to_owned(),
        digest: policy.digest(),
        decision,
    };
    let mut asked: Vec<Asked> = std::iter::once(own).chain(beside).map(of_ours).collect();
    asked.extend(others.iter().map(|policy| Asked {
        id: policy.id().to_owned(),
        version: policy.version().to_owned(),
        digest: policy.digest(),
        decision: ask(policy.as_ref()),
    }));
    let decisions = asked.iter().map(|one| one.decision.clone());
    (decisions.reduce(stricter).unwrap_or_else(nobody), asked)
}

/// Two decisions as one: the strictest speaks, of equally strict ones the second, and what either
/// obliges to stays obliged.
pub fn stricter(first: Decision, second: Decision) -> Decision {
    let (mut speaks, listens) =
        if second.verdict >= first.verdict { (second, first) } else { (first, second) };
    speaks.matched.extend(listens.matched);
    speaks.risk = speaks.risk.or(listens.risk);
    for obligation in listens.obligations {
        if !speaks.obligations.contains(&obligation) {
            speaks.obligations.push(obligation);
        }
    }
    speaks
}

/// The answer when nobody was asked, which cannot be: a denial all the same.
fn nobody() -> Decision {
    Decision::without_rule(Verdict::Deny, "no policy was asked")
}

/// Writes into a receipt which policies were asked, and whose word held.
pub(crate) fn name(event: &mut Event, asked: &[Asked]) {
    // As in `join`: the last of the strictest speaks.
    let Some(speaks) = asked.iter().max_by_key(|one| one.decision.verdict) else { return };
    event.policy_id.clone_from(&speaks.id);
    event.policy_version.clone_from(&speaks.version);
    event.policy_digest = speaks.digest;
    let used = |one: &Asked| PolicyUse {
        id: one.id.clone(),
        version: one.version.clone(),
        digest: one.digest,
        decision: one.decision.verdict,
    };
    event.policies = asked.iter().map(used).collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use datafog_core::{Obligation, RuleMatch, RuleOrigin, Severity};

    fn said(verdict: Verdict, rule: &str) -> Decision {
        Decision {
            verdict,
            obligations: vec![Obligation::Rewrite(rule.to_owned())],
            matched: vec![RuleMatch {
                id: rule.to_owned(),
                verdict,
                severity: Severity::High,
                origin: RuleOrigin::Builtin,
                findings: Vec::new(),
                part: 0,
            }],
            reason: rule.to_owned().into(),
            instead: None,
            risk: None,
        }
    }

    #[test]
    fn the_stricter_speaks_and_everything_stays_obliged() {
        for (first, second, speaks) in [
            (Verdict::Allow, Verdict::Deny, "second"),
            (Verdict::Deny, Verdict::Allow, "first"),
            (Verdict::Allow, Verdict::Allow, "second"),
        ] {
            let joined = stricter(said(first, "first"), said(second, "second"));
            assert_eq!((joined.verdict, &*joined.reason), (first.max(second), speaks));
            assert_eq!(joined.decider().unwrap().id, speaks);
            assert_eq!((joined.matched.len(), joined.obligations.len()), (2, 2));
        }
    }

    #[test]
    fn a_policy_of_the_settings_must_be_ours_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.json");
        std::fs::write(&path, "{}").unwrap();
        let user = nix::unistd::geteuid().as_raw();
        assert!(OnlyTrusted { user }.read(&path).is_ok());
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o666)).unwrap();
        assert!(OnlyTrusted { user }.read(&path).is_err());
        assert!(Anything.read(&path).is_ok());
        assert!(matches!(load(None, &path, &Anything), Err(Error::Policy { .. })));
        assert!(matches!(
            load(None, &folder.path().join("none"), &Anything),
            Err(Error::Read { .. })
        ));
    }
}
