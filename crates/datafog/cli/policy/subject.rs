//! A policy that is tried out: ours by itself, or with one of another system beside it, as the gate
//! would have it if it were in force.

use std::path::Path;

use anyhow::Result;
use datafog_core::{Decision, Digest, Facts, Surroundings, Verdict};
use datafog_gate::{
    Draft, ForeignPolicies, ForeignPolicy, Ground, Reads, Replayed, Unreplayable, join_decisions,
};
use datafog_policy::Policy;

use crate::cli::foreign;
use crate::cli::session::Session;
use crate::exit_code::ExitCode;
use crate::foreign::Systems;
use crate::report::Advised;

/// What is asked.
pub(super) struct Subject {
    pub(super) policy: Policy,
    other: Option<Box<dyn ForeignPolicy>>,
}

impl Subject {
    /// The policy in force.
    pub(super) fn installed(session: &Session) -> Result<Self> {
        let other = match session.settings()?.policy {
            Some(path) => Some(load(&path, session)?),
            None => None,
        };
        Ok(Self { policy: super::in_force(session)?, other })
    }

    /// The policy at `path`, as it would be in force.
    pub(super) fn at(path: &Path, session: &Session) -> Result<Self> {
        if super::is_native(path) {
            let text = foreign::read_text(path)?;
            let policy = Ground::of(&session.layout)?.compile(&text, path)?;
            return Ok(Self { policy, other: None });
        }
        let policy = super::in_force(session)?;
        Ok(Self { policy, other: Some(load(path, session)?) })
    }

    pub(super) fn decide(&self, facts: &dyn Facts, world: &dyn Surroundings) -> Decision {
        let own = self.policy.decide(facts);
        match &self.other {
            Some(other) => join_decisions(own, other.decide(facts, world)),
            None => own,
        }
    }

    pub(super) fn name(&self) -> String {
        let other = self.other.as_ref().map(|one| format!("{} {}", one.id(), one.version()));
        other.unwrap_or_else(|| format!("{} {}", self.policy.id(), self.policy.version()))
    }
}

impl Draft for Subject {
    fn verdict(&self, call: &Replayed<'_>) -> Result<Verdict, Unreplayable> {
        if self.other.is_some() && !call.has_values() {
            return Err(Unreplayable::Values);
        }
        let own = self.policy.verdict(call)?;
        if self.other.is_none() {
            return Ok(own);
        }
        Ok(Draft::decide(self, call).verdict)
    }

    fn decide(&self, call: &Replayed<'_>) -> Decision {
        Self::decide(self, call, call.world())
    }

    /// None when our own policy is not alone.
    fn digest(&self) -> Option<Digest> {
        self.other.is_none().then(|| self.policy.digest())
    }

    fn has_rule(&self, id: &str) -> bool {
        self.policy.has_rule(id)
    }
}

/// A policy of another system in a few words; why it cannot be used, when it cannot.
pub(super) fn described(path: &Path) -> Result<String, String> {
    let shown = path.display();
    foreign::read(path).map_err(|error| format!("cannot read `{shown}`: {error}"))?;
    let policy = Systems.load(path, &OnDisk).map_err(|faults| {
        let first = faults.iter().find(|one| one.is_error());
        let told = first.map(|one| format!("{}:{}: {}", one.path, one.line, one.message));
        told.unwrap_or_else(|| format!("`{shown}` cannot be used"))
    })?;
    Ok(format!("{} {} ({shown})", policy.id(), policy.version()))
}

fn load(path: &Path, session: &Session) -> Result<Box<dyn ForeignPolicy>> {
    foreign::read(path).map_err(|error| foreign::unreadable(path, &error))?;
    Systems.load(path, &OnDisk).map_err(|faults| {
        foreign::tell(session, &faults);
        let message = format!("`{}` cannot be used", path.display());
        let hint = String::from("mend what is named above");
        Advised { message, hint, code: ExitCode::Invalid }.into()
    })
}

/// Files as they are on this machine.
struct OnDisk;

impl Reads for OnDisk {
    fn read(&self, path: &Path) -> std::io::Result<Vec<u8>> {
        foreign::read(path)
    }
}
