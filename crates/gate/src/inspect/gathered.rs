//! Looks at content that another program tells: commits that a push sends, lines that a commit
//! takes in, the image that a push sends.
//!
//! It is asked for where the content leaves the machine, and where some rule of the policy could
//! want to know what was found in such a call; else nothing is started. What was told before
//! something went wrong is looked at, and the rest is unscanned.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc;
use std::thread;

use datafog_core::{Channel, ChannelScan, Finding, Flow, KeyedHasher};
use datafog_detect::Scanner;
use datafog_shim::{Gathered, Says, gather, is_installed};

use super::{Inspection, Inspector};
use crate::state::State;
use crate::world::World;

/// Most bytes of a content that are held to be looked at as a whole.
const WHOLE: usize = 8 << 20;

/// Most findings of all gathered content: of more nobody reads each.
const MOST: usize = 1000;

/// The name of all gathered content in a receipt.
const TOLD: &str = "gathered";

/// Pieces of an image that are told and not read yet.
const PIECES: usize = 16;

/// What is told in pieces, as it is read.
struct Pieces {
    pieces: mpsc::Receiver<Vec<u8>>,
    at: Vec<u8>,
    read: usize,
}

impl Read for Pieces {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.read >= self.at.len() {
            let Ok(next) = self.pieces.recv() else { return Ok(0) };
            (self.at, self.read) = (next, 0);
        }
        let mut rest = self.at.get(self.read..).unwrap_or_default();
        let count = rest.read(buffer)?;
        self.read = self.read.saturating_add(count);
        Ok(count)
    }
}

/// The content at hand.
struct Current {
    channel: Channel,
    says: Says,
    text: Vec<u8>,
}

