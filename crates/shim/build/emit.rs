//! Writes the tables as Rust source.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::path::PathBuf;

use toml::Spanned;

use crate::check;
use crate::format::{
    At, Deliver, Effect, Endpoint, File, Flow, Form, Grammar, Kind, Operand, Opt, Options, Piped,
    Programs, Redirect, Scope, Secret, SecretKind, Starts, Startup, Stdin, Step, Steps, Takes,
    Topic,
};
use crate::telling::telling;

/// The whole generated file: every profile, and the tables of names.
pub(crate) fn profiles(files: &[(PathBuf, File)], topics: &[(PathBuf, Topic)]) -> String {
    let mut out = String::new();
    table(&mut out, "NAMES", "", files.iter().map(|(_, file)| file));
    line(&mut out, &letters(files));
    let programs = topics.iter().flat_map(|(_, topic)| &topic.program);
    table(&mut out, "UNWRAPPED", "UNWRAPPED_", programs.clone());
    let names = files.iter().map(|(_, file)| file).chain(programs).flat_map(telling_words);
    // What feeds a secret to a command that reads it.
    let feeding = ["<<< ", "echo ", "printf "].map(str::to_owned);
    let names = join(names.chain(feeding).map(|name| format!("{name:?}")));
    line(&mut out, &format!("pub(crate) static TELLING: &[&str] = &[{names}];"));
    let prefixes: BTreeSet<&String> =
        topics.iter().flat_map(|(_, topic)| &topic.prefixes).collect();
    let prefixes = join(prefixes.into_iter().map(|word| format!("b{word:?}")));
    line(&mut out, &format!("pub(crate) static PREFIXES: &[&[u8]] = &[{prefixes}];"));
    out
}

/// Where in `NAMES` the names begin whose first byte is the index; one more byte than ASCII has, so
/// that the next place is where they end. So more commands make no look-up longer that has none of
/// its own letter.
fn letters(files: &[(PathBuf, File)]) -> String {
    let names = files.iter().flat_map(|(_, file)| std::iter::once(&file.name).chain(&file.aliases));
    let names: BTreeSet<&str> = names.map(|name| name.get_ref().as_str()).collect();
    let before = |byte: u8| names.iter().filter(|name| name.as_bytes() < [byte].as_slice()).count();
    let places: Vec<usize> = (0..=128).map(before).collect();
    format!("static LETTERS: [u16; 129] = {places:?};")
}

/// What stands in a line in which the program takes a secret by a word that is no option: its names
/// with the blank behind them; names of two letters, which stand everywhere, with a subcommand.
fn telling_words(file: &File) -> Vec<String> {
    if !takes_words(&file.command) {
        return Vec::new();
    }
    let mut all = Vec::new();
    for name in std::iter::once(&file.name).chain(&file.aliases).map(Spanned::get_ref) {
        if name.len() > 2 {
            all.push(format!("{name} "));
            continue;
        }
        for scope in file.command.subcommand.iter().filter(|scope| takes_words(scope)) {
            let words = scope.names.iter().flat_map(|names| names.get_ref().split_whitespace());
            all.extend(words.map(|word| format!("{name} {word} ")));
        }
    }
    all
}

fn takes_words(scope: &Scope) -> bool {
    let is_one = |kind: Secret| matches!(kind.is, SecretKind::Key | SecretKind::Password);
    scope.operand.iter().any(|operand| secret_of(operand).is_some_and(is_one))
        || scope.subcommand.iter().any(takes_words)
}

/// The profiles of some programs, and a table of their names called `title`.
fn table<'f>(out: &mut String, title: &str, prefix: &str, files: impl Iterator<Item = &'f File>) {
    let mut names: BTreeMap<&str, String> = BTreeMap::new();
    for file in files {
        let constant = file.name.get_ref().to_uppercase().replace(['-', '.', '+'], "_");
        let constant = format!("{prefix}{constant}");
        line(out, &format!("static {constant}: Profile = {};", profile(file)));
        for name in std::iter::once(&file.name).chain(&file.aliases) {
            names.insert(name.get_ref(), constant.clone());
        }
    }
    line(out, &format!("pub(crate) static {title}: &[(&str, &Profile)] = &["));
    for (name, constant) in names {
        line(out, &format!("    ({name:?}, &{constant}),"));
    }
    line(out, "];");
}

