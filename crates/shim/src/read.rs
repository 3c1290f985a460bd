//! Reads argv by a profile: which words are options, values, subcommands and operands.
//!
//! It knows how programs write command lines (clusters, `--x=y`, `--`, cut-short names, options
//! that end at the first operand) and nothing of what the options mean. One pass, linear in the
//! number of arguments; no argument is copied.

use std::borrow::Cow;
use std::ffi::OsString;

use datafog_core::{Flows, Place, Span};

use crate::profile::{Effect, Grammar, OptionSpec, Profile, Scope, Takes};
use crate::text::Text;

use options::{find_exact, find_long, find_loosely, in_force};

mod options;

/// A command line taken apart.
#[derive(Debug)]
pub(crate) struct Call<'a> {
    pub(crate) profile: &'static Profile,
    /// The program's scope, then those of its subcommands.
    pub(crate) scopes: Vec<&'static Scope>,
    pub(crate) subcommand: Vec<String>,
    pub(crate) given: Vec<Given<'a>>,
    pub(crate) words: Vec<Text<'a>>,
    /// How many of the words stand before `--`, when there is one.
    pub(crate) dashes: Option<usize>,
    pub(crate) unclear: Vec<String>,
    /// Of what is unclear, that which may hold content, or say where it goes: options that are not
    /// in the table or stand for several, files of options that were not read. Each tells a person
    /// what it is and how to write it so that it is understood.
    pub(crate) untold: Vec<String>,
    /// The options of argv that may belong there, by what stands behind them.
    pub(crate) doubts: Vec<Doubt<'a>>,
    /// Which word of argv stands where a subcommand does, and is none of the table.
    pub(crate) stray: Option<usize>,
}

/// One option as given.
#[derive(Clone, Debug)]
pub(crate) struct Given<'a> {
    pub(crate) spec: &'static OptionSpec,
    /// Canonical name; as typed when the table does not know it.
    pub(crate) name: Cow<'static, str>,
    /// It was taken back (`--no-x`, `--x=false`).
    pub(crate) negated: bool,
    /// Its value is made of variables (`--expand-x`).
    pub(crate) expanded: bool,
    pub(crate) value: Option<Text<'a>>,
    /// Where it stands; its value's place when it has one.
    pub(crate) place: Option<Place>,
}

/// An option that is not understood, and what might be its value.
#[derive(Debug)]
pub(crate) struct Doubt<'a> {
    /// What it is and how to write it, for a person.
    pub(crate) why: String,
    /// Its whole word, what is attached to it, and the word behind it.
    pub(crate) values: [Option<Text<'a>>; 3],
}

/// What is known of an option that is not in the table: nothing.
static UNKNOWN: OptionSpec = OptionSpec {
    name: "",
    role: "",
    takes: Takes::Optional,
    content: None,
    flow: None,
    effect: None,
    adds: Flows::NONE,
    drops: Flows::NONE,
    stdin: None,
    secret: None,
    starts: None,
    prefix: &[],
};

impl<'a> Call<'a> {
    /// Takes `argv` apart; `argv[0]` is the program's name and is not looked at.
    pub(crate) fn read(profile: &'static Profile, argv: &'a [OsString]) -> Self {
        let call = Self::new(profile, vec![&profile.command], None);
        let mut reader = Reader::new(call, argv, 1);
        while let Some((index, argument)) = reader.advance() {
            reader.take(index, argument);
        }
        reader.call
    }

