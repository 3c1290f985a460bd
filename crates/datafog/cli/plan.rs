//! What a command is about to change: listed first, then done, each step by itself.

use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use datafog_config::{Change, Hook, Remote, SettingsFile, load_or_create_key, make_folder};
use datafog_shim::CommandName;
use serde::Serialize;

use super::output::{Tone, plain};
use super::session::Session;

/// One step of a plan.
#[derive(Clone, Debug)]
pub(super) enum Step {
    /// Copies the running binary to its place in the root.
    CopyBinary(PathBuf),
    /// Forgets the program and mode that were recorded for a command.
    Forget(CommandName),
    /// A change to a file that is not ours alone: a copy is kept of it.
    Foreign(Change),
    /// Makes the folder in which git finds us.
    GitFolder,
    /// Makes the key.
    Key,
    /// Makes a wrapper link; `force` moves what is in the way to the backups.
    Link(CommandName, bool),
    /// A change to a file or folder of ours.
    Own(Change),
    /// Takes the right to write away from group and others.
    Protect(PathBuf),
    /// Records the program or mode of one command.
    Record(CommandName, Hook),
    /// Writes the server that hands out the policy into the settings.
    Remote(Box<Remote>),
    /// Removes a file of ours.
    RemoveFile(PathBuf),
    /// Removes a folder of ours: with what is in it, or only when nothing is.
    RemoveFolder(PathBuf, Contents),
    /// Our line goes from a file of others. The copy from before our first change is kept as it is.
    Undo(Change),
    /// Removes a wrapper link; `force` moves what stands in its place to the backups.
    Unlink(CommandName, bool),
}

/// What happens to what is in a folder that is removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Contents {
    /// It goes too.
    Removed,
    /// It stays, and so does the folder.
    Kept,
}

/// A step as a line of a plan.
#[derive(Debug, Serialize)]
struct Line {
    action: &'static str,
    path: String,
    #[serde(skip_serializing_if = "String::is_empty")]
    detail: String,
}

/// The steps, in order.
#[derive(Debug, Default)]
pub(super) struct Plan(Vec<Step>);

impl Plan {
    pub(super) fn push(&mut self, step: Step) {
        self.0.push(step);
    }

    pub(super) fn extend(&mut self, steps: impl IntoIterator<Item = Step>) {
        self.0.extend(steps);
    }

    pub(super) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The plan for `--json`.
    pub(super) fn document(&self, session: &Session, applied: bool) -> impl Serialize {
        #[derive(Serialize)]
        struct Document {
            applied: bool,
            changes: Vec<Line>,
        }
        Document { applied, changes: self.0.iter().map(|step| step.line(session)).collect() }
    }

    /// The plan for a person: one line a step, and what changes inside the files of others.
    pub(super) fn text(&self, session: &Session) -> String {
        let mut text = String::new();
        for step in &self.0 {
            let line = step.line(session);
            let action = session.out.tone(Tone::Bold, format_args!("{:<9}", line.action));
            text.push_str(&format!("  {action} {}\n", plain(&line.path)));
            let show = matches!(
                step,
                Step::Foreign(_) | Step::Record(..) | Step::Remote(_) | Step::Undo(_)
            );
            for detail in line.detail.lines().filter(|_| show) {
                text.push_str(&format!(
                    "            {}\n",
                    session.out.tone(Tone::Dim, plain(detail))
                ));
            }
        }
        text
    }

    /// Does it all. Changes of settings come in one write at the end of their row.
    ///
    /// A file of others that cannot be changed does not keep the rest from being done; the first
    /// such error is returned when everything else stands.
    pub(super) fn apply(&self, session: &Session) -> Result<()> {
        let mut first_error = Ok(());
        for step in &self.0 {
            let done = step.apply(session);
            if matches!(step, Step::Foreign(_) | Step::Undo(_)) {
                first_error = first_error.and(done);
            } else {
                done?;
            }
        }
        first_error
    }
}

impl Step {
    fn line(&self, session: &Session) -> Line {
        let layout = &session.layout;
        let (action, path, detail) = match self {
            Self::CopyBinary(from) => ("copy", layout.binary(), format!("from {}", from.display())),
            Self::Foreign(change) | Self::Own(change) | Self::Undo(change) => {
                (change.kind().name(), change.path().to_owned(), change.diff())
            }
            Self::Forget(name) => ("edit", layout.settings(), format!("- [hooks.{name}]")),
            Self::GitFolder => ("create", layout.git(), "links to git's own programs".into()),
            Self::Key => ("create", layout.key(), String::new()),
            Self::Link(name, _) => ("link", session.links().path(name), "../bin/datafog".into()),
            Self::Protect(path) => ("protect", path.clone(), "chmod go-w".into()),
            Self::Record(name, hook) => ("edit", layout.settings(), recorded(name, hook)),
            Self::Remote(remote) => {
                ("edit", layout.settings(), format!("+ [remote]\n+ url = \"{}\"\n", remote.url))
            }
            Self::RemoveFile(path) | Self::RemoveFolder(path, _) => {
                ("remove", path.clone(), String::new())
            }
            Self::Unlink(name, _) => ("unlink", session.links().path(name), String::new()),
        };
        Line { action, path: path.display().to_string(), detail }
    }

