//! What is known about a wrapped command: static tables made from `shims/*.toml` by the build
//! script, and how to look things up in them.
//!
//! Nothing here is built at start: a table costs nothing until it is touched, every look-up is a
//! binary search in a sorted slice, and none allocates. What the words mean is told in
//! `build/format.rs`, where the files are read.

use datafog_core::{Deliver, Flow, Flows, OperandKind, StdinUse};

use crate::form::Form;
use crate::steps::Step;
use crate::telling::Telling;
use crate::text::Text;
use crate::transport::Contact;

include!(concat!(env!("OUT_DIR"), "/profiles.rs"));

/// Everything known about one wrapped command.
#[derive(Debug)]
#[non_exhaustive]
pub struct Profile {
    /// Name of the program, as typed.
    pub name: &'static str,
    /// Other names of the same program (`pip3` of `pip`).
    pub aliases: &'static [&'static str],
    /// Whether an installation wraps it when no commands are named.
    pub usual: bool,
    /// Family that policies know (`vcs`, `http`); empty when there is none.
    pub family: &'static str,
    /// Whether the command can be handed the judged bytes, or opens paths by itself.
    pub deliver: Deliver,
    pub(crate) contact: Contact,
    /// Effects in force without any option.
    pub(crate) assumes: &'static [Effect],
    /// Variables that name what it works on.
    pub(crate) reached_by: &'static [&'static str],
    pub(crate) endpoints: &'static [Endpoint],
    pub(crate) redirects: &'static [Redirect],
    pub(crate) startup: Option<Startup>,
    /// It runs another command, with its arguments behind its own.
    pub(crate) wraps: bool,
    /// Some word or value of it may start something: see [`crate::behind()`].
    pub(crate) starts: bool,
    pub(crate) telling: Telling,
    pub(crate) command: Scope,
}

/// The profile of the command called `name` (one path component, as in the last part of
/// `argv[0]`), by its own name or an alias.
#[must_use]
pub fn profile(name: &str) -> Option<&'static Profile> {
    let first = usize::from(*name.as_bytes().first()?);
    let from = usize::from(*LETTERS.get(first)?);
    let to = usize::from(*LETTERS.get(first.saturating_add(1))?);
    let alike = NAMES.get(from..to)?;
    let at = alike.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    alike.get(at).map(|(_, profile)| *profile)
}

/// What is known of the command line of a program that has no wrapper, so that the secrets in it
/// are found: a profile of `shims/secrets/`, which says nothing of where data goes.
pub(crate) fn unwrapped(name: &str) -> Option<&'static Profile> {
    let at = UNWRAPPED.binary_search_by(|(known, _)| (*known).cmp(name)).ok()?;
    UNWRAPPED.get(at).map(|(_, profile)| *profile)
}

/// Every profile, in order of name.
pub fn profiles() -> impl Iterator<Item = &'static Profile> {
    NAMES.iter().filter(|(name, profile)| *name == profile.name).map(|(_, profile)| *profile)
}

/// Every family that has a wrapped command, in order of name, each once.
#[must_use]
pub fn families() -> Vec<&'static str> {
    let mut families: Vec<_> =
        profiles().map(|profile| profile.family).filter(|family| !family.is_empty()).collect();
    families.sort_unstable();
    families.dedup();
    families
}

/// The program, or one of its subcommands.
#[derive(Debug)]
pub(crate) struct Scope {
    /// Canonical name; `*` for the word as it is typed, empty for the program.
    pub(crate) name: &'static str,
    pub(crate) grammar: Grammar,
    /// After how many operands options end.
    pub(crate) options_until: u8,
    /// Whether the option table is known not to be complete.
    pub(crate) open: bool,
    pub(crate) flows: Flows,
    pub(crate) stdin: StdinUse,
    /// What of standard input is a secret.
    pub(crate) piped: Option<&'static Piped>,
    /// Standard input is the program that it runs, when its line tells none.
    pub(crate) reads: Option<Language>,
    /// The words of standard input follow those of the command that it starts.
    pub(crate) feeds: bool,
    /// Some operand starts something, or standard input may.
    pub(crate) starts: bool,
    pub(crate) options: &'static [OptionSpec],
    /// Every spelling, sorted, with the index of its option.
    pub(crate) spellings: &'static [(&'static str, u16)],
    pub(crate) operands: &'static [OperandSpec],
    pub(crate) scopes: &'static [Self],
    /// Every name of a subcommand, sorted, with the index of its scope.
    pub(crate) words: &'static [(&'static str, u16)],
}

