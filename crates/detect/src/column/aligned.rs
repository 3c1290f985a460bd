//! The column below a name in a table whose cells only blanks part, as programs print them.
//!
//! Nothing but its place says that a cell is of a column: it begins where the name does, behind a
//! blank. A line where none begins there ends the table.

use super::{BESIDE, LONGEST_HEADER, LONGEST_NAME, MOST_ROWS, is_first, is_rule, line_at};
use crate::bytes::{is_cell, run, run_back};

/// The column that a name heads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Aligned<'t> {
    text: &'t [u8],
    /// First and last byte of the name.
    pub(crate) name: (usize, usize),
    /// How many bytes stand before it in its line.
    place: usize,
    /// Where the rows begin.
    rows: usize,
}

impl<'t> Aligned<'t> {
    /// The column whose name holds `word_start..word_end` of `text`.
    pub(crate) fn under(text: &'t [u8], word: (usize, usize)) -> Option<Self> {
        let rest = text.get(word.1..)?;
        let tail = run(rest.get(..LONGEST_NAME.min(rest.len()))?, is_cell);
        let end = word.1.checked_add(tail)?;
        if !matches!(text.get(end..)?, [b' ', b' ', ..] | [b'\n' | b'\r', ..]) {
            return None;
        }
        let start = name_start(text.get(..word.0)?)?;
        let head = text.get(..start)?;
        let near = head.get(head.len().saturating_sub(LONGEST_HEADER)..)?;
        let place = run_back(near, |byte| byte != b'\n');
        if place == near.len() && near.len() < head.len() {
            return None;
        }
        let line_start = start.checked_sub(place)?;
        let line = line_at(text, line_start).filter(|line| line.len() <= LONGEST_HEADER)?;
        let column = Self {
            text,
            name: (start, end),
            place,
            rows: line_start.checked_add(line.len())?.checked_add(1)?,
        };
        let header = is_first(line.get(..place)?, text.get(word.0..word.1)?)
            && is_header(line, place)
            && !column.goes_on(line_start);
        header.then_some(column)
    }

    /// Whether a cell of the line before begins at the same place: then that is the first line.
    fn goes_on(self, line_start: usize) -> bool {
        let head = self.text.get(..line_start).and_then(|head| head.strip_suffix(b"\n"));
        let Some(head) = head else { return false };
        let near = head.get(head.len().saturating_sub(LONGEST_HEADER)..).unwrap_or_default();
        let length = run_back(near, |byte| byte != b'\n');
        let line = near.get(near.len().saturating_sub(length)..).unwrap_or_default();
        !is_rule(line) && begins_at(line, self.place)
    }

    /// Where the values of the column lie.
    pub(crate) fn values(self) -> impl Iterator<Item = (usize, usize)> + use<'t> {
        let mut start = self.rows;
        let rows = std::iter::from_fn(move || {
            let line = line_at(self.text, start)?;
            let here = start;
            start = start.checked_add(line.len())?.checked_add(1)?;
            (is_rule(line) || begins_at(line, self.place)).then_some((here, line))
        });
        rows.take(MOST_ROWS).filter_map(move |(start, line)| {
            let rest = line.get(self.place..).filter(|_| !is_rule(line))?;
            let length = run(rest, |byte| byte.is_ascii_graphic());
            let ends = matches!(rest.get(length..)?, [] | [b'\r'] | [b' ', b' ', ..] | [b' ']);
            let from = start.checked_add(self.place)?;
            (length > 0 && ends).then_some((from, from.checked_add(length)?))
        })
    }
}

/// Whether a cell of the line begins at a place: behind a blank, or first.
fn begins_at(line: &[u8], place: usize) -> bool {
    let before = place.checked_sub(1).and_then(|at| line.get(at));
    line.get(place).is_some_and(u8::is_ascii_graphic) && before.is_none_or(|byte| *byte == b' ')
}

/// Where the name begins that ends `head`: at the beginning of the line or behind two blanks, with one
/// blank between its words.
fn name_start(head: &[u8]) -> Option<usize> {
    let near = head.get(head.len().saturating_sub(LONGEST_NAME)..)?;
    let mut length = run_back(near, is_cell);
    while let [rest @ .., last, b' '] = near.get(..near.len().checked_sub(length)?)?
        && is_cell(*last)
    {
        let word = run_back(rest, is_cell).checked_add(2)?;
        length = length.checked_add(word)?;
    }
    let start = head.len().checked_sub(length)?;
    let first =
        matches!(head.get(..start)?, [] | [.., b'\n'] | [.., b' ', b' '] | [.., b'\n', b' ']);
    first.then_some(start)
}

/// Whether all cells are names, and one beside that at `place` says whose the secrets are or where
/// they fit.
fn is_header(line: &[u8], place: usize) -> bool {
    let named = |name: &[u8]| {
        name.len() <= LONGEST_NAME
            && name.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
            && name.iter().all(|byte| is_cell(*byte) || matches!(byte, b' ' | b'/' | b'#'))
    };
    let mut beside = false;
    let mut at = 0_usize;
    while let Some(rest) = line.get(at..).filter(|rest| !rest.is_empty()) {
        let blanks = run(rest, |byte| matches!(byte, b' ' | b'\r'));
        let cell = rest.get(blanks..).unwrap_or_default();
        let end = cell.windows(2).position(|pair| pair == b"  ").unwrap_or(cell.len());
        let cell = cell.get(..end).unwrap_or_default().trim_ascii_end();
        let start = at.saturating_add(blanks);
        if !cell.is_empty() && !named(cell) {
            return false;
        }
        beside |= start != place && BESIDE.stand_near_end(cell, LONGEST_NAME);
        at = start.saturating_add(end.max(1));
    }
    beside
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values below `word` in a text.
    fn below<'t>(text: &'t str, word: &str) -> Option<Vec<&'t str>> {
        let at = text.find(word).unwrap();
        let column = Aligned::under(text.as_bytes(), (at, at.checked_add(word.len()).unwrap()))?;
        Some(column.values().map(|(from, to)| text.get(from..to).unwrap()).collect())
    }

    #[test]
    fn cells_that_begin_where_the_name_does_are_read() {
        let tables = [
            (
                "user   password\n-----  --------\nann    q1\nbob    q2\n\nmore   text\n",
                vec!["q1", "q2"],
            ),
            (
                "NAME  DB password  NOTE\nann   q1           x y\nbob   two words   z\nc     q3\n",
                vec!["q1", "q3"],
            ),
            ("  host  password\n  a     q1\r\nb\n", vec!["q1"]),
        ];
        for (text, values) in tables {
            assert_eq!(below(text, "password"), Some(values), "{text}");
        }
    }

    #[test]
    fn other_lines_head_nothing() {
        for text in [
            "user password\nann  q1\n",
            "the user  password is\nann  q1\n",
            "size  password\n1     2\n",
            "ann   q1\nuser  password\nbob   q2\n",
            "user  password: x\nann   q1\n",
        ] {
            assert!(below(text, "password").is_none_or(|it| it.is_empty()), "{text}");
        }
    }
}