    /// Takes in an option that stands in a file: its name, with its dashes, and its value. Read as
    /// argv would be, groups of letters and all; what follows the value is not looked at.
    pub(crate) fn read_option(&mut self, words: &[OsString]) -> Vec<Given<'a>> {
        let mut reader = Reader::new(self.bare(), words, 0);
        if let Some((index, name)) = reader.advance() {
            if name.as_encoded_bytes().starts_with(b"--") {
                reader.long(index, name, 2);
            } else {
                reader.short(index, name);
            }
        }
        let read = reader.call;
        self.unclear.extend(read.unclear);
        // What stands in a file is not looked at with argv, so any of it may be content.
        self.untold.extend(read.untold);
        self.untold.extend(read.doubts.into_iter().map(|doubt| doubt.why));
        read.given.into_iter().map(Given::placeless).collect()
    }

    /// The scopes in force, and nothing given.
    fn bare<'b>(&self) -> Call<'b> {
        Call::new(self.profile, self.scopes.clone(), self.stray)
    }

    const fn new(
        profile: &'static Profile,
        scopes: Vec<&'static Scope>,
        stray: Option<usize>,
    ) -> Self {
        Self {
            profile,
            scopes,
            subcommand: Vec::new(),
            given: Vec::new(),
            words: Vec::new(),
            dashes: None,
            unclear: Vec::new(),
            untold: Vec::new(),
            doubts: Vec::new(),
            stray,
        }
    }

    /// The innermost scope.
    pub(crate) fn scope(&self) -> &'static Scope {
        self.scopes.last().copied().unwrap_or(&self.profile.command)
    }

    /// Whether every word of it was understood.
    pub(crate) fn is_clear(&self) -> bool {
        let told = self.unclear.is_empty() && self.untold.is_empty() && self.doubts.is_empty();
        told && self.stray.is_none() && self.given.iter().all(|given| !given.spec.name.is_empty())
    }

    /// Whether an option of that canonical name stands, not taken back by a later one: `--no-x`
    /// by `--x`, where a program has both.
    pub(crate) fn has(&self, name: &str) -> bool {
        let opposite = name.strip_prefix("--no-");
        let concerns = |given: &&Given<'_>| {
            let known = given.spec.name;
            known == name || opposite.is_some_and(|bare| known.strip_prefix("--") == Some(bare))
        };
        let last = self.given.iter().rev().find(concerns);
        last.is_some_and(|it| it.spec.name == name && !it.negated)
    }
}

impl Given<'_> {
    /// The same, with a text of its own that stands nowhere in argv.
    fn placeless<'b>(self) -> Given<'b> {
        let value = self.value.map(|value| Text::of_file(value.bytes.into_owned()));
        Given {
            value,
            place: None,
            spec: self.spec,
            name: self.name,
            negated: self.negated,
            expanded: self.expanded,
        }
    }
}

/// An option found in the table.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Found {
    pub(crate) spec: &'static OptionSpec,
    pub(crate) negated: bool,
    pub(crate) expanded: bool,
}

impl Found {
    const fn plain(spec: &'static OptionSpec) -> Self {
        Self { spec, negated: false, expanded: false }
    }
}

struct Reader<'a> {
    call: Call<'a>,
    argv: &'a [OsString],
    next: usize,
    /// Operands seen in the innermost scope.
    words_here: u8,
    /// No more options: after `--`, or after enough operands.
    ended: bool,
}

impl<'a> Reader<'a> {
    const fn new(call: Call<'a>, argv: &'a [OsString], next: usize) -> Self {
        Self { call, argv, next, words_here: 0, ended: false }
    }

    fn advance(&mut self) -> Option<(usize, &'a OsString)> {
        let index = self.next;
        let argument = self.argv.get(index)?;
        self.next = index.saturating_add(1);
        Some((index, argument))
    }

    fn take(&mut self, index: usize, argument: &'a OsString) {
        let bytes = argument.as_encoded_bytes();
        if self.ended {
            self.word(index, argument);
        } else if bytes == b"--" {
            self.ended = true;
            self.call.dashes = Some(self.call.words.len());
        } else if bytes.starts_with(b"--") {
            self.long(index, argument, 2);
        } else if bytes.len() > 1 && bytes.starts_with(b"-") {
            self.short(index, argument);
        } else if index == 1 && self.is_bundle(bytes) {
            self.bundle(index, argument);
        } else if self.plus(bytes) {
            let spec = self.call.scope().option(b"+").unwrap_or(&UNKNOWN);
            self.give(Found::plain(spec), Some(Text::of_argument(argument, index, 1)), index);
        } else {
            self.word(index, argument);
        }
    }

    /// Whether the first word is a cluster without a dash (`tar xzf`): letters that are all known.
    fn is_bundle(&self, bytes: &[u8]) -> bool {
        let scope = self.call.scope();
        let known = |letter: &u8| scope.option(&[b'-', *letter]).is_some();
        scope.grammar.has(Grammar::BUNDLE) && bytes.iter().all(known)
    }

