//! The examples that rules carry, and the file of tests beside the policy file, tried one by one.
//!
//! Both mean the same on every machine: they are judged in an invented world. `datafog policy test` and the
//! dashboard show what comes of it.

use std::path::{Path, PathBuf};

use datafog_config::Change;
use datafog_core::Verdict;
use datafog_policy::{Diagnostic, Policy, TestFile};

use super::Judge;
use super::policy_file::MODE;
use crate::state::{read, trusted};
use crate::{Error, Ground, KnownWords, in_invented_world};

/// An example or a test that was tried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    /// The rule that it is about; `None` for a test that says nothing of rules.
    pub rule: Option<String>,
    /// The call, or what the test is called.
    pub name: String,
    /// Its line in its file, from 1.
    pub line: u32,
    /// Why it does not hold; `None` when it does.
    pub fault: Option<String>,
}

/// A policy file and its tests, tried.
#[derive(Debug)]
pub struct Trial {
    /// The examples of the file's own rules.
    pub examples: Vec<Tried>,
    /// The tests.
    pub tests: Vec<Tried>,
    /// What is wrong with either file itself.
    pub wrong: Vec<Diagnostic>,
}

/// The examples of a policy that was diagnosed, and what was found that is about none of them.
#[must_use]
pub fn tried_examples<'d>(
    policy: &Policy,
    found: &'d [Diagnostic],
) -> (Vec<Tried>, Vec<&'d Diagnostic>) {
    let mut faults: Vec<Option<&Diagnostic>> =
        found.iter().filter(|one| one.is_error()).map(Some).collect();
    let tried = policy.examples().iter().map(|example| {
        let at = faults.iter_mut().find(|one| one.is_some_and(|one| example.is_at(one)));
        let fault = at.and_then(Option::take).map(|one| one.message.clone());
        Tried {
            rule: Some(example.rule.clone()),
            name: example.shown(),
            line: example.line(),
            fault,
        }
    });
    let tried = tried.collect();
    (tried, faults.into_iter().flatten().collect())
}

/// The tests of a file, judged by a policy.
#[must_use]
pub fn tried_tests(policy: &Policy, tests: &TestFile) -> Vec<Tried> {
    let tried = tests.cases.iter().map(|case| {
        let decision = in_invented_world(&case.example, |facts, _| policy.decide(facts));
        let fault = case.fault(&decision).map(|fault| match decision.verdict {
            Verdict::Allow => fault,
            Verdict::Deny | Verdict::Redact | Verdict::RequireApproval | Verdict::Rewrite => {
                format!("{fault}: {}", decision.reason)
            }
        });
        let rule = case.rule.clone().filter(|rule| !rule.is_empty());
        Tried { rule, name: case.name.clone(), line: case.line, fault }
    });
    tried.collect()
}

/// A file of tests, read.
///
/// # Errors
/// Everything that is wrong with it, by line.
pub fn read_tests(text: &str, path: &Path) -> Result<TestFile, Vec<Diagnostic>> {
    TestFile::parse(text, &path.display().to_string(), &KnownWords)
}

impl Judge<'_> {
    /// Where the tests of the policy file are.
    #[must_use]
    pub fn policy_tests_path(&self) -> PathBuf {
        self.layout.policy().with_extension("test.toml")
    }

    /// The tests of the policy file; `None` where there are none.
    ///
    /// # Errors
    /// When they cannot be read, or others could have written them.
    pub fn policy_tests(&self) -> Result<Option<String>, Error> {
        let path = self.policy_tests_path();
        trusted(&path, self.user)?.map(|_| read(&path)).transpose()
    }

    /// What comes of a text of the policy file, and of tests for it. Nothing is changed.
    ///
    /// # Errors
    /// When what it would stand over cannot be read.
    pub fn try_policy(&self, text: &str, tests: &str) -> Result<Trial, Error> {
        let (policy, found) = Ground::of(&self.layout)?.diagnose(text, &self.layout.policy());
        let mut trial = Trial { examples: Vec::new(), tests: Vec::new(), wrong: Vec::new() };
        let Some(policy) = policy else {
            trial.wrong = found;
            return Ok(trial);
        };
        let (examples, wrong) = tried_examples(&policy, &found);
        trial.examples = examples;
        trial.wrong = wrong.into_iter().cloned().collect();
        if tests.trim().is_empty() {
            return Ok(trial);
        }
        match read_tests(tests, &self.policy_tests_path()) {
            Ok(file) => trial.tests = tried_tests(&policy, &file),
            Err(wrong) => trial.wrong.extend(wrong),
        }
        Ok(trial)
    }

    /// Puts tests beside the policy file, whole or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn replace_policy_tests(&self, text: &str) -> Result<(), Error> {
        let path = self.policy_tests_path();
        let change = Change::to_text(&path, text.as_bytes().to_vec(), MODE)?;
        Ok(change.map_or(Ok(()), |change| change.apply(None))?)
    }
}
