//! Programs without a profile that carry data from one place to another: what is known of them by
//! name, for lines in which content flows from command to command.
//!
//! Their names stand in `shims/flow/programs.toml`. No option of theirs is read. It is enough to know that what such a program gets may leave the
//! machine, or comes from everywhere; where it goes, nobody knows.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, ContentSource, Deliver, Flow, Invocation, StdinUse, Surroundings};

use crate::behind::Word;
use crate::interpret::program_name;
use crate::orders;
use crate::patch::patched;
use crate::profile::{
    COPYING, FEEDING, LISTING, ORDERED, PACKING, PASTING, PEERING, PRINTING, SENDING, SHOWING,
    STORING, WRITING, profile,
};

/// Most files that one search names.
const MOST_FOUND: usize = 5000;

/// Whether a program of that name may send what it is given.
fn sends(program: &str) -> bool {
    SENDING.binary_search(&program).is_ok()
}

/// Whether the first of the words names a program of the list.
fn is_named(words: &[Word], list: &[&str]) -> bool {
    let head = words.first().map(|head| program_name(&head.text));
    head.is_some_and(|head| list.binary_search(&head.as_str()).is_ok())
}

/// Whether the command writes to files that its words name.
#[must_use]
pub fn writes_named(words: &[Word]) -> bool {
    is_named(words, WRITING)
}

/// Whether the command reads whole folders.
#[must_use]
pub fn packs(words: &[Word]) -> bool {
    is_named(words, PACKING)
}

/// Whether the command prints the names of files that its words name.
#[must_use]
pub fn lists_names(words: &[Word]) -> bool {
    is_named(words, LISTING)
}

/// What of the command's own words says that it prints a secret (`gh auth token`); `None` for most.
#[must_use]
pub fn prints_secret(words: &[Word]) -> Option<&'static str> {
    PRINTING.iter().copied().find(|pattern| says(pattern, words))
}

/// Whether a command's own words are those of a pattern (`pass show`): its words stand in this order,
/// with any others between; an option may stand anywhere.
fn says(pattern: &str, words: &[Word]) -> bool {
    let Some(head) = words.first().map(|head| program_name(&head.text)) else { return false };
    let mut parts = pattern.split(' ');
    if parts.next() != Some(head.as_str()) {
        return false;
    }
    let texts: Vec<&str> = words.iter().skip(1).filter_map(|word| word.text.to_str()).collect();
    let mut plain = texts.iter().filter(|text| !text.starts_with('-'));
    parts.all(|part| match part.starts_with('-') {
        true => texts.iter().any(|text| fits(part, text, false)),
        false => plain.any(|text| fits(part, text, false)),
    })
}

/// What a command does with the clipboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clipboard {
    /// It prints what is there.
    Gives,
    /// It puts there what it is given.
    Takes,
}

/// What a command does with the clipboard; `None` for most.
#[must_use]
pub fn clipboard(words: &[Word]) -> Option<Clipboard> {
    let one_of = |list: &[&str]| list.iter().any(|pattern| says(pattern, words));
    if one_of(PASTING) {
        return Some(Clipboard::Gives);
    }
    one_of(COPYING).then_some(Clipboard::Takes)
}

/// Whether a file, given whole, holds credentials by its name.
#[must_use]
pub fn is_store(path: &Path, home: Option<&Path>) -> bool {
    let Some(text) = path.to_str().filter(|text| !text.ends_with(".pub")) else { return false };
    STORING.iter().any(|pattern| match pattern.strip_prefix('~') {
        None => fits(pattern, text, false),
        Some(rest) => home.and_then(Path::to_str).is_some_and(|home| {
            text.strip_prefix(home).is_some_and(|text| fits(rest, text, false))
        }),
    })
}

/// Whether a program at the other end of `ssh` speaks with git, rsync or scp here.
#[must_use]
pub fn is_peer(program: &str) -> bool {
    PEERING.binary_search(&program).is_ok()
}

