//! A finding and its place for people and tools.

use std::borrow::Cow;

use datafog_core::{Confidence, Finding, KeyedDigest, Secret, Severity};
use serde::Serialize;

use crate::about::about;
use crate::place::Place;

/// A finding in a text that has a name.
///
/// It is written without the value: only where it lies, a keyed fingerprint and a masked preview.
#[derive(Debug, Serialize)]
pub struct Found {
    /// Id of the detector.
    pub detector: Cow<'static, str>,
    /// What was found, for example `secret.github.pat`.
    pub entity: Cow<'static, str>,
    /// The file as it was reached, `-` for standard input; a file in an archive stands after `!/`.
    pub path: String,
    /// Line of the first byte, from 1.
    pub line: usize,
    /// Byte of the line at which the value begins, from 1.
    pub column: usize,
    /// Offset of the first byte in the whole text.
    pub start: usize,
    /// Offset after the last byte.
    pub end: usize,
    /// How sure the detector is, 0 to 1.
    pub confidence: Confidence,
    /// How bad it is if it leaves.
    pub severity: Severity,
    /// Keyed digest of the value: equal values have equal fingerprints on one installation.
    pub fingerprint: KeyedDigest,
    /// The value, masked.
    pub preview: String,
    /// The commit that brought it in, where a history was looked through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub commit: Option<String>,
    /// What to do when it has leaked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoke: Option<&'static str>,
    /// The value, where [`crate::Options::values`] asks for it.
    #[serde(skip)]
    pub value: Option<Secret<Vec<u8>>>,
    /// First and last place, counted in characters for those who show texts.
    #[serde(skip)]
    pub(crate) shown: (Place, Place),
    /// The value as a baseline knows it.
    #[serde(skip)]
    pub(crate) known_as: Option<KeyedDigest>,
}

impl Found {
    pub(crate) fn new(path: &str, finding: Finding, shown: (Place, Place)) -> Self {
        let revoke = about(&finding.detector).map(|about| about.revoke);
        Self {
            path: path.to_owned(),
            line: shown.0.line,
            column: shown.0.column,
            start: finding.span.start(),
            end: finding.span.end(),
            detector: finding.detector,
            entity: finding.entity,
            confidence: finding.confidence,
            severity: finding.severity,
            fingerprint: finding.fingerprint,
            preview: finding.preview,
            commit: None,
            revoke: revoke.filter(|text| !text.is_empty()),
            value: None,
            shown,
            known_as: None,
        }
    }

    /// The same finding in a version of a file.
    pub(crate) fn in_change(&self, path: String, commit: Option<String>) -> Self {
        Self {
            detector: self.detector.clone(),
            entity: self.entity.clone(),
            path,
            preview: self.preview.clone(),
            commit,
            value: self.value.as_ref().map(|value| Secret::new(value.expose().clone())),
            ..*self
        }
    }
}
