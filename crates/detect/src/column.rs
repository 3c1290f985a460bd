//! The column of a table below a name: rows of CSV and its relatives, and tables of Markdown.
//!
//! A name that is a whole cell of a first line says what stands below it. What makes a line a first
//! one is told by its own cells and the line before it, never by where a scan began, so that a table is
//! gone through once.

mod aligned;

pub(crate) use aligned::Aligned;

use crate::bytes::{is_cell, run, run_back};
use crate::scanner::Scanner;
use crate::words::{Words, words};

/// Longest first line in bytes, and the longest line of the rows.
const LONGEST_HEADER: usize = 256;
const LONGEST_ROW: usize = 1024;

/// Longest name of a column.
const LONGEST_NAME: usize = 40;

/// Most rows that are looked at.
const MOST_ROWS: usize = 256;

/// Columns beside which one of secrets stands: whose they are and where they fit.
static BESIDE: Words = words! {
    "account" "client" "customer" "database" "device" "email" "e-mail" "env" "host" "id" "ip" "login" "machine" "mail"
    "name" "role" "server" "service" "site" "system" "url" "user" "benutzer" "konto" "usuario"
};

/// The column that a name heads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Column<'t> {
    text: &'t [u8],
    /// First and last byte of the name's cell, without what decorates it.
    pub(crate) name: (usize, usize),
    /// What parts cells.
    mark: u8,
    /// How many cells a row has, and which of them is ours.
    cells: usize,
    place: usize,
    /// Where the rows begin.
    rows: usize,
}

impl<'t> Column<'t> {
    /// The column whose name holds `word_start..word_end` of `text`.
    pub(crate) fn under(text: &'t [u8], word: (usize, usize)) -> Option<Self> {
        let (name, mark) = cell_of_name(text, word)?;
        let head = text.get(..name.0)?;
        let near = head.get(head.len().saturating_sub(LONGEST_HEADER)..)?;
        let before = run_back(near, |byte| byte != b'\n');
        if before == near.len() && near.len() < head.len() {
            return None;
        }
        let start = name.0.checked_sub(before)?;
        let rest = text.get(start..)?;
        let length = run(rest.get(..LONGEST_HEADER.min(rest.len()))?, |byte| byte != b'\n');
        let line = rest.get(..length).filter(|_| rest.get(length) == Some(&b'\n'))?;
        let place = Cells::of(line, mark)
            .position(|(from, to)| (from..=to).contains(&name.0.saturating_sub(start)))?;
        let cells = Cells::of(line, mark).count();
        let header = cells > 1
            && is_first(line.get(..before)?, text.get(word.0..word.1)?)
            && is_header(line, mark, place)
            && !goes_on(text, start, mark, cells);
        let rows = start.checked_add(length)?.checked_add(1)?;
        let column = Self { text, name, mark, cells, place, rows };
        header.then(|| if mark == b'|' { column.ruled() } else { Some(column) })?
    }

    /// The same behind the line of dashes that a table of Markdown has below its names.
    fn ruled(self) -> Option<Self> {
        let line = line_at(self.text, self.rows)?;
        is_rule(line).then_some(())?;
        Some(Self { rows: self.rows.checked_add(line.len())?.checked_add(1)?, ..self })
    }

    /// Where the values of the column lie, without blanks, quotes and other decoration.
    pub(crate) fn values(self) -> impl Iterator<Item = (usize, usize)> + use<'t> {
        let mut start = self.rows;
        let rows = std::iter::from_fn(move || {
            let line = line_at(self.text, start)?;
            let here = start;
            start = start.checked_add(line.len())?.checked_add(1)?;
            let rule = self.mark == b'|' && is_rule(line);
            (rule || Cells::of(line, self.mark).count() == self.cells).then_some((here, line))
        });
        rows.take(MOST_ROWS).filter_map(move |(start, line)| {
            let (from, to) = Cells::of(line, self.mark).nth(self.place)?;
            let (from, to) = bare(line, from, to)?;
            Some((start.checked_add(from)?, start.checked_add(to)?))
        })
    }
}

/// The line at `start`, whose end is known.
fn line_at(text: &[u8], start: usize) -> Option<&[u8]> {
    let rest = text.get(start..).filter(|rest| !rest.is_empty())?;
    let length = run(rest.get(..LONGEST_ROW.min(rest.len()))?, |byte| byte != b'\n');
    let cut = length == rest.len() && text.len() >= Scanner::AHEAD;
    (length < LONGEST_ROW && !cut).then(|| rest.get(..length))?
}

/// The cells of a line: where they begin and end. A mark in double quotes parts none.
struct Cells<'t> {
    line: &'t [u8],
    mark: u8,
    at: Option<usize>,
}

impl<'t> Cells<'t> {
    fn of(line: &'t [u8], mark: u8) -> Self {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        Self { line, mark, at: Some(0) }
    }
}

impl Iterator for Cells<'_> {
    type Item = (usize, usize);

    fn next(&mut self) -> Option<(usize, usize)> {
        let start = self.at?;
        let rest = self.line.get(start..)?;
        let mut quoted = false;
        let ends = |byte: &u8| {
            quoted ^= *byte == b'"' && self.mark != b'|';
            !quoted && *byte == self.mark
        };
        let length = rest.iter().position(ends).unwrap_or(rest.len());
        let end = start.checked_add(length)?;
        self.at = (end < self.line.len()).then_some(end.saturating_add(1));
        Some((start, end))
    }
}

