//! Policies that were in force, as they are stored.

/// A version of a policy's text. Moments are microseconds since 1970, UTC.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyVersion {
    /// Its number, from 1.
    pub number: u64,
    /// What is known of it.
    pub about: NewPolicy,
}

/// A version that has no number yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewPolicy {
    /// When it was put into force, or seen there.
    pub at: i64,
    /// Who did it.
    pub author: String,
    /// What they wrote beside it.
    pub note: String,
    /// SHA-256 of the text, in hex.
    pub digest: String,
    /// The text; `None` for one that holds what looks like a secret, and in lists.
    pub text: Option<String>,
}
