//! The format of `shims/*.toml`, as serde types: shared by the build script, which compiles the
//! files, and by the table test, which runs their examples.
//!
//! Every struct refuses unknown keys, and every word with a closed set of values is an enum, so a
//! slip in a file is an error that names file, line and column. `docs/ADDING.md` tells how to
//! write one; the meaning of each key stands here.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

/// One wrapped command.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct File {
    /// Name of the program, as typed.
    pub(crate) name: Spanned<String>,
    /// Other names of the same program (`pip3`).
    #[serde(default)]
    pub(crate) aliases: Vec<Spanned<String>>,
    /// An installation wraps it when no commands are named: what everyday work goes through, and
    /// what a wrapper costs least.
    #[serde(default)]
    pub(crate) usual: bool,
    /// The family that policies know (`vcs`, `http`); empty when there is none.
    #[serde(default)]
    pub(crate) family: String,
    /// Who works out where the call goes: a file in `src/transport/`.
    #[serde(default = "local")]
    pub(crate) transport: Spanned<String>,
    /// Whether the command can be handed the judged bytes, or opens paths by itself.
    #[serde(default)]
    pub(crate) deliver: Deliver,
    /// Effects that are in force without any option (`wget` follows redirects).
    #[serde(default)]
    pub(crate) assumes: Vec<Effect>,
    /// Environment variables that name a folder, or a file in it, on which the command works
    /// (`GIT_DIR`).
    #[serde(default)]
    pub(crate) reached_by: Vec<String>,
    /// Options that several subcommands share, by name.
    #[serde(default)]
    pub(crate) set: BTreeMap<String, Options>,
    /// Where the command goes when no operand says so.
    #[serde(default)]
    pub(crate) endpoint: Vec<Endpoint>,
    /// What outside of argv can redirect the call.
    #[serde(default)]
    pub(crate) redirect: Vec<Redirect>,
    /// Files of options that the program reads by itself when it starts.
    #[serde(default)]
    pub(crate) startup: Option<Startup>,
    /// The program itself: options, operands, subcommands.
    pub(crate) command: Scope,
    /// Command lines and what they mean; run by one table test.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "only the table test reads them"))]
    pub(crate) example: Vec<Example>,
    /// Command lines as typed, with every secret in them between `«` and `»`; one without marks
    /// holds none. Run by the same test.
    #[serde(default)]
    #[cfg_attr(not(test), expect(dead_code, reason = "only the table test reads them"))]
    pub(crate) lines: Vec<Spanned<String>>,
}

/// One file of `shims/secrets/`: programs that no wrapper stands before, as far as it must be known
/// to find the secrets in their command lines.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Topic {
    /// Words before a command that are no command: prompts, keywords, instructions of other files.
    #[serde(default)]
    pub(crate) prefixes: Vec<String>,
    /// The programs. Each is written as a profile is, without what is of no interest here.
    pub(crate) program: Vec<File>,
}

/// `shims/flow/programs.toml`: what programs do with data, known by name alone. What each list means
/// stands in the file.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(test, expect(dead_code, reason = "the build script alone reads it"))]
pub(crate) struct Programs {
    pub(crate) sends: Vec<String>,
    pub(crate) takes_orders: Vec<String>,
    pub(crate) tells_environment: Vec<String>,
    pub(crate) feeds: Vec<String>,
    pub(crate) lists_names: Vec<String>,
    pub(crate) says: Vec<String>,
    pub(crate) reads: Vec<String>,
    pub(crate) writes: Vec<String>,
    pub(crate) packs: Vec<String>,
    pub(crate) peers: Vec<String>,
    pub(crate) takes_clipboard: Vec<String>,
    pub(crate) gives_clipboard: Vec<String>,
    pub(crate) stores: Vec<String>,
    pub(crate) prints_secrets: Vec<String>,
    pub(crate) git_runs: Vec<String>,
    pub(crate) ssh_runs: Vec<String>,
}

/// One file of `shims/steps/`: what a program starts of itself for its own work.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, expect(dead_code, reason = "the build script alone reads it"))]
pub(crate) struct Steps {
    /// The program.
    pub(crate) program: String,
    pub(crate) step: Vec<Step>,
}

/// Which of its commands start which.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields)]
#[cfg_attr(test, expect(dead_code, reason = "the build script alone reads it"))]
pub(crate) struct Step {
    /// Subcommands that do; `*` for any.
    pub(crate) by: Vec<String>,
    /// First words of what they start.
    pub(crate) starts: Vec<String>,
    /// `SUBCOMMAND: WORDS`: what is a step.
    pub(crate) examples: Vec<String>,
    /// What is none.
    pub(crate) counter_examples: Vec<String>,
}

