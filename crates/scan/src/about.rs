//! Everything that can be found, described in one form for people and tools.

use datafog_core::{Confidence, Severity};
use datafog_detect::{Detector, detector, detectors};
use serde::Serialize;

/// What people may know about something that can be found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct About {
    /// Unique name, for example `github-pat`.
    pub id: &'static str,
    /// What is found, for example `secret.github.pat`.
    pub entity: &'static str,
    /// One line for people.
    pub summary: &'static str,
    /// Who issues such values, or the family of data they belong to.
    pub provider: &'static str,
    /// How bad it is if one leaves.
    pub severity: Severity,
    /// How sure a finding is at best.
    pub confidence: Confidence,
    /// Hosts where the value belongs; empty when it belongs nowhere.
    pub hosts: &'static [&'static str],
    /// Where the format is described.
    pub url: &'static str,
    /// What to do when one has leaked.
    pub revoke: &'static str,
}

impl From<&'static Detector> for About {
    fn from(detector: &'static Detector) -> Self {
        let Detector { id, entity, summary, provider, url, revoke, hosts, .. } = *detector;
        let (severity, confidence) = (detector.severity, detector.confidence);
        Self { id, entity, summary, provider, severity, confidence, hosts, url, revoke }
    }
}

/// Everything that can be found, by provider and name.
#[must_use]
pub fn abouts() -> Vec<About> {
    let mut abouts: Vec<About> = detectors().iter().map(About::from).collect();
    abouts.sort_by_cached_key(|about| (about.provider.to_lowercase(), about.id));
    abouts
}

/// What is known under this name.
#[must_use]
pub fn about(id: &str) -> Option<About> {
    detector(id).map(About::from)
}
