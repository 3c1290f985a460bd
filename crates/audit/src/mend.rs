//! Puts the ledger in order after a process was killed, the disk was full, or somebody meddled.
//!
//! Whatever is found, the chain goes on from what can be verified, and a receipt of its own says
//! what was found. The order is always: copy what is set aside, move the head (with a note that a
//! receipt is owed), cut the file, write the receipt. A process killed in between leaves a state
//! that is found and mended the same way.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use datafog_core::{Digest, Event, Id, ReceiptKind, Verdict};

use crate::folder::{Folder, HEAD, ledger_name};
use crate::head::{HEAD_BYTES, Head};
use crate::line::{Draft, Link};
use crate::locked::Locked;
use crate::quarantine::set_aside;
use crate::scan::Lines;
use crate::{Error, disk};

/// What is said when the process that began a recovery was killed before it could say what it did.
const CUT_SHORT: &str =
    "an earlier recovery was cut short; see the quarantine for what it set aside";

/// What the receipt of a recovery says when the head was lost: from then on nobody can tell whether
/// lines were removed together with it.
pub(crate) const HEAD_LOST: &str = "if lines after that one were removed, nothing here tells";

/// Mends the file that is written to, which has `size` bytes where the head says otherwise, or a
/// recovery that is owed. `note` says what was found before.
#[cold]
pub(crate) fn mend(
    locked: &mut Locked<'_>,
    size: u64,
    note: Option<String>,
    event: &Event,
) -> Result<(), Error> {
    if size > locked.head.size {
        adopt(locked, size)?;
    }
    let cut_short = locked.head.owed.then(|| CUT_SHORT.to_owned());
    let mut notes = Vec::from_iter(note.or(cut_short));
    if size > locked.head.size {
        notes.push(cut(locked, locked.head.size, size, "beyond the last finished line")?);
    }
    if size < locked.head.size {
        notes.push(shorten(locked, size)?);
    }
    if locked.head.owed { record(locked, &notes, event) } else { Ok(()) }
}

/// Takes in complete lines that continue the chain: their writer was killed before it moved the
/// head.
fn adopt(locked: &mut Locked<'_>, size: u64) -> Result<(), Error> {
    let mut head = locked.head;
    let name = ledger_name(head.file);
    let failed = |source| Error::io("read", locked.folder.path(&name), source);
    let mut lines = Lines::between(&locked.ledger, head.size, size).map_err(failed)?;
    while let Some(line) = lines.read().map_err(failed)? {
        let link =
            Link::read(line.bytes).filter(|link| line.whole && link.follows(head.seq, head.last));
        let Some(link) = link else { break };
        head = Head {
            size: line.end,
            seq: link.seq,
            last: Digest::of(line.bytes),
            owed: head.owed && !link.is_recovery(),
            ..head
        };
    }
    if head == locked.head { Ok(()) } else { locked.move_head(head) }
}

/// The file lacks what the head names: somebody cut it, or a power failure lost it. The chain goes
/// on from the head, so that the gap stays visible for ever.
fn shorten(locked: &mut Locked<'_>, size: u64) -> Result<String, Error> {
    let Head { seq, last, size: claimed, file, .. } = locked.head;
    let name = ledger_name(file);
    let keep = end_of_last_line(&locked.ledger, size)
        .map_err(|source| Error::io("read", locked.folder.path(&name), source))?;
    let cut = cut(locked, keep, size, "an unfinished line")?;
    Ok(format!(
        "{name} was shorter than its head says ({size} of {claimed} bytes): lines up to {seq} \
         ({last}) are missing{}",
        if keep < size { format!("; {cut}") } else { String::new() }
    ))
}

/// Sets bytes `keep..size` aside and cuts them off.
fn cut(locked: &mut Locked<'_>, keep: u64, size: u64, what: &str) -> Result<String, Error> {
    let name = ledger_name(locked.head.file);
    let mut note = String::new();
    if keep < size {
        let stem = name.trim_end_matches(".jsonl");
        let copy = set_aside(locked.folder, &locked.ledger, stem, (keep, size))?;
        let bytes = size.saturating_sub(keep);
        note =
            format!("{bytes} bytes of {name} at offset {keep}, {what}, were set aside as {copy}");
    }
    locked.move_head(Head { size: keep, owed: true, ..locked.head })?;
    if keep < size {
        disk::truncate(&locked.ledger, keep)
            .map_err(|source| Error::io("cut", locked.folder.path(&name), source))?;
    }
    Ok(note)
}

/// Where the last whole line of the first `size` bytes ends.
fn end_of_last_line(file: &File, size: u64) -> io::Result<u64> {
    let mut block = [0_u8; 4096];
    let mut end = size;
    while end > 0 {
        let start = end.saturating_sub(block.len() as u64);
        let length = usize::try_from(end.saturating_sub(start)).unwrap_or_default();
        let bytes = block.get_mut(..length).unwrap_or_default();
        file.read_exact_at(bytes, start)?;
        if let Some(newline) = memchr::memrchr(b'\n', bytes) {
            return Ok(start.saturating_add(newline as u64).saturating_add(1));
        }
        end = start;
    }
    Ok(0)
}

