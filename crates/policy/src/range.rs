//! What a policy may say while some of what it asks about is not there to be looked at.
//!
//! That is another kind of doubt than [`Truth::Unknown`]. An unknown condition is one that nobody
//! could answer when it mattered, and rules say what follows. Here somebody could, but what they
//! saw was not kept: a receipt holds no tenant and no values. So every answer is thought through,
//! and where they all lead to one verdict, that is the verdict.

use datafog_core::{Facts, Flows, Verdict};

use crate::Truth;
use crate::bytes::Damaged;
use crate::compiled::{Head, RuleText};
use crate::condition::{Kind, Trial, content, operand, risk};
use crate::decide::{can_match, parts};
use crate::node::{Join, Part, next};

/// Verdicts that are possible, from `least` to `most`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Range {
    /// The mildest of them.
    pub least: Verdict,
    /// The strictest of them.
    pub most: Verdict,
    /// Names of the conditions whose answers are open, sorted.
    pub open: Vec<&'static str>,
}

/// A condition that was just asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Question {
    /// Its name.
    pub condition: &'static str,
    /// What it said.
    pub answer: Truth,
    /// Which of several ways of data it asks for, where it does (`operand`, `content`); none when
    /// any will do.
    pub flows: Flows,
    /// Whether it asks what a text is, where it may (`operand`, `content`).
    pub of_text: bool,
}

/// Says whether the answer cannot be relied upon.
pub(crate) type IsOpen<'a> = &'a dyn Fn(Question) -> bool;

/// The verdicts on an action and all its parts that are possible.
pub(crate) fn range(
    head: &Head<'_>,
    facts: &dyn Facts,
    is_open: IsOpen<'_>,
) -> Result<Range, Damaged> {
    let mut range = Range { least: Verdict::Allow, most: Verdict::Allow, open: Vec::new() };
    for part in parts(facts) {
        let default = if part.speaks { head.default } else { Verdict::Allow };
        let mut asked = Asked { facts: &part, is_open, open: Vec::new() };
        let (least, most) = asked.part(head, default)?;
        range.least = range.least.max(least);
        range.most = range.most.max(most);
        range.open.append(&mut asked.open);
    }
    range.open.sort_unstable();
    range.open.dedup();
    Ok(range)
}

/// The answers that a condition may have had: one bit for each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Answers(u8);

impl Answers {
    const ALL: [Truth; 3] = [Truth::False, Truth::True, Truth::Unknown];

    /// Nobody knows which.
    const OPEN: Self = Self(0b111);

    const fn only(truth: Truth) -> Self {
        Self(match truth {
            Truth::False => 0b001,
            Truth::True => 0b010,
            Truth::Unknown => 0b100,
        })
    }

    /// True, false, or either.
    pub(crate) const fn between(may_fail: bool, may_hold: bool) -> Self {
        let fails = if may_fail { Self::only(Truth::False).0 } else { 0 };
        Self(fails | if may_hold { Self::only(Truth::True).0 } else { 0 })
    }

    pub(crate) const fn may_be(self, truth: Truth) -> bool {
        self.0 & Self::only(truth).0 != 0
    }

    fn is_certainly(self, truth: Truth) -> bool {
        self == Self::only(truth)
    }

    fn each(self) -> impl Iterator<Item = Truth> {
        Self::ALL.into_iter().filter(move |truth| self.may_be(*truth))
    }

    /// What comes of joining any answer of one with any of the other.
    fn join(self, other: Self, join: fn(Truth, Truth) -> Truth) -> Self {
        let pairs = self.each().flat_map(|one| other.each().map(move |two| (one, two)));
        Self(pairs.fold(0, |all, (one, two)| all | Self::only(join(one, two)).0))
    }

    fn negated(self) -> Self {
        Self(self.each().fold(0, |all, truth| all | Self::only(truth.negated()).0))
    }
}

/// A rule that may match.
struct Candidate<'a> {
    rule: u16,
    text: RuleText<'a>,
    answers: Answers,
}

impl Candidate<'_> {
    /// Whether it matches whatever the answers are.
    fn matches_certainly(&self) -> bool {
        self.answers.each().all(|truth| truth.counts_for(self.text.effect))
    }

    fn may_match(&self) -> bool {
        self.answers.each().any(|truth| truth.counts_for(self.text.effect))
    }

    /// Whether it can take the place of the default.
    const fn may_settle(&self) -> bool {
        self.answers.may_be(Truth::True) && !self.text.only_tightens
    }
}

/// One command of an action under test.
struct Asked<'a> {
    facts: &'a dyn Facts,
    is_open: IsOpen<'a>,
    open: Vec<&'static str>,
}

impl Asked<'_> {
    fn part(&mut self, head: &Head<'_>, default: Verdict) -> Result<(Verdict, Verdict), Damaged> {
        let invocation = &self.facts.action().invocation;
        let flows = crate::condition::possible_flows(invocation);
        let tool = self.facts.tool().map(|tool| tool.name.as_str());
        let mut all: Vec<Candidate<'_>> = Vec::new();
        for rule in head.candidates(&invocation.program, &invocation.family, tool) {
            let rule = rule?;
            let entry = head.entry(rule)?;
            if !can_match(entry, flows, self.facts) {
                continue;
            }
            let answers = self.group(head.when(entry)?, Join::All)?;
            if !answers.is_certainly(Truth::False) {
                all.push(Candidate { rule, text: head.text(entry)?, answers });
            }
        }
        all.sort_by_key(|one| one.text.order);
        Ok((least(default, &all), most(default, &all)))
    }

    /// What the nodes of `bytes` may say together. Depth is bounded: these bytes were asked before.
    fn group(&mut self, mut bytes: &[u8], join: Join) -> Result<Answers, Damaged> {
        let (start, settled) = match join {
            Join::All => (Truth::True, Truth::False),
            Join::Any | Join::None => (Truth::False, Truth::True),
        };
        let mut joined = Answers::only(start);
        while !joined.is_certainly(settled) && !bytes.is_empty() {
            let answers = match next(&mut bytes)? {
                Part::Group(join, body) => self.group(body, join)?,
                Part::Leaf(kind, payload) if kind.about.name == "risk" => {
                    risk::range(payload, &mut |when| self.group(when, Join::All))?
                }
                Part::Leaf(kind, payload) => self.leaf(kind.about.name, kind, payload)?,
            };
            joined = joined.join(answers, if join == Join::All { Truth::and } else { Truth::or });
        }
        Ok(if join == Join::None { joined.negated() } else { joined })
    }
}