impl Scope {
    /// The option spelled exactly so.
    pub(crate) fn option(&self, spelling: &[u8]) -> Option<&'static OptionSpec> {
        let at =
            self.spellings.binary_search_by(|(known, _)| known.as_bytes().cmp(spelling)).ok()?;
        let (_, index) = self.spellings.get(at)?;
        self.options.get(usize::from(*index))
    }

    /// The options of which some spelling begins so, each as often as it has such spellings.
    pub(crate) fn options_from(
        &self,
        prefix: &[u8],
    ) -> impl Iterator<Item = (&'static str, &'static OptionSpec)> {
        let from = self.spellings.partition_point(|(known, _)| known.as_bytes() < prefix);
        let prefix = prefix.to_vec();
        let options = self.options;
        self.spellings
            .get(from..)
            .unwrap_or_default()
            .iter()
            .take_while(move |(known, _)| known.as_bytes().starts_with(&prefix))
            .filter_map(move |(known, index)| Some((*known, options.get(usize::from(*index))?)))
    }

    /// Whether content is known to leave by some option or operand.
    pub(crate) fn sends(&self) -> bool {
        let leaves = |content: Option<Form>, flow| content.is_some() && flow == Some(Flow::Leaves);
        self.options.iter().any(|option| leaves(option.content, option.flow))
            || self.operands.iter().any(|operand| leaves(operand.content, Some(operand.flow)))
    }

    /// The subcommand called `word`, with the name that the table has for it: `*` when any word will
    /// do, or any that begins or ends with the same verb (`delete-*`, `*-delete`).
    pub(crate) fn subcommand(&self, word: &[u8]) -> Option<(&'static str, &'static Self)> {
        let find = self.words.binary_search_by(|(known, _)| known.as_bytes().cmp(word));
        let Ok(at) = find else { return Some(("*", self.any_subcommand(word)?)) };
        let (known, index) = self.words.get(at)?;
        let scope = self.scopes.get(usize::from(*index))?;
        Some((if scope.name == "*" { known } else { scope.name }, scope))
    }

    /// The subcommand of a word that no table lists, by its verb in front (`delete-*`) or at the end
    /// (`*-delete`), or none (`*`).
    #[cold]
    fn any_subcommand(&self, word: &[u8]) -> Option<&'static Self> {
        let splits = |byte: &u8| b"-_".contains(byte);
        let find = |head: &[u8], tail: &[u8]| {
            let name = || head.iter().chain(b"*").chain(tail);
            self.words.binary_search_by(|(known, _)| known.as_bytes().iter().cmp(name())).ok()
        };
        let head = word.iter().position(splits).and_then(|at| word.get(..=at));
        let tail = word.iter().rposition(splits).and_then(|at| word.get(at..));
        let by_head = head.and_then(|head| find(head, b""));
        let by_tail = || tail.and_then(|tail| find(b"", tail));
        let (_, index) = self.words.get(by_head.or_else(by_tail).or_else(|| find(b"", b""))?)?;
        self.scopes.get(usize::from(*index))
    }
}

/// One option.
#[derive(Debug)]
pub(crate) struct OptionSpec {
    /// Canonical name, with its dashes.
    pub(crate) name: &'static str,
    /// What the command uses the content as; empty when there is none.
    pub(crate) role: &'static str,
    pub(crate) takes: Takes,
    pub(crate) content: Option<Form>,
    pub(crate) flow: Option<Flow>,
    pub(crate) effect: Option<Effect>,
    pub(crate) adds: Flows,
    pub(crate) drops: Flows,
    pub(crate) stdin: Option<StdinUse>,
    /// What of the value is a secret.
    pub(crate) secret: Option<&'static Secret>,
    /// What the value starts.
    pub(crate) starts: Option<Starts>,
    /// Only a value that begins so starts something, or names a folder, by what stands behind; empty
    /// when all do.
    pub(crate) prefix: &'static [&'static str],
}