/// The files that a client is told to send by the lines of its input, or by orders in its words
/// (`put FILE`).
#[must_use]
pub fn sent_by_orders(words: &[Word], input: Option<&str>, home: Option<&Path>) -> Vec<PathBuf> {
    const ORDERS: [&str; 6] = ["append", "mput", "mirror", "put", "reput", "send"];
    if !is_named(words, ORDERED) {
        return Vec::new();
    }
    let told = words.iter().skip(1).filter(|word| word.known).filter_map(|word| word.text.to_str());
    let orders = told.chain(input).flat_map(|text| text.split(['\n', ';']));
    let orders = orders.map(str::split_whitespace);
    let files = orders.filter_map(|mut order| {
        let verb = order.next()?.trim_start_matches('-').to_ascii_lowercase();
        ORDERS.contains(&verb.as_str()).then_some(order)
    });
    let files = files.flatten().filter(|word| !word.starts_with('-')).take(MOST_FOUND);
    let path = |word: &str| match (word.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => home.join(rest),
        _ => PathBuf::from(word),
    };
    files.map(|word| path(word.trim_matches(['"', '\'']))).collect()
}

/// The files that a client for a database is told to read or write by the orders of its input
/// (`.read FILE`).
#[must_use]
pub fn read_by_orders(words: &[Word], input: &str) -> Vec<PathBuf> {
    let name = words.first().map(|head| program_name(&head.text)).unwrap_or_default();
    let takes = profile(&name).is_some_and(|profile| profile.name == "sqlite3");
    if takes { orders::files(input) } else { Vec::new() }
}

/// The files that a command changes which applies the patch of its input, or of one of its words.
#[must_use]
pub fn patched_by_input(words: &[Word], input: Option<&str>) -> Vec<String> {
    let texts: Vec<&str> = words.iter().filter_map(|word| word.text.to_str()).collect();
    let name = words.first().map(|head| program_name(&head.text)).unwrap_or_default();
    let applies = match name.as_str() {
        "apply_patch" | "applypatch" | "patch" => true,
        "git" => texts.iter().any(|word| matches!(*word, "am" | "apply")),
        _ => false,
    };
    if !applies {
        return Vec::new();
    }
    texts.into_iter().skip(1).chain(input).flat_map(patched).collect()
}

/// Tells of a program without a profile that it sends what it is given: its input, its words, and
/// the files that they name.
pub(crate) fn describe(to: &mut Invocation, surroundings: &dyn Surroundings) {
    let first = to.operands.first().map(|operand| operand.text.as_encoded_bytes());
    let speaks = to.program == "openssl" && first == Some(b"s_client");
    if !speaks && !sends(&to.program) {
        return;
    }
    to.flows = to.flows.with(Flow::Leaves);
    to.stdin = StdinUse::Stream;
    let there = |text: &OsString| surroundings.is_there(&surroundings.cwd().join(text));
    for (index, operand) in to.operands.iter().enumerate() {
        let before = index.checked_sub(1).and_then(|at| to.operands.get(at));
        if before.is_some_and(|before| is_setting(before.text.as_encoded_bytes())) {
            continue;
        }
        let text = operand.text.as_encoded_bytes();
        // `FILE:name` of socat, `@name` and `name=@name` of others.
        let tail = text.rsplit(|byte| b"@:=".contains(byte)).next().unwrap_or_default();
        let tail = OsString::from(String::from_utf8_lossy(tail).into_owned());
        let named = [operand.text.clone(), tail].into_iter().find(|it| !it.is_empty() && there(it));
        to.contents.extend(named.map(|path| ContentSource {
            carrier: Carrier::File(PathBuf::from(path)),
            flow: Flow::Leaves,
            role: String::from("body"),
            deliver: Deliver::Path,
        }));
    }
}

/// Whether a word is an option whose value, if it has one, names no file to be sent.
fn is_setting(word: &[u8]) -> bool {
    const FILES: [&[u8]; 10] = [
        b"--attach",
        b"--body-file",
        b"--file",
        b"--input",
        b"--notes-file",
        b"-A",
        b"-F",
        b"-T",
        b"-a",
        b"-f",
    ];
    word.starts_with(b"-") && !FILES.contains(&word)
}

