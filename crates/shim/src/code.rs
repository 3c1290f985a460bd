//! Programs in an argument: `python -c "os.system('rm -rf /')"`.
//!
//! No language is parsed. Literals are told apart from the rest by their quotes, and calls that
//! start a command or remove a folder are known by name, when what they are given stands there as a
//! literal. So text about a command, which stands in a literal of its own, is none. What a program
//! puts together by itself is not seen.

mod token;

use std::path::Path;

use crate::behind::{What, Word, removing};
use crate::other_names;

pub(crate) use token::{Token, tokens};

/// Calls that start a command: a line for a shell, or a list of words.
const STARTING: &[&str] = &[
    "Popen",
    "call",
    "cmd",
    "check_call",
    "check_output",
    "create_subprocess_exec",
    "create_subprocess_shell",
    "exec",
    "execute",
    "execFile",
    "execFileSync",
    "execSync",
    "execl",
    "execlp",
    "execv",
    "execvp",
    "getoutput",
    "getstatusoutput",
    "passthru",
    "popen",
    "run",
    "script",
    "shell_exec",
    "spawn",
    "spawnSync",
    "spawnlp",
    "spawnvp",
    "system",
];

/// Calls that remove a folder with all that is in it.
const REMOVING: &[&str] = &[
    "deleteDir",
    "deleteRecursively",
    "del_dir_r",
    "emptyDirSync",
    "remove_dir",
    "remove_dir_all",
    "remove_entry",
    "remove_entry_secure",
    "removeSync",
    "remove_tree",
    "rimraf",
    "rimrafSync",
    "rm",
    "rmSync",
    "rm_r",
    "rm_rf",
    "rmdirSync",
    "rmtree",
];

/// Calls that remove one file, and a folder where they are told to (`recursive` of R).
const UNLINKING: &[&str] = &["rm_f", "unlink", "unlinkSync"];

/// Calls that tell what is in a folder, or what fits a pattern.
const LISTING: &[&str] = &[
    "glob",
    "globSync",
    "iglob",
    "list_files",
    "listdir",
    "readdir",
    "readdirSync",
    "rglob",
    "scandir",
    "walk",
];

/// Classes of which a method removes the file that they were made for.
const FILES: &[&str] = &["File", "Path"];

/// Names that say so only behind the name of a module: what a list removes is no file.
const OF_MODULES: &[&str] = &["delete", "remove"];

/// Such modules.
const MODULES: &[&str] = &["Deno", "File", "Files", "FileUtils", "file", "fs", "os"];

/// Calls that do what their first literal names to each of the others (PHP, R).
const MAPPING: &[&str] = &["array_map", "array_walk", "lapply", "sapply"];

/// Names that stand for the home of the user.
pub(crate) const HOMES: &[&str] = &["HOME", "home", "homedir"];

/// Most calls of one program that are told.
const MOST: usize = 256;

/// Programs within programs (`exec("…")`).
const DEEPEST: usize = 3;

/// What the calls in a program start. Linear in its size.
pub(crate) fn calls(code: &str, ticks: bool, home: Option<&Path>) -> Vec<What> {
    let mut found = Vec::new();
    gather(code, (ticks, home), 0, &mut found);
    found.truncate(MOST);
    found
}

/// The literals of a program.
pub(crate) fn literals(code: &str) -> Vec<String> {
    let texts = tokens(code, true).into_iter().filter_map(|token| match token {
        Token::Ran(text) | Token::Text(text) => Some(text),
        Token::Name(_) | Token::Sign(_) => None,
    });
    texts.collect()
}

