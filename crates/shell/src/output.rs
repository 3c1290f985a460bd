//! What a command writes, where its words and its input alone tell: the usual ways to build another
//! command (`echo … | base64 -d`, `printf`, `rev`, `tr`, `xxd -r`).

use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, Engine as _};

use crate::invented::date;
use crate::limits::LONGEST_WORD;
use crate::read::Place;
use crate::script::{Field, Input};
use crate::walk::{Walker, Written};

impl Walker {
    /// What the command writes to its standard output; `None` when only the run can tell.
    pub(crate) fn written(&mut self, fields: &[Field], input: &Input) -> Written {
        let words: Option<Vec<&str>> =
            fields.iter().map(|field| field.known.then_some(field.text.as_str())).collect();
        let words = words?;
        let (name, arguments) = words.split_first()?;
        let text = match input {
            Input::Text(text) => Some(text.as_str()),
            Input::File(_) | Input::Inherited | Input::Pipe(_) => None,
        };
        let length: usize = words.iter().map(|word| word.len()).sum();
        if !self.step(length.saturating_add(text.map_or(0, str::len)) / 8) {
            return None;
        }
        let written = match (name.rsplit('/').next()?, arguments) {
            ("echo", _) => echo(arguments),
            ("printf", [format, values @ ..]) => printf(format, values)?,
            (":" | "true" | "false" | "test" | "[" | "sleep" | "wait", _) => String::new(),
            ("pwd", []) => format!("{}\n", self.cwd()?.to_str()?),
            ("git", ["rev-parse", "--show-toplevel"]) => self.top_of_repository()?,
            ("mktemp", flags) => self.temporary(flags)?,
            ("date", [format] | ["-u", format]) => date(format)?,
            ("dirname", [path]) => format!("{}\n", parent(path)),
            ("which", [name]) | ("command" | "type", ["-v" | "-p" | "-P", name]) => {
                format!("{name}\n")
            }
            (name, [first, ..]) if SETTING.contains(&(name, first)) => String::new(),
            ("ssh-agent" | "dircolors" | "resize" | "keychain", _) => String::new(),
            ("ls", [] | ["-1"]) => self.listed(".")?,
            ("ls", [folder] | ["-1" | "-a" | "-A", folder]) => self.listed(folder)?,
            // Of what is found only the place itself is told: it is the largest.
            // A dot by itself would mean something else to many programs.
            ("find", [place, tests @ ..]) if leaves_all_in(place, tests) => match *place {
                "." => "./\n".to_owned(),
                place => format!("{place}\n"),
            },
            ("git", ["ls-files", flags @ ..]) if flags.iter().all(|it| ALL_FILES.contains(it)) => {
                "./\n".to_owned()
            }
            ("git", [kind, flags @ ..]) if kind.starts_with("diff") && tells_changed(flags) => {
                "./\n".to_owned()
            }
            ("git", ["status", flags @ ..]) if flags.iter().any(|it| SHORT.contains(it)) => {
                "./\n".to_owned()
            }
            // Parts of each line of a list that stands for all that is there.
            ("awk" | "gawk" | "mawk", [script]) if script.starts_with('{') => place(text?)?,
            ("cut", _) => place(text?)?,
            ("sed", [script]) if script.starts_with("s/^") => place(text?)?,
            (name, places) if CHILDREN.iter().any(|one| one.eq_ignore_ascii_case(name)) => {
                children(places)?
            }
            ("cat", [] | ["-"]) => text?.to_owned(),
            ("base64", ["-d" | "-D" | "-di" | "--decode"])
            | ("openssl", ["base64", "-d"] | ["enc", "-base64", "-d"]) => from_base64(text?)?,
            ("xxd", ["-r", "-p"] | ["-p", "-r"] | ["-rp"] | ["-r", "-ps"]) => from_hex(text?)?,
            ("rev", []) => {
                let lines = text?.lines().map(|line| line.chars().rev().chain(['\n']).collect());
                lines.collect::<Vec<String>>().concat()
            }
            ("tr", ["-d", set]) => {
                let set = letters(set);
                text?.chars().filter(|letter| !set.contains(letter)).collect()
            }
            ("tr", [from, to]) => translate(text?, &letters(from), &letters(to)),
            _ => return None,
        };
        Some(written).filter(|text| text.len() <= LONGEST_WORD)
    }
}

