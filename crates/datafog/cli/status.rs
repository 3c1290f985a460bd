//! `datafog status`: one screen that says whether commands are covered, and by what.

use std::path::PathBuf;

use anyhow::Result;
use clap::Args;
use datafog_core::{Mode, RuleOrigin};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::session::Session;
use super::{approvals, policy, receipts, room};
use crate::exit_code::ExitCode;

/// Arguments of `status`.
#[derive(Args, Clone, Copy, Debug)]
#[command(after_help = "\
The first word says what protects you:
  enforcing   decisions are carried out
  observing   decisions are only recorded
  degraded    something is wrong: `datafog doctor` says what
  off         nothing is wrapped

Examples:
  datafog status
  datafog status --json | jq -r .protection")]
pub(super) struct Status {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What protects the user of this installation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Protection {
    Degraded,
    Enforcing,
    Observing,
    Off,
}

#[derive(Debug, Serialize)]
struct Document {
    protection: Protection,
    version: &'static str,
    root: String,
    mode: Option<Mode>,
    wrapped: usize,
    shims_first_on_path: bool,
    policy: policy::Summary,
    receipts: receipts::Summary,
    approvals: approvals::Summary,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<String>,
}

/// The order of folders on PATH, as this process got it.
#[derive(Clone, Debug)]
pub(super) struct PathOrder {
    folders: Vec<PathBuf>,
    /// Whether the shims stand before every other folder.
    pub(super) shims_first: bool,
}

impl PathOrder {
    pub(super) fn of(session: &Session) -> Self {
        let path = session.host.variable("PATH").unwrap_or_default();
        let folders: Vec<PathBuf> = std::env::split_paths(path).collect();
        let shims = session.layout.shims().canonicalize().ok();
        let first = folders.first().and_then(|folder| folder.canonicalize().ok());
        Self { shims_first: first.is_some() && first == shims, folders }
    }

    /// The program that answers to `name` in a shell with this PATH.
    pub(super) fn answer(&self, name: &str) -> Option<PathBuf> {
        let programs = self.folders.iter().map(|folder| folder.join(name));
        programs.into_iter().find(|program| is_executable(program))
    }
}

fn is_executable(program: &std::path::Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    let metadata = program.metadata();
    metadata.is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0)
}

impl Status {
    pub(super) fn run(self, session: &Session) -> Result<ExitCode> {
        let document = Document::of(session);
        if self.json {
            session.out.json(&document)?;
        } else {
            session.out.print(document.text(session))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Document {
    fn of(session: &Session) -> Self {
        let mut problems = Vec::new();
        let mut note = |error: anyhow::Error| problems.push(format!("{error:#}"));
        let mode = session.settings().map_err(&mut note).ok().map(|settings| settings.mode);
        let names = session.links().names().map_err(|error| note(error.into()));
        let wrapped = names.map_or(0, |names| names.len());
        let policy = policy::Summary::of(session);
        problems.extend(policy.problem.clone());
        let receipts = receipts::Summary::of(session);
        problems.extend(receipts.problem.clone());
        let approvals = approvals::Summary::of(session);
        problems.extend(approvals.problem.clone());
        problems.extend(room::obstacle(&session.layout.receipts()));
        let shims_first_on_path = PathOrder::of(session).shims_first;
        if wrapped > 0 && !shims_first_on_path {
            problems.push("the wrappers are not first on PATH in this shell".to_owned());
        }
        let protection = match mode {
            _ if wrapped == 0 => Protection::Off,
            _ if !problems.is_empty() => Protection::Degraded,
            Some(Mode::Enforced) => Protection::Enforcing,
            Some(Mode::Observe) => Protection::Observing,
            None => Protection::Degraded,
        };
        let root = session.layout.root().display().to_string();
        let version = env!("CARGO_PKG_VERSION");
        Self {
            protection,
            version,
            root,
            mode,
            wrapped,
            shims_first_on_path,
            policy,
            receipts,
            approvals,
            problems,
        }
    }

    fn text(&self, session: &Session) -> String {
        let (tone, word) = match self.protection {
            Protection::Degraded => (Tone::Bad, "degraded"),
            Protection::Enforcing => (Tone::Good, "enforcing"),
            Protection::Observing => (Tone::Warning, "observing"),
            Protection::Off => (Tone::Bad, "off"),
        };
        let row = |name: &str, text: String| vec![Cell::toned(Tone::Bold, name), Cell::new(text)];
        let path = if self.shims_first_on_path { "first on PATH" } else { "NOT first on PATH" };
        let mode = self.mode.map_or("unknown", Mode::name);
        let mut rows = vec![
            vec![Cell::toned(Tone::Bold, "protection"), Cell::toned(tone, word)],
            row("mode", mode.to_owned()),
            row("commands", format!("{} wrapped, {path}", self.wrapped)),
            row("policy", self.policy.to_string()),
            row("receipts", self.receipts.to_string()),
            row("approvals", self.approvals.to_string()),
            row("root", format!("{}  (datafog {})", self.root, self.version)),
        ];
        let problem = |text: &String| vec![Cell::toned(Tone::Bad, "problem"), Cell::new(text)];
        rows.extend(self.problems.iter().map(problem));
        session.out.table(&rows)
    }
}

/// A place of a rule for display.
pub(super) fn place(origin: &RuleOrigin) -> String {
    match origin {
        RuleOrigin::Builtin => "built in".to_owned(),
        RuleOrigin::File { path, line } => format!("{path}:{line}"),
    }
}
