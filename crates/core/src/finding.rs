//! Something that was recognised in content, without its value.

use core::fmt;
use std::borrow::Cow;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::{Channel, KeyedDigest, Span};

/// A recognised secret or piece of personal data.
///
/// INVARIANT: no field holds the raw value. The fingerprint is keyed, the preview is masked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// Id of the detector, for example `github-pat`.
    pub detector: Cow<'static, str>,
    /// What was found, for example `secret.github.pat` or `pii.email`.
    #[serde(rename = "entity_type")]
    pub entity: Cow<'static, str>,
    /// Where it was found.
    pub channel: Channel,
    /// Which bytes of the channel.
    pub span: Span,
    /// How sure the detector is.
    pub confidence: Confidence,
    /// How bad it is if this leaves.
    pub severity: Severity,
    /// Keyed digest of the value: equal values have equal fingerprints on one installation.
    pub fingerprint: KeyedDigest,
    /// A masked form for people: the public head of a token and its length, never its body.
    pub preview: String,
}

/// How sure a detector is, in per cent; written as a number from 0 to 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Confidence(u8);

impl Confidence {
    /// Certain: a checksum or an unmistakable structure holds.
    pub const CERTAIN: Self = Self(100);

    /// `percent` of certainty; values above 100 count as 100.
    #[must_use]
    pub const fn percent(percent: u8) -> Self {
        Self(if percent > 100 { 100 } else { percent })
    }

    /// The value in per cent, 0 to 100.
    #[must_use]
    pub const fn as_percent(self) -> u8 {
        self.0
    }
}

impl fmt::Display for Confidence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{:02}", self.0 / 100, self.0 % 100)
    }
}

impl Serialize for Confidence {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_f64(f64::from(self.0) / 100.0)
    }
}

impl<'de> Deserialize<'de> for Confidence {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let share = f64::deserialize(deserializer)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(serde::de::Error::custom("a confidence lies between 0 and 1"));
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to 100 by the check above"
        )]
        Ok(Self((share * 100.0).round() as u8))
    }
}

/// How bad it is if a finding leaves. Ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Should not leave.
    Medium,
    /// Gives access or identifies a person.
    High,
    /// Gives broad access, or cannot be undone.
    Critical,
}

impl Severity {
    /// The name used in data files, policies and receipts.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn confidence_is_written_as_a_share() {
        assert_eq!(serde_json::to_string(&Confidence::percent(94)).unwrap(), "0.94");
        assert_eq!(serde_json::from_str::<Confidence>("0.94").unwrap(), Confidence::percent(94));
        assert!(serde_json::from_str::<Confidence>("1.5").is_err());
        assert_eq!(Confidence::percent(200), Confidence::CERTAIN);
    }

    #[test]
    fn severities_are_ordered() {
        assert!(Severity::Critical > Severity::High && Severity::Medium > Severity::Low);
    }
}
