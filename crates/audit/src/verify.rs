//! Reads a ledger and says whether it is as it was written.

use std::io;
use std::path::{Path, PathBuf};

use datafog_core::Digest;
use jiff::{SignedDuration, Timestamp};

use crate::chain::{Chain, Role, Seen};
use crate::folder::{HEAD, ledger_name};
use crate::line::Link;
use crate::mend::HEAD_LOST;
use crate::quarantine::QUARANTINE;
use crate::read::backward::Backward;
use crate::scan::{Line, Lines, open};
use crate::snapshot::Snapshot;
use crate::{Bad, Error, Flaw, Place, Recovery, Report};

/// How far the time of a line may lie before that of the line above it. Times are taken before the
/// lock is waited for, so that small steps back are ordinary.
const STEP_BACK: SignedDuration = SignedDuration::from_mins(5);

/// Checks the ledger in the folder `dir`: every line, or only the `newest` ones, of which the
/// first is then taken as good.
///
/// Memory does not grow with the ledger, and any content is survived. Writers are kept waiting only
/// for the moment in which the sizes of the files are taken.
///
/// # Errors
/// When a file cannot be read, or a writer keeps the lock for more than two seconds. A bad line is
/// no error but stands in the report.
pub fn verify(dir: &Path, newest: Option<u64>) -> Result<Report, Error> {
    let snapshot = Snapshot::take(dir)?;
    let start = newest.map(|lines| find_start(&snapshot, lines)).transpose()?.flatten();
    let mut walk = Walk { chain: Chain::new(start.is_some()), ..Walk::default() };
    walk.read_all(&snapshot, start.unwrap_or_default())?;
    walk.close(&snapshot);
    let mut report = walk.report;
    report.owed = snapshot.head.is_some_and(|head| head.owed);
    list_quarantine(dir, &mut report)?;
    Ok(report)
}

/// Where the `newest` lines begin: file and offset. `None` when there are not more than these.
fn find_start(snapshot: &Snapshot, newest: u64) -> Result<Option<(u32, u64)>, Error> {
    let mut left = newest;
    for (file, size) in snapshot.headed().rev() {
        let path = snapshot.path(file);
        let mut lines = Backward::new(open(&path)?, size);
        let failed = |source| Error::io("read", &path, source);
        while let Some(line) = lines.read().map_err(failed)? {
            if left == 0 {
                return Ok(Some((file, line.end)));
            }
            left = left.saturating_sub(1);
        }
    }
    Ok(None)
}

/// A walk through all lines.
///
/// The end that the head names is recognised by its hash rather than by its offset, because a
/// change further up shifts every offset.
#[derive(Debug, Default)]
struct Walk {
    report: Report,
    chain: Chain,
    /// Whether the end that the head names was passed.
    beyond: bool,
    /// Whether that end stands elsewhere than the head says.
    moved: bool,
    /// Time of the line before.
    time: Option<Timestamp>,
    /// Where the next line would stand.
    next: Option<Place>,
}

impl Walk {
    /// Reads all files, from the offset in the file `start` on.
    fn read_all(&mut self, snapshot: &Snapshot, start: (u32, u64)) -> Result<(), Error> {
        if snapshot.head.is_some_and(|head| head.seq == 0) {
            self.pass_head(snapshot);
        }
        for &(file, size) in snapshot.files.iter().filter(|(file, _)| *file >= start.0) {
            let from = if file == start.0 { start.1 } else { 0 };
            self.read(snapshot, file, (from, size))?;
        }
        Ok(())
    }

    /// Reads one range of one file.
    fn read(
        &mut self,
        snapshot: &Snapshot,
        file: u32,
        (from, to): (u64, u64),
    ) -> Result<(), Error> {
        let path = snapshot.path(file);
        let failed = |source| Error::io("read", &path, source);
        let content = open(&path)?;
        self.report.files = self.report.files.saturating_add(1);
        let mut number = count_lines(&content, from).map_err(failed)?;
        let mut lines = Lines::between(&content, from, to).map_err(failed)?;
        while let Some(line) = lines.read().map_err(failed)? {
            number = number.saturating_add(1);
            let length = line.end.saturating_sub(line.offset);
            self.report.lines = self.report.lines.saturating_add(1);
            self.report.bytes = self.report.bytes.saturating_add(length);
            let place = |line, offset| Place { file: ledger_name(file), line, offset };
            self.next = Some(place(number.saturating_add(1), line.end));
            if self.beyond {
                self.see_beyond(snapshot, &line, place(number, line.offset), file);
            } else {
                self.see_headed(snapshot, &line, place(number, line.offset), file);
            }
        }
        Ok(())
    }

    /// Takes a line that the head vouches for.
    fn see_headed(&mut self, snapshot: &Snapshot, line: &Line<'_>, place: Place, file: u32) {
        let before = self.report.last.unwrap_or((0, Digest::ZERO));
        let seen = self.see(line, place);
        let stands_there = snapshot.head_stands_at(file, line.end);
        let is_end = snapshot.head.zip(seen.link).is_some_and(|(head, (seq, prev))| {
            let continues = prev == before.1 && seen.hash == head.last;
            seq == head.seq && (continues || stands_there)
        });
        self.chain.push(seen);
        if is_end {
            self.moved = !stands_there;
            self.pass_head(snapshot);
        }
    }

