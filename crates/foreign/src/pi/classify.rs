//! Classes of shell commands: safe, to be reviewed, dangerous.
//!
//! The lists are those of pi-governance, by program and subcommand as parsed. What its patterns let
//! slip (`find -exec`, `sed -i`, `sort -o`, a second line, a substitution) and what they took for
//! something else (a commit message with `at`) is judged by the command that really runs.

use super::Role;
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

/// Programs that only look, whatever their arguments are. Those that can also write or run
/// something are in [`is_safe`].
pub(crate) const SAFE: &[&str] = &[
    "ack",
    "ag",
    "basename",
    "cat",
    "cd",
    "cksum",
    "column",
    "comm",
    "cut",
    "df",
    "diff",
    "dig",
    "dirname",
    "du",
    "echo",
    "expand",
    "file",
    "fmt",
    "fold",
    "free",
    "getconf",
    "grep",
    "head",
    "hexdump",
    "host",
    "id",
    "groups",
    "iostat",
    "join",
    "jq",
    "la",
    "less",
    "ll",
    "locate",
    "ls",
    "lsblk",
    "lscpu",
    "lsof",
    "lspci",
    "lsusb",
    "md5sum",
    "more",
    "nl",
    "nm",
    "nproc",
    "nslookup",
    "objdump",
    "od",
    "paste",
    "ping",
    "printenv",
    "printf",
    "ps",
    "pwd",
    "readlink",
    "realpath",
    "rev",
    "rg",
    "seq",
    "sha256sum",
    "shuf",
    "stat",
    "strings",
    "tac",
    "tail",
    "top",
    "tr",
    "traceroute",
    "tracepath",
    "tree",
    "type",
    "uname",
    "unexpand",
    "uniq",
    "uptime",
    "vmstat",
    "wc",
    "whereis",
    "which",
    "who",
    "whoami",
    "yes",
];

/// git's verbs that only look.
const GIT: &[&str] = &[
    "blame",
    "cat-file",
    "cherry",
    "count-objects",
    "describe",
    "diff",
    "fsck",
    "log",
    "ls-files",
    "ls-tree",
    "rev-parse",
    "shortlog",
    "show",
    "status",
    "verify-pack",
];

fn is_safe(command: &Command) -> bool {
    let program = command.program();
    let none = |words: &[&str]| {
        !command.arguments().any(|word| words.iter().any(|one| word.starts_with(one)))
    };
    let operands = command.operands().count();
    match program {
        // These are judged by what they start, which is a command of its own.
        "command" | "env" | "nohup" | "time" | "xargs" => operands > 0 || program == "env",
        "date" => none(&["-s", "--set"]) && command.operands().all(|word| word.starts_with('+')),
        "hostname" => operands == 0,
        "find" | "fd" => {
            none(&["-exec", "-ok", "-delete", "-fprint", "-fls", "-x", "-X", "--exec"])
        }
        "sed" => {
            none(&["-i", "--in-place", "-f", "-n i"])
                && !command.has_letter('i')
                && !command.has_letter('s')
                && sed_only_prints(command)
        }
        "sort" => none(&["-o", "--output", "--compress-program"]) && !command.has_letter('o'),
        "curl" => {
            command.has_word(&["-I", "--head"])
                && none(&[
                    "-d",
                    "--data",
                    "-T",
                    "--upload",
                    "-F",
                    "--form",
                    "-X",
                    "--request",
                    "-o",
                    "-O",
                    "--output",
                    "-K",
                    "--config",
                ])
        }
        "git" => git_is_safe(command),
        "npm" | "pnpm" | "yarn" => {
            let verbs = ["audit", "info", "list", "ls", "outdated", "show", "view"];
            command.operands().next().is_some_and(|verb| verbs.contains(&verb))
                && none(&["fix", "--fix"])
        }
        "pip" | "pip3" => {
            command.operands().next().is_some_and(|verb| ["freeze", "list", "show"].contains(&verb))
        }
        "go" => command.operands().next() == Some("version"),
        "node" | "python" | "python3" | "ruby" => {
            operands == 0 && command.has_word(&["--version", "-V"]) && command.words.len() == 2
        }
        name => SAFE.contains(&name),
    }
}

/// A sed script without commands that write or run.
fn sed_only_prints(command: &Command) -> bool {
    command.operands().next().is_some_and(|script| !script.contains(['w', 'W', 'e', 'r']))
}

fn git_is_safe(command: &Command) -> bool {
    let subcommand: Vec<&str> = command.invocation.subcommand.iter().map(String::as_str).collect();
    let verb =
        subcommand.first().copied().or_else(|| command.operands().next()).unwrap_or_default();
    // A setting or a program can be named that git then runs.
    let plain = !command.has_word(&[
        "-c",
        "--exec-path",
        "--ext-diff",
        "--output",
        "--textconv",
        "--upload-pack",
    ]) && !command
        .arguments()
        .any(|word| word.starts_with("--output=") || word.starts_with("-c"));
    let only = |words: &[&str]| command.arguments().skip(1).all(|word| words.contains(&word));
    plain
        && match verb {
            "branch" => {
                only(&["-a", "-r", "-v", "-vv", "--all", "--list", "--show-current", "--remotes"])
            }
            "tag" => only(&["-l", "--list", "-n"]),
            "remote" => only(&["-v", "--verbose"]),
            "stash" => command.has_word(&["list"]),
            "reflog" => only(&["show"]),
            "config" => command.has_word(&["--get", "--list", "-l", "get", "list"]),
            verb => GIT.contains(&verb),
        }
}
