//! One line of the ledger: written once, hashed as it stands, read back no further than the chain
//! needs.

use std::borrow::Cow;
use std::io::Write;

use datafog_core::{Digest, Event, Id};
use serde::Deserialize;

use crate::{Error, bound};

/// Largest line in bytes, newline included. Larger events are cut (see [`bound::cut`]), so a
/// reader may take any longer line for foreign.
pub(crate) const MAX_LINE: usize = 64 * 1024;

/// Version of the line's form.
pub(crate) const VERSION: u32 = 1;

/// Room for `{"version":1,"seq":N,"prev":"…",` with the largest `N`; its last byte takes the place
/// of the event's opening brace.
const LEAD: usize = 19 + 20 + 9 + 64 + 2;

/// Largest event that fits into a line: the lead takes the place of its brace, the newline adds
/// one byte.
pub(crate) const MAX_EVENT: usize = MAX_LINE - LEAD;

/// A line that lacks only its place in the chain.
///
/// Nearly all the work of a line is done before the lock is taken; under it only the lead is
/// filled in. The result is byte for byte what serialising a `Receipt` gives.
#[derive(Debug)]
pub(crate) struct Draft {
    /// Room for the lead, then the event's JSON, then a newline.
    bytes: Vec<u8>,
}

impl Draft {
    /// Writes `event` as JSON; one that is too large is cut.
    pub(crate) fn of(event: &Event) -> Result<Self, Error> {
        let draft = Self::uncut(event)?;
        if draft.bytes.len() <= MAX_LINE {
            return Ok(draft);
        }
        Self::uncut(&bound::cut(event, MAX_EVENT)?)
    }

    fn uncut(event: &Event) -> Result<Self, Error> {
        let mut bytes = Vec::with_capacity(2048);
        bytes.resize(LEAD - 1, b' ');
        serde_json::to_writer(&mut bytes, event).map_err(Error::Encode)?;
        bytes.push(b'\n');
        Ok(Self { bytes })
    }

    /// The finished line, newline included, and its hash.
    pub(crate) fn finish(&mut self, seq: u64, prev: Digest) -> (&[u8], Digest) {
        let mut lead = [0_u8; LEAD];
        let mut rest = lead.as_mut_slice();
        // Cannot fail: the room is counted for the largest number.
        let fits = write_lead(&mut rest, seq, prev).is_ok();
        debug_assert!(fits, "the lead has room for any number");
        let unused = rest.len();
        let written = lead.get(..LEAD.saturating_sub(unused)).unwrap_or_default();
        if let Some(room) = self.bytes.get_mut(unused..LEAD) {
            room.copy_from_slice(written);
        }
        let line = self.bytes.get(unused..).unwrap_or_default();
        (line, Digest::of(line.strip_suffix(b"\n").unwrap_or(line)))
    }
}

/// Writes `{"version":1,"seq":N,"prev":"…",`. Not by a template of `write!`: all of a program's
/// templates lie in a few hundred kilobytes, and a page of them is read for this alone.
fn write_lead(to: &mut &mut [u8], seq: u64, prev: Digest) -> serde_json::Result<()> {
    let texts = |to: &mut &mut [u8], text: &[u8]| to.write_all(text).map_err(serde_json::Error::io);
    texts(to, br#"{"version":"#)?;
    serde_json::to_writer(&mut *to, &VERSION)?;
    texts(to, br#","seq":"#)?;
    serde_json::to_writer(&mut *to, &seq)?;
    texts(to, br#","prev":"#)?;
    serde_json::to_writer(&mut *to, &prev)?;
    texts(to, b",")
}

/// What the chain needs to know of a line; everything else is only checked to be JSON.
#[derive(Debug, Deserialize)]
pub(crate) struct Link<'a> {
    version: u32,
    pub(crate) seq: u64,
    pub(crate) prev: Digest,
    pub(crate) receipt_id: Id,
    #[serde(borrow)]
    pub(crate) timestamp: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) reason: Cow<'a, str>,
}

impl<'a> Link<'a> {
    /// Whether it is the receipt of a recovery.
    pub(crate) fn is_recovery(&self) -> bool {
        self.kind == "recovery"
    }

    /// Reads a line without its newline; `None` when it is no receipt of a version we know.
    pub(crate) fn read(line: &'a [u8]) -> Option<Self> {
        serde_json::from_slice(line).ok().filter(|link: &Self| link.version == VERSION)
    }

    /// Whether the line comes right after the one with this number and hash.
    pub(crate) fn follows(&self, seq: u64, hash: Digest) -> bool {
        Some(self.seq) == seq.checked_add(1) && self.prev == hash
    }
}
