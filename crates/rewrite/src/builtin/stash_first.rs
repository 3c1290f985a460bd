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
const DISCARD: [&str; 6] = ["checkout", "clean", "read-tree", "reset", "restore", "switch"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if !command.is("git", &DISCARD) {
        return Ok(());
    }
    draft.insert(0, command.own);
    for word in ["keep", "--"] {
        draft.insert(0, word);
    }
    Ok(())
}