/// Whether the command prints the environment.
#[must_use]
pub fn tells_environment(words: &[OsString]) -> bool {
    let Some((head, rest)) = words.split_first() else { return false };
    let names = |word: &OsString| {
        let text = word.as_encoded_bytes();
        text.starts_with(b"-") || text.contains(&b'=')
    };
    match program_name(head).as_str() {
        "env" => rest.iter().all(names),
        name => SHOWING.binary_search(&name).is_ok(),
    }
}

/// Whether the words of what the command starts are made of its input.
#[must_use]
pub fn feeds(words: &[Word]) -> bool {
    is_named(words, FEEDING)
}

/// The files that a search names (`find . -name '*.key'`): what tests of names leave over, or the
/// whole places where there are none. Other tests may leave fewer.
#[must_use]
pub fn found(words: &[Word], surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    let is_find = words.first().is_some_and(|head| program_name(&head.text) == "find");
    if !is_find || words.iter().any(|word| !word.known) {
        return Vec::new();
    }
    let texts: Vec<&str> = words.iter().skip(1).filter_map(|word| word.text.to_str()).collect();
    let starts = |text: &&&str| !text.starts_with(['-', '(', '!', ')']) || **text == "-";
    let mut places: Vec<&str> = texts.iter().take_while(starts).copied().collect();
    if places.is_empty() {
        places.push(".");
    }
    let places = places.into_iter().map(|place| surroundings.cwd().join(place));
    let tests = texts.windows(2).filter_map(|pair| match pair {
        [name @ ("-name" | "-iname"), pattern] => Some((*pattern, *name == "-iname")),
        _ => None,
    });
    let tests: Vec<(&str, bool)> = tests.collect();
    let opens = ["!", "-not", "-o", "-or", ","];
    if tests.is_empty() || texts.iter().any(|text| opens.contains(text)) {
        return places.collect();
    }
    places.flat_map(|place| named(place, &tests, surroundings)).collect()
}

/// What lies below a place and has a name that fits all patterns; the place itself when there is too
/// much.
fn named(place: PathBuf, tests: &[(&str, bool)], surroundings: &dyn Surroundings) -> Vec<PathBuf> {
    let (mut fitting, mut open, mut seen) = (Vec::new(), vec![place.clone()], 0_usize);
    while let Some(path) = open.pop() {
        seen = seen.saturating_add(1);
        if seen > MOST_FOUND {
            return vec![place];
        }
        let fits = |name: &str| tests.iter().all(|(pattern, folds)| fits(pattern, name, *folds));
        if path.file_name().and_then(|name| name.to_str()).is_some_and(fits) {
            fitting.push(path.clone());
        }
        // A file has no names in it. Links may lead in circles, up to the most.
        if let Ok(names) = surroundings.names(&path) {
            open.extend(names.into_iter().map(|name| path.join(name)));
        }
    }
    fitting
}

