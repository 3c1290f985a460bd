//! `datafog policy diff`: judges recorded receipts again, with a draft.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::SystemTime;

use anyhow::Result;
use clap::Args;
use datafog_audit::Moment;
use datafog_core::{Event, Id, Verdict};
use datafog_gate::{Replay, Unreplayable};
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

/// What became of all receipts.
#[derive(Debug, Default)]
struct Tally {
    ledger: Soundness,
    receipts: u64,
    /// By recorded and by new verdict.
    matrix: BTreeMap<(Verdict, Verdict), u64>,
    changed: BTreeMap<Change, Changed>,
    not_replayed: BTreeMap<Unreplayable, u64>,
}

/// Calls that look alike and are decided alike.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Change {
    old: Verdict,
    new: Verdict,
    rule: String,
    command: String,
}

#[derive(Debug)]
struct Changed {
    count: u64,
    /// The newest of them.
    receipt: Id,
    reason: String,
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
        let mut tally = Tally { ledger, ..Tally::default() };
        for entry in receipts.iter_mut().flatten() {
            tally.add(&entry?.receipt.event, &replay, &installed, &draft);
        }
        tally.leave_out_unreadable(receipts.map_or(0, |receipts| receipts.unreadable()));
        if self.json {
            session.out.json(&tally.document(&draft, self.limit))?;
        } else {
            session.out.print(tally.text(session, &draft, self.limit))?;
        }
        let counts = |change: &&Change| !self.only_looser || change.new < change.old;
        let bad = tally.changed.keys().any(|change| counts(&change));
        Ok(if bad { ExitCode::Negative } else { ExitCode::Success })
    }
}

impl Tally {
    fn add(&mut self, event: &Event, replay: &Replay, installed: &Subject, draft: &Subject) {
        let facts = match replay.facts(event) {
            // What was no decision does not count as one that is missing.
            Err(Unreplayable::NoDecision) => return,
            Err(why) => return self.leave_out(why),
            Ok(facts) => facts,
        };
        let old = event.decision;
        let same_policy = installed.digest() == Some(event.policy_digest);
        if same_policy && installed.verdict(&facts).is_ok_and(|verdict| verdict != old) {
            return self.leave_out(Unreplayable::Unfaithful);
        }
        let new = match draft.verdict(&facts) {
            Err(why) => return self.leave_out(why),
            Ok(new) => new,
        };
        self.receipts = self.receipts.saturating_add(1);
        count(self.matrix.entry((old, new)).or_default());
        if old == new {
            return;
        }
        let decision = draft.decide(&facts, facts.world());
        let rule = decision.decider().map(|rule| rule.id.clone()).unwrap_or_default();
        let change = Change { old, new, rule, command: event.command.clone() };
        let first =
            Changed { count: 0, receipt: event.receipt_id, reason: decision.reason.into_owned() };
        count(&mut self.changed.entry(change).or_insert(first).count);
    }

    fn leave_out(&mut self, why: Unreplayable) {
        self.receipts = self.receipts.saturating_add(1);
        count(self.not_replayed.entry(why).or_default());
    }

    /// Lines that a newer version of datafog wrote, or, unverified, anybody.
    fn leave_out_unreadable(&mut self, lines: u64) {
        if lines > 0 {
            self.receipts = self.receipts.saturating_add(lines);
            self.not_replayed.insert(Unreplayable::Unreadable, lines);
        }
    }

    fn replayed(&self) -> u64 {
        self.matrix.values().sum()
    }

    /// The kinds of changes, the commonest first.
    fn ranked(&self, limit: usize) -> Vec<(&Change, &Changed)> {
        let mut all: Vec<_> = self.changed.iter().collect();
        all.sort_by_key(|(change, changed)| (core::cmp::Reverse(changed.count), *change));
        all.truncate(limit);
        all
    }

    fn document(&self, draft: &Subject, limit: usize) -> Document<'_> {
        let row =
            |(change, changed): (&'_ Change, &'_ Changed)| (change.old, change.new, changed.count);
        let changed = self.ranked(limit).into_iter().map(|pair| {
            let (old, new, count) = row(pair);
            let (Change { rule, command, .. }, Changed { receipt, reason, .. }) = pair;
            Row { old, new, rule, command, count, receipt_id: *receipt, reason }
        });
        let counts = self.matrix.iter().map(|((old, new), count)| Count {
            old: *old,
            new: *new,
            count: *count,
        });
        Document {
            draft: draft.name(),
            ledger: &self.ledger,
            receipts: self.receipts,
            replayed: self.replayed(),
            not_replayed: self.not_replayed.iter().map(|(why, n)| (why.to_string(), *n)).collect(),
            matrix: counts.collect(),
            changed: changed.collect(),
        }
    }

    fn text(&self, session: &Session, draft: &Subject, limit: usize) -> String {
        let left: u64 = self.not_replayed.values().sum();
        let (name, done) = (draft.name(), self.replayed());
        let mut text = self.ledger.to_string();
        text.push_str(&format!("{} receipts, {done} judged again by {name}", self.receipts));
        text.push_str(&if left > 0 {
            format!(", {left} could not be\n")
        } else {
            String::from("\n")
        });
        text.push_str(&self.table(session));
        let kinds: u64 = self.changed.values().map(|changed| changed.count).sum();
        text.push_str(&match kinds {
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
        let ranked = self.ranked(limit);
        text.push_str(&session.out.table(&ranked.iter().map(row).collect::<Vec<_>>()));
        let hidden = self.changed.len().saturating_sub(ranked.len());
        if hidden > 0 {
            text.push_str(&format!("  {hidden} more kinds of calls (--limit shows them)\n"));
        }
        for (why, count) in &self.not_replayed {
            text.push_str(&format!("not judged again: {count} ({why})\n"));
        }
        text
    }

    /// Old verdicts down, new ones across.
    fn table(&self, session: &Session) -> String {
        let verdicts = |which: fn(&(Verdict, Verdict)) -> Verdict| {
            let mut all: Vec<Verdict> = self.matrix.keys().map(which).collect();
            all.sort();
            all.dedup();
            all
        };
        let (olds, news) = (verdicts(|pair| pair.0), verdicts(|pair| pair.1));
        if olds.is_empty() {
            return String::new();
        }
        let mut head = vec![Cell::toned(Tone::Dim, "  was, would be")];
        head.extend(news.iter().map(|new| verdict(*new)));
        let mut rows = vec![head];
        for old in olds {
            let mut row = vec![Cell::new(format_args!("  {old}"))];
            row.extend(news.iter().map(|new| {
                let count = self.matrix.get(&(old, *new)).copied().unwrap_or_default();
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

fn count(number: &mut u64) {
    *number = number.saturating_add(1);
}

/// A moment as it is typed.
pub(super) fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text, SystemTime::now()).map_err(|error| error.to_string())
}
