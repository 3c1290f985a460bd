//! A rewrite that a policy describes by steps, and what is recorded of any rewrite.

use serde::{Deserialize, Serialize};

use crate::KeyedDigest;

/// A rewrite of the user's own. Its steps are taken in order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CustomRewrite {
    /// Its name, by which rules ask for it.
    pub name: String,
    /// What it does.
    pub steps: Vec<RewriteStep>,
}

/// One step of a rewrite. A place is the name of an option with its dashes (`--max-time`), or the
/// dot path of an argument of a tool (`options.timeout`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewriteStep {
    /// Puts words behind the last one, before `--` where that stands.
    Append(Vec<String>),
    /// Lowers a number to at most `at`, and sets it where it is missing.
    Cap {
        /// Where the number stands.
        place: String,
        /// The most that it may be.
        at: i64,
    },
    /// Takes options away, by canonical name, however they are written.
    DropFlag(Vec<String>),
    /// Replaces what was found of these entity types (globs) by a mark.
    Redact(Vec<String>),
    /// Replaces the scheme of URLs.
    ReplaceScheme {
        /// The scheme, in small letters without `:`.
        from: String,
        /// What stands in its place.
        to: String,
    },
    /// Sets an option or an argument, whatever it was.
    Set {
        /// Where the value stands.
        place: String,
        /// The value; of an option, its text.
        to: RewriteValue,
    },
}

/// A value that a step sets.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RewriteValue {
    /// `true` or `false`; an option is given without a value, or taken away.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Text.
    Text(String),
}

/// What a call was turned into, as a receipt tells it. Holds no raw value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rewritten {
    /// The rewrites that were applied, in order.
    pub by: Vec<String>,
    /// The new command in a form without values.
    pub command: String,
    /// Keyed digest of the new canonical arguments.
    pub action_digest: KeyedDigest,
}
