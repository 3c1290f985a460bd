//! `datafog policy`: writes, checks and shows the policy.

use core::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::{Args, Subcommand};
use datafog_config::Change;
use datafog_gate::diagnose_policy;
use datafog_policy::{Diagnostic, Level, Policy, Rule};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::plan::{Plan, Step};
use super::session::Session;
use super::{check, foreign, hooks, installation, status};
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// A user's policy to begin with: nothing but comments, so that it changes nothing.
const TEMPLATE: &str = include_str!("policy_template.toml");

/// The policy: what is allowed, held and denied.
#[derive(Debug, Subcommand)]
pub(super) enum PolicyCommand {
    /// Write a policy file to begin with, every part explained
    #[command(after_help = "\
Examples:
  datafog policy init
  datafog policy init --dry-run")]
    Init(hooks::Write),
    /// Check a policy file and show every mistake with its place and remedy
    #[command(after_help = "\
Exit codes: 0 nothing wrong, 4 the policy cannot be used.

Examples:
  datafog policy lint
  datafog policy lint draft.toml --json")]
    Lint(Files),
    /// Show every rule in force and where it stands
    #[command(after_help = "\
Examples:
  datafog policy effective
  datafog policy effective --json | jq '.rules[] | select(.effect == \"deny\") | .id'")]
    Effective(hooks::Read),
    /// Translate a policy of another system
    Import(foreign::ImportCommand),
    /// Run the examples that the rules carry
    #[command(after_help = "\
Exit codes: 0 every example holds, 1 one does not, 4 the policy cannot be used.

Examples:
  datafog policy test
  datafog policy test draft.toml")]
    Test(Files),
}

/// Which policy file, and how to answer.
#[derive(Args, Debug)]
pub(super) struct Files {
    /// A policy file; without one, the user's own
    file: Option<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The policy in a few words, for `status` and `doctor`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    id: String,
    version: String,
    rules: usize,
    file: Option<String>,
    digest: String,
    /// Why the policy in the file is not in force, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Summary {
    pub(super) fn of(session: &Session) -> Self {
        let path = session.layout.policy();
        let (policy, problem) = match in_force(&path) {
            Ok(policy) => (policy, None),
            Err(error) => (Policy::builtin(), Some(format!("{error:#}"))),
        };
        Self {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            rules: policy.rules().len(),
            file: path.exists().then(|| path.display().to_string()),
            digest: policy.digest().to_string(),
            problem,
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.problem.is_some() {
            return write!(f, "`{}` cannot be used", self.file.as_deref().unwrap_or_default());
        }
        let place = self.file.as_deref().unwrap_or("built in");
        write!(f, "{} {}, {} rules ({place})", self.id, self.version, self.rules)
    }
}

impl PolicyCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::Init(how) => init(session, *how),
            Self::Lint(files) => files.lint(session),
            Self::Effective(how) => effective(session, how.json),
            Self::Import(command) => command.run(session),
            Self::Test(files) => files.test(session),
        }
    }
}

#[derive(Serialize)]
struct Found {
    file: String,
    valid: bool,
    examples: usize,
    diagnostics: Vec<DiagnosticDocument>,
}

#[derive(Serialize)]
struct DiagnosticDocument {
    level: &'static str,
    line: u32,
    column: u32,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

impl Files {
    fn lint(&self, session: &Session) -> Result<ExitCode> {
        let (path, policy, diagnostics) = self.read(session)?;
        let valid = policy.is_some() && is_usable(&diagnostics);
        self.show(session, &path, policy.as_ref(), &diagnostics)?;
        if !self.json && diagnostics.is_empty() {
            session.out.print(format_args!("{}: nothing wrong\n", path.display()))?;
        }
        Ok(if valid { ExitCode::Success } else { ExitCode::Invalid })
    }

    fn test(&self, session: &Session) -> Result<ExitCode> {
        let (path, policy, diagnostics) = self.read(session)?;
        let examples = policy.as_ref().map_or(0, |policy| policy.examples().len());
        self.show(session, &path, policy.as_ref(), &diagnostics)?;
        if policy.is_none() {
            return Ok(ExitCode::Invalid);
        }
        let failed = diagnostics.iter().filter(|one| one.level == Level::Error).count();
        if !self.json {
            let passed = examples.saturating_sub(failed);
            session.out.print(format_args!("{passed} examples hold, {failed} do not\n"))?;
        }
        Ok(if failed == 0 { ExitCode::Success } else { ExitCode::Negative })
    }

