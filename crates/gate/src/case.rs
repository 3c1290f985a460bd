//! One action with everything known about it, as a policy may ask.

use std::cell::{Cell, OnceCell, RefCell};
use std::ffi::OsString;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::{fs, io};

use datafog_core::{
    Account, Action, Automation, Channel, ChannelScan, Destination, Facts, Finding, Flow, Flows,
    HostName, Invocation, Key, KeyedDigest, LocalTime, Mode, Principal, Remote, Repository,
    is_somewhere,
};
use datafog_detect::Custom;

use crate::canonical::Followed;
use crate::counter::{Counter, Places};
use crate::inspect::Inspection;
use crate::outside::{FAILED, Scoring};
use crate::principal;
use crate::started::Started;
use crate::world::World;
use crate::{circumstance, losses, taint};

/// The facts of one action. Costly ones are worked out when a rule first asks.
#[derive(Debug)]
pub(crate) struct Case<'a> {
    pub(crate) action: &'a Action,
    /// Names the call without telling it.
    pub(crate) digest: KeyedDigest,
    pub(crate) inspection: &'a Inspection,
    pub(crate) mode: Mode,
    pub(crate) world: &'a World<'a>,
    known: Principal,
    custom: Option<&'a Custom>,
    principal: OnceCell<Principal>,
    destinations: OnceCell<Vec<Destination>>,
    home: OnceCell<Option<PathBuf>>,
    named_home: OnceCell<Option<PathBuf>>,
    account: OnceCell<Option<Account>>,
    /// The folder that was asked about, and the repository that it belongs to.
    repository: OnceCell<(PathBuf, Option<Option<Repository>>)>,
    /// The folder that was asked about, and whether there are changes that no commit holds.
    uncommitted: OnceCell<(PathBuf, Option<bool>)>,
    /// Paths that were asked about.
    followed: RefCell<Followed>,
    /// What counters are kept with, and whether this call is to run, and so counts.
    counting: Option<(&'a Key, bool)>,
    /// What it starts, each looked at by itself.
    started: Vec<Self>,
    /// It was itself started by another one, which was called in that folder.
    called_in: Option<&'a Path>,
    /// The scorer outside, if any may be asked.
    scoring: Option<Scoring<'a>>,
    score: OnceCell<Result<u32, String>>,
    /// Whether whoever asks only wants to see what is known.
    is_decided: Cell<bool>,
    /// What counters said: a call counts once, however often it is asked.
    counted: RefCell<Vec<(Counter, Option<u32>)>>,
}

impl<'a> Case<'a> {
    pub(crate) fn new(
        action: &'a Action,
        digest: KeyedDigest,
        inspection: &'a Inspection,
        mode: Mode,
        world: &'a World<'a>,
        known: Principal,
    ) -> Self {
        Self {
            action,
            digest,
            inspection,
            mode,
            world,
            known,
            custom: None,
            principal: OnceCell::new(),
            destinations: OnceCell::new(),
            home: OnceCell::new(),
            named_home: OnceCell::new(),
            account: OnceCell::new(),
            repository: OnceCell::new(),
            uncommitted: OnceCell::new(),
            followed: RefCell::default(),
            counting: None,
            started: Vec::new(),
            called_in: None,
            scoring: None,
            score: OnceCell::new(),
            is_decided: Cell::new(false),
            counted: RefCell::new(Vec::new()),
        }
    }

