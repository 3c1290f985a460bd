//! Looks at what an action would move: every argument, and the content its profile points to.
//!
//! Each content is opened once. What can be handed on as the very bytes that were judged is kept
//! in [`Held`]; what the command will open again by its path is remembered by identity and looked
//! at again right before exec.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use datafog_config::{FileIdentity, Limits};
use datafog_core::{
    Action, Carrier, Channel, ChannelScan, ContentSource, Finding, Flow, Flows, Key, KeyedHasher,
    Mode, Place, Span, StdinUse,
};
use datafog_detect::{Custom, Scanner};

use crate::descriptor::{self, Spooled};
use crate::started::Started;
use crate::state::State;
use crate::walk;
use crate::world::World;

mod gathered;

/// Bytes read at a time.
const BLOCK: usize = 256 << 10;

/// What came of looking.
#[derive(Debug, Default)]
pub(crate) struct Inspection {
    pub(crate) channels: Vec<ChannelScan>,
    pub(crate) findings: Vec<Finding>,
    /// Content that would leave and could not be read, in words.
    pub(crate) unscanned: Vec<String>,
    /// What else could not be done, in words.
    pub(crate) faults: Vec<String>,
    /// Standard input is a pipe to somebody who answers, or without an end: not looked at before.
    pub(crate) streams: bool,
    pub(crate) held: Held,
}

impl Inspection {
    /// The same, with these found in what flows in.
    pub(crate) fn with_streamed(&self, found: &[Finding]) -> Self {
        let findings = self.findings.iter().chain(found).cloned().collect();
        let (channels, unscanned) = (self.channels.clone(), self.unscanned.clone());
        Self { channels, findings, unscanned, ..Self::default() }
    }
}

/// What must still be as it was judged when the command starts.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Spooled pipes: the judged bytes, and the descriptor where the command expects them.
    pub(crate) spooled: Vec<Spooled>,
    /// Files that the command opens by itself; `None` when there was none.
    pub(crate) watched: Vec<(PathBuf, Option<FileIdentity>)>,
    /// Files that the command was started with, as they were when they were judged.
    pub(crate) inherited: Vec<(File, FileIdentity, Channel)>,
    /// A pipe that was read and cannot be handed on: whatever is decided, the command would work
    /// with a part of its input, so it must not run.
    pub(crate) lost: Option<Channel>,
}

