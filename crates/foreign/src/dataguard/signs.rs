//! What commands, statements and URLs really do.

use datafog_core::HostName;
use url::{Host, Url};

use super::face::SQL;
use crate::call::Call;
use crate::command::{Command, SHELLS};

/// Whether `rm` would remove recursively, or without asking, or `find` in its place.
pub(crate) fn removes(command: &Command) -> Option<&'static str> {
    if command.program() == "find" && command.has_word(&["-delete"]) {
        return Some("`find` would remove everything that it finds");
    }
    if command.program() != "rm" {
        return None;
    }
    let long = |names: &[&str]| command.has_word(names);
    // A long option may be cut short as long as it stays clear.
    if command.has_letter('r')
        || command.has_letter('R')
        || long(&["--recursive", "--recursiv", "--recurs", "--rec", "--r"])
    {
        return Some("`rm` would remove folders with all they hold");
    }
    (command.has_letter('f') || long(&["--force", "--forc", "--for", "--fo", "--f"]))
        .then_some("`rm` would remove without asking (force)")
}

/// What an operation destroys that nobody can bring back; `None` for anything else.
pub(crate) fn destroys(command: &Command, call: &Call) -> Option<&'static str> {
    let operands: Vec<&str> = command.operands().collect();
    let any = |test: &dyn Fn(&str) -> bool| command.arguments().any(test);
    match command.program() {
        "rm" | "unlink" | "shred" if any(&|word| word.contains(['*', '?'])) => {
            Some("files are removed by a wildcard")
        }
        "shred" | "wipefs" | "blkdiscard" => Some("data is overwritten"),
        "dd" if any(&|word| word.starts_with("of=/dev/")) => Some("`dd` overwrites a device"),
        name if name == "mkfs" || name.starts_with("mkfs.") || name == "mke2fs" => {
            Some("a file system is made anew")
        }
        "fdisk" | "parted" | "sfdisk" => Some("a disk is parted anew"),
        "chmod" | "chown" | "chgrp"
            if (command.has_letter('R') || command.has_word(&["--recursive"]))
                && operands.iter().skip(1).any(|path| is_system(path, call)) =>
        {
            Some("rights of a system folder are changed recursively")
        }
        "git"
            if command.invocation.subcommand.first().is_some_and(|one| one == "reset")
                && command.has_word(&["--hard"]) =>
        {
            Some("`git reset --hard` discards work")
        }
        name if command.piped && is_interpreter(name) && downloads(call) => {
            Some("a download is run unseen")
        }
        name if SQL.contains(&name)
            && (command.texts().into_iter().chain(command.fed()))
                .any(|text| unbounded_change(&sql_tokens(&text))) =>
        {
            Some("every row would be changed")
        }
        _ => None,
    }
}

/// A function that starts itself twice (`:(){ :|:& };:`).
pub(crate) fn is_fork_bomb(text: &str) -> bool {
    let packed: String = text.chars().filter(|letter| !letter.is_whitespace()).collect();
    packed.split("(){").zip(packed.split("(){").skip(1)).any(|(before, after)| {
        let name: String = before
            .chars()
            .rev()
            .take_while(|letter| !matches!(letter, ';' | '&' | '|' | '(' | '"' | '\'' | '{'))
            .collect();
        let name: String = name.chars().rev().collect();
        !name.is_empty() && after.contains(&format!("{name}|{name}&"))
    })
}

fn is_interpreter(name: &str) -> bool {
    let base = name.trim_end_matches(|letter: char| letter.is_ascii_digit() || letter == '.');
    SHELLS.contains(&name) || ["node", "perl", "php", "python", "ruby"].contains(&base)
}

fn downloads(call: &Call) -> bool {
    call.commands.iter().any(|one| matches!(one.program(), "curl" | "wget" | "fetch"))
}

fn is_system(path: &str, call: &Call) -> bool {
    let opened = call.absolute(path);
    let parts = opened.components().count();
    call.home.as_deref() == Some(opened.as_path()) || (parts <= 2 && !opened.starts_with("/tmp"))
}

/// Whether it forces something: the command's own force flag, or a ref that overwrites.
pub(crate) fn forces(command: &Command) -> bool {
    let invocation = &command.invocation;
    let flag = invocation.has_option("--force")
        || (command.program() != "echo" && command.has_word(&["--force"]) && !takes_text(command));
    let reference = invocation.program == "git"
        && invocation.subcommand.first().is_some_and(|one| one == "push")
        && command.operands().any(|word| word.starts_with('+') && word.len() > 1);
    flag || reference
}

/// Programs whose arguments are text and not options.
fn takes_text(command: &Command) -> bool {
    matches!(command.program(), "echo" | "printf")
        || (command.invocation.known && !command.invocation.has_option("--force"))
}

/// Who a command is run as by another's rights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Elevation {
    Other,
    Root,
}

