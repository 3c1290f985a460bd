//! `datafog scan`: looks for secrets and personal data, and shows where they are, never what.

mod arguments;
mod progress;
mod quick;
pub(super) mod show;

use std::io::{self, IsTerminal};
use std::path::PathBuf;

use anyhow::Result;
use datafog_config::{load_or_create_key, passing_key};
use datafog_core::Key;
use datafog_scan::{Baseline, Git, Options, Progress, Report, walk};

pub(super) use self::arguments::Format;
pub(super) use self::arguments::Scan;
pub(super) use self::quick::quick;
use super::plan;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

impl Scan {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        self.require_a_person()?;
        let key = key_to_read(session)?;
        let custom = session.gate()?.custom(&key)?;
        let options = Options {
            custom: custom.as_ref(),
            floor: self.min_confidence,
            binary: self.binary,
            archives: !self.no_archives,
            ignore: !self.no_ignore,
            values: self.show_values,
            baseline: self.known(&key)?,
            ..Options::new(&key)
        };
        let report = self.report(&options, session)?;
        if let (true, Some(path), Some(baseline)) =
            (self.write_baseline, &self.baseline, &options.baseline)
        {
            baseline.write(&report, path)?;
            let count = report.findings.len();
            session.out.say(format_args!("wrote {count} findings to {}\n", path.display()));
            show::unread(&report, session);
            return Ok(if report.unread.is_empty() { ExitCode::Success } else { ExitCode::Io });
        }
        show::report(&report, self.format(), session)?;
        Ok(exit_code(&report))
    }

    /// A value is shown to somebody who sits there, never to a program or into a file.
    fn require_a_person(&self) -> Result<()> {
        let person = io::stdout().is_terminal() && io::stderr().is_terminal();
        if !self.show_values || person && self.format() == Format::Text {
            return Ok(());
        }
        Err(Advised::usage(
            "values are shown on a terminal only, as text",
            "leave --show-values out: place, kind and fingerprint are always shown",
        ))
    }

    /// The baseline: that of the file, or an empty one to be written there.
    fn known(&self, key: &Key) -> Result<Option<Baseline>> {
        let Some(path) = &self.baseline else { return Ok(None) };
        match Baseline::read(path)? {
            // All findings are written anew, those that were known among them.
            Some(known) if self.write_baseline => Ok(Some(known.forgotten())),
            Some(known) => Ok(Some(known)),
            None if self.write_baseline => Ok(Some(Baseline::empty(key))),
            None => Err(Advised::usage(
                format!("there is no baseline `{}`", path.display()),
                "write one first, with --write-baseline",
            )),
        }
    }

    fn report(&self, options: &Options<'_>, session: &Session) -> Result<Report> {
        if self.stdin {
            let mut report = Report::default();
            datafog_scan::stream(io::stdin().lock(), "-", options, &mut report);
            return Ok(report);
        }
        for path in &self.paths {
            if path.symlink_metadata().is_err() && self.selection().is_none() {
                let message = format!("there is no `{}`", path.display());
                return Err(Advised::usage(message, "name files or folders that exist"));
            }
        }
        let progress = Progress::default();
        progress::shown(&progress, || match self.selection() {
            Some(selection) => {
                let git = git(session)?;
                Ok(git.scan(&selection, &self.paths, options, &progress)?)
            }
            None => match self.paths.as_slice() {
                [] => Ok(walk(&[PathBuf::from(".")], options, &progress)),
                paths => Ok(walk(paths, options, &progress)),
            },
        })
    }
}

pub(super) const fn exit_code(report: &Report) -> ExitCode {
    if report.total() > 0 {
        ExitCode::Negative
    } else if !report.unread.is_empty() {
        ExitCode::Io
    } else {
        ExitCode::Success
    }
}

/// The real git, never a wrapper of ours.
fn git(session: &Session) -> Result<Git> {
    let target = session.settings()?.hooks.remove("git").and_then(|hook| hook.target);
    let program = session.gate()?.real_program("git".as_ref(), target.as_deref());
    let missing = || Advised::usage("there is no git", "--staged, --since and --history need it");
    Ok(Git { program: program.ok_or_else(missing)?, folder: session.host.cwd().to_owned() })
}

/// The same for who only reads. Where no folder can be made to keep one in (a container, a build)
/// it is a key for this run alone, and that is said.
pub(super) fn key_to_read(session: &Session) -> Result<Key> {
    let made = key(session);
    if made.is_ok() || session.layout.root().symlink_metadata().is_ok() {
        return made;
    }
    let place = session.layout.key();
    session.out.say(format_args!(
        "note: no key can be kept at `{}`; fingerprints are those of this run alone\n",
        place.display()
    ));
    Ok(passing_key(&place)?)
}

/// The installation's key, so that fingerprints are those of its receipts.
pub(super) fn key(session: &Session) -> Result<Key> {
    let _lock = plan::lock(session)?;
    Ok(load_or_create_key(&session.layout.key(), session.user)?)
}
