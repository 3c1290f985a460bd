//! One text: from bytes to findings with a line, whole or piece by piece.
//!
//! INVARIANT: both ways find the same. The detectors promise it of themselves; lines, comments and
//! command lines are worked out here from what came before, never from where a piece ends.

use std::ops::ControlFlow;

use datafog_core::{Channel, Finding, Secret, Span};
use datafog_detect::{CustomStream, Stream, detector_of};
use datafog_shim::LINE_ENTITIES;

use crate::command::{self, Commands, Noticed};
use crate::found::Found;
use crate::mark::Marks;
use crate::options::Options;
use crate::place::{Cursor, Place};
use crate::report::Report;
use crate::room::{self, Room};

/// Bytes of the text that are kept for lines and comments, and for what streams of the user's own
/// detectors hold back.
const KEPT: usize = 256 * 1024;

/// Bytes at which all but what is kept is dropped: what is kept is moved then, so not too often.
const MOST: usize = 4 * KEPT;

/// Bytes that are handed on at once.
const PIECE: usize = 64 * 1024;

/// A text that comes in pieces, in bounded memory.
#[derive(Debug)]
pub struct Text<'o> {
    stream: Stream<'o>,
    own: Option<CustomStream<'o>>,
    seen: Seen<'o>,
    /// Where the part of the text begins that the stream still has.
    floor: Cursor,
    fresh: Vec<Finding>,
}

/// What is known about a text so far.
#[derive(Debug)]
struct Seen<'o> {
    options: &'o Options<'o>,
    path: String,
    cursor: Cursor,
    marks: Marks,
    commands: Commands,
    /// What the detectors found.
    by_shape: Vec<Found>,
    /// What stands where a command takes a secret.
    by_place: Vec<Found>,
    /// What detectors of the user's found.
    own: Vec<Found>,
    /// The places up to which commands, and findings of the user's detectors, are told.
    command_cursor: Cursor,
    own_cursor: Cursor,
    /// Room for findings by place, and for those of the user's detectors.
    place_room: Room,
    own_room: Room,
    /// Findings by place and by the user's detectors for which there was none.
    beyond: usize,
}

impl<'o> Text<'o> {
    /// The beginning of a text that people know as `path`.
    #[must_use]
    pub fn new(options: &'o Options<'o>, path: impl Into<String>) -> Self {
        let path = path.into();
        Self {
            stream: options.scanner().stream(channel(&path)).watching(&command::WATCH).keeping(),
            own: options.custom.map(|custom| custom.stream(channel(&path), options.key)),
            seen: Seen::new(options, path),
            floor: Cursor::default(),
            fresh: Vec::new(),
        }
    }

    /// Looks at a text that lies in memory.
    pub fn whole(
        options: &'o Options<'o>,
        path: impl Into<String>,
        text: &[u8],
        report: &mut Report,
    ) {
        let (path, mut fresh) = (path.into(), Vec::new());
        let channel = channel(&path);
        let scanner = options.scanner();
        let (tally, regions) = scanner.scan_watching(&command::WATCH, text, &channel, &mut fresh);
        let mut seen = Seen::new(options, path);
        seen.keep(&mut fresh, text, 0);
        if let Some(custom) = options.custom {
            custom.scan(text, &channel, options.key, &mut fresh);
            seen.keep_own(&mut fresh, text, 0);
        }
        seen.commands(text, 0, Noticed { regions, until: usize::MAX });
        if seen.has_any() {
            seen.marks.look(text, 0, true);
        }
        seen.finish(text.len(), tally.beyond, report);
    }

    /// Takes the next piece.
    pub fn push(&mut self, piece: &[u8]) {
        for piece in piece.chunks(PIECE) {
            self.stream.push(piece, &mut self.fresh);
            let (regions, until) = self.stream.watched();
            let (text, base) = self.stream.text();
            self.seen.keep(&mut self.fresh, text, base);
            if let Some(own) = &mut self.own {
                own.push(piece, &mut self.fresh);
                self.seen.keep_own(&mut self.fresh, text, base);
            }
            self.seen.commands(text, base, Noticed { regions, until });
            self.seen.marks.look(text, base, false);
            self.forget();
        }
    }

    /// Drops what no later finding, line or comment can reach back to.
    fn forget(&mut self) {
        let (text, base) = self.stream.text();
        if text.len() < MOST {
            return;
        }
        let gone = self.stream.spare(base.saturating_add(text.len()).saturating_sub(KEPT));
        self.floor.advance(text, base, gone);
        for cursor in self.seen.cursors() {
            cursor.no_earlier_than(self.floor);
        }
        self.stream.forget(gone);
    }

    /// Ends the text and adds what was found to `report`.
    pub fn finish(mut self, report: &mut Report) {
        let tally = self.stream.finish(&mut self.fresh);
        let (regions, _) = self.stream.watched();
        let (text, base) = self.stream.text();
        self.seen.keep(&mut self.fresh, text, base);
        if let Some(own) = self.own {
            own.finish(&mut self.fresh);
            self.seen.keep_own(&mut self.fresh, text, base);
        }
        self.seen.commands(text, base, Noticed { regions, until: usize::MAX });
        self.seen.marks.look(text, base, true);
        let length = base.saturating_add(text.len());
        self.seen.finish(length, tally.beyond, report);
    }
}

