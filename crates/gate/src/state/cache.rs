//! The compiled cache: one keyed file, of which a call reads what it wants.
//!
//! ```text
//! "dfcache9"  tag (32 bytes)  length of the head (4 bytes)  head (postcard)  sections
//! ```
//!
//! The tag is the keyed digest of the head and its length. The head names each section behind it by
//! place, length and digest; one is the front of the policy in force, which does the same for the
//! policy's leaves. So a call reads and checks the head and that front, and of a policy of a thousand rules the few leaves
//! that its command asks for. A file that is stale, cut off or forged in its head is compiled anew.
//! One that is damaged further behind denies the call that reaches the damage and is taken away, so
//! that the next call compiles it anew.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::PathBuf;
use std::sync::Arc;

use datafog_config::{Layout, Settings, open_small};
use datafog_core::{Digest, Key};
use datafog_policy::{Policy, ReadAt};
use serde::{Deserialize, Serialize};

use super::Sources;
use crate::projects::Project;

/// First bytes of a cache file; changes with its form.
const MAGIC: &[u8; 8] = b"dfcache9";

/// What the keyed digest is for. Short: with it, the usual head fills three blocks of SHA-256, and each
/// block more is two per cent of what a call costs.
const PURPOSE: &str = "h";

/// Length of the keyed digest after the magic bytes.
const TAG_BYTES: usize = 32;

/// The head's own length is told before it.
const LENGTH_BYTES: usize = 4;

/// Where the head begins.
const HEAD_AT: u64 = 8 + 32 + 4;

/// Read at once: the whole of what most calls want.
const FIRST_READ: u64 = 8 << 10;

/// No cache is larger; a file that is was not written by us.
const MOST_BYTES: u64 = 64 << 20;

/// What is kept from one call to the next.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contents<'a> {
    pub(super) sources: Sources,
    pub(super) settings: &'a Settings,
    /// The policy, unless the embedded one is in force.
    pub(super) policy: Option<&'a Policy>,
    /// Detectors and exceptions in their own compiled form.
    pub(super) custom: Option<&'a [u8]>,
    pub(super) projects: &'a [Project],
}

/// What a cache holds before its sections.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Head {
    pub(super) sources: Sources,
    pub(super) settings: Settings,
    pub(super) policy: Option<KeptPolicy>,
    pub(super) custom: Option<Vec<u8>>,
    projects: Vec<KeptProject>,
    /// Length of all sections.
    behind: u64,
}

/// A policy in the cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct KeptPolicy {
    front: Section,
    /// Where its leaves begin, in bytes behind the head.
    leaves: u64,
}

/// A trusted project in the cache.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeptProject {
    path: PathBuf,
    digest: Digest,
    text: Section,
    /// The compiled policy, or why there is none.
    policy: Result<KeptPolicy, String>,
}

/// Bytes behind the head.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
struct Section {
    at: u64,
    length: u32,
    digest: [u8; 32],
}

/// A cache file of ours, open. It stays what it is when another call puts a new one in its place.
#[derive(Clone, Debug)]
pub(crate) struct Cache(Arc<Opened>);

#[derive(Debug)]
struct Opened {
    path: PathBuf,
    file: File,
    /// The file's beginning, as much as was read at once.
    start: Vec<u8>,
    /// Where the sections begin.
    sections: u64,
}

impl Cache {
    /// The cache and its head, when there is one and its tag is ours.
    pub(super) fn open(layout: &Layout, key: &Key) -> Option<(Self, Head)> {
        let path = path(layout);
        let (file, length) = open_small(&path, MOST_BYTES).ok()?;
        let mut start = read(&file, 0, length.min(FIRST_READ))?;
        let rest = start.strip_prefix(MAGIC)?.get(TAG_BYTES..)?;
        let head = u64::from(u32::from_le_bytes(*rest.first_chunk()?));
        let sections = head.checked_add(HEAD_AT).filter(|end| *end <= length)?;
        if sections > length.min(FIRST_READ) {
            start = read(&file, 0, sections)?;
        }
        let (tag, head) =
            start.get(MAGIC.len()..usize::try_from(sections).ok()?)?.split_at(TAG_BYTES);
        if key.digest(PURPOSE, [head]).as_bytes() != tag {
            return None;
        }
        let head: Head = postcard::from_bytes(head.get(LENGTH_BYTES..)?).ok()?;
        if sections.checked_add(head.behind) != Some(length) {
            return None;
        }
        Some((Self(Arc::new(Opened { path, file, start, sections })), head))
    }

    /// A policy of this cache, whose leaves are read when they are wanted.
    pub(super) fn policy(&self, kept: &KeptPolicy) -> Option<Policy> {
        let front = self.section(&kept.front)?;
        let leaves = Leaves { cache: self.clone(), at: kept.leaves };
        Policy::from_front(front, Box::new(leaves)).ok()
    }

    /// The projects that a head of this cache names.
    pub(super) fn projects(&self, head: &Head) -> Vec<Project> {
        let project = |kept: &KeptProject| {
            let place =
                InCache { cache: self.clone(), text: kept.text, policy: kept.policy.clone() };
            Project::kept(kept.path.clone(), kept.digest, place)
        };
        head.projects.iter().map(project).collect()
    }

