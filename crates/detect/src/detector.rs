//! What people and policies may know about a detector.

use datafog_core::{Confidence, Severity};

use crate::tables::DETECTORS;

/// One recognised shape, as described in its data file.
#[derive(Debug)]
#[non_exhaustive]
pub struct Detector {
    /// Unique name, for example `github-pat`.
    pub id: &'static str,
    /// What is found, for example `secret.github.pat`.
    pub entity: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Who issues such values, or the family of data they belong to.
    pub provider: &'static str,
    /// Where the format is described.
    pub url: &'static str,
    /// What to do when one has leaked.
    pub revoke: &'static str,
    /// Host patterns where the value belongs, as [`datafog_core::Destination::is_home`] reads
    /// them; empty when it belongs nowhere.
    pub hosts: &'static [&'static str],
    /// How bad it is if one leaves.
    pub severity: Severity,
    /// How sure a finding is at best.
    pub confidence: Confidence,
}

/// All detectors, by file and place in it.
#[must_use]
pub fn detectors() -> &'static [Detector] {
    &DETECTORS
}

/// The detector with this id.
#[must_use]
pub fn detector(id: &str) -> Option<&'static Detector> {
    DETECTORS.iter().find(|detector| detector.id == id)
}
