//! The recorded decision: one line of the ledger.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::{
    ActionKind, ApprovalNote, Channel, Digest, Finding, Flow, Id, KeyedDigest, Mode, Obligation,
    Principal, Rewritten, Risk, Verdict,
};

/// One line of the ledger: an [`Event`] in its place in the chain.
///
/// Serialised as one JSON object; `seq`, `prev` and `version` come first so that a person can
/// follow the chain by eye. The hash of a line is the SHA-256 of its bytes without the newline; the next line
/// carries it as `prev`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt<'a> {
    /// Version of this form, now 1.
    pub version: u32,
    /// Position in the chain, from 1, without gaps.
    pub seq: u64,
    /// Hash of the line before; 64 zeros for the first.
    pub prev: Digest,
    /// What happened.
    #[serde(flatten)]
    pub event: Cow<'a, Event>,
}

/// What happened, before it has a place in the chain. Holds no raw value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Event {
    /// Id of the receipt.
    pub receipt_id: Id,
    /// When, RFC 3339 in UTC with microseconds.
    pub timestamp: String,
    /// What kind of receipt it is.
    pub kind: ReceiptKind,
    /// The receipt that this one adds to (for an outcome).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<Id>,
    /// Whether decisions were carried out.
    pub mode: Mode,
    /// Who asked.
    pub principal: Principal,
    /// What kind of action it was.
    pub action_type: ActionKind,
    /// Family of the command (`vcs`, `http`); empty when unknown.
    pub tool: String,
    /// The command in a form without values: names of options, paths, hosts; findings masked.
    pub command: String,
    /// The working directory.
    pub cwd: String,
    /// Keyed digest of the canonical arguments.
    pub action_digest: KeyedDigest,
    /// Which way data would move.
    pub flows: Vec<Flow>,
    /// Hosts it would contact, for display.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub destinations: Vec<String>,
    /// What was scanned.
    pub channels: Vec<ChannelScan>,
    /// What could not be scanned or understood, and other faults, in words.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
    /// What was found.
    pub findings: Vec<Finding>,
    /// What the policy said.
    pub decision: Verdict,
    /// Ids of all matching rules, the deciding one first.
    pub matched_rules: Vec<String>,
    /// Ids of the rules whose counters counted this call, whatever came of it: what the counters
    /// are made of anew when they are lost.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub counted: Vec<String>,
    /// What had to be carried out.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub obligations: Vec<Obligation>,
    /// What ran in place of the command above, where it was rewritten.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rewritten: Option<Rewritten>,
    /// Why.
    pub reason: String,
    /// How risky the policy took it to be, where a rule about that matched.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub risk: Option<Risk>,
    /// What was done: `exec`, `filter`, `hold`, `block`, or `none` for a check.
    pub enforcement: String,
    /// What became of asking a person, where one was asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub approval: Option<Box<ApprovalNote>>,
    /// The policy's id.
    pub policy_id: String,
    /// The policy's version.
    pub policy_version: String,
    /// Digest of the policy as it was in force.
    pub policy_digest: Digest,
    /// Every policy that was asked, when it was more than one; the three fields above name the
    /// one whose word held.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub policies: Vec<PolicyUse>,
    /// How long judging took, in microseconds, without writing this line.
    pub duration_us: u64,
}

impl Event {
    /// An event in which nothing was found and nobody asked, with a decision that no rule made: for those
    /// that tell of something else than a call, and for examples. What is known is put in its place.
    #[must_use]
    pub fn bare(
        receipt_id: Id,
        timestamp: String,
        action_digest: KeyedDigest,
        decision: Verdict,
    ) -> Self {
        Self {
            receipt_id,
            timestamp,
            kind: ReceiptKind::Action,
            follows: None,
            mode: Mode::Enforced,
            principal: Principal::default(),
            action_type: ActionKind::CommandExec,
            tool: String::new(),
            command: String::new(),
            cwd: String::new(),
            action_digest,
            flows: Vec::new(),
            destinations: Vec::new(),
            channels: Vec::new(),
            faults: Vec::new(),
            findings: Vec::new(),
            decision,
            matched_rules: Vec::new(),
            counted: Vec::new(),
            obligations: Vec::new(),
            rewritten: None,
            reason: String::new(),
            risk: None,
            enforcement: String::from("none"),
            approval: None,
            policy_id: String::new(),
            policy_version: String::new(),
            policy_digest: Digest::ZERO,
            policies: Vec::new(),
            duration_us: 0,
        }
    }
}

/// One of several policies that were asked, and what it said by itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyUse {
    /// The policy's id.
    pub id: String,
    /// The policy's version; empty when it has none.
    pub version: String,
    /// Digest of the policy as it was in force; of a file of another system, its SHA-256.
    pub digest: Digest,
    /// What it said.
    pub decision: Verdict,
}

/// Kind of a receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptKind {
    /// A decision that was carried out, or, in observe mode, would have been.
    Action,
    /// A decision that somebody asked to see; nothing ran.
    Check,
    /// What happened after an earlier decision.
    Outcome,
    /// A break in the ledger that was found and set aside.
    Recovery,
}

/// How much of one channel was scanned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChannelScan {
    /// Which channel.
    pub channel: Channel,
    /// How many bytes were read.
    pub bytes: u64,
    /// SHA-256 keyed digest of a file's or standard input's bytes; absent for arguments, which
    /// the action's digest covers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<KeyedDigest>,
}

/// Where a rule stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum RuleOrigin {
    /// The embedded starter policy.
    Builtin,
    /// A file and a line, from 1.
    File {
        /// Path of the policy file, for display.
        path: String,
        /// Line of the rule's head, from 1.
        line: u32,
    },
}
