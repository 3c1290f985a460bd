//! Commands that only look, by program and words.

use crate::command::Command;

/// Whether a command only looks.
pub(super) fn is_safe(command: &Command) -> bool {
    let program = command.program();
    if program == "git" {
        return git_is_safe(command);
    }
    match LOOKS.iter().find(|looks| looks.programs.contains(&program)) {
        Some(looks) => looks.fit(command),
        None => SAFE.contains(&program),
    }
}

impl Looks {
    fn fit(&self, command: &Command) -> bool {
        let forbidden = |word: &str| self.never.iter().any(|start| word.starts_with(start));
        (self.needs.is_empty() || command.has_word(self.needs))
            && !command.arguments().any(forbidden)
            && !self.letters.iter().any(|letter| command.has_letter(*letter))
            && self.operands.fit(command)
    }
}

impl Operands {
    fn fit(&self, command: &Command) -> bool {
        let first = command.operands().next();
        match self {
            Self::Any => true,
            Self::Begin(letter) => command.operands().all(|word| word.starts_with(*letter)),
            Self::First(words) => first.is_some_and(|word| words.contains(&word)),
            Self::None => first.is_none(),
            Self::Script => first.is_some_and(only_prints),
            Self::Some => first.is_some(),
            Self::Version(words) => command.words.len() == 2 && command.has_word(words),
        }
    }
}

/// A sed script without commands that write or run.
fn only_prints(script: &str) -> bool {
    !script.contains(['w', 'W', 'e', 'r'])
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

/// What the words of a program must be for it to only look.
struct Looks {
    programs: &'static [&'static str],
    /// One of these must be there, where there are any.
    needs: &'static [&'static str],
    /// No argument may begin with one of these.
    never: &'static [&'static str],
    /// No cluster of short options may hold one of these.
    letters: &'static [char],
    operands: Operands,
}

/// What the operands must be.
enum Operands {
    Any,
    /// Each begins with this letter.
    Begin(char),
    /// The first is one of these words.
    First(&'static [&'static str]),
    None,
    /// The first is a script of sed that only prints.
    Script,
    Some,
    /// The one argument, which is no operand, is one of these.
    Version(&'static [&'static str]),
}

/// Any words at all.
const PLAIN: Looks =
    Looks { programs: &[], needs: &[], never: &[], letters: &[], operands: Operands::Any };

/// Programs that only look with some words and not with others.
const LOOKS: &[Looks] = &[
    // These are judged by what they start, which is a command of its own.
    Looks { programs: &["env"], ..PLAIN },
    Looks { programs: &["command", "nohup", "time", "xargs"], operands: Operands::Some, ..PLAIN },
    Looks {
        programs: &["curl"],
        needs: &["-I", "--head"],
        never: &[
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
        ],
        ..PLAIN
    },
    Looks { programs: &["date"], never: &["-s", "--set"], operands: Operands::Begin('+'), ..PLAIN },
    Looks {
        programs: &["fd", "find"],
        never: &["-exec", "-ok", "-delete", "-fprint", "-fls", "-x", "-X", "--exec"],
        ..PLAIN
    },
    Looks { programs: &["go"], operands: Operands::First(&["version"]), ..PLAIN },
    Looks { programs: &["hostname"], operands: Operands::None, ..PLAIN },
    Looks {
        programs: &["node", "python", "python3", "ruby"],
        operands: Operands::Version(&["--version", "-V"]),
        ..PLAIN
    },
    Looks {
        programs: &["npm", "pnpm", "yarn"],
        never: &["fix", "--fix"],
        operands: Operands::First(&["audit", "info", "list", "ls", "outdated", "show", "view"]),
        ..PLAIN
    },
    Looks {
        programs: &["pip", "pip3"],
        operands: Operands::First(&["freeze", "list", "show"]),
        ..PLAIN
    },
    Looks {
        programs: &["sed"],
        never: &["-i", "--in-place", "-f", "-n i"],
        letters: &['i', 's'],
        operands: Operands::Script,
        ..PLAIN
    },
    Looks {
        programs: &["sort"],
        never: &["-o", "--output", "--compress-program"],
        letters: &['o'],
        ..PLAIN
    },
];

/// Programs that only look, whatever their arguments are. Those that can also write or run
/// something are in [`LOOKS`].
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
