//! What a command starts: `sudo rm -rf x` is an `rm`, `bash -c '…'` a line for a shell,
//! `find . -delete` a removal.
//!
//! Where the other command stands is told by the option tables (`starts` in `shims/*.toml` and in
//! `shims/secrets/`); here its words are gathered. They may hold what only the run can tell, so each
//! word says whether it is known. One level is told: what is started may start more, and whoever
//! asks says when it is enough.

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::PathBuf;

use datafog_core::Surroundings;

use self::start::{UNTOLD, joined, of_file, replaced};
use crate::code;
use crate::interpret::{self, operand_specs};
use crate::line::assignment;
use crate::lines_within::lines_within;
use crate::profile::{self, Language, Profile, Starts, behind_prefix, profile};
use crate::read::Call;
use crate::source::git_alias;
use crate::text::Text;
use crate::wrapped::{self, Changed};
use crate::{folders, sed, sending_code, writing_code};

pub(crate) use settings::git_may_start;
pub(crate) use start::removing;
pub use start::{Start, What, Word};

mod emptied;
mod fed;
mod search;
mod settings;
mod start;

/// Whether a program of that name (one component of a path) may start another one.
pub(crate) fn may_start(name: &str) -> bool {
    table(name).is_some()
}

/// What the command of these words starts, one level deep, with `input` on standard input where
/// that is known. Empty for most commands. Linear in the size of the words.
#[must_use]
pub fn behind<'s>(
    words: &[Word],
    input: Option<&str>,
    surroundings: &'s dyn Surroundings,
) -> Vec<Start<'s>> {
    let name = words.first().map(|word| interpret::program_name(&word.text));
    let Some(table) = name.as_deref().and_then(table) else { return Vec::new() };
    let argv: Vec<OsString> = words.iter().map(|word| word.text.clone()).collect();
    if table.wraps {
        return changed(table, words, &argv, surroundings);
    }
    let call = Call::read(table, &argv);
    let mut gathering = Gathering { call: &call, words, input, surroundings, starts: Vec::new() };
    gathering.values();
    gathering.operands();
    gathering.alias();
    gathering.git();
    gathering.standard_input();
    gathering.emptied();
    gathering.entered();
    gathering.starts
}

/// What the calls of a program start, `code` being its text.
#[must_use]
pub fn started_by_code<'s>(code: &str, surroundings: &'s dyn Surroundings) -> Vec<Start<'s>> {
    by_code(code, false, surroundings)
}

/// The same in a language in which text between backticks may be a line for a shell.
fn by_code<'s>(code: &str, ticks: bool, surroundings: &'s dyn Surroundings) -> Vec<Start<'s>> {
    let start = |what| Start { guessed: true, ..Start::of(what, surroundings) };
    let calls = code::calls(code, ticks, surroundings.home());
    let sent = sending_code::sent(code, surroundings.home());
    let written = writing_code::written(code, surroundings.home());
    calls.into_iter().chain(sent).chain(written).map(start).collect()
}

/// Interpreters of languages whose calls nobody knows here: in their literals commands are looked for.
const STRANGE: &str = "elixir";

/// Editors whose orders may call functions (`:call system("…")`).
const EDITORS: [&str; 2] = ["ex", "vim"];

/// Interpreters of such languages.
const TICKING: [&str; 3] = ["perl", "php", "ruby"];

/// The table of a program that may start another one; numbers of a version behind its name do not
/// count (`python3.12`).
fn table(name: &str) -> Option<&'static Profile> {
    let find = |name: &str| profile(name).or_else(|| profile::unwrapped(name));
    let version = |letter: char| letter.is_ascii_digit() || letter == '.';
    let find = |name: &str| find(name).or_else(|| find(name.trim_end_matches(version)));
    // Cmdlets are written in any case of letters.
    let lower = || {
        name.contains(|letter: char| letter.is_ascii_uppercase())
            .then(|| find(&name.to_ascii_lowercase()))
            .flatten()
    };
    find(name).or_else(lower).filter(|table| table.starts)
}

/// The command behind one that changes the environment (`env`).
fn changed<'s>(
    table: &'static Profile,
    words: &[Word],
    argv: &[OsString],
    surroundings: &'s dyn Surroundings,
) -> Vec<Start<'s>> {
    let Some((inner, world)) = wrapped::started(table, argv, surroundings) else {
        return Vec::new();
    };
    let known = |argument: usize| words.get(argument).is_some_and(|word| word.known);
    let inner: Vec<Word> =
        inner.into_iter().map(|(text, argument)| Word { text, known: known(argument) }).collect();
    let told = inner
        .first()
        .is_some_and(|head| head.known && profile(&interpret::program_name(&head.text)).is_some());
    let what = What::Command(inner);
    // What a variable makes programs run is told by the line that sets it, as a shell would.
    let assigned = words.iter().skip(1).map_while(|word| assigned_line(word).ok());
    let lines =
        assigned.flatten().map(|line| Start::of(What::Line(line, Vec::new()), surroundings));
    let mut all: Vec<Start<'s>> = lines.collect();
    all.push(Start { world, told, ..Start::of(what, surroundings) });
    all
}