/// Whether the command runs another with other rights.
pub(crate) fn elevates(command: &Command) -> Option<Elevation> {
    let user = |names: &[&str]| {
        let mut words = command.arguments();
        while let Some(word) = words.next() {
            if names.contains(&word) {
                return words.next().map(str::to_owned);
            }
            if let Some((name, value)) = word.split_once('=')
                && names.contains(&name)
            {
                return Some(value.to_owned());
            }
        }
        None
    };
    let target = match command.program() {
        "sudo" | "doas" => user(&["-u", "--user"]),
        "pkexec" => user(&["--user"]),
        "su" => command.operands().find(|word| !word.contains(' ')).map(str::to_owned),
        _ => return None,
    };
    Some(if target.is_none_or(|name| name == "root" || name == "#0") {
        Elevation::Root
    } else {
        Elevation::Other
    })
}

/// Whether the environment would be printed: `printenv`, `export -p`, or `env` that starts nothing.
pub(crate) fn prints_environment(command: &Command) -> bool {
    match command.program() {
        "printenv" => true,
        "env" => command.operands().all(|word| word.contains('=')),
        "export" | "declare" => command.has_word(&["-p", "-x"]),
        _ => command.arguments().any(|word| word.ends_with("/environ")),
    }
}

/// Whether the command talks to another machine.
pub(crate) fn talks(command: &Command) -> bool {
    matches!(command.program(), "curl" | "wget" | "nc" | "ncat" | "socat" | "http" | "https")
}

/// Whether what a file of secrets holds would reach a program that talks to another machine: as
/// its input, through a pipe or a substitution, or as the file it is told to send.
pub(crate) fn leaks(call: &Call) -> bool {
    let sent = |command: &Command| {
        let words = command.arguments().zip(command.arguments().skip(1));
        let uploads = words.filter(|(word, _)| matches!(*word, "-T" | "--upload-file"));
        let named = command.arguments().filter_map(|word| Some(word.split_once('@')?.1));
        uploads.map(|(_, file)| file).chain(named).any(holds_secrets)
    };
    let source = |command: &Command| match talks(command) {
        true => sent(command),
        false => command.arguments().any(holds_secrets),
    };
    call.commands.iter().any(talks)
        && (call.commands.iter().any(source) || call.read.iter().any(|file| holds_secrets(file)))
}

/// Whether a file of that name is made to hold secrets.
fn holds_secrets(path: &str) -> bool {
    const NAMES: &[&str] = &[
        ".git-credentials",
        ".netrc",
        ".npmrc",
        ".pgpass",
        ".pypirc",
        ".vault-token",
        "id_dsa",
        "id_ecdsa",
        "id_ed25519",
        "id_rsa",
    ];
    let mut parts = path.rsplit('/');
    let (name, folder) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    let sample = [".dist", ".example", ".sample", ".template"];
    let environment = name == ".env" || name.starts_with(".env.");
    (environment && !sample.iter().any(|ending| name.ends_with(ending)))
        || NAMES.contains(&name)
        || matches!((folder, name), (".aws", "credentials") | (".kube", "config"))
}

/// Words of a name that holds a secret.
const SECRET_WORDS: &[&str] = &["apikey", "password", "passwd", "secret", "token"];

/// Whether a URL in the text carries a secret in its query, its fragment or before its host.
pub(crate) fn secret_in_url(text: &str) -> bool {
    let words = text
        .split(|letter: char| letter.is_whitespace() || matches!(letter, '"' | '\'' | '<' | '>'));
    words.filter(|word| word.contains("://")).any(|word| {
        let start = word.find("://").and_then(|at| word.get(..at)).map_or(0, |head| {
            head.rfind(|letter: char| !letter.is_ascii_alphanumeric() && letter != '+')
                .map_or(0, |at| at.saturating_add(1))
        });
        let Ok(url) = Url::parse(word.get(start..).unwrap_or_default()) else {
            return names_secret(word);
        };
        let fragment = url.fragment().unwrap_or_default();
        url.password().is_some()
            || url.query_pairs().any(|(name, value)| is_secret_name(&name) && !value.is_empty())
            || names_secret(fragment)
    })
}

fn names_secret(text: &str) -> bool {
    text.split(['&', '?', '#', ';']).any(|pair| {
        pair.split_once('=').is_some_and(|(name, value)| is_secret_name(name) && !value.is_empty())
    })
}

/// Whether a field or parameter of that name holds a secret.
pub(crate) fn is_secret_name(name: &str) -> bool {
    let plain: String =
        name.chars().filter(|letter| letter.is_alphanumeric()).collect::<String>().to_lowercase();
    SECRET_WORDS.iter().any(|word| plain.contains(word))
}