    /// Each letter is an option, and those with a value take the next words in order.
    fn bundle(&mut self, index: usize, argument: &'a OsString) {
        for (at, letter) in argument.as_encoded_bytes().iter().enumerate() {
            let Some(spec) = self.letter(*letter, at) else { continue };
            if spec.takes == Takes::Required {
                self.give_next(Found::plain(spec), index);
            } else {
                self.give_letter(spec, index, at.saturating_add(1));
            }
        }
    }

    /// Whether a word is an option by its leading `+` (`cargo +nightly`).
    fn plus(&self, bytes: &[u8]) -> bool {
        bytes.starts_with(b"+")
            && self.words_here == 0
            && self.call.scope().grammar.has(Grammar::PLUS)
    }

    fn word(&mut self, index: usize, argument: &'a OsString) {
        let scope = self.call.scope();
        let bytes = argument.as_encoded_bytes();
        if self.words_here == 0 && !scope.scopes.is_empty() && self.call.stray.is_none() {
            if let Some((name, inner)) = scope.subcommand(bytes) {
                return self.enter(inner, name, bytes);
            }
            if scope.operands.is_empty() {
                return self.stray(index, bytes);
            }
        }
        self.call.words.push(Text::of_argument(argument, index, 0));
        self.words_here = self.words_here.saturating_add(1);
        self.ended |= self.words_here >= scope.options_until && scope.options_until < u8::MAX;
    }

    fn enter(&mut self, scope: &'static Scope, name: &str, word: &[u8]) {
        let name = match name {
            "*" => printable(word),
            name => name.to_owned(),
        };
        self.call.subcommand.push(name);
        self.call.scopes.push(scope);
        self.words_here = 0;
    }

    /// A subcommand that the table does not know: an alias, a plugin.
    fn stray(&mut self, index: usize, word: &[u8]) {
        let word = printable(word);
        self.call.unclear.push(format!("subcommand `{word}` is not in the table"));
        self.call.subcommand.push(word);
        self.call.stray = Some(index);
    }

    fn long(&mut self, index: usize, argument: &'a OsString, dashes: usize) {
        let bytes = argument.as_encoded_bytes();
        let equals = self.call.scope().grammar.has(Grammar::EQUALS);
        let cut = bytes.iter().position(|byte| equals && *byte == b'=').unwrap_or(bytes.len());
        let name = bytes.get(..cut).unwrap_or_default();
        let attached =
            (cut < bytes.len()).then(|| Text::of_argument(argument, index, cut.saturating_add(1)));
        let Some(found) =
            find_long(&self.call.scopes, name).or_else(|| self.guess(name, attached.as_ref()))
        else {
            return self.unknown(name, dashes, attached, index);
        };
        match (found.spec.takes, attached) {
            (_, None) if found.negated => self.give(found, None, index),
            (Takes::None, Some(value)) => self.give_flag_value(found, value, index),
            (_, Some(value)) => self.give(found, Some(value), index),
            (_, None) => self.give_from(found, index),
        }
        self.ended |= found.spec.takes == Takes::Ends;
    }

    /// Gives an option whose value, if it takes one, stands in the next arguments.
    fn give_from(&mut self, found: Found, index: usize) {
        match found.spec.takes {
            Takes::Required | Takes::Ends => self.give_next(found, index),
            Takes::Word => self.give_word(found, index),
            Takes::Many => self.give_many(found, index),
            Takes::Command => self.give_command(found, index),
            Takes::None | Takes::Optional => self.give(found, None, index),
        }
    }

    /// An option cut too short to be certain, when it may be one that carries content. Other
    /// versions of the program have other options, so the installed one may well take it for that.
    fn guess(&mut self, name: &[u8], attached: Option<&Text<'a>>) -> Option<Found> {
        let abbreviates = self.call.scope().grammar.has(Grammar::ABBREVIATE);
        let lower =
            self.call.scope().grammar.has(Grammar::IGNORE_CASE).then(|| name.to_ascii_lowercase());
        let prefix = lower.as_deref().unwrap_or(name);
        let cut = || in_force(&self.call.scopes).flat_map(|scope| scope.options_from(prefix));
        let carries =
            |spec: &&OptionSpec| spec.content.is_some() || spec.effect == Some(Effect::Config);
        let specs = || cut().map(|(_, spec)| spec).filter(|_| abbreviates && prefix.len() > 2);
        let spec = specs().find(carries)?;
        let word = printable(name.get(2..).unwrap_or_default());
        self.call.unclear.push(format!("option `--{word}` stands for more than one"));
        let why = format!("`--{word}` is short for more than one option; write it out");
        self.doubt(why, attached);
        Some(Found::plain(spec))
    }