/// The line of a shell that sets the variable of this word; nothing for an option, an error for what
/// is neither. A value of one word is looked at where it names a file that a shell reads.
fn assigned_line(word: &Word) -> Result<Option<Word>, ()> {
    let text = word.text.to_str().ok_or(())?;
    if text.starts_with('-') {
        return Ok(None);
    }
    let (name, value) = text.split_once('=').ok_or(())?;
    let runs = value.contains(char::is_whitespace) || name.ends_with("ENV");
    let line = || format!("export {name}='{}'", value.replace('\'', "'\\''"));
    Ok(runs.then(|| Word { text: line().into(), known: word.known }))
}

/// Stands for the folder in which a container works, deep enough that no `..` leaves it.
const CONTAINED: &str = "/(container)/(container)/(container)/(container)/(container)";

/// Most words of standard input, or places of a search, that are told one by one.
const MOST: usize = 64;

struct Gathering<'c, 's> {
    call: &'c Call<'c>,
    words: &'c [Word],
    input: Option<&'c str>,
    surroundings: &'s dyn Surroundings,
    starts: Vec<Start<'s>>,
}

impl Gathering<'_, '_> {
    fn push(&mut self, what: What) {
        self.starts.push(Start::of(what, self.surroundings));
    }

    /// What values of options start.
    fn values(&mut self) {
        let call = self.call;
        for given in call.given.iter().filter(|given| !given.negated) {
            match (given.spec.starts, &given.value) {
                (Some(Starts::Removal), _) => self.removal(),
                (Some(Starts::Found), Some(_)) => self.found(given),
                (Some(starts), Some(text)) => {
                    if let Some(text) = behind_prefix(given.spec.prefix, text) {
                        self.value(starts, &text);
                    }
                }
                (_, _) => {}
            }
        }
    }

    /// What one value starts.
    fn value(&mut self, starts: Starts, text: &Text<'_>) {
        match starts {
            Starts::Code => self.code(text),
            Starts::Sed => self.sed(text),
            Starts::Setting => self.setting(text),
            Starts::Line | Starts::Script => {
                let text = self.word(text);
                self.push(What::Line(text, Vec::new()));
            }
            Starts::RemoteLine => {
                let start = Start::of(What::Line(self.word(text), Vec::new()), self.surroundings);
                self.starts.push(Start { elsewhere: true, ..start });
            }
            Starts::Orders => {
                self.lines_within(Language::Orders, text);
                if EDITORS.contains(&self.call.profile.name) {
                    self.code(text);
                }
            }
            Starts::Rules => self.lines_within(Language::Rules, text),
            Starts::Input if is_input(text) => {
                let reads = self.call.scopes.iter().rev().find_map(|scope| scope.reads);
                self.push(reads.map_or(What::Made, What::Input));
            }
            Starts::Input if text.starts_with(b"<(") => self.push(What::Made),
            Starts::Command
            | Starts::Each
            | Starts::Found
            | Starts::Input
            | Starts::Nothing
            | Starts::Removal
            | Starts::RemoteCommand => {}
        }
    }

    /// What the lines for a shell in a text of another kind run.
    fn lines_within(&mut self, language: Language, text: &Text<'_>) {
        let word = self.word(text);
        let lines = lines_within(language, &word.text.to_string_lossy()).unwrap_or_default();
        if !lines.is_empty() {
            self.push(What::Line(Word { text: lines.into(), known: word.known }, Vec::new()));
        }
    }

