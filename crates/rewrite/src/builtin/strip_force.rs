//! `strip-force-flags`: nothing is forced.
//!
//! What forces is told by the program's own table: the `-f` of `tail`, `grep`, `tar` and `kubectl
//! apply` does not. Of a program without a table only `--force`, spelled out, is known to.

use std::os::unix::ffi::OsStrExt as _;

use super::{Builtin, force_with_lease};
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "strip-force-flags",
    summary: "`--force` and its short forms are left out",
    command: Some(command),
    tool: None,
};

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if command.is("git", &["push"]) {
        force_with_lease::unforce(command, draft)?;
        return Ok(());
    }
    if !command.invocation.known {
        // What stands behind a program that starts another one is that one's.
        let end = command.argv.iter().position(|word| word.as_bytes() == b"--");
        let end = end.unwrap_or(command.argv.len());
        let words = command.argv.iter().enumerate().take(end).skip(1);
        let own = words.filter(|(_, it)| it.as_bytes() == b"--force" && !command.invocation.starts);
        own.for_each(|(at, _)| draft.drop_word(at));
        return Ok(());
    }
    for option in command.options(&["--force"]) {
        command.clear()?;
        draft
            .drop_option(option, &command.argv)
            .ok_or_else(|| Refusal("the option stands where it cannot be changed".to_owned()))?;
    }
    Ok(())
}