/// What of a value is a secret.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Secret {
    /// What kind of secret it is.
    pub(crate) is: SecretKind,
    /// Only a value that begins so holds one, behind it (`pass:`).
    #[serde(default)]
    pub(crate) prefix: String,
    /// It stands behind the first of these bytes (`:` of `user:password`); a value without is
    /// none.
    #[serde(default)]
    pub(crate) after: String,
    /// It ends before the last of these bytes (`@` of `user/password@host`).
    #[serde(default)]
    pub(crate) before: String,
    /// The value is `name=value`, or several parted by commas or blanks: a secret stands behind
    /// every name that says so. Of operands also the one that follows such a name.
    #[serde(default)]
    pub(crate) named: bool,
    /// The same, whatever the names are.
    #[serde(default)]
    pub(crate) every: bool,
    /// The value is a header, `Name: value`: a secret when the name says so.
    #[serde(default)]
    pub(crate) header: bool,
    /// Only an operand behind one of these words is one (`/p` of `signtool /p X`); `x*` is any
    /// that begins so.
    #[serde(default)]
    pub(crate) behind: Vec<String>,
    /// Only a call in which this word stands takes one (`SecureString`).
    #[serde(default)]
    pub(crate) with: String,
    /// A value that begins with one of these bytes is none (`\\` of a share).
    #[serde(default)]
    pub(crate) never: String,
}

/// What a command reads from a pipe or a here-string, when that is a secret.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Piped {
    /// What kind of secret it is.
    pub(crate) is: SecretKind,
    /// It stands behind the first of these bytes.
    #[serde(default)]
    pub(crate) after: String,
    /// Options (any spelling) of which one must be there.
    #[serde(default)]
    pub(crate) when: Vec<Spanned<String>>,
}

fn local() -> Spanned<String> {
    Spanned::new(0..0, "local".to_owned())
}

/// The program, or one of its subcommands.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Scope {
    /// Canonical name and aliases, parted by blanks; `*` is any word. Left out for the program.
    #[serde(default)]
    pub(crate) names: Option<Spanned<String>>,
    /// The names are subcommands of their own that are read alike: each stays what it is called.
    #[serde(default)]
    pub(crate) alike: bool,
    /// How options are written; inherited from the parent when left out.
    #[serde(default)]
    pub(crate) grammar: Option<Vec<Grammar>>,
    /// After how many operands options end: 1 for POSIX, left out for no end.
    #[serde(default)]
    pub(crate) options_until: Option<u8>,
    /// The table does not list every option: an unknown one is unremarkable.
    #[serde(default)]
    pub(crate) open: bool,
    /// Flows of the command; inherited when left out.
    #[serde(default)]
    pub(crate) flow: Option<Vec<Flow>>,
    /// Use of standard input; inherited when left out.
    #[serde(default)]
    pub(crate) stdin: Option<Stdin>,
    /// What of standard input is a secret.
    #[serde(default)]
    pub(crate) piped: Option<Piped>,
    /// Standard input is the program that it runs, when its line tells none.
    #[serde(default)]
    pub(crate) reads: Option<Language>,
    /// The words of standard input follow those of the command that it starts.
    #[serde(default)]
    pub(crate) feeds: bool,
    /// Shared option sets of the file to include.
    #[serde(default, rename = "use")]
    pub(crate) uses: Vec<Spanned<String>>,
    /// Options without a value.
    #[serde(default)]
    pub(crate) flags: Vec<Spanned<String>>,
    /// Options with a value of no special meaning.
    #[serde(default)]
    pub(crate) valued: Vec<Spanned<String>>,
    /// Options whose value of no special meaning may be left out, and is attached.
    #[serde(default)]
    pub(crate) optional: Vec<Spanned<String>>,
    /// Options with a meaning.
    #[serde(default)]
    pub(crate) option: Vec<Opt>,
    /// Operands by position.
    #[serde(default)]
    pub(crate) operand: Vec<Operand>,
    /// Subcommands.
    #[serde(default)]
    pub(crate) subcommand: Vec<Self>,
}

/// A shared set of options.
#[derive(Deserialize, Debug, Default)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Options {
    #[serde(default)]
    pub(crate) flags: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) valued: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) optional: Vec<Spanned<String>>,
    #[serde(default)]
    pub(crate) option: Vec<Opt>,
}