impl Walker {
    /// The names in a folder, as `ls` writes them into a pipe; `None` for a file, and where there are
    /// none to tell.
    fn listed(&self, folder: &str) -> Option<String> {
        let folder = self.cwd().filter(|_| self.place == Place::Here)?.join(folder);
        let names = self.world.names(&folder).into_iter().filter_map(|it| it.into_string().ok());
        let mut names: Vec<String> = names.filter(|name| !name.starts_with('.')).collect();
        names.sort_unstable();
        if names.is_empty() {
            return None;
        }
        Some(names.into_iter().map(|name| name + "\n").collect())
    }
}

impl Walker {
    /// The folder of the repository at hand (git-rev-parse(1)); `None` where variables name another
    /// one, or there is none.
    fn top_of_repository(&mut self) -> Option<String> {
        let bent = ["GIT_DIR", "GIT_WORK_TREE", "GIT_CONFIG_COUNT", "GIT_CONFIG_PARAMETERS"];
        let is_set = |name: &str| self.variables.holds(name) || self.world.variable(name).is_some();
        if self.place == Place::Elsewhere || bent.into_iter().any(is_set) {
            return None;
        }
        let here = self.cwd()?;
        let mut folders = here.ancestors().take(MOST_FOLDERS);
        let top = folders.find(|folder| self.world.is_there(&folder.join(".git")));
        let makes = |field: &Field| matches!(field.text.as_str(), "clone" | "init" | "worktree");
        match top {
            Some(top) => Some(format!("{}\n", top.to_str()?)),
            // It says so, and writes nothing.
            None if here.ancestors().count() < MOST_FOLDERS => {
                let all = &self.script.commands;
                let may_be_made = all.iter().any(|one| one.words.get(1).is_some_and(makes));
                (!may_be_made).then(String::new)
            }
            None => None,
        }
    }
}

/// Whether a search of a place leaves in all that is there, or all of a kind.
fn leaves_all_in(place: &str, tests: &[&str]) -> bool {
    let mut tests = tests.iter();
    while let Some(test) = tests.next() {
        match *test {
            "-print" | "-print0" | "-depth" | "-mount" | "-xdev" => {}
            "-maxdepth" | "-mindepth" | "-type" => drop(tests.next()),
            "-name" | "-iname" if tests.next() == Some(&"*") => {}
            _ => return false,
        }
    }
    !place.starts_with('-')
}

/// Options of `git ls-files` that leave in all files, or all that are not ignored.
const ALL_FILES: [&str; 8] =
    ["--cached", "--exclude-standard", "--full-name", "--modified", "--others", "-c", "-m", "-z"];

/// Options of `git status` with which it names a file in each line.
const SHORT: [&str; 4] = ["--porcelain", "--porcelain=v1", "--short", "-s"];

/// The same text, where it is a place that stands for what is in it.
fn place(text: &str) -> Option<String> {
    (text == "./\n").then(|| text.to_owned())
}

/// Whether `git diff` tells the names of changed files, and not only of those that are gone.
fn tells_changed(flags: &[&str]) -> bool {
    flags.contains(&"--name-only") && !flags.contains(&"--diff-filter=D")
}

/// The cmdlet of PowerShell that tells what is in a folder.
const CHILDREN: [&str; 2] = ["gci", "get-childitem"];