/// What a word or a value starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Starts {
    /// Program text for the interpreter.
    Code,
    /// A command: this word and those behind it, variables first.
    Command,
    /// The same, once for each word behind `:::` (GNU parallel).
    Each,
    /// A command up to `;` or `+`, once for each file that is found.
    Found,
    /// A line for a shell: a value, or this operand and those behind it with blanks between.
    Line,
    /// Nothing that is looked into: the program that runs is named, and not in the input.
    Nothing,
    /// Orders of a client, of which some are lines for a shell.
    Orders,
    /// A file that holds the program; `-` is standard input.
    Input,
    /// No program: what is found, or is named from here on, is removed.
    Removal,
    /// A command of another machine, or of a container: this word and those behind it.
    RemoteCommand,
    /// A line for the shell of another machine.
    RemoteLine,
    /// Rules of make.
    Rules,
    /// A line for a shell; the words behind it are `$0`, `$1` and so on.
    Script,
    /// A script of sed, in which `e` runs a command.
    Sed,
    /// A line, when the setting `name=value` holds one (`alias.x=!line` of git, `ProxyCommand=` of ssh).
    Setting,
}

/// What a program that stands in standard input is written in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Language {
    /// A language of programs: its calls that start commands are looked for.
    Code,
    /// Orders of a client or an editor, of which some are lines for a shell.
    Orders,
    /// Rules of make: their recipes are lines for a shell.
    Rules,
    /// Entries of a crontab: each ends in a line for a shell.
    Schedule,
    /// A shell's.
    Shell,
    /// Tcl: its commands that run or remove something are read as lines for a shell.
    Tcl,
}

/// What of a value is a secret; see `build/format.rs`.
#[derive(Debug)]
pub(crate) struct Secret {
    pub(crate) is: SecretKind,
    pub(crate) prefix: &'static str,
    pub(crate) after: &'static str,
    pub(crate) before: &'static str,
    pub(crate) named: bool,
    pub(crate) every: bool,
    pub(crate) header: bool,
    pub(crate) behind: &'static [&'static str],
    pub(crate) with: &'static str,
    pub(crate) never: &'static str,
}

/// What a command reads from a pipe or a here-string, when that is a secret.
#[derive(Debug)]
pub(crate) struct Piped {
    pub(crate) is: SecretKind,
    pub(crate) after: &'static str,
    /// Canonical names of options of which one must be there.
    pub(crate) when: &'static [&'static str],
}

/// What kind of secret a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SecretKind {
    /// None itself: a command, that may hold some.
    Command,
    /// A key or token.
    Key,
    /// A password or passphrase.
    Password,
}

/// What the operands at one position are.
#[derive(Debug)]
pub(crate) struct OperandSpec {
    pub(crate) at: At,
    pub(crate) kind: OperandKind,
    pub(crate) flow: Flow,
    pub(crate) content: Option<Form>,
    pub(crate) role: &'static str,
    /// Canonical names of options that make this position go away.
    pub(crate) unless: &'static [&'static str],
    /// Canonical names of options of which one must be there.
    pub(crate) when: &'static [&'static str],
    /// What of it is a secret.
    pub(crate) secret: Option<&'static Secret>,
    /// Use of standard input once such an operand is given.
    pub(crate) stdin: Option<StdinUse>,
    /// What it starts, with the words behind it.
    pub(crate) starts: Option<Starts>,
    /// Only a word that begins so is meant, and what stands behind is the operand (`of=`); empty
    /// when any word is.
    pub(crate) prefix: &'static [&'static str],
    /// It ends before the first of these bytes.
    pub(crate) until: &'static str,
}

impl OperandSpec {
    /// What of `word` is the operand; `None` when the word is not meant.
    pub(crate) fn of<'a>(&self, word: &Text<'a>) -> Option<Text<'a>> {
        if self.prefix.is_empty() && self.until.is_empty() {
            return Some(word.clone());
        }
        let rest = behind_prefix(self.prefix, word)?;
        let end = rest.bytes.iter().position(|byte| self.until.as_bytes().contains(byte));
        Some(rest.part(0, end.unwrap_or(usize::MAX)))
    }

    /// Whether `word` is meant.
    pub(crate) fn means(&self, word: &Text<'_>) -> bool {
        self.prefix.is_empty() || behind_prefix(self.prefix, word).is_some()
    }
}

