/*!
Which bytes of a command line are a secret because of where they stand: `mysql -pX`, `curl -u a:X`,
`docker login -p X`, `helm --set db.password=X`.

What a value looks like does not count, so that a password of four letters is found like a token of
forty. Where secrets stand is told by option tables: those of wrapped commands, and those of
`shims/secrets/` for programs that have no wrapper. A command in a command (`sudo`, `ssh host`,
`sh -c`) is looked into. Values that only stand for a secret (`$PASS`, `<password>`, `-`) are left
out.
*/

use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use datafog_core::{OperandKind, Place, SecretPlace, Span};

use crate::heads;
use crate::interpret::operand_specs;
use crate::line;
use crate::naming::{self, Named};
use crate::profile::{Piped, Profile, Secret, SecretKind};
use crate::read::{Call, Given};
use crate::text::Text;

/// How deep commands may stand in commands.
const DEEPEST: usize = 4;

/// Entity type of passwords and passphrases.
const PASSWORD: &str = "secret.generic.password";
/// Entity type of keys and tokens.
const KEY: &str = "secret.generic.api_key";

/// The secrets of a command line, program name first, in order. Empty for programs that no table
/// knows. Linear in the size of `argv`.
#[must_use]
pub fn secrets_in(argv: &[OsString]) -> Vec<SecretPlace> {
    let mut found = Finder { depth: 0, places: Vec::new() };
    found.command(argv, 0);
    found.sorted()
}

/// The secrets of a call that is read already.
pub(crate) fn secrets_of(call: &Call<'_>, argv: &[OsString]) -> Vec<SecretPlace> {
    let mut found = Finder { depth: 0, places: Vec::new() };
    found.call(call, argv, 0);
    found.sorted()
}

/// Those of a command that stands in another one, `depth` deep.
pub(crate) fn nested(argv: &[OsString], depth: usize) -> Vec<SecretPlace> {
    let mut found = Finder { depth, places: Vec::new() };
    found.command(argv, 0);
    found.sorted()
}

/// The same of a program that the first word names.
pub(crate) fn of_program(
    profile: &'static Profile,
    argv: &[OsString],
    depth: usize,
) -> Vec<SecretPlace> {
    let mut found = Finder { depth, places: Vec::new() };
    found.call(&Call::read(profile, argv), argv, 0);
    found.sorted()
}

/// What the command reads from standard input as a secret, or the command that it runs.
pub(crate) fn piped(argv: &[OsString]) -> Option<&'static Piped> {
    let mut argv = argv;
    for _ in 0..DEEPEST {
        let profile = known(argv.first()?.as_bytes())?;
        let call = Call::read(profile, argv);
        let given = |piped: &&'static Piped| {
            piped.when.is_empty() || piped.when.iter().any(|name| call.has(name))
        };
        if let Some(piped) = call.scopes.iter().rev().find_map(|scope| scope.piped).filter(given) {
            return Some(piped);
        }
        let specs = operand_specs(&call);
        let inner = call.words.iter().zip(specs).find_map(|(word, spec)| {
            let command = spec.is_some_and(|spec| spec.kind == OperandKind::Command);
            word.place.filter(|_| command)
        });
        argv = argv.get(inner?.argument..)?;
    }
    None
}

/// The program that argv's first word names, when a table knows it.
pub(crate) fn known(word: &[u8]) -> Option<&'static Profile> {
    heads::program(program_name(word))
}

/// The name of the program in a path to it, of Windows too: `C:\\bin\\mysql.exe`.
pub(crate) fn program_name(word: &[u8]) -> &[u8] {
    let name = word.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or_default();
    match name.split_last_chunk::<4>() {
        Some((bare, suffix)) if suffix.eq_ignore_ascii_case(b".exe") => bare,
        Some(_) | None => name,
    }
}

struct Finder {
    depth: usize,
    places: Vec<SecretPlace>,
}

impl Finder {
    fn sorted(mut self) -> Vec<SecretPlace> {
        if self.places.len() > 1 {
            self.places.sort_by_key(|it| (it.place.argument, it.place.span.start()));
            self.places.dedup_by(|next, kept| {
                next.place.argument == kept.place.argument
                    && next.place.span.overlaps(kept.place.span)
            });
        }
        self.places
    }

    /// The command in `argv`, which is what stands from argument `base` on.
    fn command(&mut self, argv: &[OsString], base: usize) {
        let program = argv.first().map(|first| Path::new(first).as_os_str().as_bytes());
        if let Some(profile) = program.and_then(known) {
            self.call(&Call::read(profile, argv), argv, base);
        }
    }

