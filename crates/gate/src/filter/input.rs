//! Standard input, and other pipes and files that a command was started with, without findings.
//!
//! The command gets a private file in memory, sealed, where the judged content was. A file that it
//! opens by its path cannot be exchanged in this way: a call that sends one stays blocked.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::fd::OwnedFd;

use datafog_core::{Channel, ChannelScan, Finding, Key, Obligation};
use datafog_detect::{Custom, Scanner};
use datafog_redact::{Plan, Redactor};
use nix::fcntl::{FcntlArg, SealFlag, fcntl};
use nix::sys::memfd::{MFdFlags, memfd_create};

use super::transform;
use crate::descriptor::{self, FromHere, Spooled};
use crate::inspect::{Held, Inspection};

/// Bytes read at once.
const BLOCK: usize = 128 << 10;

/// What a command is to get, and what is found in that.
#[derive(Debug)]
pub(super) struct Replaced {
    pub(super) held: Held,
    pub(super) seen: Inspection,
}

/// Takes what `obligations` name out of everything that stands on a descriptor and was found to
/// hold some of it; `None` when some of it stands elsewhere, or cannot be read once more.
pub(super) fn without_findings(
    seen: &Inspection,
    obligations: &[Obligation],
    (key, custom): (&Key, Option<&Custom>),
) -> Option<Replaced> {
    let asked = |finding: &&Finding| transform(obligations, &finding.entity).is_some();
    let mut held = Held::default();
    let mut after = Inspection { unscanned: seen.unscanned.clone(), ..Inspection::default() };
    let mut channels: Vec<&Channel> = Vec::new();
    let handles = handles(&seen.held)?;
    for (number, channel, source) in &handles {
        if !seen.findings.iter().filter(asked).any(|finding| finding.channel == *channel) {
            held.keep(*source)?;
            continue;
        }
        let plan = Plan::new(|entity| transform(obligations, entity));
        let redactor = Redactor::new(key, custom, &plan, channel.clone());
        let spooled = replaced(source.reader().ok()?, *number, redactor).ok()?;
        let scan = looked_at(&spooled, channel, (key, custom), &mut after.findings).ok()?;
        after.channels.push(scan);
        held.spooled.push(spooled);
        channels.push(channel);
    }
    if seen.findings.iter().filter(asked).any(|finding| !channels.contains(&&finding.channel)) {
        return None;
    }
    let rest = |channel: &Channel| !channels.contains(&channel);
    after.findings.extend(seen.findings.iter().filter(|it| rest(&it.channel)).cloned());
    after.channels.extend(seen.channels.iter().filter(|it| rest(&it.channel)).cloned());
    held.watched.clone_from(&seen.held.watched);
    Some(Replaced { held, seen: after })
}

/// Content on a descriptor.
#[derive(Clone, Copy, Debug)]
enum Source<'h> {
    Spooled(&'h Spooled),
    Inherited(&'h (File, datafog_config::FileIdentity, Channel)),
}

impl Source<'_> {
    fn reader(&self) -> io::Result<FromHere> {
        match self {
            Self::Spooled(spooled) => spooled.reader(),
            Self::Inherited((file, ..)) => FromHere::new(file.try_clone()?),
        }
    }
}

impl Held {
    /// Keeps content as it was judged.
    fn keep(&mut self, source: Source<'_>) -> Option<()> {
        match source {
            Source::Spooled(spooled) => self.spooled.push(spooled.another().ok()?),
            Source::Inherited((file, identity, channel)) => {
                self.inherited.push((file.try_clone().ok()?, *identity, channel.clone()));
            }
        }
        Some(())
    }
}

/// Every descriptor with content, by number and channel.
fn handles(held: &Held) -> Option<Vec<(i32, Channel, Source<'_>)>> {
    let spooled = held.spooled.iter().map(|one| {
        let number = one.number();
        Some((number, descriptor::channel(number), Source::Spooled(one)))
    });
    let inherited = held.inherited.iter().map(|one| {
        let number = match &one.2 {
            Channel::Stdin => 0,
            Channel::File(name) => descriptor::number_of(name.as_ref())?,
            Channel::Argument(_)
            | Channel::Arguments
            | Channel::Environment(_)
            | Channel::Field(_)
            | Channel::Output => return None,
        };
        Some((number, one.2.clone(), Source::Inherited(one)))
    });
    spooled.chain(inherited).collect()
}

/// The content without its findings, in memory that nobody can change any more.
fn replaced(mut from: FromHere, number: i32, mut redactor: Redactor<'_>) -> io::Result<Spooled> {
    let flags = MFdFlags::MFD_CLOEXEC | MFdFlags::MFD_ALLOW_SEALING;
    let mut memory = File::from(memfd_create(c"datafog", flags)?);
    let mut block = vec![0; BLOCK];
    loop {
        match from.read(&mut block) {
            Ok(0) => break,
            Ok(count) => redactor.push(block.get(..count).unwrap_or_default(), &mut memory)?,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    redactor.finish(&mut memory)?;
    memory.flush()?;
    memory.seek(SeekFrom::Start(0))?;
    let seals = SealFlag::F_SEAL_WRITE | SealFlag::F_SEAL_GROW | SealFlag::F_SEAL_SHRINK;
    fcntl(&memory, FcntlArg::F_ADD_SEALS(seals | SealFlag::F_SEAL_SEAL))?;
    Ok(Spooled::new(OwnedFd::from(memory), number))
}

/// Looks at the new content as at the old.
fn looked_at(
    spooled: &Spooled,
    channel: &Channel,
    (key, custom): (&Key, Option<&Custom>),
    out: &mut Vec<Finding>,
) -> io::Result<ChannelScan> {
    let mut from = spooled.reader()?;
    let mut scan = Scanner::new(key).allowing(custom).stream(channel.clone());
    let mut own = custom.map(|custom| custom.stream(channel.clone(), key));
    let (mut hasher, mut bytes, mut block) = (key.hasher("content"), 0_u64, vec![0; BLOCK]);
    loop {
        let count = from.read(&mut block)?;
        let Some(read) = block.get(..count).filter(|read| !read.is_empty()) else { break };
        hasher.update(read);
        scan.push(read, out);
        if let Some(own) = &mut own {
            own.push(read, out);
        }
        bytes = bytes.saturating_add(count as u64);
    }
    scan.finish(out);
    if let Some(own) = own {
        own.finish(out);
    }
    Ok(ChannelScan { channel: channel.clone(), bytes, digest: Some(hasher.finish()) })
}
