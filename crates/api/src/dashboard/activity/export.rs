//! `/ui/activity/export`: the rows of a filter as a file.

use std::io;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::RawQuery;
use axum::response::{IntoResponse as _, Response};
use datafog_core::Id;
use futures_util::StreamExt as _;
use futures_util::stream::{once, unfold};
use jiff::Timestamp;
use serde_json::json;

use super::Viewer;
use crate::board::{Cursor, Filter, Row};
use crate::dashboard::rows;
use crate::server::problem::{Kind, Problem};

/// Most rows of a file; the newest.
const MOST: usize = 100_000;

/// Rows that are made at once.
const PART: usize = 500;

/// The columns of a table, in order.
const COLUMNS: [&str; 14] = [
    "time", "where", "seq", "id", "kind", "surface", "mode", "verdict", "command", "agent",
    "session", "folder", "rules", "found",
];

/// Answers `GET /ui/activity/export`.
pub(crate) async fn export(viewer: Viewer, RawQuery(query): RawQuery) -> Result<Response, Problem> {
    let query = query.as_deref();
    let (filter, now) = (rows::filter(query)?, rows::now());
    let form = rows::field(query, "form");
    let (is_csv, media, name) = match form.as_deref() {
        Some("csv") => (true, "text/csv; charset=utf-8", "activity.csv"),
        Some("jsonl") => (false, "application/jsonl; charset=utf-8", "activity.jsonl"),
        _ => return Err(Problem::new(Kind::Invalid, "`form`: one of csv, jsonl")),
    };
    let head = if is_csv { line(&COLUMNS.map(str::to_owned)) } else { String::new() };
    let rows = Rows { viewer, filter, now, is_csv, after: None, left: MOST };
    let rows = unfold(Some(rows), async |rows| rows?.part().await);
    let text = once(async move { Ok::<_, io::Error>(head) }).chain(rows);
    let about = [
        ("content-type", media.to_owned()),
        ("content-disposition", format!("attachment; filename=\"{name}\"")),
    ];
    Ok((about, Body::from_stream(text)).into_response())
}

/// What is still to be sent. A part at a time is made, so that the whole is never held.
struct Rows {
    viewer: Viewer,
    filter: Filter,
    now: i64,
    is_csv: bool,
    after: Option<Cursor>,
    left: usize,
}

impl Rows {
    /// The next part, and what is left after it. An index that fails cuts the answer off, which whoever
    /// reads it sees.
    async fn part(mut self) -> Option<(io::Result<String>, Option<Self>)> {
        let (filter, now, after) = (self.filter.clone(), self.now, self.after);
        let limit = self.left.min(PART);
        if limit == 0 {
            return None;
        }
        let part = rows::ask(&self.viewer, move |shelf| shelf.next(&filter, now, after, limit));
        let Ok(part) = part.await else {
            return Some((Err(io::Error::other("the index cannot be read")), None));
        };
        self.after = Some(Cursor::of(part.last()?));
        self.left = self.left.saturating_sub(part.len());
        let told = |row: &Arc<Row>| if self.is_csv { line(&cells(row)) } else { object(row) };
        Some((Ok(part.iter().map(told).collect()), Some(self)))
    }
}

fn time(row: &Row) -> String {
    Timestamp::from_microsecond(row.at).map(|at| format!("{at:.6}")).unwrap_or_default()
}

fn kind(row: &Row) -> String {
    serde_json::to_value(row.kind)
        .ok()
        .and_then(|it| it.as_str().map(str::to_owned))
        .unwrap_or_default()
}

fn object(row: &Row) -> String {
    let found: Vec<_> = row
        .found
        .iter()
        .map(|seen| {
            json!({ "entity": *seen.entity, "channel": *seen.channel, "preview": *seen.preview,
                "fingerprint": seen.fingerprint.to_string() })
        })
        .collect();
    let rules: Vec<&str> = row.rules.iter().map(|rule| &**rule).collect();
    let object = json!({
        "time": time(row),
        "where": row.place.name(),
        "seq": row.seq,
        "id": row.id.to_string(),
        "follows": row.follows.as_ref().map(Id::to_string),
        "kind": kind(row),
        "surface": row.surface.name(),
        "mode": row.mode.name(),
        "verdict": row.verdict.name(),
        "enforcement": *row.enforcement,
        "program": *row.program,
        "command": *row.command,
        "agent": *row.agent,
        "session": *row.session,
        "folder": *row.folder,
        "rules": rules,
        "found": found,
        "redactions": row.redactions,
        "risk": row.risk,
        "duration_us": row.micros,
    });
    format!("{object}\n")
}

fn cells(row: &Row) -> [String; 14] {
    let rules: Vec<&str> = row.rules.iter().map(|rule| &**rule).collect();
    let found: Vec<&str> = row.found.iter().map(|seen| &*seen.entity).collect();
    [
        time(row),
        row.place.name().to_owned(),
        row.seq.to_string(),
        row.id.to_string(),
        kind(row),
        row.surface.name().to_owned(),
        row.mode.name().to_owned(),
        row.verdict.name().to_owned(),
        row.command.to_string(),
        row.agent.to_string(),
        row.session.to_string(),
        row.folder.to_string(),
        rules.join(" "),
        found.join(" "),
    ]
}

/// A line of a table (RFC 4180). Every cell is quoted, and one that a spreadsheet would take for a
/// formula begins with an apostrophe.
fn line(cells: &[String]) -> String {
    let cells: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", cells.join(","))
}

fn quoted(cell: &str) -> String {
    let guard = if is_formula(cell) { "'" } else { "" };
    format!("\"{guard}{}\"", cell.replace('"', "\"\""))
}

/// Whether a spreadsheet might reckon with it. Blanks in front do not keep it from that.
fn is_formula(cell: &str) -> bool {
    let begins = |cell: &str| {
        cell.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
    };
    begins(cell) || begins(cell.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_cell_is_a_formula() {
        for cell in ["=1+1", "+1", "-2", "@SUM(A1)", "\t=1", " =1", "\r\n=cmd|' /C calc'!A0", "＝1"]
        {
            assert!(quoted(cell).starts_with("\"'"), "{cell}");
        }
        assert_eq!(quoted("git push \"x\""), "\"git push \"\"x\"\"\"");
        assert_eq!(line(&["a".into(), "b,c".into()]), "\"a\",\"b,c\"\r\n");
    }
}