impl Inspector<'_> {
    pub(super) fn gathered(&mut self, state: &State, world: &World<'_>) {
        let invocation = &self.action.invocation;
        let leaves = invocation.flows.has(Flow::Leaves);
        let layers = datafog_shim::gathers_layers(invocation);
        if (layers || !leaves) && !state.policy.may_ask_for_findings(invocation) {
            return;
        }
        let world = world.at(&self.action.cwd);
        if layers {
            return self.layers(state, &world);
        }
        let mut hasher: KeyedHasher = self.key.hasher("content");
        let (mut bytes, mut current) = (0_u64, None);
        let done = gather(invocation, &invocation.program, &world, &mut |piece| match piece {
            Gathered::Begin(channel, says) => {
                let next = Current { channel, says, text: Vec::new() };
                current.replace(next).into_iter().for_each(|done| self.look(&done));
            }
            Gathered::Bytes(more) => {
                hasher.update(more);
                bytes = bytes.saturating_add(more.len() as u64);
                self.hold(&mut current, more);
            }
        });
        current.into_iter().for_each(|done| self.look(&done));
        if let Err(why) = done {
            if leaves { self.seen.unscanned.push(why) } else { self.seen.faults.push(why) }
        }
        let channel = Channel::Field(String::from(TOLD));
        self.seen.channels.push(ChannelScan { channel, bytes, digest: Some(hasher.finish()) });
    }

    /// The layers of an image, read while its keeper tells them.
    fn layers(&mut self, state: &State, world: &World<'_>) {
        let name = self.action.argv.first().map(Path::new).and_then(Path::file_name);
        let program = name.and_then(OsStr::to_str).unwrap_or_default();
        // Who is not there pushes nothing.
        let target = state.settings.hooks.get(program).and_then(|hook| hook.target.as_ref());
        if target.is_none() && world.finder.find(OsStr::new(program), None).is_none() {
            return;
        }
        let Some((told, seen)) = self.read_layers(program, world) else { return };
        let Ok(seen) = seen else {
            return self.seen.unscanned.push("the image could not be looked at".to_owned());
        };
        self.seen.channels.extend(seen.channels);
        self.seen.unscanned.extend(seen.unscanned);
        self.seen.unscanned.extend(told.err());
        let room = MOST.saturating_sub(self.seen.findings.len());
        self.seen.findings.extend(seen.findings.into_iter().take(room));
    }

    /// How telling the image went, and what was seen of it; nothing where there is none. Its keeper is
    /// asked here, where what surrounds the call is known, and what it tells is read beside that, so
    /// that nothing of it is held.
    fn read_layers(
        &self,
        program: &str,
        world: &World<'_>,
    ) -> Option<(Result<(), String>, thread::Result<Inspection>)> {
        let image = self.action.invocation.operands.first();
        let image = image.map(|it| it.text.to_string_lossy().into_owned()).unwrap_or_default();
        let (give, pieces) = mpsc::sync_channel::<Vec<u8>>(PIECES);
        let (action, key, custom) = (self.action, self.key, self.custom);
        let (limits, mode) = (self.limits, self.mode);
        let mut is_there = false;
        let (told, seen) = thread::scope(|scope| {
            let reader = scope.spawn(move || {
                let mut inspector = Inspector {
                    action,
                    key,
                    limits,
                    local_left: &mut 0,
                    mode,
                    scanner: Scanner::new(key).allowing(custom),
                    custom,
                    seen: Inspection::default(),
                };
                inspector.image(Pieces { pieces, at: Vec::new(), read: 0 }, &image);
                inspector.seen
            });
            let told = gather(&action.invocation, program, world, &mut |piece| match piece {
                Gathered::Begin(..) => is_there = true,
                // Who reads no further has said why.
                Gathered::Bytes(more) => drop(give.send(more.to_vec())),
            });
            drop(give);
            (told, reader.join())
        });
        (is_there || told.is_err()).then_some((told, seen))
    }

    fn image(&mut self, pieces: Pieces, image: &str) {
        let mut hasher: KeyedHasher = self.key.hasher("content");
        let mut bytes = 0_u64;
        let read = datafog_archive::image(pieces, &mut |name, content| {
            // What packages brought is public, and samples in it are no secrets.
            if is_installed(name) {
                return;
            }
            let channel = Channel::File(format!("{image}!/{name}"));
            match content.map(|content| self.stream(content, channel)) {
                Ok(Ok(scan)) => {
                    bytes = bytes.saturating_add(scan.bytes);
                    hasher.update(name.as_bytes());
                }
                Ok(Err(_)) | Err(_) => {
                    self.seen
                        .unscanned
                        .push(format!("`{image}` holds something that cannot be read"));
                }
            }
        });
        if read.is_err() {
            self.seen
                .unscanned
                .push(format!("what is in the image `{image}` cannot be read to its end"));
        }
        let channel = Channel::Field(String::from(TOLD));
        self.seen.channels.push(ChannelScan { channel, bytes, digest: Some(hasher.finish()) });
    }

    /// Adds to the content at hand. One that grows too long is looked at in parts that overlap by
    /// more than any secret is long.
    fn hold(&mut self, current: &mut Option<Current>, more: &[u8]) {
        let Some(current) = current else { return };
        current.text.extend_from_slice(more);
        if current.text.len() < WHOLE {
            return;
        }
        let text = core::mem::take(&mut current.text);
        let kept = text.len().saturating_sub(OVERLAP);
        current.text.extend_from_slice(text.get(kept..).unwrap_or_default());
        self.look(&Current { channel: current.channel.clone(), says: current.says, text });
    }

    fn look(&mut self, content: &Current) {
        let before = self.seen.findings.len();
        self.text(&content.text, &content.channel);
        let wanted =
            |one: &Finding| content.says == Says::Anything || one.entity.starts_with("secret.");
        let new = self.seen.findings.split_off(before);
        let room = MOST.saturating_sub(before);
        self.seen.findings.extend(new.into_iter().filter(wanted).take(room));
    }
}

/// Bytes that are looked at twice: more than the longest key block.
const OVERLAP: usize = 64 << 10;