/// What a scope takes over from its parent.
#[derive(Clone)]
struct Inherited {
    grammar: Vec<Grammar>,
    flow: Vec<Flow>,
    stdin: Stdin,
}

fn profile(file: &File) -> String {
    let inherited = Inherited { grammar: Vec::new(), flow: Vec::new(), stdin: Stdin::Ignore };
    let deliver = match file.deliver {
        Deliver::Handle => "Handle",
        Deliver::Path => "Path",
    };
    format!(
        "Profile {{ name: {:?}, aliases: &{:?}, usual: {:?}, family: {:?}, deliver: Deliver::{deliver}, \
         contact: crate::transport::{}::contact, assumes: &[{}], reached_by: &{:?}, endpoints: &[{}], redirects: &[{}], \
         startup: {}, wraps: {}, starts: {}, telling: {}, command: {} }}",
        file.name.get_ref(),
        file.aliases.iter().map(Spanned::get_ref).collect::<Vec<_>>(),
        file.usual,
        file.family,
        file.transport.get_ref().replace('-', "_"),
        join(file.assumes.iter().map(|assumed| effect(*assumed))),
        file.reached_by,
        join(file.endpoint.iter().map(endpoint)),
        join(file.redirect.iter().map(|redirect| self::redirect(file, redirect))),
        maybe(file.startup.as_ref().map(|startup| self::startup(file, startup))),
        file.transport.get_ref() == "wrapper",
        file.transport.get_ref() == "wrapper" || starts_something(file, &file.command),
        telling(file),
        scope(file, &file.command, &inherited, &[]),
    )
}

/// Whether any word or value of it may start something.
fn starts_something(file: &File, scope: &Scope) -> bool {
    scope.reads.is_some()
        || scope.operand.iter().any(|operand| operand.starts.is_some())
        || options(file, scope).iter().any(|option| option.starts.is_some())
        || scope.subcommand.iter().any(|inner| starts_something(file, inner))
}

fn scope(file: &File, scope_: &Scope, inherited: &Inherited, outer: &[Opt]) -> String {
    let own = Inherited {
        grammar: scope_.grammar.clone().unwrap_or_else(|| inherited.grammar.clone()),
        flow: scope_.flow.clone().unwrap_or_else(|| inherited.flow.clone()),
        stdin: scope_.stdin.unwrap_or(inherited.stdin),
    };
    let options = options(file, scope_);
    let visible: Vec<Opt> = options.iter().chain(outer).cloned().collect();
    let scopes = scope_.subcommand.iter().map(|sub| scope(file, sub, &own, &visible));
    let first = scope_.names.as_ref().and_then(|names| names.get_ref().split(' ').next());
    let name = if scope_.alike { Some("*") } else { first };
    format!(
        "Scope {{ name: {:?}, grammar: Grammar({}), options_until: {}, open: {}, flows: {}, \
         stdin: {}, piped: {}, reads: {}, feeds: {}, starts: {}, options: &[{}], spellings: &[{}], \
         operands: &[{}], words: &[{}], scopes: &[{}] }}",
        name.unwrap_or_default(),
        own.grammar.iter().map(|grammar| grammar_bit(*grammar)).fold(0, |all, bit| all | bit),
        scope_.options_until.unwrap_or(u8::MAX),
        scope_.open,
        flows(&own.flow),
        stdin(own.stdin),
        maybe(scope_.piped.as_ref().map(|piped| self::piped(piped, &visible))),
        maybe(scope_.reads.map(|language| format!("Language::{language:?}"))),
        scope_.feeds,
        scope_.reads.is_some() || scope_.operand.iter().any(|operand| operand.starts.is_some()),
        join(options.iter().map(|option| self::option(option, &own.flow))),
        index(options.iter().map(|option| option.names.get_ref().as_str())),
        join(scope_.operand.iter().map(|operand| self::operand(operand, &own.flow, &visible))),
        index(
            scope_.subcommand.iter().filter_map(|sub| Some(sub.names.as_ref()?.get_ref().as_str()))
        ),
        join(scopes),
    )
}

