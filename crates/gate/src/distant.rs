//! An action on another machine, as a policy may ask about it.
//!
//! Everything known of it is what the caller sent. What would have to be looked up there (links,
//! repositories, accounts, parent processes) is not known, and no condition that lets something
//! through holds for want of an answer.

use std::path::{Component, Path, PathBuf};
use std::rc::Rc;

use datafog_core::{
    Action, Channel, ChannelScan, Decision, Destination, Event, Facts, Finding, Flows, Id,
    Invented, Key, LocalTime, Mode, Principal, ReceiptKind,
};
use datafog_detect::Custom;
use datafog_policy::Policy;
use datafog_shim::Mask;
use jiff::Timestamp;

use crate::case::goes_home;
use crate::clock::Clock;
use crate::event;
use crate::foreign::ForeignPolicy;
use crate::inspect::{self, Inspection};
use crate::judge::{Inquiry, What};
use crate::started::{Files, Started};
use crate::state::State;
use crate::veil::Veil;
use crate::{circumstance, read};

/// The home of whoever asks, where nothing tells it.
const HOME: &str = "/home/caller";

/// The facts of one action elsewhere.
#[derive(Debug)]
pub(crate) struct Distant<'a> {
    action: Action,
    /// What it starts, as it was read; moved into `started` once it was looked at.
    unseen: Vec<Started>,
    started: Vec<Self>,
    is_started: bool,
    seen: Inspection,
    text: Option<String>,
    stated: Vec<Finding>,
    around: Rc<Around<'a>>,
}

/// What an action and all that it starts have in common.
#[derive(Debug)]
struct Around<'a> {
    world: Invented,
    principal: Principal,
    custom: Option<&'a Custom>,
    root: &'a Path,
}

impl<'a> Distant<'a> {
    /// Reads what is asked about.
    pub(crate) fn read(question: Inquiry, id: Id, state: &'a State, root: &'a Path) -> Self {
        let Inquiry { what, kind, text, stated, cwd, principal } = question;
        let home = home_of(&cwd).or_else(|| what.home()).unwrap_or_else(|| HOME.into());
        let mut world = Invented::at(home, cwd);
        world.quiet = text.is_none();
        let (action, unseen) = match what {
            What::Command(argv) => read::command((id, kind), argv, &world, Files::None),
            What::Tool(name, arguments) => {
                read::tool((id, kind), (&name, arguments), &world, Files::None)
            }
        };
        let around = Around { world, principal, custom: state.custom.as_ref(), root };
        Self { text, stated, ..Self::of(action, unseen, Rc::new(around)) }
    }

    fn of(mut action: Action, unseen: Vec<Started>, around: Rc<Around<'a>>) -> Self {
        datafog_shim::resolve(&mut action.invocation, &around.world);
        Self {
            action,
            unseen,
            started: Vec::new(),
            is_started: false,
            seen: Inspection::default(),
            text: None,
            stated: Vec::new(),
            around,
        }
    }

    /// The same, once all that was sent along was looked at.
    pub(crate) fn inspected(mut self, key: &Key, state: &State) -> Self {
        let text = self.text.as_deref().map(str::as_bytes);
        self.seen = inspect::inspect_sent(&self.action, key, state, text);
        self.seen.findings.append(&mut self.stated);
        let unseen = core::mem::take(&mut self.unseen);
        let inner = |one: Started| {
            let started = Self::of(one.action, one.inner, Rc::clone(&self.around));
            Self { is_started: true, ..started.inspected(key, state) }
        };
        self.started = unseen.into_iter().map(inner).collect();
        self
    }

    /// What a policy of another system says.
    pub(crate) fn ask(&self, policy: &dyn ForeignPolicy) -> Decision {
        policy.decide(self, &self.around.world)
    }

    /// It and all that it starts, outer before inner.
    fn all(&self) -> Vec<&Self> {
        let mut all = vec![self];
        all.extend(self.started.iter().flat_map(Self::all));
        all
    }

    /// A channel as it is told: an argument of something that was started is no argument of the
    /// call.
    fn told(&self, channel: &Channel) -> Channel {
        let is_argument = matches!(channel, Channel::Argument(_) | Channel::Arguments);
        if self.is_started && is_argument {
            let program = &self.action.invocation.program;
            return Channel::Field(format!("{program}:{channel}"));
        }
        channel.clone()
    }

    fn scans(&self) -> impl Iterator<Item = ChannelScan> {
        let scans = self.seen.channels.iter();
        scans.map(|scan| ChannelScan { channel: self.told(&scan.channel), ..scan.clone() })
    }

    fn told_findings(&self) -> impl Iterator<Item = Finding> {
        let findings = self.seen.findings.iter();
        findings.map(|found| Finding { channel: self.told(&found.channel), ..found.clone() })
    }

    /// What covers its arguments.
    pub(crate) fn masks(&self) -> impl Iterator<Item = (usize, Mask)> {
        crate::veil::masks_of(&self.seen.findings)
    }

