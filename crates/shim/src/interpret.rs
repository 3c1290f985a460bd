//! From argv to the normal form: the one line of this crate.
//!
//! Read argv by the option table, take in options that stand in files, name options and operands,
//! gather content, add up flows, and let the transport say where the call goes.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;

use datafog_core::{
    Carrier, ContentSource, Deliver, Flow, Flows, Invocation, Operand, OperandKind, Opt, StdinUse,
    Surroundings, Void,
};

use crate::form::Collector;
use crate::mounts::mounted;
use crate::profile::{At, Effect, OperandSpec, Profile, READING, SAYING, Starts, profile};
use crate::read::{Call, Doubt, Given};
use crate::secrets::{secrets_in, secrets_of};
use crate::source::SOURCES;
use crate::text::Text;
use crate::transport::copy;
use crate::wrapped;
use crate::{behind, carriers, config_file, sending_code};

/// Most things not understood that are told one by one.
const MOST_TOLD: usize = 16;

/// What `argv` means, program name first.
///
/// A program without a profile gives an invocation that is not [`Invocation::known`], with its
/// arguments as text. Never fails: what is not understood is told in [`Invocation::unclear`].
/// Hosts that only a costly question can tell are left [`datafog_core::HostName::Deferred`]; see
/// [`resolve`]. Linear in the size of `argv`.
#[must_use]
pub fn interpret(argv: &[OsString], surroundings: &dyn Surroundings) -> Invocation {
    interpret_within(argv, surroundings, wrapped::DEPTH)
}

/// The same for a command that may be `depth` wrappers further in.
pub(crate) fn interpret_within(
    argv: &[OsString],
    surroundings: &dyn Surroundings,
    depth: usize,
) -> Invocation {
    let name = argv.first().map(program_name).unwrap_or_default();
    let Some(profile) = profile(&name) else {
        let mut invocation = unknown(name, argv);
        carriers::describe(&mut invocation, surroundings);
        return invocation;
    };
    let mut call = Call::read(profile, argv);
    if call.words.is_empty() && call.given.iter().any(is_help) && call.is_clear() {
        return question(profile, &call, argv, surroundings);
    }
    config_file::expand(&mut call, argv, surroundings);
    let mut invocation = describe(profile, &call);
    place_secrets(&call, argv, &mut invocation);
    if invocation.starts {
        opened_by_code(&call, surroundings, &mut invocation);
    }
    (profile.contact)(&call, surroundings, &mut invocation);
    doubt(&call, surroundings, &mut invocation);
    if profile.wraps {
        wrapped::add(profile, argv, surroundings, depth, &mut invocation);
    }
    settle_flows(&mut invocation);
    invocation
}

fn is_help(given: &Given<'_>) -> bool {
    given.spec.effect == Some(Effect::Help) && !given.negated
}

/// A call that asks what the program could do is that question and nothing else, whatever it is
/// about: `cargo yank --help` is `cargo help`.
#[cold]
fn question(
    profile: &Profile,
    call: &Call<'_>,
    argv: &[OsString],
    surroundings: &dyn Surroundings,
) -> Invocation {
    let asked = call.given.iter().filter(|given| is_help(given)).take(1);
    let mut invocation = Invocation {
        program: profile.name.to_owned(),
        family: profile.family.to_owned(),
        known: true,
        subcommand: vec!["help".to_owned()],
        flows: Flows::NONE.with(Flow::Stays),
        options: asked
            .map(|given| Opt {
                name: given.name.as_ref().to_owned(),
                value: None,
                place: given.place,
            })
            .collect(),
        // `git -c man.x.cmd=… log --help` runs what the setting names.
        starts: call.given.iter().any(|given| given.spec.starts.is_some())
            || (profile.name == "git" && behind::git_may_start(call, surroundings)),
        ..Invocation::default()
    };
    place_secrets(call, argv, &mut invocation);
    invocation
}

/// What was not understood may hold content, and may say where all of it goes. Of commands that
/// never send content there is nothing to doubt.
fn doubt(call: &Call<'_>, surroundings: &dyn Surroundings, invocation: &mut Invocation) {
    let sends = call.scopes.iter().any(|scope| scope.sends());
    let nothing = call.untold.is_empty() && call.doubts.is_empty();
    if nothing || !sends || !invocation.flows.has(Flow::Leaves) {
        return;
    }
    for destination in &mut invocation.destinations {
        destination.bend(Void::Ambiguous);
    }
    // So many options that nobody knows are not worth telling apart.
    let many = call.doubts.len() > MOST_TOLD;
    let unread = many || (invocation.stdin != StdinUse::Content && surroundings.stdin_carries());
    let carries = |doubt: &&Doubt<'_>| {
        unread || doubt.values.iter().flatten().any(|it| may_name_content(&it.bytes, surroundings))
    };
    let doubts = call.doubts.iter().filter(carries).map(|doubt| &doubt.why);
    let told = call.untold.iter().chain(doubts).take(MOST_TOLD);
    invocation.contents.extend(told.map(|why| ContentSource {
        carrier: Carrier::Untold(why.clone()),
        flow: Flow::Leaves,
        role: "options".to_owned(),
        deliver: Deliver::Handle,
    }));
}

