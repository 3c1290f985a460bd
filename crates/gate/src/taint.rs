//! Secrets across the steps of a session: what was written after a secret was read, later sent.
//!
//! Only where settings ask for it (`[taint] minutes`). A call that reads a credential store, or in
//! whose content a secret is found, marks what it writes: files that its words or the shell name, the
//! pipe behind it, the clipboard. What is made of something marked is marked. A later call of the
//! session that sends it gets a finding ([`CONTENT`]), though nothing in the bytes can be recognised
//! any more, and rules about secrets decide. Every other call that sends something, once the session
//! has read a secret, gets one that only rules about it see ([`SESSION`]).
//!
//! Nobody knows what a program makes of what it reads: of a line, everything counts that it writes
//! from the first secret on. What no call named is not marked (`docs/THREAT_MODEL.md`).

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use datafog_config::Layout;
use datafog_core::{
    Action, Carrier, Channel, Confidence, Finding, Flow, Key, KeyedDigest, OperandKind, Principal,
    Severity, Span, StdinUse, Surroundings,
};
use datafog_shim::{Clipboard, Word};

use crate::inspect::Inspection;
use crate::started::Started;
use crate::world::World;
use crate::{canonical, principal, walk};

pub(crate) mod marks;

use marks::{Mark, Marks, Place};

/// The detector of what an earlier step has read.
pub(crate) const DETECTOR: &str = "earlier-step";

/// The entity of content that was made of a secret.
pub(crate) const CONTENT: &str = "secret.earlier";

/// The entity of a session that has read a secret.
pub(crate) const SESSION: &str = "session.secret";

/// Most paths of one command that are looked at.
const MOST: usize = 1000;

/// What is to be marked when the call runs.
#[derive(Debug)]
pub(crate) struct Trace {
    places: Vec<Place>,
    new: Vec<Mark>,
    now: u64,
}

/// What a call is looked at with.
pub(crate) struct Watch<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) key: &'a Key,
    pub(crate) known: &'a Principal,
    pub(crate) world: &'a World<'a>,
    /// Now, in milliseconds.
    pub(crate) now: u64,
    pub(crate) minutes: u32,
    /// Somebody only asks: standard input and output are the question's, not the call's.
    pub(crate) asks: bool,
}

impl Trace {
    /// Writes the marks down, before anything runs that could make them true.
    ///
    /// # Errors
    /// When a file of marks cannot be locked in time, read or written.
    pub(crate) fn keep(&self, key: &Key) -> io::Result<()> {
        if self.new.is_empty() {
            return Ok(());
        }
        self.places.iter().try_for_each(|place| marks::add(place, key, &self.new, self.now))
    }
}

impl Watch<'_> {
    /// Adds to what was seen what the session's earlier steps make of it, and tells what this one
    /// would mark.
    #[cold]
    #[inline(never)]
    pub(crate) fn follow(
        &self,
        action: &Action,
        seen: &mut Inspection,
        started: &mut [Started],
    ) -> Trace {
        let places = self.places();
        let marks = Marks::load(&places, self.key, self.now);
        let (input, output) =
            if self.asks { (None, None) } else { (Standard::of(0), Standard::of(1)) };
        let given = input.as_ref().and_then(|it| marks.origin(self.named(it)));
        let mut step = Step {
            watch: self,
            marks: &marks,
            carried: given.map(str::to_owned),
            new: Vec::new(),
            input: &input,
            copied: false,
        };
        step.take(action, seen);
        let mut left: Vec<&mut Started> = started.iter_mut().rev().collect();
        while let Some(one) = left.pop() {
            step.take(&one.action, &mut one.seen);
            left.extend(one.inner.iter_mut().rev());
        }
        if let Some(output) = &output {
            step.mark(self.named(output));
        }
        let new = step.new;
        Trace { places, new, now: self.now }
    }

    /// The sessions that the call belongs to: the agent's, which it could leave by another variable,
    /// and that of its terminal.
    fn places(&self) -> Vec<Place> {
        let bare = Principal { session: None, ..self.known.clone() };
        let names = [principal::session(self.known), principal::session(&bare)];
        let mut names: Vec<String> = names.into_iter().flatten().collect();
        names.dedup();
        // Nobody can tell the session: those of whom that is true share one.
        if names.is_empty() {
            names.push(String::new());
        }
        let folder = self.layout.taint();
        names.iter().map(|name| Place::of(name, &folder, self.key)).collect()
    }

    fn named(&self, standard: &Standard) -> KeyedDigest {
        match standard {
            Standard::File(path) => self.path(path),
            Standard::Pipe(name) => self.key.digest("taint-pipe", [name.as_bytes()]),
        }
    }

    fn path(&self, path: &Path) -> KeyedDigest {
        self.key.digest("taint-path", [path.as_os_str().as_encoded_bytes()])
    }

    fn other(&self, name: &str) -> KeyedDigest {
        self.key.digest("taint-other", [name.as_bytes()])
    }

    fn is_store(&self, path: &Path) -> bool {
        datafog_shim::is_store(path, self.world.home())
    }
}

