//! The way to a person: what they are shown, and what they may answer.
//!
//! The gate speaks to nobody. Whoever embeds it hands it a [`Terminal`]; without one nobody is
//! waited for, and a held call returns at once.

use core::fmt;

use datafog_approval::{Moment, Record, visible};
use datafog_core::{ApprovalScope, Finding};

/// Most characters of a command that are shown; a receipt's has fewer.
const MOST_SHOWN: usize = 2000;

/// Most characters of any other text.
const MOST_TEXT: usize = 300;

/// Most findings and faults that are listed.
const MOST_LISTED: usize = 5;

/// Asks whoever sits at the terminal of this process.
pub trait Terminal: fmt::Debug {
    /// Whether this process has one.
    fn is_there(&self) -> bool;

    /// Shows the question and waits for an answer as long as `goes_on` says, which is asked several
    /// times a second.
    fn ask(&self, question: &Question, goes_on: &mut dyn FnMut() -> bool) -> Said;

    /// Shows one line to whoever waits.
    fn tell(&self, line: &str);
}

/// What came back from a terminal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// No, or something that stands for it: Ctrl-C, Enter, the end of input.
    No,
    /// Nobody can be asked there now: it belongs to another process.
    Nobody,
    /// No answer, and none is awaited any more.
    Nothing,
    /// Yes, as widely as that.
    Yes(ApprovalScope),
}

/// What a person is asked. Every text in it may be shown as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// Why they are asked, in one sentence.
    pub title: String,
    /// What they should know: a word for it, and the text.
    pub facts: Vec<(&'static str, String)>,
    /// The scopes that a yes may have, from the narrowest.
    pub scopes: Vec<ApprovalScope>,
    /// How many seconds are left for an answer.
    pub seconds: u64,
}

impl Question {
    /// The question of a request.
    #[must_use]
    pub fn of(record: &Record, now: &Moment) -> Self {
        let event = record.event();
        let text = |text: &str| visible(text, MOST_TEXT);
        let who = event.principal.agent.as_deref().unwrap_or_else(|| event.principal.kind.name());
        let mut facts = vec![
            ("command", visible(&event.command, MOST_SHOWN)),
            ("folder", text(&event.cwd)),
            ("rule", text(&event.matched_rules.join(", "))),
        ];
        // A receipt's form of a long command ends with that mark.
        if event.command.ends_with('…') {
            facts.insert(1, ("", String::from("the command goes on: it is longer than is shown")));
        }
        if !event.destinations.is_empty() {
            facts.push(("goes to", text(&event.destinations.join(", "))));
        }
        let found = event.findings.iter().take(MOST_LISTED).map(finding);
        let faults = event.faults.iter().take(MOST_LISTED).map(|fault| ("unseen", text(fault)));
        facts.extend(found.map(|found| ("found", text(&found))));
        if let Some(more) = event.findings.len().checked_sub(MOST_LISTED).filter(|more| *more > 0) {
            facts.push(("", format!("and {more} more")));
        }
        facts.extend(faults);
        facts.extend(record.rewrite().map(|rewrite| ("instead", text(rewrite))));
        facts.push(("asked by", text(who)));
        facts.extend(persons(record).map(|persons| ("needs", text(&persons))));
        Self {
            title: text(&event.reason),
            facts,
            scopes: record.scopes().collect(),
            seconds: record.asked().seconds_left(now),
        }
    }
}

/// Who has to say yes, where it takes more than one.
fn persons(record: &Record) -> Option<String> {
    let needed = record.needed();
    let agreed: Vec<&str> = record.agreed().collect();
    (needed > 1).then(|| match agreed.as_slice() {
        [] => format!("{needed} different persons have to say yes"),
        some => format!("{} of {needed} have said yes: {}", some.len(), some.join(", ")),
    })
}

fn finding(found: &Finding) -> String {
    let Finding { entity, channel, severity, detector, .. } = found;
    format!("{entity} in {channel} ({}, {detector})", severity.name())
}