    /// What operands start: the first that starts something takes all behind it.
    fn operands(&mut self) {
        let call = self.call;
        self.fed_removal();
        for (word, spec) in call.words.iter().zip(operand_specs(call)) {
            let Some((spec, starts)) = spec.and_then(|spec| Some((spec, spec.starts?))) else {
                continue;
            };
            if !spec.prefix.is_empty() && starts != Starts::Command {
                if let Some(text) = spec.of(word) {
                    self.value(starts, &text);
                }
                continue;
            }
            let from = word.place.map_or(usize::MAX, |place| place.argument);
            let words = self.words.get(from..).unwrap_or_default().to_vec();
            match starts {
                Starts::Code => self.code(word),
                Starts::Command => self.command(words),
                Starts::RemoteCommand => self.contained(&words),
                Starts::Sed => self.sed(word),
                Starts::Each => self.each(&words),
                Starts::Line | Starts::RemoteLine => {
                    self.push(What::Line(joined(&words), Vec::new()))
                }
                Starts::Script => {
                    let mut words = words.into_iter();
                    let Some(text) = words.next() else { return };
                    self.push(What::Line(text, words.collect()));
                }
                Starts::Removal => self.push(removing(words)),
                Starts::Orders | Starts::Rules => {
                    self.value(starts, word);
                    continue;
                }
                Starts::Found | Starts::Input | Starts::Nothing | Starts::Setting => continue,
            }
            if matches!(starts, Starts::RemoteCommand | Starts::RemoteLine) {
                self.starts.iter_mut().for_each(|start| start.elsewhere = true);
            }
            return;
        }
    }

    /// What the calls of a program start.
    fn code(&mut self, text: &Text<'_>) {
        let code = text.to_os_string();
        let ticks = TICKING.contains(&self.call.profile.name);
        let code = code.to_string_lossy();
        self.starts.extend(by_code(&code, ticks, self.surroundings));
        // What an interpreter with a profile opens is told by its meaning.
        if profile(self.call.profile.name).is_none() {
            let home = self.surroundings.home();
            let read = sending_code::opened(&code, home).into_iter().map(|file| {
                let what = of_file("cat", file);
                Start { guessed: true, ..Start::of(what, self.surroundings) }
            });
            self.starts.extend(read);
        }
        if self.call.profile.name == STRANGE {
            let start = |text: String| {
                let line = What::Line(Word::of(text), Vec::new());
                Start { guessed: true, loose: true, ..Start::of(line, self.surroundings) }
            };
            self.starts.extend(code::literals(&code).into_iter().take(MOST).map(start));
        }
    }

    /// What `e` runs in a script of sed.
    fn sed(&mut self, text: &Text<'_>) {
        let known = text.place.is_some_and(|place| self.known(place.argument));
        let script = text.to_os_string();
        for run in sed::runs(&script.to_string_lossy()) {
            self.push(match run {
                sed::Run::Line(line) => What::Line(Word { text: line.into(), known }, Vec::new()),
                sed::Run::Made => What::Made,
                sed::Run::Read(file) => of_file("cat", file),
                sed::Run::Write(file) => of_file("tee", file),
            });
        }
    }

    /// A command in a container. Its relative paths are none of this machine; a folder of this
    /// machine that the container gets by another name is meant by its own name, too.
    fn contained(&mut self, words: &[Word]) {
        let volumes = self.call.given.iter().filter(|it| it.spec.name == "--volume");
        // What stands behind the image are words of the program that takes the place of its own.
        let entry = self.call.given.iter().rfind(|it| it.spec.name == "--entrypoint");
        let entry = entry.and_then(|it| it.value.as_ref()).map(|text| self.word(text));
        let entry = entry.filter(|word| !word.text.is_empty());
        let words: Vec<Word> = entry.into_iter().chain(words.iter().cloned()).collect();
        let mut all = vec![words.clone()];
        for given in volumes.take(MOST) {
            let Some(text) = given.value.as_ref().and_then(Text::utf8) else { continue };
            let mut parts = text.split(':');
            let (Some(here), Some(there)) = (parts.next(), parts.next()) else { continue };
            let moved = |word: &Word| match word.text.to_str().and_then(|it| it.strip_prefix(there))
            {
                Some(rest)
                    if here.starts_with('/') && (rest.is_empty() || rest.starts_with('/')) =>
                {
                    let text = format!("{}{rest}", here.trim_end_matches('/'));
                    let text = if text.is_empty() { String::from("/") } else { text };
                    Word { text: text.into(), known: word.known }
                }
                _ => word.clone(),
            };
            all.push(words.iter().map(moved).collect());
        }
        all.dedup();
        for words in all {
            let mut world = Changed::of(self.surroundings);
            world.enter(PathBuf::from(CONTAINED));
            let start = Start::of(What::Command(words), self.surroundings);
            self.starts.push(Start { world, elsewhere: true, ..start });
        }
    }

    /// Variables first, then a command; a program that feeds it adds the words of its input.
    fn command(&mut self, words: Vec<Word>) {
        let mut world = Changed::of(self.surroundings);
        let sets = words.iter().take_while(|word| assignment(word.text.as_bytes()).is_some());
        let from = sets.map(|word| world.assign(&word.text)).count();
        let words: Vec<Word> = words.into_iter().skip(from).collect();
        for words in self.fed(words) {
            if let Some(head) = words.first() {
                // What stands at an address is fetched and run: `npx https://example.com/a.tgz`.
                let is_fetched = head.text.to_str().is_some_and(is_address);
                let what = if is_fetched { What::Made } else { What::Command(words) };
                let world = world.clone();
                self.starts.push(Start { world, ..Start::of(what, self.surroundings) });
            }
        }
    }

