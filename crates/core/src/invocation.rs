//! A command in normal form: what argv means, read by the command's own option table.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use crate::{Channel, Destination, Finding, Flow, Flows, Span};

/// What one command line means.
///
/// Made by the `shim` crate from argv and the command's profile. The text of arguments is kept as
/// bytes; nothing here is decided on a lossy copy.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Invocation {
    /// Name of the command's profile (`git`), or the program's own name when it has none.
    pub program: String,
    /// Family of the profile (`vcs`, `http`, …); empty when it has none.
    pub family: String,
    /// Whether a profile exists.
    pub known: bool,
    /// There is none, and its words are known to be only words to it (`echo`).
    pub says: bool,
    /// Subcommands after the global options: `["push"]`, `["s3", "cp"]`.
    pub subcommand: Vec<String>,
    /// Options in the order given, by canonical name.
    pub options: Vec<Opt>,
    /// Everything that is neither option nor subcommand, in order.
    pub operands: Vec<Operand>,
    /// Which way data moves.
    pub flows: Flows,
    /// Hosts that would be contacted.
    pub destinations: Vec<Destination>,
    /// What only one of the destinations is told: a URL, which no host but its own sees.
    pub told: Vec<Told>,
    /// Where content is, besides the arguments themselves (which are always scanned).
    pub contents: Vec<ContentSource>,
    /// Arguments, or parts of them, that are a secret because of where they stand.
    pub secrets: Vec<SecretPlace>,
    /// What it takes content from that only another program can tell (the commits of a push), by
    /// the name of the one who asks; see `shim::gather`.
    pub gathers: Option<&'static str>,
    /// Whether it may start another command, by what was given.
    pub starts: bool,
    /// What the command does with standard input.
    pub stdin: StdinUse,
    /// What could not be understood, in words for a person (an option unknown to the table, a
    /// configuration file that cannot be read). Not empty: the policy may be stricter.
    pub unclear: Vec<String>,
}

impl Invocation {
    /// Whether an option of that canonical name was given.
    #[must_use]
    pub fn has_option(&self, name: &str) -> bool {
        self.options.iter().any(|option| option.name == name)
    }

    /// The destinations that see a finding, of those that only see a part of argv; none when it
    /// does not stand in such a part as a whole: then every destination may see it.
    pub fn told_of(&self, finding: &Finding) -> impl Iterator<Item = &Destination> {
        let holds = |told: &&Told| {
            let (place, span) = (told.place, finding.span);
            let within = place.span.start() <= span.start() && span.end() <= place.span.end();
            finding.channel == Channel::Argument(place.argument) && within
        };
        self.told.iter().filter(holds).map(|told| &told.destination)
    }

    /// The content that a finding stands in; of several, one within the other, the narrowest: the
    /// password of a URL rather than the URL. `None` for what stands outside of all known content,
    /// and where it may be one of several that are not used alike: nobody can tell which.
    #[must_use]
    pub fn content_of(&self, finding: &Finding) -> Option<&ContentSource> {
        let holding = self.contents.iter();
        let holding = holding.filter_map(|source| Some((source.width_around(finding)?, source)));
        let holding: Vec<_> = holding.collect();
        let narrowest = holding.iter().map(|(width, _)| *width).min()?;
        let mut narrow = holding.into_iter().filter(|(width, _)| *width == narrowest);
        let (_, source) = narrow.next()?;
        let alike =
            |other: &ContentSource| (&other.role, other.flow) == (&source.role, source.flow);
        narrow.all(|(_, other)| alike(other)).then_some(source)
    }
}

impl ContentSource {
    /// How many bytes of an argument the content is, when `finding` stands in it; 0 elsewhere.
    fn width_around(&self, finding: &Finding) -> Option<usize> {
        match (&finding.channel, &self.carrier) {
            (Channel::Argument(index), Carrier::Argument(place)) => {
                let holds = place.argument == *index && place.span.overlaps(finding.span);
                holds.then(|| place.span.len())
            }
            (Channel::Field(role), Carrier::Inline(_)) => (*role == self.role).then_some(0),
            // Named as the command does; found under its place in the working directory.
            (Channel::File(name), Carrier::File(path)) => {
                Path::new(name).ends_with(path).then_some(0)
            }
            (Channel::Stdin, Carrier::Stdin) => Some(0),
            _ => None,
        }
    }
}

/// Where in argv a text stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Place {
    /// Index of the argument as the program receives it; 0 is the program's name.
    pub argument: usize,
    /// Which bytes of the argument.
    pub span: Span,
}

/// A part of argv and the one destination that is told it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    /// Where the part stands.
    pub place: Place,
    /// Who sees it.
    pub destination: Destination,
}

