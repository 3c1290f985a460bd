//! Classes of shell commands: safe, to be reviewed, dangerous.
//!
//! The lists are those of pi-governance, by program and subcommand as parsed. What its patterns let
//! slip (`find -exec`, `sed -i`, `sort -o`, a second line, a substitution) and what they took for
//! something else (a commit message with `at`) is judged by the command that really runs.

use super::Role;
use super::safe::is_safe;
use crate::call::Call;
use crate::command::{Command, SHELLS};
use crate::pattern::Search;

/// How a command is taken. Ordered: the worst of a line counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum CommandClass {
    Safe,
    Review,
    Dangerous,
}

/// The class of everything a call would run; a text that nobody could read is reviewed.
pub(crate) fn classify(call: &Call, role: &Role) -> CommandClass {
    let by_command = call.commands.iter().map(|one| class(one, call, role)).max();
    let line = if call.unclear || !call.written.is_empty() {
        CommandClass::Review
    } else {
        CommandClass::Safe
    };
    by_command.unwrap_or(CommandClass::Review).max(line)
}

fn class(command: &Command, call: &Call, role: &Role) -> CommandClass {
    let text = command.words.join(" ");
    let whole = call.arguments.get("command").and_then(|value| value.as_str()).unwrap_or_default();
    let blocked = |pattern: &crate::pattern::Pattern| {
        pattern.search(&text) != Search::Missed || pattern.search(whole) != Search::Missed
    };
    if role.blocked_commands.iter().any(blocked) || is_dangerous(command, call) {
        return CommandClass::Dangerous;
    }
    if is_safe(command) || role.allowed_commands.iter().any(|pattern| pattern.finds(&text)) {
        return CommandClass::Safe;
    }
    CommandClass::Review
}

/// Programs that are dangerous whatever their arguments are.
pub(crate) const DANGEROUS: &[&str] = &[
    "at",
    "batch",
    "chgrp",
    "chmod",
    "chown",
    "crontab",
    "doas",
    "fdisk",
    "firewall-cmd",
    "g++",
    "gcc",
    "halt",
    "ip6tables",
    "iptables",
    "kill",
    "killall",
    "make",
    "mke2fs",
    "mkfs",
    "mount",
    "ncat",
    "parted",
    "pkexec",
    "pkill",
    "poweroff",
    "reboot",
    "scp",
    "sfdisk",
    "shred",
    "shutdown",
    "socat",
    "ssh",
    "su",
    "sudo",
    "telnet",
    "truncate",
    "ufw",
    "umount",
    "wipefs",
];

/// Programs with the words among their arguments that make them dangerous.
pub(crate) const DANGEROUS_WORDS: &[(&str, &[&str])] = &[
    ("apk", &["add"]),
    ("apt", &["install"]),
    ("apt-get", &["install"]),
    ("brew", &["install"]),
    ("bun", &["add", "install"]),
    ("cargo", &["install"]),
    ("dnf", &["install"]),
    ("docker", &["build", "exec", "pull", "push", "run"]),
    ("kubectl", &["apply", "delete", "exec", "run"]),
    ("npm", &["add", "ci", "i", "install"]),
    ("pip", &["install"]),
    ("pip3", &["install"]),
    ("pnpm", &["add", "i", "install"]),
    ("service", &["reload", "restart", "start", "stop"]),
    ("systemctl", &["disable", "enable", "mask", "reload", "restart", "start", "stop"]),
    ("terraform", &["destroy"]),
    ("yarn", &["add", "install"]),
    ("yum", &["install"]),
];

/// Parts of a variable's name that say it holds a secret.
const SECRET_NAMES: &[&str] = &["CREDENTIAL", "KEY", "PASSWORD", "SECRET", "TOKEN"];

fn is_dangerous(command: &Command, call: &Call) -> bool {
    let program = command.program();
    let words = DANGEROUS_WORDS.iter().find(|(name, _)| *name == program).map(|(_, words)| *words);
    if DANGEROUS.contains(&program)
        || program.starts_with("mkfs.")
        || words.is_some_and(|words| {
            command.operands().next().is_some_and(|first| words.contains(&first))
        })
    {
        return true;
    }
    let letter = |letters: &[char]| letters.iter().any(|one| command.has_letter(*one));
    match program {
        "rm" => letter(&['r', 'R', 'f']) || command.has_word(&["--recursive", "--force"]),
        "dd" => command.arguments().any(|word| word.starts_with("of=")),
        "nc" => letter(&['l']),
        "rsync" => command.operands().any(|word| word.contains(':')),
        "find" => command.has_word(&["-delete"]),
        "export" => command.operands().any(|word| {
            let name = word.split('=').next().unwrap_or_default().to_uppercase();
            SECRET_NAMES.iter().any(|part| name.contains(part))
        }),
        "history" => letter(&['c']),
        "unset" => command.has_word(&["HISTFILE"]),
        "git" => git_is_dangerous(command),
        name => command.piped && is_interpreter(name) && downloads(call),
    }
}

fn git_is_dangerous(command: &Command) -> bool {
    let verb = command
        .invocation
        .subcommand
        .first()
        .map_or_else(|| command.operands().next().unwrap_or_default().to_owned(), String::clone);
    match verb.as_str() {
        "clean" => command.has_letter('f') || command.has_word(&["--force"]),
        "push" => command.has_letter('f') || command.has_word(&["--force", "--mirror"]),
        "reset" => command.has_word(&["--hard"]),
        _ => false,
    }
}

fn is_interpreter(name: &str) -> bool {
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    SHELLS.contains(&name) || ["node", "perl", "php", "python", "ruby"].contains(&base)
}

fn downloads(call: &Call) -> bool {
    call.commands.iter().any(|one| matches!(one.program(), "curl" | "wget"))
}