/// What stands behind one of these beginnings, in whatever case they are written.
pub(crate) fn behind_prefix<'a>(prefixes: &[&str], text: &Text<'a>) -> Option<Text<'a>> {
    if prefixes.is_empty() {
        return Some(text.clone());
    }
    let begins = |prefix: &&&str| {
        let head = text.bytes.get(..prefix.len());
        head.is_some_and(|head| head.eq_ignore_ascii_case(prefix.as_bytes()))
    };
    prefixes.iter().find(begins).map(|prefix| text.from(prefix.len()))
}

/// A position of operands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum At {
    /// All behind `--`.
    Dashed,
    /// The operand of that index, counted from 0 over all that are not `Last`.
    Index(usize),
    /// The last one, when there are two or more.
    Last,
    /// All others.
    Rest,
}

/// Whether an option takes a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// All words up to `;` or `+`, options too.
    Command,
    /// Attached, or the next argument; options end behind it (`python -c`).
    Ends,
    /// All words up to the next option.
    Many,
    /// It takes none.
    None,
    /// It may be given, only attached (`--color=auto`, `-pX`); alone, the option stands by itself.
    Optional,
    /// Attached, or the next argument whatever it looks like.
    Required,
    /// Attached, or the next argument unless it looks like an option.
    Word,
}

/// How a command writes its options: a set of habits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Grammar(u16);

impl Grammar {
    /// A long option may be cut short while it stays unambiguous.
    pub(crate) const ABBREVIATE: Self = Self(1);
    /// A flag may be given a value: `--flag=false`.
    pub(crate) const BOOLEAN_VALUES: Self = Self(1 << 1);
    /// Short options may stand together: `-sSd@x`.
    pub(crate) const CLUSTER: Self = Self(1 << 2);
    /// A long option may be given its value by `=`.
    pub(crate) const EQUALS: Self = Self(1 << 3);
    /// `--expand-x` is `--x` with variables in its value.
    pub(crate) const EXPAND: Self = Self(1 << 4);
    /// Options of the program are also known after a subcommand.
    pub(crate) const GLOBAL: Self = Self(1 << 5);
    /// The case of long options does not matter.
    pub(crate) const IGNORE_CASE: Self = Self(1 << 6);
    /// `--no-x` takes `--x` back.
    pub(crate) const NEGATE: Self = Self(1 << 7);
    /// A first word `+x` is an option.
    pub(crate) const PLUS: Self = Self(1 << 8);
    /// Long options may be written with one dash.
    pub(crate) const SINGLE_DASH: Self = Self(1 << 9);
    /// The first word may be a cluster of options without a dash (`tar xzf`).
    pub(crate) const BUNDLE: Self = Self(1 << 10);

    /// Whether every habit of `other` is ours.
    pub(crate) const fn has(self, other: Self) -> bool {
        self.0 & other.0 == other.0
    }
}

/// What an option means to the transport.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The value is a file of further options.
    Config,
    /// The value is a file that replaces the usual configuration.
    ConfigFile,
    /// `--connect-to` of curl.
    ConnectTo,
    /// It makes the connection end elsewhere than the name says.
    ConnectsElsewhere,
    /// The value may be a whole connection text.
    Database,
    /// The value is the scheme of URLs without one.
    DefaultScheme,
    /// The command works in that folder.
    Directory,
    /// It switches something off that the transport would look at.
    Disable,
    /// The value is the place contacted: a URL or a host.
    Endpoint,
    /// The value is a file that names the files to copy.
    FileList,
    /// URLs are not globs.
    Globoff,
    /// The program tells what it could do, and does nothing.
    Help,
    /// Certificates are not checked.
    Insecure,
    /// The value is a host in between.
    Jump,
    /// The value is a pattern of files that are not copied.
    LeavesOut,
    /// Redirects are followed.
    Location,
    /// Redirects are followed with every header and body.
    LocationAll,
    /// Redirects are followed with all secrets.
    LocationTrusted,
    /// The value is how many redirects are followed at most.
    MaxRedirects,
    /// The value names a folder or file of this machine that a container gets.
    Mounts,
    /// Passwords are taken from a `.netrc`: the value, or the usual one.
    Netrc,
    /// What follows is a call of its own, with options of its own.
    Next,
    /// The value lists hosts that no proxy is for.
    NoProxy,
    /// The value is a port.
    Port,
    /// The value is a proxy.
    Proxy,
    /// The command works on what the value names, or on the folder around it.
    Reaches,
    /// The value is a remote, or the option means all of them.
    Remote,
    /// `--resolve` of curl.
    Resolve,
    /// The value is a setting, `key=value`.
    Setting,
    /// The value is a setting whose value is in a variable, `key=NAME`.
    SettingFromVariable,
    /// It says in another way which files are copied.
    Sifts,
    /// The value is a command that makes the connection.
    SshCommand,
    /// The value is a pattern of files that are copied after all.
    TakesIn,
    /// The value is a socket on this machine.
    UnixSocket,
    /// The value is a URL to call.
    Url,
    /// The value is a file of URLs to call.
    UrlFile,
    /// The value sets a variable that values of later options are made of.
    Variable,
}

