//! `datafog approvals`: what a person was asked, and how they answer.

use core::fmt;
use core::time::Duration;

use anyhow::Result;
use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use datafog_approval::{Listing, Moment, Record, Terms};
use datafog_core::{ApprovalScope, ApprovalState, IdPrefix};
use datafog_gate::{Approvals as Requests, Question, Said, Terminal as _};
use serde::Serialize;

use super::output::{Cell, Tone};
use super::session::Session;
use crate::exit_code::ExitCode;
use crate::report::Advised;
use crate::tty::Tty;

/// Requests for approval: what waits for a person, and what was answered.
#[derive(Debug, Subcommand)]
pub(super) enum Approvals {
    /// List what waits for an answer, oldest first
    #[command(after_help = "\
Examples:
  datafog approvals list
  datafog approvals list --all          also what was answered
  datafog approvals list --json | jq -r '.approvals[].id'")]
    List(List),
    /// Show one request
    #[command(after_help = "\
Examples:
  datafog approvals show 9f0a1b2c       by the last digits of its id")]
    Show(Show),
    /// Say yes to a request, at a terminal
    #[command(after_help = "\
Shows the request first and asks. Only a person can: not an agent, nothing that an agent started, and
nobody without a terminal. The command runs when it is given again, or at once where it waits.

Scopes, all of which are offered unless one is named:
        once         this very call, within 15 minutes
        exact        the same command for 10 minutes
        session      the same command in the same session, for 8 hours
        repository   whatever the same rule holds in the same repository, for 8 hours

Examples:
  datafog approvals approve 9f0a1b2c
  datafog approvals approve 9f0a1b2c --scope exact --for 30m
  datafog approvals approve 9f0a1b2c --note 'agreed with the release'")]
    Approve(Approve),
    /// Say no to a request; the same command stays denied until the answer is taken back
    #[command(after_help = "\
Examples:
  datafog approvals deny 9f0a1b2c
  datafog approvals deny 9f0a1b2c --note 'open a pull request'")]
    Deny(Answer),
    /// Take an answer back, a yes or a no
    #[command(after_help = "\
Examples:
  datafog approvals revoke 9f0a1b2c")]
    Revoke(Answer),
}

/// Which requests.
#[derive(Args, Clone, Copy, Debug)]
pub(super) struct List {
    /// Also those that were answered, used up or never answered
    #[arg(long)]
    all: bool,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Which request.
#[derive(Args, Debug)]
pub(super) struct Show {
    /// Id: 8 or more of its last digits
    id: IdPrefix,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// A yes.
#[derive(Args, Debug)]
pub(super) struct Approve {
    /// What the yes covers: once, exact, session or repository
    #[arg(long, value_name = "SCOPE", value_parser = PossibleValuesParser::new(ApprovalScope::ALL.map(ApprovalScope::name)))]
    scope: Option<String>,
    /// How long it holds (30s, 10m, 8h, 2d)
    #[arg(long = "for", value_name = "TIME", value_parser = length)]
    length: Option<Duration>,
    /// For how many calls it holds at most; any number within its time unless said
    #[arg(long, value_name = "COUNT", value_parser = clap::value_parser!(u32).range(1..))]
    uses: Option<u32>,
    #[command(flatten)]
    answer: Answer,
}

/// An answer.
#[derive(Args, Debug)]
pub(super) struct Answer {
    /// Id: 8 or more of its last digits
    id: IdPrefix,
    /// What to write beside the answer; whoever asked reads it
    #[arg(long, value_name = "TEXT")]
    note: Option<String>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// How requests stand, for `status` and `doctor`.
#[derive(Debug, Default, Serialize)]
pub(super) struct Summary {
    /// How many wait for an answer.
    pub(super) waiting: usize,
    /// Files among them that are no requests of ours.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) strange: Vec<String>,
    /// Why nobody can tell, if so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) problem: Option<String>,
}

impl Summary {
    pub(super) fn of(session: &Session) -> Self {
        if !session.layout.approvals().exists() {
            return Self::default();
        }
        let listing = session.gate().and_then(|gate| Ok(gate.approvals()?.list()?));
        match listing {
            Ok(Listing { records, strange }) => {
                let now = Moment::now();
                let waits = |it: &&Record| it.state(&now) == ApprovalState::Pending;
                let strange = strange.iter().map(|path| path.display().to_string()).collect();
                Self { waiting: records.iter().filter(waits).count(), strange, problem: None }
            }
            Err(error) => Self { problem: Some(format!("{error:#}")), ..Self::default() },
        }
    }
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.waiting {
            _ if self.problem.is_some() => f.write_str("not to be used"),
            0 => f.write_str("none waiting"),
            waiting => write!(f, "{waiting} waiting: datafog approvals list"),
        }
    }
}

/// One request in JSON: what is kept, with the state as it is now.
#[derive(Serialize)]
struct Shown<'a> {
    id: String,
    state: ApprovalState,
    seconds_left: u64,
    scopes: Vec<ApprovalScope>,
    #[serde(flatten)]
    record: &'a Record,
}

#[derive(Serialize)]
struct Document<'a> {
    approvals: Vec<Shown<'a>>,
}

