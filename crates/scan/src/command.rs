//! Secrets that stand in command lines: what `-pX` means is told by the program before it.
//!
//! Every line that may hold a command is offered to the tables of commands; a line that ends with a
//! backslash is one with the next. What they find joins the findings of the detectors: of two that
//! overlap the longer stands, then the detector's, which knows more of a value than its place.
//!
//! INVARIANT: which lines are offered depends on the text alone, not on how it was cut.

use std::borrow::Cow;
use std::ops::{ControlFlow, Range};

use datafog_detect::Watch;
use datafog_shim::{LIKELY_AHEAD, LineSecret, likely_places, secrets_in_line, telling_words};
use memchr::{memchr, memchr_iter, memrchr};

/// The words that the scanner notices for us.
pub(crate) static WATCH: Watch = Watch::new(telling_words);

/// Longer lines, continued ones included, are no commands that somebody typed.
const LONGEST: usize = 8 * 1024;

/// Goes through the lines of a text.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// No line that is not judged yet begins before this offset.
    line: usize,
    /// Everything before this offset is searched.
    searched: usize,
    /// A line that is too long goes on there.
    long: bool,
    /// Where words of [`WATCH`] may begin that were not asked for yet.
    regions: Vec<Range<usize>>,
    /// Nobody wants to know of more.
    done: bool,
}

/// How far the scanner has noticed words.
pub(crate) struct Noticed {
    /// Where they may begin, in order, as far as that was not told before.
    pub(crate) regions: Vec<Range<usize>>,
    /// Up to which offset; `usize::MAX` when the text is at its end.
    pub(crate) until: usize,
}

/// The line around a place.
enum Around {
    /// It lies there, without its line end.
    Line(usize, usize),
    /// Its end is still to come.
    Open,
    /// It is too long; what is known of it goes up to there.
    Long(usize),
}

impl Commands {
    /// Judges the lines of `text`, whose first byte has offset `base`, that end in it; the last one
    /// too when there is no more to come. None from where `found` breaks off.
    pub(crate) fn look(
        &mut self,
        text: &[u8],
        base: usize,
        noticed: Noticed,
        mut found: impl FnMut(LineSecret, usize) -> ControlFlow<()>,
    ) {
        if self.done {
            return;
        }
        let within = |offset: usize| offset.saturating_sub(base);
        let last = noticed.until == usize::MAX;
        self.regions.extend(noticed.regions);
        if self.long {
            self.pass(text, base, within(self.searched));
        }
        let ahead = if last { 0 } else { LIKELY_AHEAD };
        let to = text.len().saturating_sub(ahead).min(within(noticed.until));
        let regions = std::mem::take(&mut self.regions);
        let near = regions.iter().map(|region| within(region.start)..within(region.end));
        let places = likely_places(text, within(self.searched), to, near);
        if self.lines(text, base, places, last, &mut found) {
            self.searched = self.searched.max(self.line).max(base.saturating_add(to));
        }
        self.regions = regions;
        self.regions.retain(|region| region.end > self.searched);
    }

    /// Judges the lines around `places`; says whether all are known to their end.
    fn lines(
        &mut self,
        text: &[u8],
        base: usize,
        places: impl Iterator<Item = usize>,
        last: bool,
        found: &mut impl FnMut(LineSecret, usize) -> ControlFlow<()>,
    ) -> bool {
        for place in places {
            let line = self.line.saturating_sub(base);
            if self.long || place < line {
                continue;
            }
            match around(text, line, place, last) {
                Around::Line(start, end) => {
                    self.line = base.saturating_add(end).saturating_add(1);
                    let offset = base.saturating_add(start);
                    let mut secrets = secrets_of(text, start, end).into_iter();
                    if secrets.try_for_each(|secret| found(secret, offset)).is_break() {
                        self.done = true;
                        return true;
                    }
                }
                Around::Open => {
                    self.searched = base.saturating_add(place);
                    return false;
                }
                Around::Long(known) => self.pass(text, base, known),
            }
        }
        true
    }

    /// Passes over a line that is too long, which goes on at `from`.
    fn pass(&mut self, text: &[u8], base: usize, from: usize) {
        let feeds = memchr_iter(b'\n', text.get(from..).unwrap_or_default());
        let mut ends = feeds.map(|at| from.saturating_add(at)).filter(|at| !continues(text, *at));
        let end = ends.next();
        self.long = end.is_none();
        self.line = base.saturating_add(end.map_or(text.len(), |end| end.saturating_add(1)));
        self.searched = self.line;
    }
}

/// The line around `place`, of which nothing lies before `first`.
fn around(text: &[u8], first: usize, place: usize, last: bool) -> Around {
    let floor = place.saturating_sub(LONGEST).max(first);
    let mut start = place;
    loop {
        let feed = memrchr(b'\n', text.get(floor..start).unwrap_or_default());
        match feed.map(|at| floor.saturating_add(at)) {
            Some(feed) if continues(text, feed) => start = feed,
            Some(feed) => {
                start = feed.saturating_add(1);
                break;
            }
            None if floor == first => {
                start = first;
                break;
            }
            None => return Around::Long(place),
        }
    }
    let most = start.saturating_add(LONGEST);
    let mut end = place;
    loop {
        let part = text.get(end..text.len().min(most.saturating_add(1)));
        match memchr(b'\n', part.unwrap_or_default()).map(|at| end.saturating_add(at)) {
            Some(feed) if continues(text, feed) => end = feed.saturating_add(1),
            Some(feed) => return Around::Line(start, feed),
            None if text.len() > most => return Around::Long(end),
            None if last => return Around::Line(start, text.len()),
            None => return Around::Open,
        }
    }
}

