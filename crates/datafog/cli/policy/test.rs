//! `datafog policy test`: the examples that rules carry, and files of tests beside them.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use datafog_core::{RuleOrigin, Verdict};
use datafog_gate::{Ground, KnownWords, Tried, in_invented_world, tried_examples};
use datafog_policy::{Diagnostic, Level, Policy, TestCase, TestFile};
use serde::Serialize;

use super::subject::Subject;
use crate::cli::foreign;
use crate::cli::output::{Tone, plain};
use crate::cli::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Arguments of `policy test`.
#[derive(Args, Debug)]
pub(crate) struct Test {
    /// Policy files and files of tests (`*.test.toml`); without any, the user's own policy. The tests
    /// of `x.toml` in `x.test.toml` beside it are run, too
    files: Vec<PathBuf>,
    /// Write a JUnit report there
    #[arg(long, value_name = "FILE")]
    junit: Option<PathBuf>,
    /// Fail when a rule of a tested policy decides no case
    #[arg(long)]
    require_coverage: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// One file that was tried.
#[derive(Serialize)]
struct Suite {
    file: String,
    policy: String,
    cases: Vec<Case>,
    coverage: Vec<Covered>,
    #[serde(skip)]
    usable: bool,
}

/// One example or test.
#[derive(Serialize)]
struct Case {
    name: String,
    line: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    fault: Option<String>,
}

/// How often a rule was tried.
#[derive(Serialize)]
struct Covered {
    rule: String,
    line: u32,
    /// Examples that the rule itself carries.
    examples: usize,
    /// Tests that it matched.
    matched: usize,
    /// Tests that it decided.
    decided: usize,
}

#[derive(Serialize)]
struct Document<'a> {
    passed: usize,
    failed: usize,
    suites: &'a [Suite],
}

impl Test {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let mut suites = Vec::new();
        for path in self.paths(session)? {
            suites.push(if super::is_tests(&path) {
                tests(&path, session)?
            } else {
                examples(&path, session)?
            });
        }
        if let Some(path) = &self.junit {
            fs::write(path, junit(&suites))
                .with_context(|| format!("cannot write `{}`", path.display()))?;
        }
        let cases = || suites.iter().flat_map(|suite| &suite.cases);
        let failed = cases().filter(|case| case.fault.is_some()).count();
        let passed = cases().count().saturating_sub(failed);
        if self.json {
            session.out.json(&Document { passed, failed, suites: &suites })?;
        } else {
            let total = format!("{passed} hold, {failed} do not\n");
            let all: String = suites.iter().map(|suite| shown(suite, session)).collect();
            session.out.print(all + &total)?;
        }
        let untried = |suite: &Suite| suite.coverage.iter().any(Covered::is_untried);
        Ok(match () {
            () if suites.iter().any(|suite| !suite.usable) => ExitCode::Invalid,
            () if failed > 0 => ExitCode::Negative,
            () if self.require_coverage && suites.iter().any(untried) => ExitCode::Negative,
            () => ExitCode::Success,
        })
    }

    /// The files to try: those named, and the tests that belong to a named policy.
    fn paths(&self, session: &Session) -> Result<Vec<PathBuf>> {
        let mut paths = Vec::new();
        let named = match self.files.as_slice() {
            [] => vec![super::file(session, None)?],
            files => files.to_vec(),
        };
        for path in named {
            let beside = path.with_extension("test.toml");
            let also = !super::is_tests(&path) && beside.is_file() && !self.files.contains(&beside);
            paths.push(path);
            paths.extend(also.then_some(beside));
        }
        Ok(paths)
    }
}

impl Covered {
    const fn is_untried(&self) -> bool {
        self.examples == 0 && self.decided == 0
    }
}

/// The examples within a policy file.
fn examples(path: &Path, session: &Session) -> Result<Suite> {
    let file = path.display().to_string();
    if !super::is_native(path) {
        let message = format!("`{file}` carries no examples");
        let hint = "write a file of tests, `x.test.toml`, that names it with `policy = \"…\"`";
        return Err(Advised::usage(message, hint));
    }
    let text = foreign::read_text(path)?;
    let (policy, diagnostics) = Ground::of(&session.layout)?.diagnose(&text, path);
    let Some(policy) = policy else {
        foreign::tell(session, &diagnostics);
        return Ok(unusable(file, &diagnostics));
    };
    let (tried, wrong) = tried_examples(&policy, &diagnostics);
    let cases = tried.into_iter().map(|Tried { rule, name, line, fault }| {
        let name = format!("{}: {name}", rule.unwrap_or_default());
        Case { name, line, fault }
    });
    let mut cases: Vec<Case> = cases.collect();
    // What is wrong with the file and not with an example of it is a failure all the same.
    cases.extend(wrong.into_iter().map(of_file));
    let coverage = coverage(&policy, path, &BTreeMap::new());
    let name = format!("{} {}", policy.id(), policy.version());
    Ok(Suite { file, policy: name, cases, coverage, usable: true })
}

/// What is wrong with a file itself, as a case that fails: a report without it would look well.
fn of_file(fault: &Diagnostic) -> Case {
    let name = String::from("the file");
    Case { name, line: fault.line, fault: Some(fault.message.clone()) }
}

/// A file that cannot be read as what it is.
fn unusable(file: String, faults: &[Diagnostic]) -> Suite {
    let wrong = faults.iter().filter(|one| one.level == Level::Error);
    let cases = wrong.map(of_file).collect();
    Suite { file, policy: String::new(), cases, coverage: Vec::new(), usable: false }
}

