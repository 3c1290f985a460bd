//! From matching rules to our own decision.

use datafog_core::{Decision, Obligation, RuleMatch, RuleOrigin, Severity, Verdict};

/// What every system's rule has.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Head {
    pub(crate) id: String,
    pub(crate) line: u32,
    pub(crate) reason: String,
}

/// What a system says where no rule does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defaults {
    /// A default of calls, which means no command that a call runs: those that may call `bash` may
    /// not be stopped because no rule names `ls`.
    OfCalls,
    /// A judgement of whatever is asked about.
    OfAnything,
}

/// A rule that matched, with what it asks for.
#[derive(Clone, Debug)]
pub(crate) struct Hit<'a> {
    pub(crate) head: &'a Head,
    pub(crate) verdict: Verdict,
    /// Indexes of the findings that made it match.
    pub(crate) findings: Vec<usize>,
    pub(crate) obligations: Vec<Obligation>,
    /// Whether it is the answer for want of a rule.
    pub(crate) is_default: bool,
}

impl<'a> Hit<'a> {
    pub(crate) const fn new(head: &'a Head, verdict: Verdict) -> Self {
        Self { head, verdict, findings: Vec::new(), obligations: Vec::new(), is_default: false }
    }

    /// What is said where no rule does.
    pub(crate) fn default(head: &'a Head, verdict: Verdict) -> Self {
        Self { is_default: true, ..Self::new(head, verdict) }
    }

    pub(crate) fn with(mut self, obligation: Option<Obligation>) -> Self {
        self.obligations.extend(obligation);
        self
    }
}

/// An answer before it knows which file it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Answer<'a> {
    pub(crate) verdict: Verdict,
    /// Why, when no rule says.
    pub(crate) reason: String,
    pub(crate) instead: Option<String>,
    /// What must be carried out though no rule says so.
    pub(crate) obligations: Vec<Obligation>,
    /// Every rule that matched, in the system's own order.
    pub(crate) hits: Vec<Hit<'a>>,
}

impl<'a> Answer<'a> {
    /// No rule spoke.
    pub(crate) fn default(verdict: Verdict, reason: impl Into<String>) -> Self {
        Self {
            verdict,
            reason: reason.into(),
            instead: None,
            obligations: Vec::new(),
            hits: Vec::new(),
        }
    }

    /// The strictest of these rules speaks; the first of equally strict ones.
    pub(crate) fn strictest(hits: Vec<Hit<'a>>) -> Option<Self> {
        let verdict = hits.iter().map(|hit| hit.verdict).max()?;
        Some(Self { verdict, reason: String::new(), instead: None, obligations: Vec::new(), hits })
    }

    /// The same as an answer about a command within a call: `None` when it has nothing to add.
    pub(crate) fn of_part(mut self, defaults: Defaults) -> Option<Self> {
        self.hits.retain(|hit| hit.verdict > Verdict::Allow);
        match defaults {
            Defaults::OfAnything => Some(self).filter(|answer| answer.verdict > Verdict::Allow),
            Defaults::OfCalls => {
                self.hits.retain(|hit| !hit.is_default);
                Self::strictest(self.hits)
            }
        }
    }

    /// The decision, in a policy file at `path`.
    pub(crate) fn decide(self, path: &str) -> Decision {
        let decider = self.hits.iter().position(|hit| hit.verdict == self.verdict);
        let told = decider.and_then(|at| self.hits.get(at)).map(|hit| explain(hit.head));
        let reason = if self.reason.is_empty() { told.unwrap_or_default() } else { self.reason };
        let mut obligations = self.obligations;
        for obligation in self.hits.iter().flat_map(|hit| &hit.obligations) {
            if !obligations.contains(obligation) {
                obligations.push(obligation.clone());
            }
        }
        if self.verdict == Verdict::RequireApproval && !obligations.contains(&Obligation::Approve) {
            obligations.push(Obligation::Approve);
        }
        let mut matched: Vec<RuleMatch> =
            self.hits.iter().map(|hit| rule_match(hit, path)).collect();
        if let Some(prefix) = decider.and_then(|at| matched.get_mut(..=at)) {
            prefix.rotate_right(1);
        }
        Decision {
            verdict: self.verdict,
            obligations,
            matched,
            reason: reason.into(),
            instead: self.instead,
            risk: None,
        }
    }
}

fn explain(head: &Head) -> String {
    if head.reason.is_empty() { format!("rule `{}` says so", head.id) } else { head.reason.clone() }
}

fn rule_match(hit: &Hit<'_>, path: &str) -> RuleMatch {
    RuleMatch {
        id: hit.head.id.clone(),
        verdict: hit.verdict,
        severity: if hit.verdict == Verdict::Deny { Severity::High } else { Severity::Medium },
        origin: RuleOrigin::File { path: path.to_owned(), line: hit.head.line },
        findings: hit.findings.clone(),
        part: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_decider_comes_first_and_the_order_of_the_others_stays() {
        let head = |id: &str| Head { id: id.into(), line: 1, reason: String::new() };
        let (a, b, c) = (head("a"), head("b"), head("c"));
        let hits = vec![
            Hit::new(&a, Verdict::Allow),
            Hit::new(&b, Verdict::Redact),
            Hit::new(&c, Verdict::Deny),
        ];
        let decision = Answer::strictest(hits).unwrap().decide("p.json");
        let ids: Vec<&str> = decision.matched.iter().map(|rule| rule.id.as_str()).collect();
        assert_eq!(ids, ["c", "a", "b"]);
        assert_eq!((decision.verdict, &*decision.reason), (Verdict::Deny, "rule `c` says so"));
        assert_eq!(decision.decider().unwrap().id, "c");
    }
}
