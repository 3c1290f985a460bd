//! `neutralize-sudo`: a command runs with the rights that its caller has.
//!
//! Only where another user than root was not asked for: a command for `postgres` would fail, or do
//! something else, as somebody else.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;

use super::Builtin;
use crate::Refusal;
use crate::command::Command;
use crate::draft::Draft;

pub(super) const REWRITE: Builtin = Builtin {
    name: "neutralize-sudo",
    summary: "`sudo`, `doas`, `pkexec` and `su -c` are left out",
    command: Some(command),
    tool: None,
};

/// What is known of the options of one program.
struct Table {
    program: &'static str,
    /// Options that name the user.
    user: &'static [&'static str],
    /// Options with a value that leave the command the same.
    valued: &'static [&'static str],
    /// Options without a value that leave it the same.
    flags: &'static [&'static str],
}

/// sudo(8), doas(1), pkexec(1).
const TABLES: [Table; 3] = [
    Table {
        program: "sudo",
        user: &["-u", "--user"],
        valued: &["-C", "--close-from", "-p", "--prompt", "-T", "--command-timeout"],
        flags: &[
            "-A",
            "--askpass",
            "-B",
            "--bell",
            "-E",
            "--preserve-env",
            "-H",
            "--set-home",
            "-n",
            "--non-interactive",
            "-P",
            "--preserve-groups",
            "-S",
            "--stdin",
            "-N",
            "--no-update",
        ],
    },
    Table { program: "doas", user: &["-u"], valued: &["-a"], flags: &["-n"] },
    Table {
        program: "pkexec",
        user: &["--user"],
        valued: &[],
        flags: &["--disable-internal-agent", "--keep-cwd"],
    },
];

fn command(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let name = command.argv.first().map(OsString::as_os_str).unwrap_or_default();
    let name = name.as_bytes().rsplit(|byte| *byte == b'/').next().unwrap_or_default();
    if name == b"su" {
        return su(command, draft);
    }
    match TABLES.iter().find(|table| table.program.as_bytes() == name) {
        Some(table) => without(table, command, draft),
        None => Ok(()),
    }
}

fn without(table: &Table, command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let mut at = 1_usize;
    while let Some(word) = command.argv.get(at) {
        let option = command.text(at).filter(|word| word.len() > 1 && word.starts_with('-'));
        let Some(option) = option else {
            if word.as_bytes().starts_with(b"-")
                || !command.words.get(at).is_some_and(|it| it.known)
            {
                return unclear();
            }
            break;
        };
        at = at.saturating_add(1);
        if option == "--" {
            break;
        }
        at = at.saturating_add(own_option(table, option, command.text(at))?);
    }
    let assigned = command.argv.iter().skip(at).take_while(|word| assigns(word.as_bytes())).count();
    if at.saturating_add(assigned) >= command.argv.len() {
        return Refusal::because("without it there is no command");
    }
    (1..at).for_each(|at| draft.drop_word(at));
    // Variables set for the command are set all the same.
    if assigned > 0 {
        draft.replace(0, "env")
    } else {
        draft.drop_word(0)
    }
    Ok(())
}

/// How many words behind an option are its value.
fn own_option(table: &Table, option: &str, next: Option<&str>) -> Result<usize, Refusal> {
    let (name, attached) = match option.split_once('=') {
        Some((name, value)) if option.starts_with("--") => (name, Some(value)),
        Some(_) | None => (option, None),
    };
    if table.flags.contains(&name) {
        return Ok(0);
    }
    if table.user.contains(&name) || table.valued.contains(&name) {
        let Some(value) = attached.or(next) else { return unclear() };
        if table.user.contains(&name) {
            is_root(value)?;
        }
        return Ok(usize::from(attached.is_none()));
    }
    // A group of letters: all but the last are flags, or one has its value attached.
    let letters = if option.starts_with("--") { "" } else { option.get(1..).unwrap_or_default() };
    for (at, letter) in letters.char_indices() {
        let one = format!("-{letter}");
        if table.flags.contains(&one.as_str()) {
            continue;
        }
        let rest = letters.get(at.saturating_add(letter.len_utf8())..).unwrap_or_default();
        if table.user.contains(&one.as_str()) || table.valued.contains(&one.as_str()) {
            let Some(value) = Some(rest).filter(|rest| !rest.is_empty()).or(next) else {
                return unclear();
            };
            if table.user.contains(&one.as_str()) {
                is_root(value)?;
            }
            return Ok(usize::from(rest.is_empty()));
        }
        return unclear();
    }
    if letters.is_empty() { unclear() } else { Ok(0) }
}

fn is_root(user: &str) -> Result<(), Refusal> {
    if matches!(user, "root" | "#0" | "0") {
        return Ok(());
    }
    Refusal::because("the command is meant for another user than root")
}

fn unclear<T>() -> Result<T, Refusal> {
    Refusal::because("what the command would be without it cannot be told")
}

fn assigns(word: &[u8]) -> bool {
    let name = word.iter().take_while(|it| it.is_ascii_alphanumeric() || **it == b'_').count();
    name > 0 && word.get(name) == Some(&b'=') && !word.first().is_some_and(u8::is_ascii_digit)
}

/// `su -c LINE`, `su root -c LINE`, `su - -c LINE`.
fn su(command: &Command<'_>, draft: &mut Draft) -> Result<(), Refusal> {
    let mut line = None;
    let mut at = 1_usize;
    while at < command.argv.len() {
        let Some(word) = command.text(at) else { return unclear() };
        match word {
            "-c" | "--command" if line.is_none() => {
                line = Some(at.saturating_add(1));
                at = at.saturating_add(1);
            }
            "-" | "-l" | "--login" | "-m" | "-p" | "--preserve-environment" => {}
            word if !word.starts_with('-') => is_root(word)?,
            _ => return unclear(),
        }
        at = at.saturating_add(1);
    }
    let Some(line) = line.filter(|at| *at < command.argv.len()) else {
        return Refusal::because("without it there is no command");
    };
    for at in 1..command.argv.len() {
        if at != line {
            draft.drop_word(at);
        }
    }
    draft.replace(0, "sh");
    draft.insert(line, "-c");
    Ok(())
}