    fn apply(&self, session: &Session) -> Result<()> {
        let layout = &session.layout;
        match self {
            Self::CopyBinary(from) => copy_binary(from, &layout.binary()),
            Self::Foreign(change) => Ok(change.apply(Some(&layout.backups()))?),
            Self::Forget(name) => edit_settings(session, |file| {
                file.remove_hook(name.as_str());
                Ok(())
            }),
            Self::GitFolder => make_git_folder(session),
            Self::Key => Ok(load_or_create_key(&layout.key(), session.user).map(drop)?),
            Self::Link(name, force) => Ok(session.links().install(name, *force).map(drop)?),
            Self::Own(change) | Self::Undo(change) => Ok(change.apply(None)?),
            Self::Protect(path) => protect(path),
            Self::Record(name, hook) => {
                edit_settings(session, |file| Ok(file.set_hook(name.as_str(), hook)?))
            }
            Self::Remote(remote) => edit_settings(session, |file| {
                file.set_remote(remote);
                Ok(())
            }),
            Self::RemoveFile(path) => if_there(fs::remove_file(path), path),
            Self::RemoveFolder(path, Contents::Removed) => if_there(fs::remove_dir_all(path), path),
            Self::RemoveFolder(path, Contents::Kept) => match fs::remove_dir(path) {
                Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(()),
                removed => if_there(removed, path),
            },
            Self::Unlink(name, force) => Ok(session.links().uninstall(name, *force).map(drop)?),
        }
    }
}

/// A git for which there can be none is no error: its calls go on as without.
fn make_git_folder(session: &Session) -> Result<()> {
    let settings = session.settings()?;
    let target = settings.hooks.get("git").and_then(|hook| hook.target.as_deref());
    let _made = session.gate()?.git_folder(target);
    Ok(())
}

/// What is recorded about a command, as it would stand in the settings file.
fn recorded(name: &CommandName, hook: &Hook) -> String {
    let target =
        hook.target.as_ref().map(|target| format!("+ target = \"{}\"\n", target.display()));
    let mode = hook.mode.map(|mode| format!("+ mode = \"{mode}\"\n"));
    format!("+ [hooks.{name}]\n{}{}", target.unwrap_or_default(), mode.unwrap_or_default())
}

fn edit_settings(
    session: &Session,
    edit: impl FnOnce(&mut SettingsFile) -> Result<()>,
) -> Result<()> {
    let mut file = SettingsFile::read(&session.layout.settings())?;
    edit(&mut file)?;
    file.settings()?;
    if let Some(change) = file.change()? {
        change.apply(None)?;
    }
    Ok(())
}

/// Copies beside the place and renames, so that a binary in use is never half written.
fn copy_binary(from: &Path, to: &Path) -> Result<()> {
    let draft = to.with_extension(format!("new-{}", std::process::id()));
    let copied = fs::copy(from, &draft)
        .and_then(|_| fs::set_permissions(&draft, fs::Permissions::from_mode(0o755)))
        .and_then(|()| fs::rename(&draft, to));
    copied.with_context(|| format!("cannot install `{}`", to.display()))
}

fn protect(path: &Path) -> Result<()> {
    let protect = || -> io::Result<()> {
        let mode = path.metadata()?.mode() & 0o7755;
        fs::set_permissions(path, fs::Permissions::from_mode(mode))
    };
    protect().with_context(|| format!("cannot protect `{}`", path.display()))
}

/// What is gone already needs no removing.
fn if_there(removed: io::Result<()>, path: &Path) -> Result<()> {
    match removed {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed.with_context(|| format!("cannot remove `{}`", path.display())),
    }
}

/// Holds the installation against other management commands while it is changed.
///
/// The lock is on the root folder itself and ends with the process.
pub(super) fn lock(session: &Session) -> Result<fs::File> {
    let root = session.layout.root();
    make_folder(root)?;
    let lock = || -> io::Result<fs::File> {
        let folder = fs::File::open(root)?;
        folder.lock()?;
        Ok(folder)
    };
    lock().with_context(|| format!("cannot lock `{}`", root.display()))
}