/// Every option of a scope, plain ones first, the shared sets last.
pub(crate) fn options(file: &File, scope: &Scope) -> Vec<Opt> {
    let mut all = Vec::new();
    push(&mut all, &scope.flags, Takes::None);
    push(&mut all, &scope.valued, Takes::Required);
    push(&mut all, &scope.optional, Takes::Optional);
    all.extend(scope.option.iter().cloned());
    let sets: Vec<&Options> = check::sets(file, scope).unwrap_or_default();
    for set in sets {
        push(&mut all, &set.flags, Takes::None);
        push(&mut all, &set.valued, Takes::Required);
        push(&mut all, &set.optional, Takes::Optional);
        all.extend(set.option.iter().cloned());
    }
    all
}

fn push(all: &mut Vec<Opt>, plain: &[Spanned<String>], value: Takes) {
    all.extend(plain.iter().map(|names| Opt {
        names: names.clone(),
        value: Some(value),
        content: None,
        role: None,
        flow: None,
        effect: None,
        adds: Vec::new(),
        drops: Vec::new(),
        stdin: None,
        secret: None,
        starts: None,
        prefix: Vec::new(),
    }));
}

fn option(option: &Opt, scope_flow: &[Flow]) -> String {
    let canonical = option.names.get_ref().split(' ').next().unwrap_or_default();
    let takes = option.value.unwrap_or_else(|| implied(option));
    let moves = option.flow.or_else(|| {
        (option.content.is_some() || option.role.is_some()).then(|| content_flow(scope_flow))
    });
    format!(
        "OptionSpec {{ name: {canonical:?}, role: {:?}, takes: Takes::{takes:?}, content: {}, \
         flow: {}, effect: {}, adds: {}, drops: {}, stdin: {}, secret: {}, starts: {}, prefix: &{:?} }}",
        option.role.as_deref().unwrap_or_default(),
        maybe(option.content.map(form)),
        maybe(moves.map(flow)),
        maybe(option.effect.map(effect)),
        flows(&option.adds),
        flows(&option.drops),
        maybe(option.stdin.map(stdin)),
        maybe(option.secret.clone().or_else(|| secret_form(option.content?)).map(secret)),
        maybe(option.starts.map(starts)),
        option.prefix,
    )
}

/// What of an operand is a secret.
pub(crate) fn secret_of(operand: &Operand) -> Option<Secret> {
    operand.secret.clone().or_else(|| secret_form(operand.content?))
}

/// Forms of content that are secret by themselves.
pub(crate) fn secret_form(form: Form) -> Option<Secret> {
    let password = Secret {
        is: SecretKind::Password,
        prefix: String::new(),
        after: String::new(),
        before: String::new(),
        named: false,
        every: false,
        header: false,
        behind: Vec::new(),
        with: String::new(),
        never: String::new(),
    };
    let is = |other: Form| form == other;
    if is(Form::Password) {
        Some(password)
    } else if is(Form::UserPassword) {
        Some(Secret { after: ":".to_owned(), ..password })
    } else if is(Form::KeyValue) || is(Form::Connection) {
        Some(Secret { is: SecretKind::Key, named: true, ..password })
    } else if is(Form::Header) {
        Some(Secret { is: SecretKind::Key, header: true, ..password })
    } else if is(Form::Cookie) {
        Some(Secret { is: SecretKind::Key, header: true, prefix: "cookie".to_owned(), ..password })
    } else {
        None
    }
}

#[expect(clippy::needless_pass_by_value, reason = "it is made for this")]
fn secret(secret: Secret) -> String {
    format!(
        "&Secret {{ is: SecretKind::{:?}, prefix: {:?}, after: {:?}, before: {:?}, named: {}, every: {}, \
         header: {}, behind: &{:?}, with: {:?}, never: {:?} }}",
        secret.is,
        secret.prefix,
        secret.after,
        secret.before,
        secret.named,
        secret.every,
        secret.header,
        secret.behind,
        secret.with,
        secret.never,
    )
}

