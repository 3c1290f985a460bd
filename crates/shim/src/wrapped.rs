//! The command behind a wrapper: `env -i A=b git push` is also a `git push`, in another environment.
//!
//! The inner command is read by its own profile. What it moves counts as moved by the wrapper, with
//! places in the wrapper's own argv; as a command of its own it is judged beside the wrapper. What
//! has no profile is left to run.

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use datafog_core::{
    Carrier, ContentSource, Deliver, Destination, Flow, HostName, Invocation, Place, Reach,
    SOMEWHERE, Span, Surroundings,
};

use crate::interpret::interpret_within;
use crate::profile::{Profile, profile};
use crate::split::{Piece, split};
use crate::text::Text;
use crate::{folders, interpret, read};

/// Wrappers within wrappers; deeper than this nothing is looked into.
pub(crate) const DEPTH: usize = 8;

/// The command that a wrapper starts.
#[derive(Clone, Debug)]
pub struct Wrapped {
    /// Its command line, program name first.
    pub argv: Vec<OsString>,
    /// Its working directory.
    pub cwd: PathBuf,
    /// What it means. Places are those of the outermost command line.
    pub invocation: Invocation,
    /// The command that it starts in turn.
    pub inner: Option<Box<Self>>,
}

/// The command that `argv` starts, if that is a wrapper of one that has a profile.
#[must_use]
pub fn wrapped(argv: &[OsString], surroundings: &dyn Surroundings) -> Option<Wrapped> {
    let name = argv.first().map(interpret::program_name)?;
    let outer = profile(&name).filter(|profile| profile.wraps)?;
    let words = argv.iter().enumerate().map(|(index, text)| Word::of_argument(text, index));
    within(outer, words.collect(), surroundings, DEPTH)
}

/// Adds to a wrapper's invocation what the command behind it does.
pub(crate) fn add(
    outer: &'static Profile,
    argv: &[OsString],
    surroundings: &dyn Surroundings,
    depth: usize,
    to: &mut Invocation,
) {
    let words = argv.iter().enumerate().map(|(index, text)| Word::of_argument(text, index));
    let started = match Started::of(outer, words.collect(), surroundings) {
        Reading::Nothing => return,
        Reading::Command(started) if depth > 0 => started,
        Reading::Command(_) | Reading::TooDeep => return too_deep(to),
    };
    let inner = started.interpret(depth);
    if inner.known {
        to.flows = to.flows.union(inner.flows);
        to.destinations.extend(inner.destinations);
        to.told.extend(inner.told);
        to.unclear.extend(inner.unclear);
        to.stdin = inner.stdin;
        to.contents.extend(inner.contents);
    }
    to.contents.extend(started.made);
}

/// What stands behind so many wrappers may do anything, and go anywhere.
fn too_deep(to: &mut Invocation) {
    let why = "commands start each other too deeply; start the last one by itself";
    to.unclear.push(why.to_owned());
    to.flows = to.flows.with(Flow::Leaves);
    to.contents.push(content(Carrier::Untold(why.to_owned()), "command".to_owned(), Flow::Leaves));
    to.destinations.push(Destination::untold("command"));
}

/// The words of the command behind a wrapper, each with the argument that it is made of, and the
/// world that it is started in.
pub(crate) fn started<'s>(
    outer: &'static Profile,
    argv: &[OsString],
    surroundings: &'s dyn Surroundings,
) -> Option<(Vec<(OsString, usize)>, Changed<'s>)> {
    let words = argv.iter().enumerate().map(|(index, text)| Word::of_argument(text, index));
    let Reading::Command(started) = Started::of(outer, words.collect(), surroundings) else {
        return None;
    };
    let words = started.words.into_iter().map(|word| (word.text, word.place.argument));
    Some((words.collect(), started.world))
}

const fn content(carrier: Carrier, role: String, flow: Flow) -> ContentSource {
    ContentSource { carrier, flow, role, deliver: Deliver::Handle }
}

fn within(
    outer: &'static Profile,
    words: Vec<Word>,
    surroundings: &dyn Surroundings,
    depth: usize,
) -> Option<Wrapped> {
    let depth = depth.checked_sub(1)?;
    let Reading::Command(started) = Started::of(outer, words, surroundings) else { return None };
    let invocation = started.interpret(depth);
    let next = profile(&invocation.program)?;
    let argv = started.argv();
    let cwd = started.world.cwd().to_owned();
    let inner = next.wraps.then(|| within(next, started.words, &started.world, depth)).flatten();
    Some(Wrapped { argv, cwd, invocation, inner: inner.map(Box::new) })
}

