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
    Action, Carrier, Channel, ChannelScan, ContentSource, Finding, Flow, Key, KeyedHasher, Mode,
    StdinUse,
};
use datafog_detect::Scanner;

use crate::descriptor::{self, Spooled};
use crate::walk;

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
    pub(crate) held: Held,
}

/// What must still be as it was judged when the command starts.
#[derive(Debug, Default)]
pub(crate) struct Held {
    /// Spooled pipes: the judged bytes, and the descriptor where the command expects them.
    pub(crate) spooled: Vec<Spooled>,
    /// Files that the command opens by itself; `None` when there was none.
    pub(crate) watched: Vec<(PathBuf, Option<FileIdentity>)>,
}

/// Looks at everything in `action`.
pub(crate) fn inspect(action: &Action, key: &Key, limits: Limits, mode: Mode) -> Inspection {
    let mut inspector = Inspector {
        action,
        key,
        limits,
        mode,
        scanner: Scanner::new(key),
        seen: Inspection::default(),
    };
    inspector.arguments();
    for source in &action.invocation.contents {
        inspector.content(source);
    }
    inspector.standard_input();
    inspector.seen
}

struct Inspector<'a> {
    action: &'a Action,
    key: &'a Key,
    limits: Limits,
    mode: Mode,
    scanner: Scanner<'a>,
    seen: Inspection,
}

impl Inspector<'_> {
    /// Every argument is looked at, whatever the profile says of it.
    fn arguments(&mut self) {
        let mut bytes = 0_u64;
        for (index, argument) in self.action.argv.iter().enumerate().skip(1) {
            let text = argument.as_encoded_bytes();
            bytes = bytes.saturating_add(text.len() as u64);
            self.scanner.scan(text, &Channel::Argument(index), &mut self.seen.findings);
        }
        self.seen.channels.push(ChannelScan { channel: Channel::Arguments, bytes, digest: None });
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
                self.scanner.scan(bytes, &channel, &mut self.seen.findings);
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
        let limit = if leaves { u64::MAX } else { self.limits.local_bytes };
        let channel = Channel::File(path.to_string_lossy().into_owned());
        let judged = descriptor::open_regular(path).and_then(|(file, identity)| {
            let scan = self.stream(file.take(limit), channel)?;
            Ok((scan, identity))
        });
        match judged {
            Ok((scan, identity)) => {
                self.seen.channels.push(scan);
                if leaves {
                    self.seen.held.watched.push((path.to_owned(), Some(identity)));
                }
            }
            Err(_) => self.unread(leaves, path, "cannot be read"),
        }
    }

    /// Scans a stream to its end in bounded memory.
    fn stream(&mut self, mut from: impl Read, channel: Channel) -> io::Result<ChannelScan> {
        let mut block = vec![0_u8; BLOCK];
        let mut hasher: KeyedHasher = self.key.hasher("content");
        let mut scan = self.scanner.stream(channel.clone());
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
            bytes = bytes.saturating_add(count as u64);
        }
        scan.finish(&mut self.seen.findings);
        Ok(ChannelScan { channel, bytes, digest: Some(hasher.finish()) })
    }

    fn standard_input(&mut self) {
        match self.action.invocation.stdin {
            StdinUse::Ignore => {}
            StdinUse::Content => self.descriptor(0, Flow::Leaves),
            StdinUse::Stream if descriptor::carries_data(0) => {
                self.seen.faults.push("standard input is a stream and was not scanned".to_owned());
            }
            StdinUse::Stream => {}
        }
    }

    /// Content on a descriptor that we were started with: a pipe can be read only once, so it is
    /// read into memory and handed on; a file is read without moving its position.
    fn descriptor(&mut self, number: i32, flow: Flow) {
        let leaves = flow == Flow::Leaves;
        let channel =
            if number == 0 { Channel::Stdin } else { Channel::File(format!("/dev/fd/{number}")) };
        match descriptor::open(number) {
            descriptor::Inherited::Nothing => {}
            descriptor::Inherited::File(file) => self.inherited_file(file, channel, leaves),
            descriptor::Inherited::Pipe(_) if self.mode == Mode::Observe || !leaves => {
                self.seen.faults.push(format!("{channel} is a pipe and was not scanned"));
            }
            descriptor::Inherited::Pipe(pipe) => {
                match descriptor::spool(pipe, number, self.limits.stdin_bytes) {
                    Ok(spooled) => self.spooled(spooled, channel),
                    Err(why) => self.seen.unscanned.push(format!("{channel} {why}")),
                }
            }
        }
    }

    fn inherited_file(&mut self, file: File, channel: Channel, leaves: bool) {
        let limit = if leaves { u64::MAX } else { self.limits.local_bytes };
        let name = channel.to_string();
        let from = descriptor::FromHere::new(file);
        match from.and_then(|from| self.stream(from.take(limit), channel)) {
            Ok(scan) => self.seen.channels.push(scan),
            Err(_) => self.unread(leaves, Path::new(&name), "cannot be read"),
        }
    }

    fn spooled(&mut self, spooled: Spooled, channel: Channel) {
        let name = channel.to_string();
        match spooled.reader().and_then(|reader| self.stream(reader, channel)) {
            Ok(scan) => {
                self.seen.channels.push(scan);
                self.seen.held.spooled.push(spooled);
            }
            Err(_) => self.seen.unscanned.push(format!("{name} cannot be read")),
        }
    }

    fn unread(&mut self, leaves: bool, path: &Path, why: &str) {
        let text = format!("`{}` {why}", path.to_string_lossy().escape_debug());
        if leaves { self.seen.unscanned.push(text) } else { self.seen.faults.push(text) }
    }
}
