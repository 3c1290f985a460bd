//! Judges a recorded receipt again, by whatever policy is asked about.
//!
//! A receipt holds no values: where they stood, its command line has marks (`‹9 bytes›`). Read back,
//! it has the same words in the same places, and what only values could tell (findings, hosts, which
//! way data moves) stands in the receipt itself. What cannot be had back that way is said, never
//! guessed: such a receipt is not replayed.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use datafog_core::{
    Action, ActionKind, Carrier, Destination, Event, Facts, Finding, Flow, Flows, HostName,
    Invented, LocalTime, Mode, Principal, PrincipalKind, Reach, ReceiptKind, Surroundings, Value,
    Verdict, Void,
};
use datafog_detect::Custom;
use datafog_policy::{Policy, Question, Range, Truth};
use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::case::goes_home;
use crate::circumstance;
use crate::example::{nothing, resolve};
use crate::started::{self, Files, Started};
use crate::{event, outside, read};

/// Why a receipt cannot be judged again.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, thiserror::Error)]
pub enum Unreplayable {
    /// It is no decision about an action: an outcome, or a mended break of the ledger.
    #[error("no decision about a command")]
    NoDecision,
    /// The command line was cut, or left out.
    #[error("the command line was too long to be kept")]
    Cut,
    /// What the policy asks about is not kept in receipts, and its verdict depends on it.
    #[error("not in the receipt: {0}")]
    Open(String),
    /// The action is neither a command line nor the call of a tool.
    #[error("neither a command nor the call of a tool")]
    Other,
    /// What it started (the commands of a line for a shell, the command behind `sudo`) cannot be
    /// told from what is kept: variables, files or values decided what it was.
    #[error("what it starts cannot be told from the receipt")]
    Started,
    /// A policy of another system looks at the values of a tool's arguments.
    #[error("another system's policy asks for the values of a tool's arguments")]
    Values,
    /// There was no policy to judge by.
    #[error("settings or policy could not be loaded then")]
    Fault,
    /// The line is no receipt that this version can read.
    #[error("a line that cannot be read")]
    Unreadable,
    /// Judged again by the same policy, it comes out otherwise: what made the difference is not in
    /// the receipt.
    #[error("what decided it is not in the receipt")]
    Unfaithful,
}

/// Folders that recorded paths mean, and the user's own detectors.
#[derive(Debug)]
pub struct Replay {
    home: Option<PathBuf>,
    root: PathBuf,
    custom: Option<Custom>,
    /// Zones that were asked for.
    zones: RefCell<BTreeMap<String, Option<TimeZone>>>,
}

/// A receipt's action, as a policy may ask about it.
#[derive(Debug)]
pub struct Replayed<'a> {
    replay: &'a Replay,
    event: &'a Event,
    world: Invented,
    action: Action,
    flows: Flows,
    /// Which way the values of a tool's arguments can move.
    ways: Flows,
    destinations: Vec<Destination>,
    unscanned: Vec<String>,
    /// What it started, each judged by itself.
    started: Vec<Self>,
    /// Of some destination nothing but the name is kept.
    named_only: bool,
    /// Whether a secret is at home could not be told since the last time somebody asked that.
    guessed: Cell<bool>,
}

impl Replay {
    /// For the receipts of the installation at `root`.
    #[must_use]
    pub fn new(home: Option<PathBuf>, root: PathBuf, custom: Option<Custom>) -> Self {
        Self { home, root, custom, zones: RefCell::new(BTreeMap::new()) }
    }

