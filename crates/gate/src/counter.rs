//! Counts calls for rules about how often something may happen.
//!
//! One small file for each rule, in `<root>/rate`, holds the ids of the latest calls, which hold
//! their moments. It is changed under its own lock, so that two calls at once count as two. It is
//! not touched unless a rule asks.
//!
//! INVARIANT: the ledger is the truth. The file is keyed and names the line of the ledger up to
//! which it is complete; calls that were recorded since are added each time. So one that is
//! removed, damaged, forged or put back to an earlier state is made anew. When the ledger itself
//! cannot tell, or is not the one that counted ([`begun`]), nobody can.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use datafog_audit::{Mark, counted};
use datafog_core::{Digest, Id, Key};
use nix::libc::{O_NOFOLLOW, O_NONBLOCK};

use crate::begun;

/// How long the lock is waited for.
const PATIENCE: Duration = Duration::from_secs(2);

/// The pause between two tries.
const PAUSE: Duration = Duration::from_millis(1);

/// No counter is larger; one that is was not written by us.
const MOST_BYTES: u64 = 1 << 20;

/// What a rule counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Counter {
    /// Id of the rule.
    pub(crate) rule: String,
    /// How long a call counts.
    pub(crate) seconds: u32,
    /// Of earlier calls no more than these are remembered.
    pub(crate) most: u32,
}

/// Where counters are kept, and what with.
#[derive(Debug)]
pub(crate) struct Places<'a> {
    pub(crate) folder: &'a Path,
    pub(crate) ledger: &'a Path,
    /// The file that knows since when calls are counted.
    pub(crate) begun: &'a Path,
    pub(crate) key: &'a Key,
}

/// The calls of a counter, ascending, and up to where in the ledger they are complete.
#[derive(Debug)]
struct Calls {
    upto: Mark,
    ids: Vec<Id>,
}

impl Counter {
    /// How many calls came lately, the one with the id `call` included. With `keep` it is written
    /// down.
    ///
    /// # Errors
    /// When the counter cannot be locked in time or written, or neither it nor the ledger tells
    /// which calls came.
    pub(crate) fn ask(&self, places: &Places<'_>, call: Id, keep: bool) -> io::Result<u32> {
        let path = places.folder.join(self.file_name());
        if !keep {
            let mut options = OpenOptions::new();
            let file = options.read(true).custom_flags(O_NOFOLLOW | O_NONBLOCK).open(&path);
            let kept = file.ok().and_then(|file| {
                lock(&file).ok()?;
                self.read(&file, places.key).ok()?
            });
            let ids = self.brought_up_to_date(kept, places, call)?.ids;
            return Ok(number(&ids).saturating_add(1));
        }
        fs::create_dir_all(places.folder)?;
        let file = own(&path)?;
        let kept = self.read(&file, places.key)?;
        let is_new = kept.is_none();
        let mut calls = self.brought_up_to_date(kept, places, call)?;
        if is_new || !places.begun.exists() {
            begun::begin(places.begun, places.key, call.unix_milliseconds())?;
        }
        calls.ids.push(call);
        let counted = number(&calls.ids);
        self.write(&file, &calls, places.key)?;
        Ok(counted)
    }

    /// Rules of different projects may have the same id, and may be `.` or `..`.
    fn file_name(&self) -> PathBuf {
        PathBuf::from(format!("{}-in-{}s-{}", self.most, self.seconds, self.rule))
    }

    /// The calls that still count, with those that the ledger has and the file has not. One that
    /// lies ahead of the clock counts: setting the clock back must not empty the counter.
    fn brought_up_to_date(
        &self,
        kept: Option<Calls>,
        places: &Places<'_>,
        now: Id,
    ) -> io::Result<Calls> {
        let window = u64::from(self.seconds).saturating_mul(1000);
        let since = now.unix_milliseconds().saturating_sub(window);
        let known = kept.as_ref().map(|calls| calls.upto);
        let ledger = counted(places.ledger, &self.rule, known, since).map_err(io::Error::other)?;
        if kept.is_none() && !ledger.whole {
            return Err(io::Error::other("neither the counter nor the ledger is whole"));
        }
        // A ledger that is younger than what is asked for must be the first that there was.
        if kept.is_none()
            && let Some(first) = ledger.begins.filter(|first| *first > since)
            && let Some(begun) = begun::since(places.begun, places.key)?
            && !begun::reaches(first, begun)
        {
            return Err(io::Error::other("the ledger that counted was taken away"));
        }
        let mut ids = kept.map(|calls| calls.ids).unwrap_or_default();
        ids.extend(ledger.calls);
        ids.retain(|id| id.unix_milliseconds() > since);
        ids.sort_unstable();
        ids.dedup();
        Ok(Calls { upto: ledger.end, ids })
    }

