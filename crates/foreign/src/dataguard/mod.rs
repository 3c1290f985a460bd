/*!
DataGuard's JSON policies: the first matching rule wins; when none matches, a risk score does.

Ours differs from the original where that let things through or broke them:

- A pattern is searched in the arguments as the original writes them (JSON with escapes) and, for a
  rule that stops something, also in each text and each command as a shell would read it.
- A rule that the original ships is judged by its meaning on parsed commands, SQL and URLs when its
  pattern is still the shipped one (`known`).
- Tools have aliases; the category is inferred and the stated one counts beside it.
- A missing field is unknown: a rule that stops something then asks, an allow rule does not match.
- `eq` tells types apart. Conditions that can never match, unknown operators, bad patterns, unknown
  rewrites and crossed thresholds are errors.
- The score also counts destructive operations, and personal data in the place that is made for it
  counts nothing.
*/

mod category;
mod evaluate;
mod face;
mod known;
mod read;
mod risk;
pub(crate) mod signs;

use datafog_core::Verdict;
use serde_json::Value;

use crate::answer::Head;
use crate::pattern::Pattern;
pub(crate) use category::Category;
pub(crate) use known::Known;
pub(crate) use read::read;

/// A policy file.
#[derive(Clone, Debug)]
pub(crate) struct DataGuard {
    pub(crate) id: String,
    pub(crate) version: String,
    pub(crate) description: String,
    pub(crate) rules: Vec<Rule>,
    pub(crate) thresholds: Thresholds,
}

/// The bands of the score; each begins where the one before ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Thresholds {
    /// Up to this: allowed.
    pub(crate) allow_max: i64,
    /// Up to this: changed, or approved when nothing answers the signal. Above: approved.
    pub(crate) rewrite_max: i64,
}

/// One rule; all of its conditions must hold.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) head: Head,
    pub(crate) verdict: Verdict,
    /// The transform's name, where the action is `rewrite`.
    pub(crate) rewrite: Option<String>,
    pub(crate) tool: Option<Names<String>>,
    pub(crate) category: Option<Names<Category>>,
    pub(crate) contains: Option<Pattern>,
    pub(crate) field: Option<Field>,
    /// The shipped rule that this one still is.
    pub(crate) known: Option<Known>,
}

/// `in` and `eq`, or `not_in`.
#[derive(Clone, Debug)]
pub(crate) enum Names<T> {
    In(Vec<T>),
    NotIn(Vec<T>),
}

/// Checks on one field of the arguments; all must hold.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) tests: Vec<Test>,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Contains(String),
    DomainIn(Vec<String>),
    DomainNotIn(Vec<String>),
    Equals(Value),
    Greater(f64),
    Less(f64),
    LongerThan(i64),
    Matches(Pattern),
    ShorterThan(i64),
}

/// Every transform that the original knows.
pub(crate) const REWRITES: &[&str] = &[
    "cap-http-timeout",
    "downgrade-write-to-dryrun",
    "enforce-https",
    "limit-query-rows",
    "neutralize-sudo",
    "redact-pii",
    "redact-secrets",
    "replace-wildcard-delete",
    "sandbox-code-exec",
    "strip-force-flags",
    "truncate-recipients",
];
