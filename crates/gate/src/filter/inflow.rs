//! Has a say about what a program reads, while it flows to it.
//!
//! Whatever is found is put to the policy together with all that is known of the call, by whoever
//! judged the call. What it lets through flows on, what it wants taken out is replaced, and at
//! anything else the stream ends: nobody can be asked in the midst of it.

use std::borrow::Cow;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use datafog_core::{
    Confidence, Decision, Finding, KeyedDigest, Mode, Obligation, Transform, Verdict,
};
use datafog_redact::Guard;

use super::transform;
use crate::on_error::passes;

/// Different values of a kind that are kept: no rule asks for more.
const MOST: usize = 1000;

/// What is decided when these were found on standard input.
pub(crate) type Judge<'j> = dyn Fn(&[Finding]) -> Decision + 'j;

/// What ended a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) decision: Decision,
    /// All that was found, the last of it for the first time.
    pub(crate) findings: Vec<Finding>,
}

/// The say, and what was found so far.
pub(crate) struct Inflow<'j> {
    judge: &'j Judge<'j>,
    known: RefCell<Known>,
}

#[derive(Debug, Default)]
struct Known {
    findings: Vec<Finding>,
    /// How many different values of each kind are kept.
    kinds: BTreeMap<Kind, usize>,
    values: BTreeSet<(Kind, KeyedDigest)>,
    obligations: Vec<Obligation>,
    refused: Option<Refused>,
}

/// Findings of one kind are judged alike.
type Kind = (Cow<'static, str>, Confidence);

impl<'j> Inflow<'j> {
    pub(super) fn new(judge: &'j Judge<'j>) -> Self {
        Self { judge, known: RefCell::default() }
    }

    /// By what findings of `entity` are replaced.
    pub(super) fn transform(&self, entity: &str) -> Option<Transform> {
        transform(&self.known.borrow().obligations, entity)
    }

    /// Whether the stream ended at a finding.
    pub(super) fn is_refused(&self) -> bool {
        self.known.borrow().refused.is_some()
    }

    /// What ended the stream.
    pub(super) fn into_refused(self) -> Option<Refused> {
        self.known.into_inner().refused
    }
}

impl Guard for Inflow<'_> {
    fn passes(&self, found: &[Finding], certain: bool) -> bool {
        let mut known = self.known.borrow_mut();
        if known.refused.is_some() {
            return false;
        }
        let new: Vec<&Finding> = found.iter().filter(|it| known.is_new(it)).collect();
        if new.is_empty() {
            return true;
        }
        let all: Vec<Finding> = known.findings.iter().chain(new).cloned().collect();
        let decision = (self.judge)(&all);
        let redacts = decision.verdict == Verdict::Redact;
        let goes_on = redacts || passes(decision.verdict, Mode::Enforced);
        if redacts {
            known.obligations.clone_from(&decision.obligations);
        }
        match (goes_on, certain) {
            (true, true) => found.iter().for_each(|finding| known.keep(finding)),
            (false, true) => known.refused = Some(Refused { decision, findings: all }),
            (true | false, false) => {}
        }
        goes_on
    }
}

impl Known {
    /// Whether it may make a difference.
    fn is_new(&self, finding: &Finding) -> bool {
        let kind = kind(finding);
        let is_full = self.kinds.get(&kind).is_some_and(|count| *count >= MOST);
        !is_full && !self.values.contains(&(kind, finding.fingerprint))
    }

    fn keep(&mut self, finding: &Finding) {
        if self.is_new(finding) {
            let kind = kind(finding);
            let count = self.kinds.entry(kind.clone()).or_default();
            *count = count.saturating_add(1);
            self.values.insert((kind, finding.fingerprint));
            self.findings.push(finding.clone());
        }
    }
}

fn kind(finding: &Finding) -> Kind {
    (finding.detector.clone(), finding.confidence)
}

impl fmt::Debug for Inflow<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Inflow").field("known", &self.known).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use datafog_core::{Channel, Key, Severity, Span};

    use super::*;

    fn finding(entity: &'static str, value: &str) -> Finding {
        Finding {
            detector: entity.into(),
            entity: entity.into(),
            channel: Channel::Stdin,
            span: Span::at(0, 4),
            confidence: Confidence::CERTAIN,
            severity: Severity::High,
            fingerprint: Key::new(&[7; 32]).digest("finding", [value.as_bytes()]),
            preview: String::new(),
        }
    }

    fn decision(verdict: Verdict, obligations: Vec<Obligation>) -> Decision {
        let (matched, reason) = (Vec::new(), "a test".into());
        Decision { verdict, obligations, matched, reason, instead: None, risk: None }
    }

    /// Mail addresses may go, names are masked, of secrets the second different one is too much.
    fn judge(found: &[Finding]) -> Decision {
        let has = |entity: &str| found.iter().filter(|it| it.entity == entity).count();
        let mask =
            Obligation::Transform { entities: vec!["pii.name".into()], with: Transform::Mask };
        match (has("secret.x"), has("pii.name")) {
            (2.., _) => decision(Verdict::RequireApproval, Vec::new()),
            (_, 1..) => decision(Verdict::Redact, vec![mask]),
            _ => decision(Verdict::Allow, Vec::new()),
        }
    }

    #[test]
    fn what_was_found_before_counts() {
        let inflow = Inflow::new(&judge);
        let [one, other] = ["one", "other"].map(|value| finding("secret.x", value));
        assert!(inflow.passes(&[finding("pii.email", "m"), one.clone()], true));
        assert!(inflow.passes(&[one.clone(), one], true), "the same value once more");
        assert!(!inflow.passes(std::slice::from_ref(&other), false) && !inflow.is_refused());
        assert!(!inflow.passes(&[other], true) && inflow.is_refused());
        assert!(!inflow.passes(&[finding("pii.email", "n")], true), "what ended stays so");
        let refused = inflow.into_refused().unwrap();
        assert_eq!(refused.decision.verdict, Verdict::RequireApproval);
        assert_eq!(refused.findings.len(), 3);
    }

    #[test]
    fn what_is_to_be_taken_out_is_known_by_then() {
        let inflow = Inflow::new(&judge);
        assert_eq!(inflow.transform("pii.name"), None);
        assert!(inflow.passes(&[finding("pii.name", "n")], false));
        assert_eq!(inflow.transform("pii.name"), Some(Transform::Mask));
        assert_eq!(inflow.transform("pii.email"), None);
    }

    #[test]
    fn of_a_kind_only_so_many_are_kept() {
        let asked = std::cell::Cell::new(0);
        let judge = |found: &[Finding]| {
            asked.set(found.len());
            decision(Verdict::Allow, Vec::new())
        };
        let inflow = Inflow::new(&judge);
        let many: Vec<Finding> =
            (0..MOST + 5).map(|n| finding("pii.email", &n.to_string())).collect();
        assert!(inflow.passes(&many, true));
        assert!(inflow.passes(&[finding("pii.email", "new"), finding("secret.x", "s")], true));
        assert_eq!(asked.get(), MOST + 1);
    }
}