    /// The facts of a recorded decision.
    ///
    /// # Errors
    /// Why they cannot be had back.
    pub fn facts<'a>(&'a self, event: &'a Event) -> Result<Replayed<'a>, Unreplayable> {
        match event.kind {
            ReceiptKind::Action | ReceiptKind::Check => {}
            ReceiptKind::Outcome | ReceiptKind::Recovery => return Err(Unreplayable::NoDecision),
        }
        let kinds = [ActionKind::CommandExec, ActionKind::ShellExec, ActionKind::ToolCall];
        if !kinds.contains(&event.action_type) {
            return Err(Unreplayable::Other);
        }
        if event.command.is_empty() || is_cut(event) {
            return Err(Unreplayable::Cut);
        }
        // Without a policy the answer is a denial that no rule gives, with the failure as its reason.
        let failed = event.decision == Verdict::Deny
            && event.matched_rules.is_empty()
            && event.faults.first().is_some_and(|fault| fault.starts_with(&event.reason));
        if failed {
            return Err(Unreplayable::Fault);
        }
        let mut world = nothing(&event.cwd);
        world.home = self.home.clone().unwrap_or(world.home);
        if starts(event, &world) {
            return self.with_started(event, &world);
        }
        let is_tool = event.action_type == ActionKind::ToolCall;
        let mut action = if is_tool { call(event, &world) } else { command(event, &world) };
        let (destinations, named_only) =
            destinations(&event.destinations, &action.invocation.destinations);
        action.invocation.destinations.clone_from(&destinations);
        let flows = event.flows.iter().fold(Flows::NONE, |flows, flow| flows.with(*flow));
        let ways = if is_tool { ways(event, &world, action.invocation.flows) } else { flows };
        let faults = event.faults.iter().filter(|fault| !fault.starts_with(outside::FAILED));
        let unscanned = faults.cloned().collect();
        let alone = self.alone(event, (world, action));
        Ok(Replayed { flows, ways, unscanned, destinations, named_only, ..alone })
    }

    /// One action by itself, as its words tell.
    fn alone<'a>(&'a self, event: &'a Event, (world, action): (Invented, Action)) -> Replayed<'a> {
        let destinations = action.invocation.destinations.clone();
        let flows = action.invocation.flows.toward(&destinations);
        Replayed {
            replay: self,
            event,
            world,
            action,
            flows,
            ways: flows,
            unscanned: Vec::new(),
            destinations,
            started: Vec::new(),
            named_only: false,
            guessed: Cell::new(false),
        }
    }

    /// A command line with all that it starts, where its words tell that and nothing was found: which
    /// part a finding is of is not kept. What they tell has to be what was seen.
    fn with_started<'a>(
        &'a self,
        event: &'a Event,
        world: &Invented,
    ) -> Result<Replayed<'a>, Unreplayable> {
        let by_tool = event.action_type == ActionKind::ToolCall;
        let words = words(&event.command);
        let by_more = words.iter().any(|word| is_told_by_more(&word.to_string_lossy()));
        if by_tool || by_more || !event.findings.is_empty() || !event.faults.is_empty() {
            return Err(Unreplayable::Started);
        }
        let (id, kind) = (event.receipt_id, event.action_type);
        let (action, started) = read::command((id, kind), words, world, Files::None);
        let whole = self.part(event, (action, started), world);
        let (mut flows, mut places) = (Flows::NONE, Vec::new());
        for part in whole.all() {
            flows = flows.union(part.flows);
            places.extend(part.destinations.iter().map(event::destination));
        }
        let recorded = event.flows.iter().fold(Flows::NONE, |flows, flow| flows.with(*flow));
        let is_same = recorded == flows
            && places.iter().all(|place| event.destinations.contains(place))
            && event.destinations.iter().all(|place| places.contains(place));
        if is_same { Ok(whole) } else { Err(Unreplayable::Started) }
    }

    fn part<'a>(
        &'a self,
        event: &'a Event,
        (mut action, inner): (Action, Vec<Started>),
        world: &Invented,
    ) -> Replayed<'a> {
        resolve(&mut action, world);
        let started = inner.into_iter();
        let started = started.map(|one| self.part(event, (one.action, one.inner), world)).collect();
        Replayed { started, ..self.alone(event, (world.clone(), action)) }
    }

    fn zone(&self, name: &str) -> Option<TimeZone> {
        let mut zones = self.zones.borrow_mut();
        let read = || circumstance::zone(name);
        zones.entry(name.to_owned()).or_insert_with(read).clone()
    }
}

/// What a line may hold whose meaning is not in its words alone: variables, substitutions, patterns
/// for names of files, values that were taken out. A backslash may also stand for a letter that
/// receipts do not show as it is.
const TOLD_BY_MORE: [char; 8] = ['$', '`', '*', '?', '[', '~', '‹', '\\'];

/// What begins the mark of a value that was taken out.
const MARK: char = '‹';

fn is_marked(word: &OsString) -> bool {
    word.to_string_lossy().contains(MARK)
}