fn gather(code: &str, how: (bool, Option<&Path>), depth: usize, found: &mut Vec<What>) {
    let (ticks, home) = how;
    let tokens = other_names::resolved(tokens(code, ticks), is_call);
    for (at, token) in tokens.iter().enumerate() {
        let before = tokens.get(..at).unwrap_or_default();
        let rest = tokens.get(at.saturating_add(1)..).unwrap_or_default();
        match token {
            Token::Name(name) if removes(name, before) => {
                let whole = REMOVING.contains(name);
                let one = removal(&arguments(rest), whole, home)
                    .or_else(|| removal(receiver(before), whole, home));
                found.extend(one.or_else(|| removal(&listed(&tokens), whole, home)));
            }
            Token::Name("delete") => found.extend(removal_in_lisp(rest, home)),
            Token::Name(name) if MAPPING.contains(name) => {
                found.extend(removal_of_each(&arguments(rest), home));
            }
            Token::Name(name) if STARTING.contains(name) => {
                let arguments = arguments(rest);
                match (arguments.as_slice(), *name) {
                    // A program of its own (`exec` of Python), or a line for a shell.
                    ([Token::Text(text), ..], "exec") if text.contains('(') && depth < DEEPEST => {
                        gather(text, how, depth.saturating_add(1), found);
                    }
                    (arguments, _) => found.extend(start(arguments)),
                }
            }
            Token::Name(_) => {}
            Token::Ran(text) => found.push(line(text, true)),
            Token::Sign(_) | Token::Text(_) => found.extend(pipe(token, rest)),
        }
    }
}

/// What a pipe of awk starts: `print | "sh"`, `"date" | getline`.
fn pipe(token: &Token<'_>, rest: &[Token<'_>]) -> Option<What> {
    match (token, rest) {
        (Token::Sign('|'), [Token::Text(text), ..])
        | (Token::Text(text), [Token::Sign('|'), Token::Name("getline"), ..]) => {
            Some(line(text, true))
        }
        _ => None,
    }
}

/// Words of Lisp hold dashes: `(delete-directory "x" t)`.
fn removal_in_lisp(rest: &[Token<'_>], home: Option<&Path>) -> Option<What> {
    let [Token::Sign('-'), Token::Name(what @ ("directory" | "file")), rest @ ..] = rest else {
        return None;
    };
    removal(&arguments(rest), *what == "directory", home)
}

/// What a call that maps a function does, where the first argument names one that removes files.
fn removal_of_each(arguments: &[Token<'_>], home: Option<&Path>) -> Option<What> {
    let (function, others) = arguments.split_first()?;
    let names = matches!(function, Token::Text(text) if UNLINKING.contains(&text.as_str()));
    if names { removal(others, false, home) } else { None }
}

/// Whether a name is that of a call that is told, wherever it stands.
fn is_call(name: &str) -> bool {
    [REMOVING, UNLINKING, STARTING].iter().any(|names| names.contains(&name))
}

/// Whether a call of that name, behind these pieces, removes what it is given.
fn removes(name: &str, before: &[Token<'_>]) -> bool {
    let of_module = || matches!(before, [.., Token::Name(module), Token::Sign('.')] if MODULES.contains(module));
    let of_file = || match before {
        [before @ .., Token::Sign(')'), Token::Sign('.')] => {
            let call = before.get(..opening(before)).unwrap_or_default();
            matches!(call, [.., Token::Name(class)] if FILES.contains(class))
        }
        _ => false,
    };
    // `:call delete("a", "rf")` of Vim.
    let of_editor = || name == "delete" && matches!(before, [.., Token::Name("call")]);
    REMOVING.contains(&name)
        || UNLINKING.contains(&name)
        || OF_MODULES.contains(&name) && (of_module() || of_file() || of_editor())
}

/// Where the bracket stands in these pieces that the one behind them closes.
fn opening(before: &[Token<'_>]) -> usize {
    let mut open = 1_usize;
    let opens = |token: &Token<'_>| {
        match token {
            Token::Sign(')') => open = open.saturating_add(1),
            Token::Sign('(') => open = open.saturating_sub(1),
            Token::Name(_) | Token::Ran(_) | Token::Sign(_) | Token::Text(_) => {}
        }
        open == 0
    };
    before.iter().rposition(opens).unwrap_or_default()
}

/// What the object was made of whose method is called, `Path("x").unlink()`, or the home where that
/// is the object, `Path.home().unlink()`.
pub(crate) fn receiver<'t, 'c>(before: &'t [Token<'c>]) -> &'t [Token<'c>] {
    let [before @ .., Token::Sign(')'), Token::Sign('.')] = before else { return &[] };
    let open = opening(before);
    let call = before.get(..open).unwrap_or_default();
    let is_home = matches!(call, [.., Token::Name(name)] if HOMES.contains(name));
    before.get(open.saturating_sub(usize::from(is_home))..).unwrap_or_default()
}

/// What the first listing of a program names, for removals of what it tells one by one.
fn listed<'c>(tokens: &[Token<'c>]) -> Vec<Token<'c>> {
    let calls = tokens.iter().enumerate().filter_map(|(at, token)| {
        let is_one = matches!(token, Token::Name(name) if LISTING.contains(name));
        let rest = is_one.then(|| tokens.get(at.saturating_add(1)..))??;
        let place = receiver(tokens.get(..at).unwrap_or_default()).iter().cloned();
        let all: Vec<Token<'c>> =
            std::iter::once(token.clone()).chain(place).chain(arguments(rest)).collect();
        all.iter().any(|it| matches!(it, Token::Text(_))).then_some(all)
    });
    calls.take(1).next().unwrap_or_default()
}