    /// The same case with all that it starts.
    pub(crate) fn starting(mut self, started: &'a [Started]) -> Self {
        let one = |one: &'a Started| {
            let (digest, mode, known) = (self.digest, self.mode, self.known.clone());
            let case = Case::new(&one.action, digest, &one.seen, mode, self.world, known);
            let called_in = Some(self.called_in.unwrap_or(&self.action.cwd));
            Self { called_in, ..case.knowing(self.custom) }.starting(&one.inner)
        };
        self.started = started.iter().map(one).collect();
        self
    }

    /// It and all that it starts, outer before inner: the order of [`datafog_core::RuleMatch::part`].
    pub(crate) fn all(&self) -> impl Iterator<Item = &Self> {
        let (mut first, mut left) = (Some(self), Vec::new());
        core::iter::from_fn(move || {
            let one: &Self = first.take().or_else(|| left.pop())?;
            left.extend(one.started.iter().rev());
            Some(one)
        })
    }

    /// What was looked at. An argument of something that was started is no argument of the call.
    pub(crate) fn channels(&self) -> impl Iterator<Item = ChannelScan> {
        let scans = self.inspection.channels.iter();
        scans.map(|scan| ChannelScan { channel: self.told(&scan.channel), ..scan.clone() })
    }

    /// Of each finding, whether it would only go where it belongs.
    pub(crate) fn homes(&self) -> impl Iterator<Item = bool> {
        self.findings().iter().map(|finding| self.going_home(finding))
    }

    /// What was found, told in the same way.
    pub(crate) fn told_findings(&self) -> impl Iterator<Item = Finding> {
        let findings = self.inspection.findings.iter();
        findings.map(|found| Finding { channel: self.told(&found.channel), ..found.clone() })
    }

    /// A channel as it is told in a receipt.
    pub(crate) fn told(&self, channel: &Channel) -> Channel {
        match channel {
            Channel::Argument(_) | Channel::Arguments if self.called_in.is_some() => {
                Channel::Field(format!("{}:{channel}", self.action.invocation.program))
            }
            Channel::Argument(_)
            | Channel::Arguments
            | Channel::Environment(_)
            | Channel::Field(_)
            | Channel::File(_)
            | Channel::Output
            | Channel::Stdin => channel.clone(),
        }
    }

    /// The same case where the user has detectors of their own.
    pub(crate) fn knowing(self, custom: Option<&'a Custom>) -> Self {
        Self { custom, ..self }
    }

    /// The same case where the call is to run, and so is counted when a rule asks how often.
    pub(crate) fn counting(self, key: &'a Key, counts: bool) -> Self {
        Self { counting: Some((key, counts)), ..self }
    }

    /// The same case where a scorer may be asked.
    pub(crate) fn scored_by(self, scoring: Scoring<'a>) -> Self {
        Self { scoring: Some(scoring), ..self }
    }

    /// The same call with something else seen in it. It is not counted again.
    pub(crate) fn again<'b>(&'b self, seen: &'b Inspection) -> Case<'b> {
        let known = self.principal_so_far().clone();
        Case {
            custom: self.custom,
            counting: self.counting.map(|(key, _)| (key, false)),
            counted: RefCell::new(self.counted.borrow().clone()),
            started: self.started.iter().map(|one| one.again(one.inspection)).collect(),
            called_in: self.called_in,
            scoring: self.scoring,
            score: self.score.clone(),
            ..Case::new(self.action, self.digest, seen, self.mode, self.world, known)
        }
    }

    /// From now on questions only repeat what was answered: explaining starts no program.
    pub(crate) fn close(&self) {
        self.is_decided.set(true);
    }

    /// Why the scorer gave no answer, when it was asked and gave none.
    pub(crate) fn scorer_fault(&self) -> Option<String> {
        let why = self.score.get()?.as_ref().err()?;
        Some(format!("{FAILED}{why}"))
    }

    /// Ids of the rules whose counters counted this call.
    pub(crate) fn counted(&self) -> Vec<String> {
        let counts = self.counting.is_some_and(|(_, counts)| counts);
        let asked = self.counted.borrow();
        asked.iter().filter(|_| counts).map(|(counter, _)| counter.rule.clone()).collect()
    }

    /// What a finding is, in words.
    pub(crate) fn name_of<'f>(&'f self, finding: &'f Finding) -> &'f str {
        if finding.detector == taint::DETECTOR {
            return "content that was made of a secret in this session";
        }
        let own = || Some(self.custom?.detector(&finding.detector)?.summary.as_str());
        let built_in = datafog_detect::detector(&finding.detector).map(|one| one.summary);
        built_in.or_else(own).unwrap_or(&finding.entity)
    }

    /// Where a finding belongs.
    fn homes_of(&self, finding: &Finding) -> Vec<&str> {
        let own = || Some(self.custom?.detector(&finding.detector)?.hosts.iter());
        match datafog_detect::detector(&finding.detector) {
            Some(detector) => detector.hosts.to_vec(),
            None => own().into_iter().flatten().map(String::as_str).collect(),
        }
    }

    /// The principal as far as it is known by now, without looking further.
    pub(crate) fn principal_so_far(&self) -> &Principal {
        self.principal.get().unwrap_or(&self.known)
    }

    /// The destinations as far as they are known by now.
    pub(crate) fn destinations_so_far(&self) -> &[Destination] {
        self.destinations.get().map_or(&self.action.invocation.destinations, Vec::as_slice)
    }

    fn has_deferred(&self) -> bool {
        let mut destinations = self.action.invocation.destinations.iter();
        destinations.any(|destination| matches!(destination.host, HostName::Deferred(_)))
    }
}

