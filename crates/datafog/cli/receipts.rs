//! `datafog receipts`: reads, sums up and verifies what was recorded.

mod compare;

use core::fmt;
use std::path::Path;
use std::thread;
use std::time::{Duration, SystemTime};

use anyhow::Result;
use clap::{Args, Subcommand};
use datafog_api::desk::Desk;
use datafog_api::house::Proof;
use datafog_api::store::Place;
use datafog_audit::{Entry, Filter, Moment, Report, Stats, find, follow, list, stats, verify};
use datafog_core::{ApprovalNote, Event, IdPrefix, Mode, Receipt, ReceiptKind, Verdict};
use serde::Serialize;

use super::check::verdict;
use super::key::failed;
use super::output::{Cell, Tone};
use super::server_settings::StorePlace;
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;
use compare::Compare;

/// How many receipts `list` shows unless told otherwise.
const LISTED: usize = 20;

/// How often `tail` looks.
const PAUSE: Duration = Duration::from_millis(200);

/// How many of the newest receipts `status` and `doctor` verify, so that they stay quick.
const VERIFIED: u64 = 10_000;

/// What was recorded: one receipt for every decision.
#[derive(Debug, Subcommand)]
pub(super) enum Receipts {
    /// List receipts, newest first
    #[command(after_help = "\
Examples:
  datafog receipts list
  datafog receipts list --decision deny --since 2h
  datafog receipts list --command curl --limit 100 --json")]
    List(List),
    /// Show one receipt
    #[command(after_help = "\
Examples:
  datafog receipts show                 the newest
  datafog receipts show 9f0a1b2c        by the last digits of its id")]
    Show(Show),
    /// Show receipts as they are written
    #[command(after_help = "\
Examples:
  datafog receipts tail
  datafog receipts tail --decision deny")]
    Tail(List),
    /// Check that no receipt was changed, removed, added or moved
    #[command(after_help = "\
Every line carries the hash of the line before it; the first bad one is named. A rewrite of the
whole ledger by its owner needs a witness: keep the last hash where that user cannot write.

Exit codes: 0 intact, 1 not.

Examples:
  datafog receipts verify
  datafog receipts verify --json | jq -r '.last[1]'
  datafog receipts verify --store               the store of the server, instead of the ledger")]
    Verify(Verify),
    /// Say whether a tool's call on the server had these arguments
    #[command(after_help = "\
The server keeps a keyed digest of a tool's arguments. This makes the one of a file and compares them:
what the call had is neither stored nor shown. How the JSON is written makes no difference.

Exit codes: 0 equal, 1 not.

Examples:
  datafog receipts compare 019aa0c2f3b47d1e8a5c6b7d8e9f0a1b --args call.json
  datafog receipts compare 019aa0c2f3b47d1e8a5c6b7d8e9f0a1b --args - < call.json")]
    Compare(Compare),
    /// Sum up decisions, rules, commands and findings
    #[command(after_help = "\
Examples:
  datafog receipts stats
  datafog receipts stats --since 7d")]
    Stats(List),
}

/// Which receipts.
#[derive(Args, Debug)]
pub(super) struct List {
    /// Not before this: a time, a day, or how long ago (2h, 3d)
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    since: Option<Moment>,
    /// Before this
    #[arg(long, value_name = "WHEN", value_parser = moment)]
    until: Option<Moment>,
    /// With this decision
    #[arg(long, value_name = "DECISION", value_parser = decision)]
    decision: Option<Verdict>,
    /// Where a rule of this id matched
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// Whose command holds this text
    #[arg(long, value_name = "TEXT")]
    command: Option<String>,
    /// In this mode
    #[arg(long, value_name = "MODE")]
    mode: Option<Mode>,
    /// At most so many
    #[arg(long, short = 'n', value_name = "NUMBER")]
    limit: Option<usize>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// What is verified.
#[derive(Args, Debug)]
pub(super) struct Verify {
    /// Verify a server's store instead: a file, an address, or the one of the server's settings
    #[arg(long, value_name = "STORE", num_args = 0..=1, default_missing_value = "")]
    store: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which receipt.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Id: 8 or more of its last digits; without it, the newest
    id: Option<IdPrefix>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// The ledger in a few words, for `status` and `doctor`.
#[derive(Debug, Serialize)]
pub(super) struct Summary {
    /// Number of the last receipt, which is how many there are.
    count: u64,
    newest: Option<String>,
    intact: bool,
    /// What is wrong with the ledger, if anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Summary {
    pub(super) fn of(session: &Session) -> Self {
        let dir = session.layout.receipts();
        match (verified(&dir, Some(VERIFIED)), newest(&dir)) {
            (Ok(report), Ok(newest)) => {
                let bad = report.first_bad.as_ref();
                Self {
                    count: report.last.map_or(0, |(seq, _)| seq),
                    newest: newest.map(|entry| entry.receipt.event.timestamp.clone()),
                    intact: report.is_intact(),
                    problem: bad.map(|bad| format!("the ledger is not as it was written: {bad}")),
                }
            }
            (Err(error), _) | (_, Err(error)) => {
                let problem = Some(format!("{error:#}"));
                Self { count: 0, newest: None, intact: false, problem }
            }
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.problem, &self.newest) {
            (Some(_), _) => f.write_str("not as they were written"),
            (None, None) => f.write_str("none yet"),
            (None, Some(newest)) => write!(f, "{}, intact, newest {newest}", self.count),
        }
    }
}

impl Receipts {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let dir = session.layout.receipts();
        match self {
            Self::List(which) => which.list(session, &dir),
            Self::Show(which) => show(session, which.id.as_ref(), which.json),
            Self::Tail(which) => which.tail(session, &dir),
            Self::Verify(how) => match &how.store {
                Some(store) => check_store(session, store, how.json),
                None => check(session, &dir, how.json),
            },
            Self::Stats(which) => which.stats(session, &dir),
            Self::Compare(which) => which.run(session),
        }
    }
}

impl List {
    fn filter(&self) -> Filter {
        Filter {
            since: self.since,
            until: self.until,
            verdict: self.decision,
            rule: self.rule.clone(),
            command: self.command.clone(),
            mode: self.mode,
            limit: self.limit,
            ..Filter::default()
        }
    }