/// Files of options that a program reads by itself when it starts.
#[derive(Debug)]
pub(crate) struct Startup {
    pub(crate) dialect: Dialect,
    /// Groups of places; of each the first file that is there is read.
    pub(crate) files: &'static [&'static [&'static str]],
    /// Canonical names of options that switch it off.
    pub(crate) unless: &'static [&'static str],
    /// Settings that are not called like their option, sorted; an empty name is of no interest.
    pub(crate) names: &'static [(&'static str, &'static str)],
}

/// How files of options are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// As curl has it.
    Curlrc,
    /// As wget has it.
    Wgetrc,
}

/// Where a command goes by default.
#[derive(Debug)]
pub(crate) struct Endpoint {
    /// Subcommand paths it is for (`s3 cp`); empty for every one.
    pub(crate) scopes: &'static [&'static str],
    pub(crate) scheme: &'static str,
    pub(crate) default: EndpointHost,
    pub(crate) variables: &'static [&'static str],
    pub(crate) port: Option<u16>,
}

/// The host of an endpoint.
#[derive(Clone, Copy, Debug)]
pub(crate) enum EndpointHost {
    /// Found by the source of that name, when asked.
    Deferred(&'static str),
    /// This machine, by a socket.
    Local,
    /// Nobody can tell: settings of its own say so, or the program that is run.
    Untold,
    /// That host.
    Name(&'static str),
}

/// Something outside of argv that can redirect a call.
#[derive(Debug)]
pub(crate) struct Redirect {
    pub(crate) by: RedirectBy,
    /// Which calls it redirects when it names a proxy.
    pub(crate) proxy: Option<ProxyFor>,
    /// Canonical names of options that switch it off.
    pub(crate) unless: &'static [&'static str],
}

/// What a redirection stands in.
#[derive(Clone, Copy, Debug)]
pub(crate) enum RedirectBy {
    /// A configuration file.
    File {
        /// Its path, as written in the profile.
        path: &'static str,
        /// Keys that redirect; any content when there are none.
        keys: &'static [&'static str],
        /// The key that names the place itself; empty when there is none.
        sets: &'static str,
    },
    /// An environment variable.
    Variable(&'static str),
}

/// Which calls a proxy variable is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ProxyFor {
    /// All of them.
    All,
    /// Those that are not encrypted.
    Http,
    /// Those that are encrypted.
    Https,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_sorted_and_unique() {
        assert!(NAMES.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(profile("git").is_some_and(|git| git.family == "vcs"));
        assert!(profile("nothing-of-the-kind").is_none());
        assert!(UNWRAPPED.windows(2).all(|pair| pair[0].0 < pair[1].0));
        assert!(unwrapped("mysqldump").is_some() && profile("mysqldump").is_none());
        for (name, known) in NAMES {
            assert!(profile(name).is_some_and(|found| std::ptr::eq(found, *known)), "{name}");
        }
        assert!(["", "~", "\u{7f}", "\u{ff}", "zz"].iter().all(|name| profile(name).is_none()));
        assert!(families().contains(&"http"));
    }

    #[test]
    fn every_table_is_sorted() {
        fn check(scope: &Scope) {
            assert!(scope.spellings.windows(2).all(|pair| pair[0].0 < pair[1].0), "{}", scope.name);
            assert!(scope.words.windows(2).all(|pair| pair[0].0 < pair[1].0), "{}", scope.name);
            scope.scopes.iter().for_each(check);
        }
        profiles().for_each(|profile| check(&profile.command));
    }
}