/// Whether a value of an option that nobody knows may name content: standard input, a file behind
/// `@`, or anything that is there, however it is spelled (`name=file`, `file://path`). The value
/// itself stands in argv, which is looked at as a whole.
fn may_name_content(value: &[u8], surroundings: &dyn Surroundings) -> bool {
    let marks = |byte: &u8| b"=:,;<@".contains(byte);
    let ends = value.iter().enumerate().filter(|(_, byte)| marks(byte)).map(|(at, _)| at);
    let starts = std::iter::once(0).chain(ends.clone().map(|at| at.saturating_add(1)));
    let names = |name: &[u8]| {
        let path = || surroundings.cwd().join(OsStr::from_bytes(name));
        !name.is_empty() && (name == b"-" || surroundings.is_there(&path()))
    };
    // Of a value with more parts than anybody writes, nothing is certain.
    ends.clone().count() > MOST_TOLD
        || starts.filter_map(|start| value.get(start..)).any(|rest| {
            let part = rest.split(|byte| b",;".contains(byte)).next().unwrap_or_default();
            rest.starts_with(b"@") || names(rest) || names(part)
        })
}

/// Finds out the hosts that [`interpret`] left open, by asking the command itself or reading its
/// configuration. Costs a process or a few files; call it before a destination is judged. What
/// cannot be found out becomes [`datafog_core::HostName::Unknown`].
pub fn resolve(invocation: &mut Invocation, surroundings: &dyn Surroundings) {
    let pending = std::mem::take(&mut invocation.destinations);
    let reached = !pending.is_empty();
    // A wrapper's destinations are those of the command behind it, which must be asked itself.
    let wraps = profile(&invocation.program).is_some_and(|profile| profile.wraps);
    for destination in pending {
        let datafog_core::HostName::Deferred(name) = &destination.host else {
            invocation.destinations.push(destination);
            continue;
        };
        match SOURCES.iter().find(|source| source.name == *name && !wraps) {
            Some(source) => {
                let found = (source.find)(invocation, &destination, surroundings);
                invocation.destinations.extend(found);
            }
            None => invocation.destinations.push(datafog_core::Destination {
                host: datafog_core::HostName::Unknown,
                reach: datafog_core::Reach::Unknown,
                ..destination
            }),
        }
    }
    // A remote may turn out to be a folder of this machine.
    if reached && invocation.destinations.is_empty() {
        copy::stay(invocation);
    }
}

/// The last component of the program's path, as text; odd bytes become `?`.
pub(crate) fn program_name(first: &OsString) -> String {
    let name = Path::new(first).file_name().unwrap_or(first);
    name.to_str().map_or_else(|| "?".to_owned(), str::to_owned)
}

fn unknown(program: String, argv: &[OsString]) -> Invocation {
    let listed = |list: &[&str]| list.binary_search(&program.as_str()).is_ok();
    let (says, reads) = (listed(SAYING), listed(READING));
    // What follows a dash may hold a name of its own, and what holds `=` another one.
    let is_name = |word: &OsString| {
        let bytes = word.as_encoded_bytes();
        !matches!(bytes.first(), None | Some(b'-' | b'@')) && !bytes.contains(&b'=')
    };
    let operand = |(index, argument)| {
        let text = Text::of_argument(argument, index, 0);
        Operand {
            text: argument.clone(),
            kind: if reads && is_name(argument) { OperandKind::Path } else { OperandKind::Text },
            flow: Flow::Stays,
            place: text.place,
            canonical: None,
        }
    };
    let operands = argv.iter().enumerate().skip(1).map(operand).collect();
    let secrets = secrets_in(argv);
    let starts = behind::may_start(&program);
    Invocation { program, says, operands, secrets, starts, ..Invocation::default() }
}

fn describe(profile: &Profile, call: &Call<'_>) -> Invocation {
    let scope = call.scope();
    let mut invocation = Invocation {
        program: profile.name.to_owned(),
        family: profile.family.to_owned(),
        known: true,
        subcommand: call.subcommand.clone(),
        flows: scope.flows,
        stdin: scope.stdin,
        unclear: call.unclear.clone(),
        starts: profile.wraps || call.scopes.iter().any(|scope| scope.starts),
        ..Invocation::default()
    };
    describe_options(call, &mut invocation);
    describe_operands(call, &mut invocation);
    invocation
}