impl<'o> Seen<'o> {
    fn new(options: &'o Options<'o>, path: String) -> Self {
        Self {
            options,
            path,
            cursor: Cursor::default(),
            marks: Marks::default(),
            commands: Commands::default(),
            by_shape: Vec::new(),
            by_place: Vec::new(),
            own: Vec::new(),
            command_cursor: Cursor::default(),
            own_cursor: Cursor::default(),
            place_room: Room::default(),
            own_room: Room::default(),
            beyond: 0,
        }
    }

    const fn cursors(&mut self) -> [&mut Cursor; 4] {
        let Self { cursor, command_cursor, own_cursor, marks, .. } = self;
        [cursor, command_cursor, own_cursor, marks.cursor()]
    }

    const fn has_any(&self) -> bool {
        !(self.by_shape.is_empty() && self.by_place.is_empty() && self.own.is_empty())
    }

    /// Keeps findings of the user's detectors.
    fn keep_own(&mut self, fresh: &mut Vec<Finding>, text: &[u8], base: usize) {
        for finding in fresh.drain(..).filter(|one| one.confidence >= self.options.floor) {
            if !self.own_room.take(finding.severity, self.options.most) {
                self.beyond = self.beyond.saturating_add(1);
                continue;
            }
            let value = value(text, base, finding.span);
            let shown = places(&mut self.own_cursor, text, base, finding.span);
            self.own.push(self.options.found(&self.path, finding, shown, value));
        }
    }

    /// Keeps findings with their places; `text` begins at offset `base`.
    fn keep(&mut self, fresh: &mut Vec<Finding>, text: &[u8], base: usize) {
        for finding in fresh.drain(..) {
            let value = value(text, base, finding.span);
            let shown = places(&mut self.cursor, text, base, finding.span);
            let found = self.options.found(&self.path, finding, shown, value);
            self.by_shape.push(found);
        }
    }

    /// Looks for commands in the lines that are whole by now.
    fn commands(&mut self, text: &[u8], base: usize, noticed: Noticed) {
        let Self { options, path, commands, by_place, command_cursor, place_room, beyond, .. } =
            self;
        let scanner = options.scanner();
        commands.look(text, base, noticed, |secret, line| {
            let span = secret.span.shifted(line);
            let value = value(text, base, span);
            let placed = scanner.placed(secret.entity, value, &Channel::Stdin, span.start());
            let Some(finding) = placed.filter(|one| one.confidence >= options.floor) else {
                return ControlFlow::Continue(());
            };
            if !place_room.take(finding.severity, options.most) {
                *beyond = beyond.saturating_add(1);
                return unless_full(place_room, options.most);
            }
            let shown = places(command_cursor, text, base, span);
            by_place.push(options.found(path, finding, shown, value));
            ControlFlow::Continue(())
        });
    }

    fn finish(self, length: usize, beyond: usize, report: &mut Report) {
        let Self { options, marks, by_shape, by_place, own, .. } = self;
        let span = |found: &Found| (found.start, found.end);
        let mut listed = command::merge(own, command::merge(by_shape, by_place, span), span);
        let beyond = beyond.saturating_add(self.beyond);
        report.files = report.files.saturating_add(1);
        report.bytes = report.bytes.saturating_add(length as u64);
        report.not_listed = report.not_listed.saturating_add(beyond);
        listed.retain(|found| {
            let known = options.baseline.as_ref().is_some_and(|baseline| baseline.knows(found));
            let allowed = marks.allow(found.line, &found.detector);
            if allowed {
                report.allowed.inline = report.allowed.inline.saturating_add(1);
            } else if known {
                report.allowed.baseline = report.allowed.baseline.saturating_add(1);
            }
            !(allowed || known)
        });
        let left_out = room::keep_worst(&mut listed, options.most);
        report.not_listed = report.not_listed.saturating_add(left_out);
        if report.findings.is_empty() {
            report.findings = listed;
        } else {
            report.findings.append(&mut listed);
        }
    }
}

impl Options<'_> {
    fn found(&self, path: &str, finding: Finding, shown: (Place, Place), value: &[u8]) -> Found {
        let mut found = Found::new(path, finding, shown);
        let baseline = self.baseline.as_ref();
        found.known_as = baseline.map(|baseline| baseline.name(&found.detector, value));
        found.value = self.values.then(|| Secret::new(value.to_vec()));
        found
    }
}

/// Goes on unless there is no room for any finding that a command line may hold: however many more
/// there are, none would be listed.
fn unless_full(room: &Room, most: usize) -> ControlFlow<()> {
    let severities = LINE_ENTITIES.into_iter().filter_map(detector_of).map(|it| it.severity);
    let full = severities.into_iter().all(|severity| room.is_full(severity, most));
    if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
}

/// Where a text comes from, for exceptions that name paths.
fn channel(path: &str) -> Channel {
    if path == "-" { Channel::Stdin } else { Channel::File(path.to_owned()) }
}

/// The bytes of a span in a text that begins at offset `base`.
fn value(text: &[u8], base: usize, span: Span) -> &[u8] {
    let range = span.start().checked_sub(base).zip(span.end().checked_sub(base));
    range.and_then(|(start, end)| text.get(start..end)).unwrap_or_default()
}

/// Where a span begins and ends; the cursor stays at its beginning.
fn places(cursor: &mut Cursor, text: &[u8], base: usize, span: Span) -> (Place, Place) {
    cursor.advance(text, base, span.start());
    let mut end = *cursor;
    end.advance(text, base, span.end());
    (cursor.place(), end.place())
}