/// One word of a command line, and where it stands in the outermost one.
#[derive(Clone, Debug)]
struct Word {
    text: OsString,
    place: Place,
    /// It stands there byte by byte; otherwise it was made from what stands there.
    exact: bool,
    /// Values of variables that it is made of, which stand nowhere in argv.
    values: Vec<Vec<u8>>,
}

impl Word {
    fn of_argument(text: &OsString, index: usize) -> Self {
        let place = Place { argument: index, span: Span::at(0, text.len()) };
        Self { text: text.clone(), place, exact: true, values: Vec::new() }
    }

    /// The place of a part of this word.
    fn part(&self, span: Span) -> Place {
        if !self.exact {
            return self.place;
        }
        let span = Span::at(self.place.span.start().saturating_add(span.start()), span.len());
        Place { argument: self.place.argument, span }
    }

    /// The whole word and each value in it as content, if variables had a part in it: a value by
    /// itself too, because a secret glued to a letter shows no boundary.
    fn made(&self, role: &str, flow: Flow) -> Vec<ContentSource> {
        let whole = (!self.values.is_empty()).then(|| self.text.as_encoded_bytes().to_vec());
        let mut all: Vec<Vec<u8>> = whole.into_iter().chain(self.values.iter().cloned()).collect();
        all.dedup();
        let source = |bytes| content(Carrier::Inline(bytes), role.to_owned(), flow);
        all.into_iter().map(source).collect()
    }
}

/// A command about to be started by a wrapper, in the world that it will see.
struct Started<'s> {
    words: Vec<Word>,
    world: Changed<'s>,
    /// What variables put into the wrapper's own part of the line.
    made: Vec<ContentSource>,
}

/// What a wrapper's line starts.
enum Reading<'s> {
    Command(Started<'s>),
    Nothing,
    /// Its words stand in words that stand in words, and so on.
    TooDeep,
}

impl<'s> Started<'s> {
    /// Reads the wrapper's own part of the line.
    fn of(
        outer: &'static Profile,
        line: Vec<Word>,
        surroundings: &'s dyn Surroundings,
    ) -> Reading<'s> {
        let mut world = Changed::of(surroundings);
        let mut line = line;
        for _ in 0..DEPTH {
            let argv: Vec<OsString> = line.iter().map(|word| word.text.clone()).collect();
            let call = read::Call::read(outer, &argv);
            let mut rest = None;
            for given in &call.given {
                match (given.spec.name, &given.value, given.place) {
                    ("--ignore-environment", ..) => world.cleared = true,
                    ("--unset", Some(name), _) => world.unset(name),
                    ("--chdir", Some(folder), _) => world.chdir(folder),
                    ("--split-string", Some(text), Some(place)) => {
                        // The words take the option's place; nothing behind it is read yet.
                        rest = Some((split(&text.bytes, surroundings), place));
                        break;
                    }
                    _ => {}
                }
            }
            let Some((words, place)) = rest else {
                let places = call.words.iter().filter_map(|word| word.place);
                let from = places.map(|place| place.argument).next();
                let started = from.and_then(|from| Self::command(line, from, world));
                return started.map_or(Reading::Nothing, Reading::Command);
            };
            let Some(spliced) = words.and_then(|words| spliced(line, words, place)) else {
                return Reading::Nothing;
            };
            line = spliced;
        }
        Reading::TooDeep
    }

    /// Takes assignments off: what is left is the command.
    fn command(line: Vec<Word>, from: usize, mut world: Changed<'s>) -> Option<Self> {
        let mut made = Vec::new();
        let mut words = line.into_iter().enumerate().peekable();
        let mut pass = |word: &Word| made.extend(word.made("environment", Flow::Stays));
        while let Some((_, word)) = words.next_if(|(index, _)| *index < from) {
            pass(&word);
        }
        if words.next_if(|(_, word)| word.text == "-").is_some() {
            world.cleared = true;
        }
        while let Some((_, word)) = words.next_if(|(_, word)| has_equals(&word.text)) {
            pass(&word);
            world.assign(&word.text);
        }
        let words: Vec<Word> = words.map(|(_, word)| word).collect();
        (!words.is_empty()).then_some(Self { words, world, made })
    }

    fn argv(&self) -> Vec<OsString> {
        self.words.iter().map(|word| word.text.clone()).collect()
    }

    /// What the command means, with places in the outermost line and paths that lead from there.
    fn interpret(&self, depth: usize) -> Invocation {
        let mut inner = interpret_within(&self.argv(), &self.world, depth.saturating_sub(1));
        let outer = |place: Place| Some(self.words.get(place.argument)?.part(place.span));
        for option in &mut inner.options {
            option.place = option.place.and_then(outer);
        }
        for operand in &mut inner.operands {
            operand.place = operand.place.and_then(outer);
        }
        let stands = |place: Place| self.words.get(place.argument).is_some_and(|word| word.exact);
        inner.told.retain(|told| stands(told.place));
        for told in &mut inner.told {
            told.place = outer(told.place).unwrap_or(told.place);
        }
        let made = self.made_of_variables(&inner);
        for content in &mut inner.contents {
            self.settle(&mut content.carrier);
        }
        inner.contents.extend(made);
        // Who is asked where the call goes is asked in our environment, and not in the changed one.
        for destination in inner.destinations.iter_mut().filter(|_| self.world.misleads) {
            if matches!(destination.host, HostName::Deferred(_)) {
                (destination.host, destination.reach) = (HostName::Unknown, Reach::Unknown);
            }
        }
        inner
    }

    /// Tells where the bytes are to one who knows the outermost line only.
    fn settle(&self, carrier: &mut Carrier) {
        match carrier {
            Carrier::Argument(place) => {
                let Some(word) = self.words.get(place.argument) else { return };
                if word.values.is_empty() {
                    *place = word.part(place.span);
                } else {
                    let bytes = place.span.of(word.text.as_encoded_bytes()).unwrap_or_default();
                    *carrier = Carrier::Inline(bytes.to_vec());
                }
            }
            Carrier::File(path) if self.world.moved => *path = self.world.cwd.join(&*path),
            Carrier::File(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => {}
        }
    }

    /// What variables put into the words of the command, used as the content that it stands in.
    fn made_of_variables(&self, inner: &Invocation) -> Vec<ContentSource> {
        let leaves = inner.flows.has(Flow::Leaves);
        let usual = ("command", if leaves { Flow::Leaves } else { Flow::Stays });
        let made = self.words.iter().enumerate().filter(|(_, word)| !word.values.is_empty());
        let made = made.flat_map(|(index, word)| {
            let stands = |source: &&ContentSource| matches!(source.carrier, Carrier::Argument(place) if place.argument == index);
            let source = inner.contents.iter().find(stands);
            let (role, flow) = source.map_or(usual, |source| (source.role.as_str(), source.flow));
            word.made(role, flow)
        });
        made.collect()
    }
}