    /// `--flag=value`: Go programs read a truth value, others refuse.
    fn give_flag_value(&mut self, found: Found, value: Text<'a>, index: usize) {
        let off = matches!(value.utf8(), Some("false" | "0" | "f" | "F" | "FALSE" | "False"));
        if !self.call.scope().grammar.has(Grammar::BOOLEAN_VALUES) {
            self.call.unclear.push(format!("option `{}` takes no value", found.spec.name));
        }
        self.give(Found { negated: found.negated != off, ..found }, Some(value), index);
    }

    fn short(&mut self, index: usize, argument: &'a OsString) {
        let bytes = argument.as_encoded_bytes();
        let grammar = self.call.scope().grammar;
        if grammar.has(Grammar::SINGLE_DASH) && bytes.len() > 2 {
            let cut = bytes.iter().position(|byte| *byte == b'=').unwrap_or(bytes.len());
            let name = bytes.get(..cut).unwrap_or_default();
            let known = match grammar.has(Grammar::IGNORE_CASE) {
                true => find_loosely(&self.call.scopes, name, grammar),
                false => find_exact(&self.call.scopes, name),
            };
            let is_letter = bytes.get(1).and_then(|letter| self.letter(*letter, 1)).is_some();
            if known.is_some() || !is_letter {
                return self.long(index, argument, 1);
            }
        }
        let mut at = 1;
        while let Some(letter) = bytes.get(at) {
            let Some(spec) = self.letter(*letter, at) else {
                let value = Text::of_argument(argument, index, at.saturating_add(1));
                let value = (!value.bytes.is_empty()).then_some(value);
                return self.unknown(&[b'-', *letter], 1, value, index);
            };
            let number = letter.is_ascii_digit() && spec.takes != Takes::None;
            at = if number { at } else { at.saturating_add(1) };
            if spec.takes != Takes::None {
                return self.short_value(spec, argument, index, at);
            }
            self.give_letter(spec, index, at);
            if !grammar.has(Grammar::CLUSTER) && at < bytes.len() {
                return self.unknown(bytes, 1, None, index);
            }
        }
    }

