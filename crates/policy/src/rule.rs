//! A rule, as listed and explained.

use datafog_core::{Obligation, RuleOrigin, Severity, Verdict};

use crate::Layer;

/// One rule of a policy, in words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Its id, unique in the whole policy.
    pub id: String,
    /// What it asks for.
    pub effect: Verdict,
    /// How bad it is when it matches.
    pub severity: Severity,
    /// Why, in one sentence.
    pub reason: String,
    /// What to do instead.
    pub instead: Option<String>,
    /// Ids of the rules that do not count when this one matches.
    pub overrides: Vec<String>,
    /// What must be carried out when it matches.
    pub obligations: Vec<Obligation>,
    /// Where it stands.
    pub origin: RuleOrigin,
    /// Which layer it came with.
    pub layer: Layer,
    /// Whether it can only make decisions stricter, whatever its effect.
    pub only_tightens: bool,
    /// Whether no later layer can override it.
    pub locked: bool,
    /// Its conditions, in the order in which they are asked; all must hold.
    pub conditions: Vec<String>,
}
