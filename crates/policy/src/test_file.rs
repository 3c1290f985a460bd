//! Files of tests: a team's own expectations about its policy, beside the examples of its rules.
//!
//! An example says whether one rule matches; a test says what the whole policy answers to a call, and
//! which rule decides it.

use datafog_core::{Decision, Verdict};

use crate::diagnostic::{Diagnostic, SourceText};
use crate::{Example, Vocabulary, read};

/// A file of tests, read strictly.
#[derive(Clone, Debug, PartialEq)]
pub struct TestFile {
    /// The policy file that is tested, relative to this file; `None` for the one in force.
    pub policy: Option<String>,
    /// The tests, in order.
    pub cases: Vec<TestCase>,
}

/// One test.
#[derive(Clone, Debug, PartialEq)]
pub struct TestCase {
    /// What it is called; the call itself when the file does not say.
    pub name: String,
    /// The call and what surrounds it, in the form of a rule's examples.
    pub example: Example,
    /// What the policy must answer.
    pub expect: Verdict,
    /// Id of the rule that must decide; empty when none may, `None` when any may.
    pub rule: Option<String>,
    /// Line of the test, from 1.
    pub line: u32,
}

impl TestFile {
    /// Reads the text of a file of tests; `path` is for display.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line.
    pub fn parse(
        text: &str,
        path: &str,
        vocabulary: &dyn Vocabulary,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (file, diagnostics) = read::tests(SourceText { path, text }, vocabulary);
        file.ok_or(diagnostics)
    }
}

impl TestCase {
    /// Why `decision` is not what the test expects; `None` when it is.
    #[must_use]
    pub fn fault(&self, decision: &Decision) -> Option<String> {
        let decider = decision.decider().map_or("", |rule| rule.id.as_str());
        let right_rule = self.rule.as_ref().is_none_or(|rule| rule == decider);
        if decision.verdict == self.expect && right_rule {
            return None;
        }
        let by = |rule: &str| match rule {
            "" => String::from("no rule"),
            rule => format!("`{rule}`"),
        };
        let wanted = self.rule.as_ref().map(|rule| format!(" by {}", by(rule)));
        let (expect, wanted) = (self.expect, wanted.unwrap_or_default());
        Some(format!("expected {expect}{wanted}, got {} by {}", decision.verdict, by(decider)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AnyWord;

    fn parse(text: &str) -> Result<TestFile, String> {
        TestFile::parse(text, "p.test.toml", &AnyWord)
            .map_err(|faults| faults.iter().map(|fault| format!("{fault}\n")).collect())
    }

    #[test]
    fn calls_are_written_like_examples() {
        let file = parse(
            "policy = \"p.toml\"\n[[test]]\ncall = \"git push\"\nexpect = \"allow\"\nrule = \"default\"\n\
             [[test]]\nname = \"agents ask\"\ncall = { run = [\"rm\", \"a b\"], principal = \"agent\", cwd = \"~/x\" }\n\
             expect = \"deny\"\n",
        )
        .unwrap();
        assert_eq!(file.policy.as_deref(), Some("p.toml"));
        let [first, second] = file.cases.as_slice() else { panic!("{file:?}") };
        assert_eq!(
            (first.name.as_str(), first.rule.as_deref(), first.line),
            ("git push", Some(""), 2)
        );
        assert_eq!(
            (second.name.as_str(), &second.rule, second.expect),
            ("agents ask", &None, Verdict::Deny)
        );
    }

    #[test]
    fn slips_are_named_with_their_line() {
        for (text, said) in [
            ("", "there is no test"),
            ("[test]\ncall = \"x\"", "two brackets"),
            ("[[tests]]\ncall = \"x\"", "did you mean `test`?"),
            ("[[test]]\ncall = \"x\"", "`expect` is missing"),
            ("[[test]]\nexpect = \"deny\"", "`call` is missing"),
            ("[[test]]\ncal = \"x\"\nexpect = \"deny\"", "did you mean `call`?"),
            ("[[test]]\ncall = \"x\"\nexpect = \"denny\"", "did you mean `deny`?"),
            ("[[test]]\ncall = \"a | b\"\nexpect = \"deny\"", "one plain command"),
            ("[[test]]\ncall = { rum = \"x\" }\nexpect = \"deny\"", "did you mean `run`?"),
            ("[[test]\n", "p.test.toml:1"),
        ] {
            let told = parse(text).unwrap_err();
            assert!(told.contains(said), "{text}: {told}");
        }
    }

    #[test]
    fn the_deciding_rule_counts_when_it_is_named() {
        let mut case =
            parse("[[test]]\ncall = \"x\"\nexpect = \"deny\"\n").unwrap().cases.remove(0);
        let decision = |verdict| Decision::without_rule(verdict, "");
        assert_eq!(case.fault(&decision(Verdict::Deny)), None);
        assert_eq!(
            case.fault(&decision(Verdict::Allow)).unwrap(),
            "expected deny, got allow by no rule"
        );
        case.rule = Some("r".into());
        assert_eq!(
            case.fault(&decision(Verdict::Deny)).unwrap(),
            "expected deny by `r`, got deny by no rule"
        );
    }
}
