/*!
Enforgate's rules: a glob over the tool, conditions on its arguments, the first match wins.

Policies go by priority, highest first, equal ones in the order of the file; disabled ones are
skipped. When no rule matches, the first policy with a default speaks, and without one the answer is
no.

Where the original does not say, or lets something through, ours says: a path that is missing or
holds another type makes the condition unknown, which lets no allow rule match and makes a deny or
approval rule hold the call; a bad pattern is an error when the policy is loaded; a search that
takes too many steps counts as a match for what is stricter than allow, and as none for allow.
*/

mod evaluate;
mod read;

use datafog_core::Verdict;
use serde_json::Value;

use crate::answer::Head;
use crate::pattern::Pattern;

pub(crate) use read::read;

/// Every policy of a file, by priority.
#[derive(Clone, Debug)]
pub(crate) struct Enforgate {
    pub(crate) name: String,
    pub(crate) policies: Vec<Ruleset>,
}

/// One enabled policy.
#[derive(Clone, Debug)]
pub(crate) struct Ruleset {
    pub(crate) name: String,
    pub(crate) priority: i64,
    pub(crate) default: Option<(Verdict, Head)>,
    pub(crate) rules: Vec<Rule>,
}

/// One rule; all conditions must hold.
#[derive(Clone, Debug)]
pub(crate) struct Rule {
    pub(crate) head: Head,
    /// The tool glob as it was written.
    pub(crate) glob: String,
    /// The same as a regular expression over the whole name.
    pub(crate) tool: Pattern,
    pub(crate) verdict: Verdict,
    pub(crate) conditions: Vec<Condition>,
}

/// One condition on the value at a dot path.
#[derive(Clone, Debug)]
pub(crate) struct Condition {
    pub(crate) path: String,
    pub(crate) test: Test,
}

#[derive(Clone, Debug)]
pub(crate) enum Test {
    Equals(Value),
    Matches(Pattern),
    NotMatches(Pattern),
}