    fn read(&self, session: &Session) -> Result<(PathBuf, Option<Policy>, Vec<Diagnostic>)> {
        let path = self.file.clone().unwrap_or_else(|| session.layout.policy());
        let text = match fs::read_to_string(&path) {
            Ok(text) => text,
            // Without a file of one's own the built-in policy stands, and it is tested at build.
            Err(error) if error.kind() == io::ErrorKind::NotFound && self.file.is_none() => {
                let message = format!("there is no `{}`", path.display());
                return Err(Advised::usage(
                    message,
                    "`datafog policy init` writes one to begin with",
                ));
            }
            Err(error) => {
                return Err(error).with_context(|| format!("cannot read `{}`", path.display()));
            }
        };
        let (policy, diagnostics) = diagnose_policy(&text, &path);
        Ok((path, policy, diagnostics))
    }

    fn show(
        &self,
        session: &Session,
        path: &Path,
        policy: Option<&Policy>,
        diagnostics: &[Diagnostic],
    ) -> Result<()> {
        if self.json {
            let document = |one: &Diagnostic| DiagnosticDocument {
                level: one.level.name(),
                line: one.line,
                column: one.column,
                message: one.message.clone(),
                help: one.help.clone(),
            };
            session.out.json(&Found {
                file: path.display().to_string(),
                valid: policy.is_some() && is_usable(diagnostics),
                examples: policy.map_or(0, |policy| policy.examples().len()),
                diagnostics: diagnostics.iter().map(document).collect(),
            })?;
        } else {
            for diagnostic in diagnostics {
                session.out.print(format_args!("{diagnostic}\n"))?;
            }
        }
        Ok(())
    }
}

fn is_usable(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().all(|one| one.level < Level::Error)
}

/// The policy that the gate would use with this file.
fn in_force(path: &Path) -> Result<Policy> {
    match fs::read_to_string(path) {
        Ok(text) => Ok(datafog_gate::compile_policy(&text, path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Policy::builtin()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

fn init(session: &Session, how: hooks::Write) -> Result<ExitCode> {
    let path = session.layout.policy();
    if path.exists() {
        let message = format!("`{}` is there already", path.display());
        return Err(Advised::usage(message, "edit it, then run `datafog policy lint`"));
    }
    how.carry_out(session, || {
        let mut plan: Plan = installation::plan(session, None)?;
        plan.extend(Change::to_text(&path, TEMPLATE.into(), 0o600)?.map(Step::Own));
        Ok(plan)
    })?;
    Ok(ExitCode::Success)
}

fn effective(session: &Session, json: bool) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        id: String,
        version: String,
        digest: String,
        default: datafog_core::Verdict,
        rules: Vec<RuleDocument>,
    }
    let policy = in_force(&session.layout.policy())?;
    if json {
        session.out.json(&Document {
            id: policy.id().to_owned(),
            version: policy.version().to_owned(),
            digest: policy.digest().to_string(),
            default: policy.default_verdict(),
            rules: policy.rules().into_iter().map(RuleDocument::of).collect(),
        })?;
        return Ok(ExitCode::Success);
    }
    let mut text = format!("{} {}\n", policy.id(), policy.version());
    for rule in policy.rules() {
        let head = [vec![
            Cell::toned(Tone::Bold, &rule.id),
            check::verdict(rule.effect),
            Cell::toned(Tone::Dim, status::place(&rule.origin)),
        ]];
        text.push_str(&session.out.table(&head));
        let lines = std::iter::once(&rule.reason).chain(&rule.conditions);
        lines.for_each(|line| text.push_str(&format!("  {line}\n")));
    }
    text.push_str(&format!("otherwise  {}\n", policy.default_verdict()));
    session.out.print(text)?;
    Ok(ExitCode::Success)
}

#[derive(Serialize)]
struct RuleDocument {
    id: String,
    effect: datafog_core::Verdict,
    severity: datafog_core::Severity,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    instead: Option<String>,
    overrides: Vec<String>,
    place: String,
    layer: &'static str,
    conditions: Vec<String>,
}

impl RuleDocument {
    fn of(rule: Rule) -> Self {
        Self {
            place: status::place(&rule.origin),
            layer: rule.layer.name(),
            id: rule.id,
            effect: rule.effect,
            severity: rule.severity,
            reason: rule.reason,
            instead: rule.instead,
            overrides: rule.overrides,
            conditions: rule.conditions,
        }
    }
}