    /// What takes out of texts what was found in arguments.
    fn veil<'k>(&self, key: &'k Key) -> Veil<'k> {
        let all = self.all();
        let covers = all.iter().flat_map(|one| one.masks().map(|mask| (&one.action.argv, mask)));
        let strange = !self.action.invocation.known || self.action.tool.is_some();
        Veil::over_arguments(key, covers, strange)
    }

    /// The command without values.
    fn command(&self) -> String {
        if let Some(tool) = self.action.tool.as_ref().filter(|_| self.action.argv.is_empty()) {
            return event::tool_line(tool);
        }
        let covered = |argument: usize| -> Vec<Mask> {
            self.masks().filter(|(index, _)| *index == argument).map(|(_, mask)| mask).collect()
        };
        datafog_shim::display(&self.action.argv, &self.action.invocation, &covered)
    }

    /// What is to be stored: the form of [`crate::event::Draft`], without what only this machine
    /// could know.
    pub(crate) fn event(
        &self,
        decision: &Decision,
        policy: &Policy,
        (key, now, clock): (&Key, Timestamp, &Clock),
    ) -> Event {
        let (all, action) = (self.all(), &self.action);
        let flows = all.iter().map(|one| one.flows()).fold(Flows::NONE, Flows::union);
        let faults = all.iter().flat_map(|one| one.seen.unscanned.iter().chain(&one.seen.faults));
        let mut event = Event {
            receipt_id: action.id,
            timestamp: event::shown(now),
            kind: ReceiptKind::Check,
            follows: None,
            mode: self.mode(),
            principal: self.around.principal.clone(),
            action_type: action.kind,
            tool: action.tool.as_ref().map_or(&action.invocation.family, |tool| &tool.name).clone(),
            command: self.command(),
            cwd: action.cwd.to_string_lossy().into_owned(),
            action_digest: action.digest(key),
            flows: flows.iter().collect(),
            destinations: places(&all),
            channels: all.iter().flat_map(|one| one.scans()).collect(),
            faults: faults.cloned().collect(),
            findings: all.iter().flat_map(|one| one.told_findings()).collect(),
            decision: decision.verdict,
            matched_rules: decision.matched.iter().map(|rule| rule.id.clone()).collect(),
            counted: Vec::new(),
            obligations: decision.obligations.clone(),
            rewritten: None,
            reason: decision.reason.clone().into_owned(),
            risk: decision.risk.clone(),
            enforcement: String::from("none"),
            approval: None,
            policy_id: policy.id().to_owned(),
            policy_version: policy.version().to_owned(),
            policy_digest: policy.digest(),
            policies: Vec::new(),
            duration_us: clock.microseconds(),
        };
        self.veil(key).cover(&mut event);
        event
    }
}

/// Where anything goes, each place once.
fn places(all: &[&Distant<'_>]) -> Vec<String> {
    let mut places: Vec<String> = Vec::new();
    for place in all.iter().flat_map(|one| one.destinations()).map(event::destination) {
        if !places.contains(&place) {
            places.push(place);
        }
    }
    places
}

impl What {
    /// The home folder that the first path among its words lies in.
    fn home(&self) -> Option<PathBuf> {
        match self {
            Self::Command(argv) => argv.iter().find_map(|word| home_of(Path::new(word))),
            Self::Tool(_, arguments) => {
                let mut home = None;
                arguments.each_leaf(&mut |_, value| {
                    if home.is_none() {
                        home = value.as_text().map(Path::new).and_then(home_of);
                    }
                });
                home
            }
        }
    }
}

/// The home folder that a path lies in, by the customs of Linux and macOS.
fn home_of(path: &Path) -> Option<PathBuf> {
    let mut parts = path.components();
    let (Component::RootDir, first) = (parts.next()?, parts.next()?) else { return None };
    match (first.as_os_str().to_str()?, parts.next()) {
        ("root", _) => Some(PathBuf::from("/root")),
        (homes @ ("home" | "Users"), Some(name)) => Some(Path::new("/").join(homes).join(name)),
        _ => None,
    }
}

impl Facts for Distant<'_> {
    fn action(&self) -> &Action {
        &self.action
    }

    fn called_in(&self) -> &Path {
        &self.around.world.cwd
    }

    fn started(&self) -> Vec<&dyn Facts> {
        self.started.iter().map(|one| -> &dyn Facts { one }).collect()
    }

    fn flows(&self) -> Flows {
        self.action.invocation.flows.toward(self.destinations())
    }

    fn destinations(&self) -> &[Destination] {
        &self.action.invocation.destinations
    }

    fn findings(&self) -> &[Finding] {
        &self.seen.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let own = self.around.custom.and_then(|custom| custom.detector(&finding.detector));
        let homes: Vec<&str> = match datafog_detect::detector(&finding.detector) {
            Some(detector) => detector.hosts.to_vec(),
            None => own.iter().flat_map(|own| &own.hosts).map(String::as_str).collect(),
        };
        goes_home(&self.action.invocation, finding, &homes, || self.destinations())
    }

    fn unscanned(&self) -> &[String] {
        &self.seen.unscanned
    }

    /// Who asks carries the decision out.
    fn mode(&self) -> Mode {
        Mode::Enforced
    }

    fn principal(&self) -> &Principal {
        &self.around.principal
    }

    fn local_time(&self, zone: &str) -> Option<LocalTime> {
        circumstance::local_time(zone)
    }

    fn home(&self) -> Option<&Path> {
        Some(&self.around.world.home)
    }

    fn root(&self) -> &Path {
        self.around.root
    }
}
