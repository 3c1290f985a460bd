//! Programs in an argument that write files: `python3 -c "open('/etc/hosts', 'w')"`.
//!
//! As with [`crate::code`], no language is parsed: calls that write are known by name, and of files
//! only literals count. What is written is told as the command that does the same, so the rules on
//! files of the system, of a shell's start and of the guard itself hold here, too.

use std::path::{Path, PathBuf};

use crate::behind::{What, Word};
use crate::code::{HOMES, Token, arguments, receiver, tokens};

/// Calls that write the file that their first literal names.
const WRITING: &[&str] = &[
    "appendFile",
    "appendFileSync",
    "createWriteStream",
    "file_put_contents",
    "outputFile",
    "outputFileSync",
    "truncateSync",
    "writeFile",
    "writeFileSync",
    "writeTextFile",
    "writeTextFileSync",
];

/// Methods of a file that write it.
const METHODS: &[&str] = &["write_bytes", "write_text"];

/// Names that say so only behind the name of a module.
const OF_MODULES: &[&str] = &["truncate", "write"];

/// Such modules.
const MODULES: &[&str] = &["Bun", "File", "FileUtils", "IO", "fs", "os"];

/// Calls that open a file in the way that another literal says.
const OPENING: &[&str] = &["fopen", "open", "sysopen"];

/// Calls that write what their second literal names.
const COPYING: &[&str] = &[
    "copy",
    "copy2",
    "copyFile",
    "copyFileSync",
    "copyfile",
    "copytree",
    "move",
    "rename",
    "renameSync",
    "symlink",
    "symlinkSync",
];

/// Most files that are told.
const MOST: usize = 64;

/// The commands that write what the program writes. Linear in its size.
pub(crate) fn written(code: &str, home: Option<&Path>) -> Vec<What> {
    let tokens = tokens(code, false);
    let calls = tokens.iter().enumerate().filter_map(|(at, token)| {
        let Token::Name(name) = token else { return None };
        let before = tokens.get(..at).unwrap_or_default();
        let behind = || arguments(tokens.get(at.saturating_add(1)..).unwrap_or_default());
        by_call(name, before, behind, home)
    });
    let write = |path: PathBuf| {
        let words = [Word::of("tee"), Word::of("--"), Word::of(path)];
        What::Command(words.into_iter().collect())
    };
    calls.chain(printed(&tokens, home)).take(MOST).map(write).collect()
}

/// Files that awk prints to: `print x > "file"`. One pass: a statement may hold any number of them.
fn printed(tokens: &[Token<'_>], home: Option<&Path>) -> Vec<PathBuf> {
    let (mut files, mut prints, mut goes_to) = (Vec::new(), false, false);
    for token in tokens {
        match token {
            Token::Name("print" | "printf") => prints = true,
            Token::Sign(';' | '\n' | '{' | '}') => prints = false,
            Token::Text(text) if prints && goes_to => files.extend(path(text, (home, false))),
            Token::Name(_) | Token::Ran(_) | Token::Sign(_) | Token::Text(_) => {}
        }
        if files.len() >= MOST {
            break;
        }
        goes_to = *token == Token::Sign('>');
    }
    files
}

/// The file that a call of that name writes.
fn by_call<'c>(
    name: &str,
    before: &[Token<'c>],
    behind: impl Fn() -> Vec<Token<'c>>,
    home: Option<&Path>,
) -> Option<PathBuf> {
    let of_module = || matches!(before, [.., Token::Name(module), Token::Sign('.')] if MODULES.contains(module));
    if WRITING.contains(&name) || OF_MODULES.contains(&name) && of_module() {
        let given = behind();
        return path(texts(&given).first()?, below_home(&given, home));
    }
    if METHODS.contains(&name) {
        let near = before.get(before.len().saturating_sub(NEAR)..).unwrap_or_default();
        return path(texts(receiver(before)).first()?, below_home(near, home));
    }
    if COPYING.contains(&name) {
        let given = behind();
        return match texts(&given).as_slice() {
            [_, to] => path(to, (home, false)).filter(|path| path.is_absolute()),
            _ => None,
        };
    }
    if !OPENING.contains(&name) {
        return None;
    }
    let given = behind();
    let texts = [texts(receiver(before)), texts(&given)].concat();
    // Perl has the way in front of the name: `>file`, or `'>', 'file'`.
    let attached = texts.iter().find_map(|text| {
        let file = text.strip_prefix('>')?.trim_start_matches('>').trim_start();
        (!file.is_empty()).then_some(file)
    });
    if let Some(file) = attached {
        return path(file, (home, false));
    }
    let file = texts.iter().find(|text| !is_way(text))?;
    texts
        .iter()
        .any(|text| is_way(text) && writes(text))
        .then(|| path(file, below_home(&given, home)))?
}

/// The home, and whether a name among these pieces says that the literals stand for what is in it:
/// `process.env.HOME + "/.bashrc"`.
fn below_home<'h>(tokens: &[Token<'_>], home: Option<&'h Path>) -> (Option<&'h Path>, bool) {
    let names = |token: &Token<'_>| match token {
        Token::Name(name) => HOMES.contains(name),
        Token::Text(text) => text == "HOME",
        Token::Ran(_) | Token::Sign(_) => false,
    };
    (home, tokens.iter().any(names))
}