/// The cell around a word of a name and the mark beside it.
fn cell_of_name(text: &[u8], word: (usize, usize)) -> Option<((usize, usize), u8)> {
    let rest = text.get(word.1..)?;
    let tail = run(rest.get(..LONGEST_NAME.min(rest.len()))?, is_decoration);
    let after = rest.get(tail).copied().filter(|it| is_mark(*it) || matches!(it, b'\r' | b'\n'))?;
    let head = text.get(..word.0)?;
    let near = head.get(head.len().saturating_sub(LONGEST_NAME)..)?;
    let lead = run_back(near, |byte| is_decoration(byte) || is_cell(byte));
    let before =
        near.len().checked_sub(lead.saturating_add(1)).and_then(|at| near.get(at)).copied();
    let before = if lead == head.len() { Some(b'\n') } else { before };
    let mark = match (before?, after) {
        (b'\n', b'\r' | b'\n') => return None,
        (one, two) if one == two && is_mark(one) => one,
        (b'\n', mark) | (mark, b'\r' | b'\n') if is_mark(mark) => mark,
        _ => return None,
    };
    let (start, end) = (word.0.checked_sub(lead)?, word.1.checked_add(tail)?);
    Some((bare(text, start, end)?, mark))
}

const fn is_mark(byte: u8) -> bool {
    matches!(byte, b',' | b';' | b'|' | b'\t')
}

/// What stands around a name or a value in a cell and is no part of it.
const fn is_decoration(byte: u8) -> bool {
    matches!(byte, b' ' | b'"' | b'\'' | b'`' | b'*')
}

/// Whether all cells are names, and one of them says whose the secrets are or where they fit.
fn is_header(line: &[u8], mark: u8, place: usize) -> bool {
    let cell = |(from, to): (usize, usize)| {
        bare(line, from, to).and_then(|(from, to)| line.get(from..to)).unwrap_or_default()
    };
    let named = |name: &[u8]| {
        name.len() <= LONGEST_NAME
            && name.first().is_none_or(|byte| byte.is_ascii_alphabetic() || *byte >= 0x80)
            && name.iter().all(|byte| is_cell(*byte) || matches!(byte, b' ' | b'/' | b'#'))
            && (mark == b'|' || !name.is_empty())
    };
    let others = || Cells::of(line, mark).enumerate().filter(|(at, _)| *at != place);
    Cells::of(line, mark).all(|it| named(cell(it)))
        && others().any(|(_, it)| BESIDE.stand_near_end(cell(it), LONGEST_NAME))
}

/// Whether a word stands nowhere in what is before it in its line: a table is gone through once for a
/// word, however often it says it.
fn is_first(head: &[u8], word: &[u8]) -> bool {
    !head.windows(word.len().max(1)).any(|window| window.eq_ignore_ascii_case(word))
}

/// Whether the line before byte `start` has as many cells: then it is of the same table.
fn goes_on(text: &[u8], start: usize, mark: u8, cells: usize) -> bool {
    let Some(head) = text.get(..start).and_then(|head| head.strip_suffix(b"\n")) else {
        return false;
    };
    let near = head.get(head.len().saturating_sub(LONGEST_HEADER)..).unwrap_or_default();
    let line = near.get(near.len().saturating_sub(run_back(near, |byte| byte != b'\n'))..);
    Cells::of(line.unwrap_or_default(), mark).count() == cells
}

/// Whether a line is the one of dashes between names and rows, or between rows.
fn is_rule(line: &[u8]) -> bool {
    let dashes = line.iter().filter(|byte| matches!(byte, b'-' | b'=')).count();
    dashes > 0
        && line
            .iter()
            .all(|byte| matches!(byte, b'-' | b'=' | b':' | b'|' | b'+' | b' ' | b'\t' | b'\r'))
}

/// What is left of a cell without its decoration; `None` when nothing is.
fn bare(text: &[u8], from: usize, to: usize) -> Option<(usize, usize)> {
    let cell = text.get(from..to)?;
    let lead = run(cell, is_decoration);
    let tail = run_back(cell.get(lead..)?, is_decoration);
    let (from, to) = (from.checked_add(lead)?, to.checked_sub(tail)?);
    (from < to).then_some((from, to))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The values below `word` in a text.
    fn below<'t>(text: &'t str, word: &str) -> Option<Vec<&'t str>> {
        let at = text.find(word).unwrap();
        let column = Column::under(text.as_bytes(), (at, at.checked_add(word.len()).unwrap()))?;
        Some(column.values().map(|(from, to)| text.get(from..to).unwrap()).collect())
    }

    #[test]
    fn rows_are_read_below_a_name() {
        let tables = [
            ("user,password,role\nann,q1,x\r\nbob,\"q,2\",y", vec!["q1", "q,2"]),
            ("id;login;password\n1;ann;q1\n2;bob;q2\n\nmore;of;it\n", vec!["q1", "q2"]),
            ("password\thost\nq1\tdb1\nq2\tdb2\n", vec!["q1", "q2"]),
            (
                "| host | password |\n|:--|---|\n| a | `q1` |\n| b | **q2** |\ntext\n",
                vec!["q1", "q2"],
            ),
            (" name | password\n------+------\n ann | q1\n", vec!["q1"]),
        ];
        for (text, values) in tables {
            assert_eq!(below(text, "password"), Some(values), "{text}");
        }
    }

    #[test]
    fn other_lines_head_nothing() {
        for text in [
            "name, password and key\nfoo, bar\n",
            "password\nx\n",
            "size,password\n1,2\n",
            "| host | password |\n| a | q1 |\n",
            "ann,q1\nname,password\nx,y\n",
            "f(name,password)\nx,y\n",
        ] {
            assert_eq!(below(text, "password"), None, "{text}");
        }
    }
}
