//! `datafog detectors`: what can be found, and whether something is.

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_core::{Confidence, Severity};
use datafog_detect::{Custom, OwnDetector};
use datafog_scan::{About, Options, Report, Text, about, abouts};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::scan::{Format, exit_code, key_to_read, show};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// What to do with detectors.
#[derive(Debug, Subcommand)]
pub(super) enum Detectors {
    /// Name everything that can be found, what your policy adds first
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
struct Listed<'a> {
    detectors: Vec<Entry<'a>>,
}

/// A detector as people and tools are told of it.
#[derive(Serialize)]
struct Entry<'a> {
    id: &'a str,
    entity: &'a str,
    summary: &'a str,
    /// Who issues such values, or whose policy they stand in.
    provider: &'a str,
    severity: Severity,
    confidence: Confidence,
    hosts: Vec<&'a str>,
    /// Where the format is described.
    #[serde(skip_serializing_if = "Option::is_none")]
    url: Option<&'a str>,
    /// What to do when one has leaked.
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke: Option<&'a str>,
    /// Whether it stands in the user's policy.
    own: bool,
    /// What the policy says of a detector of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    action: Option<&'a str>,
}

/// What stands for the provider of a user's own detectors.
const OWN: &str = "your policy";

impl From<About> for Entry<'_> {
    fn from(about: About) -> Self {
        Self {
            id: about.id,
            entity: about.entity,
            summary: about.summary,
            provider: about.provider,
            severity: about.severity,
            confidence: about.confidence,
            hosts: about.hosts.to_vec(),
            url: Some(about.url),
            revoke: Some(about.revoke),
            own: false,
            action: None,
        }
    }
}

impl<'a> From<&'a OwnDetector> for Entry<'a> {
    fn from(own: &'a OwnDetector) -> Self {
        Self {
            id: &own.id,
            entity: &own.entity,
            summary: &own.summary,
            provider: OWN,
            severity: own.severity,
            confidence: own.confidence(),
            hosts: own.hosts.iter().map(String::as_str).collect(),
            url: None,
            revoke: None,
            own: true,
            action: own.action.as_deref(),
        }
    }
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
        let custom = session.gate()?.custom(&key_to_read(session)?)?;
        let own = custom.iter().flat_map(Custom::detectors).map(Entry::from);
        let mut detectors: Vec<Entry<'_>> =
            own.chain(abouts().into_iter().map(Entry::from)).collect();
        detectors.retain(|one| holds(one.id) || holds(one.entity) || holds(one.provider));
        if self.json {
            session.out.json(&Listed { detectors })?;
            return Ok(ExitCode::Success);
        }
        let row = |one: &Entry<'_>| {
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
        let custom = session.gate()?.custom(&key_to_read(session)?)?;
        let own = custom.as_ref().and_then(|custom| custom.detector(&self.name)).map(Entry::from);
        let Some(one) = own.or_else(|| about(&self.name).map(Entry::from)) else {
            let message = format!("there is no detector `{}`", self.name);
            return Err(Advised::usage(message, "`datafog detectors list` names them all"));
        };
        if self.json {
            session.out.json(&one)?;
            return Ok(ExitCode::Success);
        }
        let hosts = if one.hosts.is_empty() { "none".to_owned() } else { one.hosts.join(", ") };
        let rows = [
            ("finds", Some(one.summary.to_owned())),
            ("entity", Some(one.entity.to_owned())),
            ("provider", Some(one.provider.to_owned())),
            ("severity", Some(one.severity.to_string())),
            ("confidence", Some(format!("{} at best", one.confidence))),
            ("belongs to", Some(hosts)),
            ("described", one.url.map(str::to_owned)),
            ("if leaked", one.revoke.map(str::to_owned)),
            ("if it leaves", one.action.map(str::to_owned)),
        ];
        let rows = rows.into_iter().filter_map(|(name, text)| Some((name, text?)));
        let row =
            |(name, text): (&str, String)| vec![Cell::toned(Tone::Dim, name), Cell::new(text)];
        let table = session.out.table(&rows.map(row).collect::<Vec<_>>());
        session.out.print(session.out.tone(Tone::Bold, one.id) + "\n" + &table)?;
        Ok(ExitCode::Success)
    }
}

impl Test {
    fn run(&self, session: &Session) -> Result<ExitCode> {
        let key = key_to_read(session)?;
        let mut report = Report::default();
        let custom = session.gate()?.custom(&key)?;
        let options = Options { custom: custom.as_ref(), ..Options::new(&key) };
        Text::whole(&options, "-", self.text.as_bytes(), &mut report);
        let format = if self.json { Format::Json } else { Format::Text };
        show::print(&report, format, session.out)?;
        Ok(exit_code(&report))
    }
}
