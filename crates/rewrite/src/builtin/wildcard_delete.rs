//! `replace-wildcard-delete`: what a pattern would remove is listed instead.

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "replace-wildcard-delete",
    summary: "`rm` of a pattern lists what the pattern names",
    command: Some(command),
    tool: None,
};

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let pattern = |at: usize| {
        let word = command.words.get(at).filter(|word| !word.known);
        word.is_some_and(|word| word.text.to_string_lossy().contains(['*', '?', '[']))
    };
    if command.program() != "rm" || !command.operands().any(|(at, _)| pattern(at)) {
        return Ok(());
    }
    command.clear()?;
    for option in &command.invocation.options {
        draft.drop_word(command.word_of(option).unwrap_or_default());
    }
    command.dashes().into_iter().for_each(|at| draft.drop_word(at));
    draft.replace(0, "ls");
    for word in ["-d", "--"] {
        draft.insert(1, word);
    }
    Ok(())
}
