/*!
Reads policies strictly and decides by them.

A policy is a TOML file of rules. [`Policy::parse`] reads it, reports every mistake with its place
and a remedy, and compiles it into a few kilobytes that [`Policy::from_bytes`] takes back without
decoding more than a head. [`Policy::decide`] asks the rules that can match at all, joins what they
say (the strictest wins, exceptions are explicit), and gives a [`datafog_core::Decision`] that
explains itself.

This crate looks at nothing by itself. It sees an action only through [`datafog_core::Facts`],
knows neither the profiles of commands nor the detectors, and does no I/O.
*/

mod builtin;
mod bytes;
mod compiled;
mod condition;
mod cost;
mod decide;
mod diagnostic;
mod example;
mod expired;
mod explain;
mod given;
mod glob;
mod join;
mod layer;
mod leaves;
mod node;
mod path_pattern;
mod pattern;
mod policy;
mod range;
mod read;
mod rewrite_example;
mod rule;
mod spelling;
mod suggestion;
mod test_file;
mod truth;
mod vocabulary;
mod wider;
mod words;

pub use condition::{ConditionAbout, conditions};
pub use cost::costly_patterns;
pub use diagnostic::{Diagnostic, Level, SourceText};
pub use example::{DeclaredFinding, Example, Interpreter, Stated, Word};
pub use expired::expired_exceptions;
pub use explain::{ConditionTrace, Explanation, PartTrace, RuleOutcome, RuleTrace};
pub use given::Given;
pub use layer::Layer;
pub use leaves::ReadAt;
pub use policy::{NotCompiled, Policy};
pub use range::{Question, Range};
pub use rewrite_example::{RewriteExample, RewriteSample};
pub use rule::Rule;
pub use spelling::nearest;
pub use suggestion::{Suggestion, Suggestions, suggested_rules};
pub use test_file::{TestCase, TestFile};
pub use truth::Truth;
pub use vocabulary::{AnyWord, Vocabulary};

/// Whether a name fits a glob.
#[must_use]
pub fn fits_name(glob: &str, name: &[u8]) -> bool {
    glob::matches(glob.as_bytes(), name)
}

/// Whether an entity type fits a glob, as obligations name them.
#[must_use]
pub fn fits_entity(glob: &str, entity: &str) -> bool {
    glob::matches(glob.as_bytes(), entity.as_bytes())
}