    /// What an alias of git stands for: another call of git, or a line for a shell that gets the
    /// words behind it. One that leads to another alias is looked up again when it is followed.
    fn alias(&mut self) {
        let Some(at) = self.call.stray.filter(|_| self.call.profile.name == "git") else { return };
        let (before, after) = self.words.split_at_checked(at).unwrap_or_default();
        let Some((name, after)) = after.split_first().filter(|(name, _)| name.known) else {
            return;
        };
        let globals = before.get(1..).unwrap_or_default();
        if globals.iter().any(|word| !word.known) {
            return;
        }
        let globals_text = globals.iter().map(|word| word.text.clone());
        let Some(value) = git_alias::value(globals_text, &name.text, self.surroundings) else {
            return;
        };
        match value.strip_prefix('!') {
            Some(line) => {
                let line = Word::of(format!("{line} \"$@\""));
                let arguments = [name.clone()].into_iter().chain(after.iter().cloned());
                self.push(What::Line(line, arguments.collect()));
            }
            None => {
                let words = git_alias::words(&value).into_iter().map(Word::of);
                let all = before.iter().cloned().chain(words).chain(after.iter().cloned());
                self.push(What::Command(all.collect()));
            }
        }
    }

    /// What is started works where its starter goes first (`sudo -D a`, `make -C a`).
    fn entered(&mut self) {
        let Some(folder) = folders::entered(self.call, self.words) else { return };
        let folder = self.surroundings.cwd().join(folder);
        // The options before an alias of git stand before what it is short for, too.
        let is_alias =
            |start: &Start<'_>| self.call.stray.is_some() && matches!(start.what, What::Command(_));
        for start in self.starts.iter_mut().filter(|start| !is_alias(start)) {
            if start.world.cwd() == self.surroundings.cwd() {
                start.world.enter(folder.clone());
            }
        }
    }

    /// The program itself comes in on standard input, when nothing in the line tells it.
    fn standard_input(&mut self) {
        let call = self.call;
        let Some(language) = call.scopes.iter().rev().find_map(|scope| scope.reads) else { return };
        // Some read a program of their input only where an option says so.
        if call.scope().options.iter().any(|option| option.starts == Some(Starts::Input)) {
            return;
        }
        // A shell reads the file that an option names (`--rcfile`).
        let made = |text: &Text<'_>| text.starts_with(b"<(");
        if language == Language::Shell
            && call.given.iter().filter_map(|given| given.value.as_ref()).any(made)
        {
            self.push(What::Made);
        }
        let given = call.given.iter().any(|given| given.spec.starts.is_some());
        let specs = operand_specs(call);
        let mut named = call
            .words
            .iter()
            .zip(specs)
            .filter_map(|(word, spec)| spec.and_then(|spec| spec.starts).map(|_| word));
        let named = named.next().filter(|_| language != Language::Shell || !call.has("-s"));
        match named {
            _ if given || !self.starts.is_empty() => {}
            Some(word) if word.starts_with(b"<(") => self.push(What::Made),
            Some(word) if !is_input(word) => {}
            Some(_) | None => {
                self.push(What::Input(language));
                let far = call.profile.name == "ssh";
                self.starts.iter_mut().for_each(|start| start.elsewhere = far);
            }
        }
    }

    /// A text of the line as a word, all of it known or nothing.
    fn word(&self, text: &Text<'_>) -> Word {
        let known = text.place.is_some_and(|place| self.known(place.argument));
        Word { text: text.to_os_string(), known }
    }

    fn known(&self, argument: usize) -> bool {
        self.words.get(argument).is_some_and(|word| word.known)
    }
}

/// Whether a program is called by where it stands, on another machine.
fn is_address(name: &str) -> bool {
    const KINDS: [&str; 9] = [
        "bitbucket:",
        "git+",
        "git://",
        "git@",
        "github:",
        "gitlab:",
        "hg+",
        "http://",
        "https://",
    ];
    KINDS.iter().any(|kind| name.starts_with(kind))
}

/// Whether a name of a file stands for standard input.
fn is_input(name: &Text<'_>) -> bool {
    matches!(&*name.bytes, b"-" | b"/dev/stdin" | b"/dev/fd/0" | b"/proc/self/fd/0")
}

#[cfg(test)]
mod tests;
