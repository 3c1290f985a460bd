//! `force-with-lease`: a forced push that only replaces what was last seen at the other end.

use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};

use datafog_core::OperandKind;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "force-with-lease",
    summary: "`git push --force` becomes `--force-with-lease`",
    command: Some(command),
    tool: None,
};

/// The option that takes the place of `--force`.
const LEASE: &str = "--force-with-lease";

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    if !command.is("git", &["push"]) {
        return Ok(());
    }
    if command.options(&["--mirror", "--delete", "--prune"]).next().is_some() {
        return Refusal::because("a lease does not keep branches from being removed");
    }
    let forced = unforce(command, draft)?;
    if forced && command.options(&[LEASE]).next().is_none() {
        let at = command.option_place();
        let at = at.ok_or_else(|| Refusal("where an option would stand cannot be told".into()))?;
        draft.insert(at, LEASE);
    }
    Ok(())
}

/// Takes `--force` and the `+` of references away; tells whether there was any.
pub(super) fn unforce(command: &Command<'_>, draft: &mut Draft) -> Result<bool, Refusal> {
    let mut forced = false;
    for option in command.options(&["--force"]) {
        command.clear()?;
        draft
            .drop_option(option, &command.argv)
            .ok_or_else(|| Refusal("the option stands where it cannot be changed".to_owned()))?;
        forced = true;
    }
    let references = command.operands().filter(|(_, it)| it.kind == OperandKind::Reference);
    for (at, operand) in references {
        let Some(plain) = operand.text.as_bytes().strip_prefix(b"+") else { continue };
        if plain.starts_with(b":") || plain.is_empty() {
            return Refusal::because("a lease does not keep branches from being removed");
        }
        if !command.words.get(at).is_some_and(|word| word.known) {
            return Refusal::because("which branch is meant only shows when the line runs");
        }
        draft.replace(at, OsString::from_vec(plain.to_vec()));
        forced = true;
    }
    Ok(forced)
}