/// Whether everybody who sees a finding is one of its `homes`. What stands in a URL is seen by that
/// URL's host alone; for all else the destinations are asked for.
pub(crate) fn goes_home<'d>(
    invocation: &'d Invocation,
    finding: &Finding,
    homes: &[&str],
    destinations: impl FnOnce() -> &'d [Destination],
) -> bool {
    let content = invocation.content_of(finding);
    let role = content.map_or("", |content| content.role.as_str());
    if is_published(invocation, finding, role) {
        return false;
    }
    let mut told = invocation.told_of(finding).peekable();
    if told.peek().is_some() {
        return told.all(|place| place.is_home_for(role, homes));
    }
    let destinations = destinations();
    !destinations.is_empty() && destinations.iter().all(|place| place.is_home_for(role, homes))
}

/// Whether a finding stands in something that is handed out to whoever may read it (a commit, a
/// package, an image): there no secret is at home, not even at the service that issued it.
fn is_published(invocation: &Invocation, finding: &Finding, role: &str) -> bool {
    let told = matches!(finding.channel, Channel::Field(_) | Channel::File(_));
    PUBLISHED.contains(&role) || (invocation.gathers.is_some() && role.is_empty() && told)
}

/// Roles of content that is published: files of an image or a package, what people post for others.
const PUBLISHED: [&str; 3] = ["context", "package", "post"];