/// Whether more than the word tells what it means. The value of a variable that a command gets is
/// none of its words.
fn is_told_by_more(word: &str) -> bool {
    let text = match word.split_once("=‹") {
        Some((name, rest)) if rest.find('›') == rest.len().checked_sub('›'.len_utf8()) => name,
        _ => word,
    };
    text.contains(TOLD_BY_MORE)
}

/// Whether the call starts anything that was judged by itself.
fn starts(event: &Event, world: &Invented) -> bool {
    let names = event.command.strip_prefix(TOOL).and_then(|line| line.strip_prefix(&*event.tool));
    let Some(names) = names.filter(|_| event.action_type == ActionKind::ToolCall) else {
        let words = words(&event.command);
        let started = started::by_command(event.receipt_id, &words, world, Files::None);
        return event.action_type == ActionKind::ShellExec || !started.is_empty();
    };
    // What it would start with anything in its arguments.
    let anything = |name: &str| (name.to_owned(), Value::Text(String::from("/x y; rm z")));
    let members = names.split_whitespace().map(anything).collect();
    !datafog_shim::interpret_tool(&event.tool, Value::Table(members), world).starts.is_empty()
}

/// Whether a part of the displayed line is missing: it was too long to be kept.
fn is_cut(event: &Event) -> bool {
    // Names of a tool and its arguments are cut without a mark.
    event.command.ends_with('…') || event.command.chars().count() >= MOST_NAMES
}

/// So many letters are kept of the names of a tool and its arguments.
const MOST_NAMES: usize = 512;

/// What begins the display of a tool's call that runs no command that could be read.
const TOOL: &str = "tool:";

/// A command, as its displayed line tells.
fn command(event: &Event, world: &Invented) -> Action {
    let argv = words(&event.command);
    let mut invocation = datafog_shim::interpret(&argv, world);
    datafog_shim::resolve(&mut invocation, world);
    Files::None.fill(&mut invocation, &world.cwd);
    Action {
        id: event.receipt_id,
        kind: event.action_type,
        cwd: world.cwd.clone(),
        invocation,
        tool: None,
        parts: started::nested(event.receipt_id, datafog_shim::wrapped(&argv, world), Files::None),
        argv,
    }
}

/// The call of a tool: its name and those of its arguments, or the command that it runs. What the
/// arguments are is not kept.
fn call(event: &Event, world: &Invented) -> Action {
    let names = event.command.strip_prefix(TOOL).and_then(|line| line.strip_prefix(&*event.tool));
    let members = names.unwrap_or_default().split_whitespace();
    let members = members.map(|name| (name.to_owned(), Value::Null)).collect();
    let reading = datafog_shim::interpret_tool(&event.tool, Value::Table(members), world);
    let tool = Some(Box::new(reading.call));
    if names.is_none() {
        return Action { tool, ..command(event, world) };
    }
    let mut invocation = reading.invocation;
    let flows = event.flows.iter().fold(Flows::NONE, |flows, flow| flows.with(*flow));
    // A call that ended on this machine was, before that was known, one that leaves.
    invocation.flows = if flows.has(Flow::Loopback) { flows.with(Flow::Leaves) } else { flows };
    invocation.contents.clear();
    invocation.operands.clear();
    Action {
        id: event.receipt_id,
        kind: event.action_type,
        argv: Vec::new(),
        cwd: world.cwd.clone(),
        invocation,
        tool,
        parts: Vec::new(),
    }
}

/// Which way the values of a tool's arguments can move: those of its paths by its name, all others
/// by what the whole call does.
fn ways(event: &Event, world: &Invented, flows: Flows) -> Flows {
    let path = vec![(String::from("path"), Value::Text(String::from("/")))];
    let reading = datafog_shim::interpret_tool(&event.tool, Value::Table(path), world);
    let of_paths = reading.invocation.operands.iter().map(|operand| operand.flow);
    of_paths.fold(flows.with(Flow::Stays), Flows::with)
}

