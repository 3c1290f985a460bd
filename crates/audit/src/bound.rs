//! Keeps a line within its bound: a receipt with ten thousand findings is still one line, and says
//! what it leaves out.

use datafog_core::{Event, Finding};
use serde::Serialize;

use crate::Error;

/// Most bytes of one text field as JSON, without its quotes, once an event is cut.
///
/// INVARIANT: all twelve text fields of this length, the names of all fields and the sentence on
/// what was left out fit into a line.
const TEXT_MAX: usize = 4096;

/// Room for the sentence on what was left out.
const SENTENCE_MAX: usize = 512;

/// What stands at the end of a text that was cut.
const ELLIPSIS: &str = "…";

/// A copy of `event` whose JSON takes at most `max` bytes.
///
/// Long texts lose their ends. Lists are filled up in the order of their worth while there is
/// room; of the findings the most severe stay.
pub(crate) fn cut(event: &Event, max: usize) -> Result<Event, Error> {
    let mut small = bare(event);
    let mut keeper = Keeper {
        room: max.saturating_sub(size(&small)?).saturating_sub(SENTENCE_MAX),
        left_out: Vec::new(),
    };
    small.flows = keeper.keep("flows", &event.flows)?;
    small.matched_rules = keeper.keep("rules", &event.matched_rules)?;
    small.obligations = keeper.keep("obligations", &event.obligations)?;
    small.faults = keeper.keep("faults", &event.faults)?;
    small.findings = keeper.keep_worst(&event.findings)?;
    small.destinations = keeper.keep("destinations", &event.destinations)?;
    small.channels = keeper.keep("channels", &event.channels)?;
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
        obligations: Vec::new(),
        reason: shortened(&event.reason),
        enforcement: shortened(&event.enforcement),
        policy_id: shortened(&event.policy_id),
        policy_version: shortened(&event.policy_version),
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
    fn keep<T: Clone + Serialize>(&mut self, what: &str, items: &[T]) -> Result<Vec<T>, Error> {
        let mut kept = Vec::new();
        // The name of a list that would otherwise not be written at all.
        self.room = self.room.saturating_sub(what.len().saturating_add(16));
        for item in items {
            if self.takes(item)? {
                kept.push(item.clone());
            }
        }
        self.note(what, kept.len(), items.len());
        Ok(kept)
    }

    /// The most severe findings that there is room for, in their own order.
    fn keep_worst(&mut self, findings: &[Finding]) -> Result<Vec<Finding>, Error> {
        let mut by_worth: Vec<(usize, &Finding)> = findings.iter().enumerate().collect();
        by_worth.sort_by_key(|(_, finding)| core::cmp::Reverse(finding.severity));
        let mut kept = Vec::new();
        for (index, finding) in by_worth {
            if self.takes(finding)? {
                kept.push((index, finding));
            }
        }
        kept.sort_by_key(|(index, _)| *index);
        self.note("findings", kept.len(), findings.len());
        Ok(kept.into_iter().map(|(_, finding)| finding.clone()).collect())
    }

    /// Whether there is room for one more item and its comma; takes the room.
    fn takes(&mut self, item: &impl Serialize) -> Result<bool, Error> {
        let left = self.room.checked_sub(size(item)?.saturating_add(1));
        self.room = left.unwrap_or(self.room);
        Ok(left.is_some())
    }

    fn note(&mut self, what: &str, kept: usize, all: usize) {
        if kept < all {
            self.left_out.push(format!("{} of {all} {what}", all.saturating_sub(kept)));
        }
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
