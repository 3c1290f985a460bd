//! `datafog policy trust`: lets a project's policy tighten what happens in that project.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use clap::Args;
use datafog_config::{Change, Trust};
use datafog_core::Digest;
use datafog_gate::{Error, PROJECT_FILE, compile_policy};
use datafog_policy::{Diagnostic, Policy};
use serde::Serialize;

use crate::cli::check;
use crate::cli::foreign;
use crate::cli::hooks::Write;
use crate::cli::installation;
use crate::cli::output::{Cell, Tone, plain};
use crate::cli::plan::{Plan, Step};
use crate::cli::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;

/// Arguments of `policy trust`.
#[derive(Args, Debug)]
pub(crate) struct TrustCommand {
    /// A project's `.datafog.toml`, or the folder that it stands in; without it, this folder
    #[arg(conflicts_with = "list")]
    file: Option<PathBuf>,
    /// Trust it no longer
    #[arg(long, conflicts_with = "list")]
    revoke: bool,
    /// List what is trusted
    #[arg(long)]
    list: bool,
    #[command(flatten)]
    how: Write,
}

#[derive(Serialize)]
struct Listed {
    projects: Vec<Project>,
}

#[derive(Serialize)]
struct Project {
    path: String,
    digest: Digest,
    /// Whether the file is still the one that was looked at.
    current: bool,
    /// Whether its folder is no longer there.
    gone: bool,
}

/// Trusted projects whose folder is no longer there: removed, or moved to where their rules do not
/// hold.
pub(crate) fn gone(session: &Session) -> Vec<PathBuf> {
    let trust = read(session).unwrap_or_default();
    let folders = trust.projects().iter().filter_map(|one| one.path.parent());
    folders.filter(|folder| !folder.is_dir()).map(Path::to_owned).collect()
}

impl TrustCommand {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let mut trust = read(session)?;
        if self.list {
            return list(session, &trust, self.how);
        }
        let named = self.file.clone().unwrap_or_else(|| session.host.cwd().to_owned());
        let named = if named.is_dir() { named.join(PROJECT_FILE) } else { named };
        if self.revoke {
            session.require_person()?;
            let path = placed(&named).unwrap_or(named);
            if !trust.remove(&path) {
                let message = format!("`{}` is not trusted", path.display());
                return Err(Advised::usage(message, "`datafog policy trust --list` shows what is"));
            }
            return self.write(session, &trust);
        }
        let path = placed(&named);
        let path = path.with_context(|| format!("cannot read `{}`", named.display()))?;
        if !fs::symlink_metadata(&path).is_ok_and(|it| it.is_file()) {
            let message = format!("`{}` is no regular file", path.display());
            return Err(Advised::usage(
                message,
                "put the policy itself there: no link is followed",
            ));
        }
        let bytes = foreign::read(&path).map_err(|error| foreign::unreadable(&path, &error))?;
        self.show(session, &path, &bytes)?;
        session.require_person()?;
        trust.add(path, &bytes);
        self.write(session, &trust)
    }

    /// Shows what would come into force; refuses a file that could not.
    fn show(&self, session: &Session, path: &Path, bytes: &[u8]) -> Result<()> {
        let text = String::from_utf8_lossy(bytes);
        let laid = if super::is_installed(session) {
            session.gate()?.policy_with_project(&text, path)
        } else {
            compile_policy(&text, path).map(|policy| [Policy::builtin(), policy])
        };
        let [below, policy] = laid.map_err(|error| {
            if let Error::Policy { path: wrong, diagnostics } = &error
                && wrong == path
            {
                return refused(session, path, diagnostics);
            }
            error.into()
        })?;
        if self.how.is_json() {
            return Ok(());
        }
        let known: Vec<String> = below.rules().into_iter().map(|rule| rule.id).collect();
        let new = policy.rules().into_iter().filter(|rule| !known.contains(&rule.id));
        let rows: Vec<_> = new
            .map(|rule| {
                let id = Cell::toned(Tone::Bold, rule.id);
                vec![id, check::verdict(rule.effect), Cell::new(rule.reason)]
            })
            .collect();
        session.out.say(format_args!(
            "{} adds\n{}",
            plain(path.display()),
            session.out.table(&rows)
        ));
        Ok(())
    }

    fn write(&self, session: &Session, trust: &Trust) -> Result<ExitCode> {
        self.how.carry_out(session, || {
            let mut plan: Plan = installation::plan(session, None)?;
            let text = trust.to_toml().into_bytes();
            plan.extend(Change::to_text(&session.layout.trust(), text, 0o600)?.map(Step::Own));
            Ok(plan)
        })?;
        Ok(ExitCode::Success)
    }
}

/// The file by the one name that its folder has; a link in its own place stays one.
fn placed(named: &Path) -> io::Result<PathBuf> {
    let folder = named.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or_else(|| Path::new(".")).canonicalize()?;
    Ok(folder.join(named.file_name().unwrap_or_default()))
}

fn read(session: &Session) -> Result<Trust> {
    let path = session.layout.trust();
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Trust::parse(&text, &path)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Trust::default()),
        Err(error) => Err(error).with_context(|| format!("cannot read `{}`", path.display())),
    }
}

fn refused(session: &Session, path: &Path, faults: &[Diagnostic]) -> anyhow::Error {
    foreign::tell(session, faults);
    let message = format!("`{}` could not come into force", path.display());
    let hint = String::from("mend what is named above");
    Advised { message, hint, code: ExitCode::Invalid }.into()
}

fn list(session: &Session, trust: &Trust, how: Write) -> Result<ExitCode> {
    let project = |one: &datafog_config::Trusted| Project {
        path: one.path.display().to_string(),
        digest: one.digest,
        current: foreign::read(&one.path).is_ok_and(|bytes| trust.holds(&one.path, &bytes)),
        gone: one.path.parent().is_none_or(|folder| !folder.is_dir()),
    };
    let projects: Vec<Project> = trust.projects().iter().map(project).collect();
    if how.is_json() {
        session.out.json(&Listed { projects })?;
        return Ok(ExitCode::Success);
    }
    let row = |one: &Project| {
        let state = if one.current {
            Cell::toned(Tone::Good, "trusted")
        } else if one.gone {
            Cell::toned(Tone::Warning, "its folder is gone")
        } else {
            Cell::toned(Tone::Warning, "changed since")
        };
        vec![Cell::new(&one.path), state, Cell::toned(Tone::Dim, one.digest)]
    };
    session.out.print(session.out.table(&projects.iter().map(row).collect::<Vec<_>>()))?;
    Ok(ExitCode::Success)
}