/// The line with `words` in the place of the option and its value.
fn spliced(line: Vec<Word>, words: Vec<Piece>, place: Place) -> Option<Vec<Word>> {
    use std::os::unix::ffi::OsStringExt as _;
    let from = line.get(place.argument)?;
    let (source, known) = (from.part(place.span), from.values.clone());
    let made = |piece: Piece| {
        let values = known.iter().cloned().chain(piece.values).collect();
        Word { text: OsString::from_vec(piece.text), place: source, exact: false, values }
    };
    let (name, rest) = (line.first().cloned(), place.argument.saturating_add(1));
    let rest = line.into_iter().skip(rest);
    Some(name.into_iter().chain(words.into_iter().map(made)).chain(rest).collect())
}

fn has_equals(word: &OsStr) -> bool {
    word.as_encoded_bytes().contains(&b'=')
}

/// The world as a wrapper changes it.
#[derive(Clone)]
pub struct Changed<'s> {
    base: &'s dyn Surroundings,
    cleared: bool,
    /// Names and values in order; `None` takes a variable away.
    variables: Vec<(Vec<u8>, Option<OsString>)>,
    cwd: PathBuf,
    /// The working directory is another one.
    moved: bool,
    /// A question answered in our own environment may be answered otherwise in this one.
    misleads: bool,
}

impl<'s> Changed<'s> {
    /// The world as it is.
    #[must_use]
    pub fn of(base: &'s dyn Surroundings) -> Self {
        let cwd = base.cwd().to_owned();
        Self { base, cleared: false, variables: Vec::new(), cwd, moved: false, misleads: false }
    }

    fn unset(&mut self, name: &Text<'_>) {
        self.change(&name.bytes, None);
    }

    fn chdir(&mut self, folder: &Text<'_>) {
        let untold = folders::is_untold(&folder.bytes);
        let folder = if untold { PathBuf::from(SOMEWHERE) } else { folder.to_path() };
        self.cwd = self.base.cwd().join(folder);
        self.moved = true;
        self.misleads = true;
    }

    /// Sets a variable; without a value it is taken away.
    pub fn set(&mut self, name: &str, value: Option<&OsStr>) {
        self.change(name.as_bytes(), value.map(OsStr::to_owned));
    }

    /// Works in another folder, an absolute one.
    pub fn enter(&mut self, folder: PathBuf) {
        self.moved |= folder != self.cwd;
        self.misleads |= self.moved;
        self.cwd = folder;
    }

