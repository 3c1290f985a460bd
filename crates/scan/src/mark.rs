//! `datafog:allow` comments: what a person has written next to a finding that is known.
//!
//! A mark covers its own line, and the next one when it stands alone on its line. Names of
//! detectors after it limit it to them: `datafog:allow github-pat, generic-password`. It acts in
//! scans only.

use memchr::memmem;

use crate::about::about;
use crate::place::Cursor;

/// What is looked for.
const MARK: &[u8] = b"datafog:allow";

/// Bytes after the mark in which names may stand.
const NAMES: usize = 256;

/// Bytes before the mark that a line of its own may have: blanks and the signs of a comment.
const BEFORE: usize = 64;

/// Marks of one text; more are a text made to cost memory.
const MOST: usize = 100_000;

/// The marks of a text, found while it passes.
#[derive(Debug, Default)]
pub(crate) struct Marks {
    marks: Vec<Mark>,
    cursor: Cursor,
    /// Everything before this offset is looked through.
    done: usize,
}

#[derive(Debug)]
struct Mark {
    line: usize,
    /// Whether nothing but a comment's signs stands before it.
    alone: bool,
    /// Ids of detectors; empty for all.
    names: Vec<String>,
}

impl Marks {
    /// Looks through what is new in `text`, whose first byte has offset `base`.
    pub(crate) fn look(&mut self, text: &[u8], base: usize, last: bool) {
        let waiting = if last { 0 } else { MARK.len().saturating_add(NAMES) };
        let to = text.len().saturating_sub(waiting);
        let from = self.done.saturating_sub(base);
        // A mark may begin before `to` and end after it.
        let end = to.saturating_add(MARK.len()).saturating_sub(1).min(text.len());
        let Some(part) = text.get(from..end).filter(|_| from < to) else { return };
        for hit in memmem::find_iter(part, MARK) {
            if self.marks.len() < MOST {
                self.keep(text, base, from.saturating_add(hit));
            }
        }
        self.done = base.saturating_add(to);
    }

    /// The place up to which marks are told.
    pub(crate) const fn cursor(&mut self) -> &mut Cursor {
        &mut self.cursor
    }

    fn keep(&mut self, text: &[u8], base: usize, at: usize) {
        self.cursor.advance(text, base, base.saturating_add(at));
        let place = self.cursor.place();
        let behind = place.column.saturating_sub(1);
        let before = text.get(at.saturating_sub(behind)..at).filter(|_| behind <= BEFORE);
        let alone = before.is_some_and(|before| !before.iter().any(u8::is_ascii_alphanumeric));
        let after = at.saturating_add(MARK.len());
        let rest = text.get(after..after.saturating_add(NAMES).min(text.len()));
        if rest.and_then(|rest| rest.first()).is_some_and(u8::is_ascii_alphanumeric) {
            return;
        }
        self.marks.push(Mark { line: place.line, alone, names: names(rest.unwrap_or_default()) });
    }

    /// Whether a finding of `detector` that begins on `line` is allowed.
    pub(crate) fn allow(&self, line: usize, detector: &str) -> bool {
        let covers = |mark: &Mark| {
            let here = mark.line == line || mark.alone && mark.line.saturating_add(1) == line;
            here && (mark.names.is_empty() || mark.names.iter().any(|name| name == detector))
        };
        let from = self.marks.partition_point(|mark| mark.line.saturating_add(1) < line);
        let near: &[Mark] = self.marks.get(from..).unwrap_or_default();
        near.iter().take_while(|mark| mark.line <= line).any(covers)
    }
}

/// The names after a mark: words with the shape of an id. The first word that has none begins a
/// person's reason.
///
/// A word with a hyphen is a name although no detector has it: a slip of the pen must allow less,
/// not more.
fn names(rest: &[u8]) -> Vec<String> {
    let line = rest.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let words = line.split(|byte| matches!(byte, b' ' | b',' | b'\t' | b'='));
    words.filter(|word| !word.is_empty()).map_while(name).collect()
}

fn name(word: &[u8]) -> Option<String> {
    let is_part = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || *byte == b'-';
    let begins = word.first().is_some_and(u8::is_ascii_lowercase);
    let word = str::from_utf8(word).ok().filter(|_| begins && word.iter().all(is_part))?;
    (word.contains('-') || about(word).is_some()).then(|| word.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marks(text: &str, step: usize) -> Marks {
        let mut marks = Marks::default();
        let text = text.as_bytes();
        for end in (step..text.len()).step_by(step) {
            marks.look(&text[..end], 0, false);
        }
        marks.look(text, 0, true);
        marks
    }

    #[test]
    fn a_mark_covers_its_line_and_alone_the_next() {
        let text = "a # datafog:allow\nb\n  // datafog:allow\nc\nd\n";
        for step in [1, 7, 1000] {
            let marks = marks(text, step);
            let allowed: Vec<_> = (1..=5).filter(|line| marks.allow(*line, "github-pat")).collect();
            assert_eq!(allowed, [1, 3, 4], "{step}");
        }
    }

    #[test]
    fn names_limit_it_and_a_reason_does_not() {
        let lines = [
            ("x # datafog:allow github-pat, npm-token: seen", true, false),
            ("x # datafog:allow because it is a sample", true, true),
            ("x # datafog:allow github-patt", false, false),
            ("x <!-- datafog:allow -->", true, true),
            ("x /* datafog:allow */", true, true),
            ("x # datafog:allowed", false, false),
            ("x # datafog: allow", false, false),
        ];
        for (line, github, slack) in lines {
            let marks = marks(line, 1000);
            let allowed = ["github-pat", "slack-bot-token"].map(|name| marks.allow(1, name));
            assert_eq!(allowed, [github, slack], "{line}");
        }
    }

    #[test]
    fn a_mark_at_any_border_is_seen_once() {
        let text = format!("{}# datafog:allow\nx", "line\n".repeat(300));
        for step in 1..300 {
            let marks = marks(&text, step);
            assert_eq!(marks.marks.len(), 1, "{step}");
            assert!(marks.allow(302, "x-y") && !marks.allow(300, "x-y"), "{step}");
        }
    }
}
