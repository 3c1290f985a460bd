//! A line for a shell while its commands are taken one by one: what each of them gets, opens and
//! where it works. What they start is not its business.

use std::path::{Path, PathBuf};

use datafog_core::{SOMEWHERE, Surroundings};
use datafog_shell::{Command, Input, Place, Way};

use super::redirecting::is_made;
use super::{Fed, Passed};
use crate::flow::{Origin, Trail};

/// A line while its commands are taken one by one.
pub(super) struct Reading<'w> {
    /// What the line as a whole gets.
    pub(super) fed: Fed<'w>,
    pub(super) world: &'w dyn Surroundings,
    pub(super) place: Place,
    pub(super) depth: usize,
    /// What the commands so far pass on.
    pub(super) trail: Trail,
    /// What comes in by the line's own input.
    pub(super) inherited: Passed,
}

impl Reading<'_> {
    /// What comes in on the standard input of a command.
    pub(super) fn given(&self, input: &Input, folder: &Path) -> Vec<Origin> {
        match input {
            Input::Inherited => self.inherited.origins.clone(),
            Input::File(_) | Input::Pipe(_) | Input::Text(_) => self.trail.given(input, folder),
        }
    }

    /// The files that are opened to be read by a command: its own, and that of the loop or group
    /// around it.
    pub(super) fn opened(&self, command: &Command, folder: &Path) -> Vec<PathBuf> {
        let mut opened = match &command.input {
            Input::Inherited => self.inherited.opened.clone(),
            Input::File(_) | Input::Pipe(_) | Input::Text(_) => Vec::new(),
        };
        let own = command.redirections.iter().filter(|one| one.way == Way::Read);
        let around = match &command.input {
            Input::File(file) => Some(file),
            Input::Inherited | Input::Pipe(_) | Input::Text(_) => None,
        };
        for field in own.map(|one| &one.target).chain(around) {
            let path = folder.join(&field.text);
            if !is_made(field) && !opened.contains(&path) {
                opened.push(path);
            }
        }
        opened
    }

    pub(super) fn fed_by<'t>(&'t self, input: &'t Input) -> Fed<'t> {
        match input {
            Input::Text(text) => Fed::Text(text),
            Input::Pipe(_) => Fed::Unknown,
            Input::File(file) if file.known => Fed::Unread,
            Input::File(_) => Fed::Unknown,
            Input::Inherited => self.fed,
        }
    }

    /// Where a command works. A folder that nobody can tell is one below the last that is known.
    pub(super) fn folder(&self, command: &Command) -> PathBuf {
        match (&command.cwd, self.place) {
            (Some(folder), _) => folder.clone(),
            (None, Place::Here) => self.world.cwd().join(SOMEWHERE),
            // Where a login begins.
            (None, Place::Elsewhere) => {
                self.world.home().unwrap_or_else(|| self.world.cwd()).to_owned()
            }
        }
    }
}