    fn list(&self, session: &Session, dir: &Path) -> Result<ExitCode> {
        #[derive(Serialize)]
        struct Document {
            receipts: Vec<Receipt<'static>>,
        }
        let filter = Filter { limit: self.limit.or(Some(LISTED)), ..self.filter() };
        let entries: Vec<Entry> =
            if dir.exists() { list(dir, filter)?.collect::<Result<_, _>>()? } else { Vec::new() };
        if self.json {
            let receipts = entries.into_iter().map(|entry| entry.receipt).collect();
            session.out.json(&Document { receipts })?;
        } else {
            let rows: Vec<_> = entries.iter().map(|entry| row(&entry.receipt.event)).collect();
            session.out.print(session.out.table(&rows))?;
        }
        Ok(ExitCode::Success)
    }

    /// Runs until it is interrupted or nobody reads any more.
    fn tail(&self, session: &Session, dir: &Path) -> Result<ExitCode> {
        let filter = self.filter();
        let mut left = self.limit.unwrap_or(usize::MAX);
        let mut ledger = follow(dir)?;
        loop {
            for entry in ledger.look()? {
                let event = &entry.receipt.event;
                if !filter.takes(event) {
                    continue;
                }
                if self.json {
                    session.out.print(serde_json::to_string(&entry.receipt)? + "\n")?;
                } else {
                    session.out.print(session.out.table(&[row(event)]))?;
                }
                left = left.saturating_sub(1);
                if left == 0 {
                    return Ok(ExitCode::Success);
                }
            }
            thread::sleep(PAUSE);
        }
    }

    fn stats(&self, session: &Session, dir: &Path) -> Result<ExitCode> {
        let stats = if dir.exists() { stats(dir, self.filter())? } else { Stats::default() };
        if self.json {
            session.out.json(&stats)?;
        } else {
            session.out.print(session.out.table(&stats_rows(&stats)))?;
        }
        Ok(ExitCode::Success)
    }
}

/// Shows the receipt of that id, or the newest one.
pub(super) fn show(session: &Session, id: Option<&IdPrefix>, json: bool) -> Result<ExitCode> {
    let dir = session.layout.receipts();
    let found = match id {
        _ if !dir.exists() => Vec::new(),
        Some(id) => find(&dir, id)?,
        None => newest(&dir)?.into_iter().collect(),
    };
    let entry = match found.as_slice() {
        [entry] => entry,
        [] => {
            let hint = "`datafog receipts list` shows what there is";
            return Err(no_receipt(
                if id.is_some() { "no receipt has that id" } else { "there is no receipt yet" },
                hint,
            ));
        }
        _ => {
            return Err(no_receipt("more than one receipt has that id", "type more of its digits"));
        }
    };
    if json {
        session.out.json(entry)?;
    } else {
        session.out.print(session.out.table(&details(entry)))?;
    }
    Ok(ExitCode::Success)
}

fn no_receipt(message: &str, hint: &str) -> anyhow::Error {
    let (message, hint, code) = (message.to_owned(), hint.to_owned(), ExitCode::Negative);
    Advised { message, hint, code }.into()
}

fn newest(dir: &Path) -> Result<Option<Entry>> {
    if !dir.exists() {
        return Ok(None);
    }
    Ok(list(dir, Filter { limit: Some(1), ..Filter::default() })?.next().transpose()?)
}

fn verified(dir: &Path, newest: Option<u64>) -> Result<Report> {
    Ok(if dir.exists() { verify(dir, newest)? } else { Report::default() })
}

fn check(session: &Session, dir: &Path, json: bool) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document<'a> {
        intact: bool,
        proven: bool,
        #[serde(flatten)]
        report: &'a Report,
    }
    let report = verified(dir, None)?;
    if json {
        session.out.json(&Document {
            intact: report.is_intact(),
            proven: report.is_proven(),
            report: &report,
        })?;
    } else {
        session.out.print(session.out.table(&report_rows(&report)))?;
    }
    Ok(if report.is_proven() { ExitCode::Success } else { ExitCode::Negative })
}