fn describe_options(call: &Call<'_>, invocation: &mut Invocation) {
    invocation.options.reserve(call.given.len());
    let mut dropped = Flows::NONE;
    let (globs, reaches) = (globs(call), reaches(call));
    for given in &call.given {
        invocation.options.push(Opt {
            name: given.name.as_ref().to_owned(),
            value: given.value.as_ref().map(Text::to_os_string),
            place: given.place,
        });
        if given.negated {
            continue;
        }
        let spec = given.spec;
        invocation.starts |= spec.starts.is_some();
        invocation.flows = invocation.flows.union(spec.adds);
        dropped = dropped.union(spec.drops);
        if let Some(stdin) = spec.stdin {
            invocation.stdin = stdin;
        }
        let flow = spec.flow.unwrap_or(Flow::Stays);
        let mut collector = collector(call, invocation, (spec.role, flow), (globs, reaches));
        match (spec.content, &given.value) {
            (Some(form), Some(value)) => collector.collect(form, value),
            (None, Some(value)) if spec.effect == Some(Effect::Config) && *value.bytes == *b"-" => {
                // The options that stand there are sent too; nobody knows which.
                collector.role = "config";
                collector.flow = Flow::Leaves;
                collector.stdin();
            }
            (None, _) if spec.stdin == Some(StdinUse::Content) => collector.stdin(),
            (Some(_) | None, _) => {}
        }
    }
    // A dry run does nothing, wherever it is asked for.
    for flow in dropped.iter() {
        invocation.flows = invocation.flows.without(flow);
    }
}

/// Files that a program in an argument opens are operands of its interpreter, and content.
#[cold]
fn opened_by_code(call: &Call<'_>, surroundings: &dyn Surroundings, invocation: &mut Invocation) {
    let options = call.given.iter().filter(|given| given.spec.starts == Some(Starts::Code));
    let options = options.filter_map(|given| given.value.as_ref());
    let specs = call.words.iter().zip(operand_specs(call));
    let is_code =
        |spec: Option<&OperandSpec>| spec.is_some_and(|it| it.starts == Some(Starts::Code));
    let words = specs.filter(|(_, spec)| is_code(*spec)).map(|(word, _)| word);
    for code in options.chain(words) {
        let code = String::from_utf8_lossy(&code.bytes);
        for path in sending_code::opened(&code, surroundings.home()) {
            invocation.operands.push(Operand {
                text: path.clone().into(),
                kind: OperandKind::Path,
                flow: Flow::Stays,
                place: None,
                canonical: None,
            });
            invocation.contents.push(ContentSource {
                carrier: Carrier::File(path),
                flow: Flow::Stays,
                role: "file".to_owned(),
                deliver: Deliver::Path,
            });
        }
    }
}

/// Whether names of files may be patterns: unless one call and all of it says no.
fn globs(call: &Call<'_>) -> bool {
    let has = |effect| call.given.iter().any(|given| given.spec.effect == Some(effect));
    !call.has("--globoff") || has(Effect::Next)
}

/// What its place makes a secret is a credential in use, unless the table says so already.
fn place_secrets(call: &Call<'_>, argv: &[OsString], invocation: &mut Invocation) {
    invocation.secrets = secrets_of(call, argv);
    let leaves = invocation.flows.has(Flow::Leaves);
    for secret in &invocation.secrets {
        let carrier = Carrier::Argument(secret.place);
        let known = invocation.contents.iter();
        if known.clone().any(|it| it.carrier == carrier && it.role == "credential") {
            continue;
        }
        invocation.contents.push(ContentSource {
            carrier,
            flow: if leaves { Flow::Leaves } else { Flow::Stays },
            role: "credential".to_owned(),
            deliver: Deliver::Handle,
        });
    }
}

fn describe_operands(call: &Call<'_>, invocation: &mut Invocation) {
    let reaches = reaches(call);
    for (word, spec) in call.words.iter().zip(operand_specs(call)) {
        let flow = spec.map_or(Flow::Stays, |spec| spec.flow);
        let meant = spec.and_then(|spec| spec.of(word));
        let word = meant.as_ref().unwrap_or(word);
        invocation.operands.push(Operand {
            text: word.to_os_string(),
            kind: spec.map_or(OperandKind::Text, |spec| spec.kind),
            flow,
            place: word.place,
            canonical: None,
        });
        if let Some(stdin) = spec.and_then(|spec| spec.stdin) {
            let reads = |source: &ContentSource| source.carrier == Carrier::Stdin;
            if !invocation.contents.iter().any(reads) {
                invocation.stdin = stdin;
            }
        }
        if let Some((form, spec)) = spec.and_then(|spec| Some((spec.content?, spec))) {
            collector(call, invocation, (spec.role, flow), (true, reaches)).collect(form, word);
        }
    }
    let mounts = call.given.iter().filter(|given| given.spec.effect == Some(Effect::Mounts));
    for here in mounts.filter_map(|given| mounted(given.value.as_ref()?)) {
        let (text, kind, flow) = (here.to_os_string(), OperandKind::Path, Flow::Stays);
        let (place, canonical) = (here.place, None);
        invocation.operands.push(Operand { text, kind, flow, place, canonical });
    }
    // Standard input in the place of what no operand names.
    let instead = call.scope().operands.iter().find(|spec| spec.stdin.is_some());
    if let Some(spec) = instead.filter(|_| call.words.is_empty()) {
        collector(call, invocation, (spec.role, spec.flow), (true, reaches)).stdin();
    }
}

