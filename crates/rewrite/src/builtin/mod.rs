//! The rewrites that are built in, by name.
//!
//! One file each. A rewrite of commands gets a command that was read by its option table and a draft
//! of its words; one of tool calls gets the arguments. A rewrite that finds nothing of its own leaves
//! both as they are. Nobody but the judge decides whether what comes of it is safe.

pub(crate) mod redact;

mod cap_timeout;
mod dry_run;
mod enforce_https;
mod force_with_lease;
mod limit_rows;
mod neutralize_sudo;
mod sandbox;
mod show_script;
mod stash_first;
mod strip_force;
mod trash;
mod truncate_recipients;
mod wildcard_delete;

use datafog_core::Value;

use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;
use crate::tool::Call;

/// What changes a command.
pub(crate) type OnCommand = fn(&Command<'_>, &mut Draft) -> Result<(), Refusal>;
/// What changes the call of a tool.
pub(crate) type OnCall = fn(&Call<'_>, &mut Value) -> Result<(), Refusal>;

/// A rewrite that is built in.
#[derive(Clone, Copy, Debug)]
pub struct Builtin {
    /// Its name, by which rules ask for it.
    pub name: &'static str,
    /// What it does, for people.
    pub summary: &'static str,
    pub(crate) command: Option<OnCommand>,
    pub(crate) tool: Option<OnCall>,
}

/// Every rewrite, in order of name.
static BUILTINS: [Builtin; 15] = [
    cap_timeout::REWRITE,
    dry_run::REWRITE,
    enforce_https::REWRITE,
    force_with_lease::REWRITE,
    limit_rows::REWRITE,
    trash::REWRITE,
    neutralize_sudo::REWRITE,
    redact::PII,
    redact::SECRETS,
    wildcard_delete::REWRITE,
    sandbox::REWRITE,
    show_script::REWRITE,
    stash_first::REWRITE,
    strip_force::REWRITE,
    truncate_recipients::REWRITE,
];

/// Every rewrite, in order of name.
#[must_use]
pub fn builtins() -> &'static [Builtin] {
    &BUILTINS
}

/// The rewrite of that name.
#[must_use]
pub fn builtin(name: &str) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|one| one.name == name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_each_does_something() {
        assert!(builtins().is_sorted_by_key(|one| one.name));
        assert!(builtins().iter().all(|one| one.command.is_some() || one.tool.is_some()));
        assert!(builtin("strip-force-flags").is_some() && builtin("nosuch").is_none());
    }
}