impl Approvals {
    pub(super) fn run(&self, session: &Session) -> Result<ExitCode> {
        let gate = session.gate()?;
        if let Self::List(which) = self
            && !session.layout.approvals().exists()
        {
            return which.show(session, &Listing::default());
        }
        let requests = gate.approvals()?;
        match self {
            Self::List(which) => which.show(session, &requests.list()?),
            Self::Show(which) => {
                let record = named(&requests, &which.id)?;
                tell(session, &record, which.json)
            }
            Self::Approve(approve) => approve.run(session, &requests),
            Self::Deny(answer) => {
                let record = named(&requests, &answer.id)?;
                let record = requests.deny(record.id(), answer.note.clone())?;
                tell(session, &record, answer.json)
            }
            Self::Revoke(answer) => {
                let record = named(&requests, &answer.id)?;
                // Taking a no back makes us guard less.
                if record.state(&Moment::now()) == ApprovalState::Denied {
                    require_person(session)?;
                }
                let record = requests.revoke(record.id(), answer.note.clone())?;
                tell(session, &record, answer.json)
            }
        }
    }
}

impl List {
    fn show(self, session: &Session, listing: &Listing) -> Result<ExitCode> {
        let now = Moment::now();
        let wanted = |it: &&Record| {
            self.all || matches!(it.state(&now), ApprovalState::Approved | ApprovalState::Pending)
        };
        let records: Vec<&Record> = listing.records.iter().filter(wanted).collect();
        for path in &listing.strange {
            session.out.say(format_args!("warning: `{}` is no request of ours\n", path.display()));
        }
        if self.json {
            let approvals = records.into_iter().map(|it| Shown::of(it, &now)).collect();
            session.out.json(&Document { approvals })?;
        } else {
            let rows: Vec<_> = records.into_iter().map(|record| row(record, &now)).collect();
            session.out.print(session.out.table(&rows))?;
        }
        Ok(ExitCode::Success)
    }
}

