//! Secrets that stand in command lines: what `-pX` means is told by the program before it.
//!
//! Every line of a text is offered to the tables of commands; a line that ends with a backslash is
//! one with the next. What they find joins the findings of the detectors: of two that overlap the
//! longer stands, then the detector's, which knows more of a value than its place.

use std::borrow::Cow;

use datafog_shim::{LineSecret, secrets_in_line};
use memchr::memchr;

/// Longer lines, continued ones included, are no commands that somebody typed.
const LONGEST: usize = 8 * 1024;

/// Goes through the lines of a text.
#[derive(Debug, Default)]
pub(crate) struct Commands {
    /// Offset of the first byte of the line that is not judged yet.
    line: usize,
    /// Everything before is looked through for line ends.
    seen: usize,
}

impl Commands {
    /// Judges every line that ends in `text`, whose first byte has offset `base`; the last one too
    /// when there is no more to come.
    pub(crate) fn look(
        &mut self,
        text: &[u8],
        base: usize,
        last: bool,
        mut found: impl FnMut(LineSecret, usize),
    ) {
        while let Some(rest) = text.get(self.seen.saturating_sub(base)..) {
            let Some(feed) = memchr(b'\n', rest) else { break };
            let end = self.seen.saturating_add(feed);
            self.seen = end.saturating_add(1);
            if !self.is_continued(text, base, end) {
                self.judge(text, base, end, &mut found);
                self.line = self.seen;
            }
        }
        let end = base.saturating_add(text.len());
        self.seen = end;
        if last {
            self.judge(text, base, end, &mut found);
        }
    }

    /// Whether the line feed at `end` is taken back by the byte before it.
    fn is_continued(&self, text: &[u8], base: usize, end: usize) -> bool {
        let before = end.checked_sub(base).and_then(|end| text.get(..end)).unwrap_or_default();
        let before = before.strip_suffix(b"\r").unwrap_or(before);
        let short = end.saturating_sub(self.line) <= LONGEST;
        short && before.ends_with(b"\\") && end > self.line
    }

    fn judge(
        &self,
        text: &[u8],
        base: usize,
        end: usize,
        found: &mut impl FnMut(LineSecret, usize),
    ) {
        let long = end.saturating_sub(self.line) > LONGEST;
        let line = self.line.checked_sub(base).zip(end.checked_sub(base));
        let Some(line) = line.and_then(|(start, end)| text.get(start..end)).filter(|_| !long)
        else {
            return;
        };
        for secret in secrets_in_line(&joined(line.strip_suffix(b"\r").unwrap_or(line))) {
            found(secret, self.line);
        }
    }
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
        let (mut commands, mut values) = (Commands::default(), Vec::new());
        let mut found = |secret: LineSecret, line: usize| {
            let span = secret.span.shifted(line);
            let value = span.of(text.as_bytes()).unwrap();
            values.push(String::from_utf8(value.to_vec()).unwrap());
        };
        for end in (step..text.len()).step_by(step) {
            // A window of bounded length, as a stream keeps.
            let base = end.saturating_sub(LONGEST * 2);
            commands.look(&text.as_bytes()[base..end], base, false, &mut found);
        }
        commands.look(text.as_bytes(), 0, true, &mut found);
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
    fn of_two_that_overlap_the_longer_stands_then_the_shape() {
        let merged =
            merge(vec![(0, 4), (10, 14), (20, 24)], vec![(2, 9), (10, 14), (30, 31)], |s| *s);
        assert_eq!(merged, [(2, 9), (10, 14), (20, 24), (30, 31)]);
        assert_eq!(merge(vec![], vec![(1, 2)], |s: &(usize, usize)| *s), [(1, 2)]);
    }
}