    fn call(&mut self, call: &Call<'_>, argv: &[OsString], base: usize) {
        for given in &call.given {
            match (given.spec.secret, &given.value) {
                (Some(Secret { with, .. }), _)
                    if !with.is_empty() && !argv.iter().any(|word| word == with) => {}
                (Some(secret), Some(value)) if secret.is == SecretKind::Command => {
                    self.line(value, base);
                }
                (Some(secret), Some(value)) => self.value(value, secret, base),
                (None, value) if given.spec.name.is_empty() => {
                    self.by_name(given, value.as_ref(), argv, base);
                }
                (Some(_) | None, _) => {}
            }
        }
        if !call.words.is_empty() {
            self.words(call, argv, base);
        }
    }

    /// The secrets among the words that are no options.
    fn words(&mut self, call: &Call<'_>, argv: &[OsString], base: usize) {
        let specs = operand_specs(call);
        let mut before: &[u8] = b"";
        for (word, spec) in call.words.iter().zip(specs) {
            let kind = spec.map_or(OperandKind::Text, |spec| spec.kind);
            match spec.and_then(|spec| spec.secret) {
                Some(secret) if secret.is == SecretKind::Command => {
                    return self.command_at(word, argv, base);
                }
                Some(Secret { behind: behind @ [_, ..], .. })
                    if !behind.iter().any(|it| is_behind(before, it)) => {}
                // `set NAME value`.
                Some(Secret { every: true, is, .. })
                    if !before.is_empty()
                        && ![before, &word.bytes].iter().any(|it| it.contains(&b'=')) =>
                {
                    self.push(word, if *is == SecretKind::Key { KEY } else { PASSWORD }, base);
                }
                Some(secret) if secret.named && !secret.header && !word.bytes.contains(&b'=') => {
                    if let Some(named) = naming::says(before) {
                        self.push(word, entity(named), base);
                    }
                }
                Some(secret) => self.value(word, secret, base),
                None if kind == OperandKind::Command => return self.command_at(word, argv, base),
                None => {}
            }
            before = &word.bytes;
        }
    }

    /// The words from `word` on are a command, or the word is a whole line.
    fn command_at(&mut self, word: &Text<'_>, argv: &[OsString], base: usize) {
        let Some(place) = word.place else { return };
        if word.bytes.iter().any(u8::is_ascii_whitespace) {
            return self.line(word, base);
        }
        // `env A=b command`.
        let rest = argv.get(place.argument..).unwrap_or_default();
        let assigned = rest.iter().take_while(|word| line::assignment(word.as_bytes()).is_some());
        let start = place.argument.saturating_add(assigned.count());
        for index in place.argument..start {
            if let Some(argument) = argv.get(index) {
                let text = Text::of_argument(argument, index, 0);
                if let Some((name, value)) = text.split_at_byte(b'=')
                    && let Some(named) = naming::says(&name.bytes)
                {
                    self.push(&value, entity(named), base);
                }
            }
        }
        if self.depth < DEEPEST {
            self.depth = self.depth.saturating_add(1);
            let inner = argv.get(start..).unwrap_or_default();
            self.command(inner, base.saturating_add(start));
            self.depth = self.depth.saturating_sub(1);
        }
    }

    /// A whole command line in one argument.
    fn line(&mut self, text: &Text<'_>, base: usize) {
        let Some(place) = text.place else { return };
        for found in line::secrets(&text.bytes, self.depth.saturating_add(1)) {
            let start = place.span.start().saturating_add(found.span.start());
            self.places.push(SecretPlace {
                place: Place {
                    argument: place.argument.saturating_add(base),
                    span: Span::at(start, found.span.len()),
                },
                entity: found.entity,
            });
        }
    }

    /// An option that is in no table: by its name. The value may be the next argument.
    fn by_name(
        &mut self,
        given: &Given<'_>,
        value: Option<&Text<'_>>,
        argv: &[OsString],
        base: usize,
    ) {
        let argument = given.place.and_then(|place| argv.get(place.argument));
        let typed = argument.map(|argument| argument.as_bytes()).unwrap_or_default();
        let name = typed.split(|byte| *byte == b'=').next().unwrap_or_default();
        let Some(named) = naming::says(name).filter(|_| name.starts_with(b"--")) else { return };
        let next = given.place.and_then(|place| place.argument.checked_add(1));
        let next = next.filter(|_| value.is_none()).and_then(|next| Some((next, argv.get(next)?)));
        let next = next.map(|(index, argument)| Text::of_argument(argument, index, 0));
        if let Some(value) = value.or(next.as_ref()) {
            self.push(value, entity(named), base);
        }
    }