/// The same for the store of a server.
fn check_store(session: &Session, store: &str, json: bool) -> Result<ExitCode> {
    #[derive(Serialize)]
    struct Document {
        intact: bool,
        entries: u64,
        #[serde(skip_serializing_if = "Option::is_none")]
        flaw: Option<String>,
    }
    let place = StorePlace::at(store).settings(session)?.store;
    if let Place::File(path) = &place
        && !path.exists()
    {
        let message = format!("there is no store at `{}`", path.display());
        let hint = String::from("`datafog serve` makes it; name another one with `--store`");
        return Err(Advised { message, hint, code: ExitCode::Io }.into());
    }
    let verified = Desk::open(&place).and_then(|desk| desk.verify()).map_err(failed)?;
    let (entries, flaw) = (verified.entries, verified.flaw.map(|flaw| flaw.to_string()));
    let intact = flaw.is_none();
    if json {
        session.out.json(&Document { intact, entries, flaw })?;
    } else {
        let row = match flaw {
            None => [Cell::toned(Tone::Good, "intact"), Cell::new(format!("{entries} entries"))],
            Some(flaw) => [Cell::toned(Tone::Bad, "NOT INTACT"), Cell::new(flaw)],
        };
        session.out.print(session.out.table(&[row.to_vec()]))?;
    }
    Ok(if intact { ExitCode::Success } else { ExitCode::Negative })
}

/// The same for a page of the dashboard.
pub(super) fn proof(dir: &Path) -> Result<Proof> {
    let report = verified(dir, None)?;
    let fact = |name: &str, text: String| (name.to_owned(), text);
    let mut facts = vec![fact("receipts", format!("{} in {} files", report.lines, report.files))];
    facts.extend(report.first_bad.as_ref().map(|bad| fact("first bad line", bad.to_string())));
    facts.extend(report.last.as_ref().map(|(seq, hash)| fact("last", format!("{seq}  {hash}"))));
    facts.push(fact("recoveries", report.recovery_count.to_string()));
    if report.heads_lost > 0 {
        facts.push(fact("lost heads", report.heads_lost.to_string()));
    }
    facts.push(fact("quarantined files", report.quarantine_count.to_string()));
    Ok(Proof { is_proven: report.is_proven(), facts })
}

fn report_rows(report: &Report) -> Vec<Vec<Cell>> {
    let mut rows = Vec::new();
    let head = |text: &str| Cell::toned(Tone::Bold, text);
    match &report.first_bad {
        None if report.is_proven() => {
            let text = format!("{} receipts in {} files", report.lines, report.files);
            rows.push(vec![Cell::toned(Tone::Good, "intact"), Cell::new(text)]);
        }
        None => {
            let text = "the head was lost: before the recovery below, lines can be missing";
            rows.push(vec![Cell::toned(Tone::Bad, "NOT PROVEN"), Cell::new(text)]);
        }
        Some(bad) => {
            rows.push(vec![Cell::toned(Tone::Bad, "NOT INTACT"), Cell::new(bad)]);
            rows.push(vec![head("breaks"), Cell::new(report.breaks)]);
        }
    }
    if let Some((seq, hash)) = &report.last {
        rows.push(vec![head("last"), Cell::new(format_args!("{seq}  {hash}"))]);
    }
    for recovery in &report.recoveries {
        let text = format!("{}  {}", recovery.place, recovery.reason);
        rows.push(vec![head("recovery"), Cell::new(text)]);
    }
    for file in &report.quarantined {
        rows.push(vec![head("quarantine"), Cell::new(file)]);
    }
    rows
}

/// One receipt as a row of a list.
fn row(event: &Event) -> Vec<Cell> {
    let what = if event.kind == ReceiptKind::Recovery {
        Cell::toned(Tone::Warning, "recovery")
    } else {
        verdict(event.decision)
    };
    let rule = event.matched_rules.first().map_or("", String::as_str);
    // Seconds are enough to find one; `show` has the rest.
    let time: String = event.timestamp.chars().take(19).collect();
    vec![
        Cell::toned(Tone::Dim, event.receipt_id.short()),
        Cell::new(time),
        what,
        Cell::new(done(event)),
        Cell::new(rule),
        Cell::new(&event.command),
    ]
}