impl Approve {
    /// Shows what is asked, asks, and puts the answer down. Whoever is told to approve an id sees
    /// here what it is.
    fn run(&self, session: &Session, requests: &Requests<'_>) -> Result<ExitCode> {
        require_person(session)?;
        let record = named(requests, &self.answer.id)?;
        let now = Moment::now();
        let mut question = Question::of(&record, &now);
        let chosen = self.scope.as_deref();
        let chosen = ApprovalScope::ALL.into_iter().find(|scope| Some(scope.name()) == chosen);
        if record.state(&now) != ApprovalState::Pending {
            let message = format!("it is {} already", record.state(&now));
            return Err(refused(message, "run the command again to ask anew"));
        }
        if let Some(scope) = chosen {
            if !question.scopes.contains(&scope) {
                let scopes: Vec<_> = question.scopes.iter().map(|scope| scope.name()).collect();
                let message = format!("it cannot be approved with the scope `{}`", scope.name());
                return Err(refused(message, &format!("it can with: {}", scopes.join(", "))));
            }
            question.scopes = vec![scope];
        }
        let holds = self.length.map(|length| ("holds for", span(length.as_secs())));
        question.facts.extend(holds);
        question.facts.extend(self.uses.map(|uses| ("at most", format!("{uses} calls"))));
        let waits = || record.state(&Moment::now()) == ApprovalState::Pending;
        let scope = match Tty.ask(&question, &mut || waits()) {
            Said::Yes(scope) => scope,
            Said::No => {
                let message = "nothing was answered";
                return Err(refused(message, "`datafog approvals deny` says no for good"));
            }
            Said::Nobody | Said::Nothing => return Err(no_terminal()),
        };
        let seconds = self.length.map(|it| u32::try_from(it.as_secs()).unwrap_or(u32::MAX));
        let note = self.answer.note.clone();
        let terms = Terms { scope, seconds, uses: self.uses };
        let record = requests.approve(record.id(), note, terms)?;
        tell(session, &record, self.answer.json)
    }
}

impl<'a> Shown<'a> {
    fn of(record: &'a Record, now: &Moment) -> Self {
        Self {
            id: record.id().to_string(),
            state: record.state(now),
            seconds_left: left(record, now),
            scopes: record.scopes().collect(),
            record,
        }
    }
}

/// Refuses whoever is no person at a terminal, and says why.
fn require_person(session: &Session) -> Result<()> {
    let gate = session.gate()?;
    if let Some(why) = gate.no_person() {
        // It leaves a receipt that an agent tried; what it says is said better here.
        let _recorded = session.require_person();
        return Err(refused(why, "a person must run it at a terminal of their own"));
    }
    let stdin = std::io::IsTerminal::is_terminal(&std::io::stdin());
    if stdin && Tty.is_there() { Ok(()) } else { Err(no_terminal()) }
}

fn no_terminal() -> anyhow::Error {
    refused(
        "there is no terminal here to ask at",
        "run it at a terminal of your own, in the foreground",
    )
}

fn refused(message: impl Into<String>, hint: &str) -> anyhow::Error {
    Advised { message: message.into(), hint: hint.to_owned(), code: ExitCode::Negative }.into()
}

/// The request that somebody means.
fn named(requests: &Requests<'_>, id: &IdPrefix) -> Result<Record> {
    let mut found: Vec<Record> = requests.list()?.records;
    found.retain(|record| id.matches(&record.id()));
    match (found.pop(), found.is_empty()) {
        (Some(record), true) => Ok(record),
        (Some(_), false) => {
            Err(refused("more than one request has that id", "type more of its digits"))
        }
        (None, _) => {
            let hint = "`datafog approvals list --all` shows what there is";
            Err(refused("no request has that id", hint))
        }
    }
}

fn length(text: &str) -> Result<Duration, String> {
    let wrong = || String::from("expected a number and a unit: 30s, 10m, 8h or 2d");
    let (number, unit) = text.split_at_checked(text.len().saturating_sub(1)).ok_or_else(wrong)?;
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let unit = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 60 * 60,
        "d" => 24 * 60 * 60,
        _ => return Err(wrong()),
    };
    number.checked_mul(unit).map(Duration::from_secs).ok_or_else(wrong)
}

/// Seconds until the question, or the yes, is over.
fn left(record: &Record, now: &Moment) -> u64 {
    let grant = record.answer().and_then(|answer| answer.grant.as_ref());
    match record.state(now) {
        ApprovalState::Pending => record.asked().seconds_left(now),
        ApprovalState::Approved => grant.map_or(0, |grant| grant.until.seconds_left(now)),
        ApprovalState::Denied
        | ApprovalState::Expired
        | ApprovalState::Revoked
        | ApprovalState::Used => 0,
    }
}