    fn value(&mut self, text: &Text<'_>, secret: &Secret, base: usize) {
        let kind = if secret.is == SecretKind::Password { PASSWORD } else { KEY };
        let mark = text.bytes.iter().find(|byte| matches!(byte, b':' | b'='));
        if secret.header && (!secret.named || mark == Some(&b':')) {
            return self.header(text, secret, base);
        }
        if secret.named || secret.every {
            return self.pairs(text, secret.every.then_some(kind), base);
        }
        if text.bytes.first().is_some_and(|first| secret.never.as_bytes().contains(first)) {
            return;
        }
        if !text.starts_with(secret.prefix.as_bytes()) {
            return;
        }
        let mut rest = text.from(secret.prefix.len());
        if !secret.after.is_empty() {
            let mark = |byte: &u8| secret.after.as_bytes().contains(byte);
            let Some(at) = rest.bytes.iter().position(mark) else { return };
            rest = rest.from(at.saturating_add(1));
        }
        let end = rest.bytes.iter().rposition(|byte| secret.before.as_bytes().contains(byte));
        self.push(&rest.part(0, end.unwrap_or(usize::MAX)), kind, base);
    }

    /// `name=value`, or several. A comma or blank parts two of them only where a name follows.
    fn pairs(&mut self, text: &Text<'_>, always: Option<&'static str>, base: usize) {
        let mut rest = text.clone();
        while let Some((name, after)) = rest.split_at_byte(b'=') {
            let (value, next) = split_pairs(&after);
            let said = naming::says(&name.bytes).map(entity);
            if let Some(kind) = always.or(said) {
                self.push(&unquoted(&value), kind, base);
            }
            rest = next;
        }
    }

    /// `Name: value` of a request, when the name says that the value is secret; of `Cookie` those of
    /// its pairs that name a session. A scheme before a credential is none.
    fn header(&mut self, text: &Text<'_>, secret: &Secret, base: usize) {
        let (name, value) = match text.split_at_byte(b':') {
            _ if !secret.prefix.is_empty() => (None, text.clone()),
            Some((name, value)) => (Some(name), value),
            None => return,
        };
        let name = name.as_ref().map_or(secret.prefix.as_bytes(), |name| name.bytes.trim_ascii());
        let blanks = value.bytes.iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let value = value.from(blanks);
        if name.eq_ignore_ascii_case(b"cookie") {
            return self.cookies(&value, base);
        }
        let Some(named) = naming::says(name).filter(|_| !naming::is_of_request(name)) else {
            return;
        };
        match value.bytes.iter().rposition(u8::is_ascii_whitespace) {
            None => self.push(&value, entity(named), base),
            Some(blank) if value.bytes.iter().position(u8::is_ascii_whitespace) == Some(blank) => {
                self.push(&value.from(blank.saturating_add(1)), entity(named), base);
            }
            Some(_) => {}
        }
    }

    fn cookies(&mut self, pairs: &Text<'_>, base: usize) {
        let mut rest = pairs.clone();
        while let Some((name, after)) = rest.split_at_byte(b'=') {
            let pair = after.split_at_byte(b';');
            let (value, next) = pair.unwrap_or_else(|| (after.clone(), after.from(usize::MAX)));
            if naming::is_session(name.bytes.trim_ascii()) || naming::says(&name.bytes).is_some() {
                self.push(&value, KEY, base);
            }
            rest = next;
        }
    }

    fn push(&mut self, text: &Text<'_>, entity: &'static str, base: usize) {
        let Some(place) = text.place else { return };
        if naming::is_placeholder(&text.bytes) {
            return;
        }
        let argument = place.argument.saturating_add(base);
        self.places.push(SecretPlace { place: Place { argument, ..place }, entity });
    }
}

pub(crate) const fn entity(named: Named) -> &'static str {
    match named {
        Named::Key => KEY,
        Named::Password => PASSWORD,
    }
}

/// Whether a word is the one that `known` names, or begins so.
fn is_behind(word: &[u8], known: &str) -> bool {
    match known.strip_suffix('*') {
        Some(head) => word.starts_with(head.as_bytes()),
        None => word.eq_ignore_ascii_case(known.as_bytes()),
    }
}

/// A value and what follows it, at the last mark before the next `name=`.
fn split_pairs<'t>(text: &Text<'t>) -> (Text<'t>, Text<'t>) {
    let next = text.bytes.iter().position(|byte| *byte == b'=').unwrap_or(0);
    let mark = |byte: &u8| matches!(byte, b',' | b' ' | b';' | b'\n');
    let cut = text.bytes.get(..next).and_then(|head| head.iter().rposition(mark));
    // A name has no odd bytes; else the `=` belongs to the value.
    let name = |from: usize| text.bytes.get(from..next).unwrap_or_default();
    let plain = |byte: &u8| {
        byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.' | b'[' | b']')
    };
    match cut.filter(|cut| name(cut.saturating_add(1)).iter().all(plain)) {
        Some(cut) => (text.part(0, cut), text.from(cut.saturating_add(1))),
        None => (text.clone(), text.from(usize::MAX)),
    }
}

/// Without the quotes that some programs read themselves.
fn unquoted<'t>(text: &Text<'t>) -> Text<'t> {
    match text.bytes.as_ref() {
        [first @ (b'"' | b'\''), .., last] if first == last => {
            text.part(1, text.bytes.len().saturating_sub(1))
        }
        _ => text.clone(),
    }
}