/// A secret that its place in argv betrays, whatever it looks like: the `x` of `mysql -px`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SecretPlace {
    /// Where it stands.
    pub place: Place,
    /// Entity type, for example `secret.generic.password`.
    pub entity: &'static str,
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opt {
    /// Canonical name: the first one of the profile's list, with its dashes (`--data`).
    pub name: String,
    /// Its value, when it takes one and one was given.
    pub value: Option<OsString>,
    /// Where it was given; `None` when it came from a configuration file or a variable.
    pub place: Option<Place>,
}

/// Something that is neither an option nor a subcommand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operand {
    /// The text as given.
    pub text: OsString,
    /// What the command takes it for.
    pub kind: OperandKind,
    /// Whether the command reads from, writes to or destroys what the operand names.
    pub flow: Flow,
    /// Where it was given; `None` when it came from a configuration file.
    pub place: Option<Place>,
    /// For a path: absolute, without `.`, `..` and symbolic links as far as it exists. Filled in
    /// by the gate; `None` when the operand is no path or cannot be resolved.
    pub canonical: Option<PathBuf>,
}

/// What a command takes an operand for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum OperandKind {
    /// A command to run, with the operands after it.
    Command,
    /// A host, `user@host` or an alias of one.
    Host,
    /// A path on this machine.
    Path,
    /// A branch, tag or commit.
    Reference,
    /// A name that a configuration turns into a host (a git remote, a registry package).
    Remote,
    /// A path on another machine (`host:path`).
    RemotePath,
    /// Free text.
    Text,
    /// A URL.
    Url,
}

/// One place that holds content the command would use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ContentSource {
    /// Where the bytes are.
    pub carrier: Carrier,
    /// Which way they would move.
    pub flow: Flow,
    /// What the command uses them as: `body`, `header:authorization`, `form`, `message`,
    /// `credential`, `file`, `url`, …
    pub role: String,
    /// Whether the judged bytes themselves can be handed to the command.
    pub deliver: Deliver,
}

/// Where the bytes of a content are.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Carrier {
    /// Part of an argument.
    Argument(Place),
    /// A file, as named; relative to the command's working directory.
    File(PathBuf),
    /// Bytes that stand in a configuration file named by the command line.
    Inline(Vec<u8>),
    /// Standard input.
    Stdin,
    /// Nobody can tell: the command line holds something that was not understood. The text says
    /// what, for a person, and how to write it so that it is. It holds nothing that may be secret.
    Untold(String),
}

/// How judged content reaches the command.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deliver {
    /// The command gets the very bytes that were judged.
    Handle,
    /// The command opens the path again by itself; identity is checked right before exec.
    Path,
}

/// What a command does with standard input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum StdinUse {
    /// Not read, or of no interest: never touched.
    #[default]
    Ignore,
    /// Read once to its end and sent away: spooled, judged and handed over.
    Content,
    /// A two-way or endless stream that leaves the machine: never spooled.
    Stream,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Confidence, Key, Severity};

    fn finding(channel: Channel) -> Finding {
        Finding {
            detector: "d".into(),
            entity: "secret.x".into(),
            channel,
            span: Span::at(4, 2),
            confidence: Confidence::CERTAIN,
            severity: Severity::High,
            fingerprint: Key::from_bytes(&[1; 32]).unwrap().digest("x", [b"".as_slice()]),
            preview: String::new(),
        }
    }

    fn source(carrier: Carrier, role: &str, flow: Flow) -> ContentSource {
        ContentSource { carrier, flow, role: role.into(), deliver: Deliver::Path }
    }

    #[test]
    fn a_finding_stands_in_the_narrowest_content() {
        let place = |start, length| Place { argument: 1, span: Span::at(start, length) };
        let contents = vec![
            source(Carrier::Argument(place(0, 20)), "url", Flow::Leaves),
            source(Carrier::Argument(place(3, 4)), "credential", Flow::Leaves),
            source(Carrier::File("dir/x".into()), "body", Flow::Leaves),
            source(Carrier::Inline(b"x".to_vec()), "header:x", Flow::Leaves),
        ];
        let invocation = Invocation { contents, ..Invocation::default() };
        let role = |channel| invocation.content_of(&finding(channel)).map(|it| it.role.as_str());
        assert_eq!(role(Channel::Argument(1)), Some("credential"));
        assert_eq!(role(Channel::Argument(2)), None);
        assert_eq!(role(Channel::File("/home/u/dir/x".into())), Some("body"));
        assert_eq!(role(Channel::File("/home/u/x".into())), None);
        assert_eq!(role(Channel::Field("header:x".into())), Some("header:x"));
    }

    #[test]
    fn of_files_that_may_be_the_same_nobody_can_tell_the_use() {
        let contents = vec![
            source(Carrier::File("x".into()), "credential", Flow::Stays),
            source(Carrier::File("dir/x".into()), "body", Flow::Leaves),
        ];
        let invocation = Invocation { contents, ..Invocation::default() };
        let of = |name: &str| invocation.content_of(&finding(Channel::File(name.into())));
        assert_eq!(of("/w/dir/x"), None);
        assert_eq!(of("/w/x").map(|it| it.flow), Some(Flow::Stays));
    }
}