/// The lists of programs that are known by name alone, each sorted.
pub(crate) fn programs(lists: &Programs) -> String {
    let named = [
        ("SENDING", "They send what they are given.", &lists.sends),
        ("ORDERED", "Their input names files to be sent.", &lists.takes_orders),
        ("SHOWING", "They print the environment.", &lists.tells_environment),
        ("FEEDING", "Their words are made of their input.", &lists.feeds),
        ("SAYING", "Their words are only words.", &lists.says),
        ("READING", "They read files that their words name.", &lists.reads),
        ("LISTING", "They print names of files.", &lists.lists_names),
        ("WRITING", "They write to files that their words name.", &lists.writes),
        ("PACKING", "They read whole folders.", &lists.packs),
        ("PEERING", "They speak with git, rsync and scp.", &lists.peers),
        ("COPYING", "They put what they get on the clipboard.", &lists.takes_clipboard),
        ("PASTING", "They print what is on the clipboard.", &lists.gives_clipboard),
        ("STORING", "Files that hold credentials.", &lists.stores),
        ("PRINTING", "They print a secret.", &lists.prints_secrets),
        ("GIT_RUNNING", "Settings of git that are a command.", &lists.git_runs),
        ("SSH_RUNNING", "Settings of ssh that are a command.", &lists.ssh_runs),
    ];
    let list = |(name, about, words): (&str, &str, &Vec<String>)| {
        let mut words = words.clone();
        words.sort_unstable();
        words.dedup();
        format!("\n/// {about}\npub(crate) static {name}: &[&str] = &{words:?};\n")
    };
    named.into_iter().map(list).collect()
}

/// What programs start of themselves, and the examples that a test tries.
pub(crate) fn steps(files: &[(PathBuf, Steps)]) -> String {
    let of = |files: &(PathBuf, Steps)| {
        let program = files.1.program.clone();
        let one = |step: &Step| {
            let Step { by, starts, examples, counter_examples } = step;
            format!(
                "Step {{ program: {program:?}, by: &{by:?}, starts: &{starts:?}, #[cfg(test)] examples: &{examples:?}, #[cfg(test)] counter_examples: &{counter_examples:?} }},"
            )
        };
        files.1.step.iter().map(one).collect::<String>()
    };
    let all: String = files.iter().map(of).collect();
    format!(
        "\n/// What programs start of themselves.\npub(crate) static STEPS: &[Step] = &[{all}];\n"
    )
}

fn piped(piped: &Piped, visible: &[Opt]) -> String {
    let (is, after) = (piped.is, &piped.after);
    let when = canonical(&piped.when, visible);
    format!("&Piped {{ is: SecretKind::{is:?}, after: {after:?}, when: &{when:?} }}")
}

/// An option with content, or an effect that is told by its value, takes one.
fn implied(option: &Opt) -> Takes {
    let bare = [
        Effect::Disable,
        Effect::Globoff,
        Effect::Help,
        Effect::Insecure,
        Effect::Location,
        Effect::LocationAll,
        Effect::LocationTrusted,
        Effect::Next,
    ];
    let valued = option.effect.is_some_and(|effect| !bare.contains(&effect));
    if option.content.is_some() || valued { Takes::Required } else { Takes::None }
}

/// Content moves the way its command moves data, when nothing else is said.
fn content_flow(flows: &[Flow]) -> Flow {
    if flows.contains(&Flow::Leaves) { Flow::Leaves } else { Flow::Stays }
}

fn operand(operand: &Operand, scope_flow: &[Flow], visible: &[Opt]) -> String {
    let at = match operand.at.get_ref() {
        At::First => "Index(0)",
        At::Second => "Index(1)",
        At::Third => "Index(2)",
        At::Fourth => "Index(3)",
        At::Last => "Last",
        At::Rest => "Rest",
        At::Dashed => "Dashed",
    };
    format!(
        "OperandSpec {{ at: At::{at}, kind: {}, flow: {}, content: {}, role: {:?}, unless: &{:?}, \
         when: &{:?}, secret: {}, stdin: {}, starts: {}, prefix: &{:?}, until: {:?} }}",
        kind(operand.kind),
        flow(operand.flow.unwrap_or_else(|| content_flow(scope_flow))),
        maybe(operand.content.map(form)),
        operand.role.as_deref().unwrap_or_default(),
        canonical(&operand.unless, visible),
        canonical(&operand.when, visible),
        maybe(secret_of(operand).map(secret)),
        maybe(operand.stdin.map(stdin)),
        maybe(operand.starts.map(starts)),
        operand.prefix,
        operand.until,
    )
}

/// The canonical names of the options spelled so.
fn canonical<'a>(spellings: &'a [Spanned<String>], visible: &'a [Opt]) -> Vec<&'a str> {
    let find = |spelling: &'a Spanned<String>| {
        let spelling = spelling.get_ref().as_str();
        let option = visible
            .iter()
            .find(|option| option.names.get_ref().split(' ').any(|name| name == spelling));
        option.and_then(|option| option.names.get_ref().split(' ').next()).unwrap_or(spelling)
    };
    spellings.iter().map(find).collect()
}

