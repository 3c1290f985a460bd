//! Keeps a line within its bound: a receipt with ten thousand findings is still one line, and says
//! what it leaves out.

use core::cmp::Reverse;

use datafog_core::{Event, Finding, Risk};
use serde::{Serialize, Serializer};

use crate::Error;

/// Most bytes of one text field as JSON, without its quotes, once an event is cut.
///
/// INVARIANT: all twelve text fields of this length, the names of all fields and the sentence on
/// what was left out fit into a line.
const TEXT_MAX: usize = 4096;

/// Room for the sentence on what was left out.
const SENTENCE_MAX: usize = 512;

/// Room for the name and the brackets of a list that is not written at all while it is empty.
const NAME_MAX: usize = 32;

/// What stands at the end of a text that was cut.
const ELLIPSIS: &str = "…";

/// A copy of `event` whose JSON takes at most `max` bytes.
///
/// Long texts lose their ends. Each list, in the order of their worth, gets at most half of the
/// room that is left, so that none crowds out the others; of the findings the most severe stay.
pub(crate) fn cut(event: &Event, max: usize) -> Result<Event, Error> {
    let mut small = bare(event);
    let mut keeper = Keeper {
        room: max.saturating_sub(size(&small)?).saturating_sub(SENTENCE_MAX),
        left_out: Vec::new(),
    };
    small.flows = keeper.keep("flows", &event.flows)?;
    small.matched_rules = keeper.keep("rules", &event.matched_rules)?;
    small.counted = keeper.keep("counters", &event.counted)?;
    small.obligations = keeper.keep("obligations", &event.obligations)?;
    small.findings = keeper.keep_worst(&event.findings)?;
    small.faults = keeper.keep("faults", &event.faults)?;
    small.destinations = keeper.keep("destinations", &event.destinations)?;
    small.channels = keeper.keep("channels", &event.channels)?;
    small.policies = keeper.keep("policies", &event.policies)?;
    small.principal.parents = keeper.keep("parents", &event.principal.parents)?;
    let left_out = keeper.left_out.join(", ");
    let what = if left_out.is_empty() { "the ends of long texts" } else { &left_out };
    small.faults.push(format!("the receipt was too long; left out: {what}"));
    Ok(small)
}

/// The event with empty lists and short texts.
fn bare(event: &Event) -> Event {
    let mut principal = event.principal.clone();
    principal.parents.clear();
    principal.agent = principal.agent.as_deref().map(shortened);
    principal.session = principal.session.as_deref().map(shortened);
    Event {
        timestamp: shortened(&event.timestamp),
        principal,
        tool: shortened(&event.tool),
        command: shortened(&event.command),
        cwd: shortened(&event.cwd),
        flows: Vec::new(),
        destinations: Vec::new(),
        channels: Vec::new(),
        faults: Vec::new(),
        findings: Vec::new(),
        matched_rules: Vec::new(),
        counted: Vec::new(),
        obligations: Vec::new(),
        rewritten: None,
        reason: shortened(&event.reason),
        risk: event.risk.as_ref().map(|risk| Risk { score: risk.score, signals: Vec::new() }),
        enforcement: shortened(&event.enforcement),
        approval: event.approval.clone(),
        policy_id: shortened(&event.policy_id),
        policy_version: shortened(&event.policy_version),
        policies: Vec::new(),
        ..*event
    }
}

/// Fills lists up while there is room.
struct Keeper {
    /// Bytes that may still be used.
    room: usize,
    /// For each list that was cut, how many of how many are left out.
    left_out: Vec<String>,
}

impl Keeper {
    /// The items of a list that there is room for.
    fn keep<T: Clone + Serialize>(&mut self, what: &str, items: &[T]) -> Result<Vec<T>, Error> {
        let kept = self.choose(items.iter())?;
        self.note(what, kept.len(), items.len());
        Ok(kept.into_iter().cloned().collect())
    }

    /// The most severe findings that there is room for, in their own order.
    fn keep_worst(&mut self, findings: &[Finding]) -> Result<Vec<Finding>, Error> {
        let mut by_worth: Vec<_> = findings.iter().enumerate().collect();
        by_worth.sort_by_key(|(_, finding)| Reverse(finding.severity));
        let ranked = by_worth.into_iter().map(|(index, finding)| Ranked { finding, index });
        let mut worst = self.choose(ranked)?;
        worst.sort_by_key(|ranked| ranked.index);
        self.note("findings", worst.len(), findings.len());
        Ok(worst.into_iter().map(|ranked| ranked.finding.clone()).collect())
    }

    /// The items that fit into half of the room, with their commas and the name of their list.
    fn choose<T: Serialize>(&mut self, items: impl Iterator<Item = T>) -> Result<Vec<T>, Error> {
        let mut share = self.room / 2;
        let mut used = NAME_MAX.min(share);
        share = share.saturating_sub(used);
        let mut kept = Vec::new();
        for item in items {
            let length = size(&item)?.saturating_add(1);
            if let Some(left) = share.checked_sub(length) {
                share = left;
                used = used.saturating_add(length);
                kept.push(item);
            }
        }
        self.room = self.room.saturating_sub(used);
        Ok(kept)
    }

    fn note(&mut self, what: &str, kept: usize, all: usize) {
        if kept < all {
            self.left_out.push(format!("{} of {all} {what}", all.saturating_sub(kept)));
        }
    }
}

/// A finding and its place among all; written as the finding alone.
struct Ranked<'a> {
    finding: &'a Finding,
    index: usize,
}

impl Serialize for Ranked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.finding.serialize(serializer)
    }
}

/// Length of the JSON of `item` in bytes.
fn size(item: &impl Serialize) -> Result<usize, Error> {
    serde_json::to_vec(item).map(|json| json.len()).map_err(Error::Encode)
}

/// `text` or, when its JSON is too long, as much of its beginning as fits.
fn shortened(text: &str) -> String {
    let mut length = 0_usize;
    let mut fits = 0;
    for (at, letter) in text.char_indices() {
        length = length.saturating_add(escaped_length(letter));
        if length > TEXT_MAX {
            return format!("{}{ELLIPSIS}", text.get(..fits).unwrap_or_default());
        }
        if length.saturating_add(ELLIPSIS.len()) <= TEXT_MAX {
            fits = at.saturating_add(letter.len_utf8());
        }
    }
    text.to_owned()
}

/// How many bytes a character takes in a JSON text.
fn escaped_length(letter: char) -> usize {
    match letter {
        '"' | '\\' | '\u{8}' | '\t' | '\n' | '\u{c}' | '\r' => 2,
        '\0'..='\u{1f}' => 6,
        _ => letter.len_utf8(),
    }
}
