//! `downgrade-write-to-dryrun`: what would be written is told and not done.
//!
//! Programs that have a dry run of their own are asked for it; of the plain tools for files, which
//! have none, the command is shown by our own program. `git reset` has none, and no safe form.

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "downgrade-write-to-dryrun",
    summary: "what would be written is shown and not done",
    command: Some(command),
    tool: None,
};

/// Programs and subcommands with a dry run of their own, the option, and every spelling of it that a
/// table would give another name.
const DRY: [(&str, &[&str], &str); 12] = [
    ("apt", &["install", "remove", "upgrade"], "--dry-run"),
    ("apt-get", &["install", "remove", "upgrade"], "--dry-run"),
    ("cargo", &["publish"], "--dry-run"),
    ("git", &["add", "clean", "commit", "fetch", "mv", "push", "rm"], "--dry-run"),
    ("helm", &["install", "uninstall", "upgrade"], "--dry-run"),
    ("kubectl", &["apply", "create", "delete", "patch", "replace"], "--dry-run=client"),
    ("make", &[], "--dry-run"),
    ("npm", &["install", "publish", "uninstall"], "--dry-run"),
    ("pip", &["install"], "--dry-run"),
    ("pip3", &["install"], "--dry-run"),
    ("rsync", &[], "--dry-run"),
    ("terraform", &["destroy"], ""),
];

/// Tools that write and have no dry run.
const SHOWN: [&str; 13] = [
    "chgrp", "chmod", "chown", "cp", "dd", "install", "ln", "mkdir", "mv", "rm", "rmdir", "touch",
    "truncate",
];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let program = command.program();
    if SHOWN.contains(&program) {
        draft.insert(0, command.own);
        for word in ["would-run", "--"] {
            draft.insert(0, word);
        }
        return Ok(());
    }
    let Some((_, subcommands, option)) = DRY.iter().find(|(name, ..)| *name == program) else {
        return Ok(());
    };
    let known = &command.invocation.subcommand;
    // Where the table has no subcommands, the first operand is one.
    let first = known.first().cloned().or_else(|| Some(command.text(1)?.to_owned()));
    let is_one = first.is_some_and(|first| subcommands.contains(&first.as_str()));
    if !subcommands.is_empty() && !is_one {
        return none_of(program, known.first().map(String::as_str));
    }
    let name = option.split('=').next().unwrap_or_default();
    let has = command.options(&[name]).next().is_some()
        || command.argv.iter().any(|word| word.to_str() == Some(option));
    if has {
        return Ok(());
    }
    if name.is_empty() {
        return Refusal::because("it has no dry run");
    }
    let at = match known.is_empty() && !subcommands.is_empty() {
        true => Some(2),
        false => command.option_place(),
    };
    let at = at.ok_or_else(|| Refusal("where an option would stand cannot be told".to_owned()))?;
    draft.insert(at, *option);
    Ok(())
}

/// A subcommand that changes something and has no dry run is refused; others are left alone.
fn none_of(program: &str, subcommand: Option<&str>) -> Result<(), Refusal> {
    match (program, subcommand) {
        ("git", Some("reset" | "checkout" | "restore" | "stash" | "rebase" | "merge")) => {
            Refusal::because("git has no dry run of it")
        }
        (_, _) => Ok(()),
    }
}
