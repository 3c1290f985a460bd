//! `datafog scan`: looks for secrets and personal data in files, and shows where, never what.

use std::collections::VecDeque;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, ValueEnum};
use datafog_config::load_or_create_key;
use datafog_core::{Channel, Finding, Key};
use datafog_detect::{Scanner, detector};
use serde::Serialize;

use super::output::{Cell, Tone, plain};
use super::plan;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Bytes that are read at once.
const BLOCK: usize = 256 << 10;

/// Arguments of `scan`.
#[derive(Args, Debug)]
#[command(after_help = "\
Folders are walked; symbolic links are not followed, and `.git/objects` is left out, since it holds
compressed data. What is found is shown by place and kind, never by value.

Exit codes: 0 nothing found, 1 something found, 5 something could not be read (and nothing found).

Examples:
  datafog scan                          the working directory
  datafog scan src notes.md
  git diff --cached | datafog scan --stdin
  datafog scan --format json | jq '.findings[].path'")]
pub(super) struct Scan {
    /// Files and folders; without any, the working directory
    paths: Vec<PathBuf>,
    /// Read standard input
    #[arg(long, conflicts_with = "paths")]
    stdin: bool,
    /// How to print what was found
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,
    /// Print JSON (the same as --format json)
    #[arg(long)]
    json: bool,
}

/// How findings are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One line a finding.
    Text,
    /// One JSON document.
    Json,
}

/// A finding and its place for a person.
#[derive(Serialize)]
struct Located {
    path: String,
    line: usize,
    column: usize,
    #[serde(flatten)]
    finding: Finding,
    #[serde(skip_serializing_if = "Option::is_none")]
    revoke: Option<&'static str>,
}

/// What a scan came to.
#[derive(Default, Serialize)]
struct Summary {
    files: usize,
    bytes: u64,
    findings: Vec<Located>,
    /// Findings beyond the most that are reported of one file.
    not_listed: usize,
    unread: Vec<String>,
}

impl Scan {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let key = key(session)?;
        let mut summary = Summary::default();
        if self.stdin {
            summary.scan("-", io::stdin().lock(), Channel::Stdin, &key);
        } else {
            let here = [PathBuf::from(".")];
            let paths = if self.paths.is_empty() { here.as_slice() } else { &self.paths };
            for path in paths {
                if path.symlink_metadata().is_err() {
                    let message = format!("there is no `{}`", path.display());
                    return Err(Advised::usage(message, "name files or folders that exist"));
                }
                summary.walk(path, &key);
            }
        }
        for unread in &summary.unread {
            session.out.say(format_args!("warning: {}\n", plain(unread)));
        }
        if self.json || self.format == Format::Json {
            session.out.json(&summary)?;
        } else {
            session.out.print(summary.text(session))?;
            session.out.say(summary.closing_line());
        }
        Ok(summary.exit_code())
    }
}

impl Summary {
    /// Scans a file, or every file below a folder, in order of name.
    fn walk(&mut self, start: &Path, key: &Key) {
        let mut waiting = VecDeque::from([start.to_owned()]);
        while let Some(path) = waiting.pop_front() {
            match path.symlink_metadata() {
                Err(error) => self.note(&path, &error),
                Ok(metadata) if metadata.is_dir() => match entries(&path) {
                    Ok(entries) => {
                        entries.into_iter().rev().for_each(|entry| waiting.push_front(entry))
                    }
                    Err(error) => self.note(&path, &error),
                },
                // A link is followed only where a person named it.
                Ok(metadata) if metadata.is_symlink() && path != start => {}
                Ok(_) if !path.is_file() => {}
                Ok(_) => match File::open(&path) {
                    Ok(file) => {
                        let name = path.strip_prefix("./").unwrap_or(&path).display().to_string();
                        self.scan(&name, file, Channel::File(name.clone()), key);
                    }
                    Err(error) => self.note(&path, &error),
                },
            }
        }
    }

    /// Scans one text as a stream: memory does not grow with it, but for where its lines begin.
    fn scan(&mut self, name: &str, mut text: impl Read, channel: Channel, key: &Key) {
        let mut stream = Scanner::new(key).stream(channel);
        let (mut findings, mut lines, mut offset) = (Vec::new(), vec![0_usize], 0_usize);
        let mut block = vec![0; BLOCK];
        loop {
            let count = match text.read(&mut block) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => {
                    self.note(Path::new(name), &error);
                    break;
                }
            };
            let piece = block.get(..count).unwrap_or_default();
            stream.push(piece, &mut findings);
            let start = |newline: usize| offset.saturating_add(newline).saturating_add(1);
            lines.extend(memchr::memchr_iter(b'\n', piece).map(start));
            offset = offset.saturating_add(count);
        }
        let tally = stream.finish(&mut findings);
        self.files = self.files.saturating_add(1);
        self.bytes = self.bytes.saturating_add(offset as u64);
        self.not_listed = self.not_listed.saturating_add(tally.beyond);
        self.findings.extend(findings.into_iter().map(|finding| located(name, &lines, finding)));
    }

    fn note(&mut self, path: &Path, error: &io::Error) {
        self.unread.push(format!("cannot read `{}`: {error}", path.display()));
    }

    fn text(&self, session: &Session) -> String {
        let row = |found: &Located| {
            vec![
                Cell::toned(
                    Tone::Bold,
                    format_args!("{}:{}:{}", found.path, found.line, found.column),
                ),
                Cell::new(&found.finding.entity),
                Cell::toned(Tone::Dim, &found.finding.preview),
                Cell::new(format_args!("{} {}", found.finding.severity, found.finding.confidence)),
            ]
        };
        session.out.table(&self.findings.iter().map(row).collect::<Vec<_>>())
    }

    fn closing_line(&self) -> String {
        let total = self.findings.len().saturating_add(self.not_listed);
        let plural = if total == 1 { "" } else { "s" };
        format!("{total} finding{plural} in {} files, {} bytes\n", self.files, self.bytes)
    }

    const fn exit_code(&self) -> ExitCode {
        if !self.findings.is_empty() {
            ExitCode::Negative
        } else if !self.unread.is_empty() {
            ExitCode::Io
        } else {
            ExitCode::Success
        }
    }
}

/// Line and column, both from 1; a column counts bytes.
fn located(path: &str, lines: &[usize], finding: Finding) -> Located {
    let offset = finding.span.start();
    let line = lines.partition_point(|start| *start <= offset);
    let start = line.checked_sub(1).and_then(|index| lines.get(index)).copied().unwrap_or_default();
    let column = offset.saturating_sub(start).saturating_add(1);
    let revoke = detector(&finding.detector).map(|detector| detector.revoke);
    let revoke = revoke.filter(|text| !text.is_empty());
    Located { path: path.to_owned(), line, column, finding, revoke }
}

/// What is in a folder, by name.
fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut entries = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if !path.ends_with(".git/objects") {
            entries.push(path);
        }
    }
    entries.sort_unstable();
    Ok(entries)
}

/// The installation's key, so that fingerprints are those of its receipts.
fn key(session: &Session) -> Result<Key> {
    let _lock = plan::lock(session)?;
    Ok(load_or_create_key(&session.layout.key(), session.user)?)
}