impl Replayed<'_> {
    /// The verdicts that `policy` may come to. When there is more than one, what decides between
    /// them is not in the receipt.
    pub fn range(&self, policy: &Policy) -> Range {
        self.guessed.set(false);
        policy.range(self, &|asked| self.is_open(asked))
    }

    /// Whether the answer of a condition is more than the receipt can tell.
    fn is_open(&self, Question { condition, answer, flows, of_text }: Question) -> bool {
        let who = &self.event.principal;
        let unasked = who.parents.is_empty();
        let bare = self.action.argv.is_empty();
        match condition {
            "argument" => self.action.tool.is_some(),
            // With a command among its arguments, their names were not kept.
            "category" => self.action.tool.is_some() && !bare,
            "content" if of_text && answer != Truth::True && self.lacks_content() => true,
            "operand" if of_text && answer != Truth::True && self.lacks_operand(flows) => true,
            "content" | "operand" => {
                bare && (flows.is_empty() || self.ways.iter().any(|way| flows.has(way)))
            }
            "finding" => self.guessed.take(),
            "host" => self.named_only && answer == Truth::Unknown,
            "parent" => unasked,
            "principal" => unasked && who.kind == PrincipalKind::Unknown,
            "agent" | "session" => unasked && who.agent.is_none(),
            "branch" | "ci" | "discards" | "group" | "rate" | "remote" | "repository" | "role"
            | "scorer" | "tenant" | "uncommitted" | "user" => true,
            _ => false,
        }
    }

    /// Whether a text that it uses as content stood where the receipt has a mark.
    fn lacks_content(&self) -> bool {
        let argv = &self.action.argv;
        self.action.invocation.contents.iter().any(|source| match &source.carrier {
            Carrier::Argument(place) => argv.get(place.argument).is_some_and(is_marked),
            Carrier::Inline(text) => String::from_utf8_lossy(text).contains(MARK),
            Carrier::File(_) | Carrier::Stdin | Carrier::Untold(_) => false,
        })
    }

    /// Whether an operand stood there that moves in one of these ways, or in any where there are none:
    /// what a wrapper (`env`) hands on does not move, and counts with the command that it starts.
    fn lacks_operand(&self, flows: Flows) -> bool {
        let asked = |flow: Flow| flows.is_empty() || flows.has(flow);
        let mut operands = self.action.invocation.operands.iter();
        operands.any(|operand| asked(operand.flow) && is_marked(&operand.text))
    }

    /// It and all that it starts, outer before inner: the order of
    /// [`datafog_core::RuleMatch::part`].
    #[must_use]
    pub fn all(&self) -> Vec<&Self> {
        let (mut all, mut left) = (Vec::new(), vec![self]);
        while let Some(one) = left.pop() {
            all.push(one);
            left.extend(one.started.iter().rev());
        }
        all
    }

    /// Whether a policy of another system has what it asks for.
    #[must_use]
    pub fn has_values(&self) -> bool {
        self.action.tool.is_none()
    }

    /// The world around it: nothing but the folder that it ran in.
    #[must_use]
    pub fn world(&self) -> &dyn Surroundings {
        &self.world
    }
}

impl Facts for Replayed<'_> {
    fn action(&self) -> &Action {
        &self.action
    }

    fn started(&self) -> Vec<&dyn Facts> {
        self.started.iter().map(|one| -> &dyn Facts { one }).collect()
    }

    fn flows(&self) -> Flows {
        self.flows
    }

    fn destinations(&self) -> &[Destination] {
        &self.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.event.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let own = self.replay.custom.as_ref().and_then(|own| own.detector(&finding.detector));
        let homes: Vec<&str> = match datafog_detect::detector(&finding.detector) {
            Some(detector) => detector.hosts.to_vec(),
            None => own.iter().flat_map(|own| &own.hosts).map(String::as_str).collect(),
        };
        let home = goes_home(&self.action.invocation, finding, &homes, || &self.destinations);
        if !home && self.named_only {
            self.guessed.set(true);
        }
        home
    }

    fn unscanned(&self) -> &[String] {
        &self.unscanned
    }

    fn mode(&self) -> Mode {
        self.event.mode
    }

    fn principal(&self) -> &Principal {
        &self.event.principal
    }

    fn local_time(&self, zone: &str) -> Option<LocalTime> {
        let moment: Timestamp = self.event.timestamp.parse().ok()?;
        circumstance::at(moment, &self.replay.zone(zone)?)
    }

    fn home(&self) -> Option<&Path> {
        self.replay.home.as_deref()
    }

    fn root(&self) -> &Path {
        &self.replay.root
    }
}