    /// Takes a line that stands beyond the head. Writers look for such lines only in the file that
    /// the head names, and never write to another one: what stands elsewhere is not theirs.
    fn see_beyond(&mut self, snapshot: &Snapshot, line: &Line<'_>, place: Place, file: u32) {
        let end = self.report.last.unwrap_or((0, Digest::ZERO));
        let in_its_file = snapshot.head.is_some_and(|head| head.file == file);
        let link = Link::read(line.bytes).filter(|_| line.whole && in_its_file);
        if link.is_some_and(|link| link.follows(end.0, end.1)) {
            self.report.last = Some((end.0.saturating_add(1), Digest::of(line.bytes)));
            self.report.unheaded = self.report.unheaded.saturating_add(1);
        } else {
            let torn = !line.whole && in_its_file;
            let flaw = if torn { Flaw::Torn } else { Flaw::Inserted };
            self.blame(Bad { place, flaw });
        }
    }

    /// Passes the end that the head names: the head is the last line's successor.
    fn pass_head(&mut self, snapshot: &Snapshot) {
        let Some(head) = snapshot.head else { return };
        self.beyond = true;
        let start = || Place { file: ledger_name(head.file), line: 1, offset: 0 };
        let place = self.next.clone().unwrap_or_else(start);
        let link = Some((head.seq.saturating_add(1), head.last));
        self.chain.push(Seen { place, hash: Digest::ZERO, link, role: Role::Head });
        self.report.last = (head.seq > 0).then_some((head.seq, head.last));
        let (breaks, first_bad) = core::mem::take(&mut self.chain).finish();
        self.report.breaks = breaks;
        self.report.first_bad = first_bad;
    }

    /// Judges what can be judged only when all is read.
    fn close(&mut self, snapshot: &Snapshot) {
        if self.beyond {
            // Every line is as it was, but they were moved between the files: writers take that for
            // damage, so it must not look whole.
            if self.moved && self.report.first_bad.is_none() {
                self.blame(head_is_wrong());
            }
            return;
        }
        if snapshot.head.is_some() {
            let last = self.report.last;
            self.pass_head(snapshot);
            self.report.last = last;
            return;
        }
        let (breaks, first_bad) = core::mem::take(&mut self.chain).finish();
        self.report.breaks = breaks;
        self.report.first_bad = first_bad;
        if self.report.lines > 0 || snapshot.head_size > 0 {
            self.blame(head_is_wrong());
        }
    }

    /// What the chain needs of a line; notes its time, and a recovery.
    fn see(&mut self, line: &Line<'_>, place: Place) -> Seen {
        let hash = Digest::of(line.bytes);
        let link = if line.overlong { None } else { Link::read(line.bytes) };
        let mut role = if line.whole { Role::Line } else { Role::Open };
        if let Some(link) = &link {
            self.note_time(&link.timestamp);
            self.report.last = Some((link.seq, hash));
            if link.is_recovery() && line.whole {
                role = Role::Recovery;
                self.note_recovery(link, &place);
            }
        }
        Seen { place, hash, link: link.map(|link| (link.seq, link.prev)), role }
    }

    fn note_time(&mut self, text: &str) {
        let time = text.parse::<Timestamp>().ok().filter(|_| text.ends_with('Z'));
        let odd = match (time, self.time) {
            (None, _) => true,
            (Some(time), Some(before)) => before.duration_since(time) > STEP_BACK,
            (Some(_), None) => false,
        };
        self.report.odd_times = self.report.odd_times.saturating_add(u64::from(odd));
        self.time = time.or(self.time);
    }

    fn note_recovery(&mut self, link: &Link<'_>, place: &Place) {
        self.report.recovery_count = self.report.recovery_count.saturating_add(1);
        let lost = u64::from(link.reason.contains(HEAD_LOST));
        self.report.heads_lost = self.report.heads_lost.saturating_add(lost);
        if self.report.recoveries.len() < Report::LISTED {
            self.report.recoveries.push(Recovery {
                place: place.clone(),
                receipt_id: link.receipt_id,
                timestamp: link.timestamp.clone().into_owned(),
                reason: link.reason.clone().into_owned(),
            });
        }
    }

    /// Counts a break, and keeps it when it is the first.
    fn blame(&mut self, bad: Bad) {
        self.report.breaks = self.report.breaks.saturating_add(1);
        self.report.first_bad.get_or_insert(bad);
    }
}

/// The head does not fit the lines.
fn head_is_wrong() -> Bad {
    Bad { place: Place { file: HEAD.to_owned(), line: 1, offset: 0 }, flaw: Flaw::Head }
}

/// How many lines the first `end` bytes hold.
fn count_lines(file: &std::fs::File, end: u64) -> io::Result<u64> {
    let mut count = 0_u64;
    let mut lines = Lines::between(file, 0, end)?;
    while lines.read()?.is_some() {
        count = count.saturating_add(1);
    }
    Ok(count)
}

/// Lists the quarantine by name.
fn list_quarantine(dir: &Path, report: &mut Report) -> Result<(), Error> {
    let path: PathBuf = dir.join(QUARANTINE);
    let entries = match std::fs::read_dir(&path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(|source| Error::io("list", &path, source))?,
    };
    for entry in entries {
        let entry = entry.map_err(|source| Error::io("list", &path, source))?;
        report.quarantine_count = report.quarantine_count.saturating_add(1);
        if report.quarantined.len() < Report::LISTED {
            report.quarantined.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    report.quarantined.sort_unstable();
    Ok(())
}

#[cfg(test)]
#[expect(clippy::arithmetic_side_effects, reason = "a test may panic")]
mod tests;
