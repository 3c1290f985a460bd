//! What a policy file of this machine would be laid over: the machine's own policy, where it has one.

use std::path::Path;

use datafog_config::Layout;
use datafog_policy::{Diagnostic, Layer, Policy};

use crate::state::{ROOT, read, trusted};
use crate::{Error, compile};

/// The layers below a user's file.
#[derive(Debug)]
pub struct Ground {
    policy: Policy,
    /// Detectors and exceptions of the machine.
    custom: Option<Vec<u8>>,
}

impl Ground {
    /// The embedded policy, with the machine's laid over it where there is one.
    ///
    /// # Errors
    /// When the machine's policy cannot be read, could have been written by others, or is wrong.
    pub fn of(layout: &Layout) -> Result<Self, Error> {
        let (path, base) = (layout.system_policy(), Policy::builtin());
        if trusted(&path, ROOT)?.is_none() {
            return Ok(Self { policy: base, custom: None });
        }
        let laid = compile::file_over(&base, None, (&read(&path)?, &path, Layer::System))?;
        Ok(Self { policy: laid.policy, custom: laid.custom })
    }

    /// The policy file at `path` as it would be in force on this machine.
    ///
    /// # Errors
    /// [`Error::Policy`] with everything that is wrong with it.
    pub fn compile(&self, text: &str, path: &Path) -> Result<Policy, Error> {
        let file = (text, path, compile::layer_of(path));
        Ok(compile::file_over(&self.policy, self.custom.as_deref(), file)?.policy)
    }

    /// Everything there is to say about a policy file, warnings included; the policy itself when it
    /// could be read.
    #[must_use]
    pub fn diagnose(&self, text: &str, path: &Path) -> (Option<Policy>, Vec<Diagnostic>) {
        let file = (text, path, compile::layer_of(path));
        let (laid, found) = compile::diagnose_over(&self.policy, self.custom.as_deref(), file);
        (laid.map(|laid| laid.policy), found)
    }
}
