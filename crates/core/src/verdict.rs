//! What the policy says about an action.

use core::fmt;

use serde::{Deserialize, Serialize};

/// The answer of a policy. Ordered by strictness: the largest of all matching rules wins.
///
/// Serialised by the names of the wire contracts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[must_use]
pub enum Verdict {
    /// Run it as it is.
    #[serde(rename = "allow")]
    Allow,
    /// Run it with findings removed from what flows.
    #[serde(rename = "allow_with_redaction")]
    Redact,
    /// Run another, safer form of it.
    #[serde(rename = "transform")]
    Rewrite,
    /// Hold it until a person approves.
    #[serde(rename = "require_approval")]
    RequireApproval,
    /// Do not run it.
    #[serde(rename = "deny")]
    Deny,
}

impl Verdict {
    /// The wire name: `allow`, `allow_with_redaction`, `transform`, `require_approval`, `deny`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Allow => "allow",
            Self::Redact => "allow_with_redaction",
            Self::Rewrite => "transform",
            Self::RequireApproval => "require_approval",
            Self::Deny => "deny",
        }
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strictness_is_the_order() {
        let ladder = [
            Verdict::Allow,
            Verdict::Redact,
            Verdict::Rewrite,
            Verdict::RequireApproval,
            Verdict::Deny,
        ];
        assert!(ladder.is_sorted());
        for verdict in ladder {
            let json = serde_json::to_string(&verdict).unwrap();
            assert_eq!(json, format!("\"{verdict}\""));
        }
    }
}