/// Writes the receipt of a recovery.
fn record(locked: &mut Locked<'_>, notes: &[String], event: &Event) -> Result<(), Error> {
    let recovery = recovery(event, &locked.head, notes.join("; "));
    locked.append(&mut Draft::of(&recovery)?)
}

/// The event of a recovery. It has the time, place, principal and policy of the event that came
/// upon the break, and nothing of what that one decided.
fn recovery(event: &Event, head: &Head, reason: String) -> Event {
    let (id, at) = (recovery_id(event.receipt_id, head), event.timestamp.clone());
    Event {
        kind: ReceiptKind::Recovery,
        mode: event.mode,
        principal: event.principal.clone(),
        action_type: event.action_type,
        command: "ledger recovery".into(),
        cwd: event.cwd.clone(),
        reason,
        policy_id: event.policy_id.clone(),
        policy_version: event.policy_version.clone(),
        policy_digest: event.policy_digest,
        ..Event::bare(id, at, event.action_digest, Verdict::Allow)
    }
}

/// An id with the time of `event` and digits that come from the place in the chain, which no other
/// receipt has.
fn recovery_id(event: Id, head: &Head) -> Id {
    let text = event.to_string();
    let time = text.get(..12).and_then(|digits| u64::from_str_radix(digits, 16).ok());
    let place = format!("recovery {} {} {text}", head.seq, head.last);
    let mut random = [0; 10];
    for (to, from) in random.iter_mut().zip(Digest::of(place.as_bytes()).as_bytes()) {
        *to = *from;
    }
    Id::new(time.unwrap_or_default(), random)
}

/// Makes a new head from the ledger files, because it is missing or damaged; and what is to be
/// said of it.
///
/// The end is the last readable line of the last file; what stands after it is set aside by
/// [`mend`]. Lines that were removed together with the head cannot be noticed: that is said too.
#[cold]
pub(crate) fn rebuild(folder: &Folder, head_file: &File) -> Result<(Head, Option<String>), Error> {
    let damaged = folder.examine(head_file, HEAD)?.size;
    let end = find_end(folder)?;
    if damaged == 0 && end.is_none() {
        write_head(folder, head_file, &Head::START)?;
        return Ok((Head::START, None));
    }
    let mut note = "the head was missing".to_owned();
    if damaged > 0 {
        let copy = set_aside(folder, head_file, HEAD, (0, damaged))?;
        note = format!("the head was damaged and set aside as {copy}");
    }
    let (head, broken) = end.unwrap_or((Head::START, None));
    let head = Head { owed: true, ..head };
    note.push_str(&format!(
        "; it was made again from line {} in {}; {HEAD_LOST}",
        head.seq,
        ledger_name(head.file)
    ));
    if let Some(line) = broken {
        note.push_str(&format!("; the chain of that file is broken at its line {line}"));
    }
    if damaged > HEAD_BYTES as u64 {
        disk::truncate(head_file, HEAD_BYTES as u64)
            .map_err(|source| Error::io("cut", folder.path(HEAD), source))?;
    }
    write_head(folder, head_file, &head)?;
    Ok((head, Some(note)))
}

fn write_head(folder: &Folder, head_file: &File, head: &Head) -> Result<(), Error> {
    disk::overwrite(head_file, &head.encode())
        .map_err(|source| Error::io("write to", folder.path(HEAD), source))
}

/// Where the ledger ends by its files alone, and the first line of the last file where the chain
/// is broken; `None` when no file has a byte.
fn find_end(folder: &Folder) -> Result<Option<(Head, Option<u64>)>, Error> {
    let mut last = None;
    let mut bytes = 0;
    for file in folder.ledger_files()?.into_iter().rev() {
        let (end, broken, size) = find_end_of(folder, file)?;
        let last_file = *last.get_or_insert(file);
        bytes = size.max(bytes);
        if let Some(end) = end {
            let size = if file == last_file { end.size } else { 0 };
            return Ok(Some((Head { file: last_file, size, ..end }, broken)));
        }
    }
    let nothing = last.filter(|_| bytes > 0).map(|file| Head { file, ..Head::START });
    Ok(nothing.map(|head| (head, None)))
}

/// The end of one file by its last readable line, the line where its chain is first broken, and
/// its size.
fn find_end_of(folder: &Folder, file: u32) -> Result<(Option<Head>, Option<u64>, u64), Error> {
    let name = ledger_name(file);
    let failed = |source| Error::io("read", folder.path(&name), source);
    let Some(ledger) = folder.open_file(&name, nix::fcntl::OFlag::empty())? else {
        return Ok((None, None, 0));
    };
    let size = folder.examine(&ledger, &name)?.size;
    let mut lines = Lines::between(&ledger, 0, size).map_err(failed)?;
    let (mut end, mut broken, mut number) = (None::<Head>, None, 0_u64);
    while let Some(line) = lines.read().map_err(failed)? {
        number = number.saturating_add(1);
        let link = Link::read(line.bytes).filter(|_| line.whole);
        let fits =
            link.as_ref().is_some_and(|link| end.is_none_or(|end| link.follows(end.seq, end.last)));
        if !fits && line.whole {
            broken = broken.or(Some(number));
        }
        if let Some(Link { seq, .. }) = link {
            let last = Digest::of(line.bytes);
            end = Some(Head { file, size: line.end, seq, owed: false, last });
        }
    }
    Ok((end, broken, size))
}
