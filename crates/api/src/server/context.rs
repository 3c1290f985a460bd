//! What the server keeps of a request beside the event: who sent it, by which names, in whose words.
//!
//! A caller's names are free text, so a secret may stand in them. What a detector recognises makes
//! the whole text unreadable, and none is longer than 256 letters.

use datafog_core::{Channel, Digest, Event};
use datafog_gate::Judge;
use serde::{Deserialize, Serialize};

use super::follow::Reported;
use crate::identity::Caller;
use crate::store::Entry;

/// Most letters of a name that are kept.
const MOST: usize = 256;

/// An event with what the server knows besides: one line of the store.
#[derive(Debug, Serialize)]
pub(crate) struct Line<'a> {
    #[serde(flatten)]
    pub(crate) event: &'a Event,
    pub(crate) server: &'a Context,
    /// What the caller, or the server itself, learnt of what was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) outcome: Option<&'a Reported>,
}

impl<'a> Line<'a> {
    /// A line that says nothing of what was done.
    pub(crate) const fn of(event: &'a Event, server: &'a Context) -> Self {
        Self { event, server, outcome: None }
    }
}

/// A line as it stands in the store.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Stored {
    #[serde(flatten)]
    pub(crate) event: Event,
    #[serde(default)]
    pub(crate) server: Context,
    #[serde(default)]
    pub(crate) outcome: Option<Reported>,
}

impl Stored {
    /// Of an entry.
    pub(crate) fn of(entry: &Entry) -> serde_json::Result<Self> {
        serde_json::from_str(&entry.line)
    }
}

/// Beside the event.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Context {
    /// The credential's tenant.
    pub(crate) tenant: String,
    /// Id of the credential's key; empty with the shared token.
    pub(crate) key: String,
    /// In whose form it was asked.
    pub(crate) dialect: String,
    pub(crate) request_id: String,
    pub(crate) trace_id: String,
    /// The tenant that the caller names; it counts for nothing.
    pub(crate) tenant_id: String,
    pub(crate) actor_id: String,
    pub(crate) session_id: String,
    /// The caller's own name for what it asks about.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) proposal_id: String,
    /// Keyed digest of what was asked, without its names.
    pub(crate) input_hash: String,
    /// Keyed digest of a tool's arguments, equal for equal ones.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(crate) args_hash: String,
    /// The action in the caller's words.
    pub(crate) action_type: String,
    pub(crate) tool: String,
    pub(crate) sensitive: bool,
}

impl Context {
    /// Of a request by this caller.
    pub(crate) fn of(caller: &Caller, dialect: &str) -> Self {
        Self {
            tenant: caller.tenant.clone(),
            key: caller.key.clone().unwrap_or_default(),
            dialect: dialect.to_owned(),
            ..Self::default()
        }
    }

    /// The same where no name can hold a secret.
    pub(crate) fn plain(mut self, judge: &Judge<'_>) -> Self {
        let names = [
            &mut self.request_id,
            &mut self.trace_id,
            &mut self.tenant_id,
            &mut self.actor_id,
            &mut self.session_id,
            &mut self.proposal_id,
            &mut self.action_type,
            &mut self.tool,
        ];
        for name in names {
            *name = plain(judge, name);
        }
        self
    }
}

/// A name, or what a caller says in words, as it may be kept.
pub(crate) fn plain(judge: &Judge<'_>, name: &str) -> String {
    match secret(judge, name) {
        Some(instead) => instead,
        None => name.chars().filter(|letter| !letter.is_control()).take(MOST).collect(),
    }
}

/// The same for a name that tells one thing from another: two that differ stay two.
pub(crate) fn distinct(judge: &Judge<'_>, name: &str) -> String {
    let kept = plain(judge, name);
    if kept == name {
        return kept;
    }
    let digest = judge.key().digest("name", [name.as_bytes()]).to_string();
    format!("{kept}#{}", digest.get(..16).unwrap_or_default())
}

/// What a person writes, as it may be kept.
pub(crate) fn without_secret(judge: &Judge<'_>, text: String) -> String {
    secret(judge, &text).unwrap_or(text)
}

/// What stands in the place of a text that holds a secret.
fn secret(judge: &Judge<'_>, text: &str) -> Option<String> {
    let found = judge.scan(text.as_bytes(), &Channel::Field(String::from("name")));
    let secret = found.iter().find(|finding| finding.entity.starts_with("secret."));
    secret.map(|finding| format!("‹{}›", finding.entity))
}

/// What a repeated request must be equal in: keyed, so that nothing can be found by trying.
pub(crate) fn digest(judge: &Judge<'_>, request: &[u8]) -> [u8; 32] {
    *judge.key().digest("request", [request]).as_bytes()
}

/// A digest as it is told.
pub(crate) fn hex(digest: [u8; 32]) -> String {
    Digest::from_bytes(digest).to_string()
}