/// The place of which such a cmdlet tells all that is there; `None` where tests pick some out.
fn children(arguments: &[&str]) -> Option<String> {
    const SWITCHES: [&str; 9] = [
        "-directory",
        "-file",
        "-force",
        "-hidden",
        "-literalpath",
        "-name",
        "-path",
        "-recurse",
        "-r",
    ];
    let is_switch = |word: &&&str| SWITCHES.iter().any(|one| one.eq_ignore_ascii_case(word));
    let places: Vec<&&str> = arguments.iter().filter(|word| !is_switch(word)).collect();
    match places.as_slice() {
        [] => Some("./\n".to_owned()),
        [place] if !place.starts_with('-') => Some(format!("{place}\n")),
        _ => None,
    }
}

/// How many folders are looked at for a repository.
const MOST_FOLDERS: usize = 64;

/// A path without its last part, as dirname(1) has it.
fn parent(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    match path.rsplit_once('/') {
        Some((folder, _)) if folder.trim_end_matches('/').is_empty() => "/",
        Some((folder, _)) => folder.trim_end_matches('/'),
        None if path.is_empty() => "/",
        None => ".",
    }
}

/// What is made to be run by `eval`, and only sets variables, functions and completions.
const SETTING: [(&str, &str); 24] = [
    ("atuin", "init"),
    ("brew", "shellenv"),
    ("conda", "shell.bash"),
    ("direnv", "export"),
    ("direnv", "hook"),
    ("docker-machine", "env"),
    ("fnm", "env"),
    ("fzf", "--bash"),
    ("fzf", "--zsh"),
    ("jenv", "init"),
    ("luarocks", "path"),
    ("minikube", "docker-env"),
    ("mise", "activate"),
    ("nodenv", "init"),
    ("opam", "env"),
    ("pyenv", "init"),
    ("pyenv", "virtualenv-init"),
    ("rbenv", "init"),
    ("register-python-argcomplete", "pipx"),
    ("rtx", "activate"),
    ("starship", "init"),
    ("thefuck", "--alias"),
    ("uv", "generate-shell-completion"),
    ("zoxide", "init"),
];

fn echo(arguments: &[&str]) -> String {
    let is_flag = |word: &&&str| {
        let letters = word.strip_prefix('-').unwrap_or_default();
        !letters.is_empty() && letters.chars().all(|one| matches!(one, 'e' | 'E' | 'n'))
    };
    let flags: Vec<&&str> = arguments.iter().take_while(is_flag).collect();
    let text = arguments.get(flags.len()..).unwrap_or_default().join(" ");
    let end = if flags.iter().any(|flag| flag.contains('n')) { "" } else { "\n" };
    // dash undoes escapes without being asked, bash when it is.
    if flags.iter().any(|flag| flag.contains('e')) { unescaped(&text) + end } else { text + end }
}

/// `%s`, `%b` and `%d`; `None` for any other form.
fn printf(format: &str, values: &[&str]) -> Option<String> {
    let (mut made, mut values) = (String::new(), values.iter().copied());
    loop {
        let (before, mut letters) = (values.len(), format.chars());
        while let Some(letter) = letters.next() {
            match (letter, letter == '%') {
                (_, true) => match letters.next()? {
                    's' | 'd' | 'i' => made.push_str(values.next().unwrap_or_default()),
                    'b' => made.push_str(&unescaped(values.next().unwrap_or_default())),
                    '%' => made.push('%'),
                    _ => return None,
                },
                ('\\', _) => made.push_str(&unescaped(&format!("\\{}", escape(&mut letters)))),
                (other, _) => made.push(other),
            }
        }
        if values.len() == 0 || values.len() == before || made.len() > LONGEST_WORD {
            return Some(made);
        }
    }
}

/// The rest of an escape, taken from `letters`.
fn escape(letters: &mut core::str::Chars<'_>) -> String {
    let Some(kind) = letters.next() else { return String::new() };
    let mut rest = String::from(kind);
    let most = match kind {
        'x' => 2,
        '0'..='7' => 2,
        _ => 0,
    };
    let radix = if kind == 'x' { 16 } else { 8 };
    for _ in 0..most {
        let mut ahead = letters.clone();
        match ahead.next().filter(|one| one.is_digit(radix)) {
            Some(digit) => rest.push(digit),
            None => break,
        }
        *letters = ahead;
    }
    rest
}