/// Looks at everything in `action`.
pub(crate) fn inspect(
    action: &Action,
    key: &Key,
    state: &State,
    (mode, world): (Mode, &World<'_>),
) -> Inspection {
    let mut local_left = state.settings.limits.local_bytes;
    inspect_within(action, key, state, (mode, world, &mut local_left))
}

/// Looks at what was sent along with an action on another machine: its words, and `text`. Files and
/// streams are there, not here, so of what would leave nothing else can be scanned.
pub(crate) fn inspect_sent(
    action: &Action,
    key: &Key,
    state: &State,
    text: Option<&[u8]>,
) -> Inspection {
    let custom = state.custom.as_ref();
    let mut inspector = Inspector {
        action,
        key,
        limits: state.settings.limits,
        local_left: &mut 0,
        mode: Mode::Enforced,
        scanner: Scanner::new(key).allowing(custom),
        custom,
        seen: Inspection::default(),
    };
    inspector.arguments();
    for source in &action.invocation.contents {
        match &source.carrier {
            Carrier::File(path) => {
                inspector.unread(source.flow == Flow::Leaves, path, "was not sent along");
            }
            Carrier::Argument(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => {
                inspector.content(source);
            }
        }
    }
    inspector.sent(text);
    inspector.seen
}

/// Looks at everything that was started, and at what that starts; all together may read no more of
/// local files than one call.
pub(crate) fn inspect_started(
    all: &mut [Started],
    key: &Key,
    state: &State,
    (mode, world): (Mode, &World<'_>),
) {
    let mut local_left = state.settings.limits.local_bytes;
    let mut left: Vec<&mut Started> = all.iter_mut().collect();
    while let Some(one) = left.pop() {
        one.seen = inspect_within(&one.action, key, state, (mode, world, &mut local_left));
        left.extend(one.inner.iter_mut());
    }
}

fn inspect_within(
    action: &Action,
    key: &Key,
    state: &State,
    (mode, world, local_left): (Mode, &World<'_>, &mut u64),
) -> Inspection {
    let (limits, custom) = (state.settings.limits, state.custom.as_ref());
    let mut inspector = Inspector {
        action,
        key,
        limits,
        local_left,
        mode,
        scanner: Scanner::new(key).allowing(custom),
        custom,
        seen: Inspection::default(),
    };
    inspector.arguments();
    for source in &action.invocation.contents {
        inspector.content(source);
    }
    inspector.standard_input();
    if action.invocation.gathers.is_some() {
        inspector.gathered(state, world);
    }
    inspector.seen
}

struct Inspector<'a> {
    action: &'a Action,
    key: &'a Key,
    limits: Limits,
    /// How many more bytes of files that stay on this machine are read for this call.
    local_left: &'a mut u64,
    mode: Mode,
    scanner: Scanner<'a>,
    custom: Option<&'a Custom>,
    seen: Inspection,
}

impl Inspector<'_> {
    /// Every argument is looked at, whatever the profile says of it.
    fn arguments(&mut self) {
        let mut bytes = 0_u64;
        for (index, argument) in self.action.argv.iter().enumerate().skip(1) {
            let text = argument.as_encoded_bytes();
            bytes = bytes.saturating_add(text.len() as u64);
            self.text(text, &Channel::Argument(index));
        }
        self.glued_values();
        self.placed_secrets();
        self.seen.channels.push(ChannelScan { channel: Channel::Arguments, bytes, digest: None });
    }

    /// Looks at a text in memory by all detectors, the user's own among them.
    fn text(&mut self, text: &[u8], channel: &Channel) {
        self.scanner.scan(text, channel, &mut self.seen.findings);
        if let Some(custom) = self.custom {
            custom.scan(text, channel, self.key, &mut self.seen.findings);
        }
    }

    /// Looks once more, by itself, at each value that the command cuts out of an argument right
    /// behind a letter, digit or other byte of a word (`-dVALUE`): there a secret has no boundary
    /// that the whole argument would show.
    fn glued_values(&mut self) {
        let invocation = &self.action.invocation;
        let contents = invocation.contents.iter().filter_map(|source| match source.carrier {
            Carrier::Argument(place) => Some(place),
            Carrier::File(_) | Carrier::Inline(_) | Carrier::Stdin | Carrier::Untold(_) => None,
        });
        let options = invocation.options.iter().filter(|option| option.value.is_some());
        let operands = invocation.operands.iter().filter_map(|operand| operand.place);
        let mut done = Vec::new();
        for place in contents.chain(options.filter_map(|option| option.place)).chain(operands) {
            if self.is_glued(place) && !done.contains(&place) {
                done.push(place);
                self.part(place);
            }
        }
    }

    /// Whether the bytes at `place` continue a word.
    fn is_glued(&self, Place { argument, span }: Place) -> bool {
        let text = self.action.argv.get(argument).map(|text| text.as_encoded_bytes());
        let before = span.start().checked_sub(1).and_then(|at| text?.get(at));
        before.is_some_and(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || *byte >= 0x80)
    }

    /// Looks at the text that was sent along with an action elsewhere: its standard input, where it
    /// takes any.
    fn sent(&mut self, text: Option<&[u8]>) {
        let takes_stdin = self.action.invocation.stdin == StdinUse::Content;
        match text {
            Some(text) => {
                let field = || Channel::Field(String::from("text"));
                let channel = if takes_stdin { Channel::Stdin } else { field() };
                self.text(text, &channel);
                let bytes = text.len() as u64;
                self.seen.channels.push(ChannelScan { channel, bytes, digest: None });
            }
            None if takes_stdin && self.stdin_flow() == Flow::Leaves => {
                self.seen.unscanned.push(String::from("standard input was not sent along"));
            }
            None => {}
        }
    }

    /// Scans a part of an argument; what the whole argument showed already is not told twice.
    fn part(&mut self, Place { argument, span }: Place) {
        let text = self.action.argv.get(argument).map(|text| text.as_encoded_bytes());
        let Some(text) = text.and_then(|text| text.get(span.start()..span.end())) else { return };
        let (channel, mut found) = (Channel::Argument(argument), Vec::new());
        self.scanner.scan(text, &channel, &mut found);
        for mut finding in found {
            let start = finding.span.start().saturating_add(span.start());
            finding.span = Span::at(start, finding.span.len());
            let known = |other: &Finding| {
                other.channel == channel
                    && other.detector == finding.detector
                    && other.span.overlaps(finding.span)
            };
            if !self.seen.findings.iter().any(known) {
                self.seen.findings.push(finding);
            }
        }
    }

    /// What no detector recognises is a secret still where its place says so.
    fn placed_secrets(&mut self) {
        for secret in &self.action.invocation.secrets {
            let (argument, span) = (secret.place.argument, secret.place.span);
            let channel = Channel::Argument(argument);
            let known = |it: &Finding| it.channel == channel && it.span.overlaps(span);
            let text = self.action.argv.get(argument).map(|text| text.as_encoded_bytes());
            if self.seen.findings.iter().any(known) {
                continue;
            }
            let value = text.and_then(|text| span.of(text));
            self.seen.findings.extend(value.and_then(|value| {
                self.scanner.placed(secret.entity, value, &channel, span.start())
            }));
        }
    }

    fn content(&mut self, source: &ContentSource) {
        match &source.carrier {
            // Looked at with the arguments; standard input follows its own rules.
            Carrier::Argument(_) | Carrier::Stdin => {}
            Carrier::File(path) => self.path(path, source.flow),
            Carrier::Untold(why) if source.flow == Flow::Leaves => {
                self.seen.unscanned.push(why.clone());
            }
            Carrier::Untold(why) => self.seen.faults.push(why.clone()),
            Carrier::Inline(bytes) => {
                let channel = Channel::Field(source.role.clone());
                self.text(bytes, &channel);
                let bytes = bytes.len() as u64;
                self.seen.channels.push(ChannelScan { channel, bytes, digest: None });
            }
        }
    }

    fn path(&mut self, path: &Path, flow: Flow) {
        if let Some(number) = descriptor::number_of(path) {
            return self.descriptor(number, flow);
        }
        let path = self.action.cwd.join(path);
        let leaves = flow == Flow::Leaves;
        match path.metadata() {
            Ok(metadata) if metadata.is_file() => self.file(&path, leaves),
            Ok(metadata) if metadata.is_dir() && leaves => self.folder(&path),
            Ok(metadata) if metadata.is_dir() => {}
            Ok(_) => self.unread(leaves, &path, "is no regular file"),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                // The command will say so itself. If the file appears meanwhile, it does not run.
                if leaves {
                    self.seen.held.watched.push((path, None));
                }
            }
            Err(_) => self.unread(leaves, &path, "cannot be looked at"),
        }
    }

    fn folder(&mut self, folder: &Path) {
        match walk::files_below(folder) {
            Ok(files) => files.iter().for_each(|file| self.file(file, true)),
            Err(why) => self.unread(true, folder, why),
        }
    }

    fn file(&mut self, path: &Path, leaves: bool) {
        let Some(limit) = self.limit(leaves) else { return };
        let channel = Channel::File(path.to_string_lossy().into_owned());
        let judged = descriptor::open_regular(path).and_then(|(file, identity)| {
            let scan = self.stream((&file).take(limit), channel)?;
            Ok((scan, identity, file))
        });
        match judged {
            Ok((scan, identity, file)) => {
                self.judged(scan, leaves);
                if leaves {
                    self.unpacked(descriptor::FromHere::whole(file), path);
                    self.seen.held.watched.push((path.to_owned(), Some(identity)));
                }
            }
            Err(_) => self.unread(leaves, path, "cannot be read"),
        }
    }

    /// How many bytes of the next file are read; `None` when it stays on this machine and the
    /// budget of the call for such files is used up.
    fn limit(&mut self, leaves: bool) -> Option<u64> {
        if leaves {
            return Some(u64::MAX);
        }
        if *self.local_left == 0 {
            let told = "files that stay here were read up to `local_bytes` only";
            if !self.seen.faults.iter().any(|fault| fault == told) {
                self.seen.faults.push(told.to_owned());
            }
        }
        Some(*self.local_left).filter(|left| *left > 0)
    }

    fn judged(&mut self, scan: ChannelScan, leaves: bool) {
        if !leaves {
            *self.local_left = self.local_left.saturating_sub(scan.bytes);
        }
        self.seen.channels.push(scan);
    }

    /// Scans a stream to its end in bounded memory.
    fn stream(&mut self, mut from: impl Read, channel: Channel) -> io::Result<ChannelScan> {
        let mut block = vec![0_u8; BLOCK];
        let mut hasher: KeyedHasher = self.key.hasher("content");
        let mut scan = self.scanner.stream(channel.clone());
        let mut own = self.custom.map(|custom| custom.stream(channel.clone(), self.key));
        let mut bytes = 0_u64;
        loop {
            let count = match from.read(&mut block) {
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(error),
            };
            let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else { break };
            hasher.update(read);
            scan.push(read, &mut self.seen.findings);
            if let Some(own) = &mut own {
                own.push(read, &mut self.seen.findings);
            }
            bytes = bytes.saturating_add(count as u64);
        }
        scan.finish(&mut self.seen.findings);
        if let Some(own) = own {
            own.finish(&mut self.seen.findings);
        }
        Ok(ChannelScan { channel, bytes, digest: Some(hasher.finish()) })
    }

    fn standard_input(&mut self) {
        match self.action.invocation.stdin {
            StdinUse::Ignore => {}
            StdinUse::Content => self.descriptor(0, self.stdin_flow()),
            StdinUse::Stream => match descriptor::open(0) {
                descriptor::Inherited::Nothing => {}
                // A file can be looked at without taking anything from the stream.
                descriptor::Inherited::File(file) => {
                    self.inherited_file(file, Channel::Stdin, self.stdin_flow() == Flow::Leaves);
                }
                descriptor::Inherited::Pipe(_) => self.seen.streams = true,
            },
        }
    }

    /// Which way standard input moves: what the profile says of that content, else what it says
    /// of the call.
    fn stdin_flow(&self) -> Flow {
        let invocation = &self.action.invocation;
        let sources = invocation.contents.iter().filter(|source| source.carrier == Carrier::Stdin);
        let flows: Flows = sources.map(|source| source.flow).collect();
        let flows = if flows.is_empty() { invocation.flows } else { flows };
        if flows.has(Flow::Leaves) { Flow::Leaves } else { Flow::Stays }
    }

    /// Whether what leaves the command ends on this machine, wherever it goes.
    fn ends_here(&self) -> bool {
        let invocation = &self.action.invocation;
        !Flows::NONE.with(Flow::Leaves).toward(&invocation.destinations).has(Flow::Leaves)
    }

    /// Content on a descriptor that we were started with: a pipe can be read only once, so it is
    /// read into memory and handed on, unless nothing of it leaves this machine; a file is read
    /// without moving its position.
    fn descriptor(&mut self, number: i32, flow: Flow) {
        let leaves = flow == Flow::Leaves;
        let channel = descriptor::channel(number);
        match descriptor::open(number) {
            descriptor::Inherited::Nothing => {}
            descriptor::Inherited::File(file) => self.inherited_file(file, channel, leaves),
            descriptor::Inherited::Pipe(_)
                if self.mode == Mode::Observe || !leaves || self.ends_here() =>
            {
                self.seen.faults.push(format!("{channel} is a pipe and was not scanned"));
            }
            descriptor::Inherited::Pipe(pipe) => {
                match descriptor::spool(pipe, number, self.limits.stdin_bytes) {
                    Ok(spooled) => self.spooled(spooled, &channel),
                    Err(why) => {
                        self.seen.unscanned.push(format!("{channel} {why}"));
                        self.seen.held.lost = Some(channel);
                    }
                }
            }
        }
    }

    fn inherited_file(&mut self, file: File, channel: Channel, leaves: bool) {
        let Some(limit) = self.limit(leaves) else { return };
        let judged = file.metadata().and_then(|before| {
            let from = descriptor::FromHere::new(file.try_clone()?)?;
            Ok((self.stream(from.take(limit), channel.clone())?, FileIdentity::of(&before)))
        });
        match judged {
            Ok((scan, identity)) => {
                self.judged(scan, leaves);
                if leaves {
                    if let Ok(file) = file.try_clone() {
                        let whole = descriptor::FromHere::whole(file);
                        self.unpacked(whole, Path::new(&channel.to_string()));
                    }
                    self.seen.held.inherited.push((file, identity, channel));
                }
            }
            Err(_) => self.unread(leaves, Path::new(&channel.to_string()), "cannot be read"),
        }
    }

    /// Looks into an archive that leaves, one level deep, and into what is compressed: a look at the
    /// whole does not see through either.
    fn unpacked(&mut self, file: descriptor::FromHere, path: &Path) {
        let told = path.to_string_lossy();
        let read = datafog_archive::unpack(file, &mut |name, content| {
            let inner = if name.is_empty() { told.to_string() } else { format!("{told}!/{name}") };
            let read = content.map(|content| self.stream(content, Channel::File(inner)));
            if !matches!(read, Ok(Ok(_))) {
                self.unread(true, path, "holds something that cannot be read");
            }
        });
        if read.is_err() {
            self.unread(true, path, "is an archive that cannot be read to its end");
        }
    }

    fn spooled(&mut self, spooled: Spooled, channel: &Channel) {
        match spooled.reader().and_then(|reader| self.stream(reader, channel.clone())) {
            Ok(scan) => self.seen.channels.push(scan),
            Err(_) => self.seen.unscanned.push(format!("{channel} cannot be read")),
        }
        if let Ok(reader) = spooled.reader() {
            self.unpacked(reader, Path::new(&channel.to_string()));
        }
        // Judged or not: the pipe is empty, and these are the bytes that were in it.
        self.seen.held.spooled.push(spooled);
    }

    fn unread(&mut self, leaves: bool, path: &Path, why: &str) {
        let text = format!("`{}` {why}", path.to_string_lossy().escape_debug());
        if leaves { self.seen.unscanned.push(text) } else { self.seen.faults.push(text) }
    }
}
