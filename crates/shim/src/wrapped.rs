//! The command behind a wrapper: `env -i A=b git push` is also a `git push`, in another environment.
//!
//! The inner command is read by its own profile. What it moves counts as moved by the wrapper, with
//! places in the wrapper's own argv; as a command of its own it is judged beside the wrapper. What
//! has no profile is left to run.

use std::ffi::{OsStr, OsString};
use std::io;
use std::path::{Path, PathBuf};

use datafog_core::{Carrier, HostName, Invocation, Place, Reach, Span, Surroundings};

use crate::interpret::interpret_within;
use crate::profile::{Profile, profile};
use crate::split::split;
use crate::text::Text;
use crate::{interpret, read};

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
    if depth == 0 {
        return to.unclear.push("commands start each other too deeply".to_owned());
    }
    let words = argv.iter().enumerate().map(|(index, text)| Word::of_argument(text, index));
    let Some(started) = Started::of(outer, words.collect(), surroundings) else { return };
    let inner = started.interpret(depth);
    if inner.known {
        to.flows = to.flows.union(inner.flows);
        to.destinations.extend(inner.destinations);
        to.contents.extend(inner.contents);
        to.unclear.extend(inner.unclear);
        to.stdin = inner.stdin;
    }
}

fn within(
    outer: &'static Profile,
    words: Vec<Word>,
    surroundings: &dyn Surroundings,
    depth: usize,
) -> Option<Wrapped> {
    let depth = depth.checked_sub(1)?;
    let started = Started::of(outer, words, surroundings)?;
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
}

impl Word {
    fn of_argument(text: &OsString, index: usize) -> Self {
        let place = Place { argument: index, span: Span::at(0, text.len()) };
        Self { text: text.clone(), place, exact: true }
    }

    /// The place of a part of this word.
    fn part(&self, span: Span) -> Place {
        if !self.exact {
            return self.place;
        }
        let span = Span::at(self.place.span.start().saturating_add(span.start()), span.len());
        Place { argument: self.place.argument, span }
    }
}

/// A command about to be started by a wrapper, in the world that it will see.
struct Started<'s> {
    words: Vec<Word>,
    world: Changed<'s>,
}

impl<'s> Started<'s> {
    /// Reads the wrapper's own part of the line; `None` when no command is left.
    fn of(
        outer: &'static Profile,
        line: Vec<Word>,
        surroundings: &'s dyn Surroundings,
    ) -> Option<Self> {
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
                        rest = Some((split(&text.bytes, surroundings)?, place));
                        break;
                    }
                    _ => {}
                }
            }
            match rest {
                Some((words, place)) => line = spliced(line, words, place)?,
                None => {
                    let places = call.words.iter().filter_map(|word| word.place);
                    let from = places.map(|place| place.argument).next()?;
                    return Self::command(line, from, world);
                }
            }
        }
        None
    }

    /// Takes assignments off: what is left is the command.
    fn command(line: Vec<Word>, from: usize, mut world: Changed<'s>) -> Option<Self> {
        let mut words = line.into_iter().skip(from).peekable();
        if words.next_if(|word| word.text == "-").is_some() {
            world.cleared = true;
        }
        while let Some(word) = words.next_if(|word| has_equals(&word.text)) {
            world.assign(&word.text);
        }
        let words: Vec<Word> = words.collect();
        (!words.is_empty()).then_some(Self { words, world })
    }

    fn argv(&self) -> Vec<OsString> {
        self.words.iter().map(|word| word.text.clone()).collect()
    }

    /// What the command means, with places in the outermost line.
    fn interpret(&self, depth: usize) -> Invocation {
        let mut inner = interpret_within(&self.argv(), &self.world, depth.saturating_sub(1));
        let outer = |place: Place| Some(self.words.get(place.argument)?.part(place.span));
        for option in &mut inner.options {
            option.place = option.place.and_then(outer);
        }
        for operand in &mut inner.operands {
            operand.place = operand.place.and_then(outer);
        }
        for content in &mut inner.contents {
            if let Carrier::Argument(place) = &mut content.carrier
                && let Some(there) = outer(*place)
            {
                *place = there;
            }
        }
        // Who is asked where the call goes is asked in our environment, and not in the changed one.
        for destination in inner.destinations.iter_mut().filter(|_| self.world.misleads) {
            if matches!(destination.host, HostName::Deferred(_)) {
                (destination.host, destination.reach) = (HostName::Unknown, Reach::Unknown);
            }
        }
        inner
    }
}

/// The line with `words` in the place of the option and its value.
fn spliced(line: Vec<Word>, words: Vec<Vec<u8>>, place: Place) -> Option<Vec<Word>> {
    use std::os::unix::ffi::OsStringExt as _;
    let source = line.get(place.argument)?.part(place.span);
    let made = |text| Word { text: OsString::from_vec(text), place: source, exact: false };
    let (name, rest) = (line.first().cloned(), place.argument.saturating_add(1));
    let rest = line.into_iter().skip(rest);
    Some(name.into_iter().chain(words.into_iter().map(made)).chain(rest).collect())
}

fn has_equals(word: &OsStr) -> bool {
    word.as_encoded_bytes().contains(&b'=')
}

/// The world as a wrapper changes it.
struct Changed<'s> {
    base: &'s dyn Surroundings,
    cleared: bool,
    /// Names and values in order; `None` takes a variable away.
    variables: Vec<(Vec<u8>, Option<OsString>)>,
    cwd: PathBuf,
    /// A question answered in our own environment may be answered otherwise in this one.
    misleads: bool,
}

impl<'s> Changed<'s> {
    fn of(base: &'s dyn Surroundings) -> Self {
        let cwd = base.cwd().to_owned();
        Self { base, cleared: false, variables: Vec::new(), cwd, misleads: false }
    }

    fn unset(&mut self, name: &Text<'_>) {
        self.change(&name.bytes, None);
    }

    fn chdir(&mut self, folder: &Text<'_>) {
        self.cwd = self.base.cwd().join(folder.to_path());
        self.misleads = true;
    }

    fn assign(&mut self, word: &OsStr) {
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

    fn output_of(&self, program: &str, arguments: &[OsString]) -> io::Result<Vec<u8>> {
        if self.misleads || self.cleared {
            return Err(io::ErrorKind::Unsupported.into());
        }
        self.base.output_of(program, arguments)
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
