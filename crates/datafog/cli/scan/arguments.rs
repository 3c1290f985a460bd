//! What may be typed after `datafog scan`.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use datafog_core::Confidence;
use datafog_detect::Scanner;
use datafog_scan::Selection;

/// Arguments of `scan`.
#[derive(Args, Debug)]
#[command(after_help = "\
Folders are walked, hidden files included. Files that a .gitignore or .ignore names are left out
(--no-ignore looks at them too), files that are no text are counted, symbolic links are not followed;
what is named on the command line is always looked at. What is found is shown by place and kind,
never by value.

A comment `datafog:allow` on a line, or alone on the line before, allows what is found there; names
of detectors after it limit it to them. It acts in scans only: the gate does not read it.

Exit codes: 0 nothing found, 1 something found, 2 usage, 5 something could not be read and nothing
was found in the rest. What could not be read is always named.

Examples:
  datafog scan                          the working directory
  datafog scan src notes.md
  datafog scan --staged                 what is about to be committed
  datafog scan --since origin/main      what the commits of this branch brought in
  git diff --cached | datafog scan --stdin
  datafog scan --baseline known.json --write-baseline
  datafog scan --json | jq '.findings[].path'")]
pub(in crate::cli) struct Scan {
    /// Files and folders; without any, the working directory
    pub(super) paths: Vec<PathBuf>,
    /// Read standard input
    #[arg(long, conflicts_with_all = ["paths", "staged", "since", "history"])]
    pub(super) stdin: bool,
    /// Look at what is staged in git
    #[arg(long, conflicts_with_all = ["since", "history"])]
    pub(super) staged: bool,
    /// Look at what the commits after a revision brought in
    #[arg(long, value_name = "REV", conflicts_with = "history")]
    pub(super) since: Option<String>,
    /// Look at everything that git has ever held
    #[arg(long)]
    pub(super) history: bool,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print JSON (the same as --format json)
    #[arg(long, conflicts_with = "format")]
    json: bool,
    /// Leave out what is less sure, 0 to 1
    #[arg(long, value_name = "SHARE", value_parser = share, default_value_t = Scanner::FLOOR)]
    pub(super) min_confidence: Confidence,
    /// Leave out what is named in a file
    #[arg(long, value_name = "FILE")]
    pub(super) baseline: Option<PathBuf>,
    /// Write what is found to the baseline
    #[arg(long, requires = "baseline")]
    pub(super) write_baseline: bool,
    /// Look at files that are no text too
    #[arg(long)]
    pub(super) binary: bool,
    /// Do not look into zip, tar and gzip files
    #[arg(long)]
    pub(super) no_archives: bool,
    /// Look at files that .gitignore and .ignore name too
    #[arg(long)]
    pub(super) no_ignore: bool,
    /// Show the values to a person at a terminal
    #[arg(long)]
    pub(super) show_values: bool,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(in crate::cli) enum Format {
    /// One line a finding.
    #[default]
    Text,
    /// One JSON document.
    Json,
    /// SARIF 2.1.0, for code hosts and editors.
    Sarif,
}

impl Scan {
    pub(super) const fn format(&self) -> Format {
        if self.json { Format::Json } else { self.format }
    }

    /// What git is asked for, if it is.
    pub(super) fn selection(&self) -> Option<Selection> {
        match &self.since {
            Some(revision) => Some(Selection::Since(revision.clone())),
            None if self.staged => Some(Selection::Staged),
            None => self.history.then_some(Selection::History),
        }
    }
}

/// A share from 0 to 1 in hundredths.
pub(super) fn share(text: &str) -> Result<Confidence, String> {
    let share: f64 = text.parse().map_err(|_| "expected a number from 0 to 1".to_owned())?;
    if !(0.0..=1.0).contains(&share) {
        return Err("expected a number from 0 to 1".to_owned());
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "0 to 100 by the check above"
    )]
    Ok(Confidence::percent((share * 100.0).round() as u8))
}