/// So many pieces before a method may say what its object was made of.
const NEAR: usize = 12;

fn texts<'t>(tokens: &'t [Token<'_>]) -> Vec<&'t str> {
    let texts = tokens.iter().filter_map(|token| match token {
        Token::Text(text) => Some(text.as_str()).filter(|text| *text != "HOME"),
        Token::Name(_) | Token::Ran(_) | Token::Sign(_) => None,
    });
    texts.collect()
}

/// Whether a literal says how a file is opened: `rb`, `w+`, `>>`, `>:encoding(UTF-8)`.
fn is_way(text: &str) -> bool {
    let (way, layer) = text.split_once(':').unwrap_or((text, ""));
    let short =
        (1..4).contains(&way.len()) && way.bytes().all(|byte| b"rwabtxU+<>".contains(&byte));
    short && layer.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"()-:|_".contains(&byte))
}

fn writes(way: &str) -> bool {
    way.split(':').next().unwrap_or_default().contains(['w', 'a', 'x', '+', '>'])
}

/// The path that a literal names; `~` and the home in a variable are the home.
fn path(text: &str, (home, below): (Option<&Path>, bool)) -> Option<PathBuf> {
    let sensible = !text.is_empty() && text.len() <= 4096 && !text.contains(['\n', '\0']);
    if !sensible || text.contains("://") {
        return None;
    }
    let of_home = ["~/", "$HOME/", "${HOME}/", "$ENV{HOME}/"];
    match of_home.iter().find_map(|head| text.strip_prefix(head)) {
        Some(rest) => Some(home?.join(rest)),
        None if below => {
            let file = text.trim_start_matches('/');
            let home = home?;
            // It may be written out, too.
            let whole = Path::new(text).starts_with(home);
            Some(if whole { PathBuf::from(text) } else { home.join(file) })
        }
        None => Some(PathBuf::from(text)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(code: &str) -> String {
        let shown = |what: What| match what {
            What::Command(words) => {
                words.last().map(|word| word.text.to_string_lossy().into_owned())
            }
            What::Input(_) | What::Line(..) | What::Made => None,
        };
        let all = written(code, Some(Path::new("/home/u"))).into_iter().filter_map(shown);
        all.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn files_that_a_program_writes_are_told() {
        for (code, expected) in [
            ("open('/etc/passwd','w').write('')", "/etc/passwd"),
            ("with open(\"a.txt\", mode=\"ab\") as f: f.write(x)", "a.txt"),
            ("open(os.path.expanduser('~/.bashrc'), 'a')", "/home/u/.bashrc"),
            ("Path('/etc/hosts').write_text('x')", "/etc/hosts"),
            ("Path('/etc/hosts').open('w')", "/etc/hosts"),
            ("require('fs').writeFileSync('/etc/hosts', 'x')", "/etc/hosts"),
            ("fs.appendFile(\"/etc/hosts\", data, done)", "/etc/hosts"),
            ("File.write('/etc/hosts', 'x')", "/etc/hosts"),
            ("File.open('/etc/hosts', 'w') { |f| f << x }", "/etc/hosts"),
            ("open(my $f, '>', '/etc/hosts')", "/etc/hosts"),
            ("open(F, '>>/etc/hosts')", "/etc/hosts"),
            ("open(F, \">$ENV{HOME}/.bashrc\")", "/home/u/.bashrc"),
            ("file_put_contents('/etc/hosts', 'x')", "/etc/hosts"),
            ("os.truncate('/srv/a', 0)", "/srv/a"),
            ("fs.writeFileSync(process.env.HOME + '/.bashrc', 'x')", "/home/u/.bashrc"),
            ("Path.home().joinpath('.bashrc').write_text('')", "/home/u/.bashrc"),
            ("open(os.path.join(os.environ['HOME'], '.bashrc'), 'w')", "/home/u/.bashrc"),
            ("shutil.copy('a', '/etc/hosts')", "/etc/hosts"),
            ("{ print $1 > \"/etc/hosts\" }", "/etc/hosts"),
            ("{ printf \"%s\", $1 >> \"/etc/hosts\"; print > \"b\" }", "/etc/hosts b"),
        ] {
            assert_eq!(of(code), expected, "{code}");
        }
    }

    #[test]
    fn what_reads_or_only_speaks_of_it_is_left_alone() {
        for code in [
            "print(open('/etc/hosts').read())",
            "open('/etc/hosts', 'rb')",
            "open(my $f, '<', '/etc/hosts')",
            "print(\"open('/etc/passwd','w')\")",
            "sys.stdout.write('/etc/hosts')",
            "fs.readFileSync('w')",
            "urlopen('https://example.com/a', 'w')",
            "x.copy('a')",
            "$1 > \"a\"",
            "{ print $1 } $2 > \"a\"",
        ] {
            assert_eq!(of(code), "", "{code}");
        }
    }

    /// Work that grows with the square of the program's size would not end within this test.
    #[test]
    fn a_long_program_is_read_in_one_pass() {
        assert_eq!(of(&"> \"a\" ".repeat(200_000)), "");
        assert_eq!(of(&format!("{{ {} }} print > \"b\"", "> \"a\" ".repeat(200_000))), "b");
    }
}