/// One option with a meaning.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Opt {
    /// Canonical name first, then every other spelling, parted by blanks.
    pub(crate) names: Spanned<String>,
    /// Whether it takes a value; `required` when `content` or `effect` needs one.
    #[serde(default)]
    pub(crate) value: Option<Takes>,
    /// Where in the value content is.
    #[serde(default)]
    pub(crate) content: Option<Form>,
    /// What the command uses the content as (`body`, `credential`).
    #[serde(default)]
    pub(crate) role: Option<String>,
    /// Which way the content moves; the scope's first moving flow when left out.
    #[serde(default)]
    pub(crate) flow: Option<Flow>,
    /// What the option means to the transport.
    #[serde(default)]
    pub(crate) effect: Option<Effect>,
    /// Flows that the option adds to the command's.
    #[serde(default)]
    pub(crate) adds: Vec<Flow>,
    /// Flows that the option takes away (`--dry-run`).
    #[serde(default)]
    pub(crate) drops: Vec<Flow>,
    /// Use of standard input once the option is given.
    #[serde(default)]
    pub(crate) stdin: Option<Stdin>,
    /// What of the value is a secret.
    #[serde(default)]
    pub(crate) secret: Option<Secret>,
    /// What the value starts.
    #[serde(default)]
    pub(crate) starts: Option<Starts>,
    /// Only a value that begins so (in any case of letters) starts something, or names a folder to
    /// work in: what stands behind.
    #[serde(default)]
    pub(crate) prefix: Vec<String>,
}

/// What the operands at one position are.
#[derive(Deserialize, Debug, Clone)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Operand {
    /// `first`, `second`, `third`, `fourth`, `last` (only when there are two or more), `dashed` (all behind
    /// `--`) or `rest`.
    pub(crate) at: Spanned<At>,
    /// What it is taken for.
    pub(crate) kind: Kind,
    /// What the command does with what it names.
    #[serde(default)]
    pub(crate) flow: Option<Flow>,
    /// Where in it content is.
    #[serde(default)]
    pub(crate) content: Option<Form>,
    /// What the command uses the content as.
    #[serde(default)]
    pub(crate) role: Option<String>,
    /// Options (any spelling) that make this position go away.
    #[serde(default)]
    pub(crate) unless: Vec<Spanned<String>>,
    /// Options of which one must be there for this position to be.
    #[serde(default)]
    pub(crate) when: Vec<Spanned<String>>,
    /// What of it is a secret.
    #[serde(default)]
    pub(crate) secret: Option<Secret>,
    /// Use of standard input once such an operand is given; `-` is standard input still.
    #[serde(default)]
    pub(crate) stdin: Option<Stdin>,
    /// What it starts, with the words behind it.
    #[serde(default)]
    pub(crate) starts: Option<Starts>,
    /// Only words that begin so (in any case of letters) are meant, and what stands behind is the
    /// operand: `of=` of `dd`. Of several tables for one position the first that means the word
    /// counts. One that starts something starts it by itself, without the words behind it.
    #[serde(default)]
    pub(crate) prefix: Vec<String>,
    /// It ends before the first of these bytes.
    #[serde(default)]
    pub(crate) until: String,
}

/// Where a command goes by default, and what names another place.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Endpoint {
    /// Subcommands it is for, as paths (`s3 cp`); empty for all that move data.
    #[serde(default, rename = "for")]
    pub(crate) scopes: Vec<Spanned<String>>,
    /// Scheme, when the place named gives none.
    pub(crate) scheme: String,
    /// Host; `local` for this machine (a socket), `untold` where nobody can tell it, or `deferred:`
    /// and a source's name.
    pub(crate) default: Spanned<String>,
    /// Environment variables that name another place (a URL or a host), first set wins.
    #[serde(default)]
    pub(crate) variables: Vec<String>,
    /// A port that is not the scheme's own.
    #[serde(default)]
    pub(crate) port: Option<u16>,
}

/// Something outside of argv that can redirect the call.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Redirect {
    /// An environment variable: not empty → not home.
    #[serde(default)]
    pub(crate) variable: Option<Spanned<String>>,
    /// A configuration file; `~/` is the user's home, `$NAME/` a variable, else relative to the
    /// working directory. `^/name` is looked for in every parent folder too.
    #[serde(default)]
    pub(crate) file: Option<Spanned<String>>,
    /// Only lines of the file that set one of these keys redirect (any content when empty).
    #[serde(default)]
    pub(crate) keys: Vec<String>,
    /// The key that names the place itself.
    #[serde(default)]
    pub(crate) sets: Option<String>,
    /// It names a proxy, so `NO_PROXY` and the scheme matter.
    #[serde(default)]
    pub(crate) proxy: Option<ProxyFor>,
    /// Options (any spelling) that switch it off.
    #[serde(default)]
    pub(crate) unless: Vec<Spanned<String>>,
}

