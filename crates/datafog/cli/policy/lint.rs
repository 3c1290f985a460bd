//! `datafog policy lint`: everything that is wrong or odd about a policy file.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::Args;
use datafog_gate::{Ground, KnownWords};
use datafog_policy::{Diagnostic, Level, TestFile};
use serde::Serialize;

use super::file;
use crate::cli::foreign;
use crate::cli::session::Session;
use crate::exit_code::ExitCode;

/// Which policy file, and how to answer.
#[derive(Args, Debug)]
pub(crate) struct Lint {
    /// A policy file of ours or of another system, or a file of tests; without one, the user's own
    file: Option<PathBuf>,
    /// Treat warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Document<'a> {
    file: String,
    valid: bool,
    examples: usize,
    diagnostics: Vec<Told<'a>>,
}

#[derive(Serialize)]
struct Told<'a> {
    level: &'static str,
    line: u32,
    column: u32,
    message: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'a str>,
}

/// What was found out about one file.
struct Found {
    usable: bool,
    examples: usize,
    diagnostics: Vec<Diagnostic>,
}

impl Lint {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let path = file(session, self.file.as_deref())?;
        let found = look(&path, session)?;
        let told = found.diagnostics.iter();
        if self.json {
            let diagnostics = told.map(Told::of).collect();
            let file = path.display().to_string();
            let (valid, examples) = (found.usable, found.examples);
            session.out.json(&Document { file, valid, examples, diagnostics })?;
        } else {
            let mut text: String = told.map(|one| format!("{one}\n")).collect();
            if found.diagnostics.is_empty() {
                text = format!("{}: nothing wrong\n", path.display());
            }
            session.out.print(text)?;
        }
        let clean = found.usable && (!self.strict || found.diagnostics.is_empty());
        Ok(if clean { ExitCode::Success } else { ExitCode::Invalid })
    }
}

impl<'a> Told<'a> {
    fn of(one: &'a Diagnostic) -> Self {
        Self {
            level: one.level.name(),
            line: one.line,
            column: one.column,
            message: &one.message,
            help: one.help.as_deref(),
        }
    }
}

fn look(path: &Path, session: &Session) -> Result<Found> {
    if !super::is_native(path) {
        let bytes = foreign::read(path).map_err(|error| foreign::unreadable(path, &error))?;
        return Ok(match foreign::diagnose(&bytes, path) {
            Ok(diagnostics) => Found { usable: true, examples: 0, diagnostics },
            Err(diagnostics) => Found { usable: false, examples: 0, diagnostics },
        });
    }
    let text = foreign::read_text(path)?;
    if super::is_tests(path) {
        let parsed = TestFile::parse(&text, &path.to_string_lossy(), &KnownWords);
        let (usable, examples) = (parsed.is_ok(), parsed.as_ref().map_or(0, |it| it.cases.len()));
        return Ok(Found { usable, examples, diagnostics: parsed.err().unwrap_or_default() });
    }
    let (policy, diagnostics) = Ground::of(&session.layout)?.lint(&text, path);
    let usable = policy.is_some() && diagnostics.iter().all(|one| one.level < Level::Error);
    let examples = policy.as_ref().map_or(0, |policy| policy.examples().len());
    Ok(Found { usable, examples, diagnostics })
}