/// The words of an SQL text, upper case: comments and quoted text left out, `;` kept.
pub(crate) fn sql_tokens(text: &str) -> Vec<String> {
    let (mut tokens, mut word) = (Vec::new(), String::new());
    let mut rest = text.chars().peekable();
    while let Some(letter) = rest.next() {
        let next = rest.peek().copied();
        match letter {
            '-' if next == Some('-') => while rest.next_if(|letter| *letter != '\n').is_some() {},
            '#' => while rest.next_if(|letter| *letter != '\n').is_some() {},
            '/' if next == Some('*') => {
                let mut last = ' ';
                rest.next();
                for letter in rest.by_ref() {
                    if last == '*' && letter == '/' {
                        break;
                    }
                    last = letter;
                }
            }
            '\'' => while rest.next().is_some_and(|letter| letter != '\'') {},
            letter if letter.is_alphanumeric() || letter == '_' => {
                word.extend(letter.to_uppercase());
                continue;
            }
            _ => {}
        }
        if !word.is_empty() {
            tokens.push(core::mem::take(&mut word));
        }
        if letter == ';' {
            tokens.push(String::from(";"));
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

/// Whether a statement drops or empties what holds data.
pub(crate) fn drops(tokens: &[String]) -> bool {
    let pairs = tokens.iter().zip(tokens.iter().skip(1));
    let kinds = ["DATABASE", "SCHEMA", "TABLE", "TABLESPACE", "VIEW"];
    pairs.into_iter().any(|(one, other)| one == "DROP" && kinds.contains(&other.as_str()))
        || statements(tokens).any(|words| words.first().is_some_and(|word| word == "TRUNCATE"))
}

/// Whether a DELETE or UPDATE has no WHERE.
pub(crate) fn unbounded_change(tokens: &[String]) -> bool {
    statements(tokens).any(|words| {
        let changes = match words {
            [first, second, ..] => {
                (first == "DELETE" && second == "FROM")
                    || (first == "UPDATE" && words.iter().any(|word| word == "SET"))
            }
            _ => false,
        };
        changes && !words.iter().any(|word| word == "WHERE")
    })
}

fn statements(tokens: &[String]) -> impl Iterator<Item = &[String]> {
    tokens.split(|token| token == ";")
}

/// The host of a URL as a client would read it; `None` when it cannot be told.
pub(crate) fn host(text: &str) -> Option<(String, HostName)> {
    let text = text.trim();
    let text = if text.starts_with("//") { format!("https:{text}") } else { text.to_owned() };
    // Without a scheme, what stands there is a host.
    let text = if text.contains("://") { text } else { format!("https://{text}") };
    // Browsers take `\` for `/` and leave out what controls a terminal; other clients do neither.
    let (_, rest) = text.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    if authority.contains(|letter: char| letter == '\\' || letter.is_control()) {
        return None;
    }
    let url = Url::parse(&text).ok()?;
    let host = match url.host()? {
        Host::Domain(name) => HostName::Name(name.strip_suffix('.').unwrap_or(name).to_owned()),
        Host::Ipv4(ip) => HostName::Ip(ip.into()),
        Host::Ipv6(ip) => HostName::Ip(ip.into()),
    };
    Some((url.scheme().to_owned(), host))
}

/// Whether an address is only reachable in its own network.
pub(crate) fn is_private(host: &HostName) -> bool {
    match host {
        HostName::Ip(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_link_local(),
        HostName::Ip(std::net::IpAddr::V6(ip)) => {
            ip.is_unique_local() || ip.is_unicast_link_local()
        }
        HostName::Name(_) | HostName::Deferred(_) | HostName::Unknown => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_are_read_by_tokens() {
        for text in [
            "drop table x",
            "DROP /* a */ TABLE x",
            "DROP\t--b\nDATABASE y",
            "SELECT 1; truncate t",
            "drop schema s cascade",
            "DROP VIEW v",
        ] {
            assert!(drops(&sql_tokens(text)), "{text}");
        }
        for text in [
            "SELECT 'drop table x'",
            "SELECT dropped FROM table1",
            "-- drop table x",
            "create table drop_log (a int)",
        ] {
            assert!(!drops(&sql_tokens(text)), "{text}");
        }
        assert!(
            unbounded_change(&sql_tokens("DELETE FROM t;"))
                && unbounded_change(&sql_tokens("update t set a=1"))
        );
        assert!(!unbounded_change(&sql_tokens("DELETE FROM t WHERE a=1")));
        assert!(unbounded_change(&sql_tokens("DELETE FROM t -- WHERE a=1")));
    }

    #[test]
    fn hosts_as_a_client_reads_them() {
        let name = |text: &str| host(text).map(|(_, host)| host.to_string());
        for (text, expected) in [
            ("HTTP://API.github.com/x", Some("api.github.com")),
            (" https://github.com. ", Some("github.com")),
            ("//github.com/x", Some("github.com")),
            ("https://user@github.com@evil.com", Some("evil.com")),
            ("http://[::1]:80/", Some("::1")),
            ("http://0x7f.1/", Some("127.0.0.1")),
            ("https://evil.com#github.com", Some("evil.com")),
            ("https://", None),
        ] {
            assert_eq!(name(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn secrets_in_urls_and_nowhere_else() {
        for text in [
            "https://x/?api_key=1",
            "curl 'https://x/a?b=c&access_token=1'",
            "https://u:p@x/",
            "https://x/#token=1",
        ] {
            assert!(secret_in_url(text), "{text}");
        }
        for text in
            ["token=1", "https://x/?q=token", "https://x/?token=", "see https://x/ and password=1"]
        {
            assert!(!secret_in_url(text), "{text}");
        }
        assert!(
            is_fork_bomb(":(){ :|:& };:")
                && is_fork_bomb("x() { x | x & }; x")
                && !is_fork_bomb("f() { g | h; }")
        );
    }
}