/// Files of options that the program reads by itself when it starts; and how all its files of
/// options are written.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct Startup {
    /// How the files are written.
    pub(crate) dialect: Dialect,
    /// Groups of places, spelled as in [`Redirect::file`]; of each the first file there is read.
    pub(crate) files: Vec<Vec<String>>,
    /// Options (any spelling) that switch it off.
    #[serde(default)]
    pub(crate) unless: Vec<Spanned<String>>,
    /// Settings that are not called like their option: lower case, without dashes. An empty one
    /// is a setting of no interest.
    #[serde(default)]
    pub(crate) names: BTreeMap<String, Spanned<String>>,
}

/// One command line and what it means. Keys left out are not compared, save `unclear`.
#[derive(Deserialize, Debug)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[cfg_attr(not(test), expect(dead_code, reason = "only the table test reads them"))]
pub(crate) struct Example {
    pub(crate) argv: Spanned<Vec<String>>,
    pub(crate) subcommand: Option<Vec<String>>,
    /// Canonical names, with `=value` for those that have one.
    pub(crate) options: Option<Vec<String>>,
    /// `kind text flow`.
    pub(crate) operands: Option<Vec<String>>,
    pub(crate) flows: Option<Vec<String>>,
    /// `scheme://host[:port] reach voids…`, after resolving.
    pub(crate) hosts: Option<Vec<String>>,
    pub(crate) stdin: Option<String>,
    /// `role carrier flow`.
    pub(crate) contents: Option<Vec<String>>,
    /// How many things are unclear; 0 when left out.
    #[serde(default)]
    pub(crate) unclear: usize,
    /// The made-up environment.
    #[serde(default)]
    pub(crate) environment: BTreeMap<String, String>,
    /// Made-up files by path (`~/` is the home folder, else relative to the working directory).
    #[serde(default)]
    pub(crate) files: BTreeMap<String, String>,
    /// What made-up programs answer, by command line.
    #[serde(default)]
    pub(crate) outputs: BTreeMap<String, String>,
}

macro_rules! words {
    ($($(#[$meta:meta])* $name:ident { $($variant:ident),+ $(,)? })+) => {$(
        $(#[$meta])*
        #[derive(Deserialize, Debug, Clone, Copy, PartialEq, Eq)]
        #[serde(rename_all = "kebab-case")]
        pub(crate) enum $name { $($variant),+ }
    )+};
}

impl Default for Deliver {
    /// Nothing is promised.
    fn default() -> Self {
        Self::Path
    }
}

words! {
    /// `datafog_core::Deliver`.
    Deliver { Handle, Path }
    /// `profile::SecretKind`: a password, a key or token, or a command that may hold either.
    SecretKind { Command, Key, Password }
    /// `datafog_core::Flow`, without the one that only the gate can tell.
    Flow { Destroys, Enters, Leaves, Stays }
    /// `datafog_core::StdinUse`.
    Stdin { Ignore, Content, Stream }
    /// `datafog_core::OperandKind`.
    Kind { Command, Host, Path, Reference, Remote, RemotePath, Text, Url }
    /// Position of operands.
    At { First, Second, Third, Fourth, Last, Rest, Dashed }
    /// Whether an option takes a value.
    Takes { None, Required, Optional, Many, Word, Command, Ends }
    /// What a word or value starts; see `profile::Starts`.
    Starts { Code, Command, Each, Found, Input, Line, Nothing, Orders, Removal, RemoteCommand, RemoteLine, Rules, Script, Sed, Setting }
    /// What a program that stands in standard input is written in; see `profile::Language`.
    Language { Code, Orders, Rules, Schedule, Shell, Tcl }
    /// How files of options are written; see `profile::Dialect`.
    Dialect { Curlrc, Wgetrc }
    /// Which calls a proxy variable is for.
    ProxyFor { All, Http, Https }
    /// How options are written; see `profile::Grammar`.
    Grammar { Abbreviate, BooleanValues, Bundle, Cluster, Equals, Expand, Global, IgnoreCase, Negate,
        Plus, SingleDash }
    /// Where in a value content is; see `form::Form`.
    Form { Address, AwsFile, AwsValue, Certificate, Connection, Cookie, Data, File, FileOrUrl, Files, Filter,
        Header, Item, KeyFile, KeyValue, Multipart, Orders, Password, Path, Text, Upload, Url, UrlEncode, UserPassword, Variable }
    /// What an option means to the transport; see `profile::Effect`.
    Effect { Config, ConfigFile, ConnectTo, ConnectsElsewhere, Database, DefaultScheme, Directory,
        Disable, Endpoint, FileList, Globoff, Help, Insecure, Jump, LeavesOut, Location, LocationAll, LocationTrusted,
        MaxRedirects, Mounts, Netrc, Next,
        NoProxy, Port, Proxy, Reaches, Remote, Resolve, Setting, SettingFromVariable, Sifts, SshCommand, TakesIn, UnixSocket,
        Url, UrlFile, Variable }
}
