//! `stash-first`: uncommitted work is set aside before a command that would discard it.

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "stash-first",
    summary: "uncommitted work is kept as a stash entry before git discards it",
    command: Some(command),
    tool: None,
};

/// Subcommands of git that discard work that is nowhere else.
const DISCARD: [&str; 7] =
    ["checkout", "checkout-index", "clean", "read-tree", "reset", "restore", "switch"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    // An alias is only named where what it stands for is to be kept from discarding.
    if !command.is("git", &DISCARD) && !datafog_shim::names_alias(&command.invocation) {
        return Ok(());
    }
    draft.insert(0, command.own);
    for word in ["keep", "--"] {
        draft.insert(0, word);
    }
    Ok(())
}