/// A text with its escapes undone: `\n`, `\t`, `\x41`, `\101`, `\0101`, `\\`.
fn unescaped(text: &str) -> String {
    let (mut made, mut letters) = (String::new(), text.chars());
    while let Some(letter) = letters.next() {
        if letter != '\\' {
            made.push(letter);
            continue;
        }
        let escape = escape(&mut letters);
        let digits = escape.strip_prefix('x').map_or((escape.as_str(), 8), |hex| (hex, 16));
        match (escape.chars().next(), u32::from_str_radix(digits.0, digits.1)) {
            (Some('n'), _) => made.push('\n'),
            (Some('t'), _) => made.push('\t'),
            (Some('\\'), _) => made.push('\\'),
            (Some('x' | '0'..='7'), Ok(code)) => made.extend(char::from_u32(code)),
            _ => {
                made.push('\\');
                made.push_str(&escape);
            }
        }
    }
    made
}

/// As `base64 -d` reads it, with or without padding; `None` when it is none, or no text.
fn from_base64(text: &str) -> Option<String> {
    let digits: String = text.split_ascii_whitespace().collect();
    String::from_utf8(BASE64.decode(digits).ok()?).ok()
}

/// Padding may be missing, and bits behind the last byte may be set: a decoder takes it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

fn from_hex(text: &str) -> Option<String> {
    let digits: Vec<u32> = text
        .chars()
        .filter(|one| !one.is_whitespace())
        .map(|one| one.to_digit(16))
        .collect::<Option<_>>()?;
    let pairs = digits.chunks(2).map(|pair| {
        let value = pair.iter().fold(0, |value: u32, digit| value << 4 | digit);
        u8::try_from(value).ok()
    });
    String::from_utf8(pairs.collect::<Option<_>>()?).ok()
}

/// The letters of a set of `tr`, ranges written out.
fn letters(set: &str) -> Vec<char> {
    let (mut made, mut left) = (Vec::new(), set.chars());
    while let Some(first) = left.next() {
        let mut ahead = left.clone();
        match (ahead.next(), ahead.next()) {
            (Some('-'), Some(last)) => {
                made.extend((first..=last).take(256));
                left = ahead;
            }
            _ => made.push(first),
        }
    }
    made
}

fn translate(text: &str, from: &[char], to: &[char]) -> String {
    let swap = |letter: char| match from.iter().position(|one| *one == letter) {
        Some(at) => to.get(at).or_else(|| to.last()).copied().unwrap_or(letter),
        None => letter,
    };
    text.chars().map(swap).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_without_its_last_part_is_that_of_dirname() {
        for (path, folder) in
            [("a/b", "a"), ("a/b/", "a"), ("a", "."), ("/a", "/"), ("/", "/"), ("//a//b", "//a")]
        {
            assert_eq!(parent(path), folder, "{path}");
        }
    }

    #[test]
    fn texts_are_made_as_the_programs_make_them() {
        assert_eq!(echo(&["-n", "a", "b"]), "a b");
        assert_eq!(echo(&["-e", "\\x72\\x6d \\101"]), "rm A\n");
        assert_eq!(printf("%s-%s\\n", &["a", "b", "c", "d"]).unwrap(), "a-b\nc-d\n");
        assert_eq!(printf("\\x72\\155", &[]).unwrap(), "rm");
        assert_eq!(printf("%5.2f", &["1"]), None);
        assert_eq!(from_base64("cm0gLXJmIC8K").unwrap(), "rm -rf /\n");
        assert_eq!(from_base64("c$"), None);
        assert_eq!(from_hex("726d0a").unwrap(), "rm\n");
        assert_eq!(translate("ez", &letters("a-z"), &letters("n-za-m")), "rm");
    }
}
