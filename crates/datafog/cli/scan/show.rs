//! A report for people and for programs.

use anyhow::Result;
use datafog_scan::{Found, Report, sarif};

use super::arguments::Format;
use crate::cli::output::{Cell, Output, Tone, plain};
use crate::cli::session::Session;

/// Characters of a value that are shown to a person who asked for it.
const SHOWN: usize = 120;

/// Prints the report in a format, and on standard error what a person should know about it.
pub(super) fn report(report: &Report, format: Format, session: &Session) -> Result<()> {
    print(report, format, session.out)
}

/// What could not be read, on standard error.
pub(super) fn unread(report: &Report, session: &Session) {
    warn(report, session.out);
}

pub(in crate::cli) fn print(report: &Report, format: Format, out: Output) -> Result<()> {
    warn(report, out);
    match format {
        Format::Text => {
            out.print(text(report, out))?;
            out.say(closing_line(report));
        }
        Format::Json => out.json(report)?,
        Format::Sarif => {
            let log = sarif(report, env!("CARGO_PKG_VERSION"));
            out.print(serde_json::to_string_pretty(&log)? + "\n")?;
        }
    }
    Ok(())
}

fn warn(report: &Report, out: Output) {
    for unread in &report.unread {
        let (path, reason) = (plain(&unread.path), plain(&unread.reason));
        out.say(format_args!("warning: cannot read `{path}`: {reason}\n"));
    }
}

fn text(report: &Report, out: Output) -> String {
    let row = |found: &Found| {
        let mut row = vec![
            Cell::toned(Tone::Bold, format_args!("{}:{}:{}", found.path, found.line, found.column)),
            Cell::new(&found.entity),
            Cell::toned(Tone::Dim, &found.preview),
            Cell::new(format_args!("{} {}", found.severity, found.confidence)),
        ];
        if let Some(commit) = &found.commit {
            row.push(Cell::toned(Tone::Dim, commit.get(..12).unwrap_or(commit)));
        }
        if let Some(value) = &found.value {
            let value = String::from_utf8_lossy(value.expose());
            row.push(Cell::new(value.chars().take(SHOWN).collect::<String>()));
        }
        row
    };
    out.table(&report.findings.iter().map(row).collect::<Vec<_>>())
}

fn closing_line(report: &Report) -> String {
    let total = report.total();
    let mut line = format!(
        "{} in {}, {} bytes",
        counted(total, "finding"),
        counted(report.files, "file"),
        report.bytes
    );
    let allowed = report.allowed.inline.saturating_add(report.allowed.baseline);
    let notes = [
        (report.not_listed, "not listed"),
        (allowed, "allowed"),
        (report.binary, "left out, being no text"),
        (report.unread.len(), "not read"),
    ];
    for (count, note) in notes.into_iter().filter(|(count, _)| *count > 0) {
        line.push_str(&format!("; {count} {note}"));
    }
    line.push('\n');
    line
}

fn counted(count: usize, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}