    /// The option of one letter of a cluster; `-NUM` stands for a number at its start.
    fn letter(&self, letter: u8, at: usize) -> Option<&'static OptionSpec> {
        let exact = find_exact(&self.call.scopes, &[b'-', letter]);
        let number = at == 1 && letter.is_ascii_digit();
        exact.or_else(|| number.then(|| find_exact(&self.call.scopes, b"-NUM")).flatten())
    }

    fn give_letter(&mut self, spec: &'static OptionSpec, index: usize, end: usize) {
        let span = Span::at(end.saturating_sub(1), 1);
        self.call.given.push(Given {
            spec,
            name: Cow::Borrowed(spec.name),
            negated: false,
            expanded: false,
            value: None,
            place: Some(Place { argument: index, span }),
        });
    }

    fn short_value(
        &mut self,
        spec: &'static OptionSpec,
        argument: &'a OsString,
        index: usize,
        at: usize,
    ) {
        let found = Found::plain(spec);
        let mut value = Text::of_argument(argument, index, at);
        if self.call.scope().grammar.has(Grammar::BOOLEAN_VALUES) && value.starts_with(b"=") {
            value = value.from(1);
        }
        if value.bytes.is_empty() {
            self.give_from(found, index);
        } else {
            self.give(found, Some(value), index);
        }
        self.ended |= spec.takes == Takes::Ends;
    }

    fn give(&mut self, found: Found, value: Option<Text<'a>>, index: usize) {
        let whole = || {
            let length = self.argv.get(index).map_or(0, |argument| argument.len());
            Some(Place { argument: index, span: Span::at(0, length) })
        };
        let place = value.as_ref().map_or_else(whole, |value| value.place);
        let name = match found.spec.name {
            name if found.negated => Cow::Owned(negated_name(name)),
            name => Cow::Borrowed(name),
        };
        self.call.given.push(Given {
            spec: found.spec,
            name,
            negated: found.negated,
            expanded: found.expanded,
            value,
            place,
        });
    }

    /// The next argument is the value, whatever it looks like.
    fn give_next(&mut self, found: Found, index: usize) {
        match self.advance() {
            Some((at, value)) => self.give(found, Some(Text::of_argument(value, at, 0)), at),
            None => {
                self.call.unclear.push(format!("option `{}` lacks its value", found.spec.name));
                self.give(found, None, index);
            }
        }
    }

    /// The next argument is the value, unless it looks like an option.
    fn give_word(&mut self, found: Found, index: usize) {
        let next = self.argv.get(self.next).map(|next| next.as_encoded_bytes());
        match next {
            Some(next) if !next.starts_with(b"-") => self.give_next(found, index),
            Some(_) | None => self.give(found, None, index),
        }
    }

    /// All words up to the next option are values.
    fn give_many(&mut self, found: Found, index: usize) {
        let before = self.next;
        while let Some(value) = self.argv.get(self.next) {
            if value.as_encoded_bytes().starts_with(b"-") && value.len() > 1 {
                break;
            }
            let at = self.next;
            self.next = at.saturating_add(1);
            self.give(found, Some(Text::of_argument(value, at, 0)), at);
        }
        if self.next == before {
            self.give(found, None, index);
        }
    }

    /// All words up to `;` or `+` are a command; the value is where it begins.
    fn give_command(&mut self, found: Found, index: usize) {
        self.give_next(found, index);
        let ends = |word: &&OsString| matches!(word.as_encoded_bytes(), b";" | b"+");
        let rest = self.argv.get(self.next..).unwrap_or_default();
        let length = rest.iter().take_while(|word| !ends(word)).count();
        self.next = self.next.saturating_add(length).saturating_add(1);
    }

    /// An option that stands for itself among many alike (`--*` in the table).
    fn give_any(
        &mut self,
        spec: &'static OptionSpec,
        name: &str,
        value: Option<Text<'a>>,
        index: usize,
    ) {
        let found = Found::plain(spec);
        let from = self.call.given.len();
        match value {
            Some(value) => self.give(found, Some(value), index),
            None => self.give_from(found, index),
        }
        for given in self.call.given.iter_mut().skip(from) {
            given.name = Cow::Owned(name.to_owned());
        }
    }

    fn doubt(&mut self, why: String, attached: Option<&Text<'a>>) {
        let word = |at: usize| self.argv.get(at).map(|word| Text::of_argument(word, at, 0));
        let whole = self.next.checked_sub(1).and_then(word);
        let values = [whole, attached.cloned(), word(self.next)];
        self.call.doubts.push(Doubt { why, values });
    }

    fn unknown(&mut self, name: &[u8], dashes: usize, value: Option<Text<'a>>, index: usize) {
        let word_is_scope = name.starts_with(b"--@") && name.ends_with(b":registry");
        let word = printable(name.get(dashes..).unwrap_or_default());
        let name = format!("{}{word}", if dashes == 1 { "-" } else { "--" });
        // Of a scope of packages (`npm --@me:registry`), or any.
        let any = || find_exact(&self.call.scopes, b"--*");
        let scope = || word_is_scope.then(|| find_exact(&self.call.scopes, b"--@*")).flatten();
        if let Some(spec) = scope().or_else(any).filter(|_| dashes == 2) {
            return self.give_any(spec, &name, value, index);
        }
        if !self.call.scope().open && self.call.stray.is_none() {
            self.call.unclear.push(format!("option `{name}` is not in the table"));
            let why = format!(
                "option `{name}` is not known to datafog; write it in another way, or leave it out"
            );
            self.doubt(why, value.as_ref());
        }
        self.give(Found::plain(&UNKNOWN), value, index);
        if let Some(given) = self.call.given.last_mut() {
            given.name = Cow::Owned(name);
        }
    }
}

/// `--x` becomes `--no-x`, `--no-x` becomes `--x`.
pub(crate) fn negated_name(name: &str) -> String {
    let bare = name.trim_start_matches('-');
    bare.strip_prefix("no-").map_or_else(|| format!("--no-{bare}"), |bare| format!("--{bare}"))
}

/// A name for messages and rules: at most 40 letters, digits, dots and dashes. Nothing longer or
/// odder is kept, because a secret may stand where a name should.
pub(crate) fn printable(name: &[u8]) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b':');
    if name.is_empty() || name.len() > 40 || !name.iter().all(plain) {
        return "?".to_owned();
    }
    String::from_utf8_lossy(name).into_owned()
}