    fn section(&self, section: &Section) -> Option<Vec<u8>> {
        let mut bytes = vec![0; usize::try_from(section.length).ok()?];
        let read = self.read(&mut bytes, section.at);
        if read.is_ok() && Digest::of(&bytes).as_bytes() == &section.digest {
            return Some(bytes);
        }
        self.discard();
        None
    }

    fn read(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let offset = self.0.sections.checked_add(offset).ok_or(io::ErrorKind::InvalidInput)?;
        let at_hand = usize::try_from(offset).ok().and_then(|offset| self.0.start.get(offset..));
        match at_hand.and_then(|rest| rest.get(..bytes.len())) {
            Some(there) => {
                bytes.copy_from_slice(there);
                Ok(())
            }
            None => self.0.file.read_exact_at(bytes, offset),
        }
    }

    /// Takes the file away, so that the next call compiles anew. It may be gone or another already:
    /// either is as well.
    #[cold]
    fn discard(&self) {
        let _gone: io::Result<()> = fs::remove_file(&self.0.path);
    }
}

/// Where the leaves of a policy are in a cache.
#[derive(Debug)]
struct Leaves {
    cache: Cache,
    at: u64,
}

impl ReadAt for Leaves {
    fn read_exact_at(&self, bytes: &mut [u8], offset: u64) -> io::Result<()> {
        let offset = self.at.checked_add(offset).ok_or(io::ErrorKind::InvalidInput)?;
        self.cache.read(bytes, offset)
    }

    fn is_damaged(&self) {
        self.cache.discard();
    }
}

/// Where a cache has what is known of a project.
#[derive(Clone, Debug)]
pub(crate) struct InCache {
    cache: Cache,
    text: Section,
    policy: Result<KeptPolicy, String>,
}

impl InCache {
    /// The text that was trusted.
    pub(crate) fn text(&self) -> Option<String> {
        String::from_utf8(self.cache.section(&self.text)?).ok()
    }

    /// The compiled policy, or why there is none.
    pub(crate) fn policy(&self) -> Result<Policy, String> {
        let damaged = || String::from("the cache is damaged; the next call compiles it anew");
        self.cache.policy(self.policy.as_ref().map_err(String::clone)?).ok_or_else(damaged)
    }
}

/// Sections in the making.
#[derive(Default)]
struct Sections(Vec<u8>);

impl Sections {
    fn put(&mut self, bytes: &[u8]) -> io::Result<Section> {
        let length = u32::try_from(bytes.len()).map_err(io::Error::other)?;
        let section = Section { at: self.end()?, length, digest: *Digest::of(bytes).as_bytes() };
        self.0.extend_from_slice(bytes);
        Ok(section)
    }

    fn policy(&mut self, policy: &Policy) -> io::Result<KeptPolicy> {
        let bytes = policy.to_bytes();
        let halves = bytes.split_at_checked(policy.front_len());
        let (front, leaves) = halves.ok_or_else(|| io::Error::other("no compiled policy"))?;
        let front = self.put(front)?;
        let kept = KeptPolicy { front, leaves: self.end()? };
        self.0.extend_from_slice(leaves);
        Ok(kept)
    }

    fn project(&mut self, project: &Project) -> io::Result<KeptProject> {
        Ok(KeptProject {
            path: project.path.clone(),
            digest: project.digest,
            text: self.put(project.text().unwrap_or_default().as_bytes())?,
            policy: match project.policy() {
                Ok(policy) => Ok(self.policy(&policy)?),
                Err(why) => Err(why),
            },
        })
    }

    fn end(&self) -> io::Result<u64> {
        u64::try_from(self.0.len()).map_err(io::Error::other)
    }
}

/// Replaces the cache whole; two writers at once are harmless.
pub(super) fn write(layout: &Layout, key: &Key, contents: Contents<'_>) -> io::Result<()> {
    let mut sections = Sections::default();
    let head = Head {
        sources: contents.sources,
        settings: contents.settings.clone(),
        policy: contents.policy.map(|policy| sections.policy(policy)).transpose()?,
        custom: contents.custom.map(<[u8]>::to_vec),
        projects: contents
            .projects
            .iter()
            .map(|project| sections.project(project))
            .collect::<io::Result<_>>()?,
        behind: sections.end()?,
    };
    let head = postcard::to_allocvec(&head).map_err(io::Error::other)?;
    let length = u32::try_from(head.len()).map_err(io::Error::other)?.to_le_bytes();
    let keyed = [length.as_slice(), &head].concat();
    let tag = key.digest(PURPOSE, [keyed.as_slice()]);
    let path = path(layout);
    let draft = path.with_extension(std::process::id().to_string());
    fs::create_dir_all(layout.cache())?;
    let mut options = OpenOptions::new();
    let mut file = options.write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(&[MAGIC, tag.as_bytes().as_slice(), &keyed, &sections.0].concat())?;
    fs::rename(draft, path)
}

pub(super) fn path(layout: &Layout) -> PathBuf {
    layout.cache().join("state")
}

fn read(file: &File, offset: u64, length: u64) -> Option<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(length).ok()?];
    file.read_exact_at(&mut bytes, offset).ok().map(|()| bytes)
}
