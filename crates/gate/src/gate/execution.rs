//! Which program a call becomes, and in which environment: the part of a plan that is executed.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use datafog_core::Mode;

use super::{Gate, Opened};
use crate::case::Case;
use crate::enforcement::Execution;
use crate::lookup::Real;
use crate::marker::{self, Marker};
use crate::request::Request;
use crate::{Error, git_folder};

impl Gate<'_> {
    /// What to execute, `None` when there is no such program.
    pub(super) fn execution(
        &self,
        request: &Request,
        opened: &Opened,
        case: &Case<'_>,
    ) -> Result<Option<Execution>, Error> {
        let name = request.program();
        let hook = opened.state.settings.hooks.get(request.wrapper());
        let target = hook.and_then(|hook| hook.target.as_deref()).filter(|_| request.is_by_name());
        let own = || request.is_own.then(|| self.layout.binary());
        let real = match own() {
            Some(own) => own.metadata().ok().map(|metadata| Real { path: own, metadata }),
            None => self.finder().real(name, target),
        };
        let Some(real) = real else { return Ok(None) };
        let environment = self.host.environment();
        let environment = match case.mode {
            // Observing changes nothing, the environment included.
            Mode::Observe => environment.iter().map(|entry| (*entry).into()).collect(),
            Mode::Enforced => {
                let earlier = marker::find(environment);
                let marker = Marker::of_this_call(&case.digest, earlier.as_ref());
                if earlier.is_some_and(|earlier| marker.repeats(&earlier)) {
                    return Err(Error::Loop { program: case.action.invocation.program.clone() });
                }
                let mut given = marker.add_to(environment);
                if name == git_folder::GIT {
                    git_folder::put(&mut given, self.host, self.layout, &real, self.user);
                }
                given
            }
        };
        let arguments = request.argv.clone();
        let strict = case.mode == Mode::Enforced;
        Ok(Some(Execution {
            program: real.path,
            arguments,
            environment,
            strict,
            identity: None,
            notice: None,
        }))
    }

    /// The folder in which git finds its own programs and us among them, made where it is missing;
    /// `None` where there can be none. A call makes it by itself; this is for those who prepare.
    #[must_use]
    pub fn git_folder(&self, target: Option<&Path>) -> Option<PathBuf> {
        let real = self.finder().real(OsStr::new(git_folder::GIT), target)?;
        git_folder::folder(self.layout, &real, self.user)
    }
}