fn state(state: ApprovalState) -> Cell {
    let tone = match state {
        ApprovalState::Approved => Tone::Good,
        ApprovalState::Denied => Tone::Bad,
        ApprovalState::Pending => Tone::Warning,
        ApprovalState::Expired | ApprovalState::Revoked | ApprovalState::Used => Tone::Dim,
    };
    Cell::toned(tone, state)
}

/// The state, and where it takes several persons, how many of them have said yes.
fn standing(record: &Record, now: &Moment) -> Cell {
    let (now, needed) = (record.state(now), record.needed());
    if now != ApprovalState::Pending || needed < 2 {
        return state(now);
    }
    Cell::toned(Tone::Warning, format_args!("{now} {}/{needed}", record.agreed().count()))
}

fn row(record: &Record, now: &Moment) -> Vec<Cell> {
    let event = record.event();
    let asked = now.wall.saturating_sub(record.asked().from.wall).checked_div(1000);
    let over = match left(record, now) {
        0 => String::new(),
        seconds => format!("{} left", span(seconds)),
    };
    vec![
        Cell::toned(Tone::Bold, record.id().short()),
        standing(record, now),
        Cell::new(format_args!("{} ago", span(asked.unwrap_or_default()))),
        Cell::new(over),
        Cell::new(event.principal.agent.as_deref().unwrap_or("-")),
        Cell::new(event.matched_rules.first().map_or("-", String::as_str)),
        Cell::new(datafog_approval::visible(&event.command, 120)),
    ]
}

/// A length of time in its largest unit.
fn span(seconds: u64) -> String {
    let in_units = |unit: u64| seconds.checked_div(unit).unwrap_or_default();
    match seconds {
        0..120 => format!("{seconds}s"),
        120..7200 => format!("{}m", in_units(60)),
        7200..172_800 => format!("{}h", in_units(3600)),
        _ => format!("{}d", in_units(86_400)),
    }
}

/// Shows one request, whole.
fn tell(session: &Session, record: &Record, json: bool) -> Result<ExitCode> {
    let now = Moment::now();
    if json {
        session.out.json(&Shown::of(record, &now))?;
        return Ok(ExitCode::Success);
    }
    let Question { title, facts, scopes, .. } = Question::of(record, &now);
    let line = |name: &str, text: String| vec![Cell::toned(Tone::Bold, name), Cell::new(text)];
    let mut rows = vec![
        line("id", record.id().to_string()),
        vec![Cell::toned(Tone::Bold, "state"), state(record.state(&now))],
        line("asked", record.event().timestamp.clone()),
        line("why", title),
    ];
    rows.extend(facts.into_iter().map(|(name, text)| line(name, text)));
    let scopes: Vec<_> = scopes.into_iter().map(ApprovalScope::name).collect();
    rows.push(line("scopes", scopes.join(", ")));
    if let Some(seconds) = Some(left(record, &now)).filter(|seconds| *seconds > 0) {
        rows.push(line("left", span(seconds)));
    }
    if let Some(answer) = record.answer() {
        let by = answer.by.as_deref().unwrap_or("nobody");
        rows.push(line("answered", format!("by {by} ({})", answer.way.name())));
        rows.extend(answer.grant.as_ref().map(|it| line("covers", it.scope.name().to_owned())));
        let note = answer.note.as_deref().map(|note| datafog_approval::visible(note, 500));
        rows.extend(note.map(|note| line("note", note)));
    }
    rows.push(line("used", record.uses().to_string()));
    session.out.print(session.out.table(&rows))?;
    Ok(ExitCode::Success)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_shown() {
        assert_eq!(length("10m"), Ok(Duration::from_secs(600)));
        for text in ["", "m", "10", "1w", "-1s", "99999999999999999999d", "é"] {
            assert!(length(text).is_err(), "{text}");
        }
        assert_eq!([span(59), span(600), span(7200), span(200_000)], ["59s", "10m", "2h", "2d"]);
    }
}