/// The arguments of a call, up to the bracket that closes it; without brackets up to the end of the
/// statement.
pub(crate) fn arguments<'c>(rest: &[Token<'c>]) -> Vec<Token<'c>> {
    let (mut open, mut taken) = (0_usize, Vec::new());
    for token in rest.iter().take(MOST) {
        match token {
            Token::Sign('(' | '[' | '{') => open = open.saturating_add(1),
            Token::Sign(')' | ']' | '}') if open <= 1 => break,
            Token::Sign(')' | ']' | '}') => open = open.saturating_sub(1),
            Token::Sign(';' | '\n' | '=') if open == 0 => break,
            Token::Name(_) | Token::Ran(_) | Token::Sign(_) | Token::Text(_) => {}
        }
        taken.push(token.clone());
    }
    // The bracket that opens the call says nothing.
    if taken.first() == Some(&Token::Sign('(')) {
        taken.remove(0);
    }
    taken
}

/// What a call starts: a list of words, a program and its words, or a line.
fn start(arguments: &[Token<'_>]) -> Option<What> {
    let is_list = arguments.first() == Some(&Token::Sign('['));
    let mut words: Vec<Word> = Vec::new();
    let mut between = false;
    for token in arguments.iter().skip(usize::from(is_list)) {
        match token {
            Token::Text(text) => {
                words.push(Word::of(text));
                between = false;
            }
            Token::Sign(',' | '[') => between = true,
            // What is added to a literal, or put in between.
            Token::Name(_) | Token::Sign('+' | '.' | '%') => match words.last_mut() {
                Some(word) if !between => word.known = false,
                Some(_) | None => break,
            },
            Token::Ran(_) | Token::Sign(_) => break,
        }
    }
    match words.as_slice() {
        [] => None,
        [text] if !is_list => Some(line(text.text.to_str()?, text.known)),
        _ => Some(What::Command(words)),
    }
}

fn line(text: &str, known: bool) -> What {
    let text = if known { text.to_owned() } else { format!("{text}$(…)") };
    What::Line(Word { text: text.into(), known }, Vec::new())
}

/// The removal of the first literal, or of the home where that is named; with all that is in it where
/// the call does so, is told to, or names what it finds there.
fn removal(arguments: &[Token<'_>], whole: bool, home: Option<&Path>) -> Option<What> {
    let texts = arguments.iter().filter_map(|token| match token {
        Token::Text(text) if text == "~" || text == "HOME" => Some(home?.to_owned()),
        Token::Text(text) => match text.strip_prefix("~/") {
            Some(rest) => Some(home?.join(rest)),
            None => Some(text.into()),
        },
        Token::Name(name) if HOMES.contains(name) => Some(home?.to_owned()),
        Token::Name(_) | Token::Ran(_) | Token::Sign(_) => None,
    });
    let mut parts = texts.peekable();
    parts.peek()?;
    // Pieces of one path, as often as several places.
    let lists =
        arguments.iter().any(|it| matches!(it, Token::Name(name) if LISTING.contains(name)));
    let joins =
        lists || arguments.contains(&Token::Name("join")) || arguments.contains(&Token::Sign('/'));
    let told = |token: &Token<'_>| {
        matches!(token, Token::Name("recursive"))
            || matches!(token, Token::Text(text) if text == "rf")
            || joins && matches!(token, Token::Name(name) if name.len() == 1)
    };
    let whole = whole || arguments.iter().any(told);
    if lists {
        let deep = arguments.iter().any(|it| matches!(it, Token::Name("rglob" | "walk")));
        let place = parts.collect::<std::path::PathBuf>();
        return Some(if deep { search_removal(&place) } else { listing_removal(&place, whole) });
    }
    let head = ["rm", if whole { "-r" } else { "-f" }, "-f", "--"].into_iter().map(Word::of);
    let places: Vec<Word> = match joins {
        true => vec![Word::of(parts.collect::<std::path::PathBuf>())],
        false => parts.take(1).map(Word::of).collect(),
    };
    Some(What::Command(head.chain(places).collect()))
}

/// The removal of all that a listing tells: what fits a pattern, as a shell finds it, or what is in a
/// folder.
fn listing_removal(place: &Path, whole: bool) -> What {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/._-*?[]~,+@".contains(&byte);
    let text = place.to_str().filter(|text| text.bytes().all(plain)).unwrap_or_default();
    if text.contains('*') {
        return line(&format!("rm {} -- {text}", if whole { "-rf" } else { "-f" }), true);
    }
    removing([Word::of(place)])
}

/// The removal of all that fits a pattern, however deep it lies below the place in front.
fn search_removal(pattern: &Path) -> What {
    let text = pattern.to_string_lossy();
    let star = text.find('*').and_then(|star| text.get(..star)?.rfind('/'));
    let (place, name) = match star {
        Some(at) => (text.get(..at).unwrap_or_default(), text.rsplit('/').next()),
        None if text.contains('*') => ("", text.rsplit('/').next()),
        None => (&*text, None),
    };
    let place = if place.is_empty() { "." } else { place };
    let tests = name.map(|name| ["-name", name]);
    let words = ["find", place].into_iter().chain(tests.into_iter().flatten()).chain(["-delete"]);
    What::Command(words.map(Word::of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(code: &str) -> Vec<String> {
        let show = |what: &What| match what {
            What::Command(words) => {
                let words = words.iter().map(|word| word.text.to_string_lossy().into_owned());
                words.collect::<Vec<_>>().join("|")
            }
            What::Line(text, _) => format!("`{}`", text.text.to_string_lossy()),
            What::Input(_) | What::Made => String::new(),
        };
        calls(code, code.starts_with('`') || code.contains("x("), Some(Path::new("/home/u")))
            .iter()
            .map(show)
            .collect()
    }

    #[test]
    fn calls_with_literals_are_told() {
        for (code, expected) in [
            ("import os; os.system('rm -rf /')", "`rm -rf /`"),
            ("os.system(\"rm -rf \" + path)", "`rm -rf $(…)`"),
            ("subprocess.run(['rm', '-rf', '/'], check=True)", "rm|-rf|/"),
            ("subprocess.run(\"rm -rf /\", shell=True)", "`rm -rf /`"),
            ("__import__('os').system('id')", "`id`"),
            ("exec(\"import os; os.system('rm -rf /')\")", "`rm -rf /`"),
            ("import shutil\nshutil.rmtree('/')", "rm|-r|-f|--|/"),
            ("shutil.rmtree(os.path.expanduser('~'))", "rm|-r|-f|--|/home/u"),
            ("shutil.rmtree(Path.home())", "rm|-r|-f|--|/home/u"),
            ("shutil.rmtree(os.path.join('/', 'etc'))", "rm|-r|-f|--|/etc"),
            ("require('child_process').execSync('rm -rf /')", "`rm -rf /`"),
            ("spawnSync('rm', ['-rf', '/'])", "rm|-rf|/"),
            ("fs.rmSync('/', {recursive: true, force: true})", "rm|-r|-f|--|/"),
            ("system('rm', '-rf', '/')", "rm|-rf|/"),
            ("system \"rm -rf /\"", "`rm -rf /`"),
            ("FileUtils.rm_rf('/')", "rm|-r|-f|--|/"),
            ("`rm -rf /`", "`rm -rf /`"),
            ("puts %x(rm -rf /)", "`rm -rf /`"),
            ("print qx(rm -rf /);", "`rm -rf /`"),
            ("os.execute(\"rm -rf /\")", "`rm -rf /`"),
            ("do shell script \"rm -rf /\"", "`rm -rf /`"),
            ("remove_tree('/srv')", "rm|-r|-f|--|/srv"),
            ("unlink(\"/srv\", recursive=TRUE)", "rm|-r|-f|--|/srv"),
            ("file.remove('/srv/a')", "rm|-f|-f|--|/srv/a"),
            ("os.remove('/srv/a')", "rm|-f|-f|--|/srv/a"),
            ("for f in x: os.remove(os.path.join('/srv', f))", "rm|-r|-f|--|/srv"),
            ("array_map('unlink', glob('/srv/*'));", "`rm -f -- /srv/*`"),
            ("unlink glob \"*\"", "`rm -f -- *`"),
            ("[os.remove(f) for f in glob.glob('/srv/*.db')]", "`rm -f -- /srv/*.db`"),
            ("for p in Path('/srv').glob('*'): p.unlink()", "`rm -f -- /srv/*`"),
            ("for p in Path('/srv').rglob('*.db'): p.unlink()", "find|/srv|-name|*.db|-delete"),
            ("[p.unlink() for p in Path.home().rglob('*')]", "find|/home/u|-name|*|-delete"),
            ("for p in Path('.').rglob('*.pyc'): p.unlink()", "find|.|-name|*.pyc|-delete"),
            (
                "for r, _, f in os.walk('/srv'): [os.remove(os.path.join(r, x)) for x in f]",
                "find|/srv|-delete",
            ),
            ("for f in os.scandir('/srv/data'): os.remove(f.path)", "rm|-r|-f|--|/srv/data"),
            ("Path('/srv/a').unlink()", "rm|-f|-f|--|/srv/a"),
            ("(Path('/srv') / 'a').unlink()", "rm|-f|-f|--|/srv/a"),
            ("new File(\"/srv/a\").delete()", "rm|-f|-f|--|/srv/a"),
            ("new File(\"/srv/a\").deleteDir()", "rm|-r|-f|--|/srv/a"),
            ("(delete-directory \"x\" t)", "rm|-r|-f|--|x"),
            ("(delete-file (expand-file-name \"~/a\"))", "rm|-f|-f|--|/home/u/a"),
            ("FileUtils.remove_dir \"/srv\"", "rm|-r|-f|--|/srv"),
            ("await Bun.$`rm -rf /srv`", "`rm -rf /srv`"),
            ("File.delete('/srv/a')", "rm|-f|-f|--|/srv/a"),
            ("from shutil import rmtree as r; r('/srv')", "rm|-r|-f|--|/srv"),
            ("r = shutil.rmtree; r('/srv')", "rm|-r|-f|--|/srv"),
            ("const r = fs.rmSync; r('/srv')", "rm|-r|-f|--|/srv"),
            ("const {execSync: e} = require('child_process'); e('id')", "`id`"),
            ("from os import system as s\ns('id')", "`id`"),
            ("x(); exec qw(git reset --hard)", "git|reset|--hard"),
            ("x(); system(qw{rm -rf /srv})", "rm|-rf|/srv"),
            (":call delete(\"/srv\", \"rf\")", "rm|-r|-f|--|/srv"),
            ("call system(\"id\")", "`id`"),
            ("BEGIN { system(\"id\") }", "`id`"),
            ("BEGIN { print \"x\" | \"sh\"; \"date\" | getline d }", "`sh`\n`date`"),
        ] {
            assert_eq!(found(code).join("\n"), expected, "{code}");
        }
    }

    #[test]
    fn text_about_a_call_is_none() {
        for code in [
            "print(\"os.system('rm -rf /')\")",
            "# os.system('rm -rf /')\nprint(1)",
            "// execSync('rm -rf /')\nx",
            "s = \"\"\"\nos.system('rm -rf /')\n\"\"\"",
            "print('it')  # don't run('x')",
            "app.run(host=name)",
            "{print $1}",
            "p = subprocess.run(x); p('rm -rf /')",
            "import numpy as np; np('/srv')",
            "system as s",
            "obj.delete('/srv')",
            "asyncio.run(main())",
            "names.remove('/srv')",
            "session(x).delete('https://example.com')",
            "client.bucket('/srv').delete()",
            "os.listdir('/srv')",
            "print(glob.glob('/srv/*'))",
            "for r, _, f in os.walk('/srv'): print(r)",
            "(message \"(delete-directory)\")",
            "array_map('trim', $x)",
            "requests.delete('https://example.com')",
        ] {
            assert_eq!(found(code), [""; 0], "{code}");
        }
    }
}