impl Asked<'_> {
    fn leaf(
        &mut self,
        condition: &'static str,
        kind: &Kind,
        payload: &[u8],
    ) -> Result<Answers, Damaged> {
        let answer = (kind.test)(payload, &mut Trial::new(self.facts))?;
        let (flows, of_text) = match condition {
            "content" => content::asks(payload)?,
            "operand" => operand::asks(payload)?,
            _ => (Flows::NONE, false),
        };
        if !(self.is_open)(Question { condition, answer, flows, of_text }) {
            return Ok(Answers::only(answer));
        }
        self.open.push(condition);
        Ok(Answers::OPEN)
    }
}

/// The verdict if every open answer speaks for the call: only what is certain counts against it,
/// and whatever may override does. Rules come before those that they override.
fn least(default: Verdict, all: &[Candidate<'_>]) -> Verdict {
    let overridden = |rule: u16| {
        all.iter().any(|one| one.answers.may_be(Truth::True) && one.text.overrides.contains(&rule))
    };
    let start = if all.iter().any(Candidate::may_settle) { Verdict::Allow } else { default };
    let certain = all.iter().filter(|one| one.matches_certainly() && !overridden(one.rule));
    certain.map(|one| one.text.effect).fold(start, Verdict::max)
}

/// The verdict if every open answer speaks against it.
fn most(default: Verdict, all: &[Candidate<'_>]) -> Verdict {
    let may_be_overridden = |rule: u16| {
        all.iter().any(|one| one.answers.may_be(Truth::True) && one.text.overrides.contains(&rule))
    };
    let mut gone: Vec<u16> = Vec::new();
    for one in all {
        // What may itself be overridden does not certainly override.
        let counts = one.answers.is_certainly(Truth::True)
            && !gone.contains(&one.rule)
            && (one.text.overrides.is_empty() || !may_be_overridden(one.rule));
        if counts {
            gone.extend(&one.text.overrides);
        }
    }
    let settles = |one: &Candidate<'_>| {
        let certain = one.answers.is_certainly(Truth::True) && one.may_settle();
        certain && !may_be_overridden(one.rule)
    };
    let start = if all.iter().any(settles) { Verdict::Allow } else { default };
    let left = all.iter().filter(|one| one.may_match() && !gone.contains(&one.rule));
    left.map(|one| one.text.effect).fold(start, Verdict::max)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AnyWord, Given, Layer, Policy};

    const RULES: &str = r#"
[policy]
id = "t"
version = "1"
extends = []
default = "allow"
[[rule]]
id = "by-tenant"
effect = "deny"
reason = "r"
[rule.when]
command = "git"
tenant = "acme"
[[rule]]
id = "certain"
effect = "require_approval"
reason = "r"
[rule.when]
command = "git"
[[rule]]
id = "lets-acme"
effect = "allow"
reason = "r"
overrides = ["certain"]
[rule.when]
command = ["git", "rm"]
tenant = "acme"
"#;

    fn asked(program: &str, open: &'static [&'static str]) -> Range {
        let policy = Policy::parse(RULES, "t.toml", Layer::User, &AnyWord).unwrap();
        let facts = Given::command(program, "/");
        policy.range(&facts, &|asked| open.contains(&asked.condition))
    }

    #[test]
    fn an_open_answer_may_deny_and_may_override() {
        let range = asked("git", &["tenant"]);
        assert_eq!((range.least, range.most), (Verdict::Allow, Verdict::Deny));
        assert_eq!(range.open, ["tenant"]);
    }

    #[test]
    fn what_is_merely_unknown_counts_as_it_always_does() {
        let range = asked("git", &[]);
        assert_eq!((range.least, range.most), (Verdict::Deny, Verdict::Deny));
        assert!(range.open.is_empty());
    }

    #[test]
    fn an_open_answer_that_changes_nothing_leaves_one_verdict() {
        for program in ["rm", "curl"] {
            let range = asked(program, &["tenant"]);
            assert_eq!((range.least, range.most), (Verdict::Allow, Verdict::Allow), "{program}");
        }
    }

    #[test]
    fn answers_are_joined_one_by_one() {
        let [no, yes, unknown] = Answers::ALL.map(Answers::only);
        assert_eq!(Answers::OPEN.join(no, Truth::and), no);
        assert_eq!(Answers::OPEN.join(yes, Truth::or), yes);
        assert_eq!(Answers::OPEN.join(yes, Truth::and), Answers::OPEN);
        assert_eq!(Answers::OPEN.negated(), Answers::OPEN);
        assert_eq!(unknown.join(yes, Truth::and), unknown);
        assert_eq!(
            Answers::between(true, true).join(yes, Truth::and),
            Answers::between(true, true)
        );
        assert_eq!(Answers::between(false, true), yes);
    }
}