/// A pattern of a name: `*`, `?` and letters; of a set of letters any will do.
pub(crate) fn fits(pattern: &str, name: &str, folds: bool) -> bool {
    let fold = |text: &str| if folds { text.to_lowercase() } else { text.to_owned() };
    let (pattern, name): (Vec<char>, Vec<char>) =
        (fold(pattern).chars().collect(), fold(name).chars().collect());
    if pattern.contains(&'[') {
        return true;
    }
    // Goes back to the last star only, so it is at worst quadratic.
    let (mut at, mut from, mut star) = (0_usize, 0_usize, None);
    while from < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, from));
                at = at.saturating_add(1);
            }
            Some(letter) if *letter == '?' || Some(letter) == name.get(from) => {
                at = at.saturating_add(1);
                from = from.saturating_add(1);
            }
            _ => {
                let Some((back, taken)) = star else { return false };
                star = Some((back, taken.saturating_add(1)));
                at = back.saturating_add(1);
                from = taken.saturating_add(1);
            }
        }
    }
    pattern.get(at..).unwrap_or_default().iter().all(|letter| *letter == '*')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::interpret;
    use crate::world::World;

    fn words(line: &str) -> Vec<OsString> {
        line.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn senders_are_sorted_and_send() {
        assert!(
            [SENDING, FEEDING, LISTING, ORDERED, PACKING, SHOWING, WRITING]
                .iter()
                .all(|it| it.is_sorted())
        );
        let call = interpret(&words("telnet evil.example 80"), &World::default());
        assert!(call.flows.has(Flow::Leaves) && call.stdin == StdinUse::Stream);
        let call = interpret(&words("less notes"), &World::default());
        assert!(!call.flows.has(Flow::Leaves));
    }

    #[test]
    fn what_prints_a_secret_is_known_by_its_words() {
        let of = |line: &str| {
            let words: Vec<Word> = line.split(' ').map(Word::of).collect();
            prints_secret(&words)
        };
        for line in [
            "gh auth token",
            "/usr/bin/gh auth token -h ghe.example",
            "pass show work/key",
            "vault kv get -field=token secret/app",
            "gpg --armor --export-secret-keys ann",
            "kubectl get -n prod secret db -o yaml",
            "kubectl get secrets --output=json",
            "aws configure get aws_secret_access_key",
        ] {
            assert!(of(line).is_some(), "{line}");
        }
        for line in
            ["gh auth status", "kubectl get secrets", "gpg --export ann", "pass ls", "vault status"]
        {
            assert_eq!(of(line), None, "{line}");
        }
    }

    #[test]
    fn files_that_a_client_is_told_to_send_are_known() {
        let of = |program: &str, input: &str| {
            sent_by_orders(&[Word::of(program)], Some(input), Some(Path::new("/h")))
        };
        assert_eq!(of("sftp", "cd x\nput key\n"), [PathBuf::from("key")]);
        assert_eq!(of("sftp", "-put -r 'a' b"), [PathBuf::from("a"), PathBuf::from("b")]);
        assert!(of("sftp", "get key").is_empty());
        assert!(of("cat", "put key").is_empty());
    }

    #[test]
    fn what_prints_the_environment_is_known() {
        for (line, told) in [
            ("env", true),
            ("env -0", true),
            ("env A=b", true),
            ("env ls", false),
            ("printenv HOME", true),
            ("ls", false),
        ] {
            assert_eq!(tells_environment(&words(line)), told, "{line}");
        }
    }

    #[test]
    fn clipboards_and_stores_are_known_by_name() {
        let of = |line: &str| clipboard(&line.split(' ').map(Word::of).collect::<Vec<_>>());
        for line in
            ["pbcopy", "xclip -selection clipboard", "/usr/bin/wl-copy", "tmux set-buffer x"]
        {
            assert_eq!(of(line), Some(Clipboard::Takes), "{line}");
        }
        for line in ["pbpaste", "xclip -o", "xsel --output", "tmux show-buffer", "wl-paste -n"] {
            assert_eq!(of(line), Some(Clipboard::Gives), "{line}");
        }
        assert_eq!(of("tmux ls"), None);
        let home = Some(Path::new("/home/u"));
        for path in
            ["/home/u/.ssh/id_rsa", "/home/u/.aws/credentials", "/srv/a/.env", "/etc/shadow"]
        {
            assert!(is_store(Path::new(path), home), "{path}");
        }
        for path in ["/home/u/.ssh/id_rsa.pub", "/home/u/.ssh/config", "/srv/.env.example", "/x"] {
            assert!(!is_store(Path::new(path), home), "{path}");
        }
        assert!(is_peer("rsync") && !is_peer("nc"));
    }

    #[test]
    fn patterns_of_names_fit_as_those_of_find() {
        for (pattern, name, fitting) in [
            ("*.key", "a.key", true),
            ("*.key", "a.keys", false),
            ("?.key", "a.key", true),
            ("*a*b*", "xaxbx", true),
            ("key", "Key", false),
            ("[ab]*", "c", true),
        ] {
            assert_eq!(fits(pattern, name, false), fitting, "{pattern} {name}");
        }
        assert!(fits("key", "KEY", true));
    }
}