/// The words of a displayed command line: blanks part them, except in quotes and in marks.
fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut is_word) = (Vec::new(), String::new(), false);
    let mut letters = line.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => {
                if is_word {
                    words.push(OsString::from(core::mem::take(&mut word)));
                }
                is_word = false;
                continue;
            }
            '\'' => word.extend(letters.by_ref().take_while(|letter| *letter != '\'')),
            '\\' if letters.next_if_eq(&'\'').is_some() => word.push('\''),
            '‹' => {
                word.push('‹');
                word.extend(letters.by_ref().take_while(|letter| *letter != '›'));
                word.push('›');
            }
            plain => word.push(plain),
        }
        is_word = true;
    }
    if is_word {
        words.push(OsString::from(word));
    }
    words
}

/// The hosts that were recorded, and whether of any only the name is known. Where the command line
/// tells the same ones, it also tells what it does with them.
fn destinations(recorded: &[String], told: &[Destination]) -> (Vec<Destination>, bool) {
    let mut named_only = false;
    let mut known = |text: &String| {
        let same = |one: &&Destination| {
            let port = one.port.map(|port| format!(":{port}")).unwrap_or_default();
            let plain = format!("{}://{}{port}", one.scheme, one.host);
            text.strip_prefix(&plain).is_some_and(|rest| rest.is_empty() || rest.starts_with(' '))
        };
        told.iter().find(same).cloned().unwrap_or_else(|| {
            named_only = true;
            named(text)
        })
    };
    (recorded.iter().map(&mut known).collect(), named_only)
}

/// A host of which the receipt holds nothing but the name.
fn named(text: &str) -> Destination {
    let (text, bent) = match text.split_once(" (bent") {
        Some((plain, _)) => (plain, true),
        None => (text, false),
    };
    let (scheme, rest) = text.split_once("://").unwrap_or(("", text));
    let port = rest.rsplit_once(':').and_then(|(name, port)| Some((name, port.parse().ok()?)));
    let (name, port) = port.map_or((rest, None), |(name, port)| (name, Some(port)));
    let host = match name.trim_matches(['[', ']']).parse() {
        Ok(address) => HostName::Ip(address),
        Err(_) if name.is_empty() || name.contains(['‹', ' ']) => HostName::Unknown,
        Err(_) => HostName::Name(name.to_owned()),
    };
    let here = bent || host.is_loopback();
    let reach = if here { Reach::Loopback } else { Reach::Unknown };
    // How it was reached is not kept, so nothing is at home there.
    let voids =
        if here { Vec::new() } else { vec![Void::ConnectsElsewhere(String::from("not kept"))] };
    Destination { scheme: scheme.to_owned(), host, port, reach, voids }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_displayed_line_has_its_words_back() {
        for (line, expected) in [
            ("git push origin main", vec!["git", "push", "origin", "main"]),
            (
                "curl -d ‹9 bytes› https://h/?‹3 bytes›",
                vec!["curl", "-d", "‹9 bytes›", "https://h/?‹3 bytes›"],
            ),
            (
                "curl -H 'Authorization: ‹8 bytes›' h",
                vec!["curl", "-H", "Authorization: ‹8 bytes›", "h"],
            ),
            (r"rm -rf '' 'it'\''s'", vec!["rm", "-rf", "", "it's"]),
            ("env A=‹1 byte› ls 'a b'", vec!["env", "A=‹1 byte›", "ls", "a b"]),
        ] {
            let found: Vec<String> =
                words(line).into_iter().map(|word| word.into_string().unwrap()).collect();
            assert_eq!(found, expected, "{line}");
        }
    }

    #[test]
    fn what_only_more_than_words_would_tell_is_not_guessed() {
        for word in ["git", "LANG=‹1 byte›", "make test", "a=b", "--depth=1"] {
            assert!(!is_told_by_more(word), "{word}");
        }
        for word in ["‹24 bytes›", "git push $X", "rm *.o", "A=‹1 byte› rm", "x‹3 bytes›", "a\\nb"]
        {
            assert!(is_told_by_more(word), "{word}");
        }
    }

    #[test]
    fn a_host_of_which_only_the_name_is_kept_is_nobodys_home() {
        let place = named("https://api.github.com:8443");
        assert_eq!((place.host.to_string(), place.port), ("api.github.com".into(), Some(8443)));
        assert!(!place.is_home(&["api.github.com"]));
        assert!(named("http://localhost:80").is_loopback());
        assert_eq!(named("ssh://an unknown host").host, HostName::Unknown);
    }
}