/// What became of it, in one word.
fn done(event: &Event) -> &str {
    match event.kind {
        ReceiptKind::Action | ReceiptKind::Outcome => &event.enforcement,
        ReceiptKind::Check => "check",
        ReceiptKind::Recovery => "",
    }
}

/// What became of asking a person.
fn told(note: &ApprovalNote) -> String {
    let by = note.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let way = note.way.map(|way| format!(" ({})", way.name())).unwrap_or_default();
    let scope = note.scope.map(|scope| format!(", {}", scope.name())).unwrap_or_default();
    let text = note.note.as_deref().map(|text| format!(": {text}")).unwrap_or_default();
    format!("{} of {}{by}{way}{scope}{text}", note.state, note.id.short())
}

fn details(entry: &Entry) -> Vec<Vec<Cell>> {
    let event = &*entry.receipt.event;
    let head = |text: &str| Cell::toned(Tone::Bold, text);
    let line =
        |name: &str, text: &str| (!text.is_empty()).then(|| vec![head(name), Cell::new(text)]);
    let principal = &event.principal;
    let who = [Some(principal.kind.name()), principal.agent.as_deref()];
    let mut rows = vec![
        vec![head("receipt"), Cell::new(event.receipt_id)],
        vec![head("time"), Cell::new(&event.timestamp)],
        vec![head("decision"), verdict(event.decision)],
    ];
    rows.extend(line("done", &format!("{} ({})", done(event), event.mode)));
    rows.extend(line("command", &event.command));
    rows.extend(line("in", &event.cwd));
    rows.extend(line("to", &event.destinations.join(", ")));
    rows.extend(line("rules", &event.matched_rules.join(", ")));
    rows.extend(line("why", &event.reason));
    rows.extend(event.approval.iter().flat_map(|note| line("approval", &told(note))));
    for finding in &event.findings {
        let text = format!("{} in {} ({})", finding.entity, finding.channel, finding.preview);
        rows.extend(line("finding", &text));
    }
    for fault in &event.faults {
        rows.extend(line("fault", fault));
    }
    rows.extend(line("who", &who.into_iter().flatten().collect::<Vec<_>>().join(" ")));
    rows.extend(line("policy", &format!("{} {}", event.policy_id, event.policy_version)));
    rows.extend(line("took", &format!("{} µs", event.duration_us)));
    rows.extend(line(
        "place",
        &format!("{} byte {}, number {}", entry.file, entry.offset, entry.receipt.seq),
    ));
    rows
}

fn stats_rows(stats: &Stats) -> Vec<Vec<Cell>> {
    let head = |text: &str| Cell::toned(Tone::Bold, text);
    let mut rows = vec![vec![head("receipts"), Cell::new(stats.receipts)]];
    if let (Some(oldest), Some(newest)) = (&stats.oldest, &stats.newest) {
        rows.push(vec![head("from"), Cell::new(oldest)]);
        rows.push(vec![head("to"), Cell::new(newest)]);
    }
    let groups = [
        ("decisions", &stats.verdicts),
        ("rules", &stats.rules),
        ("tools", &stats.tools),
        ("asked by", &stats.principals),
        ("findings", &stats.findings),
    ];
    for (name, counts) in groups {
        let mut counts: Vec<_> = counts.iter().collect();
        counts.sort_by_key(|(_, count)| core::cmp::Reverse(**count));
        let shown = counts.iter().map(|(name, count)| {
            format!("{} {count}", if name.is_empty() { "(unknown)" } else { name })
        });
        let text = shown.collect::<Vec<_>>().join(", ");
        if !text.is_empty() {
            rows.push(vec![head(name), Cell::new(text)]);
        }
    }
    if stats.receipts > 0 {
        let [half, most, nearly_all, all] = stats.duration_us;
        let text =
            format!("{half} µs (half), {most} µs (90 %), {nearly_all} µs (99 %), {all} µs (all)");
        rows.push(vec![head("judging"), Cell::new(text)]);
    }
    rows
}

fn moment(text: &str) -> Result<Moment, String> {
    Moment::parse(text, SystemTime::now()).map_err(|error| error.to_string())
}

fn decision(text: &str) -> Result<Verdict, String> {
    use Verdict::{Allow, Deny, Redact, RequireApproval, Rewrite};
    let all = [Allow, Redact, Rewrite, RequireApproval, Deny];
    let named = all.into_iter().find(|verdict| verdict.name() == text);
    named.ok_or_else(|| format!("expected one of: {}", all.map(Verdict::name).join(", ")))
}
