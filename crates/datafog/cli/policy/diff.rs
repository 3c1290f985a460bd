//! `datafog policy diff`: judges recorded receipts again, with a draft.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Result;
use clap::Args;
use datafog_audit::Moment;
use datafog_core::{Id, Verdict};
use datafog_gate::{Change, Changed, Simulation};
use serde::Serialize;

use super::recorded::{Leniency, Soundness};
use super::subject::Subject;
use crate::cli::check::verdict;
use crate::cli::output::{Cell, Tone};
use crate::cli::session::Session;
use crate::exit_code::ExitCode;

/// How many kinds of changed calls are shown unless told otherwise.
const SHOWN: usize = 20;

/// Arguments of `policy diff`.
#[derive(Args, Debug)]
pub(crate) struct Diff {
    /// The draft, ours or another system's; without it, the installed policy is judged against what
    /// it said then
    draft: Option<PathBuf>,
    /// How far to go back: a time, a day, or how long ago (2h, 7d)
    #[arg(long, value_name = "WHEN", default_value = "7d", value_parser = super::moment)]
    replay: Moment,
    /// Show so many kinds of changed calls
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = SHOWN)]
    limit: usize,
    /// Fail only when something is decided less strictly
    #[arg(long)]
    only_looser: bool,
    #[command(flatten)]
    leniency: Leniency,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is told: what came of it, and of which ledger.
#[derive(Debug)]
struct Tally {
    ledger: Soundness,
    simulation: Simulation,
}

#[derive(Serialize)]
struct Document<'a> {
    draft: String,
    ledger: &'a Soundness,
    receipts: u64,
    replayed: u64,
    not_replayed: BTreeMap<String, u64>,
    matrix: Vec<Count>,
    changed: Vec<Row<'a>>,
}

#[derive(Serialize)]
struct Count {
    old: Verdict,
    new: Verdict,
    count: u64,
}

#[derive(Serialize)]
struct Row<'a> {
    old: Verdict,
    new: Verdict,
    rule: &'a str,
    command: &'a str,
    count: u64,
    receipt_id: Id,
    reason: &'a str,
}

impl Diff {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let installed = Subject::installed(session)?;
        let draft = match &self.draft {
            Some(path) => Subject::at(path, session)?,
            None => Subject::installed(session)?,
        };
        let replay = super::replay(session)?;
        let (ledger, mut receipts) = Soundness::check(session, self.replay, self.leniency)?;
        let mut simulation = Simulation::default();
        for entry in receipts.iter_mut().flatten() {
            simulation.add(&entry?.receipt.event, &replay, (&installed, &draft));
        }
        simulation.leave_out_unreadable(receipts.map_or(0, |receipts| receipts.unreadable()));
        let tally = Tally { ledger, simulation };
        if self.json {
            session.out.json(&tally.document(&draft, self.limit))?;
        } else {
            session.out.print(tally.text(session, &draft, self.limit))?;
        }
        let counts = |change: &&Change| !self.only_looser || change.new < change.old;
        let bad = tally.simulation.changed.keys().any(|change| counts(&change));
        Ok(if bad { ExitCode::Negative } else { ExitCode::Success })
    }
}

impl Tally {
    fn document(&self, draft: &Subject, limit: usize) -> Document<'_> {
        let row =
            |(change, changed): (&'_ Change, &'_ Changed)| (change.old, change.new, changed.count);
        let Simulation { receipts, matrix, not_replayed, .. } = &self.simulation;
        let changed = self.simulation.ranked(limit).into_iter().map(|pair| {
            let (old, new, count) = row(pair);
            let (Change { rule, command, .. }, Changed { receipt, reason, .. }) = pair;
            Row { old, new, rule, command, count, receipt_id: *receipt, reason }
        });
        let counts =
            matrix.iter().map(|((old, new), count)| Count { old: *old, new: *new, count: *count });
        Document {
            draft: draft.name(),
            ledger: &self.ledger,
            receipts: *receipts,
            replayed: self.simulation.replayed(),
            not_replayed: not_replayed.iter().map(|(why, n)| (why.to_string(), *n)).collect(),
            matrix: counts.collect(),
            changed: changed.collect(),
        }
    }

    fn text(&self, session: &Session, draft: &Subject, limit: usize) -> String {
        let simulation = &self.simulation;
        let left: u64 = simulation.not_replayed.values().sum();
        let (name, done) = (draft.name(), simulation.replayed());
        let mut text = self.ledger.to_string();
        text.push_str(&format!("{} receipts, {done} judged again by {name}", simulation.receipts));
        text.push_str(&if left > 0 {
            format!(", {left} could not be\n")
        } else {
            String::from("\n")
        });
        text.push_str(&self.table(session));
        text.push_str(&match simulation.changes() {
            0 => String::from("no decision changes\n"),
            1 => String::from("1 decision changes\n"),
            many => format!("{many} decisions change\n"),
        });
        let row = |(change, changed): &(&Change, &Changed)| {
            vec![
                Cell::new(format_args!("  {}x", changed.count)),
                verdict(change.old),
                Cell::new("->"),
                verdict(change.new),
                Cell::new(&change.rule),
                Cell::new(&change.command),
                Cell::toned(Tone::Dim, changed.receipt.short()),
            ]
        };
        let ranked = simulation.ranked(limit);
        text.push_str(&session.out.table(&ranked.iter().map(row).collect::<Vec<_>>()));
        let hidden = simulation.changed.len().saturating_sub(ranked.len());
        if hidden > 0 {
            text.push_str(&format!("  {hidden} more kinds of calls (--limit shows them)\n"));
        }
        for (why, count) in &simulation.not_replayed {
            text.push_str(&format!("not judged again: {count} ({why})\n"));
        }
        text
    }

    /// Old verdicts down, new ones across.
    fn table(&self, session: &Session) -> String {
        let (olds, news) = self.simulation.verdicts();
        if olds.is_empty() {
            return String::new();
        }
        let mut head = vec![Cell::toned(Tone::Dim, "  was, would be")];
        head.extend(news.iter().map(|new| verdict(*new)));
        let mut rows = vec![head];
        for old in olds {
            let mut row = vec![Cell::new(format_args!("  {old}"))];
            row.extend(news.iter().map(|new| {
                let count = self.simulation.matrix.get(&(old, *new)).copied().unwrap_or_default();
                match (count, old == *new) {
                    (0, _) => Cell::toned(Tone::Dim, "0"),
                    (count, true) => Cell::new(count),
                    (count, false) => Cell::toned(Tone::Bold, count),
                }
            }));
            rows.push(row);
        }
        session.out.table(&rows)
    }
}

/// A moment as it is typed.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text, SystemTime::now()).map_err(|error| error.to_string())
}
