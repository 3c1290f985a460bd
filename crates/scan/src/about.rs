//! Everything that can be found, described: the detectors of texts, and secrets told by their place
//! in a command.

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

/// A secret told by its place in a command line, whatever it looks like.
pub(crate) const BY_PLACE: About = About {
    id: "command-argument",
    entity: "secret.generic.*",
    summary: "Password or key that stands where a command takes one, as in `mysql -pX`",
    provider: "Command lines",
    severity: Severity::High,
    confidence: Confidence::percent(85),
    hosts: &[],
    url: "https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/V1_chap12.html",
    revoke: "Change it where it was issued, and give it to the command by a file or a variable.",
};

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
    abouts.push(BY_PLACE);
    abouts.sort_by_cached_key(|about| (about.provider.to_lowercase(), about.id));
    abouts
}

/// What is known under this name.
#[must_use]
pub fn about(id: &str) -> Option<About> {
    let by_shape = || detector(id).map(About::from);
    Some(BY_PLACE).filter(|about| about.id == id).or_else(by_shape)
}