/// How often rules matched and decided, by id.
type Counts = BTreeMap<String, (usize, usize)>;

/// A file of tests.
fn tests(path: &Path, session: &Session) -> Result<Suite> {
    let file = path.display().to_string();
    let text = foreign::read_text(path)?;
    let tests = match TestFile::parse(&text, &file, &KnownWords) {
        Ok(tests) => tests,
        Err(faults) => {
            foreign::tell(session, &faults);
            return Ok(unusable(file, &faults));
        }
    };
    let tested = tested(path, &tests, session);
    let subject = match &tested {
        Some(path) => Subject::at(path, session)?,
        None => Subject::installed(session)?,
    };
    let mut tried = Counts::new();
    let cases = tests.cases.iter().map(|case| try_one(case, &subject, &mut tried)).collect();
    let own = tested.unwrap_or_else(|| session.layout.policy());
    let coverage = coverage(&subject.policy, &own, &tried);
    Ok(Suite { file, policy: subject.name(), cases, coverage, usable: true })
}

/// The policy that a file of tests is about: the one it names, else the one of its own name beside
/// it; `None` for the one in force.
fn tested(path: &Path, tests: &TestFile, session: &Session) -> Option<PathBuf> {
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    if let Some(named) = &tests.policy {
        return Some(folder.join(named));
    }
    let name = path.to_str()?.strip_suffix(".test.toml")?;
    let beside = PathBuf::from(format!("{name}.toml"));
    (beside.is_file() && beside != session.layout.policy()).then_some(beside)
}

fn try_one(case: &TestCase, subject: &Subject, tried: &mut Counts) -> Case {
    let decision = in_invented_world(&case.example, |facts, world| subject.decide(facts, world));
    for (index, rule) in decision.matched.iter().enumerate() {
        let (matched, decided) = tried.entry(rule.id.clone()).or_default();
        *matched = matched.saturating_add(1);
        *decided = decided.saturating_add(usize::from(index == 0));
    }
    let why = if decision.verdict == Verdict::Allow { "" } else { &*decision.reason };
    let fault = case.fault(&decision);
    let fault = fault.map(|fault| if why.is_empty() { fault } else { format!("{fault}: {why}") });
    Case { name: case.name.clone(), line: case.line, fault }
}

/// The rules of the file at `path`, and how often each was tried.
fn coverage(policy: &Policy, path: &Path, tried: &Counts) -> Vec<Covered> {
    let path = path.to_string_lossy();
    let own = policy.rules().into_iter().filter_map(|rule| match rule.origin {
        RuleOrigin::File { path: ref file, line } if *file == path => Some((rule.id, line)),
        RuleOrigin::File { .. } | RuleOrigin::Builtin => None,
    });
    let covered = |(rule, line): (String, u32)| {
        let examples = policy.examples().iter().filter(|one| one.rule == rule && one.matches);
        let (matched, decided) = tried.get(&rule).copied().unwrap_or_default();
        Covered { examples: examples.count(), rule, line, matched, decided }
    };
    own.map(covered).collect()
}

fn shown(suite: &Suite, session: &Session) -> String {
    let held = suite.cases.iter().filter(|case| case.fault.is_none()).count();
    let mut text = format!("{}: {held} of {} hold\n", plain(&suite.file), suite.cases.len());
    for case in &suite.cases {
        let Some(fault) = &case.fault else { continue };
        let word = session.out.tone(Tone::Bad, "fails");
        let place = format!("{}:{}", suite.file, case.line);
        text.push_str(&format!(
            "  {word}  {}\n         {}\n         {}\n",
            plain(&case.name),
            plain(fault),
            plain(place)
        ));
    }
    let untried: Vec<&Covered> = suite.coverage.iter().filter(|one| one.is_untried()).collect();
    if !suite.coverage.is_empty() {
        let (all, tried) =
            (suite.coverage.len(), suite.coverage.len().saturating_sub(untried.len()));
        text.push_str(&format!("  {tried} of {all} rules are tried\n"));
    }
    for one in untried {
        let word = session.out.tone(Tone::Warning, "never");
        text.push_str(&format!("  {word}  {} (line {})\n", plain(&one.rule), one.line));
    }
    text
}

/// The report in the form that build servers read.
fn junit(suites: &[Suite]) -> String {
    let mut text = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for suite in suites {
        let failed = suite.cases.iter().filter(|case| case.fault.is_some()).count();
        text.push_str(&format!(
            "  <testsuite name=\"{}\" tests=\"{}\" failures=\"{failed}\">\n",
            escaped(&suite.file),
            suite.cases.len()
        ));
        for case in &suite.cases {
            let (name, file) = (escaped(&case.name), escaped(&suite.file));
            let head = format!(
                "    <testcase name=\"{name}\" classname=\"{file}\" line=\"{}\"",
                case.line
            );
            match &case.fault {
                None => text.push_str(&format!("{head}/>\n")),
                Some(fault) => text.push_str(&format!(
                    "{head}>\n      <failure message=\"{}\"/>\n    </testcase>\n",
                    escaped(fault)
                )),
            }
        }
        text.push_str("  </testsuite>\n");
    }
    text + "</testsuites>\n"
}

/// Text for an XML attribute.
fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for letter in plain(text).chars() {
        match letter {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&apos;"),
            other => safe.push(other),
        }
    }
    safe
}
