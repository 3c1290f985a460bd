//! `move-to-trash`: what `rm` would remove goes to the trash, from where it can be had back.

use std::os::unix::ffi::OsStrExt as _;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "move-to-trash",
    summary: "`rm` becomes a move to the trash, from where it can be restored",
    command: Some(command),
    tool: None,
};

/// Options of `rm` that mean the same to us.
const KEPT: [(&str, &str); 4] =
    [("--dir", "-d"), ("--force", "-f"), ("--recursive", "-r"), ("--verbose", "-v")];

/// Options that need no counterpart: nothing is walked.
const MOOT: [&str; 2] = ["--one-file-system", "--preserve-root"];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if command.program() != "rm" {
        return Ok(());
    }
    command.clear()?;
    let mut flags = Vec::new();
    for option in &command.invocation.options {
        match KEPT.iter().find(|(name, _)| *name == option.name) {
            Some((_, flag)) if !flags.contains(flag) => flags.push(*flag),
            Some(_) => {}
            None if MOOT.contains(&option.name.as_str()) => {}
            None => return Refusal::because("rm would ask, or was told to remove everything"),
        }
        let at = command.word_of(option).unwrap_or_default();
        if !command.words.get(at).is_some_and(|word| word.known) {
            return Refusal::because("an option only shows when the line runs");
        }
        draft.drop_word(at);
    }
    draft.replace(0, command.own);
    command.dashes().into_iter().for_each(|at| draft.drop_word(at));
    let words = ["trash", "put"].into_iter().chain(flags).chain(["--"]);
    for word in words {
        draft.insert(1, word);
    }
    // Nothing to remove is an error of rm's own.
    let any = command.operands().any(|(_, operand)| !operand.text.as_bytes().is_empty());
    if any { Ok(()) } else { Refusal::because("it names nothing") }
}
