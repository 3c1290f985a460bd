//! `datafog detectors`: what can be found, and whether something is.

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_scan::{About, Options, Report, Text, about, abouts};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::scan::{Format, exit_code, key, show};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// What to do with detectors.
#[derive(Debug, Subcommand)]
pub(super) enum Detectors {
    /// Name everything that can be found
    List(List),
    /// Describe a detector
    Show(Show),
    /// Say what is found in a text
    Test(Test),
}

/// Arguments of `detectors list`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  datafog detectors list
  datafog detectors list pii
  datafog detectors list --json | jq -r '.detectors[].id'")]
pub(super) struct List {
    /// Only those whose name, entity or provider holds this text
    text: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `detectors show`.
#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  datafog detectors show github-pat
  datafog detectors show iban --json")]
pub(super) struct Show {
    /// Name of a detector, as findings tell it
    name: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `detectors test`.
#[derive(Args, Debug)]
#[command(after_help = "\
The text is on the command line, where other programs and the shell's history can see it. For a real
secret use `datafog scan --stdin`.

Exit codes: 0 nothing found, 1 something found.

Examples:
  datafog detectors test 'mail to jane@company.org'
  datafog detectors test --json 'card 4111 1111 1111 1111'")]
pub(super) struct Test {
    /// The text
    #[arg(allow_hyphen_values = true)]
    text: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Listed {
    detectors: Vec<About>,
}

impl Detectors {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        match self {
            Self::List(command) => command.run(session),
            Self::Show(command) => command.run(session),
            Self::Test(command) => command.run(session),
        }
    }
}

impl List {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let text = self.text.as_deref().unwrap_or_default().to_lowercase();
        let holds = |part: &str| part.to_lowercase().contains(&text);
        let mut detectors = abouts();
        detectors.retain(|one| holds(one.id) || holds(one.entity) || holds(one.provider));
        if self.json {
            session.out.json(&Listed { detectors })?;
            return Ok(ExitCode::Success);
        }
        let row = |one: &About| {
            vec![
                Cell::toned(Tone::Bold, one.id),
                Cell::new(one.entity),
                Cell::new(format_args!("{} {}", one.severity, one.confidence)),
                Cell::toned(Tone::Dim, one.provider),
            ]
        };
        session.out.print(session.out.table(&detectors.iter().map(row).collect::<Vec<_>>()))?;
        Ok(ExitCode::Success)
    }
}

impl Show {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let Some(one) = about(&self.name) else {
            let message = format!("there is no detector `{}`", self.name);
            return Err(Advised::usage(message, "`datafog detectors list` names them all"));
        };
        if self.json {
            session.out.json(&one)?;
            return Ok(ExitCode::Success);
        }
        let hosts = if one.hosts.is_empty() { "none".to_owned() } else { one.hosts.join(", ") };
        let rows = [
            ("finds", one.summary.to_owned()),
            ("entity", one.entity.to_owned()),
            ("provider", one.provider.to_owned()),
            ("severity", one.severity.to_string()),
            ("confidence", format!("{} at best", one.confidence)),
            ("belongs to", hosts),
            ("described", one.url.to_owned()),
            ("if leaked", one.revoke.to_owned()),
        ];
        let row =
            |(name, text): (&str, String)| vec![Cell::toned(Tone::Dim, name), Cell::new(text)];
        let table = session.out.table(&rows.into_iter().map(row).collect::<Vec<_>>());
        session.out.print(session.out.tone(Tone::Bold, one.id) + "\n" + &table)?;
        Ok(ExitCode::Success)
    }
}

impl Test {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let key = key(session)?;
        let mut report = Report::default();
        let custom = session.gate()?.custom()?;
        let options = Options { custom: custom.as_ref(), ..Options::new(&key) };
        Text::whole(&options, "-", self.text.as_bytes(), &mut report);
        let format = if self.json { Format::Json } else { Format::Text };
        show::print(&report, format, session.out)?;
        Ok(exit_code(&report))
    }
}