    /// Sets the variable of a word `NAME=value`.
    pub(crate) fn assign(&mut self, word: &OsStr) {
        use std::os::unix::ffi::OsStrExt as _;
        let bytes = word.as_bytes();
        let cut = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
        let (name, value) = bytes.split_at(cut);
        let value = OsStr::from_bytes(value.get(1..).unwrap_or_default());
        self.change(name, Some(value.to_owned()));
    }

    fn change(&mut self, name: &[u8], value: Option<OsString>) {
        let asked = [b"GIT_".as_slice(), b"HOME", b"KUBE", b"XDG_"];
        self.misleads |= asked.iter().any(|head| name.starts_with(head));
        self.variables.push((name.to_vec(), value));
    }
}

impl fmt::Debug for Changed<'_> {
    /// Values of variables may be secrets.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Changed").field("cwd", &self.cwd).finish_non_exhaustive()
    }
}

impl Surroundings for Changed<'_> {
    fn variable(&self, name: &str) -> Option<&OsStr> {
        let mut changes = self.variables.iter().rev();
        if let Some((_, value)) = changes.find(|(known, _)| known == name.as_bytes()) {
            return value.as_deref();
        }
        self.base.variable(name).filter(|_| !self.cleared)
    }

    fn cwd(&self) -> &Path {
        &self.cwd
    }

    fn home(&self) -> Option<&Path> {
        self.base.home()
    }

    fn read(&self, path: &Path, limit: usize) -> io::Result<Vec<u8>> {
        self.base.read(path, limit)
    }

    fn is_there(&self, path: &Path) -> bool {
        self.base.is_there(path)
    }

    fn names(&self, folder: &Path) -> io::Result<Vec<OsString>> {
        self.base.names(folder)
    }

    fn stdin_carries(&self) -> bool {
        self.base.stdin_carries()
    }

    fn environment(&self) -> Vec<u8> {
        if self.cleared { Vec::new() } else { self.base.environment() }
    }

    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>> {
        if self.misleads || self.cleared {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.base.output_of(program, arguments)
    }

    fn pour(
        &self,
        program: &str,
        arguments: &[OsString],
        input: &[u8],
        take: &mut dyn FnMut(&[u8]) -> bool,
    ) -> io::Result<()> {
        if self.misleads || self.cleared {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.base.pour(program, arguments, input, take)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn chain(argv: &[&str]) -> Vec<String> {
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let mut all = Vec::new();
        let mut next = wrapped(&argv, &World::default()).map(Box::new);
        while let Some(found) = next {
            let words: Vec<_> = found.argv.iter().map(|word| word.to_string_lossy()).collect();
            all.push(format!("{}: {}", found.cwd.display(), words.join(" ")));
            next = found.inner;
        }
        all
    }

    #[test]
    fn the_command_behind_is_found() {
        let here = "/home/u/work";
        assert_eq!(chain(&["env", "A=b", "rm", "-r", "x"]), [format!("{here}: rm -r x")]);
        assert_eq!(chain(&["env", "-iuX", "-", "/bin/rm", "x"]), [format!("{here}: /bin/rm x")]);
        assert_eq!(chain(&["env", "-C", "d", "rm", "x"]), [format!("{here}/d: rm x")]);
        assert_eq!(chain(&["env", "-iS", "-u X A=b rm 'a b'", "c"]), [format!("{here}: rm a b c")]);
        assert_eq!(
            chain(&["env", "env", "-S", "-S 'rm -r'", "x"]),
            [format!("{here}: env -S -S 'rm -r' x"), format!("{here}: rm -r x")]
        );
        for nothing in [&["env"][..], &["env", "A=b"], &["env", "unknown", "x"], &["rm", "x"]] {
            assert!(chain(nothing).is_empty(), "{nothing:?}");
        }
    }

    #[test]
    fn endless_chains_end() {
        let argv: Vec<&str> = std::iter::repeat_n("env", 5_000).chain(["rm"]).collect();
        assert!(chain(&argv).len() <= DEPTH);
    }

    #[test]
    fn the_world_is_the_changed_one() {
        let world = World {
            variables: [("A".to_owned(), "1".into()), ("B".to_owned(), "2".into())].into(),
            ..World::default()
        };
        let mut changed = Changed::of(&world);
        changed.assign(OsStr::new("A=x=y"));
        assert_eq!(changed.variable("A"), Some(OsStr::new("x=y")));
        assert_eq!(changed.variable("B"), Some(OsStr::new("2")));
        changed.cleared = true;
        assert_eq!(changed.variable("B"), None);
        assert_eq!(changed.variable("A"), Some(OsStr::new("x=y")));
        assert!(changed.output_of("git", &[]).is_err());
    }
}