fn endpoint(endpoint: &Endpoint) -> String {
    let default = endpoint.default.get_ref();
    let host = match (default.as_str(), default.strip_prefix("deferred:")) {
        (_, Some(source)) => format!("Deferred({source:?})"),
        ("local", _) => "Local".to_owned(),
        ("untold", _) => "Untold".to_owned(),
        (name, _) => format!("Name({name:?})"),
    };
    format!(
        "Endpoint {{ scopes: &{:?}, scheme: {:?}, default: EndpointHost::{host}, variables: &{:?}, \
         port: {:?} }}",
        endpoint.scopes.iter().map(Spanned::get_ref).collect::<Vec<_>>(),
        endpoint.scheme,
        endpoint.variables,
        endpoint.port,
    )
}

fn redirect(file: &File, redirect: &Redirect) -> String {
    let by = match (&redirect.variable, &redirect.file) {
        (Some(name), _) => format!("Variable({:?})", name.get_ref()),
        (None, path) => format!(
            "File {{ path: {:?}, keys: &{:?}, sets: {:?} }}",
            path.as_ref().map(Spanned::get_ref).map(String::as_str).unwrap_or_default(),
            redirect.keys,
            redirect.sets.as_deref().unwrap_or_default(),
        ),
    };
    let visible = options(file, &file.command);
    format!(
        "Redirect {{ by: RedirectBy::{by}, proxy: {}, unless: &{:?} }}",
        maybe(redirect.proxy.map(|proxy| format!("ProxyFor::{proxy:?}"))),
        canonical(&redirect.unless, &visible),
    )
}

fn startup(file: &File, startup: &Startup) -> String {
    let visible = options(file, &file.command);
    let names = startup.names.iter();
    format!(
        "Startup {{ dialect: Dialect::{:?}, files: &[{}], unless: &{:?}, names: &{:?} }}",
        startup.dialect,
        join(startup.files.iter().map(|group| format!("&{group:?}"))),
        canonical(&startup.unless, &visible),
        names.map(|(name, option)| (name, option.get_ref())).collect::<Vec<_>>(),
    )
}

/// A sorted index from every name to the position of its owner.
fn index<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut all = BTreeMap::new();
    for (position, names) in names.enumerate() {
        all.extend(names.split(' ').map(|name| (name, position)));
    }
    join(all.into_iter().map(|(name, position)| format!("({name:?}, {position})")))
}

fn grammar_bit(grammar: Grammar) -> u16 {
    let all = [
        Grammar::Abbreviate,
        Grammar::BooleanValues,
        Grammar::Cluster,
        Grammar::Equals,
        Grammar::Expand,
        Grammar::Global,
        Grammar::IgnoreCase,
        Grammar::Negate,
        Grammar::Plus,
        Grammar::SingleDash,
        Grammar::Bundle,
    ];
    let position = all.iter().position(|other| *other == grammar).unwrap_or_default();
    u32::try_from(position)
        .ok()
        .and_then(|position| 1_u16.checked_shl(position))
        .unwrap_or_default()
}

fn flow(flow: Flow) -> String {
    format!("Flow::{flow:?}")
}

fn flows(flows: &[Flow]) -> String {
    flows.iter().fold("Flows::NONE".to_owned(), |all, flow| format!("{all}.with(Flow::{flow:?})"))
}

fn starts(starts: Starts) -> String {
    format!("Starts::{starts:?}")
}

fn stdin(stdin: Stdin) -> String {
    format!("StdinUse::{stdin:?}")
}

fn kind(kind: Kind) -> String {
    format!("OperandKind::{kind:?}")
}

fn form(form: Form) -> String {
    format!("Form::{form:?}")
}

fn effect(effect: Effect) -> String {
    format!("Effect::{effect:?}")
}

fn maybe(text: Option<String>) -> String {
    text.map_or_else(|| "None".to_owned(), |text| format!("Some({text})"))
}

fn join(parts: impl Iterator<Item = String>) -> String {
    parts.collect::<Vec<_>>().join(", ")
}

/// Writing to a string cannot fail.
fn line(out: &mut String, text: &str) {
    writeln!(out, "{text}").unwrap_or_default();
}
