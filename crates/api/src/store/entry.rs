//! One line of a store's chain, and how lines are asked for.
//!
//! A line has the form of a line of the ledger (`docs/AUDIT_FORMAT.md`): `version`, `seq` and `prev`
//! first, then the event. So lines that are exported in order are a ledger. What a store can be
//! asked by stands in columns of its own; they are worked out from the line and nothing else, both
//! when it is written and when it is verified.

use datafog_core::Digest;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Error;

/// No line is longer, in bytes: what the ledger allows, and as much again for what a server knows
/// besides.
const MOST_BYTES: usize = 128 << 10;

/// An event that has no place in the chain yet.
#[derive(Clone, Debug)]
pub struct NewEntry {
    /// The event: a JSON object with at least one member, on one line.
    pub(super) body: String,
    pub(super) columns: Columns,
}

/// What a store can be asked by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Columns {
    pub(super) id: String,
    pub(super) kind: String,
    /// Microseconds since 1970, UTC.
    pub(super) at: i64,
    pub(super) tenant: String,
    pub(super) decision: Option<String>,
    pub(super) action_type: Option<String>,
    pub(super) tool: Option<String>,
}

/// The members of an event that become columns.
#[derive(Deserialize)]
struct Members<'a> {
    receipt_id: &'a str,
    kind: &'a str,
    timestamp: &'a str,
    #[serde(default)]
    server: Asked,
    decision: Option<String>,
    action_type: Option<String>,
    tool: Option<String>,
}

/// What the server knows of a request beside the event.
#[derive(Default, Deserialize)]
struct Asked {
    #[serde(default)]
    tenant: String,
}

impl NewEntry {
    /// The entry of an event. It must have `receipt_id`, `kind` and `timestamp` (RFC 3339); its
    /// tenant is that of its member `server`.
    ///
    /// # Errors
    /// [`Error::Form`] when it has not, or when its line would be longer than 128 KiB.
    pub fn of(event: &impl Serialize) -> Result<Self, Error> {
        let body = serde_json::to_string(event).map_err(|error| Error::Form(error.to_string()))?;
        if body.len() > MOST_BYTES {
            return Err(Error::Form(format!("an event of {} bytes", body.len())));
        }
        let columns = Columns::of(&body)?;
        Ok(Self { body, columns })
    }

    /// Its line in the chain.
    pub(super) fn line(&self, seq: u64, prev: &Digest) -> String {
        let members = self.body.strip_prefix('{').unwrap_or_default();
        format!(r#"{{"version":1,"seq":{seq},"prev":"{prev}",{members}"#)
    }
}

impl Columns {
    /// Of an event or of its line.
    pub(super) fn of(json: &str) -> Result<Self, Error> {
        let form = |error: &dyn ToString| Error::Form(error.to_string());
        let members: Members<'_> = serde_json::from_str(json).map_err(|error| form(&error))?;
        let at: Timestamp = members.timestamp.parse().map_err(|error: jiff::Error| form(&error))?;
        Ok(Self {
            id: members.receipt_id.to_owned(),
            kind: members.kind.to_owned(),
            at: at.as_microsecond(),
            tenant: members.server.tenant,
            decision: members.decision,
            action_type: members.action_type,
            tool: members.tool,
        })
    }
}

/// A line as it stands in a store.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its number in the chain, from 1.
    pub seq: u64,
    /// The whole line, without an end.
    pub line: String,
}

/// Which entries are wanted. What is `None` matches all.
#[derive(Clone, Debug)]
pub struct Query {
    /// The tenant.
    pub tenant: Option<String>,
    /// The verdict by its wire name.
    pub decision: Option<String>,
    /// The kind of action by its wire name; case does not matter.
    pub action_type: Option<String>,
    /// The tool or family of commands; case does not matter.
    pub tool: Option<String>,
    /// Later than this, in microseconds since 1970, UTC.
    pub after: Option<i64>,
    /// Earlier than this.
    pub before: Option<i64>,
    /// Who asked, as they named themselves (`actor_id`). It is read from the lines.
    pub agent: Option<String>,
    /// The caller's session. It is read from the lines.
    pub session: Option<String>,
    /// The kind of receipt by its wire name.
    pub kind: Option<String>,
    /// A rule that matched, by its id; case does not matter. It is read from the lines.
    pub rule: Option<String>,
    /// What stands in the reason or in the command; ASCII case does not matter. It is read from the
    /// lines.
    pub text: Option<String>,
    /// Points of risk, from and to. They are read from the lines.
    pub score: (Option<i64>, Option<i64>),
    /// No more than this.
    pub limit: u32,
    /// Without so many of the newest.
    pub offset: u32,
}

impl Default for Query {
    /// The newest hundred.
    fn default() -> Self {
        Self {
            tenant: None,
            decision: None,
            action_type: None,
            tool: None,
            after: None,
            before: None,
            agent: None,
            session: None,
            kind: None,
            rule: None,
            text: None,
            score: (None, None),
            limit: 100,
            offset: 0,
        }
    }
}

impl Query {
    /// The patterns (SQL's `LIKE`, `\\` before what is meant as it is) that lists of matched rules, and
    /// reasons and commands, fit.
    pub(super) fn patterns(&self) -> (Option<String>, Option<String>) {
        let plain = |text: &String| {
            let mut plain = String::new();
            for letter in text.to_ascii_lowercase().chars() {
                if matches!(letter, '%' | '_' | '\\') {
                    plain.push('\\');
                }
                plain.push(letter);
            }
            plain
        };
        let rule = self.rule.as_ref().map(|rule| format!("%\"{}\"%", plain(rule)));
        (rule, self.text.as_ref().map(|text| format!("%{}%", plain(text))))
    }
}

/// How often a verdict was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// The verdict by its wire name.
    pub decision: String,
    /// How often.
    pub count: u64,
    /// How often the policy said how risky it was.
    pub scored: u64,
    /// The points of all those together.
    pub score: u64,
}

/// Entries that were asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// The entries, newest first.
    pub entries: Vec<Entry>,
    /// How many match, with those beyond the limit.
    pub total: u64,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_line_begins_as_a_line_of_the_ledger_and_keeps_its_columns() {
        let event = json!({
            "receipt_id": "a", "kind": "check", "timestamp": "2026-11-21T10:00:00.000001Z",
            "decision": "deny", "server": { "tenant": "t" },
        });
        let entry = NewEntry::of(&event).unwrap();
        let line = entry.line(7, &Digest::ZERO);
        let head = format!(r#"{{"version":1,"seq":7,"prev":"{}","#, "0".repeat(64));
        assert!(line.starts_with(&head), "{line}");
        assert_eq!(Columns::of(&line).unwrap(), entry.columns);
        assert_eq!((entry.columns.at % 1_000_000, &*entry.columns.tenant), (1, "t"));
    }

    #[test]
    fn what_has_no_place_in_a_chain_is_refused() {
        for event in [
            json!({}),
            json!([]),
            json!({"receipt_id": "a", "kind": "check", "timestamp": "yesterday"}),
            json!({"receipt_id": 1, "kind": "check", "timestamp": "2026-11-21T10:00:00Z"}),
        ] {
            assert!(matches!(NewEntry::of(&event), Err(Error::Form(_))), "{event}");
        }
        let text = "x".repeat(MOST_BYTES);
        let long = json!({
            "receipt_id": "a", "kind": "check", "timestamp": "2026-11-21T10:00:00Z", "text": text,
        });
        assert!(matches!(NewEntry::of(&long), Err(Error::Form(_))));
    }
}