/// Where a descriptor of ours leads: what is no file and no pipe is nothing to mark.
enum Standard {
    File(PathBuf),
    Pipe(String),
}

impl Standard {
    fn of(number: u8) -> Option<Self> {
        let link = fs::read_link(format!("/proc/self/fd/{number}")).ok()?;
        if link.is_absolute() {
            let is_file = fs::metadata(&link).is_ok_and(|it| it.is_file());
            return is_file.then_some(Self::File(link));
        }
        let name = link.to_str().filter(|name| name.starts_with("pipe:"))?;
        Some(Self::Pipe(name.to_owned()))
    }
}

/// A call while its commands are taken one by one.
struct Step<'a> {
    watch: &'a Watch<'a>,
    marks: &'a Marks,
    /// Where the secret comes from that the call has read so far.
    carried: Option<String>,
    new: Vec<Mark>,
    input: &'a Option<Standard>,
    /// It has read a clipboard that holds a secret.
    copied: bool,
}

impl Step<'_> {
    fn take(&mut self, action: &Action, seen: &mut Inspection) {
        let words: Vec<Word> = action.argv.iter().map(Word::of).collect();
        let clipboard = datafog_shim::clipboard(&words);
        let reads = self.reads(action, &words);
        if action.invocation.flows.has(Flow::Leaves) {
            self.sends(action, seen, &reads);
        }
        if clipboard == Some(Clipboard::Gives)
            && let Some(from) = self.marks.origin(self.watch.other("clipboard"))
        {
            self.copied = true;
            self.carried.get_or_insert_with(|| from.to_owned());
        }
        if self.carried.is_none() {
            self.carried = self.source(seen, &reads);
        }
        for target in targets(action, &words) {
            self.mark(self.watch.path(&target));
        }
        if clipboard == Some(Clipboard::Takes) {
            self.mark(self.watch.other("clipboard"));
        }
        if self.carried.is_some() {
            self.mark(self.watch.other("session"));
        }
    }

    /// Marks what is written; of what came by a pipe nobody knows yet what it was.
    fn mark(&mut self, what: KeyedDigest) {
        let until =
            self.watch.now.saturating_add(u64::from(self.watch.minutes).saturating_mul(60_000));
        let (of, words) = match (&self.carried, self.input) {
            (Some(words), _) => (Mark::known(), words.clone()),
            (None, Some(pipe @ Standard::Pipe(_))) => (self.watch.named(pipe), String::new()),
            (None, _) => return,
        };
        if !self.new.iter().any(|mark| mark.what == what && mark.of == of) {
            self.new.push(Mark { until, what, of, words });
        }
    }

    /// The files that a command reads.
    fn reads(&self, action: &Action, words: &[Word]) -> Vec<PathBuf> {
        let invocation = &action.invocation;
        let contents = invocation.contents.iter().filter_map(|source| match &source.carrier {
            Carrier::File(path) => Some(path.as_path()),
            Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => None,
        });
        let writes = datafog_shim::writes_named(words);
        let operands = invocation.operands.iter().filter(|one| {
            let is_path = one.kind == OperandKind::Path || !invocation.known;
            is_path && (one.flow != Flow::Destroys || writes)
        });
        let operands = operands.map(|one| Path::new(&one.text));
        let values = invocation.options.iter().filter_map(|one| one.value.as_ref());
        let values = values.filter(|_| writes || !invocation.known).map(Path::new);
        let named = contents.chain(operands).chain(values).take(MOST);
        let mut all: Vec<PathBuf> = named.filter_map(|path| whole(&action.cwd, path)).collect();
        let packs = datafog_shim::packs(words) || invocation.flows.has(Flow::Leaves);
        let folders: Vec<PathBuf> =
            all.iter().filter(|path| packs && path.is_dir()).cloned().collect();
        for folder in folders {
            all.extend(walk::files_below(&folder).unwrap_or_default());
        }
        all
    }

    /// Where a secret comes from that is read.
    fn source(&self, seen: &Inspection, reads: &[PathBuf]) -> Option<String> {
        if let Some(store) = reads.iter().find(|path| self.watch.is_store(path)) {
            return Some(store.to_string_lossy().into_owned());
        }
        let marked = reads.iter().find_map(|path| self.origin(path));
        let found = || seen.findings.iter().find(|one| one.entity.starts_with("secret."));
        marked.or_else(|| found().map(|one| format!("{} in {}", one.entity, one.channel)))
    }

    /// Where a file comes from, if it or a folder around it is marked. Programs that pack a file add
    /// an ending of their own.
    fn origin(&self, path: &Path) -> Option<String> {
        let around = path.ancestors().map(|path| self.watch.path(path));
        let bare = self.watch.path(&path.with_extension(""));
        let found = around.chain([bare]).find_map(|what| self.marks.origin(what));
        found.map(str::to_owned)
    }

    /// What is sent that earlier steps have made of a secret.
    fn sends(&mut self, action: &Action, seen: &mut Inspection, reads: &[PathBuf]) {
        if self.marks.lost {
            seen.unscanned.push(String::from(LOST));
        }
        let scanned = seen.channels.iter().filter_map(|scan| match &scan.channel {
            Channel::File(path) => whole(&action.cwd, Path::new(path)),
            Channel::Argument(_)
            | Channel::Arguments
            | Channel::Environment(_)
            | Channel::Field(_)
            | Channel::Output
            | Channel::Stdin => None,
        });
        let scanned: Vec<PathBuf> = scanned.collect();
        let sent = reads.iter().chain(&scanned);
        let mut found: Vec<(Channel, String)> = Vec::new();
        for path in sent {
            let Some(from) = self.origin(path) else { continue };
            let channel = Channel::File(path.to_string_lossy().into_owned());
            if !found.iter().any(|(known, _)| *known == channel) {
                found.push((channel, from));
            }
        }
        let by_input = action.invocation.stdin != StdinUse::Ignore || self.copied;
        if let Some(from) = self.given().filter(|_| by_input) {
            found.push((Channel::Stdin, from));
        }
        let some = !found.is_empty();
        seen.findings.extend(found.into_iter().map(|it| self.finding(CONTENT, it)));
        if let Some(from) = self.marks.origin(self.watch.other("session")).filter(|_| !some) {
            let told = (Channel::Field(String::from("session")), from.to_owned());
            seen.findings.push(self.finding(SESSION, told));
        }
    }

    /// What comes in on standard input, by a pipe of an earlier program or from the clipboard.
    fn given(&self) -> Option<String> {
        let input = self.input.as_ref().map(|input| self.watch.named(input));
        let copied = self.copied.then(|| self.watch.other("clipboard"));
        let mut open = input.into_iter().chain(copied);
        open.find_map(|what| self.marks.origin(what)).map(str::to_owned)
    }

    fn finding(&self, entity: &'static str, (channel, from): (Channel, String)) -> Finding {
        let certain = entity == CONTENT;
        let percent = if certain { 90 } else { 30 };
        Finding {
            detector: DETECTOR.into(),
            entity: entity.into(),
            channel,
            span: Span::at(0, 0),
            confidence: Confidence::percent(percent),
            severity: if certain { Severity::High } else { Severity::Low },
            fingerprint: self.watch.key.digest("finding", [entity.as_bytes(), from.as_bytes()]),
            preview: format!("read earlier in this session: {from}"),
        }
    }
}

/// Why nobody can tell what a session has marked.
const LOST: &str =
    "what this session read before cannot be told: its record was changed, or is full";

/// The files that a command writes, as far as its words tell.
fn targets(action: &Action, words: &[Word]) -> Vec<PathBuf> {
    let invocation = &action.invocation;
    let writes = datafog_shim::writes_named(words);
    let operands = invocation.operands.iter().filter(|one| writes || one.flow == Flow::Destroys);
    let operands: Vec<&Path> = operands.map(|one| Path::new(&one.text)).collect();
    let values = invocation.options.iter().filter(|_| writes).filter_map(|it| it.value.as_ref());
    let named = operands.iter().copied().chain(values.map(Path::new)).take(MOST);
    let named: Vec<PathBuf> = named.filter_map(|path| whole(&action.cwd, path)).collect();
    let mut all = Vec::new();
    for target in named {
        if !target.is_dir() {
            all.push(target);
            continue;
        }
        // What is put into a folder keeps its name.
        let names = operands.iter().filter_map(|path| path.file_name());
        all.extend(names.map(|name| target.join(name)));
    }
    all
}

/// A path without links, as far as it is there.
fn whole(cwd: &Path, path: &Path) -> Option<PathBuf> {
    canonical::followed(cwd, path)
}
