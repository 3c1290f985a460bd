//! `datafog trash`: what `rm` becomes where the policy wants it to be undone again.

use std::path::{Path, PathBuf};

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_gate::{Outcome, Purpose, Request};
use datafog_trash::{Entry, How, Trash};
use serde::Serialize;

use super::command_line::{request, unanswered};
use super::output::{Cell, Tone, plain};
use super::run::refusal;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// The actions of `trash`.
#[derive(Debug, Subcommand)]
#[command(after_help = "\
The trash is that of the desktop (freedesktop.org): of the home folder, or of the file system that
something lies on. Nothing is copied, and what cannot be moved stays where it is.

Examples:
  datafog trash put -r -- build          what `rm -r build` would remove
  datafog trash list
  datafog trash restore build            by its old place, or by its name in the trash")]
pub(super) enum TrashCommand {
    /// Move files to the trash, if the policy lets them be removed
    Put(Put),
    /// Show what is there, newest first
    List(List),
    /// Put it back to where it was
    Restore(Restore),
}

/// Arguments of `trash put`.
#[derive(Args, Debug)]
pub(super) struct Put {
    /// Folders with all they hold
    #[arg(short, long)]
    recursive: bool,
    /// What is not there is no error
    #[arg(short, long)]
    force: bool,
    /// Empty folders
    #[arg(short, long)]
    dir: bool,
    /// Say what was moved
    #[arg(short, long)]
    verbose: bool,
    /// What to move
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

/// Arguments of `trash list`.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct List {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Arguments of `trash restore`.
#[derive(Args, Debug)]
pub(super) struct Restore {
    /// Where it was, or its name in the trash
    #[arg(value_name = "PATH", required = true)]
    paths: Vec<PathBuf>,
}

/// One thing in the trash, as `list --json` prints it.
#[derive(Serialize)]
struct Row {
    name: String,
    path: String,
    deleted: String,
}

#[derive(Serialize)]
struct Document {
    entries: Vec<Row>,
}

impl TrashCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let trash = trash(session)?;
        match self {
            Self::Put(command) => command.run(session, &trash),
            Self::List(command) => command.run(session, &trash),
            Self::Restore(command) => command.run(session, &trash),
        }
    }
}

fn trash(session: &Session) -> Result<Trash> {
    let set = session.host.variable("XDG_DATA_HOME").map(PathBuf::from);
    let data = match set.filter(|path| path.is_absolute()) {
        Some(data) => data,
        None => session.host.home().map(|home| home.join(".local/share")).ok_or_else(|| {
            Advised::usage("there is no home folder, and so no trash", "set `XDG_DATA_HOME`")
        })?,
    };
    Ok(Trash::of(&data, session.user))
}

impl Put {
    fn run(&self, session: &Session, trash: &Trash) -> Result<ExitCode> {
        if let Some(code) = self.refused(session)? {
            return Ok(code);
        }
        let how = How { empty_folders: self.dir, force: self.force, recursive: self.recursive };
        let mut code = ExitCode::Success;
        for path in &self.paths {
            match trash.put(path, session.host.cwd(), how) {
                Ok(Some(entry)) if self.verbose => {
                    session.out.print(format!("{} -> trash\n", plain(entry.original.display())))?;
                }
                Ok(_) => {}
                Err(why) => {
                    let path = plain(path.display());
                    session.out.say(format!("datafog trash: {path} stays where it is: {why}\n"));
                    code = ExitCode::Negative;
                }
            }
        }
        Ok(code)
    }

    /// Asks the gate about the `rm` that this stands for: whoever may not remove may not do this.
    fn refused(&self, session: &Session) -> Result<Option<ExitCode>> {
        let flags = if self.recursive { ["-r", "--"].as_slice() } else { &["--"] };
        let words = ["rm"].iter().chain(flags).map(std::ffi::OsString::from);
        let words: Vec<_> =
            words.chain(self.paths.iter().map(|path| path.clone().into_os_string())).collect();
        let asked = request(&words, Purpose::Check, None)?;
        let asked = Request { fulfilled: Some("move-to-trash"), ..asked };
        match session.gate()?.run(&asked) {
            Outcome::Decided(report) => Ok(refusal(session, &report)),
            Outcome::Blocked(notice) => Err(unanswered(&notice)),
            Outcome::Ended(_) | Outcome::Missing | Outcome::NotRun(_) => Ok(Some(ExitCode::Failed)),
        }
    }
}

impl List {
    fn run(self, session: &Session, trash: &Trash) -> Result<ExitCode> {
        let entries = trash.list(session.host.cwd());
        if self.json {
            let row = |entry: &Entry| Row {
                name: entry.name.to_string_lossy().into_owned(),
                path: entry.original.display().to_string(),
                deleted: entry.deleted.clone(),
            };
            session.out.json(&Document { entries: entries.iter().map(row).collect() })?;
            return Ok(ExitCode::Success);
        }
        let row = |entry: &Entry| {
            vec![
                Cell::toned(Tone::Dim, plain(&entry.deleted)),
                Cell::new(plain(entry.name.display())),
                Cell::new(plain(entry.original.display())),
            ]
        };
        session.out.print(session.out.table(&entries.iter().map(row).collect::<Vec<_>>()))?;
        Ok(ExitCode::Success)
    }
}

impl Restore {
    fn run(&self, session: &Session, trash: &Trash) -> Result<ExitCode> {
        let mut code = ExitCode::Success;
        for path in &self.paths {
            let all = trash.list(session.host.cwd());
            let told = match found(&all, path, session.host.cwd()).map(Entry::restore) {
                Some(Ok(original)) => format!("{} is back\n", plain(original.display())),
                Some(Err(why)) => {
                    code = ExitCode::Negative;
                    format!("datafog trash: {}: {why}\n", plain(path.display()))
                }
                None => {
                    code = ExitCode::Negative;
                    format!("datafog trash: {} is not in the trash\n", plain(path.display()))
                }
            };
            session.out.say(told);
        }
        Ok(code)
    }
}

/// The newest entry that was at that place, else the one of that name.
fn found<'e>(all: &'e [Entry], path: &Path, cwd: &Path) -> Option<&'e Entry> {
    let real = std::fs::canonicalize(cwd).unwrap_or_else(|_| cwd.to_owned());
    let places = [cwd.join(path), real.join(path)];
    let at_place = all.iter().find(|entry| places.contains(&entry.original));
    at_place.or_else(|| all.iter().find(|entry| entry.name == path.as_os_str()))
}