/// What the table says of each word, in order.
pub(crate) fn operand_specs(call: &Call<'_>) -> impl Iterator<Item = Option<&'static OperandSpec>> {
    let specs = positions(call);
    let (words, dashes) = (call.words.len(), call.dashes);
    call.words.iter().enumerate().map(move |(index, word)| {
        let at = |at: At| specs.iter().find(|spec| spec.at == at && spec.means(word)).copied();
        let is_dashed = dashes.is_some_and(|dashes| index >= dashes);
        let is_last = words > 1 && index.checked_add(1) == Some(words);
        let dashed = if is_dashed { at(At::Dashed) } else { None };
        let last = || if is_last { at(At::Last) } else { None };
        dashed.or_else(last).or_else(|| at(At::Index(index))).or_else(|| at(At::Rest))
    })
}

/// The positions that stand with the options given.
fn positions(call: &Call<'_>) -> Vec<&'static OperandSpec> {
    if call.stray.is_some() {
        return Vec::new();
    }
    let stands = |spec: &&OperandSpec| {
        let wanted = spec.when.is_empty() || spec.when.iter().any(|name| call.has(name));
        wanted && !spec.unless.iter().any(|name| call.has(name))
    };
    call.scope().operands.iter().filter(stands).collect()
}

fn collector<'c>(
    call: &Call<'_>,
    invocation: &'c mut Invocation,
    (role, flow): (&'static str, Flow),
    (globs, reaches): (bool, bool),
) -> Collector<'c> {
    Collector {
        contents: &mut invocation.contents,
        stdin: &mut invocation.stdin,
        unclear: &mut invocation.unclear,
        deliver: call.profile.deliver,
        role,
        flow,
        globs,
        reaches,
    }
}

/// Whether the call talks to another machine.
fn reaches(call: &Call<'_>) -> bool {
    let moves = |flows: Flows| flows.has(Flow::Leaves) || flows.has(Flow::Enters);
    moves(call.scope().flows) || call.given.iter().any(|given| moves(given.spec.adds))
}

/// A call that reaches nobody moves nothing out; content that leaves makes the call one that does.
fn settle_flows(invocation: &mut Invocation) {
    let leaves = |source: &ContentSource| source.flow == Flow::Leaves;
    if invocation.contents.iter().any(leaves) && !invocation.destinations.is_empty() {
        invocation.flows = invocation.flows.with(Flow::Leaves);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::world::World;

    fn untold(argv: &[&str], quiet: bool) -> bool {
        let mut world = World { quiet, ..World::default() };
        world.files.insert("/home/u/work/f".into(), b"x".to_vec());
        world.files.insert("/dev/fd/63".into(), b"x".to_vec());
        let argv: Vec<OsString> = argv.iter().map(OsString::from).collect();
        let invocation = interpret(&argv, &world);
        assert!(invocation.unclear.iter().any(|why| why.starts_with("option")), "{argv:?}");
        invocation.contents.iter().any(|it| matches!(it.carrier, Carrier::Untold(_)))
    }

    #[test]
    fn an_unknown_option_is_doubted_for_what_it_could_send() {
        let plain: [&[&str]; 7] = [
            &["curl", "--new-option", "https://h.example/"],
            &["curl", "--new-option=x", "https://h.example/"],
            &["curl", "https://h.example/", "--nosuch"],
            &["curl", "--nosuch"],
            &["curl", "--dat", "a=b", "https://h.example/"],
            &["kubectl", "--nosuch"],
            &["psql", "-h", "db.example", "--newopt"],
        ];
        for argv in plain {
            assert!(!untold(argv, true), "{argv:?}");
        }
        for value in
            ["-", "@x", "f", "./f", "a=@x", "a=f", "file:///dev/fd/63", "x,f;y", "/dev/fd/63"]
        {
            assert!(untold(&["curl", "--new", value, "https://h.example/"], true), "{value}");
            let attached = format!("--new={value}");
            assert!(untold(&["curl", &attached, "https://h.example/"], true), "{attached}");
        }
        assert!(untold(&["curl", "--new", "https://h.example/"], false), "standard input");
    }
}
