//! What a scan came to.

use serde::Serialize;

use crate::Found;

/// All findings of a scan, and everything that was left out, counted or named.
#[derive(Debug, Default, Serialize)]
pub struct Report {
    /// Texts that were looked at; a file in an archive is one.
    pub files: usize,
    /// Bytes that were looked at.
    pub bytes: u64,
    /// What was found, by path and place.
    pub findings: Vec<Found>,
    /// Findings beyond the most that are reported of one text, as far as they were looked for: what could
    /// not be listed any more is not.
    pub not_listed: usize,
    /// Findings that somebody has allowed.
    pub allowed: Allowed,
    /// Files that are no text and were therefore left out.
    pub binary: usize,
    /// What could not be read, or not to its end.
    pub unread: Vec<Unread>,
}

/// Findings that are not reported because somebody wrote down that they are known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Allowed {
    /// By a `datafog:allow` comment on their line.
    pub inline: usize,
    /// By the baseline.
    pub baseline: usize,
}

/// Something that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Unread {
    /// What it is called.
    pub path: String,
    /// Why it could not be read.
    pub reason: String,
}

impl Report {
    /// Adds what another thread found.
    pub fn merge(&mut self, other: Self) {
        self.files = self.files.saturating_add(other.files);
        self.bytes = self.bytes.saturating_add(other.bytes);
        self.findings.extend(other.findings);
        self.not_listed = self.not_listed.saturating_add(other.not_listed);
        self.allowed.inline = self.allowed.inline.saturating_add(other.allowed.inline);
        self.allowed.baseline = self.allowed.baseline.saturating_add(other.allowed.baseline);
        self.binary = self.binary.saturating_add(other.binary);
        self.unread.extend(other.unread);
    }

    /// Puts everything into the order of paths and places, whichever thread was first.
    pub fn sort(&mut self) {
        self.findings.sort_by(|one, other| {
            (&one.path, one.start, one.end).cmp(&(&other.path, other.start, other.end))
        });
        self.unread.sort();
        self.unread.dedup();
    }

    /// Findings, those that are not listed among them.
    #[must_use]
    pub const fn total(&self) -> usize {
        self.findings.len().saturating_add(self.not_listed)
    }

    pub(crate) fn note(&mut self, path: &str, reason: impl core::fmt::Display) {
        self.unread.push(Unread { path: path.to_owned(), reason: reason.to_string() });
    }
}