impl Facts for Case<'_> {
    fn action(&self) -> &Action {
        self.action
    }

    fn called_in(&self) -> &Path {
        self.called_in.unwrap_or(&self.action.cwd)
    }

    fn started(&self) -> Vec<&dyn Facts> {
        self.started.iter().map(|one| -> &dyn Facts { one }).collect()
    }

    fn flows(&self) -> Flows {
        let flows = self.action.invocation.flows;
        if !flows.has(Flow::Leaves) {
            return flows;
        }
        // Where a remote really points costs a process to find out. With nothing found in what
        // is sent, leaving is all that needs to be known.
        let nothing_at_stake =
            self.inspection.findings.is_empty() && self.inspection.unscanned.is_empty();
        if self.has_deferred() && nothing_at_stake {
            return flows;
        }
        if self.has_deferred() && self.destinations().is_empty() {
            // It turned out to be a folder of this machine, or a command that goes nowhere.
            return flows.without(Flow::Leaves).without(Flow::Enters).with(Flow::Stays);
        }
        flows.toward(self.destinations())
    }

    fn destinations(&self) -> &[Destination] {
        if !self.has_deferred() {
            return &self.action.invocation.destinations;
        }
        self.destinations.get_or_init(|| {
            // A wrapper goes where the command behind it goes.
            let mut innermost = self.action;
            while let Some(part) = innermost.parts.first() {
                innermost = part;
            }
            let mut invocation = innermost.invocation.clone();
            datafog_shim::resolve(&mut invocation, &self.world.at(&innermost.cwd));
            invocation.destinations
        })
    }

    fn findings(&self) -> &[Finding] {
        &self.inspection.findings
    }

    fn going_home(&self, finding: &Finding) -> bool {
        let invocation = &self.action.invocation;
        goes_home(invocation, finding, &self.homes_of(finding), || self.destinations())
    }

    fn unscanned(&self) -> &[String] {
        &self.inspection.unscanned
    }

    fn mode(&self) -> Mode {
        self.mode
    }

    fn principal(&self) -> &Principal {
        self.principal.get_or_init(|| principal::with_parents(self.known.clone()))
    }

    fn home(&self) -> Option<&Path> {
        self.home.get_or_init(|| self.world.account_home()).as_deref()
    }

    fn named_home(&self) -> Option<&Path> {
        self.named_home.get_or_init(|| self.world.named_home()).as_deref()
    }

    fn canonical(&self, path: &Path) -> Option<PathBuf> {
        self.followed.borrow_mut().get(&self.action.cwd, path)
    }

    fn account(&self) -> Option<&Account> {
        self.account
            .get_or_init(|| circumstance::account(self.known.uid, self.world.finder.layout))
            .as_ref()
    }

    fn repository(&self, folder: &Path) -> Option<Option<Repository>> {
        if is_somewhere(folder) {
            return None;
        }
        let find = |folder: &Path| circumstance::repository(folder, self.world);
        let (known, found) = self.repository.get_or_init(|| (folder.to_owned(), find(folder)));
        // A part of the call may stand in another folder.
        if known == folder { found.clone() } else { find(folder) }
    }

    fn remotes(&self, folder: &Path) -> Option<Vec<Option<Remote>>> {
        match self.repository(folder)? {
            Some(repository) => circumstance::remotes(&repository.root, self.world),
            None => Some(Vec::new()),
        }
    }

    fn uncommitted(&self, folder: &Path) -> Option<bool> {
        if is_somewhere(folder) {
            return None;
        }
        let find = |folder: &Path| circumstance::uncommitted(folder, self.world);
        let (known, found) = self.uncommitted.get_or_init(|| (folder.to_owned(), find(folder)));
        if known == folder { *found } else { find(folder) }
    }

    fn discards(&self, is_spared: &dyn Fn(&Path) -> bool) -> Option<bool> {
        losses::discards(self.action, self.world.at(&self.action.cwd), is_spared)
    }

    fn local_time(&self, zone: &str) -> Option<LocalTime> {
        circumstance::local_time(zone)
    }

    fn automation(&self) -> Automation {
        circumstance::automation(self.principal(), self.world)
    }

    fn calls(&self, counter: &str, seconds: u32, most: u32) -> Option<u32> {
        let counter = Counter { rule: counter.to_owned(), seconds, most };
        let known = self.counted.borrow().iter().find(|(it, _)| *it == counter).map(|(_, it)| *it);
        known.unwrap_or_else(|| {
            let (key, counts) = self.counting?;
            let layout = self.world.finder.layout;
            let ledger = layout.receipts();
            let (folder, begun) = (layout.rate(), layout.counting());
            let places = Places { folder: &folder, ledger: &ledger, begun: &begun, key };
            let calls = counter.ask(&places, self.action.id, counts).ok();
            self.counted.borrow_mut().push((counter, calls));
            calls
        })
    }

    fn outside_score(&self) -> Option<u32> {
        let scoring = self.scoring.as_ref()?;
        if self.is_decided.get() {
            return self.score.get()?.as_ref().ok().copied();
        }
        self.score.get_or_init(|| scoring.ask(self)).as_ref().ok().copied()
    }

    fn entries(&self, folder: &Path) -> Option<usize> {
        let names = fs::read_dir(folder).ok()?.map(|entry| entry.map(|entry| entry.file_name()));
        let names: io::Result<Vec<_>> = names.collect();
        let shown = |name: &&OsString| !name.as_bytes().starts_with(b".");
        Some(names.ok()?.iter().filter(shown).count())
    }

    fn root(&self) -> &Path {
        self.world.finder.layout.root()
    }
}