    /// What the file holds; `None` when it is not as this counter was written.
    fn read(&self, file: &File, key: &Key) -> io::Result<Option<Calls>> {
        let mut bytes = Vec::new();
        let mut from = file;
        from.rewind()?;
        from.take(MOST_BYTES).read_to_end(&mut bytes)?;
        Ok(bytes.split_first_chunk().and_then(|(tag, body)| {
            let ours = self.tag(body, key) == *tag;
            if ours { Calls::decode(body) } else { None }
        }))
    }

    /// Writes in place, where the lock is. What is cut short here is damaged, and so made anew.
    fn write(&self, mut file: &File, calls: &Calls, key: &Key) -> io::Result<()> {
        let most = usize::try_from(self.most).unwrap_or(usize::MAX).saturating_add(1);
        let latest = calls.ids.len().saturating_sub(most);
        let body = calls.encode(calls.ids.get(latest..).unwrap_or_default());
        let bytes = [self.tag(&body, key).as_slice(), &body].concat();
        file.rewind()?;
        file.write_all(&bytes)?;
        file.set_len(bytes.len() as u64)
    }

    fn tag(&self, body: &[u8], key: &Key) -> [u8; 32] {
        let parts = [self.rule.as_bytes(), &self.seconds.to_le_bytes(), &self.most.to_le_bytes()];
        *key.digest("rate", parts.into_iter().chain([body])).as_bytes()
    }
}

impl Calls {
    /// Number and hash of the line, then ids of 16 bytes.
    fn encode(&self, ids: &[Id]) -> Vec<u8> {
        let mut bytes = self.upto.seq.to_le_bytes().to_vec();
        bytes.extend(self.upto.hash.as_bytes());
        bytes.extend(ids.iter().flat_map(|id| id.as_bytes()));
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Self> {
        let (seq, rest) = bytes.split_first_chunk()?;
        let (hash, rest) = rest.split_first_chunk()?;
        let (ids, []) = rest.as_chunks() else { return None };
        let upto = Mark { seq: u64::from_le_bytes(*seq), hash: Digest::from_bytes(*hash) };
        Some(Self { upto, ids: ids.iter().copied().map(Id::from_bytes).collect() })
    }
}

fn number(ids: &[Id]) -> u32 {
    u32::try_from(ids.len()).unwrap_or(u32::MAX)
}

/// Opens the file at `path`, made when it is missing, and locks it. What stands there and is no
/// file of ours to write is taken away.
pub(crate) fn own(path: &Path) -> io::Result<File> {
    let start = Instant::now();
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false).mode(0o600);
    options.custom_flags(O_NOFOLLOW | O_NONBLOCK);
    loop {
        match options.open(path) {
            Ok(file) if file.metadata()?.is_file() => {
                lock(&file)?;
                // Another call may have taken it away while we waited: then nobody else finds it.
                if is_at(&file, path)? {
                    return Ok(file);
                }
            }
            Ok(_) => fs::remove_file(path)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(error),
            Err(_) => fs::remove_file(path)?,
        }
        if start.elapsed() >= PATIENCE {
            return Err(io::ErrorKind::TimedOut.into());
        }
    }
}

fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let opened = file.metadata()?;
    match fs::symlink_metadata(path) {
        Ok(named) => Ok((named.dev(), named.ino()) == (opened.dev(), opened.ino())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

/// Waits for the lock, which ends with the file.
pub(crate) fn lock(file: &File) -> io::Result<()> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if start.elapsed() < PATIENCE => {
                std::thread::sleep(PAUSE);
            }
            Err(error) => return Err(error.into()),
        }
    }
}

#[cfg(test)]
#[path = "counter/tests.rs"]
mod tests;