/// Whether the line feed at `feed` is taken back by the byte before it.
fn continues(text: &[u8], feed: usize) -> bool {
    let before = text.get(..feed).unwrap_or_default();
    before.strip_suffix(b"\r").unwrap_or(before).ends_with(b"\\")
}

/// The secrets of the line in bytes `start..end` of the text.
fn secrets_of(text: &[u8], start: usize, end: usize) -> Vec<LineSecret> {
    let line = text.get(start..end).unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    secrets_in_line(&joined(line))
}

/// The line as one: a backslash and the line end after it become blanks, so places stay.
fn joined(line: &[u8]) -> Cow<'_, [u8]> {
    if memchr(b'\n', line).is_none() {
        return Cow::Borrowed(line);
    }
    let mut line = line.to_vec();
    for feed in 0..line.len() {
        if line.get(feed) != Some(&b'\n') {
            continue;
        }
        let mut at = Some(feed);
        while let Some(byte) = at.and_then(|at| line.get_mut(at)) {
            let done = *byte == b'\\';
            *byte = b' ';
            at = at.filter(|_| !done).and_then(|at| at.checked_sub(1));
        }
    }
    Cow::Owned(line)
}

/// Of findings that overlap the longer stands, of equal ones that of a detector. Both kinds come in
/// order of place and disjoint among themselves; so does the result.
pub(crate) fn merge<T>(
    by_shape: Vec<T>,
    by_place: Vec<T>,
    span: impl Fn(&T) -> (usize, usize),
) -> Vec<T> {
    if by_shape.is_empty() || by_place.is_empty() {
        return if by_shape.is_empty() { by_place } else { by_shape };
    }
    let length = |one: &T| {
        let (start, end) = span(one);
        end.saturating_sub(start)
    };
    let overlap = |one: &T, other: &T| span(one).0 < span(other).1 && span(other).0 < span(one).1;
    let mut standing: Vec<T> = Vec::new();
    let mut shapes = by_shape.into_iter().peekable();
    let mut places = by_place.into_iter().peekable();
    loop {
        let next = match (shapes.peek(), places.peek()) {
            (Some(shape), Some(place)) if span(place).0 < span(shape).0 => places.next(),
            (Some(_), _) => shapes.next(),
            (None, _) => places.next(),
        };
        let Some(next) = next else { return standing };
        match standing.last() {
            Some(kept) if overlap(kept, &next) => {
                if length(&next) > length(kept) {
                    standing.pop();
                    standing.push(next);
                }
            }
            _ => standing.push(next),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn values(text: &str, step: usize) -> Vec<String> {
        values_of(text, step, usize::MAX)
    }

    /// The first `most` of them.
    fn values_of(text: &str, step: usize, most: usize) -> Vec<String> {
        let (mut commands, mut values) = (Commands::default(), Vec::new());
        let mut found = |secret: LineSecret, line: usize| {
            let span = secret.span.shifted(line);
            let value = span.of(text.as_bytes()).unwrap();
            values.push(String::from_utf8(value.to_vec()).unwrap());
            if values.len() < most { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        };
        let mut noticed = 0;
        let mut notice = |until: usize| {
            let fresh = noticed..until.min(text.len());
            noticed = fresh.end;
            Noticed { regions: vec![fresh], until }
        };
        for end in (step..text.len()).step_by(step) {
            // A window of bounded length, as a stream keeps.
            let base = end.saturating_sub(LONGEST * 2);
            commands.look(&text.as_bytes()[base..end], base, notice(end), &mut found);
        }
        commands.look(text.as_bytes(), 0, notice(usize::MAX), &mut found);
        values
    }

    #[test]
    fn lines_and_continued_lines_are_judged_wherever_they_are_cut() {
        let text = format!(
            "note\nmysql -u root -p{0}One db\r\n  mysql -u root \\\n   -p{0}Two \\\r\n db\n{1}\n\
             mysql -p{0}Three",
            "Tr4vel",
            "x".repeat(LONGEST * 3)
        );
        for step in [1, 2, 13, 4096, usize::MAX / 2] {
            assert_eq!(values(&text, step), ["Tr4velOne", "Tr4velTwo", "Tr4velThree"], "{step}");
        }
    }

    #[test]
    fn none_is_looked_for_once_enough_are_found() {
        let text = "mysql -pTr4velOne && mysql -pTr4velTwo\nmysql -pTr4velThree\n";
        for step in [1, 13, usize::MAX / 2] {
            assert_eq!(values_of(text, step, 1), ["Tr4velOne"], "{step}");
            assert_eq!(values_of(text, step, 2), ["Tr4velOne", "Tr4velTwo"], "{step}");
            assert_eq!(values_of(text, step, 9).len(), 3, "{step}");
        }
    }

    #[test]
    fn lines_that_are_too_long_are_passed_over_whole() {
        let long = format!("mysql -p{0}No {1} -a\nmysql -p{0}One\n", "Tr4vel", "-b ".repeat(4000));
        let joined =
            format!("mysql -p{0}No {1} x\nmysql -p{0}Two", "Tr4vel", "-b \\\n".repeat(4000));
        let text = format!("{long}{joined}");
        for step in [7, 63, 64, 65, 4096, 8192, usize::MAX / 2] {
            assert_eq!(values(&text, step), ["Tr4velOne", "Tr4velTwo"], "{step}");
        }
    }

    #[test]
    fn of_two_that_overlap_the_longer_stands_then_the_shape() {
        let merged =
            merge(vec![(0, 4), (10, 14), (20, 24)], vec![(2, 9), (10, 14), (30, 31)], |s| *s);
        assert_eq!(merged, [(2, 9), (10, 14), (20, 24), (30, 31)]);
        assert_eq!(merge(vec![], vec![(1, 2)], |s: &(usize, usize)| *s), [(1, 2)]);
    }
}
